"""For tests of what waits: time that passes, edits nobody agreed to, fresh requests."""

from house import wait_for
from officer import DAY, Officer

HOUR = DAY / 24


def later(world, seconds):
    """Time passes; some seconds are recorded after it."""
    world.faketime.set(offset=world.faketime.offset + seconds)
    since = world.now()
    wait_for(lambda: world.now() > since + 5, 10, "footage")


def wait_over(house):
    wait_for(lambda: house.status()["rules"]["earlier"] == 0, 10, "the end of the wait")


def accept(house, *allow, **more):
    """An edit that nobody agreed to in advance; how many versions still count beside it."""
    house.write_rules(*allow, **more)
    done = house.call("policy.reload")["rules"]
    assert done["ok"], done
    return done["earlier"]


def fresh_post(world):
    """Of an officer whose papers are in date, however much time has passed."""
    world.agency.seq += 1
    return world.post(officer=Officer(world.agency, now=world.now))


def outcome_of(world):
    """Of a request for the newest footage."""
    post = fresh_post(world)
    now = world.now()
    request = post.submit(now - 4, now - 2)
    post.wait_notice(request, "received")
    shown = wait_for(lambda: (look := world.house.show(request))["phase"] != "received" and look,
                     20, "a decision")
    post.close()
    return shown


def is_refused(world):
    return outcome_of(world).get("outcome") == "refused"

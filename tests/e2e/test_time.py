"""Terms that take days, and a clock that cannot be believed, by a preloaded clock."""

import pytest

from clips import Clip
from house import PIN, wait_for
from officer import DAY


@pytest.fixture(scope="module")
def world(new_world):
    return new_world(camera=("--gop", "10"), faketime=True, clock="kernel")


def test_without_a_right_clock_requests_are_received_and_nothing_is_decided(world, tmp_path):
    house, clock = world.house, world.faketime
    post = world.post()
    times = world.footage(5)
    clock.set(right=False)
    wait_for(lambda: house.status()["clock"] == {"trust": "kernel", "right": False}, 5, "the clock")
    request = post.submit(*times)
    post.wait_notice(request, "received")
    assert post.silent(3)
    assert house.show(request)["phase"] == "received"
    assert house.status()["sharing"]["state"] == "suspended"
    assert "clock" in house.status()["sharing"]["reason"]
    # Not even days later, and not after a restart.
    clock.set(offset=9 * DAY)
    assert post.silent(3) and house.show(request)["phase"] == "received"
    clock.set(offset=0)
    house.stop()
    house.start()
    assert house.show(request)["phase"] == "received"
    clock.set(right=True)
    house.wait_piece(request, "offered")
    offer = post.wait("offer", request=request)
    clip = Clip(tmp_path, post.fetch_all(offer), world.ticket["jwk"])
    clip.check_frames()
    assert clip.manifest["clock"]["trust"] == "kernel"
    post.close()


def test_terms(world):
    """No answer in time refuses; at the due time everybody hears `closed`, and it says the same."""
    house, clock = world.house, world.faketime
    clock.set(offset=0, right=True)
    post = world.post()
    times = world.footage(3)
    world.rules({}, {"purpose": "vandalism", "approval": "ask_one"})
    delivered = post.submit(*times)
    offers = []

    def fetch():
        house.wait_piece(delivered, "offered")
        post.take(1)
        offers.extend(m for m in post.messages if m["cmd"] == "offer" and m["request"] == delivered)
        for offer in offers:
            post.fetch_all(offer)
            post.done(offer)
        return house.show(delivered)["outcome"] == "delivered"
    wait_for(fetch, 20, "the delivery")
    refused = post.submit(*times, purpose="noise")
    asked = post.submit(*times, purpose="vandalism")
    unfetched = post.submit(*times)
    house.wait_phase(asked, "asking")
    house.wait_piece(unfetched, "offered")
    house.wait_phase(refused, "ended")

    # 48 hours, where the rule says nothing else.
    clock.set(offset=2 * DAY - 600)
    post.take(1.5)
    assert house.show(asked)["phase"] == "asking"
    clock.set(offset=2 * DAY + 60)
    shown = house.wait_phase(asked, "ended")
    assert shown["pieces"][0]["state"] == "refused", shown
    late = house.run("request", "approve", asked, "--as", "alex", pins=[PIN], check=False)
    assert late.returncode == 1

    # Nobody has heard anything but `received` so far.
    requests = (delivered, refused, asked, unfetched)
    for request in requests:
        assert [n[0]["state"] for n in post.notices(request)] == ["received"]
    clock.set(offset=8 * DAY - 3600)
    assert post.silent(2)
    clock.set(offset=8 * DAY + 60)
    closed = [post.wait_notice(request, "closed") for request in requests]
    assert len({tuple(sorted(decision)) for decision, _ in closed}) == 1
    assert len({size for _, size in closed}) == 1
    assert not any("reason" in decision for decision, _ in closed)
    assert house.show(unfetched)["pieces"][0]["state"] == "offered"  # its own term is longer
    post.close()


def test_an_offer_that_nobody_fetches_expires(world):
    house, clock = world.house, world.faketime
    clock.set(offset=8 * DAY + 120)
    world.rules({})
    post = world.post()
    world.since = world.now() + 1
    house.wait_recording()
    request = post.submit(*world.footage(4))
    house.wait_piece(request, "offered")
    offer = post.wait("offer", request=request)
    post.close()
    clock.set(offset=(8 + 15) * DAY)
    house.wait_piece(request, "expired")
    again = world.post(before=post)
    again.get(offer["transfers"][0]["id"], range(4))
    assert again.silent(2) and not again.chunks
    assert not list((house.folder / "state/outbox").glob(f"{request}-*"))

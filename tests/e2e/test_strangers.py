"""Messages that get no answer at all: strangers, repeats, other houses' mail, garbage."""

import contextlib
import secrets
import socket

import pytest

from house import wait_for
from officer import Agency, Key, Officer, Post, new_id, open_jws, seal


@pytest.fixture(scope="module")
def world(new_world):
    return new_world(camera=("--gop", "10"))


@pytest.fixture(scope="module")
def times(world):
    return world.footage(3)


@pytest.fixture
def post(world):
    return world.post()


def unknown(world, request):
    shown = world.house.run("request", "show", request, check=False)
    return shown.returncode == 1 and not world.house.knows(request)


def check_ignored(world, post, request):
    assert post.silent(2), post.messages
    assert unknown(world, request)
    assert world.house.daemon.running()


def test_a_stranger_gets_no_answer(world, times):
    stranger = Officer(Agency())
    post = world.post(stranger, hello=False)
    post.send_hello()
    request, compact = stranger.request(world.ticket["gateway"], *times)
    post.submit_jws(compact)
    check_ignored(world, post, request)


def test_who_signs_for_themselves_gets_no_answer(world, times):
    """A credential that the officer, or another key under the agency's name, signed."""
    forged = Agency()
    forged.thumbprint = world.agency.thumbprint
    post = world.post(Officer(forged), hello=False)
    request, compact = post.officer.request(world.ticket["gateway"], *times)
    post.submit_jws(compact)
    check_ignored(world, post, request)


def test_the_same_bytes_again_get_the_first_answer_and_nothing_new(world, times, post):
    world.rules({"purpose": "vandalism"})
    request, compact = world.officer.request(world.ticket["gateway"], *times)
    post.submit_jws(compact)
    post.wait_notice(request, "received")
    size = world.house.status()["ledger"]["size"]
    post.take(1)
    for _ in range(3):
        post.submit_jws(compact)
    post.take(2)
    # What is said again is word for word the same.
    assert {n[0]["jti"] for n in post.notices(request)} == {post.notices(request)[0][0]["jti"]}
    assert sum(known["id"] == request for known in world.house.requests()) == 1
    assert world.house.status()["ledger"]["size"] == size


def test_the_same_id_in_other_words_is_ignored(world, times, post):
    request, compact = world.officer.request(world.ticket["gateway"], *times, purpose="noise")
    post.submit_jws(compact)
    post.wait_notice(request, "received")
    post.take(2)
    again = world.officer.request(world.ticket["gateway"], *times, id=request)[1]
    post.submit_jws(again)
    assert post.silent(2)
    assert world.house.show(request)["purpose"] == "noise"


def test_a_replay_from_another_device_or_mailbox_is_ignored(world, times, post):
    """A sealed request that somebody took from the wire and sends as their own."""
    request, compact = world.officer.request(world.ticket["gateway"], *times, purpose="noise")
    post.submit_jws(compact)
    post.wait_notice(request, "received")
    thief = world.post(Officer(Agency()), hello=False)
    thief.submit_jws(compact)
    assert thief.silent(3)


def test_forwarded_before_the_original_arrives(world, times, post):
    """A colleague, let in themselves, forwards a sealed request that they caught on its way, and
    the HELLO of its officer. Neither is answered, and the original is, when it comes."""
    thief = world.post(Officer(world.agency, badge="0815"))
    request, compact = world.officer.request(world.ticket["gateway"], *times, purpose="noise")
    caught = seal(compact, world.ticket["inbox"])
    post.take(1)
    thief.take(1)
    thief.publish(caught)
    check_ignored(world, thief, request)
    # The officer's own HELLO, from the thief's device, from a new one, and again from theirs.
    post.seq += 1
    hello = seal(post.officer.sign(
        "ls-ctl+jwt", {"seq": post.seq, "cmd": "hello", "cred": post.officer.credential,
                       "versions": [1], "tree_size": 0, "device": post.device},
        aud=post.gateway, now=post.officer.now()), world.ticket["inbox"])
    thief.publish(hello)
    assert thief.silent(2)
    nobody = world.post(world.officer, hello=False)
    for _ in range(2):
        nobody.publish(hello)
        nobody.publish(caught)
    check_ignored(world, nobody, request)
    # As if the thief were that officer's device: the signature says who it is.
    thief.send_hello(device=post.device)
    assert thief.silent(2)
    assert post.silent(1)
    post.publish(hello)
    post.publish(caught)
    post.wait_notice(request, "received")
    assert thief.silent(2) and nobody.silent(1)


def test_a_replayed_hello_is_acknowledged_and_changes_nothing(world, post):
    hello = post.officer.sign(
        "ls-ctl+jwt", {"seq": post.seq + 1, "cmd": "hello", "cred": post.officer.credential,
                       "versions": [1], "tree_size": 0, "device": post.device},
        aud=post.gateway, now=post.officer.now())
    post.seq += 1
    sealed = seal(hello, world.ticket["inbox"])
    post.publish(sealed)
    wait_for(lambda: post.take(0.2) or post.seq in post.acked, 10, "the answer to HELLO")
    post.take(1)
    states = sum(message["cmd"] == "state" for message in post.messages)
    post.acked.clear()
    for _ in range(5):
        post.publish(sealed)
    wait_for(lambda: post.take(0.2) or post.seq in post.acked, 10, "the answer to a repeat")
    post.take(2)
    assert sum(message["cmd"] == "state" for message in post.messages) == states


WRONG = [{"aud": "other"}, {"expired": True}, {"future": True}, {"other_signer": True},
         {"alg": "none"}, {"typ": "ls-ctl+jwt"}, {"jku": "https://example.org"},
         {"unknown_claim": True}, {"foreign_recipient": True}, {"id": "NOT-AN-ID!"}]


def wrong_request(world, times, changes):
    """(id, compact JWS) of a request with one thing wrong in it."""
    officer = world.officer
    more = {"colour": "red"} if "unknown_claim" in changes else {}
    if "foreign_recipient" in changes:
        more["rcpt"] = [Officer(world.agency).age.recipient]
    if "id" in changes:
        more["id"] = changes["id"]
    gateway = new_id() if "aud" in changes else world.ticket["gateway"]
    request, compact = officer.request(gateway, *times, **more)
    claims = {name: value for name, value in open_jws(compact)[1].items()
              if name not in ("v", "iss", "aud", "jti", "iat", "exp")}
    now = officer.now()
    now += 3600 if "future" in changes else -20 * 86400 if "expired" in changes else 0
    header = {name: changes[name] for name in ("alg", "jku") if name in changes}
    signer = Key() if "other_signer" in changes else officer
    return request, signer.sign(changes.get("typ", "ls-req+jwt"), claims, aud=gateway, now=now,
                                lifetime=10 * 86400, **header)


def test_a_wrong_request_gets_no_answer(world, times, post):
    made = [wrong_request(world, times, changes) for changes in WRONG]
    for _, compact in made:
        post.submit_jws(compact)
    assert post.silent(4), post.messages
    known = {known["id"] for known in world.house.requests()}
    assert not known & {request for request, _ in made}


def test_garbage_gets_no_answer_and_the_house_stays_up(world, times, post):
    recipient = world.ticket["inbox"]
    good = world.officer.request(world.ticket["gateway"], *times)[1]
    sealed = seal(good, recipient)
    for payload in (b"", b"G", b"G\1" + secrets.token_bytes(36), b"D\1" + secrets.token_bytes(300),
                    secrets.token_bytes(4096), sealed[:-1], sealed + b"\0",
                    sealed[:700] + b"\0" + sealed[701:], b"age-encryption.org/v1\n" * 2000,
                    seal("not.a.jws", recipient), seal("." * 50000, recipient),
                    seal(good + "x", recipient),
                    seal(good, Officer(world.agency).age.recipient)):
        post.publish(payload)
    assert post.silent(3), post.messages
    # The broker throws out who sends more than a message may have.
    loud = world.post()
    for size in (61441, 70000, 400000):
        loud.client.publish(loud.topic("i"), secrets.token_bytes(size), 0)
    assert loud.silent(2)
    loud.close()
    assert world.house.daemon.running()
    # It still listens: a good one is answered.
    world.rules({"purpose": "vandalism"})
    another = world.post()
    request = another.submit(*times)
    another.wait_notice(request, "received")


def test_another_mailbox_cannot_be_used(world, post):
    """The broker's ACL: a mailbox reads and writes nothing but its own."""
    other = dict(world.ticket, mailbox=new_id())
    spy = Post.__new__(Post)
    with pytest.raises(PermissionError):
        Post.__init__(spy, other, world.officer, hello=False)
    wrong = dict(world.ticket, secret="wrong")
    with pytest.raises(PermissionError):
        Post.__init__(spy, wrong, world.officer, hello=False)
    # With a good login, on topics that are not one's own: nothing is heard, nothing gets through.
    county = world.house.add_agency("county_pd", Agency(), world.folder / "county.json")
    world.rules({"purpose": "vandalism"})
    theirs = Post(county, Officer(world.house.agencies["county_pd"]))
    heard = []
    spying = world.post()
    spying.client.on_message = lambda _, __, came: heard.append(came.topic)
    granted = []
    spying.client.on_subscribe = lambda *_: granted.append(True)
    for topic in ("#", f"ls1/{county['gateway']}/o/{county['mailbox']}/#"):
        spying.client.subscribe(topic, 0)
    wait_for(lambda: len(granted) == 2, 10, "the answers to SUBSCRIBE")
    begin = world.now() - 3
    request, compact = theirs.officer.request(county["gateway"], begin, begin + 1, purpose="noise")
    sealed = seal(compact, county["inbox"])
    spying.client.publish(theirs.topic("i"), sealed, 1).wait_for_publish(60)
    spying.client.publish(theirs.topic("o") + "/c", b"x", 1).wait_for_publish(60)
    # Not one of them arrived: `theirs` would stumble over a message that does not open.
    theirs.take(1)
    assert theirs.silent(2)
    assert unknown(world, request)
    # What is their own, both sides say and hear: the broker was not just slow.
    theirs.publish(sealed)
    theirs.wait_notice(request, "received")
    spying.send_hello()
    own = spying.topic("o")
    wait_for(lambda: any(topic.startswith(own) for topic in heard), 10, "its own mail")
    assert all(topic.startswith(own) for topic in heard), heard
    theirs.close()


def test_too_many_open_requests_are_received_and_never_judged(new_world):
    world = new_world()  # in another one, what was refused before still counts
    post, times = world.post(), world.footage(4)
    world.rules({"approval": "ask_one"}, always={"open_requests_per_agency": 2})
    asked = [post.submit(*times) for _ in range(2)]
    for request in asked:
        world.house.wait_phase(request, "asking")
    third = post.submit(*times)
    post.wait_notice(third, "received")
    assert world.house.wait_phase(third, "ended")["outcome"] == "not judged"
    # The agency cannot tell refused ones from those that wait: they count until they are closed.
    for request in asked:
        world.house.answer("refuse", request)
    fourth = post.submit(*times)
    assert world.house.wait_phase(fourth, "ended")["outcome"] == "not judged"


def test_a_broker_that_is_nearly_full_is_told(world):
    def warned():
        return next((said for said in world.house.status()["warnings"] if "connections" in said),
                    None)
    assert warned() is None
    with contextlib.ExitStack() as held:
        for _ in range(240):
            held.enter_context(socket.create_connection(("127.0.0.1", world.house.port)))
        said = wait_for(warned, 10, "the warning")
        assert "of at most 256 connections" in said and "latchstring agency remove" in said
    wait_for(lambda: warned() is None, 10, "its end")

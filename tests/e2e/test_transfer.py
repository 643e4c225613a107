"""Transfers that are cut off on their way: by a resident, a crash, a broker, a broken file, a liar.

The officer here is the one of officer.py, which fetches exactly the chunks that a test wants.
"""

import json
import os
import signal
import subprocess

import pytest

from clips import Clip
from house import PIN, wait_for
from officer import open_jws


@pytest.fixture(scope="module")
def world(new_world):
    return new_world(camera=("--gop", "10", "--bitrate", "6000"))


@pytest.fixture
def post(world):
    return world.post()


@pytest.fixture
def offer(world, post):
    """Of a native clip of about a hundred chunks, nothing of it fetched."""
    world.rules({})
    begin, end = world.footage(10)
    request = post.submit(begin + 0.05, end)
    world.house.wait_piece(request, "offered")

    def look():
        post.take(0.2)
        offers = [m for m in post.messages if m["cmd"] == "offer" and m["request"] == request]
        return max(offers, key=lambda m: m["transfers"][0]["chunks"], default=None)
    wait_for(look, 10, "an offer")
    post.take(1)  # the head's, where there is one
    found = look()
    assert found["transfers"][0]["chunks"] >= 30
    yield found
    world.house.run("request", "revoke", request, "--as", "alex", pins=[PIN], check=False)


def clip_of(offer):
    return offer["transfers"][0]


def finish(world, post, offer, folder):
    """Everything arrives, is right, and the household sees it: the clip and, where the request
    began between two IDRs, the exact head before it."""
    post.take(0.5)
    for part in [m for m in post.messages if m["cmd"] == "offer"
                 and m["request"] == offer["request"] and m["part"] != offer["part"]] + [offer]:
        clip = Clip(folder / str(part["part"]), post.fetch_all(part), world.ticket["jwk"])
        clip.check_frames()
        post.done(part)
    world.house.wait_piece(offer["request"], "delivered")


def cannot_open(post, partial, tmp_path):
    part = tmp_path / "part.age"
    part.write_bytes(partial)
    done = subprocess.run(["age", "-d", "-i", post.officer.age.file.name, part],
                          capture_output=True, check=False)
    return done.returncode != 0 and done.stdout == b""


def revoke(world, offer):
    shown = world.house.run("request", "revoke", offer["request"], "--as", "alex", pins=[PIN])
    assert shown.returncode == 0


def test_revoked_in_mid_transfer_what_came_stays_closed(world, post, offer, tmp_path):
    transfer = clip_of(offer)
    count = transfer["chunks"]
    post.fetch(transfer["id"], range(count // 2))
    revoke(world, offer)
    post.wait("revoke")
    arrived = set(post.has(transfer["id"]))
    # It asks for the rest in vain, the last index among it.
    for _ in range(3):
        post.get(transfer["id"], range(count - 1, count // 2, -1))
        post.take(0.5)
    assert set(post.has(transfer["id"])) == arrived
    unsent = count - len(arrived)
    assert unsent >= 10
    assert cannot_open(post, post.file_of(transfer), tmp_path)
    assert not list((world.house.folder / "state/outbox").glob(f"{offer['request']}-*"))
    assert world.house.show(offer["request"])["pieces"][0]["state"] == "revoked"
    # Also for a device that connects anew.
    again = world.post(before=post)
    again.get(transfer["id"], range(count))
    again.take(2)
    assert set(again.has(transfer["id"])) == arrived
    states = [m for m in again.messages if m["cmd"] == "state"]
    assert transfer["id"] in states[-1]["revoked"]


def test_a_receipt_for_what_was_taken_back_is_kept_and_told(world, post, offer):
    """Who has it all and signs for it cannot have that forgotten by a revocation."""
    post.fetch_all(offer)
    revoke(world, offer)
    post.done(offer)
    [piece] = world.house.show(offer["request"])["pieces"]
    assert piece["state"] == "revoked" and len(piece["receipts"]) == 1, piece
    assert "promises no deletion" in world.house.run("request", "show", offer["request"]).stdout
    entries = world.house.ask("log", "show", "--request", offer["request"])["entries"]
    assert any(json.loads(entry["leaf"])["event"] == "done" for entry in entries)


@pytest.mark.parametrize("claims, promise, words", [
    ({}, "missing", "MISSING: your rules ask to delete it by"),
    ({"delete_after": 4102444800}, "another", "DIFFERS: your rules ask to delete it by"),
    ({"delete_after": 4102444800, "kept_longer_because": "appeal"}, "longer", "because appeal")])
def test_a_receipt_that_does_not_promise_what_was_asked_is_kept_and_told(
        world, post, offer, claims, promise, words):
    """It is evidence: the clip counts as delivered, and the household hears of the promise."""
    post.fetch_all(offer)
    post.done(offer, **claims)
    pieces = world.house.show(offer["request"])["pieces"]
    [receipt] = [receipt for piece in pieces for receipt in piece["receipts"]]
    assert receipt["promise"] == promise and receipt["asked_delete_after"], receipt
    assert words in world.house.run("request", "show", offer["request"]).stdout
    warnings = world.house.ask("status")["warnings"]
    told = [line for line in warnings if f"of `{offer['request']}` promises" in line]
    assert len(told) == 1 and receipt["asked_delete_after"] in told[0], warnings


def test_a_liar_never_gets_the_header_before_the_rest(world, post, offer, tmp_path):
    """The age header is the last index: who claims to have everything but that gets RESEND."""
    transfer = clip_of(offer)
    last = transfer["chunks"] - 1
    post.get(transfer["id"], [last])
    resend = post.wait("resend", transfer=transfer["id"])
    assert resend["base"] == 0 and int(resend["bitmap"], 16) == 2**64 - 1
    assert post.has(transfer["id"]) == {}
    post.fetch(transfer["id"], range(0, last - 12))
    for _ in range(3):
        post.get(transfer["id"], [last])
        post.take(0.6)
    assert last not in post.has(transfer["id"])
    revoke(world, offer)
    post.wait("revoke")
    post.get(transfer["id"], range(last - 12, last + 1))
    post.take(1)
    unsent = transfer["chunks"] - len(post.has(transfer["id"]))
    assert unsent >= 10 and last not in post.has(transfer["id"])
    assert cannot_open(post, post.file_of(transfer), tmp_path)


def test_no_file_of_a_release_opens_before_all_of_it_was_sent(world, post, offer, tmp_path):
    """Whoever takes the small file first cannot read it when the release is taken back."""
    clip, papers = offer["transfers"]
    post.fetch(papers["id"], range(papers["chunks"] - 1))
    post.get(papers["id"], [papers["chunks"] - 1])
    assert post.wait("resend")["transfer"] != papers["id"]
    post.fetch(clip["id"], range(clip["chunks"] - 12))
    for _ in range(3):
        post.get(papers["id"], [papers["chunks"] - 1])
        post.take(0.6)
    revoke(world, offer)
    post.wait("revoke")
    assert papers["chunks"] - 1 not in post.has(papers["id"])
    assert cannot_open(post, post.file_of(papers), tmp_path)


def test_daemon_killed_in_mid_transfer(world, post, offer, tmp_path):
    transfer = clip_of(offer)
    post.fetch(transfer["id"], range(transfer["chunks"] // 2))
    post.close()
    world.house.kill()
    world.house.start()
    again = world.post(before=post)
    state = [m for m in again.messages if m["cmd"] == "state"][-1]
    assert transfer["id"] in state["offers"], state
    again.fetch(transfer["id"], range(transfer["chunks"] - 1))
    # The kill may have cost the gateway its memory of what it had sent: it asks to send that again.
    fetch_last(again, transfer)
    finish(world, again, offer, tmp_path)


def fetch_last(post, transfer, seconds=30):
    """Asks for the last index; on RESEND fetches once more what the gateway wants to send again."""
    last = transfer["chunks"] - 1
    answered = sum(m["cmd"] == "resend" for m in post.messages)

    def look():
        nonlocal answered
        post.get(transfer["id"], [last])
        post.take(0.5)
        resends = [m for m in post.messages if m["cmd"] == "resend"][answered:]
        answered += len(resends)
        for resend in resends:
            bits = int(resend["bitmap"], 16)
            post.get(resend["transfer"],
                     [resend["base"] + k for k in range(64) if bits >> k & 1])
            post.take(0.5)
        return last in post.has(transfer["id"])
    wait_for(look, seconds, "the last index")


def test_daemon_killed_just_before_the_last_index(world, post, offer, tmp_path):
    transfer = clip_of(offer)
    last = transfer["chunks"] - 1
    post.fetch(transfer["id"], range(last))
    post.get(transfer["id"], [last])
    world.house.kill()
    post.close()
    world.house.start()
    again = world.post(before=post)
    again.take(0.5)
    fetch_last(again, transfer)
    finish(world, again, offer, tmp_path)


def test_broker_killed_in_mid_transfer(world, post, offer, tmp_path):
    transfer = clip_of(offer)
    post.fetch(transfer["id"], range(transfer["chunks"] // 2))
    post.close()
    broker = wait_for(world.house.broker_pid, 5, "the broker's process")
    os.kill(broker, signal.SIGKILL)
    wait_for(lambda: world.house.broker_pid() not in (None, broker), 30, "another broker")
    world.house.wait_ready()
    again = world.post(before=post)
    again.fetch(transfer["id"], range(transfer["chunks"] - 1))
    fetch_last(again, transfer)
    finish(world, again, offer, tmp_path)


def check_suspended_then_goes_on(world, post, offer, tmp_path, state, suspend, mend):
    transfer = clip_of(offer)
    half = transfer["chunks"] // 2
    post.fetch(transfer["id"], range(half))
    suspend()
    assert world.house.status()["sharing"]["state"] == state
    post.take(0.5)
    arrived = set(post.has(transfer["id"]))
    post.get(transfer["id"], range(half, half + 16))
    assert post.silent(2) and set(post.has(transfer["id"])) == arrived
    # Nothing is deleted, nothing taken back.
    shown = world.house.show(offer["request"])
    assert shown["pieces"][0]["state"] == "offered", shown
    assert list((world.house.folder / "state/outbox").glob(f"{offer['request']}-*"))
    # A request that comes now is received, and not decided.
    waiting = post.submit(*world.footage(2))
    post.wait_notice(waiting, "received")
    assert world.house.show(waiting)["phase"] == "received"
    assert not post.find("revoke")
    mend()
    assert world.house.status()["sharing"]["state"] == "on"
    finish(world, post, offer, tmp_path)
    world.house.wait_phase(waiting, "releasing")
    world.house.run("request", "revoke", waiting, "--as", "alex", pins=[PIN])


def test_rules_broken_in_mid_transfer_and_mended(world, post, offer, tmp_path):
    good = world.house.rules_file.read_text()

    def break_them():
        world.house.rules_file.write_text(good.replace('"approval"', '"aproval"'))
        world.house.daemon.popen.send_signal(signal.SIGHUP)
        wait_for(lambda: not world.house.status()["rules"]["ok"], 10, "the broken rules")
        fault = world.house.status()["rules"]["fault"]
        assert "house-rules.yaml:" in fault and 'did you mean "approval"?' in fault, fault

    def mend():
        world.house.rules_file.write_text(good)
        world.house.daemon.popen.send_signal(signal.SIGHUP)
        wait_for(lambda: world.house.status()["rules"]["ok"], 10, "good rules")
    check_suspended_then_goes_on(world, post, offer, tmp_path, "suspended", break_them, mend)


def test_pause_and_resume(world, post, offer, tmp_path):
    check_suspended_then_goes_on(
        world, post, offer, tmp_path, "paused",
        lambda: world.house.run("pause", "--as", "alex", pins=[PIN]),
        lambda: world.house.run("resume", "--as", "alex", pins=[PIN]))


@pytest.mark.parametrize("damage", ["gone", "other bytes"])
def test_a_file_on_offer_that_is_damaged_is_taken_back(world, post, offer, damage):
    """Found when a chunk of it is asked for: the household is told, nothing wrong is sent."""
    transfer = clip_of(offer)
    files = sorted((world.house.folder / "state/outbox").glob(f"{offer['request']}-*/clip-*.age"))
    file = next(f for f in files if f.stat().st_size == transfer["size"])
    if damage == "gone":
        file.unlink()
    else:
        with file.open("r+b") as out:
            out.seek(transfer["size"] // 2)
            out.write(b"damaged")
    post.get(transfer["id"], range(16))
    post.wait("revoke")
    assert not post.has(transfer["id"])
    piece = world.house.show(offer["request"])["pieces"][0]
    assert piece["state"] == "failed" and "damaged or gone" in piece["reason"], piece
    warnings = [w for w in world.house.status()["warnings"] if offer["request"] in w]
    assert len(warnings) == 1 and "the officer has to ask again" in warnings[0].lower(), warnings
    assert "a file on offer cannot be read" in world.house.daemon.words()
    assert file.name in world.house.daemon.words()


def test_rules_that_no_longer_permit_take_an_offer_back(world, post, offer):
    transfer = clip_of(offer)
    post.fetch(transfer["id"], range(16))
    world.rules({"purpose": "vandalism"})
    post.wait("revoke")
    before = len(post.has(transfer["id"]))
    post.get(transfer["id"], range(16, 32))
    post.take(1.5)
    assert len(post.has(transfer["id"])) == before
    assert world.house.show(offer["request"])["pieces"][0]["state"] == "revoked"


def test_another_device_of_the_mailbox_is_not_served(world, post, offer):
    """The transfer id is a capability, and only for the device that it was offered to."""
    other = world.post()
    other.get(clip_of(offer)["id"], range(16))
    assert other.silent(2) and not other.chunks


def test_a_delivery_names_what_was_received(world, post, offer, tmp_path):
    delivery = open_jws(offer["delivery"], world.ticket["jwk"])[1]
    assert [f["sha256"] for f in delivery["files"]] == [t["sha256"] for t in offer["transfers"]]
    plain = post.fetch_all(offer)
    sealed = post.file_of(clip_of(offer))
    # The sealed file on the wire holds no plaintext of the clip.
    assert sealed.startswith(b"age-encryption.org/v1\n")
    step = len(plain[0]) // 400
    for at in range(64, len(plain[0]) - 32, step):
        piece = plain[0][at:at + 16]
        if len(set(piece)) > 8:
            assert piece not in sealed, at
    finish(world, post, offer, tmp_path)

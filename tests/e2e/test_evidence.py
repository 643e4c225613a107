"""The real requester, from its first key to evidence that stock tools open."""

import contextlib
import hashlib
import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess

import pytest

from cells import cells_of_file
from clips import check_folder, frame_count
from house import PIN, Faketime, rfc3339, seconds_of, wait_for
from officer import DAY, b64
from requester import Requester, end_stopped


@pytest.fixture(scope="module")
def world(new_world):
    world = new_world(camera=("--gop", "10", "--bitrate", "6000"))
    world.requester = Requester(world.bin, world.folder)
    world.house.add_agency("river_pd", world.requester, world.requester.ticket)
    world.rules({"who": "river_pd"})
    return world


@pytest.fixture(scope="module")
def evidence(world):
    """A folder that `receive` left: six seconds, encoded anew."""
    requester = world.requester
    begin, end = world.footage(6)
    request = requester.submit(begin, end)
    assert world.house.show(request)["agency"] == "river_pd"
    requester.receive(request)
    return requester.evidence / request


def manifest_of(folder):
    return json.loads((folder / "manifest-1.json").read_text())


def test_what_is_received_is_verified_and_complete(world, evidence):
    names = {str(path.relative_to(evidence)) for path in evidence.rglob("*") if path.is_file()}
    assert names == {"clip-1.mp4", "manifest-1.jws", "manifest-1.json", "frames-1.csv",
                     "regions-1.json", "release-1.html", "ledger-proof-1.txt", "delivery-1.jws",
                     "receipt-1.jws", "sealed/clip-1.mp4.age", "sealed/release-1.tar.age"}
    done = world.requester.verify(evidence, "--ticket", world.requester.ticket)
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.house.wait_phase(evidence.name, "ended")["outcome"] == "delivered"
    [receipt] = world.house.show(evidence.name)["pieces"][0]["receipts"]
    assert receipt["promise"] == "as_asked", receipt
    assert receipt["delete_after"] == receipt["asked_delete_after"]
    assert not [line for line in world.house.ask("status")["warnings"] if evidence.name in line]
    status = world.requester.run("status", evidence.name, *world.requester.mine(), "--json")
    assert evidence.name in status.stdout


def test_every_frame_of_the_granted_interval_and_no_other(evidence):
    manifest = manifest_of(evidence)
    begin, end = (seconds_of(manifest["granted"][name]) for name in ("from", "to"))
    rows = (evidence / "frames-1.csv").read_text().splitlines()[1:]
    times = [seconds_of(row.split(",")[1]) for row in rows]
    cells = cells_of_file(evidence / "clip-1.mp4")
    assert frame_count(evidence / "clip-1.mp4") == len(times) == len(cells)
    assert all(begin <= at < end for at in times)
    numbers = [cell.frame for cell in cells]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert times[0] - begin < 0.2 and end - times[-1] < 0.2


def test_a_camera_that_was_not_published_is_pointed_out(world):
    begin, end = world.footage(2)
    asked = ("--from", rfc3339(begin), "--to", rfc3339(end), "--basis", "consent", "--purpose",
             "burglary", "--case", "1")
    for camera, warned in (("garage", True), ("street side", False)):
        done = world.requester.run("submit", *world.requester.mine(), "--camera", camera, *asked)
        assert ("not a camera that the household published" in done.stderr) == warned, done.stderr


def test_the_anchor_decides_who_signed(world, evidence):
    """None: signer unknown. The gateway's fingerprint, also in groups and as `status` prints it:
    all holds. Another one: failed."""
    unknown = world.requester.verify(evidence)
    assert unknown.returncode == 4 and "signed by the key that it names itself" in unknown.stdout
    assert "signed by the gateway" not in unknown.stdout
    jwk = json.loads(world.requester.ticket.read_text())["jwk"]
    text = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    thumbprint = b64(hashlib.sha256(text.encode()).digest())
    grouped = " ".join(thumbprint[i:i + 4] for i in range(0, len(thumbprint), 4))
    said = world.house.run("status").stdout
    [by_status] = re.findall(r"^fingerprint +(.*)$", said, re.M)
    for right in thumbprint, grouped, by_status:
        done = world.requester.verify(evidence, "--gateway-key", right)
        assert done.returncode == 0, done.stdout + done.stderr
    other = ("A" if thumbprint[0] != "A" else "B") + thumbprint[1:]
    wrong = world.requester.verify(evidence, "--gateway-key", other)
    assert wrong.returncode == 1, wrong.stdout
    assert "manifest-1.jws" in wrong.stdout


def test_a_folder_signed_throughout_by_another_house_fails_at_the_anchor(world, new_world):
    """Whole and consistent in itself, under keys that are not the ticket's."""
    other = new_world(camera=("--gop", "10"))
    forger = Requester(other.bin, other.folder)
    other.house.add_agency("river_pd", forger, forger.ticket)
    other.rules({"who": "river_pd"})
    request = forger.submit(*other.footage(3))
    forger.receive(request)
    folder = forger.evidence / request
    assert forger.verify(folder, "--ticket", forger.ticket).returncode == 0
    assert forger.verify(folder).returncode == 4
    wrong = world.requester.verify(folder, "--ticket", world.requester.ticket)
    assert wrong.returncode == 1, wrong.stdout
    assert "manifest-1.jws" in wrong.stdout + wrong.stderr, wrong.stdout


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]


def with_its_last_line_twice(data):
    """Of the ledger's proof: a second signature line, as its format allows."""
    return data + data[data.rstrip(b"\n").rfind(b"\n") + 1:]


@pytest.mark.parametrize("change", [flipped, lambda data: data + b"\n", lambda data: data[:-1],
                                    with_its_last_line_twice])
def test_any_change_in_any_file_is_named(world, evidence, tmp_path, change):
    for file in sorted(path for path in evidence.rglob("*") if path.is_file()):
        copy = tmp_path / evidence.name
        shutil.copytree(evidence, copy)
        changed = copy / file.relative_to(evidence)
        changed.write_bytes(change(changed.read_bytes()))
        done = world.requester.verify(copy, "--ticket", world.requester.ticket)
        assert done.returncode == 1, (file, done.stdout)
        assert file.name in done.stdout + done.stderr, (file, done.stdout)
        shutil.rmtree(copy)


def test_another_or_a_missing_file_is_named(world, evidence, tmp_path):
    copy = tmp_path / evidence.name
    shutil.copytree(evidence, copy)
    (copy / "note.txt").write_text("x")
    done = world.requester.verify(copy, "--ticket", world.requester.ticket)
    assert done.returncode == 1 and "note.txt" in done.stdout + done.stderr
    (copy / "note.txt").unlink()
    (copy / "frames-1.csv").unlink()
    done = world.requester.verify(copy, "--ticket", world.requester.ticket)
    assert done.returncode == 1 and "frames-1.csv" in done.stdout + done.stderr


def test_stock_age_opens_the_sealed_clip(world, evidence, tmp_path):
    sealed = evidence / "sealed/clip-1.mp4.age"
    clip = (evidence / "clip-1.mp4").read_bytes()
    for identity in (world.requester.officer / "identity.txt", tmp_path / "household.txt"):
        if not identity.exists():
            identity.write_text(world.house.archive_identity + "\n")
        opened = subprocess.run(["age", "-d", "-i", identity, sealed], capture_output=True,
                                check=True)
        assert opened.stdout == clip
    # And the sealed file holds nothing of it.
    cipher = sealed.read_bytes()
    for at in range(64, len(clip) - 32, max(1, len(clip) // 400)):
        piece = clip[at:at + 16]
        assert len(set(piece)) <= 8 or piece not in cipher


def test_the_requester_is_killed_and_goes_on(world):
    requester = world.requester
    begin, end = world.footage(12)
    request = requester.submit(begin + 0.05, end, "--native")
    world.house.wait_piece(request, "offered")
    # Killed again and again, each time a little later, until one run has the time to end.
    for delay in (0.05, 0.1, 0.2, 0.3, 0.5, 0.8):
        receiving = requester.receiving(request)
        try:
            receiving.popen.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        receiving.end(signal.SIGKILL)
    requester.receive(request)
    assert requester.verify(requester.evidence / request, "--ticket",
                            requester.ticket).returncode == 0
    assert world.house.wait_phase(request, "ended")["outcome"] == "delivered"


def test_taken_back_while_the_requester_waits_for_chunks(world):
    """A pause holds the transfer: the requester surely waits when the clip is taken back."""
    requester = world.requester
    request = requester.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")
    world.house.run("pause", "--as", "alex", pins=[PIN])
    receiving = requester.receiving(request)
    try:
        wait_for(lambda: "receiving clip-1.mp4.age" in receiving.words(), 20, "the offer")
        world.house.run("request", "revoke", request, "--as", "alex", pins=[PIN])
        assert receiving.popen.wait(120) == 3, receiving.words()
        assert "the household took it back" in receiving.words()
        left = requester.evidence / request
        assert not left.exists() or not [p for p in left.rglob("*") if p.is_file()]
    finally:
        end_stopped(receiving)
        world.house.run("resume", "--as", "alex", pins=[PIN])


def test_receive_without_an_id_ignores_what_was_over_before(world):
    """Else the first clip that was ever taken back would be the answer to each later run."""
    requester = world.requester
    any_of_them = ("receive", *requester.mine(), "--out", requester.evidence, "--for", "9 seconds")
    while requester.run(*any_of_them, check=False).returncode != 4:
        pass  # what other tests left on offer
    request = requester.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")
    wait_for(lambda: "offered" in requester.run("status", request, *requester.mine()).stdout, 20,
             "the offer")
    world.house.run("request", "revoke", request, "--as", "alex", pins=[PIN])
    wait_for(lambda: "revoked" in requester.run("status", request, *requester.mine(),
                                                check=False).stdout, 20, "that it was taken back")
    done = requester.run(*any_of_them, check=False)
    assert done.returncode == 4 and "took it back" not in done.stderr, done.stderr
    # Who asks for it by name hears it.
    assert requester.receive(request, "--for", "9 seconds", check=False).returncode == 3


def test_two_commands_at_once_never_use_a_number_twice(world):
    requester = world.requester
    request = requester.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")

    def drawn():
        with contextlib.closing(sqlite3.connect(requester.officer / "state.db")) as book:
            return book.execute("SELECT next_seq FROM numbers").fetchone()[0]
    world.house.run("pause", "--as", "alex", pins=[PIN])
    before = drawn()
    receiving = requester.receiving(request)
    try:
        wait_for(lambda: "receiving clip-1.mp4.age" in receiving.words(), 20, "the offer")
        for _ in range(3):
            last = drawn()
            said = requester.run("status", *requester.mine()).stderr
            assert "does not answer" not in said, said
            assert drawn() > last > before
            last = drawn()
    finally:
        world.house.run("resume", "--as", "alex", pins=[PIN])
        last = drawn()
    assert receiving.popen.wait(120) == 0, receiving.words()
    assert drawn() > last, "its receipt had an older number"


def test_evidence_is_for_the_officer_alone_and_missed_when_it_is_gone(world):
    requester = world.requester
    request = requester.submit(*world.footage(4))
    requester.receive(request)
    folder = requester.evidence / request
    for kept in (requester.evidence, folder, folder / "sealed"):
        assert kept.stat().st_mode & 0o077 == 0, kept
    assert requester.receive(request).stderr.count(f"evidence: {folder}") == 1
    shutil.rmtree(folder)
    done = requester.receive(request, check=False)
    assert done.returncode == 1
    assert f"error: it was received, but its folder `{folder}` is not there" in done.stderr
    assert "submit a new request" in done.stderr


def test_for_ends_a_transfer_and_two_receives_do_not_meet(world):
    """A pause holds the transfer, so that it has surely begun and surely not ended."""
    requester = world.requester
    request = requester.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")
    world.house.run("pause", "--as", "alex", pins=[PIN])
    receiving = None
    try:
        done = requester.receive(request, "--for", "9 seconds", check=False)
        assert done.returncode == 4 and "receiving clip-1.mp4.age" in done.stderr, done.stderr
        assert "the time is up, and not everything has come" in done.stderr
        assert "nothing came for" not in done.stderr, "it waited for the transfer"
        receiving = requester.receiving(request)
        wait_for(lambda: "receiving clip-1.mp4.age" in receiving.words(), 20, "the offer")
        second = requester.receive(request, "--for", "9 seconds", check=False)
        assert second.returncode == 1, second.stderr
        assert f"another `receive` is at work in `{requester.evidence}`" in second.stderr
        assert receiving.running()
    finally:
        world.house.run("resume", "--as", "alex", pins=[PIN])
    assert receiving.popen.wait(120) == 0, receiving.words()
    assert requester.verify(requester.evidence / request, "--ticket",
                            requester.ticket).returncode == 0


def test_one_offer_that_fails_keeps_no_other_back(world):
    requester = world.requester
    first, second = sorted(requester.submit(*world.footage(4)) for _ in range(2))
    for request in (first, second):
        world.house.wait_piece(request, "offered")
    obstacle = requester.evidence / f".{first}.incoming"
    obstacle.write_text("not a folder")
    done = requester.run("receive", *requester.mine(), "--out", requester.evidence, "--for",
                         "2 minutes", check=False)
    assert done.returncode == 1, done.stderr
    assert f"error: piece 1 part 1 of `{first}`" in done.stderr
    assert "not everything was received" in done.stderr
    assert (requester.evidence / second / "receipt-1.jws").exists(), done.stderr
    obstacle.unlink()
    requester.receive(first)


def test_a_file_on_offer_that_is_gone_keeps_no_other_back(world):
    requester = world.requester
    first, second = sorted(requester.submit(*world.footage(4)) for _ in range(2))
    for request in (first, second):
        world.house.wait_piece(request, "offered")
    next((world.house.folder / "state/outbox").glob(f"{first}-*/clip-1.mp4.age")).unlink()
    done = requester.run("receive", *requester.mine(), "--out", requester.evidence, "--for",
                         "2 minutes", check=False)
    assert f"the household took piece 1 of `{first}` back" in done.stderr, done.stderr
    assert (requester.evidence / second / "receipt-1.jws").exists(), done.stderr
    assert done.returncode == 0, done.stderr
    assert world.house.show(first)["pieces"][0]["state"] == "failed"


def test_a_gateway_that_shows_no_new_checkpoint_for_days_is_warned_of(world):
    requester = world.requester
    words = "has shown no new checkpoint of its ledger since"
    assert words not in requester.run("status", *requester.mine()).stderr

    def make_older(days):
        with contextlib.closing(sqlite3.connect(requester.officer / "state.db")) as book:
            assert book.execute("UPDATE daily SET since = since - ?",
                                (days * DAY,)).rowcount == 1
            book.commit()
    make_older(3)
    try:
        done = requester.run("status", *requester.mine(), "--json")
        assert words in done.stderr and json.loads(done.stdout)
        done = requester.run("receive", *requester.mine(), "--out", requester.evidence, "--for",
                             "9 seconds", check=False)
        assert done.stderr.count(words) == 1, done.stderr
    finally:
        make_older(-3)


def test_what_cannot_be_asked_is_told_in_the_words_of_the_options(world):
    requester = world.requester
    begin, end = world.footage(2)
    right = {"--from": rfc3339(begin), "--to": rfc3339(end), "--basis": "consent", "--purpose":
             "burglary", "--case": "1"}
    for option, value, told in (("--to", rfc3339(begin), "`--to`: must be after `--from`"),
                                ("--from", "noon", "`--from`: `noon` is not a time"),
                                ("--purpose", "Two words", "`--purpose`: must be a word")):
        asked = [word for pair in {**right, option: value}.items() for word in pair]
        done = requester.run("submit", *requester.mine(), *asked, check=False)
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert told in done.stderr and "hint: " in done.stderr, done.stderr
        assert "scope" not in done.stderr


def test_what_is_still_to_come_is_not_asked_for(world):
    requester = world.requester
    now = world.now()
    done = requester.run("submit", *requester.mine(), "--from", rfc3339(now + 3600), "--to",
                         rfc3339(now + 3700), "--basis", "consent", "--purpose", "burglary",
                         "--case", "1", check=False)
    assert done.returncode == 2 and "still to come" in done.stderr, done.stderr
    assert done.stdout == ""


def test_a_broker_that_does_not_answer_is_named_while_it_is_tried(world, tmp_path):
    requester = world.requester
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mqtts://127.0.0.1:{silent.getsockname()[1]}"
        ticket = tmp_path / "silent.ticket"
        ticket.write_text(re.sub(r'"brokers":\[[^]]*\]', f'"brokers":["{url}"]',
                                 requester.ticket.read_text()))
        done = requester.run("status", "--ticket", ticket, "--officer", requester.officer,
                             check=False)
    lines = done.stderr.splitlines()
    assert lines[0] == f"connecting to {url} ...", done.stderr
    assert "does not answer" in lines[1], done.stderr


def test_what_came_of_an_offer_that_expired_is_deleted(world, tmp_path):
    requester = world.requester
    request = requester.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")
    world.house.run("pause", "--as", "alex", pins=[PIN])
    receiving = requester.receiving(request)
    incoming = requester.evidence / f".{request}.incoming"
    clock = Faketime(world.bin, tmp_path)
    try:
        wait_for(lambda: (incoming / "clip-1.mp4.age.part").exists(), 20, "a part")
        receiving.end(signal.SIGKILL)
        # Fifteen days later, by the officer's clock.
        clock.set(offset=15 * DAY)
        requester.env = clock.env(requester.program)
        done = requester.receive(request, "--for", "6 seconds", check=False)
        assert done.returncode == 4 and "has expired" in done.stderr, done.stdout + done.stderr
        assert not incoming.exists()
    finally:
        requester.env = {}
        end_stopped(receiving)
        world.house.run("resume", "--as", "alex", pins=[PIN])


def test_asked_and_refused_is_no_answer(world):
    world.rules({"who": "river_pd", "approval": "ask_one"})
    request = world.requester.submit(*world.footage(4))
    world.house.wait_phase(request, "asking")
    world.house.answer("refuse", request)
    done = world.requester.receive(request, "--for", "4 seconds", check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    world.rules({"who": "river_pd"})


def test_wait_for_the_camera(world):
    """The camera is unplugged in the middle: what was recorded on both sides is given, in parts."""
    requester = world.requester
    begin = int(world.now()) + 2  # whole seconds: written and read back without rounding
    wait_for(lambda: world.now() > begin + 4, 10, "footage before the gap")
    world.camera.tell("refuse")
    world.camera.tell("drop")
    wait_for(lambda: world.house.ask("camera", "list")["cameras"][0]["state"] != "recording", 30,
             "the camera is gone")
    wait_for(lambda: world.now() > begin + 9, 10, "the gap")
    world.camera.tell("accept")
    world.house.wait_recording()
    end = int(world.now()) + 5
    wait_for(lambda: world.now() > end + 2, 10, "footage after the gap")
    request = requester.submit(begin, end)
    requester.receive(request)
    folder = requester.evidence / request
    clips = sorted(folder.glob("clip-*.mp4"))
    assert len(clips) == 2, clips
    assert requester.verify(folder, "--ticket", requester.ticket).returncode == 0
    spans = []
    for manifest in sorted(folder.glob("manifest-*.json")):
        given = json.loads(manifest.read_text())["given"]
        spans.append((seconds_of(given["from"]), seconds_of(given["to"])))
    spans.sort()
    assert begin <= spans[0][0] and spans[-1][1] <= end
    assert spans[1][0] - spans[0][1] > 2, spans
    check_folder(folder, begin, end)
    # One part alone holds, and says that it is not the whole.
    for path in folder.rglob("*-1-2.*"):
        path.unlink()
    done = requester.verify(folder, "--ticket", requester.ticket)
    assert done.returncode == 0, done.stdout
    assert "not here   manifest-1-2.jws: part 2 of 2 of this piece is not here" in done.stdout
    assert "It is not the whole: 1 part of what was released is not here." in done.stdout

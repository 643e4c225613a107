"""What the household gives of its own accord: into a file, and to an agency. Real camera, daemon,
command lines, stock age and tar.
"""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from house import PIN, rfc3339, wait_for
from requester import Requester

PASSPHRASE = "correct horse battery"
RULES = """policy_version: 1
household: {timezone: Etc/UTC, residents: [alex, sam], rules_end_on: 2099-01-01}
agencies: {river_pd: {name: River Police, key_file: keys/river_pd.jwk}}
cameras:
  front_door: {sharing: by_rule, clock_error: 0 seconds, always_redact: [hedge]}
  nursery: {sharing: never}
zones: {hedge: {camera: front_door, polygon: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}}
always: {redact: [audio], picture_height_at_most: 240}
never:
  - {name: no_protests, purpose: protest}
"""


def output_of(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=True).stdout


def open_with_passphrase(file, folder):
    """`age -d FILE | tar x`, the passphrase typed at a terminal."""
    folder.mkdir()
    child, terminal = pty.fork()
    if child == 0:
        os.execlp("age", "age", "-d", "-o", str(folder / "tar"), str(file))
    time.sleep(1)
    os.write(terminal, PASSPHRASE.encode() + b"\n")
    try:
        while os.read(terminal, 1000):
            pass
    except OSError:  # the terminal is gone: age ended
        pass
    assert os.waitpid(child, 0)[1] == 0
    subprocess.run(["tar", "xf", folder / "tar", "-C", folder], check=True)
    (folder / "tar").unlink()


class Giving:
    """A house of two that gives."""

    def __init__(self, world):
        self.world = world
        self.house = world.house
        self.requester = Requester(world.bin, world.folder)
        self.house.add_agency("river_pd", self.requester, self.requester.ticket)
        self.house.rules_file.write_text(RULES)
        self.house.reload()
        world.footage(6)

    def share(self, *to, camera="front_door", who=("alex", "sam"), purpose="burglary", seconds=4,
              check=True):
        """The gift's answer; `seconds` of the first footage."""
        begin = self.world.since
        done = self.house.run(
            "share", "--camera", camera, "--from", rfc3339(begin), "--to", rfc3339(begin + seconds),
            *to, *(["--purpose", purpose] if purpose else []),
            *(word for name in who for word in ("--as", name)), "--json", pins=[PIN] * len(who),
            secrets={"--passphrase-fd": [PASSPHRASE]} if "--to-file" in to else None, check=check)
        return json.loads(done.stdout) if check else done

    def share_refused(self, camera, why, **options):
        out = self.world.folder / "refused.age"
        done = self.share("--to-file", out, camera=camera, check=False, **options)
        assert not out.exists()
        return done.returncode == 3 and why in done.stderr

    def request(self, gift):
        return next(request for request in self.house.requests() if request["id"] == gift)


@pytest.fixture(scope="module")
def giving(new_world):
    return Giving(new_world(residents=("alex", "sam")))


def test_a_file_opens_with_its_passphrase_alone_and_verifies(giving, tmp_path):
    out = tmp_path / "clip.age"
    given = giving.share("--to-file", out)
    assert out.stat().st_size == given["bytes"]
    header = out.read_bytes()[:200]
    assert header.count(b"\n-> ") == 1 and b"\n-> scrypt " in header
    open_with_passphrase(out, tmp_path / "opened")
    done = giving.requester.verify(tmp_path / "opened", "--ticket", giving.requester.ticket)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((tmp_path / "opened/manifest-1.json").read_text())
    assert manifest["gift"] == given["id"] and "request" not in manifest and "cred" not in manifest
    # The floor: of `always` and of the camera.
    assert set(manifest["redaction"]["what"]) == {"audio", "hedge"} == set(given["redacted"])
    assert manifest["redaction"]["reencoded"]
    size = output_of("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
                     "stream=height", "-of", "csv=p=0", tmp_path / "opened/clip-1.mp4")
    assert int(size.strip().strip(",")) <= 240
    # The household's own copy, and what the house says of it.
    copy = giving.house.folder / f"state/gifts/{given['id']}.tar.age"
    (tmp_path / "key").write_text(giving.house.archive_identity + "\n")
    output_of("age", "-d", "-i", tmp_path / "key", "-o", tmp_path / "copy.tar", copy)
    assert "clip-1.mp4" in output_of("tar", "tf", tmp_path / "copy.tar")
    shown = giving.request(given["id"])
    assert shown["gift"] and shown["outcome"] == "delivered"
    events = giving.house.ask("log", "show", "--request", given["id"])
    assert [e["event"] for e in events["entries"]].count("approval") == 2
    assert "release_commit" in [e["event"] for e in events["entries"]]


def test_every_resident_must_agree(giving):
    assert giving.share_refused("front_door", "every resident must agree", who=("alex",))


def test_a_gift_that_ends_before_it_begins_is_wrong_usage(giving):
    begin = giving.world.since
    for seconds in (-4, 0):
        done = giving.house.run("share", "--camera", "front_door", "--from", rfc3339(begin), "--to",
                                rfc3339(begin + seconds), "--agency", "river_pd", "--as", "alex",
                                pins=[PIN], check=False)
        assert done.returncode == 2 and "the end is before the beginning" in done.stderr


def test_a_gift_that_is_interrupted_leaves_no_file(giving):
    """The daemon is stopped meanwhile: the command surely waits."""
    out = giving.world.folder / "interrupted.age"
    begin = giving.world.since
    pins, passphrase = os.pipe(), os.pipe()
    os.write(pins[1], f"{PIN}\n{PIN}\n".encode())
    os.write(passphrase[1], f"{PASSPHRASE}\n".encode())
    os.kill(giving.house.daemon.popen.pid, signal.SIGSTOP)  # nobody answers
    try:
        with subprocess.Popen(
                [giving.house.bin / "latchstring", "--house", giving.house.folder, "share",
                 "--camera", "front_door", "--from", rfc3339(begin), "--to", rfc3339(begin + 4),
                 "--to-file", out, "--as", "alex", "--as", "sam", "--pin-fd", str(pins[0]),
                 "--passphrase-fd", str(passphrase[0])], pass_fds=(pins[0], passphrase[0]),
                stderr=subprocess.DEVNULL) as sharing:
            part = out.with_name(out.name + ".part")
            wait_for(part.exists, 20, "its file")
            sharing.send_signal(signal.SIGINT)
            assert sharing.wait(20) == -signal.SIGINT
        assert not part.exists() and not out.exists()
    finally:
        os.kill(giving.house.daemon.popen.pid, signal.SIGCONT)


def test_what_is_never_shared_is_not_given(giving):
    assert giving.share_refused("nursery", "never shared")
    assert giving.share_refused("front_door", "no_protests", purpose="protest")
    assert giving.share_refused("front_door", "no_protests", purpose="")
    giving.house.run("pause", "--as", "alex", pins=[PIN])
    assert not giving.share_refused("front_door", "no such words")
    giving.house.run("resume", "--as", "alex", pins=[PIN])


def test_an_agency_gets_it_when_an_officer_comes(giving):
    gift = giving.share("--agency", "river_pd")["id"]
    assert giving.request(gift)["phase"] == "releasing"
    requester = giving.requester
    # Nobody here knows its id: whatever is released.
    requester.run("receive", *requester.mine(), "--out", requester.evidence, "--for", "2 minutes")
    manifest = json.loads((requester.evidence / gift / "manifest-1.json").read_text())
    assert manifest["gift"] == gift and "hedge" in manifest["redaction"]["what"]
    assert requester.verify(requester.evidence / gift, "--ticket", requester.ticket).returncode == 0
    wait_for(lambda: giving.request(gift)["outcome"] == "delivered", 20, "the receipt")

"""What the household gives of its own accord: into a file, and to an agency. Real camera, daemon,
command lines, stock age and tar.
"""

import datetime
import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

FILM = Path(__file__).resolve().parents[2] / "build/film/vtest.avi"
PINS = {"alex": "482913", "sam": "591327"}
PASSPHRASE = "correct horse battery"
RULES = """policy_version: 1
household: {timezone: Etc/UTC, residents: [alex, sam], rules_end_on: 2099-01-01}
agencies: {springfield_pd: {name: Springfield Police, key_file: keys/springfield_pd.jwk}}
cameras:
  front_door: {sharing: by_rule, clock_error: 0 seconds, always_redact: [hedge]}
  nursery: {sharing: never}
zones: {hedge: {camera: front_door, polygon: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}}
always: {redact: [audio], picture_height_at_most: 240}
never:
  - {name: no_protests, purpose: protest}
"""


def wait_for(look, seconds, what):
    end = time.monotonic() + 4 * seconds  # sanitizers and busy machines are slow
    while not (found := look()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return found


def run(*command, secrets=None, check=True):
    """`secrets`: option -> lines, each through a pipe of its own."""
    command, fds = [str(word) for word in command], []
    for option, lines in (secrets or {}).items():
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{line}\n" for line in lines).encode())
        os.close(writing)
        command += [option, str(reading)]
        fds.append(reading)
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          pass_fds=fds, timeout=600, check=False, start_new_session=True)
    for fd in fds:
        os.close(fd)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


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
    run("tar", "xf", folder / "tar", "-C", folder)
    (folder / "tar").unlink()


class World:
    def __init__(self, bin_folder, folder):
        self.bin, self.folder, self.house = bin_folder, folder, folder / "house"
        self.processes = []
        log = folder / "camera.log"
        self.start("latchstring-test-camera", "--file", FILM, log=log)
        url = wait_for(lambda: re.search(r"^ready (\S+)$", log.read_text(), re.M), 30, "camera")[1]
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
        done = run(bin_folder / "latchstring", "init", self.house, "--demo", "--timezone",
                   "Etc/UTC", "--resident", "alex", "--resident", "sam", "--broker-port", port,
                   secrets={"--pin-fd": PINS.values()})
        self.archive_identity = re.search(r"AGE-SECRET-KEY-1[A-Z0-9]+", done.stdout)[0]
        self.latchstring("camera", "add", "front_door", "--url", url, "--sharing", "by_rule")
        self.start("latchstringd", "--config", self.house / "gateway.yaml",
                   log=folder / "daemon.log")
        wait_for(lambda: self.latchstring("status", check=False).returncode == 0, 30, "daemon")
        wait_for(lambda: "recording" in self.latchstring("camera", "list", "--json").stdout, 30,
                 "recording")
        self.begin = time.time() + 1
        self.ask("agency", "init", "--name", "springfield_pd", "--dir", folder / "agency")
        key = folder / "agency/agency.jwk"
        self.ticket = folder / "ticket.json"
        self.latchstring("agency", "add", "springfield_pd", key, "--ticket", self.ticket)
        (self.house / "house-rules.yaml").write_text(RULES)
        self.daemon().send_signal(signal.SIGHUP)
        wait_for(lambda: '"nursery"' in json.dumps(self.status()) or
                 self.share_refused("nursery", "never shared"), 30, "rules")
        while time.time() < self.begin + 8:
            time.sleep(0.2)

    def daemon(self):
        return self.processes[1]

    def status(self):
        return json.loads(self.latchstring("status", "--json").stdout)

    def start(self, program, *arguments, log):
        with open(log, "wb") as out:
            self.processes.append(subprocess.Popen(
                [str(word) for word in (self.bin / program, *arguments)], stdin=subprocess.PIPE,
                stdout=out, stderr=subprocess.STDOUT))

    def latchstring(self, *arguments, **options):
        return run(self.bin / "latchstring", "--house", self.house, *arguments, **options)

    def ask(self, *arguments, **options):
        return run(self.bin / "latchstring-request", *arguments, **options)

    def share(self, *to, camera="front_door", who=("alex", "sam"), purpose="burglary", seconds=4,
              check=True):
        """The gift's answer; `seconds` of the first footage."""
        at = [datetime.datetime.fromtimestamp(t, datetime.timezone.utc).isoformat()
              for t in (self.begin, self.begin + seconds)]
        secrets = {"--pin-fd": [PINS[name] for name in who]}
        if "--to-file" in to:
            secrets["--passphrase-fd"] = [PASSPHRASE]
        done = self.latchstring("share", "--camera", camera, "--from", at[0], "--to", at[1], *to,
                                *(["--purpose", purpose] if purpose else []),
                                *(word for name in who for word in ("--as", name)), "--json",
                                secrets=secrets, check=check)
        return json.loads(done.stdout) if check else done

    def share_refused(self, camera, why, **options):
        out = self.folder / "refused.age"
        done = self.share("--to-file", out, camera=camera, check=False, **options)
        assert not out.exists()
        return done.returncode == 3 and why in done.stderr

    def request(self, gift):
        requests = json.loads(self.latchstring("request", "list", "--json").stdout)["requests"]
        return next(r for r in requests if r["id"] == gift)

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
            process.stdin.close()
            process.wait(60)


@pytest.fixture(scope="module")
def world(bin_folder, tmp_path_factory):
    made = World(bin_folder, tmp_path_factory.mktemp("share"))
    yield made
    made.end()



def test_a_file_opens_with_its_passphrase_alone_and_verifies(world, tmp_path):
    out = tmp_path / "clip.age"
    given = world.share("--to-file", out)
    assert out.stat().st_size == given["bytes"]
    header = out.read_bytes()[:200]
    assert header.count(b"\n-> ") == 1 and b"\n-> scrypt " in header
    open_with_passphrase(out, tmp_path / "opened")
    done = world.ask("verify", tmp_path / "opened", "--ticket", world.ticket, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((tmp_path / "opened/manifest-1.json").read_text())
    assert manifest["gift"] == given["id"] and "request" not in manifest and "cred" not in manifest
    # The floor: of `always` and of the camera.
    assert set(manifest["redaction"]["what"]) == {"audio", "hedge"} == set(given["redacted"])
    assert manifest["redaction"]["reencoded"]
    size = run("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
               "stream=height", "-of", "csv=p=0", tmp_path / "opened/clip-1.mp4").stdout
    assert int(size.strip().strip(",")) <= 240
    # The household's own copy, and what the house says of it.
    copy = world.house / f"state/gifts/{given['id']}.tar.age"
    (tmp_path / "key").write_text(world.archive_identity + "\n")
    run("age", "-d", "-i", tmp_path / "key", "-o", tmp_path / "copy.tar", copy)
    assert "clip-1.mp4" in run("tar", "tf", tmp_path / "copy.tar").stdout
    shown = world.request(given["id"])
    assert shown["gift"] and shown["outcome"] == "delivered"
    events = json.loads(world.latchstring("log", "show", "--request", given["id"], "--json").stdout)
    assert [e["event"] for e in events["entries"]].count("approval") == 2
    assert "release_commit" in [e["event"] for e in events["entries"]]


def test_every_resident_must_agree(world):
    assert world.share_refused("front_door", "every resident must agree", who=("alex",))


def test_what_is_never_shared_is_not_given(world):
    assert world.share_refused("nursery", "never shared")
    assert world.share_refused("front_door", "no_protests", purpose="protest")
    assert world.share_refused("front_door", "no_protests", purpose="")
    world.latchstring("pause", "--as", "alex", secrets={"--pin-fd": [PINS["alex"]]})
    assert not world.share_refused("front_door", "no such words")
    world.latchstring("resume", "--as", "alex", secrets={"--pin-fd": [PINS["alex"]]})


def test_an_agency_gets_it_when_an_officer_comes(world, tmp_path):
    gift = world.share("--agency", "springfield_pd")["id"]
    assert world.request(gift)["phase"] == "releasing"
    officer = tmp_path / "officer"
    world.ask("officer", "init", "--dir", officer)
    credential = tmp_path / "credential.json"
    credential.write_text(world.ask("agency", "issue", "--dir", world.folder / "agency",
                                    "--officer", officer / "PUB.json", "--badge", "4711",
                                    "--days", "30").stdout)
    world.ask("officer", "update", "--dir", officer, "--credential", credential)
    world.ask("receive", gift, "--ticket", world.ticket, "--officer", officer, "--out",
              tmp_path / "out", "--for", "2 minutes")
    manifest = json.loads((tmp_path / "out" / gift / "manifest-1.json").read_text())
    assert manifest["gift"] == gift and "hedge" in manifest["redaction"]["what"]
    world.ask("verify", tmp_path / "out" / gift, "--ticket", world.ticket)
    wait_for(lambda: world.request(gift)["outcome"] == "delivered", 20, "the receipt")

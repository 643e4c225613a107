"""A house under test: its camera, its daemon, its command line, each a real process.

Every process is ended by its own id. Times of day are those of the machine, moved by `Faketime`
where a test needs a long term to pass.
"""

import datetime
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

FILM = Path(__file__).resolve().parents[2] / "build/film/vtest.avi"
PIN = "482913"  # of every resident
PERMITS = {"who": "springfield_pd", "camera": "front_door", "basis": "consent",
           "purpose": "burglary", "footage_days": "every_day", "footage_time": "all_day",
           "approval": "automatic", "redact": "none", "part_outside": "trim"}


PATIENCE = 4  # sanitizers and busy machines are slow


def wait_for(look, seconds, what):
    """What `look` gives as soon as it is true; AssertionError after so long, times PATIENCE."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text):
    """Of an RFC 3339 instant, as seconds since 1970."""
    match = re.fullmatch(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    whole = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    return whole.timestamp() + float(match[2] or 0)


class Faketime:
    """The preloaded clock: see tests/support/faketime."""

    def __init__(self, bin_folder, folder):
        self.library = bin_folder / "latchstring-faketime.so"
        self.file = folder / "faketime"
        self.offset = 0
        self.right = True
        self.file.write_bytes(bytes(16))
        self.set()

    def set(self, offset=None, right=None):
        self.offset = self.offset if offset is None else offset
        self.right = self.right if right is None else right
        with open(self.file, "r+b") as out:
            out.write(struct.pack("<qq", int(self.offset * 1e9), int(self.right)))

    def now(self):
        return time.time() + self.offset

    def env(self, program):
        needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        asan = re.search(r"libasan\S* => (\S+)", needed)  # must stand first
        libraries = [asan[1]] if asan else []
        return {"LATCHSTRING_FAKETIME": str(self.file),
                "LD_PRELOAD": ":".join([*libraries, str(self.library)])}


class Process:
    """A program with its output in a file."""

    def __init__(self, command, log, env=None, **options):
        self.log = Path(log)
        self.out = open(self.log, "ab")
        self.popen = subprocess.Popen([str(word) for word in command], stdout=self.out,
                                      stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
                                      **options)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def end(self, how=signal.SIGTERM, patience=60):
        if self.running():
            self.popen.send_signal(how)
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
                raise AssertionError(f"{self.popen.args[0]} did not end") from None
        self.out.close()
        return self.popen.returncode

    def words(self):
        return self.log.read_text(errors="replace")


class Camera:
    """The test camera; `tell` is one command of its standard input."""

    def __init__(self, bin_folder, folder, *flags, faketime=None, inside=()):
        """`inside`: words before each command, as `ip netns exec NAME`."""
        program = bin_folder / "latchstring-test-camera"
        self.process = Process([*inside, program, "--file", FILM, *flags], folder / "camera.log",
                               faketime.env(program) if faketime else None, stdin=subprocess.PIPE)
        self.url = wait_for(lambda: re.search(r"^ready (\S+)$", self.process.words(), re.M), 20,
                            "the camera's start")[1]

    def tell(self, command):
        before = self.process.words().count("\nok ")
        self.process.popen.stdin.write(command.encode() + b"\n")
        self.process.popen.stdin.flush()
        wait_for(lambda: self.process.words().count("\nok ") > before, 10, f"camera {command}")

    def end(self):
        self.process.popen.stdin.close()
        self.process.end()


class House:
    def __init__(self, bin_folder, folder, residents=("alex",), faketime=None, clock="assumed",
                 inside=()):
        self.bin = bin_folder
        self.inside = inside
        self.folder = folder / "house"
        self.logs = folder
        self.residents = list(residents)
        self.faketime = faketime
        self.daemon = None
        self.agencies = {}
        self.cameras = {}
        named = [word for name in residents for word in ("--resident", name)]
        self.port = free_port()
        done = self.run("init", self.folder, "--demo", "--timezone", "Etc/UTC", *named,
                        "--broker-port", self.port, pins=[PIN] * len(residents), house=False)
        self.archive_identity = re.search(r"AGE-SECRET-KEY-1[A-Z0-9]+", done.stdout)[0]
        if clock != "assumed":
            self.edit("gateway.yaml", "clock: assumed", f"clock: {clock}")

    # --- files ---
    @property
    def config(self):
        return self.folder / "gateway.yaml"

    @property
    def rules_file(self):
        return self.folder / "house-rules.yaml"

    def edit(self, name, old, new):
        file = self.folder / name
        text = file.read_text()
        assert old in text, (name, old)
        file.write_text(text.replace(old, new))

    def write_rules(self, *allow, never=(), always=None, cameras=None, zones=None, tests=()):
        """The whole rules file; each rule is a dict over PERMITS. In force after `reload`."""
        always = {"per_agency_per_month": {"clips": 10000, "minutes": 40000},
                  "open_requests_per_agency": 100, **(always or {})}
        cameras = {name: {"sharing": "by_rule", "clock_error": "0 seconds",
                          **(cameras or {}).get(name, {})} for name in self.cameras}
        sections = {
            "household": {"timezone": "Etc/UTC", "residents": self.residents,
                          "rules_end_on": "2099-01-01"},
            "agencies": {name: {"name": name, "key_file": f"keys/{name}.jwk"}
                         for name in self.agencies},
            "cameras": cameras, "zones": zones or {}, "always": always, "never": list(never),
            "allow": [{"name": f"rule_{i}", **PERMITS, **rule} for i, rule in enumerate(allow)],
            "tests": list(tests)}
        # A date is plain text in the rules language; everything else reads as JSON does.
        lines = [f"{name}: {json.dumps(value)}" for name, value in sections.items() if value]
        text = "policy_version: 1\n" + "\n".join(lines) + "\n"
        self.rules_file.write_text(text.replace('"2099-01-01"', "2099-01-01"))

    # --- the household's command line ---
    def run(self, *arguments, pins=(), house=True, check=True, secrets=None):
        """`secrets`: option -> lines, each through a pipe of its own; `pins` are --pin-fd's."""
        command = [self.bin / "latchstring", *(["--house", self.folder] if house else []),
                   *arguments]
        fds = []
        for option, lines in {**({"--pin-fd": pins} if pins else {}), **(secrets or {})}.items():
            reading, writing = os.pipe()
            os.write(writing, "".join(f"{line}\n" for line in lines).encode())
            os.close(writing)
            command += [option, reading]
            fds.append(reading)
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, pass_fds=fds, timeout=300,
                                  start_new_session=True, check=False)
        finally:
            for fd in fds:
                os.close(fd)
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def ask(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def status(self):
        return self.ask("status")

    def show(self, request):
        return self.ask("request", "show", request)

    def requests(self):
        return self.ask("request", "list")["requests"]

    def knows(self, request):
        return any(known["id"] == request for known in self.requests())

    def answer(self, word, request, resident="alex"):
        return self.run("request", word, request, "--as", resident, pins=[PIN])

    def wait_phase(self, request, phase, seconds=20):
        return wait_for(lambda: (shown := self.show(request))["phase"] == phase and shown, seconds,
                        f"request {request} is {phase}")

    def wait_piece(self, request, state, seconds=30, piece=1):
        def look():
            shown = self.show(request)
            pieces = [(p["piece"], p["state"]) for p in shown["pieces"]]
            return (piece, state) in pieces and shown
        return wait_for(look, seconds, f"piece {piece} of {request} is {state}")

    def call(self, operation):
        """One operation without arguments, straight at the daemon's door."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(self.folder / "state/latchstring.sock"))
            door.sendall(json.dumps({"v": 1, "op": operation}).encode() + b"\n")
            with door.makefile() as answer:
                return json.loads(answer.readline())["ok"]

    def reload(self):
        """What stands in the files is in force; where it is looser too, for all agree."""
        done = self.call("policy.reload")
        assert done["config"]["ok"] and done["rules"]["ok"], done
        if done["rules"]["earlier"]:
            self.apply_now()

    def apply_now(self, *residents):
        residents = residents or self.residents
        named = [word for name in residents for word in ("--as", name)]
        self.run("policy", "apply", "--now", *named, pins=[PIN] * len(residents))

    def add_camera(self, name, url, *flags):
        self.cameras[name] = url
        self.run("camera", "add", name, "--url", url, "--sharing", "by_rule", *flags)

    def add_agency(self, name, agency, ticket):
        key = self.logs / f"{name}.jwk"
        key.write_text(agency.jwk_text())
        self.agencies[name] = agency
        done = self.run("agency", "add", name, key, "--ticket", ticket)
        brokers = json.loads(Path(ticket).read_text())["brokers"]
        here = all(url.startswith("mqtts://127.") for url in brokers)
        assert ("only programs on this box can use the ticket" in done.stderr) == here, brokers
        return json.loads(Path(ticket).read_text())

    # --- the daemon ---
    def start(self, ready=True):
        program = self.bin / "latchstringd"
        env = self.faketime.env(program) if self.faketime else {}
        self.daemon = Process([*self.inside, program, "--config", self.config],
                              self.logs / "daemon.log", env)
        if ready:
            self.wait_ready()

    def wait_ready(self):
        def look():
            assert self.daemon.running(), "the daemon ended:\n" + self.log_tail()
            done = self.run("status", "--json", check=False)
            return done.returncode == 0 and json.loads(done.stdout)["broker"]["connected"]
        wait_for(look, 30, "the daemon's start")

    def stop(self):
        code = self.daemon.end()
        assert code == 0, f"latchstringd ended with {code}"

    def kill(self):
        self.daemon.end(signal.SIGKILL)

    def wait_recording(self, camera="front_door", seconds=30):
        def look():
            return any(c["camera"] == camera and c["state"] == "recording"
                       for c in self.ask("camera", "list")["cameras"])
        wait_for(look, seconds, f"{camera} is recorded")

    def broker_pid(self):
        """Of the managed broker: the daemon's child."""
        children = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text()
        for task in Path(f"/proc/{self.daemon.pid}/task").iterdir():
            children += " " + (task / "children").read_text()
        for child in children.split():
            try:
                if Path(f"/proc/{child}/comm").read_text().strip() == "mosquitto":
                    return int(child)
            except FileNotFoundError:  # it ended just now
                continue
        return None

    def log_tail(self, lines=60):
        log = self.logs / "daemon.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def end(self):
        if self.daemon and self.daemon.running():
            self.daemon.end()

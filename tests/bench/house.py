"""The demo's cast as processes: a camera, a house with its daemon, an officer."""

import json
import os
import signal
import socket
import subprocess
import time
from datetime import datetime, timezone

from measure import Failed, children, wait_until

PIN = "493827"
FILM_FPS = 15
FILM_SECONDS = 20
FILM_KBPS = 4000


def make_film(bench):
    """1080p15 at 4 Mbit/s, an IDR every two seconds, from the test camera's real film."""
    folder = bench.root / "build/bench"
    film = folder / f"1080p{FILM_FPS}-{FILM_KBPS}k.mp4"
    if film.exists():
        return film
    subprocess.run([bench.root / "tests/support/fetch-film"], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    bench.say(f"making {film.name} (once)")
    new = film.with_suffix(".new.mp4")
    rate = f"{FILM_KBPS}k"
    # Played faster than it was filmed, so that every picture is a new one.
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y",
         "-i", bench.root / "build/film/vtest.avi",
         "-vf", f"setpts=N/{FILM_FPS}/TB,scale=1920:1080,format=yuv420p", "-r", str(FILM_FPS),
         "-t", str(FILM_SECONDS), "-an", "-c:v", "libx264", "-preset", "veryfast",
         "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate,
         "-x264-params", f"keyint={2 * FILM_FPS}:min-keyint={2 * FILM_FPS}:scenecut=0:bframes=0",
         new], check=True)
    new.rename(film)
    return film


class Process:
    """A program in the background, its log written anew; stopped by SIGTERM."""

    def __init__(self, command, log, **options):
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen([str(word) for word in command], stdout=output,
                                            stderr=output, start_new_session=True, **options)
        self.pid = self.process.pid

    def check(self):
        if self.process.poll() is not None:
            raise Failed(f"`{self.process.args[0]}` ended; its log is {self.log}")

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Camera:
    """The test camera sending `film` as it is, over as many channels."""

    def __init__(self, bench, film, channels):
        log = bench.work / "camera.log"
        self.process = Process([bench.program("latchstring-test-camera"), "--encoded", film,
                                "--channels", channels], log, stdin=subprocess.PIPE)

        def ready():
            self.process.check()
            lines = log.read_text(encoding="utf-8").splitlines()
            self.urls = [line.split()[1] for line in lines if line.startswith("ready ")]
            return len(self.urls) == channels

        wait_until(60, "the camera's start", ready)

    def stop(self):
        self.process.stop()


class House:
    """A household with cameras that rules may share, and its daemon."""

    def __init__(self, bench, name, urls):
        self.bench = bench
        self.folder = bench.work / name
        self.state = self.folder / "state"
        self.daemon = None
        bench.run(bench.program("latchstring"), "init", self.folder, "--demo", "--name", "Bench",
                  "--timezone", "UTC", "--resident", "alex", "--broker-port", free_port(),
                  secret=PIN)
        for number, url in enumerate(urls, 1):
            self.latchstring("camera", "add", f"camera_{number}", "--url", url,
                             "--sharing", "by_rule", "--label", f"camera {number}")
        self.cameras = len(urls)

    def latchstring(self, *arguments):
        return self.bench.run(self.bench.program("latchstring"), "--house", self.folder, *arguments)

    def start(self):
        """Returns once every camera is recorded."""
        self.daemon = Process([self.bench.program("latchstringd"), "--config",
                               self.folder / "gateway.yaml"], self.bench.work / "daemon.log",
                              stdin=subprocess.DEVNULL)

        def recording():
            self.daemon.check()
            try:
                cameras = json.loads(self.latchstring("camera", "list", "--json"))
            except Failed:
                return False
            return json.dumps(cameras).count('"recording"') >= self.cameras

        wait_until(60, "the first picture of every camera", recording)

    def broker_pids(self):
        return children(self.daemon.pid)

    def stop(self):
        if self.daemon:
            self.daemon.stop()
            self.daemon = None

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def utc(seconds):
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sleep_until(moment):
    time.sleep(max(0, moment - time.time()))


def run(command, secret=None):
    """Standard output of a command that must succeed; `secret` goes through a pipe."""
    command = [str(word) for word in command]
    fds = ()
    if secret is not None:
        reading, writing = os.pipe()
        os.write(writing, f"{secret}\n".encode())
        os.close(writing)
        command += ["--pin-fd", str(reading)]
        fds = (reading,)
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              pass_fds=fds, timeout=120, check=False)
    finally:
        for fd in fds:
            os.close(fd)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(command[:3])} ...` failed: {done.stderr.strip()}")
    return done.stdout

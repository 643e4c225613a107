"""What every end-to-end test needs: the real programs, folders of its own, secrets through pipes.

LATCHSTRING_BIN names the folder of the programs; ctest sets it.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from house import Camera, Faketime, House  # noqa: E402
from officer import Agency, Officer, Post  # noqa: E402


@pytest.fixture(scope="session")
def bin_folder():
    folder = os.environ.get("LATCHSTRING_BIN")
    if not folder:
        pytest.exit("set LATCHSTRING_BIN to the folder that holds latchstring", returncode=2)
    return Path(folder).resolve()


class Household:
    """`latchstring`, run as a process."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder  # where the house is, or will be

    def run(self, *arguments, secrets=(), house=True, env=None, cwd=None, fd_option="--pin-fd"):
        """One command; `secrets` go line by line through a pipe, whose number follows fd_option."""
        command = [str(self.program)]
        if house:
            command += ["--house", str(self.folder)]
        command += [str(argument) for argument in arguments]
        fds = ()
        if secrets:
            reading, writing = os.pipe()
            os.write(writing, "".join(f"{secret}\n" for secret in secrets).encode())
            os.close(writing)
            command += [fd_option, str(reading)]
            fds = (reading,)
        try:
            return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  pass_fds=fds, timeout=60, cwd=cwd, check=False,
                                  env={**os.environ, **(env or {})}, start_new_session=True)
        finally:
            for fd in fds:
                os.close(fd)

    def init(self, *arguments, secrets=("482913",)):
        return self.run("init", self.folder, *arguments, secrets=secrets, house=False)


@pytest.fixture
def household(bin_folder, tmp_path):
    return Household(bin_folder / "latchstring", tmp_path / "house")


@pytest.fixture
def house(bin_folder, tmp_path):
    house = House(bin_folder, tmp_path)
    yield house
    house.end()


class World:
    """A house with a camera that is being recorded, an agency with a ticket, and an officer."""

    def __init__(self, bin_folder, folder, residents=("alex",), camera=(), faketime=False,
                 clock="assumed", audio=False, start_second=None):
        self.bin = bin_folder
        self.folder = folder
        self.closing = []
        self.faketime = Faketime(bin_folder, folder) if faketime or start_second else None
        self.now = self.faketime.now if self.faketime else time.time
        if start_second:
            self.faketime.set(offset=start_second - time.time() % 60)
        self.camera = Camera(bin_folder, folder, *camera, faketime=self.faketime)
        self.closing.append(self.camera.end)
        self.house = House(bin_folder, folder, residents, self.faketime, clock)
        self.closing.append(self.house.end)
        self.house.add_camera("front_door", self.camera.url, "--label", "street side",
                              *(["--audio"] if audio else []))
        self.house.start()
        self.house.wait_recording()
        self.since = self.now() + 1  # footage from here on
        self.agency = Agency()
        self.ticket = self.house.add_agency("springfield_pd", self.agency, folder / "ticket.json")
        self.officer = Officer(self.agency, now=self.now)
        self.house.write_rules({})
        self.house.reload()

    def footage(self, seconds, after=0.0):
        """(from, to) of so much footage, from so long after the first of all; waits until it is
        recorded."""
        begin = self.since + after
        while self.now() < begin + seconds + 2:
            time.sleep(0.1)
        return begin, begin + seconds

    def rules(self, *allow, **more):
        self.house.write_rules(*allow, **more)
        self.house.reload()

    def post(self, officer=None, **options):
        post = Post(self.ticket, officer or self.officer, **options)
        self.closing.append(post.close)
        return post

    def end(self):
        for close in reversed(self.closing):
            close()


@pytest.fixture(scope="module")
def new_world(bin_folder, tmp_path_factory):
    """Makes worlds that end with the module."""
    made = []

    def make(**options):
        made.append(World(bin_folder, tmp_path_factory.mktemp("world"), **options))
        return made[-1]
    make.made = made
    yield make
    for world in made:
        world.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Below a failure stand the last lines of each daemon's log."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and "new_world" in item.funcargs:
        for world in item.funcargs["new_world"].made:
            report.sections.append(("log of latchstringd", world.house.log_tail()))

"""What every end-to-end test needs: the real programs, folders of its own, secrets through pipes.

LATCHSTRING_BIN names the folder of the programs; ctest sets it.
"""

import os
import subprocess
from pathlib import Path

import pytest


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

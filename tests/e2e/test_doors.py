"""Callers at the household's door who stop in the middle, and PINs that cannot be checked."""

import fcntl
import json
import os
import socket
import struct
import termios

import pytest

from house import PIN, House, wait_for

PIPE_BYTES = 4096  # the smallest pipe there is


@pytest.fixture
def house(bin_folder, tmp_path):
    house = House(bin_folder, tmp_path, residents=("alex", "sam"))
    yield house
    house.end()


class Unread:
    """An operation whose file nobody reads: `waiting` once the daemon could not write on."""

    def __init__(self, house, operation):
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.connect(str(house.folder / "state/latchstring.sock"))
        line = json.dumps({"v": 1, "op": operation}).encode() + b"\n"
        socket.send_fds(self.door, [line], [writing])
        os.close(writing)

    def waiting(self):
        count = fcntl.ioctl(self.reading, termios.FIONREAD, struct.pack("i", 0))
        return struct.unpack("i", count)[0] == PIPE_BYTES

    def close(self):
        os.close(self.reading)
        self.door.close()


def test_a_log_that_nobody_reads_holds_up_no_pin_and_no_end(house):
    house.start()
    for minutes in range(1, 101):  # an entry each: more than the pipe holds
        house.write_rules(always={"per_agency_per_month": {"clips": 1, "minutes": minutes}})
        house.reload()
    assert house.run("log", "verify").returncode == 0  # makes the checkpoint of an export
    unread = Unread(house, "log.export")
    wait_for(unread.waiting, 10, "the log in the pipe")
    assert house.run("pause", "--as", "alex", pins=[PIN]).returncode == 0
    assert house.run("resume", "--as", "alex", pins=[PIN]).returncode == 0
    assert house.daemon.end(patience=30) == 0
    unread.close()


def test_a_joint_answer_that_cannot_be_checked_counts_for_nobody(house):
    house.start()
    for _ in range(6):
        done = house.run("pause", "--as", "alex", "--as", "kim", pins=[PIN, PIN], check=False)
        assert "there is no resident `kim`" in done.stderr
    assert house.run("pause", "--as", "alex", pins=[PIN]).returncode == 0
    # None of them is left over: four wrong ones do not lock.
    for left in (4, 3, 2, 1):
        done = house.run("resume", "--as", "alex", pins=["000000"], check=False)
        assert f"{left} of 5 tries left" in done.stderr
    assert house.run("resume", "--as", "alex", pins=[PIN]).returncode == 0

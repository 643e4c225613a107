"""Disks that are full, not mounted or exchanged: said where people look, and nothing made worse."""

import os
import shutil
import subprocess
import time

import pytest

from house import PIN, wait_for
from requester import Requester

MIB = 1 << 20


def check(house, *words):
    done = house.run("archive", "check", *words, check=False)
    return done.returncode, done.stdout + done.stderr


def warnings(house, words):
    return [said for said in house.status()["warnings"] if words in said]


def recorded_files(house):
    return len(list((house.folder / "state/archive").rglob("*.age")))


def recorded(house):
    return sum(day["segments"] for day in house.ask("archive", "list")["days"])


def test_an_archive_that_is_not_there_is_noticed(new_world):
    """As where its disk is not mounted: an empty folder, in which a fresh index knows of nothing
    that is missing."""
    world = new_world(camera=("--gop", "10"))
    house = world.house
    archive = house.folder / "state/archive"
    world.footage(2)
    house.stop()
    house.start()
    assert recorded(house) > 0 and check(house)[0] == 0 and not warnings(house, "not the one")
    house.stop()
    archive.rename(house.folder / "away")
    archive.mkdir(mode=0o700)
    for _ in range(2):  # nor does it look well after a while
        house.start()
        for words in ((), ("--repair",)):
            code, said = check(house, *words)
            assert code == 1 and "all well" not in said, said
            assert f"`{archive}` is not the one" in said and "archive accept" in said, said
        [warning] = warnings(house, "is not the one that was recorded to before")
        assert str(archive) in warning and warning in house.run("status").stderr, warning
        house.wait_recording()  # evidence all the same
        house.stop()
    assert "is not the one that was recorded to before" in house.log_tail()
    assert list(archive.rglob("*.age"))
    # The disk is back.
    meanwhile = house.folder / "meanwhile"
    archive.rename(meanwhile)
    (house.folder / "away").rename(archive)
    house.start()
    assert check(house)[0] == 0 and not warnings(house, "not the one")
    house.stop()
    # Another one, and on purpose.
    archive.rename(house.folder / "away")
    meanwhile.rename(archive)
    house.start()
    assert check(house)[0] == 1
    house.run("archive", "accept")
    code, said = check(house)
    assert code == 0 and "all well" in said, said
    assert not warnings(house, "not the one")
    house.stop()
    house.start()
    assert check(house)[0] == 0
    # The former one is now the wrong one, also while the daemon runs.
    archive.rename(meanwhile)
    (house.folder / "away").rename(archive)
    assert check(house)[0] == 1


def test_an_archive_folder_that_goes_away_is_logged_once(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    world.footage(2)
    archive = house.folder / "state/archive"

    def said():
        return [line for line in house.log_tail(400).splitlines() if "archive: " in line]
    assert not said()
    archive.rename(house.folder / "away")
    wait_for(said, 30, "that it is gone")
    time.sleep(4)  # some more looks at it
    assert len(said()) == len(set(said())), said()
    assert not archive.exists() or not any(archive.iterdir())
    shutil.rmtree(archive, ignore_errors=True)
    (house.folder / "away").rename(archive)
    wait_for(lambda: "the archive works again" in house.log_tail(400), 30, "that it is back")


def test_a_damaged_segment_says_what_to_do(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    requester = Requester(world.bin, world.folder)
    house.add_agency("county", requester, requester.ticket)
    world.rules({"who": "county"})
    begin, end = world.footage(4)
    house.stop()  # ends the segment
    for file in (house.folder / "state/archive").rglob("*.age"):
        damaged = bytearray(file.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        file.write_bytes(damaged)
    house.start()
    request = requester.submit(begin, end)
    [piece] = house.wait_piece(request, "failed")["pieces"]
    advice = "run `latchstring archive check --repair`; then the officer may ask again"
    assert piece["reason"].startswith("segment `") and piece["reason"].endswith(advice)
    [warning] = warnings(house, f"piece 1 of `{request}` could not be made: segment `")
    assert warning.endswith(advice)
    assert f"request {request}, piece 1 could not be made: segment `" in house.log_tail()


def test_a_lost_key_of_a_day_is_told_of(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    world.footage(2)
    house.stop()
    [key, *_] = keys = sorted((house.folder / "state/keyring").glob("day-*.key"))
    day = key.name[len("day-"):-len(".key")]
    whole = key.read_bytes()
    house.edit("gateway.yaml", f'url: "{world.camera.url}"', 'url: "rtsp://127.0.0.1:1/gone"')
    house.start()  # without a camera, no key is made for today
    assert check(house)[0] == 0 and not warnings(house, "cannot be opened")
    house.stop()
    key.unlink()
    house.start()
    for words in ((), ("--repair",)):
        code, said = check(house, *words)
        assert code == 1 and f"{day}: its key is missing" in said, said
        assert "forgotten" not in said, said
    [warning] = warnings(house, f"the key of {day} (")
    assert str(key.parent) in warning and warning in house.run("status").stderr, warning
    assert warning in house.log_tail()
    key.write_bytes(whole)
    key.chmod(0o600)
    assert check(house)[0] == 0 and not warnings(house, "cannot be opened"), keys
    # Damaged: the same, and no segment is called damaged for it.
    key.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for words in ((), ("--repair",)):
        code, said = check(house, *words)
        assert code == 1 and f"{day}: its key is damaged" in said, said
        assert len(said.splitlines()) == 2 and "--repair" not in said, said
    assert warnings(house, f"the key of {day} (") == warnings(house, "is damaged: that footage")
    assert "its key is damaged" in house.run("archive", "list").stdout
    key.write_bytes(whole)
    assert check(house)[0] == 0 and not warnings(house, "cannot be opened"), keys


def test_todays_lost_key_can_be_put_back_while_recording_goes_on(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    world.footage(2)
    house.stop()
    keys = {key: key.read_bytes() for key in (house.folder / "state/keyring").glob("day-*.key")}
    before = recorded_files(house)
    for key in keys:
        key.unlink()
    house.start()
    wait_for(lambda: recorded_files(house) > before, 60, "recording goes on")
    house.stop()
    assert not any(key.exists() for key in keys)
    house.start()
    [warning] = warnings(house, "is missing: that footage cannot be opened")
    assert warning in house.log_tail()
    code, said = check(house)
    assert code == 1 and "its key is missing" in said and "some of" in said, said
    assert ": damaged" not in said and "cannot be read" not in said, said
    for key, content in keys.items():
        key.write_bytes(content)
        key.chmod(0o600)
    code, said = check(house)
    assert code == 0 and not warnings(house, "cannot be opened"), said


def test_a_request_waits_for_the_archive_that_was_recorded_to(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    world.rules({"approval": "automatic"})
    footage = world.footage(4)
    mark = house.folder / "state/archive/archive-id"
    right = mark.read_text()
    house.stop()
    mark.write_text("another\n")
    house.start()
    why = "the archive is not the one that was recorded to before"
    asked = world.post().submit(*footage)
    shown = house.wait_phase(asked, "received")
    assert shown["blocked"].startswith(why) and shown["pieces"] == []
    assert house.status()["sharing"]["reason"].startswith(why)
    house.stop()
    mark.write_text(right)  # the right disk is mounted
    house.start()
    house.wait_piece(asked, "offered")


def test_a_request_goes_on_when_the_archive_is_accepted(new_world):
    world = new_world(camera=("--gop", "10"))
    house = world.house
    world.rules({"approval": "automatic"})
    footage = world.footage(4)
    house.stop()
    (house.folder / "state/archive/archive-id").write_text("another\n")
    house.start()
    asked = world.post().submit(*footage)
    house.wait_phase(asked, "received")
    house.run("archive", "accept")
    house.wait_piece(asked, "offered")


@pytest.fixture
def small_disk(tmp_path):
    """Room for a state folder; a file `filler` in it can take what is left."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", disk],
                             check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine mounts no tmpfs")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk):
    with open(disk / "filler", "wb", buffering=0) as out:
        for size in (MIB, 4096):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                pass


def test_a_full_disk_is_told_of_before_and_when_it_is(new_world, small_disk):
    world = new_world()
    house = world.house
    state = house.folder / "state"
    house.stop()
    shutil.copytree(state, small_disk / "state", ignore=shutil.ignore_patterns("*.sock"))
    shutil.rmtree(state)
    state.symlink_to(small_disk / "state")
    house.start()
    [warning] = warnings(house, "is nearly full")  # one disk is named once
    assert str(state) in warning and warning in house.run("status").stderr, warning
    fill(small_disk)
    # Nothing less is left than SQLite takes up without a new page.
    refused = wait_for(lambda: (done := house.run("pause", "--as", "alex", pins=[PIN], check=False))
                       .returncode != 0 and done, 30, "a full disk")
    assert f"`{state}/state.db`" in refused.stderr and "the disk is full" in refused.stderr
    assert "make room" in refused.stderr, refused.stderr
    assert len(warnings(house, "is full")) == 1 and not warnings(house, "nearly"), house.status()
    (small_disk / "filler").unlink()
    house.run("pause", "--as", "alex", pins=[PIN])
    assert house.status()["sharing"]["state"] == "paused"
    assert not warnings(house, "is full")

"""`packaging/quickstart --once`, as the README says, and what it leaves. Builds the release preset
where that is not built yet."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cells import cells_of_file
from clips import frame_count
from house import seconds_of

ROOT = Path(__file__).resolve().parents[2]
REQUEST = ROOT / "build/release/bin/latchstring-request"


@pytest.fixture(scope="module")
def done():
    before = {path: path.stat().st_mtime_ns for path in sources()}
    out = subprocess.run([ROOT / "packaging/quickstart", "--once"], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=3000, check=False)
    assert out.returncode == 0, out.stdout + out.stderr
    assert {path: path.stat().st_mtime_ns for path in sources()} == before, "the checkout changed"
    ticket, evidence = out.stdout.splitlines()[-2:]
    assert ticket.startswith("ticket: ") and evidence.startswith("evidence: "), out.stdout
    return {"out": out.stdout, "ticket": Path(ticket.split(": ", 1)[1]),
            "evidence": Path(evidence.split(": ", 1)[1])}


def sources():
    return [path for path in ROOT.rglob("*")
            if path.is_file() and path.relative_to(ROOT).parts[0] not in ("build", ".git")]


def verify(folder, *anchor):
    return subprocess.run([REQUEST, "verify", folder, *anchor], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)


def test_its_evidence_verifies(done):
    assert verify(done["evidence"], "--ticket", done["ticket"]).returncode == 0
    assert verify(done["evidence"]).returncode == 4


def test_one_changed_byte_is_named(done, tmp_path):
    for file in sorted(path for path in done["evidence"].rglob("*") if path.is_file()):
        copy = tmp_path / done["evidence"].name
        shutil.copytree(done["evidence"], copy)
        broken = copy / file.relative_to(done["evidence"])
        content = bytearray(broken.read_bytes())
        content[len(content) // 2] ^= 1
        broken.write_bytes(content)
        found = verify(copy, "--ticket", done["ticket"])
        assert found.returncode == 1 and file.name in found.stdout + found.stderr, file
        shutil.rmtree(copy)


def test_the_command_that_it_prints_opens_the_clip(done, tmp_path):
    command = next(line.strip() for line in done["out"].splitlines()
                   if line.strip().startswith("age -d -i "))
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    clip = (tmp_path / "clip.mp4").read_bytes()
    assert clip == (done["evidence"] / "clip-1.mp4").read_bytes()
    sealed = (done["evidence"] / "sealed/clip-1.mp4.age").read_bytes()
    for at in range(64, len(clip) - 32, len(clip) // 200):
        piece = clip[at:at + 16]
        assert len(set(piece)) <= 8 or piece not in sealed, at


def test_the_cells_show_every_granted_frame_and_no_other(done):
    manifest = json.loads((done["evidence"] / "manifest-1.json").read_text())
    begin, end = (seconds_of(manifest["granted"][name]) for name in ("from", "to"))
    with open(done["evidence"] / "frames-1.csv", encoding="ascii") as rows:
        times = [seconds_of(row["utc"]) for row in csv.DictReader(rows)]
    cells = cells_of_file(done["evidence"] / "clip-1.mp4")
    assert frame_count(done["evidence"] / "clip-1.mp4") == len(times) == len(cells)
    assert all(begin <= at < end for at in times)
    numbers = [cell.frame for cell in cells]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert times[0] - begin < 0.2 and end - times[-1] < 0.2
    assert {"audio", "neighbours_garden"} <= set(manifest["redaction"]["what"])


def test_nothing_is_left_running(done):
    """What it started it stopped: no program of this house has its folder open."""
    house = str(done["ticket"].parent)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it ended just now
            continue
        assert house not in words, words

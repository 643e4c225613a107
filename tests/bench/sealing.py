"""Sealing and opening one large file: gateway/crypto beside Debian's `age`, file to file in memory
(tmpfs where there is room), so that no disk is measured."""

import filecmp
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from measure import Failed, alternate, beside, timed

MIB = 1 << 20
TIME_RATIO_MAX = 1.0
AEAD_RATIO_MAX = 1 / 0.85


def size_mib(bench):
    return 16 if bench.quick else 1024


def label(bench):
    return "16MiB" if bench.quick else "1GiB"


def names(bench):
    return [f"{work}_{kind}_{label(bench)}" for work in ("seal", "open")
            for kind in ("time", "cpu", "time_aead")]


def make_plain(path, mib):
    piece = os.urandom(MIB)  # nobody compresses, so it may repeat
    with open(path, "wb") as out:
        for _ in range(mib):
            out.write(piece)


def work_folder(bench):
    """In memory where the five files fit with room to spare."""
    shm = Path("/dev/shm")
    fits = shm.is_dir() and shutil.disk_usage(shm).free > 8 * size_mib(bench) * MIB
    bench.note(f"seal_*, open_*: files in {'tmpfs' if fits else 'the build folder'}.")
    return tempfile.TemporaryDirectory(prefix="latchstring-bench-", dir=shm if fits else bench.work)


def rows(bench):
    with work_folder(bench) as name:
        return rows_in(bench, Path(name))


def rows_in(bench, folder):
    plain, ours, theirs = folder / "plain", folder / "ours.age", folder / "theirs.age"
    opened, opened_too = folder / "opened-ours", folder / "opened-theirs"
    make_plain(plain, size_mib(bench))
    identity = folder / "identity.txt"
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True,
                               text=True).stdout.strip()
    tool = bench.program("seal_bench")
    aead = [timed([tool, "aead", size_mib(bench) * MIB])[0] for _ in range(bench.runs)]
    found = []
    # Each opens what the other sealed.
    for work, ours_command, peer_command in (
            ("seal", ([tool, "seal", recipient, plain, ours], ours),
             (["age", "-r", recipient, "-o", theirs, plain], theirs)),
            ("open", ([tool, "open", identity, theirs, opened], opened),
             (["age", "-d", "-i", identity, "-o", opened_too, ours], opened_too))):
        bench.say(f"{work} {label(bench)}, {bench.runs} times each")
        found += compare(bench, work, ours_command, peer_command, aead)
    for path in (opened, opened_too):
        if not filecmp.cmp(plain, path, shallow=False):
            raise Failed(f"{path.name} is not what was sealed")
    return found


def compare(bench, work, ours_command, peer_command, aead):
    ours, peer = alternate(bench.runs, lambda: timed_anew(*ours_command),
                           lambda: timed_anew(*peer_command))
    wall, cpu = zip(*ours)
    peer_wall, peer_cpu = zip(*peer)
    name = label(bench)
    return [beside(f"{work}_time_{name}", "s", wall, "age", peer_wall, TIME_RATIO_MAX),
            beside(f"{work}_cpu_{name}", "CPU s", cpu, "age", peer_cpu, TIME_RATIO_MAX),
            beside(f"{work}_time_aead_{name}", "s", wall,
                   "ChaCha20-Poly1305 of libcrypto alone, in memory", aead, AEAD_RATIO_MAX)]


def timed_anew(command, output):
    output.unlink(missing_ok=True)  # a new file each time, for both
    return timed(command)

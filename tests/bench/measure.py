"""What every row needs: the cost of processes as the operating system counts it, alternating runs,
and the table."""

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional


class Failed(Exception):
    """A measurement that cannot be made; the message says why."""


@dataclass
class Row:
    name: str
    unit: str
    ours: list  # one value per run
    goal: str
    holds: bool
    peer_name: Optional[str] = None
    peer: Optional[list] = None

    @property
    def ratio(self):
        return ratio(self.ours, self.peer) if self.peer else None

    def as_json(self):
        peer = {"name": self.peer_name, **summary(self.peer)} if self.peer else None
        return {"row": self.name, "unit": self.unit, "ours": summary(self.ours), "peer": peer,
                "ratio": self.ratio and round(self.ratio, 3), "goal": self.goal,
                "holds": self.holds}


def ratio(ours, peer):
    return statistics.median(ours) / statistics.median(peer)


def beside(name, unit, ours, peer_name, peer, ratio_max):
    """A cost beside a peer's: the ratio of the medians counts."""
    return Row(name, unit, ours, f"ratio <= {ratio_max:g}", ratio(ours, peer) <= ratio_max,
               peer_name, peer)


def below(name, unit, ours, most, peer_name=None, peer=None):
    """A cost with a bound of its own: the median counts."""
    return Row(name, unit, ours, f"< {most:g} {unit}", statistics.median(ours) < most, peer_name,
               peer)


def summary(values):
    return {"min": rounded(min(values)), "median": rounded(statistics.median(values)),
            "max": rounded(max(values))}


def rounded(value):
    return float(f"{value:.4g}")


def alternate(runs, ours, peer):
    """Values of `ours` and of `peer`, taken in turn, each going first every other time."""
    mine, theirs = [], []
    for run in range(runs):
        if run % 2 == 0:
            mine.append(ours())
            theirs.append(peer())
        else:
            theirs.append(peer())
            mine.append(ours())
    return mine, theirs


def cpu_seconds(pid):
    """CPU time that all threads of a process used so far, ended ones included: the clock of
    clock_getcpuclockid(3), in nanoseconds."""
    return time.clock_gettime(~pid << 3 | 2)


def rss_peak_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise Failed(f"process {pid} has ended")


def children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="utf-8").split()]


def bytes_in(folder):
    total = 0
    for path in Path(folder).rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass
    return total


def timed(command):
    """(wall seconds, CPU seconds) of a command that must succeed."""
    start = time.monotonic()
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"`{command[0]}` failed: {complaint.decode(errors='replace').strip()}")
    return wall, usage.ru_utime + usage.ru_stime


def wait_until(seconds, what, condition):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Failed(f"{what} did not happen within {seconds} seconds")
        time.sleep(0.1)


def as_markdown(rows):
    lines = ["| row | unit | ours: min / median / max | peer | peer: min / median / max | ratio "
             "| goal | holds |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        peer = row.peer_name or "-"
        theirs = three(row.peer) if row.peer else "-"
        share = f"{row.ratio:.2f}" if row.peer else "-"
        lines.append(f"| {row.name} | {row.unit} | {three(row.ours)} | {peer} | {theirs} | {share} "
                     f"| {row.goal} | {'yes' if row.holds else 'no'} |")
    return "\n".join(lines)


def three(values):
    return " / ".join(f"{value:g}" for value in summary(values).values())


def as_json(rows):
    return json.dumps([row.as_json() for row in rows], indent=1)

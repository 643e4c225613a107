"""tests/bench/compare works, every row once and short; the numbers are not looked at."""

import json
import subprocess
import sys
from pathlib import Path

COMPARE = Path(__file__).resolve().parent / "compare"
KEYS = {"row", "unit", "ours", "peer", "ratio", "goal", "holds"}


def main():
    done = subprocess.run([sys.executable, COMPARE, "--quick", "--json"], stdout=subprocess.PIPE,
                          check=True, timeout=540)
    rows = json.loads(done.stdout)
    for row in rows:
        assert set(row) == KEYS, row
        assert any(word in row["row"] for word in ("cpu", "rss", "time")), row
        assert 0 < row["ours"]["min"] <= row["ours"]["median"] <= row["ours"]["max"], row
        assert (row["peer"] is None) == (row["ratio"] is None), row
        assert row["holds"] in (True, False), row
    for start in ("record_cpu", "record_rss", "seal_time", "open_time", "request_time_clip",
                  "request_time_received", "policy_time"):
        assert any(row["row"].startswith(start) for row in rows), start
    refused = subprocess.run([sys.executable, COMPARE, "--only", "nothing"], check=False,
                             capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2 and "no row begins with `nothing`" in refused.stderr


if __name__ == "__main__":
    main()

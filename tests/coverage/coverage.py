#!/usr/bin/env python3
"""Measures which lines of policy/engine its tests reach. Not part of packaging/run-tests.

    python3 tests/coverage/coverage.py [--build FOLDER]

Builds the policy tests with --coverage in a folder of its own, runs them, and names each line that
none of them reaches. 1 where less than LEAST of the lines were reached. Needs GCC and its gcov.
"""
import argparse
import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULE = "policy/engine"
LEAST = 0.97
TARGETS = ["policy_test", "policy_property", "policy_batch"]


def run(*command, **more):
    subprocess.run([str(part) for part in command], check=True, **more)


def build(folder):
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_FLAGS=--coverage -fprofile-update=atomic", stdout=subprocess.DEVNULL)
    run("cmake", "--build", folder, "--target", *TARGETS)


def run_tests(folder):
    for counts in folder.rglob("*.gcda"):
        counts.unlink()
    run(folder / "tests/unit/policy/policy_test", cwd=folder / "tests/unit/policy")
    run(folder / "tests/property/policy/policy_property",
        env={**os.environ, "RC_PARAMS": "max_success=200"})
    oracle = ROOT / "tests/property/policy/oracle/compare.py"
    run(sys.executable, "-B", oracle, "--batch", folder / "tests/property/policy/policy_batch",
        "--pairs", 5000)


def counts_of_lines(folder):
    """How often each line ran, by file and number; the most of all instantiations."""
    lines = collections.defaultdict(collections.Counter)
    objects = sorted((folder / MODULE).rglob("*.gcda"))
    with tempfile.TemporaryDirectory() as scratch:
        run("gcov", "--json-format", *objects, cwd=scratch, stdout=subprocess.DEVNULL)
        for report in pathlib.Path(scratch).glob("*.gcov.json.gz"):
            for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                path = pathlib.Path(file["file"])
                if not path.is_relative_to(ROOT / MODULE):
                    continue
                for line in file["lines"]:
                    known = lines[path.relative_to(ROOT)]
                    known[line["line_number"]] = max(known[line["line_number"]], line["count"])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "coverage")
    folder = parser.parse_args().build.resolve()
    build(folder)
    run_tests(folder)
    reached = total = 0
    for path, lines in sorted(counts_of_lines(folder).items()):
        text = (ROOT / path).read_text().splitlines()
        missed = [number for number, count in sorted(lines.items()) if count == 0]
        reached += len(lines) - len(missed)
        total += len(lines)
        print(f"{len(lines) - len(missed):5} of {len(lines):4} lines of {path}")
        for number in missed:
            print(f"{path}:{number}: {text[number - 1].strip()}")
    print(f"{reached} of {total} lines of {MODULE}, {reached / total:.1%}")
    return 0 if reached >= LEAST * total else 1


if __name__ == "__main__":
    sys.exit(main())

"""Compiles the forbidden uses of the stage types and expects each to fail, for the reason given.

    python3 forge.py --compiler c++ --root .
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).parent / "forge" / "stages.cc"
CASE = re.compile(r"^#(?:el)?if CASE == (\d+)(?:\s*// expect: (.*))?$", re.MULTILINE)


def compile_case(compiler, root, number):
    return subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", f"-I{root}", f"-DCASE={number}", str(SOURCE)],
        capture_output=True, text=True, check=False)


def judge(number, expected, result):
    """What is wrong, or None."""
    errors = "\n".join(line for line in result.stderr.splitlines() if "error" in line)
    if expected is None:
        return None if result.returncode == 0 else f"case {number} must compile:\n{result.stderr}"
    if result.returncode == 0:
        return f"case {number} compiles: a stage can be forged"
    if not re.search(expected, errors):
        return f"case {number} fails for another reason than `{expected}`:\n{errors}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--root", type=Path, required=True)
    arguments = parser.parse_args()
    cases = [(int(number), expected or None)
             for number, expected in CASE.findall(SOURCE.read_text(encoding="utf-8"))]
    if [number for number, _ in cases] != list(range(len(cases))) or len(cases) < 2:
        print("forge: the cases are not numbered 0, 1, 2, ...")
        return 1
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(
            lambda case: compile_case(arguments.compiler, arguments.root, case[0]), cases))
    faults = [judge(number, expected, result)
              for (number, expected), result in zip(cases, results)]
    faults = [fault for fault in faults if fault]
    print("\n".join(faults) or f"forge: {len(cases) - 1} forbidden uses do not compile")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

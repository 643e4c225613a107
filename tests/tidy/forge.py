"""Compiles the forbidden uses of the stage types and expects each to fail, for the reason given:
those of forge/stages.cc by the compiler, those of forge/casts.cc, which compile, by tidy.

    python3 forge.py --compiler c++ --root .
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import casts
import stages

FOLDER = Path(__file__).parent / "forge"
CASE = re.compile(r"^#(?:el)?if CASE == (\d+)(?:\s*// expect: (.*))?$", re.MULTILINE)
ALLOWED_CASE = re.compile(r"^namespace case_(\d+) \{(?:\s*// tidy: (.*))?$", re.MULTILINE)


def compile_case(compiler, root, source, number=0):
    return subprocess.run(
        [compiler, "-std=c++20", "-w", "-fsyntax-only", f"-I{root}", f"-DCASE={number}",
         str(FOLDER / source)], capture_output=True, text=True, check=False)


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


def judge_allowed(number, expected, text):
    """The same for a use that the compiler allows: tidy refuses it, by one rule."""
    faults = casts.check("gateway/seal/a.cc", text) + stages.check("gateway/seal/a.cc", text)[0]
    if expected is None:
        return None if not faults else f"case {number} is allowed:\n" + "\n".join(faults)
    if not faults:
        return f"case {number} passes tidy: a stage can be forged"
    others = [fault for fault in faults if expected not in fault]
    return f"case {number} is refused for more than `{expected}`: {others}" if others else None


def cases_of(source, head):
    """(number, words or None, text) of each."""
    parts = head.split((FOLDER / source).read_text(encoding="utf-8"))
    cases = [(int(number), words, text)
             for number, words, text in zip(parts[1::3], parts[2::3], parts[3::3])]
    if [number for number, _, _ in cases] != list(range(len(cases))) or len(cases) < 2:
        sys.exit(f"forge: the cases of {source} are not numbered 0, 1, 2, ...")
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--root", type=Path, required=True)
    arguments = parser.parse_args()
    compiler, root = arguments.compiler, arguments.root
    cases, allowed = cases_of("stages.cc", CASE), cases_of("casts.cc", ALLOWED_CASE)
    with ThreadPoolExecutor(max_workers=2) as pool:
        together = pool.submit(compile_case, compiler, root, "casts.cc")
        results = list(pool.map(
            lambda case: compile_case(compiler, root, "stages.cc", case[0]), cases))
    faults = [judge(number, expected, result)
              for (number, expected, _), result in zip(cases, results)]
    faults += [f"casts.cc: {judge_allowed(*case)}" for case in allowed if judge_allowed(*case)]
    if together.result().returncode != 0:
        faults.append(f"casts.cc must compile, else it shows nothing:\n{together.result().stderr}")
    faults = [fault for fault in faults if fault]
    print("\n".join(faults) or f"forge: {len(cases) - 1} forbidden uses do not compile, "
          f"{len(allowed) - 1} more are refused by tidy")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

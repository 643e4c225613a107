"""Compiles every file with Clang, without making anything: its warnings are not those of GCC.

    python3 clang_check.py --root .
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def configure(root, folder):
    """The compile commands of a build folder that nothing is built in."""
    environment = {**os.environ, "CC": "clang-14", "CXX": "clang++-14"}
    done = subprocess.run(
        ["cmake", "-S", str(root), "-B", folder, "-G", "Ninja",
         "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
        env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"clang_check: cmake failed:\n{done.stdout}{done.stderr}")
    return json.loads(Path(folder, "compile_commands.json").read_text(encoding="utf-8"))


def check(command):
    """What Clang says of one file; nothing if all is well."""
    words = shlex.split(command["command"])
    while Path(words[0]).name == "ccache":
        del words[0]
    at = words.index("-o")
    del words[at:at + 2]
    done = subprocess.run([*words, "-fsyntax-only"], cwd=command["directory"],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stderr.strip():
        return ""
    return f"{command['file']}:\n{done.stderr.strip() or f'exit {done.returncode}'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latchstring-clang-") as folder:
        commands = configure(arguments.root.resolve(), folder)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            faults = [said for said in pool.map(check, commands) if said]
    for fault in faults:
        print(fault)
    print(f"clang_check: {len(commands)} files, {len(faults)} with faults")
    return 1 if faults or not commands else 0


if __name__ == "__main__":
    sys.exit(main())

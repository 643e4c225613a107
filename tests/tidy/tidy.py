"""Checks the tree against docs/STYLE.md: layers, sizes, stages, what stands where.

    python3 tests/tidy/tidy.py --root . [--no-git]

Prints one line per fault and exits 1 if there is any.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import casts
import documents
import forms
import layers
import sizes
import stages

TOP_LEVEL = {"CMakeLists.txt", "README.md", "gateway", "policy", "firmware-config", "tests",
             "packaging", "docs", ".ci", ".clang-format", ".clang-tidy", ".editorconfig",
             "CMakePresets.json", "LICENSE", ".gitignore"}
NOT_OURS = {".git", "build", "__pycache__", ".pytest_cache", "node_modules"}
TEXT = {".cc", ".h", ".py", ".cmake", ".txt", ".md", ".json", ".yaml", ".yml", ".sh", ".js", ".ts",
        ".css", ".html", ".service", ".conf", ".in", ""}
WIDE = {".cc", ".h", ".py"}  # at most sizes.COLUMNS columns
FORBIDDEN_USES = ("tests/tidy/forge/stages.cc", "tests/tidy/forge/casts.cc")
CORPORA = ("tests/fuzz/corpus/", "tests/vectors/policy/broken/")
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|home/\w+|Users/\w+|root)/[\w.-]")
LABEL = re.compile(r"\bLABELS?\s+\"?([a-z][a-z0-9-]*)")


def files_of(root, use_git):
    """Paths of the files that belong to the tree, relative to the root, sorted."""
    if use_git and (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "--cached",
             "--others", "--exclude-standard"], capture_output=True, check=False)
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            return sorted(name for name in names if name and (root / name).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        found += [str((Path(folder) / name).relative_to(root)) for name in names]
    return sorted(found)


def read_text(path):
    """The text, or None for a file that is not text."""
    if path.suffix not in TEXT:
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def check_tree(root, use_git=True):
    """(faults, warnings) of the whole tree."""
    faults, warnings, labels = [], [], {}
    sources, defined, friends = [], [], []
    layer_file = root / "tests/tidy/layers.txt"
    table = layers.Layers(layer_file.read_text(encoding="utf-8"))
    faults += table.faults
    names = files_of(root, use_git)
    known = set(names)
    for entry in sorted({Path(name).parts[0] for name in names} - TOP_LEVEL):
        faults.append(f"{entry}: nothing but the agreed entries stands at the top level")
    for name in names:
        is_source = name.endswith(forms.SOURCES)
        faults += forms.check_name(name)
        # The forbidden uses and the corpora are as they must be.
        if name in FORBIDDEN_USES or (name.startswith(CORPORA) and not is_source):
            continue
        text = read_text(root / name)
        if text is None:
            faults += [f"{name}:1: a source is UTF-8 text"] if is_source else []
            continue
        faults += check_text(name, text) + casts.check_build(name, text)
        if is_source:
            sources.append((name, text))
            more, wishes = check_source(table, name, text)
            faults += more
            warnings += wishes
            faults += casts.check(name, text)
            more, makers, trusted = stages.check(name, text)
            faults += more
            defined += makers
            friends += trusted
        if name.startswith("tests/") and name.endswith("CMakeLists.txt"):
            labels.update({label: name for label in LABEL.findall(text)})
    for name, text in sources:
        if name.startswith(("gateway/", "policy/")):
            faults += layers.check_own_first(name, text, known)
    ours = [(name, text) for name, text in sources if name.startswith(("gateway/", "policy/"))]
    faults += documents.check(root, names, ours)
    faults += stages.check_single(defined) + stages.check_friends(friends, sources)
    faults += check_labels(root, labels)
    return faults, warnings


def check_text(name, text):
    faults = []
    is_guide = name.endswith((".md", ".html"))
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line:
            faults.append(f"{name}:{number}: a tab")
        if not is_guide and MACHINE_PATH.search(line):
            faults.append(f"{name}:{number}: a path of one machine")
    if Path(name).suffix in WIDE:
        faults += sizes.check_columns(name, text)
    return faults


def check_source(table, name, text):
    faults, warnings = forms.check(name, text), []
    faults += layers.check(table, name, text)
    if name.startswith(("gateway/", "policy/")):
        more, warnings = sizes.check(name, text)
        faults += more
    if "#pragma once" not in text and name.endswith(".h"):
        faults.append(f"{name}:1: a header says #pragma once")
    return faults, warnings


def check_labels(root, labels):
    """Every suite is named in docs/HACKING.md."""
    hacking = root / "docs/HACKING.md"
    if not hacking.exists():
        return []
    text = hacking.read_text(encoding="utf-8")
    return [f"docs/HACKING.md: the label `{label}` of {name} is not explained"
            for label, name in sorted(labels.items())
            if not re.search(rf"(?:`|-L\s+){re.escape(label)}\b", text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--no-git", action="store_true", help="take every file that lies there")
    arguments = parser.parse_args()
    faults, warnings = check_tree(arguments.root.resolve(), not arguments.no_git)
    for warning in warnings:
        print(f"warning: {warning}")
    for fault in faults:
        print(fault)
    print(f"tidy: {len(faults)} faults, {len(warnings)} warnings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

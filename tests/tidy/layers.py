"""The layers: who may include whom, read from layers.txt and checked."""

import re
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')
# Folders of system headers, and the two libraries that every module may use.
FREE_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "absl/", "fmt/")


class Layers:
    def __init__(self, text):
        self.may = {}      # module -> set of modules
        self.foreign = {}  # module -> set of prefixes
        self.faults = []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if line:
                self._read(number, line)

    def _read(self, number, line):
        match = re.fullmatch(r"((?:gateway|policy)/\w+):\s*(.*)", line)
        if not match:
            self.faults.append(f"layers.txt:{number}: not `module: modules !libraries`")
            return
        module, words = match[1], match[2].split()
        if module in self.may:
            self.faults.append(f"layers.txt:{number}: {module} is here twice")
        self.foreign[module] = {word[1:] for word in words if word.startswith("!")}
        names = [word for word in words if not word.startswith("!")]
        if names[:2] == ["everything", "except"]:
            left_out = {full_name(name) for name in names[2:]}
            self.may[module] = set(self.may) - left_out
            return
        self.may[module] = {full_name(name) for name in names}
        for missing in sorted(self.may[module] - set(self.may)):
            self.faults.append(f"layers.txt:{number}: {module} names {missing}, which has no line "
                               "above it")

    def owners(self, header):
        return {module for module, prefixes in self.foreign.items()
                if any(owns(prefix, header) for prefix in prefixes)}


def owns(prefix, header):
    """`gst` owns gst/gst.h and gst.h, not gstreamer-like.h."""
    return re.match(re.escape(prefix) + r"([/.\-]|$)", header) is not None


def full_name(name):
    return name if "/" in name else f"gateway/{name}"


def module_of(path):
    parts = Path(path).parts
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in ("gateway", "policy") else ""


def check(layers, path, text):
    """The faults of one source file."""
    module = module_of(path)
    if module not in layers.may:
        return [f"{path}:1: {module or 'this folder'} has no line in tests/tidy/layers.txt"]
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match[1][1:-1]
        if match[1][0] == '"':
            fault = own_header(layers, module, header)
        else:
            fault = foreign_header(layers, module, header)
        if fault:
            faults.append(f"{path}:{number}: {fault}")
    return faults


def check_own_first(path, text, names):
    """A source includes its own header first, which shows that the header compiles alone."""
    own = path[:-len(".cc")] + ".h"
    if not path.endswith(".cc") or own not in names:
        return []
    includes = [match[1] for match in map(INCLUDE.match, text.splitlines()) if match]
    if includes[:1] == [f'"{own}"']:
        return []
    return [f'{path}:1: the first include is "{own}"']


def own_header(layers, module, header):
    other = module_of(header)
    if not other:
        return f'"{header}" is not written from the root, or is of the tests'
    if other != module and other not in layers.may[module]:
        return f"{module} may not include {other} (tests/tidy/layers.txt)"
    return None


def foreign_header(layers, module, header):
    owners = layers.owners(header)
    if owners:
        if module in owners:
            return None
        return f"<{header}> belongs to {', '.join(sorted(owners))} alone (tests/tidy/layers.txt)"
    if header.startswith(("gateway/", "policy/", "tests/")):
        return f"<{header}> is ours: write it in quotes"
    is_system = header.startswith(FREE_FOLDERS) or re.fullmatch(r"[a-z0-9_]+(\.h)?", header)
    if not is_system:
        return f"<{header}> is of a library that no module owns (tests/tidy/layers.txt)"
    return None

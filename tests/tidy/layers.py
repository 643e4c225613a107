"""The layers: who may include whom, read from layers.txt and checked."""

import re
from pathlib import Path

from forms import includes

# What every module may include: the language's <vector> and its like, the system, two libraries.
FREE_NAMES = re.compile(r"[a-z_]+")
FREE_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "absl/", "fmt/")
FREE_HEADERS = {f"{name}.h" for name in (
    "dirent endian errno fcntl grp ifaddrs limits locale math netdb poll pthread pwd sched signal "
    "spawn stdarg stddef stdint stdio stdlib string strings syslog termios time unistd").split()}
OURS = ("gateway/", "policy/", "tests/")


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
    """`mosquitto` owns mosquitto.h, mosquitto_plugin.h and mosquitto/client.h."""
    return header.startswith(prefix)


def full_name(name):
    return name if "/" in name else f"gateway/{name}"


def module_of(path):
    parts = Path(path).parts
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in ("gateway", "policy") else ""


def check(layers, path, text):
    """The faults of one source file. Tests may include anything, but write it as all do."""
    is_test = not path.startswith(("gateway/", "policy/"))
    module = module_of(path)
    if not is_test and module not in layers.may:
        return [f"{path}:1: {module or 'this folder'} has no line in tests/tidy/layers.txt"]
    faults = []
    for number, include in includes(text):
        fault = misspelt(include)
        if not fault and not is_test:
            judge = own_header if include[0] == '"' else foreign_header
            fault = judge(layers, module, include[1:-1])
        if fault:
            faults.append(f"{path}:{number}: {fault}")
    return faults


def misspelt(include):
    if include is None:
        return "an include is one plain line: #include, a space, <header> or \"folder/header.h\""
    header = include[1:-1]
    if include[0] == '"' and not header.startswith(OURS):
        return f"{include} is not written from the root"
    if include[0] == "<" and header.startswith(OURS):
        return f"{include} is ours: write it in quotes"
    return None


def check_own_first(path, text, names):
    """A source includes its own header first, which shows that the header compiles alone."""
    own = path[:-len(".cc")] + ".h"
    if not path.endswith(".cc") or own not in names:
        return []
    if [include for _, include in includes(text)][:1] == [f'"{own}"']:
        return []
    return [f'{path}:1: the first include is "{own}"']


def own_header(layers, module, header):
    other = module_of(header)
    if not other:
        return f'"{header}" is of the tests, or of no module'
    if other != module and other not in layers.may[module]:
        return f"{module} may not include {other} (tests/tidy/layers.txt)"
    return None


def foreign_header(layers, module, header):
    owners = layers.owners(header)
    if owners:
        if module in owners:
            return None
        return f"<{header}> belongs to {', '.join(sorted(owners))} alone (tests/tidy/layers.txt)"
    if header in FREE_HEADERS or header.startswith(FREE_FOLDERS) or FREE_NAMES.fullmatch(header):
        return None
    return (f"<{header}> is of a library that no module owns (tests/tidy/layers.txt), or is not "
            "among the system's in tests/tidy/layers.py")

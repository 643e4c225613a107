"""What the compiler allows and nobody may do to the stage types of gateway/base/stages.h."""

import re

from sizes import blank_out

MAKERS = {  # class -> the folder that defines it
    "Release": "gateway/release/",
    "Cutter": "gateway/archive/",
    "Redactor": "gateway/redact/",
    "Sealer": "gateway/seal/",
}
# The simulation's stand-in for sealing (docs/design/03-simulation.md): this class, in this file.
STAND_INS = {"tests/sim/makers.cc": "Sealer"}
STAGES = "Grant|Clip|RedactedClip|SealedClip|Look|Preview|RedactedPreview"
HOME = "gateway/base/stages.h"

QUALIFIED = r"(?:\w+\s*::\s*)*"


def definition_of(names):
    return re.compile(rf"\b(?:class|struct)\s+(?:\[\[[^\]]*\]\]\s*)?({QUALIFIED})"
                      rf"({'|'.join(names)})\b[^;{{}}()<>]*\{{")


DEFINITION = definition_of(MAKERS)
CASTS = re.compile(
    rf"\b(?:reinterpret_cast|bit_cast|static_cast|const_cast|start_lifetime_as)\s*<[^;()]*"
    rf"\b(?:{STAGES}|MadeBy)\b[^;()]*[*&>]"
    rf"|(?<![\w>])\(\s*(?:const\s+)?{QUALIFIED}(?:{STAGES})\s*(?:const\s*)?[*&]+\s*\)"
    r"\s*(?!(?:const|noexcept|override|final|requires)\b)[\w(&*]")
MENTION = re.compile(rf"\bMadeBy\s*<\s*{QUALIFIED}(\w+)\s*>\s*(\(\s*\)|\{{\s*\}})?")
OPENING = re.compile(r"#\s*define\s+(?:private|protected|class|friend)\b")
FRIEND = re.compile(r"(>\s*)?\bfriend\b(?!\s+(?:constexpr\s+)?(?:bool|auto)\s+operator)"
                    r"(?:\s+(?:class|struct)\s+(\w+)\s*;)?")


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def check(path, text):
    """The faults of one source file; where makers are defined; and their friends."""
    code = blank_out(text)
    faults, defined, friends = [], [], []

    def fault(match, words):
        faults.append(f"{path}:{line_of(code, match.start())}: {words}")

    for match in DEFINITION.finditer(code):
        if path.startswith(MAKERS[match[2]]):
            defined.append((match[2], f"{path}:{line_of(code, match.start())}"))
        elif STAND_INS.get(path) != match[2]:
            fault(match, f"a class named {match[2]} outside {MAKERS[match[2]]} could forge a stage")
    for match in CASTS.finditer(code):
        fault(match, "a cast to a stage type forges it")
    for match in OPENING.finditer(code):
        fault(match, "a keyword is not redefined")
    if path != HOME:
        check_passes(path, code, fault)
    for match in FRIEND.finditer(code) if defined else ():
        if match[1] or not match[2]:  # a template of friends, or a function
            fault(match, "a maker of stages has no friends but named classes of its own module")
        else:
            friends.append((match[2], path.rsplit("/", 1)[0] + "/"))
    return faults, defined, friends


def check_friends(friends, sources):
    """A maker's friend can do what the maker can: one definition, in the maker's module."""
    faults = []
    for name, folder in friends:
        space = re.compile(rf"\b{folder.rstrip('/').rsplit('/', 1)[1]}\b\s*(?:\{{|::\s*{name}\b)")
        places = []
        for path, text in sources:
            code = blank_out(text)
            for match in definition_of([name]).finditer(code):
                place = f"{path}:{line_of(code, match.start())}"
                if path.startswith(folder):
                    places.append(place)
                elif space.search(code):
                    faults.append(f"{place}: a class named {name} outside {folder} could pass for "
                                  "a friend of a maker of stages")
        faults += [f"{place}: {name}, a friend of a maker of stages, is defined a second time "
                   f"(first at {places[0]})" for place in places[1:]]
    return faults


def check_passes(path, code, fault):
    """A pass is made where it is used, by its own maker: MadeBy<Maker>() and nothing else."""
    for match in MENTION.finditer(code):
        folder = MAKERS.get(match[1])
        stands_in = folder is not None and STAND_INS.get(path) == match[1]
        if folder is None or not (path.startswith(folder) or stands_in):
            fault(match, "MadeBy belongs to the maker's own module")
        elif match[2] is None:
            fault(match, "a pass is neither kept nor handed on: write MadeBy<...>() where the "
                         "stage is made")
    for match in re.finditer(r"\bMadeBy\b(?!\s*<)", code):
        fault(match, "MadeBy belongs to the maker's own module")


def check_single(defined):
    faults = []
    for maker in MAKERS:
        places = [place for name, place in defined if name == maker]
        faults += [f"{place}: {maker} is defined a second time (first at {places[0]})"
                   for place in places[1:]]
    return faults

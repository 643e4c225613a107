"""What the compiler allows and nobody may do to the stage types of gateway/base/stages.h.

What goes through bare memory, and names no stage, is in casts.py.
"""

import re

from forms import line_of
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

# Who may call Release::step(), which makes the grants. Its inner class is the module's own.
STEPPERS = ("gateway/state/", "tests/")
STEP_HEADER = "gateway/release/step.h"
# Whose alias may name a stage: a variant of lists of them.
HOLDERS = {"gateway/daemon/release_worker.h"}

MAKER = "|".join(MAKERS)
GUARDED = rf"\b(?:{STAGES}|{MAKER}|MadeBy)\b"
QUALIFIED = r"(?:::\s*)?(?:\w+\s*::\s*)*"


def definition_of(names):
    """With attributes, alignas(int{8}), a macro or a namespace before the name."""
    return re.compile(r"\b(?:class|struct|union)\b(?:[^;{}]|\{[^{};]*\})*?"
                      rf"\b({'|'.join(names)})\s*(?:\b\w+\s*)?(?:\{{|:(?!:))")


DEFINITION = definition_of(MAKERS)
REFUSED = [(re.compile(pattern), but_in, words) for pattern, but_in, words in (
    # static_cast<const Clip*>(a)
    (rf"\b\w+_cast\s*<[^;()]*\b(?:{STAGES}|MadeBy)\b", (), "a cast to a stage type forges it"),
    # (const Clip*)a, not f(const Clip&) and no operator()(const Clip&) const
    (rf"(?:(?<![\w>])|(?<=\breturn))\(\s*(?:\w+\s+)*{QUALIFIED}(?:{STAGES})\b"
     r"(?:\s|const\b|volatile\b|[*&])*[*&]\s*(?:const\s*)?\)"
     r"\s*(?!(?:const|noexcept|override|final|requires)\b)[\w(&*]", (),
     "a cast to a stage type forges it"),
    # using C = Clip; typedef Clip C; decltype(clip)
    (rf"\btypedef\b[^;]*{GUARDED}|\busing\s+\w+[^;=]*=[^;]*{GUARDED}", HOLDERS,
     "a stage, and its maker, has one name (HOLDERS in tests/tidy/stages.py)"),
    (r"\b(?:decltype|typeof|__typeof(?:__)?)\b", (), "a type is written by its name"),
    # struct C : Clip {
    (r"\b(?:class|struct)\b[^;{}()]*(?<!:):(?!:)[^;{}()]*"
     rf"\b(?:{STAGES})\b[^;{{}}()]*\{{", (), "a stage is nobody's base"),
    # template struct Rob<&Clip::reader_>
    (rf"\b(?:{STAGES})\s*::", (), "nobody names a member of a stage: that reaches private ones"),
    # #define private public
    (r"#\s*define\b(?:\\\n|[^\n])*?(?:\b(?:private|protected|public|class|struct|union|friend|"
     rf"using|typedef)\b|{GUARDED})", (),
     "a macro names no keyword of classes, no maker and no stage"),
    # Clip forge() asm("a private function's linker name")
    (r"\b(?:asm|__asm|__asm__)\b", (), "assembler knows nothing private"),
)]
MENTION = re.compile(rf"\bMadeBy\s*<\s*{QUALIFIED}(\w+)\s*>\s*(\(\s*\)|\{{\s*\}})?")
MEMBER = re.compile(rf"\b({MAKER})\s*::\s*[a-z]\w*\b(?!\s*\()")  # that is not called
RELEASE = re.compile(rf"(\b(?:class|struct)\s+{QUALIFIED}Release\s*(?:;|\{{|:(?!:)|final\b))"
                     r"|\bRelease\b(?:\s*::\s*(\w+)\s*\()?")
FRIEND = re.compile(r"(>\s*)?\bfriend\b(?!\s+(?:constexpr\s+)?(?:bool|auto)\s+operator)"
                    r"(?:\s+(?:class|struct)\s+(\w+)\s*;)?")


def check(path, text):
    """The faults of one source file; where makers are defined; and their friends."""
    code = blank_out(text)
    faults, defined, friends = [], [], []

    def fault(match, words, group=0):
        faults.append(f"{path}:{line_of(code, match.start(group))}: {words}")

    for match in DEFINITION.finditer(code):
        if path.startswith(MAKERS[match[1]]):
            defined.append((match[1], f"{path}:{line_of(code, match.start(1))}"))
        elif STAND_INS.get(path) != match[1]:
            words = f"a class named {match[1]} outside {MAKERS[match[1]]} could forge a stage"
            fault(match, words, group=1)
    for pattern, but_in, words in REFUSED:
        for match in pattern.finditer(code) if path not in but_in else ():
            fault(match, words)
    if path != HOME:
        check_passes(path, code, fault)
        check_members(path, code, fault)
        check_steps(path, code, fault)
    if f'"{STEP_HEADER}"' in text and not path.startswith(MAKERS["Release"]):
        faults.append(f"{path}:1: {STEP_HEADER} is of its own module alone")
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
                place = f"{path}:{line_of(code, match.start(1))}"
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
    for match in re.finditer(r"\bMadeBy\b", code):
        mention = MENTION.match(code, match.start())
        maker = mention[1] if mention else None
        is_own = maker in MAKERS and path.startswith(MAKERS[maker])
        if not is_own and (maker is None or STAND_INS.get(path) != maker):
            fault(match, "MadeBy belongs to the maker's own module")
        elif mention[2] is None:
            fault(match, "a pass is neither kept nor handed on: write MadeBy<...>() where the "
                         "stage is made")


def check_members(path, code, fault):
    """A pointer to a member, or an explicit instantiation, reaches what is private."""
    for match in MEMBER.finditer(code):
        if not path.startswith(MAKERS[match[1]]):
            fault(match, f"a member of {match[1]} is called, or not named at all")


def check_steps(path, code, fault):
    """Release is called by its name, never held: else step() could be reached unseen."""
    may = {"look", "step"} if path.startswith(STEPPERS) else {"look"}
    for match in RELEASE.finditer(code) if not path.startswith(MAKERS["Release"]) else ():
        if not match[1] and match[2] not in may:
            fault(match, f"of Release, {' and '.join(sorted(may))} may be called, nothing else")


def check_single(defined):
    faults = []
    for maker in MAKERS:
        places = [place for name, place in defined if name == maker]
        faults += [f"{place}: {maker} is defined a second time (first at {places[0]})"
                   for place in places[1:]]
    return faults

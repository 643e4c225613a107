"""How sources are named and written, so that these checks read them as the compiler does."""

import re

from sizes import blank_out

SOURCES = (".cc", ".h")
LIKE_SOURCES = re.compile(
    r"\.(?:c|cc|cp|cpp|cppm|cxx|c\+\+|cu|def|h|hh|hp|hpp|hxx|h\+\+|i|ii|inc|inl|ipp|ixx|m|mm|s|tcc|"
    r"tpp|txx)(?:\.in)?$", re.IGNORECASE)
C_SOURCES = {"tests/support/faketime/faketime.c"}  # is loaded into other people's programs
PASTER = "gateway/base/status.h"  # makes a name of a word and a line's number

JOINED = re.compile(r"\\\s*$")
JOINED_IN_MACRO = re.compile(r"(?!.*//).*\s\\$")
DIGRAPH = re.compile(r"<%|%>|%:|<:(?!:)|:>")
PASTE = re.compile(r"##|\bLS_\w*CONCAT")
# Whatever may include, in code without comments; and the one way in which it is written.
DIRECTIVE = re.compile(r"#[\s\\]*\w*(?:include|import)")
INCLUDE = re.compile(r'\s*#\s*include\s+(<(?!.*\.\.)\w[\w/.+-]*>|"\w[\w/-]*\.h")\s*(?://.*)?')


def check_name(name):
    if not LIKE_SOURCES.search(name) or name.endswith(SOURCES) or name in C_SOURCES:
        return []
    return [f"{name}: C++ is written in {' and '.join(SOURCES)} files, which these checks read"]


def check(path, text):
    code = blank_out(text)
    faults = [(line_of(code, match.start()), "a digraph hides a bracket or a directive")
              for match in DIGRAPH.finditer(code)]
    if path != PASTER:
        faults += [(line_of(code, match.start()), f"names are pasted together in {PASTER} alone")
                   for match in PASTE.finditer(code)]
    in_macro = False
    for number, line in enumerate(text.split("\n"), 1):
        if not JOINED.search(line):
            in_macro = False
            continue
        in_macro = in_macro or re.match(r"\s*#\s*define\b", line) is not None
        if not in_macro or not JOINED_IN_MACRO.fullmatch(line):
            faults.append((number, "lines are joined in macros alone, after a space, without `//`"))
    return [f"{path}:{number}: {words}" for number, words in faults]


def includes(text):
    """(line, `<path>` or `"path"`) of every include; None for one that is written otherwise."""
    code, lines = blank_out(text), text.split("\n")
    found = []
    for match in DIRECTIVE.finditer(code):
        number = line_of(code, match.start())
        written = INCLUDE.fullmatch(lines[number - 1])
        found.append((number, written and written[1]))
    return found


def line_of(text, at):
    return text.count("\n", 0, at) + 1

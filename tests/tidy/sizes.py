"""Sizes: lines of files and functions, columns."""

import functools
import re

HEADER_LINES = 150
SOURCE_LINES = 500
SOURCE_LINES_WISH = 400
FUNCTION_LINES = 70
COLUMNS = 100

CONTROL = re.compile(r"^(if|for|while|switch|catch|do|else|try|return|namespace|class|struct|enum|"
                     r"union|extern|case|default)\b")
TOKEN = re.compile(
    r"(?<!\w)(?P<number>\d(?:'?\w)*)"
    r'|(?<!\w)(?:u8|[uUL])?R"(?P<tag>[^\s()\\"]*)\((?:.|\n)*?\)(?P=tag)"'
    r'|//[^\n]*|/\*(?:.|\n)*?\*/'
    r'|"(?:\\(?:[ \t]*\n|.)|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])+'")
LEAD = re.compile(r"\s*((public|private|protected)\s*:\s*)?")  # before a function's first word


@functools.cache
def blank_out(text):
    """The text with comments and literals as spaces: braces that are left are the language's."""
    return TOKEN.sub(lambda match: match["number"] or re.sub(r"[^\n]", " ", match[0]), text)


def functions(text):
    """(line of its first word, number of lines) of every outermost function body."""
    code = re.sub(r"(?m)^\s*#(?:[^\n]*\\\n)*[^\n]*$",
                  lambda match: re.sub(r"[^\n]", " ", match[0]), blank_out(text))
    found = []
    inside = 0    # depth below the brace of the open function; 0: not in one
    skipped = 0   # depth below a brace that is an initialiser
    start = 0     # of the statement that is being read
    opened = None
    for at, char in enumerate(code):
        if char == "{":
            statement = code[start:at]
            if inside or skipped:
                inside += bool(inside)
                skipped += bool(skipped)
            elif is_initialiser(statement):
                skipped = 1
                continue
            elif is_function(statement):
                inside = 1
                opened = start + LEAD.match(statement).end()
            if not skipped:
                start = at + 1
        elif char == "}":
            if skipped:
                skipped -= 1
                continue
            if inside:
                inside -= 1
                if inside == 0:
                    first = code.count("\n", 0, opened) + 1
                    found.append((first, code.count("\n", opened, at) + 1))
            start = at + 1
        elif char == ";" and not skipped:
            start = at + 1
    return found


def is_initialiser(statement):
    """`x = {`, or a member `a_{` in a constructor's list."""
    stripped = statement.rstrip()
    if stripped.endswith("=") and not stripped.endswith("operator="):
        return True
    return re.search(r"\)\s*(noexcept\s*)?:(?!:)[^;]*[\w>]$", stripped) is not None


def is_function(statement):
    words = re.sub(r"^(template\s*<[^{;]*?>\s*)+", "", LEAD.sub("", statement, count=1))
    return "(" in words and not CONTROL.match(words)


def check(path, text):
    faults, warnings = [], []
    lines = text.splitlines()
    if path.endswith(".h") and len(lines) > HEADER_LINES:
        faults.append(f"{path}:{HEADER_LINES + 1}: a header has at most {HEADER_LINES} lines, "
                      f"this one {len(lines)}")
    if path.endswith(".cc"):
        if len(lines) > SOURCE_LINES:
            faults.append(f"{path}:{SOURCE_LINES + 1}: a source has at most {SOURCE_LINES} lines, "
                          f"this one {len(lines)}")
        elif len(lines) > SOURCE_LINES_WISH:
            warnings.append(f"{path}: {len(lines)} lines, more than {SOURCE_LINES_WISH}")
    for number, length in functions(text):
        if length > FUNCTION_LINES:
            faults.append(f"{path}:{number}: a function has at most {FUNCTION_LINES} lines, "
                          f"this one {length}")
    return faults, warnings


def check_columns(path, text):
    return [f"{path}:{number}: {len(line)} columns, at most {COLUMNS}"
            for number, line in enumerate(text.splitlines(), 1) if len(line) > COLUMNS]

"""What documents say about the code and about each other: links that lead somewhere, messages that
exist, tables that exist."""

import re
from pathlib import Path, PurePosixPath

TROUBLESHOOTING = "docs/guide/troubleshooting.md"
PLACEHOLDER = "..."  # in a quoted message: what changes from case to case
FIXED_CHARACTERS_MIN = 8  # of a quoted message, besides what changes

LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")
TOKEN = re.compile(
    r'R"(?P<tag>\w*)\((?P<raw>(?:.|\n)*?)\)(?P=tag)"'
    r'|"(?P<text>(?:\\.|[^"\\\n])*)"'
    r"|//[^\n]*|/\*(?:.|\n)*?\*/"
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")
FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")  # of fmt
TABLE = re.compile(r"\bCREATE TABLE (\w+)")


def literals(text):
    """The string literals of a C++ source, neighbours joined, fmt's fields as placeholders."""
    found = []
    end = None  # of the last literal and the comments after it
    for match in TOKEN.finditer(text):
        if match["text"] is None and match["raw"] is None:
            if match[0].startswith("/") and end is not None and not text[end:match.start()].strip():
                end = match.end()
            continue
        words = match["raw"] if match["text"] is None else unescape(match["text"])
        if end is not None and not text[end:match.start()].strip():
            found[-1] += words
        else:
            found.append(words)
        end = match.end()
    return [FIELD.sub(field_words, literal) for literal in found]


def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)


def field_words(match):
    return {"{{": "{", "}}": "}"}.get(match[0], PLACEHOLDER)


def quoted_messages(text):
    """(line, message) of every entry of the troubleshooting guide: its headings of level 3."""
    return [(number, line[4:].strip()) for number, line in enumerate(text.splitlines(), 1)
            if line.startswith("### ")]


def check_messages(guide, sources):
    """Every message that the guide quotes stands in one string literal of the sources."""
    known = [literal for _, text in sources for literal in literals(text)]
    faults = []
    for number, message in quoted_messages(guide):
        parts = [part for part in message.split(PLACEHOLDER) if part]
        if len("".join(parts).strip()) < FIXED_CHARACTERS_MIN:
            faults.append(f"{TROUBLESHOOTING}:{number}: `{message}` could be any message")
            continue
        pattern = re.compile(r"(?:.|\n)*?".join(map(re.escape, parts)))
        if not any(pattern.search(literal) for literal in known):
            faults.append(f"{TROUBLESHOOTING}:{number}: no program says `{message}`")
    return faults


def check_links(name, text, names):
    """Links to files of the tree lead to files of the tree."""
    folders = {str(parent) for known in names for parent in PurePosixPath(known).parents}
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:|#", target):
                continue
            path = normal(PurePosixPath(name).parent / target.split("#")[0])
            if path not in names and path not in folders:
                faults.append(f"{name}:{number}: the link to `{target}` leads nowhere")
    return faults


def normal(path):
    parts = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return str(PurePosixPath(*parts))


def check_tables(sources, references):
    """Every table of a database is described in docs/ref/."""
    described = "\n".join(references)
    return [f"docs/ref: the table `{table}` of {name} is not described"
            for name, text in sources for literal in literals(text)
            for table in TABLE.findall(literal) if f"`{table}`" not in described]


def check(root, names, sources):
    """`names`: all files of the tree; `sources`: (path, text) of gateway/ and policy/."""
    known = set(names)
    documents = [(name, (root / name).read_text(encoding="utf-8")) for name in names
                 if Path(name).suffix == ".md"]
    faults = []
    for name, text in documents:
        faults += check_links(name, text, known)
        if name == TROUBLESHOOTING:
            faults += check_messages(text, sources)
    references = [text for name, text in documents if name.startswith("docs/ref/")]
    return faults + (check_tables(sources, references) if references else [])

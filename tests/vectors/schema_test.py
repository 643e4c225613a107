"""The JSON Schema of the rules file against files that load and files that do not, and those of
what `policy diff` and `simulate` print, by ajv; and what an editor makes of the first, by
yaml-language-server (both npm)."""

import json
import os
import pathlib
import re
import subprocess

NPM = os.environ["NPM_FOLDER"]
HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
# Faults of shape: an editor can underline them. The others need the loader.
SHAPE = re.compile(r"is missing in (an?|the) |I don't know \".*\" in |must be automatic, |"
                   r"is not a length of time|must be every_day|A corner is a pair|"
                   r"must be a list of rules")


def errors_of(files, schema="house-rules"):
    assert pathlib.Path(NPM, "fetched").exists(), "run tests/vectors/fetch first"
    done = subprocess.run(["node", HERE / "schema_check.mjs",
                           ROOT / f"policy/schema/{schema}.json", *files], cwd=NPM,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(files, map(json.loads, done.stdout.splitlines()), strict=True))


def test_every_example_holds_to_the_schema():
    files = sorted([*ROOT.glob("policy/examples/*.yaml"),
                    *ROOT.glob("docs/guide/house-rules/*.yaml")])
    assert len(files) == 18
    for file, errors in errors_of(files).items():
        assert not errors, (file.name, errors)


def test_what_is_wrong_in_shape_does_not():
    files = [file for file in sorted(HERE.glob("policy/broken/*.yaml"))
             if SHAPE.search(file.read_text(errors="replace").split("\n")[0])]
    assert len(files) > 20
    for file, errors in errors_of(files).items():
        assert errors, file.name


def test_an_editor_accepts_the_schema_and_underlines_by_it():
    assert pathlib.Path(NPM, "fetched").exists(), "run tests/vectors/fetch first"
    good = sorted(ROOT.glob("policy/examples/*.yaml"))
    bad = [file for file in sorted(HERE.glob("policy/broken/*.yaml"))
           if SHAPE.search(file.read_text(errors="replace").split("\n")[0])]
    done = subprocess.run(["node", HERE / "language_server.mjs",
                           ROOT / "policy/schema/house-rules.json", *good, *bad], cwd=NPM,
                          capture_output=True, text=True, timeout=200, check=True)
    *found, offered = map(json.loads, done.stdout.splitlines())
    assert len(found) == len(good) + len(bad)
    for file, said in zip(good, found):
        assert not said, (file.name, said)
    for file, said in zip(bad, found[len(good):]):
        # Its first line says where the loader finds the fault; the editor's head adds a line and
        # counts from 0. What is missing is underlined at the whole map.
        line = int(re.match(r"# expect (\d+):", file.read_text(errors="replace"))[1])
        lines = [int(each.partition(":")[0]) for each in said]
        assert lines and min(lines) <= line, (file.name, said)
    assert set(offered) >= {"automatic", "ask_one", "ask_all"}


def printed(words, codes):
    program = pathlib.Path(os.environ["LATCHSTRING_BIN"], "latchstring")
    done = subprocess.run([program, "policy", *words, "--json"], capture_output=True, text=True,
                          check=False)
    assert done.returncode in codes, (words, done.stderr)
    return done.stdout


def test_what_diff_and_simulate_print_holds_to_their_schemas(tmp_path):
    examples = sorted(ROOT.glob("policy/examples/*.yaml"))
    broken = sorted(HERE.glob("policy/broken/*.yaml"))[0]
    past = tmp_path / "past.json"
    past.write_text('{"requests": [{"id": "r1", "agency": "town_police", "basis": "consent", '
                    '"purpose": "burglary", "cameras": ["street"], "from": "2026-05-04T22:00:00Z", '
                    '"to": "2026-05-04T22:05:00Z", "received": "2026-05-05T10:00:00Z"}]}')
    family = ROOT / "policy/examples/family-house.yaml"
    documents = {"diff": [printed(["diff", family, broken], [1])], "simulate": []}
    for one, two in zip(examples, examples[1:] + examples[:1]):
        documents["diff"].append(printed(["diff", one, two], [0, 3]))
    for more in ([], ["--replay", past], ["--camera", "street"]):
        documents["simulate"].append(
            printed(["simulate", family, "--who", "town_police", *more], [0]))
    for schema, texts in documents.items():
        files = []
        for number, text in enumerate(texts):
            files.append(tmp_path / f"{schema}-{number}.json")
            files[-1].write_text(text)
        for file, errors in errors_of(files, schema).items():
            assert not errors, (file.name, errors)
        # The schema can refuse.
        files[-1].write_text(json.dumps({**json.loads(texts[-1]), "ok": "yes"}))
        assert errors_of(files[-1:], schema)[files[-1]]

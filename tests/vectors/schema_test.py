"""The JSON Schema of the rules file against files that load and files that do not, by ajv (npm)."""

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


def errors_of(files):
    assert pathlib.Path(NPM, "fetched").exists(), "run tests/vectors/fetch first"
    done = subprocess.run(["node", HERE / "schema_check.mjs",
                           ROOT / "policy/schema/house-rules.json", *files], cwd=NPM,
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

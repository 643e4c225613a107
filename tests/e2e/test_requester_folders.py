"""Agency, officer and verify as people type them, without a gateway."""

import json
import os
import re
import stat
import subprocess

import jwt
import pytest


class Requester:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def run(self, *arguments):
        command = [str(self.program), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=60,
                              stdin=subprocess.DEVNULL, check=False)

    def ok(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def requester(bin_folder, tmp_path):
    return Requester(bin_folder / "latchstring-request", tmp_path)


@pytest.fixture
def town(requester):
    requester.ok("agency", "init", "--name", "River Police", "--dir", "agency")
    requester.ok("officer", "init", "--dir", "officer")
    return requester


def issue(town, officer="officer", badge="4711", days=30):
    return town.ok("agency", "issue", "--dir", "agency", "--officer", f"{officer}/PUB.json",
                   "--badge", badge, "--days", days)


def payload(compact):
    return jwt.decode(compact, options={"verify_signature": False})


def test_secrets_are_for_their_owner_alone(town):
    for name in ("agency/agency.key", "agency/agency.db", "officer/signing.key",
                 "officer/identity.txt"):
        assert stat.S_IMODE((town.folder / name).stat().st_mode) == 0o600, name
    public = (town.folder / "officer/PUB.json").read_text()
    assert "SECRET" not in public and '"d"' not in public


def test_stock_tools_read_what_is_issued(town):
    papers = json.loads(issue(town))
    agency = json.loads((town.folder / "agency/agency.jwk").read_text())
    key = jwt.PyJWK.from_dict({**agency, "alg": "EdDSA"}).key
    for compact in papers["credential"], papers["revocations"]:
        jwt.decode(compact, key, algorithms=["EdDSA"], options={"verify_aud": False})
    credential = payload(papers["credential"])
    public = json.loads((town.folder / "officer/PUB.json").read_text())
    assert credential["cnf"]["jwk"] == public["jwk"] and credential["age"] == public["age"]
    assert credential["exp"] - credential["nbf"] == 30 * 86400
    recipient = subprocess.run(["age-keygen", "-y", town.folder / "officer/identity.txt"],
                               capture_output=True, text=True, check=True).stdout.strip()
    assert public["age"] == [recipient]


def test_a_credential_goes_to_its_officer_only(town):
    (town.folder / "c.json").write_text(issue(town))
    town.ok("officer", "update", "--dir", "officer", "--credential", "c.json")
    town.ok("officer", "init", "--dir", "other")
    refused = town.run("officer", "update", "--dir", "other", "--credential", "c.json")
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "latchstring-request: error: c.json: the credential is for another officer")


def test_revoking_gives_a_list_that_officers_take(town):
    (town.folder / "c.json").write_text(issue(town))
    town.ok("officer", "update", "--dir", "officer", "--credential", "c.json")
    listed = json.loads(town.ok("agency", "list", "--dir", "agency", "--json"))
    assert [one["badge"] for one in listed] == ["4711"] and not listed[0]["revoked"]
    new_list = town.ok("agency", "revoke", "--dir", "agency", f"--id={listed[0]['id']}")
    assert payload(new_list.strip())["revoked"] == [listed[0]["id"]]
    (town.folder / "list.jws").write_text(new_list)
    done = town.run("officer", "update", "--dir", "officer", "--list", "list.jws")
    assert done.returncode == 1 and "by it your credential is revoked" in done.stderr, done.stderr
    kept = json.loads((town.folder / "officer/credential.json").read_text())
    assert payload(kept["revocations"])["seq"] == 2
    assert "revoked" in town.ok("agency", "list", "--dir", "agency")


def test_what_cannot_be_written_is_neither_issued_nor_revoked(town):
    def listed():
        return json.loads(town.ok("agency", "list", "--dir", "agency", "--json"))
    new = ("agency", "issue", "--dir", "agency", "--officer", "officer/PUB.json", "--badge", "1")
    assert town.run(*new, "--out", "nowhere/c.json").returncode == 1
    assert listed() == []
    issue(town)
    back = ("agency", "revoke", "--dir", "agency", f"--id={listed()[0]['id']}")
    assert town.run(*back, "--out", "nowhere/list.jws").returncode == 1
    assert not listed()[0]["revoked"]
    town.ok(*back, "--out", "list.jws")
    town.ok(*back, "--out", "again.jws")  # the first was lost, say
    lists = [(town.folder / name).read_text() for name in ("list.jws", "again.jws")]
    assert lists[0] == lists[1] and payload(lists[0].strip())["seq"] == 2


def test_out_replaces_no_key_no_link_and_no_device(town):
    key, book = town.folder / "agency/agency.key", town.folder / "agency/agency.db"
    before = key.read_bytes()
    os.mkfifo(town.folder / "pipe")
    (town.folder / "link").symlink_to("elsewhere")
    (town.folder / "same").symlink_to("agency")
    new = ("agency", "issue", "--dir", "agency", "--officer", "officer/PUB.json", "--badge", "1")
    for own in ("agency/agency.key", "same/agency.key", "agency/../agency/agency.jwk",
                "agency/agency.db", "agency/agency.db-wal"):
        done = town.run(*new, "--out", own)
        assert done.returncode == 1 and "is the agency's own file" in done.stderr, done.stderr
    for other in ("pipe", "link", "agency", "/dev/null"):
        done = town.run(*new, "--out", other)
        assert done.returncode == 1 and "is not a file" in done.stderr, done.stderr
    assert key.read_bytes() == before and book.exists()
    assert (town.folder / "pipe").is_fifo() and (town.folder / "link").is_symlink()
    assert json.loads(town.ok("agency", "list", "--dir", "agency", "--json")) == []
    town.ok(*new, "--out", "agency/credential.json")


def test_nothing_is_made_twice(town):
    before = (town.folder / "officer/signing.key").read_bytes()
    for again in (("officer", "init", "--dir", "officer"),
                  ("agency", "init", "--name", "x", "--dir", "agency")):
        done = town.run(*again)
        assert done.returncode == 1 and "already" in done.stderr
    assert (town.folder / "officer/signing.key").read_bytes() == before


@pytest.mark.parametrize("arguments", [
    (), ("nonsense",), ("agency",), ("agency", "issue", "--dir", "agency"),
    ("agency", "issue", "--dir", "agency", "--officer", "officer/PUB.json", "--badge", "1",
     "--days", "91"),
    ("agency", "issue", "--dir", "agency", "--officer", "officer/PUB.json", "--badge", " "),
    ("officer", "update", "--dir", "officer"),
    ("agency", "init", "--name", "", "--dir", "new"),
    ("agency", "init", "--name", "x" * 201, "--dir", "new"),
    ("submit", "--ticket", "t"),
    ("submit", "--ticket", "t", "--officer", "officer", "--from", "2026-05-04T21:50:00Z", "--to",
     "2026-05-04T22:00:00Z", "--basis", "consent", "--purpose", "burglary", "--case", " "),
    ("receive", "--until-closed", "--ticket", "t", "--officer", "officer", "--out", "o"),
    ("verify",), ("verify", "x", "--gateway-key", "short"),
    ("verify", "x", "--gateway-key", ""), ("verify", "x", "--ticket", ""),
    ("verify", "x", "--ticket", "t", "--gateway-key", "x"),
])
def test_wrong_usage_is_told_as_such(town, arguments):
    done = town.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("latchstring-request: error: ")


def test_broken_files_are_told_by_name(town):
    (town.folder / "ticket").write_text("{}")
    for arguments in (("status", "--ticket", "ticket", "--officer", "officer"),
                      ("verify", "officer", "--ticket", "ticket")):
        done = town.run(*arguments)
        assert done.returncode == 1
        assert "ticket `ticket`" in done.stderr and "hint: ask the household" in done.stderr
    (town.folder / "bad.json").write_text('{"v":1,"v":1}')
    done = town.run("agency", "issue", "--dir", "agency", "--officer", "bad.json", "--badge", "1")
    assert done.returncode == 1 and "`bad.json`" in done.stderr


def test_wrong_and_damaged_files_say_what_to_do(town):
    credential = town.folder / "c.json"
    credential.write_text(issue(town))
    for wrong in ("officer/PUB.json", "officer/identity.txt"):
        done = town.run("officer", "update", "--dir", "officer", "--credential", wrong)
        assert done.returncode == 1
        assert f"error: {wrong}: this is not a credential file" in done.stderr, done.stderr
        assert "hint: ask the agency for a credential file" in done.stderr, done.stderr
    town.ok("officer", "update", "--dir", "officer", "--credential", credential)
    done = town.run("officer", "update", "--dir", "officer", "--list", "officer/PUB.json")
    assert done.returncode == 1 and "is not the agency's revocation list" in done.stderr
    assert "hint: ask the agency for its newest revocation list" in done.stderr, done.stderr
    key = town.folder / "officer/signing.key"
    good = key.read_bytes()
    key.write_bytes(good[:10])
    done = town.run("officer", "update", "--dir", "officer", "--credential", credential)
    assert done.returncode == 1
    assert "`officer/signing.key` is damaged: a signing key has 32 bytes" in done.stderr
    assert "hint: restore the file, mode 600, from a copy" in done.stderr, done.stderr


def test_a_folder_that_is_no_evidence(town):
    assert town.run("verify", "nowhere").returncode == 1
    os.mkdir(town.folder / "empty")
    done = town.run("verify", "empty")
    assert done.returncode == 1 and "manifest-1.jws" in done.stdout
    done = town.run("verify", "officer")
    assert done.returncode == 1 and "FAILED     identity.txt" in done.stdout


def test_the_name_of_a_file_is_no_line_of_verify(town):
    os.mkdir(town.folder / "evidence")
    (town.folder / "evidence/x\nholds      clip-1.mp4: the picture and the sound").touch()
    done = town.run("verify", "evidence")
    assert done.returncode == 1 and "x?holds      clip-1.mp4" in done.stdout, done.stdout
    assert not any(line.startswith("holds") for line in done.stdout.splitlines())


def test_the_folder_of_all_evidence_is_not_that_of_one_request(town):
    for name in ("evidence/abcdefgh23", "evidence/bcdefghi34", "evidence/.cdefghij45.incoming"):
        os.makedirs(town.folder / name)
    (town.folder / "evidence/.receive.lock").touch()
    done = town.run("verify", "evidence")
    assert done.returncode == 2 and done.stdout == ""
    assert "name one, like `evidence/abcdefgh23`" in done.stderr
    (town.folder / "evidence/notes.txt").touch()
    done = town.run("verify", "evidence")
    assert done.returncode == 1 and "FAILED     notes.txt" in done.stdout


def test_help_has_an_example_on_every_level(requester):
    def walk(words):
        text = requester.ok(*words, "--help")
        assert "Example:\n" in text, words
        part = text.split("Subcommands:")
        for name in re.findall(r"^  ([a-z]+)  ", part[1], re.M) if len(part) > 1 else []:
            walk((*words, name))
    walk(())

"""`latchstring init`, and how it and others ask for secrets."""

import os
import pty
import re
import shutil
import signal
import sqlite3
import stat
import subprocess

import pytest

from house import wait_for

NAMED = ("--name", "Maple \"Street\"", "--timezone", "America/Chicago", "--resident", "alex")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_a_house_that_shares_nothing(household):
    done = household.init(*NAMED)
    assert done.returncode == 0, done.stderr
    folder = household.folder
    assert mode(folder / "state") == 0o700
    for name in ("gateway.yaml", "house-rules.yaml"):
        assert mode(folder / name) == 0o640, name
    for name in ("state.db", "archive-recipient.txt", "keyring/gateway-signing.key"):
        assert mode(folder / "state" / name) & 0o077 == 0, name
    checked = household.run("policy", "check")
    assert checked.returncode == 0, checked.stderr
    assert "These rules share nothing." in checked.stdout
    rules = (folder / "house-rules.yaml").read_text()
    assert 'name: "Maple \\"Street\\""' in rules and "timezone: America/Chicago" in rules
    assert "clock: kernel" in (folder / "gateway.yaml").read_text()


def test_the_archive_identity_is_shown_once_and_kept_nowhere(household):
    done = household.init(*NAMED)
    identity = re.search(r"AGE-SECRET-KEY-1[A-Z0-9]{58}", done.stdout).group()
    told = subprocess.run(["age-keygen", "-y"], input=identity + "\n", capture_output=True,
                          text=True, check=True).stdout
    recipient = (household.folder / "state/archive-recipient.txt").read_text()
    assert told.strip() == recipient.strip()
    for path in household.folder.rglob("*"):
        if path.is_file():
            assert identity.encode() not in path.read_bytes(), path


def test_pins_are_kept_as_hashes_only(household):
    done = household.init(*NAMED, "--resident", "sam", secrets=("482913", "correct horse"))
    assert done.returncode == 0, done.stderr
    for path in household.folder.rglob("*"):
        if path.is_file():
            assert b"482913" not in path.read_bytes() and b"correct horse" not in path.read_bytes()
    dump = "\n".join(sqlite3.connect(household.folder / "state/state.db").iterdump())
    assert dump.count("$argon2id$") == 2 and "'alex'" in dump and "'sam'" in dump


def test_a_second_init_is_refused_and_changes_nothing(household):
    assert household.init(*NAMED).returncode == 0
    before = {path: path.read_bytes() for path in household.folder.rglob("*") if path.is_file()}
    again = household.init("--demo")
    assert again.returncode == 1
    assert "latchstring: error: there is a house already" in again.stderr
    assert before == {p: p.read_bytes() for p in household.folder.rglob("*") if p.is_file()}


def test_an_interrupted_init_is_called_that(household):
    """gateway.yaml is written last: without it all is as a killed init leaves it."""
    assert household.init(*NAMED).returncode == 0
    (household.folder / "gateway.yaml").unlink()
    again = household.init(*NAMED)
    assert again.returncode == 1
    assert (f"an `init` was interrupted here, and what it left is no house: remove the folder "
            f"`{household.folder}` and run `init` again") in again.stderr
    (household.folder / "house-rules.yaml").unlink()  # killed a little earlier
    (household.folder / "state/state.db").unlink()
    assert "an `init` was interrupted here" in household.init(*NAMED).stderr
    shutil.rmtree(household.folder)
    assert household.init(*NAMED).returncode == 0


def init_into(household, stdout):
    """`init --demo` with its standard output there; None: closed."""
    reading, writing = os.pipe()
    os.write(writing, b"482913\n")
    os.close(writing)
    command = [household.program, "init", household.folder, "--demo", "--pin-fd", str(reading)]
    closed = {"preexec_fn": lambda: os.close(1)} if stdout is None else {"stdout": stdout}
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, pass_fds=(reading,),
                               stdin=subprocess.DEVNULL, **closed)
    os.close(reading)
    return started


@pytest.mark.parametrize("where", ["a full disk", "closed"])
def test_no_house_is_made_whose_identity_cannot_be_shown(household, where):
    """Who never saw it can open no evidence and no gift of this house, ever."""
    with open("/dev/full", "wb") as full:
        started = init_into(household, full if where == "a full disk" else None)
        said = started.communicate(timeout=60)[1]
    assert started.returncode == 1
    assert "error: the archive identity cannot be shown, so no house was made: " in said
    assert not household.folder.exists()
    assert household.init(*NAMED).returncode == 0


def test_no_house_is_made_while_its_identity_waits_to_be_shown(household):
    """The reader of a pipe does not read, and the household loses patience."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    started = init_into(household, writing)
    wait_for((household.folder / "house-rules.yaml").exists, 20, "the last file before it is shown")
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=60)
    os.close(reading)
    os.close(writing)
    assert started.returncode == -signal.SIGINT
    again = household.init(*NAMED)
    assert again.returncode == 1 and "an `init` was interrupted here" in again.stderr


@pytest.mark.parametrize("more", ["state/archive", "state/latchstringd.lock", "my-notes",
                                  "keys/river_pd.jwk", "state/credentials/door"])
def test_no_init_says_to_remove_what_may_be_a_house(household, more):
    assert household.init(*NAMED).returncode == 0
    (household.folder / "gateway.yaml").unlink()
    (household.folder / more).mkdir()
    again = household.init(*NAMED)
    assert again.returncode == 1 and "remove the folder" not in again.stderr
    assert f"there is a house already in `{household.folder}/state`, without its" in again.stderr


def test_an_interrupted_init_with_its_state_elsewhere_names_both(household, tmp_path):
    assert household.init(*NAMED, "--state", tmp_path / "var").returncode == 0
    (household.folder / "gateway.yaml").unlink()
    again = household.init(*NAMED, "--state", tmp_path / "var")
    assert f"remove the folder `{household.folder}` and the folder `{tmp_path}/var`" in again.stderr


def answered_at_a_terminal(program, *words, answer=b"", answers=()):
    """Exit code and all that was said; the questions get these answers, and the others `answer`."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(program, [program, *words])
    said = b""
    answers = list(answers)
    try:
        while more := os.read(terminal, 1000):
            said += more
            if said.endswith((b": ", b"? ", b"] ", b") ")):
                os.write(terminal, answers.pop(0) if answers else answer)
    except OSError:  # the terminal is gone: it ended
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def test_a_pin_that_is_too_short_is_not_asked_for_twice(household):
    """At a terminal, where each PIN is typed twice."""
    code, said = answered_at_a_terminal(household.program, "init", household.folder, "--demo",
                                        answer=b"12\n")
    assert code == 2
    assert said.count(b"warning: PIN of alex: a PIN has at least 6 digits") == 2
    assert b"error: PIN of alex: a PIN has at least 6 digits" in said
    assert b"The same again" not in said
    assert not household.folder.exists()


def test_a_wrong_answer_at_a_terminal_is_asked_for_again(household):
    code, said = answered_at_a_terminal(household.program, "init", household.folder, answers=[
        b"\n", b"Maple Street\n", b"Moon/Crater\n", b"America/Chicago\n", b"Al ex\n", b"alex\n",
        b"12\n", b"482913\n", b"482914\n", b"482913\n", b"482913\n"])
    assert code == 0, said
    assert said.count(b"warning: ") == 5, said
    assert (household.folder / "gateway.yaml").exists()


@pytest.mark.parametrize("words", [("add", "kim"), ("pin", "kim")])
def test_a_new_pin_that_is_too_short_is_not_asked_for_twice(household, words):
    assert household.init("--demo").returncode == 0
    code, said = answered_at_a_terminal(household.program, "--house", household.folder, "resident",
                                        *words, answer=b"12\n")
    assert code == 2
    assert b"New PIN of kim (6 digits or more):" in said
    assert b"PIN of kim: a PIN has at least 6 digits" in said
    assert b"The same again" not in said


def test_a_short_passphrase_of_a_gift_is_not_asked_for_twice(household, tmp_path):
    assert household.init("--demo").returncode == 0
    code, said = answered_at_a_terminal(
        household.program, "--house", household.folder, "share", "--as", "alex", "--camera",
        "front", "--from", "2026-05-04T22:00:00Z", "--to", "2026-05-04T22:01:00Z", "--to-file",
        tmp_path / "gift", answer=b"12\n")
    assert code == 2
    assert b"the passphrase has less than 12 characters" in said
    assert b"The same again" not in said


@pytest.mark.parametrize("arguments, secrets, words", [
    (NAMED[2:], ("482913",), "needs --name NAME"),
    (NAMED[:2] + NAMED[4:], ("482913",), "needs --timezone ZONE"),
    (NAMED[:4], ("482913",), "needs --resident NAME"),
    (NAMED[:4] + ("--resident", "Al ex"), ("482913",), "no name for a resident"),
    (NAMED + ("--resident", "alex"), ("482913", "482914"), "named twice"),
    (NAMED[:2] + ("--timezone", "Moon/Crater") + NAMED[4:], ("482913",), "not the time zone"),
    (NAMED[:2] + ("--timezone", "EST") + NAMED[4:], ("482913",), "not the time zone of a place"),
    (NAMED, ("12",), "PIN of alex"),
    (NAMED + ("--resident", "sam"), ("482913",), "no secret was given"),
    (NAMED, ("482913", "482914"), "--pin-fd holds more lines than there are residents"),
    (NAMED + ("--broker-listen", "localhost"), ("482913",), "is not an IP address"),
    (NAMED + ("--broker-port", "70000"), ("482913",), "70000 not in range 1 to 65535"),
])


def test_a_wrong_init_leaves_nothing_behind(household, arguments, secrets, words):
    done = household.init(*arguments, secrets=secrets)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "482913" not in done.stdout + done.stderr
    assert not household.folder.exists()


def test_without_a_terminal_a_pin_is_never_taken_from_elsewhere(household):
    done = household.init(*NAMED, secrets=())
    assert done.returncode == 1
    assert "--pin-fd" in done.stderr
    assert not household.folder.exists()


def test_demo_needs_only_a_pin(household):
    done = household.init("--demo")
    assert done.returncode == 0, done.stderr
    assert "clock: assumed" in (household.folder / "gateway.yaml").read_text()
    assert "residents: [alex]" in (household.folder / "house-rules.yaml").read_text()

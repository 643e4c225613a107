"""`latchstring agency` with a running daemon: keys, tickets, removal."""

import contextlib
import json
import os
import sqlite3

import pytest

from house import wait_for
from requester import Requester, end_stopped


LETTERS = str.maketrans("0123456789", "abcdefghij")  # ids have these


def refused(done, words):
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stderr, done.stderr


def jwk(first):
    """A public key; `first` tells keys apart."""
    return json.dumps({"crv": "Ed25519", "kty": "OKP",
                       "x": {"a": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                             "b": "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}[first]})


def test_a_key_file_that_the_rules_name_for_somebody_else_is_not_overwritten(house, tmp_path):
    pinned = house.folder / "keys/pd.jwk"
    pinned.write_text(jwk("a"))
    new = tmp_path / "new.jwk"
    new.write_text(jwk("b"))
    house.edit("house-rules.yaml", "agencies: {}",
               "agencies: {other_pd: {name: Other, key_file: keys/pd.jwk}}")
    house.start()
    rules = house.rules_file.read_text()
    done = house.run("agency", "add", "pd", new, "--ticket", tmp_path / "t", check=False)
    assert done.returncode == 1 and "holds another key, and the rules name it" in done.stderr
    assert pinned.read_text() == jwk("a") and house.rules_file.read_text() == rules
    assert not (tmp_path / "t").exists()


def test_a_key_file_that_no_rule_names_is_replaced(house, tmp_path):
    left = house.folder / "keys/pd.jwk"
    left.write_text(jwk("a"))
    new = tmp_path / "new.jwk"
    new.write_text(jwk("b"))
    house.start()
    done = house.run("agency", "add", "pd", new, "--ticket", tmp_path / "t", check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(left.read_text()) == json.loads(jwk("b")) and (tmp_path / "t").exists()
    assert "pd: {" in house.rules_file.read_text()


@pytest.fixture
def pinned(house, tmp_path):
    """A running house that has an agency, by name."""
    key = tmp_path / "pd.jwk"
    key.write_text(jwk("a"))
    house.start()
    house.run("agency", "add", "pd", key, "--ticket", tmp_path / "pd.ticket")
    return house


def agencies(house):
    return {row["agency"]: row for row in house.ask("agency", "list")["agencies"]}


def test_a_ticket_that_cannot_be_written_ends_no_other(pinned, tmp_path):
    hashes = (pinned.folder / "state/broker/passwd").read_text()
    done = pinned.run("agency", "add", "pd", tmp_path / "pd.jwk", "--ticket", tmp_path / "no/t",
                      check=False)
    refused(done, "no/t")
    assert (pinned.folder / "state/broker/passwd").read_text() == hashes


def test_an_agency_that_is_not_there_is_not_called_removed(pinned):
    refused(pinned.run("agency", "remove", "dp", check=False), "there is no agency `dp`")
    assert agencies(pinned)["pd"]["in_rules"]
    pinned.run("agency", "remove", "pd")
    assert not agencies(pinned)
    refused(pinned.run("agency", "remove", "pd", check=False), "there is no agency `pd`")


def test_removing_an_agency_reads_rules_that_were_edited_by_hand(pinned):
    text = pinned.rules_file.read_text()
    [line] = [line for line in text.splitlines() if line.strip().startswith("pd:")]
    edited = text.replace(f"agencies:\n{line}\n", "agencies: {}\n")
    assert edited != text
    pinned.rules_file.write_text(edited)
    assert "pd" in agencies(pinned)
    pinned.run("agency", "remove", "pd")
    assert not agencies(pinned)


def test_the_login_of_an_agency_ends_also_where_the_rules_are_broken(pinned):
    whole = pinned.rules_file.read_text()
    for broken in ("foo: [", "bogus: 1"):
        pinned.rules_file.write_text(f"{whole}\n{broken}\n")
        done = pinned.run("agency", "remove", "pd", check=False)
        refused(done, "house-rules.yaml:")
        assert "its login has ended all the same" in done.stderr
        assert "mailbox" not in agencies(pinned).get("pd", {})
    pinned.rules_file.write_text(whole)
    pinned.run("agency", "remove", "pd")
    assert not agencies(pinned)


def test_an_officer_hears_by_the_ticket_of_a_new_mailbox(house, bin_folder, tmp_path):
    """Numbers of letters go on where the former mailbox ended: older ones are taken for repeats."""
    requester = Requester(bin_folder, tmp_path)
    house.start()
    for _ in range(2):
        house.run("agency", "add", "pd", requester.key_file, "--ticket", requester.ticket)
        for _ in range(3):
            said = requester.run("status", *requester.mine()).stderr
            assert "does not answer" not in said, said
        house.run("agency", "remove", "pd")
        requester.ticket.unlink()


def test_what_was_open_before_an_agency_was_removed_ends_at_the_officer(new_world, tmp_path):
    """Also where the agency comes back with another mailbox: nobody waits for a dead offer."""
    world = new_world()
    house = world.house
    requester = Requester(world.bin, tmp_path)
    house.add_agency("county", requester, requester.ticket)
    world.rules({}, {"who": "county"})
    request = requester.submit(*world.footage(4))
    house.wait_piece(request, "offered")
    assert "offered" in requester.run("status", request, *requester.mine()).stdout

    done = house.run("agency", "remove", "county", check=False)
    refused(done, "its login has ended all the same")
    [warning] = [text for text in house.ask("status")["warnings"] if "county" in text]
    assert "has no login" in warning
    del house.agencies["county"]
    world.rules({})
    house.wait_piece(request, "revoked")

    requester.ticket.unlink()
    house.add_agency("county", requester, requester.ticket)
    done = requester.receive(request, "--for", "60 seconds", check=False)
    assert done.returncode == 3 and "took it back" in done.stderr, done.stderr


def test_a_withdrawn_ticket_ends_a_receive_that_waits(new_world, tmp_path):
    world = new_world()
    requester = Requester(world.bin, tmp_path)
    world.house.add_agency("county", requester, requester.ticket)
    world.rules({})  # so that it waits: a refusal is not told
    request = requester.submit(*world.footage(2))

    def drawn():
        with contextlib.closing(sqlite3.connect(requester.officer / "state.db")) as book:
            return book.execute("SELECT next_seq FROM numbers").fetchone()[0]
    before = drawn()
    receiving = requester.receiving(request)
    try:
        wait_for(lambda: drawn() > before, 20, "its HELLO")
        world.house.run("agency", "remove", "county", check=False)
        assert receiving.popen.wait(60) == 1, receiving.words()
        assert "refuses this user or password" in receiving.words()
    finally:
        end_stopped(receiving)


def test_a_damaged_ledger_key_is_the_tickets_fault(house, bin_folder, tmp_path):
    requester = Requester(bin_folder, tmp_path)
    house.start()
    house.run("agency", "add", "pd", requester.key_file, "--ticket", requester.ticket)
    ticket = json.loads(requester.ticket.read_text())
    ticket["ledger"] = ticket["ledger"][:-4]
    requester.ticket.write_text(json.dumps(ticket))
    for done in (requester.run("status", *requester.mine(), check=False),
                 requester.verify(tmp_path, "--ticket", requester.ticket)):
        assert done.returncode == 1
        assert f"error: ticket `{requester.ticket}`: `ledger`: " in done.stderr, done.stderr
        assert "hint: ask the household for the ticket again" in done.stderr


def test_a_named_pipe_is_no_key_file(house, tmp_path):
    os.mkfifo(tmp_path / "pd.jwk")
    house.start()
    refused(house.run("agency", "add", "pd", tmp_path / "pd.jwk", "--ticket", tmp_path / "t",
                      check=False), "pd.jwk` is a pipe, and must be a file")


def test_a_list_that_is_longer_than_an_answer_is_cut_and_says_so(new_world, tmp_path):
    """Every request has as many names of cameras as one may have, as long as they may be."""
    world = new_world()
    house = world.house
    requester = Requester(world.bin, tmp_path)
    house.add_agency("county", requester, requester.ticket)
    world.rules({})
    names = [word for i in range(63) for word in ("--camera", f"{i:064}")]
    request = requester.submit(*world.footage(2), *names)
    house.wait_phase(request, "ended")
    assert "cut" not in house.ask("request", "list")
    house.stop()
    with contextlib.closing(sqlite3.connect(house.folder / "state/state.db")) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(requests)")]
        others = ", ".join(name for name in columns if name != "id")
        for i in range(300):
            database.execute(f"INSERT INTO requests (id, {others}) SELECT ?, {others} FROM "
                             "requests WHERE id = ?", (f"copy{i:06}".translate(LETTERS), request))
        database.commit()
    house.start()
    answer = house.ask("request", "list")
    assert answer["cut"] is True and 100 < len(answer["requests"]) < 301
    said = house.run("request", "list").stdout
    assert "There are older ones, more than an answer can hold" in said and "--open" in said
    assert house.ask("request", "list", "--open") == {"requests": []}

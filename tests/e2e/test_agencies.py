"""`latchstring agency` with a running daemon: keys, tickets, removal."""

import json

import pytest

from requester import Requester


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

"""A PIN that somebody else may have chosen says no at once, and yes after 24 hours."""

import pytest

from brake import HOUR, accept, later, outcome_of, wait_over
from house import PIN, wait_for
from officer import DAY

NEW = "915263"


@pytest.fixture(scope="module")
def family(new_world):
    return new_world(residents=("alex", "sam", "kim"), faketime=True)


@pytest.fixture(scope="module")
def single(new_world):
    return new_world(residents=("alex",), faketime=True)


@pytest.fixture
def home(family):
    """One yes is asked for; nothing waits."""
    family.house.residents = ["alex", "sam", "kim"]
    family.rules({"approval": "ask_one"})
    assert not any(resident["yes_waits"] or resident["reset_waits"]
                   for resident in residents_of(family.house).values())
    yield family
    later(family, 8 * DAY)
    wait_for(lambda: not any(resident["yes_waits"] or resident["reset_waits"]
                             for resident in residents_of(family.house).values()), 10, "all waits")


def residents_of(house):
    return {row["resident"]: row for row in house.ask("resident", "list")["residents"]}


def reset(house, name, by=(), pins=(), new=NEW, check=True):
    named = [word for other in by for word in ("--as", other)]
    return house.run("resident", "reset", name, *named, pins=[*(pins or [PIN] * len(by)), new],
                     check=check)


def say(house, word, request, resident, pin, check=True):
    return house.run("request", word, request, "--as", resident, pins=[pin], check=check)


def own_pin(house, name, old, new=PIN):
    return house.run("resident", "pin", name, pins=[old, new], check=False)


def asked(world):
    shown = outcome_of(world)
    assert shown["phase"] == "asking", shown
    return shown["id"]


def asks(house, request):
    return house.show(request)["phase"] == "asking"


def trust_entries(house, count):
    entries = house.ask("log", "show", "--event", "trust", "--count", str(count))["entries"]
    return [(entry["word"], entry["detail"]) for entry in entries]


def warns(house, words):
    return any(words in warning for warning in house.status()["warnings"])


def test_all_others_reset_a_pin_and_its_yes_waits_24_hours(home):
    house = home.house
    missing = reset(house, "sam", by=["alex"], check=False)
    assert missing.returncode == 3 and "`kim` must agree too" in missing.stderr
    wrong = reset(house, "sam", by=["alex", "kim"], pins=[PIN, "000000"], check=False)
    assert wrong.returncode == 3 and "wrong PIN for `kim`" in wrong.stderr
    assert not residents_of(house)["sam"]["yes_waits"]
    done = reset(house, "sam", by=["alex", "kim"])
    assert "Their yes counts from" in done.stdout
    assert trust_entries(house, 1) == [("pin_reset", "sam, by alex, kim")]
    assert warns(house, "the PIN of `sam` is new: their yes counts from")

    request = asked(home)
    assert say(house, "approve", request, "sam", PIN, check=False).returncode == 3
    said = say(house, "approve", request, "sam", NEW)
    assert "the PIN of `sam` is new: their yes counts from" in said.stdout
    assert asks(house, request)
    vetoed = asked(home)
    say(house, "refuse", vetoed, "sam", NEW)
    assert house.show(vetoed)["outcome"] == "refused"

    later(home, 12 * HOUR)
    house.stop()
    house.start()
    house.wait_recording()
    later(home, 12 * HOUR - 300)
    assert residents_of(house)["sam"]["yes_waits"] and asks(house, request)
    later(home, 300)
    house.wait_piece(request, "offered")
    assert not residents_of(house)["sam"]["yes_waits"]
    assert own_pin(house, "sam", NEW).returncode == 0
    assert not residents_of(house)["sam"]["yes_waits"]  # one's own change counts at once


def test_where_all_are_asked_nobody_answers_for_another(home):
    """Who resets somebody's PIN can neither say yes as them, nor let them go."""
    house = home.house
    home.rules({"approval": "ask_all"})
    request = asked(home)
    reset(house, "sam", by=["alex", "kim"])
    for name, pin in (("alex", PIN), ("kim", PIN), ("sam", NEW)):
        say(house, "approve", request, name, pin)
    assert asks(house, request)
    gone = house.run("resident", "remove", "sam", "--as", "sam", pins=[NEW], check=False)
    assert gone.returncode == 3 and "their yes counts from" in gone.stderr
    # Nor may one whose PIN is new stand in for a third.
    chain = reset(house, "kim", by=["alex", "sam"], pins=[PIN, NEW], check=False)
    assert chain.returncode == 3 and "the PIN of `sam` is new" in chain.stderr
    assert own_pin(house, "sam", NEW).returncode == 0
    assert residents_of(house)["sam"]["yes_waits"] and asks(house, request)


def test_no_agreement_lifts_the_wait(home):
    """Who chose the PIN would agree with it."""
    house = home.house
    request = asked(home)
    reset(house, "sam", by=["alex", "kim"], new=PIN)
    house.answer("approve", request, "sam")
    everybody = ["--as", "alex", "--as", "kim", "--as", "sam"]
    lifted = house.run("policy", "apply", "--now", *everybody, pins=[PIN] * 3, check=False)
    assert lifted.returncode == 3 and "their yes counts from" in lifted.stderr
    assert residents_of(house)["sam"]["yes_waits"] and asks(house, request)
    later(home, 24 * HOUR)
    house.wait_piece(request, "offered")


def test_a_reset_alone_is_stopped_by_anybody(home):
    house = home.house
    for who in ("kim", "sam"):  # sam by the old PIN
        reset(house, "sam")
        assert trust_entries(house, 1) == [("pin_reset_begun", "sam")]
        assert warns(house, "the PIN of `sam` is being reset")
        again = reset(house, "sam", check=False)
        assert again.returncode == 1 and "being reset already" in again.stderr
        wrong = house.run("resident", "reset", "sam", "--stop", "--as", who, pins=["000000"],
                          check=False)
        assert wrong.returncode == 3 and residents_of(house)["sam"]["reset_waits"]
        house.run("resident", "reset", "sam", "--stop", "--as", who, pins=[PIN])
        assert trust_entries(house, 1) == [("pin_reset_stopped", f"sam, by {who}")]
        assert not warns(house, "is being reset")
    later(home, 8 * DAY)
    request = asked(home)
    assert say(house, "approve", request, "sam", NEW, check=False).returncode == 3
    say(house, "approve", request, "sam", PIN)
    house.wait_piece(request, "offered")


def test_a_first_pin_waits_as_a_reset_one_does(home):
    house = home.house
    house.residents = ["alex", "sam", "kim", "lee"]
    accept(house, {"approval": "ask_one"})
    later(home, 25 * HOUR)
    wait_over(house)  # by the rules lee counts in full
    everybody = ["alex", "sam", "kim"]
    named = [word for name in everybody for word in ("--as", name)]
    done = house.run("resident", "add", "lee", *named, pins=[PIN] * 4)
    assert "lee may say no from now on" in done.stdout
    request = asked(home)
    house.answer("approve", request, "lee")
    assert asks(house, request)
    vetoed = asked(home)
    house.answer("refuse", vetoed, "lee")
    assert house.show(vetoed)["outcome"] == "refused"
    later(home, 24 * HOUR)
    house.wait_piece(request, "offered")
    house.run("resident", "remove", "lee", "--as", "lee", pins=[PIN])


def test_alone_in_a_house_it_takes_seven_days_and_24_hours_more(single):
    house = single.house
    single.rules({"approval": "ask_one"})
    nobody = reset(house, "alex", by=["alex"], check=False)
    assert nobody.returncode == 3 and "nobody but `alex` lives here" in nobody.stderr
    reset(house, "alex")
    request = asked(single)
    assert say(house, "approve", request, "alex", NEW, check=False).returncode == 3
    house.stop()
    house.start()
    house.wait_recording()
    later(single, 7 * DAY - 300)
    assert residents_of(house)["alex"]["reset_waits"]
    request = asked(single)
    say(house, "approve", request, "alex", PIN)  # the old one works until then
    house.wait_piece(request, "offered")
    request = asked(single)
    later(single, 300)
    wait_for(lambda: residents_of(house)["alex"]["yes_waits"], 10, "the reset")
    assert trust_entries(house, 1) == [("pin_reset", "alex")]
    assert say(house, "approve", request, "alex", PIN, check=False).returncode == 3
    say(house, "approve", request, "alex", NEW)
    assert asks(house, request)
    lifted = house.run("policy", "apply", "--now", "--as", "alex", pins=[NEW], check=False)
    assert lifted.returncode == 3 and "their yes counts from" in lifted.stderr
    later(single, 24 * HOUR - 300)
    assert asks(house, request)
    later(single, 300)
    house.wait_piece(request, "offered")

"""What a change of the rules forbids counts at once, what it newly allows after 24 hours."""

import json

import pytest

from brake import HOUR, accept, fresh_post, is_refused, later, outcome_of, wait_over
from clips import Clip
from house import PIN, wait_for
from officer import DAY, Agency


@pytest.fixture(scope="module")
def world(new_world):
    return new_world(residents=("alex", "sam"), faketime=True)


@pytest.fixture
def shut(world):
    """Rules that share nothing are in force, and nothing before them counts."""
    world.house.residents = ["alex", "sam"]
    world.house.write_rules()
    world.house.reload()
    assert world.house.status()["rules"]["earlier"] == 0
    return world


def test_what_is_newly_allowed_waits_24_hours(shut):
    house = shut.house
    assert accept(house, {}) == 1
    shown = outcome_of(shut)
    assert shown["outcome"] == "refused"
    assert any("were replaced, and count until" in why for why in shown["reasons"]), shown
    said = house.run("policy", "apply").stdout
    assert "waits until" in said and "policy apply --now" in said, said
    later(shut, 24 * HOUR - 300)
    assert is_refused(shut)
    later(shut, 300)
    wait_over(house)
    assert not is_refused(shut)


def test_what_is_forbidden_counts_at_once(shut):
    house = shut.house
    house.write_rules({})
    house.reload()
    shown = outcome_of(shut)
    house.wait_piece(shown["id"], "offered")
    assert accept(house) == 1
    house.wait_piece(shown["id"], "revoked")
    assert is_refused(shut)


def test_a_restart_two_edits_and_a_broken_file_end_no_wait(shut):
    house = shut.house
    assert accept(house, {}) == 1
    house.stop()
    house.start()
    house.wait_recording()
    assert is_refused(shut)
    later(shut, 10 * HOUR)
    assert accept(house, {}, {"purpose": "arson"}) == 2
    whole = house.rules_file.read_text()
    house.rules_file.write_text(whole + "nonsense: [")
    assert house.call("policy.reload")["rules"]["ok"] is False
    house.rules_file.write_text(whole)
    assert house.call("policy.reload")["rules"]["earlier"] == 2
    assert is_refused(shut)
    # The first one, which shared nothing, counts no more; the second gave the same as the present.
    later(shut, 14 * HOUR)
    wait_for(lambda: house.status()["rules"]["earlier"] == 1, 10, "the end of the first wait")
    assert not is_refused(shut)


def test_the_repair_of_a_broken_file_is_compared_with_the_last_valid_one(shut):
    house = shut.house
    house.rules_file.write_text("nonsense: [")
    assert house.call("policy.reload")["rules"]["ok"] is False
    assert accept(house, {}) == 1
    assert is_refused(shut)


def test_all_who_lived_there_before_may_let_it_act_at_once(shut):
    house = shut.house
    assert accept(house, {}) == 1
    alone = house.run("policy", "apply", "--now", "--as", "alex", pins=[PIN], check=False)
    assert alone.returncode == 3 and "`sam` must agree too" in alone.stderr
    assert is_refused(shut)
    wrong = house.run("policy", "apply", "--now", "--as", "alex", "--as", "sam",
                      pins=[PIN, "000000"], check=False)
    assert wrong.returncode == 3 and house.status()["rules"]["earlier"] == 1
    house.apply_now()
    assert house.status()["rules"]["earlier"] == 0
    assert not is_refused(shut)
    newest = house.ask("log", "show", "--event", "policy", "--count", "1")["entries"][0]
    assert newest["word"] == "applied_now" and newest["detail"] == "alex sam"


def test_who_is_added_may_veto_and_not_yet_agree(shut):
    house = shut.house
    house.write_rules({"approval": "ask_one"})
    house.reload()
    house.run("resident", "add", "kim", "--as", "alex", "--as", "sam", pins=[PIN, PIN, PIN])
    house.residents = ["alex", "sam", "kim"]
    shown = outcome_of(shut)
    assert shown["waiting_for"] == ["alex", "kim", "sam"]
    house.answer("approve", shown["id"], "kim")
    assert house.show(shown["id"])["phase"] == "asking"
    house.answer("refuse", shown["id"], "kim")
    assert house.show(shown["id"])["outcome"] == "refused"
    later(shut, 25 * HOUR)
    wait_over(house)
    shown = outcome_of(shut)
    house.answer("approve", shown["id"], "kim")
    house.wait_piece(shown["id"], "offered")
    house.run("resident", "remove", "kim", "--as", "kim", pins=[PIN])


def test_who_is_taken_out_counts_among_all_for_seven_days_or_until_they_agree(shut):
    house = shut.house
    house.write_rules({"approval": "ask_all"})
    house.reload()
    house.residents = ["alex"]
    accept(house, {"approval": "ask_all"})
    assert house.status()["rules"]["leaving"] == ["sam"]
    later(shut, 6 * DAY)
    wait_over(house)
    shown = outcome_of(shut)
    house.answer("approve", shown["id"])
    assert house.show(shown["id"])["waiting_for"] == ["sam"]
    later(shut, DAY)
    wait_for(lambda: not house.status()["rules"]["leaving"], 10, "the end of the week")
    house.wait_piece(shown["id"], "offered")
    # They come back, and agree to go.
    house.residents = ["alex", "sam"]
    house.write_rules({"approval": "ask_all"})
    house.reload()
    shown = outcome_of(shut)
    house.answer("approve", shown["id"])
    done = house.run("resident", "remove", "sam", "--as", "sam", pins=[PIN])
    assert f"All who are left had agreed to {shown['id']}" in done.stdout
    house.wait_piece(shown["id"], "offered")
    assert house.status()["rules"]["leaving"] == []
    house.run("resident", "add", "sam", "--as", "alex", pins=[PIN, PIN])


def change_key(world):
    other = world.house.folder / "keys/springfield_pd.jwk"
    other.write_text(Agency().jwk_text())
    return lambda: other.write_text(world.agency.jwk_text())


def change_url(world):
    old, new = world.camera.url, world.camera.url.replace("127.0.0.1", "localhost")
    world.house.edit("gateway.yaml", old, new)
    return lambda: world.house.edit("gateway.yaml", new, old)


@pytest.mark.parametrize("change", [change_key, change_url])
def test_what_is_named_by_the_rules_is_part_of_them(shut, change):
    """A key's bytes, a camera's source: as the file's own text."""
    house = shut.house
    house.write_rules({})
    house.reload()
    back = change(shut)
    assert house.call("policy.reload")["rules"]["earlier"] == 1
    if change is change_url:
        shown = outcome_of(shut)
        assert any("took its pictures from elsewhere" in why for why in shown["reasons"]), shown
    back()
    house.reload()
    assert not is_refused(shut)


def clock_text(seconds):
    return f"{int(seconds // 3600 % 24):02}:{int(seconds // 60 % 60):02}"


@pytest.mark.parametrize("looser", [
    {"cameras": {"front_door": {"clock_error": "0 seconds"}}},
    {"always": {"clip_at_most": "30 minutes"}},
    {"always": {"footage_no_older_than": "30 days"}},
], ids=["clock_error", "clip_at_most", "footage_no_older_than"])
def test_a_limit_that_is_widened_waits(shut, looser):
    house = shut.house
    stricter = {"cameras": {"front_door": {"clock_error": "30 minutes"}},
                "always": {"clip_at_most": "1 second"}}
    if "always" in looser and "footage_no_older_than" in looser["always"]:
        stricter["always"] = {"footage_no_older_than": "1 second"}
    key = next(iter(looser))
    now = shut.now()
    window = {}
    if key == "cameras":  # surely inside only by a clock that is not half an hour off
        window = {"footage_time": f"{clock_text(now - 600)} to {clock_text(now + 1200)}"}
    house.write_rules(window, **{key: stricter[key]})
    house.reload()
    assert is_refused(shut)
    assert accept(house, window, **looser) == 1
    assert is_refused(shut)
    house.apply_now()
    assert not is_refused(shut)


def test_a_polygon_of_before_is_drawn_too(shut, tmp_path):
    house = shut.house

    def zone(x):
        return {"yard": {"camera": "front_door",
                         "polygon": [[x, 0.5], [x + 0.1, 0.5], [x + 0.1, 0.9]]}}
    house.write_rules({"redact": ["yard"]}, zones=zone(0.8))
    house.reload()
    accept(house, {"redact": ["yard"]}, zones=zone(0.4))
    post = fresh_post(shut)
    now = shut.now()
    wait_for(lambda: shut.now() > now + 4, 10, "footage")
    request = post.submit(now, now + 2)
    offer = post.wait("offer", request=request)
    clip = Clip(tmp_path, post.fetch_all(offer), shut.ticket["jwk"])
    regions = json.loads(next(data for name, data in clip.members.items() if "regions" in name))
    assert [zone["name"] for zone in regions["zones"]] == ["yard", "yard"]
    post.close()


def test_the_time_zone_of_before_counts_too(shut):
    house = shut.house
    morning, evening = ({"footage_time": time} for time in ("00:00 to 12:00", "12:00 to 00:00"))
    house.write_rules(morning if shut.now() // 3600 % 24 >= 12 else evening)
    house.reload()
    assert is_refused(shut)
    text = house.rules_file.read_text()
    house.rules_file.write_text(text.replace('"Etc/UTC"', '"Pacific/Fiji"'))  # half a day away
    assert house.call("policy.reload")["rules"]["ok"]
    assert is_refused(shut)
    house.apply_now()
    assert not is_refused(shut)

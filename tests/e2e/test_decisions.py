"""The household's yes and no, from a signed request to frames on the officer's disk."""

import json
import re
import time

import pytest

from clips import Clip
from house import PIN, rfc3339, wait_for


@pytest.fixture(scope="module")
def world(new_world):
    # The clock starts shortly before a full minute: windows of the rules begin and end at those.
    return new_world(residents=("alex", "sam"), camera=("--gop", "10"), start_second=44)


@pytest.fixture(scope="module")
def post(world):
    return world.post()


def receive(world, post, request, folder, **offer_fields):
    offer = post.wait("offer", request=request, **offer_fields)
    clip = Clip(folder, post.fetch_all(offer), world.ticket["jwk"])
    post.done(offer)
    return clip


def test_automatic_release_gives_exactly_what_was_granted(world, post, tmp_path):
    world.rules({})
    begin, end = world.footage(6)
    request = post.submit(begin, end, want={"audio": False, "native": False, "certificate": False})
    post.wait_notice(request, "received")
    clip = receive(world, post, request, tmp_path)
    assert clip.check_frames() == pytest.approx((begin, end), abs=1e-5)
    # Exact: nothing of the granted interval is missing at either end, but for less than a frame.
    assert clip.times[0] - begin < 0.2 and end - clip.times[-1] < 0.2
    assert clip.manifest["request"] == request and clip.manifest["clock"]["trust"] == "assumed"
    shown = world.house.wait_piece(request, "delivered")
    assert shown["phase"] == "ended" and shown["outcome"] == "delivered", shown
    # What was given is told as it was, whatever the rules say by now.
    world.rules({"redact": ["moving"], "approval": "ask_all"})
    [piece] = world.house.show(request)["pieces"]
    assert (piece["redact"], piece["rules"], piece["reasons"]) == (["audio"], [], [])


def test_the_place_in_the_ledger_does_not_count_other_requests(world, post):
    """What another release shows must not tell how requests in between were judged."""
    world.rules({})

    def place_of_a_release():
        request = post.submit(*world.footage(2),
                              want={"audio": False, "native": False, "certificate": False})
        offer = post.wait("offer", request=request)
        post.fetch_all(offer)
        post.done(offer)
        world.house.wait_piece(request, "delivered")
        return int(re.search(r"^index (\d+)$", offer["proof"], re.M)[1])

    places = [place_of_a_release(), place_of_a_release()]
    for _ in range(3):
        refused = post.submit(*world.footage(2), purpose="no_such_purpose")
        world.house.wait_phase(refused, "ended")
    nothing = post.submit(world.since - 4000, world.since - 3990)
    world.house.wait_phase(nothing, "ended")
    places.append(place_of_a_release())
    assert all(place % 64 == 0 for place in places), places
    assert places[2] - places[1] == places[1] - places[0], places


def receive_all(world, post, request, folder):
    """Every part of a request's only piece."""
    world.house.wait_piece(request, "offered")
    post.take(2)
    offers = [m for m in post.messages if m["cmd"] == "offer" and m["request"] == request]
    clips = [Clip(folder / str(offer["part"]), post.fetch_all(offer), world.ticket["jwk"])
             for offer in offers]
    for offer in offers:
        post.done(offer)
    return clips


def test_native_footage_stays_inside_and_its_head_comes_exactly(world, post, tmp_path):
    world.rules({})
    begin, end = world.footage(6)
    clips = receive_all(world, post, post.submit(begin, end), tmp_path / "first")
    native = next(clip for clip in clips if not clip.manifest["redaction"]["reencoded"])
    idr = native.times[0]
    # An IDR comes once a second: this request begins between two of them.
    request = post.submit(idr + 0.35, end)
    clips = receive_all(world, post, request, tmp_path / "second")
    assert world.house.wait_phase(request, "ended")["outcome"] == "delivered"
    assert [clip.manifest["redaction"]["reencoded"] for clip in clips] == [True, False]
    for clip in clips:
        clip.check_frames()
    numbers = [cell.frame for clip in clips for cell in clip.cells]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert clips[0].times[0] - (idr + 0.35) < 0.2


def test_a_window_edge_trims_to_the_frame(world, post, tmp_path):
    """The rule's window ends at a full minute that is inside the footage asked for."""
    edge = (int(world.since) // 60 + 1) * 60
    begin, end = edge - 4, edge + 4
    wait_for(lambda: world.now() >= end + 2, 90, "the minute")
    window = "00:00 to " + time.strftime("%H:%M", time.gmtime(edge))
    world.rules({"footage_time": window})
    request = post.submit(begin, end, want={"audio": False, "native": False, "certificate": False})
    clip = receive(world, post, request, tmp_path)
    clip.check_frames()
    assert clip.span("asked") == pytest.approx((begin, end), abs=1e-5)
    assert clip.span("granted") == pytest.approx((begin, edge), abs=1e-5)
    assert edge - 0.2 < clip.times[-1] < edge
    assert world.house.show(request)["outcome"] == "delivered"


def test_asked_and_approved(world, post, tmp_path):
    world.rules({"approval": "ask_one"})
    request = post.submit(*world.footage(4))
    post.wait_notice(request, "received")
    shown = world.house.wait_phase(request, "asking")
    assert shown["waiting_for"] == ["alex", "sam"] and shown["pieces"][0]["state"] == "waiting"
    assert shown["pieces"][0]["redact"] == ["audio"]  # that would be made of it
    assert post.silent(), "something left before a resident said yes"
    # While nothing is judged, nobody can say what would be hidden.
    world.house.run("pause", "--as", "sam", pins=[PIN])
    assert "paused" in world.house.show(request)["pieces"][0]["not_judged"]
    assert "not known now: sharing is paused" in world.house.run("request", "show", request).stdout
    world.house.run("resume", "--as", "sam", pins=[PIN])
    assert "not_judged" not in world.house.show(request)["pieces"][0]
    wrong = world.house.run("request", "approve", request, "--as", "alex", pins=["000000"],
                            check=False)
    assert wrong.returncode == 3 and "latchstring: error:" in wrong.stderr
    assert world.house.show(request)["phase"] == "asking"
    world.house.answer("approve", request, "sam")
    receive(world, post, request, tmp_path).check_frames()


def test_while_sharing_is_paused_residents_are_told_what_to_do(world, post, tmp_path):
    """Of a yes that is given meanwhile, and of a request that arrives."""
    world.rules({"approval": "ask_one"})
    footage = world.footage(4)
    asked = post.submit(*footage)
    world.house.wait_phase(asked, "asking")
    world.house.run("pause", "--as", "sam", pins=[PIN])
    why = "sharing is paused; `latchstring resume` lets your rules decide again"
    said = world.house.answer("approve", asked, "alex").stdout
    assert re.search(rf"^on hold +{re.escape(why)}$", said, re.M), said
    assert world.house.show(asked)["waiting_for"] == [], "only the pause is in the way"
    assert world.house.status()["questions"] == 0
    arrived = post.submit(*footage)
    post.wait_notice(arrived, "received")
    shown = world.house.wait_phase(arrived, "received")
    assert shown["blocked"] == why
    assert why in world.house.run("request", "show", arrived).stdout
    log = world.house.log_tail()
    assert f"request {asked}: alex said yes, and nothing is released for now: {why}" in log
    assert f"request {arrived}: waits, and nobody is asked: {why}" in log
    # Each who paused has to resume.
    world.house.run("pause", "--as", "alex", pins=[PIN])
    assert "paused by sam, alex" in world.house.run("status").stdout
    said = world.house.run("resume", "--as", "sam", pins=[PIN]).stdout
    assert "still paused by alex" in said, said
    assert world.house.status()["sharing"] == {"state": "paused", "paused_by": ["alex"]}
    assert "The rules decide again" in world.house.run("resume", "--as", "alex", pins=[PIN]).stdout
    receive(world, post, asked, tmp_path).check_frames()
    assert "blocked" not in world.house.wait_phase(arrived, "asking")
    world.house.answer("refuse", arrived)


def test_of_an_offer_taken_back_at_once_nothing_left(world, post):
    world.rules({})
    request = post.submit(*world.footage(4))
    world.house.wait_piece(request, "offered")
    assert "  clip      on offer as clip 1\n" in world.house.run("request", "show", request).stdout
    said = world.house.answer("revoke", request).stdout
    assert ": revoked, nothing of it was sent clip" in " ".join(said.split()), said
    assert "  clip      was on offer as clip 1\n" in said, said
    assert " sent (" not in said, said


def test_where_nothing_finds_faces_residents_and_receiver_are_told(world, post, tmp_path):
    finds_none = "nothing finds faces yet: a clip that must hide them "
    for unsure, words in (("fill", "has its whole picture filled"), ("refuse", "is refused")):
        world.rules({"approval": "ask_one", "redact": ["faces"]}, always={"if_unsure": unsure})
        request = post.submit(*world.footage(4))
        [piece] = world.house.wait_phase(request, "asking")["pieces"]
        assert piece["model_missing"].startswith(finds_none + words)
        assert finds_none + words in world.house.run("request", "show", request).stdout
        assert any(said.startswith(finds_none + words) for said in
                   world.house.status()["warnings"])
        world.house.answer("approve", request, "sam")
        if unsure == "refuse":
            world.house.wait_piece(request, "failed")
            assert not post.find("offer", request=request)
            continue
        clip = receive(world, post, request, tmp_path)
        assert clip.note("no model that finds faces is installed")
        assert set(clip.cells) == {None}, "something of the picture can be read"
        [regions] = [text for name, text in clip.members.items() if name.startswith("regions")]
        assert b"model_missing" in regions
    world.rules({})
    assert not any("nothing finds" in said for said in world.house.status()["warnings"])


def test_asked_and_refused_tells_nothing_and_gives_nothing(world, post):
    world.rules({"approval": "ask_one"})
    request = post.submit(*world.footage(4))
    world.house.wait_phase(request, "asking")
    post.wait_notice(request, "received")
    assert post.silent(1)
    world.house.answer("refuse", request)
    shown = world.house.show(request)
    assert shown["phase"] == "ended" and shown["pieces"][0]["state"] == "refused"
    assert post.silent(), "a refusal could be seen"
    # What has ended cannot be approved.
    late = world.house.run("request", "approve", request, "--as", "sam", pins=[PIN], check=False)
    assert late.returncode == 1, late.stderr
    assert post.silent(2)


def test_one_no_beats_an_earlier_yes(world, post):
    world.rules({"approval": "ask_all"})
    request = post.submit(*world.footage(4))
    world.house.wait_phase(request, "asking")
    world.house.answer("approve", request, "alex")
    shown = world.house.show(request)
    assert shown["phase"] == "asking" and shown["waiting_for"] == ["sam"]
    world.house.answer("refuse", request, "sam")
    assert world.house.show(request)["pieces"][0]["state"] == "refused"
    assert post.notices(request)[0][0]["state"] == "received"
    assert post.silent() and not post.find("offer", request=request)


def test_all_must_agree_and_then_it_is_given(world, post, tmp_path):
    world.rules({"approval": "ask_all"})
    request = post.submit(*world.footage(4))
    world.house.wait_phase(request, "asking")
    for resident in ("sam", "alex"):
        assert not post.find("offer", request=request)
        world.house.answer("approve", request, resident)
    receive(world, post, request, tmp_path).check_frames()


@pytest.mark.parametrize("changes", [
    {"purpose": "noise"}, {"basis": "emergency"}, {"basis": "warrant"}, {"case": None},
    {"camera": "garden"}, {"basis": "preservation"}])
def test_outside_the_rules_nothing_leaves(world, post, changes):
    world.rules({})
    request = post.submit(*world.footage(4), **changes)
    post.wait_notice(request, "received")
    shown = world.house.wait_phase(request, "ended")
    assert shown["outcome"] == "refused", shown
    assert post.silent(2)
    assert [n[0]["state"] for n in post.notices(request)] == ["received"]
    assert not list((world.house.folder / "state/outbox").glob(f"{request}-*"))


def test_never_beats_allow(world, post):
    world.rules({}, never=[{"name": "not_this", "camera": "front_door", "purpose": "burglary"}])
    request = post.submit(*world.footage(4))
    post.wait_notice(request, "received")
    world.house.wait_phase(request, "ended", 10)
    assert post.silent(2) and world.house.show(request)["outcome"] == "refused"


def test_a_refusal_is_told_only_where_the_rules_say_so(world, post):
    world.rules({"approval": "ask_one"}, always={"when_refused_say": "reason"})
    request = post.submit(*world.footage(4))
    world.house.wait_phase(request, "asking")
    world.house.answer("refuse", request)
    post.wait_notice(request, "refused")
    assert [n[0]["state"] for n in post.notices(request)] == ["received", "pending", "refused"]
    world.rules({})


def place(latitude, longitude, radius):
    return {"latitude_e6": latitude, "longitude_e6": longitude, "radius_m": radius}


def test_a_request_about_a_place_is_judged_where_the_house_stands_in_it(world, post, tmp_path):
    """Elsewhere it looks as any refusal does, also where the household says why."""
    listens = {"area_requests": {"listen": "YES", "within": "400 metres"},
               "when_refused_say": "reason"}

    def rules(always):
        world.house.write_rules({}, always=always)
        text = world.house.rules_file.read_text()
        world.house.rules_file.write_text(text.replace('"YES"', "yes"))
        world.house.reload()

    def ask(*area):
        begin, end = world.footage(4)
        scope = {"from": rfc3339(begin), "to": rfc3339(end)}
        return post.submit(begin, end, scope=scope, location=place(*area),
                           want={"audio": False, "native": False, "certificate": False})

    def refused(request):
        post.wait_notice(request, "received")
        assert world.house.wait_phase(request, "ended")["outcome"] == "refused"

    world.house.edit("gateway.yaml", "gateway:\n", "gateway:\n  location: [39.924, -83.809]\n")
    rules({})
    deaf = ask(39_924_000, -83_809_000, 1000)
    refused(deaf)
    rules(listens)
    far = ask(39_928_000, -83_809_000, 1000)  # 445 m
    refused(far)
    small = ask(39_926_000, -83_809_000, 200)  # 222 m
    refused(small)
    near = ask(39_926_000, -83_809_000, 300)
    receive(world, post, near, tmp_path).check_frames()
    assert world.house.show(near)["area"] == "39.926000,-83.809000,300"
    # The house has moved, says the file: for a day it must lie in the place by both.
    world.house.edit("gateway.yaml", "[39.924, -83.809]", "[39.930, -83.809]")
    assert world.house.call("policy.reload")["rules"]["earlier"] == 1
    moved = ask(39_930_000, -83_809_000, 1000)
    refused(moved)
    refused(ask(39_924_000, -83_809_000, 1000))
    receive(world, post, ask(39_927_000, -83_809_000, 400), tmp_path / "both")
    for request in (deaf, far, small, near, moved):
        assert [n[0]["state"] for n in post.notices(request)] == ["received"], request
    rules({})


def test_the_log_tells_it_all_and_holds_together(world):
    checked = world.house.run("log", "verify")
    assert checked.returncode == 0
    events = {json.loads(entry["leaf"])["event"] for entry in
              world.house.ask("log", "show", "--count", "200")["entries"]}
    assert {"request", "decision", "approval"} <= events, events

"""Cameras as they are: frozen, with clocks that jump, refusing, changed while the daemon runs; with
sound and without."""

import json
import re
import signal
import subprocess

import pytest

from clips import Clip
from house import Camera, wait_for


@pytest.fixture(scope="module")
def world(new_world):
    return new_world(camera=("--gop", "10", "--audio", "aac"), audio=True)


def camera(world, name="front_door"):
    return next((c for c in world.house.ask("camera", "list")["cameras"] if c["camera"] == name),
                None)


def offers(world, post, begin, end):
    """Of all parts of what is given, encoded anew."""
    request = post.submit(begin, end, want={"audio": False, "native": False, "certificate": False})
    world.house.wait_piece(request, "offered", 60)
    post.wait("offer", 20, request=request)
    post.take(2)  # the others
    return [m for m in post.messages if m["cmd"] == "offer" and m["request"] == request]


def spans(world, post, folder, found):
    clips = [Clip(folder / str(offer["part"]), post.fetch_all(offer), world.ticket["jwk"])
             for offer in found]
    for clip in clips:
        clip.check_frames(edges=False)  # gaps are what these tests make
    # But nothing is missing at the ends of the whole.
    clips.sort(key=lambda clip: clip.times[0])
    granted = clips[0].span("granted")
    assert clips[0].times[0] - granted[0] < 0.2 and granted[1] - clips[-1].times[-1] < 0.2
    return sorted(clip.span("given") for clip in clips)


def test_frozen_then_back(world, tmp_path):
    """Its connection stands and nothing comes: our own watchdog sees it, and says so."""
    post = world.post()
    begin = int(world.now()) + 1
    wait_for(lambda: world.now() > begin + 3, 10, "footage before")
    world.camera.tell("freeze")
    down = wait_for(lambda: (c := camera(world))["state"] != "recording" and c, 30, "it is seen")
    assert "nothing" in down["fault"] or "no " in down["fault"], down
    status = world.house.run("status").stdout
    assert "front_door" in status and down["fault"][:20] in status, status
    world.camera.tell("thaw")
    world.house.wait_recording(seconds=60)
    end = int(world.now()) + 4
    wait_for(lambda: world.now() > end + 2, 10, "footage after")
    found = spans(world, post, tmp_path, offers(world, post, begin, end))
    assert begin <= found[0][0] and found[-1][1] <= end
    gaps = [after[0] - before[1] for before, after in zip(found, found[1:])]
    assert gaps and max(gaps) > 3, found  # the gap is no footage, and no clip


def test_a_jump_of_the_cameras_clock_moves_no_frame(world, tmp_path):
    post = world.post()
    begin = int(world.now()) + 1
    wait_for(lambda: world.now() > begin + 3, 10, "footage before")
    world.camera.tell("jump 3600")
    wait_for(lambda: world.now() > begin + 8, 15, "footage after")
    end = int(world.now()) - 1
    given = spans(world, post, tmp_path, offers(world, post, begin, end))
    assert begin <= given[0][0] and given[-1][1] <= end
    assert sum(to - start for start, to in given) > 4, given


def audio_of(clip):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries",
                          "stream=codec_name", "-of", "json", str(clip)],
                         capture_output=True, text=True, check=True).stdout
    return [stream["codec_name"] for stream in json.loads(out)["streams"]]


@pytest.mark.parametrize("redact, want, expected", [("none", True, ["aac"]), ("none", False, []),
                                                    (["audio"], True, [])])
def test_sound_only_where_rule_and_request_have_it(world, tmp_path, redact, want, expected):
    post = world.post()
    world.rules({"redact": redact})
    begin, end = world.footage(3)
    request = post.submit(begin, end, want={"audio": want, "native": False, "certificate": False})
    world.house.wait_piece(request, "offered", 60)
    clip = Clip(tmp_path, post.fetch_all(post.wait("offer", 20, request=request)),
                world.ticket["jwk"])
    assert audio_of(clip.path) == expected
    world.rules({})


def test_cameras_come_change_and_go_on_reload(world, bin_folder, tmp_path):
    second = Camera(bin_folder, tmp_path, "--gop", "10")
    try:
        reload = lambda: world.house.daemon.popen.send_signal(signal.SIGHUP)  # noqa: E731
        before = world.house.config.read_text()
        first = camera(world)
        world.house.run("camera", "add", "garden", "--url", second.url, "--sharing", "never")
        reload()
        world.house.wait_recording("garden")
        assert camera(world)["since"] == first["since"]  # the others go on undisturbed
        wrong = second.url.rsplit("/", 1)[0] + "/nothing-here"
        world.house.edit("gateway.yaml", second.url, wrong)
        reload()
        down = wait_for(lambda: (c := camera(world, "garden"))["state"] != "recording" and
                        c.get("fault") and c, 30, "the wrong address is seen")
        assert "404" in down["fault"] or "not" in down["fault"].lower(), down
        world.house.config.write_text(before)
        reload()
        wait_for(lambda: camera(world, "garden") is None, 30, "it is gone")
        assert camera(world)["state"] == "recording"
        log = world.house.ask("log", "show")
        assert "camera" in json.dumps(log)
    finally:
        second.end()


def test_sound_that_is_not_recorded_is_named_too(world, bin_folder, tmp_path):
    assert world.house.ask("camera", "test", "front_door")["audio_recorded"] is True
    sounding = Camera(bin_folder, tmp_path, "--gop", "10", "--audio", "aac")
    before = world.house.config.read_text()
    try:
        world.house.run("camera", "add", "attic", "--url", sounding.url, "--sharing", "never")
        assert "\nsound: mp4a.40.2, not recorded\n" in world.house.run("camera", "test",
                                                                       "attic").stdout
        assert camera(world, "attic")["audio"] is False
    finally:
        world.house.config.write_text(before)
        sounding.end()


def test_a_broken_configuration_on_reload_changes_nothing(world):
    before = world.house.config.read_text()
    since = camera(world)["since"]
    world.house.config.write_text(before.replace("cameras:", "camras:"))
    world.house.daemon.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: 'did you mean "cameras"' in world.house.log_tail(), 10, "what is wrong")
    assert camera(world)["since"] == since and camera(world)["state"] == "recording"
    world.house.config.write_text(before)


def test_what_needs_a_restart_is_named_on_reload(world):
    before = world.house.config.read_text()
    world.house.edit("gateway.yaml", "clock: assumed", "clock: kernel")
    world.house.edit("gateway.yaml", "level: info", "level: debug")
    try:
        assert world.house.call("policy.reload")["config"] == {
            "ok": True, "restart": ["gateway.clock", "log.level"]}
        assert ("changed in gateway.yaml, and in force only after a restart: gateway.clock, "
                "log.level") in world.house.log_tail()
    finally:
        world.house.config.write_text(before)
    assert world.house.call("policy.reload")["config"]["restart"] == []


def test_a_snapshot_says_its_time_by_the_clock_of_the_house(world, tmp_path):
    world.house.edit("house-rules.yaml", '"Etc/UTC"', '"America/Chicago"')

    def take():
        done = world.house.run("camera", "snapshot", "front_door", "--out", tmp_path / "a.png",
                               check=False)
        return done.stdout if done.returncode == 0 else None
    said = wait_for(take, 100, "a whole segment")
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d C[DS]T"
    assert re.search(rf"front_door, as it was at {when}\n", said), said
    world.rules({})


def test_with_broken_rules_no_camera_is_called_unlisted(world):
    world.house.rules_file.write_text("policy_version: 1\n")
    assert world.house.call("policy.reload")["rules"]["ok"] is False
    assert "in_rules" not in camera(world)
    said = world.house.run("camera", "list").stdout
    assert "the rules are broken: nothing is shared" in said and "not in the rules" not in said
    world.rules({})
    assert camera(world)["in_rules"] is True


def test_the_test_camera_names_the_commands_it_takes(bin_folder, tmp_path):
    helped = subprocess.run([bin_folder / "latchstring-test-camera", "--help"], check=True,
                            capture_output=True, text=True).stdout
    assert "Examples:\n  latchstring-test-camera --port 8554" in helped
    named = re.findall(r"^  ([a-z]+(?:, [a-z]+)*)(?: [A-Z]+)?   ", helped, re.M)
    commands = [word for line in named for word in line.split(", ") if word != "quit"]
    assert {"drop", "freeze", "thaw", "jump", "refuse", "accept", "password"} <= set(commands)
    tried = Camera(bin_folder, tmp_path)
    for command in commands:
        tried.tell(f"{command} 1")
    tried.process.popen.stdin.write(b"dorp\n")
    tried.process.popen.stdin.flush()
    wait_for(lambda: "unknown dorp" in tried.process.words(), 10, "a command that is none")
    tried.end()


def test_login_refused_is_said_in_words(world, bin_folder, tmp_path):
    guarded = Camera(bin_folder, tmp_path, "--gop", "10", "--auth", "digest", "--user", "viewer",
                     "--password", "right-one")
    try:
        world.house.run("camera", "add", "porch", "--url", guarded.url, "--sharing", "never",
                        "--user", "viewer", secrets={"--password-fd": ["wrong-one"]})
        credential = world.house.folder / "state/credentials/porch"
        assert credential.read_text().strip() == "wrong-one"
        assert credential.stat().st_mode & 0o77 == 0
        world.house.daemon.popen.send_signal(signal.SIGHUP)
        down = wait_for(lambda: (c := camera(world, "porch")) and c.get("fault") and c, 30,
                        "the refused login")
        assert "login" in down["fault"] or "password" in down["fault"], down
        assert "wrong-one" not in world.house.log_tail(400)
        credential.chmod(0o644)
        wait_for(lambda: f"others may read the credential `porch`: chmod 600 `{credential}`" in
                 camera(world, "porch").get("fault", ""), 100, "who else may read it")
        credential.unlink()
        tested = world.house.run("camera", "test", "porch", check=False)
        assert tested.returncode == 1
        assert f"there is no credential `porch`: write it to `{credential}`" in tested.stderr
        credential.touch(0o600)
        credential.write_text("right-one")
        world.house.daemon.popen.send_signal(signal.SIGHUP)
        world.house.wait_recording("porch", 60)
    finally:
        guarded.end()

"""`latchstring` as a household types it, without a daemon."""

import json
import os
import re
import shlex
import stat
import subprocess

import pytest

NAMED = ("--name", "Maple \"Street\"", "--timezone", "America/Chicago", "--resident", "alex")
KEY = '{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}\n'


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def commands_of(household, *words):
    text = household.run(*words, "--help", house=False).stdout
    part = text.split("Subcommands:")
    return re.findall(r"^  ([a-z]+)  ", part[1], re.M) if len(part) > 1 else []


def test_a_reader_that_has_seen_enough_is_no_error(household):
    started = subprocess.Popen([household.program, "policy", "schema"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    started.stdout.close()
    assert started.stderr.read() == ""
    assert started.wait(timeout=60) == 1


@pytest.mark.parametrize("words", [["policy", "check"], ["policy", "schema"], ["--help"],
                                   ["--version"]])
def test_what_could_not_be_written_is_not_done(household, words):
    assert household.init(*NAMED).returncode == 0
    with open("/dev/full", "wb") as full:
        done = subprocess.run([household.program, "--house", household.folder, *words], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "error: cannot write to the standard output: " in done.stderr


def test_how_the_house_is_found(household, tmp_path):
    assert household.init("--demo").returncode == 0
    check = ("policy", "check")
    assert household.run(*check, house=False, cwd=household.folder).returncode == 0
    env = {"LATCHSTRING_HOUSE": str(household.folder)}
    assert household.run(*check, house=False, cwd=tmp_path, env=env).returncode == 0
    lost = household.run(*check, house=False, cwd=tmp_path)
    assert lost.returncode == 1
    assert "there is no house in `/etc/latchstring`" in lost.stderr
    # The option stands for more than the variable.
    other = {"LATCHSTRING_HOUSE": "/nowhere"}
    assert household.run(*check, cwd=tmp_path, env=other).returncode == 0


def test_without_a_daemon_commands_say_so(household):
    assert household.init("--demo").returncode == 0
    for command in (("status",), ("camera", "list"), ("request", "list", "--json"), ("log", "show"),
                    ("archive", "check")):
        done = household.run(*command)
        assert done.returncode == 1 and done.stdout == ""
        assert "latchstring: error: no daemon answers" in done.stderr
        assert "latchstring: hint: is latchstringd running?" in done.stderr


def test_camera_add_writes_one_line_and_no_password(household):
    assert household.init("--demo").returncode == 0
    file = household.folder / "gateway.yaml"
    before = file.read_text()
    done = household.run("camera", "add", "front_door", "--url", "rtsp://192.168.30.11/stream1",
                         "--user", "viewer", "--label", "street side", "--sharing", "by_rule",
                         secrets=("s3cret",), fd_option="--password-fd")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == before.replace(
        "cameras: {}", 'cameras:\n  front_door: {url: "rtsp://192.168.30.11/stream1", '
        'user: "viewer", password_credential: front_door, label: "street side"}')
    secret = household.folder / "state/credentials/front_door"
    assert secret.read_text() == "s3cret\n" and mode(secret) == 0o600
    rules = (household.folder / "house-rules.yaml").read_text()
    assert "\ncameras:\n  front_door: {sharing: by_rule}\n" in rules
    assert household.run("policy", "check").returncode == 0

    again = household.run("camera", "add", "front_door", "--url", "rtsp://192.168.30.12/s")
    assert again.returncode == 1 and "--replace" in again.stderr


def test_each_camera_stands_on_a_line_of_its_own(household):
    assert household.init("--demo").returncode == 0
    for name in ("front_door", "garden", "drive"):
        done = household.run("camera", "add", name, "--url", f"rtsp://192.168.30.11/{name}",
                             "--sharing", "never")
        assert done.returncode == 0, done.stderr
        assert "In the rules file: sharing never." in done.stdout
    lines = [f'  {name}: {{url: "rtsp://192.168.30.11/{name}"}}\n'
             for name in ("front_door", "garden", "drive")]
    assert "\ncameras:\n" + "".join(lines) in (household.folder / "gateway.yaml").read_text()
    rules = (household.folder / "house-rules.yaml").read_text()
    assert "\ncameras:\n  front_door: {sharing: never}\n  garden: {sharing: never}\n" in rules


def test_a_replaced_camera_keeps_what_is_not_given(household):
    assert household.init("--demo").returncode == 0
    file = household.folder / "gateway.yaml"
    rules = household.folder / "house-rules.yaml"
    secret = household.folder / "state/credentials/front_door"

    def add(*arguments, **more):
        return household.run("camera", "add", "front_door", *arguments, **more)

    def line():
        return re.search(r"^  front_door: (.*)$", file.read_text(), re.M)[1]

    assert add("--url", "rtsp://192.168.30.11/s", "--user", "viewer", "--audio", "--label",
               "street side", "--sharing", "by_rule", secrets=("s3cret",),
               fd_option="--password-fd").returncode == 0
    file.write_text(file.read_text().replace('"street side"}', '"street side"}  # ours'))
    before, shared = line(), rules.read_text()
    done = add("--url", "rtsp://192.168.30.12/s", "--replace")
    assert done.returncode == 0, done.stderr
    assert line() == before.replace("30.11", "30.12") and secret.read_text() == "s3cret\n"
    assert ('Kept as it was: the user viewer and its password, its sound, the label "street side".'
            in done.stdout)
    assert "In the rules file: sharing by_rule." in done.stdout
    assert "No rule can share it" not in done.stdout
    # The same word again is no fault; another one is for the household to write.
    assert add("--replace", "--sharing", "by_rule").returncode == 0
    done = add("--replace", "--sharing", "never")
    assert done.returncode == 1 and "as by_rule: write never there yourself" in done.stderr
    assert rules.read_text() == shared
    # Only the password, then nothing but the address.
    assert add("--replace", secrets=("n3w",), fd_option="--password-fd").returncode == 0
    assert secret.read_text() == "n3w\n" and line() == before.replace("30.11", "30.12")
    done = add("--replace", "--user", "", "--no-audio", "--label", "")
    assert done.returncode == 0, done.stderr
    assert line() == '{url: "rtsp://192.168.30.12/s"}  # ours'
    assert "Kept as it was: the address rtsp://192.168.30.12/s." in done.stdout
    assert not secret.exists(), "a password that nothing uses stayed"


@pytest.mark.parametrize("breaks", [lambda file: file.write_text("cameras: ["),
                                    lambda file: file.unlink()])
def test_a_camera_is_not_called_unlisted_where_the_rules_are_broken(household, breaks):
    assert household.init("--demo").returncode == 0
    rules = household.folder / "house-rules.yaml"
    breaks(rules)
    done = household.run("camera", "add", "front_door", "--url", "rtsp://192.168.30.11/s")
    assert done.returncode == 0, done.stderr
    assert f"The rules file {rules} is broken: nothing is shared." in done.stdout
    assert "No rule can share it" not in done.stdout


def test_a_fault_that_the_rules_had_before_is_told_by_their_own_lines(household):
    assert household.init("--demo").returncode == 0
    rules = household.folder / "house-rules.yaml"
    before = rules.read_text() + "shares: []\n"
    rules.write_text(before)
    done = household.run("camera", "add", "front_door", "--url", "rtsp://192.168.30.11/s",
                         "--sharing", "by_rule")
    assert done.returncode == 1
    assert f"house-rules.yaml:{len(before.splitlines())}:1: " in done.stderr, done.stderr
    assert rules.read_text() == before


def test_a_camera_that_is_not_there_cannot_be_replaced_without_an_address(household):
    assert household.init("--demo").returncode == 0
    done = household.run("camera", "add", "front_door", "--replace")
    assert done.returncode == 1 and "give its --url" in done.stderr
    assert "cameras: {}" in (household.folder / "gateway.yaml").read_text()


@pytest.mark.parametrize("url", ["http://192.168.30.11/", "rtsp://me:pw@192.168.30.11/", "rtsp://",
                                 "rtsp://a\"b/", "rtsp://a b/"])
def test_a_wrong_camera_changes_no_file(household, url):
    assert household.init("--demo").returncode == 0
    file = household.folder / "gateway.yaml"
    before = file.read_text()
    done = household.run("camera", "add", "front_door", "--url", url)
    assert done.returncode == 1
    assert re.search(r"gateway\.yaml:\d+:\d+: ", done.stderr)
    assert file.read_text() == before


def test_a_broken_configuration_is_told_with_its_place(household):
    assert household.init("--demo").returncode == 0
    file = household.folder / "gateway.yaml"
    file.write_text(file.read_text().replace("redaction:", "redactoin:"))
    done = household.run("camera", "add", "garden", "--url", "rtsp://192.168.30.12/s")
    assert done.returncode == 1
    assert re.search(r'gateway\.yaml:\d+:1: I don\'t know "redactoin"', done.stderr)
    assert 'did you mean "redaction"?' in done.stderr


def test_agency_add_without_a_daemon_writes_nothing(household, tmp_path):
    assert household.init("--demo").returncode == 0
    key = tmp_path / "pd.jwk"
    key.write_text(KEY)
    rules = (household.folder / "house-rules.yaml").read_text()
    done = household.run("agency", "add", "springfield_pd", key, "--ticket", tmp_path / "t")
    assert done.returncode == 1
    assert "start latchstringd first" in done.stderr
    assert (household.folder / "house-rules.yaml").read_text() == rules
    assert list((household.folder / "keys").iterdir()) == []
    assert not (tmp_path / "t").exists()


def test_a_key_is_shown_as_its_agency_reads_it_out(household, tmp_path):
    made = subprocess.run([household.program.parent / "latchstring-request", "agency", "init",
                           "--name", "Springfield Police", "--dir", tmp_path / "agency"],
                          capture_output=True, text=True, check=True).stdout
    spoken = re.search(r"read aloud: (.+)$", made, re.M)[1]
    key = tmp_path / "agency/agency.jwk"
    done = household.run("agency", "show", key, house=False)  # no house is needed
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"by voice: {spoken}\n")
    told = json.loads(household.run("agency", "show", key, "--json", house=False).stdout)
    assert told == {"spoken": spoken, "thumbprint": spoken.replace(" ", "")}

    assert household.init("--demo").returncode == 0
    (household.folder / "keys/pd.jwk").write_text(key.read_text())
    rules = household.folder / "house-rules.yaml"
    rules.write_text(rules.read_text().replace(
        "agencies: {}", "agencies: {springfield_pd: {name: Police, key_file: keys/pd.jwk}}"))
    assert spoken in household.run("agency", "show", "springfield_pd").stdout
    gone = household.run("agency", "show", "river_pd")
    assert gone.returncode == 1 and "no such agency" in gone.stderr
    broken = tmp_path / "broken.jwk"
    broken.write_text('{"kty":"OKP","crv":"Ed25519","x":"AA"}')
    done = household.run("agency", "show", broken)
    assert done.returncode == 1 and "broken.jwk" in done.stderr and done.stdout == ""


NIGHTS = """\
policy_version: 1
household: {name: x, timezone: America/Chicago, residents: [alex], rules_end_on: 2099-01-01}
agencies: {pd: {name: "Police", key_file: keys/pd.jwk}}
cameras: {front_door: {sharing: by_rule, clock_error: 0 seconds}}
allow:
  - {name: nights, who: pd, camera: front_door, basis: consent, purpose: burglary,
     footage_days: every_day, footage_time: "22:00 to 06:00", approval: ask_one, redact: none}
"""


def test_policy_commands_work_on_a_file_alone(household, tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/pd.jwk").write_text(KEY)
    rules = tmp_path / "rules.yaml"
    rules.write_text(NIGHTS + """\
tests:
  - {name: at_noon, who: pd, camera: front_door, basis: consent, purpose: burglary,
     footage: "2026-05-04 12:00 to 12:10", expect: refuse}
""")
    question = ("policy", "explain", rules, "--who", "pd", "--camera", "front_door", "--basis",
                "consent", "--purpose", "burglary", "--footage",
                "2026-05-04T22:00:00-05:00 to 2026-05-04T22:10:00-05:00")
    done = household.run(*question, "--json", house=False)
    assert done.returncode == 0, done.stderr
    assert '"decision":"ask_one"' in done.stdout.replace('": "', '":"')
    assert household.run("policy", "test", rules, house=False).returncode == 0
    rules.write_text(rules.read_text().replace("expect: refuse", "expect: automatic"))
    assert household.run("policy", "test", rules, house=False).returncode == 1
    broken = household.run("policy", "check", rules, house=False)
    assert broken.returncode == 1
    assert "rules.yaml:9:" in broken.stdout + broken.stderr


def test_diff_and_simulate_say_what_other_rules_and_other_words_give(household, tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/pd.jwk").write_text(KEY)
    old = tmp_path / "old.yaml"
    old.write_text(NIGHTS)
    new = tmp_path / "new.yaml"
    new.write_text(old.read_text().replace("22:00", "21:00"))
    now = ("--now", "2026-05-18T12:00:00-05:00")
    same = household.run("policy", "diff", old, old, *now, house=False)
    assert (same.returncode, same.stdout) == (0, "nothing changes\n")
    looser = household.run("policy", "diff", old, new, *now, house=False)
    assert looser.returncode == 3
    assert ("  pd / front_door / consent / burglary: every day 21:00 to 22:00: refused -> one "
            "resident must agree within 2 days; nothing hidden\n") in looser.stdout
    assert household.run("policy", "diff", new, old, *now, house=False).returncode == 0
    # The question that it names is answered differently, word for word.
    words = shlex.split(re.search(r"ask: latchstring (.*)", looser.stdout).group(1))
    assert words[2] == str(new)
    assert "decision: ask_one" in household.run(*words, house=False).stdout
    words[2] = str(old)
    assert "decision: refuse" in household.run(*words, house=False).stdout
    assert household.run("policy", "diff", old, tmp_path / "none", house=False).returncode == 1
    assert household.run("policy", "diff", old, house=False).returncode == 2
    assert household.run("policy", "diff", old, new, "--now", "soon", house=False).returncode == 2

    page = tmp_path / "week.html"
    simulate = ("policy", "simulate", new, "--who", "pd", *now)
    done = household.run(*simulate, "--html", page, house=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('By writing "burglary" Police gets most: 63 hours a week of '
                                  "front_door, if one resident agrees (basis consent).\n")
    assert page.read_text().startswith("<!doctype html>")
    past = tmp_path / "past.json"
    past.write_text("{}")
    assert household.run(*simulate, "--replay", past, house=False).returncode == 1
    past.write_text('{"requests": []}')
    replayed = household.run(*simulate, "--replay", past, house=False)
    assert "There are none of this agency." in replayed.stdout
    assert household.run("policy", "simulate", new, "--who", "fire", house=False).returncode == 2


def test_usage_faults_exit_with_2(household):
    for arguments in ((), ("fly",), ("camera",), ("camera", "add", "x"), ("request", "approve"),
                      ("pause",), ("share", "--camera", "x"), ("status", "--loud"),
                      ("request", "approve", "k3v7q2mzpa", "--as", "alex", "--pin", "482913")):
        done = household.run(*arguments, house=False)
        assert done.returncode == 2, arguments
        assert done.stderr.startswith("latchstring: error: ")
        assert "latchstring: hint: " in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (("fly",), "there is no command `fly`"),
    (("camera", "fly"), "there is no command `camera fly`"),
    (("--fly",), "there is no option `--fly`"),
    (("camera",), "A subcommand is required"),
])
def test_a_command_that_is_not_there_is_named(household, arguments, words):
    done = household.run(*arguments, house=False)
    assert done.stderr.splitlines()[0] == f"latchstring: error: {words}"


def test_share_names_one_receiver(household):
    times = ("--from", "2026-05-04T21:50:00-05:00", "--to", "2026-05-04T21:55:00-05:00")
    both = household.run("share", "--camera", "x", *times, "--agency", "a", "--to-file", "f",
                         "--as", "alex")
    assert both.returncode == 2 and "--agency NAME or --to-file FILE" in both.stderr
    wrong = household.run("share", "--camera", "x", "--from", "yesterday", "--to", times[3],
                          "--agency", "a", "--as", "alex", secrets=("482913",))
    assert wrong.returncode == 2 and "--from `yesterday`" in wrong.stderr


def test_help_has_an_example_on_every_level(household):
    def check(*words):
        done = household.run(*words, "--help", house=False)
        assert done.returncode == 0
        assert "Example:\n  latchstring" in done.stdout, words
        for command in commands_of(household, *words):
            check(*words, command)

    check()
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused" in household.run(
        "--help", house=False).stdout
    assert set(commands_of(household)) == {
        "init", "status", "camera", "resident", "agency", "policy", "request", "share", "pause",
        "resume", "log", "archive", "redact"}


def test_every_listing_takes_json(household):
    for words in (("status",), ("camera", "list"), ("resident", "list"), ("agency", "list"),
                  ("agency", "show"),
                  ("request", "list"), ("request", "show"), ("log", "show"), ("archive", "list"),
                  ("policy", "check"), ("policy", "explain"), ("policy", "test")):
        assert "--json" in household.run(*words, "--help", house=False).stdout, words


def frames_of(film):
    """Pictures and sound tracks of a film, edit lists ignored."""
    told = subprocess.run(["ffprobe", "-v", "error", "-ignore_editlist", "1", "-count_frames",
                           "-show_entries", "stream=codec_type,nb_read_frames", "-of", "csv=p=0",
                           film], capture_output=True, text=True, check=True).stdout.split()
    kinds = dict(line.split(",")[:2] for line in told)
    return int(kinds["video"]), "audio" in kinds


def test_redact_works_on_any_film_without_a_daemon(household, tmp_path):
    film = tmp_path / "in.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=2:size=320x240",
                    "-f", "lavfi", "-i",
                    "sine=duration=2", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a",
                    "aac", "-shortest", film], check=True)
    frames, has_sound = frames_of(film)
    assert has_sound
    out, report = tmp_path / "out.mp4", tmp_path / "regions.json"
    command = ("redact", film, "--redact", "audio,moving", "--out", out, "--report", report)
    done = household.run(*command, house=False)
    assert done.returncode == 0, done.stderr
    assert frames_of(out) == (frames, False)
    assert report.stat().st_size > 0
    again = household.run(*command, house=False)
    assert again.returncode == 1 and "is there already" in again.stderr


def test_a_snapshot_is_not_named_what_it_is_not(household):
    assert household.init("--demo").returncode == 0
    done = household.run("camera", "snapshot", "front_door", "--out", "door.jpg")
    assert done.returncode == 2 and "is a PNG picture" in done.stderr


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_film_that_is_cut_short_is_not_redacted_in_part(household, tmp_path, ending):
    film, half = tmp_path / f"in.{ending}", tmp_path / f"half.{ending}"
    out, report = tmp_path / "out.mp4", tmp_path / "regions.json"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=6:size=320x240",
                    "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", film],
                   check=True)
    whole = film.read_bytes()
    half.write_bytes(whole[:len(whole) * 2 // 3])
    hide = ("--redact", "moving", "--out", out, "--report", report)
    done = household.run("redact", half, *hide, house=False)
    assert done.returncode == 1 and "cut short" in done.stderr, done.stderr
    assert not out.exists() and not report.exists()
    assert household.run("redact", film, *hide, house=False).returncode == 0
    assert frames_of(out) == frames_of(film)


def test_a_wrong_redact_makes_no_file(household, tmp_path):
    film = tmp_path / "in.mp4"
    film.write_text("no film")
    out = tmp_path / "out.mp4"
    done = household.run("redact", film, "--redact", "moving", "--out", out, house=False)
    assert done.returncode == 1 and done.stderr.startswith("latchstring: error: ")
    done = household.run("redact", film, "--redact", "the_window", "--out", out, house=False)
    assert done.returncode == 2 and "--rules FILE" in done.stderr
    for report in (out, tmp_path / "." / "out.mp4", tmp_path / "x/../out.mp4"):
        done = household.run("redact", film, "--redact", "moving", "--out", out, "--report", report,
                             house=False)
        assert done.returncode == 2 and "--out and --report name the same file" in done.stderr
    nowhere = tmp_path / "nowhere"
    for outputs in (("--out", nowhere / "x.mp4"), ("--out", out, "--report", nowhere / "r.json")):
        done = household.run("redact", film, "--redact", "moving", *outputs, house=False)
        assert done.returncode == 1 and f"there is no folder `{nowhere}`" in done.stderr
    assert not out.exists() and not nowhere.exists()


def test_rules_are_read_from_a_file_and_nothing_else(household, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for command in (("check",), ("test",)):
        done = household.run("policy", *command, tmp_path / "pipe", house=False)
        assert done.returncode == 1, done.stderr
        assert "pipe` is no file that can be read as rules" in done.stdout + done.stderr
        assert "save them in a file, and give its name" in done.stdout + done.stderr


def test_a_named_pipe_is_no_gateway_yaml(household):
    assert household.init(*NAMED).returncode == 0
    (household.folder / "gateway.yaml").unlink()
    os.mkfifo(household.folder / "gateway.yaml")
    done = household.run("camera", "add", "door", "--url", "rtsp://192.168.30.11/")
    assert done.returncode != 0
    assert "gateway.yaml` is a pipe, and must be a file" in done.stderr, done.stderr


def test_an_empty_gateway_yaml_has_a_hint(household):
    assert household.init(*NAMED).returncode == 0
    (household.folder / "gateway.yaml").write_text("")
    done = household.run("camera", "add", "door", "--url", "rtsp://192.168.30.11/")
    assert done.returncode == 1
    assert "This file is empty." in done.stderr and 'begin with "gateway:"' in done.stderr

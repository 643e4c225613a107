"""Broken files of every kind: what is wrong, where, and what to do; nothing is released or lost."""

import contextlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import threading

import pytest

from house import Camera, Process, wait_for
from requester import Requester


def refuses_to_start(house, *words):
    house.start(ready=False)
    code = house.daemon.popen.wait(60)
    log = house.log_tail()
    assert code == 1, log
    for word in words:
        assert word in log, (word, log)


def check(house):
    return Process([house.bin / "latchstringd", "--config", house.config, "--check"],
                   house.logs / "check.log")


def test_a_broken_configuration_refuses_to_start(house):
    house.edit("gateway.yaml", "broker:", "borker:")
    refuses_to_start(house, "gateway.yaml:", 'did you mean "broker"')
    checking = check(house)
    assert checking.popen.wait(30) == 1
    assert re.search(r'gateway\.yaml:\d+:\d+: .*did you mean "broker"', checking.words(), re.S)


def test_check_says_every_fault_and_ok(house):
    checking = check(house)
    assert checking.popen.wait(30) == 0
    assert "gateway.yaml: OK\n" in checking.words() and "house-rules.yaml: OK\n" in checking.words()
    house.edit("house-rules.yaml", "rules_end_on", "rules_end")
    checking = check(house)
    assert checking.popen.wait(30) == 1
    assert re.search(r"house-rules\.yaml:\d+:\d+: ", checking.words())
    assert "gateway.yaml: OK\n" in checking.words()
    assert "NOTHING IS SHARED until this is fixed." in checking.words()


def test_check_says_what_start_refuses_of_a_broker(house):
    managed = next(line for line in house.config.read_text().splitlines()
                   if line.strip().startswith("managed:"))
    authorities = house.folder / "ca.pem"
    password = house.folder / "state/credentials/broker"
    password.parent.mkdir(mode=0o700, exist_ok=True)
    password.write_text("secret")
    password.chmod(0o644)
    house.edit("gateway.yaml", managed, "  url: mqtts://127.0.0.1:1\n  ca_file: ca.pem\n"
               "  user: us\n  password_credential: broker")

    def both_say(*words):
        checking = check(house)
        assert checking.popen.wait(30) == 1, checking.words()
        said = checking.words()
        assert "gateway.yaml: OK" not in said and all(word in said for word in words), said
        checking.log.unlink()
        refuses_to_start(house, *words)

    both_say("the broker's ca_file", str(authorities))
    authorities.write_text("not a certificate\n")
    both_say("holds no certificate", str(authorities))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x",
                    "-keyout", house.folder / "ca.key", "-out", authorities], check=True,
                   capture_output=True)
    both_say("others may read the credential `broker`")
    password.unlink()
    both_say("there is no credential `broker`")
    password.write_text("secret")
    password.chmod(0o600)
    checking = check(house)
    assert checking.popen.wait(30) == 0, checking.words()
    assert "gateway.yaml: OK\n" in checking.words()
    house.start(ready=False)
    wait_for(lambda: "`127.0.0.1:1`" in house.log_tail(), 30, "that nobody answers, in the log")
    said = [line for line in house.log_tail().splitlines() if "`127.0.0.1:1`" in line]
    assert house.daemon.running() and len(said) == len(set(said)), said


def test_check_says_that_a_cameras_password_is_missing(house):
    house.run("camera", "add", "door", "--url", "rtsp://127.0.0.1:1/stream", "--user", "viewer",
              secrets={"--password-fd": ["secret"]})
    checking = check(house)
    assert checking.popen.wait(30) == 0, checking.words()
    checking.log.unlink()
    (house.folder / "state/credentials/door").chmod(0o644)
    checking = check(house)
    assert checking.popen.wait(30) == 1
    assert "camera door: others may read the credential `door`" in checking.words()
    assert "gateway.yaml: OK" not in checking.words()


def test_a_second_daemon_of_a_house_touches_nothing(house, bin_folder, tmp_path):
    camera = Camera(bin_folder, tmp_path)
    house.add_camera("front_door", camera.url)
    try:
        house.start()
        house.wait_recording()
        [part] = (house.folder / "state/archive").rglob("*.part")
        before, entries = part.stat(), house.status()["ledger"]["size"]
        second = Process([bin_folder / "latchstringd", "--config", house.config],
                         tmp_path / "second.log")
        assert second.popen.wait(30) == 1
        assert "a daemon of this house is running already" in second.words()
        assert "osquitto" not in second.words(), "it started a broker before it looked"
        assert part.stat().st_ino == before.st_ino, "it took the open segment away"
        assert house.status()["ledger"]["size"] == entries
        house.stop()
        house.start()
    finally:
        camera.end()


def test_wrong_usage_of_the_daemon_is_told_as_by_the_others(bin_folder, tmp_path):
    for words in ((), ("--config", "x", "--fast")):
        daemon = Process([bin_folder / "latchstringd", *words], tmp_path / "usage.log")
        assert daemon.popen.wait(30) == 2
        assert "latchstringd: error: " in daemon.words() and "hint: " in daemon.words()
    helped = Process([bin_folder / "latchstringd", "--help"], tmp_path / "help.log")
    assert helped.popen.wait(30) == 0 and "\nExit codes: 0 done, " in helped.words()


def test_broken_rules_stay_up_and_share_nothing(house):
    house.edit("house-rules.yaml", "rules_end_on", "rules_end")
    house.start()
    status = house.status()
    assert not status["rules"]["ok"] and "house-rules.yaml:" in status["rules"]["fault"]
    assert status["sharing"]["state"] == "suspended"
    house.edit("house-rules.yaml", "rules_end", "rules_end_on")
    house.daemon.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: house.status()["rules"]["ok"], 10, "mended rules")


def test_a_failing_test_in_the_rules_shares_nothing(house):
    house.cameras["front_door"] = "rtsp://127.0.0.1:1/stream"
    key = json.dumps({"crv": "Ed25519", "kty": "OKP",
                      "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    (house.folder / "keys/springfield_pd.jwk").write_text(key)
    house.agencies["springfield_pd"] = None
    house.write_rules({}, tests=[{"name": "never_at_noon", "who": "springfield_pd",
                                  "camera": "front_door", "basis": "consent",
                                  "purpose": "burglary", "footage": "2026-05-04 12:00 to 12:10",
                                  "expect": "refuse"}])
    house.start()
    assert "never_at_noon" in house.status()["rules"]["fault"]


@pytest.mark.parametrize("name, word", [("state/state.db", "state.db"),
                                        ("state/keyring/inbox.key", "inbox"),
                                        ("state/archive-recipient.txt", "archive-recipient.txt")])
def test_a_damaged_state_refuses_to_start(house, name, word):
    file = house.folder / name
    assert file.exists(), [str(path) for path in (house.folder / "state").rglob("*")]
    for extra in ("-wal", "-shm"):
        (house.folder / (name + extra)).unlink(missing_ok=True)
    file.write_bytes(b"garbage, not what was here" * 40)
    refuses_to_start(house, word)


def test_a_newer_database_is_refused_in_words(house):
    with sqlite3.connect(house.folder / "state/state.db") as database:
        database.execute("PRAGMA user_version = 9999")
    refuses_to_start(house, "state.db", "newer")


def test_a_checkpoint_that_is_gone_is_told(house):
    house.start()
    checkpoint = house.folder / "state/checkpoint.txt"
    house.run("log", "verify")  # signs one
    wait_for(checkpoint.exists, 20, "the checkpoint")
    house.stop()
    checkpoint.unlink()
    house.start()
    warnings = [w for w in house.status()["warnings"] if "checkpoint.txt" in w]
    assert len(warnings) == 1 and "older copy" in warnings[0], warnings
    wait_for(checkpoint.exists, 20, "the checkpoint")
    house.stop()
    house.start()
    assert not [w for w in house.status()["warnings"] if "checkpoint.txt" in w]


@pytest.mark.parametrize("content", ["", "xx", "older"])
def test_a_checkpoint_that_does_not_fit_stops_the_start(house, content):
    """An emptied or damaged one, and one that a newer database signed: the file is named."""
    house.start()
    checkpoint = house.folder / "state/checkpoint.txt"
    database = house.folder / "state/state.db"
    house.stop()
    copy = database.read_bytes()
    house.start()
    house.run("log", "verify")  # signs one
    wait_for(checkpoint.exists, 20, "the checkpoint")
    house.stop()
    if content == "older":
        database.write_bytes(copy)
        refuses_to_start(house, "the database was replaced by an older copy; so says "
                         f"`{checkpoint}`. Put the newest copy of `{database}` back")
    else:
        whole = checkpoint.read_bytes()
        checkpoint.write_text(content)
        refuses_to_start(house, f"`{checkpoint}` is damaged (")
        checkpoint.write_bytes(whole)
    if content == "older":
        checkpoint.unlink()  # as the message says
    house.start()
    assert house.status()["ledger"]["ok"]


@pytest.mark.parametrize("damage", ["short", "folder"])
def test_a_damaged_key_encryption_key_is_to_be_put_back(house, damage):
    kek = house.folder / "state/keyring/kek"
    kek.unlink()
    if damage == "short":
        kek.write_bytes(b"12345")
        kek.chmod(0o600)
    else:
        kek.mkdir()
    refuses_to_start(house, f"`{kek}`", "put", "back from a copy")
    assert "chmod" not in house.log_tail()


def test_a_configuration_that_broke_while_it_ran_is_told_of(house):
    house.start()
    house.edit("gateway.yaml", "broker:", "borker:")
    house.call("policy.reload")
    said = [w for w in house.status()["warnings"] if "gateway.yaml is broken" in w]
    assert len(said) == 1 and 'gateway.yaml:' in said[0] and "reload the daemon" in said[0], said
    assert "gateway.yaml is broken" in house.run("status").stderr
    house.edit("gateway.yaml", "borker:", "broker:")
    house.call("policy.reload")
    assert not [w for w in house.status()["warnings"] if "gateway.yaml is broken" in w]


def test_a_ledger_that_was_shortened_is_not_continued(house):
    house.start()
    assert house.run("log", "verify").returncode == 0
    house.stop()
    with sqlite3.connect(house.folder / "state/state.db") as database:
        tables = [row[0] for row in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ledger%'")]
        leaves = next(name for name in tables if "leaf" in name or "leaves" in name)
        database.execute(f"DELETE FROM {leaves} WHERE rowid = (SELECT max(rowid) FROM {leaves})")
    house.start(ready=False)
    wait_for(lambda: not house.daemon.running() or
             house.run("status", "--json", check=False).returncode == 0, 30, "start or refusal")
    if house.daemon.running():
        status = house.status()
        assert not status["ledger"]["ok"] and status["sharing"]["state"] == "suspended"
        assert house.run("log", "verify", check=False).returncode == 1
    else:
        assert "ledger" in house.log_tail()


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"not a certificate\n" * 20),
                                    lambda path: path.unlink()])
def test_a_damaged_broker_certificate_is_said_or_made_again(house, damage):
    house.start()
    house.stop()
    certificates = [path for path in (house.folder / "state").rglob("*")
                    if path.is_file() and path.suffix in (".crt", ".pem", ".cert")]
    assert certificates, [str(path) for path in (house.folder / "state").rglob("*")]
    for path in certificates:
        damage(path)
    house.start(ready=False)
    wait_for(lambda: not house.daemon.running() or
             house.run("status", "--json", check=False).returncode == 0, 30, "start or refusal")
    if house.daemon.running():
        house.wait_ready()
    else:
        assert any(path.name in house.log_tail() for path in certificates), house.log_tail()


def test_a_port_in_use_is_said(house):
    import socket
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.port))
        taken.listen()
        house.start(ready=False)
        wait_for(lambda: str(house.port) in house.log_tail(), 30, "what is wrong")


def test_a_second_daemon_is_refused(house):
    house.start()
    second = Process([house.bin / "latchstringd", "--config", house.config],
                     house.logs / "second.log")
    assert second.popen.wait(60) == 1, second.words()
    assert house.status()


@pytest.fixture(scope="module")
def requester(bin_folder, tmp_path_factory):
    return Requester(bin_folder, tmp_path_factory.mktemp("requester"))


def fails(done, *words, code=1):
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.startswith("latchstring-request: error: "), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("ticket", ["", "{", "[]", '{"versions": [1]}', '{"versions": [1]} x'])
def test_a_broken_ticket_is_named(requester, tmp_path, ticket):
    requester.ticket = tmp_path / "broken.ticket"
    requester.ticket.write_text(ticket)
    done = requester.run("submit", *requester.mine(), "--camera", "x", "--from",
                         "2026-05-04T21:50:00Z", "--to", "2026-05-04T21:55:00Z", "--basis",
                         "consent", "--purpose", "burglary", "--case", "1", check=False)
    fails(done, "broken.ticket")


def test_a_broken_credential_is_named(requester, tmp_path):
    file = tmp_path / "credential.json"
    file.write_text("{}")
    fails(requester.run("officer", "update", "--dir", requester.officer, "--credential", file,
                        check=False), "credential.json")


def test_a_broken_key_file_is_named(house, tmp_path):
    house.start()
    key = tmp_path / "broken.jwk"
    key.write_text('{"kty":"OKP","crv":"Ed25519","x":"AA"}')
    done = house.run("agency", "add", "pd", key, "--ticket", tmp_path / "t", check=False)
    assert done.returncode == 1 and "broken.jwk" in done.stderr
    assert not (tmp_path / "t").exists()


def answer_busy(server):
    """As a camera does that has too many viewers, until the server is closed."""
    with contextlib.suppress(OSError):
        while True:
            caller, _ = server.accept()
            with caller, contextlib.suppress(OSError):
                while asked := caller.recv(4096):
                    number = re.search(rb"(?i)cseq: *(\d+)", asked)[1]
                    caller.sendall(b"RTSP/1.0 503 Service Unavailable\r\nCSeq: " + number +
                                   b"\r\n\r\n")


def test_a_camera_that_answers_and_refuses_is_not_called_unreachable(house):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer_busy, args=(server,), daemon=True).start()
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/stream"
        house.run("camera", "add", "busy", "--url", url)
        house.start()
        done = house.run("camera", "test", "busy", check=False)
        assert done.returncode == 1
        assert f"the camera at `{url}` answered and sent no stream: " in done.stderr, done.stderr
        assert "503" in done.stderr and "Unhandled" not in done.stderr, done.stderr


def test_a_camera_that_cannot_be_read_fails_alike_whatever_is_wrong(house, bin_folder, tmp_path):
    camera = Camera(bin_folder, tmp_path, "--user", "viewer", "--password", "right")
    try:
        house.run("camera", "add", "locked", "--url", camera.url, "--user", "viewer",
                  secrets={"--password-fd": ["wrong"]})
        house.run("camera", "add", "gone", "--url", "rtsp://127.0.0.1:1/stream")
        house.start()
        for name, words in (("locked", "refuses the login of `viewer`"),
                            ("gone", "cannot connect")):
            done = house.run("camera", "test", name, check=False)
            assert done.returncode == 1 and words in done.stderr, done.stderr
    finally:
        camera.end()


def test_a_new_password_is_tried_at_once(house, bin_folder, tmp_path):
    """A login that was refused is tried again after a minute only."""
    def states():
        return {row["camera"]: row["state"] for row in house.ask("camera", "list")["cameras"]}
    camera = Camera(bin_folder, tmp_path, "--user", "viewer", "--password", "right")
    try:
        house.start()
        new = ("camera", "add", "locked", "--url", camera.url, "--user", "viewer")
        house.run(*new, secrets={"--password-fd": ["wrong"]})
        wait_for(lambda: "refuses the login" in house.run("camera", "list").stdout, 30, "a refusal")
        house.run(*new, "--replace", secrets={"--password-fd": ["right"]})
        wait_for(lambda: states()["locked"] == "recording", 30, "the new password")
    finally:
        camera.end()


def test_an_address_that_the_box_does_not_have_does_not_hold_up_the_start(house):
    """Nobody answers there (RFC 5737); recording goes on, and so does the command line."""
    house.edit("gateway.yaml", "listen: 127.0.0.1", "listen: 203.0.113.9")
    house.start(ready=False)
    wait_for(lambda: house.run("status", check=False).returncode == 0, 40, "the door")
    assert not house.status()["broker"]["connected"]


def test_an_event_that_no_ledger_has_is_refused(house):
    house.start()
    done = house.run("log", "show", "--event", "nope", check=False)
    assert done.returncode == 2 and "no event `nope`; there are start, stop" in done.stderr
    assert house.run("log", "show", "--event", "start").returncode == 0


def test_wrong_usage_exits_with_2(requester):
    for words in ((), ("submit",), ("receive", "--fast"), ("agency",), ("verify",)):
        assert requester.run(*words, check=False).returncode == 2, words


def test_a_damaged_segment_is_not_released(new_world):
    """One byte of the footage that is granted: nothing is given, the residents are told where."""
    world = new_world(camera=("--gop", "10"))
    begin, end = world.footage(3)
    post = world.post()
    whole = post.submit(begin, end)
    world.house.wait_piece(whole, "offered", 60)  # its segment is complete by now
    segments = list((world.house.folder / "state/archive/segments").rglob("*.age"))
    assert segments
    for path in segments:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    request = post.submit(begin, end)
    shown = world.house.wait_piece(request, "failed", 60)
    assert any(path.stem in shown["pieces"][0]["reason"] for path in segments), shown
    assert not post.find("offer", request=request)
    check = world.house.run("archive", "check", check=False)
    assert check.returncode == 1 and any(path.stem in check.stdout + check.stderr
                                         for path in segments), check.stdout + check.stderr
    assert world.house.daemon.running()
    # What nothing can be done about is said, and not done again.
    names = {path.stem for path in segments}
    for word in ("damaged: ", "known to be damaged"):
        mended = world.house.run("archive", "check", "--repair", check=False)
        said = [line for line in mended.stdout.splitlines() if any(name in line for name in names)
                and "-recovered" not in line]
        assert mended.returncode == 1 and len(said) == len(names), mended.stdout
        assert all(word in line for line in said), mended.stdout
    assert "nothing is left to repair" in mended.stdout, mended.stdout


def test_a_segment_that_was_removed_is_named(new_world):
    """By the log, by the ledger and by every check, with camera, day and times."""
    world = new_world(camera=("--gop", "10"))
    begin, end = world.footage(3)
    post = world.post()
    world.house.wait_piece(post.submit(begin, end), "offered", 60)  # its segment is complete by now
    world.house.stop()
    gone = sorted((world.house.folder / "state/archive/segments").rglob("*.age"))[0]
    gone.unlink()
    world.house.start()
    for words in ((), ("--repair",), ("--repair",)):
        check = world.house.run("archive", "check", *words, check=False)
        assert check.returncode == 1
        line = next(line for line in check.stdout.splitlines() if gone.stem in line)
        assert line.startswith(f"{gone.parent.parent.name}/{gone.parent.name}/"), line
        assert line.endswith(": its file is gone") and re.search(r"\d\d:\d\d:\d\d", line), line
    assert "nothing is left to repair" in check.stdout, check.stdout
    wait_for(lambda: "is missing: 1 file of" in world.house.log_tail(), 10, "a line of the log")
    told = world.house.ask("log", "show", "--event", "shred")
    assert "missing" in json.dumps(told), told
    world.house.stop()
    world.house.start()
    again = world.house.ask("log", "show", "--event", "shred")
    assert json.dumps(again).count("missing") == json.dumps(told).count("missing")

"""From the request to a verified native clip of 60 s, and to the gateway's first answer: camera,
house, managed broker over TLS and requester as in packaging/quickstart, an automatic rule."""

import subprocess
import time

import house
from measure import Failed, below

CLIP_SECONDS = 60
CLIP_TIME_MAX_S = 1.5
ACK_TIME_MAX_S = 0.1

RULE = """allow:
  - name: bench
    who: police
    camera: camera_1
    basis: consent
    purpose: burglary
    footage_days: every_day
    footage_time: all_day
    approval: automatic
    redact: none
    part_outside: trim
"""


def clip_seconds(bench):
    return 5 if bench.quick else CLIP_SECONDS


def names(bench):
    return [f"request_time_clip_{clip_seconds(bench)}s", "request_time_received"]


class Officer:
    def __init__(self, bench, home):
        self.bench = bench
        self.folder = bench.work / "officer"
        self.ticket = bench.work / "police.ticket"
        agency = bench.work / "agency"
        self.request("agency", "init", "--name", "Police", "--dir", agency)
        self.request("officer", "init", "--dir", self.folder)
        credential = bench.work / "credential.json"
        credential.write_text(self.request(
            "agency", "issue", "--dir", agency, "--officer", self.folder / "PUB.json",
            "--badge", "4711", "--days", "30"), encoding="utf-8")
        self.request("officer", "update", "--dir", self.folder, "--credential", credential)
        home.latchstring("agency", "add", "police", agency / "agency.jwk",
                         "--full-name", "Police", "--ticket", self.ticket)

    def request(self, *arguments):
        return self.bench.run(self.bench.program("latchstring-request"), *arguments)

    def command(self, name, *arguments):
        return [str(word) for word in (self.bench.program("latchstring-request"), name, *arguments,
                                       "--ticket", self.ticket, "--officer", self.folder)]

    def submit(self, start, end):
        """(id, seconds from sending to the gateway's answer)"""
        command = self.command("submit", "--camera", "camera 1", "--from", house.utc(start),
                               "--to", house.utc(end), "--basis", "consent", "--purpose",
                               "burglary", "--case", "bench", "--native")
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            request_id = process.stdout.readline().strip()  # printed when it has been sent
            sent = time.monotonic()
            complaint = process.communicate()[1]
            answered = time.monotonic()
        if process.returncode != 0:
            raise Failed(f"`submit` failed: {complaint.strip()}")
        return request_id, answered - sent

    def receive(self, request_id, out):
        """Returns when the clip is verified on disk; the process stays on for what may follow."""
        process = subprocess.Popen(self.command("receive", request_id, "--out", out),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("verified:"):
                return process
        process.wait()
        raise Failed(f"`receive` failed: {said.strip()}")


def rows(bench):
    camera = house.Camera(bench, house.make_film(bench), 1)
    home = house.House(bench, "house-clip", camera.urls)
    try:
        home.start()
        footage_from = int(time.time()) + 3
        officer = Officer(bench, home)
        share(home)
        footage_to = footage_from + clip_seconds(bench)
        bench.say(f"recording {clip_seconds(bench)} s to ask for")
        house.sleep_until(footage_to + 10)
        bench.say(f"asking for {clip_seconds(bench)} s, {bench.runs} times and one to warm up")
        times = [ask(bench, officer, number, footage_from, footage_to)
                 for number in range(bench.runs + 1)][1:]
    finally:
        home.stop()
        camera.stop()
    bench.note("request_time_clip_*: from the start of `submit` to the end of `verify`, which runs "
               "as soon as `receive` says that the clip is verified; three processes, no peer.")
    name, ack = names(bench)
    return [below(name, "s", [total for total, _ in times], CLIP_TIME_MAX_S),
            below(ack, "s", [answer for _, answer in times], ACK_TIME_MAX_S)]


def share(home):
    rules = home.folder / "house-rules.yaml"
    text = rules.read_text(encoding="utf-8").replace("allow: []\n", RULE)
    text = text.replace("camera_1: {sharing: by_rule}",
                        "camera_1: {sharing: by_rule, clock_error: 1 seconds}")
    rules.write_text(text, encoding="utf-8")
    home.latchstring("policy", "check", rules)
    home.reload()


def ask(bench, officer, number, start, end):
    out = bench.work / f"evidence-{number}"
    begin = time.monotonic()
    request_id, answer = officer.submit(start, end)
    receiving = officer.receive(request_id, out)
    officer.request("verify", out / request_id, "--ticket", officer.ticket)
    total = time.monotonic() - begin
    receiving.communicate(timeout=60)
    return total, answer

"""`latchstring-request`, as an agency and an officer use it."""

import os
import signal
import subprocess
from pathlib import Path

from house import Process, rfc3339


class Requester:
    def __init__(self, bin_folder, folder, faketime=None):
        self.program = bin_folder / "latchstring-request"
        self.folder = folder
        self.env = faketime.env(self.program) if faketime else {}
        self.ticket = folder / "requester.ticket"
        self.officer = folder / "officer"
        self.evidence = folder / "evidence"
        self.run("agency", "init", "--name", "Springfield Police", "--dir", folder / "agency")
        self.run("officer", "init", "--dir", self.officer)
        credential = folder / "credential.json"
        credential.write_text(self.run("agency", "issue", "--dir", folder / "agency", "--officer",
                                       self.officer / "PUB.json", "--badge", "4711").stdout)
        self.run("officer", "update", "--dir", self.officer, "--credential", credential)
        self.key_file = folder / "agency/agency.jwk"

    def jwk_text(self):
        return self.key_file.read_text()

    def run(self, *words, check=True):
        done = subprocess.run([str(word) for word in (self.program, *words)], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=300, check=False,
                              env={**os.environ, **self.env})
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def login(self, user, secret, url):
        """At a broker that the household does not run."""
        reading, writing = os.pipe()
        os.write(writing, secret.encode() + b"\n")
        os.close(writing)
        subprocess.run([self.program, "officer", "broker", "--dir", self.officer, "--url", url,
                        "--user", user, "--secret-fd", str(reading)], check=True,
                       pass_fds=(reading,))
        os.close(reading)

    def mine(self):
        return ("--ticket", self.ticket, "--officer", self.officer)

    def submit(self, begin, end, *more, camera="street side", purpose="burglary"):
        return self.run("submit", *self.mine(), "--camera", camera, "--from", rfc3339(begin),
                        "--to", rfc3339(end), "--basis", "consent", "--purpose", purpose, "--case",
                        "2026-0815", *more).stdout.strip()

    def receive(self, request, *more, check=True):
        return self.run("receive", request, *self.mine(), "--out", self.evidence, "--keep-sealed",
                        *more, check=check)

    def receiving(self, request):
        """In the background."""
        log = Path(self.folder) / "receive.log"
        log.unlink(missing_ok=True)  # what an earlier one said is not this one's
        return Process([self.program, "receive", request, *self.mine(), "--out", self.evidence,
                        "--keep-sealed"], log, self.env)

    def verify(self, folder, *anchor):
        return self.run("verify", folder, *anchor, check=False)


def end_stopped(process):
    """One that may be stopped."""
    if process.running():
        process.popen.send_signal(signal.SIGCONT)
        process.end(signal.SIGKILL)

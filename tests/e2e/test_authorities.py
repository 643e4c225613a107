"""A broker whose certificate an authority of the system signed: no `ca_file`, no `ca` in the
ticket. SSL_CERT_FILE stands for the system's authorities, as OpenSSL reads it."""

import json

import pytest

from broker_files import certify, confine, keep_passwords
from house import House, Process, free_port, wait_for
from requester import Requester

MAILBOX, SECRETS = "riverpd234", {"house": "a-house-of-our-own", "riverpd234": "river"}


class Broker:
    """Mosquitto with a certificate for `localhost` and for no address."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        certify(folder, "an authority of the system", "localhost", "DNS:localhost")
        self.authority = self.file("ca.crt")
        keep_passwords(self.file("passwd"), SECRETS)
        self.process = None

    def file(self, name):
        return self.folder / name

    def start(self, gateway):
        confine(self.file("acl"), gateway)
        self.file("mosquitto.conf").write_text(
            "user root\nallow_anonymous false\n"
            f"password_file {self.file('passwd')}\nacl_file {self.file('acl')}\n"
            f"max_packet_size 131072\nlistener {self.port} localhost\n"
            f"certfile {self.file('broker.crt')}\nkeyfile {self.file('broker.key')}\n"
            "tls_version tlsv1.2\n")
        self.process = Process(["mosquitto", "-c", self.file("mosquitto.conf")],
                               self.file("mosquitto.log"))
        wait_for(lambda: "running" in self.process.words(), 10, "the broker's start")


class World:
    def __init__(self, bin_folder, folder):
        self.folder = folder
        self.house = House(bin_folder, folder)
        self.broker = Broker(folder, free_port())
        line = next(line for line in self.house.config.read_text().splitlines()
                    if line.strip().startswith("managed:"))
        self.house.edit("gateway.yaml", line, "  " + "\n  ".join(
            [f"url: {self.url('localhost')}", "user: house", "password_credential: broker"]))
        credentials = self.house.folder / "state/credentials"
        credentials.mkdir(mode=0o700, exist_ok=True)
        (credentials / "broker").write_text(SECRETS["house"])
        (credentials / "broker").chmod(0o600)

    def url(self, host):
        return f"mqtts://{host}:{self.broker.port}"

    def start(self):
        self.house.start(ready=False)
        return wait_for(self.status, 30, "the daemon's start")

    def status(self):
        done = self.house.run("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def refused(self):
        """Not connected, after an attempt that TLS ended."""
        broker = self.status()["broker"]
        assert not broker["connected"]
        return "no TLS connection" in broker.get("fault", "")

    def end(self):
        self.house.end()
        if self.broker.process:
            self.broker.process.end()


@pytest.fixture(scope="module")
def world(bin_folder, tmp_path_factory):
    world = World(bin_folder, tmp_path_factory.mktemp("authorities"))
    yield world
    world.end()


def test_a_daemon_trusts_the_systems_authorities_and_no_other(world, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    status = world.start()
    world.broker.start(status["gateway"]["id"])
    wait_for(world.refused, 60, "the refusal of an unknown authority")
    world.house.stop()
    monkeypatch.setenv("SSL_CERT_FILE", str(world.broker.authority))
    world.house.edit("gateway.yaml", world.url("localhost"), world.url("127.0.0.1"))
    world.start()
    wait_for(world.refused, 60, "the refusal of a certificate for another name")
    world.house.stop()
    world.house.edit("gateway.yaml", world.url("127.0.0.1"), world.url("localhost"))
    world.start()
    wait_for(lambda: world.status()["broker"]["connected"], 60, "the gateway at the broker")


def test_so_does_a_requester(world, bin_folder, tmp_path, monkeypatch):
    requester = Requester(bin_folder, tmp_path)
    key = tmp_path / "river_pd.jwk"
    key.write_text(requester.jwk_text())
    world.house.agencies["river_pd"] = requester
    world.house.run("agency", "add", "river_pd", key, "--ticket", requester.ticket, "--mailbox",
                    MAILBOX)
    ticket = json.loads(requester.ticket.read_text())
    assert "ca" not in ticket and ticket["brokers"] == [world.url("localhost")]
    for host in ("localhost", "127.0.0.1"):
        requester.login(MAILBOX, SECRETS[MAILBOX], world.url(host))

    def status(host, authority):
        requester.ticket.write_text(json.dumps({**ticket, "brokers": [world.url(host)]}))
        if authority:
            monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        else:
            monkeypatch.delenv("SSL_CERT_FILE")
        return requester.run("status", *requester.mine(), check=False).stderr

    assert status("localhost", world.broker.authority) == ""
    assert "no TLS connection" in status("localhost", None)
    assert "no TLS connection" in status("127.0.0.1", world.broker.authority)

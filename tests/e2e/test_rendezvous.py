"""A broker that somebody else runs, a gateway behind NAT that dials out to it, and officers
outside: over TLS, over WebSocket, and over a slow line."""

import json
import signal
import socket
import subprocess
import time

import pytest

from broker_files import certify, confine, keep_passwords
from clips import Clip
from house import Camera, House, Process, wait_for
from networks import HOME, OUTSIDE, HomeBehindNat
from officer import Agency, Officer, Post, new_id
from requester import Requester

PASSWORDS = {"house": "a-house-of-our-own", "riverpd234": "river", "countypd23": "county",
             "valleypd23": "valley"}
CHUNK = 60_000


class Broker:
    """Mosquitto with a TLS and a WebSocket listener, confining parties as docs/ref/transfer.md
    says."""

    def __init__(self, folder):
        self.folder = folder
        self.mqtts, self.wss = 8883, 443
        certify(folder, "rendezvous CA", "broker", f"IP:{OUTSIDE}")
        keep_passwords(self.file("passwd"), PASSWORDS)
        self.process = None

    def file(self, name):
        return self.folder / name

    def start(self, gateway):
        confine(self.file("acl"), gateway)
        tls = "".join(f"{key} {self.file(name)}\n" for key, name in (
            ("cafile", "ca.crt"), ("certfile", "broker.crt"), ("keyfile", "broker.key")))
        common = tls + "tls_version tlsv1.2\n"
        self.file("mosquitto.conf").write_text(
            "per_listener_settings false\nuser root\nallow_anonymous false\n"
            f"password_file {self.file('passwd')}\nacl_file {self.file('acl')}\n"
            "set_tcp_nodelay true\nmax_packet_size 131072\nsys_interval 0\n"
            f"listener {self.mqtts} {OUTSIDE}\n{common}"
            f"listener {self.wss} {OUTSIDE}\nprotocol websockets\n{common}")
        self.process = Process(["mosquitto", "-c", self.file("mosquitto.conf")],
                               self.file("mosquitto.log"))
        wait_for(lambda: self.answers(self.mqtts), 10, "the broker's start")

    def answers(self, port):
        try:
            socket.create_connection((OUTSIDE, port), timeout=1).close()
        except OSError:
            return False
        return True

    def end(self):
        if self.process:
            self.process.end()


class World:
    def __init__(self, bin_folder, folder):
        self.folder = folder
        self.closing = []
        self.home = HomeBehindNat()
        self.closing.append(self.home.end)
        self.broker = Broker(folder)
        self.closing.append(self.broker.end)
        self.camera = Camera(bin_folder, folder, "--gop", "10", "--bitrate", "6000",
                             inside=self.home.inside)
        self.closing.append(self.camera.end)
        self.house = house = House(bin_folder, folder, inside=self.home.inside)
        self.closing.append(house.end)
        self.dial_out()
        house.add_camera("front_door", self.camera.url, "--label", "street side")
        house.start(ready=False)
        status = wait_for(lambda: self.status(), 30, "the daemon's start")
        assert not status["broker"]["connected"]
        self.broker.start(status["gateway"]["id"])
        wait_for(lambda: house.status()["broker"]["connected"], 60, "the gateway at the broker")
        house.wait_recording()
        self.since = time.time() + 1

    def dial_out(self):
        addresses = [f"mqtts://{OUTSIDE}:{self.broker.mqtts}", f"wss://{OUTSIDE}:443/mqtt"]
        line = next(line for line in self.house.config.read_text().splitlines()
                    if line.strip().startswith("managed:"))
        self.house.edit("gateway.yaml", line, "  " + "\n  ".join([
            f"url: {addresses[0]}", f"ca_file: {self.broker.file('ca.crt')}", "user: house",
            "password_credential: broker", f"reach_at: {json.dumps(addresses)}"]))
        credentials = self.house.folder / "state/credentials"
        credentials.mkdir(mode=0o700, exist_ok=True)
        (credentials / "broker").write_text(PASSWORDS["house"])
        (credentials / "broker").chmod(0o600)

    def status(self):
        done = self.house.run("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def ticket(self, name, agency, mailbox):
        key = self.folder / f"{name}.jwk"
        key.write_text(agency.jwk_text())
        self.house.agencies[name] = agency
        file = self.folder / f"{name}.ticket"
        self.house.run("agency", "add", name, key, "--ticket", file, "--mailbox", mailbox)
        return file

    def footage(self, seconds):
        begin = int(self.since) + 1
        wait_for(lambda: time.time() > begin + seconds + 2, seconds + 10, "footage")
        return begin, begin + seconds

    def end(self):
        for close in reversed(self.closing):
            close()


@pytest.fixture(scope="module")
def world(bin_folder, tmp_path_factory):
    world = World(bin_folder, tmp_path_factory.mktemp("rendezvous"))
    yield world
    world.end()


def test_nobody_reaches_the_house_from_outside(world):
    """The daemon listens on no port, and the router lets nobody begin anything."""
    listening = subprocess.run([*world.home.inside, "ss", "-Hltunp"], capture_output=True,
                               text=True, check=True).stdout
    assert f"pid={world.house.daemon.pid}," not in listening, listening
    for port in (8883, 443, 22):
        with pytest.raises(OSError):
            socket.create_connection((HOME, port), timeout=1)
    leaving = subprocess.run([*world.home.inside, "ss", "-Htnp", "state", "established"],
                             capture_output=True, text=True, check=True).stdout
    assert f"{OUTSIDE}:{world.broker.mqtts}" in leaving, leaving


def test_a_clip_through_somebody_elses_broker(world, bin_folder, tmp_path):
    requester = Requester(bin_folder, tmp_path)
    requester.ticket = world.ticket("river_pd", requester, "riverpd234")
    ticket = json.loads(requester.ticket.read_text())
    assert "secret" not in ticket and ticket["brokers"][0].startswith("mqtts://")
    world.house.write_rules({"who": "river_pd"})
    world.house.reload()
    requester.login("riverpd234", PASSWORDS["riverpd234"], ticket["brokers"][0])
    request = requester.submit(*world.footage(6))
    requester.receive(request)
    folder = requester.evidence / request
    assert requester.verify(folder, "--ticket", requester.ticket).returncode == 0
    opened = subprocess.run(["age", "-d", "-i", requester.officer / "identity.txt",
                             folder / "sealed/clip-1.mp4.age"], capture_output=True, check=True)
    assert opened.stdout == (folder / "clip-1.mp4").read_bytes()
    assert world.house.wait_phase(request, "ended")["outcome"] == "delivered"


def test_over_websocket_as_a_browser_would(world, tmp_path):
    agency = Agency()
    ticket = json.loads(world.ticket("county_pd", agency, "countypd23").read_text())
    world.house.write_rules({"who": "county_pd"})
    world.house.reload()
    ticket["brokers"].reverse()
    assert ticket["brokers"][0].startswith("wss://")
    post = Post({**ticket, "secret": PASSWORDS["countypd23"]}, Officer(agency))
    try:
        exact = {"audio": False, "native": False, "certificate": False}
        request = post.submit(*world.footage(4), want=exact)
        offer = post.wait("offer", 60)
        clip = Clip(tmp_path, post.fetch_all(offer), ticket["jwk"])
        clip.check_frames()
        post.done(offer)
        assert world.house.wait_phase(request, "ended")["outcome"] == "delivered"
    finally:
        post.close()


def stored_bytes(folder):
    """What the map of the one part says is on disk (docs/ref/transfer.md)."""
    part_maps = list(folder.rglob("*.map"))
    assert len(part_maps) < 2
    bitmaps = [part_map.read_bytes()[45:] for part_map in part_maps]
    return sum(byte.bit_count() for bitmap in bitmaps for byte in bitmap) * CHUNK


def settled(home):
    """What the home had sent when the slow line was empty again, but for small talk."""
    while True:
        sent = home.sent()
        time.sleep(2)
        if home.sent() - sent < 20_000:
            return home.sent()


def test_killed_in_mid_transfer_only_the_rest_is_sent_again(world, bin_folder, tmp_path):
    """Over a slow line, so that the kill surely falls in the middle."""
    requester = Requester(bin_folder, tmp_path)
    requester.ticket = world.ticket("valley_pd", requester, "valleypd23")
    world.house.write_rules({"who": "valley_pd"})
    world.house.reload()
    requester.login("valleypd23", PASSWORDS["valleypd23"],
                    json.loads(requester.ticket.read_text())["brokers"][0])
    request = requester.submit(*world.footage(12))
    world.house.wait_piece(request, "offered", 60)
    tar, size = sorted(file.stat().st_size
                       for file in (world.house.folder / "state/outbox").rglob("*.age"))
    assert size > 1_000_000
    world.home.limit("2mbit")
    sent = world.home.sent()
    receiving = requester.receiving(request)
    try:
        wait_for(lambda: stored_bytes(requester.evidence) > size // 4, 60, "a quarter of the clip")
    finally:
        receiving.end(signal.SIGKILL)
    assert world.home.sent() - sent < size, "it was all sent before the kill"
    assert not (requester.evidence / request).exists()
    kept = stored_bytes(requester.evidence)
    assert kept > size // 4, "what the map said was on disk is gone"
    sent = settled(world.home)
    requester.receive(request)
    # Frames, TLS, MQTT, proofs and small talk: less than a fifth and six chunks.
    rest = (size - kept + tar) * 1.2 + 6 * CHUNK
    assert world.home.sent() - sent < rest, "what had arrived was sent again"
    world.home.limit(None)
    folder = requester.evidence / request
    assert requester.verify(folder, "--ticket", requester.ticket).returncode == 0
    assert world.house.wait_phase(request, "ended")["outcome"] == "delivered"


def test_the_broker_goes_and_comes_back(world):
    world.broker.process.end(signal.SIGKILL)
    wait_for(lambda: not world.house.status()["broker"]["connected"], 60, "the loss is seen")
    world.broker.start(world.house.status()["gateway"]["id"])
    wait_for(lambda: world.house.status()["broker"]["connected"], 120, "it dials again")

"""A requester of our own: the wire format of docs/ref written down a second time, in Python, over
stock age, Ed25519 of python3-cryptography and paho-mqtt. It does what the real one never would:
lie, repeat, forge, and fetch exactly the chunks that a test wants.
"""

import base64
import contextlib
import hashlib
import json
import queue
import secrets
import ssl
import struct
import subprocess
import tempfile
import time

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from house import rfc3339, wait_for

DAY = 86400
CHUNK = 60000


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_id():
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(10))


class Key:
    """An Ed25519 key that signs compact JWS of our closed profile."""

    def __init__(self):
        self.private = Ed25519PrivateKey.generate()
        public = self.private.public_key().public_bytes(serialization.Encoding.Raw,
                                                        serialization.PublicFormat.Raw)
        self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(public)}
        self.thumbprint = b64(hashlib.sha256(self.jwk_text().encode()).digest())

    def jwk_text(self):
        return json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)

    def sign(self, typ, claims, aud="any", now=None, lifetime=30 * DAY, **header):
        now = int(now or time.time())
        payload = {"v": 1, "iss": self.thumbprint, "aud": aud, "jti": b64(secrets.token_bytes(16)),
                   "iat": now, "exp": now + lifetime, **claims}
        head = {"alg": "EdDSA", "kid": self.thumbprint, "typ": typ, **header}
        signed = ".".join(b64(json.dumps(part).encode()) for part in (head, payload))
        return signed + "." + b64(self.private.sign(signed.encode()))


def open_jws(compact, jwk=None):
    """(header, claims); under `jwk` the signature is checked, too."""
    head, payload, signature = compact.split(".")
    if jwk:
        Ed25519PublicKey.from_public_bytes(unb64(jwk["x"])).verify(
            unb64(signature), f"{head}.{payload}".encode())
    return json.loads(unb64(head)), json.loads(unb64(payload))


class AgeIdentity:
    def __init__(self):
        text = subprocess.run(["age-keygen"], capture_output=True, check=True).stdout
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(text)
        self.file.flush()
        self.recipient = subprocess.run(["age-keygen", "-y", self.file.name], capture_output=True,
                                        text=True, check=True).stdout.strip()

    def open(self, sealed):
        return subprocess.run(["age", "-d", "-i", self.file.name], input=sealed,
                              capture_output=True, check=True).stdout


def seal(compact, *recipients):
    """The envelope: padded with spaces so that the age file is a multiple of 1,024 bytes."""
    command = ["age", "-e", *(word for one in recipients for word in ("-r", one))]

    def age(text):
        return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    return age(compact + " " * (-len(age(compact)) % 1024))


class Agency(Key):
    def __init__(self):
        super().__init__()
        self.seq = 1

    def revocations(self, now=None, revoked=()):
        now = int(now or time.time())
        return self.sign("ls-revocation+jwt", {"seq": self.seq, "next_update": now + 30 * DAY,
                                               "revoked": list(revoked)}, now=now)


class Officer(Key):
    def __init__(self, agency, badge="4711", now=time.time, days=30):
        super().__init__()
        self.agency = agency
        self.now = now
        self.age = AgeIdentity()
        self.credential = agency.sign(
            "ls-cred+jwt", {"sub": badge, "cnf": {"jwk": self.jwk}, "age": [self.age.recipient],
                            "nbf": int(now())}, now=now(), lifetime=days * DAY)
        self.revocations = agency.revocations(now())

    def request(self, gateway, begin, end, camera="front_door", **changes):
        """(id, compact JWS); `changes` replace claims, None leaves one out."""
        request = changes.pop("id", new_id())
        claims = {"id": request, "case": "2026-0815", "basis": "consent", "purpose": "burglary",
                  "scope": {"cameras": [camera], "from": rfc3339(begin), "to": rfc3339(end)},
                  "rcpt": [self.age.recipient],
                  "want": {"audio": False, "native": True, "certificate": False},
                  "cred": self.credential, "revocations": self.revocations, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return request, self.sign("ls-req+jwt", claims, aud=gateway, now=self.now(),
                                  lifetime=10 * DAY)


class Post:
    """A connection to a gateway with its ticket, as one device of the mailbox."""

    def __init__(self, ticket, officer, before=None, hello=True):
        """`before`: an earlier connection of this device, whose memory this one goes on with."""
        self.ticket = ticket
        self.officer = officer
        self.device = before.device if before else new_id()
        self.gateway = ticket["gateway"]
        self.seq = before.seq if before else 0
        self.messages = list(before.messages) if before else []  # claims of each, no acks
        self.sizes = []     # of every sealed message that came
        self.acked = set()
        self.seen = set(before.seen) if before else set()
        self.chunks = before.chunks if before else {}  # transfer id -> {transfer index: chunk}
        self.quiet_since = time.monotonic()
        self.arrived = queue.Queue()
        self.connect()
        if hello:
            self.hello()

    def connect(self):
        scheme, address = self.ticket["brokers"][0].split("://")
        address, _, path = address.partition("/")
        client = mqtt.Client(client_id=secrets.token_hex(11), protocol=mqtt.MQTTv311,
                             transport="websockets" if scheme == "wss" else "tcp")
        if scheme == "wss":
            client.ws_set_options(path="/" + path)
        context = ssl.create_default_context(cadata=self.ticket["ca"])
        client.tls_set_context(context)
        if "secret" in self.ticket:
            client.username_pw_set(self.ticket["mailbox"], self.ticket["secret"])
        client.on_message = lambda _, __, came: self.arrived.put((came.topic, came.payload))
        up = queue.Queue()
        client.on_connect = lambda client, _, __, code: (
            up.put(False) if code else client.subscribe(self.topic("o") + "/+", 1))
        client.on_subscribe = lambda *_: up.put(True)
        host, port = address.rsplit(":", 1)
        client.connect(host, int(port), keepalive=30)
        client.loop_start()
        if not up.get(timeout=60):
            client.loop_stop()
            raise PermissionError("the broker does not know this mailbox or its secret")
        self.client = client

    def topic(self, way):
        return f"ls1/{self.gateway}/{way}/{self.ticket['mailbox']}/{self.device}"

    def close(self):
        with contextlib.suppress(OSError):  # the broker may have thrown us out in mid-sentence
            self.client.disconnect()
        self.client.loop_stop()

    def publish(self, payload, qos=1):
        self.client.publish(self.topic("i"), payload, qos).wait_for_publish(60)

    def send(self, **command):
        """A control message; its seq."""
        self.seq += command["cmd"] != "ack"
        claims = {"seq": 0 if command["cmd"] == "ack" else self.seq, **command}
        compact = self.officer.sign("ls-ctl+jwt", claims, aud=self.gateway, now=self.officer.now())
        self.publish(seal(compact, self.ticket["inbox"]))
        return self.seq

    def send_hello(self, device=None):
        return self.send(cmd="hello", cred=self.officer.credential, versions=[1], tree_size=0,
                         device=device or self.device)

    def hello(self):
        """Until STATE comes: the gateway may not have heard of it yet."""
        states = sum(m["cmd"] == "state" for m in self.messages)

        def look():
            self.send_hello()
            self.take(2)
            return sum(m["cmd"] == "state" for m in self.messages) > states
        wait_for(look, 60, "the gateway's STATE")

    def submit(self, *times, **changes):
        request, compact = self.officer.request(self.gateway, *times, **changes)
        self.submit_jws(compact)
        return request

    def submit_jws(self, compact):
        self.publish(seal(compact, self.ticket["inbox"]))

    def take(self, seconds=0.0):
        """Handles what has come, waiting so long for the first; each message is acknowledged."""
        end = time.monotonic() + seconds
        while True:
            try:
                topic, payload = self.arrived.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return
            end = time.monotonic()
            if topic.endswith("/d"):
                assert payload[:2] == b"D\1"
                hashes = payload[26]
                index = struct.unpack(">Q", payload[18:26])[0]
                self.chunks.setdefault(b64(payload[2:18]), {})[index] = payload[27 + 32 * hashes:]
                continue
            self.sizes.append(len(payload))
            claims = open_jws(self.officer.age.open(payload).decode().rstrip(" "),
                              self.ticket["jwk"])[1]
            assert claims["aud"] == self.officer.thumbprint
            if claims["cmd"] == "ack":
                self.acked.add(claims["acked"])
                continue
            self.send(cmd="ack", acked=claims["seq"])
            if claims["seq"] not in self.seen:
                self.seen.add(claims["seq"])
                self.messages.append({**claims, "size": len(payload)})

    def wait(self, cmd, seconds=30, **fields):
        """The first message of this kind whose fields are these."""
        def look():
            self.take(0.1)
            return self.find(cmd, **fields)
        return wait_for(look, seconds, f"{cmd} {fields or ''} from the gateway")

    def find(self, cmd, **fields):
        return next((m for m in self.messages if m["cmd"] == cmd and
                     all(m[name] == value for name, value in fields.items())), None)

    def notices(self, request):
        """Every decision told about a request: (claims of the decision, size of the message)."""
        self.take(0.1)
        told = [(open_jws(m["decision"], self.ticket["jwk"])[1], m["size"])
                for m in self.messages if m["cmd"] == "notice"]
        return [one for one in told if one[0]["request"] == request]

    def wait_notice(self, request, state, seconds=20):
        return wait_for(lambda: next((n for n in self.notices(request) if n[0]["state"] == state),
                                     None), seconds, f"`{state}` about {request}")

    def silent(self, seconds=3):
        """True when nothing at all comes for so long; and nothing came since the last look."""
        before = len(self.messages), len(self.sizes), {t: len(c) for t, c in self.chunks.items()}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.take(0.2)
        return before == (len(self.messages), len(self.sizes),
                          {t: len(c) for t, c in self.chunks.items()})

    # --- transfer ---
    def get(self, transfer, indices):
        """GETs for exactly these transfer indices, 16 at a time."""
        for base in sorted({index - index % 16 for index in indices}):
            bits = sum(1 << (i - base) for i in indices if base <= i < base + 16)
            self.publish(b"G\1" + unb64(transfer) + struct.pack(">IQQ", 1, base, bits), qos=0)

    def has(self, transfer):
        return self.chunks.setdefault(transfer, {})

    def fetch(self, transfer, indices, seconds=120):
        """Asks until every one of these is here."""
        indices, end = list(indices), time.monotonic() + seconds
        while missing := [i for i in indices if i not in self.has(transfer)]:
            assert time.monotonic() < end, f"{len(missing)} of {len(indices)} chunks did not come"
            self.get(transfer, missing[:16])
            before, quiet = len(self.has(transfer)), time.monotonic() + 1
            while time.monotonic() < quiet and set(missing[:16]) - set(self.has(transfer)):
                self.take(0.05)
                if len(self.has(transfer)) > before:
                    before, quiet = len(self.has(transfer)), time.monotonic() + 1

    def file_of(self, transfer):
        """What came, each chunk at its place in the file; gaps are zero bytes."""
        chunks, count = self.has(transfer["id"]), transfer["chunks"]
        out = bytearray(transfer["size"])
        for index, chunk in chunks.items():
            at = (index + 1) % count * CHUNK
            out[at:at + len(chunk)] = chunk
        return bytes(out)

    def fetch_all(self, offer):
        """Every file of an offer, opened, its SHA-256 checked: the plaintexts."""
        plain = []
        # The last indices come when all else of the piece, with its other parts, was sent.
        parts = [m for m in self.messages if m["cmd"] == "offer" and
                 (m["request"], m["piece"]) == (offer["request"], offer["piece"])]
        for transfer in (transfer for part in parts for transfer in part["transfers"]):
            self.fetch(transfer["id"], range(transfer["chunks"] - 1))
        for transfer in offer["transfers"]:
            self.fetch(transfer["id"], range(transfer["chunks"]))
            sealed = self.file_of(transfer)
            assert hashlib.sha256(sealed).hexdigest() == transfer["sha256"]
            plain.append(self.officer.age.open(sealed))
        return plain

    def done(self, offer, **promise):
        """Signs the receipt and waits until it was taken. `promise`: more claims of it."""
        delivery = hashlib.sha256(offer["delivery"].encode()).hexdigest()
        receipt = self.officer.sign("ls-receipt+jwt", {"delivery_sha256": delivery, **promise},
                                    aud=self.gateway, now=self.officer.now())
        self.send(cmd="done", receipt=receipt)
        self.wait("receipt", delivery_sha256=delivery)


"""Networks of a test's own: a home behind NAT, a router, and everybody outside.

The test's process itself moves to the outside, so that what it starts is there too; nothing of the
machine's own network is touched. Root can make them; where not even root can, as in some
containers, LATCHSTRING_NO_NAMESPACES=1 says that the tests may be left out.
"""

import ctypes
import json
import os
import subprocess

import pytest

OUTSIDE, HOME = "10.77.0.1", "192.168.77.2"
CLONE_NEWNET = 0x40000000
RULES = """
table ip nat {
  chain leaving { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
table ip filter {
  chain passing {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept;
    iifname "lan" oifname "wan" accept;
  }
}
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class HomeBehindNat:
    """`self.inside` stands before the command of what runs at home."""

    def __init__(self):
        if os.environ.get("LATCHSTRING_NO_NAMESPACES") == "1":
            pytest.skip("LATCHSTRING_NO_NAMESPACES=1: no network namespaces on this machine")
        if os.geteuid() != 0:
            pytest.skip("network namespaces need root")
        self.home, self.router = f"ls-home-{os.getpid()}", f"ls-router-{os.getpid()}"
        self.inside = ["ip", "netns", "exec", self.home]
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.libc = ctypes.CDLL(None, use_errno=True)
        if self.libc.unshare(CLONE_NEWNET) != 0:
            os.close(self.before)
            pytest.fail(f"root cannot make a network namespace here: "
                        f"{os.strerror(ctypes.get_errno())}; where that must be so, set "
                        "LATCHSTRING_NO_NAMESPACES=1")
        for name in (self.home, self.router):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "set", "lo", "up")
        ip("link", "add", "out", "type", "veth", "peer", "name", "wan", "netns", self.router)
        ip("-n", self.router, "link", "add", "lan", "type", "veth", "peer", "name", "eth",
           "netns", self.home)
        for where, device, address in (([], "out", OUTSIDE), (["-n", self.router], "wan",
                                       "10.77.0.2"), (["-n", self.router], "lan", "192.168.77.1"),
                                       (["-n", self.home], "eth", HOME)):
            ip(*where, "address", "add", f"{address}/24", "dev", device)
            ip(*where, "link", "set", device, "up")
        ip("-n", self.home, "route", "add", "default", "via", "192.168.77.1")
        ip("route", "add", "192.168.77.0/24", "via", "10.77.0.2")  # an attacker who knows the way
        at_router = ["ip", "netns", "exec", self.router]
        subprocess.run([*at_router, "nft", "-f", "-"], input=RULES, text=True, check=True)
        subprocess.run([*at_router, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)

    def limit(self, rate):
        """What the home may send in a second (`8mbit`); None: everything."""
        queue = ["tc", "-n", self.router, "qdisc"]
        if rate is None:
            subprocess.run([*queue, "del", "dev", "wan", "root"], check=True)
        else:
            subprocess.run([*queue, "add", "dev", "wan", "root", "tbf", "rate", rate, "burst",
                            "64kb", "latency", "400ms"], check=True)

    def sent(self):
        """Bytes that the home has sent outside."""
        shown = subprocess.run(["ip", "-n", self.router, "-s", "-j", "link", "show", "wan"],
                               capture_output=True, text=True, check=True).stdout
        return json.loads(shown)[0]["stats64"]["tx"]["bytes"]

    def end(self):
        for name in (self.home, self.router):
            ip("netns", "del", name)
        assert self.libc.setns(self.before, CLONE_NEWNET) == 0
        os.close(self.before)

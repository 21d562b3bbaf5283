"""Members of a cluster on hosts of their own, whose wires can be pulled.

The scenario moves to a network namespace of its own, and each host gets one more, with two wires: to
the clients and to the other members.  All of it goes with its last process, whatever happens."""

import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_alone = False


def _ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def why_not():
    """None, or why there can be no hosts here."""
    global _alone
    if _alone:
        return None
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if subprocess.run(["sh", "-c", "command -v ip nsenter"], capture_output=True).returncode:
        return "there is no ip or no nsenter (Debian: iproute2, util-linux)"
    if _libc.unshare(CLONE_NEWNET):
        return f"no network namespace: {os.strerror(ctypes.get_errno())}"
    try:
        _ip("link", "set", "lo", "up")
        for bridge, address in (("clients", "10.77.0.254/24"), ("members", "10.78.0.254/24")):
            _ip("link", "add", bridge, "type", "bridge")
            _ip("addr", "add", address, "dev", bridge)
            _ip("link", "set", bridge, "up")
    except RuntimeError as why:
        return str(why)
    _alone = True
    return None


class Host:
    """Number 1, 2 ...: 10.77.0.N for clients, 10.78.0.N for members."""

    def __init__(self, number):
        self.number = number
        self.client_address = f"10.77.0.{number}"
        self.member_address = f"10.78.0.{number}"
        # Holds the namespace until its stdin is closed, so also when we are gone.
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.holder.stdout.readline()
        self._wire("clients", "c", self.client_address)
        self._wire("members", "m", self.member_address)
        self.run("ip", "link", "set", "lo", "up")

    def _wire(self, bridge, letter, address):
        here, there = f"{letter}{self.number}", f"{letter}{self.number}x"
        _ip("link", "add", here, "type", "veth", "peer", "name", there)
        _ip("link", "set", there, "netns", str(self.holder.pid))
        _ip("link", "set", here, "master", bridge)
        _ip("link", "set", here, "up")
        self.run("ip", "addr", "add", f"{address}/24", "dev", there)
        self.run("ip", "link", "set", there, "up")

    def argv(self, argv):
        """To run something on that host."""
        return ["nsenter", "-n", "-t", str(self.holder.pid), *argv]

    def run(self, *argv):
        subprocess.run(self.argv(argv), check=True, capture_output=True, timeout=10)

    def pull(self, members=True, clients=False):
        """What is sent is lost; nobody is told."""
        for letter, chosen in (("m", members), ("c", clients)):
            if chosen:
                _ip("link", "set", f"{letter}{self.number}", "nomaster")

    def plug_in(self):
        for letter, bridge in (("m", "members"), ("c", "clients")):
            _ip("link", "set", f"{letter}{self.number}", "master", bridge)

    def end(self):
        for letter in "mc":  # its namespace may go a while later
            subprocess.run(["ip", "link", "del", f"{letter}{self.number}"], check=False)
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()

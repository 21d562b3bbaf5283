"""`flume top`: the pipelines of a node that serves, as lines, as JSON, and on a terminal, where keys
sort and end it and the terminal is itself again afterwards; and a node that is not there."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from documents import marking
from harness import FLUME, SLOW, Failed, clean_environment, contains, equal, run

REFUSING = 'version: "1.0.0"\ncomponents: {processors: {need: {kind: require, fields: [no]}}}\nref: need\n'


def serving(s, **more):
    folder = s.schemas()
    folder.set_schema("orders", marking("1.2.0", 1))
    folder.set_schema("refused", REFUSING)
    node = s.node("node-1", folder=folder, **more)
    node.wait_schema("orders", version="1.2.0")
    node.wait_schema("refused", version="1.0.0")
    return node


class Calls:
    """Both pipelines, one after the other, in the background."""

    def __init__(self, node):
        self.child = subprocess.Popen(
            ["sh", "-c", f"while :; do for p in orders refused; do curl -s -o /dev/null -d '{{}}' "
             f"http://127.0.0.1:{node.port}/pipelines/$p; done; done"],
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


def as_json(s):
    node = serving(s, socket=os.path.join(s.path, "sock"))
    with Calls(node):
        result = s.flume("top", "--agent", f"http://127.0.0.1:{node.port}", "-n", "2", "-o", "json",
                         "--sort", "name")  # fmt: skip
        equal(result.code, 0, "exit code")
        pictures = [json.loads(line) for line in result.out.splitlines()]
        equal(len(pictures), 2, "objects")
        for picture in pictures:
            equal(picture["node"], "node-1", "node")
            orders, refused = picture["pipelines"]
            equal((orders["name"], orders["state"], orders["version"]), ("orders", "running", "1.2.0"), "orders")
            equal(orders["generation"], 1, "generation")
            assert orders["calls"] > 0 and orders["errors"] == 0, orders
            assert refused["calls"] == refused["errors"] > 0, refused
            assert 0 < orders["p50"] <= orders["p99"], orders
    text = s.flume("top", "--socket", node.socket, "-n", "1", "-i", "200ms")
    head, *lines = text.out.splitlines()
    equal(head.split()[:5], ["PIPELINE", "STATE", "VERSION", "GEN", "CALLS/S"], "head")
    equal(sorted(line.split()[0] for line in lines), ["orders", "refused"], "lines")


class Terminal:
    """flume top on a terminal of 80 columns and 12 lines."""

    def __init__(self, s, *words):
        self.fd, inner = pty.openpty()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 80, 0, 0))
        self.before = termios.tcgetattr(inner)
        self.child = subprocess.Popen(
            [FLUME, "top", *words], stdin=inner, stdout=inner, stderr=inner, cwd=s.path,
            env=clean_environment({"TERM": "xterm"}), start_new_session=True,
        )  # fmt: skip
        self.inner = inner
        self.seen = ""

    def wait(self, part):
        """Until it is drawn, counted from the last wait."""
        end = time.monotonic() + 20 * SLOW
        while part not in self.seen:
            if not select.select([self.fd], [], [], max(end - time.monotonic(), 0))[0]:
                raise Failed(f"{part!r} is not in {self.seen!r}")
            self.seen += os.read(self.fd, 65536).decode()
        drawn, self.seen = self.seen, ""
        return drawn

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        equal(self.child.wait(20 * SLOW), 0, "exit code")
        equal(termios.tcgetattr(self.inner), self.before, "the terminal afterwards")
        left = self.seen
        while select.select([self.fd], [], [], 0)[0]:
            left += os.read(self.fd, 65536).decode()
        contains(left, "\x1b[?1049l", "what it leaves")
        os.close(self.fd)
        os.close(self.inner)


def on_a_terminal(s):
    node = serving(s)
    words = ("--agent", f"http://127.0.0.1:{node.port}", "-i", "300ms", "--sort", "name")
    terminal = Terminal(s, *words)
    drawn = terminal.wait("refused ")
    contains(drawn, "by name ", "title")
    terminal.press("s")
    terminal.wait("by calls ")
    terminal.press("r")
    terminal.wait("by calls, reversed ")
    node.stop()
    terminal.wait("Failed to connect")
    node.start()
    terminal.wait("node-1")
    terminal.press("q")
    terminal.end()
    terminal = Terminal(s, *words)
    terminal.wait("refused ")
    terminal.child.send_signal(signal.SIGTERM)
    terminal.end()


def nobody_is_there(s):
    result = s.flume("top", "--socket", os.path.join(s.path, "none.sock"))
    equal(result.code, 3, "exit code")
    contains(result.err, "no agent listens there", "what is said")
    equal(s.flume("top", "-i", "1ms").code, 2, "an interval that is too short")


run(as_json, on_a_terminal, nobody_is_there)

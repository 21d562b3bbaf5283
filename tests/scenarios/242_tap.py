"""`flume tap`: documents of a node that serves, as they come; without what the node or whoever looks has
hidden; only for those who may change things; and under load it loses lines, tells how many, and no call."""

import json
import os
import signal
import subprocess

from documents import marking
from harness import FLUME, Failed, clean_environment, contains, equal, run, wait_until

SCHEMA = """\
version: "1.0.0"
components:
  processors:
    need: {kind: require, fields: [id]}
    done: {kind: set, fields: {status: accepted}}
    gone: {kind: drop}
  predicates: {test: {kind: exists, field: test}}
type: sequence
children:
  - {ref: need}
  - {type: filter, predicate: test, then: {ref: gone}}
  - {ref: done}
"""


def serving(s, *args):
    folder = s.schemas()
    folder.set_schema("orders", SCHEMA)
    folder.set_schema("other", marking("1.0.0", 1))
    socket = os.path.join(s.path, "sock")
    node = s.node("node-1", folder=folder, socket=socket, args=["--tap-redact", "customer.card", *args])
    node.wait_schema("orders", version="1.0.0")
    node.wait_schema("other", version="1.0.0")
    return node


class Tap:
    def __init__(self, s, node, *words):
        self.out, self.err = os.path.join(s.path, "tap.out"), os.path.join(s.path, "tap.err")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(
                [FLUME, "tap", "orders", "--socket", node.socket, *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=clean_environment(),
            )  # fmt: skip
        s.processes.append(self)
        self.node = node
        wait_until("the tap is heard", self.heard)

    name = "tap"

    def heard(self):
        """It shows in what is shown of a probe."""
        self.node.process("orders", {"id": "probe", "customer": {"card": 1}})
        return self.lines() or self.child.poll() is not None

    def lines(self):
        with open(self.out, encoding="utf-8") as file:
            text = file.read()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def calls(self):
        return [line for line in self.lines() if line["input"].get("id") != "probe"]

    def end(self):
        code = self.child.wait(20)
        with open(self.err, encoding="utf-8") as file:
            return code, file.read()

    # As the scene ends it.
    def alive(self):
        return self.child.poll() is None

    def kill9(self):
        self.child.kill()
        self.child.wait()

    def sanitizer_report(self):
        return None

    def log_tail(self):
        return ""


def each_call_is_a_line_without_what_is_hidden(s):
    node = serving(s)
    tap = Tap(s, node, "--redact", "customer.email", "--rate", "1000/s")
    customer = {"card": "a-secret-card", "email": "ada@example.org", "city": "Bern"}
    answer = node.process("orders", {"id": 1, "customer": customer}, {"X-Request-Id": "mine-1"})
    equal(answer.json()["customer"], customer, "what the caller gets")
    node.process("orders", {"id": 2, "test": True})
    node.process("orders", {"customer": customer})
    node.process("other", {"id": 4})
    wait_until("three lines", lambda: len(tap.calls()) == 3)
    ok, dropped, failed = tap.calls()
    veiled = {"card": "***", "email": "***", "city": "Bern"}
    equal(ok["input"], {"id": 1, "customer": veiled}, "input")
    equal(ok["output"], {"id": 1, "customer": veiled, "status": "accepted"}, "output")
    equal((ok["request"], ok["version"], ok["generation"]), ("mine-1", "1.0.0", 1), "what served")
    equal((ok["outcome"], dropped["outcome"], failed["outcome"]), ("ok", "dropped", "failed"), "outcomes")
    equal("output" in dropped, False, "an output of what was dropped")
    equal("text" in failed["error"], False, "a message, where something is hidden")
    node.request("POST", "/pipelines/orders", '{"id":5}\n{"id":6}\n', {"Content-Type": "application/x-ndjson"})
    wait_until("two more", lambda: len(tap.calls()) == 5)
    node.stop()
    equal(tap.end()[0], 0, "the end of the tap, when the node ends")


def outcomes_and_counts_are_chosen(s):
    node = serving(s)
    tap = Tap(s, node, "--outcome", "ok,failed", "--only", "input", "-n", "3", "--rate", "1000/s")
    probes = len(tap.lines())
    node.process("orders", {"id": 1, "test": 1})
    for i in range(3 - probes):
        node.process("orders", {"id": i})
    equal(tap.end(), (0, ""), "its end")
    equal(["output" in line for line in tap.lines()], [False] * 3, "outputs")
    for words, why in (
        (("--sample", "7"), "sample is '7': expected a share"),
        (("--rate", "0/s"), "rate is '0/s': expected calls a second"),
        (("--outcome", "good"), "outcome is 'good': expected ok, dropped or failed"),
        (("--redact", "a["), "redact: 'a[' is not a path"),
    ):
        result = s.flume("tap", "orders", "--socket", node.socket, *words)
        equal(result.code, 2, why)
        contains(result.err, why, "what is said")
    equal(s.flume("tap", "none", "--socket", node.socket).code, 5, "a pipeline that is not there")


def it_takes_the_right_to_write(s):
    token = s.file("token", "open sesame\n")
    node = serving(s, "--token-file", token)
    url = f"http://127.0.0.1:{node.port}"
    result = s.flume("tap", "orders", "--agent", url)
    equal(result.code, 7, "without a token")
    contains(result.err, "bearer token", "what is said")
    equal(node.get("/pipelines/orders/tap").status, 401, "GET without a token")
    wrong = s.file("wrong", "sesame\n")
    equal(s.flume("tap", "orders", "--agent", url, "--token-file", wrong).code, 7, "another token")
    answer = node.request("HEAD", "/pipelines/orders/tap", headers={"Authorization": "Bearer open sesame"})
    equal(answer.status, 200, "HEAD with the token")
    result = s.flume("agent", "--listen", "127.0.0.1:0", "--socket", "none", "--tap-redact", "a[")
    equal(result.code, 2, "an agent with a path that is none")
    contains(result.err, "'a[' is not a path: column 3", "what is said")


def under_load_lines_are_lost_and_no_call(s):
    node = serving(s)
    load = s.load(node, "orders", {"id": 1, "customer": {"card": "a-secret-card"}}, rate=400)
    tap = Tap(s, node, "--rate", "50/s")
    other = subprocess.Popen(  # one that never reads
        [FLUME, "tap", "orders", "--socket", node.socket, "--rate", "10000/s"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment(),
    )  # fmt: skip
    try:
        wait_until("some lines", lambda: len(tap.calls()) >= 100, 30)
        wait_until("a thousand calls", lambda: load.sent() >= 1000, 30)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    tap.child.send_signal(signal.SIGTERM)
    _, err = tap.end()
    load.stop_clean(1000)
    with open(tap.out, encoding="utf-8") as file:
        if "a-secret-card" in file.read():
            raise Failed("a card was shown")
    contains(err, "not shown: more than --rate", "what is said")


run(
    each_call_is_a_line_without_what_is_hidden,
    outcomes_and_counts_are_chosen,
    it_takes_the_right_to_write,
    under_load_lines_are_lost_and_no_call,
)

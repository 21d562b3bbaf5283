"""Documents by the line (NDJSON), and clients that are slow, silent, or many."""

import json
import os
import resource
import socket
import subprocess
import threading
import time

from documents import marking
from harness import SLOW, Failed, contains, equal, run, wait_until
from toolbox import resident

NDJSON = "Content-Type: application/x-ndjson"
SLOWLY = 300  # clients that never end their request
LARGE = 200_000_000  # bytes of a stream
PADDING = "x" * 2000


def node_with_one(s, *args, **more):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = s.node(folder=folder, args=list(args), **more)
    node.wait_ready()
    return node, folder


class Curl:
    """A conversation: lines go in one by one, and answers come out (which -T - would wait with)."""

    def __init__(self, url, *args):
        self.process = subprocess.Popen(
            ["curl", "--no-buffer", "--no-progress-meter", "-X", "POST", "-H", NDJSON, "-H", "Expect:", "-T", ".", *args, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self):
        return self.process.stdout.readline().decode()

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read().decode()
        return self.process.wait(10 * SLOW), rest


def each_line_is_answered_before_the_next_is_sent(s):
    node, folder = node_with_one(s, socket=os.path.join(s.path, "flume.sock"))
    over_tcp = (f"http://127.0.0.1:{node.port}/pipelines/a",)
    over_socket = ("http://localhost/pipelines/a", "--unix-socket", node.socket)
    for k, where in enumerate([over_tcp, over_socket]):
        curl = Curl(*where)
        for i in range(5):
            equal(json.loads(curl.say(f'{{"id": {i}}}'))["id"], i, "answer")
        error = json.loads(curl.say("{broken"))["flume_error"]
        equal((error["line"], error["code"]), (6, "bad-json"), "error")
        version = f"1.{k + 1}.0"
        folder.set_schema("a", marking(version, k + 2))
        node.wait_schema("a", version=version)
        equal(json.loads(curl.say("{}"))["made_by"], k + 2, "made_by after a reload")
        equal(curl.end(), (0, ""), "the end")


def connected(node, head):
    sock = socket.create_connection(("127.0.0.1", node.port), timeout=60 * SLOW)
    sock.sendall(head.encode())
    return sock


class Sender:
    """LARGE bytes of documents, as fast as they are taken."""

    def __init__(self, sock):
        line = json.dumps({"id": 1, "text": PADDING}).encode() + b"\n"
        block = line * 32
        self.block = b"%x\r\n%s\r\n" % (len(block), block)
        self.blocks = LARGE // len(block)
        self.documents = 32 * self.blocks
        self.sock = sock
        self.sent = 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for _ in range(self.blocks):
            self.sock.sendall(self.block)
            self.sent += len(self.block)
        self.sock.sendall(b"0\r\n\r\n")


def a_slow_reader_costs_no_memory(s):
    node, _ = node_with_one(s)
    sock = connected(
        node,
        f"POST /pipelines/a HTTP/1.1\r\nHost: localhost\r\n{NDJSON}\r\n"
        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
    before = resident(node)
    sender = Sender(sock)
    wait_until("something was sent", lambda: sender.sent > 0)

    def held_up():
        sent = sender.sent
        time.sleep(0.5)
        return sender.sent == sent

    wait_until("the sender is held up", held_up)
    assert sender.sent < 40_000_000, f"{sender.sent} bytes were taken that nobody reads"
    answers, last, most = 0, b"", resident(node)
    while True:
        data = sock.recv(1 << 20)
        if not data:
            break
        answers += data.count(b'"made_by"')
        answers += (last + data[:8]).count(b'"made_by"')
        last = data[-8:]
        if len(data) > 500_000 or answers % 64 == 0:
            most = max(most, resident(node))
    sender.thread.join()
    equal(answers, sender.documents, "answers")
    contains(last.decode(), "\r\n\r\n", "the end of the body")
    print(f"measured: {most - before:.1f} MB more for {LARGE / 1e6:.0f} MB")
    assert most - before < 8 * SLOW, f"{before:.1f} MB became {most:.1f}"
    equal(node.process("a", {}).status, 200, "another document")


def clients_that_never_end_their_request_cost_little(s):
    node, _ = node_with_one(s)
    before = resident(node)
    heads = [
        "POST /pipelines/a HTTP/1.1\r\nHost: loc",
        "POST /pipelines/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{",
        f"POST /pipelines/a HTTP/1.1\r\nHost: localhost\r\n{NDJSON}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
    ]
    slow = [connected(node, heads[i % len(heads)]) for i in range(SLOWLY)]
    for _ in range(10):
        for sock in slow:
            sock.sendall(b"1" if sock is not slow[2] else b"\r")
        equal(node.process("a", {"id": 1}).status, 200, "a client that is not slow")
    grown = resident(node) - before
    print(f"measured: {grown:.1f} MB for {SLOWLY} slow clients")
    assert grown < 16 * SLOW, f"{grown:.1f} MB"
    for sock in slow:
        sock.close()
    equal(node.process("a", {"id": 1}).status, 200, "afterwards")


def a_crowd_over_tcp_leaves_the_socket_open(s):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        print("skipped: no descriptors for a crowd")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    node, _ = node_with_one(s, socket=os.path.join(s.path, "flume.sock"))
    crowd = [connected(node, "") for _ in range(1024)]

    def is_full():
        one = connected(node, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = one.recv(100)
        one.close()
        return b" 503 " in said

    node.wait_for("full over TCP", is_full)
    equal(node.request_locally("GET", "/healthz").status, 200, "through the socket")
    for sock in crowd:
        sock.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    node.wait_for("room over TCP", lambda: not is_full())


def a_stream_that_does_not_end_is_told_where_it_was_cut(s):
    node, _ = node_with_one(s, "--drain", "300ms")
    curl = Curl(f"http://127.0.0.1:{node.port}/pipelines/a")
    equal(json.loads(curl.say('{"id": 1}'))["id"], 1, "the first line")
    node.stop()
    error = json.loads(curl.hear())["flume_error"]
    equal((error["line"], error["code"]), (2, "closing"), "the last line")
    code, _ = curl.end()
    if code == 0:
        raise Failed("curl took the body for complete")


def a_request_is_called_the_same_everywhere(s):
    node, _ = node_with_one(s, "--log-level", "debug")
    answer = node.process("a", '"no object"', {"X-Request-Id": "order-17"})
    equal(answer.status, 422, answer.text)
    equal(answer.header("X-Request-Id"), "order-17", "X-Request-Id")
    said = [line for line in node.log_lines() if line.get("request") == "order-17"]
    equal(
        [(line["message"], line.get("status")) for line in said],
        [("call failed", None), ("request answered", 422)],
        "lines of the log",
    )


FAILING = """\
version: "1.0.0"
components:
  processors: {need: {kind: require, fields: [id]}}
  error_handlers: {aside: {kind: dead-letter, channel: letters, then: fail}}
type: handle
error_handler: aside
child:
  type: circuit-breaker
  failure_threshold: 2
  child: {type: retry, attempts: 2, child: {ref: need}}
"""


def what_steps_say_names_the_request(s):
    folder = s.schemas()
    folder.set_schema("a", FAILING)
    config = f"components: {{channels: {{letters: {{kind: file, path: {s.path}/letters}}}}}}\n"
    args = ["--log-level", "debug", "--config", s.file("agent.yaml", config)]
    node = s.node(folder=folder, args=args)
    node.wait_schema("a", version="1.0.0")
    for i in (1, 2):
        equal(node.process("a", {}, {"X-Request-Id": f"order-{i}"}).status, 422, "status")
    wait_until("the breaker opens", lambda: "circuit-breaker opened" in node.log_text())
    named = {line["message"]: line.get("request") for line in node.log_lines()}
    equal(named["attempt failed"], "order-2", "an attempt")
    equal(named["circuit-breaker opened"], "order-2", "the breaker")
    with open(f"{s.path}/letters", encoding="utf-8") as file:
        equal([json.loads(line)["request"] for line in file], ["order-1", "order-2"], "dead letters")


run(
    each_line_is_answered_before_the_next_is_sent,
    a_stream_that_does_not_end_is_told_where_it_was_cut,
    a_request_is_called_the_same_everywhere,
    what_steps_say_names_the_request,
    clients_that_never_end_their_request_cost_little,
    a_crowd_over_tcp_leaves_the_socket_open,
    a_slow_reader_costs_no_memory,
)

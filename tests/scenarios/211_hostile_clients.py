"""Clients that are slow on purpose, broken, or out to be read in two ways: each is refused or left by rule, and
those that behave are served meanwhile."""

import json
import os
import re
import signal
import socket
import struct
import time
import zlib

from harness import SLOW, Failed, contains, equal, run
from toolbox import measured, resident, stays_below

HOST = "Host: localhost\r\n"
NDJSON = "Content-Type: application/x-ndjson\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
POST = f"POST /pipelines/a HTTP/1.1\r\n{HOST}"
STREAM = POST + NDJSON + CHUNKED + "\r\n"
HEALTH = f"GET /healthz HTTP/1.1\r\n{HOST}\r\n"
LAST = f"GET /smuggled HTTP/1.1\r\n{HOST}\r\n"  # 404: somebody read it as a request of its own
DROPPING = """\
version: "1.0.0"
components:
  processors: {gone: {kind: drop}, mark: {kind: set, fields: {made_by: 1}}}
  predicates: {test: {kind: exists, field: drop}}
type: sequence
children:
  - {type: filter, predicate: test, then: {ref: gone}}
  - ref: mark
"""


def serving(s, *args, **more):
    folder = s.schemas()
    folder.set_schema("a", DROPPING)
    node = s.node(folder=folder, args=list(args), **more)
    node.wait_schema("a", version="1.0.0")
    return node


class Client:
    def __init__(self, node, text=b""):
        self.sock = socket.create_connection(("127.0.0.1", node.port), timeout=20 * SLOW)
        self.said = b""
        self.say(text)

    def say(self, text):
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def line(self, text):
        data = text.encode() + b"\n"
        self.say(b"%x\r\n%s\r\n" % (len(data), data))

    def hear(self, part):
        while part.encode() not in self.said:
            data = self.sock.recv(65536)
            if not data:
                raise Failed(f"{part!r} did not come, but {self.said[-500:]!r}")
            self.said += data
        return self.said.decode(errors="replace")

    def end(self):
        """What came until the server hung up, in order or by a reset."""
        try:
            while data := self.sock.recv(65536):
                self.said += data
        except ConnectionResetError:
            pass
        self.sock.close()
        return self.said.decode(errors="replace")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def unpacked(answer):
    """The body of an answer in chunks, compressed, that may be cut."""
    rest, body = answer.partition(b"\r\n\r\n")[2], b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return zlib.decompressobj(31).decompress(body).decode()


def length(n):
    return f"Content-Length: {n}\r\n"


def chunked(body):
    return POST + CHUNKED + "\r\n" + body + LAST


# Each could be two requests to some proxy; none may be here.
TWO_WAYS = {
    "both lengths": POST + length(4) + CHUNKED + "\r\n0\r\n\r\n" + LAST,
    "both, the other way round": POST + CHUNKED + length(4) + "\r\n0\r\n\r\n" + LAST,
    "two lengths": POST + length(2) + length(38) + "\r\n{}" + LAST,
    "the same length twice": POST + length(2) + length(2) + "\r\n{}" + LAST,
    "a list of lengths": POST + length("2, 2") + "\r\n{}" + LAST,
    "a length with a sign": POST + length("+2") + "\r\n{}" + LAST,
    "a length below zero": POST + length("-2") + "\r\n{}" + LAST,
    "a hexadecimal length": POST + length("0x2") + "\r\n{}" + LAST,
    "a length with blanks": POST + length("2 2") + "\r\n{}" + LAST,
    "a length out of range": POST + length("18446744073709551618") + "\r\n{}" + LAST,
    "an empty length": POST + length("") + "\r\n{}" + LAST,
    "chunked twice": POST + CHUNKED + CHUNKED + "\r\n0\r\n\r\n" + LAST,
    "chunked, chunked": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + LAST,
    "identity": POST + "Transfer-Encoding: identity\r\n" + length(2) + "\r\n{}" + LAST,
    "a coding with a control": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + LAST,
    "xchunked": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + LAST,
    "a blank before the colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + LAST,
    "a name with a control": POST + "\x00Content-Length: 2\r\n\r\n{}" + LAST,
    "a folded line": POST + "X: a\r\n Content-Length: 2\r\n\r\n{}" + LAST,
    "a folded length": POST + "Content-Length:\r\n 2\r\n\r\n{}" + LAST,
    "a folded first line": "POST /pipelines/a\r\n HTTP/1.1\r\n" + HOST + "\r\n" + LAST,
    "a bare LF in the head": POST + "X: a\nContent-Length: 2\r\n\r\n{}" + LAST,
    "a bare CR in the head": POST + "X: a\rContent-Length: 2\r\n\r\n{}" + LAST,
    "a head that ends with LF": "POST /pipelines/a HTTP/1.1\n" + HOST + "\n" + LAST,
    "two hosts": POST + HOST + length(2) + "\r\n{}" + LAST,
    "no host": "GET /healthz HTTP/1.1\r\n\r\n" + LAST,
    "another host in the URL": f"GET http://other/healthz HTTP/1.1\r\n{HOST}\r\n" + LAST,
    "chunks in HTTP/1.0": "POST /pipelines/a HTTP/1.0\r\n" + HOST + CHUNKED + "\r\n0\r\n\r\n" + LAST,
    "a size with a sign": chunked("+2\r\n{}\r\n0\r\n\r\n"),
    "a size with 0x": chunked("0x2\r\n{}\r\n0\r\n\r\n"),
    "a size out of range": chunked("10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "a size with an underscore": chunked("0_2\r\n{}\r\n0\r\n\r\n"),
    "no size": chunked("\r\n{}\r\n0\r\n\r\n"),
    "a blank before the size": chunked(" 2\r\n{}\r\n0\r\n\r\n"),
    "a size that ends with LF": chunked("2\n{}\r\n0\r\n\r\n"),
    "a size that ends with CR": chunked("2\r{}\r\n0\r\n\r\n"),
    "an extension with LF": chunked("2;a\n{}\r\n0\r\n\r\n"),
    "a chunk that is longer than its size": chunked("2\r\n{}xx\r\n0\r\n\r\n"),
    "a chunk that ends with LF": chunked("2\r\n{}\n0\r\n\r\n"),
    "an end with LF": chunked("2\r\n{}\r\n0\r\n\n"),
    "a folded trailer": chunked("2\r\n{}\r\n0\r\n X: a\r\n\r\n"),
    "many fields": POST + "X: a\r\n" * 1000 + length(2) + "\r\n{}" + LAST,
    "a long field": POST + "X: " + "a" * 20000 + "\r\n" + length(2) + "\r\n{}" + LAST,
    "a long method": "P" * 1000 + " / HTTP/1.1\r\n" + HOST + "\r\n" + LAST,
    "a long URL": "GET /" + "a" * 9000 + " HTTP/1.1\r\n" + HOST + "\r\n" + LAST,
    "another expectation": POST + "Expect: 200-maybe\r\n" + length(2) + "\r\n{}" + LAST,
    "empty lines without end": "\r\n" * 1000 + LAST,
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + LAST,
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + LAST,
}


def what_could_be_read_in_two_ways_is_refused_and_ends(s):
    node = serving(s)
    for what, text in TWO_WAYS.items():
        said = Client(node, text.encode("latin-1")).end()
        status = said.split(" ", 2)[1] if said else "nothing"
        if status not in ("400", "414", "417", "431", "501", "505") or len(re.findall(r"HTTP/1\.1 \d", said)) != 1:
            raise Failed(f"{what}: {said!r}")
        contains(said, "Connection: close", what)
    equal(node.process("a", {"id": 1}).status, 200, "another document")


def what_is_unusual_and_clear_is_served(s):
    node = serving(s)
    clear = {
        "an empty line before": "\r\n" + POST + length(2) + "\r\n{}",
        "two empty lines before": "\r\n\r\n" + POST + length(2) + "\r\n{}",
        "an extension of a chunk": POST + CHUNKED + '\r\n2;a="b"\r\n{}\r\n0\r\n\r\n',
        "a trailer": POST + CHUNKED + "\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
        "a length with zeros": POST + length("0000000002") + "\r\n{}",
        "the whole URL": f"POST http://localhost/pipelines/a HTTP/1.1\r\n{HOST}" + length(2) + "\r\n{}",
        "names in any case": POST + "tRANSFER-eNCODING: ChUnKeD\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "63 fields": POST + "X: a\r\n" * 61 + length(2) + "\r\n{}",
    }
    client = Client(node)
    for what, text in clear.items():
        client.said = b""
        client.say(text)
        contains(client.hear('{"made_by":1}'), "HTTP/1.1 200 OK", what)
    client.sock.close()


def who_asks_before_sending_is_told(s):
    node = serving(s)
    asking = "Expect: 100-continue\r\n"
    client = Client(node, POST + length(2) + asking + "\r\n")
    client.hear("HTTP/1.1 100 Continue\r\n\r\n")
    client.say("{}")
    client.hear('{"made_by":1}')
    client.said = b""
    client.say(POST + NDJSON + CHUNKED + asking + "\r\n")
    client.hear("HTTP/1.1 100 Continue\r\n\r\n")
    client.line("{}")
    client.hear('{"made_by":1}')
    client.say("0\r\n\r\n")
    client.hear("Flume-Lines: 1")
    client.sock.close()
    refused = Client(node, POST.replace("/a", "/nowhere") + length(2) + asking + "\r\n").end()
    contains(refused, "HTTP/1.1 404", "an unknown pipeline")


def requests_that_come_together_are_answered_in_order(s):
    node = serving(s)
    one = lambda i, body: POST + f"X-Request-Id: r-{i}\r\n" + length(len(body)) + "\r\n" + body  # noqa: E731
    bodies = ['{"id":%d}' % i if i % 3 else '{"drop":%d}' % i for i in range(300)]
    bodies[100], bodies[200] = "{broken", "[" * 2000
    client = Client(node, "".join(one(i, body) for i, body in enumerate(bodies)))
    client.say(HEALTH.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    answers = client.end().split("HTTP/1.1 ")[1:]
    equal(len(answers), 301, "answers")
    for i, answer in enumerate(answers[:300]):
        wanted = "400" if i in (100, 200) else "200" if i % 3 else "204"
        equal(answer[:3], wanted, f"status {i}")
        contains(answer, f"X-Request-Id: r-{i}\r\n", "whose it is")


def what_drips_is_left_by_the_clock(s):
    node = serving(s, "--idle", "600ms", "--stream-idle", "1200ms")
    before = resident(node)
    head = Client(node, "POST /pipelines/a HTTP/1.1\r\n")
    body = Client(node, POST + length(100000) + "\r\n{")
    chunks = Client(node, POST + CHUNKED + "\r\n1\r\n{\r\n")
    line = Client(node, STREAM)
    line.line('{"id":1}')
    empty = Client(node)
    silent = Client(node, STREAM)
    silent.line('{"id":1}')
    drips = {head: "X: a\r\n", body: "1", chunks: "1\r\n1\r\n", line: "1\r\n1\r\n", empty: "\r\n"}
    names = {head: "head", body: "body", chunks: "chunks", line: "line", empty: "empty", silent: "silent"}
    ended, begun = {}, time.monotonic()

    def over(client):
        try:
            client.sock.setblocking(False)
            while data := client.sock.recv(65536):
                client.said += data
            return True
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            client.sock.setblocking(True)

    while len(ended) < 6:
        for client in (*drips, silent):
            if client in ended:
                continue
            try:
                client.say(drips.get(client, ""))
            except OSError:
                pass
            if over(client):
                ended[client] = time.monotonic() - begun
        equal(node.process("a", {"id": 1}).status, 200, "one that does not drip")
        if time.monotonic() - begun > 10 * SLOW:
            raise Failed(f"still there: {[names[c] for c in names if c not in ended]}")
        time.sleep(0.05)
    for client, what in ((head, "head"), (body, "body"), (chunks, "chunks")):
        contains(client.said.decode(), "HTTP/1.1 408", what)
    for client in (line, silent):
        contains(client.said.decode(), '{"flume_error":{"line":2,"code":"too-slow"', "the last line")
        assert not client.said.endswith(b"0\r\n\r\n"), "the body looks complete"
    metrics = node.get("/metrics").text
    contains(metrics, 'flume_http_streams_cut_total{reason="too-slow"} 2\n', "metrics")
    stays_below(4 * SLOW, resident(node) - before)


def who_never_reads_is_left(s):
    node = serving(s, "--idle", "600ms")
    before = resident(node)
    document = json.dumps({"id": 1, "text": "x" * 100000})
    one = POST + length(len(document)) + "\r\n" + document
    client = Client(node)
    client.sock.settimeout(0.2)
    sent = 0
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < 10 * SLOW:
            try:
                sent += client.sock.send(one.encode() * 4)
            except TimeoutError:
                equal(node.process("a", {"id": 1}).status, 200, "one that reads")
    except OSError:
        pass
    else:
        raise Failed("it is still there")
    grown = resident(node) - before
    measured("a client that never reads", f"{sent / 1e6:.1f} MB taken, {grown:.1f} MB more")
    stays_below(8 * SLOW, grown)
    node.wait_for("it is gone", lambda: 'flume_http_connections 1\n' in node.get("/metrics").text)


RESETS = 6000


def resets_leave_nothing(s):
    node = serving(s)
    texts = [
        "",
        "GET /heal",
        HEALTH,
        POST + length(2) + "\r\n{",
        POST + length(2) + "\r\n{}",
        STREAM + "9\r\n{\"id\":1}\n\r\n",
        STREAM + "3\r\n{\"i",
        HEALTH * 20,
    ]

    def storm(n):
        for i in range(n):
            Client(node, texts[i % len(texts)]).reset()
        node.wait_for("all are gone", lambda: 'flume_http_connections 1\n' in node.get("/metrics").text)

    storm(RESETS // 6)
    before = resident(node)
    storm(RESETS)
    grown = resident(node) - before
    measured(f"{RESETS} connections that were reset", f"{grown:.2f} MB more")
    stays_below(SLOW, grown)
    fds = len(os.listdir(f"/proc/{node.pid}/fd"))
    assert fds < 64, f"{fds} descriptors"


def the_end_comes_while_streams_and_many_requests_run(s):
    """Whatever had begun is answered to its end, in order, and what was not is seen to be cut."""
    node = serving(s, "--drain", "1s")
    stream = Client(node, STREAM)
    stream.line('{"id":0}')
    stream.hear('"id":0')
    finishing = Client(node, STREAM)
    finishing.line('{"id":0}')
    finishing.hear('"id":0')
    packed = Client(node, STREAM.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"))
    packed.line('{"id":0}')
    packed.hear("Content-Encoding: gzip")
    many = Client(node)
    node.signal(signal.SIGTERM)
    for i in range(2000):
        try:
            many.say(POST + length(8 + len(str(i))) + '\r\n{"id": %d}' % i)
        except OSError:
            break
    for i in range(1, 5):
        finishing.line('{"id":%d}' % i)
    finishing.say("0\r\n\r\n")
    contains(finishing.end(), "Flume-Lines: 5", "one that ends in time")
    answers = many.end().split("HTTP/1.1 ")[1:]
    for i, answer in enumerate(answers):
        equal(answer[:3], "200", f"status {i}")
        contains(answer, '{"id":%d,' % i, "in order")
    if answers:
        contains(answers[-1], "Connection: close", "the last one says so")
    rest = stream.end()
    contains(rest, '{"flume_error":{"line":2,"code":"closing"', "the stream")
    assert not rest.endswith("0\r\n\r\n"), "the stream looks complete"
    packed.end()
    contains(unpacked(packed.said), '{"flume_error":{"line":2,"code":"closing"', "one that is compressed")
    equal(node.child.wait(20 * SLOW), 0, "exit code")


run(
    what_could_be_read_in_two_ways_is_refused_and_ends,
    what_is_unusual_and_clear_is_served,
    who_asks_before_sending_is_told,
    requests_that_come_together_are_answered_in_order,
    what_drips_is_left_by_the_clock,
    who_never_reads_is_left,
    resets_leave_nothing,
    the_end_comes_while_streams_and_many_requests_run,
)

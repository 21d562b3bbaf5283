"""What leaves the node by channels, and what comes in beside the documents: nothing is lost within the
bounds of a queue, what is beyond them is counted, files rotate, tables are replaced while they are
used, and no program of a schema holds up the agent."""

import http.server
import json
import os
import socketserver
import threading
import time

from harness import SLOW, contains, equal, free_port, run, wait_until

SCHEMA = """\
version: "{version}"
type: sequence
children:
{children}
canary:
  probation: {{duration: 100ms, min_requests: 1, max_error_rate: 100%}}
"""


def schema(version, *children):
    return SCHEMA.format(version=version, children="\n".join(f"  - {c}" for c in children))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A node that ends leaves its connections."""


class Receiver:
    """Takes what is posted to it, line by line; may go away and come back at the same port."""

    def __init__(self):
        self.port = free_port()
        self.lines = []
        self.server = None

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.lines += [json.loads(line) for line in body.splitlines()]
                self.send_response(204)
                self.end_headers()

            def do_GET(self):
                body = json.dumps({"path": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Local:
    """A unix socket that takes lines."""

    def __init__(self, path):
        self.lines = []
        local = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    local.lines.append(json.loads(line))

        self.server = socketserver.ThreadingUnixStreamServer(path, Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def started(s, config, **schemas):
    folder = s.schemas()
    for name, text in schemas.items():
        folder.set_schema(name, text)
    path = s.file("agent.yaml", config)
    node = s.node(folder=folder, args=["--config", path])
    node.wait_ready()
    return node, folder


def channel_metric(node, channel, outcome):
    for line in node.get("/metrics").text.splitlines():
        if line.startswith("flume_channel_documents_total{") and f'channel="{channel}"' in line:
            if f'outcome="{outcome}"' in line:
                return int(line.split()[-1])
    return None


def a_copy_goes_to_every_channel(s):
    receiver = Receiver().start()
    local = Local(os.path.join(s.path, "sock"))
    out = os.path.join(s.path, "out.ndjson")
    node, _ = started(
        s,
        f"""\
components:
  channels:
    far: {{kind: http, url: "http://127.0.0.1:{receiver.port}/in", batch_age: 10ms}}
    near: {{kind: unix, path: {s.path}/sock}}
    kept: {{kind: file, path: {out}, max_bytes: 1024, keep: 3, fsync: second}}
    gone: {{kind: "null"}}
""",
        a=schema("1.0.0", "stream: far", "stream: near", "stream: kept", "stream: gone"),
    )
    for i in range(200):
        equal(node.process("a", {"id": i}).status, 200, "status")
    wait_until("all came over HTTP", lambda: len(receiver.lines) == 200)
    wait_until("all came over the socket", lambda: len(local.lines) == 200)
    expected = [{"id": i} for i in range(200)]
    equal(receiver.lines, expected, "over HTTP")
    equal(local.lines, expected, "over the socket")
    kept = []
    for name in ("out.ndjson.3", "out.ndjson.2", "out.ndjson.1", "out.ndjson"):
        path = os.path.join(s.path, name)
        if os.path.exists(path):
            assert os.path.getsize(path) <= 1024, name
            with open(path, encoding="utf-8") as file:
                kept += [json.loads(line) for line in file]
    equal(kept, expected, "in the files")
    for channel in ("far", "near", "kept"):
        wait_until("sent", lambda c=channel: channel_metric(node, c, "sent") == 200)
    local.stop()
    receiver.stop()


def a_receiver_that_is_away_loses_nothing_within_the_queue(s):
    receiver = Receiver()
    node, _ = started(
        s,
        f"""\
components:
  channels:
    far: {{kind: http, url: "http://127.0.0.1:{receiver.port}/in", batch_age: 10ms, queue: 50,
           backoff: 200ms}}
""",
        a=schema("1.0.0", "{stream: far, stream_timeout: 50ms}"),
    )
    statuses = [node.process("a", {"id": i}).status for i in range(60)]
    equal(statuses, [200] * 50 + [429] * 10, "statuses: fifty are in the queue")
    equal(channel_metric(node, "far", "failed"), 10, "failed")
    receiver.start()
    wait_until("all of them came", lambda: len(receiver.lines) == 50, timeout=20)
    equal(receiver.lines, [{"id": i} for i in range(50)], "what came")
    equal(node.process("a", {"id": 60}).status, 200, "status afterwards")
    wait_until("the next one came", lambda: receiver.lines[-1] == {"id": 60})
    contains(node.log_text(), "a channel did not take a document", "log")
    receiver.stop()


def what_is_queued_at_the_end_is_flushed(s):
    receiver = Receiver().start()
    node, _ = started(
        s,
        f"""\
components:
  channels:
    far: {{kind: http, url: "http://127.0.0.1:{receiver.port}/in", batch_age: 1h}}
""",
        a=schema("1.0.0", "stream: far"),
    )
    for i in range(20):
        equal(node.process("a", {"id": i}).status, 200, "status")
    equal(receiver.lines, [], "before the end")
    node.stop()
    equal(receiver.lines, [{"id": i} for i in range(20)], "after the end")
    receiver.stop()


JQ = """\
version: "1.0.0"
components:
  processors:
    p: {{kind: jq, program: '{program}'}}
ref: p
canary:
  probation: {{duration: 100ms, min_requests: 1, max_error_rate: 100%}}
"""


def children_of(node):
    path = f"/proc/{node.child.pid}/task"
    found = []
    for task in os.listdir(path):
        with open(f"{path}/{task}/children", encoding="utf-8") as file:
            found += file.read().split()
    return found


def a_program_of_a_schema_runs_in_a_process_of_its_own_and_ends(s):
    node, folder = started(s, "{}\n", a=JQ.format(program=".total *= 2"))
    equal(node.process("a", {"total": 2}).json(), {"total": 4}, "answer")
    folder.set_schema("b", JQ.format(program="def f: f; f"))
    node.wait_schema("b", state="running")
    begun = time.monotonic()
    answer = node.process("b", {"total": 2})
    equal(answer.status, 422, "a program that does not end")
    assert time.monotonic() - begun < 8 * SLOW, "it took long"
    contains(answer.text, "not over after 200 ms", "answer")
    equal(node.process("a", {"total": 2}).json(), {"total": 4}, "the other one goes on")
    folder.set_schema("c", JQ.format(program=".total |"))
    schema = node.wait_schema("c", state="rejected")
    contains(json.dumps(schema), "syntax error", "why")
    for name in ("a", "b", "c"):
        folder.delete_schema(name)
    wait_until("the processes are gone", lambda: not children_of(node), timeout=20)


def a_table_is_replaced_while_it_is_used(s):
    table = s.file("t.csv", "id,name\n7,Ada\n")
    receiver = Receiver().start()
    node, _ = started(
        s,
        f"""\
components:
  processors:
    customer: {{kind: lookup, path: {table}, field: id, into: who, value: name}}
    ask: {{kind: http, url: "http://127.0.0.1:{receiver.port}/c/{{who}}", into: said,
           canary: {{path: none}}}}
""",
        a=schema("1.0.0", "ref: customer", "ref: ask"),
    )
    expected = {"id": "7", "who": "Ada", "said": {"path": "/c/Ada"}}
    equal(node.process("a", {"id": "7"}).json(), expected, "answer")
    equal(node.process("a", {"id": "8"}).status, 422, "one that is not in the table")
    s.file("t.csv.new", "id,name\n7,Bob\n")
    os.rename(table + ".new", table)
    wait_until(
        "the new table counts",
        lambda: node.process("a", {"id": "7"}).json()["said"] == {"path": "/c/Bob"},
    )
    receiver.stop()


run(
    a_copy_goes_to_every_channel,
    a_receiver_that_is_away_loses_nothing_within_the_queue,
    what_is_queued_at_the_end_is_flushed,
    a_program_of_a_schema_runs_in_a_process_of_its_own_and_ends,
    a_table_is_replaced_while_it_is_used,
)

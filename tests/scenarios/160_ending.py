"""The end of an agent: SIGTERM ends it well and within its bound, whatever its calls wait for."""

import os
import threading
import time

import web
from documents import marking
from harness import SLOW, Failed, contains, equal, run, wait_until

SENDING = """\
version: "1.0.0"
stream: out
"""


def background(call, *args):
    """Runs it on a thread; the list gets what it returns, or why it could not."""
    got = []

    def work():
        try:
            got.append(call(*args))
        except OSError as why:
            got.append(why)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, got


def node_with_stalled_reader(s, *args):
    """Its channel `out` is a pipe that somebody has open and does not read."""
    path = os.path.join(s.path, "pipe")
    os.mkfifo(path, 0o600)
    s.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    config = s.file(
        "agent.yaml", f"components: {{channels: {{out: {{kind: file, path: {path}}}}}}}\n"
    )
    folder = s.schemas()
    folder.set_schema("a", SENDING)
    folder.set_schema("b", marking("1.0.0", 1))
    node = s.node(folder=folder, args=["--config", config, *args])
    node.wait_ready()
    return node


def large():
    return {"text": "x" * 200_000}


def a_reader_that_stands_still_costs_one_call_its_deadline(s):
    node = node_with_stalled_reader(s)
    answer = node.process("a", large(), {"Flume-Timeout": f"{int(200 * SLOW)}ms"})
    equal(answer.status, 504, answer.text)
    contains(answer.json()["detail"], "the reader is too slow", "detail")
    equal(node.process("b", {}).status, 200, "another pipeline")
    node.stop()


def calls_that_wait_for_a_reader_do_not_hold_the_end_up(s):
    node = node_with_stalled_reader(s, "--drain", "300ms")
    calls = [background(node.process, "a", large()) for _ in range(4)]

    def begun_to_write():
        try:
            return os.read(s.reader, 1)
        except BlockingIOError:
            return None

    wait_until("a call writes", begun_to_write)
    begun = time.monotonic()
    node.stop()
    assert time.monotonic() - begun < 5 * SLOW, "slow to end"
    for thread, got in calls:
        thread.join(10 * SLOW)
        equal([answer.status for answer in got], [503], "answers")


class Client:
    """Asks on one connection until the server ends it, and judges every answer."""

    def __init__(self, node, path):
        self.node, self.path = node, path
        self.answered, self.told, self.why = 0, False, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        conn = web.connection(self.node.port)
        conn.auto_open = 0
        try:
            conn.connect()
            while not self.told:
                answer = web.exchange(conn, "POST", self.path, {"id": self.answered})
                if answer.status != 200 or answer.json()["id"] != self.answered:
                    raise Failed(f"{answer.status} {answer.text}")
                self.answered += 1
                self.told = answer.header("Connection") == "close"
        except Exception as why:
            self.why = why
        conn.close()


def under_load_every_request_is_answered_and_then_the_connections_end(s):
    path = os.path.join(s.path, "sent")
    config = s.file(
        "agent.yaml", f"components: {{channels: {{out: {{kind: file, path: {path}}}}}}}\n"
    )
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    folder.set_schema("b", SENDING)  # runs on workers
    node = s.node(folder=folder, args=["--config", config])
    node.wait_ready()
    clients = [Client(node, f"/pipelines/{name}") for name in "ab" * 6]
    node.wait_for("the load flows", lambda: all(client.answered > 20 for client in clients))
    begun = time.monotonic()
    node.stop()
    took = time.monotonic() - begun
    for client in clients:
        client.thread.join(10 * SLOW)
        equal((client.why, client.told), (None, True), f"a client of {client.path}")
    assert took < 2 * SLOW, f"{took:.1f} s to end"
    try:
        node.get("/healthz")
    except web.Broken:
        pass
    else:
        raise Failed("it still answers")
    sent = sum(client.answered for client in clients if client.path.endswith("b"))
    with open(path, encoding="utf-8") as file:
        equal(len(file.readlines()), sent, "lines in the file")


run(
    under_load_every_request_is_answered_and_then_the_connections_end,
    a_reader_that_stands_still_costs_one_call_its_deadline,
    calls_that_wait_for_a_reader_do_not_hold_the_end_up,
)

"""The end of an agent: SIGTERM ends it well and within its bound, whatever its calls wait for."""

import os
import threading
import time

from documents import marking
from harness import SLOW, contains, equal, run, wait_until

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
    answer = node.process("a", large(), {"Flume-Timeout": "200ms"})
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


run(
    a_reader_that_stands_still_costs_one_call_its_deadline,
    calls_that_wait_for_a_reader_do_not_hold_the_end_up,
)

"""flume run takes files, pipes and conversations, on one thread or several: results and refusals come
in the order of the lines, nothing is kept back, memory does not grow, and every end is a good one."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

from harness import FLUME, SLOW, Failed, clean_environment, contains, equal, run, wait_until
from process import SANITIZER

# What has `slow` waits a little, and is refused when it has `bad` too; `x` is added.
ORDERS = """
components:
  processors:
    x: {kind: set, fields: {x: 1}}
    good: {kind: require, fields: [good]}
    never: {kind: require, fields: [never]}
  predicates:
    slow: {kind: exists, field: slow}
    bad: {kind: exists, field: bad}
type: sequence
children:
  - {type: filter, predicate: slow, then:
      {type: fallback, children: [{type: retry, attempts: 2, backoff: WAIT, child: {ref: never}}, {ref: x}]}}
  - {type: filter, predicate: bad, then: {ref: good}}
  - {ref: x}
"""


def orders(s, wait="2ms"):
    return s.file("orders.yaml", ORDERS.replace("WAIT", wait))


class Run:
    """flume run, with ends of pipes to talk to."""

    def __init__(self, *words, **how):
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.child = subprocess.Popen(
            [FLUME, "run", *map(str, words)], env=clean_environment(), bufsize=0, **{**streams, **how}
        )
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        for end in (self.child.stdin, self.child.stdout, self.child.stderr):
            if end:
                end.close()

    def say(self, *documents):
        self.child.stdin.write(b"".join(json.dumps(d).encode() + b"\n" for d in documents))

    def hear(self, lines):
        """So many more lines, as they come."""
        deadline = time.monotonic() + 20 * SLOW
        while self.seen.count(b"\n") < lines:
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.child.stdout.fileno(), 65536) if ready else b""
            if not more:
                raise Failed(f"{lines} lines did not come, but {self.seen!r}")
            self.seen += more
        *found, self.seen = self.seen.split(b"\n", lines)
        return [json.loads(line) for line in found]

    def end(self, code):
        """Its stderr."""
        out, err = self.child.communicate(timeout=30 * SLOW)
        self.seen += out or b""
        text = (err or b"").decode()
        if found := SANITIZER.search(text):
            raise Failed(f"{found.group(0)}\n{text}")
        if self.child.returncode != code:
            raise Failed(f"expected exit {code}, got {self.child.returncode}: {text}")
        return text

    def memory_kb(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


# ---- threads ----


def threads_keep_the_order(s):
    lines, wanted, rejected = [], [], []
    count = 200000 if SLOW == 1 else 20000
    for i in range(count):
        document = {"id": i, "slow": 1} if i % 997 == 0 else {"id": i}
        if i % 1000 == 7:
            lines.append(f"{{{i}")
            rejected.append(i + 1)
            continue
        if i % 2991 == 0:
            document["bad"] = 1
            rejected.append(i + 1)
        else:
            wanted.append(json.dumps({**document, "x": 1}, separators=(",", ":")))
        lines.append(json.dumps(document, separators=(",", ":")))
    path = s.file("in.ndjson", "\n".join(lines))
    schema = orders(s)
    for threads in (1, 2, 7):
        out, rejects = os.path.join(s.path, f"out-{threads}"), os.path.join(s.path, f"rejects-{threads}")
        words = ("--input", path, "--output", out, "--rejects", rejects, "--threads", threads)
        result = s.flume("run", schema, *words, timeout=40)
        equal(result.code, 1, "exit code")
        equal(result.out, "", "stdout")
        contains(result.err, f"{count} read, {len(wanted)} written, 0 dropped, {len(rejected)} rejected", "stderr")
        with open(out, encoding="utf-8") as file:
            if file.read().splitlines() != wanted:
                raise Failed(f"{threads} threads: {out} is not what it should be")
        with open(rejects, encoding="utf-8") as file:
            told = [json.loads(line) for line in file]
        equal([one["line"] for one in told], rejected, f"{threads} threads: the numbers of the rejected")
        equal([one["input"] for one in told], [lines[n - 1] for n in rejected], "and the lines")


# ---- conversations ----


def an_answer_does_not_wait_for_the_next_question(s):
    for threads in (1, 4):
        with Run(orders(s), "--threads", threads) as one:
            for i in range(20):
                one.say({"id": i})
                equal(one.hear(1), [{"id": i, "x": 1}], "the answer")
            one.child.stdin.write(b'{"id":')
            one.say({"half": "a line"})
            one.child.stdin.close()
            one.child.stdin = None
            contains(one.end(1), "21 read, 20 written, 0 dropped, 1 rejected", "stderr")


def what_is_done_is_not_kept_back_by_what_is_slow(s):
    """One document takes ten seconds; those before it do not wait, whatever comes behind it."""
    with Run(orders(s, "10s")) as one:
        one.say(*({"id": i} for i in range(1000)), {"slow": 1}, *({"id": i} for i in range(100)))
        equal(len(one.hear(1000)), 1000, "answers before the slow one")


def a_terminal_may_be_the_input(s):
    ours, theirs = pty.openpty()
    try:
        with Run(orders(s), stdin=theirs) as one:
            os.write(ours, b'{"id":1}\n')
            equal(one.hear(1), [{"id": 1, "x": 1}], "the answer")
            os.write(ours, b"\x04")
            one.end(0)
    finally:
        os.close(ours)
        os.close(theirs)


# ---- ends ----


def a_reader_that_goes_away_ends_it_quietly(s):
    path = s.file("in.ndjson", '{"id":1}\n' * 300000)
    for threads in (1, 3):
        with Run(orders(s), "--input", path, "--threads", threads) as one:
            one.hear(1)
            one.child.stdout.close()
            one.child.stdout = None
            err = one.end(0)
            equal(len(err.splitlines()), 1, f"lines in {err!r}")


def a_full_disk_is_told(s):
    path = s.file("in.ndjson", '{"id":1}\n' * 300000)
    schema = orders(s)
    with open("/dev/full", "wb") as full, Run(schema, "--input", path, stdout=full) as one:
        contains(one.end(1), "flume: stdout: No space left on device", "stderr")
    for option in ("--output", "--rejects"):
        result = s.flume("run", schema, option, "/dev/full", "--threads", 2, stdin='nope\n{"id":1}\n' * 50000)
        equal(result.code, 1, f"exit code with {option}")
        contains(result.err, "flume: /dev/full: No space left on device", "stderr")


def what_was_closed_at_the_start_is_told_and_nothing_else_takes_its_place(s):
    schema = orders(s)
    lines = s.file("closed.ndjson", '{"id": 1}\n')
    for closed, name, words in ((0, "stdin", []), (1, "stdout", ["--input", lines])):
        done = subprocess.run(
            [FLUME, "run", str(schema), *map(str, words)], env=clean_environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=20 * SLOW, preexec_fn=lambda fd=closed: os.close(fd),
        )  # fmt: skip
        equal(done.returncode, 1, "exit code")
        contains(done.stderr, f"{name}: Bad file descriptor", "stderr")


def a_signal_ends_it_when_what_was_read_is_answered(s):
    for number in (signal.SIGINT, signal.SIGTERM):
        for threads in (1, 3):
            with Run(orders(s), "--threads", threads) as one:
                one.say({"id": 1}, {"id": 2})
                one.hear(2)
                one.child.stdin.write(b'{"half":')
                one.child.send_signal(number)
                one.child.wait(20 * SLOW)
                contains(one.end(-number), "2 read, 2 written, 0 dropped, 0 rejected", "stderr")
                equal(one.seen, b"", "more of stdout")


def what_is_written_then_belongs_to_the_first_lines(s):
    """Each takes 20 ms, so a block would take minutes."""
    path = s.file("in.ndjson", "".join(f'{{"id":{i},"slow":1}}\n' for i in range(100000)))
    out = os.path.join(s.path, "out")
    with Run(orders(s, "20ms"), "--input", path, "--output", out, "--threads", 4) as one:
        wait_until("something is written", lambda: os.path.exists(out) and os.path.getsize(out) > 0)
        one.child.send_signal(signal.SIGINT)
        err = one.end(-signal.SIGINT)
    with open(out, encoding="utf-8") as file:
        ids = [json.loads(line)["id"] for line in file]
    equal(ids, list(range(len(ids))), "what was written")
    contains(err, f"{len(ids)} read, {len(ids)} written, 0 dropped, 0 rejected", "stderr")


def a_document_that_waits_is_given_up(s):
    with Run(orders(s, "1h")) as one:
        one.say({"id": 1}, {"slow": 1})
        equal(one.hear(1), [{"id": 1, "x": 1}], "the first")
        one.child.send_signal(signal.SIGTERM)
        contains(one.end(-signal.SIGTERM), "1 read, 1 written, 0 dropped, 0 rejected", "stderr")


def a_signal_that_is_ignored_stays_so(s):
    with Run(orders(s), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as one:
        one.say({"id": 1})
        one.hear(1)
        one.child.send_signal(signal.SIGINT)
        one.say({"id": 2})
        one.hear(1)
        one.child.stdin.close()
        one.child.stdin = None
        one.end(0)


# ---- progress ----


def progress_on_a_terminal_makes_sense(s):
    """A file of slow documents: some 2,000 of them, at most 1,000 a second on two threads."""
    count, line = 2000, '{"id":1,"slow":1}\n'
    path = s.file("in.ndjson", line * count)
    ours, theirs = pty.openpty()
    try:
        begun = time.monotonic()
        with Run(orders(s, "2ms"), "--input", path, stderr=theirs) as one:
            one.child.stdout.close()
            one.child.stdout = None
        with Run(orders(s, "2ms"), "--input", path, "--output", os.devnull, stderr=theirs) as one:
            os.close(theirs)
            theirs = None
            said = b""
            while more := read_terminal(ours):
                said += more
            took = time.monotonic() - begun
            one.end(0)
    finally:
        os.close(ours)
        if theirs is not None:
            os.close(theirs)
    text = said.decode()
    contains(text.splitlines()[-1], f"{count} read, {count} written, 0 dropped, 0 rejected", "the last line")
    shown = [
        tuple(map(float, found))
        for found in re.findall(r"(\d+) documents, (\d+)/s, (\d+\.\d) MB/s, (\d+) %, (\d+) s left", text)
    ]
    if len(shown) < 2:
        raise Failed(f"no progress in {text!r}")
    for documents, rate, megabytes, share, left in shown:
        assert abs(share - 100 * documents / count) <= 1, (share, documents)
        assert rate <= 1000 and megabytes <= rate * len(line) / 1e6 + 0.1, (rate, megabytes)
        assert not rate or abs(left - (count - documents) / rate) <= 1 + 0.1 * left, (left, rate)
    equal(shown, sorted(shown, key=lambda each: each[0]), "documents only grow")
    assert shown[-1][0] <= count and took > count * 0.002, took


def read_terminal(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # nobody has the other end any more
        return b""


# ---- memory ----


def memory_does_not_grow_over_a_million_documents(s):
    order = {"id": 1, "customer": {"name": "Ada", "city": "London"}, "items": [{"sku": "a" * 20, "n": 3}] * 6}
    block = (json.dumps(order).encode() + b"\n") * 1000
    turns = 1000 if SLOW == 1 else 20  # a sanitizer's memory says nothing, and it takes its time
    for threads in (1, 2):
        with Run(orders(s), "--threads", threads, stdout=subprocess.DEVNULL) as one:
            early = 0
            for turn in range(turns):
                one.child.stdin.write(block)
                if turn == turns // 10:
                    early = one.memory_kb()
            late = one.memory_kb()
            one.child.stdin.close()
            one.child.stdin = None
            contains(one.end(0), f"{turns}000 read, {turns}000 written", "stderr")
        if SLOW == 1:
            print(f"measured: {threads} threads: {early} kB after 100,000 documents, {late} kB after 1,000,000")
            assert late < 12 * 1024 and late - early < 512, (early, late)


run(
    threads_keep_the_order,
    an_answer_does_not_wait_for_the_next_question,
    what_is_done_is_not_kept_back_by_what_is_slow,
    a_terminal_may_be_the_input,
    a_reader_that_goes_away_ends_it_quietly,
    a_full_disk_is_told,
    what_was_closed_at_the_start_is_told_and_nothing_else_takes_its_place,
    a_signal_ends_it_when_what_was_read_is_answered,
    what_is_written_then_belongs_to_the_first_lines,
    a_document_that_waits_is_given_up,
    a_signal_that_is_ignored_stays_so,
    progress_on_a_terminal_makes_sense,
    memory_does_not_grow_over_a_million_documents,
)

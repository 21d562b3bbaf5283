"""Steady HTTP load on connections that are kept alive, with every single answer judged."""

import collections
import threading
import time

import web
from waiting import Failed

Summary = collections.namedtuple(
    "Summary", "sent failed mixed backwards by_generation complaints slowest"
)


class Mixed(AssertionError):
    """An answer that more than one generation had a hand in."""


def expect_200(answer):
    assert answer.status == 200, f"{answer.status} {answer.text[:200]}"


class Load:
    """`rate` requests a second in all, from `threads` connections that are opened once.

    check(answer) raises Mixed or AssertionError.  A broken connection, one that the server closes
    after an answer, and a generation lower than the one before on the same connection count against
    the agent.  `path` and `body`: what it says, or a function of the request's number."""

    def __init__(self, port, path, body, *, rate=200, threads=4, check=expect_200):
        self.port = port
        self.path = path if callable(path) else lambda _: path
        self.body = body if callable(body) else lambda _: body
        self.pause = threads / rate
        self.check = check
        self.tallies = [_Tally() for _ in range(threads)]
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(tally, i), daemon=True)
            for i, tally in enumerate(self.tallies)
        ]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def sent(self):
        return sum(tally.sent for tally in self.tallies)

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()
        by_generation = collections.Counter()
        for tally in self.tallies:
            by_generation.update(tally.by_generation)
        return Summary(
            self.sent(),
            sum(tally.failed for tally in self.tallies),
            sum(tally.mixed for tally in self.tallies),
            sum(tally.backwards for tally in self.tallies),
            by_generation,
            [text for tally in self.tallies for text in tally.complaints][:5],
            max(tally.slowest for tally in self.tallies),
        )

    def stop_clean(self, at_least=1):
        """Ends it; any failed or mixed answer, or one that went backwards, is a failure."""
        summary = self.stop()
        if summary.failed or summary.mixed or summary.backwards or summary.sent < at_least:
            raise Failed(f"load: wanted {at_least}+ answers and all of them good, got {summary}")
        return summary

    def _run(self, tally, i):
        conn = web.connection(self.port)
        conn.auto_open = 0  # http.client would open a new connection and not tell
        due = time.monotonic() + i * self.pause / len(self.tallies)
        number = i
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self.pause, time.monotonic() - 1.0)
            begun = time.monotonic()
            try:
                if conn.sock is None:
                    conn.connect()
                answer = web.exchange(conn, "POST", self.path(number), self.body(number))
                tally.judge(answer, self.check)
                if conn.sock is None:
                    raise ConnectionError("the server closed a kept connection")
            except web.Broken as why:
                tally.fail(repr(why))
                conn.close()
            tally.sent += 1
            tally.slowest = max(tally.slowest, time.monotonic() - begun)
            number += len(self.tallies)
        conn.close()


class _Tally:
    """What one connection saw.  Written by its own thread only."""

    def __init__(self):
        self.sent = self.failed = self.mixed = self.backwards = 0
        self.slowest = 0.0
        self.by_generation = collections.Counter()
        self.complaints = []
        self.highest = 0

    def fail(self, text):
        self.failed += 1
        self.complaints.append(text)

    def judge(self, answer, check):
        try:
            check(answer)
        except Mixed as why:
            self.mixed += 1
            self.complaints.append(f"mixed: {why}")
        except (AssertionError, LookupError, TypeError, ValueError) as why:
            self.fail(repr(why))
        generation = answer.generation or 0
        self.by_generation[generation] += 1
        if generation < self.highest:
            self.backwards += 1
            self.complaints.append(f"generation {generation} after {self.highest}")
        self.highest = max(self.highest, generation)

"""The same work with the original in Go and with this library, in one run and in turns.

flume-go/ is a program of ours over github.com/zoobzio/flume, beside_go.c the same over libflume.
Each figure of one is taken right beside that of the other, so that a machine that is slow for a
while is so for both.

    make bench        or        python3 tests/bench/beside_go.py        QUICK=1: less sure, sooner
"""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from beside.programs import Pair, Row, build_go, busy_seconds, median, own_seconds, speed_up  # noqa: E402
from beside.schemas import Folder, branches, child, children, every_kind, flat, mixed, plain_kinds  # noqa: E402

ROUNDS, SECONDS = (7, 40) if os.environ.get("QUICK") else (31, 200)  # whichever is over first
CALL_MS, SWAP_MS = 10, 15
PROCESSORS = len(os.sched_getaffinity(0))
THREADS = sorted({1, 2, PROCESSORS, *(2**i for i in range(PROCESSORS.bit_length()))} - {0})
BOUND = 400  # schemas, to see what one holds

REF = {"ref": "p0"}
FILTER = {"type": "filter", "predicate": "yes", "then": REF}
BREAKER = child("circuit-breaker")
LIMITER = child("rate-limit", requests_per_second=1000000000, burst_size=1000000)

# What it is called, the schema, and how many times as fast as the original it is to be.
CALLS = [
    ("ref", REF, 10),
    ("sequence of 1", flat(2), 25),
    ("sequence of 3", flat(4), 25),
    ("sequence of 10", flat(11), 25),
    ("sequence of 50", flat(51), 25),
    ("filter, true", FILTER, 25),
    ("filter, false", {**FILTER, "predicate": "no"}, 25),
    ("filter with else", {**FILTER, "predicate": "no", "else": {"ref": "p1"}}, 25),
    ("switch of 4", {"type": "switch", "condition": "word", "routes": {key: REF for key in "abcd"}}, 25),
    ("fallback, first way", children("fallback", 2), 25),
    ("retry, first try", child("retry"), 25),
    ("circuit-breaker, closed", BREAKER, 10),
    ("rate-limit, tokens free", LIMITER, 10),
    ("handle, no error", child("handle", error_handler="handler"), 10),
    ("stream into a buffer", {"stream": "buffer"}, 10),
]
WORKERS = [
    ("concurrent of 2", children("concurrent", 2), 3),
    ("concurrent of 2, reducer", children("concurrent", 2, reducer="merge"), 3),
    ("race of 2", children("race", 2), 3),
    ("contest of 2", children("contest", 2, predicate="yes"), 3),
    ("worker-pool of 4", children("worker-pool", 4, workers=4), 3),
    ("timeout of 5 s", child("timeout", duration="5s"), 3, 10),
]
TOGETHER = [
    ("ref", REF, 10),
    ("sequence of 3", flat(4), 25),
    ("filter", FILTER, 25),
    ("circuit-breaker", BREAKER, 10),
    ("rate-limit", LIMITER, 10),
]
SCALED = ("ref", "sequence of 3", "filter", "circuit-breaker")
SETS = [
    ("3 nodes", flat(3)),
    ("50 nodes", flat(50)),
    ("1000 nodes, flat", flat(1000)),
    ("1000 nodes, mixed", mixed(plain_kinds, 1000)),
    ("1000 nodes, every kind", mixed(every_kind, 1000)),
]
CHECKS = [("1000 nodes, flat", flat(1000)), ("1000 nodes, branchy", mixed(branches, 1000))]
BOTH = (1, PROCESSORS)


class Plan:
    """All rows.  Those without an aim are of this library or of the machine alone."""

    def __init__(self, folder):
        self.calls, self.workers = ([self.call(folder, *each) for each in rows] for rows in (CALLS, WORKERS))
        self.together, self.scaled = [], {"a loop in registers": self.machine()}
        for name, schema, aim in TOGETHER:
            rows = {n: self.threads(folder, f"{name}, {n} threads", schema, aim, n) for n in THREADS}
            self.together.append(rows[2])
            if name in SCALED:
                self.scaled[name] = rows
        files = {name: folder.add(schema) for name, schema in SETS}
        self.sets = [self.swap("set", f"set, {name}", files[name], 5) for name in files]
        self.texts = [self.swap("text", f"from YAML, {name}", files[name], 1.5) for name in files]
        self.events = [Row(name, ("events", files[name][0], SWAP_MS)) for name in files]
        self.checks = [self.check(folder, name, schema, 5, BOTH) for name, schema in CHECKS]
        self.large = self.check(folder, "10000 nodes, branchy", mixed(branches, 10000))
        self.rounds, self.others = 0, 0
        self.memory = Row("bytes held, 10 nodes", ("memory", folder.add(flat(10))[0], BOUND), 2, processors=[1])

    @staticmethod
    def call(folder, name, schema, aim, also=None):
        return Row(name, ("call", folder.add(schema)[0], CALL_MS), aim, also, BOTH)

    @staticmethod
    def threads(folder, name, schema, aim, n):
        return Row(name, ("threads", folder.add(schema)[0], CALL_MS, n), aim, processors=[n])

    @staticmethod
    def machine():
        return {n: Row("machine", ("machine", CALL_MS, n)) for n in THREADS}

    @staticmethod
    def swap(verb, name, files, aim):
        return Row(name, (verb, *files, SWAP_MS), aim, processors=BOTH)

    @staticmethod
    def check(folder, name, schema, aim=None, processors=()):
        request = ("check", *folder.add(schema), SWAP_MS)
        return Row(f"validation, {name}", request, aim, processors=processors)

    def with_aims(self):
        return [*self.calls, *self.workers, *self.together, *self.sets, *self.texts, *self.checks, self.memory]

    def in_turns(self):
        yield from self.calls + self.workers
        for rows in self.scaled.values():
            yield from rows.values()
        yield from self.together[len(SCALED) :]
        for text, events in zip(self.texts, self.events):
            yield from (text, events)
        yield from self.sets + self.checks + [self.large, self.memory]

    def measure(self, go_path):
        begin, busy, own = time.monotonic(), busy_seconds(), own_seconds()
        with Pair(go_path) as pair:
            while self.rounds < ROUNDS and time.monotonic() < begin + SECONDS:
                for row in self.in_turns():
                    row.take(pair, backwards=self.rounds % 2 == 1)
                self.rounds += 1
        passed = time.monotonic() - begin
        self.others = (busy_seconds() - busy - own_seconds() + own) / passed / PROCESSORS


# ---- showing ----

LINE = "{:<33} {:>11} {:>3} {:>11} {:>7} {:>7} {:>5}  {:<4} {:>11} {:>6}"


def number(x):
    return "-" if x is None else f"{x:,.1f}" if x < 100 else f"{x:,.0f}"


def allocations(figures):
    return f"{median(figures, 1):,.0f}" if figures and len(figures[0]) > 1 else ""


def verdict(row):
    if row.ratio() is None:
        return "-"
    also = f" (>= {row.also}: {'yes' if row.meets(row.also) else 'NO'})" if row.also else ""
    return ("yes" if row.meets(row.aim) else "NO") + also


def show(row):
    on, go = row.best_go() or ("", [])
    go_ns = number(median(go)) if go else "-"
    if row.not_built:
        print(f"{row.name:<33} {go_ns:>11} {on:>3}   NOT BUILT: {row.not_built}")
        return
    ratios = [number(row.ratio()), number(row.ratio_at_best())] if go else ["-", "-"]
    line = LINE.format(row.name, go_ns, on, number(median(row.ours)), *ratios, row.aim, verdict(row),
                       allocations(go), allocations(row.ours))  # fmt: skip
    print(line.rstrip())


def show_table(plan):
    print(LINE.format("ns", "Go", "on", "ours", "ratio", "fastest", "aim", "met", "allocs, Go", "ours"))
    for row in plan.calls + plan.workers + plan.together + plan.sets:
        show(row)
    for row, events in zip(plan.texts, plan.events):
        show(row)
        print(f"{'  of it, libyaml alone':<49} {number(median(events.ours)):>11}")
    for row in plan.checks + [plan.memory]:
        show(row)
    print(f"\n{plan.rounds} rounds: medians, and the median of the rounds' ratios; 'fastest' is each side's best round against")
    print("the other's; 'on' is how many processors Go had when it was faster, of 1 and all.")
    if plan.others > 0.2:
        print(f"BUSY: others took {plan.others:.0%} of the processors meanwhile, so 'fastest' says more than the medians.")


def show_scaling(name, rows):
    alone, cells = rows[1], []
    for n in THREADS[1:]:
        go = speed_up(alone.go.get(1, []), rows[n].go.get(n, []))
        for figure in (go, speed_up(alone.ours, rows[n].ours)):
            cells.append("-" if figure is None else f"{figure:.2f}")
    print(f"{name:<33} " + " ".join(f"{cell:>11}" for cell in cells))


def show_rest(plan):
    first, last = (next(row for row in plan.calls if row.name == f"sequence of {n}") for n in (1, 50))
    steps = [[(many[0] - one[0]) / 49] for one, many in zip(first.ours, last.ours)]
    print(f"\none more step of a sequence: {median(steps):.2f} ns (aim: less than 5)")
    few, many = median(plan.checks[1].ours) / 1000, median(plan.large.ours) / 10000
    print(f"validation of a branchy node: {few:.0f} ns of 1000, {many:.0f} ns of 10000 (aim: the same)")
    print(f"\n{'speed-up, threads:':<33} " + " ".join(f"{f'Go, {n}':>11} {f'ours, {n}':>11}" for n in THREADS[1:]))
    for name, rows in plan.scaled.items():
        show_scaling(name, rows)


def show_end(plan):
    rows = plan.with_aims()
    compared = [row for row in rows if row.ratio() is not None]
    missed = [row.name for row in compared if not row.meets(row.aim)]
    absent = [row.name for row in rows if row.not_built]
    print(f"\n{len(rows)} rows, {len(compared)} compared, {len(compared) - len(missed)} meet their aim")
    for what, names in (("not met", missed), ("NOT BUILT", absent)):
        if names:
            print(f"{what}: {'; '.join(names)}")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        go_path = build_go(scratch)
        plan = Plan(Folder(scratch))
        plan.measure(go_path)
        show_table(plan)
        show_rest(plan)
        show_end(plan)


if __name__ == "__main__":
    main()

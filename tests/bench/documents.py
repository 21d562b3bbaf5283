"""Orders through a pipeline (parse, add, rename and remove a field, keep premium ones, write), as
`flume run` does it, beside the same work in a hundred lines of C over yyjson and over jansson, and in the
programs that people use for it.  All in one run and in turns; before that, what each one puts out is
parsed and compared, so that nobody is measured doing less.

    make bench ONLY=documents    or    python3 tests/bench/documents.py    QUICK=1: less sure, sooner

COUNT= is the number of orders.  The source of yyjson is fetched when this runs (pip).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from beside import tools  # noqa: E402
from beside.orders import Judge, corpus  # noqa: E402
from beside.running import FAST_FOLDER, QUICK, ROOT, middle, processors_given, ratio, run_to_end, skipped  # noqa: E402

FLUME = os.path.join(ROOT, os.environ.get("FLUME") or "build/flume")
COUNT = int(os.environ.get("COUNT") or (40000 if QUICK else 200000))
SLOW_COUNT = COUNT // 5  # of programs that need more than ten times as long
ROUNDS, SLOW_ROUNDS = (3, 1) if QUICK else (15, 5)
COUNTED = 2000  # documents, twice as many the second time, whose instructions are counted


def candidates(folder, documents):
    """Ours first."""
    one, two = tools.flume(FLUME, folder, 1), tools.flume(FLUME, folder, 2)
    if one.why_not:
        skipped("flume run with a number of threads", one.why_not)
        one, two = tools.flume(FLUME, folder), None
    found = [one, two, tools.with_yyjson(folder), tools.with_jansson(), *tools.programs(folder, documents)]
    return [each for each in found if each]


def can_be_measured(candidate, judge, output):
    """Runs it once.  Says why not."""
    why = candidate.why_not
    if not why:
        cost = candidate.run(judge.path, output)
        why = f"exit {cost.code}: {cost.errors}" if cost.code else judge.differs(output)
    if why:
        skipped(candidate.name, why)
    else:
        candidate.kept = judge.numbers_kept(output)
    return not why


def measure(running, judge_of, output):
    for turn in range(ROUNDS):
        for candidate in running if turn % 2 else reversed(running):
            if not candidate.slow or turn < SLOW_ROUNDS:
                candidate.measure(judge_of(candidate), output)


# ---- instructions, which no other process on the machine can change ----


def instructions(argv, path):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *argv],
        stdin=open(path, "rb"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    return int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr).group(1).replace(",", ""))


def count_instructions(candidate):
    """Of one document: what so many more of them add."""
    few, many = corpus(COUNTED), corpus(2 * COUNTED)
    return (instructions(candidate.argv, many) - instructions(candidate.argv, few)) / COUNTED


# ---- telling ----


def report(running, by_name):
    yyjson = by_name.get("yyjson in C")
    ours = running[0]
    print(f"{'':24}{'CPU s a':>10}{'resident':>10}{'flume is':>10}{'numbers':>9}")
    print(f"{'':24}{'million':>10}{'MB':>10}{'so fast':>10}{'kept':>9}")
    for each in running:
        times = ratio(each.cpu, ours.cpu)
        print(
            f"{each.name:24}{middle(each.cpu) * 1e6:10.2f}{middle(each.peak_kb) / 1024:10.1f}"
            f"{times:9.2f}x{each.kept:9.0%}  {tools.version_of(each)}"
        )
    if yyjson:
        print(f"flume run to yyjson, CPU: {ratio(ours.cpu, yyjson.cpu):.2f} (fastest round of each "
              f"{min(ours.cpu) / min(yyjson.cpu):.2f}); aim: at most 1.2")  # fmt: skip
        report_start(ours, yyjson)
        if shutil.which("valgrind"):
            counts = [count_instructions(each) for each in (ours, yyjson)]
            print(f"  instructions a document: {counts[0]:.0f} to {counts[1]:.0f}, {counts[0] / counts[1]:.2f}")
    report_fastest(ours, running)
    report_threads(ours, by_name.get("flume run, 2 threads"))


def report_start(ours, yyjson):
    """A corpus is over so soon that the start counts."""
    starts = [middle([run_to_end(each.argv).cpu for _ in range(9)]) for each in (ours, yyjson)]
    ours_alone, yyjson_alone = (
        [cpu - start / COUNT for cpu in each.cpu] for each, start in zip((ours, yyjson), starts)
    )
    print(f"  of it, start and end: {starts[0] * 1000:.1f} ms to {starts[1] * 1000:.1f} ms; "
          f"without them {ratio(ours_alone, yyjson_alone):.2f}")  # fmt: skip


def report_fastest(ours, running):
    named = {"yyjson in C", "jansson in C"}
    programs = [each for each in running[1:] if each.name not in named and not each.name.startswith("flume")]
    if programs:
        best = min(programs, key=lambda each: middle(each.cpu))
        print(f"documents a CPU second, to the fastest program ({best.name}): "
              f"{ratio(best.cpu, ours.cpu):.1f}; aim: at least 8")  # fmt: skip


def report_threads(one, two):
    if not two:
        return
    print(
        f"two threads to one, documents a second: {ratio(one.wall, two.wall):.2f} (fastest round of each "
        f"{min(one.wall) / min(two.wall):.2f}; by CPU alone {2 * ratio(one.cpu, two.cpu):.2f}); aim: at least 1.8"
    )
    print(f"  two loops in registers did {processors_given():.2f} times what one did just now; 2 when nobody else works")


def main():
    all_orders, fewer = Judge(corpus(COUNT)), Judge(corpus(SLOW_COUNT))
    folder = tempfile.mkdtemp(prefix="flume-bench-", dir=FAST_FOLDER)
    output = os.path.join(folder, "out.ndjson")

    def judge_of(candidate):
        return fewer if candidate.slow else all_orders

    try:
        found = candidates(folder, len(fewer.values))
        running = [each for each in found if can_be_measured(each, judge_of(each), output)]
        if not running or running[0] is not found[0]:
            raise SystemExit("flume run does not do the work")
        measure(running, judge_of, output)
        print(f"{COUNT} orders ({SLOW_COUNT} for those from jansson on), {all_orders.size():.0f} bytes each; medians "
              f"of {ROUNDS} rounds ({SLOW_ROUNDS}), in turns; the same comes out of all")  # fmt: skip
        report(running, {each.name: each for each in running})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Resident memory over ten million orders, made as they are sent and kept nowhere: through `flume run`,
and as one NDJSON body through the agent.

The last tenth is put beside the second tenth: what does not grow in between does not grow.

    make bench ONLY=memory    or    python3 tests/bench/memory.py    COUNT=1000000: fewer
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scenarios")]
from beside import tools  # noqa: E402
from beside.orders import corpus, stream  # noqa: E402
from beside.running import QUICK, skipped, status_kb, tool  # noqa: E402
from harness import FLUME, Scene  # noqa: E402
from over_http import start_agent, why_no_ndjson  # noqa: E402

COUNT = int(os.environ.get("COUNT") or (200000 if QUICK else 10000000))


def fed(pid):
    """Bytes that the generator has written."""
    try:
        with open(f"/proc/{pid}/io", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("wchar"))
    except (OSError, StopIteration):
        return 0


def watch(name, source, reader, pid):
    """Samples `pid` until the reader has ended; with each sample goes what was fed until then."""
    begun = time.monotonic()
    samples = []
    while reader.poll() is None:
        samples.append((fed(source.pid), status_kb(pid)))
        time.sleep(0.05)
    source.stdout.close()
    code = source.wait()
    if reader.returncode or code:
        raise SystemExit(f"{name} exited with {reader.returncode}")
    report(name, [sample for sample in samples if all(sample)], time.monotonic() - begun)


def report(name, samples, seconds):
    total = samples[-1][0]
    parts = [[], []]
    for at, kb in samples:
        tenth = min(9, 10 * at // total)
        if tenth in (1, 9):
            parts[tenth == 9].append(kb)
    most = max(kb for _, kb in samples)
    if not all(parts):
        skipped(name, f"over after {seconds:.1f} s, too soon to say anything: take a larger COUNT")
        return
    second, last = (statistics.median(part) for part in parts)
    print(f"{name:24}{second / 1024:12.2f}{last / 1024:12.2f}{most / 1024:10.2f}{last / second:8.3f}"
          f"{COUNT / seconds / 1e3:12.0f}")  # fmt: skip


def through_run(folder, threads):
    command = tools.flume(FLUME, folder, threads)
    if command.why_not:
        skipped(command.name, command.why_not)
        return
    source = stream(COUNT)
    reader = subprocess.Popen(command.argv, stdin=source.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch(command.name, source, reader, reader.pid)


def through_http(scene):
    agent = start_agent(scene)
    why = why_no_ndjson(agent.port, corpus(1000))
    if why:
        skipped("NDJSON over HTTP", why)
        return
    source = stream(COUNT)
    argv = [tool("stream"), str(agent.port), "/pipelines/orders"]
    reader = subprocess.Popen(argv, stdin=source.stdout, stdout=subprocess.DEVNULL)
    watch("flume agent, NDJSON", source, reader, agent.child.pid)


def main():
    folder = tempfile.mkdtemp(prefix="flume-bench-")
    scene = Scene()
    try:
        print(f"{COUNT} orders; resident MB; aims: less than 12, and the same at the end as at the beginning")
        print(f"{'':24}{'2nd tenth':>12}{'last tenth':>12}{'most':>10}{'ratio':>8}{'thousand/s':>12}")
        through_run(folder, None)
        through_run(folder, 2)
        through_http(scene)
    finally:
        scene.clear()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

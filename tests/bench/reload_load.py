"""Reloads under load.  A client of ours judges every answer: whether it is there, whether one version
alone made it, and whether none is older than the one before.

First a hundred changes of the schema a second, for a minute in pieces, under as many requests as 16
connections can make, in turns with the same load and as many questions that change nothing.  Then 2000 requests a second on
16 kept-alive connections with 20 reloads in 30 s, and without.

    make bench ONLY=reload_load [SECONDS=60] [BY=put|folder|etcd]    QUICK=1: less sure, sooner

Without BY the first of the three that brings a hundred a second is taken.  The files of the agent and of
etcd lie in memory: the disk is not what is measured.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scenarios")]
from beside.changes import NAME, WAYS, Changes  # noqa: E402
from beside.orders import corpus, premium_order  # noqa: E402
from beside.running import FAST_FOLDER, QUICK, middle, tool  # noqa: E402
from harness import Scene  # noqa: E402

SECONDS = int(os.environ.get("SECONDS") or (6 if QUICK else 60))
PIECE = min(SECONDS, 2 if QUICK else 3)
RATE = 100
PACED, PACED_PIECES, PACED_SECONDS, PACED_RELOADS = 2000, (1 if QUICK else 5), 6, 4  # the last two: of a piece
CONNECTIONS = 16


class Load:
    """Runs from when it is made until `seconds` later."""

    def __init__(self, port, body, seconds, rate=0):
        argv = [tool("load"), port, f"/pipelines/{NAME}", body, "--connections", CONNECTIONS]
        argv += ["--seconds", seconds, "--rate", rate, "--versions"]
        self.child = subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE, text=True)

    def result(self):
        text, _ = self.child.communicate()
        if self.child.returncode:
            raise SystemExit("the load could not be made")
        return json.loads(text)


def under_load(changes, body, seconds, what, times, rate=0):
    """What the load saw while `what` was called so often, and the Pace of that."""
    load = Load(changes.node.port, body, seconds, rate)
    pace = changes.at_pace(times / seconds, seconds, what)
    return load.result(), pace.join()


def choose(scene, body):
    """A node whose schema changes often enough, by trying; the last way whether it does or not."""
    names = [os.environ["BY"]] if os.environ.get("BY") else list(WAYS)
    for name in names:
        changes = Changes(scene, WAYS[name])
        _, pace = under_load(changes, body, 2, changes.change, 2 * RATE)
        print(f"by {changes.way.name}: {pace.made / 2:.0f} changes a second made, {pace.applied / 2:.0f} applied, of {RATE}")
        if min(pace.made, pace.applied) >= 0.95 * 2 * RATE or name == names[-1]:
            return changes
        changes.node.stop()
    return None


def tell_faults(what, results):
    total = {word: sum(result[word] for result in results) for word in ("requests", "failed", "mixed", "backwards", "closed")}
    print(f"{what}: {total['requests']} requests, {total['failed']} failed, {total['mixed']} mixed, "
          f"{total['backwards']} went back, {total['closed']} connections closed; aim: 0 of each")  # fmt: skip
    for result in results:
        if result["complaint"]:
            print(f"  {result['complaint']}")


def tell_tail(what, results):
    print(f"{what:18}{middle([r['requests'] / r['seconds'] for r in results]):12.0f}" + "".join(
        f"{middle([result[word] for result in results]):10.2f}" for word in ("p50", "p99", "p999", "max", "gap")
    ))  # fmt: skip


def tell(without, with_changes):
    print(f"{'':18}{'requests/s':>12}" + "".join(f"{word:>10}" for word in ("p50 ms", "p99", "p99.9", "max", "gap")))
    tell_tail("without reloads", without)
    tell_tail("with reloads", with_changes)
    pairs = [a["p99"] / b["p99"] for a, b in zip(with_changes, without)]
    print(f"p99 with to without: {middle(pairs):.2f}", end="; aim: at most 1.1\n")


def in_turns(changes, body, pieces, seconds, times, rate=0):
    """What the load saw without changes and with them, and the paces of those."""
    calm, busy, paces = [], [], []
    for turn in range(max(1, pieces)):
        for what in (changes.ask, changes.change) if turn % 2 else (changes.change, changes.ask):
            found, pace = under_load(changes, body, seconds, what, times, rate)
            if what == changes.ask:
                calm.append(found)
            else:
                busy.append(found)
                paces.append(pace)
    return calm, busy, paces


def full(changes, body):
    calm, busy, paces = in_turns(changes, body, SECONDS // PIECE, PIECE, RATE * PIECE)
    seconds = PIECE * len(paces)
    made, applied = (sum(getattr(pace, word) for pace in paces) / seconds for word in ("made", "applied"))
    print(f"full load on {CONNECTIONS} connections; changes by {changes.way.name}: {made:.0f} a second made, "
          f"{applied:.0f} applied, for {seconds} s in pieces of {PIECE} s")  # fmt: skip
    tell_faults("with reloads", busy)
    tell(calm, busy)


def paced(changes, body):
    calm, busy, paces = in_turns(changes, body, PACED_PIECES, PACED_SECONDS, PACED_RELOADS, PACED)
    print(f"{PACED} requests a second on {CONNECTIONS} kept-alive connections, "
          f"{sum(pace.applied for pace in paces)} reloads in {PACED_SECONDS * len(paces)} s")  # fmt: skip
    tell_faults("with reloads", busy)
    tell(calm, busy)


def main():
    tempfile.tempdir = FAST_FOLDER
    scene = Scene()
    try:
        body = scene.file("order.json", premium_order(corpus(1000)))
        changes = choose(scene, body)
        full(changes, body)
        paced(changes, body)
    finally:
        scene.clear()


if __name__ == "__main__":
    main()

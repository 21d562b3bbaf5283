"""Reloads under load.  A client of ours judges every answer: whether it is there, whether one version
alone made it, and whether none is older than the one before.

First a hundred changes of the schema a second, for a minute in pieces, under as many requests as 16
connections can make, in turns with the same load without changes.  Then 2000 requests a second on
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
PIECE = min(SECONDS, 2 if QUICK else 10)
RATE = 100
PACED, PACED_RELOADS, PACED_SECONDS = 2000, 20, (6 if QUICK else 30)
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


def under_load(changes, body, seconds, rate=0, reloads=0):
    """What the load saw, and the Pace of the changes (None: there were none)."""
    load = Load(changes.node.port, body, seconds, rate)
    pace = changes.at_pace(reloads / seconds, seconds) if reloads else None
    found = load.result()
    return found, pace.join() if pace else None


def choose(scene, body):
    """A node whose schema changes often enough, by trying; the last way whether it does or not."""
    names = [os.environ["BY"]] if os.environ.get("BY") else list(WAYS)
    for name in names:
        changes = Changes(scene, WAYS[name])
        _, pace = under_load(changes, body, 2, 0, 2 * RATE)
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


def full(changes, body):
    calm, busy, paces = [], [], []
    for turn in range(max(1, SECONDS // PIECE)):
        for reloads in (0, RATE * PIECE) if turn % 2 else (RATE * PIECE, 0):
            found, pace = under_load(changes, body, PIECE, 0, reloads)
            (busy if pace else calm).append(found)
            paces += [pace] if pace else []
    seconds = PIECE * len(paces)
    print(f"full load on {CONNECTIONS} connections; changes by {changes.way.name}: "
          f"{sum(p.made for p in paces) / seconds:.0f} a second made, {sum(p.applied for p in paces) / seconds:.0f} applied, "
          f"for {seconds} s in pieces of {PIECE} s")  # fmt: skip
    tell_faults("with reloads", busy)
    tell(calm, busy)


def paced(changes, body):
    calm, _ = under_load(changes, body, PACED_SECONDS, PACED, 0)
    busy, pace = under_load(changes, body, PACED_SECONDS, PACED, PACED_RELOADS)
    print(f"{PACED} requests a second on {CONNECTIONS} kept-alive connections, {pace.applied} reloads in {PACED_SECONDS} s")
    tell_faults("with reloads", [busy])
    tell([calm], [busy])


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

"""Fifty agents on one machine and one etcd, and a switch that is moved back and forth: how long from a
put until an agent chooses by it, beside as many bare watches (fleet_1000.c) that hear of the same put.

    make bench ONLY=switch_fleet [COUNT=50]    or    python3 tests/bench/switch_fleet.py [COUNT]
"""

import os
import statistics
import sys
import tempfile
import time

from fleet_1000 import Agents, Watches
from harness import Scene

KEY = "/flume/switches/layout"
ROUNDS = 10 if "QUICK" in os.environ else 40
SCHEMA = """\
version: "1.0.0"
components:
  processors: {old: {kind: set, fields: {layout: control}}, new: {kind: set, fields: {layout: compact}}}
  conditions: {layout: {kind: ab, switch: layout}}
type: switch
condition: layout
routes: {control: {ref: old}, compact: {ref: new}}
"""


def switch(i):
    share = (0, 10, 50, 100)[i % 4]
    return (
        f'version: "{i + 1}"\nby: user.id\nvariants: {{control: {100 - share}, compact: {share}}}\n'
        "default: control\n"
    )


def row(label, times):
    cuts = statistics.quantiles(times, n=100)
    print(f"{label:30}{statistics.median(times):10.1f}{cuts[98]:10.1f}{max(times):10.1f}")


def measure(scene, count):
    etcd = scene.etcd()
    etcd.put("/flume/schemas/page", SCHEMA)
    watches = Watches(etcd, count, KEY)
    agents = Agents(etcd, scene.folder("states"))
    try:
        agents.start(count)
        agents.applied = b"switch applied"
        switched, last, bare = [], [], []
        for i in range(ROUNDS):
            start = time.monotonic_ns()
            etcd.put(KEY, switch(i))
            times = agents.times_applied(str(i + 1), count, start)
            switched += times
            last.append(times[-1])
            bare.append(watches.wait_all(start)[1])
            time.sleep(0.3)  # until their statuses are written
        print(f"{count} agents, {count} bare watches, {os.cpu_count()} processors; {ROUNDS} moves")
        print(f"{'ms from the start of the put':30}{'p50':>10}{'p99':>10}{'worst':>10}")
        row("an agent has switched", switched)
        row("all agents have switched", last)
        row("all bare watches have heard", bare)
        ratio = statistics.median(last) / statistics.median(bare)
        print(f"all agents, as ratio to the watches beside them: {ratio:.2f}")
    finally:
        agents.end()
        watches.end()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("COUNT") or 50)
    if os.access("/dev/shm", os.W_OK):  # the disk is not what is measured
        tempfile.tempdir = "/dev/shm"
    scene = Scene()
    try:
        measure(scene, count)
        scene.end_well()
    finally:
        scene.clear()


main()

"""kill -9 of the agent at random moments of updates, again and again.

Each round starts the agent while etcd does not answer, so what serves comes from the disk: of each
schema a version that was once proven, and none older than what /status had called proven before.
Then etcd answers, updates of every kind come in, and at a random moment the agent is killed.

    python3 tests/scenarios/kills.py [COUNT [SEED]]        make kills COUNT=1000
"""

import contextlib
import json
import os
import random
import sys
import threading
import time

import web
from documents import expecting, marking, requiring
from harness import Failed, Scene, equal, matches, wait_until

DOCUMENT = {"id": 1}
PROBATION = "{duration: 30ms, min_requests: 1, max_error_rate: 50%}"
GOOD = ("a", "b", "c", "d")  # each version is good
ODD = {  # the first is good, the others are not: they fail in the canary, or on live calls
    "x": lambda version, mark: expecting(version, mark, -1, PROBATION),
    "y": lambda version, _: requiring(version, "never", "{duration: 10m, min_requests: 1}"),
}
LIFE = 0.25  # seconds from the first update to the last moment for the kill, at first
PATIENCE = 4  # so many times as many kills, until as many as wanted have shown something


class Round:
    def __init__(self, scene, seed):
        self.random = random.Random(seed)
        self.etcd = scene.etcd()
        self.put = {}  # name to the number of its last version
        for name in (*GOOD, *ODD):
            self.put[name] = 1
            self.etcd.set_schema(name, marking("1.0.1", 1, PROBATION))
        self.node = scene.node("killed", etcd=self.etcd)
        self.node.prove([*GOOD, *ODD], DOCUMENT, "1.0.1")
        self.proven = dict.fromkeys(self.put, 1)
        self.served = {}
        self.updates = self.dotted = self.fresh = 0
        self.life = LIFE

    # ---- while it lives ----

    def update(self):
        name = self.random.choice((*GOOD, *GOOD, *ODD))
        self.put[name] = k = self.put[name] + 1
        make = ODD.get(name, lambda version, mark: marking(version, mark, PROBATION))
        self.etcd.set_schema(name, make(f"1.0.{k}", k))
        self.updates += 1

    def look(self):
        """Sends documents, and notes what is called proven."""
        for name in self.put:
            self.node.process(name, DOCUMENT)
        for name, schema in self.node.status()["schemas"].items():
            running = schema.get("running", {})
            if running.get("proven"):
                self.proven[name] = max(self.proven[name], number(running["version"]))

    def live_and_die(self):
        timer = threading.Timer(self.random.uniform(0, self.life), self.node.child.kill)
        timer.start()
        try:
            while self.node.alive():
                for _ in range(self.random.randrange(4)):
                    self.update()
                self.look()
        except web.Broken:
            pass
        timer.join()
        self.node.kill9()

    # ---- and the next start ----

    def dot_files(self):
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.node.state)
            for name in names
            if name.startswith(".")
        ]

    def forget_bad(self):
        """So many that were under way in a crash would open the update breaker, and that would be
        the end of updates."""
        for name in GOOD:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.node.state, "bad", name))

    def start_from_disk(self):
        self.dotted += bool(self.dot_files())
        self.forget_bad()
        self.etcd.freeze()
        self.node.start()
        self.node.wait_ready()
        before = self.fresh
        for name in self.put:
            self.serves_what_was_proven(name)
        if self.fresh == before:  # a slow machine gets nothing done in so short a life
            self.life = min(self.life * 1.2, 8 * LIFE)
        # One that it writes itself is soon gone; one that was left would stay.
        wait_until("no temporary file stays", lambda: not self.dot_files())
        self.etcd.thaw()

    def serves_what_was_proven(self, name):
        answer = self.node.process(name, DOCUMENT)
        equal(answer.status, 200, f"answer of {name}")
        k = number(answer.version)
        what = f"{name} serves {k}; proven was {self.proven[name]}, put {self.put[name]}"
        least = 1 if name in ODD else self.proven[name]
        most = 1 if name in ODD else self.put[name]
        if not least <= k <= most:
            raise Failed(what)
        equal(answer.json()["made_by"], k, f"made_by of {name}")
        self.fresh += k != self.served.get(name)
        self.served[name] = k

    def settle(self):
        """All of it went by, and the last of each runs."""
        for name in GOOD:
            self.put[name] = 0
            self.etcd.set_schema(name, marking("2.0.0", 0, PROBATION))
        self.node.wait_for("2.0.0 of all stays", self.is_settled, 60, self.describe)
        for name in ODD:
            equal(number(self.node.process(name, DOCUMENT).version), 1, f"version of {name}")

    def describe(self):
        return json.dumps(self.node.status()["schemas"], indent=1)

    def is_settled(self):
        self.look()  # suspects of a crash take turns, and a turn ends with a verdict
        schemas = self.node.status()["schemas"]
        return all(matches(schemas[name], version="2.0.0", state="running") for name in GOOD)


def number(version):
    return int(version.rsplit(".", 1)[1])


def kill_again_and_again(scene, count, seed):
    print(f"seed {seed}", flush=True)
    begun = time.monotonic()
    rounds = Round(scene, seed)
    kills = 0
    while kills < count or (rounds.fresh < count and kills < PATIENCE * count):
        rounds.live_and_die()
        rounds.start_from_disk()
        kills += 1
        if kills % 100 == 0:
            print(f"{kills} kills, {rounds.updates} updates", flush=True)
    rounds.settle()
    took = time.monotonic() - begun
    print(
        f"{kills} kills, {rounds.updates} updates, {took:.0f} s; starts found {rounds.fresh} times "
        f"a newer proven version on disk; {rounds.dotted} kills left a temporary file, and none stayed",
        flush=True,
    )
    if rounds.fresh < count:
        raise Failed("hardly anything was proven between the kills: this shows nothing")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    scene = Scene()
    try:
        kill_again_and_again(scene, count, seed)
        scene.end_well()
    except Exception:
        scene.show_logs(sys.stderr)
        raise
    finally:
        scene.clear()


if __name__ == "__main__":
    main()

"""Updates by the thousand while members of the cluster come and go, and several agents that follow.

What the store's history says is the truth.  At the end each agent runs the last version of each
schema, and its log has every revision of that history, in order, each applied at most once.

    python3 tests/scenarios/weather.py [UPDATES [SEED]]        make weather UPDATES=10000
"""

import collections
import random
import signal
import sys
import threading
import time

from harness import Failed, Scene, equal

NAMES = [f"s{i}" for i in range(8)]
WRITERS = 4
AGENTS = 3


def schema(k):
    return (
        f'version: "1.0.{k}"\n'
        f"components: {{processors: {{mark: {{kind: set, fields: {{made_by: {k}}}}}}}}}\n"
        "type: sequence\nchildren: [{ref: mark}]\n"
        "canary: {probation: {duration: 1ms, min_requests: 1}}\n"
    )


class Members(threading.Thread):
    """Restarts or hangs one after another, so that two of three are always there."""

    def __init__(self, cluster, seed):
        super().__init__(daemon=True)
        self.cluster, self.random = cluster, random.Random(seed)
        self.over = threading.Event()
        self.done = collections.Counter()
        self.why = None

    def run(self):
        try:
            while not self.over.wait(self.random.uniform(0.2, 1.5)):
                self.disturb(self.random.choice(self.cluster.members))
        except Exception as why:
            self.why = why

    def disturb(self, member):
        what = self.random.choice(("SIGKILL", "SIGTERM", "SIGSTOP"))
        self.done[what] += 1
        member.signal(getattr(signal, what))
        if what == "SIGSTOP":
            self.over.wait(self.random.uniform(0.3, 3))
            member.thaw()
        else:
            member.child.wait()
            self.over.wait(self.random.uniform(0, 0.5))
            member.start()
        self.cluster.wait_whole(60)

    def stop(self):
        self.over.set()
        self.join()
        if self.why:
            raise self.why


class Writer(threading.Thread):
    """Versions 1, 2 ... of names that are its own."""

    def __init__(self, cluster, names, updates, seed):
        super().__init__(daemon=True)
        self.cluster, self.random = cluster, random.Random(seed)
        self.last = dict.fromkeys(names, 0)
        self.updates = updates
        self.why = None

    def run(self):
        try:
            for i in range(self.updates):
                name = self.random.choice(list(self.last)) if i >= len(self.last) else list(self.last)[i]
                self.last[name] += 1
                self.cluster.set_schema(name, schema(self.last[name]))
        except Exception as why:
            self.why = why


def write(cluster, updates, seed):
    writers = [
        Writer(cluster, NAMES[i::WRITERS], updates // WRITERS, seed + i) for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        if writer.why:
            raise writer.why


def last_of(cluster):
    """name to (version, revision), as the store has them in the end.

    A put that a leader took before it hung, and that was made again elsewhere, may come true after
    those that followed it: then an older version is the last one."""
    prefix = cluster.members[0].schema_key("")
    found = {kv.key.removeprefix(prefix): kv for kv in cluster.someone().list(prefix)}
    return {name: (kv.value.split('"')[1], kv.mod_revision) for name, kv in found.items()}


def events_of(cluster):
    """name to its revisions, in order."""
    prefix = cluster.members[0].schema_key("")
    found = collections.defaultdict(list)
    for key, revision in cluster.someone().history(prefix):
        found[key.removeprefix(prefix)].append(revision)
    return found


def check_log(node, events):
    """Returns how often it was told of a revision that it had seen before."""
    seen = collections.defaultdict(list)  # of all that came
    applied = collections.defaultdict(list)
    again = 0
    for line in node.log_lines():
        name, revision = line.get("schema"), line.get("revision")
        if name not in events or not line.get("outcome"):
            continue
        if line["outcome"] == "ignored":
            again += 1
        elif line["outcome"] == "applied":
            applied[name].append(revision)
        seen[name].append(revision)
    for name, revisions in events.items():
        missed = sorted(set(revisions) - set(seen[name]))
        if missed:
            raise Failed(f"{node.name} never heard of {name} {missed[:5]} ({len(missed)} in all)")
        if applied[name] != sorted(set(applied[name])):
            raise Failed(f"{node.name} applied {name} twice, or out of order: {applied[name]}")
    return again


def runs_the_last(node, cluster):
    schemas = node.status()["schemas"]
    for name, (version, revision) in last_of(cluster).items():
        found = schemas.get(name, {})
        running, wanted = found.get("running", {}), found.get("wanted", {})
        if (running.get("version"), wanted.get("revision")) != (version, revision):
            return False
        if running["digest"] != wanted["digest"]:
            return False
    return True


def bad_weather(s, updates, seed):
    print(f"seed {seed}", flush=True)
    cluster = s.cluster()
    agents = [s.node(etcd=cluster, args=["--log-level", "debug"]) for _ in range(AGENTS)]
    members = Members(cluster, seed)
    begun = time.monotonic()
    members.start()
    write(cluster, updates, seed)
    members.stop()
    cluster.wait_whole()
    written = time.monotonic()
    for node in agents:
        node.wait_for(
            "the last of each runs", lambda node=node: runs_the_last(node, cluster), 60, node.log_tail
        )  # fmt: skip
    in_step = time.monotonic()
    events = events_of(cluster)
    digests = [{n: v["running"]["digest"] for n, v in node.status()["schemas"].items()} for node in agents]
    equal(len({tuple(sorted(each.items())) for each in digests}), 1, "kinds of what runs")
    again = sum(check_log(node, events) for node in agents)
    total = sum(len(revisions) for revisions in events.values())
    faults = ", ".join(f"{n} {what}" for what, n in sorted(members.done.items()))
    return (
        f"{total} updates in {written - begun:.0f} s, {faults}; {len(agents)} agents in step "
        f"{in_step - written:.2f} s later, nothing missed, applied twice or out of order; "
        f"told again of {again}"
    )


def main():
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    scene = Scene()
    try:
        print(bad_weather(scene, updates, seed), flush=True)
        scene.end_well()
    except Exception:
        scene.show_logs(sys.stderr)
        raise
    finally:
        scene.clear()


if __name__ == "__main__":
    main()

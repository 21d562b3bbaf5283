"""One key turns the fleet: a switch is moved from nothing to a tenth, a half and all, and is killed.  At
each step every node chooses the same variant for every document, and growth moves nobody out.  None of these
changes was made by flume, and each has one record, however many nodes have seen it."""

import json

from harness import FLUME, equal, holds_for, run, wait_until

# With a sanitizer a node costs many times as much.
NODES = 8 if "asan" in FLUME or "tsan" in FLUME else 50
USERS = 300
BODY = "".join(f'{{"user": {{"id": "user-{i}"}}}}\n' for i in range(USERS))
SCHEMA = """\
version: "1.0.0"
components:
  processors:
    old: {kind: set, fields: {layout: control}}
    new: {kind: set, fields: {layout: compact}}
  conditions: {layout: {kind: ab, switch: layout}}
type: switch
condition: layout
routes: {control: {ref: old}, compact: {ref: new}}
"""


def switch(version, compact, enabled="true"):
    return (
        f'version: "{version}"\nby: user.id\nvariants: {{control: {100 - compact}, compact: {compact}}}\n'
        f"default: control\nenabled: {enabled}\n"
    )


def moved(etcd, nodes, version, text):
    """Who is in the variant, when all nodes have it: the same on each."""
    etcd.put("/flume/switches/layout", text)
    said = set()
    for node in nodes:
        node.wait_switch("layout", timeout=30.0, version=version)
        answer = node.request("POST", "/pipelines/page", BODY, {"Content-Type": "application/x-ndjson"})
        equal(answer.status, 200, answer.text)
        said.add(answer.text)
    equal(len(said), 1, f"different choices of {len(nodes)} nodes at version {version}")
    return {i for i, line in enumerate(said.pop().splitlines()) if '"layout":"compact"' in line}


def records(etcd, name):
    found = etcd.list(f"/flume/history/{name}/")
    equal([kv.version for kv in found], [1] * len(found), f"records of {name} that were written over")
    return [json.loads(kv.value)["version"] for kv in found]


def each_change_has_one_record(etcd):
    wait_until("the last is recorded", lambda: "5" in records(etcd, "_switches/layout"))
    once = lambda: (records(etcd, "_switches/layout"), records(etcd, "page"))  # noqa: E731
    holds_for(1.0, "one record of each", lambda: once() == (["1", "2", "3", "4", "5"], ["1.0.0"]))


def a_switch_is_moved_over_the_fleet_and_killed(s):
    etcd = s.etcd()
    etcd.set_schema("page", SCHEMA)
    quick = ["--record-within", "1s"]
    nodes = [s.node(f"node-{i}", etcd=etcd, start=False, args=quick) for i in range(NODES)]
    for node in nodes:
        node.spawn_only()
    for node in nodes:
        node.wait_schema("page", timeout=60.0, version="1.0.0")
    none = moved(etcd, nodes, "1", switch(1, 0))
    tenth = moved(etcd, nodes, "2", switch(2, 10))
    half = moved(etcd, nodes, "3", switch(3, 50))
    everyone = moved(etcd, nodes, "4", switch(4, 100))
    killed = moved(etcd, nodes, "5", switch(5, 100, "false"))
    equal((len(none), len(everyone), len(killed)), (0, USERS, 0), "at nothing, at all, and killed")
    equal(10 < len(tenth) < 60 and 110 < len(half) < 190, True, f"{len(tenth)} and {len(half)} of {USERS}")
    equal(tenth <= half, True, "growth moved somebody out")
    each_change_has_one_record(etcd)


run(
    a_switch_is_moved_over_the_fleet_and_killed,
)

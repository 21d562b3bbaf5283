"""kill -9 at any moment of an update, then a start without etcd: the last proven generation serves,
whole, and the node is ready.  With etcd back it goes on to what is wanted; a schema that was in
probation at two crashes is given up."""

import json
import os
import shutil
import subprocess

import web
from documents import LONG, QUICK, marking
from harness import contains, equal, free_port, matches, one_of, run
from process import clean_environment
from waiting import SLOW

DOCUMENT = {"id": 1}
HERE = os.path.dirname(os.path.abspath(__file__))
# Each canary case waits 0.1 + 0.2 + 0.4 s in a retry, then takes the other way.
SLOW_CANARY = f"""\
version: "2.0.0"
components:
  processors:
    never: {{kind: require, fields: [never]}}
    mark:  {{kind: set, fields: {{made_by: 2}}}}
type: fallback
children:
  - {{type: retry, attempts: 4, backoff: 100ms, child: {{ref: never}}}}
  - ref: mark
canary:
  max_latency: 10s
  cases:
    - {{name: one, input: {{id: 1}}, expect: {{made_by: 2}}}}
    - {{name: two, input: {{id: 2}}, expect: {{made_by: 2}}}}
    - {{name: three, input: {{id: 3}}, expect: {{made_by: 2}}}}
  probation: {QUICK}
"""


def proven_one(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", DOCUMENT, "1.0.0")
    return etcd, node


def start_without_etcd(node):
    node.etcd = f"http://127.0.0.1:{free_port()}"
    node.start()
    node.wait_ready()


def serves(node, version, mark):
    answer = node.process("a", DOCUMENT)
    equal((answer.status, answer.version), (200, version), "answer")
    equal(answer.json()["made_by"], mark, "made_by")
    # An older copy is written as the newest first: before that it is not called proven.
    node.wait_schema("a", version=version, proven=True)


def killed_while_idle(s):
    etcd, node = proven_one(s)
    node.kill9()
    etcd.kill9()
    start_without_etcd(node)
    serves(node, "1.0.0", 1)


def killed_in_the_canary(s):
    etcd, node = proven_one(s)
    etcd.set_schema("a", SLOW_CANARY)
    schema = node.wait_schema("a", wanted="2.0.0")
    equal(schema["running"]["version"], "1.0.0", "running while the canary does")
    node.kill9()
    start_without_etcd(node)
    serves(node, "1.0.0", 1)
    node.stop()
    node.etcd = etcd
    node.start()
    node.prove("a", DOCUMENT, "2.0.0", timeout=20)


def killed_in_probation(s):
    etcd, node = proven_one(s)
    etcd.set_schema("a", marking("2.0.0", 2, LONG))
    node.wait_schema("a", version="2.0.0", state="probation")
    node.kill9()
    start_without_etcd(node)
    serves(node, "1.0.0", 1)


def a_second_one_is_refused(node):
    """By hand, on the folder of one that runs: it would take the probation for a crash."""
    second = subprocess.run(
        node.argv(), env=clean_environment(), capture_output=True, text=True, timeout=SLOW * 10
    )
    equal(second.returncode, 1, "exit code")
    contains(second.stdout + second.stderr, "another agent runs on the state folder", "log")


def killed_twice_in_probation_gives_it_up(s):
    etcd, node = proven_one(s)
    etcd.set_schema("a", marking("2.0.0", 2, LONG))
    node.wait_schema("a", version="2.0.0", state="probation")
    a_second_one_is_refused(node)
    node.kill9()
    node.start()
    node.wait_schema("a", version="2.0.0", state="probation")
    node.kill9()
    node.start()
    schema = node.wait_schema("a", version="1.0.0", wanted="2.0.0", stage="crash")
    one_of(schema["state"], ("held", "rolled-back", "rejected"), "state")
    contains(json.dumps(schema), "crash", "status")
    serves(node, "1.0.0", 1)
    etcd.set_schema("a", marking("2.0.1", 3))
    node.prove("a", DOCUMENT, "2.0.1")


def killed_after_it_was_proven(s):
    etcd, node = proven_one(s)
    etcd.set_schema("a", marking("2.0.0", 2))
    node.prove("a", DOCUMENT, "2.0.0")
    node.kill9()
    start_without_etcd(node)
    serves(node, "2.0.0", 2)


def verdict(node):
    return node.schema("a")["running"].get("verdict")


def killed_where_probation_gave_no_verdict(s):
    etcd, node = proven_one(s)
    etcd.set_schema("a", marking("2.0.0", 2, "{duration: 100ms, min_requests: 1000000}"))
    node.wait_for("its verdict is none", lambda: verdict(node) == "inconclusive")
    node.kill9()
    start_without_etcd(node)
    equal(node.process("a", DOCUMENT).version, "2.0.0", "version: what ran runs again")


def stopped_in_probation(s):
    """An orderly end is no crash, however often."""
    etcd, node = proven_one(s)
    etcd.set_schema("a", marking("2.0.0", 2, LONG))
    for _ in range(3):
        node.wait_schema("a", version="2.0.0", state="probation")
        node.restart()
    node.wait_schema("a", version="2.0.0", state="probation")


def the_deleted_does_not_come_back_from_disk(s):
    etcd, node = proven_one(s)
    etcd.set_schema("b", marking("1.0.0", 5))
    node.prove("b", DOCUMENT, "1.0.0")
    etcd.delete_schema("b")
    node.wait_for("b is retired", lambda: node.process("b", DOCUMENT).status == 404)
    node.kill9()
    start_without_etcd(node)
    equal(node.process("b", DOCUMENT).status, 404, "b")
    serves(node, "1.0.0", 1)


def a_spoilt_copy_does_not_stop_the_start(s):
    etcd, node = proven_one(s)
    etcd.set_schema("b", marking("1.0.0", 5))
    node.prove("b", DOCUMENT, "1.0.0")
    node.kill9()
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(node.state)
        for name in names
        if os.path.getsize(os.path.join(folder, name))
    ]
    assert files, "an empty state folder"
    for path in files:
        kept = open(path, "rb").read()
        with open(path, "wb") as file:
            file.write(kept[: len(kept) // 2])
        node.etcd = f"http://127.0.0.1:{free_port()}"
        node.start()
        for name in ("a", "b"):
            answer = node.process(name, DOCUMENT)
            touched = os.path.basename(path) == name
            what = f"{name} with half of {os.path.relpath(path, node.state)}"
            one_of(answer.status, (200, 404) if touched else (200,), what)
        node.kill9()
        with open(path, "wb") as file:
            file.write(kept)
    start_without_etcd(node)
    serves(node, "1.0.0", 1)


# ---- dying inside the state folder ----


def compiled(s):
    library = os.path.join(s.path, "killpoint.so")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC"]
        + ["-o", library, os.path.join(HERE, "killpoint.c"), "-ldl"],
        check=True,
        timeout=60,
    )
    return library


def send(node):
    try:
        node.process("a", DOCUMENT)
        return matches(node.schema("a"), version="2.0.0", proven=True)
    except web.Broken:
        return False


def update_with(s, template, library, etcd, where, env):
    """A node on a copy of the state folder, preloaded; returned when 2.0.0 is proven, or dead."""
    state = os.path.join(s.path, f"state-{where}")
    shutil.copytree(template, state)
    more = {
        "LD_PRELOAD": library,
        "KILLPOINT_DIR": state,
        # The sanitizer's runtime wants to be first; it works all the same.
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        **env,
    }
    node = s.node(f"node-{where}", start=False, state=state, etcd=etcd, env=more)
    node.spawn(node.argv(), node.env)
    node.wait_for_either("2.0.0 is proven, or the node dead", lambda: send(node))
    return node


def killed_at_each_step_on_disk(s):
    library = compiled(s)
    etcd, first = proven_one(s)
    first.stop()
    etcd.set_schema("a", marking("2.0.0", 2))
    log = os.path.join(s.path, "points")
    node = update_with(s, first.state, library, etcd, "counting", {"KILLPOINT_LOG": log})
    node.stop()
    with open(log, encoding="ascii") as file:
        points = file.read().split()
    kinds = {point.split(":")[0] for point in points}
    assert {"fsync", "rename"} <= kinds, f"no fsync and rename in the state folder: {points}"
    # Each is a whole life of an agent: so many fit in the time, and they are all there are today.
    assert len(points) <= 40, f"more steps than this has time for: {points}"
    died = 0
    for point in points:
        where = point.replace(":", "-")
        node = update_with(s, first.state, library, etcd, where, {"KILLPOINT": point})
        if node.alive():  # the last points belong to the orderly end
            node.kill9()
        else:
            died += 1
            node.wait_killed()
        node.env = {}
        start_without_etcd(node)
        answer = node.process("a", DOCUMENT)
        equal(answer.status, 200, f"answer after {point}")
        version = one_of(answer.version, ("1.0.0", "2.0.0"), f"version after {point}")
        serves(node, version, int(version[0]))
        node.kill9()
        node.etcd = etcd
        node.start()
        node.prove("a", DOCUMENT, "2.0.0")
        node.kill9()
    assert died >= len(kinds), f"only {died} of {points} were reached"


def new_folders_are_told_to_the_disk(s):
    """Each where it lies, and those for copies again when they are read: the process before may have died
    before it was.  Nothing else is written durably by a node that never heard of a schema."""
    state = s.folder("state-new")
    log = os.path.join(s.path, "points")
    env = {
        "LD_PRELOAD": compiled(s),
        "KILLPOINT_DIR": state,
        "KILLPOINT_LOG": log,
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
    }
    node = s.node("new", state=state, etcd=f"http://127.0.0.1:{free_port()}", env=env)
    folders = [(path, inner) for path, inner, _ in os.walk(state) if path != state]
    copies = [path for path, inner in folders if not inner]
    with open(log, encoding="ascii") as file:
        fsyncs = [point for point in file.read().split() if point.startswith("fsync:")]
    equal(len(fsyncs), len(folders) + len(copies), f"fsyncs for the new {folders}")
    node.stop()


run(
    killed_while_idle,
    killed_in_the_canary,
    killed_in_probation,
    killed_twice_in_probation_gives_it_up,
    killed_after_it_was_proven,
    killed_where_probation_gave_no_verdict,
    stopped_in_probation,
    the_deleted_does_not_come_back_from_disk,
    a_spoilt_copy_does_not_stop_the_start,
    killed_at_each_step_on_disk,
    new_folders_are_told_to_the_disk,
)

"""The fleet at a glance: what all nodes run and who does not run what is wanted and why, once, as it
changes, and until it is well; over HTTP as well; and the reasons of one node."""

import json
import os
import signal
import subprocess

from documents import expecting, marking
from harness import FLUME, clean_environment, contains, equal, run, wait_until

DOCUMENT = {"id": 1}


def flume(s, etcd, *words, code=0):
    result = s.flume(*words, "--etcd", etcd.url)
    equal(result.code, code, f"{words}: {result}")
    return result


def fleet(s, etcd):
    return flume(s, etcd, "status", "-o", "json").json()


def started(s, count=3):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    nodes = [s.node(f"node-{i}", etcd=etcd) for i in range(1, count + 1)]
    for node in nodes:
        node.prove("a", DOCUMENT, "1.0.0")
    flume(s, etcd, "status", "a", "--wait", "--proven", "--timeout", "20s")
    return etcd, nodes


def item(view, name, kind="schemas"):
    return next(one for one in view[kind] if one["name"] == name)


def one_way(s, etcd, node):
    """The one form that the command and the agent share."""
    answer = node.get("/fleet")
    equal(answer.status, 200, "GET /fleet")
    equal(list(answer.json()), list(fleet(s, etcd)), "members")
    return answer


def what_runs_where_and_who_is_astray(s):
    etcd, nodes = started(s)
    view = fleet(s, etcd)
    equal((view["nodes"], view["well"], view["astray"]), (3, 3, []), "a fleet that is well")
    equal(view["agents"][0]["nodes"], 3, "agents")
    # One node holds what it runs, so it alone does not go along.
    nodes[1].stop()
    nodes[1].socket = os.path.join(s.path, "2.sock")
    nodes[1].start()
    nodes[1].wait_schema("a", state="running")
    socket = ("--socket", nodes[1].socket)
    equal(s.flume("hold", "a", "--why", "incident 42", "--by", "ada", *socket).code, 0, "hold")
    etcd.set_schema("a", marking("1.1.0", 2))
    waited = flume(s, etcd, "status", "--wait", "--timeout", "20s", code=1)
    contains(waited.out, "pinned by ada: incident 42", "the reason")
    for node in (nodes[0], nodes[2]):
        node.wait_schema("a", version="1.1.0")
    wait_until("two run it", lambda: item(fleet(s, etcd), "a")["well"] == 2)
    flume(s, etcd, "status", "--check", code=1)
    lines = flume(s, etcd, "status").out
    contains(lines, "node-2  a       held   1.1.0   1.0.0    pinned by ada: incident 42", "line")
    why = flume(s, etcd, "explain", "node-2", "a").out
    for part in ("a pin of this node alone by ada", "version 1.0.0", "flume release a --socket"):
        contains(why, part, "explain")
    # The same for all who ask a node, 304 for who has seen it.
    wait_until("the same over HTTP", lambda: one_way(s, etcd, nodes[0]).json()["well"] == 2)
    answer = one_way(s, etcd, nodes[0])
    again = nodes[0].get("/fleet", headers={"If-None-Match": answer.headers["etag"]})
    equal(again.status, 304, "a fleet that is as it was")
    equal(s.flume("release", "a", *socket).code, 0, "release")
    flume(s, etcd, "status", "--wait", "--proven", "--timeout", "20s")
    flume(s, etcd, "status", "--check")


def a_finding_has_its_line(s):
    etcd, nodes = started(s, 2)
    etcd.set_schema("a", expecting("1.1.0", 1, 2))
    waited = flume(s, etcd, "status", "a", "--wait", "--timeout", "20s", "-o", "json", code=1)
    stray = waited.json()["astray"][0]
    equal((stray["state"], stray["stage"]), ("rejected", "canary"), "the stage")
    contains(stray["why"], "expected 2, got 1", "the finding")
    etcd.set_schema("a", 'version: "1.2.0"\ntype: nonsense\n')
    for node in nodes:
        node.wait_schema("a", state="rejected", stage="check")
    wait_until(
        "both are refused for it", lambda: [o.get("line") for o in fleet(s, etcd)["astray"]] == [2, 2]
    )
    contains(flume(s, etcd, "explain", "node-1", "a").out, "finding   line 2, column 7", "explain")


def a_schema_that_takes_the_name_of_a_switch_is_told(s):
    etcd, nodes = started(s, 1)
    etcd.set_schema("b", marking("1.0.0", 2))
    etcd.put("/flume/switches/front", "version: '1'\nby: id\nvariants: {a: 50, b: 50}\ndefault: a\n")
    nodes[0].wait_switch("front", front=True)
    flume(s, etcd, "status", "--wait", "--timeout", "20s")
    flume(s, etcd, "status", "--check")
    etcd.set_schema("front", marking("1.0.0", 3))
    nodes[0].wait_switch("front", front=False)
    waited = flume(s, etcd, "status", "--wait", "--timeout", "20s", code=1)
    why = "a schema has its name: documents go to that, without variants"
    contains(waited.out, why, "--wait")
    shown = flume(s, etcd, "status", "--check", code=1).out
    contains(shown, f"node-1  front   not-in-front  1       1        {why}", "status")
    equal(one_way(s, etcd, nodes[0]).json()["astray"][0]["state"], "not-in-front", "/fleet")
    shown = flume(s, etcd, "explain", "node-1", "front").out
    contains(shown, "schema front on node-1: ", "explain")
    contains(shown, "switch front on node-1: not-in-front\n", "explain")
    contains(shown, f"reason    {why}", "explain")
    contains(nodes[0].log_tail(), "a schema has the name of the switch, and takes its place", "log")
    etcd.delete_schema("front")
    nodes[0].wait_switch("front", front=True)
    good = lambda: s.flume("status", "--check", "--etcd", etcd.url).code == 0  # noqa: E731
    wait_until("the fleet is well again", good)


def a_node_that_dies_leaves_with_its_lease(s):
    etcd, nodes = started(s, 2)
    process = subprocess.Popen(
        [FLUME, "status", "-w", "--etcd", etcd.url],
        stdout=open(os.path.join(s.path, "watch"), "w", encoding="utf-8"),
        env=clean_environment(None),
    )

    def seen():
        with open(os.path.join(s.path, "watch"), encoding="utf-8") as file:
            return file.read()

    try:
        wait_until("a first look", lambda: "2 nodes\n" in seen())
        etcd.set_schema("a", marking("1.1.0", 2))
        wait_until("the change", lambda: "schema a: 1.1.0 wanted, 1.1.0 " in seen(), describe=seen)
        nodes[1].kill9()
        lease = etcd.get(f"/flume/nodes/{nodes[1].name}").lease
        equal(fleet(s, etcd)["nodes"], 2, "nodes while the lease lasts")
        etcd.call("/v3/lease/revoke", {"ID": str(lease)})  # for what takes half a minute
        wait_until("one is left", lambda: "1 node, 2 before\n" in seen(), describe=seen)
        equal(flume(s, etcd, "explain", "node-2", "a", code=5).out, "", "a node that is gone")
        flume(s, etcd, "status", "--wait", "--timeout", "20s")
    finally:
        process.send_signal(signal.SIGINT)
        equal(process.wait(10), 0, "status -w after SIGINT")


def a_wait_has_an_end(s):
    etcd, nodes = started(s, 1)
    nodes[0].child.send_signal(signal.SIGSTOP)
    try:
        etcd.set_schema("a", marking("1.0.1", 1))
        waited = flume(s, etcd, "status", "--wait", "--timeout", "500ms", code=6)
        contains(waited.err, "timed out", "stderr")
        contains(waited.out, "has not heard of revision", "what it waits for")
    finally:
        nodes[0].child.send_signal(signal.SIGCONT)
    flume(s, etcd, "status", "--wait", "--timeout", "20s")
    etcd.delete_schema("a")
    flume(s, etcd, "status", "--wait", "--timeout", "20s")
    flume(s, etcd, "status", "a", code=5)


def a_blind_node_is_named(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node("node-1", etcd=etcd)
    node.prove("a", DOCUMENT, "1.0.0")
    status = wait_until("its status", lambda: etcd.node_status("node-1")[0])
    status["node"] = "node-2"
    status["freshness"] = {"blind": True, "proved_at": "2026-11-22T10:00:00Z"}
    status["link"] = {"up": False, "why": "refused"}
    etcd.put("/flume/nodes/node-2", json.dumps(status))
    etcd.put("/flume/nodes/node-3", "no status")
    lines = flume(s, etcd, "status").out
    contains(lines, "node-2  blind       -   since 2026-11-22T10:00:00Z", "blind")
    contains(lines, "node-3  unreadable", "unreadable")
    contains(flume(s, etcd, "explain", "node-2", "a").out, "sight     blind: ", "explain")
    flume(s, etcd, "status", "--check", code=1)


def without_etcd_the_fleet_is_a_problem(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = s.node("node-1", folder=folder)
    node.prove("a", DOCUMENT, "1.0.0")
    answer = node.get("/fleet")
    equal((answer.status, answer.json()["code"]), (404, "no-etcd"), "GET /fleet")
    agent = ("--agent", f"http://127.0.0.1:{node.port}")
    contains(s.flume("status", *agent).out, "1 node\n", "status of one agent")
    contains(s.flume("explain", "node-1", "a", *agent).out, "was not asked", "explain")
    etcd = s.etcd()
    away = s.node("node-2", etcd=etcd)
    away.wait_for("the fleet", lambda: away.get("/fleet").status == 200)
    etcd.stop()
    away.wait_for("a problem", lambda: away.get("/fleet").status == 503, timeout=30)
    equal(away.get("/fleet").json()["code"], "etcd", "code")


run(
    what_runs_where_and_who_is_astray,
    a_finding_has_its_line,
    a_schema_that_takes_the_name_of_a_switch_is_told,
    a_node_that_dies_leaves_with_its_lease,
    a_wait_has_an_end,
    a_blind_node_is_named,
    without_etcd_the_fleet_is_a_problem,
)

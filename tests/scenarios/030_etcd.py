"""A put in etcd is followed at once, by the watch; the node tells its state in etcd, under a
lease, in the documented shape, and writes it only when something in it changed."""

import json
import re

from documents import QUICK, marking
from harness import equal, one_of, run, wait_until

STATES = ("running", "probation", "rejected", "rolled-back", "held", "waiting")


def a_put_is_followed(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.1", 1))
    node = s.node(etcd=etcd)
    node.wait_schema("a", version="1.0.1", generation=1)
    for k in range(2, 8):
        revision = etcd.set_schema("a", marking(f"1.0.{k}", k))
        node.wait_schema("a", version=f"1.0.{k}", generation=k, revision=revision)
        answer = node.process("a", {"id": 1})
        equal((answer.json()["made_by"], answer.version), (k, f"1.0.{k}"), "answer")


def etcdctl_is_enough(s):
    etcd = s.etcd()
    node = s.node(etcd=etcd)
    etcd.etcdctl("put", "/flume/schemas/checkout", marking("1.0.0", 1))
    node.wait_schema("checkout", version="1.0.0")
    etcd.etcdctl("del", "/flume/schemas/checkout")
    node.wait_for("it is retired", lambda: node.process("checkout", {}).status == 404)
    node.wait_for("it left the status", lambda: "checkout" not in node.status()["schemas"])


def what_is_not_below_the_prefix_is_left_alone(s):
    etcd = s.etcd()
    etcd.put("/flume/schemasx", marking("1.0.0", 1))
    etcd.put("/flume/schemas/a/b", marking("1.0.0", 1))
    etcd.put("/other/schemas/c", marking("1.0.0", 1))
    etcd.put("/team-b/schemas/d", marking("1.0.0", 4))
    node = s.node(etcd=etcd)
    etcd.set_schema("a", marking("1.0.0", 1))
    node.wait_schema("a", version="1.0.0")
    for name in ("x", "b", "c", "d"):
        equal(node.process(name, {}).status, 404, name)
    other = s.node(etcd=etcd, args=["--prefix", "/team-b/"])
    other.wait_schema("d", version="1.0.0")
    equal(other.process("a", {}).status, 404, "a below another prefix")
    wait_until("its status is there", lambda: etcd.get(f"/team-b/nodes/{other.name}"))


def the_status_in_etcd_has_the_documented_shape(s):
    etcd = s.etcd()
    good = etcd.set_schema("good", marking("1.1.0", 1))
    node = s.node("node-17", etcd=etcd, args=["--label", "zone=a"])
    node.prove("good", {"id": 1}, "1.1.0")
    bad = etcd.set_schema("good", marking("1.2.0", 2).replace("ref: mark", "ref: marc"))
    node.wait_schema("good", state="rejected", revision=bad)
    wait_until(
        "the status in etcd is that of GET /status",
        lambda: (etcd.node_status("node-17")[0] or {}).get("schemas") == node.status()["schemas"],
        describe=lambda: f"{etcd.node_status('node-17')[0]} beside {node.status()}",
    )
    status, kv = etcd.node_status("node-17")
    equal(status["node"], "node-17", "node")
    assert re.fullmatch(r"\d+\.\d+\.\d+", status["agent"]), status["agent"]
    equal(status["labels"], {"zone": "a"}, "labels")
    equal(status["source"], "etcd", "source")
    assert status["started"].endswith("Z") and "T" in status["started"], status["started"]
    assert good <= status["proved_revision"], status
    schema = status["schemas"]["good"]
    one_of(schema["state"], STATES, "state")
    wanted, attempted, running = schema["wanted"], schema["attempted"], schema["running"]
    equal((wanted["version"], wanted["revision"]), ("1.2.0", bad), "wanted")
    equal((attempted["version"], attempted["revision"]), ("1.2.0", bad), "attempted")
    equal(attempted["stage"], "check", "stage")
    assert attempted["error"] and attempted["at"].endswith("Z"), attempted
    equal((running["version"], running["generation"]), ("1.1.0", 1), "running")
    equal(running["proven"], True, "proven")
    assert running["since"].endswith("Z"), running
    equal(attempted["digest"], wanted["digest"], "digest attempted")
    for part in (wanted, running):
        assert part["digest"].startswith("sha256:") and len(part["digest"]) == 71, part
    assert running["digest"] != wanted["digest"], schema
    assert kv.lease, kv
    assert 1 <= etcd.granted_ttl(kv.lease) <= 300, "a lease that outlives the node for long"


def an_unchanged_status_is_not_written_again(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.0.0")
    wait_until(
        "the proof is in etcd",
        lambda: (etcd.node_status(node.name)[0] or {}).get("schemas") == node.status()["schemas"],
    )
    before = etcd.node_status(node.name)[1]
    for _ in range(2):
        revision = etcd.put("/elsewhere", "moves the revision of the store on")
        node.wait_for(
            "a proof", lambda: node.status()["proved_revision"] >= revision, timeout=30
        )
    after = etcd.node_status(node.name)[1]
    equal(after.mod_revision, before.mod_revision, "revision of the node's key")


def every_decision_is_a_line_of_json(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.0.0")
    revision = etcd.set_schema("a", marking("1.1.0", 2, QUICK).replace("ref: mark", "ref: marc"))
    node.wait_schema("a", state="rejected")
    lines = node.log_text().splitlines()
    equal(len(node.log_lines()), len(lines), "lines that are JSON objects")
    about = [line for line in node.log_lines() if line.get("schema") == "a"]
    assert len(about) >= 2, lines
    last = [json.dumps(line) for line in about if "marc" in json.dumps(line)]
    assert last, about
    for word in ("1.1.0", "sha256:", "check", str(revision)):
        assert any(word in line for line in last), f"{word} is not in {last}"


run(
    a_put_is_followed,
    etcdctl_is_enough,
    what_is_not_below_the_prefix_is_left_alone,
    the_status_in_etcd_has_the_documented_shape,
    an_unchanged_status_is_not_written_again,
    every_decision_is_a_line_of_json,
)

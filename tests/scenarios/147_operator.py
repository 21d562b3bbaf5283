"""What an operator decides, for one node and for the fleet: to hold and to release, to clear what
failed, to confirm deletions that are too many.  Nodes that are away do it when they come back, and
each says who decided and why."""

import os

from documents import marking
from harness import contains, equal, run

DOCUMENT = {"id": 1}


def made_by(node, name="a"):
    answer = node.process(name, DOCUMENT)
    return answer.json()["made_by"] if answer.status == 200 else answer.status


def started(s, **more):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node("node-1", etcd=etcd, **more)
    node.prove("a", DOCUMENT, "1.0.0")
    return etcd, node


def flume(s, etcd, *words, code=0):
    result = s.flume(*words, "--etcd", etcd.url)
    equal(result.code, code, f"{words}: {result}")
    return result


def held(node, reason, name="a", **wanted):
    schema = node.wait_schema(name, state="held", **wanted)
    equal(schema["reason"], reason, "reason")
    return schema


# ---- hold and release ----


def a_held_schema_stays_until_it_is_released(s):
    etcd, node = started(s)
    result = flume(s, etcd, "hold", "a", "--why", "incident 42", "--by", "ada")
    equal(result.out, "a held\n", "output")
    etcd.set_schema("a", marking("1.1.0", 2))
    schema = held(node, "pinned", wanted="1.1.0", version="1.0.0")
    equal((schema["hold"]["by"], schema["hold"]["why"]), ("ada", "incident 42"), "who and why")
    node.restart()
    held(node, "pinned", wanted="1.1.0", version="1.0.0")
    away = s.node("node-2", etcd=etcd)
    held(away, "pinned", wanted="1.1.0")
    equal(made_by(node), 1, "made_by")
    flume(s, etcd, "release", "a")
    node.wait_schema("a", version="1.1.0")
    away.wait_schema("a", version="1.1.0")
    flume(s, etcd, "release", "a", code=5)
    flume(s, etcd, "hold", "nobody", "--why", "x", code=5)


def failing(version):
    """Every call fails; twenty of them are a verdict."""
    quick = "{duration: 10m, min_requests: 20, max_error_rate: 50%}"
    return marking(version, 2, quick).replace("set, fields: {made_by: 2}", "require, fields: [gone]")


def a_frozen_fleet_moves_nowhere_but_back(s):
    etcd, node = started(s)
    etcd.set_schema("a", failing("1.1.0"))
    node.wait_schema("a", state="probation", version="1.1.0")
    flume(s, etcd, "hold", "--all", "--why", "holidays")
    etcd.set_schema("b", marking("1.0.0", 3))
    held(node, "frozen", name="b")
    node.wait_for("it goes back", lambda: made_by(node) == 1)
    node.wait_schema("a", state="rolled-back", version="1.0.0")
    etcd.delete_schema("a")
    schema = held(node, "frozen")
    equal(schema["wanted"]["deleted"], True, "what is wanted")
    flume(s, etcd, "release", "--all")
    node.wait_schema("b", version="1.0.0")
    node.wait_for("a is gone", lambda: made_by(node) == 404)


def one_node_is_held_alone(s):
    etcd, node = started(s, socket=os.path.join(s.path, "n.sock"))
    other = s.node("node-2", etcd=etcd)
    result = s.flume("hold", "a", "--why", "looking at it", "--socket", node.socket, "-o", "json")
    equal(result.json(), [{"name": "a", "result": "held", "scope": "node"}], str(result))
    etcd.set_schema("a", marking("1.1.0", 2))
    other.wait_schema("a", version="1.1.0")
    held(node, "pinned", version="1.0.0")
    node.kill9()
    node.start()
    equal(held(node, "pinned")["hold"]["scope"], "node", "scope")
    answer = node.request("PUT", "/schemas/a/hold", "{}")
    equal(answer.status, 403, "without a right to write")
    answer = node.request_locally("POST", "/schemas/nobody/clear")
    equal((answer.status, answer.json()["code"]), (404, "not-found"), "clear of what is not known")
    equal(s.flume("release", "a", "--socket", node.socket).code, 0, "release")
    node.wait_schema("a", version="1.1.0")
    equal(s.flume("release", "a", "--socket", node.socket).code, 5, "release again")


# ---- clear ----


def what_failed_is_tried_again_once_on_every_node(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    nodes = [s.node(f"node-{k}", etcd=etcd) for k in (1, 2)]
    for node in nodes:
        node.prove("a", DOCUMENT, "1.0.0")
    bad = marking("1.1.0", 2) + "  cases: [{input: {id: 1}, expect: {made_by: 3}}]\n"
    etcd.set_schema("a", bad)
    for node in nodes:
        node.wait_schema("a", state="rejected", stage="canary")
    there, away = nodes
    away.kill9()
    tries = rejections(there)
    flume(s, etcd, "clear", "a", "--why", "the disk was full", "--by", "ada")
    there.wait_for("it is tried again", lambda: rejections(there) == tries + 1)
    equal(there.schema("a")["cleared"]["by"], "ada", "who")
    away.start()
    away.wait_for("it is tried again", lambda: rejections(away) == 1)
    for node in nodes:
        node.restart()
        schema = node.wait_schema("a", state="held")
        equal(schema["reason"], "known-bad", "once is enough")
        equal(rejections(node), 0, "tries after a restart")
    flume(s, etcd, "clear", "nobody", code=5)


def rejections(node):
    line = 'flume_schema_update_total{schema="a",outcome="rejected"} '
    for text in node.get("/metrics").text.splitlines():
        if text.startswith(line):
            return int(text[len(line) :])
    return 0


# ---- confirm ----


def a_mass_deletion_is_confirmed_for_the_fleet(s):
    etcd = s.etcd()
    for k, name in enumerate("abc", 1):
        etcd.set_schema(name, marking("1.0.0", k))
    there, away = s.node("node-1", etcd=etcd), s.node("node-2", etcd=etcd)
    for node in (there, away):
        node.prove(list("abc"), DOCUMENT, "1.0.0")
    flume(s, etcd, "confirm", "--all", code=5)
    flume(s, etcd, "confirm", "a", code=4)
    away.stop()
    etcd.delete_schemas("abc")
    for name in "abc":
        held(there, "mass-delete", name=name)
    there.wait_for("the fleet knows", lambda: in_the_fleet(etcd, "mass-delete"))
    contains(flume(s, etcd, "status").out, "mass-delete: 'flume rollback' puts it back", "the way out")
    flume(s, etcd, "confirm", "a")
    there.wait_for("a is gone", lambda: made_by(there, "a") == 404)
    equal(made_by(there, "b"), 2, "b, which nobody confirmed")
    there.wait_for(
        "the fleet knows", lambda: '"a"' not in etcd.get("/flume/nodes/node-1").value
    )
    result = flume(s, etcd, "confirm", "--all", "--why", "moved")
    equal(result.out, "b confirmed\nc confirmed\n", "output")
    there.wait_for("all are gone", lambda: [made_by(there, n) for n in "abc"] == [404] * 3)
    away.start()
    away.wait_for("all are gone", lambda: [made_by(away, n) for n in "abc"] == [404] * 3)
    etcd.set_schema("a", marking("1.0.0", 7))
    there.wait_schema("a", version="1.0.0")


def in_a_wiped_store_it_takes_a_new_word(s):
    etcd = s.etcd()
    for k, name in enumerate("abc", 1):
        etcd.set_schema(name, marking("1.0.0", k))
    node = s.node("node-1", etcd=etcd)
    node.prove(list("abc"), DOCUMENT, "1.0.0")
    etcd.wipe()
    etcd.start()
    for name in "abc":
        node.wait_schema(name, state="held", timeout=30)
    node.wait_for("the fleet knows", lambda: in_the_fleet(etcd, "mass-delete"), timeout=30)
    flume(s, etcd, "confirm", "--all")
    node.wait_for("all are gone", lambda: [made_by(node, n) for n in "abc"] == [404] * 3, timeout=30)


def in_the_fleet(etcd, word):
    kv = etcd.get("/flume/nodes/node-1")
    return kv and word in kv.value


def usage_is_explained(s):
    result = s.flume("hold", "a", "--socket", "/nowhere")
    equal(result.code, 2, "hold without a why")
    contains(result.err, "--why", "what is missing")
    equal(s.flume("release").code, 2, "release of nothing")
    equal(s.flume("clear", "--all").code, 2, "clear of nothing")
    equal(s.flume("clear", "A").code, 2, "clear of what is no name")
    for command in (["hold", "--why", "x"], ["release"], ["confirm"]):
        result = s.flume(*command, "a", "--all", "--socket", "/nowhere")
        equal(result.code, 2, f"{command[0]} of one and of all")
        contains(result.err, "'a' or --all", "what cannot be both")
    result = s.flume("clear", "a", "--all", "--socket", "/nowhere")
    equal(result.code, 3, "nobody there")
    contains(result.err, "/nowhere: no agent listens there: No such file", "who is missing")


run(
    a_held_schema_stays_until_it_is_released,
    a_frozen_fleet_moves_nowhere_but_back,
    one_node_is_held_alone,
    what_failed_is_tried_again_once_on_every_node,
    a_mass_deletion_is_confirmed_for_the_fleet,
    in_a_wiped_store_it_takes_a_new_word,
    usage_is_explained,
)

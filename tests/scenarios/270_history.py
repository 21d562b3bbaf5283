"""Who changed a schema, when and why, and what became of it: every change has its record, by
whatever means it was made, and by the records there is a way back."""

import json

from documents import marking
from guarded import guarded, user
from harness import contains, equal, run
from meddler import Meddler

DOCUMENT = {"id": 1}
QUICK = ("--record-within", "500ms")


def flume(s, etcd, *words, code=0):
    result = s.flume(*words, "--etcd", etcd.url)
    equal(result.code, code, f"{words}: {result}")
    return result


def made_by(node, name="a"):
    answer = node.process(name, DOCUMENT)
    return answer.json()["made_by"] if answer.status == 200 else answer.status


def history(s, etcd, name="a"):
    return flume(s, etcd, "history", name, "-o", "json").json()


def records(etcd, name="a"):
    return etcd.list(f"/flume/history/{name}/")


def told(rows):
    return [(row["action"], row.get("version")) for row in rows]


# ---- there and back ----


def a_fleet_goes_back_to_what_ran_before(s):
    etcd = s.etcd()
    nodes = [s.node(f"node-{k}", etcd=etcd, args=QUICK) for k in (1, 2)]
    file = s.file("a.yaml", marking("1.0.0", 1))
    result = flume(s, etcd, "apply", "-f", file, "--why", "first", "--by", "ada", "--wait")
    equal(result.out, "a created\na running on 2 of 2 nodes\n", "what --wait waited for")
    s.file("a.yaml", marking("1.1.0", 2))
    flume(s, etcd, "apply", "-f", file, "-m", "faster", "--by", "bob")
    for node in nodes:
        node.wait_for("the new one runs", lambda node=node: made_by(node) == 2)
    result = flume(s, etcd, "rollback", "a", "--why", "incident 42", "--by", "eve", "--wait")
    contains(result.err, "from 1.1.0 to 1.0.0 is a downgrade", "a word of warning")
    equal(result.out.split(" (")[0], "a rolled back to 1.0.0", "output")
    contains(result.out, ")\na running on 2 of 2 nodes\n", "what --wait waited for")
    for node in nodes:
        equal(made_by(node), 1, "what runs")
    equal(etcd.get("/flume/schemas/a").value, marking("1.0.0", 1), "the text, byte for byte")
    rows = history(s, etcd)
    equal(told(rows), [("rollback", "1.0.0"), ("apply", "1.1.0"), ("apply", "1.0.0")], "history")
    equal([row["who"] for row in rows], ["eve", "bob", "ada"], "who")
    equal([row["why"] for row in rows], ["incident 42", "faster", "first"], "why")
    equal([row["previous"]["version"] for row in rows[:2]], ["1.1.0", "1.0.0"], "before")
    equal(rows[0]["revision"], etcd.get("/flume/schemas/a").mod_revision, "one revision for both")
    equal(rows[0]["outcome"]["state"], "running", "what became of the last")
    equal(rows[2]["outcome"]["running"], 2, "what --wait saw of the first")
    table = flume(s, etcd, "history", "a", "--limit", "1").out
    contains(table, "running 2 of 2", "the outcome")
    equal(len(table.splitlines()), 2, "lines of the table")
    result = flume(s, etcd, "rollback", "a", code=5)
    contains(result.err, "no earlier content", "the end of the way back")
    flume(s, etcd, "delete", "a", "--why", "not needed")
    nodes[0].wait_for("it is gone", lambda: made_by(nodes[0]) == 404)
    flume(s, etcd, "rollback", "a", "--to", "1.1.0", "--wait")
    equal(made_by(nodes[1]), 2, "it is back")


def nonsense_is_refused(s):
    etcd = s.etcd()
    file = s.file("a.yaml", marking("1.0.0", 1))
    contains(flume(s, etcd, "history", "a", code=5).err, "nothing is known of 'a'", "history")
    contains(flume(s, etcd, "rollback", "a", code=5).err, "nothing is known of 'a'", "rollback")
    flume(s, etcd, "delete", "a", code=5)
    flume(s, etcd, "apply", "-f", file)
    result = flume(s, etcd, "rollback", "a", "--to", "1.0.0", code=1)
    contains(result.err, "what etcd holds already", "to what is there")
    result = flume(s, etcd, "rollback", "a", "--to", "7.0.0", code=5)
    contains(result.err, "neither a version nor a revision '7.0.0'", "to what never was")
    s.file("a.yaml", marking("1.0.0", 2))
    flume(s, etcd, "apply", "-f", file, "--same-version", "apply")
    contains(flume(s, etcd, "rollback", "a", code=4).err, "version 1.0.0 is in etcd", "reuse")
    flume(s, etcd, "delete", "a")
    gone = history(s, etcd)[0]["revision"]
    contains(flume(s, etcd, "rollback", "a", "--to", gone, code=2).err, "deleted", "to nothing")
    etcd.put(records(etcd)[0].key, "{broken")
    result = flume(s, etcd, "history", "a")
    contains(result.err, "that is no record", "what somebody scribbled there")
    equal(len(result.out.splitlines()), 3, "the others are shown")


def somebody_who_is_faster_wins(s):
    etcd = s.etcd()
    file = s.file("a.yaml", marking("1.0.0", 1))
    for key, why in (
        ("/flume/schemas/a", "somebody else changed it"),
        (f"/flume/history/a/{9:020}", "others write its history all the time"),
    ):
        meddler = Meddler(etcd, key)
        result = s.flume("apply", "-f", file, "--etcd", meddler.url)
        meddler.end()
        equal(result.code, 4, f"{key}: {result}")
        contains(result.err, why, "why")
    both = [*("-f", file), *("-f", s.file("b.yaml", marking("1.0.0", 2)))]
    meddler = Meddler(etcd, "/flume/schemas/a")
    result = s.flume("apply", "--same-version", "apply", "-o", "json", *both, "--etcd", meddler.url)
    meddler.end()
    rows = {row["name"]: row["result"] for row in json.loads(result.out)}
    equal(rows, {"a": "conflict", "b": "not-applied"}, "what came of each file")
    equal([kv for kv in records(etcd) if "apply" in kv.value], [], "records of no change")
    flume(s, etcd, "apply", "-f", file, "--same-version", "apply")
    meddler = Meddler(etcd, "/flume/schemas/a")
    for words in (["rollback", "a", "--same-version", "apply"], ["delete", "a"]):
        equal(s.flume(*words, "--etcd", meddler.url).code, 4, f"{words}")
    meddler.end()


def records_are_bounded_and_nothing_is_lost(s):
    etcd = s.etcd()
    for k in range(60):
        etcd.put(f"/flume/history/a/{k + 1:020}", '{"action": "put", "digest": "x"}')
    flume(s, etcd, "apply", "-f", s.file("a.yaml", marking("1.0.0", 1)))
    equal(len(records(etcd)), 50, "old records go")
    lost = etcd.set_schema("b", marking("1.0.0", 3))
    flume(s, etcd, "apply", "-f", s.file("b.yaml", marking("1.0.1", 4)))
    rows = history(s, etcd, "b")
    equal([row["revision"] == lost for row in rows], [False, True], "what nobody had recorded")
    flume(s, etcd, "rollback", "b")
    equal(etcd.get("/flume/schemas/b").value, marking("1.0.0", 3), "its text")


def switches_have_a_history_of_their_own(s):
    etcd = s.etcd()
    node = s.node("node-1", etcd=etcd, args=QUICK)
    new = ["--weights", "control=90,compact=10", "--by", "user.id", "--default", "control"]
    flume(s, etcd, "switch", "set", "a", *new, "--new-version", "1", "--why", "try it")
    result = flume(s, etcd, "switch", "set", "w", *new, "--wait")
    equal(result.out, "w created: compact 10, control 90, default control\nw running on 1 of 1 node\n", "wait")
    contains(records(etcd, "_switches/w")[0].value, '"state": "running"', "what it saw")
    flume(s, etcd, "switch", "set", "a", "--off", "-m", "it hurts")
    etcd.put("/flume/switches/b", etcd.get("/flume/switches/a").value)
    node.wait_for("b is recorded", lambda: records(etcd, "_switches/b"))
    flume(s, etcd, "rollback", "a", "--switch", "--wait", "--why", "it did not")
    rows = flume(s, etcd, "history", "a", "--switch", "-o", "json").json()
    equal(told(rows), [("rollback", "1"), ("set", "2"), ("set", "1")], "history")
    equal([row["why"] for row in rows], ["it did not", "it hurts", "try it"], "why")
    equal(rows[0]["outcome"]["state"], "running", "what became of it")
    flume(s, etcd, "switch", "delete", "a")
    equal(told(flume(s, etcd, "history", "a", "--switch", "-o", "json").json())[0][0], "delete", "end")
    equal(told(history(s, etcd, "a"))[0][0], "delete", "no schema has the name")
    equal([len(records(etcd, f"_switches/{name}")) for name in "ab"], [4, 1], "records")


# ---- changes by other means ----


def a_bare_put_is_recorded_once(s):
    etcd = s.etcd()
    nodes = [s.node(f"node-{k}", etcd=etcd, args=QUICK) for k in range(1, 6)]
    put = etcd.set_schema("a", marking("1.0.0", 1))
    nodes[0].wait_for("it is recorded", lambda: records(etcd))
    flume(s, etcd, "apply", "-f", s.file("a.yaml", marking("1.1.0", 2)))
    etcd.set_schema("a", marking("1.2.0", 3))
    gone = etcd.delete_schema("a")
    nodes[0].wait_for("both are recorded", lambda: len(records(etcd)) == 4)
    for node in nodes:
        node.stop()
    rows = history(s, etcd)
    equal(
        told(rows),
        [("delete", None), ("put", "1.2.0"), ("apply", "1.1.0"), ("put", "1.0.0")],
        "history",
    )
    equal((rows[0]["revision"], rows[3]["revision"]), (gone, put), "revisions")
    equal(rows[0]["previous"]["version"], "1.2.0", "what was deleted")
    equal([row.get("who") is None for row in rows], [True, True, False, True], "unknown")
    contains(rows[3]["node"], "node-", "who noticed")
    # while nobody looked
    etcd.set_schema("b", marking("2.0.0", 4))
    etcd.set_schema("c", marking("1.0.0", 5))
    flume(s, etcd, "apply", "-f", s.file("d.yaml", marking("1.0.0", 6)))
    etcd.delete_schema("d")
    for node in nodes:
        node.start()
    for name, count in (("b", 1), ("c", 1), ("d", 2)):
        nodes[0].wait_for(f"{name} is recorded", lambda n=name, c=count: len(records(etcd, n)) == c)
    for node in nodes:
        node.wait_schema("b", version="2.0.0")
    equal(told(history(s, etcd, "b")), [("put", "2.0.0")], "b")
    equal(told(history(s, etcd, "d")), [("delete", None), ("apply", "1.0.0")], "d")
    etcd.set_schema("z", marking("1.0.0", 7))  # when it is recorded, all have looked before
    for node in nodes:
        node.wait_for("z is recorded", lambda: records(etcd, "z"))
        node.stop()
    found = [len(records(etcd, name)) for name in "abcdz"]
    equal(found, [4, 1, 1, 2, 1], "records")


def what_flume_recorded_stays_as_it_is(s):
    etcd = s.etcd()
    node = s.node("node-1", etcd=etcd, args=QUICK)
    etcd.set_schema("first", marking("1.0.0", 3))  # its look at all names is over
    node.wait_for("first is recorded", lambda: records(etcd, "first"))
    names = ("orders", "orders-eu", "orders.eu")
    for name in names:
        file = s.file(f"two/{name}.yaml", marking("1.0.0", 1))
    flume(s, etcd, "apply", "-f", file.rsplit("/", 1)[0], "--by", "ada", "--why", "TICKET-7")
    etcd.set_schema("orders-z", marking("1.0.0", 2))  # recorded when the others were looked at
    node.wait_for("orders-z is recorded", lambda: records(etcd, "orders-z"))
    for name in names:
        equal([(row["who"], row["why"]) for row in history(s, etcd, name)], [("ada", "TICKET-7")], name)
        equal([kv.version for kv in records(etcd, name)], [1], f"writes of the record of {name}")


def who_may_not_write_records_nothing_and_says_so_once(s):
    etcd = guarded(s, allowed=None)
    etcd.allow("flume", "/flume/", "READ")
    etcd.allow("flume", "/flume/nodes/")
    node = s.node("node-1", etcd=etcd, args=[*QUICK, *user(s)])
    told = "changes that flume did not make are not recorded by this node"
    for k in range(1, 4):
        etcd.set_schema("a", marking(f"1.0.{k}", k))
        node.wait_schema("a", version=f"1.0.{k}")
        node.wait_for("it is told", lambda: told in node.log_text())
    etcd.allow("flume", "/flume/history/")
    etcd.set_schema("a", marking("1.1.0", 4))
    node.wait_for("it is recorded", lambda: records(etcd))
    equal([line["message"] for line in node.log_lines()].count(told), 1, "said once")


run(
    a_fleet_goes_back_to_what_ran_before,
    nonsense_is_refused,
    somebody_who_is_faster_wins,
    records_are_bounded_and_nothing_is_lost,
    switches_have_a_history_of_their_own,
    a_bare_put_is_recorded_once,
    what_flume_recorded_stays_as_it_is,
    who_may_not_write_records_nothing_and_says_so_once,
)

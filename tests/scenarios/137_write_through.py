"""Where etcd owns the schemas and the agent is told to write through: a PUT is checked, goes to etcd
byte for byte unless somebody was faster, and is answered when this node has decided on that very
revision; a DELETE likewise.  Without etcd, or without a decision in time, the answer says so."""

import json
import os
import threading

from documents import expecting, marking
from guarded import guarded, user
from harness import contains, equal, run
from meddler import Meddler

YAML = {"Content-Type": "application/yaml"}


def through(s, etcd, *args, name=None, **more):
    socket = os.path.join(s.path, f"{name or 'n'}.sock")
    return s.node(name, etcd=etcd, socket=socket, args=["--write-through", *args], **more)


def put(node, name, text, headers=None):
    return node.request_locally("PUT", f"/schemas/{name}", text, {**YAML, **(headers or {})})


def delete(node, name, headers=None):
    return node.request_locally("DELETE", f"/schemas/{name}", headers=headers)


def problem(answer, status, code, part=""):
    equal(answer.status, status, f"status of {answer.text!r}")
    equal(answer.json()["code"], code, "code")
    contains(answer.text, part, "problem")


def in_etcd(etcd, name):
    found = etcd.get(etcd.schema_key(name))
    return found and found.value


def made_by(node, name="a"):
    answer = node.process(name, {"id": 1})
    return answer.json()["made_by"] if answer.status == 200 else answer.status


def what_is_put_is_in_etcd_and_serves(s):
    etcd = s.etcd()
    node, other = through(s, etcd), s.node(etcd=etcd)
    for k in range(1, 6):
        text = f"# thought {k}\n" + marking(f"1.0.{k}", k)
        answer = put(node, "a", text)
        equal(answer.status, 204, answer.text)
        equal(made_by(node), k, "made_by at once after the PUT")
        equal(answer.generation, k, "generation")
        equal(answer.header("ETag"), node.get("/schemas/a").header("ETag"), "ETag")
        equal(in_etcd(etcd, "a"), text, "what is in etcd, byte by byte")
    other.wait_schema("a", version="1.0.5")
    before = etcd.get(etcd.schema_key("a")).mod_revision
    equal(put(node, "a", text).status, 204, "the same again")
    equal(etcd.get(etcd.schema_key("a")).mod_revision, before, "revision of the same again")
    equal(put(node, "a", "# another thought\n" + text).status, 204, "the same digest")
    equal(node.schema("a")["running"]["generation"], 5, "generation")
    problem(node.request("PUT", "/schemas/a", text, YAML), 403, "not-allowed")


def history(s, etcd, name):
    result = s.flume("history", name, "-o", "json", "--etcd", etcd.url)
    equal(result.code, 0, result)
    return [(row["action"], row.get("who"), row.get("version")) for row in result.json()]


def who_put_it_is_recorded_with_it(s):
    """In the same transaction, together with what nobody had recorded before."""
    etcd = s.etcd()
    token = s.file("token", "secret\n")
    node = through(s, etcd, "--token-file", token, "--record-within", "0")
    put_by_hand = etcd.set_schema("a", marking("1.0.0", 1))
    node.wait_schema("a", version="1.0.0")
    equal(put(node, "a", marking("1.0.1", 2)).status, 204, "PUT through the socket")
    with_token = {**YAML, "Authorization": "Bearer secret"}
    answer = node.request("PUT", "/schemas/a", marking("1.0.2", 3), with_token)
    equal(answer.status, 204, "PUT with the token")
    equal(delete(node, "a").status, 204, "DELETE")
    mine = f"uid {os.getuid()} via {node.name}"
    equal(
        history(s, etcd, "a"),
        [
            ("delete", mine, None),
            ("put", f"127.0.0.1 via {node.name}", "1.0.2"),
            ("put", mine, "1.0.1"),
            ("put", None, "1.0.0"),
        ],
        "history",
    )
    found = etcd.list("/flume/history/a/")
    equal(json.loads(found[0].value)["revision"], put_by_hand, "what was put by hand")
    equal(found[2].mod_revision > found[1].mod_revision == found[0].mod_revision, True, "revisions")
    equal(json.loads(found[2].value)["text"], marking("1.0.2", 3), "the text")
    text = "version: '1'\nby: id\nvariants: {x: 50, y: 50}\ndefault: x\n"
    equal(node.request_locally("PUT", "/switches/s", text, YAML).status, 204, "PUT of a switch")
    equal(history(s, etcd, "s"), [("put", mine, "1")], "history of the switch")


def where_no_records_may_be_written_the_document_is(s):
    etcd = guarded(s, allowed=None)
    etcd.allow("flume", "/flume/", "READ")
    for folder in ("nodes/", "schemas/"):
        etcd.allow("flume", "/flume/" + folder)
    node = through(s, etcd, *user(s))
    equal(put(node, "a", marking("1.0.0", 1)).status, 204, "PUT")
    equal((in_etcd(etcd, "a"), made_by(node)), (marking("1.0.0", 1), 1), "etcd, and what runs")
    equal(delete(node, "a").status, 204, "DELETE")
    equal((in_etcd(etcd, "a"), etcd.list("/flume/history/")), (None, []), "etcd")


def what_is_refused_here_is_told(s):
    etcd = s.etcd()
    node = through(s, etcd)
    equal(put(node, "a", marking("1.0.0", 1)).status, 204, "PUT")
    bad = marking("1.0.1", 2).replace("ref: mark", "ref: marc")
    problem(put(node, "a", bad), 400, "rejected", "did you mean 'mark'")
    equal(in_etcd(etcd, "a"), marking("1.0.0", 1), "etcd after findings")
    problem(put(node, "a", marking("1.0.0", 2)), 409, "version-reused")
    problem(put(node, "a", expecting("1.0.2", 2, 3)), 422, "canary", "expected 3, got 2")
    equal(made_by(node), 1, "made_by")
    equal(put(node, "a", marking("1.0.3", 3)).status, 204, "PUT of a good one")
    problem(put(node, "a", expecting("1.0.2", 2, 3)), 409, "known-bad")
    problem(put(node, "UPPER", marking("1.0.0", 1)), 400, "bad-name")


def a_lost_race_is_told(s):
    etcd = s.etcd()
    node = through(s, etcd)
    equal(put(node, "a", marking("1.0.0", 1)).status, 204, "PUT")
    match = {"If-Match": node.get("/schemas/a").header("ETag")}
    equal(put(node, "a", marking("1.0.1", 2), match).status, 204, "PUT with the right tag")
    problem(put(node, "a", marking("1.0.2", 3), match), 412, "changed")
    problem(delete(node, "a", match), 412, "changed")
    problem(put(node, "new", marking("1.0.2", 3), match), 412, "changed")
    equal(in_etcd(etcd, "a"), marking("1.0.1", 2), "etcd")
    server = Meddler(etcd, etcd.schema_key("a"))
    try:
        slower = through(s, server.url, "--poll", "100ms", name="slower")
        slower.wait_schema("a", version="1.0.1")
        problem(put(slower, "a", marking("1.0.2", 3)), 409, "superseded", "somebody else")
        contains(in_etcd(etcd, "a"), "5.0.", "the other's text stays")
        slower.stop()
    finally:
        server.end()


def of_many_with_one_tag_one_wins(s):
    """Also of those that were let in before the first was written, and come to etcd behind it."""
    etcd = s.etcd()
    node = through(s, etcd)
    equal(put(node, "a", marking("1.0.0", 0)).status, 204, "PUT")
    for version in range(1, 6):
        match = {"If-Match": node.get("/schemas/a").header("ETag")}
        got = []
        text = lambda i, v=version: marking(f"1.{v}.{i}", i)  # noqa: E731
        writers = [
            threading.Thread(target=lambda i=i: got.append(put(node, "a", text(i), match).status))
            for i in range(12)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        equal((got.count(204), len(got)), (1, 12), f"who won of {sorted(got)}")
    match = {"If-None-Match": "*"}
    equal(put(node, "new", marking("1.0.0", 1), match).status, 204, "the first of that name")
    equal(put(node, "new", marking("1.0.1", 1), match).status, 412, "the second")
    equal(delete(node, "new").status, 204, "DELETE")
    equal(put(node, "new", marking("1.0.2", 1), match).status, 204, "it was gone")
    equal(etcd.set_schema("a", in_etcd(etcd, "a")) > 0, True, "the same text once more")
    node.wait_for("it has heard", lambda: node.schema("a")["wanted"]["revision"] == etcd.get(etcd.schema_key("a")).mod_revision)
    match = {"If-Match": node.get("/schemas/a").header("ETag")}
    equal(put(node, "a", marking("2.0.0", 1), match).status, 204, "over the same text")


def deletion(s):
    etcd = s.etcd()
    node = through(s, etcd)
    equal(put(node, "b", marking("1.0.0", 2)).status, 204, "PUT")
    equal(put(node, "user", 'version: "1.0.0"\nref: b\n').status, 204, "PUT of a user of b")
    problem(delete(node, "b"), 409, "in-use", "user")
    equal(in_etcd(etcd, "b"), marking("1.0.0", 2), "b in etcd")
    equal(delete(node, "user").status, 204, "DELETE user")
    equal(delete(node, "b").status, 204, "DELETE b")
    equal((made_by(node, "b"), in_etcd(etcd, "b")), (404, None), "b")
    problem(delete(node, "b"), 404, "not-found")


def no_decision_in_time_is_504(s):
    etcd = s.etcd()
    node = through(s, etcd, "--request-timeout", "300ms", poll="1h")
    node.wait_ready()
    answer = put(node, "a", marking("1.0.0", 1))
    revision = etcd.get(etcd.schema_key("a")).mod_revision
    problem(answer, 504, "undecided", f"revision {revision}")
    equal(in_etcd(etcd, "a"), marking("1.0.0", 1), "etcd")


def without_etcd_it_is_503(s):
    etcd = s.etcd()
    node = through(s, etcd)
    equal(put(node, "a", marking("1.0.0", 1)).status, 204, "PUT")
    etcd.stop()
    problem(put(node, "a", marking("1.0.1", 2)), 503, "etcd")
    equal(node.process("a", {}).status, 200, "a request meanwhile")
    etcd.start()
    node.wait_for("the write goes in", lambda: put(node, "a", marking("1.0.1", 2)).status == 204)
    equal(made_by(node), 2, "made_by")


def the_end_does_not_wait_for_a_decision(s):
    etcd = s.etcd()
    node = through(s, etcd, poll="1h")
    node.wait_ready()
    got = []
    thread = threading.Thread(target=lambda: got.append(put(node, "a", marking("1.0.0", 1))))
    thread.start()
    node.wait_for("it is written", lambda: in_etcd(etcd, "a"))
    node.stop()
    thread.join()
    problem(got[0], 503, "closing", "may still be applied")


def without_the_option_it_is_409(s):
    etcd = s.etcd()
    node = s.node(etcd=etcd, socket=os.path.join(s.path, "n.sock"))
    problem(put(node, "a", marking("1.0.0", 1)), 409, "read-only", "--write-through")
    equal(etcd.list("/flume/schemas/"), [], "etcd")
    result = s.flume("agent", "--write-through", "--dir", s.path)
    equal(result.code, 2, json.dumps(result.err))


run(
    what_is_put_is_in_etcd_and_serves,
    who_put_it_is_recorded_with_it,
    where_no_records_may_be_written_the_document_is,
    what_is_refused_here_is_told,
    a_lost_race_is_told,
    of_many_with_one_tag_one_wins,
    deletion,
    no_decision_in_time_is_504,
    without_etcd_it_is_503,
    the_end_does_not_wait_for_a_decision,
    without_the_option_it_is_409,
)

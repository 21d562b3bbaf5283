"""The command line: results on stdout and the rest on stderr, exit codes that a script can trust
(0 done, 1 negative finding, 2 usage, 3 cannot connect, 4 conflict, 5 not found, 7 not allowed),
-o json everywhere, and a wrong word is named."""

import json
import os
import re

from documents import ORDERS, expecting, marking
from harness import Failed, contains, equal, free_port, one_of, run
from meddler import Meddler

COMMANDS = (
    "agent", "lint", "test", "run", "apply", "get", "status", "explain", "hold", "release", "clear", "confirm",
    "graph", "components", "diff", "delete", "history", "rollback", "doctor", "switch",
)  # fmt: skip
BAD_PATHS = (
    marking("1.0.1", 2)
    + "  compare: {with: running, except: ['a[']}\n"
    + "  shadow: {except: ['b[']}\n"
    + "  live: {by: user..id}\n"
)
BAD = marking("1.0.1", 2).replace("ref: mark", "ref: marc")


def code(result, wanted):
    if result.code != wanted:
        raise Failed(f"expected exit {wanted}, got {result!r}")
    return result


# ---- words ----


def help_is_there_for_each(s):
    result = code(s.flume("--help"), 0)
    for command in COMMANDS:
        contains(result.out, command, "flume --help")
        one = code(s.flume(command, "--help"), 0)
        contains(one.out, f"flume {command}", f"flume {command} --help")
        equal(one.err, "", "stderr of a help")
    for flag in ("--etcd", "--dir", "--poll", "--state", "--listen", "--node", "--prefix", "--log"):
        contains(s.flume("agent", "--help").out, flag, "flume agent --help")


def wrong_words_are_named(s):
    contains(code(s.flume("lnt"), 2).err, "lnt", "stderr")
    contains(s.flume("lnt").err, "lint", "the hint")
    code(s.flume(), 2)
    for command in COMMANDS:
        result = code(s.flume(command, "--no-such-flag"), 2)
        contains(result.err, "--no-such-flag", f"stderr of flume {command}")
        equal(result.out, "", "stdout")
    code(s.flume("agent", "--listen"), 2)
    path = s.file("bad-poll/a.yaml", marking("1.0.0", 1))
    result = code(s.flume("agent", "--dir", os.path.dirname(path), "--poll", "often"), 2)
    contains(result.err, "often", "stderr")


def a_wrong_key_in_the_configuration_is_named(s):
    path = s.file("agent.yaml", "listen: 127.0.0.1:1\nlistne: 127.0.0.1:2\n")
    result = code(s.flume("agent", "--config", path), 2)
    contains(result.err, "listne", "stderr")
    contains(result.err, "agent.yaml:2", "stderr")


def a_configuration_file_gives_way_to_flags(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    path = s.file("agent.yaml", f"dir: {folder.path}\nlisten: 127.0.0.1:1\nnode: from-file\n")
    node = s.node("from-flag", args=["--config", path])
    node.wait_ready()
    equal(node.status()["node"], "from-flag", "node")
    equal(node.process("a", {}).status, 200, "a")


# ---- lint, test, run ----


def lint(s):
    good = s.file("good.yaml", ORDERS)
    equal(code(s.flume("lint", good), 0).err, "", "stderr")
    bad = s.file("bad.yaml", BAD)
    result = code(s.flume("lint", bad), 1)
    lines = result.out.splitlines()
    pattern = re.escape(bad) + r":7:10: error: .*marc.* \[[a-z-]+\]"
    assert any(re.fullmatch(pattern, line) for line in lines), result
    contains(result.out, "  - ref: marc", "the source line")
    contains(result.out, "^", "the caret")
    contains(result.out, "did you mean 'mark'", "the hint")
    both = code(s.flume("lint", os.path.dirname(bad)), 1)
    contains(both.out, "bad.yaml:7:10", "lint of a folder")
    by = s.file("by.yaml", BAD_PATHS)
    result = code(s.flume("lint", by), 1)
    for path in ("a[", "b[", "user..id"):
        contains(result.out, f"'{path}' is not a path", "lint of a canary")
    issues = code(s.flume("lint", "-o", "json", bad), 1).json()
    contains(json.dumps(issues), "did you mean 'mark'", "lint -o json")
    code(s.flume("lint", "-o", "json", good), 0).json()
    missing = s.flume("lint", os.path.join(s.path, "missing.yaml"))
    one_of(missing.code, (2, 5), "exit code for a missing file")
    contains(missing.err, "missing.yaml", "stderr")


def test_runs_the_cases(s):
    good = s.file("good.yaml", expecting("1.0.0", 2, 2))
    code(s.flume("test", good), 0)
    bad = s.file("bad.yaml", expecting("1.0.0", 2, 3))
    result = code(s.flume("test", bad), 1)
    for word in ("the mark is as expected", "expected 3, got 2"):
        contains(result.out, word, "stdout")
    contains(json.dumps(code(s.flume("test", "-o", "json", bad), 1).json()), "got 2", "-o json")
    broken = s.file("broken.yaml", BAD)
    contains(code(s.flume("test", broken), 1).out, "7:10", "test of one that lint refuses")


def run_takes_lines(s):
    schema = s.file("orders.yaml", ORDERS)
    lines = [
        '{"id": 1, "total": 5}',
        '{"id": 2}',
        '{"id": 3, "total": 5, "tier": "test"}',
        "{oops",
        '{"id": 5, "total": 7}',
    ]
    text = "\n".join(lines)
    result = code(s.flume("run", schema, stdin=text), 1)
    ids = [json.loads(line)["id"] for line in result.out.splitlines()]
    equal(ids, [1, 5], "what came through, in order")
    for number in (2, 4):
        contains(result.err, f":{number}: ", "the rejected lines")
    contains(result.err, "total", "why the second was rejected")
    one = code(s.flume("run", schema, stdin=lines[0] + "\n"), 0)
    equal(json.loads(one.out), {"id": 1, "total": 5, "status": "accepted"}, "document")
    code(s.flume("run", schema, stdin=lines[2]), 0)
    equal(code(s.flume("run", schema, stdin=""), 0).out, "", "nothing")
    path, rejects = s.file("in.ndjson", text + "\n"), os.path.join(s.path, "rejects")
    result = code(s.flume("run", schema, "--input", path, "--rejects", rejects), 1)
    equal(len(result.out.splitlines()), 2, "lines from a file")
    with open(rejects, encoding="utf-8") as file:
        equal(len(file.read().splitlines()), 2, "rejects")
    result = code(s.flume("run", s.file("bad.yaml", BAD), stdin=text), 1)
    contains(result.err, "7:10", "a bad schema")
    equal(result.out, "", "stdout with a bad schema")


# ---- with etcd ----


def apply_says_what_it_did(s):
    etcd = s.etcd()
    where = ("--etcd", etcd.url)
    path = s.file("checkout.yaml", marking("1.0.0", 1))
    for text, word in (
        (marking("1.0.0", 1), "created"),
        (marking("1.0.0", 1), "unchanged"),
        (marking("1.0.1", 2), "configured"),
    ):
        s.file("checkout.yaml", text)
        contains(code(s.flume("apply", "-f", path, *where), 0).out, word, "stdout")
        equal(etcd.get("/flume/schemas/checkout").value, text, "what is in etcd, byte by byte")
    for text in (BAD, expecting("1.0.2", 2, 3)):
        s.file("checkout.yaml", text)
        code(s.flume("apply", "-f", path, *where), 1)
        equal(etcd.get("/flume/schemas/checkout").value, marking("1.0.1", 2), "after a bad one")
    s.file("many/x.yaml", marking("1.0.0", 1))
    s.file("many/y.yaml", marking("1.0.0", 1))
    result = code(s.flume("apply", "-o", "json", "-f", os.path.join(s.path, "many"), *where), 0)
    contains(json.dumps(result.json()), "created", "-o json")
    equal([kv.key[-1] for kv in etcd.list("/flume/schemas/")], ["t", "x", "y"], "keys")
    other = ("--prefix", "/team-b/")
    code(s.flume("apply", "-f", os.path.join(s.path, "many"), *where, *other), 0)
    equal(len(etcd.list("/team-b/schemas/")), 2, "keys below another prefix")
    code(s.flume("apply", *where), 2)


def json_is_everywhere_and_of_one_shape(s):
    etcd = s.etcd()
    where = ("--etcd", etcd.url, "-o", "json")
    good = s.file("good.yaml", marking("1.0.0", 1))
    bad = s.file("bad.yaml", BAD)
    failing = s.file("failing.yaml", expecting("1.0.2", 2, 3))

    def applied(wanted, *files):
        words = [word for file in files for word in ("-f", file)]
        rows = code(s.flume("apply", *words, *where), wanted).json()
        return {row["name"]: row for row in rows}

    equal(applied(0, good)["good"]["result"], "created", "apply")
    rows = applied(1, good, bad)
    equal((rows["good"]["result"], rows["bad"]["result"]), ("not-applied", "rejected"), "apply")
    equal(rows["bad"]["findings"][0]["line"], 7, "line")
    rows = applied(1, good, failing)
    equal((rows["good"]["result"], rows["failing"]["result"]), ("not-applied", "failed"), "apply")
    contains(rows["failing"]["cases"][0]["error"], "expected 3, got 2", "error")
    equal([kv.key for kv in etcd.list("/flume/schemas/")], ["/flume/schemas/good"], "keys")

    for words, wanted in ((("get",), 0), (("get", "good"), 0), (("status",), 0)):
        code(s.flume(*words, *where), wanted).json()
    equal(code(s.flume("lint", "-o", "json", bad), 1).json()[0]["line"], 7, "lint")
    equal(code(s.flume("test", "-o", "json", failing), 1).json()["cases"][0]["ok"], False, "test")
    contains(code(s.flume("version", "-o", "json"), 0).json()["version"], ".", "version")

    run_bad = code(s.flume("run", "-o", "json", bad), 1)
    equal(json.loads(run_bad.err)[0]["line"], 7, "findings of run")
    orders = s.file("orders.yaml", ORDERS)
    done = code(s.flume("run", "-o", "json", orders, stdin='{"id": 1, "total": 5}\n{}\n'), 1)
    for line in (done.out + done.err).splitlines():
        json.loads(line)
    equal(json.loads(done.err.splitlines()[-1])["rejected"], 1, "the summary of run")

    log = s.flume("agent", "-o", "json", "--listen", "nonsense", "--socket", "none")
    for line in code(log, 2).err.splitlines():
        json.loads(line)


def a_closed_door_is_7(s):
    etcd = s.etcd()
    for path, body in (
        ("user/add", {"name": "root", "password": "secret"}),
        ("role/add", {"name": "root"}),
        ("user/grant", {"user": "root", "role": "root"}),
        ("enable", {}),
    ):
        etcd.call(f"/v3/auth/{path}", body)
    path = s.file("a.yaml", marking("1.0.0", 1))
    for words in (("get",), ("status",), ("apply", "-f", path)):
        result = code(s.flume(*words, "--etcd", etcd.url), 7)
        contains(result.err, "etcd", f"stderr of {words}")
        equal(result.out, "", f"stdout of {words}")


def get_shows_one_or_all(s):
    etcd = s.etcd()
    where = ("--etcd", etcd.url)
    etcd.set_schema("a", marking("1.0.0", 1))
    etcd.set_schema("b", marking("2.0.0", 1))
    one = code(s.flume("get", "a", *where), 0)
    contains(one.out, "mark: {kind: set, fields: {made_by: 1}}", "stdout")
    both = code(s.flume("get", *where), 0)
    for word in ("a", "1.0.0", "b", "2.0.0"):
        assert re.search(rf"(^|\s){re.escape(word)}(\s|$)", both.out), (word, both)
    contains(json.dumps(code(s.flume("get", "-o", "json", *where), 0).json()), "2.0.0", "-o json")
    one = code(s.flume("get", "a", "-o", "json", *where), 0)
    contains(json.dumps(one.json()), "mark", "get a -o json")
    contains(code(s.flume("get", "missing", *where), 5).err, "missing", "stderr")
    from_env = s.flume("get", "a", "-o", "json", env={"FLUME_ETCD": etcd.url})
    equal(code(from_env, 0).json(), one.json(), "with FLUME_ETCD")


def status_shows_wanted_and_running(s):
    etcd = s.etcd()
    etcd.set_schema("checkout", marking("1.1.0", 1))
    node = s.node("node-17", etcd=etcd)
    node.prove("checkout", {"id": 1}, "1.1.0")
    etcd.set_schema("checkout", expecting("1.2.0", 1, 2))
    node.wait_schema("checkout", state="rejected")

    words = ("node-17", "checkout", "rejected", "1.1.0", "1.2.0")

    def shown():
        return code(s.flume("status", "--etcd", etcd.url), 0).out

    node.wait_for(f"{words}", lambda: all(word in shown() for word in words), describe=shown)
    result = code(s.flume("status", "-o", "json", "--etcd", etcd.url), 0)
    contains(json.dumps(result.json()), "expected 2, got 1", "-o json")


def nobody_there_is_3(s):
    dead = ("--etcd", f"http://127.0.0.1:{free_port()}")
    path = s.file("a.yaml", marking("1.0.0", 1))
    for words in (("get",), ("get", "a"), ("status",), ("apply", "-f", path)):
        result = code(s.flume(*words, *dead, timeout=60), 3)
        contains(result.err, dead[1].split("//")[1], f"stderr of flume {words[0]}")
        equal(result.out, "", f"stdout of flume {words[0]}")


def somebody_faster_is_4(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    server = Meddler(etcd, "/flume/schemas/a")
    path = s.file("a.yaml", marking("1.0.1", 2))
    try:
        code(s.flume("apply", "-f", path, "--etcd", server.url), 4)
    finally:
        server.end()
    contains(etcd.get("/flume/schemas/a").value, "5.0.", "the other's text stays")
    assert server.turn >= 1, "apply wrote without a transaction"


run(
    help_is_there_for_each,
    wrong_words_are_named,
    a_wrong_key_in_the_configuration_is_named,
    a_configuration_file_gives_way_to_flags,
    lint,
    test_runs_the_cases,
    run_takes_lines,
    apply_says_what_it_did,
    json_is_everywhere_and_of_one_shape,
    a_closed_door_is_7,
    get_shows_one_or_all,
    status_shows_wanted_and_running,
    nobody_there_is_3,
    somebody_faster_is_4,
)

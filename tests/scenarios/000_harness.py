"""The harness itself: a load that cannot fail proves nothing, so here it meets servers that drop,
mix, go backwards and close, and has to notice; `make unit` meets unit programs that test nothing,
and some that fail now and then; and an etcd is started, stopped, killed, frozen."""

import http.server
import json
import os
import socket
import subprocess
import threading

import web
from harness import (
    ROOT,
    ConfigMap,
    Failed,
    Load,
    Mixed,
    clean_environment,
    contains,
    equal,
    matches,
    run,
    wait_until,
)


class StandIn(http.server.ThreadingHTTPServer):
    """Answers every POST; every tenth as `fault` says."""

    daemon_threads = True

    def __init__(self, fault=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault = fault
        self.lock = threading.Lock()
        self.count = 0
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.count = count = self.server.count + 1
        fault = self.server.fault if count % 10 == 0 else None
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        generation = count // 10 + 1
        document.update(made_by=generation, made_by_end=generation + (fault == "mix"))
        body = json.dumps(document).encode()
        self.send_response(503 if fault == "refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Flume-Generation", str(1 if fault == "backwards" else generation))
        if fault == "close":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def check(answer):
    assert answer.status == 200, answer.status
    document = answer.json()
    if document["made_by"] != document["made_by_end"]:
        raise Mixed(document)


def summary_of(fault):
    server = StandIn(fault)
    # One connection: a stand-in that numbers its answers cannot keep two of them in order.
    load = Load(server.port, "/", {"id": 1}, rate=500, threads=1, check=check).start()
    try:
        wait_until("60 answers", lambda: load.sent() > 60)
    finally:
        summary = load.stop()
        server.end()
    return load, summary


def good_answers_count_as_good(_):
    load, summary = summary_of(None)
    equal((summary.failed, summary.mixed, summary.backwards), (0, 0, 0), "faults")
    equal(summary.sent, sum(summary.by_generation.values()), "answers by generation")
    load.stop_clean(at_least=60)


def each_kind_of_bad_answer_is_noticed(_):
    for fault, count in (
        ("drop", "failed"),
        ("refuse", "failed"),
        ("close", "failed"),
        ("mix", "mixed"),
        ("backwards", "backwards"),
    ):
        load, summary = summary_of(fault)
        assert getattr(summary, count) >= 5, (fault, summary)
        try:
            load.stop_clean()
        except Failed as why:
            contains(str(why), "all of them good", "complaint")
        else:
            raise Failed(f"a server that does {fault!r} passed as clean")


def a_dead_server_counts_as_failed(_):
    server = StandIn()
    server.end()
    load = Load(server.port, "/", {}, rate=200, threads=2).start()
    wait_until("20 requests", lambda: load.sent() > 20)
    summary = load.stop()
    equal(summary.failed, summary.sent, "failed")


def make_unit(s, script):
    """`make unit` with this in place of the unit program."""
    program = s.file("units/unit", "#!/bin/sh\n" + script)
    os.chmod(program, 0o755)
    env = {name: value for name, value in clean_environment().items() if "MAKE" not in name}
    return subprocess.run(
        ["make", "--no-print-directory", "-o", program, f"B={os.path.dirname(program)}", "unit"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def make_unit_fails_when_nothing_was_tested(s):
    both = "[ $1 != --list ] && echo Checks: 1 || printf 'one\\ntwo\\n'\n"
    done = make_unit(s, both)
    equal(done.returncode, 0, done.stderr)
    for line in ("ok one, Checks: 1\n", "ok two, Checks: 1\n", "2 suites, 0 failed\n"):
        contains(done.stdout, line, "stdout")
    for script, word in (
        ("kill -9 $$\n", "lists no suites"),
        ("exit 0\n", "lists no suites"),
        ("echo one; exit 3\n", "lists no suites"),
        (both + "[ $1 != two ]\n", "FAILED two"),
    ):
        done = make_unit(s, script)
        assert done.returncode, (script, done)
        contains(done.stdout + done.stderr, word, f"output with {script!r}")


def what_failed_beside_others_is_played_alone(s):
    """Each of these suites fails the first time."""
    units = "[ $1 = --list ] && {{ printf '{}'; exit; }}; echo Checks: 1; "
    once = 'mkdir "$0.$1" 2>/dev/null || exit 0; '
    for names, end, code, words in (
        ("a\\nb\\nc", "exit 1", 0, ("UNSTEADY b: ", "3 suites, 0 failed, 3 UNSTEADY: a b c")),
        ("a\\nb\\nc\\nd", "exit 1", 2, ("4 are too many", "4 suites, 4 failed")),
        ("a", "echo WARNING: ThreadSanitizer; exit 1", 2, ("FAILED a: ", "1 suites, 1 failed")),
        ("a", "kill -9 $$", 2, ("FAILED a: ", "1 suites, 1 failed")),
    ):
        scratch = s.folder("units")
        for name in os.listdir(scratch):
            if os.path.isdir(os.path.join(scratch, name)):
                os.rmdir(os.path.join(scratch, name))
        done = make_unit(s, units.format(names) + once + end + "\n")
        equal(done.returncode, code, f"exit code, {names} {end}: {done.stdout}")
        for word in words:
            contains(done.stdout, word, f"stdout, {names} {end}")


def etcd_keeps_its_keys_over_restarts(s):
    etcd = s.etcd()
    first = etcd.put("/flume/schemas/a", "text: ünï")
    equal(etcd.get("/flume/schemas/a").value, "text: ünï", "value")
    equal(etcd.get("/flume/schemas/a").mod_revision, first, "revision")
    equal(etcd.get("/flume/schemas/b"), None, "an absent key")
    etcd.restart()
    etcd.kill9()
    try:
        etcd.revision()
    except web.Broken:
        pass
    else:
        raise Failed("a killed etcd answered")
    etcd.start()
    equal(etcd.revision(), first, "revision after restarts")
    etcd.freeze()
    try:
        web.request(etcd.port, "GET", "/health", timeout=0.2)
    except TimeoutError:
        pass
    else:
        raise Failed("a frozen etcd answered")
    etcd.thaw()
    equal(etcd.delete("/flume/schemas/a"), first + 1, "revision of the deletion")


def etcd_changes_many_keys_in_one_revision(s):
    etcd = s.etcd()
    put = etcd.change(puts={etcd.schema_key(name): name for name in "abcd"})
    equal({kv.mod_revision for kv in etcd.list("/flume/schemas/")}, {put}, "revisions")
    gone = etcd.delete_schemas("abc")
    equal(gone, put + 1, "revision of three deletions")
    equal([kv.key for kv in etcd.list("/flume/")], ["/flume/schemas/d"], "what is left")
    etcd.compact()
    contains(etcd.etcdctl("get", "--prefix", "/flume/"), "/flume/schemas/d", "etcdctl")
    etcd.wipe()
    etcd.start()
    equal(etcd.list("/flume/"), [], "after a wipe")


def a_config_map_swaps_one_link(s):
    folder = s.schemas(kind=ConfigMap)
    folder.set_schemas({"a": "1", "b": "1"})
    folder.set_schemas({"a": "2", "b": None})
    with open(folder.file("a"), encoding="utf-8") as file:
        equal(file.read(), "2", "content")
    visible = [name for name in sorted(os.listdir(folder.path)) if not name.startswith("..2")]
    equal(visible, ["..data", "a.yaml"], "names")
    equal(len(os.listdir(folder.path)), 3, "names, the stamped folder counted")


def a_status_is_matched_word_by_word(_):
    schema = {"state": "rejected", "attempted": {"stage": "canary"}, "running": None}
    assert matches(schema, state="rejected", stage="canary")
    assert not matches(schema, version="1.0.0")
    assert not matches({}, state="running")


run(
    good_answers_count_as_good,
    each_kind_of_bad_answer_is_noticed,
    a_dead_server_counts_as_failed,
    make_unit_fails_when_nothing_was_tested,
    what_failed_beside_others_is_played_alone,
    etcd_keeps_its_keys_over_restarts,
    etcd_changes_many_keys_in_one_revision,
    a_config_map_swaps_one_link,
    a_status_is_matched_word_by_word,
)

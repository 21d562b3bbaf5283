"""Shadows and live canaries, together with all else that may come at the same time: an operator's
word, a restart, a change beside them, clients that go away, values that nobody should have put."""

import base64
import os
import time

import web
from documents import marking
from harness import equal, run
from waiting import SLOW

LONG_SHADOW = "{share: 100%, duration: 10m, min_requests: 20, wait_for_verdict: true}"
LONG_LIVE = "{share: 50%, by: id, duration: 10m, min_requests: 1000000}"
QUICK_BOTH = (
    "  shadow: {share: 100%, duration: 200ms, min_requests: 5}\n"
    "  live: {share: 50%, by: id, duration: 200ms, min_requests: 5}\n"
)


def shadowed(version, mark):
    return marking(version, mark) + f"  shadow: {LONG_SHADOW}\n"


def live(version, mark):
    return marking(version, mark) + f"  live: {LONG_LIVE}\n"


def trial(node, name="a"):
    return node.schema(name).get("trial", {})


def wait_stage(node, stage, version=None):
    node.wait_for(
        f"{stage} {version}",
        lambda: trial(node).get("stage") == stage
        and (not version or trial(node)["version"] == version),
    )


def started(s, **more):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd, **more)
    node.prove("a", {"id": 1}, "1.0.0")
    return etcd, node


def put_raw(etcd, key, value):
    etcd.call(
        "/v3/kv/put",
        {"key": base64.b64encode(key).decode(), "value": base64.b64encode(value).decode()},
    )


ODD_VALUES = [
    b"",
    b"\xff\xfe\x00\x01" * 50,
    b"[" * 100000,
    b'{"a":' * 50000,
    b'{"by": 1, "why": [], "at": {}}',
    b'{"by": "' + b"\xc3\xa9" * 300000 + b'"}',
    b'{"by": "\\u0000x", "why": "\\ud800"}',
    b'{"revision": -1, "digest": 7, "version": null}',
    b'{"revision": 1e400, "at": "9999999999-99-99T99:99:99Z"}',
    b"null",
    b"cases: &a [*a, *a]\n",
    b"cases:\n" + b"- {input: {}}\n" * 20000,
]
ODD_NAMES = [b"a", b"", b"A", b"a/b", b"\xff\xfe", b"x" * 2000, b"..", b"a\x00b", b"\n", "é".encode()]


def odd_keys_and_values_stop_nobody(s):
    etcd, node = started(s)
    etcd.put("/flume/canaries/b", "cases: []")
    for value in ODD_VALUES:
        for side in (b"bad/", b"confirm/", b"canaries/", b"pins/"):
            for name in ODD_NAMES:
                put_raw(etcd, b"/flume/" + side + name, value)
        put_raw(etcd, b"/flume/freeze", value)
        put_raw(etcd, b"/flume/freeze/a", value)
    etcd.set_schema("a", marking("1.1.0", 2))
    schema = node.wait_schema("a", state="held", wanted="1.1.0", timeout=60)
    equal(schema["reason"], "pinned", "reason")
    node.restart()
    node.wait_schema("a", state="held", wanted="1.1.0", timeout=60)
    for side in (b"bad/", b"confirm/", b"canaries/", b"pins/"):
        for name in ODD_NAMES:
            etcd.call(
                "/v3/kv/deleterange",
                {"key": base64.b64encode(b"/flume/" + side + name).decode()},
            )
    etcd.delete("/flume/freeze")
    node.wait_schema("a", version="1.1.0")
    node.wait_for(
        "the same in etcd",
        lambda: etcd.node_status(node.name)[0]["schemas"]["a"]["running"]["version"] == "1.1.0",
    )


def an_end_comes_soon(s):
    for text, stage in ((shadowed("1.1.0", 2), "shadow"), (live("1.1.0", 2), "live")):
        etcd, node = started(s)
        etcd.set_schema("a", text)
        wait_stage(node, stage)
        for k in range(5):
            node.process("a", {"id": k})
        begun = time.monotonic()
        node.stop()
        took = time.monotonic() - begun
        assert took < 5 * SLOW, f"the end took {took:.1f} s during a {stage}"


def clients_that_go_away_from_a_shadow(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = s.node(folder=folder, socket=f"{s.path}/flume.sock")
    node.prove("a", {"id": 1}, "1.0.0")
    yaml = {"Content-Type": "application/yaml"}
    for k in range(40):
        try:
            web.request(node.socket, "PUT", "/schemas/a", shadowed(f"1.1.{k}", 2), yaml, timeout=0.1)
            raise AssertionError("answered")
        except OSError:
            pass
    wait_stage(node, "shadow", "1.1.39")
    node.wait_for("few descriptors", lambda: len(os.listdir(f"/proc/{node.pid}/fd")) < 50)
    node.stop()


def nothing_is_lost_while_many_are_tried(s):
    etcd, node = started(s)

    def check(answer):
        assert answer.status == 200, answer
        assert answer.json()["made_by"] == 1
        assert (answer.header("Flume-Trial") == "live") == (answer.generation == 0), answer.headers

    clients = s.load(
        node, "a", lambda i: {"id": i % 100, "pad": "x" * 5000}, rate=1500, threads=8, check=check
    )
    for k in range(1, 25):
        etcd.set_schema("a", marking(f"1.0.{k}", 1) + QUICK_BOTH)
        if k % 3:
            node.wait_schema("a", version=f"1.0.{k}", timeout=30)
    node.wait_schema("a", version="1.0.24", timeout=30)
    summary = clients.stop()
    equal((summary.failed, summary.mixed), (0, 0), f"faults in {summary}")


def a_killed_live_canary_in_a_frozen_fleet(s):
    etcd, node = started(s)
    etcd.set_schema("b", marking("1.0.0", 1))
    etcd.set_schema("a", live("1.1.0", 2))
    wait_stage(node, "live")
    node.kill9()
    etcd.put("/flume/freeze", '{"by": "ada"}')
    node.start()
    schema = node.wait_schema("a", state="held", wanted="1.1.0")
    equal((schema["reason"], schema["running"]["version"]), ("frozen", "1.0.0"), "reason")
    etcd.delete("/flume/freeze")
    wait_stage(node, "live")
    etcd.set_schema("b", marking("1.1.0", 1))
    node.wait_schema("b", state="waiting", wanted="1.1.0")
    etcd.put("/flume/pins/a", "")
    node.wait_schema("b", version="1.1.0")
    etcd.delete("/flume/pins/a")
    wait_stage(node, "live")
    etcd.delete_schema("a")
    node.wait_for("gone", lambda: not node.schema("a"))
    equal(node.process("a", {"id": 1}).status, 404, "status")
    node.restart()
    equal(node.process("a", {"id": 1}).status, 404, "status")


def a_shadow_of_what_is_deleted_ends_and_a_restart_brings_back_nothing(s):
    etcd, node = started(s)
    etcd.set_schema("u", 'version: "1"\nref: a\n')
    node.wait_schema("u", version="1")
    etcd.set_schema("a", shadowed("1.1.0", 1))
    wait_stage(node, "shadow")
    etcd.delete_schema("a")  # u refers to it
    schema = node.wait_schema("a", state="held")
    equal(schema["reason"], "in-use", "reason")
    equal(trial(node), {}, "trial")
    node.kill9()
    node.start()
    node.wait_schema("u", version="1")
    etcd.set_schema("a", shadowed("1.2.0", 1))
    wait_stage(node, "shadow", "1.2.0")
    etcd.delete_schemas(["u", "a"])
    node.wait_for("gone", lambda: not node.status()["schemas"])


run(
    odd_keys_and_values_stop_nobody,
    an_end_comes_soon,
    clients_that_go_away_from_a_shadow,
    nothing_is_lost_while_many_are_tried,
    a_killed_live_canary_in_a_frozen_fleet,
    a_shadow_of_what_is_deleted_ends_and_a_restart_brings_back_nothing,
)

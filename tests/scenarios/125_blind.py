"""A node that has heard no proof for too long that nothing is missing says that it is blind: in its
status, its metrics, the details of its readiness, and once in the log.  It serves on and stays ready.
And a store that was wiped is said as loudly."""

import os

from documents import marking
from harness import contains, equal, run

DOCUMENT = {"id": 1}
NAMES = "abcd"


def proven(s, store, *args, **where):
    for name in NAMES:
        store.set_schema(name, marking("1.0.0", 1))
    node = s.node(args=list(args), **where)
    node.prove(list(NAMES), DOCUMENT, "1.0.0")
    return node


def made_by(node, name="a"):
    return node.process(name, DOCUMENT).json().get("made_by")


def blindness(node):
    return node.status().get("freshness", {}).get("blind")


def metric(node, name):
    found = [line for line in node.get("/metrics").text.splitlines() if line.startswith(name + " ")]
    return float(found[0].split()[1])


def in_log(node, start):
    return sum(line["message"].startswith(start) for line in node.log_lines())


def goes_blind(node, timeout=10.0):
    node.wait_for("blind", lambda: blindness(node), timeout)
    equal(metric(node, "flume_blind"), 1, "flume_blind")
    contains(node.get("/readyz?verbose").text, "blind: ", "/readyz?verbose")
    equal(node.ready(), True, "ready")
    equal(made_by(node), 1, "made_by")
    equal(in_log(node, "blind: "), 1, "lines in the log")


def sees_again(node, timeout=20.0):
    node.wait_for("it sees again", lambda: not blindness(node), timeout)
    equal(metric(node, "flume_blind"), 0, "flume_blind")
    equal("blind" in node.get("/readyz?verbose").text, False, "blind in /readyz?verbose")
    equal(in_log(node, "sees again"), 1, "lines in the log")


def a_fresh_node_says_since_when(s):
    etcd = s.etcd()
    node = proven(s, etcd, etcd=etcd, poll="200ms")
    freshness = node.status()["freshness"]
    equal((freshness["blind"], freshness["bound"]), (False, "30s"), "freshness")
    equal(freshness["proved_revision"], node.status()["proved_revision"], "proved_revision")
    contains(node.get("/readyz?verbose").text, "is missing, proved at 20", "/readyz?verbose")
    before = metric(node, "flume_proved_timestamp_seconds")
    node.wait_for("a later proof", lambda: metric(node, "flume_proved_timestamp_seconds") > before)
    contains(s.flume("status", "--etcd", etcd.url).out, "1 node", "flume status")


def proofs_are_not_written_to_etcd(s):
    etcd = s.etcd()
    node = proven(s, etcd, etcd=etcd, poll="100ms")

    def version():
        return etcd.get(f"/flume/nodes/{node.name}").version

    node.wait_for("its status is there", lambda: etcd.node_status(node.name)[0])
    first = metric(node, "flume_proved_timestamp_seconds")
    node.wait_for("more proofs", lambda: metric(node, "flume_proved_timestamp_seconds") > first + 1)
    before = version()
    node.wait_for("and more", lambda: metric(node, "flume_proved_timestamp_seconds") > first + 4)
    equal(version(), before, "writes of the status")


def etcd_hangs(s):
    etcd = s.etcd()
    node = proven(s, etcd, "--blind-after", "1s", etcd=etcd, poll="300ms")
    etcd.freeze()
    goes_blind(node)
    etcd.thaw()
    sees_again(node)
    etcd.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0")


def etcd_is_gone_under_a_watch(s):
    """A watch is proved every 10 s, so the bound is 20 s at least."""
    etcd = s.etcd()
    node = proven(s, etcd, "--blind-after", "1s", etcd=etcd)
    equal(node.status()["freshness"]["bound"], "20s", "bound")
    etcd.kill9()
    goes_blind(node, timeout=40)
    etcd.start()
    sees_again(node, timeout=40)
    etcd.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0", timeout=20)


def a_folder_is_gone(s):
    folder = s.schemas()
    node = proven(s, folder, "--blind-after", "1s", folder=folder, poll="100ms")
    away = f"{folder.path}-away"
    os.rename(folder.path, away)
    goes_blind(node)
    os.rename(away, folder.path)
    sees_again(node)


def a_node_with_nothing_is_blind_and_not_ready(s):
    node = s.node(etcd="http://127.0.0.1:1", poll="200ms", args=["--blind-after", "1s"])
    node.wait_for("blind", lambda: blindness(node))
    text = node.get("/readyz?verbose").text
    contains(text, "blind: etcd has proved nothing yet, for more than 1s", "/readyz?verbose")
    equal(node.ready(), False, "ready")


def a_wiped_store_is_said_counted_and_guarded(s):
    etcd = s.etcd()
    node = proven(s, etcd, etcd=etcd, poll="200ms")
    equal(metric(node, "flume_store_resets_total"), 0, "resets")
    etcd.wipe()
    etcd.start()
    node.wait_schema("a", state="held", timeout=20)
    equal({node.schema(name)["reason"] for name in NAMES}, {"mass-delete"}, "reasons")
    equal(made_by(node), 1, "made_by")
    equal(metric(node, "flume_store_resets_total"), 1, "resets")
    equal(node.status()["freshness"]["resets"], 1, "resets in the status")
    contains(node.get("/readyz?verbose").text, "wiped or restored", "/readyz?verbose")
    equal(in_log(node, "the store went back"), 1, "lines in the log")


run(
    a_fresh_node_says_since_when,
    proofs_are_not_written_to_etcd,
    etcd_hangs,
    etcd_is_gone_under_a_watch,
    a_folder_is_gone,
    a_node_with_nothing_is_blind_and_not_ready,
    a_wiped_store_is_said_counted_and_guarded,
)

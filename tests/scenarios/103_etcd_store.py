"""What a cluster of three holds is compacted, wiped, or more than its quota; its members restart one
after another, and at random while updates come in: nothing is missed, and nothing comes twice."""

import time

from documents import marking
from follower import DOCUMENT, Follower, follower_and_member, revive
from harness import Failed, equal, run, wait_until
from toolbox import measured
from weather import bad_weather


def compacted_behind_the_watch(s):
    """The node sleeps meanwhile, and its member is gone when it wakes."""
    f, used = follower_and_member(s, leads=False)
    f.node.freeze()
    for _ in range(20):
        f.turn += 1
        f.cluster.set_schema("a", marking(f"1.0.{f.turn}", f.turn))
    f.cluster.wait_leader().compact()
    used.kill9()
    begun = time.monotonic()
    f.node.thaw()
    wait_until("the last one answers", lambda: f.made_by() == f.turn, 30, f.node.log_tail)
    measured("compaction behind the watch", f"in step after {time.monotonic() - begun:.2f} s")
    f.holds_together()


def the_whole_cluster_is_wiped(s):
    """Three of four schemas are too many to go at once, so all are served throughout."""
    f = Follower(s)
    for name in ("b", "c", "d"):
        f.cluster.set_schema(name, marking("1.0.1", 1))
        f.node.wait_schema(name, version="1.0.1", timeout=20)
    for _ in range(5):
        f.follows()
    for member in f.cluster.members:
        member.wipe()
    equal(f.made_by(), f.turn, "made_by without a cluster")
    equal(f.node.ready(), True, "ready")
    for member in f.cluster.members:
        member.start()
    f.cluster.wait_whole()
    f.holds_together()
    assert "the store went back" in f.node.log_text(), f.node.log_tail()
    for name in ("b", "c", "d"):
        equal(f.node.process(name, DOCUMENT).status, 200, name)


def all_members_restart_one_after_another(s):
    f = Follower(s)
    for member in f.cluster.members:
        member.ask_to_end()
        f.holds_together()
        revive(member, f.cluster)
    f.holds_together()


def no_space_is_left(s):
    """Writes are refused, also the node's status; what is read goes on, and so does the node."""
    f = Follower(s, more=["--quota-backend-bytes", str(4 << 20)])
    leader = f.cluster.wait_leader()
    key = "/other/big"
    try:
        for k in range(40):
            leader.put(f"{key}{k}", "x" * 200_000)
        raise Failed("the quota was never reached")
    except Failed as why:
        assert "space exceeded" in str(why), str(why)
    for _ in range(10):
        equal(f.made_by(), f.turn, "made_by")
    equal(f.node.ready(), True, "ready")
    # Deletions are still taken: the node hears of them, and cannot write that it did.
    leader.delete(leader.schema_key("a"))
    f.node.wait_for("a is retired", lambda: f.node.process("a", DOCUMENT).status == 404)
    status = leader.node_status(f.node.name)[0]
    assert "a" in status["schemas"], "the status could be written"
    for k in range(40):
        leader.delete(f"{key}{k}")
    leader.compact()
    for member in f.cluster.members:
        member.etcdctl("defrag")
    leader.etcdctl("alarm", "disarm")
    f.turn += 1
    f.cluster.set_schema("a", marking(f"1.0.{f.turn}", f.turn))
    f.node.wait_schema("a", version=f"1.0.{f.turn}", timeout=30)
    wait_until(
        "its status is in etcd again",
        lambda: leader.node_status(f.node.name)[0]["schemas"] == f.node.status()["schemas"],
        timeout=40,
    )


def updates_while_members_restart(s):
    measured("bad weather", bad_weather(s, 300, 1))


run(
    compacted_behind_the_watch,
    the_whole_cluster_is_wiped,
    all_members_restart_one_after_another,
    no_space_is_left,
    updates_while_members_restart,
)

"""A node that follows a cluster, and how long it takes to be in step again after a fault."""

import time

from documents import marking
from harness import Failed, equal, wait_until
from toolbox import measured

DOCUMENT = {"id": 1}


class Follower:
    def __init__(self, s, hosts=False, more=()):
        self.cluster = s.cluster(hosts, more)
        self.turn = 1
        self.cluster.set_schema("a", marking("1.0.1", 1))
        self.node = s.node(etcd=self.cluster)
        self.node.wait_schema("a", version="1.0.1", timeout=20)
        self.node.prove("a", DOCUMENT, "1.0.1")

    def made_by(self):
        answer = self.node.process("a", DOCUMENT)
        equal(answer.status, 200, "answer")
        return answer.json()["made_by"]

    def follows(self, but=(), timeout=60.0):
        """Puts a new version; returns when the put was taken and when its version answers."""
        self.turn += 1
        self.cluster.set_schema("a", marking(f"1.0.{self.turn}", self.turn), but)
        taken = time.monotonic()
        wait_until(
            f"version {self.turn} answers", lambda: self.made_by() == self.turn, timeout,
            self.node.log_tail,
        )  # fmt: skip
        return taken, time.monotonic()

    def measure(self, what, fault, bound, but=()):
        begun = time.monotonic()
        fault()
        taken, served = self.follows(but)
        measured(what, f"put taken after {taken - begun:.2f} s, in step after {served - begun:.2f} s")
        if served - begun > bound:
            raise Failed(f"{what}: in step after {served - begun:.1f} s; bound {bound} s")
        self.holds_together()

    def holds_together(self):
        """The next one comes at once."""
        taken, served = self.follows()
        assert served - taken < 10, f"the next one took {served - taken:.1f} s"
        equal(self.node.ready(), True, "ready")


def revive(member, cluster):
    if not member.alive():
        member.start()
    cluster.wait_whole()


def follower_and_member(s, leads, **how):
    """With the watch on the leader, or on another."""
    f = Follower(s, **how)
    for _ in range(8):
        used = f.cluster.in_use()
        if (used == f.cluster.wait_leader()) == leads:
            return f, used
        f.node.restart()  # it shuffles its endpoints by its name: another one may come first
        f.cluster.members[:] = f.cluster.members[1:] + f.cluster.members[:1]
        move_leader(f.cluster, used if leads else None)
    raise Failed("the watch is never where it is needed")


def move_leader(cluster, to):
    """To that member, or to any other than now."""
    leader = cluster.wait_leader()
    to = to or next(member for member in cluster.members if member != leader)
    if to == leader:
        return
    leader.etcdctl("move-leader", f"{int(to.member_id()):x}")
    wait_until("the leader moved", lambda: cluster.wait_leader() == to)

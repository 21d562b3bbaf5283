"""A cluster of three whose members are killed, end and hang: the node serves all the while, and is soon
in step again at another one.  How soon is printed; what is asserted is generous, for machines are
busy."""

from follower import follower_and_member, revive
from harness import run

SILENCE = 20  # seconds in which a member that says nothing has to be left


def the_member_in_use_is_killed(s):
    f, used = follower_and_member(s, leads=False)
    f.measure("member in use, SIGKILL", used.kill9, 15)
    revive(used, f.cluster)
    f.holds_together()


def the_member_in_use_ends(s):
    f, used = follower_and_member(s, leads=False)
    f.measure("member in use, SIGTERM", lambda: used.signal(15), 20, but=[used])


def the_member_in_use_hangs(s):
    f, used = follower_and_member(s, leads=False)
    f.measure("member in use, SIGSTOP", used.freeze, SILENCE * 2, but=[used])
    used.thaw()
    f.cluster.wait_whole()
    f.holds_together()


# ---- the leader ----


def the_leader_is_killed(s):
    f, used = follower_and_member(s, leads=True)
    f.measure("leader in use, SIGKILL", used.kill9, 20)
    revive(used, f.cluster)
    f.holds_together()


def another_leader_is_killed(s):
    f, _ = follower_and_member(s, leads=False)
    leader = f.cluster.wait_leader()
    f.measure("leader not in use, SIGKILL", leader.kill9, 20)


def the_leader_ends(s):
    f, used = follower_and_member(s, leads=True)
    f.measure("leader in use, SIGTERM", lambda: used.signal(15), 20, but=[used])


def the_leader_hangs(s):
    f, used = follower_and_member(s, leads=True)
    f.measure("leader in use, SIGSTOP", used.freeze, SILENCE * 2, but=[used])
    used.thaw()
    f.cluster.wait_whole()
    f.holds_together()


run(
    the_member_in_use_is_killed,
    the_member_in_use_ends,
    the_member_in_use_hangs,
    the_leader_is_killed,
    another_leader_is_killed,
    the_leader_ends,
    the_leader_hangs,
)

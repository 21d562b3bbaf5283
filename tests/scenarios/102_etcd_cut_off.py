"""A member of three is cut off, from the others or from everybody: it may go on to answer, and knows
nothing new.  The node leaves it, and is soon in step again."""

import wires
from follower import follower_and_member
from harness import run
from toolbox import skipped

SILENCE = 20  # seconds in which a member that says nothing has to be left


def on_hosts(s, leads):
    """(follower, member), or None where there can be no hosts."""
    if why := wires.why_not():
        skipped("partitions", why)
        return None
    return follower_and_member(s, leads, hosts=True)


def a_member_is_cut_off_from_the_others(s):
    """It still answers the node, and knows nothing new."""
    if not (found := on_hosts(s, leads=False)):
        return
    f, used = found
    f.measure("member in use, cut off from the others", used.host.pull, 20, but=[used])
    used.host.plug_in()
    f.cluster.wait_whole()
    f.holds_together()


def the_leader_is_cut_off_from_the_others(s):
    if not (found := on_hosts(s, leads=True)):
        return
    f, used = found
    f.measure("leader in use, cut off from the others", used.host.pull, 20, but=[used])
    used.host.plug_in()
    f.cluster.wait_whole()
    f.holds_together()


def a_member_is_cut_off_from_everybody(s):
    """Nobody is told: its connections just fall silent."""
    if not (found := on_hosts(s, leads=False)):
        return
    f, used = found
    f.measure(
        "member in use, cut off from everybody",
        lambda: used.host.pull(clients=True),
        SILENCE * 2,
        but=[used],
    )
    used.host.plug_in()
    f.cluster.wait_whole()
    f.holds_together()


run(
    a_member_is_cut_off_from_the_others,
    the_leader_is_cut_off_from_the_others,
    a_member_is_cut_off_from_everybody,
)

"""Before it serves all, a candidate serves a share of the live documents, the same ones each time:
when too many of its calls fail it is gone, and the others never met it; when they do not, it is
swapped in.  Answers say which version made them."""

import json

from documents import LONG, marking, requiring
from harness import contains, equal, run

LONG_LIVE = "{share: 30%, by: user.id, duration: 10m, min_requests: 20, max_error_rate: 10%}"
# Over soon, and not before there is a verdict.
QUICK_LIVE = LONG_LIVE.replace("10m", "300ms").replace("}", ", wait_for_verdict: true}")


def started(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.0.0")
    return etcd, node


def trial(node):
    return node.schema("a").get("trial", {})


def begun(s, text):
    etcd, node = started(s)
    etcd.set_schema("a", text)
    node.wait_for("the live canary", lambda: trial(node).get("stage") == "live")
    return etcd, node


def send(node, user):
    return node.process("a", {"user": {"id": user}})


def by_user(node, users):
    return {user: send(node, user).version for user in users}


def by_its_word(answer):
    """What an answer says of itself is what made it."""
    marks = {"1.0.0": 1, "1.1.0": 2}
    assert answer.status == 200 and answer.json()["made_by"] == marks[answer.version], answer
    trial_of = answer.header("Flume-Trial")
    assert (trial_of == "live") == (answer.generation == 0), answer.headers


def a_good_one_serves_its_share_and_then_all(s):
    etcd, node = started(s)
    clients = s.load(
        node, "a", lambda i: {"user": {"id": i % 100}}, rate=400, threads=8, check=by_its_word
    )
    etcd.set_schema("a", marking("1.1.0", 2) + f"  live: {QUICK_LIVE}\n")
    schema = node.wait_schema("a", version="1.1.0", generation=2)
    equal(schema["running"]["live"], "passed", "verdict")
    so_far = clients.sent()
    node.wait_for("some more answers", lambda: clients.sent() > so_far + 50)
    summary = clients.stop()
    equal((summary.failed, summary.mixed), (0, 0), f"faults in {summary}")
    assert summary.by_generation[0] > 0, summary


def a_user_is_served_by_the_same_one_each_time(s):
    _, node = begun(s, marking("1.1.0", 2) + f"  live: {LONG_LIVE}\n")
    users = [f"user-{k}" for k in range(60)]
    first = by_user(node, users)
    share = sum(version == "1.1.0" for version in first.values())
    assert 5 <= share <= 35, f"{share} of 60"
    for _ in range(3):
        equal(by_user(node, users), first, "who served whom")
    answer = send(node, next(user for user in users if first[user] == "1.1.0"))
    by_its_word(answer)
    equal(node.process("a", {"id": 1}).version, "1.0.0", "version without the key")


def all_nodes_choose_alike_and_a_greater_share_only_adds(s):
    etcd, node = begun(s, marking("1.1.0", 2) + f"  live: {LONG_LIVE}\n")
    other = s.node(etcd=etcd)
    other.wait_schema("a", version="1.1.0")  # it had nothing to compare with
    etcd.set_schema("a", marking("1.1.1", 2, LONG))
    node.wait_schema("a", version="1.1.1")
    other.wait_schema("a", version="1.1.1")
    users = [f"user-{k}" for k in range(60)]
    before = set()
    for k, share in enumerate((10, 30, 60)):
        live = LONG_LIVE.replace("30%", f"{share}%")
        version = f"1.2.{k}"
        etcd.set_schema("a", marking(version, 3) + f"  live: {live}\n")
        for one in (node, other):
            one.wait_for(
                version, lambda n=one, v=version: trial(n).get("version") == v
            )
        chosen = [
            {user for user, served in by_user(one, users).items() if served == version}
            for one in (node, other)
        ]
        equal(chosen[0], chosen[1], "users of the candidate on both nodes")
        assert before <= chosen[0], "who left the share when it grew"
        before = chosen[0]
    assert 20 <= len(before) <= 50, before


def a_bad_one_is_gone_and_the_others_never_met_it(s):
    etcd, node = started(s)

    def check(answer):
        if answer.version == "1.1.0":  # its errors are its own doing
            assert answer.status == 422 and answer.header("Flume-Trial") == "live", answer
        else:
            assert answer.status == 200 and answer.json()["made_by"] == 1, answer

    clients = s.load(
        node, "a", lambda i: {"user": {"id": i % 100}}, rate=400, threads=8, check=check
    )
    bad = requiring("1.1.0", "total", LONG) + f"  live: {LONG_LIVE}\n"
    etcd.set_schema("a", bad)
    schema = node.wait_schema("a", state="rejected", stage="live", version="1.0.0", generation=1)
    error = schema["attempted"]["error"]
    contains(error, "calls failed, 100%; allowed is 10%", "error")
    so_far = clients.sent()
    node.wait_for("some more answers", lambda: clients.sent() > so_far + 50)
    summary = clients.stop()
    equal((summary.failed, summary.mixed), (0, 0), f"faults in {summary}")
    equal({send(node, user).version for user in range(50)}, {"1.0.0"}, "versions afterwards")
    revision = etcd.set_schema("a", bad)
    held = node.wait_schema("a", state="held", revision=revision)
    contains(json.dumps(held), "known-bad", "status")


def clients_that_fail_anyway_are_not_held_against_it(s):
    etcd = s.etcd()
    etcd.set_schema("a", requiring("1.0.0", "total", LONG))
    node = s.node(etcd=etcd)
    node.wait_schema("a", version="1.0.0")
    clients = s.load(
        node, "a", lambda i: {"user": {"id": i % 100}}, rate=400, threads=8, check=lambda _: None
    )
    etcd.set_schema("a", requiring("1.1.0", "total", LONG) + f"  live: {QUICK_LIVE}\n")
    schema = node.wait_schema("a", version="1.1.0", state="probation")
    equal(schema["running"]["live"], "passed", "verdict")
    clients.stop()


def a_newer_change_ends_it_at_once(s):
    etcd, node = begun(s, marking("1.1.0", 2) + f"  live: {LONG_LIVE}\n")
    etcd.set_schema("a", marking("1.2.0", 3))
    node.wait_schema("a", version="1.2.0", generation=2)
    equal(trial(node), {}, "trial")
    equal({send(node, user).version for user in range(50)}, {"1.2.0"}, "versions")


def a_restart_in_the_middle_of_it_starts_it_over(s):
    _, node = begun(s, marking("1.1.0", 2) + f"  live: {LONG_LIVE}\n")
    node.kill9()
    node.start()
    node.wait_for("the live canary", lambda: trial(node).get("stage") == "live")
    equal(node.schema("a")["running"]["version"], "1.0.0", "running")


def a_candidate_that_may_wait_does_not_hold_up_the_others(s):
    """Where what runs never waits, requests are served by the threads that read them."""
    etcd, node = started(s)
    slow = (
        'version: "1.1.0"\n'
        "components: {processors: {never: {kind: require, fields: [never]}}}\n"
        "type: retry\nattempts: 2\nbackoff: 1s\nchild: {ref: never}\n"
        "canary:\n"
        "  live: {share: 100%, by: user.id, duration: 10m, min_requests: 1000}\n"
    )
    etcd.set_schema("a", slow)
    node.wait_for("the live canary", lambda: trial(node).get("stage") == "live")
    clients = s.load(
        node, "a", {"user": {"id": 1}}, rate=40, threads=8, check=lambda _: None
    )
    others = s.load(node, "a", {"id": 1}, rate=100, threads=2)
    node.wait_for("some answers", lambda: others.sent() > 60 and clients.sent() > 20)
    summary = others.stop_clean(at_least=60)
    assert summary.slowest < 0.8, f"the slowest of the others took {summary.slowest:.3f} s"
    clients.stop()


run(
    a_good_one_serves_its_share_and_then_all,
    a_user_is_served_by_the_same_one_each_time,
    all_nodes_choose_alike_and_a_greater_share_only_adds,
    a_bad_one_is_gone_and_the_others_never_met_it,
    clients_that_fail_anyway_are_not_held_against_it,
    a_newer_change_ends_it_at_once,
    a_restart_in_the_middle_of_it_starts_it_over,
    a_candidate_that_may_wait_does_not_hold_up_the_others,
)

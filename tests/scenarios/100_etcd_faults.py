"""etcd comes and goes - restarted, killed, hung, compacted behind the watch, wiped, not there yet -
and the node serves all the while, stays ready, and afterwards runs what is wanted."""

import json

from documents import marking
from harness import equal, free_port, holds_for, run, wait_until

DOCUMENT = {"id": 1}


def filled(s, names="abcd"):
    etcd = s.etcd()
    etcd.change(puts={etcd.schema_key(name): marking("1.0.0", 1) for name in names})
    return etcd


def proven(s, names="abcd", **where):
    etcd = filled(s, names)
    node = s.node(etcd=etcd, **where)
    node.prove(list(names), DOCUMENT, "1.0.0")
    return etcd, node


def made_by(node, name="a"):
    answer = node.process(name, DOCUMENT)
    return answer.json()["made_by"] if answer.status == 200 else answer.status


def serves_meanwhile(node):
    equal(made_by(node), 1, "made_by without etcd")
    assert node.ready(), node.get("/readyz?verbose").text


def follows(etcd, node, version, mark, timeout=20.0):
    etcd.set_schema("a", marking(version, mark))
    node.wait_schema("a", version=version, timeout=timeout)
    equal(made_by(node), mark, "made_by")


def etcd_is_restarted(s):
    etcd, node = proven(s, "a")
    for k in (2, 3):
        etcd.restart()
        follows(etcd, node, f"1.0.{k}", k)


def etcd_is_killed(s):
    etcd, node = proven(s, "a")
    etcd.kill9()
    holds_for(0.5, "the node is ready", node.ready)
    serves_meanwhile(node)
    etcd.start()
    follows(etcd, node, "1.0.2", 2)


def etcd_hangs(s):
    etcd, node = proven(s, "a")
    etcd.freeze()
    node.wait_for("it notices", lambda: not node.status()["link"]["up"], timeout=60)
    serves_meanwhile(node)
    etcd.thaw()
    follows(etcd, node, "1.0.2", 2, timeout=40)
    node.wait_for("the link is up", lambda: node.status()["link"]["up"])


def puts_while_it_was_away_are_not_missed(s):
    etcd, node = proven(s, "a")
    home, elsewhere = etcd.port, free_port()
    etcd.restart(elsewhere)
    etcd.set_schema("a", marking("1.0.2", 2))
    etcd.set_schema("b", marking("1.0.0", 5))
    serves_meanwhile(node)
    etcd.restart(home)
    node.wait_schema("a", version="1.0.2", timeout=20)
    node.wait_schema("b", version="1.0.0", timeout=20)
    follows(etcd, node, "1.0.3", 3)


def history_is_compacted_behind_the_watch(s):
    """What was put, and what was deleted, is only to be found by listing again."""
    etcd, node = proven(s)
    home, elsewhere = etcd.port, free_port()
    etcd.restart(elsewhere)
    for k in range(2, 12):
        etcd.set_schema("a", marking(f"1.0.{k}", k))
    etcd.delete_schema("d")
    etcd.compact()
    etcd.restart(home)
    node.wait_schema("a", version="1.0.11", timeout=20)
    node.wait_for("d is retired", lambda: made_by(node, "d") == 404)
    equal((made_by(node), made_by(node, "b")), (11, 1), "made_by")
    equal(node.schema("b")["running"]["generation"], 1, "generation of what did not change")
    follows(etcd, node, "1.0.12", 12)


def the_node_sleeps_through_a_compaction(s):
    etcd, node = proven(s)
    node.freeze()
    etcd.restart()  # its stream ends, which it does not notice before it wakes
    for k in range(2, 12):
        etcd.set_schema("a", marking(f"1.0.{k}", k))
    etcd.delete_schema("d")
    etcd.compact()
    node.thaw()
    node.wait_schema("a", version="1.0.11", timeout=20)
    node.wait_for("d is retired", lambda: made_by(node, "d") == 404)
    follows(etcd, node, "1.0.12", 12)


def a_slow_node_gets_the_last_of_many(s):
    etcd, node = proven(s, "a")
    node.freeze()
    for k in range(2, 300):
        etcd.set_schema("a", marking(f"1.0.{k}", k) + "# " + "x" * 10000 + "\n")
    node.thaw()
    node.wait_schema("a", version="1.0.299", timeout=20)
    equal(made_by(node), 299, "made_by")


def the_node_starts_before_etcd_with_nothing_on_disk(s):
    etcd = s.etcd(start=False)
    node = s.node(etcd=etcd)
    equal(node.get("/healthz").status, 200, "healthz")
    equal(node.ready(), False, "ready with nothing")
    node.wait_for("/readyz says why", lambda: "etcd" in node.get("/readyz?verbose").text)
    equal(made_by(node), 404, "an answer when there is nothing")
    etcd.start()
    etcd.set_schema("a", marking("1.0.0", 1))
    node.wait_schema("a", version="1.0.0", timeout=20)
    node.wait_ready()
    follows(etcd, node, "1.0.2", 2)


def an_empty_etcd_makes_it_ready(s):
    node = s.node(etcd=s.etcd())
    node.wait_ready()


def the_node_starts_before_etcd_with_proven_schemas(s):
    etcd, node = proven(s, "ab")
    node.stop()
    etcd.set_schema("a", marking("1.0.2", 2))
    etcd.delete_schema("b")
    etcd.stop()
    node.start()
    node.wait_ready()
    serves_meanwhile(node)
    equal(made_by(node, "b"), 1, "b, from disk")
    etcd.start()
    node.wait_schema("a", version="1.0.2", timeout=20)
    node.wait_for("b is retired", lambda: made_by(node, "b") == 404)


def its_status_is_back_in_an_etcd_that_forgot_it(s):
    etcd, node = proven(s, "a")
    for k in range(2, 6):
        follows(etcd, node, f"1.0.{k}", k)
    wait_until("its status", lambda: etcd.node_status(node.name)[0])
    etcd.wipe()
    etcd.start()
    follows(etcd, node, "1.0.9", 9)
    wait_until(
        "its status",
        lambda: (etcd.node_status(node.name)[0] or {}).get("schemas") == node.status()["schemas"],
        timeout=20,
    )


def a_wiped_etcd_is_followed_loudly(s):
    etcd, node = proven(s, "a")
    for k in range(2, 6):
        follows(etcd, node, f"1.0.{k}", k)
    before = len(node.log_text())
    etcd.wipe()
    etcd.start()
    equal(etcd.revision() < 3, True, "revisions begin again")
    follows(etcd, node, "1.0.9", 9)
    said = node.log_text()[before:]
    loud = [line for line in said.splitlines() if "the store went back" in line]
    assert loud and json.loads(loud[0])["level"] == "error", node.log_tail()


def several_endpoints_and_one_is_dead(s):
    etcd = filled(s, "a")
    node = s.node(etcd=f"http://127.0.0.1:{free_port()},{etcd.url}")
    node.wait_schema("a", version="1.0.0", timeout=20)
    etcd.set_schema("a", marking("1.0.2", 2))
    node.wait_schema("a", version="1.0.2")


def several_endpoints_and_one_hangs(s):
    hung = filled(s, "a")
    hung.freeze()
    etcd = filled(s, "a")
    for name, order in (("first", (hung, etcd)), ("second", (etcd, hung))):
        node = s.node(name, etcd=",".join(one.url for one in order))
        node.wait_schema("a", version="1.0.0", timeout=15)


def load_goes_on_through_all_of_it(s):
    etcd, node = proven(s, "a")
    load = s.load(node, "a", DOCUMENT, rate=200, threads=4)
    for k in (2, 3):
        etcd.restart()
        follows(etcd, node, f"1.0.{k}", k)
    etcd.kill9()
    node.wait_for("some answers without etcd", lambda start=load.sent(): load.sent() > start + 50)
    etcd.start()
    follows(etcd, node, "1.0.4", 4)
    load.stop_clean(at_least=100)


def an_end_while_etcd_hangs_is_quick(s):
    etcd, node = proven(s, "a")
    etcd.freeze()
    equal(node.ask_to_end(timeout=10), 0, "exit code")


run(
    etcd_is_restarted,
    etcd_is_killed,
    etcd_hangs,
    puts_while_it_was_away_are_not_missed,
    history_is_compacted_behind_the_watch,
    the_node_sleeps_through_a_compaction,
    a_slow_node_gets_the_last_of_many,
    the_node_starts_before_etcd_with_nothing_on_disk,
    an_empty_etcd_makes_it_ready,
    the_node_starts_before_etcd_with_proven_schemas,
    its_status_is_back_in_an_etcd_that_forgot_it,
    a_wiped_etcd_is_followed_loudly,
    several_endpoints_and_one_is_dead,
    several_endpoints_and_one_hangs,
    load_goes_on_through_all_of_it,
    an_end_while_etcd_hangs_is_quick,
)

"""Two hundred updates under steady load: no request fails, no answer is a mixture of two schemas,
each says truly which one made it, and no connection ever sees a generation go back."""

from documents import bracketed, expecting
from harness import Mixed, contains, equal, run

UPDATES = 200


def check(answer):
    assert answer.status == 200, f"{answer.status} {answer.text[:200]}"
    document = answer.json()
    k = int(answer.version.rsplit(".", 1)[1])
    if not document["made_by"] == document["made_by_end"] == k:
        raise Mixed(f"{document} says it is of {answer.version}")


def check_generation(answer):
    """Where every update goes in, 1.0.k is the k-th generation."""
    check(answer)
    k = answer.json()["made_by"]
    if answer.generation != k:
        raise Mixed(f"made by {k}, and the header says generation {answer.generation}")


def started(s, check=check):
    etcd = s.etcd()
    etcd.set_schema("a", bracketed(1))
    node = s.node(etcd=etcd)
    node.wait_schema("a", version="1.0.1", generation=1)
    load = s.load(node, "a", {"id": 1}, rate=800, threads=16, check=check)
    node.wait_for("the load flows", lambda: load.sent() > 100)
    return etcd, node, load


def every_update_goes_in_between_two_requests(s):
    etcd, node, load = started(s, check_generation)
    for k in range(2, UPDATES + 2):
        etcd.set_schema("a", bracketed(k))
        node.wait_schema("a", version=f"1.0.{k}")
    equal(node.schema("a")["running"]["generation"], UPDATES + 1, "generation")
    summary = load.stop_clean(at_least=1000)
    # Nearly every generation was alive long enough to answer somebody.
    assert len(summary.by_generation) > UPDATES / 2, summary
    equal(set(summary.by_generation) <= set(range(1, UPDATES + 2)), True, "generations seen")


def when_updates_overtake_each_other_the_last_one_wins(s):
    etcd, node, load = started(s)
    for k in range(2, UPDATES + 2):
        etcd.set_schema("a", bracketed(k))
    node.wait_schema("a", version=f"1.0.{UPDATES + 1}", state="running")
    so_far = load.sent()
    node.wait_for("some more answers", lambda: load.sent() > so_far + 50)
    load.stop_clean(at_least=200)
    contains(node.process("a", {"id": 1}).text, str(UPDATES + 1), "made_by")


def bad_updates_among_good_ones_lose_nothing(s):
    etcd, node, load = started(s)
    generation = 1
    for k in range(2, 42):
        if k % 10 == 5:  # four in all: one more would open the update breaker
            bad = expecting(f"1.0.{k}", k, k + 1) if k % 20 == 5 else bracketed(k) + "oops: 1\n"
            etcd.set_schema("a", bad)
            node.wait_schema("a", state="rejected", wanted=f"1.0.{k}")
        else:
            etcd.set_schema("a", bracketed(k))
            generation += 1
            node.wait_schema("a", version=f"1.0.{k}", generation=generation)
    load.stop_clean(at_least=200)


run(
    every_update_goes_in_between_two_requests,
    when_updates_overtake_each_other_the_last_one_wins,
    bad_updates_among_good_ones_lose_nothing,
)

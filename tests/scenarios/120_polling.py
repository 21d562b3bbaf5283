"""Polling instead of watching, on etcd or on a folder, comes to the same decisions: one story is
told to four nodes, and what each says of itself after every step is compared."""

import concurrent.futures
import json

from documents import expecting, marking, requiring
from harness import equal, matches, run

DOCUMENT = {"id": 1}
STRICT = "{duration: 60s, min_requests: 20, max_error_rate: 10%}"
REASONS = ("version-reused", "known-bad")

# what happens, to which schema, the text (None: deleted), the state, stage and version it comes to.
# Two schemas, since five bad ones would open the update breaker of one.
STORY = (
    ("the first", "a", marking("1.0.0", 1), "running", None, "1.0.0"),
    ("a comment", "a", marking("1.0.0", 1) + "# a thought\n", "running", None, "1.0.0"),
    ("the next", "a", marking("1.1.0", 2), "running", None, "1.1.0"),
    ("the same version", "a", marking("1.1.0", 3), "rejected", None, "1.1.0"),
    ("a failing case", "a", expecting("1.2.1", 4, 5), "rejected", "canary", "1.1.0"),
    ("back to what runs", "a", marking("1.1.0", 2), "running", None, "1.1.0"),
    ("the failing case again", "a", expecting("1.2.1", 4, 5), "held", None, "1.1.0"),
    ("a downgrade", "a", marking("1.0.5", 6), "running", None, "1.0.5"),
    ("live errors", "a", requiring("1.3.0", "total", STRICT), "rolled-back", "probation", "1.0.5"),
    ("no YAML", "b", "type: [\n", "rejected", "parse", None),
    ("an unknown name", "b", marking("1.2.0", 4).replace("ref: mark", "ref: m"), "rejected", "check", None),
    ("a good one at last", "b", marking("1.2.1", 4), "running", None, "1.2.1"),
    ("gone", "a", None, None, None, None),
    ("the first again", "a", marking("1.0.0", 1), "running", None, "1.0.0"),
)  # fmt: skip


def outcome(schema):
    """What the decisions came to; times, digests and revisions left out."""
    if not schema:
        return None
    running = schema.get("running") or {}
    reasons = [word for word in REASONS if word in json.dumps(schema)]
    return (schema["state"], *map(running.get, ("version", "generation", "proven")), reasons)


def told(node, store):
    """The outcome of every step, each looked at after a later change has been seen."""
    outcomes = []
    for k, (what, name, text, state, stage, version) in enumerate(STORY):
        if text is None:
            store.delete_schema(name)
        else:
            store.set_schema(name, text)
        store.set_schema("tick", marking(f"1.0.{k}", k))
        node.wait_schema("tick", version=f"1.0.{k}")
        wanted = {"state": state, "version": version}
        if stage:
            wanted["stage"] = stage
        if state == "running":
            wanted["proven"] = True

        def done(name=name, wanted=wanted):
            node.process(name, DOCUMENT)  # for the probations
            return matches(node.schema(name), **wanted)

        node.wait_for(f"after {what!r}: {wanted}", done, describe=lambda: json.dumps(node.status()))
        outcomes.append((what, outcome(node.schema(name))))
    return outcomes


def four_nodes_come_to_the_same(s):
    tellings = {}
    for poll in (None, "200ms"):
        etcd = s.etcd()
        folder = s.schemas(f"schemas-{poll}")
        tellings[f"etcd, poll {poll}"] = (s.node(etcd=etcd, poll=poll), etcd)
        tellings[f"folder, poll {poll}"] = (s.node(folder=folder, poll=poll), folder)
    with concurrent.futures.ThreadPoolExecutor(len(tellings)) as pool:
        heard = dict(zip(tellings, pool.map(lambda pair: told(*pair), tellings.values())))
    first = heard["etcd, poll None"]
    for how, outcomes in heard.items():
        for (what, wanted), (_, got) in zip(first, outcomes, strict=True):
            equal(got, wanted, f"{how}, after {what!r}")


def a_poll_finds_deletions_and_restarts(s):
    etcd = s.etcd()
    for name in "abc":
        etcd.set_schema(name, marking("1.0.0", 1))
    node = s.node(etcd=etcd, poll="200ms")
    for name in "abc":
        node.wait_schema(name, version="1.0.0")
    etcd.delete_schema("a")
    node.wait_for("a is retired", lambda: node.process("a", DOCUMENT).status == 404)
    etcd.restart()
    etcd.set_schema("b", marking("1.0.1", 2))
    etcd.compact()
    node.wait_schema("b", version="1.0.1", timeout=20)


run(four_nodes_come_to_the_same, a_poll_finds_deletions_and_restarts)

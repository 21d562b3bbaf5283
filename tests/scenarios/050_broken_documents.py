"""However bad a document is, it costs one refused change: the old generation serves throughout,
the findings with line and column are in the status, and the neighbours roll on."""

import time

from documents import marking, places, said
from harness import SLOW, Failed, contains, equal, run

GOOD = marking("1.0.0", 1)


def changed(old, new):
    assert old in GOOD
    return GOOD.replace("1.0.0", "2.0.0").replace(old, new)


def deep(levels):
    inner = "{type: sequence, children: [" * levels + "{ref: mark}" + "]}" * levels
    return changed("  - ref: mark\n", f"  - {inner}\n")


def laughing(levels=9):
    lines = ["x-0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for i in range(1, levels):
        lines.append(f"x-{i}: &x{i} [" + ", ".join([f"*x{i - 1}"] * 10) + "]")
    return changed("type: sequence\n", "\n".join(lines) + "\ntype: sequence\n")


# name, document, stage, what is said, where (None: anywhere, but somewhere)
BROKEN = (
    ("no YAML", 'version: "2.0.0"\ntype: [sequence\nchildren: {\n', "parse", "", None),
    ("a tab", 'version: "2.0.0"\n\ttype: sequence\n', "parse", "", (2, 1)),
    ("not UTF-8", changed("mark", "m\udcffrk"), "parse", "", None),
    ("a list", "- ref: mark\n", None, "", None),
    ("nothing", "", None, "", None),
    ("a key twice", changed("type: sequence\n", "type: sequence\ntype: sequence\n"), None, "type", (6, 1)),
    ("two documents", GOOD + "---\n" + GOOD, "parse", "", None),
    ("an unknown processor", changed("ref: mark", "ref: marc"), "check", "did you mean 'mark'", (7, 10)),
    ("an unknown type", changed("type: sequence", "type: sequense"), "check", "did you mean 'sequence'", (5, 7)),
    ("an unknown key", changed("children:", "childrn:"), "check", "did you mean 'children'", (6, 1)),
    ("an unknown kind", changed("kind: set", "kind: sett"), "check", "did you mean 'set'", (4, 18)),
    ("a channel of its own", changed("components:\n", "components:\n  channels:\n    c: {kind: file, path: /tmp/x}\n"), "check", "", None),
    ("more than a mebibyte", GOOD + "# " + "x" * (1200 * 1024) + "\n", "parse", "1048576", (GOOD.count("\n") + 1, 1048577 - len(GOOD))),
    ("100 levels", deep(100), None, "", None),
    ("a billion laughs", laughing(), None, "", None),
    ("an endless alias", changed("children:\n", "children: &all\n  - {type: sequence, children: *all}\n"), None, "", None),
)  # fmt: skip


def put(etcd, name, text):
    """As bytes, for one of them is not UTF-8."""
    return etcd.put(etcd.schema_key(name), text.encode("utf-8", "surrogateescape"))


def each_is_refused_and_nothing_else_stops(s):
    # Each has a schema of its own: a single one would open its update breaker.
    names = [f"s{k}" for k in range(len(BROKEN))]
    etcd = s.etcd()
    etcd.change(puts={etcd.schema_key(name): GOOD for name in names})
    etcd.set_schema("neighbour", marking("1.0.0", 0))
    node = s.node(etcd=etcd)
    for name in names:
        node.wait_schema(name, state="running", version="1.0.0", proven=True)
    load = s.load(
        node, lambda i: names[i % len(names)], {"id": 1}, rate=200, threads=2, check=made_by_one
    )
    for k, (what, text, stage, words, where) in enumerate(BROKEN):
        before = node.schema(names[k])["running"]
        begun = time.monotonic()
        revision = put(etcd, names[k], text)
        etcd.set_schema("neighbour", marking(f"1.1.{k}", k))
        schema = node.wait_schema(names[k], state="rejected", revision=revision)
        took = time.monotonic() - begun
        node.wait_schema("neighbour", version=f"1.1.{k}")
        attempted = schema["attempted"]
        equal(schema["running"], before, f"{what}: running")
        if stage:
            equal(attempted["stage"], stage, f"{what}: stage")
        assert attempted["error"], f"{what}: {attempted}"
        contains(said(attempted), words, what)
        found = places(attempted)
        if where is None and not found:
            raise Failed(f"{what}: no line and column in {attempted}")
        if where and where not in found:
            raise Failed(f"{what}: expected {where} among {found} of {attempted}")
        assert took < 5 * SLOW, f"{what} took {took:.3f} s to be refused"
    load.stop_clean(at_least=50)
    etcd.change(puts={etcd.schema_key(name): marking("3.0.0", 3) for name in names})
    for name in names:
        node.wait_schema(name, version="3.0.0")
        equal(node.process(name, {"id": 1}).json()["made_by"], 3, f"made_by of {name}")


def made_by_one(answer):
    assert answer.status == 200 and answer.json()["made_by"] == 1, answer


def every_finding_is_there_at_once(s):
    etcd = s.etcd()
    node = s.node(etcd=etcd)
    text = changed("ref: mark", "ref: marc\n  - ref: missing\n  - {type: filter, predicate: p}")
    etcd.set_schema("a", text)
    attempted = node.wait_schema("a", state="rejected")["attempted"]
    assert {(7, 10), (8, 10)} <= places(attempted), attempted
    assert len(places(attempted)) >= 3, attempted


def a_first_document_that_is_bad_makes_the_node_not_ready(s):
    etcd = s.etcd()
    put(etcd, "orders", changed("ref: mark", "ref: marc"))
    etcd.set_schema("neighbour", marking("1.0.0", 0))
    node = s.node(etcd=etcd)
    node.wait_schema("orders", state="rejected")
    node.wait_schema("neighbour", version="1.0.0")
    equal(node.ready(), False, "ready, with a wanted schema that has no generation")
    contains(node.get("/readyz?verbose").text, "orders", "what /readyz?verbose says")
    equal(node.process("neighbour", {"id": 1}).status, 200, "the neighbour")
    equal(node.process("orders", {"id": 1}).status, 404, "what never ran")
    etcd.set_schema("orders", GOOD)
    node.wait_ready()


def ten_megabytes_in_a_folder_are_refused(s):
    folder = s.schemas()
    folder.set_schema("a", GOOD)
    node = s.node(folder=folder)
    node.prove("a", {"id": 1}, "1.0.0")
    begun = time.monotonic()
    folder.set_schema("a", GOOD + "# " + "x" * 10_000_000 + "\n")
    node.wait_schema("a", state="rejected", version="1.0.0")
    assert time.monotonic() - begun < 5 * SLOW, "slow to refuse"
    equal(node.process("a", {"id": 1}).json()["made_by"], 1, "made_by")
    folder.set_schema("a", marking("1.0.1", 2))
    node.wait_schema("a", version="1.0.1")


run(
    each_is_refused_and_nothing_else_stops,
    every_finding_is_there_at_once,
    a_first_document_that_is_bad_makes_the_node_not_ready,
    ten_megabytes_in_a_folder_are_refused,
)

"""flume diff --behaviour runs the same documents through two schemas and shows what becomes different:
outcomes, outputs, routes; it sends nothing, and its exit code can be trusted."""

import json
import os

from harness import contains, equal, run

SCHEMA = """
components:
  processors:
    total: {kind: require, fields: [total]}
    mark: {kind: set, fields: {status: STATUS}}
    test: {kind: drop}
  predicates:
    test: {kind: equals, field: tier, value: test}
    large: {kind: greater, field: total, value: LIMIT}
  conditions:
    tier: {kind: field, field: tier}
type: sequence
children:
  - {ref: total}
  - {type: filter, name: tests, predicate: test, then: {ref: test}}
  - {type: filter, name: large, predicate: large, then: {ref: mark}}
  - {type: switch, condition: tier, routes: {gold: {ref: mark}}}
"""


def schema(s, name, status="large", limit="100"):
    return s.file(f"{name}.yaml", SCHEMA.replace("STATUS", status).replace("LIMIT", limit))


def documents():
    for i in range(1000):
        yield {"id": i, "total": i, "tier": ("gold", "silver", "test")[i % 3]}


LINES = "".join(json.dumps(document) + "\n" for document in documents())


def the_same_is_no_difference(s):
    old, new = schema(s, "old"), schema(s, "new")
    result = s.flume("diff", "--behaviour", old, new, stdin=LINES)
    equal(result.code, 0, "exit code")
    contains(result.out, "1000 documents, 0 differ\nlatency: median ", "stdout")
    equal(result.err, "", "stderr")


def what_differs_is_counted_and_shown(s):
    old, new = schema(s, "old"), schema(s, "new", limit="110")
    result = s.flume("diff", "--behaviour", old, new, "-o", "json", "-n", 2, stdin=LINES)
    equal(result.code, 1, "exit code")
    told = result.json()
    # Of 101 to 110 those with tier test (i % 3 == 2) are dropped before; gold ones are marked all the same.
    met = [i for i in range(101, 111) if i % 3 != 2]
    equal(told["documents"], 1000, "documents")
    equal(told["differ"], len(met), "that differ")
    equal(told["outcomes"], [], "outcomes")
    equal(told["outputs"], len([i for i in met if i % 3 == 1]), "outputs")
    equal(told["routes"], [{"step": "large", "old": "then", "new": "none", "documents": len(met)}], "routes")
    equal([one["line"] for one in told["examples"]], [met[0] + 1, met[1] + 1], "examples")
    contains(told["examples"][0]["routes"], "large: then -> none", "the first example")
    for side in ("old", "new"):
        latency = told["latency"][side]
        assert 0 < latency["median_ms"] <= latency["p99_ms"], latency


def bad_lines_are_left_out_and_nothing_is_sent(s):
    sent = os.path.join(s.path, "sent")
    config = s.file("agent.yaml", f"components: {{channels: {{out: {{kind: file, path: {sent}}}}}}}\n")
    text = "type: sequence\nchildren: [{stream: out}]\n"
    old, new = s.file("old.yaml", text), s.file("new.yaml", text)
    path = s.file("in.ndjson", '{"id":1}\nnope\n{"id":2}')
    result = s.flume("diff", "--behaviour", old, new, "--input", path, "--config", config)
    equal(result.code, 0, "exit code")
    contains(result.out, "2 documents, 0 differ", "stdout")
    contains(result.err, f"{path}:2: left out: ", "stderr")
    equal(os.path.exists(sent), False, "a file was made")


run(the_same_is_no_difference, what_differs_is_counted_and_shown, bad_lines_are_left_out_and_nothing_is_sent)

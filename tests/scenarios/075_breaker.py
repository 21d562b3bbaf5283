"""What a step remembers from call to call outlives a change of its schema, and moves of a
circuit-breaker are told in the log."""

from harness import equal, run

GUARDED = """version: "{version}"
components:
  processors:
    complete: {{kind: require, fields: [id]}}
    mark: {{kind: set, fields: {{mark: {mark}}}}}
type: sequence
children:
  - name: {name}
    type: circuit-breaker
    failure_threshold: 3
    recovery_timeout: 10m
    child: {{ref: complete}}
  - ref: mark
canary:
  probation: {{duration: 100ms, max_error_rate: 100%}}
"""


def guarded(version, mark, name="guard"):
    return GUARDED.format(version=version, mark=mark, name=name)


def told(node, message, schema="a"):
    return [
        line
        for line in node.log_lines()
        if line.get("message") == message and line.get("schema") == schema
    ]


def opened(s):
    folder = s.schemas()
    folder.set_schema("a", guarded("1.0.0", 1))
    node = s.node(folder=folder)
    node.prove("a", {"id": 1}, "1.0.0")
    for _ in range(3):
        equal(node.process("a", {}).status, 422, "a document without id")
    equal(node.process("a", {"id": 1}).status, 503, "the answer of an open breaker")
    node.wait_for("it is told", lambda: len(told(node, "circuit-breaker opened")) == 1)
    return folder, node


def an_open_breaker_stays_open_over_a_change(s):
    folder, node = opened(s)
    folder.set_schema("a", guarded("1.1.0", 2))
    node.wait_schema("a", version="1.1.0")
    equal(node.process("a", {"id": 1}).status, 503, "the answer of 1.1.0")
    equal(told(node, "state lost"), [], "what is told as lost")


def a_breaker_of_another_name_begins_anew_and_that_is_told(s):
    folder, node = opened(s)
    folder.set_schema("a", guarded("1.1.0", 2, name="another"))
    node.wait_schema("a", version="1.1.0")
    equal(node.process("a", {"id": 1}).status, 200, "the answer of 1.1.0")
    node.wait_for("it is told", lambda: [x["step"] for x in told(node, "state lost")] == ["guard"])


run(an_open_breaker_stays_open_over_a_change, a_breaker_of_another_name_begins_anew_and_that_is_told)

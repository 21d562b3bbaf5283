"""Components: the reference names each kind with all its fields and its examples are right; a pipeline of
many of them does the same by `flume test`, `flume run` and over HTTP; what a node alone may declare
serves schemas by name; and what is remembered lives as long as it is said to."""

import hashlib
import hmac
import json
import os
import re

from harness import ROOT, contains, equal, run

REFERENCE = os.path.join(ROOT, "schemas", "README.md")
KEY = "a key that nobody else has"
LINES = (
    '203.0.113.9 - ada [27/Nov/2026:16:04:05 +0100] "GET /cart HTTP/1.1" 200 512 0.042',
    '198.51.100.7 - - [27/Nov/2026:16:04:06 +0100] "POST /pay HTTP/1.1" 502 -',
    '10.1.2.3 - - [27/Nov/2026:16:04:07 +0100] "GET /health HTTP/1.1" 200 2',
    "hello",
)
EVENTS = (
    {"class": "fine", "at": "2026-11-27T15:04:05Z", "bytes": 512, "ms": 42, "user": "[user]"},
    {"class": "broken", "at": "2026-11-27T15:04:06Z", "bytes": 0, "ms": 0, "path": "/pay"},
)


def reference():
    with open(REFERENCE, encoding="utf-8") as file:
        return file.read()


def kinds(s):
    spec = s.flume("components", "-o", "json").json()
    return [(kind["section"], maker) for kind in spec["kinds"] for maker in kind["makers"]]


def blocks():
    """The declarations of the reference: those of schemas, and those of nodes."""
    found = re.findall(r"```yaml\n((?:#.*\n)?components:\n.*?)```", reference(), re.S)
    assert len(found) == 2, len(found)
    return found


# ---- the reference ----


def each_kind_is_shown(s):
    shown = "".join(blocks())
    for section, maker in kinds(s):
        part = re.findall(rf"^  {section}:\n((?:    .*\n)+)", shown, re.M)
        plain = "".join(part).replace('"null"', "null")
        contains(plain, f"{{kind: {maker['kind']}", f"examples of {section}")


def each_field_is_told(s):
    table = re.search(r"^\| section \| kind \| fields .*?\n\n", reference(), re.M | re.S).group(0)
    rows = {}
    section = ""
    for line in table.strip().splitlines()[2:]:
        where, names, fields = [cell.strip() for cell in line.split("|")][1:4]
        section = where.strip("`| ") or section
        for name in re.findall(r"`([a-z-]+)`", names):
            rows[section, name] = fields
    shown = "".join(blocks())
    for where, maker in kinds(s):
        assert (where, maker["kind"]) in rows, f"{where} {maker['kind']} is not in the table"
        told = rows[where, maker["kind"]]
        for field in maker["fields"]:
            examples = re.findall(rf"\{{kind: {maker['kind']}\b.*", shown)
            if f"`{field['name']}`" not in told and not any(
                f"{field['name']}:" in example for example in examples
            ):
                raise AssertionError(f"{where} {maker['kind']}: no word of '{field['name']}'")


def its_examples_are_right(s):
    of_schemas, of_nodes = blocks()
    path = s.file("reference/reference.yaml", of_schemas + "ref: accept\n")
    equal(s.flume("lint", path).out, "", "findings in the reference")
    config = s.file("reference/agent.yml", of_nodes)
    path = s.file("reference/named.yaml", "ref: pseudonym\n")
    equal(s.flume("lint", "--config", config, path).out, "", "findings with the node's own")


# ---- many of them in one pipeline ----


def shipped(name):
    return os.path.join(ROOT, "schemas", f"{name}.yaml")


def has(event, wanted):
    equal({key: event.get(key) for key in wanted}, wanted, "the event")


def run_reads_a_log(s):
    lines = "".join(json.dumps({"line": line}) + "\n" for line in LINES)
    result = s.flume("run", shipped("access-log"), stdin=lines)
    equal(result.code, 1, result)
    events = [json.loads(line) for line in result.out.splitlines()]
    equal(len(events), 2, result.out)
    for event, wanted in zip(events, EVENTS, strict=True):
        has(event, wanted)
    contains(result.err, "not a line of an access log: hello", "what is rejected")


def the_agent_reads_the_same(s):
    folder = s.schemas()
    for name in ("access-log", "best-offer"):
        with open(shipped(name), encoding="utf-8") as file:
            folder.set_schema(name, file.read())
    node = s.node(folder=folder)
    node.wait_ready()
    for line, wanted in zip(LINES, EVENTS, strict=False):
        answer = node.process("access-log", {"line": line})
        equal(answer.status, 200, answer)
        has(answer.json(), wanted)
    equal(node.process("access-log", {"line": LINES[2]}).status, 204, "noise is dropped")
    refused = node.process("access-log", {"line": LINES[3]})
    equal(refused.status, 422, refused)
    contains(refused.body.decode(), "not a line of an access log: hello", "the answer")


def what_came_before_is_dropped_until_the_schema_changes(s):
    folder = s.schemas("offers")
    with open(shipped("best-offer"), encoding="utf-8") as file:
        text = file.read()
    folder.set_schema("best-offer", text)
    node = s.node("offers", folder=folder)
    node.wait_ready()
    order = {"id": "a-1", "price": "2.675", "quantity": 24}
    first = node.process("best-offer", order)
    equal(first.json()["offer"], {"currency": "EUR", "total": 53.5, "asked": 24}, "the offer")
    equal(node.process("best-offer", order).status, 204, "the same order again")
    folder.set_schema("best-offer", text.replace('"1.0.0"', '"1.0.1"'))
    node.wait_schema("best-offer", version="1.0.1")
    equal(node.process("best-offer", order).status, 200, "after a change")


# ---- what a node alone declares ----


def a_node_lends_what_schemas_may_not_declare(s):
    key = s.file("secret.key", KEY + "\n")
    config = s.file(
        "agent.yaml",
        "components:\n  processors:\n"
        f"    pseudonym: {{kind: redact-hash, fields: [email], key_file: {key}, digits: 32}}\n"
        "    once: {kind: dedupe, by: [id], window: 1h}\n",
    )
    schema = (
        'version: "%s"\ntype: sequence\nchildren: [{ref: once}, {ref: pseudonym}]\n'
        "canary: {cases: [{input: {id: 1, email: a}}, {input: {id: 1, email: a}}]}\n"
    )
    folder = s.schemas("lent")
    folder.set_schema("people", schema % "1.0.0")
    node = s.node("lender", folder=folder, args=["--config", config])
    node.wait_ready()
    wanted = hmac.new(KEY.encode(), b"ada@example.com", hashlib.sha256).hexdigest()[:32]
    answer = node.process("people", {"id": 1, "email": "ada@example.com"})
    equal(answer.json()["email"], wanted, "the pseudonym")
    folder.set_schema("people", schema % "1.0.1")
    node.wait_schema("people", version="1.0.1")
    equal(node.process("people", {"id": 1, "email": "b"}).status, 204, "once for all generations")
    own = schema % "1.0.2" + (
        f"components: {{processors: {{mine: {{kind: redact-hash, fields: [a], key_file: {key}}}}}}}\n"
    )
    result = s.flume("lint", s.file("own/people.yaml", own), "--config", config)
    equal(result.code, 1, result)
    contains(result.out, "may not be declared by a schema", "the finding")


run(
    each_kind_is_shown,
    each_field_is_told,
    its_examples_are_right,
    run_reads_a_log,
    the_agent_reads_the_same,
    what_came_before_is_dropped_until_the_schema_changes,
    a_node_lends_what_schemas_may_not_declare,
)

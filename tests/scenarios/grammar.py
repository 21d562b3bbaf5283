"""YAML as the library types it, and documents made from what flume says of its tables."""

import json
import os
import re

import yaml

from node import ROOT

JSON_NUMBER = re.compile(r"^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$")


class Reader(yaml.SafeLoader):
    """Plain scalars as in JSON, any other is text; so are all keys."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def number(reader, node):
    return json.loads(node.value)


Reader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(~|null|)$"), None)
Reader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), None)
Reader.add_implicit_resolver("tag:flume,2026:number", JSON_NUMBER, None)
Reader.add_constructor("tag:flume,2026:number", number)
Reader.add_constructor(
    "tag:yaml.org,2002:map", lambda reader, node: reader.construct_mapping(node)
)


def read(path):
    with open(path, encoding="utf-8-sig") as file:
        return json.load(file) if path.endswith(".json") else yaml.load(file, Reader)


# ---- documents that people wrote ----

SCHEMAS = os.path.join(ROOT, "schemas")
CASES = [os.path.join(ROOT, "tests", "schemas", name) for name in ("conformance", "invalid")]


class Case:
    """A folder below tests/schemas: documents, and the findings that its files expect."""

    def __init__(self, folder):
        self.name = os.path.basename(folder)
        self.inputs = sorted(
            os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("in.")
        )
        self.findings = []
        for name in ("expected", "expected-full"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    self.add_findings(file.read())

    def add_findings(self, said):
        """[(code, path)], paths without the labels of children."""
        found = re.findall(r"^\d+:\d+: error: .* \[([a-z-]+)\]\n(?:  path: (.*)\n)?", said, re.M)
        self.findings += [(code, re.sub(r"\]\([a-z]+\)", "]", path)) for code, path in found]


def cases():
    for folder in CASES:
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                yield Case(path)


def shipped():
    for folder, _, names in os.walk(SCHEMAS):
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".yaml"))


# ---- documents from tables ----

NODE = {"ref": "a"}

GOOD = {
    "text": "x", "bool": True, "number": 1.5, "percent": "1%", "duration": "1s", "scalar": 1,
    "any": [1], "texts": ["x"], "map": {"x": 1}, "text_map": {"x": "y"}, "predicates": "p",
    "node": NODE, "routes": {"r": NODE}, "ref": "a", "predicate": "p", "condition": "c",
    "reducer": "r", "error_handler": "h", "channel": "s",
}  # fmt: skip

# Whatever somebody may write for a value, right or wrong.
ANYTHING = [
    None, True, False, 0, 1, -1, 2, 3, 1000, 1001, 1000000, 1000001, 1000000001, 1.5, -0.5, 0.25,
    1e300, "", "x", "a.b", "true", "1", "0", "10", "1s", "0s", "0.0h", "-1s", "+1s", "1 s", "1d",
    "s", ".s", ".5s", "5.s", "1.2.3s", "1h30m", "1h30", "300ms", "1ns", "1us", "1\u00b5s",
    "1\u03bcs", "1Ms", "2562047h", "1%", "0%", "00%", "100%", "100.0%", "100.1%", "101%", "1000%",
    "007%", "0100%", "5.%", ".5%", "%", "1", "1%%", [], [1], ["x"], ["x", 1, True], [""], [None],
    [[]], ["x", {}], {}, {"x": 1}, {"x": "y"}, {"x": ""}, {"x": None}, {"x": [1]}, {"": "y"},
    NODE, [NODE], [NODE, NODE], [NODE, NODE, NODE], {"r": NODE}, {"": NODE}, {"r": {}}, [{}],
    [NODE, {"ref": ""}], {"ref": ""}, {"type": "nothing"}, {"ref": "a", "stream": "s"},
]  # fmt: skip


def good(field):
    if field["type"] == "count":
        return field["min"]
    if field["type"] == "nodes":
        return [NODE] * max(field["min"], 1)
    return GOOD[field["type"]]


SOME = [None, True, 1, "", "x", [], ["x"], {}, {"x": "y"}, NODE, [NODE]]
FEW = [None, "x", ["x"], {"x": "y"}]


class Values:
    """Anything for the first field of a type, some of it for the next ones, and less and less; what lies
    about the bounds of each."""

    def __init__(self):
        self.seen = {}

    def of(self, field):
        word, bounds = field["type"], (field["type"], field.get("min"), field.get("max"))
        times, same = self.seen.get(word, 0), bounds in self.seen
        self.seen |= {word: times + 1, bounds: 1}
        if not times or (word == "nodes" and not same):
            return ANYTHING
        values = SOME if times < 8 else FEW
        if same or word != "count":
            return values
        least, most = field["min"], field["max"]
        return [*values, least - 1, least, least + 0.5, most, most + 1]


def variants(values, start, fields, either=()):
    """Maps that hold `start`: with what is required, with all, with each key missing, unknown, or
    holding anything."""
    least = {**start, **{f["name"]: good(f) for f in fields if f["required"]}}
    most = {**start, **{f["name"]: good(f) for f in fields}}
    yield least
    for left_out in either or (None,):
        yield {key: value for key, value in most.items() if key != left_out}
    yield most
    for key in most:
        yield {k: value for k, value in most.items() if k != key}
    for key in ("x-mine", "description"):
        yield {**least, key: [1]}
    for key in ("nme", "X-mine", "x", "children ", ""):
        yield {**least, key: 1}
    for field in fields:
        for value in values.of(field):
            yield {**least, field["name"]: value}


def nodes(spec):
    values = Values()
    for connector in spec["connectors"]:
        word = connector.get("type")
        start = {"type": word} if word else {}
        either = connector.get("only_one_of", ())
        yield from variants(values, start, connector["fields"] + spec["node"], either)
    for value in ANYTHING:
        yield {"type": value}
        yield {"type": value, "ref": "a"}
        yield value
    yield {"ref": "a", "type": "sequence", "children": [NODE]}


def documents(spec):
    """About nodes, at the root and below, and about what only a document may say."""
    for i, node in enumerate(nodes(spec)):
        if isinstance(node, dict) and i % 3 == 0:
            yield {**node, "version": "1", "canary": {}, "components": {}}
        if isinstance(node, dict) and i % 3 == 1:
            yield node
        yield {"type": "sequence", "children": [node]}
    for node in ({"version": "1"}, {"canary": {}}, {"components": {}}):
        yield {"type": "sequence", "children": [{**NODE, **node}]}
    for field in spec["document"]:
        for value in ANYTHING:
            yield {**NODE, field["name"]: value}
    canary, values = spec["canary"], Values()
    for section in variants(values, {}, [f for f in canary["fields"] if f["name"] not in canary]):
        yield {**NODE, "canary": section}
    for case in variants(values, {}, canary["cases"]):
        yield {**NODE, "canary": {"cases": [{"input": 1}, case]}}
    parts = [key for key in canary if key not in ("fields", "cases")]
    for part in parts:
        for rules in variants(values, {}, canary[part]):
            yield {**NODE, "canary": {part: rules}}
    for except_ in (["x"], ["x", 1], [], "x", [None]):
        yield {**NODE, "canary": {"compare": {"with": "running", "except": except_}}}
    for value in [*ANYTHING, "running", "runnin", {"with": "running"}, {"with": "Running"}]:
        for part in ("cases", *parts):
            yield {**NODE, "canary": {part: value}}


def declarations(spec):
    """Documents of which all but one declaration is right."""
    around = {
        "processors": {"a": {"kind": "drop"}},
        "predicates": {"p": {"kind": "exists", "field": "x"}},
    }
    values = Values()
    for kind in spec["kinds"]:
        section = kind["section"]
        for maker in kind["makers"]:
            for one in variants(values, {"kind": maker["kind"]}, maker["fields"]):
                rows = {**around.get(section, {}), "one": one}
                yield {**NODE, "components": {**around, section: rows}}
        for value in ANYTHING if section == "processors" else SOME:
            for one in (value, {"kind": value}):
                rows = {**around.get(section, {}), "one": one}
                yield {**NODE, "components": {**around, section: rows}}
            yield {**NODE, "components": {**around, section: value}}
    for name in ("", "-", ".x", "a b", "\u00e9", "a" * 128, "a" * 129, "x-a", "description"):
        rows = {**around["processors"], name: {"kind": "drop"}}
        yield {**NODE, "components": {**around, "processors": rows}}

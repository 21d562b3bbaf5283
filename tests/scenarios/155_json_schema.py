"""schemas/flume.schema.json tells the truth: it is what the agent prints, it never refuses what
flume lint accepts, and it refuses what lint finds wrong with the structure, at the same place.

What JSON Schema cannot express is listed below by the code of the finding, and is all there is."""

import json
import os
import re
import sys

from jsonschema import Draft202012Validator

import grammar
from harness import ROOT, Failed, equal, run

sys.setrecursionlimit(20000)  # a validator goes down with the document

FILE = os.path.join(ROOT, "schemas", "flume.schema.json")

EXPRESSED = {
    "wrong-type", "empty", "missing-key", "unknown-key", "empty-node", "exclusive",
    "unknown-type", "child-count", "out-of-bounds", "bad-duration", "bad-percent",
    "unknown-kind", "not-allowed-here", "bad-name",
}  # fmt: skip

NOT_EXPRESSED = {
    "syntax": "what is no YAML or JSON is no document yet",
    "duplicate-key": "whoever reads the document for a validator keeps one of them",
    "unsupported": "tags, merge keys and second documents are gone when it is read",
    "too-large": "limits are the reader's",
    "too-deep": "a schema that refers to itself has no depth",
    "too-many-nodes": "nor a count of all that is in it",
    "unknown-ref": "a name means something or not by what is registered and stored",
    "unknown-component": "likewise",
    "cycle": "so do references that come back",
    "dependent": "other documents",
    "in-use": "other documents",
    "exists": "the node's configuration",
    "not-made": "a maker's own judgment",
    "io": "there is no document",
    "too-many-findings": "says nothing of the document",
    "no-memory": "says nothing of the document",
}

UNREADABLE = {"syntax", "duplicate-key", "unsupported", "too-large", "too-many-nodes"}

# Of what is expressed, these values are not: JSON knows one kind of number, and a pattern does
# not add up.  (case, path)
BEYOND = {
    ("counts", "root.children[4].attempts"): "2.0 is 2",
    ("counts", "root.children[5].attempts"): "1e2 is 100",
    ("2.22-no-whole-number", "root.children[1].attempts"): "2.0 is 2",
    ("2.22-no-whole-number", "root.children[2].attempts"): "1e1 is 10",
    ("durations", "root.children[8].backoff"): "9999999h is too long",
    ("2.21-too-long", "root.backoff"): "3000000h is too long",
    ("2.21-nothing-to-wait", "root.children[3].backoff"): "0.1ns is nothing",
}


def the_schema():
    with open(FILE, encoding="utf-8") as file:
        schema = json.load(file)
    return Draft202012Validator(schema)


def is_refused(code, place, refused):
    """Where the library says it, at the key that the place is about, or, when the name itself is
    wrong, at the section it stands in."""
    if code in ("bad-name", "unknown-kind", "not-allowed-here"):
        place = re.match(r"components\.[a-z_]+", place).group(0)
        return any(path.startswith(place) for path in refused)
    return place in refused or any(re.sub(r"\.[^.]+$", "", path) == place for path in refused)


def path_of(error):
    """As the library would say it."""
    words = list(error.absolute_path)
    path = "root"
    if words and words[0] in ("version", "components", "canary"):
        path = words.pop(0)
    for word in words:
        path += f"[{word}]" if isinstance(word, int) else f".{word}"
    return path


# ---- the file ----


def the_file_is_what_is_printed(s):
    printed = s.flume("components", "--json-schema").out
    with open(FILE, encoding="utf-8") as file:
        kept = file.read()
    if kept != printed:
        raise Failed("schemas/flume.schema.json is not what flume prints: run\n"
                     "    make schemas/flume.schema.json\nand look at the difference")  # fmt: skip


def it_is_a_json_schema(s):
    Draft202012Validator.check_schema(the_schema().schema)


def the_examples_name_it(s):
    for name in ("checkout.yaml", "route-orders.yaml"):
        with open(os.path.join(ROOT, "schemas", name), encoding="utf-8") as file:
            equal(file.readline(), "# yaml-language-server: $schema=flume.schema.json\n", name)


# ---- documents that people wrote ----


def what_is_right_is_accepted(s):
    schema = the_schema()
    right = [path for case in grammar.cases() if not case.findings for path in case.inputs]
    shipped = list(grammar.shipped())
    assert len(shipped) >= 5 and len(right) >= 100, (shipped, right)
    for path in shipped + [path for path in right if "1.10-" not in path]:
        for error in schema.iter_errors(grammar.read(path)):
            raise Failed(f"{path}: {path_of(error)}: {error.message}")


def what_is_wrong_is_refused_at_its_place(s):
    schema, judged = the_schema(), 0
    beyond = set(BEYOND)
    for case in grammar.cases():
        codes = {code for code, _ in case.findings}
        if codes & UNREADABLE or not codes & EXPRESSED:
            continue
        for path in case.inputs:
            refused = {path_of(error) for error in schema.iter_errors(grammar.read(path))}
            for code, place in case.findings:
                judged += code in EXPRESSED
                if (case.name, place) in BEYOND:
                    beyond.discard((case.name, place))
                elif code in EXPRESSED and not is_refused(code, place, refused):
                    raise Failed(f"{path}: [{code}] at {place} passes, only {sorted(refused)} do not")
    assert judged > 300, judged
    equal(beyond, set(), "what was not met of BEYOND")


def every_code_is_judged(s):
    with open(os.path.join(ROOT, "lib", "README.md"), encoding="utf-8") as file:
        table = re.search(r"^\| code \| when \|$(.*?)\n\n", file.read(), re.M | re.S).group(1)
    told = set(re.findall(r"`([a-z-]+)`", "\n".join(
        line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))  # fmt: skip
    equal(told, EXPRESSED | set(NOT_EXPRESSED), "codes, here and in lib/README.md")


# ---- documents from the tables ----


def compare(s, name, documents, *words):
    """Writes them all, asks lint once, and compares."""
    schema, found = the_schema(), {}
    documents = list({json.dumps(d): d for d in documents}.values())
    for i, document in enumerate(documents):
        path = s.file(f"{name}/n{i:05}.json", json.dumps(document))
        found[path] = set()
    folder = os.path.join(s.path, name)
    for issue in s.flume("lint", *words, "-o", "json", folder, timeout=240).json():
        found[issue["file"]].add(issue["code"])
    both = [0, 0]
    for document, (path, codes) in zip(documents, found.items(), strict=True):
        refused = not schema.is_valid(document)
        both[refused] += 1
        if refused and not codes:
            errors = [f"{path_of(e)}: {e.message}" for e in schema.iter_errors(document)]
            raise Failed(f"lint accepts, JSON Schema does not: {document}\n{errors}")
        if not refused and codes & EXPRESSED:
            raise Failed(f"lint refuses ({codes}), JSON Schema does not: {document}")
    assert min(both) > 100, both


def nodes_and_documents_are_judged_alike(s):
    spec = s.flume("components", "-o", "json").json()
    compare(s, "structure", grammar.documents(spec), "--structure")


def declarations_are_judged_alike(s):
    spec = s.flume("components", "-o", "json").json()
    compare(s, "declared", grammar.declarations(spec))


run(
    the_file_is_what_is_printed,
    it_is_a_json_schema,
    the_examples_name_it,
    what_is_right_is_accepted,
    what_is_wrong_is_refused_at_its_place,
    every_code_is_judged,
    nodes_and_documents_are_judged_alike,
    declarations_are_judged_alike,
)

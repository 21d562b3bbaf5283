"""Values that are wrong, and what is said of each: refused.yaml.  Before anything is rendered by
values.schema.json, or, where it takes two of them to see it, in words that say what to set."""

import json
import os

import yaml

from check import contains, root
from render import CHART, cases, each_helm, template

FOLDER = os.path.join(root(), "tests", "chart")

# Maps whose keys are not ours to know.
OPEN = {
    "global": "belongs to the chart that has this one in it",
    "config.components": "the agent checks it, with its plug-ins",
    "extraObjects[]": "any object of Kubernetes",
    "extraVolumes[].csi": "Kubernetes checks it",
    "extraVolumes[].configMap": "Kubernetes checks it",
    "extraVolumes[].downwardAPI": "Kubernetes checks it",
    "extraVolumes[].emptyDir": "Kubernetes checks it",
    "extraVolumes[].ephemeral": "Kubernetes checks it",
    "extraVolumes[].hostPath": "Kubernetes checks it",
    "extraVolumes[].image": "Kubernetes checks it",
    "extraVolumes[].nfs": "Kubernetes checks it",
    "extraVolumes[].persistentVolumeClaim": "Kubernetes checks it",
    "extraVolumes[].projected": "Kubernetes checks it",
    "extraVolumes[].secret": "Kubernetes checks it",
}


def table():
    with open(os.path.join(FOLDER, "refused.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def test_wrong_values_are_refused_and_it_is_said_what_would_be_right():
    for number, (_, program) in enumerate(each_helm()):
        for at, row in enumerate(table()):
            # Versions of Helm have words of their own for what a schema refuses; that an older one
            # looks at it at all shows in a few.
            words = number == 0 or "by" not in row
            if not words and at % 8:
                continue
            code, out, err = template([cases()["minimal"]], row["values"], program)
            assert code != 0, f"not refused: {row['values']}"
            assert not out.strip(), f"something was rendered: {row['values']}"
            if words:
                contains(err, *row["says"] if isinstance(row["says"], list) else [row["says"]])


def schema():
    with open(os.path.join(CHART, "values.schema.json"), encoding="utf-8") as file:
        return json.load(file)


def values():
    with open(os.path.join(CHART, "values.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def levels(node, top, path=""):
    """(path, schema) of everything in it that may be a map."""
    if "$ref" in node:
        node = top["definitions"][node["$ref"].rsplit("/", 1)[1]]
    types = node.get("type", [])
    if "object" in ([types] if isinstance(types, str) else types):
        yield path, node
        for key, inner in node.get("properties", {}).items():
            yield from levels(inner, top, f"{path}.{key}".lstrip("."))
        if isinstance(node.get("additionalProperties"), dict):
            yield from levels(node["additionalProperties"], top, path + "{}")
    if isinstance(node.get("items"), dict):
        yield from levels(node["items"], top, path + "[]")


def test_no_level_takes_a_key_that_it_does_not_know():
    found = {}
    for path, level in levels(schema(), schema()):
        found[path] = level.get("additionalProperties", True)
    loose = {path for path, more in found.items() if more is True}
    assert loose == set(OPEN), f"open, or no longer: {sorted(loose ^ set(OPEN))}"


def test_each_level_of_the_values_refuses_an_unknown_key():
    def places(node, path):
        yield path
        for key, inner in node.items():
            if isinstance(inner, dict) and inner:
                yield from places(inner, [*path, key])

    # Names there are the user's own, so it is what stands behind them that is refused.
    free = {"nodeLabelsFrom", "nodeSelector", "requests", "limits"}
    for path in places(values(), []):
        if free & set(path):
            continue
        wrong = {"surprise": 1}
        for key in reversed(path):
            wrong = {key: wrong}
        code, _, err = template([cases()["minimal"]], wrong)
        assert code != 0 and "surprise" in err, f"{path}: {err}"


def test_each_value_is_in_the_schema_and_each_of_the_schema_is_a_value():
    ours = set(values())
    known = set(schema()["properties"]) - {"global", "enabled"}
    assert ours == known, ours ^ known
    for key, inner in values().items():
        level = dict(levels(schema()["properties"][key], schema())).get("", {})
        if isinstance(inner, dict) and key not in ("podSecurityContext", "securityContext"):
            more = set(level.get("properties", {})) - set(inner)
            if inner and not key.endswith("Probe") and key != "resources":
                assert not more, f"{key}: {more} is not among the values"

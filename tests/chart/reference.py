"""What the agent has, as the table of metrics in agent/README.md says it, and whether an expression of
PromQL asks for nothing else.  The unit suite `metric` compares that table with the agent's rows, and the
scenario 141 with what real agents show."""

import os
import re

import yaml

from promql import asked

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = os.path.join(ROOT, "helm/flume/files")
# What the scrape adds, and what Prometheus itself has.
OF_TARGET = {"namespace", "job", "node", "instance", "pod"}
OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate"}}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rules(kind="alert"):
    groups = yaml.safe_load(read(FILES, "alerts.yaml"))["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ?(.*?) ?\| (.*) \|$", re.M)


class Family:
    def __init__(self, kind, labels, about):
        self.kind, self.labels, self.about = kind, labels, about


def reference():
    """{name: Family}, from the table of the README."""
    section = read("agent/README.md").split("\n## Metrics\n")[1].split("\n## ")[0]
    found = {
        name: Family(kind, re.findall(r"`(\w+)`", labels), about)
        for name, kind, labels, about in ROW.findall(section)
    }
    assert len(found) > 30, f"only {len(found)} metrics in agent/README.md"
    return found


def labels_of():
    """{metric as it is asked for: its labels}."""
    known = {**OF_PROMETHEUS}
    for name, family in reference().items():
        if family.kind == "histogram":
            known[f"{name}_bucket"] = {*family.labels, "le"}
            known[f"{name}_sum"] = known[f"{name}_count"] = set(family.labels)
        else:
            known[name] = set(family.labels)
    for rule in rules("record"):  # level:metric:operation, the level being its labels
        parts = asked(rule["expr"]).labels
        known[rule["record"]] = set(parts)
        level = rule["record"].split(":")[0]
        assert all(part in parts for part in level.split("_")), rule["record"]
    return known


def words_of_labels():
    """Words that stand in the README as values; none that is not there can be meant."""
    return set(re.findall(r"`([\w-]+)`", read("agent/README.md")))


def look(expression, where, known, words):
    found = asked(expression)
    possible = set(OF_TARGET)
    assert found.selectors, f"{where}: nothing is asked for in {expression}"
    for selector in found.selectors:
        assert selector.metric in known, f"{where}: the agent has no {selector.metric}"
        possible |= known[selector.metric]
        for label, _, value in selector.matchers:
            labels = known[selector.metric] | OF_TARGET
            assert label in labels, f"{where}: {selector.metric} has no label {label}"
            for word in value.split("|"):
                known_word = word in words or "$" in word or label in OF_PROMETHEUS["ALERTS"]
                assert known_word, f"{where}: {label} is never {word!r}"
    for label in found.labels:
        assert label in possible, f"{where}: nothing there has a label {label}"

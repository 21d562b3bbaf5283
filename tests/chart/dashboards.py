"""The dashboard is what helm/dashboard.py draws, and asks for nothing that the agent does not have."""

import json
import os
import re
import sys
import tempfile

import yaml

from alerts import promtool
from promql import asked
from reference import FILES, OF_TARGET, ROOT, labels_of, look, read, words_of_labels

sys.path.append(os.path.join(ROOT, "helm"))
from dashboard import WIDTH, dashboard  # noqa: E402


def test_the_dashboard_is_what_its_table_says():
    as_written = json.loads(read(FILES, "dashboard.json"))
    assert as_written == dashboard(), "make helm/flume/files/dashboard.json"


def test_what_the_dashboard_asks_for_the_agent_has():
    board = dashboard()
    known, words = labels_of(), words_of_labels()
    variables = {v["name"]: v for v in board["templating"]["list"]}
    records = []
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            look(expression, panel["title"], known, words)
            for name in re.findall(r"\$\{?(\w+)", expression):
                assert name in variables or name == "__rate_interval", f"{panel['title']}: ${name}"
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label in OF_TARGET | {"le"} | set(asked(expression).labels), panel["title"]
            records.append(expression.replace("$__rate_interval", "5m"))
    for variable in variables.values():
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((\w+)(\{.*\})?, (\w+)\)", variable["definition"])
            look(f"{match[1]}{match[2] or ''}", variable["name"], known, words)
            assert match[3] in known[match[1]] | OF_TARGET, f"no {match[3]} in {match[1]}"
    made = [{"record": f"panel:{i}", "expr": expression} for i, expression in enumerate(records)]
    with tempfile.TemporaryDirectory(prefix="flume-dashboard-") as folder:
        with open(os.path.join(folder, "panels.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump({"groups": [{"name": "panels", "rules": made}]}, file)
        wrong = promtool("check", "rules", "panels.yaml", cwd=folder)
    assert not wrong, wrong


def test_panels_lie_beside_one_another():
    taken = set()
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(numbers) == len(set(numbers)), "two panels have one number"
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= WIDTH, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on another"
                taken.add((x, y))

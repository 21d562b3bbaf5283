"""The alerts are true: promtool takes them, each was seen to fire and not to, has something to do in
helm/README.md, and asks for nothing that the agent does not have."""

import os
import re
import shutil
import subprocess
import tempfile

import yaml

from check import contains, skip
from reference import FILES, labels_of, look, read, rules, words_of_labels

TESTS = ["alerts_test.yaml", "alerts_days_test.yaml"]


def promtool(*words, cwd=FILES):
    """What it says when something is wrong; else None."""
    if not shutil.which("promtool"):
        skip("there is no promtool: make deps-chart")
    done = subprocess.run(
        ["promtool", *words], capture_output=True, text=True, cwd=cwd, check=False
    )
    return f"promtool {' '.join(words)}: {done.stdout}{done.stderr}" if done.returncode else None


def test_what_alerts_ask_for_the_agent_has():
    known, words = labels_of(), words_of_labels()
    for kind in ("record", "alert"):
        for rule in rules(kind):
            look(rule["expr"], rule[kind], known, words)


def test_what_a_typing_error_would_be_is_noticed():
    known, words = labels_of(), words_of_labels()
    for wrong, why in (
        ("flume_blinded == 1", "no flume_blinded"),
        ('flume_schema_state{stat="held"}', "no label stat"),
        ('flume_schema_state{state="rolledback"}', "never 'rolledback'"),
        ("sum by (scheme) (flume_schema_info)", "a label scheme"),
        ("rate(flume_pipeline_duration_seconds[5m])", "no flume_pipeline_duration_seconds"),
    ):
        try:
            look(wrong, "here", known, words)
        except AssertionError as said:
            contains(str(said), why)
        else:
            raise AssertionError(f"{wrong} was let through")


# ---- the rules ----


def test_promtool_takes_the_rules_and_their_tests():
    for words in (["check", "rules", "alerts.yaml"], *(["test", "rules", name] for name in TESTS)):
        wrong = promtool(*words)
        assert not wrong, wrong


FIRES = re.compile(r'ALERTS\{alertname="(\w+)"(?:, alertstate="firing")?\}')


def alert_tests():
    """(file, test, alert, when, does it fire?) of each look at one alert."""
    for name in TESTS:
        for test in yaml.safe_load(read(FILES, name))["tests"]:
            for case in test.get("promql_expr_test", []):
                match = FIRES.fullmatch(case["expr"])
                if match:
                    yield name, test, match[1], case["eval_time"], bool(case["exp_samples"])


def test_each_alert_was_seen_to_fire_and_not_to():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)), "two alerts have one name"
    seen = {(alert, fires) for _, _, alert, _, fires in alert_tests()}
    assert {alert for alert, _ in seen} <= set(names), {alert for alert, _ in seen} - set(names)
    for name in names:
        for fires in (True, False):
            assert (name, fires) in seen, f"no test in which {name} {'fires' if fires else 'is silent'}"


def test_each_alert_says_what_to_do():
    book = read("helm/README.md").split("\n## Runbooks\n")[1].split("\n## ")[0]
    sections = re.findall(r"^### (\w+)\n\n\*(\w+)\b(?:, ([^.]*))?\.", book, re.M)
    for rule in rules():
        name, notes = rule["alert"], rule["annotations"]
        assert set(notes) == {"summary", "description", "runbook_url"}, f"{name}: {set(notes)}"
        assert notes["runbook_url"] == f"helm/README.md#{name.lower()}", notes["runbook_url"]
        severity = rule["labels"]["severity"]
        assert severity in ("critical", "warning", "info"), f"{name}: {severity}"
        found = [(s[0], s[1]) for s in sections]
        assert (name, severity) in found, f"no runbook of {name}, {severity}"
    order = [rule["alert"] for rule in rules()]
    assert [s[0] for s in sections] == order, "the runbooks are not those of the alerts, in their order"


def expecting_nothing(name, wanted):
    """The file of tests, made to expect that nothing fires where something does; {alert: when} grows."""
    tests = yaml.safe_load(read(FILES, name))
    for test in tests["tests"]:
        test.pop("promql_expr_test")
    for file, test, alert, when, fires in alert_tests():
        if file == name and fires and alert not in wanted:
            wanted[alert] = when
            same = next(t for t in tests["tests"] if t["name"] == test["name"])
            look_at = {"eval_time": when, "alertname": alert, "exp_alerts": []}
            same.setdefault("alert_rule_test", []).append(look_at)
    tests["tests"] = [test for test in tests["tests"] if "alert_rule_test" in test]
    return tests


def test_the_texts_of_alerts_can_be_filled_in():
    """A test that expects nothing where something fires is told what did, with its texts."""
    said, wanted = "", {}
    with tempfile.TemporaryDirectory(prefix="flume-alerts-") as folder:
        shutil.copy(os.path.join(FILES, "alerts.yaml"), folder)
        for name in TESTS:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                yaml.safe_dump(expecting_nothing(name, wanted), file)
            said += promtool("test", "rules", name, cwd=folder) or ""
    texts = re.findall(r"Annotations:\{(.*)\}", said)
    assert len(texts) >= len(wanted) == len(rules()), said
    for text in texts:
        for bad in ("<error", "<no value>", "%!", "  ", " of is", "NaN", "{{"):
            assert bad not in text, f"{bad!r} in {text}"

"""The alerts and the dashboard are true: promtool takes them, each alert was seen to fire and not to, has
something to do in helm/README.md, and asks for nothing that the agent does not have; and a real
Prometheus that scrapes a real agent in trouble says so.

What the agent has is the table of metrics in agent/README.md.  The unit suite `metric` compares that with the
agent's rows word for word, and here it is compared with what real agents show.

    FLUME=build/flume python3 tests/chart/alerts.py [PART ...]
"""

import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests/scenarios"), os.path.join(ROOT, "helm")]
sys.dont_write_bytecode = True

import yaml  # noqa: E402
from dashboard import WIDTH, dashboard  # noqa: E402
from harness import Failed, contains, equal, free_port, run, wait_until  # noqa: E402
from process import Process  # noqa: E402
from promql import asked  # noqa: E402
from toolbox import skipped  # noqa: E402
import web  # noqa: E402

FILES = os.path.join(ROOT, "helm/flume/files")
TESTS = ["alerts_test.yaml", "alerts_days_test.yaml"]
# What the scrape adds; what Prometheus itself has; what a node without the thing does not show.
OF_TARGET = {"namespace", "job", "node", "instance", "pod"}
OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate"}}
NOT_EVERYWHERE = {"flume_memory_used_bytes", "flume_memory_limit_bytes"}  # without cgroup v2


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rules(kind="alert"):
    groups = yaml.safe_load(read(FILES, "alerts.yaml"))["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def promtool(*words, stdin=None, cwd=FILES):
    return subprocess.run(
        ["promtool", *words], input=stdin, capture_output=True, text=True, cwd=cwd, check=False
    )


def have(tool, what):
    if shutil.which(tool):
        return True
    skipped(what, f"there is no {tool}: make deps-chart")
    return False


# ---- what the agent has ----

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


def what_alerts_ask_for_the_agent_has(_):
    known, words = labels_of(), words_of_labels()
    for kind in ("record", "alert"):
        for rule in rules(kind):
            look(rule["expr"], rule[kind], known, words)


def what_a_typing_error_would_be_is_noticed(_):
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
            contains(str(said), why, wrong)
        else:
            raise Failed(f"{wrong} was let through")


# ---- the rules ----


def promtool_takes_the_rules_and_their_tests(_):
    if not have("promtool", "rules and their tests"):
        return
    for words in (["check", "rules", "alerts.yaml"], *(["test", "rules", name] for name in TESTS)):
        done = promtool(*words)
        equal(done.returncode, 0, f"promtool {' '.join(words)}: {done.stdout}{done.stderr}")


FIRES = re.compile(r'ALERTS\{alertname="(\w+)"(?:, alertstate="firing")?\}')


def alert_tests():
    """(file, test, alert, when, does it fire?) of each look at one alert."""
    for name in TESTS:
        for test in yaml.safe_load(read(FILES, name))["tests"]:
            for case in test.get("promql_expr_test", []):
                match = FIRES.fullmatch(case["expr"])
                if match:
                    yield name, test, match[1], case["eval_time"], bool(case["exp_samples"])


def each_alert_was_seen_to_fire_and_not_to(_):
    names = [rule["alert"] for rule in rules()]
    equal(len(names), len(set(names)), "names of alerts that differ")
    seen = {(alert, fires) for _, _, alert, _, fires in alert_tests()}
    equal({alert for alert, _ in seen} - set(names), set(), "tested, and no alert")
    for name in names:
        for fires in (True, False):
            assert (name, fires) in seen, f"no test in which {name} {'fires' if fires else 'is silent'}"


def each_alert_says_what_to_do(_):
    book = read("helm/README.md").split("\n## Runbooks\n")[1].split("\n## ")[0]
    sections = re.findall(r"^### (\w+)\n\n\*(\w+)\b(?:, ([^.]*))?\.", book, re.M)
    for rule in rules():
        name, notes = rule["alert"], rule["annotations"]
        equal(set(notes), {"summary", "description", "runbook_url"}, f"annotations of {name}")
        equal(notes["runbook_url"], f"helm/README.md#{name.lower()}", f"runbook of {name}")
        severity = rule["labels"]["severity"]
        assert severity in ("critical", "warning", "info"), f"{name}: {severity}"
        assert (name, severity) in [(s[0], s[1]) for s in sections], f"no runbook of {name}, {severity}"
    equal([s[0] for s in sections], [rule["alert"] for rule in rules()], "runbooks, in their order")


def the_texts_of_alerts_can_be_filled_in(s):
    """A test that expects nothing where something fires is told what did, with its texts."""
    if not have("promtool", "texts of alerts"):
        return
    shutil.copy(os.path.join(FILES, "alerts.yaml"), s.path)
    said, wanted = "", {}
    for name in TESTS:
        tests = yaml.safe_load(read(FILES, name))
        for test in tests["tests"]:
            test.pop("promql_expr_test")
        for file, test, alert, when, fires in alert_tests():
            if file == name and fires and alert not in wanted:
                wanted[alert] = {"eval_time": when, "alertname": alert, "exp_alerts": []}
                same = next(t for t in tests["tests"] if t["name"] == test["name"])
                same.setdefault("alert_rule_test", []).append(wanted[alert])
        tests["tests"] = [test for test in tests["tests"] if "alert_rule_test" in test]
        s.file(name, yaml.safe_dump(tests))
        done = promtool("test", "rules", name, cwd=s.path)
        said += done.stdout + done.stderr
    texts = re.findall(r"Annotations:\{(.*)\}", said)
    assert len(texts) >= len(wanted), said
    for text in texts:
        for bad in ("<error", "<no value>", "%!", "  ", " of is", " of \"", "NaN", "{{"):
            assert bad not in text, f"{bad!r} in {text}"


# ---- the dashboard ----


def the_dashboard_is_what_its_table_says(_):
    equal(json.loads(read(FILES, "dashboard.json")), dashboard(), "make helm/flume/files/dashboard.json")


def what_the_dashboard_asks_for_the_agent_has(s):
    board = dashboard()
    known, words = labels_of(), words_of_labels()
    variables = {v["name"]: v for v in board["templating"]["list"]}
    shown, records = set(), []
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            look(expression, panel["title"], known, words)
            for name in re.findall(r"\$\{?(\w+)", expression):
                assert name in variables or name == "__rate_interval", f"{panel['title']}: ${name}"
            shown |= {selector.metric for selector in asked(expression).selectors}
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label in OF_TARGET | {"le"} | set(asked(expression).labels), panel["title"]
            records.append(expression.replace("$__rate_interval", "5m"))
    for variable in variables.values():
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((\w+)(\{.*\})?, (\w+)\)", variable["definition"])
            look(f"{match[1]}{match[2] or ''}", variable["name"], known, words)
            assert match[3] in known[match[1]] | OF_TARGET, f"no {match[3]} in {match[1]}"
    if not have("promtool", "expressions of the dashboard"):
        return
    made = [{"record": f"panel:{i}", "expr": expression} for i, expression in enumerate(records)]
    s.file("panels.yaml", yaml.safe_dump({"groups": [{"name": "panels", "rules": made}]}))
    done = promtool("check", "rules", "panels.yaml", cwd=s.path)
    equal(done.returncode, 0, f"expressions of the dashboard: {done.stdout}{done.stderr}")


def panels_lie_beside_one_another(_):
    taken = set()
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    equal(len(numbers), len(set(numbers)), "numbers of panels that differ")
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= WIDTH, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on another"
                taken.add((x, y))


# ---- a real agent ----

CASE = '  cases: [{name: the mark, input: {id: 1}, expect: {mark: %d}}]\n'
MARK = """\
version: "%s"
components:
  processors:
    complete: {kind: require, fields: [id]}
    mark: {kind: set, fields: {mark: %d}}
type: sequence
children:
  - {name: guard, type: circuit-breaker, failure_threshold: 3, recovery_timeout: 10m, child: {ref: complete}}
  - ref: mark
canary:
  probation: {duration: 100ms, min_requests: 1, max_error_rate: %s}
"""
STREAM = """\
version: "1.0.0"
type: sequence
children: [{stream: kept}, {stream: far}]
canary:
  probation: {duration: 100ms, min_requests: 1, max_error_rate: 100%}
"""


def good(version, mark, rate="100%"):
    return MARK % (version, mark, rate)


def bad(version, mark):
    return good(version, mark) + CASE % (mark + 1)


class Scraped:
    """What /metrics shows: promtool has nothing to say, and each line is right."""

    seen = {}  # of all agents of this part

    def __init__(self, node, state):
        text = node.get("/metrics").text
        if shutil.which("promtool"):
            done = promtool("check", "metrics", stdin=text)
            said = done.stdout + done.stderr
            equal((done.returncode, said), (0, ""), f"promtool check metrics, {state}: {said}")
        self.samples = []
        types, about, current = {}, {}, None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                _, _, current, sentence = line.split(" ", 3)
                assert current not in about, f"{state}: {current} is told twice"
                about[current] = sentence
            elif line.startswith("# TYPE "):
                _, _, name, types[current] = line.split(" ")
                equal(name, current, f"{state}: TYPE")
            else:
                self.take(line, current, types[current], state)
        self.types, self.about = types, about

    def take(self, line, family, kind, state):
        match = re.fullmatch(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\d+(?:\.\d+)?)', line)
        assert match, f"{state}: {line!r}"
        name, labels, _ = match.groups()
        pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")
        own = [label for label, _ in pairs if label != "le"]
        suffix = name.removeprefix(family)
        assert suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",)), line
        assert own == Scraped.seen.setdefault(family, own), f"{state}: {line!r}: other labels than before"
        sample = (name, tuple(pairs))
        assert sample not in self.samples, f"{state}: twice: {line!r}"
        self.samples.append(sample)

    def has(self, name, **labels):
        return any(
            found == name and labels.items() <= dict(pairs).items() for found, pairs in self.samples
        )


def in_trouble(s):
    """An agent that has been through what can happen to it, and what it showed on the way."""
    config = s.file("agent.yaml", f"""\
components:
  channels:
    kept: {{kind: file, path: {s.path}/kept.ndjson}}
    far: {{kind: http, url: "http://127.0.0.1:{free_port()}/in", queue: 10, flush: 10ms}}
""")
    folder = s.schemas()
    folder.set_schema("a", good("1.0.0", 1))
    node = s.node(folder=folder, args=["--config", config, "--blind-after", "20s"])
    node.prove("a", {"id": 1}, "1.0.0")
    Scraped(node, "well")

    for name in ("b", "c", "d"):
        folder.set_schema(name, good("1.0.0", 1))
    folder.set_schema("streams", STREAM)
    node.prove(["b", "c", "d"], {"id": 1}, "1.0.0")
    folder.set_schema("b", bad("1.1.0", 2))
    node.wait_schema("b", state="rejected")
    folder.set_schema("c", good("1.1.0", 2, "1%"))
    node.wait_schema("c", version="1.1.0")
    node.wait_for("c is rolled back", lambda: node.process("c", {}) and node.schema("c")["state"] == "rolled-back")
    folder.set_schema("c2", "version: \"1.0.0\"\nref: nowhere\n")
    for i in range(6):
        folder.set_schema("d", bad(f"1.{i + 1}.0", i + 2))
        node.wait_schema("d", wanted=f"1.{i + 1}.0", state="rejected" if i < 5 else "held")
    folder.set_schema("a", good("1.1.0", 2) + "  shadow: {share: 100%, duration: 10m, min_requests: 20}\n")
    node.wait_for("a is shadowed", lambda: node.schema("a").get("trial"))
    for _ in range(4):
        node.process("a", {})  # trips the breaker
    lines = "".join(json.dumps({"id": i}) + "\n" for i in range(20))
    node.request("POST", "/pipelines/b", lines, {"Content-Type": "application/x-ndjson"})
    node.process("streams", {"id": 1})
    return node


def real_agents_show_what_the_reference_says(s):
    idle = s.node()
    Scraped(idle, "idle")
    node = in_trouble(s)
    here = node.wait_for("the shadow is shown", lambda: (now := Scraped(node, "in trouble")).has("flume_trial_documents") and now)
    for state in ("rejected", "rolled-back", "held", "waiting"):
        assert here.has("flume_schema_state", state=state), state
    assert here.has("flume_pipeline_requests_total", schema="a", outcome="refused")
    assert here.has("flume_channel_queue_limit_documents", channel="far", kind="http")
    said = {
        name: (here.types[name], Scraped.seen.get(name), here.about[name]) for name in here.types
    }
    for name, family in reference().items():
        kind, labels, about = said.pop(name, (None, None, None))
        equal((kind, about), (family.kind, family.about), name)
        if labels is not None or name not in NOT_EVERYWHERE:
            equal(labels, family.labels, f"labels of {name}, as they were seen")
    equal(set(said), set(), "shown, and not in agent/README.md")


class Prometheus(Process):
    """The real one, which scrapes a node each second, with our rules."""

    def __init__(self, s, node):
        super().__init__("prometheus", os.path.join(s.path, "prometheus.log"))
        self.port, self.data = free_port(), s.folder("prometheus")
        target = {"targets": [f"127.0.0.1:{node.port}"], "labels": {"namespace": "f", "node": node.name}}
        self.config = s.file("prometheus.yaml", yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [os.path.join(FILES, "alerts.yaml")],
            "scrape_configs": [{"job_name": "flume", "static_configs": [target]}],
        }))  # fmt: skip
        s.processes.append(self)
        self.spawn([
            "prometheus", f"--config.file={self.config}", f"--storage.tsdb.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ], {})  # fmt: skip

    def ask(self, path):
        try:
            answer = web.request(self.port, "GET", path, None, None)
        except web.Broken:
            return None
        return answer.json()["data"] if answer.status == 200 else None


def a_real_prometheus_sees_a_real_agent_in_trouble(s):
    if not have("prometheus", "a real Prometheus"):
        return
    node = in_trouble(s)
    prometheus = Prometheus(s, node)
    wanted = {
        "FlumeSchemaRejected": "b",
        "FlumeSchemaRolledBack": "c",
        "FlumeUpdateBreakerOpen": "d",
    }

    def alerts():
        found = prometheus.ask("/api/v1/alerts") or {"alerts": []}
        return {a["labels"]["alertname"]: a["labels"].get("schema") for a in found["alerts"]}

    # Before the first scrape there is none, and after it of one that is up and sees these are not there.
    silent = {"FlumeAgentsAbsent", "FlumeAgentDown", "FlumeNodeBlind", "FlumeFleetBlind", "FlumeFleetSplit"}

    def as_it_is():
        found = alerts()
        return wanted.items() <= found.items() and not silent & set(found)

    wait_until("alerts of what is wrong, and no others", as_it_is, 20, alerts)
    for group in prometheus.ask("/api/v1/rules")["groups"]:
        for rule in group["rules"]:
            equal(rule["health"], "ok", f"{rule['name']}: {rule.get('lastError')}")
    prometheus.ask_to_end()


run(
    promtool_takes_the_rules_and_their_tests,
    each_alert_was_seen_to_fire_and_not_to,
    each_alert_says_what_to_do,
    the_texts_of_alerts_can_be_filled_in,
    what_alerts_ask_for_the_agent_has,
    what_a_typing_error_would_be_is_noticed,
    the_dashboard_is_what_its_table_says,
    what_the_dashboard_asks_for_the_agent_has,
    panels_lie_beside_one_another,
    real_agents_show_what_the_reference_says,
    a_real_prometheus_sees_a_real_agent_in_trouble,
)

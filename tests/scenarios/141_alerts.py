"""promtool has nothing to say of /metrics in any state, real agents show what agent/README.md says, and a
real Prometheus that scrapes an agent in trouble, with the rules of the chart, says so."""

import json
import os
import re
import shutil
import subprocess
import sys

import web
import yaml
from harness import ROOT, equal, free_port, run, wait_until
from process import Process
from toolbox import skipped

sys.path.append(os.path.join(ROOT, "tests/chart"))
from reference import FILES, reference  # noqa: E402

# What a node without the thing does not show.
NOT_EVERYWHERE = {"flume_memory_used_bytes", "flume_memory_limit_bytes"}  # without cgroup v2


def have(program, what):
    if shutil.which(program):
        return True
    skipped(what, f"there is no {program}: make deps-chart")
    return False


def lint(text):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


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
            equal(lint(text), (0, ""), f"what promtool says of the metrics, {state}")
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
    real_agents_show_what_the_reference_says,
    a_real_prometheus_sees_a_real_agent_in_trouble,
)

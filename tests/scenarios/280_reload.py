"""The configuration file is read again while the agent runs: at SIGHUP and when it changes, however that
happens.  What can count at once does, what waits for a restart is said, and a file that is not right changes
nothing but what the node says of itself."""

import os
import re
import signal

from documents import LONG, marking
from harness import ConfigMap, ROOT, contains, equal, run, wait_until

REJECTED = 'flume_config_reload_total{result="rejected"}'
LABELS = "log-level: debug\nlabel: {{zone: {}}}\n"


def labels(node):
    return node.status()["labels"]


def config(node):
    return node.status().get("config", {})


def metric(node, name):
    for line in node.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    return None


def said(node, message, **pairs):
    return [
        line
        for line in node.log_lines()
        if line.get("message") == message and all(line.get(k) == v for k, v in pairs.items())
    ]


def wait_zone(node, zone):
    node.wait_for(f"zone {zone}", lambda: labels(node).get("zone") == zone, describe=node.log_tail)


def configured(s, text, *args, **how):
    path = s.file("flume.yaml", text)
    node = s.node(args=["--config", path, *args], **how)
    return node, path


def replace(path, text):
    with open(path + "~", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + "~", path)


def what_can_count_at_once_does(s):
    token = s.file("token", "first\n")
    base = f"token-file: {token}\n"
    folder = s.schemas()
    folder.set_schema("a", marking("2.0.0", "a", LONG))
    node, path = configured(s, base, folder=folder)
    node.wait_ready()
    equal(labels(node), {}, "labels")
    equal(metric(node, "flume_config_reload_successful"), 1, "metric")

    replace(path, base + "label: {zone: a, rack: r1}\nlog-level: debug\nmax-body: 100B\n"
            "downgrade: deny\nallow-host: [flume.example.org]\nprobation: 5m\n")  # fmt: skip
    wait_zone(node, "a")
    lines = wait_until("it is said", lambda: said(node, "configuration reloaded"))
    equal(lines[0]["changed"], "label,allow-host,log-level,downgrade,probation,max-body", "changed")
    equal(lines[0]["because"], "changed", "because")
    equal(node.process("a", {"x": "x" * 200}).status, 413, "a large document")
    equal(node.process("a", {}, {"Host": "flume.example.org"}).status, 200, "another name")
    equal(node.process("a", {}, {"Host": "other.example.org"}).status, 403, "no name of it")
    assert any(line["level"] == "debug" for line in node.log_lines()), "no line of debug"
    folder.set_schema("a", marking("1.0.0", "a"))
    node.wait_schema("a", state="rejected")

    def put(word):
        headers = {"Authorization": f"Bearer {word}"}
        return node.request("PUT", "/schemas/b?dry_run", marking("1", "b"), headers).status

    equal((put("first"), put("second")), (413, 401), "by the first token")
    replace(token, "second\n")
    node.wait_for("the token is another one", lambda: put("first") == 401)
    equal(put("second"), 413, "by the second token")
    equal(metric(node, 'flume_config_reload_total{result="applied"}'), 2, "readings")

    replace(path, base)
    node.wait_for("no label any more", lambda: labels(node) == {})
    equal(node.process("a", {"x": "x" * 200}).status, 200, "a large document")


def what_waits_for_a_restart_is_said_and_waits(s):
    node, path = configured(s, "description: first\n")
    node.wait_ready()
    text = "label: {zone: b}\npoll: 7s\ncomponents: {channels: {x: {kind: stdout}}}\n"
    replace(path, text)
    wait_zone(node, "b")
    equal(config(node)["waits_for_restart"], ["poll", "components"], "waits")
    equal(metric(node, "flume_config_restart_options"), 2, "metric")
    equal(said(node, "some of the configuration waits for a restart")[-1]["options"],
          "poll,components", "log")  # fmt: skip
    replace(path, "label: {zone: b}\n")
    node.wait_for("nothing waits", lambda: "waits_for_restart" not in config(node))
    replace(path, text)
    node.wait_for("they wait", lambda: "waits_for_restart" in config(node))
    node.restart()
    node.wait_ready()
    assert "waits_for_restart" not in config(node), config(node)
    wait_zone(node, "b")


def a_wrong_file_changes_nothing(s):
    node, path = configured(s, LABELS.format("a"))
    node.wait_ready()
    bad = [
        ("label: {zone: b}\nprobation: often\n", f"{path}:2:12: 'often' is not a duration"),
        ("label: {zone: b}\nlisten-on: x\n", f"{path}:2:1: unknown key 'listen-on'"),
        ("label: {zone: b}\n  x: [\n", f"{path}:2:"),
        ("label: [zone]\n", f"{path}:1:8: --label: 'zone' is not KEY=VALUE"),
        ("token-file: /nowhere\n", f"{path}:1:13: --token-file: /nowhere"),
        ("tap-redact: ['a[']\n", f"{path}:1:13: --tap-redact: 'a['"),
        ("label: {zone: b}\ncomponents: {channels: {x: {kind: fil, path: /x}}}\n", f"{path}:2:"),
    ]
    for i, (text, why) in enumerate(bad, 1):
        replace(path, text)
        node.wait_for(f"reading {i}: {why}", lambda: metric(node, REJECTED) == i, describe=node.log_tail)
        assert config(node)["why"].startswith(why), (why, config(node))
        equal((config(node)["ok"], labels(node)), (False, {"zone": "a"}), text)
        equal(metric(node, "flume_config_reload_successful"), 0, "metric")
        status = s.flume("status", "--agent", f"http://127.0.0.1:{node.port}").out
        contains(status, f"config   -   it goes on with what it had, and would not start again: {why}", "status")
        contains(said(node, "configuration rejected, the one before stays")[-1]["place"], path, "log")
    replace(path, LABELS.format("a"))
    node.wait_for("it is well again", lambda: config(node)["ok"])
    equal(metric(node, "flume_config_reload_successful"), 1, "metric")
    os.unlink(path)
    node.wait_for("it is gone", lambda: "no such file" in config(node).get("why", ""))
    equal(labels(node), {"zone": "a"}, "labels")
    replace(path, LABELS.format("c"))
    wait_zone(node, "c")
    equal(config(node)["ok"], True, "config")


def every_way_of_saving_is_followed(s):
    real = s.folder("real")
    path = os.path.join(real, "flume.yaml")
    replace(path, LABELS.format("a"))
    os.symlink(real, os.path.join(s.path, "link"))
    node = s.node(args=["--config", os.path.join(s.path, "link", "flume.yaml")])
    node.wait_ready()
    with open(path, "w", encoding="utf-8") as file:  # in place, with a pause in the middle
        text = LABELS.format("b") + "allow-host: [x.example.org]\n"
        file.write(text[:-30])
        file.flush()
        node.get("/status")
        file.write(text[-30:])
    wait_zone(node, "b")
    equal(metric(node, REJECTED), 0, "half of it was taken")
    equal(len(said(node, "configuration reloaded")), 1, "readings")
    os.rename(path, path + ".bak")  # an editor's way
    replace(path, LABELS.format("c"))
    wait_zone(node, "c")
    other = s.folder("other")
    replace(os.path.join(other, "flume.yaml"), LABELS.format("d"))
    os.symlink(other, os.path.join(s.path, "link~"))
    os.rename(os.path.join(s.path, "link~"), os.path.join(s.path, "link"))
    wait_zone(node, "d")
    equal(said(node, "configuration rejected, the one before stays"), [], "complaints")


def a_config_map_is_followed(s):
    mounted = s.schemas("etc", ConfigMap)
    mounted.set_schema("flume", LABELS.format("a"))
    node = s.node(args=["--config", mounted.file("flume")])
    node.wait_ready()
    for zone in "bcb":
        mounted.set_schema("flume", LABELS.format(zone))
        wait_zone(node, zone)
    equal(said(node, "configuration rejected, the one before stays"), [], "complaints")


def sighup_reads_it_and_says_so(s):
    node, path = configured(s, LABELS.format("a"))
    node.wait_ready()
    node.signal(signal.SIGHUP)
    node.wait_for("it is said", lambda: said(node, "configuration reloaded", because="SIGHUP"))
    equal(labels(node), {"zone": "a"}, "labels")
    with open(path, "w", encoding="utf-8") as file:
        file.write(LABELS.format("b"))
        file.flush()
        node.signal(signal.SIGHUP)  # waits for nobody
        wait_zone(node, "b")
    bare = s.node()
    bare.wait_ready()
    bare.signal(signal.SIGHUP)
    bare.wait_for("it is said", lambda: said(bare, "configuration reloaded"))
    assert "config" not in bare.status(), bare.status()


def the_help_and_the_readme_name_what_counts_at_once(s):
    told = " ".join(s.flume("agent", "--help").out.split())
    names = re.search(r"these count at once: ([\w, -]+)\.", told).group(1).split(", ")
    with open(os.path.join(ROOT, "agent", "README.md"), encoding="utf-8") as file:
        text = file.read().partition("## Another configuration")[2].partition("\n## ")[0]
    listed = next(block for block in text.split("\n\n") if block.startswith("`label`"))
    equal(sorted(re.findall(r"`([\w-]+)`", listed)), sorted(names), "agent/README.md")


run(
    the_help_and_the_readme_name_what_counts_at_once,
    what_can_count_at_once_does,
    what_waits_for_a_restart_is_said_and_waits,
    a_wrong_file_changes_nothing,
    every_way_of_saving_is_followed,
    a_config_map_is_followed,
    sighup_reads_it_and_says_so,
)

"""What is written about the chart, and what the chart says of the agent, are true."""

import os
import re
import shlex
import subprocess

import yaml

from check import root, skip
from refused import schema
from render import CHART, KUBERNETES, agent, find, helm, render, variables
from values_table import README, readme, undocumented

FLUME = os.environ.get("FLUME") or os.path.join(root(), "build", "flume")

# Options that values of other names, or the chart itself, say.
BY_THE_CHART = {
    "config", "dir", "drain", "etcd", "etcd-ca", "etcd-cert", "etcd-key", "etcd-password-file",
    "etcd-server-name", "etcd-user", "help", "label", "listen", "node", "prefix", "state",
    "token-file", "url", "url-ca-file", "url-token-file",
}  # fmt: skip
# It stays at the place where the agent goes on without one.
LEFT_ALONE = {"socket"}
SECTIONS = {"components", "plugins"}  # of the file


def help_of_the_agent():
    if not os.path.exists(FLUME):
        skip(f"there is no {FLUME}: make")
    return subprocess.run([FLUME, "agent", "--help"], capture_output=True, text=True, check=True).stdout


def options():
    return set(re.findall(r"^ {2,6}(?:-\w, )? *--([a-z-]+)", help_of_the_agent(), re.M))


def test_the_values_table_is_what_values_yaml_says():
    with open(README, encoding="utf-8") as file:
        assert file.read() == readme(), "python3 tests/chart/values_table.py --write"


def test_each_value_is_explained():
    assert not undocumented(), undocumented()


def test_the_chart_is_of_the_version_that_is_built():
    with open(os.path.join(root(), "Makefile"), encoding="utf-8") as file:
        version = re.search(r"^VERSION\s*:=\s*(\S+)", file.read(), re.M).group(1)
    with open(os.path.join(CHART, "Chart.yaml"), encoding="utf-8") as file:
        chart = yaml.safe_load(file)
    assert chart["appVersion"] == version and chart["version"] == version


def test_each_option_of_the_agent_is_a_value():
    known = set(schema()["properties"]["config"]["properties"]) - SECTIONS
    assert not known & BY_THE_CHART, known & BY_THE_CHART
    assert options() == known | BY_THE_CHART | LEFT_ALONE, options() ^ (
        known | BY_THE_CHART | LEFT_ALONE
    )


def test_each_variable_of_the_pod_is_one_of_the_agent():
    known = set(re.findall(r"\[(FLUME_\w+)\]", help_of_the_agent())) | {"FLUME_AGENT"}
    for case in ("everything", "web", "configmap"):
        said = {name for name in variables(agent(render(case))) if name.startswith("FLUME_")}
        assert said <= known, said - known


def test_what_the_readme_says_to_type_renders():
    with open(README, encoding="utf-8") as file:
        commands = re.findall(r"^helm install (?:.*\\\n)*.*", file.read(), re.M)
    assert commands, "no command to install it"
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))[3:]
        assert words[0] == "helm/flume"
        words = [word for word in words[1:] if word != "--create-namespace"]
        code, _, err = helm(["template", "flume", CHART, "--kube-version", KUBERNETES, *words])
        assert code == 0, f"{command}: {err}"


def test_files_and_tests_that_the_readme_names_are_there():
    with open(README, encoding="utf-8") as file:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read())
    for link in links:
        assert os.path.exists(os.path.join(os.path.dirname(README), link)), link


def test_probes_ask_what_the_agent_serves():
    container = agent(render())
    for probe, path in (("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")):
        asked = container[probe + "Probe"]["httpGet"]
        assert asked["path"].partition("?")[0] == path
        assert asked["port"] in [port["name"] for port in container["ports"]]
    assert find(render(), "Service")

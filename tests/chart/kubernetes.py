"""Whether Kubernetes would take what is rendered, by its own schemas: strict, so that a field that it
does not know is a fault."""

import functools
import json
import os

import jsonschema
import yaml

from check import root, skip
from render import agent, cases, containers, find, pods, render, variables
from tools import kubernetes_schema

# The oldest that the chart is for, and the newest that there are schemas of.
VERSIONS = ("1.26", "1.37")
MONITORING = os.path.join(root(), "tests", "chart", "monitoring.schema.json")


def monitoring(kind):
    with open(MONITORING, encoding="utf-8") as file:
        schema = json.load(file)
    return {**schema, "$ref": f"#/definitions/{kind}"}


@functools.lru_cache
def validator(version, group_version, kind):
    if group_version.startswith("monitoring.coreos.com/"):
        return jsonschema.Draft7Validator(monitoring(kind))
    try:
        schema = kubernetes_schema(version, kind, group_version)
    except KeyError:
        skip("Kubernetes' schemas are not here: make deps-chart")
    assert schema, f"Kubernetes {version} has no {group_version} {kind}"
    return jsonschema.Draft7Validator(schema)


def complaints(version, thing):
    kind = thing["kind"]
    for error in validator(version, thing["apiVersion"], kind).iter_errors(thing):
        yield f"{kind} {thing['metadata']['name']}: {'.'.join(map(str, error.path))}: {error.message}"


def test_kubernetes_knows_every_object_and_every_field_of_it():
    for version in VERSIONS:
        for case in cases():
            for thing in render(case):
                found = list(complaints(version, thing))
                assert not found, f"{case}, Kubernetes {version}: " + "\n".join(found)


def test_the_check_itself_finds_a_wrong_field():
    thing = json.loads(json.dumps(find(render(), "DaemonSet")))
    thing["spec"]["template"]["spec"]["containers"][0]["comand"] = ["flume"]
    assert list(complaints(VERSIONS[0], thing))


def test_what_is_mounted_is_there():
    for case in cases():
        for name, spec in pods(render(case)):
            volumes = [one["name"] for one in spec.get("volumes", [])]
            assert len(volumes) == len(set(volumes)), f"{case}: {name}: a volume is there twice"
            used = set()
            for container in containers(spec):
                mounts = container.get("volumeMounts", [])
                used |= {one["name"] for one in mounts}
                paths = [one["mountPath"] for one in mounts]
                assert len(paths) == len(set(paths)), f"{case}: {name}: two mounts at one place"
            assert used == set(volumes), f"{case}: {name}: {used ^ set(volumes)}"


def test_variables_are_said_once_and_before_they_are_used():
    for case in cases():
        for name, spec in pods(render(case)):
            for container in containers(spec):
                seen = set()
                for one in container.get("env", []):
                    assert one["name"] not in seen, f"{case}: {name}: {one['name']} twice"
                    for used in (one.get("value") or "").split("$(")[1:]:
                        assert used.split(")")[0] in seen, f"{case}: {name}: {one['name']}"
                    seen.add(one["name"])


def test_the_service_leads_to_the_pods_of_the_agent_alone():
    for case in cases():
        objects = render(case)
        service = find(objects, "Service")["spec"]
        daemonset = find(objects, "DaemonSet")["spec"]
        labels = daemonset["template"]["metadata"]["labels"]
        assert daemonset["selector"]["matchLabels"].items() <= labels.items()
        assert service["selector"].items() <= labels.items()
        test = find(objects, "Pod")["metadata"]["labels"]
        assert not service["selector"].items() <= test.items(), "the test's pod would be an agent"
        assert service["internalTrafficPolicy"] == "Local"
        ports = [port["name"] for port in agent(objects)["ports"]]
        assert service["ports"][0]["targetPort"] in ports


def test_a_change_of_what_can_be_reloaded_replaces_no_pod():
    before = render()
    after = render(values={"config": {"log-level": "debug", "probation": "5m"}})
    name = find(before, "DaemonSet")["metadata"]["name"]
    assert find(before, "ConfigMap", name) != find(after, "ConfigMap", name)
    assert find(before, "DaemonSet") == find(after, "DaemonSet")


def test_a_change_of_what_takes_a_restart_replaces_the_pods():
    before = find(render(), "DaemonSet")
    values = {
        "config": {"poll": "1m"},
        "config ": {"components": {"channels": {"a": {"kind": "stdout"}}}},
        "config  ": {"plugins": ["/opt/luhn.so"]},
        "etcd": {"endpoints": ["http://other:2379"]},
        "nodeLabels": {"tier": "edge"},
        "drainSeconds": 20,
    }
    for key, value in values.items():
        after = find(render(values={key.strip(): value}), "DaemonSet")
        assert before["spec"]["template"] != after["spec"]["template"], key


def test_a_pod_has_the_time_that_its_agent_takes_to_end():
    for case in cases():
        objects = render(case)
        drain = int(variables(agent(objects))["FLUME_DRAIN"].removesuffix("s"))
        spec = find(objects, "DaemonSet")["spec"]["template"]["spec"]
        assert spec["terminationGracePeriodSeconds"] >= drain + 10


def test_a_network_policy_lets_dns_and_etcd_through():
    rules = find(render("everything"), "NetworkPolicy")["spec"]["egress"]
    ports = {(port["port"], port.get("protocol")) for rule in rules for port in rule["ports"]}
    assert {(53, "UDP"), (53, "TCP"), (2379, "TCP"), (443, "TCP")} <= ports, ports
    rules = find(render("web"), "NetworkPolicy")["spec"]["egress"]
    ports = {port["port"] for rule in rules for port in rule["ports"]}
    assert ports == {53, 443, 8410}, ports


def test_alerts_and_dashboard_are_the_files():
    folder = os.path.join(root(), "helm", "flume", "files")
    objects = render("everything")
    with open(os.path.join(folder, "alerts.yaml"), encoding="utf-8") as file:
        text = file.read()
        assert find(objects, "PrometheusRule")["spec"] == yaml.safe_load(text)
    values = {"prometheusRule": {"runbookUrl": "https://git.example.org/flume/blob/main/"}}
    rule = yaml.safe_dump(find(render("everything", values), "PrometheusRule"), width=10**6)
    links = text.count("runbook_url: ")
    assert rule.count("runbook_url: https://git.example.org/flume/blob/main/helm/README.md#") == links
    with open(os.path.join(folder, "dashboard.json"), encoding="utf-8") as file:
        found = find(objects, "ConfigMap", "node-pipelines-dashboard")
        assert json.loads(found["data"]["flume.json"]) == json.load(file)
        assert found["metadata"]["namespace"] == "monitoring"

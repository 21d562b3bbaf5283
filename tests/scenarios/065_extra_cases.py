"""Cases that stand beside a schema, in canaries/NAME, are met by every candidate of it and of what
it refers to, on every node, after a restart and without the store; a broken document of cases is
said loudly and changes nothing."""

import json
import os

from documents import marking
from harness import contains, equal, run

DOCUMENT = {"id": 1}


def wants(mark):
    return f"cases: [{{name: theirs, input: {{id: 1}}, expect: {{made_by: {mark}}}}}]\n"


def set_cases(etcd, name, text):
    return etcd.put(f"/flume/canaries/{name}", text)


def made_by(node, name="a"):
    return node.process(name, DOCUMENT).json()["made_by"]


def refused(node, name="a"):
    schema = node.wait_schema(name, state="rejected", stage="canary")
    contains(schema["attempted"]["error"], "canaries/a, case 'theirs'", "error")


def known(node, name="a"):
    return node.status().get("canaries", {}).get(name, {})


def started(s, **more):
    etcd = s.etcd()
    set_cases(etcd, "a", wants(1))
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd, **more)
    node.prove("a", DOCUMENT, "1.0.0")
    equal(known(node)["cases"], 1, "cases in the status")
    return etcd, node


def what_they_refuse_never_serves(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.1.0", 2))
    refused(node)
    equal(made_by(node), 1, "made_by")


def what_they_refused_is_tried_again_when_they_change(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.1.0", 2))
    refused(node)
    revision = set_cases(etcd, "a", wants(2))
    node.wait_schema("a", state="probation", version="1.1.0")
    equal(made_by(node), 2, "made_by")
    equal(known(node)["revision"], revision, "revision of the cases")


def what_runs_is_not_touched_by_new_ones(s):
    etcd, node = started(s)
    revision = set_cases(etcd, "a", wants(9))
    node.wait_for("it knows them", lambda: known(node).get("revision") == revision)
    schema = node.schema("a")
    equal((schema["state"], schema["running"]["generation"]), ("running", 1), "the schema")
    equal(made_by(node), 1, "made_by")


def those_of_a_user_are_met_by_what_it_refers_to(s):
    etcd = s.etcd()
    set_cases(etcd, "a", wants(1))
    etcd.set_schema("b", marking("1.0.0", 1))
    etcd.set_schema("a", 'version: "1.0.0"\nref: b\n')
    node = s.node(etcd=etcd)
    node.prove("b", DOCUMENT, "1.0.0")
    etcd.set_schema("b", marking("1.1.0", 2))
    refused(node, "b")
    equal((made_by(node, "a"), made_by(node, "b")), (1, 1), "made_by")
    etcd.delete("/flume/canaries/a")
    node.wait_schema("b", version="1.1.0")


def a_broken_document_is_told_and_changes_nothing(s):
    etcd, node = started(s)
    set_cases(etcd, "a", "cases: [{inputs: {}}]\n")
    node.wait_for("the error", lambda: known(node).get("error"))
    contains(known(node)["error"], "/flume/canaries/a:1:", "error")
    etcd.set_schema("a", marking("1.1.0", 2))
    refused(node)
    equal(made_by(node), 1, "made_by")


def a_node_starts_with_them_and_judges_nothing_without(s):
    etcd, node = started(s)
    node.stop()
    etcd.set_schema("a", marking("1.1.0", 2))
    node.start()
    refused(node)
    other = s.node(etcd=etcd)
    refused(other)
    equal(other.process("a", DOCUMENT).status, 404, "what never passed")


def a_node_without_its_store_has_them(s):
    etcd, node = started(s)
    node.kill9()
    etcd.stop()
    node.start()
    equal(known(node)["cases"], 1, "cases from disk")
    equal(made_by(node), 1, "made_by")
    etcd.start()
    etcd.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", timeout=30, state="rejected", stage="canary")


def a_folder_of_schemas_may_have_one_of_cases(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = s.node(folder=folder)
    node.prove("a", DOCUMENT, "1.0.0")
    os.mkdir(os.path.join(folder.path, "canaries"))
    s.file(os.path.join(folder.path, "canaries", "a.yaml"), wants(1))
    node.wait_for("it knows them", lambda: known(node).get("cases") == 1)
    folder.set_schema("a", marking("1.1.0", 2))
    refused(node)
    equal(list(node.status()["schemas"]), ["a"], json.dumps(node.status()))
    os.unlink(os.path.join(folder.path, "canaries", "a.yaml"))
    node.wait_schema("a", version="1.1.0")


run(
    what_they_refuse_never_serves,
    what_they_refused_is_tried_again_when_they_change,
    what_runs_is_not_touched_by_new_ones,
    those_of_a_user_are_met_by_what_it_refers_to,
    a_broken_document_is_told_and_changes_nothing,
    a_node_starts_with_them_and_judges_nothing_without,
    a_node_without_its_store_has_them,
    a_folder_of_schemas_may_have_one_of_cases,
)

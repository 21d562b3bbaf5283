"""A schema whose canary cases fail never serves: the running one stays, the status names the case,
and the same text is not tried again, neither when it is put again nor after a restart.  A fixed
text goes; a stream of bad ones opens the update breaker."""

import json

from documents import expecting, marking
from harness import contains, equal, matches, run

BAD = expecting("1.2.0", 100, 90)


def made_by(node):
    return node.process("a", {"id": 1}).json()["made_by"]


def rejected(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.1.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.1.0")
    etcd.set_schema("a", BAD)
    node.wait_schema("a", state="rejected", stage="canary", wanted="1.2.0")
    return etcd, node


def a_failed_case_keeps_the_generation_that_runs(s):
    _, node = rejected(s)
    schema = node.schema("a")
    error = schema["attempted"]["error"]
    for word in ("the mark is as expected", "made_by", "expected 90", "got 100"):
        contains(error, word, "error")
    equal((schema["running"]["version"], schema["running"]["generation"]), ("1.1.0", 1), "running")
    equal(schema["running"]["proven"], True, "proven")
    equal(made_by(node), 1, "made_by")
    assert node.ready()


def the_same_text_is_held_when_it_is_put_again(s):
    etcd, node = rejected(s)
    revision = etcd.set_schema("a", BAD)
    schema = node.wait_schema("a", state="held", revision=revision)
    contains(json.dumps(schema), "known-bad", "status")
    revision = etcd.set_schema("a", BAD + "# with a comment, and bad all the same\n")
    schema = node.wait_schema("a", state="held", revision=revision)
    contains(json.dumps(schema), "known-bad", "status")
    equal(made_by(node), 1, "made_by")


def the_same_text_is_held_after_a_restart(s):
    _, node = rejected(s)
    node.kill9()
    node.start()
    schema = node.wait_schema("a", state="held", wanted="1.2.0", version="1.1.0")
    contains(json.dumps(schema), "known-bad", "status")
    equal(made_by(node), 1, "made_by")
    assert node.ready()


def a_fixed_text_goes(s):
    etcd, node = rejected(s)
    etcd.set_schema("a", expecting("1.2.1", 100, 100))
    node.wait_schema("a", version="1.2.1", generation=2)
    equal(made_by(node), 100, "made_by")


def going_back_to_what_runs_is_no_change(s):
    etcd, node = rejected(s)
    revision = etcd.set_schema("a", marking("1.1.0", 1))
    schema = node.wait_schema("a", state="running", revision=revision)
    equal(schema["running"]["generation"], 1, "generation")


def a_case_that_hangs_is_a_failed_case(s):
    etcd, node = rejected(s)
    text = (
        'version: "1.3.0"\n'
        "components: {processors: {never: {kind: require, fields: [never]}}}\n"
        "type: retry\n"
        "attempts: 100\n"
        "backoff: 10m\n"
        "child: {ref: never}\n"
        "canary:\n"
        "  max_latency: 200ms\n"
        "  cases:\n"
        "    - {name: it hangs, input: {id: 1}, expect_error: never}\n"
    )
    etcd.set_schema("a", text)
    schema = node.wait_schema("a", state="rejected", stage="canary", wanted="1.3.0")
    contains(schema["attempted"]["error"], "it hangs", "error")
    equal(made_by(node), 1, "made_by")


def every_kind_of_expectation_is_checked(s):
    etcd = s.etcd()
    node = s.node(etcd=etcd)
    parts = (
        "components:\n"
        "  processors:\n"
        "    validate: {kind: require, fields: [total]}\n"
        "    forget: {kind: drop}\n"
        "  predicates:\n"
        "    is-test: {kind: equals, field: tier, value: test}\n"
        "type: sequence\n"
        "children:\n"
        "  - ref: validate\n"
        "  - {type: filter, predicate: is-test, then: {ref: forget}}\n"
        "canary:\n"
        "  cases:\n"
    )
    cases = (
        ("{input: {id: 1, total: 1}, expect: {total: 1}}", True),
        ("{input: {id: 1, total: 1}, expect: {total: 2}}", False),
        ("{input: {id: 1, total: 1}, expect: {absent: 2}}", False),
        ("{input: {id: 1}, expect_error: total}", True),
        ("{input: {id: 1}, expect_error: nothing like it}", False),
        ("{input: {id: 1, total: 1}, expect_error: total}", False),
        ("{input: {id: 1, total: 1, tier: test}, expect_dropped: true}", True),
        ("{input: {id: 1, total: 1}, expect_dropped: true}", False),
        ("{input: {id: 1, total: 1, tier: test}, expect: {id: 1}}", False),
        ("{input: {id: 1}, expect: {id: 1}}", False),
    )
    for k, (case, good) in enumerate(cases, 1):
        version = f"1.0.{k}"
        etcd.set_schema(f"s{k}", f'version: "{version}"\n{parts}    - {case}\n')
        if good:
            node.wait_schema(f"s{k}", version=version)
        else:
            node.wait_schema(f"s{k}", state="rejected", stage="canary", version=None)


def bad_after_bad_opens_the_update_breaker(s):
    etcd, node = rejected(s)
    texts = [expecting(f"1.3.{k}", 100, k) for k in range(20)]
    for k, text in enumerate(texts):
        revision = etcd.set_schema("a", text)
        state = node.wait_for(
            f"a verdict on 1.3.{k}",
            lambda wanted=revision: matches(node.schema("a"), revision=wanted)
            and node.schema("a")["state"] in ("rejected", "held")
            and node.schema("a")["state"],
        )
        if state == "held":
            break
    contains(json.dumps(node.schema("a")), "update-breaker", "status after twenty bad ones")
    revision = etcd.set_schema("a", marking("1.4.0", 4))
    schema = node.wait_schema("a", state="held", revision=revision, version="1.1.0")
    contains(json.dumps(schema), "update-breaker", "status of a good one while it is open")
    equal(made_by(node), 1, "made_by")
    etcd.set_schema("b", marking("1.0.0", 5))
    node.wait_schema("b", version="1.0.0")


run(
    a_failed_case_keeps_the_generation_that_runs,
    the_same_text_is_held_when_it_is_put_again,
    the_same_text_is_held_after_a_restart,
    a_fixed_text_goes,
    going_back_to_what_runs_is_no_change,
    a_case_that_hangs_is_a_failed_case,
    every_kind_of_expectation_is_checked,
    bad_after_bad_opens_the_update_breaker,
)

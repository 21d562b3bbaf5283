"""After the swap a schema is watched on live traffic: too many errors take the node back to the
generation before, without losing a request; too few requests give no verdict and keep it; enough
good ones prove it."""

import itertools
import json

from documents import LONG, marking, requiring
from harness import contains, equal, run

STRICT = "{duration: 60s, min_requests: 20, max_error_rate: 10%}"


def started(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.0.0")
    return etcd, node


def send(node, count, documents):
    """Returns the versions that answered."""
    return [
        (answer.status, answer.version)
        for answer in (
            node.process("a", document)
            for document in itertools.islice(itertools.cycle(documents), count)
        )
    ]


def too_many_live_errors_roll_back(s):
    etcd, node = started(s)
    bad = requiring("1.1.0", "total", STRICT)
    etcd.set_schema("a", bad)
    node.wait_schema("a", version="1.1.0", state="probation", proven=False)

    def rolled_back():
        send(node, 5, [{"id": 1}])
        return node.schema("a").get("state") == "rolled-back"

    node.wait_for("rolled back", rolled_back)
    schema = node.schema("a")
    equal((schema["running"]["version"], schema["running"]["proven"]), ("1.0.0", True), "running")
    equal(schema["wanted"]["version"], "1.1.0", "wanted")
    attempted = schema["attempted"]
    equal((attempted["version"], attempted["stage"]), ("1.1.0", "probation"), "attempted")
    contains(attempted["error"], "%", "error")
    equal(set(send(node, 10, [{"id": 1}])), {(200, "1.0.0")}, "answers")
    assert node.ready()
    revision = etcd.set_schema("a", bad)
    schema = node.wait_schema("a", state="held", revision=revision, version="1.0.0")
    contains(json.dumps(schema), "known-bad", "status")
    etcd.set_schema("a", marking("1.1.1", 3))
    node.prove("a", {"id": 1}, "1.1.1")


def a_roll_back_survives_a_restart(s):
    etcd, node = started(s)
    etcd.set_schema("a", requiring("1.1.0", "total", STRICT))
    node.wait_schema("a", version="1.1.0", state="probation")
    send(node, 40, [{"id": 1}])
    node.wait_schema("a", state="rolled-back")
    node.restart()
    schema = node.wait_schema("a", wanted="1.1.0", version="1.0.0", state="held")
    contains(json.dumps(schema), "known-bad", "status")


def a_roll_back_loses_no_request(s):
    etcd, node = started(s)

    def check(answer):
        if answer.version == "1.1.0":  # its errors are its own doing, and its answers whole
            assert answer.status == 422, answer
        else:
            assert answer.status == 200 and answer.json()["made_by"] == 1, answer

    load = s.load(node, "a", {"id": 1}, rate=400, threads=8, check=check)
    etcd.set_schema("a", requiring("1.1.0", "total", STRICT))
    node.wait_schema("a", state="rolled-back", version="1.0.0")
    so_far = load.sent()
    node.wait_for("some more answers", lambda: load.sent() > so_far + 50)
    summary = load.stop()
    # The generation before may come back under its old number: only that may look like a step back.
    equal((summary.failed, summary.mixed), (0, 0), f"faults in {summary}")
    assert node.process("a", {"id": 1}).version == "1.0.0"


def few_requests_give_no_verdict_and_keep_it(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.1.0", 2, "{duration: 300ms, min_requests: 50}"))
    node.wait_schema("a", version="1.1.0", state="probation")
    send(node, 3, [{"id": 1}])
    schema = node.wait_schema("a", version="1.1.0", state="running", generation=2)
    contains(json.dumps(schema) + node.log_text(), "inconclusive", "status and log")
    equal(set(send(node, 3, [{"id": 1}])), {(200, "1.1.0")}, "answers")


def few_bad_requests_give_no_verdict_either(s):
    etcd, node = started(s)
    probation = "{duration: 300ms, min_requests: 50, max_error_rate: 1%}"
    etcd.set_schema("a", requiring("1.1.0", "total", probation))
    node.wait_schema("a", version="1.1.0", state="probation")
    equal(set(send(node, 3, [{"id": 1}])), {(422, "1.1.0")}, "answers")
    node.wait_schema("a", version="1.1.0", state="running", generation=2)


def a_good_one_becomes_proven(s):
    etcd, node = started(s)
    probation = "{duration: 500ms, min_requests: 20, max_error_rate: 10%}"
    etcd.set_schema("a", requiring("1.1.0", "total", probation))
    node.wait_schema("a", version="1.1.0", state="probation", proven=False)
    # One error in twenty is below the limit of one in ten.
    documents = [{"total": 1}] * 19 + [{"id": 1}]

    def proven():
        send(node, 20, documents)
        found = node.schema("a")
        return found["running"]["proven"] and found

    schema = node.wait_for("proven", proven)
    equal((schema["state"], schema["running"]["version"]), ("running", "1.1.0"), "schema")


def errors_that_were_there_before_are_not_held_against_it(s):
    etcd = s.etcd()
    inconclusive = "{duration: 100ms, min_requests: 1000000}"
    etcd.set_schema("a", requiring("1.0.0", "total", inconclusive))
    node = s.node(etcd=etcd)
    node.wait_schema("a", version="1.0.0", state="running")
    equal(set(send(node, 60, [{"id": 1}])), {(422, "1.0.0")}, "answers of the one before")
    probation = "{duration: 500ms, min_requests: 20, max_error_rate: 10%}"
    etcd.set_schema("a", requiring("1.1.0", "total", probation))
    node.wait_schema("a", version="1.1.0", state="probation")
    send(node, 40, [{"id": 1}, {"total": 1}])
    node.wait_schema("a", version="1.1.0", state="running")


def a_newer_change_ends_a_probation(s):
    etcd, node = started(s)
    for k in (1, 2, 3):
        etcd.set_schema("a", marking(f"1.1.{k}", k, LONG))
        node.wait_schema("a", version=f"1.1.{k}", state="probation", generation=k + 1)
    etcd.set_schema("a", marking("1.2.0", 9))
    node.prove("a", {"id": 1}, "1.2.0")


def a_rollback_out_of_a_chain_goes_to_what_was_proven(s):
    etcd, node = started(s)
    etcd.set_schema("a", marking("1.1.0", 2, LONG))
    node.wait_schema("a", version="1.1.0", state="probation")
    etcd.set_schema("a", requiring("1.2.0", "total", STRICT))
    node.wait_schema("a", version="1.2.0", state="probation")
    send(node, 40, [{"id": 1}])
    schema = node.wait_schema("a", state="rolled-back")
    equal(schema["running"]["version"], "1.0.0", "running: 1.1.0 was never proven")


run(
    too_many_live_errors_roll_back,
    a_roll_back_survives_a_restart,
    a_roll_back_loses_no_request,
    few_requests_give_no_verdict_and_keep_it,
    few_bad_requests_give_no_verdict_either,
    a_good_one_becomes_proven,
    errors_that_were_there_before_are_not_held_against_it,
    a_newer_change_ends_a_probation,
    a_rollback_out_of_a_chain_goes_to_what_was_proven,
)

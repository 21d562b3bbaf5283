"""Before the swap a share of the live documents also runs through the candidate, with its effects
held back: too many that end otherwise refuse it, and no client notices any of it."""

import json

from documents import LONG, marking
from harness import contains, equal, run

# Over soon, and not before there is a verdict.
QUICK_SHADOW = "{share: 100%, duration: 300ms, min_requests: 20, wait_for_verdict: true}"
LONG_SHADOW = "{share: 100%, duration: 10m, min_requests: 20}"


def shadowed(version, mark, shadow, more=""):
    return marking(version, mark) + f"  shadow: {shadow}\n{more}"


def started(s, args=()):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd, args=args)
    node.prove("a", {"id": 1}, "1.0.0")
    return etcd, node


def load(s, node, check=None):
    def by_the_first(answer):
        assert (answer.status, answer.version) == (200, "1.0.0"), answer
        assert answer.json()["made_by"] == 1, answer.text

    return s.load(node, "a", {"id": 1, "name": "Mrs Miller"}, rate=200, check=check or by_the_first)


def trial(node):
    return node.schema("a").get("trial", {})


def a_difference_is_refused_and_no_client_notices(s):
    etcd, node = started(s)
    clients = load(s, node)
    etcd.set_schema("a", shadowed("1.1.0", 2, LONG_SHADOW))
    schema = node.wait_schema("a", state="rejected", stage="shadow", wanted="1.1.0")
    error = schema["attempted"]["error"]
    contains(error, "live documents ended otherwise than now", "error")
    contains(error, "made_by: another number", "error")
    assert "Miller" not in node.log_text() + json.dumps(node.status())
    equal((schema["running"]["version"], schema["running"]["generation"]), ("1.0.0", 1), "running")
    clients.stop_clean(at_least=10)
    revision = etcd.set_schema("a", shadowed("1.1.0", 2, LONG_SHADOW))
    held = node.wait_schema("a", state="held", revision=revision)
    contains(json.dumps(held), "known-bad", "status")


def an_equal_one_is_swapped_in_after_its_time(s):
    etcd, node = started(s)

    def by_either(answer):
        assert answer.status == 200 and answer.json()["made_by"] == 1, answer

    clients = load(s, node, by_either)
    etcd.set_schema("a", shadowed("1.1.0", 1, QUICK_SHADOW))
    schema = node.wait_schema("a", version="1.1.0")
    equal(schema["running"]["shadow"], "passed", "verdict")
    clients.stop_clean(at_least=10)


def what_is_under_way_is_shown_with_its_counts(s):
    etcd, node = started(s)
    etcd.set_schema("a", shadowed("1.1.0", 1, LONG_SHADOW))
    node.wait_for("the shadow", lambda: trial(node).get("stage") == "shadow")
    schema = node.schema("a")
    equal((schema["state"], schema["reason"]), ("waiting", "shadow"), "state")
    clients = load(s, node)
    node.wait_for("counts", lambda: trial(node).get("compared", 0) > 10)
    equal(trial(node)["differed"], 0, "differed")
    contains(node.get("/metrics").text, 'flume_trial_documents{schema="a",stage="shadow"', "metrics")
    clients.stop_clean()


def without_documents_there_is_no_verdict_and_it_goes_on(s):
    etcd, node = started(s)
    etcd.set_schema("a", shadowed("1.1.0", 2, "{duration: 200ms}"))
    schema = node.wait_schema("a", version="1.1.0")
    equal(schema["running"]["shadow"], "inconclusive", "verdict")


def what_may_differ_is_left_out(s):
    etcd, node = started(s)

    def by_either(answer):
        assert answer.status == 200, answer

    clients = load(s, node, by_either)
    except_ = QUICK_SHADOW.replace("}", ", except: [made_by]}")
    etcd.set_schema("a", shadowed("1.1.0", 2, except_))
    schema = node.wait_schema("a", version="1.1.0")
    equal(schema["running"]["shadow"], "passed", "verdict")
    clients.stop_clean()


def a_shadow_sends_nothing_and_counts_as_no_traffic(s):
    path = s.file("audit.ndjson", "")
    config = s.file(
        "agent.yaml", f"components: {{channels: {{audit: {{kind: file, path: {path}}}}}}}\n"
    )
    etcd = s.etcd()
    text = 'version: "{}"\nstream: audit\ncanary:\n  probation: {}\n  shadow: {}\n'
    etcd.set_schema("a", text.format("1.0.0", LONG, QUICK_SHADOW))
    node = s.node(etcd=etcd, args=["--config", config])
    node.wait_schema("a", version="1.0.0")
    etcd.set_schema("a", text.format("1.1.0", LONG, LONG_SHADOW))
    node.wait_for("the shadow", lambda: trial(node).get("stage") == "shadow")
    for k in range(30):
        equal(node.process("a", {"id": k}).status, 200, "status")
    node.wait_for("counts", lambda: trial(node).get("compared") == 30)
    with open(path, encoding="utf-8") as file:
        equal(len(file.readlines()), 30, "lines of the channel")


def a_newer_change_ends_a_shadow(s):
    etcd, node = started(s)
    etcd.set_schema("a", shadowed("1.1.0", 1, LONG_SHADOW))
    node.wait_for("the shadow", lambda: trial(node).get("stage") == "shadow")
    etcd.set_schema("a", marking("1.2.0", 3))
    node.wait_schema("a", version="1.2.0", generation=2)
    equal(trial(node), {}, "trial")


def a_change_over_http_hears_of_it(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = s.node(folder=folder, socket=f"{s.path}/flume.sock")
    node.prove("a", {"id": 1}, "1.0.0")

    def served(answer):
        assert answer.status == 200, answer

    clients = load(s, node, served)
    text = shadowed("1.1.0", 2, LONG_SHADOW)
    answer = node.request_locally(
        "PUT", "/schemas/a", text, {"Content-Type": "application/yaml"}
    )
    equal(answer.status, 422, "status")
    equal(answer.json()["code"], "shadow", "code")
    clients.stop_clean()


run(
    a_difference_is_refused_and_no_client_notices,
    an_equal_one_is_swapped_in_after_its_time,
    what_is_under_way_is_shown_with_its_counts,
    without_documents_there_is_no_verdict_and_it_goes_on,
    what_may_differ_is_left_out,
    a_shadow_sends_nothing_and_counts_as_no_traffic,
    a_newer_change_ends_a_shadow,
    a_change_over_http_hears_of_it,
)

"""A schema may ask that its canary cases end as they do on the generation that runs, but for listed
paths; a case may name the whole document, and have a limit of its own."""

from documents import marking
from harness import contains, equal, run

PRICING = """\
version: "{version}"
components:
  processors:
    price: {{kind: set, fields: {{total: {total}, made_by: "{version}"}}}}
type: sequence
children:
  - {{stream: audit}}
  - ref: price
canary:
  compare: {compare}
  cases:
    - name: an order
      input: {{id: 1}}
      {expect}
  probation: {{duration: 100ms, min_requests: 1, max_error_rate: 100%}}
"""

EXCEPT = "{with: running, except: [made_by]}"


def pricing(version, total, compare=EXCEPT, expect=""):
    return PRICING.format(version=version, total=total, compare=compare, expect=expect)


def started(s):
    path = s.file("audit.ndjson", "")
    config = s.file(
        "agent.yaml", f"components: {{channels: {{audit: {{kind: file, path: {path}}}}}}}\n"
    )
    etcd = s.etcd()
    etcd.set_schema("a", pricing("1.0.0", 10))
    node = s.node(etcd=etcd, args=["--config", config])
    node.wait_schema("a", version="1.0.0")
    return etcd, node, path


def lines(path):
    with open(path, encoding="utf-8") as file:
        return len(file.readlines())


def with_nothing_that_runs_there_is_nothing_to_compare(s):
    _, node, _ = started(s)
    contains(node.log_text(), "nothing runs that the canary could be compared with", "log")


def another_output_is_refused_with_what_differs(s):
    etcd, node, path = started(s)
    etcd.set_schema("a", pricing("1.1.0", 11))
    schema = node.wait_schema("a", state="rejected", stage="canary", version="1.0.0")
    error = schema["attempted"]["error"]
    contains(error, "case 'an order': not as version 1.0.0, which runs", "error")
    contains(error, "total: expected 10, got 11", "error")
    assert "made_by" not in error, error
    equal(node.process("a", {"id": 1}).json()["total"], 10, "total")
    equal(lines(path), 1, "lines of the channel: the client's alone")


def what_is_listed_may_differ(s):
    etcd, node, _ = started(s)
    etcd.set_schema("a", pricing("1.1.0", 10))
    node.wait_schema("a", version="1.1.0")
    etcd.set_schema("a", pricing("1.2.0", 10, compare="running"))
    schema = node.wait_schema("a", state="rejected", stage="canary", version="1.1.0")
    contains(schema["attempted"]["error"], 'made_by: expected "1.1.0", got "1.2.0"', "error")


def a_comparison_does_not_count_as_traffic(s):
    etcd, node, _ = started(s)
    etcd.set_schema("a", pricing("1.1.0", 10))
    node.wait_schema("a", version="1.1.0")
    metrics = node.get("/metrics").text
    contains(metrics, 'flume_pipeline_requests_total{schema="a",outcome="ok"} 0', "metrics")


def a_whole_document_and_a_limit_of_a_case_are_checked(s):
    etcd, node, _ = started(s)
    exact = 'expect_exact: {id: 1.0, total: 10, made_by: "1.1.0"}'
    etcd.set_schema("a", pricing("1.1.0", 10, expect=exact))
    node.wait_schema("a", version="1.1.0")
    etcd.set_schema("a", pricing("1.2.0", 10, expect="expect_exact: {total: 10}"))
    schema = node.wait_schema("a", state="rejected", stage="canary", version="1.1.0")
    contains(schema["attempted"]["error"], "id: expected nothing, got 1", "error")
    etcd.set_schema("a", pricing("1.3.0", 10, expect="max_latency: 1ns"))
    schema = node.wait_schema("a", state="rejected", wanted="1.3.0")
    contains(schema["attempted"]["error"], "at most 1e-06 ms allowed", "error")


def flume_test_compares_with_a_file(s):
    old = s.file("old/a.yaml", marking("1.0.0", 1))
    text = marking("1.1.0", 2) + "  compare: running\n  cases: [{input: {id: 1}}]\n"
    new = s.file("new/a.yaml", text)
    alone = s.flume("test", new)
    equal(alone.code, 0, "exit code without --against")
    contains(alone.err, "SKIPPED a: compare", "stderr")
    beside = s.flume("test", "--against", old, new)
    equal(beside.code, 1, "exit code with --against")
    contains(beside.out, "made_by: expected 1, got 2", "stdout")


run(
    with_nothing_that_runs_there_is_nothing_to_compare,
    another_output_is_refused_with_what_differs,
    what_is_listed_may_differ,
    a_comparison_does_not_count_as_traffic,
    a_whole_document_and_a_limit_of_a_case_are_checked,
    flume_test_compares_with_a_file,
)

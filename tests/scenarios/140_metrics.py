"""/metrics is valid Prometheus text, has the metrics that alerts are built on, and they move as
they should: the success gauge falls with a bad schema, stays down while it is wanted, and comes
back, also when the recovery is a return to what runs."""

import re

from documents import LONG, expecting, marking, requiring
from harness import Failed, contains, equal, run

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SUCCESS = "flume_schema_last_update_successful"
STAMP = "flume_schema_last_update_success_timestamp_seconds"


def scraped(node):
    """{name: [(labels, value)]}; every line has to be right."""
    answer = node.get("/metrics")
    equal(answer.status, 200, "status")
    contains(answer.header("Content-Type"), "text/plain", "content type")
    found, types = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in types:
                raise Failed(f"two TYPE lines for {name}")
            types[name] = kind
        elif line and not line.startswith("# HELP "):
            match = SAMPLE.match(line)
            if not match:
                raise Failed(f"not Prometheus text: {line!r}")
            name, labels, value = match.groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            if name not in types and family not in types:
                raise Failed(f"no TYPE before {line!r}")
            labels = dict(LABEL.findall(labels or ""))
            samples = found.setdefault(name, [])
            if any(known == labels for known, _ in samples):
                raise Failed(f"twice: {line!r}")
            samples.append((labels, float(value)))
    return found


def value(metrics, name, **labels):
    """The sum over the samples that have these labels."""
    if name not in metrics:
        raise Failed(f"no metric {name} among {sorted(metrics)}")
    return sum(
        number
        for found, number in metrics[name]
        if all(found.get(key) == wanted for key, wanted in labels.items())
    )


def named(metrics, pattern):
    """The one name that fits."""
    fits = [name for name in metrics if re.search(pattern, name)]
    if not fits:
        raise Failed(f"no metric like {pattern} among {sorted(metrics)}")
    return fits[0]


def started(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd)
    node.prove("a", {"id": 1}, "1.0.0")
    return etcd, node


def success(node):
    """1 when all is well: there is one for each schema."""
    return min(number for _, number in scraped(node)[SUCCESS])


def newest_success(node):
    return max(number for _, number in scraped(node)[STAMP])


def the_success_gauge_falls_and_comes_back(s):
    etcd, node = started(s)
    equal(success(node), 1, "after a good one")
    first = newest_success(node)
    assert first > 1_700_000_000, first
    etcd.set_schema("a", expecting("1.1.0", 1, 2))
    node.wait_schema("a", state="rejected")
    node.wait_for("the gauge is 0", lambda: success(node) == 0)
    etcd.set_schema("b", marking("1.0.0", 1))
    node.wait_schema("b", version="1.0.0")
    equal(success(node), 0, "while a bad one is wanted, though another was good")
    revision = etcd.set_schema("a", marking("1.0.0", 1))
    node.wait_schema("a", state="running", revision=revision)
    node.wait_for("the gauge is 1: it runs what is wanted", lambda: success(node) == 1)
    etcd.set_schema("a", "type: [\n")
    node.wait_for("the gauge is 0", lambda: success(node) == 0)
    etcd.set_schema("a", marking("1.2.0", 2))
    node.wait_for("the gauge is 1", lambda: success(node) == 1)
    assert newest_success(node) >= first
    etcd.set_schema("c", "type: [\n")
    node.wait_for("the gauge is 0", lambda: success(node) == 0)
    etcd.delete_schema("c")
    node.wait_for("the gauge is 1: the bad one is gone", lambda: success(node) == 1)


def updates_are_counted_by_outcome(s):
    etcd, node = started(s)

    def counts():
        samples = scraped(node)["flume_schema_update_total"]
        return {labels["outcome"]: int(n) for labels, n in samples if labels["schema"] == "a" and n}

    before = counts()
    assert sum(before.values()) >= 1, before
    etcd.set_schema("a", expecting("1.1.0", 1, 2))
    node.wait_schema("a", state="rejected")
    node.wait_for("a rejection is counted", lambda: counts().get("rejected") == 1, describe=counts)
    etcd.set_schema("a", marking("1.2.0", 2))
    node.prove("a", {"id": 1}, "1.2.0")
    after = counts()
    equal(after["rejected"], 1, "rejected")
    assert sum(after.values()) >= sum(before.values()) + 2, (before, after)


def requests_errors_and_durations_are_counted(s):
    etcd = s.etcd()
    etcd.set_schema("a", requiring("1.0.0", "id", LONG))
    node = s.node(etcd=etcd)
    node.wait_schema("a", generation=1)
    for i in range(30):
        node.process("a", {"id": 1} if i % 3 else {})
    metrics = scraped(node)
    equal(value(metrics, "flume_pipeline_requests_total", schema="a"), 30, "requests")
    equal(value(metrics, "flume_pipeline_errors_total", schema="a"), 10, "errors")
    equal(value(metrics, "flume_pipeline_duration_seconds_count", schema="a"), 30, "durations")
    buckets = [
        (float(labels["le"].replace("+Inf", "inf")), number)
        for labels, number in metrics["flume_pipeline_duration_seconds_bucket"]
        if labels["schema"] == "a"
    ]
    equal(buckets, sorted(buckets), "buckets")
    equal([number for _, number in buckets], sorted(number for _, number in buckets), "cumulation")
    equal(buckets[-1], (float("inf"), 30), "last bucket")


def generation_and_proved_revision_move(s):
    etcd, node = started(s)
    metrics = scraped(node)
    generation = named(metrics, r"generation$")
    equal(value(metrics, generation, schema="a"), 1, generation)
    proved = named(metrics, r"proved_revision$")
    revision = etcd.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0")
    node.wait_for("generation 2", lambda: value(scraped(node), generation, schema="a") == 2)
    node.wait_for("the revision is proved", lambda: value(scraped(node), proved) >= revision)


def a_retired_schema_is_no_longer_a_series(s):
    etcd, node = started(s)
    etcd.set_schema("b", marking("1.0.0", 1))
    node.wait_schema("b", version="1.0.0")
    generation = named(scraped(node), r"generation$")
    etcd.delete_schema("b")
    node.wait_for(
        "b is gone",
        lambda: "b" not in [labels.get("schema") for labels, _ in scraped(node)[generation]],
    )


run(
    the_success_gauge_falls_and_comes_back,
    updates_are_counted_by_outcome,
    requests_errors_and_durations_are_counted,
    generation_and_proved_revision_move,
    a_retired_schema_is_no_longer_a_series,
)

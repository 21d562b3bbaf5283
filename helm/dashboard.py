"""Writes helm/flume/files/dashboard.json, the dashboard for Grafana: `make helm/flume/files/dashboard.json`.

A panel is a line here; where it lies, its number, and all that Grafana wants to hear besides follow from
that.  tests/chart/alerts.py looks whether what is written is what is said here, and whether the agent has
each metric and label.
"""

import json
import sys

WIDTH, HEIGHT = 24, 8  # of Grafana's grid, and of a panel
OF = 'namespace=~"$namespace", job=~"$job", node=~"$node"'
ALSO = OF + ', schema=~"$schema"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GOOD, ODD, BAD = "green", "orange", "red"


def fill(query):
    """`{}` selects the nodes that are shown, `{+}` their schemas too; more labels may follow either."""
    for mark, labels in (("{+", ALSO), ("{", OF)):
        query = query.replace(mark + "}", "{" + labels + "}").replace(mark + ", ", "{" + labels + ", ")
    return query


def targets(queries, instant, form):
    made = []
    for i, (query, legend) in enumerate(queries):
        made.append({
            "refId": chr(ord("A") + i),
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": fill(query),
            "legendFormat": legend,
            "format": form,
            "instant": instant,
            "range": not instant,
        })  # fmt: skip
    return made


def panel(kind, title, about, queries, width, unit="short", instant=False, **more):
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": SOURCE,
        "targets": targets(queries, instant, {"table": kind, "heatmap": kind}.get(kind, "time_series")),
        "fieldConfig": {"defaults": {"unit": unit, **more.pop("defaults", {})}, "overrides": []},
        "options": more.pop("options", {}),
        "width": width,
        **more,
    }


def number(title, about, query, bad=BAD, **more):
    """A figure that is green at 0; `bad` None: one that is neither good nor bad."""
    steps = [{"color": GOOD, "value": None}]
    if bad:
        steps.append({"color": bad, "value": 1})
    return panel(
        "stat", title, about, [(query, "")], 4, instant=True, height=4,
        defaults={"thresholds": {"mode": "absolute", "steps": steps}},
        options={"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"}, **more,
    )  # fmt: skip


def lines(title, about, *queries, width=8, unit="short", stack=False, **more):
    custom = {"fillOpacity": 20 if stack else 5, "showPoints": "never", "lineWidth": 1}
    if stack:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    return panel(
        "timeseries", title, about, queries, width, unit,
        defaults={"custom": custom, "min": 0, **more},
        options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    )  # fmt: skip


def table(title, about, query, hidden, width=12):
    away = {name: True for name in ["Time", *hidden]}
    return panel(
        "table", title, about, [(query, "")], width, instant=True,
        transformations=[
            {"id": "organize", "options": {"excludeByName": away}},
        ],
    )  # fmt: skip


def heatmap(title, about, query, width=8):
    return panel(
        "heatmap", title, about, [(query, "{{le}}")], width, unit="s",
        options={"calculate": False, "yAxis": {"unit": "s"}, "cellGap": 1, "color": {"scheme": "Spectral"}},
    )  # fmt: skip


def quantile(q):
    buckets = "sum by (schema, le) (rate(flume_pipeline_duration_seconds_bucket{+}[$__rate_interval]))"
    return f"histogram_quantile({q}, {buckets})"


ROWS = {
    "Fleet": [
        number("Agents", "That are scraped.", "count(flume_build_info{})", bad=None),
        number("Not ready", "A wanted schema does not serve.", "count(flume_ready{} == 0) or vector(0)"),
        number("Blind", "Have not heard from their source for too long.", "count(flume_blind{} == 1) or vector(0)"),
        number("Not as wanted", "Schemas on nodes where they are rejected, rolled back or held.",
               'count(flume_schema_state{+, state=~"rejected|rolled-back|held"}) or vector(0)'),
        number("Disks not writable", "Last known good cannot be kept.", "count(flume_disk_ok{} == 0) or vector(0)"),
        number("Alerts", "Of Flume, that fire.",
               'count(ALERTS{alertname=~"Flume.*", alertstate="firing"}) or vector(0)', bad=ODD),
        lines("Versions of schemas", "How many nodes serve each.",
              ("count by (schema, version) (flume_schema_info{+})", "{{schema}} {{version}}"), stack=True),
        lines("States", "Of schemas on nodes.",
              ("count by (state) (flume_schema_state{+})", "{{state}}"), stack=True),
        lines("Versions of the agent", "How many nodes run each.",
              ("count by (version) (flume_build_info{})", "{{version}}"), stack=True),
        table("What is served", "Versions and digests with the number of their nodes.",
              "count by (schema, version, digest) (flume_schema_info{+})", []),
        table("Nodes that are not where they should be", "With the reason; `flume explain NODE NAME` has all of it.",
              'max by (node, instance, schema, state, reason) (flume_schema_state{+, state!~"running|probation"})',
              ["Value"]),
    ],
    "Requests": [
        lines("Calls", "Of each schema.",
              ("sum by (schema) (rate(flume_pipeline_requests_total{+}[$__rate_interval]))", "{{schema}}"), unit="reqps"),
        lines("Errors", "Share of calls that were neither answered nor dropped.",
              ("sum by (schema) (rate(flume_pipeline_errors_total{+}[$__rate_interval])) / "
               "sum by (schema) (rate(flume_pipeline_requests_total{+}[$__rate_interval]))", "{{schema}}"),
              unit="percentunit"),
        lines("Outcomes that are no answer", "Of calls.",
              ('sum by (schema, outcome) (rate(flume_pipeline_requests_total{+, outcome!~"ok|dropped"}[$__rate_interval])) > 0',
               "{{schema}} {{outcome}}"), unit="reqps"),
        lines("Duration", "Within which half and 99 % of the calls ended.",
              (quantile(0.5), "{{schema}} p50"), (quantile(0.99), "{{schema}} p99"), unit="s"),
        heatmap("Durations", "How many calls a second took how long.",
                "sum by (le) (increase(flume_pipeline_duration_seconds_bucket{+}[$__rate_interval]))"),
        lines("HTTP answers", "By status.",
              ("sum by (code) (rate(flume_http_requests_total{}[$__rate_interval]))", "{{code}}"), unit="reqps", stack=True),
    ],
    "Changes": [
        lines("What became of changes", "On all nodes.",
              ('sum by (outcome) (increase(flume_schema_update_total{+, outcome!~"unchanged|ignored"}[$__rate_interval])) > 0',
               "{{outcome}}")),
        lines("Swaps and rollbacks", "Of each schema.",
              ('sum by (schema) (increase(flume_schema_update_total{+, outcome="applied"}[$__rate_interval]))', "{{schema}} applied"),
              ('sum by (schema) (increase(flume_schema_update_total{+, outcome="rolled_back"}[$__rate_interval]))',
               "{{schema}} rolled back")),
        lines("Trials under way", "Documents of shadows and live canaries.",
              ("sum by (schema, stage, result) (flume_trial_documents{+})", "{{schema}} {{stage}} {{result}}")),
        lines("Not as wanted", "Nodes on which the last update was not successful.",
              ("count by (schema) (flume_schema_last_update_successful{+} == 0)", "{{schema}}")),
        lines("Since the last success", "The node on which it is longest ago.",
              ("max by (schema) (time() - flume_schema_last_update_success_timestamp_seconds{+})", "{{schema}}"), unit="s"),
        lines("Update breakers that are open", "Nodes.",
              ("sum by (schema) (flume_schema_update_breaker_open{+})", "{{schema}}")),
    ],
    "Source": [
        lines("Age of the last proof", "The ten nodes where it is oldest.",
              ("topk(10, time() - flume_proved_timestamp_seconds{})", "{{node}} {{instance}}"), unit="s"),
        lines("Blind, and cut off", "Nodes.",
              ("sum(flume_blind{})", "blind"), ("count(flume_source_up{} == 0) or vector(0)", "source down")),
        lines("Revision", "Up to which nothing is missing: first and last of the nodes.",
              ("max(flume_proved_revision{})", "first"), ("min(flume_proved_revision{})", "last"), unit="none"),
    ],
    "Channels": [
        lines("Documents", "By what became of them.",
              ("sum by (channel, outcome) (rate(flume_channel_documents_total{}[$__rate_interval]))", "{{channel}} {{outcome}}")),
        lines("Queues", "How full: the fullest of each channel.",
              ("max by (channel) (flume_channel_queue_documents{} / flume_channel_queue_limit_documents{})", "{{channel}} documents"),
              ("max by (channel) (flume_channel_queue_bytes{} / flume_channel_queue_limit_bytes{})", "{{channel}} bytes"),
              unit="percentunit", max=1),
        lines("Retries", "Of deliveries.",
              ("sum by (channel) (rate(flume_channel_retries_total{}[$__rate_interval]))", "{{channel}}")),
    ],
    "Process": [
        lines("Memory", "Of what may be used: the ten nodes with the most.",
              ("topk(10, flume_memory_used_bytes{} / flume_memory_limit_bytes{})", "{{node}} {{instance}}"), unit="percentunit"),
        lines("Resident memory", "The ten nodes with the most.",
              ("topk(10, process_resident_memory_bytes{} and on (namespace, job, instance) flume_build_info{})", "{{node}} {{instance}}"), unit="bytes"),
        lines("Processors", "The ten nodes with the most.",
              ("topk(10, rate(process_cpu_seconds_total{}[$__rate_interval]) and on (namespace, job, instance) flume_build_info{})",
               "{{node}} {{instance}}")),
    ],
}  # fmt: skip


def place(rows):
    """Panels from left to right; a row of them begins anew where there is no room."""
    placed, x, y, deep = [], 0, 0, 0
    for title, panels in rows.items():
        y, x, deep = y + deep, 0, 0
        placed.append({
            "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
        })  # fmt: skip
        y += 1
        for made in map(dict, panels):
            width, height = made.pop("width"), made.pop("height", HEIGHT)
            if x + width > WIDTH:
                x, y, deep = 0, y + deep, 0
            placed.append({**made, "gridPos": {"h": height, "w": width, "x": x, "y": y}})
            x, deep = x + width, max(deep, height)
    return [{"id": i + 1, **made} for i, made in enumerate(placed)]


def variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def dashboard():
    of_job = 'namespace=~"$namespace", job=~"$job"'
    return {
        "uid": "flume",
        "title": "Flume",
        "description": "Nodes that keep JSON pipelines in step with their source.",
        "tags": ["flume"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}},
            variable("namespace", "Namespace", "label_values(flume_build_info, namespace)"),
            variable("job", "Job", 'label_values(flume_build_info{namespace=~"$namespace"}, job)'),
            variable("node", "Node", f"label_values(flume_build_info{{{of_job}}}, node)"),
            variable("schema", "Schema", f'label_values(flume_schema_state{{{of_job}, node=~"$node"}}, schema)'),
        ]},
        "panels": place(ROWS),
    }  # fmt: skip


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1)
    sys.stdout.write("\n")

"""Schemas that more than one scenario uses, and how to read what is said about bad ones."""

import re

from waiting import SLOW

# Soon over, and content with one good answer, so that scenarios need not wait long for verdicts;
# long enough to get that answer in.
QUICK = f"{{duration: {int(125 * SLOW)}ms, min_requests: 1, max_error_rate: 50%}}"
# Never over while a scenario looks at it.
LONG = "{duration: 10m, min_requests: 1000000, max_error_rate: 50%}"

ORDERS = """\
version: "1.2.0"
components:
  processors:
    validate: {kind: require, fields: [id, total]}
    accept:   {kind: set, fields: {status: accepted}}
    forget:   {kind: drop}
  predicates:
    is-test:  {kind: equals, field: tier, value: test}
type: sequence
children:
  - ref: validate
  - {type: filter, predicate: is-test, then: {ref: forget}}
  - ref: accept
canary:
  probation: {duration: 100ms, min_requests: 1, max_error_rate: 100%}
"""

ORDER = {"id": 1, "total": 100, "tier": "basic"}


def marking(version, mark, probation=QUICK):
    """Sets made_by: what a document says then names the schema that made it."""
    return f"""\
version: "{version}"
components:
  processors:
    mark: {{kind: set, fields: {{made_by: {mark}}}}}
type: sequence
children:
  - ref: mark
canary:
  probation: {probation}
"""


def bracketed(k):
    """Version 1.0.k, which marks a document at its beginning and at its end with k."""
    return f"""\
version: "1.0.{k}"
components:
  processors:
    open:  {{kind: set, fields: {{made_by: {k}}}}}
    close: {{kind: set, fields: {{made_by_end: {k}}}}}
type: sequence
children:
  - ref: open
  - ref: close
canary:
  cases:
    - input:  {{id: 1}}
      expect: {{made_by: {k}, made_by_end: {k}}}
  probation: {QUICK}
"""


def expecting(version, mark, expected, probation=QUICK):
    """As marking(), with a canary case that wants `expected` there instead."""
    return marking(version, mark, probation) + f"""\
  cases:
    - name: the mark is as expected
      input:  {{id: 1}}
      expect: {{made_by: {expected}}}
"""


def requiring(version, field, probation):
    """Fails every document without the field; no case of its own finds that out."""
    return f"""\
version: "{version}"
components:
  processors:
    validate: {{kind: require, fields: [{field}]}}
type: sequence
children:
  - ref: validate
canary:
  probation: {probation}
"""


def places(attempted):
    """The (line, column) pairs in what /status says was wrong: from `errors`, or from its text."""
    found = {
        (issue["line"], issue["column"])
        for issue in attempted.get("errors", [])
        if issue.get("line")
    }
    for line, column in re.findall(r"\b(\d+):(\d+)\b", attempted.get("error") or ""):
        found.add((int(line), int(column)))
    return found


def said(attempted):
    """All text of what was wrong, the hints included."""
    parts = [attempted.get("error") or ""]
    for issue in attempted.get("errors", []):
        parts += [str(issue.get(key) or "") for key in ("code", "message", "hint")]
    return " ".join(parts)

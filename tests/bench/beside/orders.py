"""The corpus, made once and kept below build/, and the pipeline that the orders go through."""

import json
import os
import subprocess

from beside.running import ROOT, tool

FOLDER = os.path.join(ROOT, "build", "bench")

# parse, then three edits, then a filter, then write.
SCHEMA = """\
version: "1.0.0"
components:
  processors:
    accept:      {kind: set, fields: {status: accepted}}
    say-comment: {kind: rename, fields: {note: comment}}
    trim:        {kind: remove, fields: [internal]}
    leave-out:   {kind: drop}
  predicates:
    is-premium:  {kind: equals, field: customer.tier, value: premium}
    is-ordinary: {kind: not, of: is-premium}
type: sequence
children:
  - ref: accept
  - ref: say-comment
  - ref: trim
  - {type: filter, predicate: is-ordinary, then: {ref: leave-out}}
"""


def corpus(count=200000, seed=1, size=350):
    """The path of so many orders."""
    path = os.path.join(FOLDER, f"orders-{seed}-{count}-{size}.ndjson")
    if not os.path.exists(path):
        words = ["--seed", seed, "--count", count, "--size", size]
        with open(path + ".part", "wb") as out:
            subprocess.run([tool("orders"), *map(str, words)], stdout=out, check=True)
        os.rename(path + ".part", path)
    return path


def stream(count, seed=1, size=350):
    """A process that writes them to a pipe, its stdout."""
    words = ["--seed", seed, "--count", count, "--size", size]
    return subprocess.Popen([tool("orders"), *map(str, words)], stdout=subprocess.PIPE)


def premium_order(path):
    """The first line that the pipeline lets through."""
    with open(path, encoding="utf-8") as file:
        return next(line.rstrip("\n") for line in file if '"tier":"premium"' in line)


# ---- what has to come out ----


def by_value(line):
    """Two texts of the same meaning are the same: numbers are what a double makes of them."""
    return json.loads(line, parse_int=float, parse_float=float)


def by_text(line):
    """As by_value, but numbers are their text."""
    return json.loads(line, parse_int=str, parse_float=str)


def wanted(path, read):
    """What the pipeline makes of the corpus, computed here."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            order = read(line)
            if order["customer"]["tier"] != "premium":
                continue
            order["status"] = "accepted"
            order["comment"] = order.pop("note")
            del order["internal"]
            found.append(order)
    return found


def name_of(order):
    return order["created"], order["customer"]["email"], order["comment"]


class Judge:
    """Whether an output says the same as it should, so that nobody is measured doing less."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.count = sum(1 for _ in file)
        self.values, self.texts = wanted(path, by_value), wanted(path, by_text)

    def size(self):
        """Bytes of one order, on average."""
        return os.path.getsize(self.path) / self.count

    def differs(self, output):
        """Why it is not the same work; None when it is.  A program may change their order."""
        try:
            with open(output, encoding="utf-8") as file:
                found = [by_value(line) for line in file]
            if len(found) != len(self.values):
                return f"{len(found)} documents came out, {len(self.values)} should"
            if found == self.values:
                return None
            found.sort(key=name_of)
            for have, want in zip(found, sorted(self.values, key=name_of)):
                if have != want:
                    return f"{json.dumps(have)[:400]} came out, {json.dumps(want)[:400]} should"
        except (OSError, ValueError, KeyError, TypeError) as why:
            return f"what came out is no order: {why!r}"
        return None

    def numbers_kept(self, output):
        """The share of documents whose numbers left as they came.  Asked of outputs that do not differ."""
        with open(output, encoding="utf-8") as file:
            found = sorted((by_text(line) for line in file), key=name_of)
        same = sum(have == want for have, want in zip(found, sorted(self.texts, key=name_of)))
        return same / max(1, len(found))

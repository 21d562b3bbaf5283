"""Schemas to measure with, as maps and lists, and their YAML: both programs read the same files.

A schema names the processors from p0 on, of 1000 at most, and none twice in a sequence: the original
takes that for a cycle.
"""

import itertools
import os


class Refs:
    """A ref to the next processor each time."""

    def __init__(self):
        self.numbers = itertools.cycle(range(1000))

    def one(self):
        return {"ref": f"p{next(self.numbers)}"}

    def list(self, n):
        return [self.one() for _ in range(n)]


def child(kind, **options):
    return {"type": kind, **options, "child": Refs().one()}


def children(kind, n, **options):
    return {"type": kind, **options, "children": Refs().list(n)}


def flat(nodes):
    return children("sequence", nodes - 1)


def one_each(refs):
    one = refs.one
    yield one()
    yield {"type": "filter", "predicate": "yes", "then": one(), "else": one()}
    yield {"type": "switch", "condition": "word", "routes": {"a": one(), "c": one()}, "default": one()}
    yield {"type": "fallback", "children": refs.list(2)}
    yield {"type": "retry", "attempts": 2, "child": one()}
    yield {"type": "handle", "error_handler": "handler", "child": one()}
    yield {"type": "sequence", "children": refs.list(2)}
    yield {"stream": "buffer"}


def plain_kinds(refs):
    """Once in the sequence itself, and once in a branch of it."""
    yield from one_each(refs)
    yield {"type": "filter", "predicate": "yes", "then": {"type": "sequence", "children": list(one_each(refs))}}


def every_kind(refs):
    yield from plain_kinds(refs)
    yield {"type": "timeout", "duration": "5s", "child": refs.one()}
    yield {"type": "circuit-breaker", "failure_threshold": 3, "child": refs.one()}
    yield {"type": "rate-limit", "requests_per_second": 1000, "child": refs.one()}
    for kind in ("concurrent", "race", "worker-pool", "scaffold"):
        yield {"type": kind, "children": refs.list(2)}
    yield {"type": "contest", "predicate": "yes", "children": refs.list(2)}


def branches(refs):
    yield refs.one()
    yield {"type": "filter", "predicate": "yes", "then": refs.one(), "else": refs.one()}


def count(value):
    if isinstance(value, list):
        return sum(map(count, value))
    if not isinstance(value, dict):
        return 0
    return sum(map(count, value.values())) + any(key in value for key in ("ref", "type", "stream"))


def mixed(kinds, nodes):
    """A sequence of the kinds, again and again, of so many nodes exactly."""
    times, rest = divmod(nodes - 1, count(list(kinds(Refs()))))
    refs, list_ = Refs(), []
    for _ in range(times):
        list_ += kinds(refs)
    return {"type": "sequence", "children": list_ + refs.list(rest)}


def yaml(schema, indent=""):
    lines = []
    for key, value in schema.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *yaml(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{key}:")
            for element in value:
                first, *rest = yaml(element, indent + "    ")
                lines += [f"{indent}  - {first.strip()}", *rest]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


class Folder:
    """Keeps each schema as two files, of version 1 and 2."""

    def __init__(self, path):
        self.path = path
        self.numbers = itertools.count(1)

    def add(self, schema):
        number, names = next(self.numbers), []
        for version in (1, 2):
            names.append(os.path.join(self.path, f"{number}-{version}.yaml"))
            with open(names[-1], "w") as out:
                out.write("\n".join([f'version: "{version}"', *yaml(schema), ""]))
        return names

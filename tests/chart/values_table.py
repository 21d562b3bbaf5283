#!/usr/bin/env python3
"""The table of helm/README.md, from the comments of values.yaml: values_table.py [--write].

A comment that begins with "# --" is the row of the value right below it; a map with rows below it
has none itself.  Without --write it prints the README as it should be."""

import os
import re
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "..", "helm", "README.md")
VALUES = os.path.join(HERE, "..", "..", "helm", "flume", "values.yaml")
BEGIN, END = "<!-- values -->", "<!-- /values -->"


def rows(text):
    """(value, sentence) in the order of the file."""
    path, sentence = [], None
    for line in text.splitlines():
        if found := re.match(r"\s*# -- (.*)", line):
            sentence = found.group(1)
        elif found := re.match(r"( *)([A-Za-z][\w-]*):", line):
            depth = len(found.group(1)) // 2
            path = [*path[:depth], found.group(2)]
            if sentence:
                yield list(path), sentence
            sentence = None


def show(value):
    if value == "":
        return '`""`'
    flow = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False)
    return f"`{flow.removesuffix('...' + chr(10)).strip()}`"


def table():
    with open(VALUES, encoding="utf-8") as file:
        text = file.read()
    values = yaml.safe_load(text)
    yield "| value | default | |"
    yield "|---|---|---|"
    for path, sentence in rows(text):
        value = values
        for key in path:
            value = value[key]
        yield f"| `{'.'.join(path)}` | {show(value)} | {sentence.replace('|', chr(92) + '|')} |"


def undocumented():
    """Values that no row speaks of."""
    with open(VALUES, encoding="utf-8") as file:
        text = file.read()
    told = {".".join(path) for path, _ in rows(text)}

    def missing(node, path):
        if ".".join(path) in told:
            return
        if isinstance(node, dict) and node:
            for key, inner in node.items():
                yield from missing(inner, [*path, key])
        else:
            yield ".".join(path)

    return list(missing(yaml.safe_load(text), []))


def readme():
    with open(README, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    after = rest.partition(END)[2]
    return before + "\n".join([BEGIN, "", *table(), "", END]) + after


def main():
    text = readme()
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(text)
        return
    with open(README, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()

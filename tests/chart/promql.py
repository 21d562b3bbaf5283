"""What an expression of PromQL asks for: its selectors, and the labels that it groups or joins by.

As much of the language as alerts and dashboards need; promtool says whether it is right."""

import collections
import re

Asked = collections.namedtuple("Asked", "selectors labels")
Selector = collections.namedtuple("Selector", "metric matchers")
Matcher = collections.namedtuple("Matcher", "label operator value")

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][\w:]*|[\d.]+\w*|[=!<>~]+|\S')
NAME = re.compile(r"[a-zA-Z_:][\w:]*$")
BEFORE_LABELS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = BEFORE_LABELS | {"and", "or", "unless", "bool", "offset", "inf", "nan"}
DURATION = re.compile(r"[\d.]+\w*$")


def asked(expression):
    tokens = TOKEN.findall(expression)
    selectors, labels, i = [], [], 0
    while i < len(tokens):
        token, following = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
        i += 1
        if token in BEFORE_LABELS and following == "(":
            end = tokens.index(")", i)
            labels += [word for word in tokens[i + 1 : end] if word != ","]
            i = end + 1
        elif NAME.match(token) and token not in WORDS and following not in ("(", "by", "without"):
            matchers = []
            if following == "{":
                end = tokens.index("}", i)
                inside = [word for word in tokens[i + 1 : end] if word != ","]
                matchers = [
                    Matcher(label, operator, value.strip('"'))
                    for label, operator, value in zip(*[iter(inside)] * 3, strict=True)
                ]
                i = end + 1
            selectors.append(Selector(token, matchers))
    return Asked(selectors, labels)

"""What agent/Dockerfile says of the image: parsed, so that whoever builds it otherwise cannot drift from it."""

import os
import re
import shlex

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def instructions():
    """[(word, the rest)], of the last stage, with lines that go on joined."""
    with open(os.path.join(ROOT, "agent", "Dockerfile"), encoding="utf-8") as file:
        text = re.sub(r"^\s*#.*\n", "", file.read(), flags=re.M)
    text = re.sub(r"\\\n\s*", " ", text)
    found = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found = []
        if word:
            found.append((word, rest.strip()))
    return found


def one(word):
    values = [rest for name, rest in instructions() if name == word]
    if len(values) != 1:
        raise ValueError(f"agent/Dockerfile: expected one {word} in the last stage, not {values}")
    return values[0]


def suite():
    """"bookworm" of "debian:bookworm-slim"."""
    match = re.fullmatch(r"debian:(\w+)-slim", one("FROM"))
    if not match:
        raise ValueError(f"agent/Dockerfile: FROM {one('FROM')} is not debian:SUITE-slim")
    return match.group(1)


def steps():
    """The commands of RUN, as lists of words."""
    return [shlex.split(step) for step in one("RUN").split("&&")]


def packages():
    for words in steps():
        if words[:2] == ["apt-get", "install"]:
            return [word for word in words[2:] if not word.startswith("-")]
    raise ValueError("agent/Dockerfile: nothing is installed")


def copies():
    """[(what of the repository or the build stage, where)]."""
    return [tuple(rest.split()[-2:]) for word, rest in instructions() if word == "COPY"]


def labels():
    return dict(
        pair.split("=", 1) for word, rest in instructions() if word == "LABEL" for pair in shlex.split(rest)
    )

"""The table of faults in agent/README.md: 28 of them, and each row names a test that is there."""

import os
import re

from harness import ROOT, Failed, equal, run

ROWS = 28


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rows():
    """The cells of each row."""
    section = read("agent", "README.md").split("\n## When things fail\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def is_there(kind, name, function):
    if kind == "unit":
        return f"START_TEST({function})" in read("tests", "unit", f"{name}.c")
    text = read("tests", "scenarios", f"{name}.py")
    played = text.rsplit("\nrun(", 1)[1]
    return f"def {function}(s):" in text and re.search(rf"\b{function}\b", played)


def each_fault_has_its_test(_):
    found = rows()
    equal(len(found), ROWS, "faults")
    missing = []
    for cells in found:
        equal(len(cells), 5, f"cells of {cells[0]}")
        named = re.findall(r"(unit )?`(\w+):(\w+)`", cells[-1])
        if not named or not all(cells):
            missing.append(f"{cells[0]}: names no test, or has an empty cell")
        for kind, name, function in named:
            try:
                if is_there(kind.strip(), name, function):
                    continue
            except FileNotFoundError:
                pass
            missing.append(f"{cells[0]}: there is no {name}:{function}")
    if missing:
        raise Failed("\n".join(missing))


run(each_fault_has_its_test)

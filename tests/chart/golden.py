"""What Helm makes of each file of ci/, word for word, so that a change of it is seen and meant."""

import difflib
import os

from check import root
from render import CHART, cases, each_helm, helm, template

FOLDER = os.path.join(root(), "tests", "chart", "golden")


def plain(text):
    """Versions of Helm leave other blank lines, and the chart's files are a test of their own."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(lines) + "\n"


def without_files(text):
    """Alerts and dashboard are files that others keep."""
    for name in ("alerts.yaml", "dashboard.json"):
        with open(os.path.join(CHART, "files", name), encoding="utf-8") as file:
            block = [line.rstrip() for line in file if line.strip()]
        lines, wanted = text.split("\n"), [line.strip() for line in block]
        for at in range(len(lines) - len(block) + 1):
            if wanted and [line.strip() for line in lines[at : at + len(block)]] == wanted:
                lines[at : at + len(block)] = [f"# files/{name}"]
                break
        text = "\n".join(lines)
    return text


def compare(name, got):
    path = os.path.join(FOLDER, name)
    if os.environ.get("GOLDEN") == "write":
        os.makedirs(FOLDER, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(got)
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    changes = difflib.unified_diff(wanted.splitlines(), got.splitlines(), path, "now", lineterm="")
    text = "\n".join(changes)
    assert not text, f"GOLDEN=write make chart, if this is meant:\n{text}"


def test_each_helm_renders_each_file_of_ci_as_the_golden_one():
    for program in dict(each_helm()).values():
        for name, path in cases().items():
            code, out, err = template([path], program=program)
            assert code == 0, f"{name}: {err}"
            compare(f"{name}.yaml", without_files(plain(out)))


def test_no_golden_render_is_left_over():
    left = set(os.listdir(FOLDER)) - {f"{name}.yaml" for name in cases()} - {"notes.txt"}
    assert not left, left


def test_helm_lint_is_content():
    for program in dict(each_helm()).values():
        for name, path in cases().items():
            code, out, err = helm(["lint", "--strict", CHART, "-f", path], program)
            assert code == 0, f"{name}: {out}{err}"


def test_notes_say_the_next_commands():
    text = ""
    for name, path in cases().items():
        words = ["install", "flume", CHART, "-n", "pipes", "--dry-run=client", "-f", path]
        code, out, err = helm(words)
        assert code == 0, f"{name}: {err}"
        text += f"== {name}\n" + out.partition("NOTES:\n")[2]
    compare("notes.txt", plain(text))

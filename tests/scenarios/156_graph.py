"""Drawings are what Graphviz and Mermaid read, and show names as they are, whatever is in them."""

import json
import re
import subprocess
import xml.etree.ElementTree

import grammar
from harness import Failed, equal, run

SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = [
    "plain", 'a "b"', "back\\slash", "\\", "\\N \\G \\l", "a\\n b", "<b>bold</b>", "&amp; &lt;",
    "]; n9 [label=x", '"]:::x', "--> n1", "end", "#35;", "`x`", "1. x", "- x", "%%", "|x|", "{x}",
    "x;y", "Zürich 日本 😀", "'", "//", "/* x */", "a" * 80,
]  # fmt: skip

# Shown as U+FFFD: what would break a line, or turn it around.
HIDDEN = ["a\nb", "a\tb", "a\x1bb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u202eb", "a\u2066b"]

LABEL = r"(?:[A-Za-z0-9 _:?\-]|[^\x00-\x7f]|#\d+;|<br/>)+"
MERMAID = re.compile(
    rf"flowchart TD|\tclassDef (elsewhere|broken) [a-z:0-9-]+"
    rf'|\tn\d+\["{LABEL}"\](:::elsewhere|:::broken)?|\tn\d+ -->\|"{LABEL}"\| n\d+'
)


def documents(s):
    """Right and wrong ones; of the many cases every third, for each costs three programs."""
    cases = list(grammar.cases())
    yield from grammar.shipped()
    yield from (case.inputs[0] for case in cases[::3] if not case.name.startswith("1.10-"))


def rendered(dot):
    """What Graphviz makes of it: {id of a vertex: its lines}, [(from, to)]."""
    done = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise Failed(f"dot does not take it: {done.stderr}\n{dot}")
    vertices, edges = {}, []
    for group in xml.etree.ElementTree.fromstring(done.stdout).iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title")
        lines = [text.text.replace("\u00a0", " ") for text in group.findall(f"{SVG}text")]
        if group.get("class") == "node":
            vertices[title] = lines
        elif group.get("class") == "edge":
            edges.append((*title.split("->"), *lines))
    return vertices, edges


def drawn(s, path, *words):
    """None for what does not parse."""
    result = s.flume("graph", *words, path)
    if result.code == 1 and not result.out:
        return None
    equal((result.code, result.err), (0, ""), f"graph of {path}")
    return result.out


def graphviz_takes_every_schema(s):
    count = 0
    for path in documents(s):
        dot = drawn(s, path)
        if dot is None:
            continue
        count += 1
        vertices, edges = rendered(dot)
        equal(len(vertices), len(edges) + 1, f"a tree of {path}")
        equal({f"n{i}" for i in range(len(vertices))}, set(vertices), f"ids of {path}")
    assert count > 30, count


def every_line_of_mermaid_is_one_of_three(s):
    for path in documents(s):
        for line in (drawn(s, path, "--format", "mermaid") or "").splitlines():
            assert MERMAID.fullmatch(line), (path, line)


def unescaped(mermaid_label):
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), mermaid_label)


def names_are_shown_as_they_are(s):
    names = HOSTILE + HIDDEN
    path = s.file("hostile.json", json.dumps({
        "type": "switch", "condition": "c", "routes": {name: {"ref": name} for name in names}
    }))  # fmt: skip
    wanted = HOSTILE + ["a\ufffdb"] * len(HIDDEN)
    vertices, edges = rendered(drawn(s, path))
    equal([vertices[f"n{i + 1}"] for i in range(len(names))], [[name] for name in wanted], "DOT")
    shown = {to: label for _, to, label in edges}
    equal([shown[f"n{i + 1}"] for i in range(len(names))], wanted, "labels of edges")
    lines = drawn(s, path, "--format", "mermaid").splitlines()
    for line in lines:
        assert MERMAID.fullmatch(line), line
    labels = re.findall(r'^\tn\d+\["(.*)"\]:::elsewhere$', "\n".join(lines), re.M)
    equal([unescaped(label) for label in labels], wanted, "Mermaid")


run(
    graphviz_takes_every_schema,
    every_line_of_mermaid_is_one_of_three,
    names_are_shown_as_they_are,
)

#!/usr/bin/env python3
"""Prints the reference of the library from its header: api.py lib/flume.h > lib/API.md

The header is written to be read, so the page is the header in another order of importance: its
`/* ---- section ---- */` lines become chapters, a comment and the declarations right below it
become an entry, and what stands beside a member or a function stays beside it.  Where an entry
ends (an empty line, the next comment) the comment ends to apply.

A declaration that this cannot read, a public name without the prefix, a function of which no
comment says what it does and a comment that speaks of what is not there are errors: the page must
not be silent about something.
"""

import re
import sys

# What the ownership rule at the top of the header says of all of them.
LIFE = re.compile(r"_(new|free|ref|unref)$")
SECTION = re.compile(r"/\* -{4} (.*?) -{4,} \*/$")
DIRECTIVE = re.compile(r"#(?:.*\\\n)*.*")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


class Unreadable(Exception):
    def __init__(self, line, why):
        super().__init__(f"line {line}: {why}")


# ---- the header, in pieces ----


def end_of_declaration(text, at):
    """Behind its semicolon, and behind a comment on the same line."""
    depth = 0
    while at < len(text):
        passed = COMMENT.match(text, at) or TEXT.match(text, at)
        if passed:
            at = passed.end()
            continue
        depth += (text[at] in "({") - (text[at] in ")}")
        at += 1
        if text[at - 1] == ";" and depth == 0:
            beside = re.compile(r"[ \t]*/\*.*?\*/", re.S).match(text, at)
            return beside.end() if beside else at
    return None


def pieces(text):
    """(kind, text, line) of comments, directives, declarations and what stands between them."""
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        space = re.compile(r"\s+").match(text, at)
        if space:
            if space.group().count("\n") > 1:
                yield "gap", "", line
            at = space.end()
            continue
        for kind, pattern in (("comment", COMMENT), ("directive", DIRECTIVE)):
            found = pattern.match(text, at)
            if found:
                yield kind, found.group(), line
                at = found.end()
                break
        else:
            if text.startswith(('extern "C" {', "}"), at):
                end = text.find("\n", at)
            else:
                end = end_of_declaration(text, at)
            if not end:
                raise Unreadable(line, "a declaration without an end")
            yield "declaration", text[at:end], line
            at = end


def public_pieces(text):
    """Without what is there for one compiler only, and without the guard around all of it."""
    depth = 0
    for kind, piece, line in pieces(text):
        word = re.match(r"#\s*(\w+)", piece).group(1) if kind == "directive" else ""
        depth += (word in ("if", "ifdef", "ifndef")) - (word == "endif")
        if depth > 1 and kind == "declaration" and re.search(r"\bflume_\w+", piece):
            raise Unreadable(line, "a declaration for some compilers only")
        if depth == 1 and word in ("", "define") and piece != "#define FLUME_H":
            yield kind, piece, line


def name_of(code, line):
    bare = COMMENT.sub("", code).strip()
    for pattern in (
        r"typedef\s+[\w\s*]+?\b(\w+);",
        r"typedef\s+[\w\s*]*?\(?\*?\b(\w+)\)?\s*\(.*\);",
        r"((?:struct|union|enum)\s+\w+)(?:\s*\{.*\})?;",
        r"[\w\s*]*?\b(\w+)\s*\([^{}]*\);",
    ):
        found = re.fullmatch(pattern, bare, re.S)
        if found:
            name = found.group(1)
            if not re.match(r"(\w+\s+)?flume_", name):
                raise Unreadable(line, f"'{name}' has not the prefix flume_")
            return name, pattern.startswith(r"[\w")
    raise Unreadable(line, f"cannot read this: {bare.splitlines()[0]}")


class Entry:
    def __init__(self, comment=None):
        self.comment = comment
        self.names, self.code, self.rows = [], [], []

    def add(self, code, line):
        name, function = name_of(code, line)
        if function and not (self.comment or "/*" in code or LIFE.search(name)):
            raise Unreadable(line, f"no comment says what {name} does")
        if function or name.startswith("flume_") or "{" in code:  # else it comes further down
            self.names.append(name)
        self.code.append(code)


def read_macro(entry, code, text, line):
    """A constant, or a list of rows that the program expands as it likes."""
    found = re.match(r"#define (\w+)(\(X\))?\s+(.*)", code, re.S)
    if not found:
        raise Unreadable(line, f"cannot read this: {code.splitlines()[0]}")
    name, rows, body = found.groups()
    entry.names.append(name)
    if not rows:
        entry.code.append(code)
        return
    use = re.search(r"#define FLUME_X\((.*?)\) (\w+)##id,.*\n\s*" + name + r"\(FLUME_X\)", text)
    if not use:
        raise Unreadable(line, f"{name} is never expanded with FLUME_X")
    entry.rows.append([title.strip() for title in use.group(1).split(",")])
    body = re.sub(r"\\\n", " ", body)
    for row in re.finditer(r"X\(((?:[^\"()]|" + TEXT.pattern + r")*)\)", body):
        cells = re.findall(r"((?:" + TEXT.pattern + r"|[^,\"])+),?", row.group(1))
        cells = ["".join(t[1:-1] for t in TEXT.findall(c)) or c.strip() for c in cells]
        entry.rows.append([f"`{use.group(2)}{cells[0]}`", *cells[1:]])
        body = body.replace(row.group(), "", 1)
    if body.strip() or any(len(row) != len(entry.rows[0]) for row in entry.rows):
        raise Unreadable(line, f"the rows of {name} cannot be read")


def read_header(text):
    """[(section, [Entry])]; the very first entry is the comment at the top."""
    top = COMMENT.match(text)
    if not top:
        raise Unreadable(1, "the header does not begin with a comment")
    sections = [("basics", [])]
    entry = None
    for kind, piece, line in public_pieces(text[: top.start()] + text[top.end() :]):
        line += top.group().count("\n")
        section = SECTION.match(piece)
        if section:
            sections.append((section.group(1), []))
        if section or kind == "gap":
            entry = None
            continue
        life = entry and entry.code and kind == "declaration" and life_begins(entry, piece, line)
        if not entry or kind == "comment" or life:
            entry = Entry(piece if kind == "comment" else None)
            sections[-1][1].append(entry)
        if kind == "declaration":
            entry.add(piece, line)
        elif kind == "directive":
            read_macro(entry, piece, text, line)
    entries = [entry for _, chapter in sections for entry in chapter]
    names = set(" ".join(name for entry in entries for name in entry.names).split())
    for word in re.finditer(r"\bflume_\w+", text):
        if word.group() not in names:
            line = text.count("\n", 0, word.start()) + 1
            raise Unreadable(line, f"there is no {word.group()}")
    return top.group(), sections


def life_begins(entry, code, line):
    """A pair of ref and unref below another thing's comment is an entry of its own."""
    name = name_of(code, line)[0]
    return name.endswith("_ref") and not " ".join(entry.names).endswith("_ref")


# ---- the page ----


def marked(text):
    """Running text of a comment: what is C in it as code, the rest so that it stays as it is."""
    for pattern, instead in (
        (r"\*?\b(?:flume|FLUME)_\w+|\*\w+", r"`\g<0>`"),
        (r"[*<]|(?<!\w)_", r"\\\g<0>"),
    ):
        parts = text.split("`")
        parts[::2] = [re.sub(pattern, instead, part) for part in parts[::2]]
        text = "`".join(parts)
    return text


def prose(comment):
    """A comment as Markdown: paragraphs, `  Word    explanation` as a list, examples as code."""
    lines = comment[2:-2].strip(" ").split("\n")
    lines = [lines[0], *(re.sub(r"^\s*\* ?", "", line) for line in lines[1:])]
    out, plain = [], []

    def flush():
        if plain:
            out.append(marked("\n".join(plain)))
            plain.clear()

    for line in map(str.rstrip, lines):
        item = re.match(r" {2,3}(\w+) {2,}(.*)", line)
        if not line:
            flush()
            if out and out[-1]:
                out.append("")
        elif item:
            flush()
            out.append(f"- **{item.group(1)}**: {marked(item.group(2))}")
        elif line.startswith("     ") and out and out[-1].startswith(("- ", "  ")):
            out.append("  " + marked(line.strip()))
        elif line.startswith("    "):
            flush()
            out += ["", "```c", line.strip(), "```"]
        else:
            plain.append(line.strip())
    flush()
    return "\n".join(out).strip("\n")


def table(rows):
    out = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    out += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows[1:]]
    return "\n".join(out)


def enum_rows(code):
    """Rows of an enum that gives each of its members a value."""
    found = re.match(r"enum \w+ \{(.*)\};$", code, re.S)
    member = r"\s*(\w+)\s*=\s*([^,/]+?)\s*,\s*(?:/\*(.*?)\*/)?"
    if not found or not re.fullmatch(f"(?:{member})+\\s*", found.group(1), re.S):
        return None
    rows = [["constant", "value", "meaning"]]
    for name, value, words in re.findall(member, found.group(1), re.S):
        rows.append([f"`{name}`", value, marked(re.sub(r"\s*\n\s*\*?\s*", " ", words.strip()))])
    return rows


def code_block(code):
    return "```c\n" + "\n".join(code) + "\n```"


def entry_page(entry):
    out = ["### " + ", ".join(entry.names)] if entry.names else []
    if entry.comment:
        out.append(prose(entry.comment))
    rows = enum_rows(entry.code[0]) if len(entry.code) == 1 else None
    if rows or entry.rows:
        out.append(table(rows or entry.rows))
    if entry.code and not rows:
        out.append(code_block(entry.code))
    return out


def anchor(title):
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def contents(sections):
    out = []
    for title, entries in sections:
        out.append(f"- [{title}](#{anchor(title)})")
        for names in (entry.names for entry in entries if entry.names):
            words = ", ".join(f"`{name}`" for name in names)
            out.append(f"  - [{words}](#{anchor(', '.join(names))})")
    return "\n".join(out)


def page(text):
    top, sections = read_header(text)
    about = re.sub(r"^[\w.]+ - (\w)", lambda m: m.group(1).upper(), prose(top))
    out = ["# flume.h", "Printed from the header's own words by `make lib/API.md`.", about]
    out += ["## contents", contents(sections)]
    for title, entries in sections:
        out.append(f"## {title}")
        for entry in entries:
            out += entry_page(entry)
    return "\n\n".join(out) + "\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    try:
        sys.stdout.write(page(text))
    except Unreadable as why:
        sys.exit(f"{sys.argv[1]}: {why}")


if __name__ == "__main__":
    main()

"""lib/API.md is what lib/flume.h says today, and the script that prints it says aloud what it
cannot read instead of leaving it out."""

import os
import re
import subprocess
import sys

from harness import ROOT, Failed, contains, equal, run

SCRIPT = os.path.join(ROOT, "lib", "api.py")
HEADER = os.path.join(ROOT, "lib", "flume.h")
START = "/* flume.h - for a test. */\n#ifndef FLUME_H\n#define FLUME_H\n"
END = "#endif\n"


def printed(path):
    done = subprocess.run(
        [sys.executable, SCRIPT, path], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def page(s, text):
    code, out, err = printed(s.file("a.h", START + text + END))
    equal((code, err), (0, ""), "the page is printed")
    return out


def the_page_is_of_this_header(_):
    code, fresh, err = printed(HEADER)
    equal((code, err), (0, ""), "lib/flume.h is read")
    with open(os.path.join(ROOT, "lib", "API.md"), encoding="utf-8") as file:
        kept = file.read()
    if kept != fresh:
        raise Failed("lib/API.md is not what lib/flume.h says: run make lib/API.md")


def nothing_public_is_left_out(_):
    _, out, _ = printed(HEADER)
    with open(HEADER, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    missing = set(re.findall(r"\bflume_\w+", text)) - set(re.findall(r"\bflume_\w+", out))
    equal(sorted(missing), [], "names that are not on the page")
    for part in (
        *(f"| {name} |" for name in re.findall(r'\bX\(\w+, "(.*?)"', text)),
        *(f"| `{name}` | -" for name in re.findall(r"\b(FLUME_\w+) = -\d+", text)),
    ):
        if part not in out:
            raise Failed(f"no row of the page has {part}")
    slugs = [
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.*)", out, re.M)
    ]
    for link in re.findall(r"^ *- \[.*\]\(#(.*)\)", out, re.M):
        equal(slugs.count(link), 1, f"headings that #{link} means")


def each_kind_of_declaration_is_printed(s):
    out = page(
        s,
        """
/* ---- things ------ */

/* Of a kind
 * with `code`, flume_b and *item. */
enum flume_a {
	FLUME_ONE = -1, /* one, or
			 * less */
	FLUME_TWO = 2,
};

/* Two. */
typedef int flume_b(struct flume_c *, void (*done)(void *arg));
typedef uint64_t flume_ticket;

struct flume_c;

/* Three. */
struct flume_c { /* a comment; with a semicolon */
	int (*get)(void); /* } */
};

/* Makes one. */
int flume_make(struct flume_c *, const char *fmt, ...)
	FLUME_PRINTF(2, 3);
void flume_c_ref(struct flume_c *);
void flume_c_unref(struct flume_c *);
void flume_say(void); /* beside it */
#define FLUME_MANY 3

/* A list. */
#define FLUME_LIST(X)      \\
	X(ONE, "one", "a, b (c)" \\
	  " d")                \\
	X(TWO, "two", "e")
enum flume_list_kind {
#define FLUME_X(id, name, about) FLUME_LIST_##id,
	FLUME_LIST(FLUME_X)
#undef FLUME_X
};
""",
    )
    for part in (
        "## things\n",
        "  - [`flume_make`](#flume_make)\n",
        "### enum flume_a\n\nOf a kind\nwith `code`, `flume_b` and `*item`.\n\n",
        "| `FLUME_ONE` | -1 | one, or less |\n| `FLUME_TWO` | 2 |  |\n",
        "### flume_b, flume_ticket\n\nTwo.\n",
        "```\n\n```c\nstruct flume_c;\n```\n\n### struct flume_c\n\nThree.\n",
        "\tint (*get)(void); /* } */\n};\n```\n",
        "### flume_make\n\nMakes one.\n",
        "### flume_c_ref, flume_c_unref, flume_say, FLUME_MANY\n",
        "void flume_say(void); /* beside it */\n#define FLUME_MANY 3\n```\n",
        "| id | name | about |\n",
        "| `FLUME_LIST_ONE` | one | a, b (c) d |\n| `FLUME_LIST_TWO` | two | e |\n",
    ):
        contains(out, part, "the page")


def what_cannot_be_printed_is_said(s):
    for text, why in (
        ("int flume_a(void);\n", "4: no comment says what flume_a does"),
        ("/* Is. */\nint flume_a(void);\n\nint flume_b(int);\n", "7: no comment says what flume_b"),
        ("\n/* Does. */\nint a(void);\n", "6: 'a' has not the prefix"),
        ("/* See flume_b. */\nint flume_a(void);\n", "4: there is no flume_b"),
        ("/* Is. */\nextern int flume_a[3];\n", "5: cannot read this: extern int flume_a[3]"),
        ("/* Is. */\nstatic inline int flume_a(void) { return 1; }\n", "5: a declaration without"),
        ("/* Is. */\nint (*flume_a(void))(int);\n", "5: 'int' has not the prefix"),
        ("#ifdef X\nint flume_a(void);\n#endif\n", "5: a declaration for some compilers"),
        ("#define FLUME_L(X) X(A, \"a\")\n", "4: FLUME_L is never expanded"),
        ("#define FLUME_TWICE(a) (2 * (a))\n", "4: cannot read this: #define FLUME_TWICE"),
    ):
        code, out, err = printed(s.file("a.h", START + text + END))
        equal((code, out), (1, ""), f"exit code and page of {text!r}")
        contains(err, f"a.h: line {why}", "stderr")


run(
    the_page_is_of_this_header,
    nothing_public_is_left_out,
    each_kind_of_declaration_is_printed,
    what_cannot_be_printed_is_said,
)

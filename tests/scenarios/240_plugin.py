"""Plug-ins: the example builds against what `make install` left, with its own Makefile and nothing of
Flume to link with, and its kinds serve over HTTP, in schemas and in the configuration.  What cannot be
loaded is told at its line of the configuration; then the agent does not start, and no code of a good
one beside it has run."""

import os
import shutil

from harness import ROOT, contains, equal, run
from toolbox import make, sanitizer, skipped, tool, undefined

GOOD, BAD = "4539 1488 0343 6467", "4539 1488 0343 6468"

SCHEMA = """\
version: "1.0.0"
components:
  processors:
    check: {kind: luhn, field: card}
    mark:  {kind: luhn, field: card, into: card_ok}
  predicates:
    paid-by-card: {kind: luhn, field: card}
type: sequence
children:
  - ref: mark
  - {type: filter, predicate: is-new, then: {ref: check}}
canary:
  cases:
    - {name: a card, input: {card: 4539148803436467}, expect: {card_ok: true}}
"""

# What every broken one below begins with; `start` leaves a file behind.
HEAD = """\
#include <flume-plugin.h>
#include <stdio.h>
static int make(const flume_value *d, const char *p, flume_scope *s, struct flume_component *o,
		flume_report *r)
{ (void)d; (void)p; (void)s; (void)o; (void)r; return FLUME_NOMEM; }
static const struct flume_maker kind = {.of = FLUME_PROCESSOR, .kind = "mine", .about = "Does.", .make = make};
static const struct flume_maker *const kinds[] = {&kind};
static int start(const struct flume_host *host, struct flume_err *err)
{ (void)host; (void)err; FILE *f = fopen(PLACE, "w"); if (f) fclose(f); return 0; }
"""
WHOLE = """\
.abi = FLUME_PLUGIN_ABI, .size = sizeof(struct flume_plugin), .name = "mine", .version = "1",
.about = "Mine.", .makers = kinds, .n_makers = 1, .start = start"""


def installed(s):
    prefix = os.path.join(s.path, "installed")
    make("install", f"PREFIX={prefix}")
    return prefix


def built(s, name="luhn"):
    """The example, by its own Makefile."""
    folder = os.path.join(s.path, name)
    shutil.copytree(os.path.join(ROOT, "agent", "plugin", "example"), folder)
    tool("make", "-C", folder, f"FLUME={installed(s)}", "CFLAGS=-O2 -Werror", env={"MAKEFLAGS": ""})
    return os.path.join(folder, "luhn.so")


def compiled(s, name, text, *words):
    """A plug-in of that C text."""
    source = s.file(f"{name}.c", text)
    path = os.path.join(s.path, f"{name}.so")
    prefix = os.path.join(s.path, "installed")
    if not os.path.isdir(prefix):
        installed(s)
    tool(
        "cc", "-std=c17", "-fPIC", "-shared", f"-I{prefix}/include",
        f'-DPLACE="{s.path}/{name}.started"', source, *words, "-o", path,
    )  # fmt: skip
    return path


def mine(s, name, whole=WHOLE, more="", words=()):
    text = HEAD + more + "const struct flume_plugin flume_plugin = {" + whole + "};\n"
    return compiled(s, name, text, *words)


def configuration(s, *plugins, more=""):
    lines = "".join(f"  - {path}\n" for path in plugins)
    return s.file("agent.yaml", f"node: node-1\nplugins:\n{lines}{more}")


def the_example_serves(s):
    plugin = built(s)
    names = undefined(plugin, "-D")
    equal([name for name in names if "flume" in name], [], "what it wants of Flume")
    config = configuration(
        s, plugin, more="components:\n  predicates:\n    is-new: {kind: luhn, field: card}\n"
    )
    folder = s.schemas()
    folder.set_schema("pay", SCHEMA)
    node = s.node(folder=folder, args=["--config", config])
    node.wait_schema("pay", version="1.0.0")
    answer = node.process("pay", {"card": GOOD})
    equal(answer.json(), {"card": GOOD, "card_ok": True}, "a good card")
    equal(node.process("pay", {"card": BAD}).json()["card_ok"], False, "a bad card")
    folder.set_schema("pay", SCHEMA.replace("1.0.0", "1.1.0").replace("field: card, into", "field: no, into"))
    node.wait_schema("pay", state="rejected", stage="canary", version="1.0.0")
    node.stop()
    lint = s.flume("lint", os.path.join(folder.path, "pay.yaml"), "--config", config)
    equal(lint.code, 0, "lint with the configuration")
    lint = s.flume("lint", os.path.join(folder.path, "pay.yaml"))
    contains(lint.err + lint.out, "no kind of processor is called 'luhn'", "lint without it")
    listed = s.flume("components", "--config", config)
    contains(listed.out, "plug-in luhn 1.0.0", "flume components")
    kinds = {kind["section"]: kind["makers"] for kind in s.flume(
        "components", "--config", config, "-o", "json").json()["kinds"]}
    (row,) = [row for row in kinds["processors"] if row["kind"] == "luhn"]
    equal(row["origin"], "plug-in luhn 1.0.0", "its origin")
    equal([field["name"] for field in row["fields"]], ["field", "into"], "its fields")
    contains(s.flume("components", "--json-schema", "--config", config).out, '"luhn"', "JSON Schema")


def each_that_cannot_be_loaded_is_told(s):
    good = mine(s, "good")
    other = mine(s, "other", WHOLE.replace("FLUME_PLUGIN_ABI", "2"))
    text = s.file("text.so", "not a shared object\n")
    program = os.path.join(s.path, "program.so")
    tool("cc", s.file("program.c", "int main(void) { return 0; }\n"), "-no-pie", "-o", program)
    open_to_all = shutil.copy(good, os.path.join(s.path, "open.so"))
    os.chmod(open_to_all, 0o777)
    nothing = compiled(s, "nothing", "int nothing;\n")
    calls = mine(s, "calls", more="const char *call(void) { return flume_version(); }\n")
    wanted = {
        "good.so": "is no absolute path",
        other: "is built for version 2 of the interface; this agent has 1",
        text: "is no shared object",
        program: "expected one linked with -shared",
        open_to_all: "may be written by everybody (mode 0777)",
        nothing: "it exports no `flume_plugin`",
        calls: "undefined symbol: flume_version (a plug-in calls what its `start` is given)",
        mine(s, "unnamed", WHOLE.replace('"mine"', "NULL")): "'' cannot be its name",
        mine(s, "idle", WHOLE.replace("= start", "= NULL")): "has no `start`",
        os.path.join(s.path, "none.so"): "there is no such file",
        s.path: "is not a file",
    }
    config = configuration(s, *wanted)
    result = s.flume("components", "--config", config)
    equal(result.code, 2, "exit code")
    for line, (path, why) in enumerate(wanted.items(), 3):
        (said,) = [row for row in result.err.splitlines() if f"agent.yaml:{line}:5: error: " in row]
        contains(said, f"plug-in '{path}': ", path)
        contains(said, why, path)
    equal(result.err.count("[plugin]"), len(wanted), "findings")


def a_bad_one_stops_the_agent_and_starts_nothing(s):
    good, broken = mine(s, "good"), mine(s, "broken", WHOLE.replace('"mine"', '"theirs"').replace("= start", "= NULL"))
    config = configuration(s, good, broken)
    started = os.path.join(s.path, "good.started")
    for words in (("agent", "--listen", "127.0.0.1:0", "--socket", "none"), ("components",)):
        result = s.flume(*words, "--config", config)
        equal(result.code, 2, f"exit code of {words[0]}")
        contains(result.err, "broken.so': has no `start` [plugin]", "what is said")
        equal(os.path.exists(started), False, "code of the good one has run")
    configuration(s, good)
    equal(s.flume("components", "--config", config).code, 0, "without the broken one")
    equal(os.path.exists(started), True, "the good one has started")


def a_name_is_taken_once(s):
    first = mine(s, "first")
    same_kind = mine(s, "same", WHOLE.replace('"mine"', '"theirs"'))
    taken = HEAD.replace('"mine"', '"set"') + "const struct flume_plugin flume_plugin = {" + WHOLE + "};\n"
    built_in = compiled(s, "taken", taken)
    for plugins, why in (
        ((first, same_kind), "same.so': brings processor 'mine', which plug-in mine 1 has already"),
        ((first, first), "first.so': is there already: "),
        ((first, shutil.copy(first, os.path.join(s.path, "copy.so"))), "copy.so': is there already: "),
        ((built_in,), "taken.so': brings processor 'set', which the agent itself has already"),
    ):
        result = s.flume("components", "--config", configuration(s, *plugins))
        equal(result.code, 2, why)
        contains(result.err, why, "what is said")


def one_that_does_not_start_says_why(s):
    start = "static int refuse(const struct flume_host *host, struct flume_err *err)\n"
    start += '{ return host->fail(err, FLUME_IO, "no licence for %s", host->version); }\n'
    plugin = mine(s, "refuses", WHOLE.replace("= start", "= refuse"), start)
    result = s.flume("components", "--config", configuration(s, plugin))
    equal(result.code, 2, "exit code")
    contains(result.err, "refuses.so': does not start: no licence for 0.", "what is said")


def a_libflume_of_its_own_is_refused(s):
    if sanitizer():
        skipped("a plug-in with libflume", "a sanitizer's library wants its runtime")
        return
    prefix = installed(s)
    more = "const char *call(void) { return flume_version(); }\n"
    why = "brings a libflume of its own"
    shared = mine(s, "shared", WHOLE, more, (f"-L{prefix}/lib", "-lflume", f"-Wl,-rpath,{prefix}/lib"))
    flags = ("-lurcu-common", "-lurcu-bp", "-lyaml", "-lnettle")
    static = mine(s, "static", WHOLE, more, (f"{prefix}/lib/libflume.a", *flags))
    for plugin in (shared, static):
        result = s.flume("components", "--config", configuration(s, plugin))
        equal(result.code, 2, plugin)
        contains(result.err, why, plugin)


def from_cxx(s):
    prefix = installed(s)
    source = s.file("alone.cc", "#include <flume-plugin.h>\n#include <flume-plugin.h>\n")
    for standard in ("c++11", "c++17", "c++20"):
        tool("g++", f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
             f"-I{prefix}/include", source)  # fmt: skip


run(
    the_example_serves,
    each_that_cannot_be_loaded_is_told,
    a_bad_one_stops_the_agent_and_starts_nothing,
    a_name_is_taken_once,
    one_that_does_not_start_says_why,
    a_libflume_of_its_own_is_refused,
    from_cxx,
)

"""The library in somebody else's program: `make install` leaves a tree that pkg-config knows, the
program of lib/README.md compiles against it without a warning, with the shared library and with
the static one, and prints what it says it prints; and C++ can do the same."""

import os
import re
import shlex

from harness import ROOT, Failed, contains, equal, run
from toolbox import make, sanitizer, skipped, tool

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZE = [f"-fsanitize={sanitizer()}"] if sanitizer() else []
SOURCES = os.path.join(ROOT, "tests", "scenarios")


class Tree:
    """What an installation left below `root`, which its own files do not know of."""

    def __init__(self, root, prefix, lib="lib"):
        self.root, self.prefix = root, prefix
        self.lib = os.path.join(root + prefix, lib)
        self.env = {"PKG_CONFIG_PATH": os.path.join(self.lib, "pkgconfig")}
        if root:
            self.env["PKG_CONFIG_SYSROOT_DIR"] = root

    def flags(self, *words):
        return shlex.split(tool("pkg-config", *words, "flume", env=self.env))

    def run(self, program):
        return tool(program, env={"LD_LIBRARY_PATH": self.lib})


def installed(s):
    prefix = os.path.join(s.path, "installed")
    make("install", f"PREFIX={prefix}")
    return Tree("", prefix)


def readme(language):
    """The blocks of lib/README.md in that language."""
    with open(os.path.join(ROOT, "lib", "README.md"), encoding="utf-8") as file:
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.S | re.M)
    if not blocks:
        raise Failed(f"lib/README.md has no block of {language}")
    return blocks


def the_program(s):
    """Its file, and the line it says it prints."""
    (text,) = [block for block in readme("c") if "main(" in block]
    (said,) = re.findall(r"printf\(.*\); /\* (.*) \*/", text)
    return s.file("demo.c", text), said + "\n"


def compiled(s, *words):
    path = os.path.join(s.path, "program")
    tool(*words, "-o", path)
    return path


def what_is_installed(s):
    tree = installed(s)
    make("install", f"PREFIX={tree.prefix}")  # over the one that is there
    found = sorted(
        os.path.relpath(os.path.join(folder, name), tree.prefix)
        for folder, _, names in os.walk(tree.prefix)
        for name in names
    )
    version = tool("pkg-config", "--modversion", "flume", env=tree.env).strip()
    major = os.path.basename(os.readlink(os.path.join(tree.lib, "libflume.so")))
    full = os.readlink(os.path.join(tree.lib, major))
    equal(full, f"libflume.so.{version}", f"what {major} is")
    names = ["libflume.a", "libflume.so", major, full, "pkgconfig/flume.pc"]
    wanted = [
        "bin/flume", "include/flume-plugin.h", "include/flume.h", "share/flume/flume.schema.json",
        "share/bash-completion/completions/flume", "share/fish/vendor_completions.d/flume.fish",
        "share/man/man1/flume.1", "share/zsh/site-functions/_flume", *(f"lib/{name}" for name in names),
    ]  # fmt: skip
    equal(found, sorted(wanted), "the installed files")
    contains(tool("readelf", "-d", os.path.join(tree.lib, full)), f"[{major}]", "SONAME")


def the_program_of_the_readme(s):
    tree = installed(s)
    source, said = the_program(s)
    words = ("cc", "-std=c17", *WARNINGS, *SANITIZE, source)
    program = compiled(s, *words, *tree.flags("--cflags", "--libs"))
    equal(tree.run(program), said, "printed with the shared library")
    contains(tool("ldd", program, env={"LD_LIBRARY_PATH": tree.lib}), tree.lib, "ldd")
    libs = tree.flags("--static", "--cflags", "--libs")
    archive = [word.replace("-lflume", "-l:libflume.a") for word in libs]
    program = compiled(s, *words, *archive)
    equal(tool(program), said, "printed with libflume.a in the program")
    if SANITIZE:
        skipped("a program without any shared library", "sanitizers do not allow it")
        return
    program = compiled(s, *words, "-static", *libs)
    equal(tool(program), said, "printed by a program without any shared library")


def the_commands_of_the_readme(s):
    lines = [line for block in readme("sh") for line in block.splitlines() if "demo.c" in line]
    (line,) = lines
    the_program(s)
    make("install", f"PREFIX={s.path}/.local")
    line = line.replace("cc demo.c", " ".join(["cc demo.c", *SANITIZE]))
    tool("sh", "-c", f"cd {shlex.quote(s.path)} && {line}", env={"HOME": s.path})
    tool(os.path.join(s.path, "demo"))


def from_cxx(s):
    tree = installed(s)
    words = ("g++", "-std=c++17", *WARNINGS, *SANITIZE, os.path.join(SOURCES, "embed.cc"))
    program = compiled(s, *words, *tree.flags("--cflags", "--libs"))
    wanted = [
        "0: 42",
        "binding.swapped 1.1.0",
        "0: 44",
        "-7: -1 order c has no total",
        "2:6: root: processor 'chrage' not found",
        "0: 44",
    ]
    equal(tree.run(program).splitlines(), wanted, "printed")


def the_header_alone(s):
    tree = installed(s)
    text = "#include <flume.h>\n#include <flume.h>\n"
    cflags = tree.flags("--cflags")
    for compiler, suffix, standards in (
        ("cc", "c", ("c99", "c11", "c17", "gnu17")),
        ("g++", "cc", ("c++11", "c++14", "c++17", "c++20")),
    ):
        source = s.file(f"alone.{suffix}", text)
        for standard in standards:
            tool(compiler, f"-std={standard}", *WARNINGS, "-fsyntax-only", source, *cflags)


def a_tree_that_is_packed_elsewhere(s):
    stage = s.folder("stage")
    make("install", f"DESTDIR={stage}", "PREFIX=/opt/flume", "LIBDIR=/opt/flume/lib/abi")
    tree = Tree(stage, "/opt/flume", "lib/abi")
    with open(os.path.join(tree.lib, "pkgconfig", "flume.pc"), encoding="utf-8") as file:
        package = file.read()
    contains(package, "prefix=/opt/flume\n", "flume.pc")
    for place in (ROOT, s.path, "@"):
        if place in package:
            raise Failed(f"flume.pc names {place}:\n{package}")
    equal(
        tool("pkg-config", "--cflags", "--libs-only-L", "flume", env=tree.env).split()[-1],
        f"-L{tree.lib}",
        "where pkg-config looks below another root",
    )
    source, said = the_program(s)
    program = compiled(s, "cc", *SANITIZE, source, *tree.flags("--cflags", "--libs"))
    equal(tree.run(program), said, "printed")


run(
    what_is_installed,
    the_program_of_the_readme,
    the_commands_of_the_readme,
    from_cxx,
    the_header_alone,
    a_tree_that_is_packed_elsewhere,
)

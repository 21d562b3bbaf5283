"""make, the compiler and binutils, for scenarios that look at the library as others get it."""

import os
import re
import subprocess

from node import FLUME, ROOT
from process import SANITIZER, clean_environment
from waiting import SLOW, Failed

BUILD = os.path.dirname(FLUME)
SHARED = os.path.join(BUILD, "libflume.so")
ARCHIVE = os.path.join(BUILD, "libflume.a")


def tool(*argv, env=None, timeout=60.0):
    """What it prints; it has to end well, and no sanitizer may speak."""
    argv = [str(word) for word in argv]
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=clean_environment({"LC_ALL": "C", **(env or {})}),
        timeout=timeout * SLOW,
        check=False,
    )
    if done.returncode or SANITIZER.search(done.stderr):
        raise Failed(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def undefined(path, *flags):
    """The names that an object or a library wants from others, without their versions."""
    lines = tool("nm", "--undefined-only", "--format=posix", *flags, path).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if " " in line}


def sanitizer():
    """What the library was built with, as -fsanitize= takes it, or ''."""
    wanted = undefined(SHARED, "-D")
    found = {word for name in wanted for word in re.findall(r"^__([atu]b?san)_", name)}
    words = {"asan": "address", "ubsan": "undefined", "tsan": "thread"}
    return ",".join(sorted(words[word] for word in found))


def variant():
    """The VARIANT of the Makefile that built the library."""
    return {"a": "asan", "t": "tsan"}.get(sanitizer()[:1], "")


def make(*words):
    """In a make of its own, whoever runs this one."""
    own = {"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""}
    where = (f"B={os.path.relpath(BUILD, ROOT)}", f"VARIANT={variant()}")
    return tool("make", "-C", ROOT, "--no-print-directory", *where, *words, env=own, timeout=300)


def skipped(what, why):
    """run.py passes this on: what is not looked at must not look like what is good."""
    print(f"skipped: {what}: {why}", flush=True)


def resident(node):
    """In MB."""
    with open(f"/proc/{node.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def stays_below(most, grown):
    """Of what is resident.  ASan holds back what was freed, to see who touches it."""
    if sanitizer():
        skipped("how much memory stays", "a sanitizer keeps what was freed")
    else:
        assert grown < most, f"{grown:.1f} MB more"


def measured(what, figure):
    """Likewise: for figures that nothing passes or fails by."""
    print(f"measured: {what}: {figure}", flush=True)

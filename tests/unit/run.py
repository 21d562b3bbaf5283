#!/usr/bin/env python3
"""Runs the suites of a program of Check, each in a process of its own: run.py PROGRAM [SUITE ...]

A failed one shows all it said, a good one what it has not looked at.  See ../crowd.py for what
happens with those that fail.

    JOBS   how many at a time (4)          SKIP   names that are left out
"""

import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from crowd import Played, play_all  # noqa: E402

JOBS = int(os.environ.get("JOBS") or 4)


def suites(program):
    """A program that cannot even list them has tested nothing."""
    done = subprocess.run([program, "--list"], stdout=subprocess.PIPE, text=True, check=False)
    names = done.stdout.split()
    if done.returncode or not names:
        sys.exit(f"FAILED: {program} lists no suites")
    return names


def play(program, name):
    begun = time.monotonic()
    done = subprocess.run(
        [program, name],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    took = time.monotonic() - begun
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        return Played(name, False, f"{name}: exit code {done.returncode}\n{said}", took)
    checks = re.search(r"Checks: \d+", said)
    lines = [f"{name}, {checks[0] if checks else 'Checks: 0'}"]
    lines += [f"   {line}" for line in said.splitlines() if line.startswith("skipped: ")]
    return Played(name, True, "\n".join(lines), took)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or suites(program)
    for name in os.environ.get("SKIP", "").split():
        names.remove(name)
        print(f"skipped: {name}, as SKIP says", flush=True)
    return play_all("suites", names, lambda name: play(program, name), JOBS)


if __name__ == "__main__":
    sys.exit(main())

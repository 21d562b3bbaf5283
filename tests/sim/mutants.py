#!/usr/bin/env python3
"""Breaks the product on purpose, one way at a time, and shows that the simulator notices.

A mutant is a file of mutants/: a line that says what is broken, the file it is broken in, and one
or more pairs of text, the old one between `<<<<` and `====`, the new one from there to `>>>>`.  The
old text must be there exactly once.  The broken file is compiled below the build folder and linked
in the place of the good one.

Some ways of breaking the product are healed by another part of it some seconds later, or take a
rare chance to be seen.  Those have a third line, `unit: SUITE`, with the suite of tests/unit that notices.

usage: mutants.py BUILD [--seeds N] [--jobs N] [NAME...]
"""
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TRIES = 3  # of a suite: some of what is broken there is a matter of who comes first


class Mutant:
    def __init__(self, path):
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            self.about, self.file, rest = file.read().split("\n", 2)
        suite = re.match(r"unit: (\w+)\n", rest)
        self.suite = suite and suite[1]
        self.pairs = re.findall(r"^<<<<\n(.*?)^====\n(.*?)^>>>>$", rest, re.S | re.M)

    def text(self):
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        for old, new in self.pairs:
            if text.count(old) != 1:
                sys.exit(f"{self.name}: the old text is {text.count(old)} times in {self.file}")
            text = text.replace(old, new)
        return text


def build(mutant, folder):
    """The program with the mutant in it."""
    source = f"{folder}/mutants/{mutant.name}/{mutant.file}"
    program = f"{folder}/mutants/{mutant.name}/program"
    kind = "UNIT" if mutant.suite else "SIM"
    os.makedirs(os.path.dirname(source), exist_ok=True)
    with open(source, "w", encoding="utf-8") as file:
        file.write(mutant.text())
    subprocess.run(shlex.split(os.environ["COMPILE"]) + ["-w", source, "-o", source + ".o"],
                   check=True)
    good = f"{folder}/obj/{mutant.file[:-2]}.o"
    objects = [source + ".o" if o == good else o for o in os.environ[f"{kind}_OBJECTS"].split()]
    if source + ".o" not in objects:
        sys.exit(f"{mutant.name}: {mutant.file} is no part of the simulator")
    subprocess.run(shlex.split(os.environ[f"{kind}_LINK"]) + objects +
                   shlex.split(os.environ["LIBS"]) + ["-o", program], check=True)
    return program


def try_one(mutant, folder, seeds):
    """(how many seeds it took or None, the promise and the seed)"""
    program = build(mutant, folder)
    if mutant.suite:
        noticed = any(subprocess.run([program, mutant.suite], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, check=False).returncode
                      for _ in range(TRIES))
        os.remove(program)
        return (0, f"noticed by tests/unit, {mutant.suite}") if noticed else (None, "NOT NOTICED")
    out = subprocess.run([program, "--seeds", str(seeds), "--first-failure"],
                         stdout=subprocess.PIPE, text=True, errors="replace",
                         check=False).stdout
    os.remove(program)
    promise = re.search(r"seed (\d+): (?:BROKEN: )?([^:\n]*)", out)
    count = re.search(r"sim: (\d+) seeds", out)
    return (int(count[1]) if promise else None,
            f"{promise[2]} (seed {promise[1]})" if promise else "NOT NOTICED")


def main():
    args = sys.argv[1:]
    folder, names, seeds, jobs, part, parts = args.pop(0), [], 1000, 2, 0, 1
    while args:
        word = args.pop(0)
        if word == "--seeds":
            seeds = int(args.pop(0))
        elif word == "--jobs":
            jobs = int(args.pop(0))
        elif word == "--part":
            part, parts = map(int, args.pop(0).split("/"))
        else:
            names.append(word)
    every = sorted(os.listdir(f"{HERE}/mutants"))
    mutants = [Mutant(f"{HERE}/mutants/{name}") for name in names or every[part % parts::parts]]
    for name in every:  # also those of other parts: a text that is gone is known at once
        Mutant(f"{HERE}/mutants/{name}").text()
    missed = 0
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda m: try_one(m, folder, seeds), mutants)
        for mutant, (count, promise) in zip(mutants, found):
            missed += count is None
            print(f"{mutant.name:28} {count or '':>5} {promise}", flush=True)
    of = "" if names or parts == 1 else f" of {len(every)}"
    print(f"mutants: {len(mutants)}{of}, {missed} not noticed")
    return 1 if missed else 0


sys.exit(main())

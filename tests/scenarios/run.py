#!/usr/bin/env python3
"""Runs the scenarios of this folder, or those named: run.py [NAME or NUMBER ...]

Each is a process of its own with a hard time limit and a temporary folder.  A scenario is good
when it exits with 0 and leaves no process and no file behind.  One line each, what a failed one
said below it, and a last line that counts.  A few run at a time, and those that fail once more,
alone: see ../crowd.py.  Each has a runner of its own (run.py --play NAME), to which its orphans
fall.

    FLUME   the binary (build/flume)        SLOW   multiplies every time limit (1)
    JOBS    how many at a time (3)          SKIP   names or numbers that are left out
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
sys.dont_write_bytecode = True
from crowd import Played, play_all  # noqa: E402
from waiting import SLOW, wait_until  # noqa: E402

LIMIT = 90 * min(SLOW, 4)  # seconds for one scenario
GRACE = 10 * SLOW  # for its logs and its cleaning up
JOBS = int(os.environ.get("JOBS") or 3)
PR_SET_CHILD_SUBREAPER = 36


def scenarios():
    names = [name for name in os.listdir(HERE) if name[:3].isdigit() and name.endswith(".py")]
    return sorted(name.removesuffix(".py") for name in names)


def chosen(words):
    known = scenarios()
    picked = []
    for word in words:
        hits = [name for name in known if name == word or name.split("_", 1)[0] == word]
        if not hits:
            sys.exit(f"no scenario {word}; there are: {' '.join(known)}")
        picked += hits
    return sorted(set(picked)) or known


def orphans():
    """Processes that the scenario left behind: as the subreaper we are their parent now."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def name_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode(errors="replace").strip()


def reap_leftovers():
    """Ends them; returns what they were."""
    found = []
    for pid in orphans():
        if name := name_of(pid):  # a dead one that only waits for us has none
            found.append(name)
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return found


def play(name, out):
    """None, or why it is not good.  What it prints goes to the file."""
    home = tempfile.mkdtemp(prefix="flume-run-")
    child = subprocess.Popen(
        [sys.executable, os.path.join(HERE, name + ".py")],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TMPDIR": home, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        try:
            code = child.wait(LIMIT)
            why = f"exit code {code}" if code else None
        except subprocess.TimeoutExpired:
            why = f"not done after {LIMIT:g} s"
            child.terminate()
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                pass
    finally:
        child.kill()
        child.wait()
        left = []
        wait_until("leftovers are gone", lambda: left.extend(reap_leftovers()) or not orphans())
        files = os.listdir(home)
        shutil.rmtree(home, ignore_errors=True)
    if not why and left:
        why = f"processes left behind: {'; '.join(left)}"
    if not why and files:
        why = f"files left behind: {' '.join(files)}"
    return why


def show_said(out):
    """What a good scenario did not look at is said all the same, and what it measured."""
    out.seek(0)
    for line in out.read().decode(errors="replace").splitlines():
        if line.startswith(("skipped: ", "measured: ")):
            print(f"   {line}", flush=True)


def perform(name):
    """Plays one and tells; its exit code is the verdict."""
    # Whatever loses its parent in a scenario becomes our child, so nothing can hide.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out:
        why = play(name, out)
        took = time.monotonic() - begun
        if not why:
            print(f"{name} ({took:.1f} s)", flush=True)
            show_said(out)
            return 0
        print(f"{name} ({took:.1f} s): {why}", flush=True)
        out.seek(0)
        sys.stdout.write(out.read().decode(errors="replace"))
        return 1


def in_a_runner(name):
    begun = time.monotonic()
    runner = subprocess.run(
        [sys.executable, os.path.abspath(__file__), "--play", name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    said = runner.stdout.decode(errors="replace")
    if runner.returncode not in (0, 1):
        said = f"{name}: its runner ended with {runner.returncode}\n{said}"
    return Played(name, runner.returncode == 0, said, time.monotonic() - begun)


def main():
    if sys.argv[1:2] == ["--play"]:
        return perform(sys.argv[2])
    names = chosen(sys.argv[1:])
    for name in chosen(os.environ["SKIP"].split()) if os.environ.get("SKIP") else []:
        print(f"skipped: {name}, as SKIP says", flush=True)
        names = [other for other in names if other != name]
    return play_all("scenarios", names, in_a_runner, JOBS)


if __name__ == "__main__":
    sys.exit(main())

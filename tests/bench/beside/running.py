"""Processes that are measured: to their end, or while they serve."""

import os
import select
import shutil
import statistics
import subprocess
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
TOOLS = os.path.join(ROOT, "build", "bench", "tools")
QUICK = bool(os.environ.get("QUICK"))
FAST_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # None: where scratch lies


def tool(name):
    return os.path.join(TOOLS, name)


def skipped(what, why):
    print(f"SKIPPED: {what}: {why}", flush=True)


def why_missing(program):
    return None if shutil.which(program) else f"there is no {program} (make deps-bench)"


def middle(figures):
    return statistics.median(figures)


def ratio(above, below):
    """The median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(above, below))


# ---- what a process has cost so far ----


def status_kb(pid, field="VmRSS"):
    """0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def cpu_s(pid):
    """Of all its threads that live, in ns steps; those of threads that ended are left out."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        except OSError:
            pass
    return total / 1e9


# ---- to its end ----


class Cost:
    """Of a process that ended: seconds of CPU and of the clock, and the most it was resident."""

    def __init__(self, code, cpu, wall, peak_kb, errors):
        self.code, self.cpu, self.wall, self.peak_kb, self.errors = code, cpu, wall, peak_kb, errors


def wait_ended(child, until, watch=None):
    """(exit code, rusage), as soon as it has ended.  Killed when it takes longer."""
    end = os.pidfd_open(child.pid)
    try:
        while not select.select([end], [], [], 0.01)[0]:
            if watch:
                watch()
            if time.monotonic() > until:
                child.kill()
    finally:
        os.close(end)
    _, code, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(code)
    return child.returncode, usage


def run_to_end(argv, stdin=os.devnull, stdout=os.devnull, limit=600.0, env=None):
    """What it says on stderr is in the Cost, its end."""
    peak = [0]

    def watch():
        peak[0] = max(peak[0], status_kb(child.pid, "VmHWM"))

    with open(stdin, "rb") as source, open(stdout, "wb") as sink:
        begun = time.perf_counter()
        child = subprocess.Popen(argv, stdin=source, stdout=sink, stderr=subprocess.PIPE, env=env)
        said = []
        reader = threading.Thread(target=lambda: said.append(child.stderr.read()[-2000:]))
        reader.start()
        code, usage = wait_ended(child, time.monotonic() + limit, watch)
        wall = time.perf_counter() - begun
        reader.join()
        child.stderr.close()
    errors = said[0].decode("utf-8", "replace").strip() if said else ""
    return Cost(code, usage.ru_utime + usage.ru_stime, wall, peak[0], errors)


# ---- what the machine gives ----

SPIN = "import time\nt=time.perf_counter()\ns=0\nfor i in range(3000000): s+=i\nprint(time.perf_counter()-t)"


def processors_given():
    """How much more two processes do than one, at this moment; 2 on a machine that is ours alone."""

    def spin(n):
        children = [
            subprocess.Popen(["python3", "-c", SPIN], stdout=subprocess.PIPE, text=True) for _ in range(n)
        ]
        return statistics.mean(float(child.communicate()[0]) for child in children)

    return 2 * spin(1) / spin(2)

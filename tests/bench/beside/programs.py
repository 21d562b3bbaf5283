"""The two programs that are measured: how they are built, asked, and what their answers make."""

import os
import re
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.path.join(HERE, "..", "..", "..", "build", "bench"))
SOURCE = os.path.join(HERE, "..", "flume-go")
OURS = os.path.join(BUILD, "beside_go")
GO_NEEDED = (1, 24)


class NotBuilt(Exception):
    """The library does not know a connector yet."""


class Program:
    """Stays up and answers one request after another, with numbers."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        try:
            self.child.stdin.write(" ".join(map(str, words)) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        status, *rest = self.child.stdout.readline().split(None, 1) or [""]
        if status == "not-built":
            raise NotBuilt(rest[0].strip())
        if status != "ok":
            raise SystemExit(f"{self.name} failed at: {' '.join(map(str, words))}")
        return [float(word) for word in "".join(rest).split()]

    def end(self):
        self.child.stdin.close()
        if self.child.wait():
            raise SystemExit(f"{self.name} exited with {self.child.returncode}")


class Pair:
    """Ours, and the original where there is one."""

    def __init__(self, go_path):
        self.ours = Program(OURS)
        self.go = Program(go_path) if go_path else None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for program in (self.ours, self.go):
            if program and kind is None:
                program.end()


# ---- building the original ----


def run(folder, *command):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def why_no_go(folder):
    """Why the original cannot be built; None when it can."""
    if not shutil.which("go"):
        return "there is no Go (make deps-bench)"
    version = run(folder, "go", "env", "GOVERSION").stdout.strip()
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < GO_NEEDED:
        return f"{version} is too old, go{'.'.join(map(str, GO_NEEDED))} is needed"
    modules = run(folder, "go", "list", "-mod=mod", "-deps", ".")
    if modules.returncode:
        return "modules cannot be had: " + " ".join(modules.stderr.split())
    return None


def build_go(scratch):
    """The path of the program, or None after a line that says why there is none."""
    folder, program = os.path.join(scratch, "flume-go"), os.path.join(BUILD, "flume-go")
    shutil.copytree(SOURCE, folder)  # Go writes the sums of what it fetches beside the source
    reason = why_no_go(folder)
    if reason:
        print(f"SKIPPED: the original in Go is not measured: {reason}\n")
        return None
    built = run(folder, "go", "build", "-mod=mod", "-o", program, ".")
    if built.returncode:
        raise SystemExit(built.stderr)
    return program


# ---- figures ----


class Row:
    """One piece of work, and what each round said it took, Go's on one processor and on more."""

    def __init__(self, name, request, aim=None, also=None, processors=()):
        self.name, self.request, self.aim, self.also = name, request, aim, also
        self.ours, self.go = [], {n: [] for n in sorted(set(processors))}
        self.not_built = None

    def take(self, pair, backwards=False):
        turns = list(self.go) if pair.go else []
        turns.insert(1, None)  # ours lies between those of Go
        for processors in reversed(turns) if backwards else turns:
            if processors:
                pair.go.ask("procs", processors)
                self.go[processors].append(pair.go.ask(*self.request))
            elif not self.not_built:
                self.take_ours(pair.ours)

    def take_ours(self, ours):
        try:
            self.ours.append(ours.ask(*self.request))
        except NotBuilt as e:
            self.not_built = str(e)

    def best_go(self):
        """(processors, figures), with as many processors as it was fastest; None without Go."""
        measured = [item for item in self.go.items() if item[1]]
        return min(measured, key=lambda item: median(item[1])) if measured else None

    def ratio(self):
        """The median of the rounds' own ratios; None when there is nothing to compare."""
        best = self.best_go()
        if not best or not self.ours:
            return None
        return statistics.median(go[0] / ours[0] for go, ours in zip(best[1], self.ours))

    def ratio_at_best(self):
        """Of each side's fastest round."""
        best = self.best_go()
        return min(figure[0] for figure in best[1]) / min(figure[0] for figure in self.ours)

    def meets(self, aim):
        return self.ratio() >= aim


def median(figures, i=0):
    return statistics.median(figure[i] for figure in figures)


def speed_up(alone, together):
    """Of figures taken in the same rounds; None when there are none."""
    return statistics.median(a[0] / t[0] for a, t in zip(alone, together)) if together else None


def busy_seconds():
    """What all processors have worked since the start of the machine."""
    with open("/proc/stat") as f:
        user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, f.readline().split()[1:])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """What this process and those of its children that ended have worked."""
    return sum(os.times()[:4])

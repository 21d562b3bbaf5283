"""What a scenario is made of.

A scenario is one file NNN_name.py; its docstring is what it promises, its functions are the parts
of that promise, each run on a fresh Scene.  The Scene hands out etcds, nodes and folders, and when
the part is over it ends the nodes (they must end well, and no sanitizer may have spoken), kills
what is left, removes the folders, and on failure first shows the tail of every log.

    FLUME=build/asan/flume SLOW=5 python3 tests/scenarios/060_canary.py [PART ...]
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from cluster import Cluster
from etcdserver import Etcd
from folders import ConfigMap, Folder
from load import Load, Mixed
from mounts import Disk
from node import FLUME, ROOT, Node, matches
from ports import free_port
from process import SANITIZER, clean_environment
from waiting import SLOW, Failed, contains, equal, holds_for, one_of, wait_until

__all__ = [
    "ConfigMap", "Etcd", "FLUME", "Failed", "Folder", "Load", "Mixed", "Node", "ROOT",
    "SLOW", "Scene", "clean_environment", "contains", "equal", "free_port", "holds_for", "matches",
    "one_of", "run", "wait_until",
]  # fmt: skip


class Result:
    """What a command left: code, out, err."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    def json(self):
        return json.loads(self.out)


class Scene:
    def __init__(self):
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="flume-scenario-"))
        self.processes = []
        self.loads = []
        self.disks = []
        self.clusters = []
        self.nodes = 0

    def folder(self, name):
        path = os.path.join(self.path, name)
        os.makedirs(path, exist_ok=True)
        return path

    def file(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def disk(self, name, size_kb):
        """Ask mounts.why_not first."""
        self.disks.append(Disk(os.path.join(self.path, name), size_kb))
        return self.disks[-1]

    def etcd(self, start=True):
        etcd = Etcd(self.folder(f"etcd-{len(self.processes)}"))
        self.processes.append(etcd)
        return etcd.start() if start else etcd

    def cluster(self, hosts=False, more=()):
        """Three members.  `hosts`: each on one of its own; ask wires.why_not before anything else."""
        cluster = Cluster(self.folder(f"cluster-{len(self.clusters)}"), hosts, more)
        self.clusters.append(cluster)
        self.processes += cluster.members
        return cluster.start()

    def schemas(self, name="schemas", kind=Folder):
        return kind(os.path.join(self.path, name))

    def node(self, name=None, start=True, state=None, **where):
        """`where` as Node takes it.  Without a state folder of another node it gets its own."""
        self.nodes += 1
        name = name or f"node-{self.nodes}"
        log = os.path.join(self.path, f"{name}.log")
        node = Node(name, log, state or os.path.join(self.path, f"state-{name}"), **where)
        self.processes.append(node)
        return node.start() if start else node

    def load(self, node, name, body, **how):
        """`name`: of a pipeline, or a function of the request's number that gives one."""
        path = (lambda i: f"/pipelines/{name(i)}") if callable(name) else f"/pipelines/{name}"
        load = Load(node.port, path, body, **how)
        self.loads.append(load)
        return load.start()

    def flume(self, *words, stdin="", env=None, timeout=20.0):
        """A command that ends by itself."""
        if not os.access(FLUME, os.X_OK):
            raise Failed(f"no flume at {FLUME}: run make, or name another with FLUME=")
        done = subprocess.run(
            [FLUME, *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=self.path,
            env=clean_environment(env),
            timeout=timeout * SLOW,
            check=False,
        )
        found = SANITIZER.search(done.stderr)
        if found:
            raise Failed(f"flume {' '.join(map(str, words))}: {found.group(0)}\n{done.stderr}")
        return Result(done)

    # ---- the end ----

    def end_well(self):
        for load in self.loads:
            load.stop()
        for process in self.processes:
            if isinstance(process, Node) and process.alive():
                process.stop()
            report = process.sanitizer_report()
            if report:
                raise Failed(f"{process.name}: {report}")

    def show_logs(self, out):
        for process in self.processes:
            print(f"--- end of the log of {process.name}", file=out)
            print(process.log_tail(), file=out)

    def clear(self):
        for load in self.loads:
            load.stop()
        for process in self.processes:
            process.kill9()
        for cluster in self.clusters:
            cluster.end()
        for disk in self.disks:
            disk.unmount()
        shutil.rmtree(self.path, ignore_errors=True)


class OutOfTime(BaseException):
    """SIGTERM from run.py: the hard limit."""


def _show_place(why, out):
    """A broken promise: the lines of the scenario that led to it.  Anything else: all there is."""
    if not isinstance(why, AssertionError):
        traceback.print_exception(why, file=out)
        return
    for frame in traceback.extract_tb(why.__traceback__):
        if os.path.basename(frame.filename)[0].isdigit():
            print(f"  {frame.filename}:{frame.lineno}: {frame.line}", file=out)


def _play(part):
    scene = Scene()
    try:
        part(scene)
        scene.end_well()
        return True
    except (Exception, OutOfTime) as why:
        print(f"--- {part.__name__}: {why!s}", file=sys.stderr)
        _show_place(why, sys.stderr)
        scene.show_logs(sys.stderr)
        if isinstance(why, OutOfTime):
            raise
        return False  # one part of a promise broken says nothing of the others
    finally:
        scene.clear()


def _out_of_time(_number, _frame):
    raise OutOfTime("out of time")


def run(*parts):
    """The last line of a scenario.  Arguments choose parts by name; -v times each."""
    signal.signal(signal.SIGTERM, _out_of_time)
    # A shell without job control has jobs in the background ignore it, and so would ours.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = [word for word in sys.argv[1:] if word != "-v"]
    unknown = set(chosen) - {part.__name__ for part in parts}
    if unknown:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}")
    failed = 0
    for part in parts:
        if chosen and part.__name__ not in chosen:
            continue
        begun = time.monotonic()
        good = _play(part)
        failed += not good
        if "-v" in sys.argv:
            print(f"  {part.__name__} {time.monotonic() - begun:.1f} s{'' if good else ' FAILED'}")
    sys.exit(1 if failed else 0)

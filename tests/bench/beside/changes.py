"""Schema changes at a pace, and the ways to bring them to a node."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scenarios"))
import web  # noqa: E402

NAME = "changing"


def schema(i):
    """The version is in the first step and in the last, for whoever looks whether they agree."""
    return (
        f'version: "1.0.{i}"\n'
        "components:\n"
        "  processors:\n"
        "    begin: {kind: set, fields: {first: %d}}\n"
        "    say-comment: {kind: rename, fields: {note: comment}}\n"
        "    trim: {kind: remove, fields: [internal]}\n"
        "    end: {kind: set, fields: {last: %d}}\n"
        "type: sequence\n"
        "children: [{ref: begin}, {ref: say-comment}, {ref: trim}, {ref: end}]\n"
        "canary:\n"
        "  cases: [{input: {note: x}, expect: {first: %d, comment: x, last: %d}}]\n"
        "  probation: {duration: 1ms}\n" % (i, i, i, i)
    )


# ---- each has a node, a name, and put(i), which returns when the change is on its way ----


class ByPut:
    name = "PUT"

    def __init__(self, scene):
        path = os.path.join(scene.path, "bench.sock")
        self.node = scene.node(socket=path)
        self.conn = web.connection(path)

    def put(self, i):
        answer = web.exchange(self.conn, "PUT", f"/schemas/{NAME}", schema(i), {"Content-Type": "application/yaml"})
        if answer.status != 204:
            raise SystemExit(f"PUT of version {i}: {answer.status} {answer.text}")


class ByFolder:
    name = "folder"

    def __init__(self, scene):
        self.folder = scene.folder("changing")
        self.node = scene.node(folder=self.folder)

    def put(self, i):
        beside = os.path.join(self.folder, f".{NAME}.swp")
        with open(beside, "w", encoding="utf-8") as file:
            file.write(schema(i))
        os.rename(beside, os.path.join(self.folder, f"{NAME}.yaml"))


class ByEtcd:
    name = "etcd"

    def __init__(self, scene):
        self.etcd = scene.etcd()
        self.node = scene.node(etcd=self.etcd)

    def put(self, i):
        self.etcd.put(f"/flume/schemas/{NAME}", schema(i))


WAYS = {way.name.lower(): way for way in (ByPut, ByFolder, ByEtcd)}


class Changes:
    """Of one schema.  The first version is there when this returns."""

    def __init__(self, scene, way):
        self.way = way(scene)
        self.node = self.way.node
        self.conn = web.connection(self.node.port)
        self.made = 0
        self.way.put(0)
        self.node.wait_for("the first version", lambda: self.generation() is not None)

    def generation(self):
        """Of what answers."""
        answer = self.node.process(NAME, {"note": "x"})
        return answer.generation if answer.status == 200 else None

    def change(self):
        self.made += 1
        self.way.put(self.made)

    def ask(self):
        """What costs whoever makes the changes as much, and changes nothing."""
        answer = web.exchange(self.conn, "GET", f"/schemas/{NAME}")
        if answer.status != 200:
            raise SystemExit(f"GET /schemas/{NAME}: {answer.status} {answer.text}")

    def at_pace(self, rate, seconds, what):
        """Calls `what` from a thread of its own; join() returns the Pace."""
        return Pace(self, rate, seconds, what)

    def wait_settled(self):
        """Until the last one serves."""
        wanted = f"1.0.{self.made}"
        self.node.wait_for(
            f"version {wanted} serves", lambda: self.node.process(NAME, {"note": "x"}).version == wanted
        )


class Pace:
    def __init__(self, changes, rate, seconds, what):
        self.changes, self.rate, self.seconds, self.what = changes, rate, seconds, what
        self.made = self.applied = 0
        self.trouble = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            self.make()
        except BaseException as why:  # of a thread nobody would hear it
            self.trouble = why

    def make(self):
        before = self.changes.generation()
        begun = time.monotonic()
        for k in range(int(self.rate * self.seconds)):
            due = begun + k / self.rate
            now = time.monotonic()
            if now > begun + self.seconds:
                break
            time.sleep(max(0.0, due - now))
            self.what()
            self.made += 1
        self.changes.wait_settled()
        self.applied = self.changes.generation() - before

    def join(self):
        self.thread.join()
        if self.trouble:
            raise self.trouble
        return self

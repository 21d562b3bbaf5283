"""`flume agent`, the real binary, on a state folder and a port of its own."""

import json
import os
import signal

import web
from ports import free_port
from process import Process
from waiting import Failed, equal, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLUME = os.path.join(ROOT, os.environ.get("FLUME") or "build/flume")


class Node(Process):
    """Where schemas come from is `etcd` (an Etcd or a URL) or `folder` (a Folder or a path).
    `state`: a folder that outlives restarts, made when missing.  `args`, `env`: more of both.
    `socket`: of a unix socket; None is the agent's own default."""

    def __init__(
        self, name, log, state, *, etcd=None, folder=None, poll=None, socket="none", args=(), env=None
    ):
        super().__init__(name, log)
        self.port = free_port()
        self.state = state
        self.etcd = etcd
        self.folder = folder
        self.poll = poll
        self.socket = socket
        self.args = list(args)
        self.env = dict(env or {})

    # ---- life ----

    def argv(self):
        argv = [FLUME, "agent", "--node", self.name, "--state", self.state, "--log", "json"]
        argv += ["--listen", f"127.0.0.1:{self.port}"]
        if self.socket:
            argv += ["--socket", self.socket]
        if self.etcd:
            argv += ["--etcd", getattr(self.etcd, "url", self.etcd)]
        if self.folder:
            argv += ["--dir", getattr(self.folder, "path", self.folder)]
        if self.poll:
            argv += ["--poll", self.poll]
        return argv + self.args

    def start(self):
        """Returns when it answers /healthz; ready it may not be yet."""
        if not os.access(FLUME, os.X_OK):
            raise Failed(f"no agent at {FLUME}: run make, or name another with FLUME=")
        self.spawn_only()
        self.wait_for("the agent answers /healthz", self._healthy)
        return self

    def spawn_only(self):
        """For many at once: whoever waits for more need not wait for this."""
        os.makedirs(self.state, exist_ok=True)
        self.spawn(self.argv(), self.env)

    def _healthy(self):
        return self.get("/healthz").status == 200

    def stop(self):
        """SIGTERM, and it has to end well."""
        code = self.ask_to_end()
        equal(code, 0, f"exit code of {self.name} after SIGTERM")

    def restart(self):
        if self.alive():
            self.stop()
        return self.start()

    def wait_killed(self):
        """Until it is dead by SIGKILL of its own doing (a kill point)."""
        wait_until(f"{self.name} is dead", lambda: not self.alive())
        equal(self.child.returncode, -signal.SIGKILL, f"how {self.name} died")

    # ---- HTTP ----

    def request(self, method, path, body=None, headers=None, timeout=10.0):
        return web.request(self.port, method, path, body, headers, timeout)

    def request_locally(self, method, path, body=None, headers=None, socket=None):
        """Through its unix socket."""
        return web.request(socket or self.socket, method, path, body, headers)

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def process(self, name, document, headers=None):
        """The Answer of the pipeline."""
        return self.request("POST", f"/pipelines/{name}", document, headers)

    def status(self):
        """Once there is one: it comes a moment after the port does."""
        return wait_until(f"{self.name}: a status", self._status)

    def _status(self):
        answer = self.get("/status")
        equal(answer.status, 200, "GET /status")
        return answer.json()

    def schema(self, name):
        """What /status says of one schema; {} when it knows none."""
        return self.status().get("schemas", {}).get(name, {})

    def ready(self):
        return self.get("/readyz").status == 200

    # ---- waiting ----

    def wait_for(self, what, look, timeout=10.0, describe=None):
        """wait_until, but a broken connection is only "not yet" and a dead agent ends the wait."""

        def looking():
            if not self.alive():
                raise Failed(f"{self.name} ended with {self.child.returncode} before: {what}")
            try:
                return look()
            except web.Broken:
                return None

        return wait_until(f"{self.name}: {what}", looking, timeout, describe)

    def wait_for_either(self, what, look, timeout=10.0):
        """As wait_for, but its death will do as well: for a node that has a kill point."""
        what = f"{self.name}: {what}"
        wait_until(what, lambda: not self.alive() or look(), timeout, self.log_tail)

    def wait_ready(self, timeout=10.0):
        self.wait_for("ready", self.ready, timeout, lambda: self.get("/readyz?verbose").text)

    def wait_schema(self, name, timeout=10.0, **wanted):
        """Until /status says so of the schema; returns what it says.  Known words: state; stage
        (of what was attempted); version, generation, proven (of what runs); wanted (a version)
        and revision (wanted)."""
        seen = {}

        def look():
            seen["schema"] = found = self.schema(name)
            return found if matches(found, **wanted) else None

        return self.wait_for(
            f"{name} {wanted}", look, timeout, lambda: json.dumps(seen.get("schema"), indent=1)
        )

    def switch(self, name):
        """What /status says of one A/B switch; {} when it knows none."""
        return self.status().get("switches", {}).get(name, {})

    def wait_switch(self, name, timeout=10.0, front=None, **wanted):
        """As wait_schema; `front`: whether it is in front."""
        seen = {}

        def look():
            seen["switch"] = found = self.switch(name)
            placed = front is None or found.get("running", {}).get("front") == front
            return found if placed and matches(found, **wanted) else None

        return self.wait_for(
            f"switch {name} {wanted}", look, timeout, lambda: json.dumps(seen.get("switch"), indent=1)
        )

    def prove(self, names, document, version, timeout=10.0):
        """Sends the document to one schema, or to several, until that version is proven of all."""
        names = [names] if isinstance(names, str) else list(names)

        def look():
            for name in names:
                self.process(name, document)
            schemas = self.status().get("schemas", {})
            return all(matches(schemas.get(name), version=version, proven=True) for name in names)

        what = f"{', '.join(names)} {version} proven"
        self.wait_for(what, look, timeout, lambda: json.dumps(self.status(), indent=1))

    # ---- the log ----

    def log_lines(self):
        """Every line that is a JSON object, parsed."""
        found = []
        for line in self.log_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found


def matches(schema, **wanted):
    places = {
        "state": ("state",),
        "stage": ("attempted", "stage"),
        "version": ("running", "version"),
        "generation": ("running", "generation"),
        "proven": ("running", "proven"),
        "wanted": ("wanted", "version"),
        "revision": ("wanted", "revision"),
    }
    for word, value in wanted.items():
        at = schema
        for key in places[word]:
            at = (at or {}).get(key)
        if at != value:
            return False
    return True

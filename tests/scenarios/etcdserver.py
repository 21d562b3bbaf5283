"""A private etcd: one member, its own folder and ports, driven through its JSON gateway."""

import base64
import collections
import json
import os
import shutil
import subprocess

import web
from ports import free_port
from process import Process, clean_environment
from waiting import SLOW, Failed, wait_until

Kv = collections.namedtuple("Kv", "key value mod_revision version lease")


def _b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def _prefix_end(prefix):
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _kv(raw):
    return Kv(
        base64.b64decode(raw["key"]).decode(),
        base64.b64decode(raw.get("value", "")).decode("utf-8", "replace"),
        int(raw["mod_revision"]),
        int(raw.get("version", 0)),
        int(raw.get("lease", 0)),
    )


class Etcd(Process):
    """Not started by the constructor: scenarios say when.  Ports stay the same over restarts."""

    prefix = "/flume/"

    def __init__(self, folder, port=None):
        os.makedirs(folder, exist_ok=True)
        super().__init__("etcd", os.path.join(folder, "etcd.log"))
        self.data = os.path.join(folder, "data")
        self.port = port or free_port()
        self.peer_port = free_port()
        self.more = []  # flags of its own
        self.headers = {}  # of each word

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # ---- life ----

    def start(self, port=None):
        """Returns when it answers.  `port`: serve clients elsewhere from now on."""
        if not shutil.which("etcd"):
            raise Failed("no etcd in PATH (Debian: apt-get install etcd-server etcd-client)")
        self.port = port or self.port
        peer = f"http://127.0.0.1:{self.peer_port}"
        self.spawn(
            ["etcd", "--name", "only", "--data-dir", self.data]
            + ["--listen-client-urls", self.url, "--advertise-client-urls", self.url]
            + ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
            + ["--initial-cluster", f"only={peer}"]
            # A lone member elects itself after one election timeout: a tenth of the default.
            + ["--heartbeat-interval", "10", "--election-timeout", "100"]
            + ["--logger", "zap", "--log-outputs", self.log]
            + self.more
        )
        wait_until("etcd answers", self._healthy, describe=self.log_tail)
        return self

    def _healthy(self):
        if not self.alive():
            raise Failed(f"etcd ended with {self.child.returncode}\n{self.log_tail()}")
        try:
            return self.request("GET", "/health", timeout=1).status == 200
        except web.Broken:
            return False

    def stop(self):
        self.ask_to_end()

    def restart(self, port=None):
        self.stop()
        return self.start(port)

    def wipe(self):
        """Ends it and forgets everything it held."""
        self.kill9()
        shutil.rmtree(self.data)

    # ---- words ----

    @property
    def at(self):
        """For web.py."""
        return self.port

    def request(self, method, path, body=None, timeout=10.0):
        return web.request(self.at, method, path, body, self.headers, timeout)

    def call(self, path, body, timeout=10.0):
        answer = self.request("POST", path, body, timeout)
        if answer.status != 200:
            raise Failed(f"etcd {path}: {answer.status} {answer.text}")
        return answer.json()

    def put(self, key, value, timeout=10.0):
        """Returns the revision it made."""
        reply = self.call("/v3/kv/put", {"key": _b64(key), "value": _b64(value)}, timeout)
        return int(reply["header"]["revision"])

    def get(self, key):
        """A Kv, or None."""
        kvs = self.call("/v3/kv/range", {"key": _b64(key)}).get("kvs")
        return _kv(kvs[0]) if kvs else None

    def list(self, prefix):
        body = {"key": _b64(prefix), "range_end": _b64(_prefix_end(prefix))}
        return [_kv(raw) for raw in self.call("/v3/kv/range", body).get("kvs", [])]

    def delete(self, key):
        """Returns the revision."""
        reply = self.call("/v3/kv/deleterange", {"key": _b64(key)})
        return int(reply["header"]["revision"])

    def change(self, puts=None, deletes=()):
        """Everything in one transaction, so in one revision.  Returns it."""
        steps = [
            {"request_put": {"key": _b64(key), "value": _b64(value)}}
            for key, value in (puts or {}).items()
        ]
        steps += [{"request_delete_range": {"key": _b64(key)}} for key in deletes]
        reply = self.call("/v3/kv/txn", {"success": steps})
        return int(reply["header"]["revision"])

    def revision(self):
        reply = self.call("/v3/kv/range", {"key": _b64("\0"), "count_only": True})
        return int(reply["header"]["revision"])

    def history(self, prefix):
        """(key, revision) of all that ever happened below it, in order; nothing may be compacted."""
        end = self.put("/end-of-history", "")
        ask = {"key": _b64("/"), "range_end": _b64("0"), "start_revision": "1"}
        for message in web.lines(self.at, "/v3/watch", {"create_request": ask}):
            for event in message["result"].get("events", []):
                key = base64.b64decode(event["kv"]["key"]).decode()
                revision = int(event["kv"]["mod_revision"])
                if key.startswith(prefix):
                    yield key, revision
                if revision >= end:
                    return

    def compact(self):
        """All history but the present."""
        self.call("/v3/kv/compaction", {"revision": str(self.revision()), "physical": True})

    def granted_ttl(self, lease):
        reply = self.call("/v3/lease/timetolive", {"ID": str(lease)})
        return int(reply.get("grantedTTL", 0))

    def etcdctl(self, *words):
        """Its stdout."""
        done = subprocess.run(
            ["etcdctl", "--endpoints", self.url, *words],
            env=clean_environment({"ETCDCTL_API": "3"}),
            capture_output=True,
            text=True,
            timeout=10 * SLOW,
            check=False,
        )
        if done.returncode:
            raise Failed(f"etcdctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    # ---- as a place where schemas live; a Folder has the first two verbs too ----

    def schema_key(self, name):
        return f"{self.prefix}schemas/{name}"

    def set_schema(self, name, text):
        return self.put(self.schema_key(name), text)

    def delete_schema(self, name):
        return self.delete(self.schema_key(name))

    def delete_schemas(self, names):
        """In one revision."""
        return self.change(deletes=[self.schema_key(name) for name in names])

    def node_status(self, node):
        """(the parsed status, its Kv), or (None, None)."""
        found = self.get(f"{self.prefix}nodes/{node}")
        return (json.loads(found.value), found) if found else (None, None)

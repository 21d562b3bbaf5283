"""A private etcd of three members, on ports of 127.0.0.1 or on hosts of their own (wires.py)."""

import os

import web
from etcdserver import Etcd
from ports import free_port
from waiting import Failed, wait_until
from wires import Host


class Member(Etcd):
    """The address of clients is its own when it has a host."""

    def __init__(self, folder, name, host=None, more=()):
        super().__init__(folder)
        self.name = name
        self.host = host
        self.more = list(more)
        self.cluster = ""
        self.address = host.client_address if host else "127.0.0.1"
        self.peer_port = free_port()

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    @property
    def at(self):
        return self.address, self.port

    def start(self, port=None):
        """Without waiting: a member may not answer before the others are there."""
        self.spawn(self.argv())
        return self

    def healthy(self, timeout=1.0):
        """It answers linearizable reads."""
        try:
            return self.alive() and self.request("GET", "/health", timeout=timeout).status == 200
        except web.Broken:
            return False

    def watchers(self):
        """How many watches it serves."""
        for line in self.request("GET", "/metrics", timeout=2).text.splitlines():
            if line.startswith("etcd_debugging_mvcc_watcher_total "):
                return int(float(line.split()[1]))
        return 0

    @property
    def peer_url(self):
        return f"http://{self.host.member_address if self.host else '127.0.0.1'}:{self.peer_port}"

    def argv(self):
        argv = ["etcd", "--name", self.name, "--data-dir", self.data]
        argv += ["--listen-client-urls", self.url, "--advertise-client-urls", self.url]
        argv += ["--listen-peer-urls", self.peer_url]
        argv += ["--initial-advertise-peer-urls", self.peer_url]
        argv += ["--initial-cluster", self.cluster, "--pre-vote"]
        argv += ["--logger", "zap", "--log-outputs", self.log, *self.more]
        return self.host.argv(argv) if self.host else argv

    def member_id(self):
        return self.call("/v3/maintenance/status", {})["header"]["member_id"]

    def leader_id(self):
        """As far as it knows; None: there is none."""
        return self.call("/v3/maintenance/status", {}).get("leader")


class Cluster:
    """Words (put, get ...) go to a member that answers; see etcdserver.Etcd for them."""

    def __init__(self, folder, hosts=False, more=()):
        self.hosts = [Host(number + 1) for number in range(3)] if hosts else [None] * 3
        self.members = [
            Member(os.path.join(folder, f"m{i}"), f"m{i}", host, more)
            for i, host in enumerate(self.hosts)
        ]
        whole = ",".join(f"{member.name}={member.peer_url}" for member in self.members)
        for member in self.members:
            member.cluster = whole

    @property
    def url(self):
        return ",".join(member.url for member in self.members)

    def start(self):
        for member in self.members:
            member.start()
        self.wait_whole()
        return self

    def wait_whole(self, timeout=20.0):
        for member in self.members:
            wait_until(f"{member.name} answers", member.healthy, timeout, member.log_tail)

    def wait_leader(self, timeout=20.0):
        """The member that all who live agree on."""

        def look():
            found = self._leader()
            return found if found and found.healthy() else None

        return wait_until("the cluster has a leader", look, timeout)

    def _leader(self):
        ids, said = {}, set()
        for member in self.members:
            if not member.alive():
                continue
            try:
                ids[member.member_id()] = member
                said.add(member.leader_id())
            except (Failed, *web.Broken):
                continue
        return ids.get(said.pop()) if len(said) == 1 else None

    def someone(self, but=()):
        """A member that answers linearizable requests."""
        for member in self.members:
            if member not in but and member.alive() and member.healthy():
                return member
        raise Failed("no member of the cluster answers")

    def in_use(self):
        """The member that the only node has its watch on."""

        def look():
            watched = [member for member in self.members if member.alive() and member.watchers()]
            return watched[0] if len(watched) == 1 else None

        return wait_until("one member has the watch", look)

    def put(self, key, value, but=()):
        """By whichever member takes it, as soon as one does."""

        def attempt():
            for member in self.members:
                if member in but or not member.alive():
                    continue
                try:
                    return member.put(key, value, timeout=1.0)
                except (Failed, *web.Broken):
                    continue
            return None

        return wait_until(f"a member takes {key}", attempt, 30)

    def set_schema(self, name, text, but=()):
        return self.put(self.members[0].schema_key(name), text, but)

    def end(self):
        for member in self.members:
            member.kill9()
        for host in self.hosts:
            if host:
                host.end()

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
        if host:
            self.address = host.client_address
        self.peer_port = free_port()

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
            member.spawn(member.argv())
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

    def in_use(self, node):
        """The member that the node has its watch on: with the most connections of its process."""
        counts = {member: len(connections(node.pid, member)) for member in self.members}
        best = max(counts, key=counts.get)
        return best if counts[best] else None

    def end(self):
        for member in self.members:
            member.kill9()
        for host in self.hosts:
            if host:
                host.end()


def _address(url):
    host, port = url.rsplit("/", 1)[1].split(":")
    return "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{int(port):04X}"


def connections(pid, member):
    """Inodes of the process's established connections to the member."""
    wanted = _address(member.url)
    inodes = set()
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as file:
        for line in file.readlines()[1:]:
            words = line.split()
            if words[2] == wanted and words[3] == "01":
                inodes.add(words[9])
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if target.startswith("socket:[") and target[8:-1] in inodes:
            found.append(target[8:-1])
    return found

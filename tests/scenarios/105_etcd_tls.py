"""etcd over TLS, with client certificates: followed over one connection; what is wrong with a
certificate or its file is said by name; and files that are replaced are used without a restart."""

import os

from documents import marking
from harness import contains, equal, run
from secure import Authority, Pair, SecureEtcd, replace

ESTABLISHED = "01"


class Place:
    """An authority for servers, one for clients, and an etcd."""

    def __init__(self, s, start=True, **server):
        self.s = s
        folder = s.folder("certificates")
        self.server_ca = Authority(folder, "server-ca")
        self.client_ca = Authority(folder, "client-ca")
        self.client = self.client_ca.issue("client")
        admin = self.client_ca.issue("admin")
        self.etcd = SecureEtcd(
            s.folder("etcd"),
            self.server_ca.issue_server(**server),
            self.server_ca,
            self.client_ca,
            admin,
        )
        s.processes.append(self.etcd)
        if start:
            self.etcd.start()

    def options(self, client=None, ca=None):
        ca = ["--etcd-ca", ca or self.server_ca.cert]
        return ca + (client or self.client).options()

    def node(self, client=None, ca=None, **more):
        return self.s.node(etcd=self.etcd, args=self.options(client, ca), **more)

    def get(self, *options):
        return self.s.flume("get", "--etcd", self.etcd.url, *options)

    def trust(self, authority):
        """From now on, alone: connections there were are gone, and what they stood for."""
        self.etcd.stop()
        self.etcd.trusted = authority
        self.etcd.client = authority.issue("admin-again")
        self.etcd.start()


def link(node):
    return node.status()["link"]


def wait_down(node, part):
    node.wait_for(
        f"the link is down: {part}",
        lambda: not link(node)["up"] and part in link(node).get("why", ""),
        30,
        lambda: str(link(node)),
    )


def follows(place, node, version, mark):
    place.etcd.set_schema("a", marking(version, mark))
    node.wait_schema("a", version=version, timeout=20)
    equal(node.process("a", {"id": 1}).json()["made_by"], mark, "made_by")


def connections(node, port):
    """Of the node to this port."""
    sockets = set()
    for name in os.listdir(f"/proc/{node.pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{node.pid}/fd/{name}"))
        except FileNotFoundError:
            continue
    with open(f"/proc/{node.pid}/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return sum(
        row[3] == ESTABLISHED
        and int(row[2].split(":")[1], 16) == port
        and f"socket:[{row[9]}]" in sockets
        for row in rows
    )


def copies(node):
    """Of certificates and keys, in its memory."""
    names = os.listdir(f"/proc/{node.pid}/fd")
    return sum("flume-etcd-tls" in os.readlink(f"/proc/{node.pid}/fd/{name}") for name in names)


def everything_shares_one_connection(s):
    """Also when the first requests of all kinds are under way while there is none yet."""
    place = Place(s)
    place.etcd.freeze()
    node = place.node()
    node.wait_for("the first try to connect", lambda: connections(node, place.etcd.port) > 1)
    place.etcd.thaw()
    for k in (1, 2, 3):
        follows(place, node, f"1.0.{k}", k)
    node.prove("a", {"id": 1}, "1.0.3")
    node.wait_for(
        "its status is in etcd",
        lambda: (place.etcd.node_status(node.name)[0] or {}).get("schemas")
        == node.status()["schemas"],
    )
    revision = place.etcd.put("/elsewhere", "moves the revision on")
    node.wait_for("a proof", lambda: node.status()["proved_revision"] >= revision, timeout=30)
    node.wait_for("one connection", lambda: connections(node, place.etcd.port) == 1)


def what_is_wrong_is_said_by_name(s):
    place = Place(s)
    stranger = Authority(s.folder("strangers"), "stranger")
    own = place.client
    notes = s.file("notes.txt", "no PEM\n")
    away = os.path.join(s.path, "away.pem")
    expired = place.client_ca.issue("expired", days=-1)
    ca = ["--etcd-ca", place.server_ca.cert]
    for options, code, part in (
        ([*ca, "--etcd-cert", own.cert, "--etcd-key", own.key], 0, ""),
        ([*ca], 3, "a client's certificate: none is given"),
        ([*ca, *stranger.issue("s").options()], 3, "it may not trust the client's certificate"),
        ([*ca, *expired.options()], 3, f"'{expired.cert}' expired at 20"),
        (["--etcd-ca", stranger.cert, *own.options()], 3, f"not one that '{stranger.cert}'"),
        ([*own.options()], 3, "not one that this system vouches for"),
        (["--etcd-ca", away, *own.options()], 3, f"'{away}': No such file or directory"),
        (["--etcd-ca", notes, *own.options()], 3, f"'{notes}' holds no certificate in PEM"),
        (["--etcd-ca", s.path, *own.options()], 3, f"'{s.path}': Is a directory"),
        ([*ca, "--etcd-cert", notes, "--etcd-key", own.key], 3, f"'{notes}' holds no certificate"),
        ([*ca, "--etcd-cert", own.cert, "--etcd-key", notes], 3, f"'{notes}' holds no private key"),
        (
            [*ca, "--etcd-cert", own.cert, "--etcd-key", expired.key],
            3,
            f"'{expired.key}' does not belong to the certificate '{own.cert}'",
        ),
        ([*ca, "--etcd-cert", own.cert], 2, "its key are given together"),
        ([*ca, *own.options(), "--etcd-server-name", "db"], 3, "does not match target host name"),
        ([*ca, *own.options(), "--etcd-server-name", "localhost"], 0, ""),
    ):
        done = place.get(*options)
        equal(done.code, code, f"exit code with {options}: {done}")
        contains(done.err, part, f"with {options}")
    plain = place.etcd.url.replace("https", "http")
    done = s.flume("get", "--etcd", plain)
    equal(done.code, 3, f"{done}")
    contains(done.err, "does it speak https?", "http where https is spoken")
    done = s.flume("get", "--etcd", plain, *ca)
    equal(done.code, 2, f"{done}")
    contains(done.err, "no endpoint with https://", "certificates for http")


def a_key_that_may_not_be_read(s):
    """Root reads everything, so where that runs this the file is a folder that is not there."""
    place = Place(s)
    pair = Pair(os.path.join(s.path, "mine"))
    pair.replace_by(place.client)
    os.chmod(pair.key, 0)
    why = "Permission denied"
    if os.access(pair.key, os.R_OK):
        os.unlink(pair.key)
        os.symlink(pair.key, pair.key)
        why = "Too many levels of symbolic links"
    done = place.get("--etcd-ca", place.server_ca.cert, *pair.options())
    equal(done.code, 3, f"{done}")
    contains(done.err, f"the client's key for etcd: '{pair.key}': {why}", "unreadable key")


def certificates_are_replaced_while_it_runs(s):
    place = Place(s)
    mine = Pair(os.path.join(s.path, "mine"))
    mine.replace_by(place.client)
    node = place.node(mine)
    follows(place, node, "1.0.1", 1)
    other = Authority(s.folder("others"), "other-ca")
    mine.replace_by(other.issue("client"))
    place.trust(other)
    follows(place, node, "1.0.2", 2)
    for k in (3, 4, 5):
        mine.replace_by(other.issue("client"))
        place.etcd.restart()
        follows(place, node, f"1.0.{k}", k)
    node.wait_for("one copy of each file is kept", lambda: copies(node) == 3)
    contains(node.log_text(), "the certificates for etcd were read again", "log")


def the_ca_is_replaced_while_it_runs(s):
    place = Place(s)
    ca = os.path.join(s.path, "ca.pem")
    replace(ca, place.server_ca.cert)
    node = place.node(ca=ca)
    follows(place, node, "1.0.1", 1)
    other = Authority(s.folder("others"), "other-ca")
    replace(ca, other.cert)
    place.etcd.stop()
    place.etcd.server, place.etcd.server_ca = other.issue_server(), other
    place.etcd.start()
    follows(place, node, "1.0.2", 2)


def half_a_pair_is_waited_for(s):
    """The certificate is new, the key is not there yet, and etcd restarts just then."""
    place = Place(s)
    mine = Pair(os.path.join(s.path, "mine"))
    mine.replace_by(place.client)
    node = place.node(mine)
    follows(place, node, "1.0.1", 1)
    fresh = place.client_ca.issue("fresh")
    replace(mine.cert, fresh.cert)
    place.etcd.restart()
    follows(place, node, "1.0.2", 2)
    told = [line for line in node.log_lines() if "does not belong" in line.get("reason", "")]
    equal(len(told), 1, f"lines about it: {told}")
    contains(told[0]["reason"], "the one read before is used on", "reason")
    mine.replace_by(fresh)
    place.etcd.restart()
    follows(place, node, "1.0.3", 3)


def an_expired_certificate_is_told_and_can_be_replaced(s):
    place = Place(s)
    mine = place.client_ca.issue("mine", days=-1)
    node = place.node(mine)
    wait_down(node, f"the client's certificate '{mine.cert}' expired at 20")
    mine.replace_by(place.client)
    follows(place, node, "1.0.1", 1)


def files_may_come_after_the_agent(s):
    place = Place(s)
    node = place.node(name="n")
    follows(place, node, "1.0.1", 1)
    node.prove("a", {"id": 1}, "1.0.1")
    node.stop()
    kept = os.path.join(s.path, "kept.pem")
    os.rename(place.client.cert, kept)
    node.start()
    wait_down(node, f"'{place.client.cert}': No such file or directory")
    node.wait_ready()
    equal(node.process("a", {"id": 1}).json()["made_by"], 1, "made_by, from disk")
    os.rename(kept, place.client.cert)
    follows(place, node, "1.0.2", 2)


def a_common_name_where_there_are_users(s):
    """The gateway refuses it then; before, it takes no notice."""
    place = Place(s)
    named = place.client_ca.issue("named", subject="/O=flume/CN=flume")
    for path, body in (
        ("user/add", {"name": "root", "password": "r"}),
        ("role/add", {"name": "root"}),
        ("user/grant", {"user": "root", "role": "root"}),
    ):
        place.etcd.call(f"/v3/auth/{path}", body)
    user = ["--etcd-user", "root", "--etcd-password-file", s.file("password", "r\n")]
    equal(place.get(*place.options(named)).code, 0, "exit code without users")
    equal(place.get(*place.options(named), *user).code, 0, "exit code, users are off")
    place.etcd.call("/v3/auth/enable", {})
    done = place.get(*place.options(named), *user)
    equal(done.code, 7, f"{done}")
    contains(done.err, "etcd refuses client certificates with a common name (CN)", "why")
    done = place.get(*place.options(), *user)
    equal(done.code, 0, f"{done}")
    node = s.node(etcd=place.etcd, args=[*place.options(named), *user])
    wait_down(node, "a common name (CN)")


def the_connection_is_cut(s):
    place = Place(s)
    node = place.node()
    follows(place, node, "1.0.1", 1)
    place.etcd.kill9()
    place.etcd.start()
    follows(place, node, "1.0.2", 2)
    place.etcd.freeze()
    node.wait_for("it notices", lambda: not link(node)["up"], timeout=15)
    place.etcd.thaw()
    follows(place, node, "1.0.3", 3)


run(
    everything_shares_one_connection,
    what_is_wrong_is_said_by_name,
    a_key_that_may_not_be_read,
    certificates_are_replaced_while_it_runs,
    the_ca_is_replaced_while_it_runs,
    half_a_pair_is_waited_for,
    an_expired_certificate_is_told_and_can_be_replaced,
    files_may_come_after_the_agent,
    a_common_name_where_there_are_users,
    the_connection_is_cut,
)

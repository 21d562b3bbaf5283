"""etcd with users: tokens that live five seconds or die with their member are replaced unnoticed; a
password that is refused, or a role that may not, is told, not asked for again and again, and works
when it is mended; users are switched on and off under a running agent."""

import base64
import os
import re

import web
from documents import marking
from etcdserver import Etcd
from harness import contains, equal, holds_for, run, wait_until

PASSWORD = "correct horse \"battery\" staple"


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Guarded(Etcd):
    """Its words are root's, with a token of their own each time."""

    def __init__(self, folder, ttl=300):
        super().__init__(folder)
        self.more = ["--auth-token-ttl", str(ttl), "--bcrypt-cost", "4"]
        self.guarded = False

    def call(self, path, body, timeout=10.0):
        self.headers = {}
        if self.guarded and path != "/v3/auth/authenticate":
            token = super().call("/v3/auth/authenticate", {"name": "root", "password": "r"})
            self.headers = {"Authorization": token["token"]}
        return super().call(path, body, timeout)

    def allow(self, role, begin, what="READWRITE"):
        """All that begins so."""
        end = begin[:-1] + chr(ord(begin[-1]) + 1)
        perm = {"permType": what, "key": b64(begin), "range_end": b64(end)}
        self.call("/v3/auth/role/grant", {"name": role, "perm": perm})

    def forbid(self, role, begin):
        end = begin[:-1] + chr(ord(begin[-1]) + 1)
        self.call(
            "/v3/auth/role/revoke", {"role": role, "key": b64(begin), "range_end": b64(end)}
        )

    def set_password(self, password):
        self.call("/v3/auth/user/changepw", {"name": "flume", "password": password})

    def make_users(self):
        self.call("/v3/auth/user/add", {"name": "root", "password": "r"})
        self.call("/v3/auth/role/add", {"name": "root"})
        self.call("/v3/auth/user/grant", {"user": "root", "role": "root"})
        self.call("/v3/auth/user/add", {"name": "flume", "password": PASSWORD})
        self.call("/v3/auth/role/add", {"name": "flume"})
        self.call("/v3/auth/user/grant", {"user": "flume", "role": "flume"})

    def guard(self, on=True):
        self.call("/v3/auth/enable" if on else "/v3/auth/disable", {})
        self.guarded = on

    def asked_for_tokens(self):
        """How often since it was started, by whomever."""
        text = web.request(self.port, "GET", "/metrics").text
        found = re.findall(
            r'^grpc_server_started_total{grpc_method="Authenticate".*} (\S+)', text, re.MULTILINE
        )
        return sum(int(float(n)) for n in found)


def guarded(s, on=True, allowed="/flume/", **more):
    etcd = Guarded(s.folder("etcd"), **more)
    s.processes.append(etcd)
    etcd.start()
    etcd.make_users()
    if allowed:
        etcd.allow("flume", allowed)
    if on:
        etcd.guard()
    return etcd


def user_with(file):
    return ["--etcd-user", "flume", "--etcd-password-file", file]


def user(s, password=PASSWORD):
    return user_with(s.file("password", password + "\n"))


def follows(etcd, node, version, mark, timeout=15):
    revision = etcd.set_schema("a", marking(version, mark))
    node.wait_schema("a", version=version, revision=revision, timeout=timeout)
    equal(node.process("a", {"id": 1}).json()["made_by"], mark, "made_by")


def wait_status(etcd, node):
    wait_until(
        "its status is in etcd",
        lambda: (etcd.node_status(node.name)[0] or {}).get("schemas") == node.status()["schemas"],
        15,
        lambda: f"{etcd.node_status(node.name)[0]} beside {node.status()}",
    )


def link(node):
    return node.status()["link"]


def wait_down(node, part):
    node.wait_for(
        f"the link is down: {part}",
        lambda: not link(node)["up"] and part in link(node).get("why", ""),
        30,
        lambda: str(link(node)),
    )


def downs(node):
    return [line for line in node.log_lines() if line["message"] == "source down"]


def attention(node):
    return [line for line in node.log_lines() if line["message"] == "etcd needs attention"]


def tokens_of_five_seconds(s):
    """With nothing asked in between for so long that each is dead when it would be used."""
    etcd = guarded(s, ttl=5)
    node = s.node(etcd=etcd, args=[*user(s), "--etcd-silence", "40s"])
    follows(etcd, node, "1.0.1", 1)
    for k in (2, 3):
        holds_for(7, "the link is up", lambda: link(node)["up"])
        follows(etcd, node, f"1.0.{k}", k)
        node.prove("a", {"id": 1}, f"1.0.{k}")
        wait_status(etcd, node)
    equal(downs(node) + attention(node), [], "complaints")


def a_restart_of_etcd_takes_all_tokens(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    for k in (2, 3):
        etcd.restart()
        follows(etcd, node, f"1.0.{k}", k)
        wait_status(etcd, node)
    equal(attention(node), [], "complaints")


def a_role_that_may_not(s):
    etcd = guarded(s, allowed=None)
    node = s.node(etcd=etcd, args=user(s))
    wait_down(node, "permission denied")
    asked = etcd.asked_for_tokens()
    holds_for(2, "no token is asked for", lambda: etcd.asked_for_tokens() == asked)
    etcd.allow("flume", "/flume/")
    follows(etcd, node, "1.0.1", 1, timeout=40)


def the_rights_of_the_manual_are_enough(s):
    etcd = guarded(s, allowed=None)
    etcd.allow("flume", "/flume/", "READ")
    etcd.allow("flume", "/flume/nodes/")
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    wait_status(etcd, node)
    done = s.flume("apply", "-f", s.file("b.yaml", marking("1.0.0", 1)), "--etcd", etcd.url, *user(s))
    equal(done.code, 7, f"{done}")


def a_role_that_may_no_longer(s):
    """etcd does not end the watch; the proofs notice, and nothing that runs is touched."""
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    etcd.forbid("flume", "/flume/")
    wait_down(node, "permission denied")
    equal(node.process("a", {"id": 1}).json()["made_by"], 1, "made_by")
    assert node.ready(), node.get("/readyz?verbose").text
    etcd.allow("flume", "/flume/")
    follows(etcd, node, "1.0.2", 2, timeout=40)


def a_wrong_password(s):
    etcd = guarded(s)
    asked = etcd.asked_for_tokens()
    node = s.node(etcd=etcd, args=user(s, "guess"))
    wait_down(node, "etcd refuses the user 'flume' or its password in")
    contains(link(node)["why"], "authentication failed, invalid user ID or password", "why")
    holds_for(4, "it is asked once", lambda: etcd.asked_for_tokens() == asked + 1)
    equal(len(attention(node)), 1, "lines about it")
    user(s)  # writes the right one to the file
    follows(etcd, node, "1.0.1", 1)
    wait_status(etcd, node)
    contains(node.log_text(), "etcd takes the user and its password again", "log")


def a_password_is_changed(s):
    """In etcd first: that makes the tokens void, and the file is behind for a moment."""
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    etcd.set_password("another")
    wait_down(node, "etcd refuses the user")
    user(s, "another")
    follows(etcd, node, "1.0.2", 2)


def a_password_file_that_comes_late(s):
    etcd = guarded(s)
    path = os.path.join(s.path, "password")
    node = s.node(etcd=etcd, args=user_with(path))
    wait_down(node, f"the password for etcd: '{path}': No such file or directory")
    user(s)
    follows(etcd, node, "1.0.1", 1)


def users_are_switched_on_and_off(s):
    etcd = guarded(s, on=False)
    node = s.node(etcd=etcd, args=user(s))
    for k in range(1, 6):
        follows(etcd, node, f"1.0.{k}", k)
        wait_status(etcd, node)
        etcd.guard(on=k % 2 == 1)
        if k > 2:
            etcd.restart()
    follows(etcd, node, "1.0.6", 6)
    equal(attention(node), [], "complaints")


def no_user_where_one_is_wanted(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd)
    wait_down(node, "it wants a user and a password, and none is given")
    node.stop()


def commands_say_what_is_wrong(s):
    etcd = guarded(s)
    etcd.set_schema("a", marking("1.0.0", 1))
    one = s.file("a.yaml", marking("1.0.1", 2))
    where = ["--etcd", etcd.url]
    for options, code, part in (
        (user(s), 0, ""),
        ([], 7, "wants a user and a password"),
        (user_with(s.file("guess", "guess")), 7, "etcd refuses the user 'flume' or its pass"),
        (user_with(s.file("empty", "\n")), 3, "does not hold one line of text"),
        (["--etcd-user", "flume"], 2, "given together"),
        (user_with(s.path), 3, "Is a directory"),
    ):
        done = s.flume("get", *where, *options)
        equal(done.code, code, f"exit code with {options}: {done}")
        contains(done.err, part, f"with {options}")
    done = s.flume("apply", "-f", one, *where, *user(s))
    equal(done.code, 0, f"{done}")
    environment = {"FLUME_ETCD_USER": "flume", "FLUME_ETCD_PASSWORD_FILE": user(s)[3]}
    done = s.flume("get", "a", "--etcd", etcd.url, env=environment)
    equal(done.out, marking("1.0.1", 2), "what was applied")
    etcd.forbid("flume", "/flume/")
    done = s.flume("get", *where, *user(s))
    equal(done.code, 7, f"{done}")
    contains(done.err, "permission denied", "without a right")


def secrets_stay_where_they_are(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=[*user(s), "--log-level", "debug"])
    follows(etcd, node, "1.0.1", 1)
    with open(f"/proc/{node.pid}/cmdline", encoding="utf-8") as line:
        words = line.read()
    for text, what in ((words, "arguments"), (node.log_text(), "log")):
        assert PASSWORD not in text and "battery" not in text, f"the password is in the {what}"


run(
    tokens_of_five_seconds,
    a_restart_of_etcd_takes_all_tokens,
    a_role_that_may_not,
    the_rights_of_the_manual_are_enough,
    a_role_that_may_no_longer,
    a_wrong_password,
    a_password_is_changed,
    a_password_file_that_comes_late,
    users_are_switched_on_and_off,
    no_user_where_one_is_wanted,
    commands_say_what_is_wrong,
    secrets_stay_where_they_are,
)

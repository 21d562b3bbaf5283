"""An etcd with users, and one of them for nodes."""

import base64
import re

import web
from etcdserver import Etcd

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

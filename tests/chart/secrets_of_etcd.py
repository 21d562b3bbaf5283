"""A real etcd with TLS, client certificates and users, and a pod that has all it needs from Secrets."""

import base64
import json
import os
import shutil
import sys

from check import contains, root, skip
from node import SCHEMA, doctor, free_port, node, wait
from render import render

sys.path.append(os.path.join(root(), "tests", "scenarios"))
from secure import Authority, SecureEtcd  # noqa: E402

PREFIX = "/teams/orders/"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def guard(etcd):
    """Users, with the rights that agent/README.md says."""
    for name in ("root", "flume"):
        etcd.call("/v3/auth/user/add", {"name": name, "password": f"of {name}"})
        etcd.call("/v3/auth/role/add", {"name": name})
        etcd.call("/v3/auth/user/grant", {"user": name, "role": name})
    for what, key in (("READ", PREFIX), ("READWRITE", PREFIX + "nodes/")):
        end = key[:-1] + chr(ord(key[-1]) + 1)
        perm = {"permType": what, "key": b64(key), "range_end": b64(end)}
        etcd.call("/v3/auth/role/grant", {"name": "flume", "perm": perm})
    etcd.call("/v3/auth/enable", {})


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_a_pod_follows_an_etcd_with_tls_and_users_by_its_secrets():
    if not shutil.which("etcd"):
        skip("there is no etcd: make deps-check")
    with node() as one:
        authority = Authority(one.folder, "ca")
        pair = authority.issue("pod")
        etcd = SecureEtcd(one.at("etcd"), authority.issue_server(), authority, authority, pair)
        etcd.start()
        try:
            etcd.put(PREFIX + "schemas/hello", SCHEMA)
            guard(etcd)
            follow(one, etcd.url, authority, pair)
        finally:
            etcd.stop()


def follow(one, url, authority, pair):
    tls = {"ca.crt": authority.cert, "tls.crt": pair.cert, "tls.key": pair.key}
    one.secrets = {
        "flume-etcd": {"username": "flume", "password": "of somebody else"},
        "flume-etcd-tls": {key: text_of(path) for key, path in tls.items()},
    }
    port = free_port()
    etcd = {"endpoints": [url], "tls": {"serverName": "localhost"}}
    objects = render("secured", {"etcd": etcd, "port": port, "service": {"port": port}})
    one.run(objects)
    one.up("/healthz")
    wait("a line", lambda: "flume" in one.said() and "password" in one.said())
    assert one.ask("/readyz")[0] == 503
    # Somebody mends the Secret, and the kubelet brings it.
    one.put(one.volumes["etcd-auth"], {"password": "of flume"})
    one.up()
    assert json.loads(one.ask("/pipelines/hello", b"{}")[1]) == {"greeting": "hello"}
    one.secrets["flume-etcd"]["password"] = "of flume"
    # The status of the node takes a moment longer than its schemas.
    wait("nothing is wrong", lambda: all(code == 0 for code, _ in doctor(one, objects)))
    one.secrets["flume-etcd"]["password"] = "of somebody else"
    for code, said in doctor(one, objects):
        assert code == 1, said
        contains(said, "fail  read", "etcd refuses the user 'flume' or its password")

"""flume doctor finds what keeps a node from working, a line each, tells no secret, and leaves no trace."""

import os

import mounts
from documents import marking
from guarded import PASSWORD, guarded, user
from harness import contains, equal, free_port, run
from toolbox import skipped


def doctor(s, node, *words, code=1):
    """Its lines, as {check: [(level, found, advice)]}; of `node` alone where it is None."""
    where = ["--listen", f"127.0.0.1:{node.port}", "--node", node.name, "--state", node.state]
    result = s.flume("doctor", "--socket", "none", *where, *words, "-o", "json")
    equal(result.code, code, str(result))
    equal(PASSWORD in result.out + result.err, False, "the password is told")
    found = {}
    for line in result.json():
        found.setdefault(line["check"], []).append((line["level"], line["found"]))
    return found


def levels(found, check):
    return [level for level, _ in found.get(check, [])]


def keys(etcd):
    return [kv.key for kv in etcd.list("/flume/")]


def all_is_well(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node("node-1", etcd=etcd, args=["--record-within", "0"])
    node.wait_schema("a", version="1.0.0")
    node.wait_for("its status is in etcd", lambda: etcd.node_status("node-1")[0])
    node.wait_ready()
    files, before = sorted(os.listdir(node.state)), keys(etcd)
    found = doctor(s, node, "--etcd", etcd.url, code=0)
    for check in ("health", "read", "write", "status", "listen", "ready", "version", "state"):
        equal(set(levels(found, check)), {"ok"}, f"{check}: {found}")
    contains(found["ready"][0][1], "1 schema runs, nothing up to revision ", "one line of two")
    equal((sorted(os.listdir(node.state)), keys(etcd)), (files, before), "no trace")
    result = s.flume("doctor", "--config", s.file("c.yaml", f"etcd: {etcd.url}\n"), "--node", "x")
    contains(result.out, "fail  status       /flume/nodes/x is not there", "another node")
    node.kill9()
    found = doctor(s, node, "--etcd", etcd.url)
    equal(levels(found, "listen"), ["fail"], "an agent that is gone")


def there_is_no_etcd(s):
    url = f"http://127.0.0.1:{free_port()}"
    node = s.node("node-1", etcd=url)
    found = doctor(s, node, "--etcd", url)
    equal((levels(found, "etcd"), levels(found, "listen")), (["fail"], ["ok"]), f"{found}")
    equal(levels(found, "link") + levels(found, "ready"), ["fail", "fail"], f"{found}")
    key = ["--etcd", "https://127.0.0.1:1", "--etcd-cert", "node.pem"]
    contains(doctor(s, node, *key)["etcd"][0][1], "key", "a certificate without a key")
    gone = ["--etcd", url, "--etcd-user", "flume", "--etcd-password-file", "/nowhere"]
    equal(levels(doctor(s, node, *gone), "etcd"), ["fail"], "a file that is not there")


def a_password_is_wrong(s):
    etcd = guarded(s, allowed=None)
    etcd.allow("flume", "/flume/", "READ")
    node = s.node("node-1", start=False)
    found = doctor(s, node, "--etcd", etcd.url, *user(s, "wrong"))
    equal(levels(found, "read"), ["fail"], f"{found}")
    contains(found["read"][0][1], "flume", "whose password it is")
    equal("write" in found, False, "what cannot be known is not said")
    found = doctor(s, node, "--etcd", etcd.url)
    contains(s.flume("doctor", "--etcd", etcd.url).out, "say --etcd-user", "what to do")
    found = doctor(s, node, "--etcd", etcd.url, *user(s))
    equal((levels(found, "read"), levels(found, "write")), (["warn"], ["fail", "warn"]), f"{found}")
    contains(found["write"][0][1], "permission denied", "why")


def a_state_folder_cannot_be_written(s):
    node = s.node("node-1", start=False)
    node.state = s.file("file", "")
    contains(doctor(s, node)["state"][0][1], "is no folder", "a file")
    if why := mounts.why_not():
        skipped("a read-only state folder", why)
        return
    disk = s.disk("disk", 600)
    node.state = disk.path
    equal(levels(doctor(s, node), "space"), ["fail"], "a small disk")
    disk.read_only(True)
    found = doctor(s, node)
    equal(levels(found, "state"), ["fail"], f"{found}")
    contains(found["state"][0][1], "read-only", "why")


run(
    all_is_well,
    there_is_no_etcd,
    a_password_is_wrong,
    a_state_folder_cannot_be_written,
)

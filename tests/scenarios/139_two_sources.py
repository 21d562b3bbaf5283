"""Exactly one place owns the schemas.  Two of --etcd, --dir and --url are refused, however they were
said; and what HTTP may write beside each of them is what agent/README.md says."""

import itertools
import os

import website
from documents import LONG, marking
from harness import contains, equal, run

DOCUMENT = {"id": 1}
YAML = {"Content-Type": "application/yaml"}
# The option, its variable, what a file says.
PLACES = {
    "etcd": ("http://127.0.0.1:1", "FLUME_ETCD"),
    "dir": ("schemas", "FLUME_DIR"),
    "url": ("https://127.0.0.1:1/schemas", "FLUME_URL"),
}


def put(node, name, text):
    return node.request_locally("PUT", f"/schemas/{name}", text, YAML)


def delete(node, name):
    return node.request_locally("DELETE", f"/schemas/{name}")


def made_by(node, name="a"):
    return node.process(name, DOCUMENT).json().get("made_by")


def local(s, name="node", **where):
    return s.node(name, socket=os.path.join(s.path, f"{name}.sock"), **where)


def two_places_are_refused_by_name(s):
    for one, two in itertools.combinations(PLACES, 2):
        first, second = PLACES[one], PLACES[two]
        file = s.file(f"{one}-{two}.yaml", f"{two}: {second[0]}\n")
        ways = (
            (["--" + one, first[0], "--" + two, second[0]], {}),
            (["--" + one, first[0]], {second[1]: second[0]}),
            (["--" + one, first[0], "--config", file], {}),
        )
        for words, env in ways:
            result = s.flume("agent", *words, env=env)
            equal(result.code, 2, f"{words} {env}: {result}")
            contains(result.err, f"--{one} and --{two}: schemas come from one place", "stderr")


def write_through_needs_etcd(s):
    for words in (["--dir", "schemas"], ["--url", "https://127.0.0.1:1/"], []):
        result = s.flume("agent", "--write-through", *words)
        equal(result.code, 2, f"{words}: {result}")
        contains(result.err, "--write-through: there is no --etcd", "stderr")


def a_folder_takes_what_is_written_over_http(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    node = local(s, folder=folder)
    node.wait_schema("a", version="1.0.0")
    equal(put(node, "a", marking("1.1.0", 2)).status, 204, "PUT a")
    equal(put(node, "b", marking("1.0.0", 3)).status, 204, "PUT b")
    equal(sorted(name for name in os.listdir(folder.path) if name[0] != "."), ["a.yaml", "b.yaml"], "files")  # fmt: skip
    folder.set_schema("a", marking("1.2.0", 4))  # both may write: the last one wins
    node.wait_schema("a", version="1.2.0")
    equal(delete(node, "b").status, 204, "DELETE b")
    equal(os.path.exists(folder.file("b")), False, "the file of b")
    node.restart()
    node.wait_schema("a", version="1.2.0")
    equal(node.process("b", DOCUMENT).status, 404, "b")


def a_folder_that_cannot_be_written_is_read_only(s):
    if os.geteuid() == 0:
        return  # who may write everywhere cannot show this
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    os.chmod(folder.path, 0o555)
    node = local(s, folder=folder)
    node.wait_schema("a", version="1.0.0")
    answer = put(node, "a", marking("1.1.0", 2))
    equal(answer.status, 409, answer.text)
    contains(answer.text, "cannot be written", "the answer")


def etcd_takes_it_only_when_the_node_writes_through(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    plain = local(s, "plain", etcd=etcd)
    through = local(s, "through", etcd=etcd, args=["--write-through"])
    for node in (plain, through):
        node.wait_schema("a", version="1.0.0")
    answer = put(plain, "a", marking("1.1.0", 2))
    equal(answer.status, 409, answer.text)
    contains(answer.text, "etcd owns the schemas", "the answer")
    equal(delete(plain, "a").status, 409, "DELETE")
    equal(put(through, "a", marking("1.1.0", 2)).status, 204, "PUT through")
    plain.wait_schema("a", version="1.1.0")
    equal(delete(through, "a").status, 204, "DELETE through")
    plain.wait_for("a is retired", lambda: plain.process("a", DOCUMENT).status == 404)


def a_web_server_takes_nothing(s):
    where = website.WebSite(s.folder("site")).start()
    try:
        where.set_schema("a", marking("1.0.0", 1))
        node = local(s, poll="200ms", args=["--url", where.url])
        node.wait_schema("a", version="1.0.0")
        for answer in (put(node, "a", marking("2.0.0", 2)), put(node, "b", marking("1", 2)), delete(node, "a")):  # fmt: skip
            equal(answer.status, 409, answer.text)
            contains(answer.text, f"{where.url} owns the schemas", "the answer")
        equal(made_by(node), 1, "made_by")
        equal(list(node.status()["schemas"]), ["a"], "schemas")
    finally:
        where.stop()


def with_none_of_them_http_owns_the_schemas(s):
    node = local(s)
    equal(node.status()["source"], "none", "source")
    equal("freshness" in node.status(), False, "freshness of no source")
    equal(node.ready(), True, "ready with nothing")
    equal(put(node, "a", marking("1.0.0", 1)).status, 204, "PUT a")
    equal(put(node, "b", marking("1.0.0", 2)).status, 204, "PUT b")
    node.prove(["a", "b"], DOCUMENT, "1.0.0")
    equal(delete(node, "b").status, 204, "DELETE b")
    equal(put(node, "a", marking("1.1.0", 3)).status, 204, "PUT a again")
    node.prove("a", DOCUMENT, "1.1.0")
    node.restart()
    equal(made_by(node), 3, "what was proven is there after a restart")
    equal(node.process("b", DOCUMENT).status, 404, "b")
    # What is still on probation is not yet what a restart goes back to.
    equal(put(node, "a", marking("1.2.0", 4, LONG)).status, 204, "PUT of one that is watched")
    equal(made_by(node), 4, "made_by")
    node.restart()
    equal(made_by(node), 3, "made_by after a restart")


run(
    two_places_are_refused_by_name,
    write_through_needs_etcd,
    a_folder_takes_what_is_written_over_http,
    a_folder_that_cannot_be_written_is_read_only,
    etcd_takes_it_only_when_the_node_writes_through,
    a_web_server_takes_nothing,
    with_none_of_them_http_owns_the_schemas,
)

"""Who may write to a node: over the unix socket, which there is unless it cannot be had, programs that
its file lets in; over TCP those with the token, and without a token nobody."""

import os
import socket

from documents import marking
from harness import contains, equal, run

YAML = {"Content-Type": "application/yaml"}


def node_with_default(s, **more):
    """The agent's own default, in a runtime folder of the scene."""
    env = {"RUNTIME_DIRECTORY": s.folder("run") + ":/nowhere"}
    node = s.node(folder=s.schemas(), socket=None, env=env, **more)
    return node, os.path.join(s.path, "run", "flume.sock")


def put(node, where, k):
    return node.request_locally("PUT", "/schemas/a", marking(f"1.0.{k}", k), YAML, where)


def there_is_one_by_default(s):
    node, path = node_with_default(s)
    equal(os.stat(path).st_mode & 0o777, 0o660, "mode of the socket")
    equal(put(node, path, 1).status, 204, "PUT through the socket")
    equal(node.process("a", {}).json()["made_by"], 1, "made_by")
    node.stop()
    equal(os.path.exists(path), False, "the socket after the end")
    node.start()
    node.kill9()
    node.start()
    equal(put(node, path, 2).status, 204, "PUT through the socket after a kill")


def without_a_token_nobody_writes_over_tcp(s):
    node, path = node_with_default(s)
    for method in ("PUT", "DELETE"):
        answer = node.request(method, "/schemas/a", marking("1.0.0", 1), YAML)
        equal(answer.status, 403, method)
        equal(answer.header("Content-Type"), "application/problem+json", "content type")
        contains(answer.json()["detail"], path, "detail")
        contains(answer.json()["detail"], "--token-file", "detail")
    equal(node.status()["schemas"], {}, "schemas")


def where_it_cannot_be_had_the_agent_says_so_and_goes_on(s):
    first, path = node_with_default(s)
    second, _ = node_with_default(s)
    said = [line for line in second.log_lines() if "no unix socket" in line.values()]
    equal(len(said), 1, f"lines about the socket in {second.log_lines()}")
    contains(said[0]["reason"], path, "reason")
    second.stop()
    equal(put(first, path, 1).status, 204, "the first one's, after the end of the second")


def one_that_was_asked_for_has_to_be_had(s):
    first = s.node(folder=s.schemas(), socket=os.path.join(s.path, "own.sock"))
    result = s.flume("agent", "--listen", "127.0.0.1:0", "--socket", first.socket)
    equal(result.code, 1, result)
    contains(result.err, "own.sock", "stderr")
    equal(put(first, None, 1).status, 204, "PUT")
    s.file("file", "precious")
    path = os.path.join(s.path, "file")
    equal(s.flume("agent", "--listen", "127.0.0.1:0", "--socket", path).code, 1, "a file there")
    with open(path, encoding="utf-8") as file:
        equal(file.read(), "precious", "the file")


def none_is_none(s):
    node = s.node(folder=s.schemas(), env={"RUNTIME_DIRECTORY": s.folder("run")})
    equal(node.get("/healthz").status, 200, "healthz")
    equal(os.listdir(s.folder("run")), [], "the runtime folder")


def it_may_be_the_only_way_in(s):
    node, path = node_with_default(s, args=["--listen", ""], start=False)
    node.spawn(node.argv(), node.env)
    node.wait_for("healthy", lambda: node.request_locally("GET", "/healthz", socket=path).status)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", node.port)), "it listens on TCP"


run(
    there_is_one_by_default,
    without_a_token_nobody_writes_over_tcp,
    where_it_cannot_be_had_the_agent_says_so_and_goes_on,
    one_that_was_asked_for_has_to_be_had,
    none_is_none,
    it_may_be_the_only_way_in,
)

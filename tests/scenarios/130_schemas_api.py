"""Schemas over HTTP: read as YAML or JSON with the digest as ETag; on a node with a folder of its
own set, checked only, set if nobody was faster, refused with every finding, deleted unless in use.
Where etcd owns them a write is a conflict, and without the token it is none of your business."""

import json

from documents import expecting, marking, places
from harness import contains, equal, one_of, run

TOKEN = "a-long-and-secret-word"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
YAML = {**BEARER, "Content-Type": "application/yaml"}
PROBLEM = "application/problem+json"
KEYS = ("code", "path", "line", "column", "message", "hint")


def local(s):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    token = s.file("token", TOKEN + "\n")
    node = s.node(folder=folder, args=["--token-file", token])
    node.prove("a", {"id": 1}, "1.0.0")
    return folder, node


def digest(node, name="a"):
    return node.schema(name)["running"]["digest"]


def put(node, name, text, headers=YAML, query=""):
    return node.request("PUT", f"/schemas/{name}{query}", text, headers)


def made_by(node, name="a"):
    answer = node.process(name, {"id": 1})
    return answer.json()["made_by"] if answer.status == 200 else answer.status


def problem(answer, status):
    equal(answer.status, status, f"status of {answer.text!r}")
    contains(answer.header("Content-Type") or "", PROBLEM, "content type")
    found = answer.json()
    assert isinstance(found.get("code"), str) and found["code"], found
    return found


def one_is_read_as_it_was_written(s):
    _, node = local(s)
    answer = node.get("/schemas/a", {"Accept": "application/yaml"})
    equal(answer.status, 200, answer.text)
    equal(answer.text, marking("1.0.0", 1), "YAML")
    contains(answer.header("Content-Type"), "yaml", "content type")
    equal(answer.header("ETag").strip('"'), digest(node), "ETag")
    answer = node.get("/schemas/a", {"Accept": "application/json"})
    contains(answer.header("Content-Type"), "application/json", "content type")
    equal(answer.json()["components"]["processors"]["mark"]["fields"], {"made_by": 1}, "JSON")
    equal(answer.header("ETag").strip('"'), digest(node), "ETag of the JSON")
    problem(node.get("/schemas/unknown"), 404)


def the_list_names_them(s):
    _, node = local(s)
    equal(put(node, "b", marking("1.0.0", 2)).status, 204, "PUT")
    answer = node.get("/schemas", {"Accept": "application/json"})
    equal(answer.status, 200, answer.text)
    text = json.dumps(answer.json())
    for word in ('"a"', '"b"', "1.0.0", digest(node), digest(node, "b")):
        contains(text, word, "list")
    tag = answer.header("ETag")
    as_yaml = node.get("/schemas", {"Accept": "application/yaml"})
    contains(as_yaml.header("Content-Type"), "yaml", "content type")
    for word in ("schemas:\n", 'name: "b"', digest(node, "b")):
        contains(as_yaml.text, word, "list")
    equal(as_yaml.header("ETag"), tag, "ETag of the YAML")
    seen = {"If-None-Match": tag}
    equal(node.get("/schemas", seen).status, 304, "GET again")
    equal(put(node, "b", marking("1.0.1", 3)).status, 204, "PUT")
    equal(node.get("/schemas", seen).status, 200, "GET after a change")


def what_is_put_serves_when_the_answer_is_there(s):
    _, node = local(s)
    for k in range(2, 12):
        answer = put(node, "a", marking(f"1.0.{k}", k))
        equal((answer.status, answer.body), (204, b""), "PUT")
        equal(made_by(node), k, "made_by at once after the PUT")
    answer = put(node, "new", marking("1.0.0", 5))
    one_of(answer.status, (201, 204), "PUT of a new one")
    equal(made_by(node, "new"), 5, "made_by")
    text = '{"version": "2.0.0", "type": "sequence", "children": [{"ref": "mark"}], "components":'
    text += ' {"processors": {"mark": {"kind": "set", "fields": {"made_by": 77}}}}}'
    answer = put(node, "a", text, {**BEARER, "Content-Type": "application/json"})
    equal((answer.status, made_by(node)), (204, 77), "PUT of JSON")


def what_is_put_is_there_after_a_restart(s):
    _, node = local(s)
    equal(put(node, "a", marking("1.0.1", 2)).status, 204, "PUT")
    node.prove("a", {"id": 1}, "1.0.1")
    node.restart()
    node.wait_ready()
    node.wait_schema("a", version="1.0.1")
    equal(made_by(node), 2, "made_by")


def the_same_again_changes_nothing(s):
    _, node = local(s)
    before = node.schema("a")["running"]
    equal(put(node, "a", "# a thought\n" + marking("1.0.0", 1)).status, 204, "PUT")
    equal(node.schema("a")["running"], before, "running")


def a_dry_run_changes_nothing(s):
    _, node = local(s)
    good, bad = marking("1.0.1", 2), marking("1.0.1", 2).replace("ref: mark", "ref: marc")
    one_of(put(node, "a", good, query="?dry_run").status, (200, 204), "PUT ?dry_run")
    problem(put(node, "a", bad, query="?dry_run"), 400)
    one_of(put(node, "new", good, query="?dry_run").status, (200, 204), "PUT ?dry_run of a new one")
    equal(made_by(node), 1, "made_by")
    equal(made_by(node, "new"), 404, "the new one")
    equal(node.schema("a")["running"]["generation"], 1, "generation")


def a_lost_race_is_412(s):
    _, node = local(s)
    seen = node.get("/schemas/a").header("ETag")
    match = {**YAML, "If-Match": seen}
    equal(put(node, "a", marking("1.0.1", 2), match).status, 204, "PUT with the right tag")
    problem(put(node, "a", marking("1.0.2", 3), match), 412)
    equal(made_by(node), 2, "made_by")
    problem(put(node, "new", marking("1.0.0", 3), match), 412)


def a_bad_one_is_400_with_every_finding(s):
    _, node = local(s)
    text = marking("1.0.1", 2).replace("ref: mark", "ref: marc\n  - ref: missing\nextra: 1")
    found = problem(put(node, "a", text), 400)
    issues = found["errors"]
    assert len(issues) >= 3, found
    for issue in issues:
        equal(set(KEYS) - set(issue) - {"hint"}, set(), "keys missing in a finding")
        assert set(issue) <= set(KEYS), issue
    assert {(7, 10), (8, 10), (9, 1)} <= places(found), found
    contains(json.dumps(issues[0]), "did you mean 'mark'", "hint")
    contains(issues[0]["path"], "root.children[0]", "path")
    equal(made_by(node), 1, "made_by")
    found = problem(put(node, "a", "type: [\n"), 400)
    assert places(found), found


def a_failed_canary_is_refused(s):
    _, node = local(s)
    answer = put(node, "a", expecting("1.0.1", 2, 3))
    found = problem(answer, one_of(answer.status, (400, 409, 422), "status"))
    contains(json.dumps(found), "expected 3, got 2", "problem")
    equal(made_by(node), 1, "made_by")


def names_and_sizes_are_checked(s):
    _, node = local(s)
    for name in ("UPPER", "-dash", "x" * 129, "a%2Fb", "..%2f..%2fetc"):
        one_of(put(node, name, marking("1.0.0", 1)).status, (400, 404), f"PUT {name}")
    huge = marking("1.0.1", 2) + "# " + "x" * (2 << 20)
    one_of(put(node, "a", huge).status, (400, 413), "PUT of two mebibytes")
    equal(made_by(node), 1, "made_by")
    equal(sorted(node.status()["schemas"]), ["a"], "schemas")


def deletion(s):
    _, node = local(s)
    equal(put(node, "b", marking("1.0.0", 2)).status, 204, "PUT")
    uses = 'version: "1.0.0"\ntype: sequence\nchildren:\n  - ref: b\n'
    equal(put(node, "user", uses).status, 204, "PUT of a user of b")
    equal(made_by(node, "user"), 2, "made_by of the user")
    found = problem(node.request("DELETE", "/schemas/b", headers=BEARER), 409)
    contains(json.dumps(found), "user", "problem")
    equal(made_by(node, "b"), 2, "b after the refusal")
    equal(node.request("DELETE", "/schemas/user", headers=BEARER).status, 204, "DELETE user")
    equal(node.request("DELETE", "/schemas/b", headers=BEARER).status, 204, "DELETE b")
    equal(made_by(node, "b"), 404, "b")
    problem(node.request("DELETE", "/schemas/b", headers=BEARER), 404)
    node.restart()
    node.wait_ready()
    equal(sorted(node.status()["schemas"]), ["a"], "schemas after a restart")


def a_write_wants_the_token(s):
    folder, node = local(s)
    text = marking("1.0.1", 2)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        headers = {"Content-Type": "application/yaml", **headers}
        one_of(put(node, "a", text, headers).status, (401, 403), f"PUT with {headers}")
        answer = node.request("DELETE", "/schemas/a", headers=headers)
        one_of(answer.status, (401, 403), f"DELETE with {headers}")
    equal(made_by(node), 1, "made_by")
    equal(TOKEN in node.log_text(), False, "the token in the log")


def a_page_of_a_browser_may_not_write(s):
    _, node = local(s)
    text = marking("1.0.1", 2)
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        answer = put(node, "a", text, {**YAML, **headers})
        one_of(answer.status, (400, 403, 421), f"PUT with {headers}")
    equal(made_by(node), 1, "made_by")


def a_node_is_asked_under_the_names_it_was_told(s):
    config = s.file("agent.yaml", "allow-host: [flume.example.org, other.example.org]\n")
    node = s.node(folder=s.schemas(), args=["--config", config])
    for host, status in (
        (f"{node.name}:8410", 200),
        ("flume.example.org", 200),
        ("other.example.org:80", 200),
        ("evil.example", 403),
    ):
        equal(node.get("/metrics", {"Host": host}).status, status, f"GET with Host: {host}")
    node.stop()
    node.args = ["--allow-host", "flag.example.org"]
    node.start()
    equal(node.get("/metrics", {"Host": "flag.example.org"}).status, 200, "by a flag")


def where_etcd_owns_them_a_write_is_a_conflict(s):
    etcd = s.etcd()
    etcd.set_schema("a", marking("1.0.0", 1))
    node = s.node(etcd=etcd, args=["--token-file", s.file("token", TOKEN)])
    node.wait_schema("a", version="1.0.0")
    contains(json.dumps(problem(put(node, "a", marking("1.0.1", 2)), 409)), "etcd", "problem")
    problem(node.request("DELETE", "/schemas/a", headers=BEARER), 409)
    equal(made_by(node), 1, "made_by")
    equal(node.get("/schemas/a", {"Accept": "application/yaml"}).text, marking("1.0.0", 1), "GET")


run(
    one_is_read_as_it_was_written,
    the_list_names_them,
    what_is_put_serves_when_the_answer_is_there,
    what_is_put_is_there_after_a_restart,
    the_same_again_changes_nothing,
    a_dry_run_changes_nothing,
    a_lost_race_is_412,
    a_bad_one_is_400_with_every_finding,
    a_failed_canary_is_refused,
    names_and_sizes_are_checked,
    deletion,
    a_write_wants_the_token,
    a_page_of_a_browser_may_not_write,
    a_node_is_asked_under_the_names_it_was_told,
    where_etcd_owns_them_a_write_is_a_conflict,
)

"""Schemas on a web server: a JSON map of all of them, or a URL for each.  What is there is followed
with the same decisions as from anywhere else, and whatever the server does wrong, the node goes on
with what it had, and says what is the matter."""

import json
import os

import website
from documents import expecting, marking
from harness import contains, equal, holds_for, matches, run
from website import WebSite

DOCUMENT = {"id": 1}
YAML = {"Content-Type": "application/yaml"}


def site(s, https=False):
    found = WebSite(s.folder("site"), https)
    s.sites = [*getattr(s, "sites", []), found]
    return found.start()


def started(s, where, *args, names="a", poll="200ms", https=False, **more):
    """A node on the site, with 1.0.0 of each schema proven."""
    options = [*args, "--url", where.url]
    if https:
        options += ["--url-ca-file", where.cert[0]]
    for name in names:
        where.set_schema(name, marking("1.0.0", 1))
    node = s.node(poll=poll, args=options, **more)
    for name in names:
        node.wait_schema(name, version="1.0.0")
    node.prove(list(names), DOCUMENT, "1.0.0")
    return node


def made_by(node, name="a"):
    return node.process(name, DOCUMENT).json().get("made_by")


def why(node):
    return node.status().get("link", {}).get("why", "")


def is_down(node, part):
    node.wait_for(f"link down: {part}", lambda: part in why(node), 15, lambda: why(node))


# ---- what is followed ----


def a_map_is_followed(s):
    where = site(s)
    node = started(s, where)
    equal(node.status()["source"], "url", "source")
    where.set_schemas({"a": marking("1.1.0", 2), "b": {"version": "1", "ref": "missing"}})
    node.wait_schema("a", version="1.1.0")
    equal(made_by(node), 2, "made_by")
    node.wait_schema("b", state="rejected", stage="check")
    error = node.schema("b")["attempted"]["error"]
    contains(error, f"{where.url}#b:", "the place of a finding")
    where.set_schema("b", json.loads('{"version": "2", "ref": "a"}'))
    node.wait_schema("b", version="2")
    where.delete_schema("b")
    node.wait_for("b is retired", lambda: node.process("b", DOCUMENT).status == 404)


def a_finding_has_its_line_in_the_schema_itself(s):
    where = site(s)
    where.set_schemas({"a": 'version: "1.0.0"\ntype: sequence\nchildren:\n  - ref: missing\n'})
    node = s.node(poll="200ms", args=["--url", where.url])
    node.wait_schema("a", state="rejected")
    first = node.schema("a")["attempted"]["errors"][0]
    equal((first["line"], first["column"]), (4, 10), "line and column")


def versions_decide(s):
    where = site(s)
    node = started(s, where)
    where.set_schema("a", marking("1.0.0", 5))
    node.wait_schema("a", state="rejected", version="1.0.0")
    where.set_schema("a", expecting("1.1.0", 6, 7))
    node.wait_schema("a", state="rejected", stage="canary", version="1.0.0")
    equal(made_by(node), 1, "made_by")
    where.set_schema("a", marking("1.1.1", 8))
    node.wait_schema("a", version="1.1.1")


def what_did_not_change_costs_a_304(s):
    where = site(s)
    node = started(s, where)
    before, asked = where.unchanged, where.asked
    where.wait_asked(node, 5)
    equal(where.unchanged - before >= 4, True, f"{where.asked - asked} questions, answered by 304")
    equal(node.schema("a")["running"]["generation"], 1, "generation")


def a_url_for_each_schema(s):
    where = site(s)
    where.set_schemas({"a": marking("1.0.0", 1), "b": marking("1.0.0", 2)})
    words = [word for name in "ab" for word in ("--url", f"{name}={where.url}/{name}")]
    node = s.node(poll="200ms", args=words)
    for name in "ab":  # each as its answer comes
        node.wait_schema(name, version="1.0.0")
    equal((made_by(node, "a"), made_by(node, "b")), (1, 2), "made_by")
    where.set_schema("b", marking("1.1.0", 3))
    node.wait_schema("b", version="1.1.0")
    where.delete_schema("a")  # which is not to delete it here
    is_down(node, f"{where.url}/a: answered with status 404")
    where.set_schema("b", marking("1.2.0", 4))
    node.wait_schema("b", version="1.2.0")
    equal(made_by(node, "a"), 1, "a serves on")


def deletions_are_guarded(s):
    where = site(s)
    node = started(s, where, names="abcd")
    where.texts = {}
    node.wait_schema("a", state="held")
    equal([node.schema(name)["reason"] for name in "abcd"], ["mass-delete"] * 4, "reasons")
    equal(made_by(node), 1, "made_by")
    where.set_schemas({name: marking("1.0.0", 1) for name in "abcd"})
    node.wait_schema("d", state="running")
    where.delete_schema("d")
    node.wait_for("d is retired", lambda: node.process("d", DOCUMENT).status == 404)


# ---- what goes wrong ----


def trouble_touches_nothing(s):
    where = site(s)
    node = started(s, where, names="ab")
    load = s.load(node, "a", DOCUMENT)
    troubles = (
        (website.error(500), "answered with status 500"),
        (website.error(404), "answered with status 404"),
        (website.page, "a web page, not a document"),
        (website.half, "cut short"),
        (website.huge, "more than 16777216 bytes"),
        (website.text(""), "the answer is empty"),
        (website.text('{"a": {"version'), "/schemas:1:16: expected the closing quote of a text"),
        (website.text('{"a": {}, "a": {}}'), "/schemas:1:11: here is a second schema of the name"),
        (website.text('{"No Name": {}}'), "/schemas:1:2: expected a name of"),
        (website.text('["a", "b"]'), "/schemas:1:1: expected a JSON object"),
        (website.redirect("/schemas"), "more than 5 redirects"),
    )
    for trouble, reason in troubles:
        where.trouble = trouble
        is_down(node, reason)
        contains(node.log_text(), reason, "the log")
        equal(sorted(node.status()["schemas"]), ["a", "b"], f"schemas under {reason!r}")
        equal(node.ready(), True, "ready")
        where.trouble = None
        node.wait_for("link up", lambda: node.status()["link"]["up"], 15)
    where.trouble = website.slow
    where.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0", timeout=20)
    equal(node.schema("b")["running"]["generation"], 1, "generation of b")
    load.stop_clean()


def one_bad_schema_holds_up_no_other(s):
    where = site(s)
    node = started(s, where, names="ab")
    where.set_schemas({"a": "type: [\n", "b": marking("1.1.0", 2), "c": 42})
    node.wait_schema("b", version="1.1.0")
    node.wait_schema("a", state="rejected", stage="parse", version="1.0.0")
    node.wait_schema("c", state="rejected", stage="parse")


def a_silent_server_makes_the_node_blind_and_no_more(s):
    where = site(s)
    node = started(s, where, "--blind-after", "1500ms")
    freshness = node.status()["freshness"]
    equal((freshness["blind"], freshness["bound"]), (False, "1500ms"), "freshness")
    where.trouble = website.silent
    node.wait_for("blind", lambda: node.status()["freshness"]["blind"])
    contains(node.get("/metrics").text, "\nflume_blind 1\n", "metrics")
    contains(node.get("/readyz?verbose").text, "blind: url has proved nothing since ", "readyz")
    equal(node.ready(), True, "ready")
    equal(made_by(node), 1, "made_by")
    where.trouble = None
    where.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0", timeout=20)
    node.wait_for("it sees again", lambda: not node.status()["freshness"]["blind"])
    contains(node.get("/metrics").text, "\nflume_blind 0\n", "metrics")
    lines = [line["message"].split(":")[0] for line in node.log_lines()]
    equal([lines.count("blind"), lines.count("sees again")], [1, 1], "lines in the log")


def a_server_that_is_gone_comes_back(s):
    where = site(s)
    node = started(s, where)
    where.stop()
    is_down(node, "Connection refused")
    node.restart()
    node.wait_ready()
    equal(made_by(node), 1, "from disk")
    where.set_schema("a", marking("1.1.0", 2))
    where.start()
    node.wait_schema("a", version="1.1.0", timeout=20)


def a_server_that_asks_for_peace_gets_it(s):
    where = site(s)
    node = started(s, where)
    where.trouble = website.error(429, Retry_After="2")
    is_down(node, "answered with status 429")
    asked = where.asked
    holds_for(1.2, "it does not ask", lambda: where.asked == asked)
    where.trouble = None
    node.wait_for("link up", lambda: node.status()["link"]["up"], 15)


# ---- who owns the schemas ----


def the_web_owns_the_schemas(s):
    where = site(s)
    socket = os.path.join(s.path, "flume.sock")
    node = started(s, where, socket=socket)
    text = marking("9.0.0", 9)
    for method, body in (("PUT", text), ("DELETE", None)):
        answer = node.request_locally(method, "/schemas/a", body, YAML)
        equal(answer.status, 409, f"{method}: {answer.text}")
        contains(answer.json()["detail"], f"{where.url} owns the schemas", method)
    equal(made_by(node), 1, "made_by")


# ---- https and tokens ----


def https_with_a_token(s):
    where = site(s, https=True)
    token = s.file("token", "s3cret\n")
    node = started(s, where, "--url-token-file", token, https=True)
    equal(where.tokens, {"Bearer s3cret"}, "tokens")
    plain = site(s)
    where.trouble = website.redirect(plain.url)
    is_down(node, f"a redirect to {plain.url} is not followed")
    equal(plain.asked, 0, "questions without TLS")
    where.trouble = None
    where.set_schema("a", marking("1.1.0", 2))
    node.wait_schema("a", version="1.1.0", timeout=20)


def a_certificate_nobody_vouches_for_is_refused(s):
    where = site(s, https=True)
    where.set_schema("a", marking("1.0.0", 1))
    node = s.node(poll="200ms", args=["--url", where.url])
    is_down(node, "certificate")
    equal(matches(node.schema("a"), version="1.0.0"), False, "a runs")
    equal(node.ready(), False, "ready")


def sites_end(part):
    def wrapped(s):
        try:
            part(s)
        finally:
            for where in getattr(s, "sites", []):
                where.stop()

    wrapped.__name__ = part.__name__
    return wrapped


run(*map(sites_end, (
    a_map_is_followed,
    a_finding_has_its_line_in_the_schema_itself,
    versions_decide,
    what_did_not_change_costs_a_304,
    a_url_for_each_schema,
    deletions_are_guarded,
    trouble_touches_nothing,
    one_bad_schema_holds_up_no_other,
    a_silent_server_makes_the_node_blind_and_no_more,
    a_server_that_is_gone_comes_back,
    a_server_that_asks_for_peace_gets_it,
    the_web_owns_the_schemas,
    https_with_a_token,
    a_certificate_nobody_vouches_for_is_refused,
)))  # fmt: skip

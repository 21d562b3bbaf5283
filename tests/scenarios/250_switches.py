"""A/B switches on a node: a put moves documents from one variant to another, in front of schemas and
inside of them; a broken one leaves the old in force and says where it is wrong; what was in force
is so again without etcd; and it makes no difference whether the schema or the switch comes first."""

import os
import threading

from documents import marking
from harness import contains, equal, run

USERS = [{"user": {"id": f"u{i}"}, "id": i} for i in range(200)]
LINES = {"Content-Type": "application/x-ndjson"}


def switch(version, control, compact, more=""):
    return (
        f'version: "{version}"\nby: user.id\nvariants: {{control: {control}, compact: {compact}}}\n'
        f"default: control\n{more}"
    )


def front(version, v1, v2, more=""):
    return switch(version, v1, v2, more).replace("control", "checkout-v1").replace("compact", "checkout-v2")


def asking(version, routes=("control", "compact")):
    cases = "".join(f"  {route}: {{ref: mark-{i}}}\n" for i, route in enumerate(routes))
    marks = ", ".join(
        f"mark-{i}: {{kind: set, fields: {{made_by: {route}}}}}" for i, route in enumerate(routes)
    )
    return (
        f'version: "{version}"\ncomponents:\n  processors: {{{marks}}}\n'
        "  conditions: {layout: {kind: ab, switch: layout}}\n"
        f"type: switch\ncondition: layout\nroutes:\n{cases}"
    )


def put(etcd, name, text):
    return etcd.put(f"/flume/switches/{name}", text)


def started(s, **more):
    """With two schemas, and a switch in front of them that sends everyone to the first."""
    etcd = s.etcd()
    etcd.set_schema("checkout-v1", marking("1.0.0", 1))
    etcd.set_schema("checkout-v2", marking("1.0.0", 2))
    put(etcd, "checkout", front(1, 100, 0))
    node = s.node("node-1", etcd=etcd, **more)
    node.wait_switch("checkout", version="1", front=True)
    return etcd, node


def choices(node, name="checkout"):
    """What made each user's document, by the line."""
    body = "".join(f'{{"user": {{"id": "u{i}"}}, "id": {i}}}\n' for i in range(len(USERS)))
    answer = node.request("POST", f"/pipelines/{name}", body, LINES)
    equal(answer.status, 200, answer.text)
    lines = answer.text.splitlines()
    equal(len(lines), len(USERS), "lines")
    return [line.rpartition('"made_by":')[2].strip('}"') for line in lines]


# ---- in front ----


def a_put_moves_documents_between_the_schemas_behind_it(s):
    etcd, node = started(s)
    answer = node.process("checkout", USERS[0])
    equal(answer.json()["made_by"], 1, "made_by")
    equal(answer.header("Flume-Variant"), "checkout-v1", "the variant")
    equal(answer.header("Flume-Variants"), "checkout=checkout-v1", "what decided")
    equal(answer.header("Flume-Schema"), "checkout-v1", "the schema")
    put(etcd, "checkout", front(2, 50, 50))
    node.wait_switch("checkout", version="2")
    made_by = choices(node)
    some = made_by.count("2")
    equal(60 < some < 140, True, f"{some} of 200 are in the second half")
    for i in range(0, len(USERS), 20):
        answer = node.process("checkout", USERS[i])
        equal(str(answer.json()["made_by"]), made_by[i], "a single document, and its line")
    put(etcd, "checkout", front(3, 50, 50, "enabled: false\n"))
    node.wait_switch("checkout", version="3")
    equal(set(choices(node)), {"1"}, "who is where when it is off")
    metrics = node.get("/metrics").text
    contains(metrics, 'flume_switch_documents_total{switch="checkout",variant="checkout-v1",why="disabled"} 200', "metrics")
    contains(metrics, 'flume_switch_enabled{switch="checkout"} 0', "metrics")
    equal(node.process("nothing", USERS[0]).status, 404, "no such name")


def a_schema_behind_a_switch_stays_until_the_switch_goes(s):
    etcd, node = started(s)
    etcd.delete_schema("checkout-v2")
    schema = node.wait_schema("checkout-v2", state="held")
    equal(schema["reason"], "in-use", "reason")
    put(etcd, "checkout", front(2, 0, 100))
    node.wait_switch("checkout", version="2")
    equal(set(choices(node)), {"2"}, "who is where")
    etcd.delete("/flume/switches/checkout")
    node.wait_for("the schema is gone", lambda: not node.schema("checkout-v2"))
    equal(node.process("checkout", USERS[0]).status, 404, "the switch")


def a_batch_ends_with_the_switch_that_it_began_with(s):
    """Other variants, all of them, again and again below a stream of lines."""
    etcd, node = started(s)
    sides = [[f"{letter}-{i}" for i in range(4)] for letter in "ab"]
    for side in sides:
        for name in side:
            etcd.set_schema(name, marking("1.0.0", name))
            node.wait_schema(name, version="1.0.0")
    text = lambda version: switch(version, 0, 0).replace(  # noqa: E731
        "{control: 0, compact: 0}", f"{{{', '.join(f'{name}: 25' for name in sides[version % 2])}}}"
    ).replace("default: control", f"default: {sides[version % 2][0]}")  # fmt: skip
    put(etcd, "checkout", text(2))
    node.wait_switch("checkout", version="2")
    body = "".join(f'{{"user": {{"id": "u{i}"}}}}\n' for i in range(5000))
    sent, failed, over = [0], [], threading.Event()

    def send():
        while not over.is_set():
            answer = node.request("POST", "/pipelines/checkout", body, LINES)
            sent[0] += len(answer.text.splitlines())
            failed.extend(line for line in answer.text.splitlines() if "flume_error" in line)

    sender = threading.Thread(target=send)
    sender.start()
    for version in range(3, 103):
        put(etcd, "checkout", text(version))
    node.wait_switch("checkout", version="102")
    over.set()
    sender.join()
    equal(failed[:3], [], "lines that failed")
    lines = node.get("/metrics").text.splitlines()
    counted = sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith("flume_switch_documents_total"))
    equal(counted, sent[0], "documents that were counted")


# ---- inside of a schema ----


def schema_and_switch_may_come_in_either_order(s):
    etcd = s.etcd()
    node = s.node("node-1", etcd=etcd)
    etcd.set_schema("page", asking("1.0.0"))
    node.wait_schema("page", version="1.0.0")
    answer = node.process("page", USERS[0])
    contains(answer.text, '"id":0}', "no switch, no route")
    equal(answer.header("Flume-Variants"), None, "what decided")
    put(etcd, "layout", switch(1, 0, 100))
    node.wait_switch("layout", version="1")
    equal(set(choices(node, "page")), {"compact"}, "who is where")
    equal(node.process("page", USERS[0]).header("Flume-Variants"), "layout=compact", "what decided")
    # A variant is there before its route ...
    etcd.set_schema("page", asking("1.1.0", ("control", "compact", "wide")))
    schema = node.wait_schema("page", state="rejected")
    contains(schema["attempted"]["error"], "unreachable-route", "why")
    put(etcd, "layout", switch(2, 0, 50).replace("50}", "50, wide: 50}"))
    node.wait_schema("page", version="1.1.0")
    equal(set(choices(node, "page")), {"compact", "wide"}, "who is where")
    # ... and after it.
    put(etcd, "layout", switch(3, 0, 100))
    found = node.wait_switch("layout", state="rejected")
    contains(found["attempted"]["error"], "schema 'page'", "why")
    etcd.set_schema("page", asking("1.2.0"))
    node.wait_switch("layout", version="3", state="running")
    # All in one revision, and a node that comes to it later.
    etcd.change({"/flume/schemas/page": asking("1.3.0", ("control", "compact", "x")),
                 "/flume/switches/layout": switch(4, 0, 50).replace("50}", "50, x: 50}")})  # fmt: skip
    node.wait_schema("page", version="1.3.0")
    node.wait_switch("layout", version="4")
    late = s.node("node-2", etcd=etcd)
    late.wait_schema("page", version="1.3.0")
    late.wait_switch("layout", version="4")
    equal(choices(late, "page"), choices(node, "page"), "both nodes")


# ---- what is wrong with it ----

BROKEN = [
    ("weights that do not sum to 100", front(2, 60, 50), "3:11", "the weights sum to 110"),
    ("an unknown key", front(2, 50, 50, "enable: false\n"), "5:1", "unknown key 'enable'"),
    ("a default that does not exist", front(2, 50, 50).replace("default: ", "default: no-"), "4:10", "no-checkout-v1"),
    ("a schema this node does not have", front(2, 50, 50).replace("v2: 50", "v3: 50"), "3:29", "checkout-v3"),
    ("schemas that are all misspelt", front(2, 50, 50).replace("checkout-", "chekout-"), "3:12", "chekout-v1"),
    ("a version that was used", front(1, 50, 50), "", "raise `version`"),
    ("no document at all", "variants: [", "", "/flume/switches/checkout"),
]  # fmt: skip


def a_broken_one_leaves_the_old_one_in_force(s):
    etcd, node = started(s)
    for what, text, place, part in BROKEN:
        revision = put(etcd, "checkout", text)
        found = node.wait_switch("checkout", state="rejected", revision=revision)
        error = found["attempted"]["error"]
        contains(error, part, what)
        contains(error, f"/flume/switches/checkout{place and ':'}{place}", what)
        equal(found["running"]["version"], "1", what)
        equal(node.process("checkout", USERS[0]).json()["made_by"], 1, what)

    def published():
        told = (etcd.node_status("node-1")[0] or {}).get("switches", {})
        return told.get("checkout", {}).get("state") == "rejected"

    node.wait_for("etcd has it", published)
    put(etcd, "checkout", front(2, 0, 100))
    node.wait_switch("checkout", version="2", state="running")
    equal(set(choices(node)), {"2"}, "who is where")


# ---- without etcd ----


def a_node_chooses_as_before_without_etcd_and_after_a_kill(s):
    etcd, node = started(s)
    put(etcd, "checkout", front(2, 50, 50))
    node.wait_switch("checkout", version="2", proven=True)
    node.prove(["checkout-v1", "checkout-v2"], USERS[0], "1.0.0")
    before = choices(node)
    node.kill9()
    etcd.stop()
    node.start()
    found = node.wait_switch("checkout", version="2", front=True)
    equal(found["running"]["proven"], True, "proven")
    equal(choices(node), before, "who is where")
    contains(node.get("/switches/checkout").text, front(2, 50, 50), "byte for byte")
    node.stop()
    path = os.path.join(node.state, "switches", "proven", "checkout")
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) - 1)
    node.start()
    node.wait_switch("checkout", version="1")
    etcd.start()
    node.wait_switch("checkout", version="2")
    equal(choices(node), before, "who is where")


# ---- other ways to come ----


def a_folder_and_http_and_a_poll_do_the_same(s):
    folder = s.schemas()
    for mark in (1, 2):
        folder.set_schema(f"checkout-v{mark}", marking("1.0.0", mark))
    s.file("schemas/switches/checkout.yaml", front(1, 100, 0))
    socket = os.path.join(s.path, "s.sock")
    node = s.node("node-1", folder=folder, socket=socket)
    node.wait_switch("checkout", version="1", front=True)
    equal(node.request("PUT", "/switches/checkout", front(2, 0, 100)).status, 403, "over TCP, without a token")
    answer = node.request_locally("PUT", "/switches/checkout", front(2, 0, 100))
    equal(answer.status, 204, answer.text)
    equal(set(choices(node)), {"2"}, "who is where")
    with open(os.path.join(folder.path, "switches/checkout.yaml"), encoding="utf-8") as file:
        equal(file.read(), front(2, 0, 100), "the file")
    answer = node.request_locally("PUT", "/switches/checkout", front(3, 1, 100))
    equal((answer.status, answer.json()["errors"][0]["code"]), (400, "weights"), "what is refused")
    tag = node.get("/switches/checkout").header("ETag")
    stale = {"If-Match": '"sha256:0"'}
    equal(node.request_locally("PUT", "/switches/checkout", front(3, 1, 99), stale).status, 412, "stale")
    equal(node.get("/switches/checkout", {"If-None-Match": tag}).status, 304, "the tag")
    equal(node.request_locally("DELETE", "/schemas/checkout-v1").status, 409, "a schema behind it")
    equal(node.request_locally("DELETE", "/switches/checkout").status, 204, "DELETE")
    equal(node.request_locally("DELETE", "/switches/checkout").status, 404, "DELETE again")
    equal(node.get("/switches", {"Accept": "application/json"}).json(), {"switches": []}, "none")
    node.stop()
    etcd, polling = started(s, poll="200ms")
    equal(polling.request("PUT", "/switches/x", "").status, 403, "PUT")
    put(etcd, "checkout", front(2, 0, 100))
    polling.wait_switch("checkout", version="2")


# ---- the command ----


def the_command_writes_what_fits(s):
    etcd, node = started(s)
    go = lambda *words, code=0: flume(s, etcd, words, code)  # noqa: E731
    equal(go("set", "checkout", "--weights", "checkout-v1=90,checkout-v2=10").out,
          "checkout configured: checkout-v1 90, checkout-v2 10, default checkout-v1\n", "set")  # fmt: skip
    node.wait_switch("checkout", version="2")
    contains(go("set", "checkout", "--off").out, "off", "off")
    node.wait_switch("checkout", version="3")
    equal(set(choices(node)), {"1"}, "who is where")
    equal(go("set", "checkout", "--off").out.split(":")[0], "checkout unchanged", "off again")
    contains(go("get", "checkout").out, "enabled: false", "get")
    made = go("set", "layout", "--weights", "control=50,compact=50", "--by", "user.id", "-o", "json")
    contains(made.err, "layout: it decides nothing: no schema below /flume/schemas/ asks it", "a word")
    made = made.json()
    equal((made[0]["result"], made[0]["version"]), ("created", "1"), "a new one")
    equal(node.wait_switch("layout", version="1").get("reason"), "unasked", "what the node says")
    contains(go("set", "layout", "--weights", "control=50,compact=51", code=1).err, "the weights sum to 101", "sum")
    refused = go("set", "checkout", "--weights", "checkout-v9=100", code=1).err
    contains(refused, "unknown-schema", "no such schema")
    contains(refused, "there is no schema 'checkout-v9' below /flume/schemas/", "where it was looked for")
    contains(go("set", "checkout", "--default", "checkout-v2", "--dry-run").out, "default checkout-v2", "the default")
    etcd.set_schema("page", asking("1.0.0"))
    contains(go("delete", "layout", code=4).err, "schema 'page' asks it", "delete")
    etcd.delete_schema("page")
    file = s.file("layout.yaml", switch(1, 10, 90))
    contains(go("set", "-f", file, code=4).err, "raise `version`", "a version that was used")
    equal(go("list", "-o", "json").json()[1]["variants"], {"control": 50, "compact": 50}, "list")
    contains(go("list").out, "checkout-v1 90, checkout-v2 10", "list")
    contains(s.flume("switch", "list", "--agent", f"http://127.0.0.1:{node.port}").out, "checkout", "of the agent")
    equal(go("delete", "layout").out, "layout deleted\n", "delete")
    go("delete", "layout", code=5)
    go("get", "layout", code=5)
    node.wait_for("it is gone", lambda: not node.switch("layout"))


def apply_delete_and_rollback_look_at_the_switches_too(s):
    etcd, _ = started(s)
    put(etcd, "layout", switch(1, 50, 50))
    ours = lambda *words: s.flume(*words, "--etcd", etcd.url)  # noqa: E731
    taken = s.file("checkout.yaml", asking("1.0.0"))
    result = ours("apply", "-f", taken)
    equal(result.code, 1, f"the name of a switch: {result}")
    contains(result.err, "there is a switch 'checkout' below /flume/switches/", "whose name it is")
    contains(result.err, "[name-taken]", "the code")
    contains(ours("get").err + ours("get").out, "checkout-v1", "get")
    equal(etcd.get("/flume/schemas/checkout"), None, "what was written")
    wide = s.file("page.yaml", asking("1.0.0", ("control", "wide")))
    result = ours("apply", "-f", wide, "-o", "json")
    equal((result.code, result.json()[0]["result"]), (1, "rejected"), f"a route that is no variant: {result}")
    equal(result.json()[0]["findings"][0]["code"], "unreachable-route", "the code")
    equal(etcd.get("/flume/schemas/page"), None, "what was written")
    equal(ours("apply", "-f", wide, "--force").out, "page created\n", "by force")
    s.file("page.yaml", asking("1.0.1"))
    equal(ours("apply", "-f", wide).out, "page configured\n", "with the routes that there are")
    result = ours("rollback", "page", "--to", "1.0.0")
    equal((result.code, result.out), (1, ""), f"back to that route: {result}")
    contains(result.err, "[unreachable-route]", "the code")
    result = ours("delete", "page", "checkout-v2")
    equal((result.code, result.out), (4, ""), f"a variant: {result}")
    contains(result.err, "checkout-v2: switch 'checkout' sends documents to it", "who needs it")
    equal(ours("delete", "page").out, "page deleted\n", "what no switch sends to")
    equal(ours("delete", "checkout-v2", "--dry-run", "--force").out, "checkout-v2 deleted (dry run)\n", "by force")
    put(etcd, "checkout", front(2, 100, 0, "front: false\n"))
    equal(ours("delete", "checkout-v2").out, "checkout-v2 deleted\n", "behind a switch that is not in front")


def a_label_that_the_node_gets_counts_at_once(s):
    path = s.file("flume.yaml", "label: {zone: a}\n")
    etcd, node = started(s, args=["--config", path])
    put(etcd, "checkout", front(2, 0, 100, "where: {zone: [b]}\n"))
    node.wait_switch("checkout", version="2", front=True)
    equal(set(choices(node)), {"1"}, "a node of another zone")
    with open(path, "w", encoding="utf-8") as file:
        file.write("label: {zone: b}\n")
    node.wait_for("its zone is b", lambda: set(choices(node)) == {"2"})


def flume(s, etcd, words, code):
    result = s.flume("switch", *words, "--etcd", etcd.url)
    equal(result.code, code, f"{words}: {result}")
    return result


run(
    a_put_moves_documents_between_the_schemas_behind_it,
    a_schema_behind_a_switch_stays_until_the_switch_goes,
    a_batch_ends_with_the_switch_that_it_began_with,
    schema_and_switch_may_come_in_either_order,
    a_broken_one_leaves_the_old_one_in_force,
    a_label_that_the_node_gets_counts_at_once,
    a_node_chooses_as_before_without_etcd_and_after_a_kill,
    a_folder_and_http_and_a_poll_do_the_same,
    the_command_writes_what_fits,
    apply_delete_and_rollback_look_at_the_switches_too,
)

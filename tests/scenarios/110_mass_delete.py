"""A deletion of most schemas at once - three of four, an emptied folder, a wiped store - is held:
all still serve until they are restored.  One of four is simply retired."""

import json
import os

from documents import marking
from harness import ConfigMap, contains, equal, run

NAMES = "abcd"
DOCUMENT = {"id": 1}


def texts(names=NAMES):
    return {name: marking("1.0.0", k) for k, name in enumerate(names, 1)}


def started(s, **more):
    etcd = s.etcd()
    etcd.change(puts={etcd.schema_key(name): text for name, text in texts().items()})
    node = s.node(etcd=etcd, **more)
    node.prove(list(NAMES), DOCUMENT, "1.0.0")
    return etcd, node


def statuses(node, names=NAMES):
    return [node.process(name, DOCUMENT).status for name in names]


def held(node, names):
    for name in names:
        schema = node.wait_schema(name, state="held", version="1.0.0", timeout=20)
        contains(json.dumps(schema), "mass-delete", f"status of {name}")
    equal(statuses(node), [200] * 4, "answers while it is held")
    assert node.ready(), node.get("/readyz?verbose").text


def restored(node):
    for name in NAMES:
        schema = node.wait_schema(name, state="running", version="1.0.0", timeout=20)
        equal(schema["running"]["generation"], 1, "generation")
    equal(statuses(node), [200] * 4, "answers")


def three_of_four_in_one_revision_are_held(s):
    etcd, node = started(s)
    etcd.delete_schemas("abc")
    held(node, "abc")
    equal(node.schema("d")["state"], "running", "the one that is left")
    etcd.set_schema("d", marking("1.0.1", 9))
    node.wait_schema("d", version="1.0.1")
    equal(statuses(node), [200] * 4, "answers after a change of the fourth")


def restoring_clears_it(s):
    etcd, node = started(s)
    etcd.delete_schemas("abc")
    held(node, "abc")
    etcd.change(puts={etcd.schema_key(name): text for name, text in texts().items()})
    restored(node)
    etcd.delete_schema("a")
    node.wait_for("a is retired", lambda: statuses(node) == [404, 200, 200, 200])


def what_is_held_can_be_confirmed_name_by_name(s):
    etcd, node = started(s, socket=os.path.join(s.path, "n.sock"))
    equal(node.request_locally("DELETE", "/schemas/a").status, 409, "DELETE of what etcd has")
    etcd.delete_schemas("abc")
    held(node, "abc")
    answer = node.request_locally("DELETE", "/schemas/d")
    equal((answer.status, answer.json()["code"]), (409, "read-only"), "DELETE of what etcd has")
    for name in "abc":
        equal(node.request_locally("DELETE", f"/schemas/{name}").status, 204, f"DELETE of {name}")
    equal(statuses(node), [404, 404, 404, 200], "answers")
    node.wait_for("they left the status", lambda: set(node.status()["schemas"]) == {"d"})
    equal(node.request_locally("DELETE", "/schemas/a").status, 409, "DELETE of what is gone already")
    node.restart()
    node.wait_ready()
    equal(statuses(node), [404, 404, 404, 200], "answers after a restart")
    etcd.set_schema("a", marking("1.0.0", 1))
    node.wait_schema("a", version="1.0.0")


def a_node_that_writes_through_confirms_too(s):
    more = {"socket": os.path.join(s.path, "n.sock"), "args": ["--write-through"]}
    etcd, node = started(s, **more)
    etcd.delete_schemas("abc")
    held(node, "abc")
    for name in "abc":
        equal(node.request_locally("DELETE", f"/schemas/{name}").status, 204, f"DELETE of {name}")
    equal(statuses(node), [404, 404, 404, 200], "answers")
    equal(node.request_locally("DELETE", "/schemas/a").status, 404, "DELETE of what is gone")


def the_rest_is_held_too(s):
    """What is held already does not make what is left look few."""
    etcd = s.etcd()
    names = "abcdefghij"
    etcd.change(puts={etcd.schema_key(name): marking("1.0.0", 1) for name in names})
    node = s.node(etcd=etcd)
    for name in names:
        node.wait_schema(name, version="1.0.0")
    etcd.delete_schemas(names[:6])
    etcd.delete_schemas(names[6:])
    for name in names:
        node.wait_schema(name, state="held", version="1.0.0")
    equal(statuses(node, names), [200] * 10, "answers")


def one_of_four_is_retired(s):
    etcd, node = started(s)
    etcd.delete_schema("a")
    node.wait_for("a is retired", lambda: statuses(node) == [404, 200, 200, 200])
    node.wait_for("it left the status", lambda: "a" not in node.status()["schemas"])


def two_of_four_are_retired(s):
    """Half is not more than half."""
    etcd, node = started(s)
    etcd.delete_schemas("ab")
    node.wait_for("a and b are retired", lambda: statuses(node) == [404, 404, 200, 200])


def few_may_all_go(s):
    """The guard wants at least three that go."""
    etcd = s.etcd()
    etcd.change(puts={etcd.schema_key(name): marking("1.0.0", 1) for name in "ab"})
    node = s.node(etcd=etcd)
    node.wait_schema("a", version="1.0.0")
    node.wait_schema("b", version="1.0.0")
    etcd.delete_schemas("ab")
    node.wait_for("both are retired", lambda: statuses(node, "ab") == [404, 404])


def a_wiped_store_empties_no_node(s):
    etcd, node = started(s)
    etcd.wipe()
    etcd.start()
    held(node, NAMES)
    etcd.change(puts={etcd.schema_key(name): text for name, text in texts().items()})
    restored(node)


def it_is_held_over_a_restart(s):
    etcd, node = started(s)
    etcd.delete_schemas("abc")
    held(node, "abc")
    node.restart()
    held(node, "abc")


def an_emptied_folder_empties_no_node(s):
    folder = s.schemas(kind=ConfigMap)
    folder.set_schemas(texts())
    node = s.node(folder=folder)
    node.prove(list(NAMES), DOCUMENT, "1.0.0")
    folder.set_schemas({name: None for name in NAMES})
    held(node, NAMES)
    folder.set_schemas(texts())
    restored(node)


run(
    three_of_four_in_one_revision_are_held,
    restoring_clears_it,
    what_is_held_can_be_confirmed_name_by_name,
    a_node_that_writes_through_confirms_too,
    the_rest_is_held_too,
    one_of_four_is_retired,
    two_of_four_are_retired,
    few_may_all_go,
    a_wiped_store_empties_no_node,
    it_is_held_over_a_restart,
    an_emptied_folder_empties_no_node,
)

"""Much to write, and never a good moment: a thousand schemas are on disk soon, an end does not wait long
for them, and after kill -9 at random moments each start serves what was proven."""

import os

from documents import marking
from harness import equal, free_port, run
from kills import kill_again_and_again

DOCUMENT = {"id": 1}
MANY = 1000


def with_many(s):
    etcd = s.etcd()
    names = [f"s{i:04}" for i in range(MANY)]
    for at in range(0, MANY, 100):
        etcd.change(
            puts={etcd.schema_key(name): marking("1.0.0", 1) for name in names[at : at + 100]}
        )
    return etcd, names


def serves(node, name):
    answer = node.process(name, DOCUMENT)
    equal((answer.status, answer.text and answer.json()["made_by"]), (200, 1), f"answer of {name}")


def many_schemas_are_on_disk_soon(s):
    etcd, names = with_many(s)
    node = s.node(etcd=etcd)
    folder = os.path.join(node.state, "proven")
    node.wait_schema(names[-1], version="1.0.0", timeout=20)
    node.wait_for("all of them are on disk", lambda: len(os.listdir(folder)) == MANY, 15)
    equal(node.ask_to_end(timeout=8), 0, "exit code")
    node.etcd = f"http://127.0.0.1:{free_port()}"
    node.start()
    node.wait_ready()
    serves(node, names[0])
    serves(node, names[-1])


def an_end_with_much_to_write_is_quick(s):
    """SIGTERM in the middle of it: what was not written comes from etcd at the next start."""
    etcd, names = with_many(s)
    node = s.node(etcd=etcd)
    node.wait_for("it serves some", lambda: node.process(names[0], DOCUMENT).status == 200)
    equal(node.ask_to_end(timeout=10), 0, "exit code")
    node.start()
    node.wait_schema(names[-1], version="1.0.0", timeout=20)


def killed_at_random_moments_of_updates(s):
    kill_again_and_again(s, 30, 1)


run(
    many_schemas_are_on_disk_soon,
    an_end_with_much_to_write_is_quick,
    killed_at_random_moments_of_updates,
)

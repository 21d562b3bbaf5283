"""etcd with users: tokens that live five seconds or die with their member are replaced unnoticed; a
password that is refused, or a role that may not, is told, not asked for again and again, and works
when it is mended; users are switched on and off under a running agent."""

import os

from documents import marking
from guarded import PASSWORD, guarded, user, user_with
from harness import contains, equal, holds_for, run, wait_until

def follows(etcd, node, version, mark, timeout=15):
    revision = etcd.set_schema("a", marking(version, mark))
    node.wait_schema("a", version=version, revision=revision, timeout=timeout)
    equal(node.process("a", {"id": 1}).json()["made_by"], mark, "made_by")


def wait_status(etcd, node):
    wait_until(
        "its status is in etcd",
        lambda: (etcd.node_status(node.name)[0] or {}).get("schemas") == node.status()["schemas"],
        15,
        lambda: f"{etcd.node_status(node.name)[0]} beside {node.status()}",
    )


def link(node):
    return node.status()["link"]


def wait_down(node, part):
    node.wait_for(
        f"the link is down: {part}",
        lambda: not link(node)["up"] and part in link(node).get("why", ""),
        30,
        lambda: str(link(node)),
    )


def downs(node):
    return [line for line in node.log_lines() if line["message"] == "source down"]


def attention(node):
    return [line for line in node.log_lines() if line["message"] == "etcd needs attention"]


def tokens_of_five_seconds(s):
    """With nothing asked in between for so long that each is dead when it would be used."""
    etcd = guarded(s, ttl=5)
    node = s.node(etcd=etcd, args=[*user(s), "--etcd-silence", "40s"])
    follows(etcd, node, "1.0.1", 1)
    for k in (2, 3):
        holds_for(7, "the link is up", lambda: link(node)["up"])
        follows(etcd, node, f"1.0.{k}", k)
        node.prove("a", {"id": 1}, f"1.0.{k}")
        wait_status(etcd, node)
    equal(downs(node) + attention(node), [], "complaints")


def a_restart_of_etcd_takes_all_tokens(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    for k in (2, 3):
        etcd.restart()
        follows(etcd, node, f"1.0.{k}", k)
        wait_status(etcd, node)
    equal(attention(node), [], "complaints")


def a_role_that_may_not(s):
    etcd = guarded(s, allowed=None)
    node = s.node(etcd=etcd, args=user(s))
    wait_down(node, "permission denied")
    asked = etcd.asked_for_tokens()
    holds_for(2, "no token is asked for", lambda: etcd.asked_for_tokens() == asked)
    etcd.allow("flume", "/flume/")
    follows(etcd, node, "1.0.1", 1, timeout=40)


def the_rights_of_the_manual_are_enough(s):
    etcd = guarded(s, allowed=None)
    etcd.allow("flume", "/flume/", "READ")
    etcd.allow("flume", "/flume/nodes/")
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    wait_status(etcd, node)
    done = s.flume("apply", "-f", s.file("b.yaml", marking("1.0.0", 1)), "--etcd", etcd.url, *user(s))
    equal(done.code, 7, f"{done}")


def a_role_that_may_no_longer(s):
    """etcd does not end the watch; the proofs notice, and nothing that runs is touched."""
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    etcd.forbid("flume", "/flume/")
    wait_down(node, "permission denied")
    equal(node.process("a", {"id": 1}).json()["made_by"], 1, "made_by")
    assert node.ready(), node.get("/readyz?verbose").text
    etcd.allow("flume", "/flume/")
    follows(etcd, node, "1.0.2", 2, timeout=40)


def a_wrong_password(s):
    etcd = guarded(s)
    asked = etcd.asked_for_tokens()
    node = s.node(etcd=etcd, args=user(s, "guess"))
    wait_down(node, "etcd refuses the user 'flume' or its password in")
    contains(link(node)["why"], "authentication failed, invalid user ID or password", "why")
    holds_for(4, "it is asked once", lambda: etcd.asked_for_tokens() == asked + 1)
    equal(len(attention(node)), 1, "lines about it")
    user(s)  # writes the right one to the file
    follows(etcd, node, "1.0.1", 1)
    wait_status(etcd, node)
    contains(node.log_text(), "etcd takes the user and its password again", "log")


def a_password_is_changed(s):
    """In etcd first: that makes the tokens void, and the file is behind for a moment."""
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=user(s))
    follows(etcd, node, "1.0.1", 1)
    etcd.set_password("another")
    wait_down(node, "etcd refuses the user")
    user(s, "another")
    follows(etcd, node, "1.0.2", 2)


def a_password_file_that_comes_late(s):
    etcd = guarded(s)
    path = os.path.join(s.path, "password")
    node = s.node(etcd=etcd, args=user_with(path))
    wait_down(node, f"the password for etcd: '{path}': No such file or directory")
    user(s)
    follows(etcd, node, "1.0.1", 1)


def users_are_switched_on_and_off(s):
    etcd = guarded(s, on=False)
    node = s.node(etcd=etcd, args=user(s))
    for k in range(1, 6):
        follows(etcd, node, f"1.0.{k}", k)
        wait_status(etcd, node)
        etcd.guard(on=k % 2 == 1)
        if k > 2:
            etcd.restart()
    follows(etcd, node, "1.0.6", 6)
    equal(attention(node), [], "complaints")


def no_user_where_one_is_wanted(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd)
    wait_down(node, "it wants a user and a password, and none is given")
    node.stop()


def commands_say_what_is_wrong(s):
    etcd = guarded(s)
    etcd.set_schema("a", marking("1.0.0", 1))
    one = s.file("a.yaml", marking("1.0.1", 2))
    where = ["--etcd", etcd.url]
    for options, code, part in (
        (user(s), 0, ""),
        ([], 7, "wants a user and a password"),
        (user_with(s.file("guess", "guess")), 7, "etcd refuses the user 'flume' or its pass"),
        (user_with(s.file("empty", "\n")), 3, "does not hold one line of text"),
        (["--etcd-user", "flume"], 2, "given together"),
        (user_with(s.path), 3, "Is a directory"),
    ):
        done = s.flume("get", *where, *options)
        equal(done.code, code, f"exit code with {options}: {done}")
        contains(done.err, part, f"with {options}")
    done = s.flume("apply", "-f", one, *where, *user(s))
    equal(done.code, 0, f"{done}")
    environment = {"FLUME_ETCD_USER": "flume", "FLUME_ETCD_PASSWORD_FILE": user(s)[3]}
    done = s.flume("get", "a", "--etcd", etcd.url, env=environment)
    equal(done.out, marking("1.0.1", 2), "what was applied")
    etcd.forbid("flume", "/flume/")
    done = s.flume("get", *where, *user(s))
    equal(done.code, 7, f"{done}")
    contains(done.err, "permission denied", "without a right")


def secrets_stay_where_they_are(s):
    etcd = guarded(s)
    node = s.node(etcd=etcd, args=[*user(s), "--log-level", "debug"])
    follows(etcd, node, "1.0.1", 1)
    with open(f"/proc/{node.pid}/cmdline", encoding="utf-8") as line:
        words = line.read()
    for text, what in ((words, "arguments"), (node.log_text(), "log")):
        assert PASSWORD not in text and "battery" not in text, f"the password is in the {what}"


run(
    tokens_of_five_seconds,
    a_restart_of_etcd_takes_all_tokens,
    a_role_that_may_not,
    the_rights_of_the_manual_are_enough,
    a_role_that_may_no_longer,
    a_wrong_password,
    a_password_is_changed,
    a_password_file_that_comes_late,
    users_are_switched_on_and_off,
    no_user_where_one_is_wanted,
    commands_say_what_is_wrong,
    secrets_stay_where_they_are,
)

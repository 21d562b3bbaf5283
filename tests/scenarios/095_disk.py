"""The state folder on a bad day - full, read-only, spoilt, gone: the node serves all the while, says
so, and has everything on disk again without a restart."""

import os
import shutil

import mounts
from documents import marking
from harness import contains, equal, free_port, run, wait_until
from toolbox import skipped

DOCUMENT = {"id": 1}


def proven_three_times(s, **where):
    etcd = s.etcd()
    node = s.node(etcd=etcd, **where)
    for k in (1, 2, 3):
        etcd.set_schema("a", marking(f"1.0.{k}", k))
        node.prove("a", DOCUMENT, f"1.0.{k}")
    return etcd, node


def start_without_etcd(node):
    node.etcd = f"http://127.0.0.1:{free_port()}"
    node.start()


def serves(node, mark, name="a"):
    answer = node.process(name, DOCUMENT)
    equal((answer.status, answer.text and answer.json()["made_by"]), (200, mark), "answer")


def metric(node, name):
    lines = [line for line in node.get("/metrics").text.splitlines() if line.startswith(name + " ")]
    return int(lines[0].split()[1])


def copy_of(node, name="a"):
    return os.path.join(node.state, "proven", name)


def dot_files(node):
    return [name for _, _, names in os.walk(node.state) for name in names if name[0] == "."]


def said(node, message):
    return [line for line in node.log_lines() if line["message"] == message]


# ---- a disk that cannot be written ----


def on_a_disk(s):
    """(etcd, node, disk), or None where nobody may mount."""
    if why := mounts.why_not():
        skipped("full and read-only disks", why)
        return None
    disk = s.disk("disk", 600)
    etcd, node = proven_three_times(s, state=os.path.join(disk.path, "state"))
    return etcd, node, disk


def goes_on_and_says_so(etcd, node, reason):
    etcd.set_schema("a", marking("1.0.4", 4))
    node.wait_schema("a", version="1.0.4")
    node.wait_for("the disk is said to fail", lambda: not node.status()["disk"]["ok"], 20)
    contains(node.status()["disk"]["why"], reason, "disk.why")
    equal(metric(node, "flume_disk_ok"), 0, "flume_disk_ok")
    for _ in range(3):
        serves(node, 4)
    equal(node.ready(), True, "ready")
    wait_until("1.0.4 has its verdict", lambda: node.schema("a")["state"] == "running")
    equal(node.schema("a")["running"]["proven"], False, "proven, though not on disk")


def is_well_again(etcd, node):
    node.wait_for("all is on disk", lambda: node.status()["disk"]["ok"], 30)
    equal(metric(node, "flume_disk_ok"), 1, "flume_disk_ok")
    node.wait_schema("a", version="1.0.4", proven=True)
    equal(len(said(node, "the state folder can be written again")), 1, "said once")
    node.kill9()
    start_without_etcd(node)
    node.wait_ready()
    serves(node, 4)
    equal(dot_files(node), [], "temporary files")


def the_disk_is_full(s):
    if not (found := on_a_disk(s)):
        return
    etcd, node, disk = found
    disk.fill()
    goes_on_and_says_so(etcd, node, "No space left on device")
    errors = [line for line in node.log_lines() if "No space" in line.get("error", "")]
    equal(len(errors), 1, f"said once: {errors}")
    equal(dot_files(node), [], "temporary files")
    disk.make_room()
    is_well_again(etcd, node)


def killed_while_the_disk_is_full(s):
    if not (found := on_a_disk(s)):
        return
    etcd, node, disk = found
    disk.fill()
    goes_on_and_says_so(etcd, node, "No space left on device")
    node.kill9()
    start_without_etcd(node)
    node.wait_ready()
    serves(node, 3)
    node.kill9()
    node.etcd = etcd
    node.start()
    node.wait_schema("a", version="1.0.4")
    serves(node, 4)  # which is what its probation asks for
    disk.make_room()
    is_well_again(etcd, node)


def the_disk_is_read_only(s):
    if not (found := on_a_disk(s)):
        return
    etcd, node, disk = found
    disk.read_only(True)
    goes_on_and_says_so(etcd, node, "Read-only file system")
    disk.read_only(False)
    is_well_again(etcd, node)


def a_start_on_a_read_only_disk(s):
    if not (found := on_a_disk(s)):
        return
    etcd, node, disk = found
    node.stop()
    disk.read_only(True)
    start_without_etcd(node)
    node.wait_ready()
    serves(node, 3)
    node.kill9()
    node.etcd = etcd
    node.start()
    goes_on_and_says_so(etcd, node, "Read-only file system")
    disk.read_only(False)
    is_well_again(etcd, node)


# ---- a disk that gives back something else ----


def spoil(path, how):
    with open(path, "rb") as file:
        kept = file.read()
    ways = {
        "one bit": lambda: kept[:-3] + bytes([kept[-3] ^ 1]) + kept[-2:],
        "cut": lambda: kept[: len(kept) // 2],
        "empty": lambda: b"",
        "zeros": lambda: b"\0" * len(kept),
    }
    with open(path, "wb") as file:
        file.write(ways[how]())


def a_spoilt_copy_gives_way_to_the_one_before(s):
    etcd, node = proven_three_times(s)
    node.stop()
    whole = os.path.join(s.path, "whole")
    shutil.copytree(node.state, whole)
    for how in ("one bit", "cut", "empty", "zeros"):
        shutil.rmtree(node.state)
        shutil.copytree(whole, node.state)
        spoil(copy_of(node), how)
        start_without_etcd(node)
        node.wait_ready()
        serves(node, 2)
        equal(metric(node, "flume_disk_unusable_copies"), 1, "flume_disk_unusable_copies")
        node.wait_schema("a", version="1.0.2", proven=True)
        node.kill9()
        node.start()  # it was mended: there is nothing to pass over any more
        node.wait_ready()
        serves(node, 2)
        equal(metric(node, "flume_disk_unusable_copies"), 0, "flume_disk_unusable_copies")
        node.kill9()
    equal(len(said(node, "a copy on disk cannot be used")), 4, "said of each")
    node.etcd = etcd
    node.start()
    node.wait_schema("a", version="1.0.3")
    serves(node, 3)


def two_of_three_are_spoilt(s):
    _, node = proven_three_times(s)
    node.stop()
    spoil(copy_of(node), "cut")
    spoil(copy_of(node, "a@1"), "one bit")
    start_without_etcd(node)
    node.wait_ready()
    serves(node, 1)


def all_of_them_are_spoilt(s):
    etcd, node = proven_three_times(s)
    node.stop()
    for name in os.listdir(os.path.join(node.state, "proven")):
        spoil(copy_of(node, name), "cut")
    start_without_etcd(node)
    equal((node.process("a", DOCUMENT).status, node.ready()), (404, False), "with nothing")
    node.kill9()
    node.etcd = etcd
    node.start()
    node.wait_schema("a", version="1.0.3", proven=True)
    serves(node, 3)


def no_more_than_three_copies_are_kept(s):
    etcd, node = proven_three_times(s)
    etcd.set_schema("a", marking("1.0.4", 4))
    node.prove("a", DOCUMENT, "1.0.4")
    names = sorted(os.listdir(os.path.join(node.state, "proven")))
    equal(names, ["a", "a@1", "a@2"], "copies")
    etcd.delete_schema("a")
    node.wait_for("a is retired", lambda: node.process("a", DOCUMENT).status == 404)
    wait_until("no copy is left", lambda: not os.listdir(os.path.join(node.state, "proven")))


def a_removed_folder_is_filled_again(s):
    etcd, node = proven_three_times(s)
    etcd.set_schema("b", marking("1.0.0", 7))
    node.prove("b", DOCUMENT, "1.0.0")
    shutil.rmtree(node.state)
    node.wait_for("it is back", lambda: os.path.exists(copy_of(node)), 30)
    node.wait_for("b is back", lambda: os.path.exists(copy_of(node, "b")), 30)
    equal(len(said(node, "the state folder was gone, and is written anew")), 1, "said once")
    node.kill9()
    start_without_etcd(node)
    node.wait_ready()
    serves(node, 3)
    serves(node, 7, "b")


run(
    the_disk_is_full,
    killed_while_the_disk_is_full,
    the_disk_is_read_only,
    a_start_on_a_read_only_disk,
    a_spoilt_copy_gives_way_to_the_one_before,
    two_of_three_are_spoilt,
    all_of_them_are_spoilt,
    no_more_than_three_copies_are_kept,
    a_removed_folder_is_filled_again,
)

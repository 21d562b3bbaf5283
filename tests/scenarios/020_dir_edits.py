"""A folder is followed however it is edited: rename over the file, writing in place, the symlink
swap of a ConfigMap, deletion.  A bad edit keeps the generation that runs."""

import os

from documents import marking
from harness import ConfigMap, Folder, contains, equal, holds_for, one_of, run

FIRST = {"id": 1}


def made_by(node, name="a"):
    answer = node.process(name, FIRST)
    return answer.json().get("made_by") if answer.status == 200 else answer.status


def started(s, kind=Folder):
    folder = s.schemas(kind=kind)
    folder.set_schema("a", marking("1.0.0", 1))
    folder.set_schema("b", marking("1.0.0", 100))
    node = s.node(folder=folder)
    node.wait_ready()
    equal(made_by(node), 1, "made_by")
    return folder, node


def a_renamed_over_file_is_followed(s):
    folder, node = started(s)
    for k in (2, 3, 4):
        folder.set_schema("a", marking(f"1.0.{k}", k))
        node.wait_schema("a", version=f"1.0.{k}", generation=k)
        equal(made_by(node), k, "made_by")
    equal(node.schema("b")["running"]["generation"], 1, "generation of the other")


def a_file_written_in_place_is_followed_when_it_is_whole(s):
    folder, node = started(s)

    def half_way():
        node.wait_for("the old one serves while half a file is there", lambda: made_by(node) == 1)
        holds_for(0.3, "the old one serves", lambda: made_by(node) == 1)

    folder.overwrite("a", marking("1.0.2", 2), half_way)
    node.wait_schema("a", version="1.0.2", wanted="1.0.2")
    one_of(node.schema("a")["state"], ("running", "probation"), "state once it is whole")
    equal(made_by(node), 2, "made_by")


def a_config_map_swap_is_followed(s):
    folder, node = started(s, ConfigMap)
    for k in (2, 3):
        folder.set_schemas({"a": marking(f"1.0.{k}", k), "b": marking(f"1.0.{k}", 100 + k)})
        node.wait_schema("a", version=f"1.0.{k}")
        node.wait_schema("b", version=f"1.0.{k}")
        equal((made_by(node), made_by(node, "b")), (k, 100 + k), "made_by")
    folder.set_schemas({"c": marking("1.0.0", 200), "b": None})
    node.wait_schema("c", version="1.0.0")
    node.wait_for("b is retired", lambda: made_by(node, "b") == 404)


def a_new_file_is_served(s):
    folder, node = started(s)
    folder.set_schema("c", marking("1.0.0", 7))
    node.wait_schema("c", version="1.0.0")
    equal(made_by(node, "c"), 7, "made_by")


def a_deleted_file_is_retired(s):
    folder, node = started(s)
    folder.delete_schema("b")
    node.wait_for("b is retired", lambda: made_by(node, "b") == 404)
    equal(made_by(node), 1, "the other still serves")
    folder.set_schema("b", marking("2.0.0", 2))
    node.wait_for("b is back", lambda: made_by(node, "b") == 2)


def json_is_read_as_well(s):
    folder, node = started(s)
    text = (
        '{"version": "1.0.0", "components": {"processors": {"mark":'
        ' {"kind": "set", "fields": {"made_by": 9}}}}, "type": "sequence",'
        ' "children": [{"ref": "mark"}]}'
    )
    with open(os.path.join(folder.path, "j.json"), "w", encoding="utf-8") as file:
        file.write(text)
    node.wait_for("j serves", lambda: made_by(node, "j") == 9)


def other_files_are_no_schemas(s):
    folder, node = started(s)
    for name in ("README.md", ".a.yaml.swp", "a.yaml~", "a.yaml.bak", "#a.yaml#"):
        with open(os.path.join(folder.path, name), "w", encoding="utf-8") as file:
            file.write("not: a: schema\n")
    folder.set_schema("a", marking("1.0.2", 2))
    node.wait_schema("a", version="1.0.2")
    equal(sorted(node.status()["schemas"]), ["a", "b"], "schemas")


def a_bad_edit_keeps_the_generation_that_runs(s):
    folder, node = started(s)
    folder.set_schema("a", marking("1.0.2", 2).replace("ref: mark", "ref: marc"))
    schema = node.wait_schema("a", state="rejected")
    equal(schema["running"]["version"], "1.0.0", "running")
    equal(schema["running"]["generation"], 1, "generation")
    contains(str(schema["attempted"]), "marc", "attempted")
    equal(made_by(node), 1, "made_by")
    folder.set_schema("a", marking("1.0.2", 2))
    node.wait_schema("a", version="1.0.2", generation=2)


def a_folder_that_is_replaced_whole_is_followed(s):
    folder, node = started(s)
    fresh = s.schemas("fresh")
    fresh.set_schema("a", marking("1.0.2", 2))
    fresh.set_schema("b", marking("1.0.2", 102))
    os.rename(folder.path, folder.path + ".old")
    os.rename(fresh.path, folder.path)
    node.wait_schema("a", version="1.0.2", timeout=20)
    node.wait_schema("b", version="1.0.2", timeout=20)
    folder.set_schema("a", marking("1.0.3", 3))
    node.wait_schema("a", version="1.0.3")


run(
    a_renamed_over_file_is_followed,
    a_file_written_in_place_is_followed_when_it_is_whole,
    a_config_map_swap_is_followed,
    a_new_file_is_served,
    a_deleted_file_is_retired,
    json_is_read_as_well,
    other_files_are_no_schemas,
    a_bad_edit_keeps_the_generation_that_runs,
    a_folder_that_is_replaced_whole_is_followed,
)

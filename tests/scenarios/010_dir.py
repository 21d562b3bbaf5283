"""An agent on a folder serves its pipelines over HTTP: answers name schema, version and
generation; what goes wrong has a status of its own and says what and where."""

import json
import re

import web
from documents import ORDER, ORDERS
from harness import Failed, contains, equal, run

PROBLEM = "application/problem+json"


def orders_node(s):
    folder = s.schemas()
    folder.set_schema("orders", ORDERS)
    node = s.node(folder=folder)
    node.wait_ready()
    return node


def problem(answer, status):
    """The parsed problem; it has to be one."""
    equal(answer.status, status, f"status of {answer.text!r}")
    contains(answer.header("Content-Type") or "", PROBLEM, "content type")
    found = answer.json()
    assert isinstance(found.get("code"), str) and found["code"], found
    equal(found.get("status", status), status, "status in the problem")
    return found


def a_document_comes_back_processed(s):
    node = orders_node(s)
    answer = node.process("orders", ORDER)
    equal(answer.status, 200, answer.text)
    contains(answer.header("Content-Type"), "application/json", "content type")
    equal(answer.json(), {**ORDER, "status": "accepted"}, "document")
    equal((answer.schema, answer.version, answer.generation), ("orders", "1.2.0", 1), "headers")


def what_is_not_touched_comes_back_as_it_came(s):
    node = orders_node(s)
    document = {
        "id": 9007199254740993,
        "total": -0.5,
        "name": "Zoë \u0000 \U0001f600 \"quoted\" \\ /",
        "none": None,
        "nested": {"list": [1, [], {}, "", False]},
    }
    answer = node.process("orders", json.dumps(document))
    equal(answer.json(), {**document, "status": "accepted"}, "document")


def a_dropped_document_is_204(s):
    node = orders_node(s)
    answer = node.process("orders", {**ORDER, "tier": "test"})
    equal((answer.status, answer.body), (204, b""), "answer")
    equal((answer.schema, answer.version, answer.generation), ("orders", "1.2.0", 1), "headers")


def a_failed_processor_is_422_and_says_why(s):
    node = orders_node(s)
    answer = node.process("orders", {"id": 1})
    found = problem(answer, 422)
    contains(json.dumps(found), "total", "problem")
    equal((answer.schema, answer.version, answer.generation), ("orders", "1.2.0", 1), "headers")


def an_unknown_pipeline_is_404(s):
    node = orders_node(s)
    contains(json.dumps(problem(node.process("order", ORDER), 404)), "order", "problem")
    problem(node.get("/no/such/path"), 404)
    equal(node.get("/pipelines/orders").status, 405, "GET on a pipeline")


def bad_json_is_400_with_its_position(s):
    node = orders_node(s)
    for body in (
        '{"id": 1,\n "total": }',
        '{"id": 1, "id": 2}',
        '{"id": 1} trailing',
        '{"id": "\\ud800"}',
        b'{"id": "\xff"}',
        "",
    ):
        found = problem(node.process("orders", body), 400)
        where = [found.get(key) for key in ("line", "column", "position", "offset")]
        if not any(isinstance(at, int) for at in where):
            text = json.dumps(found)
            if not re.search(r"\d+:\d+|line \d+|position \d+|byte \d+", text):
                raise Failed(f"no position for {body!r} in {text}")
    equal(node.process("orders", ORDER).status, 200, "the next good document")


def a_body_too_large_is_413_before_it_is_read(s):
    node = orders_node(s)
    conn = web.connection(node.port)
    conn.putrequest("POST", "/pipelines/orders")
    conn.putheader("Content-Type", "application/json")
    conn.putheader("Content-Length", str(1 << 40))
    conn.endheaders()
    response = conn.getresponse()
    equal(response.status, 413, "status")
    conn.close()
    equal(node.process("orders", ORDER).status, 200, "the next good document")


def a_body_without_end_is_cut_off(s):
    node = orders_node(s)
    conn = web.connection(node.port)
    conn.putrequest("POST", "/pipelines/orders")
    conn.putheader("Content-Type", "application/json")
    conn.putheader("Transfer-Encoding", "chunked")
    conn.endheaders()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = 0
    try:
        for _ in range(4096):  # 256 MiB
            conn.send(chunk)
            sent += len(chunk)
        raise Failed(f"took {sent} bytes and still wanted more")
    except OSError:
        pass  # closed on us, with or without an answer that still got through
    finally:
        conn.close()
    equal(node.process("orders", ORDER).status, 200, "the next good document")


def many_documents_go_over_one_connection(s):
    node = orders_node(s)
    conn = web.connection(node.port)
    for i in range(50):
        answer = web.exchange(conn, "POST", "/pipelines/orders", {**ORDER, "id": i})
        equal((answer.status, answer.json()["id"]), (200, i), "answer")
        bad = web.exchange(conn, "POST", "/pipelines/orders", {"id": i})
        equal(bad.status, 422, "a bad one in between")
        if conn.sock is None:
            raise Failed("the server closed a kept connection")
    conn.close()


run(
    a_document_comes_back_processed,
    what_is_not_touched_comes_back_as_it_came,
    a_dropped_document_is_204,
    a_failed_processor_is_422_and_says_why,
    an_unknown_pipeline_is_404,
    bad_json_is_400_with_its_position,
    a_body_too_large_is_413_before_it_is_read,
    a_body_without_end_is_cut_off,
    many_documents_go_over_one_connection,
)

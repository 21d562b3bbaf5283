"""One HTTP exchange on loopback or a unix socket, its answer as plain data."""

import collections
import http.client
import json
import socket

from waiting import SLOW

# What a peer that is not there, or goes away in between, raises.
Broken = (OSError, http.client.HTTPException)


class Answer(collections.namedtuple("Answer", "status headers body")):
    """headers: a dict with lower-case names; body: bytes."""

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return self.headers.get(name.lower())

    @property
    def schema(self):
        return self.header("Flume-Schema")

    @property
    def version(self):
        return self.header("Flume-Version")

    @property
    def generation(self):
        value = self.header("Flume-Generation")
        return None if value is None else int(value)


class Local(http.client.HTTPConnection):
    """Through the unix socket at this path."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connection(at, timeout=10.0):
    """`at`: a port, (host, port), or the path of a unix socket."""
    if isinstance(at, str):
        return Local(at, timeout * SLOW)
    if isinstance(at, tuple):
        return http.client.HTTPConnection(*at, timeout=timeout * SLOW)
    return http.client.HTTPConnection("127.0.0.1", at, timeout=timeout * SLOW)


def exchange(conn, method, path, body=None, headers=None):
    """On a connection that stays open.  A body that is not text or bytes is sent as JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (str, bytes)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    conn.request(method, path, body, headers)
    response = conn.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, found, response.read())


def request(at, method, path, body=None, headers=None, timeout=10.0):
    conn = connection(at, timeout)
    try:
        return exchange(conn, method, path, body, headers)
    finally:
        conn.close()


def lines(at, path, body, timeout=10.0):
    """POSTs JSON, and yields each line of the answer, parsed, until it is closed or left."""
    conn = connection(at, timeout)
    try:
        conn.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        for line in conn.getresponse():
            yield json.loads(line)
    finally:
        conn.close()

"""A web server of schemas: a JSON map of all at /schemas, each at /schemas/NAME; and the ways in
which web servers, and what stands before them, go wrong."""

import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import time

from ports import free_port
from waiting import Failed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        super().setup()
        self.server.site.visits.add(self.connection)

    def finish(self):
        self.server.site.visits.discard(self.connection)
        super().finish()

    def do_GET(self):
        try:
            self.server.site.answer(self)
        except OSError:
            self.close_connection = True

    def log_message(self, *words):
        pass


class WebSite:
    """`trouble`: a function of the handler that answers instead; None: all is well."""

    def __init__(self, folder, https=False):
        self.port = free_port()
        self.scheme = "https" if https else "http"
        self.texts = {}
        self.trouble = None
        self.asked = 0
        self.unchanged = 0
        self.tokens = set()
        self.visits = set()
        self.cert = make_certificate(folder) if https else None
        self.server = None

    @property
    def url(self):
        return f"{self.scheme}://localhost:{self.port}/schemas"

    # ---- life ----

    def start(self):
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.server.site = self
        if self.cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.cert)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        """Connections are refused from now on, and those that were open are closed."""
        if not self.server:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server = None
        for visit in list(self.visits):
            try:
                visit.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # ---- what is there ----

    def set_schema(self, name, text):
        """`text`: YAML or JSON as text, or what becomes an object."""
        self.set_schemas({name: text})

    def set_schemas(self, changes):
        texts = {**self.texts, **changes}
        self.texts = {name: text for name, text in texts.items() if text is not None}

    def delete_schema(self, name):
        self.set_schema(name, None)

    def document(self, path):
        if path == "/schemas":
            return json.dumps(self.texts, indent=1)
        text = self.texts.get(path.rpartition("/")[2])
        return text if text is None or isinstance(text, str) else json.dumps(text)

    # ---- how it answers ----

    def answer(self, handler):
        self.asked += 1
        self.tokens.add(handler.headers.get("Authorization"))
        if self.trouble:
            self.trouble(handler)
            return
        body = self.document(handler.path)
        if body is None:
            send(handler, 404, b"nothing here")
            return
        body = body.encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if handler.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            send(handler, 304, b"", ETag=tag)
        else:
            send(handler, 200, body, ETag=tag, Content_Type="application/json")

    def wait_asked(self, node, more=2):
        """So many questions from now on were answered."""
        wanted = self.asked + more
        node.wait_for("it asks again", lambda: self.asked >= wanted)


def send(handler, status, body, length=None, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if status != 304:
        handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


# ---- troubles ----


def error(status, **headers):
    return lambda handler: send(handler, status, b'{"error": "sorry"}', **headers)


def page(handler):
    body = b"<html><body>Log in to the network first</body></html>"
    send(handler, 200, body, Content_Type="text/html")


def text(body):
    return lambda handler: send(handler, 200, body.encode(), Content_Type="application/json")


def half(handler):
    """Announces all of it, and breaks off in the middle."""
    body = handler.server.site.document(handler.path).encode()
    send(handler, 200, body[: len(body) // 2], length=len(body))
    handler.close_connection = True


def huge(handler):
    send(handler, 200, b'{"a": "' + b"x" * (17 << 20) + b'"}')


def silent(handler):
    """Takes the question, and says nothing for as long as the client waits."""
    handler.connection.settimeout(30)
    handler.rfile.read(1)
    handler.close_connection = True


def slow(handler):
    """All of it, a few bytes at a time."""
    body = handler.server.site.document(handler.path).encode()
    send(handler, 200, b"", length=len(body))
    for k in range(0, len(body), 64):
        handler.wfile.write(body[k : k + 64])
        time.sleep(0.005)


def redirect(to):
    return lambda handler: send(handler, 302, b"", Location=to)


def make_certificate(folder):
    """Of localhost, by itself: (certificate, key), both files."""
    cert, key = os.path.join(folder, "site.pem"), os.path.join(folder, "site.key")
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"openssl: {done.stderr}")
    return cert, key

"""Somebody who is always a little faster than whoever writes to etcd."""

import http.server
import threading

import web
from documents import marking


class Meddler(http.server.ThreadingHTTPServer):
    """Passes all on to an etcd, but somebody else writes the key before every transaction."""

    daemon_threads = True

    def __init__(self, etcd, key):
        super().__init__(("127.0.0.1", 0), MeddlerHandler)
        self.etcd, self.key, self.turn = etcd, key, 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, *_):
        """A client that left has nothing to say."""

    def end(self):
        self.shutdown()
        self.server_close()


class MeddlerHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.pass_on("GET", None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v3/kv/txn":
            self.server.turn += 1
            self.server.etcd.put(self.server.key, marking(f"5.0.{self.server.turn}", 5))
        self.pass_on("POST", body)

    def pass_on(self, method, body):
        answer = web.request(self.server.etcd.port, method, self.path, body)
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        pass

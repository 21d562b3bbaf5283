"""An etcd that speaks TLS and asks for client certificates, and who issues those."""

import http.client
import os
import ssl
import subprocess

import web
from etcdserver import Etcd
from waiting import SLOW, Failed

KEYS = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*words):
    done = subprocess.run(
        ["openssl", *words], capture_output=True, text=True, timeout=30 * SLOW, check=False
    )
    if done.returncode:
        raise Failed(f"openssl {' '.join(words)}: {done.stderr}")


class Pair:
    """A certificate and its key, in files."""

    def __init__(self, path):
        self.cert, self.key = f"{path}.pem", f"{path}.key"

    def replace_by(self, other):
        """As a tool would that writes beside and renames."""
        for mine, its in ((self.cert, other.cert), (self.key, other.key)):
            replace(mine, its)

    def options(self):
        return ["--etcd-cert", self.cert, "--etcd-key", self.key]


def replace(path, by):
    with open(by, "rb") as source, open(f"{path}.new", "wb") as target:
        target.write(source.read())
    os.replace(f"{path}.new", path)


class Authority(Pair):
    def __init__(self, folder, name):
        super().__init__(os.path.join(folder, name))
        self.folder = folder
        openssl("req", "-x509", *KEYS, "-keyout", self.key, "-out", self.cert,
                "-subj", f"/O=flume/CN={name}", "-days", "2")  # fmt: skip

    def issue(self, name, subject="/O=flume", days=2, extensions=""):
        pair = Pair(os.path.join(self.folder, name))
        request, more = f"{pair.cert}.csr", f"{pair.cert}.ext"
        openssl("req", "-new", *KEYS, "-keyout", pair.key, "-out", request, "-subj", subject)
        with open(more, "w", encoding="utf-8") as file:
            file.write(extensions or "extendedKeyUsage=clientAuth\n")
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                "-CAcreateserial", "-days", str(days), "-extfile", more, "-out", pair.cert)  # fmt: skip
        return pair

    def issue_server(self, name="server", names="IP:127.0.0.1,DNS:localhost"):
        """The gateway shows the server's certificate to the server, as a client."""
        usage = "extendedKeyUsage=serverAuth,clientAuth\n"
        return self.issue(name, "/O=etcd", 2, f"subjectAltName={names}\n{usage}")


class SecureEtcd(Etcd):
    """`trusted`: the Authority whose client certificates it takes; may be changed before a start."""

    def __init__(self, folder, server, server_ca, trusted, client):
        super().__init__(folder)
        self.server, self.server_ca, self.trusted, self.client = server, server_ca, trusted, client

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def start(self, port=None):
        # Its own certificate has to pass too, see issue_server.
        both = os.path.join(os.path.dirname(self.log), "trusted.pem")
        with open(both, "w", encoding="utf-8") as bundle:
            for authority in {self.trusted, self.server_ca}:
                with open(authority.cert, encoding="utf-8") as one:
                    bundle.write(one.read())
        self.more = ["--cert-file", self.server.cert, "--key-file", self.server.key]
        self.more += ["--client-cert-auth", "--trusted-ca-file", both]
        return super().start(port)

    def _healthy(self):
        """Its gateway too, which makes a connection of TLS of its own to get there."""
        try:
            answer = self.request("POST", "/v3/kv/range", {"key": "AA=="}, timeout=1)
        except web.Broken:
            answer = None
        return super()._healthy() and answer is not None and answer.status != 503

    def request(self, method, path, body=None, timeout=10.0):
        context = ssl.create_default_context(cafile=self.server_ca.cert)
        context.load_cert_chain(self.client.cert, self.client.key)
        conn = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout * SLOW, context=context
        )
        try:
            return web.exchange(conn, method, path, body, self.headers)
        finally:
            conn.close()

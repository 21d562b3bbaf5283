"""How long from a put in etcd until the node answers requests with it, beside `etcdctl watch` on the
same key, in one run.

Each round puts once, and waits for three things: that `etcdctl` prints it, that the agent logs the
swap (after the pointer has moved), and that a request to the agent is answered by the new version.
One request at a time is under way all the while, so the last figure has the time of one in it.

    make bench ONLY=put_to_applied    or    python3 tests/bench/put_to_applied.py [ROUNDS]
"""

import base64
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))
from harness import FLUME, Scene, clean_environment, free_port  # noqa: E402

KEY = "/flume/schemas/measured"
WARM_UP = 20
WHAT = {"watch": "etcdctl watch prints", "log": "flume logs the swap", "answer": "flume answers with it"}


def schema(i):
    return (
        f'version: "1.0.{i}"\n'
        "components: {processors: {mark: {kind: set, fields: {made_by: %d}}}}\n"
        "type: sequence\nchildren: [{ref: mark}]\n"
        "canary: {cases: [{input: {}, expect: {made_by: %d}}], probation: {duration: 1ms}}\n" % (i, i)
    )


def spawn(argv, stream):
    child = subprocess.Popen(
        argv, env=dict(clean_environment(), ETCDCTL_API="3"), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if stream == "out" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if stream == "err" else subprocess.DEVNULL,
    )  # fmt: skip
    pipe = child.stdout or child.stderr
    os.set_blocking(pipe.fileno(), False)
    return child, pipe


class Post:
    """One POST after another on a connection that stays open."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.text = b""

    def send(self, path, body):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)

    def receive(self):
        """The answer, when it is whole."""
        self.text += self.socket.recv(65536)
        head, found, body = self.text.partition(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if not found or len(body) < int(length[0].split(b":")[1]):
            return None
        answer, self.text = self.text, b""
        return answer


def put_body(i):
    pair = {"key": KEY, "value": schema(i)}
    return json.dumps({k: base64.b64encode(v.encode()).decode() for k, v in pair.items()}).encode()


class Bench:
    def __init__(self, scene):
        etcd = scene.etcd()
        port = free_port()
        etcd.put(KEY, schema(0))
        self.watch, self.watch_pipe = spawn(["etcdctl", "--endpoints", etcd.url, "watch", KEY], "out")
        self.agent, self.agent_pipe = spawn(
            [FLUME, "agent", "--etcd", etcd.url, "--node", "bench", "--log", "json",
             "--state", scene.folder("state"), "--listen", f"127.0.0.1:{port}", "--socket", "none"],
            "err",
        )  # fmt: skip
        time.sleep(1.5)
        self.etcd, self.requests = Post(etcd.port), Post(port)

    def end(self):
        for child in (self.watch, self.agent):
            child.kill()
            child.wait()

    def round(self, i, timeout=10.0):
        """Milliseconds from the put until each has said it."""
        version = f"1.0.{i}"
        needles = {"watch": f'"{version}"', "log": f'"version":"{version}"'}
        pipes = {"watch": self.watch_pipe, "log": self.agent_pipe}
        text = {"watch": b"", "log": b""}
        seen, put_done = {}, False
        selector = selectors.DefaultSelector()
        for name, pipe in pipes.items():
            selector.register(pipe, selectors.EVENT_READ, name)
        selector.register(self.etcd.socket, selectors.EVENT_READ, "put")
        selector.register(self.requests.socket, selectors.EVENT_READ, "answer")
        body = put_body(i)
        start = time.perf_counter()
        self.etcd.send("/v3/kv/put", body)
        self.requests.send("/pipelines/measured", b"{}")
        asking = True
        while len(seen) < 3 or not put_done or asking:
            if time.perf_counter() - start > timeout:
                raise SystemExit(f"round {i}: only {set(seen)}: {text}")
            for key, _ in selector.select(0.5):
                now = time.perf_counter()
                if key.data == "put":
                    put_done = bool(self.etcd.receive()) or put_done
                elif key.data == "answer":
                    answer = self.requests.receive()
                    if not answer:
                        continue
                    if f"flume-version: {version}\r\n" in answer.decode().lower():
                        seen["answer"] = (now - start) * 1000
                        asking = False
                    else:
                        self.requests.send("/pipelines/measured", b"{}")
                else:
                    text[key.data] += key.fileobj.read() or b""
                    if key.data not in seen and says(key.data, text[key.data], needles[key.data]):
                        seen[key.data] = (now - start) * 1000
        selector.close()
        return seen


def says(name, text, needle):
    """The agent says "schema applied" of that version; a rejection names it too."""
    lines = text.decode("utf-8", "replace").splitlines()
    return any(needle in line and (name == "watch" or "schema applied" in line) for line in lines)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    scene = Scene()
    bench = None
    try:
        bench = Bench(scene)
        samples = {name: [] for name in WHAT}
        for i in range(1, rounds + WARM_UP + 1):
            for name, ms in bench.round(i).items():
                if i > WARM_UP:
                    samples[name].append(ms)
            time.sleep(0.03)
        report(samples, rounds)
    finally:
        if bench:
            bench.end()
        scene.clear()


def report(samples, rounds):
    def at(name, q):
        ordered = sorted(samples[name])
        return ordered[min(len(ordered) - 1, int(len(ordered) * q))]

    print(f"{rounds} puts, one at a time; ms from the start of the put")
    print(f"{'':22}{'p50':>8}{'p90':>8}{'p99':>8}")
    for name, label in WHAT.items():
        print(f"{label:22}" + "".join(f"{at(name, q):8.2f}" for q in (0.5, 0.9, 0.99)))
    pairs = statistics.median(a / w for a, w in zip(samples["answer"], samples["watch"]))
    for q in (0.5, 0.99):
        print(f"put to answer, p{q * 100:g} as ratio: {at('answer', q) / at('watch', q):.2f}")
    print(f"median of the ratios of each pair: {pairs:.2f}; aim at p50: 1.5")


if __name__ == "__main__":
    main()

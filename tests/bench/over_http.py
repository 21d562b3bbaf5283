"""Documents over HTTP on loopback, in turns with what bounds them.

Single documents, by wrk: the agent beside a bare echo on libmicrohttpd: requests a second, CPU of the
server for a request, resident memory.  Both servers have two threads with an epoll each, and share the
processors with wrk, which has one thread and the same connections for both.  Rounds are short and take
turns, so that whatever else the machine does meets both.  libmicrohttpd leaves it to chance which of its
threads gets a connection, and mostly one gets nearly all; an echo whose connections were handed out in
turn, as ours are, was about as fast on two processors.

Then NDJSON, sent and received at the same time on a kept-alive connection, beside `flume run` on the same
orders: documents a second, and a CPU second of the server.  One thread works on a connection, and so has
`flume run` one; its input is a file, its output is thrown away, as our client throws away what it gets.
What `flume run` needs to start and to end, with no document, is taken off: the agent runs already.

    make bench ONLY=over_http    or    python3 tests/bench/over_http.py    QUICK=1: less sure, sooner
"""

import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scenarios")]
import web  # noqa: E402
from beside import tools  # noqa: E402
from beside.orders import SCHEMA, corpus, premium_order  # noqa: E402
from beside.running import (  # noqa: E402
    FAST_FOLDER, QUICK, cpu_s, middle, ratio, skipped, status_kb, tool, why_missing,
)  # fmt: skip
from harness import FLUME, Scene, free_port  # noqa: E402

ROUNDS = 5 if QUICK else 25
SECONDS = 1
CONNECTIONS = int(os.environ.get("CONNECTIONS") or 32)
COUNT = int(os.environ.get("COUNT") or (40000 if QUICK else 200000))

POST = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
"""


class Server:
    """One that wrk asks, and what each round said."""

    def __init__(self, name, port, pid, path):
        self.name, self.port, self.pid, self.path = name, port, pid, path
        self.rates, self.cpu_us, self.rss_kb = [], [], 0

    def round(self, script):
        url = f"http://127.0.0.1:{self.port}{self.path}"
        before = cpu_s(self.pid)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script, url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        cpu = cpu_s(self.pid) - before
        found = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
        if not found or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            raise SystemExit(f"{self.name}: {done.stdout}{done.stderr}")
        requests, seconds = int(found.group(1)), float(found.group(2))
        self.rates.append(requests / seconds)
        self.cpu_us.append(cpu / requests * 1e6)
        self.rss_kb = status_kb(self.pid)


def start_echo(scene):
    program = tool("echo")
    if not os.path.exists(program):
        return "it was not built, libmicrohttpd is missing (make deps-bench)", None
    port = free_port()
    child = subprocess.Popen([program, str(port), "2"], stdout=subprocess.PIPE)
    if child.stdout.readline() != b"ready\n":
        return "it does not start", child
    return Server("libmicrohttpd echo", port, child.pid, "/"), child


def start_agent(scene):
    folder = scene.folder("schemas")
    with open(os.path.join(folder, "orders.yaml"), "w", encoding="utf-8") as out:
        out.write(SCHEMA)
    node = scene.node(folder=folder)
    node.wait_ready()
    return node


# ---- single documents ----


def single(scene, agent, path):
    missing = why_missing("wrk")
    if missing:
        skipped("single documents", missing)
        return
    order = premium_order(path)
    script = scene.file("post.lua", POST.replace("{body}", scene.file("order.json", order)))
    ours = Server("flume agent", agent.port, agent.child.pid, "/pipelines/orders")
    echo, child = start_echo(scene)
    try:
        if not child or isinstance(echo, str):
            skipped("the echo on libmicrohttpd", echo)
            echo = None
        for i in range(ROUNDS):
            for server in (echo, ours) if i % 2 else (ours, echo):
                if server:
                    server.round(script)
    finally:
        if child:
            child.kill()
            child.wait()
            child.stdout.close()
    report_single(ours, echo, len(order))


def report_single(ours, echo, size):
    print(f"single documents of {size} bytes, {CONNECTIONS} connections; medians of {ROUNDS} rounds of {SECONDS} s")
    print(f"{'':24}{'requests/s':>12}{'CPU us each':>13}{'resident MB':>13}")
    for server in (echo, ours):
        if server:
            print(
                f"{server.name:24}{middle(server.rates):12.0f}{middle(server.cpu_us):13.2f}{server.rss_kb / 1024:13.1f}"
            )
    if echo:
        print(f"requests a second, to the echo:  {ratio(ours.rates, echo.rates):.2f}; aim: at least 0.85")
        print(f"CPU of a request, to the echo:   {ratio(ours.cpu_us, echo.cpu_us):.2f}; aim: at most 1.3")


# ---- NDJSON ----


def why_no_ndjson(port, path):
    """By asking it: two documents go in, two have to come out, each a line."""
    order = premium_order(path) + "\n"
    headers = {"Content-Type": "application/x-ndjson"}
    answer = web.request(port, "POST", "/pipelines/orders", 2 * order, headers)
    if answer.status == 200 and answer.body.count(b"\n") == 2:
        return None
    return f"two lines were answered with {answer.status} {answer.text[:120]}"


class Run:
    """The corpus through `flume run`, without its start and its end."""

    def __init__(self, program, path):
        self.program, self.path = program, path
        self.cpu, self.wall = [], []

    def round(self):
        empty, full = (self.program.run(path, os.devnull) for path in (os.devnull, self.path))
        if full.code:
            raise SystemExit(f"{self.program.name} exited with {full.code}: {full.errors}")
        self.cpu.append((full.cpu - empty.cpu) / COUNT)
        self.wall.append((full.wall - empty.wall) / COUNT)


class Streamed:
    """The corpus through the agent, time after time on one connection."""

    def __init__(self, agent, path, times):
        self.agent, self.path, self.times = agent, path, times
        self.cpu, self.wall = [], []

    def run(self, output=None, times=None):
        argv = [tool("stream"), str(self.agent.port), "/pipelines/orders", "--input", self.path]
        argv += ["--times", str(times or self.times)] + (["--output", output] if output else [])
        before = cpu_s(self.agent.child.pid)
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        cpu = cpu_s(self.agent.child.pid) - before
        answers = [line.split() for line in done.stdout.splitlines()]
        if any(words[0] != "200" or words[3] != "kept" for words in answers):
            raise SystemExit(f"NDJSON over HTTP: status, bytes, lines, connection, seconds:\n{done.stdout}")
        return cpu / len(answers), sum(float(words[4]) for words in answers) / len(answers)

    def round(self):
        cpu, wall = self.run()
        self.cpu.append(cpu / COUNT)
        self.wall.append(wall / COUNT)


def ndjson(agent, path, folder):
    why = why_no_ndjson(agent.port, path)
    if why:
        skipped("NDJSON over HTTP", why)
        return
    program = tools.flume(FLUME, folder, 1)
    run, stream = Run(program, path), Streamed(agent, path, 2)
    from_run, from_http = (os.path.join(folder, name) for name in ("run.ndjson", "http.ndjson"))
    program.run(path, from_run)
    stream.run(from_http, 1)
    if not filecmp.cmp(from_run, from_http, shallow=False):
        skipped("NDJSON over HTTP", "it answers something else than flume run")
        return
    for i in range(ROUNDS):
        for side in (run, stream) if i % 2 else (stream, run):
            side.round()
    print(f"NDJSON, {COUNT} orders in a body; medians of {ROUNDS} rounds; the same comes out, byte for byte")
    print(f"{'':24}{'documents/s':>12}{'CPU us each':>13}")
    for name, cost in (("flume run", run), ("flume agent", stream)):
        print(f"{name:24}{1 / middle(cost.wall):12.0f}{middle(cost.cpu) * 1e6:13.2f}")
    print(f"documents a second, to flume run:             {ratio(run.wall, stream.wall):.2f}; aim: at least 0.8")
    print(f"documents a CPU second of it, to flume run:   {ratio(run.cpu, stream.cpu):.2f}; aim: at least 0.8")


def main():
    path = corpus(COUNT)
    folder = tempfile.mkdtemp(prefix="flume-bench-", dir=FAST_FOLDER)
    scene = Scene()
    try:
        agent = start_agent(scene)
        time.sleep(0.5)
        single(scene, agent, path)
        ndjson(agent, path, folder)
    finally:
        scene.clear()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Start to ready from disk, and resident memory when idle, with 100 proven schemas: without an etcd and
before any call, and with one that is followed, after CALLS calls, IDLE seconds later.

Beside it, in the same run: a process that only loads the same libraries (flume --help), for the
share of the figure that is not ours.

    make bench        or        python3 tests/bench/start_and_size.py [RUNS]
"""

import os
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))
import web  # noqa: E402
from harness import FLUME, Scene, clean_environment, free_port, wait_until  # noqa: E402

SCHEMAS = 100
CALLS = 2000
IDLE = 5


def schemas():
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "schemas", "checkout.yaml")) as f:
        text = f.read()
    return {
        f"checkout-{i:03}": text.replace("status: accepted", f"status: accepted-{i}")
        for i in range(SCHEMAS)
    }


def write_schemas(folder):
    for name, text in schemas().items():
        with open(os.path.join(folder, f"{name}.yaml"), "w") as out:
            out.write(text)


def ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return b" 200 " in s.recv(64)
    except OSError:
        return False


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        fields = dict(line.split(":", 1) for line in f)
    return {k: int(fields[k].split()[0]) for k in ("VmRSS", "RssAnon", "RssFile")}


def start(argv, port):
    begun = time.perf_counter()
    child = subprocess.Popen(
        argv, env=clean_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not ready(port):
        if child.poll() is not None or time.perf_counter() - begun > 20:
            raise SystemExit("the agent did not become ready")
        time.sleep(0.0005)
    return child, (time.perf_counter() - begun) * 1000


def serve_calls(port):
    """On four connections, to all schemas in turn."""
    order = {"id": 1, "total": 100, "tier": "premium"}
    conns = [web.connection(port) for _ in range(4)]
    for i in range(CALLS):
        path = f"/pipelines/checkout-{i % SCHEMAS:03}"
        answer = web.exchange(conns[i % 4], "POST", path, order)
        assert answer.status == 200, answer
    for conn in conns:
        conn.close()


def size_in_service(scene, common, port):
    """Live: the schemas come from etcd, replace what was on disk, and are called."""
    etcd = scene.etcd()
    etcd.change(puts={etcd.schema_key(name): text for name, text in schemas().items()})
    child, _ = start([*common, "--etcd", etcd.url], port)

    def proved():
        status = web.request(port, "GET", "/status").json()
        return status["link"]["up"] and len(status["schemas"]) == SCHEMAS

    wait_until("etcd is followed", proved)
    serve_calls(port)
    time.sleep(IDLE)
    size = resident_kb(child.pid)
    stop(child)
    return size


def stop(child):
    child.terminate()
    child.wait()


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    scene = Scene()
    try:
        folder, state, port = scene.folder("schemas"), scene.folder("state"), free_port()
        write_schemas(folder)
        common = [FLUME, "agent", "--node", "bench", "--state", state, "--log", "json",
                  "--listen", f"127.0.0.1:{port}", "--socket", "none"]  # fmt: skip
        child, _ = start([*common, "--dir", folder], port)
        proven = os.path.join(state, "proven")
        wait_until("all are on disk", lambda: len(os.listdir(proven)) == SCHEMAS)
        stop(child)

        dead = f"http://127.0.0.1:{free_port()}"
        times, sizes, bare = [], [], []
        for _ in range(runs):
            child, ms = start([*common, "--etcd", dead], port)
            times.append(ms)
            time.sleep(1)
            sizes.append(resident_kb(child.pid))
            stop(child)
            begun = time.perf_counter()
            subprocess.run([FLUME, "--help"], stdout=subprocess.DEVNULL, check=True)
            bare.append((time.perf_counter() - begun) * 1000)
        served = size_in_service(scene, common, port)
        middle = sorted(sizes, key=lambda s: s["VmRSS"])[runs // 2]
        print(f"{SCHEMAS} proven schemas, no etcd; medians of {runs} runs")
        print(f"start to ready          {statistics.median(times):8.1f} ms")
        print(f"  of it, load and exit  {statistics.median(bare):8.1f} ms")
        print(f"resident, idle          {middle['VmRSS'] / 1024:8.1f} MB "
              f"(own {middle['RssAnon'] / 1024:.1f}, files {middle['RssFile'] / 1024:.1f})")  # fmt: skip
        print(f"  etcd, {CALLS} calls    {served['VmRSS'] / 1024:8.1f} MB "
              f"(own {served['RssAnon'] / 1024:.1f}, files {served['RssFile'] / 1024:.1f})")  # fmt: skip
        print(f"ratio to the aims: start / 50 ms {statistics.median(times) / 50:.2f}, "
              f"resident / 12 MB {middle['VmRSS'] / 1024 / 12:.2f}, "
              f"in service {served['VmRSS'] / 1024 / 12:.2f}")  # fmt: skip
    finally:
        scene.clear()


if __name__ == "__main__":
    main()

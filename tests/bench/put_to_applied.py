"""How long from a put in etcd until the node serves it, beside `etcdctl watch` on the same key.

Both are read the same way: by the line they print into a pipe, `etcdctl` its PUT, the agent its log
line of the swap (written after the pointer has moved).  Each round puts once and waits for both.

    make bench        or        python3 tests/bench/put_to_applied.py [ROUNDS]
"""

import os
import selectors
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))
from harness import FLUME, Scene, clean_environment, free_port  # noqa: E402

KEY = "/flume/schemas/measured"


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


def says(name, text, needle):
    """The agent says "schema applied" of that version; a rejection names it too."""
    lines = text.decode("utf-8", "replace").splitlines()
    return any(needle in line and (name == "watch" or "schema applied" in line) for line in lines)


def wait_both(pipes, needles, start, timeout=10.0):
    """Milliseconds from `start` until each pipe has said its needle."""
    seen, text = {}, {name: b"" for name in pipes}
    selector = selectors.DefaultSelector()
    for name, pipe in pipes.items():
        selector.register(pipe, selectors.EVENT_READ, name)
    while len(seen) < len(pipes):
        if time.perf_counter() - start > timeout:
            raise SystemExit(f"no answer from {set(pipes) - set(seen)}: {text}")
        for key, _ in selector.select(0.5):
            now = time.perf_counter()
            text[key.data] += key.fileobj.read() or b""
            if key.data not in seen and says(key.data, text[key.data], needles[key.data]):
                seen[key.data] = (now - start) * 1000
    selector.close()
    return seen


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    scene = Scene()
    children = []
    try:
        etcd = scene.etcd()
        watch, watch_pipe = spawn(
            ["etcdctl", "--endpoints", etcd.url, "watch", KEY], "out"
        )
        agent, agent_pipe = spawn(
            [FLUME, "agent", "--etcd", etcd.url, "--node", "bench", "--log", "json",
             "--state", scene.folder("state"), "--listen", f"127.0.0.1:{free_port()}", "--socket", "none"],
            "err",
        )  # fmt: skip
        children = [watch, agent]
        pipes = {"watch": watch_pipe, "agent": agent_pipe}
        time.sleep(1.5)
        samples = {"watch": [], "agent": []}
        for i in range(rounds + 10):
            needles = {"watch": f'"1.0.{i}"', "agent": f'"version":"1.0.{i}"'}
            start = time.perf_counter()
            etcd.put(KEY, schema(i))
            seen = wait_both(pipes, needles, start)
            if i >= 10:
                for name, ms in seen.items():
                    samples[name].append(ms)
            time.sleep(0.05)
        report(samples, rounds)
    finally:
        for child in children:
            child.kill()
            child.wait()
        scene.clear()


def report(samples, rounds):
    def at(name, q):
        ordered = sorted(samples[name])
        return ordered[min(len(ordered) - 1, int(len(ordered) * q))]

    print(f"{rounds} puts, one at a time; ms from the start of the put")
    print(f"{'':16}{'p50':>8}{'p90':>8}{'p99':>8}")
    for name, label in (("watch", "etcdctl watch"), ("agent", "flume agent")):
        print(f"{label:16}" + "".join(f"{at(name, q):8.2f}" for q in (0.5, 0.9, 0.99)))
    ratio = statistics.median(a / w for a, w in zip(samples["agent"], samples["watch"]))
    print(f"put-to-applied, p50 as ratio: {at('agent', 0.5) / at('watch', 0.5):.2f}")
    print(f"median of the ratios of each pair: {ratio:.2f}")


if __name__ == "__main__":
    main()

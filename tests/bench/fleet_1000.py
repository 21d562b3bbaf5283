"""A thousand agents, each a process of its own, on one machine and one etcd: how long from a put until
all of them have it, beside as many bare watches (fleet_1000.c) that hear of the same put.

The watches are measured twice: alone, before there is any agent, and beside the agents, which take
the processors from them as they do from one another.  In etcd and in the agents the state lies in
memory (/dev/shm), for the disk is not what is measured.  Prints also what an agent costs in memory
(PSS), and what one update costs etcd, the agents' reports of it included.

    make bench ONLY=fleet_1000 [COUNT=100]    or    python3 tests/bench/fleet_1000.py [COUNT]
"""

import base64
import fcntl
import os
import resource
import selectors
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenarios"))
import web  # noqa: E402
from harness import FLUME, ROOT, Scene, clean_environment  # noqa: E402

KEY = "/flume/schemas/measured"
ROUNDS = 10
BATCH = 50
F_SETPIPE_SZ = 1031


def schema(i):
    return (
        f'version: "1.0.{i}"\n'
        "components: {processors: {mark: {kind: set, fields: {made_by: %d}}}}\n"
        "type: sequence\nchildren: [{ref: mark}]\n"
        "canary: {cases: [{input: {}, expect: {made_by: %d}}], probation: {duration: 1ms}}\n" % (i, i)
    )


class Watches:
    """The bare ones."""

    def __init__(self, etcd, count, key=KEY):
        program = os.path.join(ROOT, "build/bench/fleet_1000")
        key = base64.b64encode(key.encode()).decode()
        self.child = subprocess.Popen([program, str(etcd.port), str(count), key], stdout=subprocess.PIPE)
        if self.child.stdout.readline() != b"ready\n":
            raise SystemExit("the bare watches do not come to be")

    def wait_all(self, start):
        """Milliseconds until the middle one and the last one heard it."""
        _, _, middle, last = map(int, self.child.stdout.readline().split())
        return (middle - start) / 1e6, (last - start) / 1e6

    def end(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


class Agents:
    """All of them log to one pipe."""

    applied = b"schema applied"

    def __init__(self, etcd, folder):
        self.etcd, self.folder = etcd, folder
        self.children = []
        self.out, self.into = os.pipe()
        fcntl.fcntl(self.out, F_SETPIPE_SZ, 1 << 20)
        os.set_blocking(self.out, False)
        self.rest = b""

    def start(self, count):
        for number in range(count):
            state = os.path.join(self.folder, f"n{number:04}")
            argv = [FLUME, "agent", "--etcd", self.etcd.url, "--node", f"n{number:04}", "--state", state]
            argv += ["--listen", "", "--socket", f"{state}.sock", "--log", "json"]
            self.children.append(
                subprocess.Popen(
                    argv, env=clean_environment(), stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=self.into, pass_fds=(),
                )
            )  # fmt: skip
            if (number + 1) % BATCH == 0 or number + 1 == count:
                begun = len(self.children) - (number % BATCH + 1)
                self.wait_applied("1.0.0", number + 1 - begun)

    def wait_applied(self, version, count, start=0, timeout=120.0):
        """Milliseconds until the middle and the last of so many said so."""
        times = self.times_applied(version, count, start, timeout)
        return times[count // 2], times[count - 1]

    def times_applied(self, version, count, start=0, timeout=120.0):
        """Of each of so many, in their order."""
        needle = f'"version":"{version}"'.encode()
        times = []
        deadline = time.monotonic() + timeout
        selector = selectors.DefaultSelector()
        selector.register(self.out, selectors.EVENT_READ)
        while len(times) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{version}: {len(times)} of {count} agents have it")
            if not selector.select(0.5):
                continue
            now = time.monotonic_ns()
            lines = (self.rest + os.read(self.out, 1 << 20)).split(b"\n")
            self.rest = lines.pop()
            times += [now for line in lines if self.applied in line and needle in line]
        selector.close()
        return [(time_ns - start) / 1e6 for time_ns in times]

    def pss_kb(self):
        found = []
        for child in self.children:
            with open(f"/proc/{child.pid}/smaps_rollup", encoding="ascii") as file:
                fields = dict(line.split(":", 1) for line in file if line.startswith("Pss"))
            found.append(int(fields["Pss"].split()[0]))
        return found

    def cpu_s(self):
        return sum(cpu_s(child.pid) for child in self.children)

    def end(self):
        os.close(self.into)
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and any(child.poll() is None for child in self.children):
            try:
                while os.read(self.out, 1 << 20):
                    pass
            except BlockingIOError:
                time.sleep(0.05)
        for child in self.children:
            child.kill()
            child.wait()
        os.close(self.out)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def puts_of(etcd):
    text = web.request(etcd.port, "GET", "/metrics").text
    found = [line for line in text.splitlines() if line.startswith("etcd_debugging_mvcc_put_total ")]
    return float(found[0].split()[1])


def statuses(etcd):
    try:
        return etcd.list("/flume/nodes/")
    except web.Broken:  # it has much to do
        return []


def wait_reported(etcd, count, version, timeout=120.0):
    """Until etcd has it from each node; the nodes write it some 0.2 s after they have it."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = statuses(etcd)
        if sum(f'"running": {{"version": "{version}"' in kv.value for kv in found) >= count:
            return time.monotonic_ns()
        time.sleep(0.2 + count / 2000)  # looking costs etcd something too
    raise SystemExit(f"{version} is not reported by all")


def put_and_wait(etcd, i, *waits):
    start = time.monotonic_ns()
    etcd.put(KEY, schema(i))
    return [wait(start) for wait in waits]


def quantiles(samples):
    return f"{statistics.median(samples):10.1f}{max(samples):10.1f}"


def measure(scene, count):
    etcd = scene.etcd()
    etcd.put(KEY, schema(0))
    figures = {}
    watches = Watches(etcd, count)
    agents = Agents(etcd, scene.folder("states"))
    try:
        figures["alone"] = [put_and_wait(etcd, 0, watches.wait_all)[0] for _ in range(ROUNDS)]
        begun = time.monotonic()
        agents.start(count)
        booted = time.monotonic() - begun
        wait_reported(etcd, count, "1.0.0")
        time.sleep(2)
        both, reports, loads = [], [], []
        for i in range(1, ROUNDS + 1):
            before = cpu_s(etcd.pid), agents.cpu_s(), puts_of(etcd)
            start = time.monotonic_ns()
            etcd.put(KEY, schema(i))
            # Who reads first does not matter: each notes its times by itself, or by the pipe.
            applied = agents.wait_applied(f"1.0.{i}", count, start)
            both.append((watches.wait_all(start), applied))
            reports.append((wait_reported(etcd, count, f"1.0.{i}") - start) / 1e6)
            time.sleep(0.5)
            after = cpu_s(etcd.pid), agents.cpu_s(), puts_of(etcd)
            loads.append([late - early for late, early in zip(after, before)])
        figures["beside"] = [pair[0] for pair in both]
        figures["agents"] = [pair[1] for pair in both]
        report(figures, reports, loads, agents.pss_kb(), count, booted)
    finally:
        agents.end()
        watches.end()


def report(figures, reports, loads, pss, count, booted):
    print(f"{count} agents, {count} bare watches, one etcd, {os.cpu_count()} processors; {ROUNDS} puts")
    print(f"{'ms from the start of the put':34}{'median':>10}{'worst':>10}")
    rows = (("alone", "bare watches, alone"), ("beside", "bare watches, beside"), ("agents", "agents"))
    for key, label in rows:
        for which, word in ((0, "the middle one"), (1, "the last one")):
            print(f"{label + ', ' + word:34}{quantiles([pair[which] for pair in figures[key]])}")
    print(f"{'all reports are in etcd':34}{quantiles(reports)}")
    last = {key: statistics.median(pair[1] for pair in pairs) for key, pairs in figures.items()}
    print(f"all agents have it, as ratio to the watches beside them: {last['agents'] / last['beside']:.2f}; aim: 2")
    print(f"                    as ratio to the watches alone:       {last['agents'] / last['alone']:.2f}")
    etcd_s, agents_s, puts = (statistics.median(load[k] for load in loads) for k in range(3))
    print(f"one update: {etcd_s * 1000:.0f} ms of CPU in etcd, {agents_s * 1000 / count:.2f} ms in each agent,")
    print(f"            {(puts - 1) / count:.2f} reports of each")
    print(f"memory of an agent (PSS): median {statistics.median(pss):.0f} kB, most {max(pss)} kB")
    print(f"all of them were started in {booted:.1f} s")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("COUNT") or (100 if "QUICK" in os.environ else 1000))
    files = 4 * count + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < files:
        raise SystemExit(f"this takes {files} open files; the limit is {hard} (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"
    scene = Scene()
    try:
        measure(scene, count)
    finally:
        scene.clear()


if __name__ == "__main__":
    main()

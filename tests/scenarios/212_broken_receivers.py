"""What the node sends to, and what it was given, breaks while it serves: receivers that hang, hang up, refuse or
take their time, readers that go, a disk that fills up, a plug-in that is overwritten.  Calls go on as far as a
queue allows, and what was taken arrives."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import mounts
from harness import FLUME, ROOT, SLOW, clean_environment, contains, equal, free_port, run, wait_until
from toolbox import measured, resident, skipped, stays_below, tool

SCHEMA = """\
version: "1.0.0"
type: sequence
children:
  - {step}
canary:
  probation: {{duration: 100ms, min_requests: 1, max_error_rate: 100%}}
"""


def serving(s, config, step, **more):
    folder = s.schemas()
    folder.set_schema("a", SCHEMA.format(step=step))
    node = s.node(folder=folder, args=["--config", s.file("agent.yaml", config)], **more)
    node.wait_schema("a", version="1.0.0")
    return node


def channel_metric(node, channel, outcome):
    for line in node.get("/metrics").text.splitlines():
        if line.startswith("flume_channel_documents_total{") and f'channel="{channel}"' in line:
            if f'outcome="{outcome}"' in line:
                return int(line.split()[-1])
    return None


class Receiver:
    """Takes one POST on each connection, and does with it what `mood` says."""

    def __init__(self):
        self.mood = "good"
        self.lines, self.asked = [], 0
        self.listening = socket.create_server(("127.0.0.1", free_port()), backlog=64)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _read(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(65536) or b"\r\n\r\n"
        head, _, body = data.partition(b"\r\n\r\n")
        wanted = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < wanted:
            body += sock.recv(65536)
        return [json.loads(line) for line in body.splitlines()]

    def _serve(self, sock):
        mood = self.mood
        self.asked += 1
        if mood == "reset at once":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
            return
        lines = self._read(sock)
        if mood == "hang":
            time.sleep(1.5)
        elif mood == "500":
            sock.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif mood == "nonsense":
            sock.sendall(b"\x00\x01\x02 what?\r\n\r\n")
        elif mood == "half":
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif mood == "endless":
            try:
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000000)
            except OSError:
                pass
        else:
            if mood == "slow":
                time.sleep(0.2)
            self.lines += lines
            sock.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        sock.close()


def a_receiver_that_misbehaves_loses_nothing_and_holds_up_no_call(s):
    receiver = Receiver()
    node = serving(
        s,
        f"""\
components:
  channels:
    far: {{kind: http, url: "http://127.0.0.1:{receiver.port}/in", batch_age: 10ms, timeout: 300ms, backoff: 100ms}}
""",
        "stream: far",
    )
    sent = []
    for mood in ("good", "hang", "reset at once", "500", "nonsense", "half", "endless", "slow"):
        receiver.mood = mood
        before, asked = len(sent), receiver.asked
        for _ in range(20):
            begun = time.monotonic()
            equal(node.process("a", {"id": len(sent)}).status, 200, f"status while it is: {mood}")
            assert time.monotonic() - begun < 1 * SLOW, f"a call was held up while it is: {mood}"
            sent.append({"id": len(sent)})
        wait_until(f"it was asked while it is: {mood}", lambda n=asked: receiver.asked > n)
        if mood not in ("good", "slow"):
            equal(len(receiver.lines), before, f"lines that were taken while it is: {mood}")
            receiver.mood = "good"
        wait_until(f"all came after: {mood}", lambda: len(receiver.lines) >= len(sent))
        equal(receiver.lines, sent, f"what came, after: {mood}")
    equal(channel_metric(node, "far", "lost"), 0, "lost")


class Reader:
    """Of a unix socket, which may go away with what it has not read."""

    def __init__(self, path):
        self.lines = []
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        self.listening.listen()
        self.path, self.sock = path, None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            while True:
                self.sock, _ = self.listening.accept()
                for line in self.sock.makefile("rb"):
                    self.lines.append(json.loads(line))
        except (OSError, ValueError):
            pass

    def leave(self):
        os.unlink(self.path)
        self.listening.close()
        if self.sock:
            self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()


def a_reader_of_a_socket_that_goes_away_is_found_again(s):
    path = os.path.join(s.path, "sock")
    node = serving(
        s,
        f"""\
components:
  channels:
    near: {{kind: unix, path: {path}, backoff: 100ms, queue: 1000}}
""",
        "stream: near",
    )
    sent, came = 0, []
    for _ in range(3):
        reader = Reader(path)
        for _ in range(50):
            equal(node.process("a", {"id": sent}).status, 200, "status with a reader")
            sent += 1
        wait_until("they came", lambda r=reader, n=sent: r.lines and r.lines[-1]["id"] == n - 1)
        reader.leave()
        came += reader.lines
        for _ in range(50):
            equal(node.process("a", {"id": sent}).status, 200, "status without one")
            sent += 1
    reader = Reader(path)
    wait_until("the rest came", lambda: reader.lines and reader.lines[-1]["id"] == sent - 1)
    came += reader.lines
    equal([line["id"] for line in came], list(range(sent)), "what came, in order")
    reader.leave()


def a_file_on_a_disk_that_fills_up_fails_calls_and_goes_on(s):
    if why := mounts.why_not():
        skipped("a channel on a full disk", why)
        return
    disk = s.disk("disk", 128)
    path = os.path.join(disk.path, "out.ndjson")
    node = serving(
        s,
        f"""\
components:
  channels:
    kept: {{kind: file, path: {path}, max_bytes: 20000, keep: 2}}
""",
        "stream: kept",
    )
    taken = []

    def send(n):
        statuses = []
        for _ in range(n):
            i = len(taken) + 1000000 + len(statuses)
            status = node.process("a", {"id": i, "text": "x" * 1000}).status
            statuses.append(status)
            if status == 200:
                taken.append(i)
        return statuses

    equal(set(send(50)), {200}, "with room, over two rotations")
    disk.fill()
    statuses = send(60)
    assert any(status != 200 for status in statuses), "the disk was not full"
    contains(node.log_text(), "No space left on device", "log")
    equal(node.get("/readyz").status, 200, "ready")
    disk.make_room()
    equal(set(send(30)), {200}, "with room again")
    found, torn = [], 0
    for name in ("out.ndjson.2", "out.ndjson.1", "out.ndjson"):
        with open(os.path.join(disk.path, name), encoding="utf-8") as file:
            for line in file:
                try:
                    found.append(json.loads(line)["id"])
                except ValueError:
                    torn += 1
    equal(found, taken[-len(found) :], "the last lines that were taken, each whole")
    assert len(found) >= 30, f"only {len(found)} lines"
    assert torn <= 2, f"{torn} lines are torn"


PLUGIN = """\
version: "1.0.0"
components:
  processors: {check: {kind: luhn, field: card, into: card_ok}}
ref: check
"""


def a_plug_in_that_is_overwritten_serves_on(s):
    folder = os.path.join(s.path, "luhn")
    shutil.copytree(os.path.join(ROOT, "agent", "plugin", "example"), folder)
    tool("cc", "-std=c17", "-O2", "-fPIC", "-shared", f"-I{ROOT}/agent/plugin", f"-I{ROOT}/lib",
         os.path.join(folder, "luhn.c"), "-o", os.path.join(folder, "luhn.so"))  # fmt: skip
    plugin = os.path.join(folder, "luhn.so")
    schemas = s.schemas()
    schemas.set_schema("pay", PLUGIN)
    node = s.node(folder=schemas, args=["--config", s.file("agent.yaml", f"plugins: [{plugin}]\n")])
    node.wait_schema("pay", version="1.0.0")
    size = os.path.getsize(plugin)

    def serves():
        equal(node.process("pay", {"card": "4539 1488 0343 6467"}).json()["card_ok"], True, "a card")

    serves()
    with open(plugin, "rb") as file:
        whole = file.read()
    with open(plugin, "r+b") as file:
        file.write(b"\0" * size)
    serves()
    os.truncate(plugin, 0)
    serves()
    schemas.set_schema("pay", PLUGIN.replace("1.0.0", "1.1.0"))  # it is made once more
    node.wait_schema("pay", version="1.1.0")
    serves()
    os.unlink(plugin)
    serves()
    for part in (0, 64, size // 4, size // 2):  # a copy that was cut short
        with open(plugin, "wb") as file:
            file.write(whole[:part])
        result = s.flume("components", "--config", os.path.join(s.path, "agent.yaml"))
        equal(result.code, 2, f"{part} of {size} bytes: {result}")


MARK = """\
version: "1.0.0"
components:
  processors: {mark: {kind: set, fields: {made_by: 1}}}
ref: mark
"""


def a_tap_that_stops_reading_holds_up_nothing(s):
    folder = s.schemas()
    folder.set_schema("a", MARK)
    node = s.node(folder=folder, socket=os.path.join(s.path, "flume.sock"))
    node.wait_schema("a", version="1.0.0")
    tap = subprocess.Popen(
        [FLUME, "tap", "a", "--socket", node.socket, "--rate", "10000/s"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(),
    )  # fmt: skip
    document = {"text": "x" * 30000}
    lines = "\n".join([json.dumps(document)] * 100) + "\n"
    try:
        wait_until("it is heard", lambda: node.process("a", {"id": 1}) and select.select([tap.stdout], [], [], 0.1)[0])
        tap.send_signal(signal.SIGSTOP)
        before = resident(node)
        for _ in range(10):
            answer = node.request("POST", "/pipelines/a", lines, {"Content-Type": "application/x-ndjson"})
            equal(answer.body.count(b'"made_by":1'), 100, "answers")
        grown = resident(node) - before
        measured("a tap that does not read, 30 MB", f"{grown:.1f} MB more")
        stays_below(4 * SLOW, grown)
        tap.send_signal(signal.SIGCONT)
        threading.Thread(target=tap.stdout.read, daemon=True).start()
        wait_until("it goes on, and tells what is lost", lambda: node.process("a", {"id": 1}) and
                   select.select([tap.stderr], [], [], 0.1)[0])  # fmt: skip
        contains(tap.stderr.readline().decode(), "not shown: they came faster than they could be kept", "what it says")
    finally:
        tap.kill()
        tap.wait()


run(
    a_receiver_that_misbehaves_loses_nothing_and_holds_up_no_call,
    a_reader_of_a_socket_that_goes_away_is_found_again,
    a_file_on_a_disk_that_fills_up_fails_calls_and_goes_on,
    a_plug_in_that_is_overwritten_serves_on,
    a_tap_that_stops_reading_holds_up_nothing,
)

"""All agents of a machine restarted in steps, SIGTERM and start again, while applications use them: no request is lost,
and none is carried out twice.

    python3 tests/scenarios/restarts.py [AGENTS [SHARE]]        make restarts AGENTS=200

An application behaves as one on the node should.  It keeps a connection and sends one request after the other; every
second one opens a connection for each request; every third one uses the unix socket.  It asks again, on a new
connection, in two cases only:

- it could not connect: nothing was sent, the agent is not there just now;
- its kept connection ended before the first byte of the answer.  That has to be safe for any request, so it is
  checked: an agent that ends carries nothing out that it does not answer (each request leaves a line in a file).

Everything else is a loss: an answer that is no 200 or another request's, one that breaks off, a connection that was
taken and ends without an answer to its first request, an agent that cannot be reached for MOST seconds."""

import asyncio
import collections
import json
import os
import signal
import sys
import threading
import time

from documents import marking
from harness import Failed, Scene, SLOW, wait_until

MOST = 10 * SLOW
SENDING = 'version: "1.0.0"\nstream: out\n'


class Lost(Exception):
    pass


class Application:
    def __init__(self, node, number, pace):
        self.node, self.number, self.pace = node, number, pace
        self.local = number % 3 == 2
        self.keeps = number % 2 == 0
        self.name = "ab"[number // 2 % 2]
        self.counts = collections.Counter()
        self.losses = []
        self.slowest = 0.0
        self.sent = []  # ids of what leaves a line
        self.streams = None
        self.fresh = True

    async def connect(self):
        begun = time.monotonic()
        while True:
            try:
                if self.local:
                    return await asyncio.open_unix_connection(self.node.socket)
                return await asyncio.open_connection("127.0.0.1", self.node.port)
            except (ConnectionRefusedError, FileNotFoundError):
                self.counts["not there"] += 1
            except ConnectionResetError:  # before it was taken: nothing was sent
                self.counts["not there"] += 1
            if time.monotonic() - begun > MOST:
                raise Lost("the agent does not come back")
            await asyncio.sleep(0.02)

    def hang_up(self):
        if self.streams:
            self.streams[1].transport.abort()
        self.streams = None

    async def ask(self, body):
        """The answer on the connection there is; None when that had ended before it began."""
        reader, writer = self.streams
        writer.write(
            b"POST /pipelines/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (self.name.encode(), len(body), body)
        )
        try:
            first = await reader.read(1)
        except ConnectionError:
            first = b""
        if not first:
            if self.fresh:
                raise Lost("a connection that was taken ended without an answer")
            return None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            head = (first + head).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            text = await reader.readexactly(length)
        except (ConnectionError, asyncio.IncompleteReadError) as why:
            raise Lost(f"an answer broke off: {why!r}") from why
        return head, text

    async def request(self, wanted):
        body = json.dumps({"id": wanted}).encode()
        while True:
            if not self.streams:
                self.streams = await self.connect()
                self.fresh = True
            answer = await self.ask(body)
            if answer:
                break
            self.counts["kept, and ended"] += 1
            self.hang_up()
        self.fresh = False
        head, text = answer
        if not head.startswith("http/1.1 200") or json.loads(text)["id"] != wanted:
            raise Lost(f"{head.splitlines()[0]}: {text[:200]}")
        if not self.keeps or "connection: close" in head:
            self.hang_up()

    async def run(self, over):
        number = 0
        while not over.is_set():
            number += 1
            wanted = f"{self.number}-{number}"
            begun = time.monotonic()
            self.counts["requests"] += 1
            if self.name == "b":
                self.sent.append(wanted)
            try:
                await self.request(wanted)
            except Lost as why:
                self.losses.append(f"{self.node.name}, application {self.number}: {why}")
                self.hang_up()
            self.slowest = max(self.slowest, time.monotonic() - begun)
            await asyncio.sleep(self.pace)
        self.hang_up()


class Crowd(threading.Thread):
    def __init__(self, nodes, each, pace):
        super().__init__(daemon=True)
        self.all = [Application(nodes[i // each], i, pace) for i in range(each * len(nodes))]
        self.over = threading.Event()
        self.why = None

    def run(self):
        async def everybody():
            await asyncio.gather(*(application.run(self.over) for application in self.all))

        try:
            asyncio.run(everybody())
        except Exception as why:
            self.why = why

    def stop(self):
        self.over.set()
        self.join()
        if self.why:
            raise self.why


def make_nodes(s, agents):
    folder = s.schemas()
    folder.set_schema("a", marking("1.0.0", 1))
    folder.set_schema("b", SENDING)
    nodes = []
    for i in range(agents):
        name = f"node-{i + 1}"
        sink = os.path.join(s.path, f"{name}.sent")
        config = s.file(
            f"{name}.yaml", f"components: {{channels: {{out: {{kind: file, path: {sink}}}}}}}\n"
        )
        node = s.node(name, start=False, folder=folder, args=["--config", config, "--log-level", "warn"],
                      socket=os.path.join(s.path, f"{name}.sock"))  # fmt: skip
        node.sink = sink
        nodes.append(node)
    start(nodes)
    return nodes


def start(nodes):
    for node in nodes:
        os.makedirs(node.state, exist_ok=True)
        node.spawn(node.argv(), node.env)
    for node in nodes:
        node.wait_ready(60)


def restart_in_steps(nodes, share):
    """Returns the longest that agents took to end."""
    step = max(1, round(len(nodes) * share))
    slowest = 0.0
    for at in range(0, len(nodes), step):
        batch = nodes[at : at + step]
        begun = time.monotonic()
        for node in batch:
            node.signal(signal.SIGTERM)
        for node in batch:
            code = node.child.wait(20 * SLOW)
            if code:
                raise Failed(f"{node.name} ended with {code}")
        slowest = max(slowest, time.monotonic() - begun)
        start(batch)
    return slowest


def carried_out(nodes):
    lines = collections.Counter()
    for node in nodes:
        with open(node.sink, encoding="utf-8") as file:
            lines.update(json.loads(line)["id"] for line in file)
    return lines


def play(s, agents, share=0.1, each=2, pace=0.0, rounds=1):
    nodes = make_nodes(s, agents)
    crowd = Crowd(nodes, each, pace)
    crowd.start()
    asked = lambda: all(one.counts["requests"] > 2 for one in crowd.all)  # noqa: E731
    wait_until("everybody asks", asked, 60)
    begun = time.monotonic()
    slowest_end = max(restart_in_steps(nodes, share) for _ in range(rounds))
    took = time.monotonic() - begun
    crowd.stop()
    counts = sum((one.counts for one in crowd.all), collections.Counter())
    losses = [loss for one in crowd.all for loss in one.losses]
    sent = collections.Counter(wanted for one in crowd.all for wanted in one.sent)
    done = carried_out(nodes)
    print(
        f"measured: {agents} agents in steps of {share:.0%}, {took:.1f} s: {counts['requests']} requests of "
        f"{len(crowd.all)} applications, {len(losses)} lost; asked again {counts['not there']} times for an agent "
        f"that was not there, {counts['kept, and ended']} times on a kept connection that ended; the slowest request "
        f"took {max(one.slowest for one in crowd.all):.2f} s, the slowest step {slowest_end:.2f} s to end",
        flush=True,
    )
    if losses:
        raise Failed(f"{len(losses)} lost:\n  " + "\n  ".join(losses[:10]))
    twice = [wanted for wanted, n in done.items() if n > 1]
    never = [wanted for wanted in sent if wanted not in done]
    if twice or never or len(done) != len(sent):
        raise Failed(f"carried out twice: {twice[:5]}; never: {never[:5]}")


if __name__ == "__main__":
    scene = Scene()
    try:
        number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
        part = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
        # Each asks some five times a second: what agents and applications take together is less than there is.
        play(scene, number, part, each=2, pace=min(0.2, number / 500))
        scene.end_well()
    except Failed as why:
        sys.exit(f"{why}")
    finally:
        scene.clear()

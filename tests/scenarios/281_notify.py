"""What a service manager hears of the agent, over the socket that it names: READY when requests are answered,
RELOADING and READY around a new configuration, WATCHDOG as often as it asks for, STOPPING at the end."""

import os
import signal
import socket

from harness import Failed, SLOW, equal, run


class Manager:
    """Listens at a path, or a name with @."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0", 1))
        self.socket.settimeout(10 * SLOW)

    def hear(self):
        """The next message, as a dict."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def hears(self, word, but=()):
        """The next message has this word, after any number of those that are `but` others."""
        while True:
            message = self.hear()
            if word in message:
                return message
            if not set(message) & set(but):
                raise Failed(f"heard {message}, not {word}")

    def close(self):
        self.socket.close()


def from_ready_to_stopping(s):
    manager = Manager(os.path.join(s.path, "notify"))
    path = s.file("flume.yaml", "label: {zone: a}\n")
    node = s.node(args=["--config", path], env={"NOTIFY_SOCKET": manager.name})
    equal(manager.hears("READY")["READY"], "1", "ready")
    equal(node.get("/healthz").status, 200, "it answers by then")
    node.signal(signal.SIGHUP)
    message = manager.hears("RELOADING")
    assert int(message["MONOTONIC_USEC"]) > 0, message
    manager.hears("READY")
    equal(node.status()["config"]["ok"], True, "config")
    node.signal(signal.SIGTERM)
    manager.hears("STOPPING")
    equal(node.child.wait(10 * SLOW), 0, "exit code")
    manager.close()


def ready_comes_after_everything_that_may_fail(s):
    manager = Manager("@flume-" + os.path.basename(s.path))
    busy = socket.create_server(("127.0.0.1", 0))
    node = s.node(start=False, env={"NOTIFY_SOCKET": manager.name})
    node.port = busy.getsockname()[1]
    os.makedirs(node.state)
    node.spawn(node.argv(), node.env)
    equal(node.child.wait(10 * SLOW), 1, "exit code")
    manager.socket.setblocking(False)
    try:
        raise Failed(f"heard {manager.hear()}")
    except BlockingIOError:
        pass
    busy.close()
    manager.close()


def a_watchdog_hears_of_a_loop_that_goes_round(s):
    manager = Manager("@flume-" + os.path.basename(s.path))
    node = s.node(env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"})
    manager.hears("READY")
    for _ in range(3):
        manager.hears("WATCHDOG")
    node.freeze()
    manager.socket.settimeout(0.3)
    try:
        while True:
            manager.hear()
    except TimeoutError:
        pass  # nobody speaks for one that hangs
    node.thaw()
    manager.socket.settimeout(10 * SLOW)
    manager.hears("WATCHDOG")
    node.stop()
    manager.hears("STOPPING", but=["WATCHDOG"])
    other = s.node(
        env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}
    )
    manager.hears("READY")
    other.stop()
    manager.hears("STOPPING")
    manager.close()


def a_manager_that_is_gone_is_no_reason_to_fail(s):
    node = s.node(env={"NOTIFY_SOCKET": os.path.join(s.path, "nowhere")})
    node.wait_ready()


run(
    from_ready_to_stopping,
    ready_comes_after_everything_that_may_fail,
    a_watchdog_hears_of_a_loop_that_goes_round,
    a_manager_that_is_gone_is_no_reason_to_fail,
)

"""Ports nobody listens on.

They are taken from below the range that Linux gives to outgoing connections: a client that keeps
trying a dead port inside that range sooner or later connects to itself."""

import random
import socket

_given = set()


def free_port():
    for _ in range(1000):
        port = random.SystemRandom().randrange(18000, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free port on 127.0.0.1")

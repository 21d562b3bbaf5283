"""Waiting for states.  Nothing here, and nothing built on it, sleeps and hopes."""

import os
import time

# Sanitizer builds and busy machines get SLOW times as long before a wait counts as failed.
SLOW = float(os.environ.get("SLOW") or 1)
INTERVAL = 0.02


class Failed(AssertionError):
    """A promise that was not kept."""


def wait_until(what, look, timeout=10.0, describe=None):
    """Looks every 20 ms until look() gives something true, and returns that.

    describe() is called when time is up, to say what was there instead."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            instead = describe() if describe else repr(seen)
            raise Failed(f"waited {timeout * SLOW:g} s for: {what}\n  last seen: {instead}")
        time.sleep(INTERVAL)


def holds_for(seconds, what, look):
    """look() must stay true for that long; for promises that something does not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not look():
            raise Failed(f"no longer so: {what}")
        time.sleep(INTERVAL)


def equal(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}: expected {wanted!r}, got {got!r}")


def one_of(got, wanted, what):
    if got not in wanted:
        raise Failed(f"{what}: expected one of {wanted!r}, got {got!r}")
    return got


def contains(text, part, what):
    if part not in text:
        raise Failed(f"{what}: expected to find {part!r} in {text!r}")

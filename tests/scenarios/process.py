"""A program that a scenario started: its log, its end, what a sanitizer had to say."""

import os
import re
import signal
import subprocess

from waiting import SLOW, Failed

SANITIZER = re.compile(
    r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: |LeakSanitizer: detected).*"
)


def clean_environment(more=None):
    """Ours without what would change how flume, etcdctl or curl behave."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLUME", "ETCD", "KILLPOINT"))
        and name.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    }
    env.update(more or {})
    return env


class Process:
    """argv with stdout and stderr appended to a file.  start() may be called again after an end."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.child = None

    def spawn(self, argv, env=None):
        if self.alive():
            raise RuntimeError(f"{self.name} runs already")
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=clean_environment(env),
            )

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def freeze(self):
        """Returns when its last thread stands still."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill9(self):
        """Returns when it is gone."""
        if self.alive():
            self.child.kill()
        if self.child is not None:
            self.child.wait()

    def ask_to_end(self, timeout=15.0):
        """SIGTERM; returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            self.kill9()
            why = f"{self.name} did not end within {timeout * SLOW:g} s of SIGTERM"
            raise Failed(why) from None

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=30, width=400):
        """The last lines, or the report of a sanitizer from its beginning."""
        text = self.log_text()
        found = SANITIZER.search(text)
        shown = text[found.start() :].splitlines()[:100] if found else text.splitlines()[-lines:]
        return "\n".join(line[:width] for line in shown)

    def sanitizer_report(self):
        """The first line a sanitizer wrote, or None."""
        found = SANITIZER.search(self.log_text())
        return found.group(0) if found else None

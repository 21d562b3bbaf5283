"""One bash session that gets its commands block by block, and what each block printed."""

import os
import select
import signal
import subprocess
import time

from waiting import SLOW, Failed


class Session:
    """stdout and stderr come together, as on a terminal.  Whatever it started ends with it."""

    def __init__(self, folder, env):
        self.child = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.turn = 0

    def run(self, block, timeout=60.0):
        """(exit code of its last command, what it printed)."""
        self.turn += 1
        word = f"END_OF_BLOCK_{self.turn}_{os.getpid()}"
        mark = f"=== {word} "
        # bash reads the block from a descriptor of its own, so its commands find stdin empty.
        lines = [f". /dev/fd/8 8<<'{word}' </dev/null", block, word, f"printf '\\n{mark}%d\\n' $?"]
        self.child.stdin.write("\n".join(lines + [""]).encode())
        self.child.stdin.flush()
        return self._read_to(mark, timeout, block)

    def _read_to(self, mark, timeout, block):
        seen = b""
        deadline = time.monotonic() + timeout * SLOW
        out = self.child.stdout.fileno()
        while True:
            begin, found, rest = seen.decode("utf-8", "replace").partition("\n" + mark)
            if found and "\n" in rest:
                return int(rest.split("\n")[0]), begin
            ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(out, 65536) if ready else b""
            if not more:
                why = "bash ended" if ready else f"not done after {timeout * SLOW:g} s"
                raise Failed(f"{why}:\n{block}\nprinted: {seen.decode('utf-8', 'replace')}")
            seen += more

    def end(self):
        """Its background jobs get SIGTERM and a moment, then all of its session is killed."""
        try:
            # $! and jobs started in functions are all in `jobs -p`; wait returns when they ended.
            self.run("kill $(jobs -p) 2>/dev/null; wait", timeout=10)
        except (Failed, OSError):
            pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()

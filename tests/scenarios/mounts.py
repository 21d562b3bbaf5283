"""A small disk of its own, which can be full, or read-only, without hurting anybody.

It is mounted in a mount namespace of the scenario's, so it goes with its last process."""

import ctypes
import errno
import os
import subprocess

from waiting import wait_until

CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)
_alone = False


def why_not():
    """None, or why no disk can be had here."""
    global _alone
    if _alone:
        return None
    if os.geteuid() != 0:
        return "only root can mount"
    if _libc.unshare(CLONE_NEWNS):
        return f"no mount namespace: {os.strerror(ctypes.get_errno())}"
    if subprocess.run(["mount", "--make-rprivate", "/"], check=False).returncode:
        return "mount --make-rprivate / is not allowed"
    _alone = True
    return None


class Disk:
    """A tmpfs of so many kB."""

    def __init__(self, path, size_kb):
        os.makedirs(path, exist_ok=True)
        self.path = path
        self._mount("-t", "tmpfs", "-o", f"size={size_kb}k", "flume-scenario", path)

    @staticmethod
    def _mount(*words):
        subprocess.run(["mount", *words], check=True, capture_output=True, timeout=10)

    def fill(self):
        """To the last page."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as why:
                if why.errno != errno.ENOSPC:
                    raise

    def make_room(self):
        os.unlink(os.path.join(self.path, "filler"))

    def read_only(self, on):
        """As soon as nobody writes to it."""

        def done():
            try:
                self._mount("-o", "remount," + ("ro" if on else "rw"), self.path)
                return True
            except subprocess.CalledProcessError:
                return False

        wait_until(f"{self.path} is remounted", done)

    def unmount(self):
        subprocess.run(["umount", "-l", self.path], check=False, capture_output=True, timeout=10)

"""A container for the poor: the root file system of this machine, read-only, with folders in it, and
whom Kubernetes would run with which rights.  It takes root, and is gone with its process."""

import ctypes
import os
import shlex
import subprocess

SERVICE = "flume"  # what the cluster's DNS would know


def why_not():
    """None, or why there can be none here."""
    if os.geteuid() != 0:
        return "only root can mount"
    probe = ["unshare", "--mount", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def script(folder, mounts):
    """What makes the root: a small one, for the machine's own has no place to mount things at."""
    root = os.path.join(folder, "root")
    yield f"mkdir -p {root}; mount -t tmpfs none {root}; cd {root}"
    yield "mkdir usr etc proc dev run var tmp; mount --bind /usr usr; mount -o remount,bind,ro usr"
    yield "for l in bin sbin lib lib64; do [ ! -L /$l ] || cp -P /$l .; done"
    yield "for l in bin sbin lib lib64; do [ -L /$l ] || { mkdir $l; mount --bind /$l $l; }; done"
    yield "for f in passwd group nsswitch.conf hosts ld.so.cache; do cp /etc/$f etc/; done"
    yield f"echo '127.0.0.1 {SERVICE}' >> etc/hosts"
    yield "mount --bind /proc proc; mount --rbind /dev dev"
    for inside, outside in mounts.items():
        yield f"mkdir -p .{inside}; mount --bind {shlex.quote(outside)} .{inside}"
    yield f"mount -o remount,ro {root}"


def rights(context):
    """setpriv's words for a security context, of pod and container together."""
    user, group = context["runAsUser"], context["runAsGroup"]
    caps = ",".join(["-all", *("+" + cap.lower() for cap in context["capabilities"].get("add", []))])
    words = [f"--reuid={user}", f"--regid={group}", f"--bounding-set={caps}", f"--inh-caps={caps}"]
    groups = [context["fsGroup"]] if context.get("fsGroup") and user else []
    words += [f"--groups={groups[0]}"] if groups else ["--clear-groups"]
    return words + ([] if context["allowPrivilegeEscalation"] else ["--no-new-privs"])


def start(folder, mounts, context, command, env, **more):
    """The process; its id is that of the command itself."""
    assert context["readOnlyRootFilesystem"] is True
    lines = "\n".join(["set -e", *script(folder, mounts)])
    inner = ["setpriv", *rights(context), "--", *command]
    lines += f"\nexec chroot . {' '.join(shlex.quote(word) for word in inner)}"
    return subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", lines],
        env={"PATH": "/opt/flume:/usr/sbin:/usr/bin:/sbin:/bin", **env},
        preexec_fn=_die_with_parent,
        **more,
    )


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL

"""What is shipped, at work: the agent in the root of its image as the chart starts it, the .deb put in and taken out of
such a root, the unit of systemd.

    check.py ROOTFS DEBS [PART ...]        make check-packages"""

import glob
import os
import re
import shutil
import subprocess
import sys

import dockerfile


sys.path.insert(0, os.path.join(dockerfile.ROOT, "tests", "scenarios"))

from documents import marking  # noqa: E402
from harness import ConfigMap, Failed, Node, contains, equal, run  # noqa: E402

ROOTFS, DEBS = map(os.path.abspath, sys.argv[1:3])
del sys.argv[1:3]
USER = 65532
UNIT = os.path.join(dockerfile.ROOT, "agent", "package", "flume.service")


def said(*argv, code=0, **how):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **how)
    if done.returncode != code:
        raise Failed(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def there(path, what):
    if os.path.exists(path):
        return True
    print(f"skipped: {what}: there is no {path}", flush=True)
    return False


def installed(program):
    if shutil.which(program):
        return True
    print(f"skipped: {program} is not installed", flush=True)
    return False


# ---- the image ----------------------------------------------------------------------------------

# What the kubelet and the runtime make of the chart: a root that cannot be written, without a shell that works,
# with /proc, and folders of the node.
AS_THE_CHART = r"""
root=$1 etc=$2 state=$3 run=$4; shift 4
mount --bind "$root" "$root"
mount --bind "$etc" "$root/etc/flume"
mount --bind "$state" "$root/var/lib/flume"
mount --bind "$run" "$root/run/flume"
mount -t proc proc "$root/proc"
for shell in bash dash; do mount --bind /dev/null "$root/usr/bin/$shell"; done
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs \
	--inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"
"""


class Contained(Node):
    """Its port and state are those of a Node; `etc` and `run` are mounted from outside."""

    def set_folders(self, etc, run_folder):
        self.etc, self.run_folder = etc, run_folder
        for folder in (self.state, run_folder):
            os.makedirs(folder, exist_ok=True)
            os.chown(folder, USER, USER)

    def argv(self):
        entry = eval(dockerfile.one("ENTRYPOINT"))  # noqa: S307  both are lists of words as JSON
        command = eval(dockerfile.one("CMD"))  # noqa: S307
        at = [f"127.0.0.1:{self.port}" if word == ":8410" else word for word in command]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", AS_THE_CHART, "agent", ROOTFS,
                self.etc, self.state, self.run_folder, *entry, *at]  # fmt: skip


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def the_image_holds_what_the_binary_needs_and_no_more(s):
    if not there(ROOTFS, "the image"):
        return
    binary = os.path.join(ROOTFS, "usr/bin/flume")
    linked = said("chroot", ROOTFS, "ldd", "/usr/bin/flume")
    assert "not found" not in linked, linked
    owners = set()
    for library in re.findall(r"NEEDED.*\[(.*)\]", said("readelf", "-d", binary)):
        path = os.path.realpath(os.path.join(ROOTFS, "usr/lib/x86_64-linux-gnu", library))
        names = {path[len(ROOTFS) :], path[len(ROOTFS) + 4 :]}  # dpkg knows /lib/... of some
        for name in sorted(names):
            done = subprocess.run(["chroot", ROOTFS, "dpkg", "-S", name], capture_output=True, text=True, check=False)
            owners.update(line.split(":")[0] for line in done.stdout.splitlines())
    equal(sorted(dockerfile.packages()), sorted((owners - {"libc6"}) | {"ca-certificates"}), "packages")
    equal(os.listdir(os.path.join(ROOTFS, "var/lib/flume")), [], "the state")


def the_image_says_what_it_is(s):
    labels = dockerfile.labels()
    for word in ("title", "description", "version", "revision", "created", "licenses"):
        assert f"org.opencontainers.image.{word}" in labels, labels
    equal(dockerfile.one("USER"), "65532:65532", "user")
    version = s.flume("version").out.split()[1]
    contains(dict(dockerfile.instructions())["ARG"] and str(dockerfile.instructions()), f"VERSION={version}", "version")


def the_agent_runs_as_the_chart_starts_it(s):
    if not there(ROOTFS, "the image"):
        return
    for folder in ("etc/flume", "proc"):
        os.makedirs(os.path.join(ROOTFS, folder), exist_ok=True)
    os.chmod(s.path, 0o755)
    etc = s.schemas("etc", ConfigMap)
    etc.set_schema("flume", "label: {zone: a}\n")
    node = Contained("contained", os.path.join(s.path, "contained.log"), os.path.join(s.path, "state"))
    node.set_folders(etc.path, os.path.join(s.path, "run"))
    node.env = {"FLUME_CONFIG": "/etc/flume/flume.yaml", "FLUME_NODE": "contained", "FLUME_LOG": "json"}
    s.processes.append(node)
    node.start()

    found = status_of(node.pid)
    equal(found["Name"], "flume", "what runs")
    equal(found["Uid"].split(), [str(USER)] * 4, "uid")
    equal(found["Gid"].split(), [str(USER)] * 4, "gid")
    equal(found["Groups"].strip(), "", "groups")
    equal(found["NoNewPrivs"], "1", "no new privileges")
    for word in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(int(found[word], 16), 0, word)
    with open(f"/proc/{node.pid}/mountinfo", encoding="utf-8") as file:
        root = next(line.split() for line in file if line.split()[4] == "/")
    contains(root[5].split(","), "ro", "the root")

    local = os.path.join(s.path, "run", "flume.sock")
    equal(node.request_locally("PUT", "/schemas/a", marking("1.0.0", "a"), socket=local).status, 204, "PUT")
    node.prove("a", {}, "1.0.0")
    assert os.listdir(os.path.join(node.state, "proven")), "nothing is remembered"
    etc.set_schema("flume", "label: {zone: b}\n")
    node.wait_for("the ConfigMap is read again", lambda: node.status()["labels"] == {"zone": "b"})
    node.stop()
    node.start()
    node.wait_schema("a", version="1.0.0")
    equal([line for line in node.log_lines() if line["level"] in ("warn", "error")], [], "complaints")
    node.stop()


# ---- the .deb -----------------------------------------------------------------------------------


def debs(*names):
    return [glob.glob(os.path.join(DEBS, f"{name}_*.deb"))[0] for name in names]


def tree(root):
    """What lies there, but for the books of dpkg and the like, which change with every package."""
    books = re.compile(r"^/(run|var/(lib/(dpkg|systemd/deb-systemd-helper-\w+)|cache|log)|etc/ld\.so\.cache|"
                       r"etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|tmp|root)")  # fmt: skip
    found = set()
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)[len(root) :]
            if not books.match(path):
                found.add(path)
    return found


def users(root):
    return said("chroot", root, "cut", "-d:", "-f1", "/etc/passwd", "/etc/group").split()


def dpkg(root, *words):
    return said("chroot", root, "dpkg", *words, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def the_packages_go_in_and_out(s):
    base = ROOTFS + ".base"
    if not there(base, "the packages"):
        return
    root = os.path.join(s.path, "root")
    said("cp", "-a", base, root)
    os.chmod(s.path, 0o755)
    before, users_before = tree(root), users(root)
    for path in debs("flume", "libflume0"):
        shutil.copy(path, os.path.join(root, "tmp"))
    names = [f"/tmp/{os.path.basename(path)}" for path in debs("flume", "libflume0")]
    dpkg(root, "-i", *names)
    contains(users(root), "flume", "users")
    contains(said("chroot", root, "/usr/bin/flume", "version"), "flume ", "version")
    new = tree(root) - before
    for path in ("/usr/bin/flume", "/lib/systemd/system/flume.service", "/etc/flume/flume.yaml",
                 "/usr/share/bash-completion/completions/flume"):  # fmt: skip
        assert path in new or "/usr" + path in new, path

    state, sockets = (os.path.join(root, path) for path in ("var/lib/flume", "run/flume"))
    for folder in (state, sockets):  # systemd makes these
        os.makedirs(folder)
        said("chroot", root, "chown", "flume:flume", folder[len(root) :])
    node = Node("packaged", os.path.join(s.path, "packaged.log"), state)
    node.argv = lambda: ["chroot", "--userspec=flume:flume", root, "/usr/bin/flume", "agent", "--config",
                         "/etc/flume/flume.yaml", "--listen", f"127.0.0.1:{node.port}", "--log", "json"]  # fmt: skip
    s.processes.append(node)
    with open(os.path.join(root, "etc/flume/schemas/a.yaml"), "w", encoding="utf-8") as file:
        file.write(marking("1.0.0", "a"))
    node.start()
    node.wait_ready()
    equal(node.process("a", {}).json(), {"made_by": "a"}, "answer")
    node.stop()

    config = os.path.join(root, "etc/flume/flume.yaml")
    with open(config, "a", encoding="utf-8") as file:
        file.write("label: {zone: mine}\n")
    dpkg(root, "-i", "--force-confold", *names)
    with open(config, encoding="utf-8") as file:
        contains(file.read(), "zone: mine", "what was changed here")
    dpkg(root, "-r", "flume")
    assert os.path.exists(config), "removed, and not purged"
    dpkg(root, "--purge", "flume", "libflume0")
    equal(sorted(tree(root) - before), [], "what is left")
    equal(users(root), users_before, "users")


def lintian_finds_nothing(s):
    if not there(DEBS, "the packages") or not installed("lintian"):
        return
    # Debian's list of bugs knows nothing of it.
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", "initial-upload-closes-no-bugs",
         *debs("flume", "libflume0", "libflume-dev")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    equal((done.returncode, done.stdout), (0, ""), "lintian")


def packages_are_the_same_bytes_when_built_again(s):
    if not there(DEBS, "the packages"):
        return
    before = {path: said("sha256sum", path) for path in debs("flume", "libflume0", "libflume-dev")}
    said("make", "--no-print-directory", "deb", cwd=dockerfile.ROOT)
    for path, digest in before.items():
        equal(said("sha256sum", path), digest, path)


# ---- the unit -----------------------------------------------------------------------------------


def unit_lines():
    with open(UNIT, encoding="utf-8") as file:
        return [line.strip() for line in file]


def systemd_takes_the_unit_and_finds_it_confined(s):
    if not installed("systemd-analyze"):
        return
    binary = os.path.join(dockerfile.ROOT, os.environ.get("FLUME", "build/flume"))
    text = "\n".join(unit_lines()).replace("/usr/bin/flume", binary)
    text = re.sub(r"^(User|Group|Documentation)=.*\n", "", text, flags=re.M)  # none of them is here
    done = subprocess.run(["systemd-analyze", "verify", s.file("flume.service", text)], capture_output=True,
                          text=True, check=False)  # fmt: skip
    equal((done.returncode, done.stderr), (0, ""), "verify")
    out = said("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", UNIT)
    level = float(re.search(r"exposure level for flume.service: ([\d.]+)", out).group(1))
    print(f"measured: exposure level {level} of 10", flush=True)
    assert level <= 2.0, level


def allowed_calls():
    """By SystemCallFilter= in its lines, as systemd reads them."""
    groups = {}
    for line in said("systemd-analyze", "syscall-filter", "--no-pager").splitlines():
        line = re.sub(r"\x1b\[[\d;]*m", "", line)
        if line.startswith("@"):
            groups[line] = members = set()
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members.add(line.strip())

    def expand(word):
        if not word.startswith("@"):
            return {word}
        return set().union(*(expand(member) for member in groups[word]))

    allowed = set()
    for line in unit_lines():
        if line.startswith("SystemCallFilter="):
            words = line.partition("=")[2]
            calls = set().union(*(expand(word) for word in words.lstrip("~").split()))
            allowed = allowed - calls if words.startswith("~") else allowed | calls
    return allowed


def the_unit_allows_every_call_that_the_agent_makes(s):
    if not installed("systemd-analyze") or not installed("strace"):
        return
    traced = os.path.join(s.path, "calls")
    etcd = s.etcd()
    config = s.file("flume.yaml", "components:\n  channels:\n    out: {kind: file, path: %s/out}\n" % s.path)
    node = s.node(start=False, etcd=etcd, socket=os.path.join(s.path, "sock"), args=["--config", config])
    argv = node.argv()
    node.argv = lambda: ["strace", "-f", "-qq", "-o", traced, "-e", "trace=all", *argv]
    node.start()
    etcd.set_schema("a", marking("1.0.0", "a"))
    etcd.set_schema("b", 'version: "1"\nstream: out\n')
    etcd.set_schema("c", 'version: "1"\ncomponents: {processors: {x: {kind: jq, program: ".id += 1"}}}\n'
             "type: sequence\nchildren: [{ref: x}]\n")  # fmt: skip
    for name in "abc":
        node.wait_for(f"{name} answers", lambda name=name: node.process(name, {"id": 1}).status == 200, 30)
    with open(config, "a", encoding="utf-8") as file:
        file.write("label: {zone: b}\n")
    node.wait_for("it is read again", lambda: node.status()["labels"] == {"zone": "b"}, 30)
    node.get("/metrics")
    os.kill(int(said("ps", "-o", "pid=", "--ppid", str(node.pid)).split()[0]), 15)
    equal(node.child.wait(30), 0, "exit code")
    with open(traced, encoding="utf-8", errors="replace") as file:
        used = {match.group(1) for match in (re.match(r"\d+\s+(\w+)\(", line) for line in file) if match}
    assert len(used) > 40, used
    # Before systemd's filter is there, or of the dynamic loader.
    equal(sorted(used - allowed_calls()), [], "calls that the unit forbids")


run(
    the_image_holds_what_the_binary_needs_and_no_more,
    the_image_says_what_it_is,
    the_agent_runs_as_the_chart_starts_it,
    the_packages_go_in_and_out,
    lintian_finds_nothing,
    systemd_takes_the_unit_and_finds_it_confined,
    the_unit_allows_every_call_that_the_agent_makes,
    packages_are_the_same_bytes_when_built_again,
)

"""The root of the image that agent/Dockerfile describes, made by mmdebstrap in place of an engine for containers.

    rootfs.py FLUME FOLDER

FOLDER.base, with what comes from Debian, is kept for the next time; it is made anew when the Dockerfile wants other
packages."""

import os
import shutil
import subprocess
import sys

import dockerfile


def why_not():
    if os.geteuid():
        return "it takes root"
    if not shutil.which("mmdebstrap"):
        return "mmdebstrap is not installed"
    return None


def wanted():
    return f"{dockerfile.suite()} {' '.join(dockerfile.packages())}\n"


def made(base):
    try:
        with open(base + ".of", encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def make_base(base):
    """As the slim image: the least that has apt, without documents, and what the Dockerfile installs."""
    shutil.rmtree(base, ignore_errors=True)
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(dockerfile.packages())}",
         "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
         "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
         dockerfile.suite(), base],
        check=True,
    )  # fmt: skip
    with open(base + ".of", "w", encoding="utf-8") as file:
        file.write(wanted())


def run_steps(root):
    """What RUN does beside apt, in the root."""
    for words in dockerfile.steps():
        if words[0] not in ("apt-get", "rm"):
            subprocess.run(["chroot", root, *words], check=True)


def put_files(root, flume):
    for what, where in dockerfile.copies():
        source = flume if what.endswith("/build/flume") else os.path.join(dockerfile.ROOT, what)
        at = os.path.join(root, where.lstrip("/"))
        os.makedirs(os.path.dirname(at), exist_ok=True)
        shutil.copy(source, at)
    subprocess.run(["strip", os.path.join(root, "usr/bin/flume")], check=True)


def main(flume, root):
    why = why_not()
    if why:
        print(f"skipped: the image's root: {why}")
        return
    base = root + ".base"
    if made(base) != wanted():
        make_base(base)
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(os.path.dirname(os.path.abspath(root)), exist_ok=True)
    subprocess.run(["cp", "-a", base, root], check=True)
    run_steps(root)
    put_files(root, flume)
    size = subprocess.run(["du", "-sm", root], capture_output=True, text=True, check=True).stdout.split()[0]
    print(f"{root}: {size} MB, {len(dockerfile.packages())} packages beside the base's")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Every command of the README's five-minute tour, in order, in one bash session, and what it says.

How the tour is written so that this can read it:

    <!-- tour -->         between these two markers lies the tour; there may be several
    ```sh                 a block that is run.  A program that stays is started with & at its end,
    ...                   its output in a file: `build/flume agent ... 2>agent.log &`
    ```
    ```text               what the block before prints, stdout and stderr together; `…` on a line
    ...                   of its own is any number of lines, inside a line it is anything.  A block
    ```                   with no text after it has to end with 0.
    <!-- /tour -->

A block of nothing but looking (curl, `flume get` and `status`, `etcdctl get`, sleep, comments) is
run again until it prints what is expected, for ten seconds: readers are slower than the agent.  So
put what changes something in a block of its own.

The session runs in a scratch folder that holds a link to everything in the repository.  There
127.0.0.1:2379 and :2380 (etcd) and 127.0.0.1:8410 (the agent) mean free ports, also where the
programs would take them as defaults; `build/flume` is the binary that FLUME names, as is `flume`.
"""

import os
import re
import shlex

from harness import FLUME, ROOT, Failed, clean_environment, equal, free_port, run, wait_until
from session import Session

PORTS = ("2379", "2380", "8410")
LOOKING = re.compile(
    r"^\s*($|#|curl\b|sleep\b|etcdctl\s+(--\S+\s+)*get\b|(\S*/)?flume\s+(get|status)\b|[|}])"
)


def tour(text):
    """[(block, expected or None)] of a README."""
    steps = []
    for part in re.findall(r"<!-- tour -->(.*?)<!-- /tour -->", text, re.S):
        for kind, body in re.findall(r"^```(sh|text)\n(.*?)^```\s*$", part, re.S | re.M):
            if kind == "sh":
                steps.append([body, None])
            elif not steps or steps[-1][1] is not None:
                raise Failed(f"a text block that follows no sh block:\n{body}")
            else:
                steps[-1][1] = body
    return [tuple(step) for step in steps]


def pattern(expected):
    """The expected text as a regular expression."""
    found = ""
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "…":
            found += r"(?:.*\n)*?"
        else:
            pieces = [re.escape(piece) for piece in line.rstrip().split("…")]
            found += ".*?".join(pieces) + r"[ \t]*\n"
    return re.compile(found)


def printed_as(expected, printed):
    lines = [line.rstrip() for line in printed.strip("\n").split("\n")]
    return pattern(expected).fullmatch("\n".join(lines) + "\n") is not None


def only_looks(block):
    lines = re.sub(r"\\\n", " ", block).splitlines()
    return all(LOOKING.match(line) for line in lines)


def moved(text, ports):
    """To our ports, our binary."""
    for old, new in ports.items():
        text = re.sub(rf"\b(127\.0\.0\.1|localhost):{old}\b", rf"\1:{new}", text)
    return text


def link_repository(folder):
    for name in os.listdir(ROOT):
        if name not in (".git", "build"):
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    for place in ("build", "bin"):
        os.mkdir(os.path.join(folder, place))
        os.symlink(FLUME, os.path.join(folder, place, "flume"))


def environment(s, folder, ports):
    client, peer = (f"http://127.0.0.1:{ports[old]}" for old in ("2379", "2380"))
    return clean_environment(
        {
            "HOME": folder,
            "TMPDIR": s.folder("tmp"),
            "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"],
            "FLUME_LISTEN": f"127.0.0.1:{ports['8410']}",
            "FLUME_SOCKET": "none",
            "ETCDCTL_API": "3",
            "ETCDCTL_ENDPOINTS": client,
            "ETCD_LISTEN_CLIENT_URLS": client,
            "ETCD_ADVERTISE_CLIENT_URLS": client,
            "ETCD_LISTEN_PEER_URLS": peer,
            "ETCD_INITIAL_ADVERTISE_PEER_URLS": peer,
            "ETCD_INITIAL_CLUSTER": f"default={peer}",
        }
    )


def step(session, block, expected):
    last = {}

    def look():
        last["code"], last["printed"] = session.run(block)
        if expected is None:
            return last["code"] == 0
        return printed_as(expected, last["printed"])

    def instead():
        return f"exit {last['code']}, printed:\n{last['printed']}\nexpected:\n{expected or ''}"

    if only_looks(block):
        wait_until(f"what the tour says of\n{block}", look, describe=instead)
    elif not look():
        raise Failed(f"not what the tour says of\n{block}\n{instead()}")


def the_tour_of_the_readme(s):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        steps = tour(file.read())
    if not steps:
        raise Failed("README.md has no commands between <!-- tour --> and <!-- /tour -->")
    ports = {old: str(free_port()) for old in PORTS}
    folder = s.folder("tour")
    link_repository(folder)
    session = Session(folder, environment(s, folder, ports))
    try:
        for block, expected in steps:
            step(session, moved(block, ports), expected and moved(expected, ports))
    except Failed as why:
        logs = [name for name in os.listdir(folder) if name.endswith(".log")]
        tails = "".join(
            f"\n--- {name}\n" + session.run(f"tail -n 30 {shlex.quote(name)}")[1] for name in logs
        )
        raise Failed(f"{why}{tails}") from None
    finally:
        session.end()


SAMPLE = """
<!-- tour -->
Start.
```sh
sleep 1000 2>job.log &
x=1
```
```sh
echo "$x 127.0.0.1:2379"; cat; echo err >&2
```
```text
1 127.0.0.1:2379
err
```
```sh
printf 'a\\nb\\nc 12 d\\n'; false
```
```text
…
c … d
```
<!-- /tour -->
```sh
exit 1
```
"""


def the_reader_of_the_tour_reads(s):
    steps = tour(SAMPLE)
    equal(len(steps), 3, "blocks")
    equal(moved("127.0.0.1:2379 x:23790", {"2379": "99"}), "127.0.0.1:99 x:23790", "moved")
    assert only_looks("# look\ncurl -s x \\\n  -d 1\nbuild/flume status\netcdctl get a\n")
    assert not only_looks("curl x\netcdctl put a b\n")
    assert printed_as("a\n…\nb … c\n", "a\n1\n2\nb 3 c  \n")
    assert printed_as("…\n", "") and not printed_as("a\n", "a\nb\n")
    session = Session(s.folder("sample"), clean_environment())
    try:
        for block, expected in steps:
            step(session, block, expected)
        try:
            step(session, "echo one; false", "two\n")
        except Failed:
            return
        raise Failed("a block that printed something else passed")
    finally:
        session.end()


run(the_reader_of_the_tour_reads, the_tour_of_the_readme)

"""The programs that stand beside `flume run`, and how each is told to do the same work.

A Tool has a name, a reason why it cannot be measured (None: it can), and run(corpus, output), which
returns the Cost.  Those that Debian 12 does not have (Fluent Bit, Bento, Vector) are measured where
they are found; what any of them puts out is judged first, so one that is told wrongly is not measured.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time

from beside.orders import SCHEMA
from beside.running import Cost, ROOT, run_to_end, status_kb, tool, wait_ended, why_missing

HERE = os.path.dirname(os.path.abspath(__file__))
YYJSON = "yyjson==4.0.6"  # the Python package that brings the C source


class Tool:
    """Reads stdin, writes stdout, and ends."""

    def __init__(self, name, argv, why_not=None, slow=True, version=None):
        self.name, self.argv, self.why_not, self.slow = name, argv, why_not, slow
        self.version = version
        self.cpu, self.wall, self.peak_kb = [], [], []

    def run(self, corpus, output):
        return run_to_end(self.argv, corpus, output)

    def measure(self, judge, output):
        """Seconds are kept for one document."""
        cost = self.run(judge.path, output)
        if cost.code:
            raise SystemExit(f"{self.name} exited with {cost.code}: {cost.errors}")
        self.cpu.append(cost.cpu / judge.count)
        self.wall.append(cost.wall / judge.count)
        self.peak_kb.append(cost.peak_kb)


# ---- ours ----


def flume(binary, folder, threads=None):
    """`threads`: None leaves the flag out."""
    schema = os.path.join(folder, "orders.yaml")
    with open(schema, "w", encoding="utf-8") as out:
        out.write(SCHEMA)
    argv = [binary, "run", *(["--threads", str(threads)] if threads else []), schema]
    cost = run_to_end(argv, limit=20)
    why = None if cost.code == 0 else "flume run: " + cost.errors.splitlines()[0]
    name = f"flume run, {threads} thread{'s' if threads > 1 else ''}" if threads else "flume run"
    return Tool(name, argv, why, slow=False)


# ---- libraries of C, each in a hundred lines of ours ----


def fetch_yyjson(folder):
    """The folder with its source, or None."""
    kept = os.path.join(ROOT, "build", "bench", "yyjson")
    if not glob.glob(os.path.join(kept, "*", "yyjson", "yyjson.c")):
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", folder]
        subprocess.run([*pip, YYJSON], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        for path in glob.glob(os.path.join(folder, "yyjson-*.tar.gz")):
            with tarfile.open(path) as archive:
                archive.extractall(kept, filter="data")
    found = glob.glob(os.path.join(kept, "*", "yyjson", "yyjson.c"))
    return os.path.dirname(found[0]) if found else None


def with_yyjson(folder):
    source = fetch_yyjson(folder)
    if not source:
        return Tool("yyjson in C", None, f"pip cannot fetch the source of {YYJSON}")
    program = tool("with_yyjson")
    built = subprocess.run(
        ["cc", "-std=c17", "-D_GNU_SOURCE", "-O3", "-I", ROOT, "-I", source, "-o", program,
         os.path.join(HERE, "..", "tools", "with_yyjson.c"), os.path.join(source, "yyjson.c")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Tool("yyjson in C", [program], built.stderr[:300] or None, slow=False)


def with_jansson():
    return Tool("jansson in C", [tool("with_jansson")])


# ---- programs ----

JQ = '.status = "accepted" | .comment = .note | del(.note, .internal) | select(.customer.tier == "premium")'


def jq():
    return Tool("jq", ["jq", "-c", JQ], why_missing("jq"), version=["jq", "--version"])


def miller():
    argv = ["mlr", "--ijsonl", "--ojsonl", "put", '$status = "accepted"', "then", "rename", "note,comment"]
    argv += ["then", "cut", "-x", "-f", "internal", "then", "filter", '$customer["tier"] == "premium"']
    return Tool("Miller", argv, why_missing("mlr"), version=["mlr", "--version"])


VECTOR = """\
data_dir = "{folder}"
[sources.in]
type = "stdin"
[transforms.edit]
type = "remap"
inputs = ["in"]
source = '''
. = parse_json!(.message)
.status = "accepted"
.comment = del(.note)
del(.internal)
'''
[transforms.keep]
type = "filter"
inputs = ["edit"]
condition = '.customer.tier == "premium"'
[sinks.out]
type = "console"
inputs = ["keep"]
encoding.codec = "json"
"""

BENTO = """\
input: {stdin: {scanner: {lines: {}}}}
pipeline:
  threads: 1
  processors:
    - mapping: |
        root = this
        root.status = "accepted"
        root.comment = this.note
        root.note = deleted()
        root.internal = deleted()
        root = if this.customer.tier != "premium" { deleted() }
output: {stdout: {codec: lines}}
logger: {level: NONE}
"""


def configured(name, program, file, text, folder, argv):
    """A filter that reads its work from a file."""
    path = os.path.join(folder, file)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace("{folder}", folder))
    return Tool(name, [program, *argv, path], why_missing(program), version=[program, "--version"])


def vector(folder):
    return configured("Vector", "vector", "vector.toml", VECTOR, folder, ["-q", "--config"])


def bento(folder):
    return configured("Bento", "bento", "bento.yaml", BENTO, folder, ["-c"])


# ---- daemons: they follow a file, and are ended when all of it came out ----


class Daemon(Tool):
    def __init__(self, name, program, config, folder, argv, documents, version=None):
        super().__init__(name, argv, why_missing(program), version=version)
        self.program, self.config, self.folder, self.documents = program, config, folder, documents

    def run(self, corpus, output):
        """Ended by SIGTERM when so many documents are there; or when it has taken too long."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        for file, text in self.config.items():
            text = text.replace("{corpus}", corpus).replace("{output}", output)
            with open(os.path.join(self.folder, file), "w", encoding="utf-8") as out:
                out.write(text.replace("{folder}", self.folder))
        if os.path.exists(output):
            os.unlink(output)
        argv = [word.replace("{folder}", self.folder) for word in self.argv]
        begun = time.perf_counter()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak, lines, read = 0, 0, 0
        while lines < self.documents and time.perf_counter() - begun < 120 and not ended(child):
            time.sleep(0.05)
            peak = max(peak, status_kb(child.pid, "VmHWM"))
            more, read = new_lines(output, read)
            lines += more
        wall = time.perf_counter() - begun
        child.terminate()
        _, usage = wait_ended(child, time.monotonic() + 20)
        return Cost(0, usage.ru_utime + usage.ru_stime, wall, peak, "")


def ended(child):
    """Without taking from wait4 what it cost."""
    with open(f"/proc/{child.pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "Z"


def new_lines(path, read):
    try:
        with open(path, "rb") as file:
            file.seek(read)
            text = file.read()
    except OSError:
        return 0, read
    return text.count(b"\n"), read + len(text)


RSYSLOG = """\
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="mmjsonparse")
template(name="json" type="list") { property(name="$!") constant(value="\\n") }
input(type="imfile" file="{corpus}" tag="orders" addMetadata="off" ruleset="orders")
ruleset(name="orders") {
  action(type="mmjsonparse" cookie="")
  set $!status = "accepted";
  set $!comment = $!note;
  unset $!note;
  unset $!internal;
  if $!customer!tier == "premium" then { action(type="omfile" file="{output}" template="json") }
}
"""


def rsyslog(folder, documents):
    path = os.path.join(folder, "rsyslog")
    argv = ["rsyslogd", "-n", "-f", "{folder}/rsyslog.conf", "-i", "{folder}/pid"]
    return Daemon(
        "rsyslog, mmjsonparse", "rsyslogd", {"rsyslog.conf": RSYSLOG}, path, argv, documents, ["rsyslogd", "-v"]
    )


FLUENT_BIT = """\
[SERVICE]
    flush 1
    log_level error
    parsers_file {folder}/parsers.conf
[INPUT]
    name tail
    path {corpus}
    parser json
    read_from_head on
[FILTER]
    name modify
    match *
    add status accepted
    rename note comment
    remove internal
[FILTER]
    name grep
    match *
    regex $customer['tier'] ^premium$
[OUTPUT]
    name file
    match *
    file {output}
    format plain
"""
FLUENT_BIT_PARSERS = "[PARSER]\n    name json\n    format json\n"


def fluent_bit(folder, documents):
    path = os.path.join(folder, "fluent-bit")
    files = {"fluent-bit.conf": FLUENT_BIT, "parsers.conf": FLUENT_BIT_PARSERS}
    argv = ["fluent-bit", "-c", "{folder}/fluent-bit.conf"]
    return Daemon("Fluent Bit", "fluent-bit", files, path, argv, documents, ["fluent-bit", "--version"])


def programs(folder, documents):
    return [
        jq(), miller(), rsyslog(folder, documents), fluent_bit(folder, documents), bento(folder), vector(folder),
    ]  # fmt: skip


def version_of(candidate):
    """As it says itself."""
    if not candidate.version:
        return ""
    said = subprocess.run(candidate.version, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d[\w.]*", said.stdout or said.stderr)
    return found.group() if found else ""

"""What the library shares with the program that embeds it: names with the prefix flume_, those of
flume.h and no other; no state of its own that changes, no code that runs before main; and no
function that prints, exits, handles signals or depends on what the whole process is set to."""

import fnmatch
import os
import re

from harness import ROOT, Failed, equal, run
from toolbox import ARCHIVE, SHARED, sanitizer, skipped, tool, undefined

# Symbols of the library that may change while it runs, and why.
STATE = {}

# Names that the library may not want from anybody, by what they do.
FORBIDDEN = {
    "prints": r"""v?[fd]?printf|__v?[fd]?printf_chk|f?puts|f?putc|putchar|fwrite|writev?|perror
        |stdout|stderr|psignal|v?warnx?|v?errx?|error|error_at_line""",
    "ends the process": r"""_?exit|_Exit|quick_exit|abort|__assert\w*|atexit|at_quick_exit
        |on_exit|__cxa_atexit""",
    "handles signals": r"""signal|(bsd|(__)?sysv)_signal|sigaction|sigprocmask|sigqueue|sigwait\w*
        |signalfd|raise|kill|killpg|pthread_kill|tgkill|alarm|setitimer|timer_create""",
    "writes to the system's log": r"v?syslog|openlog|closelog|setlogmask",
    "starts programs": r"v?fork|system|popen|exec\w+|posix_spawnp?|clone",
    "changes the process": r"""setlocale|putenv|setenv|unsetenv|clearenv|f?chdir|umask
        |set\w*[ug]id|setrlimit|prctl|srand\w*|daemon""",
    "depends on the process": r"""(secure_)?getenv|environ|getcwd|getopt\w*|strtof|strtold?|strtod
        |atof|v?f?scanf|v?sscanf|(__isoc99_)?v?s?scanf|strftime|localeconv|nl_langinfo""",
    "has a state that all share": r"""strtok|strerror|rand|random|drand48|localtime|gmtime
        |asctime|ctime|getpwnam|getpwuid|gethostbyname|readdir|tmpnam|basename|dirname""",
}


def defined(path, *flags):
    lines = tool("nm", "--defined-only", "--extern-only", "--format=posix", *flags, path)
    return {line.split()[0].split("@")[0] for line in lines.splitlines() if " " in line}


def functions_of_the_header():
    with open(os.path.join(ROOT, "lib", "flume.h"), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    text = re.sub(r"\btypedef\b[^;{]*;", "", text)
    return set(re.findall(r"\b(flume_\w+)\s*\(", text))


def global_names_of_the_map():
    with open(os.path.join(ROOT, "lib", "flume.map"), encoding="utf-8") as file:
        shown = re.search(r"global:(.*?)local:\s*\*;", file.read(), re.S)
    return [name.strip() for name in shown.group(1).split(";") if name.strip()]


def exports_are_the_functions_of_the_header(_):
    functions = functions_of_the_header()
    assert len(functions) > 50, functions
    for path, flags in ((SHARED, ("-D",)), (ARCHIVE, ())):
        names = {name for name in defined(path, *flags) if not name.startswith("__odr_asan")}
        equal(sorted(names - functions), [], f"names of {path} that flume.h lacks")
        equal(sorted(functions - names), [], f"functions of flume.h that {path} lacks")
    shown = global_names_of_the_map()
    for name in functions:
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in shown):
            raise Failed(f"lib/flume.map does not list {name}")
    for pattern in shown:
        if not fnmatch.filter(functions, pattern) or not pattern.startswith("flume_"):
            raise Failed(f"lib/flume.map lists {pattern}, which flume.h does not have")


def sections(path):
    """[(number, name, size, flags)]"""
    row = r"^ +\[ *(\d+)\] (\S+) +\S+ +\S+ \S+ (\S+) \S+ +([A-Z]*) "
    found = re.findall(row, tool("readelf", "-SW", path), re.M)
    return [(number, name, int(size, 16), flags) for number, name, size, flags in found]


def nothing_of_it_changes(s):
    if sanitizer():
        skipped("state and wishes of the library", "a sanitizer brings its own")
        return
    tool("ar", "x", "--output", s.path, ARCHIVE)
    (path,) = (os.path.join(s.path, name) for name in os.listdir(s.path) if name.endswith(".o"))
    table = sections(path)
    assert any(name == ".text" and size > 1000 for _, name, size, _ in table), table
    # What the loader fills in and then makes read-only is no state.
    writable = {
        number: name
        for number, name, size, flags in table
        if "W" in flags and size and not name.startswith(".data.rel.ro")
    }
    for name in writable.values():
        if re.match(r"\.(init|fini|preinit)_array|\.[cd]tors", name):
            raise Failed(f"libflume.a has code that runs before main or after it, in {name}")
    symbols = re.findall(
        r"^ +\d+: +\S+ +\d+ +(?:OBJECT|TLS) +\w+ +\w+ +(\d+) (\S+)$",
        tool("readelf", "-sW", path),
        re.M,
    )
    state = {name for number, name in symbols if number in writable}
    equal(sorted(state - set(STATE)), [], "symbols of libflume.a that may change")
    equal(sorted(set(STATE) - state), [], "symbols that no longer change")
    if writable and not state:
        raise Failed(f"libflume.a has something without a name in {writable}")


def nothing_forbidden_is_wanted(_):
    if sanitizer():
        return
    for path, flags in ((SHARED, ("-D",)), (ARCHIVE, ())):
        names = undefined(path, *flags)
        assert "malloc" in names, names
        for what, pattern in FORBIDDEN.items():
            for name in sorted(names):
                if re.fullmatch(pattern, name, re.X):
                    raise Failed(f"{path} wants {name}, which {what}")


def the_lists_know_what_they_look_for(_):
    for name in (
        *("printf", "vfprintf", "__printf_chk", "stderr", "write", "exit", "_exit", "abort"),
        *("signal", "sigaction", "syslog", "fork", "setlocale", "getenv", "strtod", "strtok"),
        *("__isoc99_sscanf", "strerror"),
    ):
        assert any(re.fullmatch(p, name, re.X) for p in FORBIDDEN.values()), name
    for name in ("snprintf", "strerror_r", "pthread_sigmask", "pthread_cond_signal", "strtoll"):
        assert not any(re.fullmatch(p, name, re.X) for p in FORBIDDEN.values()), name


run(
    exports_are_the_functions_of_the_header,
    nothing_of_it_changes,
    nothing_forbidden_is_wanted,
    the_lists_know_what_they_look_for,
)

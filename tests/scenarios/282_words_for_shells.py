"""The manual and the completions are printed from the rows of commands and options: man finds nothing wrong with the
one, and shells complete commands, options, values and files with the others."""

import os
import re
import shutil
import subprocess

from harness import contains, equal, run

OPTION = re.compile(r"^\s+(?:-(\w), )?(--[\w-]+)", re.M)


def commands(s):
    return re.findall(r"^  ([a-z]+)  ", s.flume("help").out, re.M)


def options(s, command):
    return [long for _, long in OPTION.findall(s.flume(command, "--help").out)]


def printed(s, *words, name):
    result = s.flume(*words)
    equal((result.code, result.err), (0, ""), str(words))
    return s.file(name, result.out)


def has(program):
    if shutil.which(program):
        return True
    print(f"skipped: {program} is not installed", flush=True)
    return False


def said(*argv, **how):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, **how)
    return done.stdout + done.stderr


def the_manual_is_without_a_fault(s):
    page = printed(s, "man", name="flume.1")
    if has("mandoc"):
        equal(said("mandoc", "-T", "lint", page), "", "mandoc")
    if has("man") and has("groff"):
        done = subprocess.run(["man", "--warnings", "-l", "-E", "UTF-8", page], capture_output=True,
                              text=True, env={**os.environ, "MANWIDTH": "200"}, check=False)  # fmt: skip
        equal(done.stderr, "", "man")
        shown = re.sub(r".\b|\x1b\[\d*m", lambda m: "" if m.group(0)[0] in "\b\x1b" else m.group(0), done.stdout)
        for command in commands(s):
            contains(shown, f"flume {command}", "the manual")
        for option in options(s, "agent"):
            contains(shown, option, "the manual")
    again = s.flume("man", env={"SOURCE_DATE_EPOCH": "1700000000"})
    contains(again.out, '"2023-11-14"', "the date")


ASK_BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_flume; printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(s, script, *words):
    out = said("bash", "--norc", "-c", ASK_BASH, "ask", script, "flume", *words, cwd=s.path)
    return sorted(out.split())


def bash_completes_everything(s):
    script = printed(s, "completion", "bash", name="flume.bash")
    equal(said("bash", "-n", script), "", "bash -n")
    s.file("orders.yaml", "x")
    s.file("folder/inside.yaml", "x")
    known = commands(s)
    equal(bash(s, script, ""), sorted([*known, "--help", "--version"]), "commands")
    equal(bash(s, script, "comp"), ["completion", "components"], "commands")
    for command in known:
        equal(bash(s, script, command, "-"), sorted(set(options(s, command))), f"options of {command}")
    equal(bash(s, script, "agent", "--log-l"), ["--log-level"], "an option")
    equal(bash(s, script, "agent", "--log-level", ""), ["debug", "error", "info", "warn"], "values")
    equal(bash(s, script, "agent", "--log-level", "=", "d"), ["debug"], "values behind =")
    equal(bash(s, script, "agent", "--log-level", "="), ["debug", "error", "info", "warn"], "values")
    equal(bash(s, script, "agent", "-o", "j"), ["json"], "of a letter")
    equal(bash(s, script, "agent", "--etcd-ca", "or"), ["orders.yaml"], "a file")
    equal(bash(s, script, "agent", "--dir", ""), ["folder"], "a folder")
    equal(bash(s, script, "agent", "--etcd", "o"), [], "a URL")
    equal(bash(s, script, "lint", "o"), ["orders.yaml"], "arguments")
    equal(bash(s, script, "lint", "folder/"), ["folder/inside.yaml"], "arguments")
    equal(bash(s, script, "agent", "o"), [], "no arguments")
    equal(bash(s, script, "help", "li"), ["lint"], "commands as arguments")
    equal(bash(s, script, "completion", ""), ["bash", "fish", "zsh"], "shells")
    verbs = ["delete", "eval", "get", "list", "schema", "set"]
    equal(bash(s, script, "switch", ""), verbs, "verbs")
    equal(bash(s, script, "switch", "--prefix", "/x/", ""), verbs, "verbs, behind an option")
    equal(bash(s, script, "switch", "set", ""), [], "what follows a verb")
    equal(bash(s, script, "switch", "set", "--of"), ["--off"], "an option of a verb")


def in_an_interactive_bash_it_is_found(s):
    script = printed(s, "completion", "bash", name="flume.bash")
    out = said("bash", "--norc", "-c", f"source {script}; complete -p flume")
    equal(out.strip(), "complete -F _flume flume", "complete -p")


def fish_completes(s):
    script = printed(s, "completion", "fish", name="flume.fish")
    if not has("fish"):
        return
    s.file("orders.yaml", "x")
    env = {**os.environ, "HOME": s.path, "XDG_CONFIG_HOME": s.path}

    def ask(line):
        out = said("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'", cwd=s.path, env=env)
        return sorted(row.split("\t")[0] for row in out.splitlines())

    equal(said("fish", "--no-execute", script, env=env), "", "fish -n")
    equal(ask("flume li"), ["lint"], "commands")
    equal(ask("flume agent --log-l"), ["--log-level"], "an option")
    equal(ask("flume agent --log-level "), ["debug", "error", "info", "warn"], "values")
    equal(ask("flume lint o"), ["orders.yaml"], "arguments")
    equal(ask("flume agent --etcd-ca o"), ["orders.yaml"], "a file")
    equal(ask("flume switch se"), ["set"], "a verb")
    equal(ask("flume switch set l"), [], "what follows a verb")


ASK_ZSH = r"""
autoload -Uz compinit; compinit -u -d "$HOME/dump"; source "$1"
[[ ${_comps[flume]} == _flume ]] && print found
"""


def zsh_takes_it(s):
    script = printed(s, "completion", "zsh", name="_flume")
    if not has("zsh"):
        return
    equal(said("zsh", "-n", script), "", "zsh -n")
    env = {**os.environ, "HOME": s.path}
    equal(said("zsh", "-f", "-c", ASK_ZSH, "ask", script, env=env).strip(), "found", "compdef")


def a_shell_that_nobody_knows_is_refused(s):
    result = s.flume("completion", "tcsh")
    equal(result.code, 2, str(result))
    contains(result.err, "bash|zsh|fish", "which there are")


run(
    the_manual_is_without_a_fault,
    bash_completes_everything,
    in_an_interactive_bash_it_is_found,
    fish_completes,
    zsh_takes_it,
    a_shell_that_nobody_knows_is_refused,
)

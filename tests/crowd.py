"""Plays tests a few at a time, and what failed beside the others once more, alone.

Tests wait more than they compute, so a few run at a time; but on a machine that is busy with other
things as well, one may get so little of it that it runs out of time.  So when all have been played,
those that failed are played again, one after another.  Who then passes is UNSTEADY: it is told, with
what it said the first time, counted in the last line, and does not fail the run.  Who fails again
has failed.  More than MOST of them are not the crowd's doing, and what a sanitizer said or a signal
ended counts the first time: a race does not have to show itself twice.

    UNSTEADY   how many are forgiven (3); 0: none is played again
"""

import collections
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

MOST = int(os.environ.get("UNSTEADY") or 3)
# Of a program under test, as Check, the scenarios and the sanitizers themselves say it.
CRASH = re.compile(
    r"(ERROR|WARNING): \w+Sanitizer|runtime error: |Received signal \d|ended with -\d|exit code -\d"
)
SLOWEST = 10

# `said`: what is shown behind the verdict; it begins with the test's name.
Played = collections.namedtuple("Played", "name good said took")

_printing = threading.Lock()


def say(text):
    with _printing:
        print(text.rstrip("\n"), flush=True)


def may_be_the_crowd(played):
    return MOST > 0 and not CRASH.search(played.said)


def tell(played):
    if played.good:
        say(f"ok {played.said}")
    elif may_be_the_crowd(played):
        say(f"to be played again, alone: {played.said}")
    else:
        say(f"FAILED {played.said}")
    return played


def play_again(failed, play):
    """The names of those that pass now, for each that may have failed because of the crowd."""
    suspects = [played.name for played in failed if may_be_the_crowd(played)]
    if len(suspects) > MOST:
        for name in suspects:
            say(f"FAILED {name}: see above; {len(suspects)} are too many to blame the crowd")
        return []
    unsteady = []
    for name in suspects:
        played = play(name)
        if played.good:
            unsteady.append(name)
            say(f"UNSTEADY {name}: it failed beside others, as shown above, and passed alone")
        else:
            say(f"FAILED {played.said}\nFAILED {name}: beside others, and alone")
    return unsteady


def play_all(kind, names, play, jobs):
    """play(name) gives a Played, on any thread.  The exit code."""
    with ThreadPoolExecutor(jobs) as pool:
        played = list(pool.map(lambda name: tell(play(name)), names))
    failed = [one for one in played if not one.good]
    unsteady = play_again(failed, play)
    slowest = sorted(played, key=lambda one: -one.took)[:SLOWEST]
    say("slowest: " + ", ".join(f"{one.name} {one.took:.0f} s" for one in slowest))
    count = f"{len(names)} {kind}, {len(failed) - len(unsteady)} failed"
    if unsteady:
        count += f", {len(unsteady)} UNSTEADY: {' '.join(unsteady)}"
    say(count)
    return 1 if len(failed) > len(unsteady) else 0

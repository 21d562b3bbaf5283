"""Agents that are restarted one after the other while applications ask without a pause: no request is lost, and none
is carried out twice (restarts.py says what an application does).  `make restarts` does it with two hundred."""

from harness import run
from restarts import play


def a_rolling_restart_loses_nothing(s):
    play(s, agents=12, share=0.25, each=4)


run(a_rolling_restart_loses_nothing)

#!/usr/bin/env python3
"""Tests of helm/flume: run.py [PART OF A NAME ...]

    FLUME    the agent (build/flume)      GOLDEN=write   what is rendered now is right
"""

import sys

sys.dont_write_bytecode = True
import alerts  # noqa: E402
import dashboards  # noqa: E402
import documents  # noqa: E402
import golden  # noqa: E402
import kubernetes  # noqa: E402
import node  # noqa: E402
import refused  # noqa: E402
import security  # noqa: E402
from check import play  # noqa: E402

MODULES = [golden, refused, kubernetes, security, documents, alerts, dashboards, node]

if __name__ == "__main__":
    sys.exit(play(MODULES, sys.argv[1:]))

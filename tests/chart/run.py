#!/usr/bin/env python3
"""Tests of helm/flume: run.py [PART OF A NAME ...]

    FLUME    the agent (build/flume)      GOLDEN=write   what is rendered now is right
"""

import sys

sys.dont_write_bytecode = True
import documents  # noqa: E402
import golden  # noqa: E402
import kubernetes  # noqa: E402
import node  # noqa: E402
import refused  # noqa: E402
import security  # noqa: E402
from check import play  # noqa: E402

if __name__ == "__main__":
    sys.exit(play([golden, refused, kubernetes, security, documents, node], sys.argv[1:]))

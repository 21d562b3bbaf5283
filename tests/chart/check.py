"""What a test of the chart is: a function test_..., which asserts, or gives up with skip()."""

import os
import sys
import time
import traceback


class Skipped(Exception):
    pass


def skip(why):
    raise Skipped(why)


def play(modules, chosen):
    """Runs them in order, a line each, and a last line that counts.  The exit code."""
    passed, failed, skipped = 0, [], 0
    for module in modules:
        for name, test in vars(module).items():
            full = f"{module.__name__}:{name}"
            if not name.startswith("test_") or (chosen and not any(w in full for w in chosen)):
                continue
            began = time.monotonic()
            try:
                test()
            except Skipped as why:
                skipped += 1
                print(f"skipped: {full}: {why}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(full)
                place = "" if isinstance(why, AssertionError) and why.args else traceback.format_exc()
                print(f"FAILED {full}: {why}\n{place}", flush=True)
            else:
                passed += 1
                print(f"ok {full} ({time.monotonic() - began:.1f} s)", flush=True)
    for name in failed:
        print(f"FAILED {name}")
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or not (passed or skipped) else 0


def root():
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def contains(got, *wanted):
    for text in wanted:
        assert text in got, f"expected: {text}\ngot: {got}"


if __name__ == "__main__":
    sys.exit("run.py runs the tests")

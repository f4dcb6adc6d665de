"""Names scenarios, runs those asked for, and says what failed."""

import argparse
import sys
import time
import traceback

import lan

SCENARIOS = {}


def scenario(function):
    """Those of the program itself, not of what it imports."""
    if function.__module__ == "__main__":
        SCENARIOS[function.__name__] = function
    return function


class Skip(Exception):
    pass


def run(name):
    """0 passed, 1 failed, 77 skipped."""
    started = time.monotonic()
    try:
        SCENARIOS[name]()
    except Skip as why:
        print(f"SKIP: {name}: {why}")
        return lan.SKIPPED
    except lan.Failure as failure:
        print(f"FAILED {name}: {failure}")
        return 1
    except Exception:  # a scenario that breaks must not hide the others
        print(f"FAILED {name}:")
        traceback.print_exc(file=sys.stdout)
        return 1
    print(f"passed {name} ({time.monotonic() - started:.1f} s)", flush=True)
    return 0


def main(doc):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--build", default=None, help="the build tree that holds the programs")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("scenario", nargs="*")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(SCENARIOS))
        return
    if arguments.build:
        import os

        os.environ["BACKFENCE_BUILD_DIR"] = os.path.abspath(arguments.build)
    unknown = [name for name in arguments.scenario if name not in SCENARIOS]
    if unknown:
        parser.error("no such scenario: " + " ".join(unknown))
    codes = [run(name) for name in arguments.scenario or SCENARIOS]
    if all(code == lan.SKIPPED for code in codes):
        sys.exit(lan.SKIPPED)
    sys.exit(1 if 1 in codes else 0)

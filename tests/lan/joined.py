#!/usr/bin/env python3
"""How long from starting to being in the room: a relay on one host, two consoles and the app on
others, all started at once, nobody given an address. Prints one JSON line.

    joined.py [--build DIR] [--starts N] [--fresh] [--no-app]

With --fresh nobody remembers anything; without, the second start and later ones do. The app is started
under Xvfb; it counts as joined when the relay reports its member (a console sees it join).
"""

import argparse
import json
import os
import shutil
import sys

from lan import Failure
from room import Room
from runner import Skip

DISPLAY = ":77"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100) - 1))]


def start_console(room, host, name):
    return room.start(host, "backfence-console", "--json", "--name", name, "--data",
                      f"{room.home(host)}/{name}", name=name)


def await_screen(room):
    """Asks until it answers."""
    for _ in range(200):
        asked = room.start("h4", "env", f"DISPLAY={DISPLAY}", "xdotool", "getdisplaygeometry", name="asks")
        if asked.wait() == 0:
            return
    raise Failure("Xvfb does not start")


def one_start(room, watcher, number, with_app, fresh):
    """Milliseconds from starting to joined, by who."""
    if fresh:
        for host in ("h2", "h3", "h4"):
            for entry in os.listdir(room.home(host)):
                if entry != "Watcher":
                    shutil.rmtree(os.path.join(room.home(host), entry), ignore_errors=True)
    # Who remembers nothing is somebody new, and somebody new of a known name is shown with a suffix.
    ann, bob, app = (f"{name}{number if fresh else ''}" for name in ("Ann", "Bob", "App"))
    mark = watcher.mark()
    started = {}
    started["console 1"] = start_console(room, "h2", ann)
    started["console 2"] = start_console(room, "h3", bob)
    if with_app:
        started["app"] = room.start("h4", "env", f"DISPLAY={DISPLAY}", "SDL_RENDER_DRIVER=software",
                                    room.find("backfence"), "--name", app, name="app")
    took = {}
    for who in ("console 1", "console 2"):
        program = started[who]
        entry = program.await_object("joined", lambda e: e["event"] == "joined", 30)
        took[who] = (entry["at"] - program.started) * 1000
    if with_app:
        entry = watcher.await_object(
            "the app", lambda e: e["event"] == "member" and e["name"] == app and e["change"] == "joined",
            30, mark)
        took["app"] = (entry["at"] - started["app"].started) * 1000
    for who, program in started.items():
        if who == "app":
            program.process.terminate()
            program.wait()
        else:
            program.finish()
    for name in [ann, bob] + ([app] if with_app else []):
        watcher.await_object(
            f"{name} leaves",
            lambda e, name=name: e["event"] == "member" and e["name"] == name and e["change"] == "left",
            30, mark)
    return took


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="")
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--no-app", action="store_true")
    arguments = parser.parse_args()
    os.environ["BACKFENCE_BUILD_DIR"] = os.path.abspath(arguments.build)
    runs = []
    with Room(5) as room:
        with_app = not arguments.no_app and room.has("backfence") and shutil.which("Xvfb") is not None
        if with_app:
            # Its abstract socket is the host's own: the number need not be free outside.
            room.start("h4", "Xvfb", DISPLAY, "-screen", "0", "1280x800x24", "-nolisten", "unix",
                       name="screen")
            await_screen(room)
        room.relay("h1")
        watcher = start_console(room, "h5", "Watcher")
        watcher.await_object("joined", lambda e: e["event"] == "joined", 30)
        for number in range(arguments.starts):
            runs.append(one_start(room, watcher, number, with_app, arguments.fresh))
    slowest = [max(run.values()) for run in runs]
    result = {"measure": "joined", "starts": len(runs), "fresh": arguments.fresh, "app": with_app}
    for who in runs[0]:
        values = [run[who] for run in runs]
        result[who] = {"p50_ms": round(percentile(values, 50)), "p95_ms": round(percentile(values, 95))}
    result["all"] = {"p50_ms": round(percentile(slowest, 50)), "p95_ms": round(percentile(slowest, 95)),
                     "max_ms": round(max(slowest))}
    result["reached"] = result["all"]["p95_ms"] <= 2000
    print(json.dumps(result))


if __name__ == "__main__":
    try:
        main()
    except Skip as why:
        print(f"SKIP: {why}")
        sys.exit(77)
    except Failure as failure:
        print(failure)
        sys.exit(1)

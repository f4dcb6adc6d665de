#!/usr/bin/env python3
"""Kills the relay with SIGKILL again and again while three members write, then counts: whatever was
reported as sent is there exactly once for everybody, everything else once or reported as not sent, and
all see one order. Prints one JSON line; exit code 1 when that does not hold.

    crash.py [--build DIR] [--kills N] [--seed N]
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter

import lan
from lan import Failure
from room import Room
from runner import Skip

NAMES = {"h2": "Ann", "h3": "Bob", "h4": "Cleo"}
PAUSE_S = 0.1  # between two messages of one member, below the limit on its rate
SETTLE_S = 90  # for what is queued at the end


class Writer(threading.Thread):
    """Types one line after another, whatever happens meanwhile."""

    def __init__(self, console, name):
        super().__init__(daemon=True)
        self.console = console
        self.name_shown = name
        self.texts = []
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(PAUSE_S):
            text = f"{self.name_shown} {len(self.texts)}"
            self.console.say(text)
            self.texts.append(text)

    def stop(self):
        self.stopping.set()
        self.join()


def kill_often(room, kills, dice):
    relay = room.relay("h1")
    for _ in range(kills):
        # Not waiting for a condition: the moment of the crash is what is varied.
        time.sleep(dice.uniform(0.05, 1.5))
        relay.kill()
        relay = room.relay("h1")
    return relay


def await_settled(console, texts):
    """Every text is queued, and then sent or refused."""
    deadline = time.monotonic() + SETTLE_S
    with console.changed:
        while True:
            queued = {e["id"]: e["text"] for e in console.objects if e["event"] == "queued"}
            sent = {e["id"] for e in console.objects if e["event"] == "sent"}
            refused = {e["id"] for e in console.objects if e["event"] == "error" and "id" in e}
            if len(queued) == len(texts) and not set(queued) - sent - refused:
                return queued, sent, refused
            left = deadline - time.monotonic()
            if left <= 0:
                return queued, sent, refused
            console.changed.wait(min(left, 0.5))


def heard_by(console):
    return [e for e in console.objects if e["event"] == "message"]


def await_heard(console, wanted):
    console.await_object(
        "all that was sent",
        lambda _: wanted <= {e["id"] for e in heard_by(console)}, SETTLE_S)


def judge(consoles, writers):
    problems = []
    results = {name: await_settled(consoles[name], writers[name].texts) for name in consoles}
    sent = {identity: name for name in consoles for identity in results[name][1]}
    for name, (queued, done, refused) in results.items():
        if sorted(queued.values()) != sorted(writers[name].texts):
            problems.append(f"{name}: {len(writers[name].texts)} typed, {len(queued)} queued")
        lost = set(queued) - done - refused
        if lost:
            problems.append(f"{name}: {len(lost)} neither sent nor refused")
        told = Counter(e["id"] for e in consoles[name].objects if e["event"] == "sent")
        problems += [f"{name}: told {n} times that {i} is sent" for i, n in told.items() if n > 1]
    for name, console in consoles.items():
        wanted = {identity for identity, author in sent.items() if author != name}
        try:
            await_heard(console, wanted)
        except Failure:
            missing = wanted - {e["id"] for e in heard_by(console)}
            problems.append(f"{name}: {len(missing)} of {len(wanted)} never came")
        heard = Counter(e["id"] for e in heard_by(console))
        problems += [f"{name}: heard {i} {n} times" for i, n in heard.items() if n > 1]
    positions = {}
    for console in consoles.values():
        for e in console.objects:
            if e["event"] in ("message", "sent") and e.get("position"):
                positions.setdefault(e["id"], set()).add(e["position"])
    problems += [f"{i} is at {sorted(p)}" for i, p in positions.items() if len(p) > 1]
    return sent, results, problems


def check_newcomer(room, sent):
    """Somebody who was never there goes back to the first message."""
    late = room.console("h5", "Late")
    late.say(f"/history {2 * len(sent) + 100}")
    late.await_object("the history", lambda e: e["event"] == "history", SETTLE_S)
    heard = Counter(e["id"] for e in heard_by(late))
    missing = set(sent) - set(heard)
    problems = [f"Late: {len(missing)} of {len(sent)} are not in the history"] if missing else []
    return problems + [f"Late: heard {i} {n} times" for i, n in heard.items() if n > 1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    os.environ["BACKFENCE_BUILD_DIR"] = os.path.abspath(arguments.build)
    dice = random.Random(arguments.seed)
    with Room(5) as room:
        relay = room.relay("h1")
        consoles = {name: room.console(host, name) for host, name in NAMES.items()}
        relay.kill()
        writers = {name: Writer(console, name) for name, console in consoles.items()}
        for writer in writers.values():
            writer.start()
        started = time.monotonic()
        kill_often(room, arguments.kills, dice)
        for writer in writers.values():
            writer.stop()
        sent, results, problems = judge(consoles, writers)
        problems += check_newcomer(room, sent)
        print(json.dumps({
            "measure": "crash", "seed": arguments.seed, "kills": arguments.kills,
            "seconds": round(time.monotonic() - started),
            "typed": sum(len(writer.texts) for writer in writers.values()), "sent": len(sent),
            "refused": sum(len(refused) for _, _, refused in results.values()),
            "problems": len(problems), "first_problems": problems[:10],
        }))
        sys.exit(1 if problems else 0)


if __name__ == "__main__":
    try:
        main()
    except Skip as why:
        print(f"SKIP: {why}")
        sys.exit(lan.SKIPPED)
    except Failure as failure:
        print(failure)
        sys.exit(1)

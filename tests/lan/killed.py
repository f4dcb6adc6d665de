"""What was told as sent survives anything: the relay is killed again and again while three members write.
KILLS=100 in the environment asks for more than the usual dozen."""

import collections
import os
import random
import threading
import time

from lan import Failure

KILLS = int(os.environ.get("KILLS", "12"))
WRITERS = ("Ann", "Bob", "Cem")


class Writer(threading.Thread):
    """Says numbered lines until told to stop; a little faster than the relay is killed."""

    def __init__(self, console, name):
        super().__init__(daemon=True)
        self.console, self.name, self.stopping = console, name, threading.Event()

    def run(self):
        number = 0
        while not self.stopping.wait(0.03):
            number += 1
            self.console.say(f"{self.name} {number}")


def of(console, event):
    return [entry for entry in list(console.objects) if entry["event"] == event]


def kill_often(room, relay):
    dice = random.Random(KILLS)
    for _ in range(KILLS):
        # Not a wait for something: the moment of the crash is what is random here.
        threading.Event().wait(dice.uniform(0.05, 0.6))
        relay.kill()
        relay = room.relay("h1")


def await_outcomes(console):
    """Every queued message became sent or was told as refused."""
    def settled():
        told = {entry["id"] for entry in of(console, "sent")}
        told |= {entry["id"] for entry in of(console, "error") if "id" in entry}
        return all(entry["id"] in told for entry in of(console, "queued"))

    deadline = time.monotonic() + 60
    mark = console.mark()
    while not settled():
        if time.monotonic() > deadline:
            raise Failure(f"{console.name} still waits for receipts")
        console.await_object("another outcome", lambda entry: entry["event"] in ("sent", "error"), 30, mark)
        mark = console.mark()


def await_all(console, identities):
    seen = set()

    def last_one(entry):
        if entry["event"] == "message":
            seen.add(entry["id"])
        return identities <= seen

    console.await_object("every message that was sent", last_one, 60)


def compare(consoles, sent, queued):
    orders = []
    for console in consoles:
        times = collections.Counter(entry["id"] for entry in of(console, "message"))
        lost = [id for id in sent if times[id] == 0]
        double = [id for id in queued if times[id] > 1]
        if lost or double:
            raise Failure(f"{console.name}: {len(lost)} lost, {len(double)} twice of {len(sent)} sent")
        mark = console.mark()
        console.say("/history 10000")
        console.await_object("the history", lambda entry: entry["event"] == "history", 30, mark)
        orders.append([entry["id"] for entry in console.objects[mark[0]:] if entry.get("history")])
    for console, order in zip(consoles, orders):
        if order != orders[0]:
            raise Failure(f"{console.name} shows another order than {consoles[0].name}")
        if len(order) != len(set(order)) or not sent <= set(order):
            raise Failure(f"{console.name}: the history is not whole")


def play(room):
    relay = room.relay("h1")
    consoles = [room.console(f"h{host}", name) for host, name in enumerate(WRITERS, 2)]
    writers = [Writer(console, name) for console, name in zip(consoles, WRITERS)]
    for writer in writers:
        writer.start()
    kill_often(room, relay)
    for writer in writers:
        writer.stopping.set()
        writer.join()
    for console in consoles:
        await_outcomes(console)
    sent = {entry["id"] for console in consoles for entry in of(console, "sent")}
    queued = {entry["id"] for console in consoles for entry in of(console, "queued")}
    for console in consoles:
        await_all(console, sent)
    compare(consoles, sent, queued)
    print(f"{KILLS} kills, {len(queued)} messages queued, {len(sent)} sent, "
          f"each of those there once for everyone, in one order")

#!/usr/bin/env python3
"""The room without a relay: the apps carry it themselves, on a virtual LAN.

    carried.py [--build DIR] [SCENARIO…]       all of them without a name

TURNS=50 in the environment kills the one that carries the room so often.
"""

import json
import os
import signal
import time

from lan import Failure
from room import (Room, await_joined, await_member, await_message, await_sent, check, check_once, say)
from runner import main, scenario

TURNS = int(os.environ.get("TURNS", "5"))
NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve")


def start(room, host, name):
    return room.console(host, name, joins=False, serve=True)


def start_all(room, count):
    """At once, on h1, h2 …"""
    consoles = [start(room, f"h{number + 1}", NAMES[number]) for number in range(count)]
    for console in consoles:
        await_joined(console)
    return consoles


def key_of(console):
    return next(e["key"] for e in console.objects if e["event"] == "joined")


def place_of(console):
    return [e["place_id"] for e in console.objects if e["event"] == "joined"][-1]


def carrier_of(console):
    """Key of who carries the room, as far as this console has told."""
    told = [e for e in console.objects if "serving" in e and e.get("relay_key")]
    return told[-1]["relay_key"] if told else None


def carries(console):
    return carrier_of(console) == key_of(console)


def await_carrier(consoles, seconds=10):
    """Until all name the same one; it."""
    deadline = time.monotonic() + seconds
    while True:
        keys = {carrier_of(console) for console in consoles}
        if len(keys) == 1 and None not in keys:
            key = keys.pop()
            return next((c for c in consoles if key_of(c) == key), None)
        if time.monotonic() > deadline:
            raise Failure("they do not agree on who carries the room:\n" + "\n".join(
                f"{c.title} {key_of(c)[:8]} says {(carrier_of(c) or '-')[:8]}\n{c.tail(8)}" for c in consoles))
        with consoles[0].changed:
            consoles[0].changed.wait(0.05)


def texts_of(console, since=None):
    """What was said, in the order told by positions of… the log that it has: by its own history."""
    mark = console.mark()
    console.say("/history 10000")
    console.await_object("history", lambda e: e["event"] == "history", 20, mark)
    return [e["text"] for e in console.objects[mark[0]:] if e["event"] == "message"]


def await_same(consoles, count, seconds=10):
    """Until all tell the same history of so many messages."""
    deadline = time.monotonic() + seconds
    while True:
        all_texts = [texts_of(console) for console in consoles]
        if all(texts == all_texts[0] for texts in all_texts) and len(all_texts[0]) == count:
            return
        if time.monotonic() > deadline:
            raise Failure("they do not hold the same:\n" + "\n".join(
                f"{c.name}: {t}" for c, t in zip(consoles, all_texts)))


def milliseconds(console):
    return round((await_joined(console)["at"] - console.started) * 1000)


def report(measure, values):
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * 95 // 100) - 1))]
    print(json.dumps({"measure": measure, "count": len(values), "p50_ms": ordered[len(ordered) // 2],
                      "p95_ms": p95, "max_ms": ordered[-1]}), flush=True)


@scenario
def two_start_together():
    with Room(2) as room:
        ann, bob = start_all(room, 2)
        check(place_of(ann) == place_of(bob), "one place")
        await_carrier([ann, bob])
        say(ann, "hello from Ann", bob)
        say(bob, "hello from Bob", ann)
        ann.say("/msg Bob between us")
        await_message(bob, "between us")


@scenario
def five_start_together():
    with Room(5) as room:
        consoles = start_all(room, 5)
        report("joined without a relay", [milliseconds(console) for console in consoles])
        check(len({place_of(console) for console in consoles}) == 1, "one place")
        await_carrier(consoles)
        for console in consoles:
            say(console, f"hello from {console.title}", *[c for c in consoles if c is not console])


@scenario
def alone_then_others_come():
    with Room(3) as room:
        ann = start(room, "h1", "Ann")
        await_joined(ann)
        say(ann, "is anybody here?")
        bob = start(room, "h2", "Bob")
        await_joined(bob)
        await_message(bob, "is anybody here?")
        say(bob, "yes", ann)
        cleo = start(room, "h3", "Cleo")
        report("joined one that carries", [milliseconds(bob), milliseconds(cleo)])
        await_message(cleo, "yes")


@scenario
def the_one_that_carries_leaves():
    with Room(3) as room:
        consoles = start_all(room, 3)
        first = await_carrier(consoles)
        say(first, "I am off", *[c for c in consoles if c is not first])
        others = [c for c in consoles if c is not first]
        mark = others[0].mark()
        first.say("/quit")
        others[0].say("who is left?")
        await_sent(others[0], "who is left?", 5)
        await_message(others[1], "who is left?", 5)
        check(first.wait() == 0, "exit code")
        await_carrier(others)
        say(others[1], "we are", others[0])
        back = start(room, first.host, first.title)
        await_joined(back)
        await_message(back, "who is left?")
        await_message(back, "we are")
        await_same([back, *others], 3)


@scenario
def the_one_that_carries_is_killed():
    """Again and again; the next message comes within a second, nothing is lost or told twice."""
    took = []
    with Room(5) as room:
        consoles = start_all(room, 5)
        said = 0
        for turn in range(TURNS):
            carrier = await_carrier(consoles, 20)
            others = [c for c in consoles if c is not carrier]
            text = f"turn {turn}"
            carrier.kill()
            began = time.monotonic()
            others[0].say(text)
            for other in others[1:]:
                took.append(round((await_message(other, text, 20)["at"] - began) * 1000))
            if took[-1] > 1000:
                print(f"turn {turn}: {took[-1]} ms\n" + "\n".join(c.name + "\n" + c.tail(12) for c in others))
            identity = await_sent(others[0], text)
            said += 1
            back = start(room, carrier.host, carrier.title)
            consoles[consoles.index(carrier)] = back
            await_joined(back)
            await_message(back, text)
            for console in others[1:]:
                check_once(console, identity)
        await_carrier(consoles, 20)
        await_same(consoles, said)
    report("killed, next message delivered", took)


@scenario
def a_relay_comes_and_goes():
    with Room(4) as room:
        consoles = start_all(room, 3)
        carrier = await_carrier(consoles)
        say(carrier, "before the relay", *[c for c in consoles if c is not carrier])
        relay = room.relay("h4")
        for console in consoles:
            console.await_object("the relay", lambda e: e.get("relay") is True, 20)
        say(consoles[0], "with the relay", *consoles[1:])
        relay.kill()
        say(consoles[1], "without it again", consoles[0], consoles[2])
        await_carrier(consoles)
        marks = [console.mark() for console in consoles]
        room.relay("h4")
        for console, mark in zip(consoles, marks):
            console.await_object("the relay again", lambda e: e.get("relay") is True, 40, mark)
        say(consoles[2], "with it again", *consoles[:2])
        await_same(consoles, 4)


@scenario
def cut_in_two_and_healed():
    with Room(4) as room:
        consoles = start_all(room, 4)
        carrier = await_carrier(consoles)
        say(carrier, "together", *[c for c in consoles if c is not carrier])
        for host in ("h3", "h4"):
            room.verb("split", host)
        for console in consoles:
            console.say(f"{console.title} while apart")
        for console in consoles:
            await_sent(console, f"{console.title} while apart", 30)
        await_message(consoles[1], "Ann while apart", 30)
        await_message(consoles[3], "Cleo while apart", 30)
        for host in ("h3", "h4"):
            room.verb("mend", host)
        healed = time.monotonic()
        for console in consoles:
            for other in consoles:
                if other is not console:
                    await_message(console, f"{other.title} while apart", 30)
        report("healed", [round((time.monotonic() - healed) * 1000)])
        await_carrier(consoles, 20)
        await_same(consoles, 5, 20)


@scenario
def the_cable_of_the_one_that_carries():
    with Room(3) as room:
        consoles = start_all(room, 3)
        carrier = await_carrier(consoles)
        others = [c for c in consoles if c is not carrier]
        room.verb("silence", carrier.host)
        others[0].say("are you there?")
        began = time.monotonic()
        await_message(others[1], "are you there?", 20)
        report("silent, next message delivered", [round((time.monotonic() - began) * 1000)])
        carrier.say("alone here")
        room.verb("mend", carrier.host)
        await_message(carrier, "are you there?", 30)
        await_message(others[0], "alone here", 30)
        await_carrier(consoles, 20)
        await_same(consoles, 2, 20)


@scenario
def no_gateway():
    with Room(2, "--no-gateway") as room:
        ann, bob = start_all(room, 2)
        await_carrier([ann, bob])
        say(ann, "no gateway", bob)
        place = place_of(ann)
        check(place == place_of(bob), "one place")
        for console in (ann, bob):
            console.finish()
        ann, bob = start_all(room, 2)
        await_carrier([ann, bob])
        check(place_of(ann) == place_of(bob) == place, "the same place again")


@scenario
def to_another_network_and_back():
    with Room(2) as room:
        ann, bob = start_all(room, 2)
        say(ann, "at home", bob)
        home = place_of(ann)
        mark = bob.mark()
        room.verb("split", "h2")
        room.verb("renumber", "h2")
        bob.await_object("another place on another network",
                         lambda e: e["event"] == "joined" and e["place_id"] != home, 20, mark)
        check("at home" not in texts_of(bob), "history of home is told elsewhere")


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""A long history: what somebody new sees of it, and somebody who comes back.

    history.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import json
import re
import signal

from lan import Failure
from room import Room, await_joined, await_sent, check
from runner import main, scenario

LONG = 10000
MISSED = 5000
PAGE = 200
ADDRESS = "10.77.0.11:7667"


class Archive(Room):
    """A room whose relay has a long log before it starts."""

    def fill(self, first, last):
        fill = self.start("h1", "fill", f"{self.home('h1')}/relay", str(first), str(last))
        if fill.wait(120) != 0:
            raise Failure("the log was not filled:\n" + fill.tail())

    def visitor(self, name, *arguments):
        return self.console("h2", name, "--connect", ADDRESS, "--no-mdns", *arguments, joins=False)


def number_of(entry):
    found = entry["event"] == "message" and re.fullmatch(r"message (\d+)", entry["text"])
    return int(found[1]) if found else 0


def numbers(objects):
    """N of each "message N" told, in the order told."""
    return [number_of(entry) for entry in objects if number_of(entry)]


def await_number(console, number, seconds=60):
    return console.await_object(f"message {number}", lambda e: number_of(e) == number, seconds)


def milliseconds(console, entry):
    return round((entry["at"] - console.started) * 1000)


def await_all(console, first, last, seconds=60):
    """All of them told, and nothing twice; the entry that came last of them."""
    missing = set(range(first, last + 1))

    def completes(entry):
        missing.discard(number_of(entry))
        return not missing

    try:
        entry = console.await_object("all of it", completes, seconds)
    except Failure:
        raise Failure(f"{len(missing)} messages were not told, such as {sorted(missing)[:3]}") from None
    told = numbers(console.objects)
    check(len(told) == len(set(told)), f"{len(told) - len(set(told))} messages were told twice")
    return entry


def check_last_page(console):
    """When joining is told, so was the newest page, and nothing older was waited for."""
    joined = await_joined(console)
    told = numbers(console.objects[:console.objects.index(joined)])
    check(told == list(range(LONG + 1 - len(told), LONG + 1)), f"the page holds {told[:3]} … {told[-3:]}")
    check(PAGE / 2 < len(told) <= PAGE, f"the page holds {len(told)}")
    return joined


def check_history_command(console):
    mark = console.mark()
    console.say(f"/history {LONG}")
    console.await_object("the end", lambda e: e["event"] == "history" and e["count"] >= LONG, 60, mark)
    told = numbers(e for e in console.objects[mark[0]:] if e.get("history"))
    check(told == list(range(1, LONG + 1)), f"/history tells {len(told)}: {told[:3]} … {told[-3:]}")


@scenario
def somebody_new_sees_the_last_page_and_goes_back_to_the_first():
    with Archive(2, "--no-avahi") as room:
        room.fill(1, LONG)
        room.relay("h1", "--no-mdns")
        ann = room.visitor("Ann")
        joined = check_last_page(ann)
        first = await_all(ann, 1, LONG)
        check_history_command(ann)
        print(json.dumps({"measure": "history", "messages": LONG,
                          "first_page_ms": milliseconds(ann, joined),
                          "back_to_first_ms": milliseconds(ann, first)}))
        check(ann.finish() == 0, "exit code")


@scenario
def somebody_who_comes_back_gets_what_was_missed_once():
    with Archive(2, "--no-avahi") as room:
        room.fill(1, LONG)
        relay = room.relay("h1", "--no-mdns")
        ann = room.visitor("Ann")
        await_all(ann, 1, LONG)
        check(ann.finish() == 0, "exit code")
        relay.signal(signal.SIGTERM)
        relay.wait()
        room.fill(LONG + 1, LONG + MISSED)
        room.relay("h1", "--no-mdns")

        ann = room.visitor("Ann")
        joined = await_joined(ann)
        last = await_all(ann, LONG + 1, LONG + MISSED)
        check(min(numbers(ann.objects)) == LONG + 1, "something is told that was told before")
        print(json.dumps({"measure": "missed", "messages": MISSED,
                          "first_page_ms": milliseconds(ann, joined),
                          "all_ms": milliseconds(ann, last)}))
        check(ann.finish() == 0, "exit code")

        ann = room.visitor("Ann")
        await_joined(ann)
        ann.say("nothing missed")
        await_sent(ann, "nothing missed")
        check(not numbers(ann.objects), "something is told that was told before")
        check(ann.finish() == 0, "exit code")


@scenario
def somebody_who_left_while_reading_back_goes_on_where_it_was():
    """Killed in the middle of the history, three times; in the end it holds all, in order."""
    with Archive(2, "--no-avahi") as room:
        room.fill(1, LONG)
        room.relay("h1", "--no-mdns")
        for reached in (9000, 6000, 3000):
            ann = room.visitor("Ann")
            await_number(ann, reached)
            ann.kill()
        ann = room.visitor("Ann")
        await_number(ann, 1)
        check_history_command(ann)
        check(ann.finish() == 0, "exit code")


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Relay programs on a network: taking a place over, two of one place, two places.

    relays.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import shlex

from room import Room, check
from runner import main, scenario


class Relays(Room):
    """A LAN where relay programs start as somebody starts them first: without a name."""

    def bare_relay(self, host, *arguments, data="relay"):
        relay = self.start(host, "backfence-relay", "serve", "--data", f"{self.home(host)}/{data}",
                           *arguments, name="relay")
        await_event(relay, "listening")
        return relay


def fields(line):
    """Of a line of the relay's log."""
    return dict(part.split("=", 1) for part in shlex.split(line) if "=" in part)


def await_event(relay, event, seconds=20, after=(0, 0)):
    return fields(relay.await_line(event, lambda line: f" event={event}" in line + " ", seconds, after))


@scenario
def a_first_start_takes_the_place_that_is_announced():
    with Relays(3) as room:
        probe = room.start("h3", "probe", "announce", "0123456789abcdef", "Attic", "7669", "app")
        probe.await_object("announced", lambda e: e["event"] == "announcer" and e["state"] == "announced")
        place = await_event(room.bare_relay("h1"), "place")
        check(place["from"] == "announced" and place["name"] == "Attic", place)
        check(place["place"] == "0" * 32, place)
        second = await_event(room.bare_relay("h2", "--new-place", "Cellar"), "place")
        check(second["from"] == "new" and second["name"] == "Cellar", second)
        check(second["place"] != place["place"], second)
        finder = room.start("h3", "probe", "find")
        for name in ("Attic", "Cellar"):
            finder.await_object(name, lambda e, name=name: any(
                c["name"] == name and c["role"] == "relay" for c in e.get("candidates", [])))


@scenario
def a_first_start_where_nothing_is_announced_takes_that_of_the_gateway():
    with Relays(1) as room:
        relay = room.bare_relay("h1")
        first = await_event(relay, "place")
        check(first["from"] == "gateway", first)
        relay.process.terminate()
        check(relay.wait() == 0, "exit code")
        second = await_event(room.bare_relay("h1"), "place")
        check(second["from"] == "kept" and second["place"] == first["place"], second)


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Relay programs on a network: taking a place over, two of one place, two places.

    relays.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import shlex

from room import (Room, await_candidates, await_joined, await_member, await_message, await_sent, check,
                  check_once, say)
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


def start_two(room):
    """Both keep one place; the one that serves and the one in reserve, by their keys, each with its host."""
    first = room.bare_relay("h1", "--name", "Home")
    await_event(first, "announced")
    second = room.bare_relay("h2")
    place = await_event(second, "place")
    check(place["from"] == "announced" and place["name"] == "Home", place)
    pair = [(first, "h1"), (second, "h2")]
    winner, loser = sorted(pair, key=lambda one: await_event(one[0], "listening")["key"])
    await_event(loser[0], "following")
    await_event(loser[0], "level")
    return winner, loser


@scenario
def of_two_one_follows_and_serves_when_the_other_is_gone():
    with Relays(4) as room:
        (winner, home), (loser, _) = start_two(room)
        ann = room.console("h3", "Ann")
        bob = room.console("h4", "Bob")
        say(ann, "while both are there", bob)
        winner.kill()
        await_event(loser, "serving-again")
        say(ann, "one of them is gone", bob)
        mark = loser.mark()
        winner = room.bare_relay(home)
        await_event(loser, "following", after=mark)
        await_event(loser, "level", after=mark)
        say(bob, "it is back", ann)
        carl = room.console("h3", "Carl")
        for text in ("while both are there", "one of them is gone", "it is back"):
            await_message(carl, text)
        winner.process.terminate()
        check(winner.wait() == 0, "exit code")
        await_event(loser, "serving-again", after=mark)
        say(ann, "it left", bob, carl)


def place_of(console):
    """The last one joined; ends the console."""
    place = [e["place_id"] for e in console.objects if e["event"] == "joined"][-1]
    check(console.finish() == 0, "exit code")
    return place


@scenario
def a_place_that_was_chosen_is_gone_back_to():
    """Also when another was joined in between, because it was all there was."""
    with Relays(3) as room:
        relays = [room.bare_relay("h1"), room.bare_relay("h2", "--new-place", "Cellar")]
        places = [await_event(relay, "place")["place"] for relay in relays]
        ann = room.console("h3", "Ann")
        chosen = 1 - places.index(await_joined(ann)["place_id"])
        host, mark = f"h{chosen + 1}", ann.mark()
        ann.say(f"/connect {room.verb('address', host)}")
        await_joined(ann, after=mark)
        check(place_of(ann) == places[chosen], "the place of the address")
        check(place_of(room.console("h3", "Ann")) == places[chosen], "the place that was chosen")
        relays[chosen].process.terminate()
        check(relays[chosen].wait() == 0, "exit code")
        check(place_of(room.console("h3", "Ann")) == places[1 - chosen], "the only place")
        room.bare_relay(host)
        await_candidates(room, "h3", 2)
        check(place_of(room.console("h3", "Ann")) == places[chosen], "the place that was chosen")


@scenario
def a_direct_waits_in_reserve_for_its_reader():
    with Relays(4) as room:
        (winner, _), (loser, _) = start_two(room)
        ann = room.console("h3", "Ann")
        bob = room.console("h4", "Bob")
        await_member(ann, "Bob", "joined")
        bob.say("/quit")
        check(bob.wait() == 0, "exit code")
        await_member(ann, "Bob", "left")
        ann.say("/msg Bob for when you are back")
        await_sent(ann, "for when you are back")
        check(ann.finish() == 0, "exit code")
        winner.kill()
        await_event(loser, "serving-again")
        bob = room.console("h4", "Bob")
        heard = await_message(bob, "for when you are back")
        check("direct" in heard and heard["from"] == "Ann", heard)
        check_once(bob, heard["id"])


def await_joined_relay(console, mark):
    console.await_object("the relay", lambda e: e["event"] == "joined" and e["relay"], after=mark)


@scenario
def a_fresh_relay_takes_over_what_the_apps_carried():
    with Relays(4) as room:
        ann = room.console("h3", "Ann", serve=True)
        bob = room.console("h4", "Bob", serve=True)
        said = [f"without a relay {n}" for n in range(20)]
        for text in said:
            say(ann, text, bob)
        mark = ann.mark(), bob.mark()
        relay = room.bare_relay("h1")
        place = await_event(relay, "place")
        check(place["from"] == "announced", place)
        for console, before in zip((ann, bob), mark):
            await_joined_relay(console, before)
        say(bob, "with a relay", ann)
        carl = room.console("h2", "Carl", serve=True)
        for text in said + ["with a relay"]:
            check_once(carl, await_message(carl, text)["id"])
        relay.kill()
        say(ann, "it is gone again", bob, carl)
        mark = ann.mark(), bob.mark(), carl.mark()
        room.bare_relay("h1")
        for console, before in zip((ann, bob, carl), mark):
            await_joined_relay(console, before)
        say(carl, "it is back", ann, bob)


if __name__ == "__main__":
    main(__doc__)

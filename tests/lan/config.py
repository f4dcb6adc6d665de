#!/usr/bin/env python3
"""The relay's configuration on a virtual LAN: mistakes, reading it again, who is let in by it, and the doctor.

    config.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import signal

from commands import Ruled, await_told
from relays import await_event
from room import await_member, check, say
from runner import main, scenario


class Configured(Ruled):
    """Keeps h1's configuration file."""

    def path(self, name="relay.conf"):
        return f"{self.home('h1')}/{name}"

    def write(self, text, name="relay.conf"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def configured_relay(self, *arguments):
        return self.relay("h1", "--config", self.path(), *arguments)

    def reload(self, relay, text, told="reloaded"):
        self.write(text)
        count = (0, len(relay.lines))
        relay.signal(signal.SIGHUP)
        relay.await_line(told, lambda line: f"event={told}" in line, 20, count)


@scenario
def mistakes_are_told_by_line():
    with Configured(1) as room:
        room.write("[relay]\nprot = 7667\n\n[limits]\nrate = many\n")
        text = room.ask("check", room.path(), code=78)
        check("relay.conf:2: [relay] knows no prot; did you mean port?" in text, text)
        check("relay.conf:5: rate has to be a number" in text, text)
        answer = room.ask_json("check", room.path(), code=78)
        check(not answer["ok"] and len(answer["faults"]) == 2, answer)
        text = room.ask("serve", "--config", room.path(), code=64)
        check("did you mean port?" in text, text)
        room.write("[relay]\nport = 7700\n")
        check("is fine" in room.ask("check", room.path()), "fine")
        relay = room.configured_relay()
        check(any("port=7700" in line for line in relay.lines), relay.tail())


@scenario
def read_again_all_or_nothing():
    with Configured(3) as room:
        room.write("[limits]\nmembers = 2\n")
        relay = room.configured_relay()
        await_event(relay, "announced")
        ann = room.console("h2", "Ann")
        room.reload(relay, "[limits]\nmembers = 1\nrate = 0\n", told="config-fault")
        bob = room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        say(ann, "both are here", bob)
        room.reload(relay, "[limits]\nmembers = 1\n[history]\ndays = 30\n")
        bob.say("/quit")
        bob.wait()
        room.reload(relay, "[limits]\nmembers = 2\n[history]\ndays = 30\n")
        bob = room.console("h3", "Bob")
        await_told(bob, "30 days")
        say(bob, "back", ann)


@scenario
def who_is_on_the_list():
    with Configured(3) as room:
        room.write("")
        relay = room.configured_relay()
        await_event(relay, "announced")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        keys = {member["name"]: member["key"] for member in room.ask_json("who")["members"]}
        room.write(f"{keys['Ann']} Ann's laptop\n", "members")
        room.reload(relay, "[admission]\nmode = keys\nkeys-file = members\n")
        await_told(bob, "list")
        await_member(ann, "Bob", "left")
        check(room.ask_json("status")["admission"] == "keys", "status")
        room.write(f"{keys['Ann']}\n{keys['Bob']}\n", "members")
        room.reload(relay, "[admission]\nmode = keys\nkeys-file = members\n")
        bob.signal(signal.SIGTERM)
        bob.wait()
        bob = room.console("h3", "Bob")
        say(bob, "let in again", ann)


@scenario
def the_doctor():
    with Configured(2) as room:
        text = room.ask("doctor", code=1)
        check("Start it: backfence-relay serve" in text, text)
        relay = room.relay("h1")
        await_event(relay, "announced")
        answer = room.ask_json("doctor")
        grades = {finding["subject"]: finding["grade"] for finding in answer["findings"]}
        check(answer["ok"] and grades["relay"] == grades["mdns"] == grades["network"] == "fine", answer)
        room.verb("kill-avahi", "h1")
        answer = room.ask_json("doctor", code=1)
        mdns = [finding for finding in answer["findings"] if finding["subject"] == "mdns"]
        check(mdns[0]["grade"] == "fault" and "avahi" in mdns[0]["advice"].lower(), answer)


if __name__ == "__main__":
    main(__doc__)

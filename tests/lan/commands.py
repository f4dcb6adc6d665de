#!/usr/bin/env python3
"""The commands of a running relay on a virtual LAN: what they answer, and what those see whom they concern.

    commands.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import json
import re
import signal

from relays import await_event
from room import Room, await_joined, await_member, check, say
from runner import main, scenario

COMMANDS = ("serve check status who rooms announce kick ban unban bans mute unmute rename motd admin backup "
            "restore").split()
STRANGER = "ab" * 32


class Ruled(Room):
    """A LAN whose relay is on h1."""

    def ask(self, *words, code=0, data="relay"):
        """What the command prints; it must end with this exit code."""
        asked = self.start("h1", "backfence-relay", *words, "--data", f"{self.home('h1')}/{data}",
                           name=" ".join(words)[:40])
        ended = asked.wait()
        check(ended == code, f"{words}: exit code {ended}, not {code}:\n{asked.tail()}")
        return "\n".join(asked.lines)

    def ask_json(self, *words, code=0):
        text = self.ask(*words, "--json", code=code)
        check(len(text.split("\n")) == 1, f"{words}: more than one line: {text}")
        return json.loads(text)

    def refused(self, word, *words, code=1):
        """Said for people in one line, and for programs with this word."""
        text = self.ask(*words, code=code)
        check(text.startswith("backfence-relay: ") and "\n" not in text, text)
        answer = self.ask_json(*words, code=code)
        check(not answer["ok"] and answer["code"] == word, answer)
        return answer["text"]


def await_told(console, part, seconds=20, after=(0, 0)):
    """Anything that the console tells with this in it."""
    return console.await_object(
        f"to be told “{part}”",
        lambda e: any(isinstance(value, str) and part in value for value in e.values()), seconds, after)


def await_gone(room, name):
    """Until the relay does not count them any more."""
    for _ in range(100):
        if all(member["name"] != name for member in room.ask_json("who")["members"]):
            return
    check(False, f"{name} is still here")


@scenario
def status_who_and_rooms():
    with Ruled(3) as room:
        await_event(room.relay("h1"), "announced")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        say(ann, "hello", bob)
        status = room.ask_json("status")
        check(status["name"] == "Home" and status["here"] == 2 and status["known"] == 2, status)
        check(status["mdns"] == "announced" and status["admission"] == "open" and status["serving"], status)
        check(any(room.verb("address", "h1") in address for address in status["addresses"]), status)
        check(status["events"] >= 3 and status["log_bytes"] > 0 and status["free_bytes"] > 0, status)
        text = room.ask("status")
        check("2 here, 2 known" in text and "Home" in text, text)
        members = room.ask_json("who")["members"]
        check([member["name"] for member in members] == ["Ann", "Bob"], members)
        check(all(member["presence"] == "online" and member["role"] == "member" for member in members), members)
        check(members[1]["address"] == room.verb("address", "h3"), members)
        bob.say("/away")
        await_member(ann, "Bob", "away")
        text = room.ask("who")
        check(re.search(r"^Bob +away ", text, re.M), text)
        check(bob.finish() == 0, "exit code")
        await_member(ann, "Bob", "left")
        check("Bob" not in room.ask("who") and "Bob" in room.ask("who", "--all"), "those who are not here")
        rooms = room.ask_json("rooms")["rooms"]
        check(rooms == [{"name": "general", "topic": "", "messages": 1}], rooms)
        check("#general" in room.ask("rooms"), "rooms")


@scenario
def wrong_words_and_no_relay():
    with Ruled(1) as room:
        for command in COMMANDS:
            check(room.ask(command, "--help").startswith("Usage:"), command)
        listed = room.ask("--help")
        check(all(f"\n  {command} " in listed for command in COMMANDS), listed)
        for words in ([], ["nothing"], ["status", "more"], ["who", "x"], ["who", "--no-such"], ["bans", "x"],
                      ["kick"], ["ban"], ["unban"], ["unban", "a", "b"], ["mute"], ["unmute"], ["announce"],
                      ["rename"], ["admin", "a", "b"], ["serve", "x"], ["serve", "--port", "many"],
                      ["serve", "--name", "\u200b"]):
            text = room.ask(*words, code=64)
            check("\n" not in text and text.startswith("backfence-relay: "), text)
        for words in (["status"], ["who"], ["ban", "Ann"], ["admin", "--code"]):
            text = room.refused("not-running", *words, code=69)
            check("backfence-relay serve" in text, text)
        room.relay("h1")
        for word, words, code in (
                ("no-such-member", ["kick", "Nobody"], 1), ("no-such-member", ["ban", "Nobody", "1d"], 1),
                ("no-such-member", ["unban", "Nobody"], 1), ("no-such-member", ["mute", "abababab"], 1),
                ("not-banned", ["unban", STRANGER], 1), ("not-muted", ["unmute", STRANGER], 1),
                ("not-here", ["kick", STRANGER], 1), ("no-address", ["ban", STRANGER, "--address"], 1),
                ("usage", ["ban", STRANGER, "5", "why"], 64), ("usage", ["mute", STRANGER, "0m"], 64),
                ("usage", ["rename", "\u200b"], 64), ("usage", ["announce", " "], 64),
                ("usage", ["announce", "x" * 2000], 64), ("usage", ["admin", "--remove"], 64),
                ("usage", ["admin", "--code", STRANGER], 64), ("no-admin", ["admin", "--remove", STRANGER], 1),
                ("usage", ["motd", "--remove", "x"], 64)):
            room.refused(word, *words, code=code)
        check(room.ask_json("status")["events"] == 0, "something was done")
        keeper = room.ask_json("status")["key"]
        room.refused("refused", "ban", keeper)


@scenario
def kicked_banned_and_let_in_again():
    with Ruled(3) as room:
        room.relay("h1")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        answer = room.ask_json("ban", "Bob", "1d", "spam")
        check(answer["until_ms"] > 0 and len(answer["member"]) == 64, answer)
        bans = room.ask_json("bans")
        check([ban["name"] for ban in bans["bans"]] == ["Bob"] and bans["bans"][0]["why"] == "spam", bans)
        check("banned" in room.ask("bans") and "spam" in room.ask("bans"), "bans")
        bob.finish()
        bob = room.console("h3", "Bob", joins=False)
        await_told(bob, "spam")
        check(not any(e["event"] == "joined" for e in bob.objects), "a banned one joined")
        bob.finish()
        check("Bob" in room.ask("unban", "Bob"), "unban")
        check(room.ask("bans") == "Nobody is banned or muted.", "bans")
        room.refused("not-banned", "unban", "Bob")
        bob = room.console("h3", "Bob")
        say(bob, "here again", ann)
        mark = bob.mark()
        room.ask("ban", "Bob", "for", "good")
        await_told(bob, "for good", after=mark)
        await_gone(room, "Bob")
        room.ask("unban", "Bob")
        bob.finish()
        bob = room.console("h3", "Bob")
        mark = ann.mark()
        answer = room.ask_json("kick", "bob", "too", "loud")
        check("Bob" in answer["text"] and answer["why"] == "too loud", answer)
        await_told(bob, "too loud")
        await_member(ann, "Bob", "left", after=mark)
        await_gone(room, "Bob")
        room.refused("not-here", "kick", "Bob")
        bob.finish()
        bob = room.console("h3", "Bob", joins=False)
        await_told(bob, "may come back in")


@scenario
def a_muted_one_reads():
    with Ruled(3) as room:
        room.relay("h1")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        check("Bob" in room.ask("mute", "Bob", "10m", "calm down"), "mute")
        mutes = room.ask_json("bans")["mutes"]
        check([mute["name"] for mute in mutes] == ["Bob"] and mutes[0]["until_ms"] > 0, mutes)
        who = {member["name"]: member for member in room.ask_json("who")["members"]}
        check(who["Bob"]["muted"]["why"] == "calm down" and "muted" not in who["Ann"], who)
        say(ann, "do you hear me", bob)
        mark = bob.mark()
        bob.say("no")
        told = await_told(bob, "muted", after=mark)
        check("calm down" in json.dumps(told), told)
        room.ask("unmute", "Bob")
        say(bob, "yes", ann)
        check(not any(e["event"] == "message" and e["text"] == "no" for e in ann.objects), "it was said")


@scenario
def an_address_is_banned_with_its_member():
    with Ruled(3) as room:
        relay = room.relay("h1")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        dora = room.console("h3", "Dora")
        await_member(ann, "Dora", "joined")
        answer = room.ask_json("ban", "Bob", "1h", "spam", "--address")
        check(answer["address"] == room.verb("address", "h3"), answer)
        await_gone(room, "Bob")
        await_gone(room, "Dora")
        check(room.ask_json("bans")["bans"][0]["addresses"] == answer["address"], "bans")
        bob.finish()
        dora.finish()
        relay.signal(signal.SIGTERM)
        check(relay.wait() == 0, "exit code")
        room.relay("h1")
        await_joined(ann, after=ann.mark())
        carl = room.console("h3", "Carl", joins=False)
        await_told(carl, "ban")
        carl.finish()
        room.ask("unban", "Bob")
        carl = room.console("h3", "Carl")
        say(carl, "now I may", ann)


@scenario
def announced_motd_and_renamed():
    with Ruled(3) as room:
        relay = room.relay("h1")
        ann = room.console("h2", "Ann")
        room.ask("announce", "the relay rests", "at noon")
        await_told(ann, "the relay rests at noon")
        check("be kind" in room.ask("motd", "be", "kind"), "motd")
        check(room.ask("motd") == "be kind", "motd")
        bob = room.console("h3", "Bob")
        await_told(bob, "be kind")
        check(bob.finish() == 0, "exit code")
        room.ask("motd", "--remove")
        check(room.ask_json("motd")["motd"] == "", "motd")
        check("Cellar 2" in room.ask("rename", "Cellar", "2"), "rename")
        await_event(relay, "renamed")
        check(room.ask_json("status")["name"] == "Cellar 2", "status")
        bob = room.console("h3", "Bob", joins=False)
        check(await_joined(bob)["place"] == "Cellar 2", "the name that a member sees")
        relay.signal(signal.SIGTERM)
        check(relay.wait() == 0, "exit code")
        relay = room.start("h1", "backfence-relay", "serve", "--data", f"{room.home('h1')}/relay", name="relay")
        check((await_event(relay, "place"))["name"] == "Cellar 2", "the name is kept")


@scenario
def admins_by_name_and_by_code():
    with Ruled(3) as room:
        relay = room.relay("h1")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        check([a["role"] for a in room.ask_json("admin")["admins"]] == ["keeper"], "the relay alone")
        room.ask("admin", "Bob")
        roles = {a["name"]: a["role"] for a in room.ask_json("admin")["admins"]}
        check(roles["Bob"] == "admin" and "Ann" not in roles, roles)
        room.refused("admin-already", "admin", "Bob")
        room.ask("admin", "--remove", "Bob")
        check("Bob" not in room.ask("admin"), "no admin any more")
        code = room.ask_json("admin", "--code")["code"]
        ann.say("/claim 2222-2222")
        await_told(ann, "not the code")
        mark = ann.mark()
        ann.say(f"/claim {code.lower()}")
        await_told(ann, "You are an admin of this place now", after=mark)
        roles = {a["name"]: a["role"] for a in room.ask_json("admin")["admins"]}
        check(roles["Ann"] == "admin", roles)
        mark = bob.mark()
        bob.say(f"/claim {code}")
        await_told(bob, "not the code", after=mark)
        mark = bob.mark()
        ann.say("/mute Bob 10m from the chat")
        await_told(bob, "from the chat", after=mark)
        check(room.ask_json("bans")["mutes"][0]["by"] == "Ann", "who did it")
        relay.kill()


@scenario
def the_first_start_is_told():
    with Ruled(2) as room:
        relay = room.relay("h1", "--verbose")
        address = room.verb("address", "h1")
        for part in ("“Home”", f"{room.home('h1')}/relay", f"{address}:7667", "everybody on this network",
                     f"/connect {address}:7667", "7667", "backup DIRECTORY"):
            relay.await_line(part, lambda line, part=part: part in line)
        code = relay.await_line("a code", lambda line: "/claim " in line).split("/claim ")[1].split()[0]
        ann = room.console("h2", "Ann")
        ann.say(f"/claim {code}")
        await_told(ann, "You are an admin of this place now")
        mark = relay.mark()
        relay.signal(signal.SIGUSR1)
        relay.await_line("its state", lambda line: line == "level=info event=state here=1", after=mark)
        relay.await_line("all of it", lambda line: line == "level=info event=state mdns=announced", after=mark)
        relay.signal(signal.SIGTERM)
        check(relay.wait() == 0, "exit code")
        check(not any(code in line and line.startswith("level=") for line in relay.lines), "the code in the log")
        relay = room.relay("h1", "--verbose")
        relay.await_line("its name", lambda line: line.startswith("Backfence keeps the place “Home” at "))
        check(not any("/claim" in line for line in relay.lines), "it has an admin")


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Moderation from the chat on a virtual LAN: what admins may do and others may not, what those see whom it
concerns, and that it holds wherever the room is carried.

    moderation.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import json

from carried import await_carrier
from room import Room, await_joined, await_member, await_message, check, say
from runner import main, scenario


def new_code(room):
    asked = room.start("h1", "backfence-relay", "admin", "--code", "--json", "--data", f"{room.home('h1')}/relay",
                       name="admin --code")
    check(asked.wait() == 0, asked.tail())
    return json.loads(asked.lines[-1])["code"]


def await_act(console, act, seconds=20, after=(0, 0), **fields):
    """An act of moderation that was told, with these fields."""
    return console.await_object(
        f"the act {act} {fields}",
        lambda e: e["event"] in ("moderation", "announcement", "topic", "sent") and e.get("act") == act
        and all(e.get(key) == value for key, value in fields.items()), seconds, after)


def await_error(console, code, part="", seconds=20, after=(0, 0)):
    return console.await_object(
        f"the error {code} “{part}”",
        lambda e: e["event"] == "error" and e["code"] == code and part in e["text"], seconds, after)


def await_barred(console, code, part="", seconds=20, after=(0, 0)):
    return console.await_object(
        f"to be {code} “{part}”",
        lambda e: e["event"] == "barred" and e["code"] == code and part in e["text"], seconds, after)


def await_rules(console, seconds=20, after=(0, 0), **fields):
    return console.await_object(
        f"rules with {fields}",
        lambda e: e["event"] == "rules" and all(e.get(key, False) == value for key, value in fields.items()),
        seconds, after)


def claim(room, console):
    console.say(f"/claim {new_code(room)}")
    await_error(console, "claim", "admin")
    await_rules(console, admin=True)


def does(admin, line, act, *others, seconds=20, **fields):
    """The admin types it, it is kept, and all others are told."""
    marks = [console.mark() for console in (admin, *others)]
    admin.say(line)
    for console, mark in zip((admin, *others), marks):
        told = await_act(console, act, seconds, mark, **fields)
    return told


def who_of(console):
    mark = console.mark()
    console.say("/who")
    who = console.await_object("who", lambda e: e["event"] == "who", after=mark)
    return {member["name"]: member for member in who["members"]}


@scenario
def an_admin_does_everything():
    with Room(4) as room:
        room.relay("h1")
        ann, bob, cleo = (room.console(f"h{i + 2}", name) for i, name in enumerate(("Ann", "Bob", "Cleo")))
        for name in ("Bob", "Cleo"):
            await_member(ann, name, "joined")
        claim(room, ann)
        told = await_act(bob, "grant", role="admin", name="Ann")
        check(told.get("by_relay") and told["text"] == "The relay made Ann an admin", told)
        check(who_of(bob)["Ann"].get("admin") and not who_of(bob)["Bob"].get("admin"), who_of(bob))

        told = does(ann, "/announce Tea at five", "announce", bob, cleo)
        check(told["event"] == "announcement" and told["text"] == "Tea at five", told)
        told = does(ann, "/topic Boats and fish", "topic", bob, cleo)
        check(told["text"] == "Ann changed the topic: Boats and fish", told)
        does(ann, "/motd Be kind", "motd", bob, reason="Be kind")
        does(ann, "/rename Harbour", "rename", bob)
        await_rules(bob, place="Harbour", motd="Be kind", topic="Boats and fish")

        told = does(ann, "/mute Bob 10m too loud", "mute", bob, cleo)
        check(told["text"] == "Ann muted Bob for 10 minutes: too loud" and told["reason"] == "too loud", told)
        check(any(e.get("text") == "Ann muted you for 10 minutes: too loud" for e in bob.objects), "not told plainly")
        await_rules(bob, muted=True)
        mark = bob.mark()
        bob.say("but")
        await_error(bob, "not-allowed", "You are muted until", after=mark)
        bob.say("/msg Ann please")  # privately
        await_message(ann, "please")
        check(who_of(cleo)["Bob"].get("muted"), "who does not say it")
        does(ann, "/unmute Bob", "unmute", bob, cleo)
        say(bob, "thanks", ann, cleo)

        does(ann, "/admin Bob", "grant", bob, cleo, role="admin")
        does(bob, "/announce Me too", "announce", ann)
        does(ann, "/admin -Bob", "grant", bob, cleo, role="member")
        mark = bob.mark()
        bob.say("/announce Once more")
        await_error(bob, "not-allowed", "Only admins may do this.", after=mark)

        does(ann, "/kick Bob calm down", "kick", cleo)
        await_barred(bob, "kicked", "calm down")
        does(ann, "/ban Cleo 1d spam", "ban", reason="spam")
        told = await_barred(cleo, "banned", "spam")
        check(cleo.finish() == 0, "exit code")
        cleo = room.console("h4", "Cleo", joins=False)
        await_barred(cleo, "banned", "spam")
        check(not any(e["event"] == "joined" for e in cleo.objects), "a banned one joined")
        cleo.finish()
        does(ann, "/unban Cleo", "unban")
        cleo = room.console("h4", "Cleo")
        joined = await_joined(cleo)
        check(joined["place"] == "Harbour" and joined["motd"] == "Be kind", joined)
        check(joined["topic"] == "Boats and fish", joined)
        does(ann, "/motd -", "motd", cleo)
        does(ann, "/topic -", "topic", cleo)
        await_rules(cleo, motd="", topic="")


WRONG = (  # what is typed, the word of the error, part of the sentence
    ("/announce", "usage", "/announce TEXT"),
    ("/announce " + "x" * 2000, "not-possible", "1024"),
    ("/kick", "usage", "/kick NAME"),
    ("/kick Nobody", "no-such-member", "Nobody"),
    ("/kick Ann", "not-possible", "yourself"),
    ("/ban", "usage", "/ban NAME"),
    ("/ban Ann", "not-possible", "yourself"),
    ("/ban Bob 5", "usage", "30s, 10m, 2h, 1d or 2w"),
    ("/ban Bob 5x spam", "usage", "30s, 10m, 2h, 1d or 2w"),
    ("/ban Bob 0m", "usage", "30s, 10m, 2h, 1d or 2w"),
    ("/mute Bob 99999d", "usage", "ten years"),
    ("/mute", "usage", "/mute NAME"),
    ("/mute Nobody 5m", "no-such-member", "Nobody"),
    ("/unban Bob", "not-possible", "Bob is not banned."),
    ("/unmute Bob", "not-possible", "Bob is not muted."),
    ("/unmute", "usage", "/unmute NAME"),
    ("/rename", "usage", "/nick"),
    ("/rename \u200b", "not-possible", "name"),
    ("/topic " + "x" * 600, "not-possible", "512"),
    ("/claim", "usage", "/claim CODE"),
    ("/claim one two", "usage", "/claim CODE"),
    ("/claim 2222-2222", "claim", "already"),
    ("/admin Nobody", "no-such-member", "Nobody"),
    ("/admin -", "usage", "/admin NAME"),
    ("/admin Ann", "not-possible", "admin already"),
    ("/admin -Bob", "not-possible", "no admin"),
)
NOT_FOR_ALL = ("/announce x", "/kick Ann", "/ban Ann 1d", "/ban Ann", "/mute Ann 1h loud", "/rename Mine", "/motd x",
               "/topic x", "/admin Bob")


@scenario
def wrong_words_and_no_admins():
    with Room(3) as room:
        room.relay("h1")
        ann, bob = room.console("h2", "Ann"), room.console("h3", "Bob")
        await_member(ann, "Bob", "joined")
        mark = bob.mark()
        bob.say("/motd x")  # nobody is an admin yet
        bob.await_object("a refusal", lambda e: e["event"] == "error", after=mark)
        claim(room, ann)
        for line, code, part in WRONG:
            mark = ann.mark()
            ann.say(line)
            await_error(ann, code, part, after=mark)
        await_act(bob, "grant")
        for line in NOT_FOR_ALL:
            mark = bob.mark()
            bob.say(line)
            await_error(bob, "not-allowed", "Only admins may do this.", after=mark)
        mark = bob.mark()
        bob.say("/claim 2222-2222")
        await_error(bob, "claim", "not the code", after=mark)
        for line in ("/motd", "/topic", "/admin"):  # everybody may look
            mark = bob.mark()
            bob.say(line)
            bob.await_object("an answer", lambda e: e["event"] == "notice", after=mark)
        say(bob, "still here", ann)
        acts = [e["act"] for e in ann.objects if e["event"] == "moderation"]
        check(acts == ["grant"], f"something was done: {acts}")


@scenario
def it_holds_without_the_relay():
    with Room(5) as room:
        relay = room.relay("h1")
        ann, bob, cleo, dan = (room.console(f"h{i + 2}", name, serve=True)
                               for i, name in enumerate(("Ann", "Bob", "Cleo", "Dan")))
        for name in ("Bob", "Cleo", "Dan"):
            await_member(ann, name, "joined")
        claim(room, ann)
        does(ann, "/topic Boats", "topic", bob, cleo, dan)
        does(ann, "/ban Bob 1d spam", "ban", cleo, dan)
        does(ann, "/mute Cleo 1h loud", "mute", cleo, dan)
        await_barred(bob, "banned", "spam")
        check(bob.finish() == 0, "exit code")
        marks = [console.mark() for console in (ann, cleo, dan)]
        relay.kill()
        for console, mark in zip((ann, cleo, dan), marks):
            console.await_object("to go on without the relay", lambda e: e.get("relay") is False and e.get("relay_key"),
                                 40, mark)
        await_carrier([ann, cleo, dan], 20)
        say(ann, "without it", cleo, dan)
        still_so(room, ann, cleo, dan)
        does(ann, "/admin Dan", "grant", cleo, dan)  # one is an admin here, too
        does(dan, "/announce I may", "announce", ann, cleo)
        mark = ann.mark()
        room.relay("h1")
        ann.await_object("to be at the relay again", lambda e: e.get("relay") and e.get("relay_key"), 40, mark)
        say(ann, "with it", cleo, dan, seconds=40)
        still_so(room, ann, cleo, dan)
        does(dan, "/announce And here", "announce", ann, cleo, seconds=40)


def still_so(room, ann, cleo, dan):
    mark = cleo.mark()
    cleo.say("but")
    await_error(cleo, "not-allowed", "You are muted until", after=mark)
    who = who_of(dan)
    check(who["Ann"].get("admin") and who["Cleo"].get("muted") and who["Bob"].get("banned"), who)
    bob = room.console("h3", "Bob", "--no-serve", joins=False)
    await_barred(bob, "banned", "spam", 40)
    check(not any(e["event"] == "joined" for e in bob.objects), "a banned one joined")
    bob.finish()
    mark = dan.mark()
    dan.say("/topic")
    dan.await_object("the topic", lambda e: e["event"] == "notice" and e["text"] == "Boats", after=mark)


@scenario
def what_people_read():
    """Lines instead of objects, and the exit code of a script that is not let in."""
    with Room(3) as room:
        room.relay("h1")
        ann = room.console("h2", "Ann")
        claim(room, ann)
        does(ann, "/motd Be kind", "motd")
        bob = room.start("h3", "backfence-console", "--no-serve", "--name", "Bob", "--data", f"{room.home('h3')}/Bob",
                         name="Bob")
        bob.await_line("the motd", lambda line: line == "-- Message of the day: Be kind", 20)
        await_member(ann, "Bob", "joined")
        does(ann, "/announce Tea!", "announce")
        bob.await_line("it", lambda line: line.endswith("] ** Ann announces: Tea!"))
        does(ann, "/mute Bob 2s loud", "mute")
        bob.await_line("it", lambda line: line.endswith("] -- Ann muted you for 2 seconds: loud"))
        bob.say("/who")
        bob.await_line("Ann's role", lambda line: line.startswith("-- online   Ann, admin"))
        bob.await_line("the end of it", lambda line: line == "-- You may write again.")
        bob.say("I may")
        await_message(ann, "I may")
        does(ann, "/ban Bob 1d spam", "ban")
        bob.await_line("why", lambda line: line.startswith("!! ") and "spam" in line)
        check(bob.wait() == 77, "exit code of one that is banned")


if __name__ == "__main__":
    main(__doc__)

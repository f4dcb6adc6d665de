#!/usr/bin/env python3
"""A place that asks for a passphrase: who is let in, who is not, and where the passphrase is not.

    lock.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import os
import signal

from room import Room, await_joined, await_link, await_message, await_sent, check, say
from runner import main, scenario

RIGHT, WRONG, OTHER = "Möhren und Kater 7", "Möhren und Kater 8", "Petersilie 12"
NO_PERMISSION = 77


class Locked(Room):
    """A LAN with files of passphrases."""

    def file(self, host, passphrase, mode=0o600):
        path = f"{self.home(host)}/passphrase-{sum(passphrase.encode())}-{mode:o}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(passphrase + "\n")
        os.chmod(path, mode)
        return path

    def locked_relay(self, host, passphrase=RIGHT, **how):
        return self.relay(host, "--passphrase-file", self.file(host, passphrase), **how)

    def member(self, host, name, passphrase=None, **how):
        given = ("--passphrase-file", self.file(host, passphrase)) if passphrase else ()
        return self.console(host, name, *given, **how)


def await_asked(console, why=None, seconds=20, after=(0, 0)):
    return console.await_object(
        "the question for the passphrase",
        lambda e: e["event"] == "passphrase" and (why is None or why in e["why"]), seconds, after)


def await_error(console, code, seconds=20, after=(0, 0)):
    return console.await_object(
        f"error {code}", lambda e: e["event"] == "error" and e["code"] == code, seconds, after)


def turned_away(console):
    check(console.wait(30) == NO_PERMISSION, f"{console.name} ended with {console.process.returncode}")
    check(not any(e["event"] == "joined" for e in console.objects), f"{console.name} was joined")


def is_nowhere(room, hosts, *programs):
    """In no line of the programs, no argument, no environment, no file but those that hold it for us."""
    needle = RIGHT.encode()
    for program in programs:
        check(not any(RIGHT in line for line in program.lines), f"{program.name} printed it")
    for process in filter(str.isdigit, os.listdir("/proc")):
        for part in ("cmdline", "environ"):
            try:
                with open(f"/proc/{process}/{part}", "rb") as source:
                    check(needle not in source.read(), f"it is in {part} of process {process}")
            except OSError:
                pass
    for host in hosts:
        for folder, _, names in os.walk(room.home(host)):
            for name in names:
                path = os.path.join(folder, name)
                if name.startswith("passphrase-") or not os.path.isfile(path):
                    continue
                with open(path, "rb") as source:
                    check(needle not in source.read(), f"it is in {path}")


@scenario
def who_knows_it_is_let_in_and_nobody_else():
    with Locked(4) as room:
        relay = room.locked_relay("h1")
        ann = room.member("h2", "Ann", RIGHT)
        bob = room.member("h3", "Bob", WRONG, joins=False)
        await_asked(bob, "That is not the passphrase")
        turned_away(bob)
        cat = room.member("h4", "Cat", joins=False)
        asked = await_asked(cat)
        check(asked["place"] == "Home", asked)
        turned_away(cat)
        cat = room.member("h4", "Cat", RIGHT)
        say(ann, "between us", cat)
        finder = room.start("h3", "probe", "find")
        found = finder.await_object("Home", lambda e: any(c["name"] == "Home" for c in e.get("candidates", [])))
        check(RIGHT not in str(found), found)
        is_nowhere(room, ("h1", "h2", "h3", "h4"), relay, ann, cat, bob, finder)
        # It was right once: no file is needed any more.
        cat.process.terminate()
        cat.wait()
        cat = room.console("h4", "Cat")
        say(ann, "again", cat)


@scenario
def a_file_that_others_may_read_is_refused():
    with Locked(2) as room:
        path = room.file("h1", RIGHT, 0o644)
        relay = room.start("h1", "backfence-relay", "serve", "--data", f"{room.home('h1')}/relay",
                           "--passphrase-file", path, name="relay")
        check(relay.wait() == 64, relay.process.returncode)
        relay.await_line("the reason", lambda line: "nobody else may read" in line)
        console = room.start("h2", "backfence-console", "--json", "--passphrase-file", path, name="Ann")
        check(console.wait() == 64, console.process.returncode)
        console.await_line("the reason", lambda line: "nobody else may read" in line)


@scenario
def five_wrong_tries_a_minute_from_one_address():
    with Locked(3) as room:
        relay = room.locked_relay("h1")
        for number in range(5):  # each time with another key
            turned_away(room.member("h2", f"Mallory{number}", WRONG, joins=False))
        last = room.member("h2", "Mallory5", RIGHT, joins=False)
        wait = await_error(last, "locked-wait")
        check("too many tries" in wait["text"], wait)
        relay.await_line("the reason", lambda line: "why=too-many-tries" in line)
        room.member("h3", "Ann", RIGHT)
        check(not any(e["event"] == "joined" for e in last.objects), "Mallory was joined at once")
        await_joined(last, 80)  # by itself, when the minute is over


@scenario
def an_app_keeps_it_locked_when_the_relay_is_gone():
    with Locked(5) as room:
        relay = room.locked_relay("h1")
        ann = room.member("h2", "Ann", RIGHT, serve=True)
        bob = room.member("h3", "Bob", RIGHT, serve=True)
        say(ann, "before", bob)
        relay.kill()
        ann.say("after")
        await_sent(ann, "after")
        await_message(bob, "after")
        cat = room.member("h4", "Cat", joins=False)
        await_asked(cat)
        turned_away(cat)
        turned_away(room.member("h4", "Cat", WRONG, joins=False))
        dan = room.member("h5", "Dan", RIGHT)
        say(dan, "hello", ann, bob)
        # The relay comes back, and all are with it.
        marks = [(member, member.mark()) for member in (ann, bob, dan)]
        room.locked_relay("h1")
        for member, mark in marks:
            member.await_object("the relay", lambda e: e.get("relay") is True, 30, mark)
        say(bob, "all here", ann, dan)


@scenario
def who_does_not_know_it_is_not_joined_as_the_relay():
    with Locked(4) as room:
        relay = room.locked_relay("h1")
        ann = room.member("h2", "Ann", RIGHT)
        mark = ann.mark()
        relay.process.send_signal(signal.SIGKILL)
        relay.wait()
        impostor = room.relay("h3", data="impostor")  # the same place, that of the gateway
        await_error(ann, "impostor", 40, mark)
        check(not any(e["event"] == "joined" for e in ann.objects[mark[0]:]), "Ann was joined")
        newcomer = room.member("h4", "Newcomer")  # who knows nothing of the place trusts whom it meets
        check(newcomer.objects, "the impostor serves")
        impostor.process.terminate()
        impostor.wait()
        mark = ann.mark()
        room.locked_relay("h1")
        await_link(ann, "joined", 90, mark)


@scenario
def a_changed_passphrase_is_asked_for():
    with Locked(3) as room:
        relay = room.locked_relay("h1")
        ann = room.member("h2", "Ann", RIGHT)
        relay.process.terminate()
        relay.wait()
        mark = ann.mark()
        relay = room.locked_relay("h1", OTHER)
        await_asked(ann, "was changed", 30, mark)
        check(ann.wait(30) == NO_PERMISSION, ann.process.returncode)
        ann = room.member("h2", "Ann", OTHER)
        bob = room.member("h3", "Bob", OTHER)
        say(ann, "the new one", bob)
        # And without one: the relay that knew it may open its place.
        relay.process.terminate()
        relay.wait()
        mark = ann.mark()
        room.relay("h1")
        await_error(ann, "unlocked", 30, mark)
        say(bob, "open", ann)


@scenario
def a_relay_in_reserve_unlocks_too():
    with Locked(4) as room:
        first = room.locked_relay("h1")
        second = room.locked_relay("h2", name="Home")
        pair = (first, second)
        for relay in pair:
            relay.await_line("announced or following", lambda line: "event=announced" in line or
                             "event=following" in line)
        follower = await_one(pair, "event=level")
        winner = first if follower is second else second
        ann = room.member("h3", "Ann", RIGHT)
        ann.say("kept twice")
        await_sent(ann, "kept twice")
        winner.kill()
        bob = room.member("h4", "Bob", RIGHT)
        say(bob, "the other one", ann)


def await_one(programs, text, seconds=20):
    """Which of them printed it first."""
    import time
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for program in programs:
            if any(text in line for line in program.lines):
                return program
        with programs[0].changed:
            programs[0].changed.wait(0.1)
    check(False, f"nobody printed {text}")


if __name__ == "__main__":
    main(__doc__)

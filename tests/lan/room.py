#!/usr/bin/env python3
"""The real programs on a virtual LAN: a relay and consoles, nobody given an address.

    room.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import signal

import killed
from lan import Failure, Lan
from runner import Skip, main, scenario


def check(holds, what):
    if not holds:
        raise Failure(f"wrong: {what}")


class Room(Lan):
    """A LAN with the words of the programs."""

    def __enter__(self):
        for program in ("backfence-relay", "backfence-console"):
            if not self.has(program):
                raise Skip(f"{program} is not built")
        return super().__enter__()

    def relay(self, host, *arguments, data="relay", name="Home"):
        named = () if "--new-place" in arguments else ("--name", name)
        relay = self.start(host, "backfence-relay", "serve", "--data", f"{self.home(host)}/{data}",
                           *named, *arguments, name="relay")
        relay.await_line("listening", lambda line: "event=listening" in line, 20)
        return relay

    def console(self, host, name, *arguments, joins=True, seconds=20, serve=False):
        """Unless it is to serve, only a relay carries the room."""
        if not serve:
            arguments = ("--no-serve", *arguments)
        console = self.start(host, "backfence-console", "--json", "--name", name, "--data",
                             f"{self.home(host)}/{name}", *arguments, name=name)
        if joins:
            await_joined(console, seconds)
        return console


def await_joined(console, seconds=20, after=(0, 0)):
    return console.await_object("joined", lambda e: e["event"] == "joined", seconds, after)


def await_link(console, state, seconds=20, after=(0, 0)):
    return console.await_object(
        f"link {state}", lambda e: e["event"] == "link" and e["state"] == state, seconds, after
    )


def await_message(console, text, seconds=20, after=(0, 0)):
    return console.await_object(
        f"the message “{text}”", lambda e: e["event"] == "message" and e["text"] == text, seconds, after
    )


def await_sent(console, text, seconds=20):
    """The id of what was said."""
    queued = console.await_object(
        f"queued “{text}”", lambda e: e["event"] == "queued" and e["text"] == text, seconds)
    console.await_object(
        f"sent “{text}”", lambda e: e["event"] == "sent" and e["id"] == queued["id"], seconds)
    return queued["id"]


def await_member(console, name, change, seconds=20, after=(0, 0)):
    return console.await_object(
        f"{name} {change}",
        lambda e: e["event"] == "member" and e["name"] == name and e["change"] == change,
        seconds, after)


def say(speaker, text, *listeners, seconds=20):
    """Said, sent, and heard once by everybody."""
    speaker.say(text)
    identity = await_sent(speaker, text, seconds)
    for listener in listeners:
        await_message(listener, text, seconds)
    for listener in listeners:
        check_once(listener, identity)


def check_once(console, identity):
    count = sum(1 for e in console.objects if e["event"] == "message" and e["id"] == identity)
    check(count == 1, f"{console.name} was told {identity} {count} times")


def talk(room, relay_host, host_of_ann, host_of_bob):
    """Joining, messages both ways, a direct, leaving."""
    room.relay(relay_host)
    ann = room.console(host_of_ann, "Ann")
    bob = room.console(host_of_bob, "Bob")
    await_member(ann, "Bob", "joined")
    say(ann, "hello from Ann", bob)
    say(bob, "hello from Bob", ann)
    ann.say("/msg Bob between us")
    heard = await_message(bob, "between us")
    check("direct" in heard and heard["from"] == "Ann", heard)
    bob.say("/quit")
    check(bob.wait() == 0, "Bob's exit code")
    await_member(ann, "Bob", "left")
    check(ann.finish() == 0, "Ann's exit code")


@scenario
def found_without_an_address():
    with Room(3) as room:
        talk(room, "h1", "h2", "h3")


@scenario
def ipv6_only():
    with Room(3, "--ipv6-only") as room:
        talk(room, "h1", "h2", "h3")


@scenario
def all_on_one_machine():
    with Room(1) as room:
        talk(room, "h1", "h1", "h1")


@scenario
def two_interfaces():
    """Joined over either cable, and still there when one of them is pulled."""
    with Room(3, "--two-interfaces") as room:
        room.relay("h1")
        ann = room.console("h2", "Ann")
        bob = room.console("h3", "Bob")
        say(ann, "over one of two", bob)
        for port in ("1", "2"):
            room.verb("cut", "h2", port)
            say(ann, f"without cable {port}", bob, seconds=40)
            room.verb("mend", "h2", port)


@scenario
def avahi_killed_and_restarted():
    with Room(3) as room:
        room.relay("h1")
        ann = room.console("h2", "Ann")
        bob = room.console("h3", "Bob")
        for host in ("h1", "h2", "h3"):
            room.verb("kill-avahi", host)
        say(ann, "the link does not need it", bob)
        bob.say("/quit")
        bob.wait()
        bob = room.console("h3", "Bob")
        say(bob, "found by memory", ann)
        eve = room.console("h2", "Eve", joins=False)
        eve.await_line("one line that says so", lambda line: "Avahi" in line)
        for host in ("h1", "h2", "h3"):
            room.verb("start-avahi", host)
        await_joined(eve, 40)
        say(eve, "found again", ann, bob)


@scenario
def the_relay_comes_later():
    with Room(2) as room:
        ann = room.console("h2", "Ann", joins=False)
        ann.say("is anybody here?")
        ann.await_object("queued", lambda e: e["event"] == "queued")
        room.relay("h1")
        await_joined(ann)
        await_sent(ann, "is anybody here?")
        check(ann.finish() == 0, "exit code")


@scenario
def relay_killed_and_restarted():
    with Room(3) as room:
        relay = room.relay("h1")
        ann = room.console("h2", "Ann")
        bob = room.console("h3", "Bob")
        say(ann, "before", bob)
        for turn in range(3):
            mark = ann.mark()
            relay.kill()
            await_link(ann, "lost", after=mark)
            ann.say(f"meanwhile {turn}")
            ann.await_object("queued", lambda e: e["event"] == "queued", after=mark)
            relay = room.relay("h1")
            identity = await_sent(ann, f"meanwhile {turn}", 40)
            await_message(bob, f"meanwhile {turn}", 40)
            say(bob, f"after {turn}", ann, seconds=40)
            check_once(bob, identity)
        late = room.console("h3", "Late")
        await_message(late, "meanwhile 0")


@scenario
def relay_ends_in_order():
    with Room(2) as room:
        relay = room.relay("h1")
        ann = room.console("h2", "Ann")
        mark = ann.mark()
        relay.signal(signal.SIGTERM)
        check(relay.wait() == 0, "the relay's exit code")
        await_link(ann, "lost", 3, after=mark)
        room.relay("h1")
        say(ann, "back")


@scenario
def cable_pulled_and_put_back():
    with Room(3) as room:
        room.relay("h1")
        ann = room.console("h2", "Ann")
        bob = room.console("h3", "Bob")
        for verb in ("cut", "silence"):
            say(ann, f"before {verb}", bob)
            ann_mark, bob_mark = ann.mark(), bob.mark()
            room.verb(verb, "h2")
            ann.say(f"into the void {verb}")
            await_link(ann, "lost", 30, after=ann_mark)
            await_member(bob, "Ann", "left", 30, after=bob_mark)
            say(bob, f"what Ann misses {verb}")
            room.verb("mend", "h2")
            await_link(ann, "joined", 40, after=ann_mark)
            identity = await_sent(ann, f"into the void {verb}", 40)
            await_message(bob, f"into the void {verb}", 40)
            await_message(ann, f"what Ann misses {verb}", 40)
            check_once(bob, identity)


@scenario
def the_relays_cable_pulled_and_put_back():
    with Room(2) as room:
        room.relay("h1")
        ann = room.console("h2", "Ann")
        mark = ann.mark()
        room.verb("cut", "h1")
        await_link(ann, "lost", 30, after=mark)
        room.verb("mend", "h1")
        say(ann, "found again", seconds=40)


def await_candidates(room, host, count):
    """So many nodes are known to this host's Avahi."""
    finder = room.start(host, "probe", "find")
    finder.await_object(
        f"{count} candidates",
        lambda e: e["event"] == "candidates" and len(e["candidates"]) == count, 20)
    finder.kill()


@scenario
def two_relays():
    """Two places: everybody chooses the same one, and comes back to it."""
    with Room(3) as room:
        for host in ("h1", "h2"):
            room.relay(host, "--new-place", f"Place {host}")
        for host in ("h2", "h3"):
            await_candidates(room, host, 2)
        ann = room.console("h3", "Ann")
        home = await_joined(ann)["place_id"]
        bob = room.console("h2", "Bob")
        check(await_joined(bob)["place_id"] == home, "Ann and Bob are in one place")
        say(ann, "together", bob)
        ann.say("/quit")
        ann.wait()
        check(await_joined(room.console("h3", "Ann"))["place_id"] == home, "the same place again")


@scenario
def hostile_records():
    with Room(3) as room:
        for number, name in enumerate((b"\x1b]0;owned\x07", "\u202egnp".encode(), b"\xff\xfe")):
            room.start("h2", "avahi-publish", "-s", b"evil%d" % number, "_backfence._tcp", "1", "v=1",
                       b"name=" + name, "place=" + "0" * 32, "role=relay", "key=%016x" % (number + 1))
        flood = room.start("h2", "probe", "flood", "300")
        flood.await_object("the flood", lambda e: e["event"] == "flooding", 30)
        room.relay("h1")
        ann = room.console("h3", "Ann", seconds=60)
        say(ann, "still here")
        for line in ann.lines:
            check(not any(c in line for c in "\x1b\x07\u202e\ufffd"), repr(line))


@scenario
def told_an_address():
    """No mDNS on either side."""
    with Room(2, "--no-avahi") as room:
        room.relay("h1", "--no-mdns", "--port", "9000")
        ann = room.console("h2", "Ann", "--no-mdns", "--connect", "10.77.0.11:9000")
        say(ann, "by hand")
        check(ann.finish() == 0, "exit code")


@scenario
def relay_killed_while_three_write():
    with Room(4) as room:
        killed.play(room)


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Announcing and finding with a real Avahi on every host, without the programs that use it.

    discovery.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import os
import signal

from lan import Failure, Lan
from runner import main, scenario

KEY = "0123456789abcdef"
OTHER = "fedcba9876543210"
SEEN, REMEMBERED, TYPED = 1, 2, 4


def candidate(key, entry):
    for one in entry.get("candidates", []):
        if one["key"] == key:
            return one
    return None


def await_candidate(finder, what, holds=lambda one: True, key=KEY, seconds=10, after=(0, 0)):
    entry = finder.await_object(
        what, lambda e: candidate(key, e) is not None and holds(candidate(key, e)), seconds, after
    )
    return candidate(key, entry)


def await_gone(finder, what, key=KEY, seconds=10, after=(0, 0)):
    finder.await_object(
        what, lambda e: e["event"] == "candidates" and candidate(key, e) is None, seconds, after
    )


def await_state(program, event, state, seconds=15, after=(0, 0)):
    return program.await_object(
        f"{event} {state}", lambda e: e["event"] == event and e["state"] == state, seconds, after
    )


def announce(lan, host, key=KEY, name="Home", *arguments):
    program = lan.start(host, "probe", "announce", key, name, *arguments)
    await_state(program, "announcer", "announced")
    return program


@scenario
def found_renamed_withdrawn():
    with Lan(2) as lan:
        node = announce(lan, "h1", KEY, "Home 家")
        finder = lan.start("h2", "probe", "find")
        seen = await_candidate(finder, "the node", lambda c: len(c["addresses"]) == 2)
        check(seen["name"] == "Home 家" and seen["role"] == "relay", seen)
        check(seen["addresses"][0] == "10.77.0.11:7667", seen)
        check(seen["addresses"][1].startswith("[fe80::") and "%eth0]" in seen["addresses"][1], seen)
        await_state(finder, "finder", "settled")
        node.say("Haus")
        await_candidate(finder, "the new name", lambda c: c["name"] == "Haus")
        mark = finder.mark()
        node.signal(signal.SIGTERM)
        await_gone(finder, "the withdrawal", after=mark)
        check(node.wait() == 0, "\n".join(node.lines))
        finder.signal(signal.SIGTERM)
        check(finder.wait() == 0, "\n".join(finder.lines))


@scenario
def ipv6_only():
    with Lan(2, "--ipv6-only") as lan:
        announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        seen = await_candidate(finder, "the node")
        check(seen["addresses"] == ["[fe80::bf:1ff:fe00:1%eth0]:7667"], seen)


@scenario
def two_interfaces_one_candidate():
    with Lan(2, "--two-interfaces") as lan:
        announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        seen = await_candidate(finder, "all addresses", lambda c: len(c["addresses"]) == 4)
        check(sorted(a.split("%")[-1] for a in seen["addresses"] if "%" in a) ==
              ["eth0]:7667", "eth1]:7667"], seen)
        candidates = finder.objects[-1].get("candidates", [seen])
        check(len(candidates) == 1, candidates)


@scenario
def avahi_dies_at_the_finder():
    with Lan(2) as lan:
        announce(lan, "h1")
        finder = lan.start("h2", "probe", "find", "--memory", lan.home("h2") + "/places")
        await_candidate(finder, "the node")
        finder.say(f"remember {KEY}")
        await_candidate(finder, "memory", lambda c: c["sources"] == SEEN | REMEMBERED)
        mark = finder.mark()
        lan.verb("kill-avahi", "h2")
        said = await_state(finder, "finder", "unavailable", after=mark)
        check(said["line"].startswith("Avahi is not running"), said)
        await_candidate(finder, "memory alone", lambda c: c["sources"] == REMEMBERED, after=mark)
        mark = finder.mark()
        lan.verb("start-avahi", "h2")
        await_state(finder, "finder", "browsing", after=mark)
        await_candidate(finder, "the node again", lambda c: c["sources"] == SEEN | REMEMBERED,
                        after=mark)


@scenario
def avahi_dies_at_the_announcer():
    with Lan(2) as lan:
        node = announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        await_candidate(finder, "the node")
        mark = node.mark()
        lan.verb("kill-avahi", "h1")
        await_state(node, "announcer", "unavailable", after=mark)
        lan.verb("start-avahi", "h1")
        await_state(node, "announcer", "announced", after=mark)
        node.say("Renamed")
        await_candidate(finder, "a new name", lambda c: c["name"] == "Renamed")


@scenario
def dbus_restarts():
    with Lan(2) as lan:
        node = announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        await_candidate(finder, "the node")
        for host, program, event, good in (
            ("h1", node, "announcer", "announced"),
            ("h2", finder, "finder", "browsing"),
        ):
            mark = program.mark()
            lan.verb("kill-dbus", host)
            await_state(program, event, "unavailable", after=mark)
            lan.verb("kill-avahi", host)
            lan.verb("start-dbus", host)
            lan.verb("start-avahi", host)
            await_state(program, event, good, 30, after=mark)
        await_candidate(finder, "the node again", after=mark)


@scenario
def no_avahi_at_first():
    with Lan(2, "--no-avahi") as lan:
        node = lan.start("h1", "probe", "announce", KEY, "Home")
        finder = lan.start("h2", "probe", "find", "10.77.0.11")
        await_state(node, "announcer", "unavailable")
        await_state(finder, "finder", "unavailable")
        finder.await_object("the typed address", lambda e: e["event"] == "candidates"
                            and e["candidates"][0]["addresses"] == ["10.77.0.11:7667"])
        lan.verb("start-avahi", "h1")
        lan.verb("start-avahi", "h2")
        await_state(node, "announcer", "announced", 30)
        await_candidate(finder, "the node", seconds=30)


@scenario
def avahi_hangs():
    """Its calls wait for it, nothing else does."""
    with Lan(2) as lan:
        announce(lan, "h1")
        lan.verb("hang-avahi", "h2")
        finder = lan.start("h2", "probe", "find", "10.77.0.11")
        typed = finder.await_object("the typed address", lambda e: e["event"] == "candidates", 3)
        check(typed["candidates"][0]["sources"] == TYPED, typed)
        stuck = lan.start("h2", "probe", "find", "10.77.0.11")
        stuck.await_object("the typed address", lambda e: e["event"] == "candidates", 3)
        stuck.signal(signal.SIGTERM)
        stuck.wait(5)
        lan.verb("wake-avahi", "h2")
        await_candidate(finder, "the node", seconds=30)
        finder.signal(signal.SIGTERM)
        check(finder.wait(5) == 0, "\n".join(finder.lines))


@scenario
def a_dead_node_is_doubted_until_it_is_back():
    with Lan(2) as lan:
        node = announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        before = await_candidate(finder, "the node")
        lan.verb("silence", "h1")
        node.kill()
        mark = finder.mark()
        finder.say(f"doubt {KEY}")
        await_gone(finder, "the doubt", after=mark)
        mark = finder.mark()
        lan.verb("mend", "h1")
        announce(lan, "h1")
        await_candidate(finder, "another epoch", lambda c: c["epoch"] != before["epoch"], after=mark)


@scenario
def a_pulled_cable_is_a_new_epoch():
    with Lan(2) as lan:
        announce(lan, "h1")
        finder = lan.start("h2", "probe", "find")
        before = await_candidate(finder, "the node")
        watcher = lan.start("h1", "probe", "find", "--no-mdns")
        watcher.await_object("how it is at first", lambda e: e["event"] == "network")
        mark = watcher.mark()
        lan.verb("cut", "h1")
        watcher.await_object("the cut", lambda e: e["event"] == "network", after=mark)
        finder.say(f"doubt {KEY}")
        await_gone(finder, "the doubt")
        mark = finder.mark()
        lan.verb("mend", "h1")
        await_candidate(finder, "another epoch", lambda c: c["epoch"] != before["epoch"], after=mark)


@scenario
def the_same_key_twice():
    with Lan(3) as lan:
        announce(lan, "h1", KEY, "one")
        announce(lan, "h2", KEY, "two")
        announce(lan, "h2", KEY, "three", "7668")
        finder = lan.start("h3", "probe", "find")
        seen = await_candidate(finder, "all addresses", lambda c: len(c["addresses"]) == 6)
        check({a.split(":")[0] for a in seen["addresses"] if a[0] != "["} ==
              {"10.77.0.11", "10.77.0.12"}, seen)


@scenario
def another_network_another_memory():
    with Lan(2) as lan:
        announce(lan, "h1")
        memory = lan.home("h2") + "/places"
        finder = lan.start("h2", "probe", "find", "--memory", memory)
        await_candidate(finder, "the node")
        finder.say(f"remember {KEY}")
        await_candidate(finder, "memory", lambda c: c["sources"] & REMEMBERED)
        here = finder.await_object("the network", lambda e: e["event"] == "network")
        mark = finder.mark()
        lan.verb("renumber", "h2")
        there = finder.await_object(
            "another network", lambda e: e["event"] == "network" and e["id"] != here["id"], after=mark
        )
        check(len(there["id"]) == 32, there)
        await_candidate(finder, "no memory", lambda c: c["sources"] == SEEN, after=mark)
        check(os.stat(memory).st_mode & 0o777 == 0o600, "mode of the memory")


@scenario
def containers_are_left_out():
    with Lan(2) as lan:
        for words in (
            ("link", "add", "docker0", "type", "bridge"),
            ("link", "add", "veth77", "type", "veth", "peer", "name", "veth78"),
            ("link", "set", "veth77", "master", "docker0", "up"),
            ("link", "set", "veth78", "up"),
            ("address", "add", "172.17.0.1/16", "dev", "docker0"),
            ("link", "set", "docker0", "up"),
        ):
            lan.verb("exec", "h1", "ip", *words)
        announce(lan, "h1")
        browse = lan.start("h1", "avahi-browse", "-p", "_backfence._tcp")
        browse.await_line("the service on eth0", lambda line: line.startswith("+;eth0;IPv4;" + KEY))
        browse.await_line("the service on eth0", lambda line: line.startswith("+;eth0;IPv6;" + KEY))
        other = lan.start("h1", "avahi-publish", "-s", "end", "_backfence._tcp", "1")
        browse.await_line("another on docker0", lambda line: line.startswith("+;docker0;IPv4;end"))
        check(not any("docker0" in line and KEY in line for line in browse.lines), browse.lines)
        other.kill()


@scenario
def hostile_records():
    with Lan(3) as lan:
        for number, name in enumerate((b"\x1b]0;owned\x07", "\u202egnp".encode(), b"\xff\xfe")):
            lan.start("h1", "avahi-publish", "-s", b"evil%d" % number, "_backfence._tcp", "1", "v=1",
                      b"name=" + name, "place=" + "0" * 32, "role=relay", "key=%016x" % (number + 1))
        flood = lan.start("h1", "probe", "flood", "300")
        flood.await_object("the flood", lambda e: e["event"] == "flooding", 30)
        finder = lan.start("h3", "probe", "find")
        await_state(finder, "finder", "settled", 30)
        announce(lan, "h2")
        await_candidate(finder, "the true node", seconds=60)
        for entry in finder.objects:
            for one in entry.get("candidates", []):
                check(not any(c < " " or c in "\x7f\u202e\ufffd" for c in one["name"]), one)
                check(len(one["name"].encode()) <= 128, one)
            check(len(entry.get("candidates", [])) <= 64, len(entry.get("candidates", [])))
        check(finder.process.poll() is None, "the finder lives")


@scenario
def names_that_never_resolve():
    """A node that comes later is not kept waiting until all of them had their time, nor is one that
    was there all along found only then."""
    with Lan(4) as lan:
        announce(lan, "h2")
        flood = lan.start("h1", "probe", "flood", "300", "silent")
        flood.await_object("the flood", lambda e: e["event"] == "flooding", 30)
        browse = lan.start("h3", "avahi-browse", "-p", "_backfence._tcp")
        browse.await_line("the flood", lambda line: "0000000012" in line, 20)
        finder = lan.start("h3", "probe", "find")
        await_candidate(finder, "the node", seconds=30)
        announce(lan, "h4", OTHER)
        mark = finder.mark()
        await_candidate(finder, "the node that came later", key=OTHER, seconds=5)
        check(finder.process.poll() is None, mark)


def check(holds, what):
    if not holds:
        raise Failure(f"wrong: {what}")


if __name__ == "__main__":
    main(__doc__)

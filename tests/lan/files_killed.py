#!/usr/bin/env python3
"""Transfers that are killed again and again, on either side, at random moments: they go on by
themselves, not from zero, and leave nothing behind but what was sent.

    files_killed.py [--build DIR] [SCENARIO…]       all of them without a name

KILLS=50 in the environment asks for more than the usual few, SEED=N for the moments of an earlier run.
"""

import collections
import os
import random
import shutil
import threading
import time

import files_journal as journal
from files import await_empty, await_state, digest, Files, MIB, parts
from lan import Failure
from room import await_joined, await_member, check
from runner import main, scenario

KILLS = int(os.environ.get("KILLS", "6"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
LARGE = 200 * MIB
SLACK = 8 * MIB  # so much of what was seen may have to move again: chunks in buffers and gathered notes
GOES = ("waiting", "checking", "running")


def pass_time(seconds):
    """Not a wait for something: the moment of the crash is what is random here."""
    threading.Event().wait(seconds)


class Pair:
    """Ann on h2, who offers, and Bob on h3, who accepts unasked; each may be killed and started again."""

    def __init__(self, lan, into):
        self.lan, self.into, self.lives, self.now, self.offer = lan, into, [], {}, None
        self.states = os.path.join(lan.home("h3"), "Bob", "transfers")
        await_joined(self.start("Ann"))
        await_joined(self.start("Bob"))
        await_member(self.now["Ann"], "Bob", "joined")

    def start(self, name):
        welcome = ("--accept-from", "Ann", "--into", self.into) if name == "Bob" else ()
        console = self.lan.member({"Ann": "h2", "Bob": "h3"}[name], name, *welcome, joins=False)
        console.owner = name
        self.now[name] = console
        console.noted = None, 0  # of which offer, when this life began
        self.lives.append(console)
        return console

    def kill(self, name):
        if name == "Relay":
            self.lan.restart_relay()
            return
        self.now[name].kill()
        self.now[name].reader.join(5)
        notes = journal.read(self.states) if name == "Bob" else None
        self.start(name).noted = self.offer, notes.bytes if notes else 0

    def of(self, name):
        """Everything that was said of transfers, in all lives."""
        return [(life, entry) for life in self.lives if life.owner == name
                for entry in list(life.objects) if entry["event"] == "transfer"]


def is_done(entry, offer):
    """By news, or in a list that was asked for."""
    told = entry["transfers"] if entry["event"] == "transfers" else [entry]
    return any(one.get("offer") == offer and one.get("state") == "done" for one in told
               if one.get("event", "transfer") == "transfer")


def await_done(console, offer, seconds=90):
    await_joined(console, 60)
    console.say("/transfers")
    found = console.await_object("the end of the transfer", lambda e: is_done(e, offer) or ends_badly(e, offer),
                                 seconds)
    check(is_done(found, offer), f"{console.name}: {found}")
    return found


def ends_badly(entry, offer):
    return (entry["event"] == "transfer" and entry["offer"] == offer and
            entry["state"] in ("failed", "cancelled", "declined"))


class Moment:
    """When to kill: by the clock, by what is noted, or by what is on the disk."""

    KINDS = ("begin", "clock", "noted", "clock", "noted", "end", "placed")

    def __init__(self, dice, usual):
        self.kind = dice.choice(self.KINDS)
        self.share, self.later = dice.random(), dice.uniform(0, 0.02)
        self.usual = usual

    def come(self, pair, chunks):
        """False: everything was over before."""
        if self.kind == "begin":
            pass_time(self.share * 0.3)
        elif self.kind == "clock":
            pass_time(self.share * self.usual)
        elif self.kind == "noted":
            self.look(pair, lambda notes: notes.chunks >= self.share * chunks)
        elif self.kind == "end":
            self.look(pair, lambda notes: notes.chunks >= chunks)
            pass_time(self.later)
        else:
            self.look(pair, lambda notes: notes.kinds[journal.PLACING] > 0)
            pass_time(self.later / 4)

    def look(self, pair, holds):
        """Until the notes are so, or gone again: the transfer is over then."""
        deadline, seen = time.monotonic() + 30, False
        while time.monotonic() < deadline:
            notes = journal.read(pair.states)
            if notes and holds(notes):
                return
            if seen and not notes:
                return
            seen = seen or bool(notes)
            pass_time(0.001)


def phase_of(pair, chunks):
    notes = journal.read(pair.states)
    if not notes:
        return "over" if os.listdir(pair.into) else "before"
    if notes.kinds[journal.PLACED]:
        return "placed"
    if notes.kinds[journal.PLACING]:
        return "placing"
    if notes.chunks >= chunks:
        return "syncing"
    return "moving" if notes.chunks else "begun"


def check_progress(pair, offer):
    """Of both sides, over all lives: what moves goes on near where it was."""
    for name in ("Ann", "Bob"):
        most = 0
        for life, entry in pair.of(name):
            if entry["offer"] != offer or entry["state"] not in ("running", "done"):
                continue
            check(entry["bytes"] >= most - SLACK, f"{life.name} went back from {most} to {entry['bytes']}")
            most = max(most, entry["bytes"])


def check_noted(pair, offer):
    """What the notes had when a life began counts in it."""
    for life, entry in pair.of("Bob"):
        of, noted = life.noted
        if entry["offer"] == offer == of and entry["state"] == "running":
            check(entry["bytes"] >= noted, f"{life.name} is at {entry['bytes']}, {noted} were noted")


def check_received(pair, path):
    name = os.path.basename(path)
    await_empty(pair.states)
    check(os.listdir(pair.into) == [name], f"{os.listdir(pair.into)} instead of {name}")
    check(parts(pair.into) == [], parts(pair.into))
    whole = os.path.join(pair.into, name)
    check(digest(path) == digest(whole), f"{name} has other bytes")
    if os.path.isdir(whole):
        shutil.rmtree(whole)
    else:
        os.unlink(whole)


def send(pair, path):
    """The offer's name on both sides, once it is in the sender's hands."""
    ann = pair.now["Ann"]
    mark = ann.mark()
    ann.say(f"/send Bob '{path}'")
    pair.offer = await_state(ann, "offered", after=mark)["offer"]
    return pair.offer


def count_chunks(path):
    """Of a file, or of all in a folder."""
    if os.path.isdir(path):
        return sum(count_chunks(os.path.join(folder, name)) for folder, _, names in os.walk(path)
                   for name in names)
    return -(-os.path.getsize(path) // MIB)


class Play:
    def __init__(self, victims, path):
        self.dice = random.Random(SEED)
        self.victims, self.path, self.chunks = victims, path, count_chunks(path)
        self.kills, self.rounds, self.phases = 0, 0, collections.Counter()
        self.usual = 0

    def calm(self, pair):
        """How long it takes when nothing happens."""
        started = time.monotonic()
        offer = send(pair, self.path)
        done = await_done(pair.now["Bob"], offer)
        self.usual = done["at"] - started
        self.finish(pair, offer)

    def finish(self, pair, offer):
        for name in ("Bob", "Ann"):
            await_done(pair.now[name], offer)
        check_received(pair, self.path)
        check_progress(pair, offer)
        check_noted(pair, offer)

    def strike(self, pair, offer):
        """One kill; false: it came too late to count."""
        moment = Moment(self.dice, self.usual)
        victim = self.dice.choice(self.victims)
        moment.come(pair, self.chunks)
        phase = phase_of(pair, self.chunks)
        pair.kill(victim)
        self.phases[f"{victim} {phase}"] += 1
        self.kills += phase != "over"
        return phase != "over"

    def round(self, pair):
        self.rounds += 1
        offer = send(pair, self.path)
        for _ in range(self.dice.randint(1, 3)):
            if not self.strike(pair, offer):
                break
        self.finish(pair, offer)

    def run(self, lan):
        pair = Pair(lan, lan.folder("h3", "in"))
        try:
            self.calm(pair)
            while self.kills < KILLS:
                self.round(pair)
        except Failure as failure:
            raise Failure(f"SEED={SEED}, round {self.rounds}, kills {dict(self.phases)}: {failure}") from None
        print(f"SEED={SEED}: {self.kills} kills in {self.rounds} transfers ({dict(self.phases)}), "
              f"one takes {self.usual:.1f} s")


def tree(lan):
    """A few hundred files of all sizes, and folders with nothing in them."""
    dice = random.Random(1)
    top = lan.folder("h2", "album")
    for number in range(400):
        size = dice.choice((0, 1, 100, 4096, 70_000, MIB - 1, MIB, MIB + 1, 3 * MIB))
        lan.file("h2", f"album/{number % 7}/{number}.raw", size)
    for name in ("empty", "3/empty", "3/empty/too"):
        os.makedirs(f"{top}/{name}", exist_ok=True)
    return top


class Place(Files):
    """One whose relay may be killed too."""

    def restart_relay(self):
        next(program for program in reversed(self.started) if program.name == "h1:relay").kill()
        self.relay("h1", "--no-mdns", "--port", "7667")


def play(victims, make, blocked=()):
    with Place() as lan:
        for host in blocked:
            lan.block(host)
        Play(victims, make(lan)).run(lan)


def large(lan):
    return lan.file("h2", "large.bin", LARGE + 12345)


@scenario
def the_receiver_of_a_file():
    play(["Bob"], large)


@scenario
def the_sender_of_a_file():
    play(["Ann"], large)


@scenario
def either_of_a_file():
    play(["Ann", "Bob"], large)


@scenario
def the_receiver_of_a_folder():
    play(["Bob"], tree)


@scenario
def the_sender_of_a_folder():
    play(["Ann"], tree)


@scenario
def the_relay_beside_a_file():
    play(["Relay"], large)


@scenario
def the_relay_between_them():
    """What goes through it breaks, and goes on."""
    play(["Relay"], large, blocked=("h2", "h3"))


if __name__ == "__main__":
    main(__doc__)

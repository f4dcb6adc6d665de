#!/usr/bin/env python3
"""A member who means harm, against the real programs: as a sender, as a receiver, at the door and at
the relay. Whatever it does, its victim runs, says one clear state, has touched nothing outside of its
folder, and chats on.

    hostile_files.py [--build DIR] [SCENARIO…]       all of them without a name

What one program can show alone is tested there: app/test_manifest, app/test_landing*, app/test_worker*,
app/test_transfers_hostile, app/test_door, relay/test_note, relay/test_offer, relay/test_data_frame,
relay/test_meeting, relay/test_carrier_meeting.
"""

import os
import time

from files import Files, await_bytes, await_offer, await_state, check_same, parts
from lan import Failure
from room import await_member, check, say
from runner import Skip, main, scenario

MIB = 1024 * 1024
MEMORY = 640 * MIB  # sanitizers keep what was freed for a while; twice the largest list fits in

# What becomes of it at the victim: a state, and what then lies in its folder.
REFUSED = ("failed", None)
GIVEN_UP = ("cancelled", None)  # it would try again, until the offer is taken back
NAMES = {
    "dotdot": REFUSED, "dotdot-inside": REFUSED, "slash": REFUSED, "empty-label": REFUSED,
    "nul": REFUSED, "escape": REFUSED, "long": REFUSED, "no-utf8": REFUSED, "duplicates": REFUSED,
    "deep": REFUSED,
    "turned": ("done", {"gift/exe.gpj"}),
    "hidden": ("done", {"gift/bashrc"}),
    "hidden-item": ("done", {"bashrc"}),
    "turned-item": ("done", {"gpj.exe"}),
    "device-item": ("done", {"CON"}),
    "other-hash": REFUSED, "more-files": REFUSED, "more-bytes": REFUSED,
}
STREAMS = {
    "honest": ("done", {"gift.bin"}),
    "more": None,  # everything was there already, or it is refused: both are fine
    "shorter": REFUSED, "fewer": REFUSED, "nothing": REFUSED, "4-gib": REFUSED,
    "far": REFUSED, "foreign": REFUSED, "same": REFUSED, "spoilt": REFUSED, "missing": REFUSED,
    "missing-again": REFUSED, "large-frame": REFUSED, "half-frame": GIVEN_UP,
}
FLOODS = {"endless": REFUSED, "manifests": REFUSED}
STRANGERS = {"wrong-key": GIVEN_UP, "elsewhere": GIVEN_UP}


class Scene(Files):
    """Ann on h2, Bob on h3, and Mal on h4 who knows no rule."""

    def __init__(self):
        super().__init__(4)

    def __enter__(self):
        super().__enter__()
        if not self.has("hostile"):
            raise Skip("hostile is not built")
        return self

    def mal(self, name="Mal"):
        return self.start("h4", "hostile", f"{self.verb('address', 'h1')}:7667",
                          self.verb("address", "h4"), name, f"{self.home('h4')}/{name}", name=name)


def attack(mal, name, victim, *more, seconds=45):
    mark = mal.mark()
    mal.say(" ".join([name, victim, *more]))
    return mal.await_object(f"the end of {name}", lambda e: e["event"] == "over", seconds, mark)["ended"]


def memory(program):
    """Bytes of its memory, and its threads."""
    with open(f"/proc/{program.process.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) * 1024, int(fields["Threads"])


def tell(name, ended, state, victim):
    used, threads = memory(victim)
    print(f"  {name:20} {state:10} {used // MIB:4} MiB {threads:3} threads   {ended}", flush=True)
    check(used < MEMORY, f"{victim.name} holds {used // MIB} MiB")


def files_in(folder):
    """Of what can be seen; what is on its way out may still be there for a moment."""
    return {os.path.relpath(os.path.join(path, name), folder)
            for path, _, names in os.walk(folder) for name in names}


def await_files(folder, expected, name):
    deadline = time.monotonic() + 10
    while files_in(folder) != expected or parts(folder):
        if time.monotonic() > deadline:
            raise Failure(f"after {name} there is {files_in(folder)}, {parts(folder)}")
        os.sched_yield()


def clear(folder):
    for path, folders, names in os.walk(folder, topdown=False):
        for entry in names:
            os.unlink(os.path.join(path, entry))
        for entry in folders:
            os.rmdir(os.path.join(path, entry))


def outside(lan, host):
    """Everything on that machine but what the program keeps of itself and the folder for files."""
    home = lan.home(host)
    found = set()
    for path, folders, names in os.walk(home):
        if path == home:
            folders[:] = [name for name in folders if name not in ("in", "Bob")]
        found |= {os.path.join(path, name) for name in names + folders}
    return found | {name for name in os.listdir("/tmp") if name.startswith("escaped")}


def play(attacks):
    """Each of them on Bob, who takes whatever Mal offers; Ann chats with him all the time."""
    with Scene() as lan:
        into = lan.folder("h3", "in")
        bob = lan.member("h3", "Bob", "--accept-from", "Mal", "--accept-from", "Ann", "--into", into)
        ann = lan.member("h2", "Ann")
        mal = lan.mal()
        await_member(bob, "Mal", "joined")
        before = outside(lan, "h3")
        for name, expected in attacks.items():
            one_attack(bob, mal, into, name, expected)
            say(ann, f"and after {name}?", bob)
        check(outside(lan, "h3") == before, outside(lan, "h3") - before)
        path = lan.file("h2", "fine.bin", 5 * MIB)
        ann.say(f"/send Bob '{path}'")
        done = await_state(bob, "done", path=f"{into}/fine.bin")
        check_same(path, done["path"], into)


def one_attack(bob, mal, into, name, expected):
    mark = bob.mark()
    ended = attack(mal, name, "Bob")
    states = ("done", "failed") if expected is None else (expected[0],)
    told = bob.await_object(f"{name}: {states}", lambda e: e["event"] == "transfer" and
                            e["state"] in states, 20, mark)
    files = expected[1] if expected else {"gift.bin"} if told["state"] == "done" else None
    await_files(into, files or set(), name)
    check(told["state"] != "failed" or told.get("why"), told)
    tell(name, ended, told["state"], bob)
    clear(into)


@scenario
def names_and_lists_that_lie():
    play(NAMES)


@scenario
def streams_that_lie():
    play(STREAMS)


@scenario
def streams_without_end():
    play(FLOODS)


@scenario
def senders_who_are_somewhere_else():
    play(STRANGERS)


@scenario
def a_thousand_offers():
    with Scene() as lan:
        bob = lan.member("h3", "Bob")
        ann = lan.member("h2", "Ann")
        mal = lan.mal()
        await_member(bob, "Mal", "joined")
        ended = attack(mal, "offers", "Bob", "1000", seconds=120)
        say(ann, "still there?", bob)
        prompts = sum(1 for e in bob.objects if e["event"] == "offer")
        tell("offers", f"{ended}, {prompts} told", "-", bob)
        path = lan.file("h2", "fine.bin", 5 * MIB)
        mark = bob.mark()
        ann.say(f"/send Bob '{path}'")
        number = await_offer(bob, "fine.bin", after=mark)["number"]
        into = lan.folder("h3", "in")
        bob.say(f"/accept {number} '{into}'")
        await_state(bob, "done", after=mark)
        check_same(path, f"{into}/fine.bin", into)


def own_offer(ann, to, path):
    """Offers it; its token."""
    mark = ann.mark()
    ann.say(f"/send {to} '{path}'")
    return await_state(ann, "offered", after=mark, title=os.path.basename(path))["offer"]


@scenario
def receivers_who_want_more():
    """Mal is offered some files, and asks for what it may not have."""
    with Scene() as lan:
        ann, bob = lan.pair()
        mal = lan.mal()
        await_member(ann, "Mal", "joined")
        secret = own_offer(ann, "Bob", lan.file("h2", "for Bob alone", MIB))
        ended = attack(mal, "take-forbidden", "Ann", secret)
        check(ended == "withdrawn", ended)
        tell("another's offer", ended, "-", ann)

        mark = ann.mark()
        gone = own_offer(ann, "Mal", lan.file("h2", "taken back", MIB))
        number = ann.await_object("it", lambda e: e["event"] == "transfer" and
                                  e.get("offer") == gone, after=mark)["number"]
        ann.say(f"/cancel {number}")
        await_state(ann, "cancelled", after=mark)
        ended = attack(mal, "take-forbidden", "Ann", gone)
        check(ended == "withdrawn", ended)
        tell("a withdrawn offer", ended, "cancelled", ann)

        path = lan.file("h2", "three", 3 * MIB)
        for name, words in (("take-whole", "finished (3 chunks)"), ("take-other-offer", "(0 chunks)"),
                            ("take-other-transfer", "(0 chunks)"), ("take-far-file", "(0 chunks)"),
                            ("take-far-chunk", "(0 chunks)"), ("take-left-out", "(0 chunks)"),
                            ("take-agains", "chunks)"),
                            ("take-tickets", "wrong shut, stolen shut, right open, reused shut")):
            ended = attack(mal, name, "Ann", own_offer(ann, "Mal", path))
            check(words in ended, f"{name}: {ended}")
            tell(name, ended, "-", ann)
            say(bob, f"and after {name}?", ann)


@scenario
def receivers_who_swap_and_stand_still():
    """A link put into the place of what was offered is not followed; who never reads holds little."""
    with Scene() as lan:
        ann, bob = lan.pair()
        mal = lan.mal()
        await_member(ann, "Mal", "joined")
        lan.file("h2", "secret", MIB)
        tree = lan.folder("h2", "tree")
        lan.file("h2", "tree/inner/a", MIB)
        lan.file("h2", "tree/b", MIB)
        token = own_offer(ann, "Mal", tree)
        os.unlink(f"{tree}/b")
        os.symlink("../secret", f"{tree}/b")
        os.rename(f"{tree}/inner", f"{tree}/moved")
        os.symlink("moved", f"{tree}/inner")
        ended = attack(mal, "take-whole", "Ann", token)
        check(ended.count("missing") == 2 and "(0 chunks)" in ended, ended)
        tell("swapped links", ended, "-", ann)

        large = lan.file("h2", "large.bin", 256 * MIB)
        before, _ = memory(ann)
        for number in range(8):
            tell("take-never-reads", attack(mal, "take-never-reads", "Ann", own_offer(ann, "Mal", large)),
                 "-", ann)
        used, threads = memory(ann)
        check(used < before + 8 * 24 * MIB, f"{(used - before) // MIB} MiB more")
        mark = bob.mark()
        own_offer(ann, "Bob", large)
        number = await_offer(bob, "large.bin", after=mark)["number"]
        into = lan.folder("h3", "in")
        bob.say(f"/accept {number} '{into}'")
        await_state(bob, "done", after=mark)
        check_same(large, f"{into}/large.bin", into)


@scenario
def receivers_in_others_affairs():
    """Accepts by the thousand, hundreds at the door, and Halts for what Bob has of Ann."""
    with Scene() as lan:
        ann, bob = lan.pair()
        mal = lan.mal()
        await_member(ann, "Mal", "joined")
        path = lan.file("h2", "large.bin", 512 * MIB)
        into = lan.folder("h3", "in")
        ann.say(f"/send #general '{path}'")
        offer = await_offer(bob, "large.bin")
        tell("take-door", attack(mal, "take-door", "Ann", offer["offer"], seconds=90), "-", ann)
        bob.say(f"/accept {offer['number']} '{into}'")
        await_bytes(bob, 16 * MIB)
        for name in ("take-halts", "take-often", "take-halts"):
            tell(name, attack(mal, name, "Ann", offer["offer"], seconds=90), "-", ann)
        say(bob, "still there?", ann)
        await_state(bob, "done", seconds=90)
        check_same(path, f"{into}/large.bin", into)


@scenario
def strangers_at_the_relay():
    with Scene() as lan:
        ann, bob = lan.pair()
        mal = lan.mal()
        await_member(ann, "Mal", "joined")
        check(attack(mal, "stranger", "Ann") in ("refused", "closed"), "a stranger meets nobody")
        check(attack(mal, "meet", "Ann") in ("refused", "closed"), "nobody comes to meet Mal")
        say(bob, "still there?", ann)


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Files from console to console on a virtual LAN: offered, accepted, declined, stopped and broken in
every way, over each of the ways that two machines may find to each other.

    files.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import hashlib
import os
import random
import signal
import stat
import time

from lan import Failure
from room import Room, await_joined, await_member, check
from runner import main, scenario

MIB = 1024 * 1024
LARGE = 512 * MIB  # moves for a second at least
DOORS = "7668-7675"  # DOOR_PORTS of app/files/door.h, after a relay's own
BLOCK = """
for family in -4 -6; do
    if ip $family rule list pref 0 | grep -q local; then
        ip $family rule add pref 100 lookup local && ip $family rule del pref 0
    fi
    ip $family rule add pref 50 iif eth0 ipproto tcp dport {doors} blackhole
done
"""


class Files(Room):
    """A LAN without mDNS: one relay on h1, at its usual port, and consoles with folders of their own."""

    def __init__(self, hosts=3, *options):
        super().__init__(hosts, "--no-avahi", *options)

    def __enter__(self):
        super().__enter__()
        self.relay("h1", "--no-mdns", "--port", "7667")
        return self

    def member(self, host, name, *arguments, joins=True):
        address = self.verb("address", "h1")
        where = f"[{address}%eth0]:7667" if ":" in address else f"{address}:7667"
        return self.console(host, name, "--no-mdns", "--connect", where, *arguments, joins=joins)

    def pair(self, *arguments_of_bob):
        """Ann on h2, Bob on h3; they know each other."""
        ann = self.member("h2", "Ann")
        bob = self.member("h3", "Bob", *arguments_of_bob)
        await_member(ann, "Bob", "joined")
        return ann, bob

    def home(self, host):
        self.homes = getattr(self, "homes", {})
        if host not in self.homes:
            self.homes[host] = super().home(host)
        return self.homes[host]

    def folder(self, host, name):
        path = os.path.join(self.home(host), name)
        os.makedirs(path, exist_ok=True)
        return path

    def file(self, host, name, size):
        path = os.path.join(self.home(host), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            for start in range(0, size, MIB):
                block = hashlib.shake_128(f"{name} {start}".encode()).digest(64)
                out.write((block * (MIB // 64))[: min(MIB, size - start)])
        return path

    def shell(self, host, script):
        program = self.start(host, "sh", "-c", script, name="sh")
        check(program.wait() == 0, f"{script}: " + program.tail())

    def block(self, host):
        """What others dial on this host for files vanishes."""
        self.shell(host, BLOCK.format(doors=DOORS))


def digest(path):
    """Of a file, or of everything in a folder: names, bytes and times."""
    if os.path.isfile(path):
        with open(path, "rb") as source:
            return hashlib.file_digest(source, "blake2b").hexdigest()
    found = []
    for folder, folders, files in os.walk(path):
        folders.sort()
        found.append(os.path.relpath(folder, path))
        for name in sorted(files):
            whole = os.path.join(folder, name)
            found.append((name, digest(whole), os.stat(whole).st_mtime_ns))
    return found


def parts(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


def await_offer(console, title, seconds=20, after=(0, 0)):
    return console.await_object(f"the offer of {title}", lambda e: e["event"] == "offer" and
                                e.get("title") == title and "id" in e and "own" not in e, seconds, after)


def await_state(console, state, seconds=60, after=(0, 0), **more):
    """A transfer of this state, and of these other members."""
    return console.await_object(
        f"a transfer that is {state} {more or ''}",
        lambda e: e["event"] == "transfer" and e["state"] == state and
        all(e.get(name) == value for name, value in more.items()),
        seconds, after)


def await_bytes(console, least, seconds=60, after=(0, 0)):
    return console.await_object(
        f"{least} bytes of a transfer",
        lambda e: e["event"] == "transfer" and e["state"] == "running" and e["bytes"] >= least, seconds, after)


def offer(sender, receiver, to, path):
    """Offers one thing; the receiver's transfer."""
    mark = receiver.mark()
    sender.say(f"/send {to} '{path}'")
    return await_offer(receiver, os.path.basename(path), after=mark)


def check_same(sent, received, folder):
    check(digest(sent) == digest(received), f"{received} is not {sent}")
    check(parts(folder) == [], f"left over: {parts(folder)}")


def transfer(lan, ann, bob, path, into, **expected):
    """Ann sends Bob this, who accepts it: all is well in the end."""
    offered = offer(ann, bob, "Bob", path)
    marks = ann.mark(), bob.mark()
    bob.say(f"/accept {offered['number']} '{into}'")
    done = await_state(bob, "done", after=marks[1], **expected)
    await_state(ann, "done", after=marks[0], **expected)
    check_same(path, done["path"], into)
    return done


@scenario
def one_file():
    with Files() as lan:
        ann, bob = lan.pair()
        path = lan.file("h2", "a report, final.pdf", 3 * MIB + 17)
        os.chmod(path, 0o755)
        os.utime(path, ns=(10**18, 10**18 + 123456789))
        into = lan.folder("h3", "in")
        done = transfer(lan, ann, bob, path, into, way="direct")
        check(done["path"] == f"{into}/a report, final.pdf", done)
        check(os.stat(done["path"]).st_mtime_ns == 10**18 + 123456789, "the time is kept")
        mode = os.stat(done["path"]).st_mode
        check(not mode & stat.S_IXUSR, "never executable")
        check(stat.S_IMODE(mode) == 0o644, "readable as the umask of the person says")
        again = transfer(lan, ann, bob, path, into)
        check(again["path"] == f"{into}/a report, final (2).pdf", again)


@scenario
def a_folder():
    with Files() as lan:
        ann, bob = lan.pair()
        tree = lan.folder("h2", "photos")
        os.makedirs(f"{tree}/empty/emptier")
        lan.file("h2", "photos/none", 0)
        lan.file("h2", "photos/deep/er/one.raw", 5 * MIB)
        for number in range(300):
            lan.file("h2", f"photos/many/{number}.txt", number * 7)
        os.symlink("/etc/passwd", f"{tree}/passwd")
        into = lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", tree)
        check(offered["files"] == 302 and offered["items"][0]["folder"], offered)
        os.unlink(f"{tree}/passwd")
        bob.say(f"/accept {offered['number']} '{into}'")
        done = await_state(bob, "done")
        await_state(ann, "done")
        check_same(tree, done["path"], into)


@scenario
def several_paths():
    with Files() as lan:
        ann, bob = lan.pair()
        one = lan.file("h2", "one.txt", 100)
        two = lan.file("h2", "two words.txt", 200)
        into = lan.folder("h3", "in")
        ann.say(f"/send Bob {one} \"{two}\"")
        offered = bob.await_object("an offer", lambda e: e["event"] == "offer")
        check([item["name"] for item in offered["items"]] == ["one.txt", "two words.txt"], offered)
        check(offered["bytes"] == 300 and offered["to"] == "Bob" and offered["from"] == "Ann", offered)
        bob.say(f"/accept '{into}'")
        await_state(bob, "done")
        check_same(one, f"{into}/one.txt", into)
        check_same(two, f"{into}/two words.txt", into)


@scenario
def declined():
    with Files() as lan:
        ann, bob = lan.pair()
        offered = offer(ann, bob, "Bob", lan.file("h2", "dull.txt", 100))
        bob.say("/decline")
        await_state(bob, "declined", id=offered["id"])
        await_state(ann, "declined", peer="Bob")
        bob.say("/accept")
        bob.await_object("nothing waits", lambda e: e["event"] == "error")


@scenario
def cancelled_by_either():
    with Files() as lan:
        ann, bob = lan.pair()
        path = lan.file("h2", "large.bin", LARGE)
        into = lan.folder("h3", "in")
        for who, other in ((ann, bob), (bob, ann)):
            marks = who.mark(), other.mark()
            offered = offer(ann, bob, "Bob", path)
            bob.say(f"/accept {offered['number']} '{into}'")
            running = await_state(who, "running", after=marks[0])
            who.say(f"/cancel {running['number']}")
            await_state(who, "cancelled", after=marks[0], by_peer=False)
            await_state(other, "cancelled", after=marks[1], by_peer=True)
            await_empty(into)


def await_empty(folder, seconds=10):
    """What was begun is removed aside; nothing else is in the folder, if it is there at all."""
    deadline = time.monotonic() + seconds
    while os.path.isdir(folder) and os.listdir(folder):
        check(time.monotonic() < deadline, f"left over: {os.listdir(folder)}")
        os.sched_yield()


@scenario
def taken_back():
    with Files() as lan:
        ann, bob = lan.pair()
        offered = offer(ann, bob, "Bob", lan.file("h2", "early.txt", 100))
        own = await_state(ann, "offered")
        ann.say(f"/cancel {own['number']}")
        await_state(ann, "cancelled")
        await_state(bob, "cancelled", id=offered["id"], by_peer=True)


@scenario
def paused_by_either():
    with Files() as lan:
        ann, bob = lan.pair()
        path = lan.file("h2", "large.bin", LARGE)
        into = lan.folder("h3", "in")
        for who, other in ((ann, bob), (bob, ann)):
            marks = who.mark(), other.mark()
            offered = offer(ann, bob, "Bob", path)
            bob.say(f"/accept {offered['number']} '{into}'")
            running = await_state(who, "running", after=marks[0])
            who.say(f"/pause {running['number']}")
            await_state(who, "paused", after=marks[0], by_peer=False)
            await_state(other, "paused", after=marks[1], by_peer=True)
            marks = who.mark(), other.mark()
            who.say(f"/resume {running['number']}")
            await_state(who, "done", after=marks[0])
            await_state(other, "done", after=marks[1])
            check_same(path, f"{into}/large.bin", into)
            os.unlink(f"{into}/large.bin")


@scenario
def to_the_room():
    with Files(4) as lan:
        ann, bob = lan.pair()
        cid = lan.member("h4", "Cid")
        path = lan.file("h2", "poster.png", 2 * MIB)
        folders = {bob: lan.folder("h3", "in"), cid: lan.folder("h4", "in")}
        ann.say(f"/send #general '{path}'")
        for receiver, into in folders.items():
            offered = await_offer(receiver, "poster.png")
            check(offered["room"] == "general", offered)
            receiver.say(f"/accept {offered['number']} '{into}'")
        for receiver, into in folders.items():
            done = await_state(receiver, "done")
            check_same(path, done["path"], into)
        for name in ("Bob", "Cid"):
            await_state(ann, "done", peer=name)


@scenario
def twenty_at_once():
    with Files(3) as lan:
        ann = lan.member("h2", "Ann")
        path = lan.file("h2", "film.mkv", 8 * MIB)
        several = [lan.member("h3", f"B{number}", "--accept-from", "all", "--into",
                              lan.folder("h3", f"in{number}"), joins=False) for number in range(20)]
        for receiver in several:
            await_joined(receiver)
        ann.say(f"/send #general '{path}'")
        for number, receiver in enumerate(several):
            done = await_state(receiver, "done", seconds=120)
            check_same(path, done["path"], lan.folder("h3", f"in{number}"))
        for number in range(20):
            await_state(ann, "done", peer=f"B{number}")


@scenario
def late_to_the_room():
    """Who joins later may accept too, also after the sender was away."""
    with Files(4) as lan:
        ann, bob = lan.pair()
        path = lan.file("h2", "poster.png", 2 * MIB)
        ann.say(f"/send #general '{path}'")
        await_offer(bob, "poster.png")
        ann.kill()
        cid = lan.member("h4", "Cid")
        offered = await_offer(cid, "poster.png")
        into = lan.folder("h4", "in")
        cid.say(f"/accept {offered['number']} '{into}'")
        await_state(cid, "waiting")
        ann = lan.member("h2", "Ann")
        done = await_state(cid, "done")
        await_state(ann, "done", peer="Cid")
        check_same(path, done["path"], into)


@scenario
def decided_while_the_other_was_away():
    with Files() as lan:
        ann, bob = lan.pair()
        one, two = lan.file("h2", "one.txt", 100), lan.file("h2", "two.txt", 100)
        first, second = offer(ann, bob, "Bob", one), offer(ann, bob, "Bob", two)
        ann.kill()
        await_member(bob, "Ann", "left")
        bob.say(f"/decline {first['number']}")
        await_state(bob, "declined", id=first["id"])
        bob.kill()
        ann = lan.member("h2", "Ann")
        ann.say("/transfers")
        listed = ann.await_object("transfers", lambda e: e["event"] == "transfers")["transfers"]
        number = next(entry["number"] for entry in listed if entry["title"] == "two.txt")
        ann.say(f"/cancel {number}")
        await_state(ann, "cancelled", title="two.txt")
        bob = lan.member("h3", "Bob")
        await_state(ann, "declined", title="one.txt")
        await_state(bob, "cancelled", id=second["id"], by_peer=True)


@scenario
def paused_over_restarts():
    with Files() as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "large.bin", LARGE), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} '{into}'")
        await_state(bob, "running")
        bob.say(f"/pause {offered['number']}")
        await_state(bob, "paused")
        await_state(ann, "paused", by_peer=True)
        ann.kill()
        bob.kill()
        ann, bob = lan.pair()
        bob.say("/transfers")
        listed = bob.await_object("transfers", lambda e: e["event"] == "transfers")["transfers"]
        check([entry["state"] for entry in listed] == ["paused"], listed)
        bob.say(f"/resume {listed[0]['id'][:6]}")
        await_state(bob, "done")
        await_state(ann, "done")
        check_same(path, f"{into}/large.bin", into)


@scenario
def no_room():
    """A full disk is said; with room it goes on."""
    with Files() as lan:
        ann = lan.member("h2", "Ann")
        into = lan.folder("h3", "in")
        lan.shell("h3", f"mount -t tmpfs -o size=8m tmpfs {into}")
        bob = lan.member("h3", "Bob")
        await_member(ann, "Bob", "joined")
        path = lan.file("h2", "large.bin", 16 * MIB)
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} {into}")
        failed = await_state(bob, "failed")
        check(failed["code"] == "disk-full" and failed["retryable"], failed)
        lan.shell("h3", f"mount -o remount,size=64m {into}")
        bob.say(f"/retry {offered['number']}")
        await_state(bob, "done")
        await_state(ann, "done")
        lan.shell("h3", f"cmp {path} {into}/large.bin")


@scenario
def ipv6_only():
    with Files(3, "--ipv6-only") as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "one.bin", 3 * MIB), lan.folder("h3", "in")
        transfer(lan, ann, bob, path, into, way="direct")
        lan.block("h2")
        transfer(lan, ann, bob, path, into, way="reverse")


@scenario
def unattended():
    with Files() as lan:
        ann = lan.member("h2", "Ann")
        into = lan.folder("h3", "in")
        first = lan.file("h2", "first.bin", MIB)
        bob = lan.member("h3", "Bob")
        await_member(ann, "Bob", "joined")
        bob.say("/quit")
        check(bob.wait() == 0, "Bob's exit code")
        ann.say(f"/send Bob '{first}'")
        await_state(ann, "offered")
        bob = lan.member("h3", "Bob", "--accept-from", "Ann", "--accept-from", "Zoe", "--into", into)
        bob.process.stdin.close()
        await_state(bob, "done", path=f"{into}/first.bin")
        second = lan.file("h2", "second.bin", 100)
        mark = ann.mark()
        ann.say(f"/send Bob '{second}'")
        await_state(ann, "done", after=mark)
        check_same(second, f"{into}/second.bin", into)
        cid = lan.member("h1", "Cid")
        third = lan.file("h1", "third.bin", 100)
        cid.say(f"/send Bob '{third}'")
        await_offer(bob, "third.bin")
        mark = ann.mark()
        ann.say(f"/send Bob '{second}'")  # Cid's offer stays undecided meanwhile
        await_state(ann, "done", after=mark)
        check(not os.path.exists(f"{into}/third.bin"), "nobody welcomed Cid")
        bob.signal(signal.SIGTERM)
        check(bob.wait() == 0, "Bob's exit code")


@scenario
def a_script_learns_what_became_of_it():
    with Files() as lan:
        bob = lan.member("h3", "Bob")
        into = lan.folder("h3", "in")
        path = lan.file("h2", "backup.tar", MIB)

        def script(*arguments, line=f"/send Bob '{path}'"):
            script.number = getattr(script, "number", 0) + 1
            ann = lan.member("h2", f"Ann{script.number}", *arguments)
            mark = bob.mark()
            ann.say(line)
            ann.process.stdin.close()
            return ann, mark

        ann, mark = script()
        number = await_offer(bob, "backup.tar", after=mark)["number"]
        bob.say(f"/accept {number} '{into}'")
        check(ann.wait() == 0, "accepted: " + ann.tail())
        check_same(path, f"{into}/backup.tar", into)

        ann, mark = script()
        bob.say(f"/decline {await_offer(bob, 'backup.tar', after=mark)['number']}")
        check(ann.wait() == 69, "declined: " + ann.tail())

        ann, mark = script("--wait", "1")
        number = await_offer(bob, "backup.tar", after=mark)["number"]
        check(ann.wait() == 75, "undecided: " + ann.tail())
        bob.say(f"/accept {number} '{into}'")
        await_state(bob, "waiting", after=mark)
        mark = bob.mark()
        ann = lan.member("h2", "Ann3")  # keeps its word the next time
        await_state(bob, "done", after=mark)
        check_same(path, f"{into}/backup (2).tar", into)

        ann, mark = script(line="/send Bob /nowhere/at.all")
        check(ann.wait() == 69, "no such file: " + ann.tail())


def broken(lan, breaks, path, into):
    """A large file in which both are interrupted at this point: goes on by itself, not from zero."""
    ann, bob = lan.pair()
    offered = offer(ann, bob, "Bob", path)
    bob.say(f"/accept {offered['number']} '{into}'")
    await_bytes(bob, 16 * MIB)
    before, mark = bob, bob.mark()
    ann, bob = breaks(ann, bob)
    mark = mark if bob is before else (0, 0)
    done = await_state(bob, "done", seconds=90)
    await_state(ann, "done", seconds=90)
    check_same(path, done["path"], into)
    check(os.listdir(into) == ["large.bin"], os.listdir(into))
    seen = [e["bytes"] for e in bob.objects[mark[0]:] if e["event"] == "transfer" and e["state"] == "running"]
    check(not seen or seen[0] >= 8 * MIB, f"went on from {seen[:3]}")


def scene(breaks):
    with Files() as lan:
        broken(lan, lambda ann, bob: breaks(lan, ann, bob), lan.file("h2", "large.bin", LARGE),
               lan.folder("h3", "in"))


@scenario
def the_receiver_is_killed():
    def breaks(lan, ann, bob):
        bob.kill()
        return ann, lan.member("h3", "Bob")
    scene(breaks)


@scenario
def the_sender_is_killed():
    def breaks(lan, ann, bob):
        ann.kill()
        return lan.member("h2", "Ann"), bob
    scene(breaks)


@scenario
def both_are_killed():
    def breaks(lan, ann, bob):
        ann.kill()
        bob.kill()
        bob = lan.member("h3", "Bob")
        await_state(bob, "waiting")
        return lan.member("h2", "Ann"), bob
    scene(breaks)


@scenario
def killed_again_and_again():
    """Either side, at random moments, until nothing is left to be moved."""
    with Files() as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "large.bin", 2 * LARGE), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} '{into}'")
        least, mark = 0, (0, 0)
        for turn in range(50):
            now = bob.await_object("running again", lambda e: e["event"] == "transfer" and
                                   e["state"] in ("running", "done"), 60, mark)
            check(now["bytes"] >= least, f"turn {turn}: {now['bytes']} bytes after {least}")
            if awaits_end(bob, random.uniform(0, 0.3)):
                break
            least = largest(bob)
            if turn % 2:
                bob.kill()
                mark = (0, 0)
                bob = lan.member("h3", "Bob")
            else:
                mark = bob.mark()
                ann.kill()
                ann = lan.member("h2", "Ann")
        done = await_state(bob, "done", seconds=90)
        await_state(ann, "done", seconds=90)
        check_same(path, done["path"], into)
        check(os.listdir(into) == ["large.bin"], os.listdir(into))


def awaits_end(console, seconds):
    """True when the transfer ended within this time."""
    try:
        await_state(console, "done", seconds=seconds)
        return True
    except Failure:
        return False


def largest(console):
    return max((e["bytes"] for e in console.objects if e["event"] == "transfer"), default=0)


@scenario
def the_receiver_leaves_and_returns():
    def breaks(lan, ann, bob):
        mark = ann.mark()
        bob.signal(signal.SIGTERM)
        check(bob.wait() == 0, "Bob's exit code")
        await_state(ann, "waiting", after=mark)
        return ann, lan.member("h3", "Bob")
    scene(breaks)


@scenario
def the_cable_is_pulled():
    def breaks(lan, ann, bob):
        lan.verb("silence", "h3")
        mark = bob.mark()
        bob.await_object("lost", lambda e: e["event"] == "link" and e["state"] == "lost", 30, mark)
        lan.verb("mend", "h3")
        await_joined(bob, 40, mark)
        return ann, bob
    scene(breaks)


@scenario
def the_relay_is_away_meanwhile():
    """What moves does not need it; what was decided is told when it is back."""
    with Files() as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "large.bin", LARGE), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} '{into}'")
        await_state(bob, "running")
        relay = next(program for program in lan.started if program.name == "h1:relay")
        relay.kill()
        await_state(bob, "done")
        await_state(ann, "done")
        check_same(path, f"{into}/large.bin", into)


@scenario
def a_changed_source():
    with Files() as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "notes.txt", 1000), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        with open(path, "a", encoding="ascii") as out:
            out.write("more")
        bob.say(f"/accept {offered['number']} '{into}'")
        failed = await_state(bob, "failed")
        check(failed["code"] == "changed", failed)
        check(os.listdir(into) == [], os.listdir(into))


@scenario
def one_of_several_vanished():
    with Files() as lan:
        ann, bob = lan.pair()
        keep, gone = lan.file("h2", "keep.txt", 1000), lan.file("h2", "gone.txt", 1000)
        into = lan.folder("h3", "in")
        ann.say(f"/send Bob '{keep}' '{gone}'")
        await_offer(bob, "2 files")
        os.unlink(gone)
        bob.say(f"/accept '{into}'")
        check(await_state(bob, "done")["missing"] == 1, "one is missing")
        check(os.listdir(into) == ["keep.txt"], os.listdir(into))


@scenario
def the_other_way_round():
    """Nobody can dial the sender."""
    with Files() as lan:
        ann, bob = lan.pair()
        lan.block("h2")
        path, into = lan.file("h2", "one.bin", 3 * MIB), lan.folder("h3", "in")
        transfer(lan, ann, bob, path, into, way="reverse")


@scenario
def through_the_relay():
    """Nobody can dial anybody but the relay."""
    with Files() as lan:
        ann, bob = lan.pair()
        lan.block("h2")
        lan.block("h3")
        path, into = lan.file("h2", "one.bin", 3 * MIB), lan.folder("h3", "in")
        transfer(lan, ann, bob, path, into, way="relay")


@scenario
def the_relay_dies_under_it():
    with Files() as lan:
        ann, bob = lan.pair()
        lan.block("h2")
        lan.block("h3")
        path, into = lan.file("h2", "large.bin", LARGE), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} '{into}'")
        await_bytes(bob, 16 * MIB)
        mark = bob.mark()
        next(program for program in lan.started if program.name == "h1:relay").kill()
        await_state(bob, "waiting", after=mark)
        mark = bob.mark()
        lan.relay("h1", "--no-mdns", "--port", "7667")
        again = await_state(bob, "running", after=mark, way="relay")
        check(again["bytes"] >= 8 * MIB, again)
        await_state(bob, "done", seconds=90, way="relay")
        await_state(ann, "done")
        check_same(path, f"{into}/large.bin", into)


@scenario
def another_network():
    """All machines get other addresses meanwhile, as when a router is replaced."""
    with Files() as lan:
        ann, bob = lan.pair()
        path, into = lan.file("h2", "large.bin", 2 * LARGE), lan.folder("h3", "in")
        offered = offer(ann, bob, "Bob", path)
        bob.say(f"/accept {offered['number']} '{into}'")
        await_bytes(bob, 16 * MIB)
        mark = bob.mark()
        for host in ("h1", "h2", "h3"):
            lan.verb("renumber", host)
        where = f"{lan.verb('address', 'h1')}:7667"
        for who in (ann, bob):
            who.say(f"/connect {where}")
        await_state(bob, "done", seconds=120, after=mark)
        await_state(ann, "done", seconds=60)
        check_same(path, f"{into}/large.bin", into)


@scenario
def both_on_one_machine():
    with Files(2) as lan:
        ann = lan.member("h2", "Ann")
        bob = lan.member("h2", "Bob")
        await_member(ann, "Bob", "joined")
        path, into = lan.file("h2", "one.bin", 3 * MIB), lan.folder("h2", "in")
        transfer(lan, ann, bob, path, into)


if __name__ == "__main__":
    main(__doc__)

#!/usr/bin/env python3
"""Transfers in a world that does not stand still: cables, addresses, machines that sleep, disks that
are full or gone, sources that change. A transfer ends well by itself, or says what is to be done.

    files_broken.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import os
import shutil
import signal
import threading

from files import LARGE, MIB, Files, await_bytes, await_empty, await_state, check_same, digest, largest
from room import await_joined, check
from runner import main, scenario

SOON = 16 * MIB  # of LARGE: it is under way
SLACK = 8 * MIB
ROOM = LARGE // MIB + 44  # MiB: for LARGE and what goes with it


class Scene(Files):
    """Ann sends what Bob accepts unasked."""

    def __enter__(self):
        super().__enter__()
        self.into = self.folder("h3", "in")
        self.ann, self.bob = self.pair("--accept-from", "Ann", "--into", self.into)
        return self

    def send(self, path):
        """Until it is under way at both."""
        self.path = path
        self.ann.say(f"/send Bob '{path}'")
        await_bytes(self.bob, SOON if os.path.isfile(path) else 1)
        return path

    def send_large(self):
        return self.send(self.file("h2", "large.bin", LARGE))

    def await_end(self, seconds=90, after=(0, 0), name=None):
        """Well, from where it was, and nothing else is there."""
        before = largest(self.bob)
        done = await_state(self.bob, "done", seconds=seconds, after=after)
        await_state(self.ann, "done", seconds=seconds)
        check(os.path.basename(done["path"]) == (name or os.path.basename(self.path)), done["path"])
        check_same(self.path, done["path"], self.into)
        check_kept(self.bob, before)
        self.check_no_state()
        return done

    def check_no_state(self):
        await_empty(os.path.join(self.home("h3"), "Bob", "transfers"))

    def await_failed(self, code, seconds=60, **more):
        failed = await_state(self.bob, "failed", seconds=seconds, **more)
        check(failed["code"] == code and failed["why"], failed)
        return failed

    def retry(self, failed):
        mark = self.bob.mark()
        self.bob.say(f"/retry {failed['number']}")
        return mark

    def seen_by_bob(self, path):
        """His mounts are his own."""
        return f"/proc/{self.bob.process.pid}/root{path}"


def check_kept(console, before):
    most = 0
    for entry in list(console.objects):
        if entry["event"] == "transfer" and entry["state"] == "running":
            check(entry["bytes"] >= most - SLACK, f"from {most} back to {entry['bytes']}")
            most = max(most, entry["bytes"])
    check(most >= before, "it went on")


def last(seconds):
    """How long the break is: not a wait for something."""
    threading.Event().wait(seconds)


# --- the network ---


@scenario
def the_receivers_cable_is_cut():
    with Scene() as lan:
        lan.send_large()
        lan.verb("cut", "h3")
        last(10)
        lan.verb("mend", "h3")
        lan.await_end()


@scenario
def the_senders_cable_is_cut():
    with Scene() as lan:
        lan.send_large()
        lan.verb("cut", "h2")
        last(10)
        lan.verb("mend", "h2")
        lan.await_end()


def readdress(lan, host, address):
    lan.shell(host, f"ip address flush dev eth0 scope global; ip address add {address}/24 brd + dev eth0; "
                    "ip route replace default via 10.77.0.1 dev eth0")


@scenario
def the_receiver_gets_another_address():
    with Scene() as lan:
        lan.send_large()
        readdress(lan, "h3", "10.77.0.113")
        lan.await_end(seconds=120)


@scenario
def the_sender_gets_another_address():
    with Scene() as lan:
        lan.send_large()
        readdress(lan, "h2", "10.77.0.112")
        lan.await_end(seconds=120)


# --- machines that sleep ---


def sleeps(lan, who):
    lan.send_large()
    who.signal(signal.SIGSTOP)
    last(40)
    who.signal(signal.SIGCONT)
    lan.await_end()


@scenario
def the_receiver_sleeps():
    with Scene() as lan:
        sleeps(lan, lan.bob)


@scenario
def the_sender_sleeps():
    with Scene() as lan:
        sleeps(lan, lan.ann)


# --- sources ---


def spoil(path, how):
    if how == "deleted":
        os.unlink(path)
    elif how == "truncated":
        os.truncate(path, 20 * MIB)
    elif how == "replaced":
        with open(path + ".new", "wb") as out:
            out.truncate(LARGE)
        os.rename(path + ".new", path)
    else:
        with open(path, "r+b") as out:
            out.seek(LARGE - 3 * MIB)
            out.write(b"another end")


def check_nothing(lan):
    await_empty(lan.into)
    lan.check_no_state()


@scenario
def the_source_changes_meanwhile():
    """What arrives is what was offered, or it is said; never something between."""
    for how in ("written to", "truncated", "deleted", "replaced"):
        with Scene() as lan:
            path = lan.send_large()
            whole = digest(path)
            spoil(path, how)
            end = lan.bob.await_object("an end", lambda e: e["event"] == "transfer" and
                                       e["state"] in ("failed", "done"), 60)
            if end["state"] == "done":  # an open file can be read to its end
                check(digest(end["path"]) == whole, f"{how}: something between arrived")
                continue
            check(end["code"] in ("changed", "vanished") and end["why"], end)
            check(await_state(lan.ann, "failed")["code"] == end["code"], how)
            check_nothing(lan)


@scenario
def the_source_changes_during_a_pause():
    for how, code in (("written to", "changed"), ("truncated", "changed"), ("deleted", "vanished"),
                      ("replaced", "changed")):
        with Scene() as lan:
            path = lan.send_large()
            lan.ann.say("/pause 1")
            await_state(lan.ann, "paused")
            await_state(lan.bob, "paused")
            spoil(path, how)
            lan.ann.say("/resume 1")
            lan.await_failed(code)
            await_state(lan.ann, "failed")
            check_nothing(lan)


@scenario
def one_of_a_folder_changes_meanwhile():
    with Scene() as lan:
        for number in range(40):
            lan.file("h2", f"album/{number:02}.raw", 8 * MIB)
        tree = lan.folder("h2", "album")
        lan.send(tree)
        with open(f"{tree}/39.raw", "ab") as out:
            out.write(b"more")
        done = await_state(lan.bob, "done")
        check(done["missing"] == 1 and done["why"], done)
        check(await_state(lan.ann, "done")["missing"] == 1, "said to the sender too")
        os.unlink(f"{tree}/39.raw")
        names = sorted(os.listdir(f"{lan.into}/album"))
        check(names == sorted(os.listdir(tree)), names)
        check(all(digest(f"{tree}/{name}") == digest(f"{lan.into}/album/{name}") for name in names), "bytes")


# --- where it lands ---


@scenario
def the_name_is_taken_meanwhile():
    with Scene() as lan:
        lan.send_large()
        with open(f"{lan.into}/large.bin", "wb") as out:
            out.write(b"mine")
        lan.await_end(name="large (2).bin")
        with open(f"{lan.into}/large.bin", "rb") as kept:
            check(kept.read() == b"mine", "nothing is overwritten")


@scenario
def the_folder_is_removed_meanwhile():
    with Scene() as lan:
        lan.send_large()
        shutil.rmtree(lan.into)
        failed = lan.await_failed("folder-gone")
        os.makedirs(lan.into)
        mark = lan.retry(failed)
        done = await_state(lan.bob, "done", after=mark)
        check_same(lan.path, done["path"], lan.into)
        lan.check_no_state()


def disk(lan, options):
    lan.shell("h3", f"mount -t tmpfs -o {options} tmpfs '{lan.into}'")


def check_arrived(lan, mark):
    done = await_state(lan.bob, "done", after=mark)
    await_state(lan.ann, "done")
    there = lan.seen_by_bob(lan.into)
    check(os.listdir(there) == [os.path.basename(lan.path)], os.listdir(there))
    check(digest(lan.path) == digest(lan.seen_by_bob(done["path"])), "other bytes")
    lan.check_no_state()


@scenario
def there_is_no_room():
    with Scene() as lan:
        disk(lan, "size=64m")
        lan.path = lan.file("h2", "large.bin", LARGE)
        lan.ann.say(f"/send Bob '{lan.path}'")
        failed = lan.await_failed("disk-full")
        check(failed["retryable"], failed)
        await_state(lan.ann, "failed")
        lan.shell("h3", f"mount -o remount,size={ROOM}m '{lan.into}'")
        check_arrived(lan, lan.retry(failed))


@scenario
def the_disk_fills_meanwhile():
    with Scene() as lan:
        disk(lan, f"size={ROOM}m")
        lan.send_large()
        lan.shell("h3", f"head -c {ROOM}M /dev/zero > '{lan.into}/other' || true")
        failed = lan.await_failed("disk-full")
        before = failed["bytes"]
        check(before >= SOON, failed)
        os.unlink(lan.seen_by_bob(f"{lan.into}/other"))
        mark = lan.retry(failed)
        running = lan.bob.await_object("it goes on", lambda e: e["event"] == "transfer" and
                                       e["state"] in ("running", "done"), 60, mark)
        check(running["bytes"] >= before, f"{running['bytes']} after {before}")
        check_arrived(lan, mark)


@scenario
def it_may_not_be_written():
    with Scene() as lan:
        disk(lan, f"ro,size={ROOM}m")
        lan.path = lan.file("h2", "large.bin", LARGE)
        lan.ann.say(f"/send Bob '{lan.path}'")
        failed = lan.await_failed("no-permission")
        lan.shell("h3", f"mount -o remount,rw '{lan.into}'")
        check_arrived(lan, lan.retry(failed))


if __name__ == "__main__":
    main(__doc__)

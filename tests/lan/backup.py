#!/usr/bin/env python3
"""A relay that is backed up while people write, lost, and restored: what was said since comes back from the members.

    backup.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import json
import threading

import killed
from lan import Failure
from room import Room, await_joined, check, say
from runner import main, scenario

WRITERS = ("Ann", "Bob")


def command(room, *words, expected=0):
    """A command of the relay's program beside the running relay; what it printed."""
    program = room.start("h1", "backfence-relay", words[0], "--data", f"{room.home('h1')}/relay", *words[1:],
                         name=words[0])
    code = program.wait(60)
    if code != expected:
        raise Failure(f"{words[0]} ended with {code}:\n{program.tail()}")
    return program


def writers_of(consoles):
    writers = [killed.Writer(console, name) for console, name in zip(consoles, WRITERS)]
    for writer in writers:
        writer.start()
    return writers


def let_them_write(console, count):
    """Until so many more were sent."""
    mark = console.mark()
    for _ in range(count):
        console.await_object("something sent", lambda entry: entry["event"] == "sent", 30, mark)
        mark = console.mark()


def stop(writers, consoles):
    for writer in writers:
        writer.stopping.set()
        writer.join()
    for console in consoles:
        killed.await_outcomes(console)


def sent_by(consoles):
    return {entry["id"] for console in consoles for entry in killed.of(console, "sent")}


@scenario
def restored_while_people_are_there():
    with Room(4) as room:
        relay = room.relay("h1")
        consoles = [room.console(f"h{host}", name) for host, name in enumerate(WRITERS, 2)]
        backup = f"{room.home('h1')}/backup"
        writers = writers_of(consoles)
        let_them_write(consoles[0], 20)
        command(room, "backup", backup)
        let_them_write(consoles[0], 20)
        stop(writers, consoles)
        command(room, "restore", backup, "--move-aside", expected=1)  # it runs
        relay.kill()
        command(room, "restore", backup, expected=1)  # there is something
        mark = consoles[0].mark()
        command(room, "restore", backup, "--move-aside")
        room.relay("h1")
        await_joined(consoles[0], 40, mark)
        say(consoles[0], "said after all that", consoles[1], seconds=40)
        sent = sent_by(consoles)
        newcomer = room.console("h4", "Dora")
        for console in (*consoles, newcomer):
            killed.await_all(console, sent)
        queued = {entry["id"] for console in consoles for entry in killed.of(console, "queued")}
        killed.compare([*consoles, newcomer], sent, queued)


@scenario
def killed_in_the_middle():
    """The one who asks for a backup is killed, then the relay: both are as before, and a backup is whole or is none."""
    with Room(3) as room:
        relay = room.relay("h1")
        consoles = [room.console(f"h{host}", name) for host, name in enumerate(WRITERS, 2)]
        writers = writers_of(consoles)
        for number in range(6):
            let_them_write(consoles[0], 5)
            asking = room.start("h1", "backfence-relay", "backup", "--data", f"{room.home('h1')}/relay",
                                f"{room.home('h1')}/backup-{number}", name="backup")
            # Not a wait for something: the moment of the kill is what differs here.
            threading.Event().wait(0.01 * number)
            asking.kill()
            if number % 2:
                relay.kill()
                relay = room.relay("h1")
        command(room, "backup", f"{room.home('h1')}/whole")
        stop(writers, consoles)
        sent = sent_by(consoles)
        for console in consoles:
            killed.await_all(console, sent)
        lines = f"{room.home('h1')}/lines"
        command(room, "export", lines)
        with open(lines, encoding="utf-8") as file:
            told = [json.loads(line) for line in file]
        said = [entry["text"] for entry in told if entry["kind"] == "message"]
        check(len(said) == len(set(said)), "something was exported twice")
        check(len(said) >= len(sent), f"{len(said)} of {len(sent)} messages were exported")


if __name__ == "__main__":
    main(__doc__)

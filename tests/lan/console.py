#!/usr/bin/env python3
"""The console as a person at a terminal uses it, and as a script does, with a real relay on
loopback. Needs no namespaces.

    console.py [--build DIR] [SCENARIO…]       all of them without a name
"""

import codecs
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

from lan import Failure
from runner import Skip, main, scenario

ESCAPES = re.compile(r"\033\[[0-9;?]*[A-Za-z]|\033[()][A-Z0-9]|\033[=>]")
UP, TAB, CTRL_A, CTRL_C, CTRL_D = "\033[A", "\t", "\001", "\003", "\004"


def check(holds, what):
    if not holds:
        raise Failure(f"wrong: {what}")


class Output:
    """What a program has written so far; a thread reads it."""

    def __init__(self, descriptor):
        self.text = ""
        self.descriptor = descriptor
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                raw = os.read(self.descriptor, 65536)
            except OSError:  # the other side of a pseudo terminal is closed
                raw = b""
            with self.changed:
                if not raw:
                    self.changed.notify_all()
                    return
                self.text += decoder.decode(raw)
                self.changed.notify_all()

    def mark(self):
        with self.changed:
            return len(self.text)

    def plain(self, start=0):
        return ESCAPES.sub("", self.text[start:])

    def await_text(self, wanted, start=0, seconds=15):
        """A regular expression; what it matches."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                found = re.search(wanted, self.plain(start))
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failure(f"“{wanted}” did not come; there was:\n{self.plain(start)[-1500:]}")
                self.changed.wait(min(left, 0.5))


class House:
    """A folder, a relay and those who use it."""

    def __enter__(self):
        build = os.environ.get("BACKFENCE_BUILD_DIR", "")
        self.relay_program = os.path.join(build, "backfence-relay")
        self.console_program = os.path.join(build, "backfence-console")
        for program in (self.relay_program, self.console_program):
            if not os.access(program, os.X_OK):
                raise Skip(f"{program} is not built")
        self.folder = tempfile.mkdtemp(prefix="backfence-console-")
        self.port = 0
        self.processes = []
        self.environment = {**os.environ, "HOME": self.folder, "XDG_STATE_HOME": f"{self.folder}/state",
                            "TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def popen(self, argv, **options):
        options.setdefault("env", self.environment)
        process = subprocess.Popen(argv, **options)
        self.processes.append(process)
        return process

    def relay(self, *arguments):
        relay = self.popen([self.relay_program, "serve", "--no-mdns", "--name", "Home", "--data",
                            f"{self.folder}/relay", "--port", str(self.port), *arguments],
                           stderr=subprocess.PIPE)
        relay.output = Output(relay.stderr.fileno())
        self.port = int(relay.output.await_text(r"event=listening port=(\d+)")[1])
        return relay

    def locked_relay(self, passphrase):
        path = f"{self.folder}/passphrase"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(passphrase)
        return self.relay("--passphrase-file", path)

    def fill(self, first, last):
        """Puts "message FIRST" to "message LAST" into the log of a relay that does not run."""
        program = os.path.join(os.environ.get("BACKFENCE_BUILD_DIR", ""), "tests/lan/fill")
        if not os.access(program, os.X_OK):
            raise Skip(f"{program} is not built")
        subprocess.run([program, f"{self.folder}/relay", str(first), str(last)], check=True,
                       stdout=subprocess.DEVNULL)

    def arguments(self, name, *more):
        where = ["--connect", f"127.0.0.1:{self.port}"] if self.port else []
        return [self.console_program, "--no-mdns", *where, "--data", f"{self.folder}/{name}",
                "--name", name, *more]

    def piped(self, name, text, *more, seconds=30):
        """A console that reads this and ends: exit code, standard output, standard error."""
        raw = text if isinstance(text, bytes) else text.encode()
        done = subprocess.run(self.arguments(name, *more), input=raw, env=self.environment,
                              capture_output=True, timeout=seconds)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def terminal(self, name, *more, columns=80, **environment):
        return Terminal(self, self.arguments(name, *more), columns, environment)


class Terminal(Output):
    """A person at a pseudo terminal."""

    def __init__(self, house, argv, columns, environment):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.settings = termios.tcgetattr(self.slave)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = house.popen(argv, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                   preexec_fn=take_terminal, env={**house.environment, **environment})
        super().__init__(self.master)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def enter(self, line):
        self.type(line + "\r")

    def join(self):
        self.await_text("You are now in Home")
        self.await_text("> $")
        return self

    def leave(self, keys=CTRL_D, seconds=15):
        self.type(keys)
        return self.wait(seconds)

    def wait(self, seconds=15):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure("it does not end; there was:\n" + self.plain()[-1500:]) from None
        check(termios.tcgetattr(self.slave) == self.settings, "the terminal is as it was")
        return code


def said(who, text):
    return rf"\[\d\d:\d\d\] {re.escape(who)}: {re.escape(text)}\r?\n"


@scenario
def two_at_terminals():
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        bob = house.terminal("Bob Jones").join()
        ann.await_text("-- Bob Jones joined")
        mark = ann.mark()
        ann.type("half a li")
        ann.await_text("half a li$", mark)
        bob.enter("interrupting")
        ann.await_text(said("Bob Jones", "interrupting") + "> half a li$", mark)
        ann.enter("ne")
        for who in (ann, bob):
            who.await_text(said("Ann", "half a line"))
        bob.enter("/me waves")
        ann.await_text(r"\] \* Bob Jones waves")
        check(ann.leave() == 0, "Ctrl+D leaves with 0")
        bob.await_text("-- Ann left")
        check(bob.leave("/quit\r") == 0, "/quit leaves with 0")


@scenario
def editing():
    """Tab, arrows, Ctrl+C, and a line of several rows that steps aside."""
    with House() as house:
        house.relay()
        ann = house.terminal("Ann", columns=40).join()
        bob = house.terminal("Bob Jones").join()
        ann.await_text("-- Bob Jones joined")
        ann.type("/ms" + TAB + "bo" + TAB)
        ann.enter("to you")
        bob.await_text(r"Ann → you: to you")
        ann.await_text(r"Ann → Bob Jones: to you")
        mark = ann.mark()
        ann.enter("bo" + TAB + "hello")
        bob.await_text(said("Ann", "Bob Jones: hello"))
        ann.await_text(said("Ann", "Bob Jones: hello"), mark)
        ann.enter(UP + UP)
        bob.await_text(r"(?s)Ann → you: to you.*Ann → you: to you")
        mark = ann.mark()
        ann.type("x" * 100)
        ann.await_text("x$", mark)
        bob.enter("over three rows")
        ann.await_text(said("Bob Jones", "over three rows"), mark)
        ann.enter(CTRL_A + "begin ")
        bob.await_text(said("Ann", "begin " + "x" * 100))
        mark = ann.mark()
        ann.type("never said")
        ann.await_text("never said$", mark)
        ann.type(CTRL_C)
        ann.await_text("> $", mark)
        ann.enter("said")
        bob.await_text(said("Ann", "said"))
        check("never said" not in bob.plain(), "Ctrl+C clears the line")
        check(ann.leave(CTRL_C) == 0, "Ctrl+C in an empty line leaves")
        check(os.stat(f"{house.folder}/state/backfence/console-history").st_mode & 0o77 == 0,
              "the history of lines is nobody else's")
        check(house.terminal("Ann").join().leave(UP + CTRL_C + CTRL_C) == 0, "and again")


@scenario
def files():
    """Offered, declined and accepted in lines; names and paths completed."""
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        bob = house.terminal("Bob Jones").join()
        ann.await_text("-- Bob Jones joined")
        for name in ("out", "in"):
            os.mkdir(f"{house.folder}/{name}")
        path = f"{house.folder}/out/my notes.txt"
        with open(path, "wb") as out:
            out.write(b"n" * 18400)
        ann.enter(f"/send bo{TAB}{house.folder}/ou{TAB}my{TAB}")
        ann.await_text(r"-- 1: offered my notes\.txt\. /cancel 1 takes it back\.")
        ann.await_text(r"Ann → Bob Jones offers my notes\.txt \(18\.4 kB\)\.")
        bob.await_text(r"Ann → you offers my notes\.txt \(18\.4 kB\)\. /accept 1 or /decline 1")
        bob.enter("/decline")
        bob.await_text("-- Declined my notes.txt.")
        ann.await_text("-- 1: Bob Jones declined my notes.txt.")
        ann.enter(f"/send #ge{TAB}{house.folder}/out/my notes.txt")
        bob.await_text(r"Ann offers my notes\.txt \(18\.4 kB\)\. /accept 2 or /decline 2")
        bob.enter(f"/accept 2 {house.folder}/i{TAB}")
        bob.await_text(r"-- 2: my notes\.txt came, to \S+/in/my notes\.txt\.")
        ann.await_text(r"-- \d: Bob Jones has my notes\.txt\.")
        with open(f"{house.folder}/in/my notes.txt", "rb") as received:
            check(received.read() == b"n" * 18400, "what came")
        mark = bob.mark()
        bob.enter("/transfers")
        bob.await_text(r"2  my notes\.txt \(18\.4 kB\) from Ann: done, in ", mark)
        bob.await_text(r"1  my notes\.txt \(18\.4 kB\) from Ann: declined", mark)
        mark = ann.mark()
        ann.enter("/send Bob Jones /nowhere/at.all")
        ann.await_text("!! .*at\\.all", mark)
        check(bob.leave() == 0, "Bob's exit code")


@scenario
def the_relay_goes_and_comes():
    with House() as house:
        relay = house.relay()
        ann = house.terminal("Ann", "--no-serve").join()
        bob = house.terminal("Bob", "--no-serve").join()
        ann.await_text("-- Bob joined")
        mark = ann.mark()
        ann.type("typed b")
        relay.kill()
        relay.wait()
        ann.await_text("Reconnecting…", mark)
        ann.enter("efore")
        ann.await_text(r"Ann: typed before \(goes out when you are back\)", mark)
        ann.type("typed af")
        house.relay()
        ann.await_text("You are back in Home", mark, 30)
        ann.await_text("> typed af$", mark)
        ann.enter("ter")
        bob.await_text(said("Ann", "typed before"), 0, 30)
        bob.await_text(said("Ann", "typed after"))
        check(len(re.findall("typed before", bob.plain())) == 1, "told once")
        check(ann.plain(mark).count("Reconnecting") == 1, "the loss is told once, not at each try")
        check(ann.leave() == 0 and bob.leave() == 0, "exit codes")


@scenario
def one_who_was_away_is_told():
    """Private and public messages for somebody who is offline."""
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        bob = house.terminal("Bob").join()
        ann.await_text("-- Bob joined")
        check(bob.leave() == 0, "exit code")
        ann.await_text("-- Bob left")
        ann.enter("/msg Bob for later")
        for number in range(30):
            ann.enter(f"public {number}")
        ann.await_text(said("Ann", "public 29"))
        bob = house.terminal("Bob").join()
        bob.await_text("Ann → you: for later")
        bob.await_text(said("Ann", "public 29"))
        told = [int(n) for n in re.findall(r"Ann: public (\d+)", bob.plain())]
        check(told == list(range(30)), f"all that was missed, once, in order: {told}")
        check(bob.leave() == 0, "exit code")
        bob = house.terminal("Bob").join()
        bob.enter("/history 30")
        bob.await_text(said("Ann", "public 0"))
        check("for later" not in bob.plain(), "what was told once is not told again")
        check(bob.leave() == 0 and ann.leave() == 0, "exit codes")


@scenario
def after_a_long_absence():
    """The newest of what was missed, in order, and how much more there is."""
    with House() as house:
        house.fill(1, 300)
        relay = house.relay()
        ann = house.terminal("Ann").join()
        ann.await_text("message 300\r?\n> $")
        told = [int(n) for n in re.findall(r": message (\d+)", ann.plain())]
        check(told == list(range(281, 301)), f"the last twenty: {told[:3]} … {told[-3:]}")
        check(ann.leave() == 0, "exit code")
        relay.send_signal(signal.SIGTERM)
        relay.wait(15)
        house.fill(301, 1300)
        house.relay()
        ann = house.terminal("Ann").join()
        more = int(ann.await_text(r"-- (\d+) more were said while you were away")[1])
        told = [int(n) for n in re.findall(r": message (\d+)", ann.plain())]
        check(told == list(range(1301 - len(told), 1301)), f"{told[:3]} … {told[-3:]}")
        check(100 <= len(told) and more + len(told) == 1000, f"{len(told)} shown, {more} more")
        mark = ann.mark()
        ann.enter("/history 1000")
        ann.await_text("message 1300\r?\n> $", mark)
        told = [int(n) for n in re.findall(r": message (\d+)", ann.plain(mark))]
        check(told == list(range(301, 1301)), f"/history: {len(told)}, {told[:3]} … {told[-3:]}")
        check(ann.leave() == 0, "exit code")


@scenario
def two_of_one_name():
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        house.terminal("Sam").join()
        ann.await_text("-- Sam joined")
        other = Terminal(house, [*house.arguments("Sam")[:-4], "--data", f"{house.folder}/other", "--name",
                                 "Sam"], 80, {}).join()
        suffix = ann.await_text(r"-- Sam \(([0-9a-f]{4})\) joined")[1]
        ann.enter("/msg Sam which one?")
        ann.await_text("!! Several people are called Sam")
        ann.enter(f"/msg Sam ({suffix}) you")
        other.await_text("Ann → you: you")
        check(ann.leave() == 0, "exit code")


@scenario
def coloured_unless_told_not_to():
    with House() as house:
        house.relay()
        for environment, wanted in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
            ann = house.terminal("Ann", **environment).join()
            check(("\033[2m--" in ann.text) == wanted, f"{environment}: colours {wanted}")
            check(ann.leave() == 0, "exit code")
        dumb = house.terminal("Ann", TERM="dumb")
        dumb.await_text("You are now in Home")
        check("\033" not in dumb.text, "nothing but text on a dumb terminal")


@scenario
def a_passphrase_is_asked_for_and_never_shown():
    with House() as house:
        house.locked_relay("Kater Möhre 7")
        ann = house.terminal("Ann")
        ann.await_text("Home asks for a passphrase")
        ann.await_text("Passphrase of Home: $")
        ann.enter("Kater 8")
        ann.await_text("That is not the passphrase of this place.")
        ann.await_text("Passphrase of Home: $")
        ann.type("something else\025Kater Möhren\x7f 7")  # Ctrl+U, Backspace
        ann.enter("")
        ann.join()
        check("Kater" not in ann.text and "something" not in ann.text, "nothing of it is on the screen")
        ann.enter("typed as ever")
        ann.await_text(said("Ann", "typed as ever"))
        check(ann.leave() == 0, "exit code")
        check(house.terminal("Ann").join().leave() == 0, "it is asked for once")
        for folder, _, names in os.walk(house.folder):
            for name in names:
                path = os.path.join(folder, name)
                if name != "passphrase" and os.path.isfile(path):
                    with open(path, "rb") as source:
                        check("Kater".encode() not in source.read(), f"nothing of it is in {path}")
        bob = house.terminal("Bob")
        bob.await_text("Passphrase of Home: $")
        bob.type("half" + CTRL_C)
        bob.await_text("Without its passphrase the place is not joined")
        mark = bob.mark()
        bob.enter("")
        bob.await_text("Passphrase of Home: $", mark)
        bob.type("half of it")
        bob.process.send_signal(signal.SIGTERM)
        bob.wait()  # the terminal is as it was
        cat = house.terminal("Cat")
        cat.await_text("Passphrase of Home: $")
        cat.type(CTRL_D)
        cat.await_text("Without its passphrase")
        check(cat.leave() == 0, "exit code")
        code, out, err = house.piped("script", "hello")
        check(code == 77 and "--passphrase-file" in out, (code, out, err))


@scenario
def in_a_pipe():
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        code, out, err = house.piped("script", "one\n\n/me two\n/msg Ann three\n!online\nlast without newline")
        check(code == 0 and err == "", (code, err))
        check("\033" not in out and "> " not in out, "no drawing in a pipe")
        for line in ("script: one\n", "* script two\n", "script → Ann: three\n", "online   Ann\n",
                     "online   script (you)\n", "script: last without newline\n"):
            check(line in out, f"{line!r} in {out}")
        ann.await_text(r"(?s)script: one.*\* script two.*script → you: three.*script: last without newline")
        for word in ("q", "quit", "!bye", "/quit"):
            code, out, _ = house.piped("script", f"{word}\nnever said\n")
            check(code == 0 and "never" not in out, f"{word}: {out}")
        closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *house.arguments("script")],
                                env=house.environment, capture_output=True, timeout=20)
        check(closed.returncode == 0, f"closed standard input: {closed.returncode}")
        code, out, _ = house.piped("script", "/foo\n/me\n/msg Nobody x\n/connect\n/nick \n/history x\n")
        check(code == 0 and out.count("!! ") == 6, out)


@scenario
def hostile_text():
    with House() as house:
        house.relay()
        ann = house.terminal("Ann").join()
        lines = [b"esc \033]0;owned\007\033[2J", "rtl \u202egnp".encode(), b"bad \xff\xfe\xc0\x80 bytes",
                 b"nul \0 inside", b"x" * 16384, b"y" * 17408, b"lines\rback", "\u0600 \U000e0041".encode()]
        mark = ann.mark()
        code, out, _ = house.piped("Eve", b"\n".join(lines) + b"\nthe end\n")
        check(code == 0, code)
        ann.await_text(said("Eve", "the end"), mark)
        told = ann.text[mark:]
        check("!! A message can have 16 KiB at most." in out and "y" * 100 not in told, "17 KiB are refused")
        check("x" * 16384 in ann.plain(mark).replace("\r\n", ""), "16 KiB are told whole")
        check("nul  inside" in told and "bad  bytes" in told, "the rest of the line is told")
        for character in ("\007", "\033]", "\033[2J", "\u202e", "\U000e0041", "\0"):
            check(character not in told, f"{character!r} is shown as it came")


@scenario
def what_was_not_sent_goes_out_next_time():
    with House() as house:
        code, out, _ = house.piped("Ann", "kept for later\n", "--no-serve", seconds=60)
        check(code == 75, f"exit code {code}")
        check("!! 1 message could not be sent yet" in out, out)
        house.relay()
        bob = house.terminal("Bob").join()
        code, out, _ = house.piped("Ann", "")
        check(code == 0, f"exit code {code}: {out}")
        bob.await_text(said("Ann", "kept for later"))


@scenario
def no_place_anywhere():
    with House() as house:
        ann = house.terminal("Ann", "--no-serve")
        ann.await_text("-- No one was found yet.*/connect HOST:PORT")
        ann.enter("/connect 127.0.0.1:1")
        ann.await_text("Connecting to 127.0.0.1:1…")
        ann.await_text("No answer: .*refused")
        house.relay()
        ann.enter(f"/connect 127.0.0.1:{house.port}")
        ann.join()
        check(ann.leave() == 0, "exit code")


def newer(path):
    """SQLite's user_version, four bytes at 60 of the file."""
    with open(path, "r+b") as file:
        file.seek(60)
        file.write(struct.pack(">I", 99))


@scenario
def a_damaged_file_is_set_aside_and_told():
    with House() as house:
        house.relay()
        house.piped("Eve", "")
        with open(f"{house.folder}/Eve/member.db", "r+b") as file:
            file.write(b"garbage" * 600)
        code, out, err = house.piped("Eve", "", "--json")
        check(code == 0 and "store-damaged" in out, f"told: {code} {out} {err}")
        check(os.path.exists(f"{house.folder}/Eve/member.db.damaged-1"), "kept")


@scenario
def exit_codes():
    with House() as house:
        relay = house.relay()
        house.terminal("Ann").join()
        code, _, err = house.piped("Ann", "")
        check(code == 1 and "already runs" in err, f"data in use: {code} {err}")
        for wrong in (["--bogus"], ["extra"], ["--name", "\033"], ["--connect", "a b"]):
            code, _, err = house.piped("Eve", "", *wrong)
            check(code == 64 and err.count("\n") == 1 and "\033" not in err, f"{wrong}: {code} {err}")
        blocked = os.path.join(house.folder, "file")
        with open(blocked, "w", encoding="utf-8"):
            pass
        code, _, err = house.piped("Eve", "", "--data", f"{blocked}/x")
        check(code == 1 and err.count("\n") == 1, f"no folder: {code} {err}")
        house.piped("Old", "")
        newer(f"{house.folder}/Old/member.db")
        code, _, err = house.piped("Old", "")
        check(code == 1 and "newer version" in err, f"newer data: {code} {err}")

        def serve(*arguments):
            done = subprocess.run([house.relay_program, *arguments], env=house.environment,
                                  capture_output=True, timeout=30)
            return done.returncode

        fresh = ["serve", "--no-mdns", "--data", f"{house.folder}/fresh"]
        for wrong in ([], ["dance"], ["serve", "more"], ["serve", "--port", "65536"], ["serve", "--bogus"]):
            check(serve(*wrong) == 64, f"{wrong}: 64")
        check(serve("--version") == 0 and serve("--help") == 0, "--version and --help")
        check(serve(*fresh, "--port", str(house.port)) == 69, "port taken: 69")
        check(serve("serve", "--no-mdns", "--data", f"{blocked}/x") == 74, "no folder: 74")
        relay.send_signal(signal.SIGTERM)
        check(relay.wait(15) == 0, "SIGTERM: 0")
        newer(f"{house.folder}/relay/log.db")
        check(serve("serve", "--no-mdns", "--data", f"{house.folder}/relay") == 78, "newer data: 78")
        lines = relay.output.text.splitlines()
        check(all(re.fullmatch(r"level=(info|warning|error) event=[a-z-]+( [a-z]+=(\"[^\"]*\"|\S+))*", line)
                  for line in lines), lines)
        for event in ("listening", "joined", "leaving", "stopped"):
            check(any(f"event={event}" in line for line in lines), f"{event} in {lines}")


if __name__ == "__main__":
    main(__doc__)

"""Drives lan.sh and the programs on its hosts: starts them, reads their lines as they come, and waits
for conditions with a deadline. Nothing here sleeps for a guessed time."""

import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "lan.sh")
SKIPPED = 77


class Failure(Exception):
    pass


class Program:
    """A program on a host. Its output is kept as text lines and, where they are, as JSON objects."""

    def __init__(self, lan, host, name, argv):
        self.host = host
        self.title = name
        self.name = f"{host}:{name}"
        self.lines = []
        self.objects = []
        self.changed = threading.Condition()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [SCRIPT, "exec", host, *argv],
            env=lan.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            entry = None
            if line.startswith("{"):
                try:
                    entry = json.loads(line)
                except ValueError:
                    pass
            with self.changed:
                self.lines.append(line)
                if isinstance(entry, dict):
                    entry["at"] = time.monotonic()
                    self.objects.append(entry)
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def say(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def mark(self):
        """Where the output is now; conditions can look at what comes after it."""
        with self.changed:
            return len(self.objects), len(self.lines)

    def await_object(self, what, holds, seconds=10, after=(0, 0)):
        """The first JSON object after the mark that the condition holds for."""
        return self.await_in(self.objects, what, holds, seconds, after[0])

    def await_line(self, what, holds, seconds=10, after=(0, 0)):
        return self.await_in(self.lines, what, holds, seconds, after[1])

    def await_in(self, entries, what, holds, seconds, start):
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for entry in entries[start:]:
                    if holds(entry):
                        return entry
                start = max(start, len(entries))
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self.reader.is_alive()):
                    raise Failure(f"{self.name}: {what} did not come; its last lines:\n" + self.tail())
                self.changed.wait(min(left, 0.5))

    def tail(self, count=15):
        return "\n".join("    " + line for line in self.lines[-count:])

    def signal(self, number):
        """exec replaces itself all the way down: the pid is the program's own."""
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def finish(self, seconds=15):
        """End of input; the exit code."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.wait(seconds)

    def wait(self, seconds=15):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} does not end; its last lines:\n" + self.tail()) from None
        self.reader.join(5)
        return code


class Lan:
    """with Lan(3, "--ipv6-only") as lan: …"""

    def __init__(self, hosts, *options, name=None, programs=None):
        self.name = name or f"t{os.getpid()}"
        self.environment = {**os.environ, "LAN": self.name}
        self.hosts = hosts
        self.options = options
        self.programs = programs or os.environ.get("BACKFENCE_BUILD_DIR", "")
        self.started = []

    def __enter__(self):
        result = subprocess.run([SCRIPT, "up", str(self.hosts), *self.options], env=self.environment)
        if result.returncode == SKIPPED:
            sys.exit(SKIPPED)
        if result.returncode != 0:
            raise Failure("the LAN does not come up")
        return self

    def __exit__(self, *_):
        for program in self.started:
            if program.process.poll() is None:
                program.process.kill()
            program.process.wait()
        self.verb("down")

    def verb(self, *arguments):
        result = subprocess.run([SCRIPT, *arguments], env=self.environment, stdout=subprocess.PIPE)
        if result.returncode != 0:
            raise Failure(f"lan.sh {' '.join(arguments)} failed")
        return result.stdout.decode().strip()

    def start(self, host, program, *arguments, name=None):
        """`program` is a path, a name of the build tree's programs, or one in PATH."""
        started = Program(self, host, name or os.path.basename(program), [self.find(program), *arguments])
        self.started.append(started)
        return started

    def find(self, program):
        for folder in ("tests/lan", "app", "relay/server", "relay", "ui", "."):
            path = os.path.join(self.programs, folder, program)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
        return program

    def has(self, program):
        return os.path.isabs(self.find(program))

    def home(self, host):
        return self.verb("home", host)

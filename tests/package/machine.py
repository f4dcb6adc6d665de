"""A machine of its own with a real systemd as process 1, in namespaces of this one: see boot.sh."""

import os
import re
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = "/sys/fs/cgroup"
SKIPPED = 77


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def await_that(what, holds, seconds=20):
    """What `holds` returned when it was first true."""
    deadline = time.monotonic() + seconds
    while True:
        result = holds()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)  # between two looks at a condition


def own_groups():
    """Folders of those groups of this process that a systemd would fill."""
    with open("/proc/self/cgroup", encoding="ascii") as lines:
        for line in lines:
            _, controllers, path = line.strip().split(":", 2)
            folder = {"": "unified", "name=systemd": "systemd"}.get(controllers, controllers)
            at = os.path.join(GROUPS, folder)
            if controllers == "" and not os.path.isdir(at):
                at = GROUPS
            if folder in ("unified", "systemd", "devices", "pids") and os.path.isdir(at):
                yield at + path


class Machine:
    """`with Machine(tree, packages) as machine`: booted, and gone afterwards."""

    def __init__(self, tree, packages):
        self.tree = tree
        self.packages = packages
        self.groups = [os.path.join(at, f"backfence-{os.getpid()}") for at in own_groups()]
        self.process = None
        self.init = None

    def __enter__(self):
        for group in self.groups:
            os.makedirs(group, exist_ok=True)
        self.log = open(os.path.join(self.packages, "boot.log"), "w", encoding="utf-8")
        command = [
            *("unshare", "--fork", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup"),
            *("--kill-child", "sh", os.path.join(HERE, "boot.sh"), self.tree, self.packages),
        ]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            preexec_fn=self.enter_groups,
        )
        try:
            self.init = await_that("the machine boots", self.find_init, 60)
            await_that("the machine is up", self.is_up, 60)
        except Failure as failure:
            self.__exit__()
            with open(self.log.name, encoding="utf-8") as log:
                raise Skip(f"no systemd can be booted here: {failure}: {log.read()[-800:]}")
        return self

    def enter_groups(self):
        for group in self.groups:
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as procs:
                procs.write("0")

    def find_init(self):
        if self.process.poll() is not None:
            raise Failure(f"it ended with {self.process.returncode}")
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="ascii") as pids:
            for pid in pids.read().split():
                with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                    if comm.read().strip() == "systemd":
                        return int(pid)
        return None

    def is_up(self):
        state = self.run("systemctl", "is-system-running", check=False).strip()
        return state in ("running", "degraded")

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.kill(self.init or self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        for group in self.groups:
            await_that("the groups are empty", lambda group=group: remove_group(group))

    def popen(self, *command, **options):
        inside = ["nsenter", "-t", str(self.init), "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w"]
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        environment.append("DEBIAN_FRONTEND=noninteractive")
        return subprocess.Popen(
            [*inside, *environment, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, *command, given="", check=True, seconds=300):
        """What it printed."""
        process = self.popen(*command)
        printed, _ = process.communicate(given, timeout=seconds)
        if check and process.returncode != 0:
            raise Failure(f"{' '.join(command)}: ended with {process.returncode}\n{printed[-3000:]}")
        return printed

    def property(self, unit, name):
        return self.run("systemctl", "show", "-P", name, unit).strip()


def remove_group(group):
    """True when it is gone."""
    if not os.path.isdir(group):
        return True
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True


def missing_tool(*names):
    return next((name for name in names if shutil.which(name) is None), None)


def score(text):
    """The exposure that systemd-analyze printed."""
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)
    if not found:
        raise Failure(f"no exposure in: {text[-500:]}")
    return float(found.group(1))

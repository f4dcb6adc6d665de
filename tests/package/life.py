#!/usr/bin/env python3
"""The packages' life on a machine with a real systemd: installed, used, upgraded, removed, purged.

    life.py --build DIR           on a throw-away copy of this machine
    life.py --build DIR --clean   on a clean Debian 12 tree, which debootstrap makes at the first time;
                                  kept in DIR/package, with what apt fetched

DIR/package/build has the packages (make.sh). Says why when it cannot run here, with exit code 77.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import time

from machine import SKIPPED, Failure, Machine, Skip, await_that, missing_tool, score

UNIT = "backfence-relay.service"
DATA = "/var/lib/backfence-relay"
OPTIONS = "/etc/default/backfence-relay"
METRICS_PORT = 9099
BACKUP = "/root/backup"
EXPOSURE_MAX = 1.5
# What Debian's own installation has beside the essential packages, and the packages here name.
SUITE, INCLUDED = "bookworm", "systemd,systemd-sysv,dbus,iproute2"


def check(what, holds):
    if not holds:
        raise Failure(what)


def step(text):
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


# --- trees ---


def call(*command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise Skip(f"{command[0]} failed: {(result.stdout + result.stderr)[-600:]}")


def mirror():
    """The first one that this machine's apt uses."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", f"Codename: {SUITE}"],
        capture_output=True,
        text=True,
    )
    sites = targets.stdout.split()
    if not sites:
        raise Skip(f"apt knows no mirror of {SUITE}")
    return sites[0]


def copy_apt(tree):
    """The tree asks whom this machine asks."""
    for path in ("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d"):
        inside = os.path.join(tree, path)
        if os.path.isdir(f"/{path}"):
            shutil.rmtree(inside, ignore_errors=True)
            shutil.copytree(f"/{path}", inside)
        elif os.path.exists(f"/{path}"):
            shutil.copy(f"/{path}", inside)
    shutil.copy("/etc/resolv.conf", os.path.join(tree, "etc/resolv.conf"))


def clean_tree(folder, packages):
    """A new tree; what the packages need is fetched into it, but not installed."""
    kept = os.path.join(folder, f"{SUITE}.tar")
    tree = os.path.join(folder, "tree")
    shutil.rmtree(tree, ignore_errors=True)
    if not os.path.exists(kept):
        step("making a Debian 12 tree")
        call("debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, tree, mirror())
        call("tar", "-C", tree, "-cf", kept + ".part", ".")
        os.rename(kept + ".part", kept)
    else:
        os.makedirs(tree)
        call("tar", "-C", tree, "-xpf", kept)
    copy_apt(tree)
    archives = os.path.join(folder, "archives")
    os.makedirs(archives, exist_ok=True)
    inside = os.path.join(tree, "var/cache/apt/archives")
    for fetched in glob.glob(os.path.join(archives, "*.deb")):
        shutil.copy(fetched, inside)
    step("fetching what the packages need")
    local = [shutil.copy(package, os.path.join(tree, "tmp")) for package in packages]
    call("chroot", tree, "apt-get", "-q", "update")
    call(
        *("chroot", tree, "apt-get", "-q", "-y", "--no-install-recommends", "--download-only"),
        *("install", "avahi-daemon", *(os.path.join("/tmp", os.path.basename(at)) for at in local)),
    )
    for fetched in glob.glob(os.path.join(inside, "*.deb")):
        shutil.copy(fetched, archives)
    return tree


# --- what is looked at ---


def install(machine, *names):
    machine.run(
        *("apt-get", "-q", "-y", "--no-install-recommends"),
        *("-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-unsafe-io"),
        *("install", *names),
    )


def file_state(machine, path):
    """'MODE OWNER GROUP' or '' when it is not there."""
    state = machine.run("stat", "-c", "%a %U %G", path, check=False).strip()
    return state if re.fullmatch(r"\d+ \S+ \S+", state) else ""


def main_process(machine):
    return int(machine.property(UNIT, "MainPID"))


def check_serving(machine):
    await_that("the relay serves", lambda: machine.property(UNIT, "ActiveState") == "active")
    status = machine.property(UNIT, "StatusText")
    check(f"its status is {status!r}", status.startswith("Serving on port 7667"))
    return main_process(machine)


def check_installed(machine):
    pid = check_serving(machine)
    for path, wanted in (
        (DATA, "700 backfence-relay backfence-relay"),
        (f"{DATA}/log.db", "600 backfence-relay backfence-relay"),
        (f"{DATA}/identity.key", "600 backfence-relay backfence-relay"),
        ("/run/backfence-relay", "750 backfence-relay backfence-relay"),
        ("/usr/bin/backfence-relay", "755 root root"),
        (f"/usr/lib/systemd/system/{UNIT}", "644 root root"),
        ("/etc/ufw/applications.d/backfence", "644 root root"),
    ):
        state = file_state(machine, path)
        check(f"{path} is {state!r}, not {wanted!r}", state == wanted)
    user = machine.run("getent", "passwd", "backfence-relay").strip().split(":")
    check(f"the user is {user}", int(user[2]) < 1000 and user[6].endswith("/nologin"))
    enabled = machine.run("systemctl", "is-enabled", UNIT, check=False).strip()
    check(f"the unit is {enabled}", enabled == "enabled")
    restarts = machine.property("avahi-daemon.service", "Restart")
    check(f"Avahi's Restart= is {restarts}", restarts == "on-failure")
    status = machine.run("cat", f"/proc/{pid}/status")
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"):
        check(f"{line!r} is not in its status", line in status)
    exposure = score(machine.run("systemd-analyze", "security", "--no-pager", UNIT))
    check(f"its exposure is {exposure}", exposure <= EXPOSURE_MAX)
    step(f"installed, serving as {user[0]} under seccomp, exposure {exposure}")


def journal(machine):
    return machine.run("journalctl", "--no-pager", "-o", "cat", "-u", UNIT)


def console(machine, name, *lines):
    """Says the lines as one who finds the relay by mDNS; what was printed."""
    home = f"/tmp/{name}"
    machine.run("install", "-d", "-m", "700", "-o", "nobody", home)
    return machine.run(
        *("runuser", "-u", "nobody", "--", "env", f"HOME={home}"),
        *("backfence-console", "--no-serve", "--name", name),
        given="".join(line + "\n" for line in lines),
        seconds=60,
    )


def check_history(machine, *wanted):
    printed = console(machine, "Reader", "/history")
    for line in wanted:
        check(f"{line!r} is not in the history: {printed[-800:]}", line in printed)


def get(machine, path):
    """The relay's answer by HTTP."""
    asking = f"exec 3<>/dev/tcp/127.0.0.1/{METRICS_PORT}; printf 'GET {path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
    return machine.run("bash", "-c", asking, check=False, seconds=20)


# --- the life ---


def check_supervised(machine):
    """Killed, or stuck, it comes back."""
    before = check_serving(machine)
    machine.run("systemctl", "kill", "-s", "KILL", UNIT)
    await_that("it is started again", lambda: main_process(machine) not in (0, before))
    stuck = check_serving(machine)
    folder = f"/run/systemd/system/{UNIT}.d"
    machine.run("mkdir", "-p", folder)
    # Impatient, and a forbidden system call ends it at once instead of failing.
    machine.run(
        *("tee", f"{folder}/test.conf"),
        given="[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nSystemCallErrorNumber=\n",
    )
    machine.run("tee", OPTIONS, given=f"RELAY_OPTIONS=--metrics {METRICS_PORT}\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    await_that("it is restarted", lambda: main_process(machine) not in (0, stuck))
    strict = check_serving(machine)
    console(machine, "Mira", "Said while nothing forbidden may be tried.")
    fed = machine.property(UNIT, "WatchdogTimestampMonotonic")
    await_that(
        "the watchdog is fed", lambda: machine.property(UNIT, "WatchdogTimestampMonotonic") != fed
    )
    health, metrics = get(machine, "/healthz"), get(machine, "/metrics")
    check(f"its health is {health!r}", " 200 " in health and health.endswith("ok\n"))
    check(f"its metrics are {metrics!r}", "\nbackfence_events_stored_total " in metrics)
    check("a forbidden system call ended it", main_process(machine) == strict)
    machine.run("systemctl", "kill", "-s", "STOP", UNIT)
    await_that("the watchdog finds out", lambda: main_process(machine) not in (0, strict), 30)
    check_serving(machine)
    machine.run("rm", "-r", folder)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    check_serving(machine)
    step("killed and stuck: it came back; under seccomp that kills: it went on")


def check_backup(machine):
    """The disk is lost; a backup made by root while the relay ran brings everything back."""
    machine.run("backfence-relay", "backup", BACKUP)
    machine.run("systemctl", "stop", UNIT)
    machine.run("rm", "-r", DATA)
    machine.run("backfence-relay", "restore", BACKUP)
    machine.run("systemctl", "start", UNIT)
    check_serving(machine)
    check_history(machine, "Kept through everything.")
    step("backed up, lost, restored: the history is there")


def live(machine, old, new):
    before = machine.run("dpkg-query", "-W", "-f", "${Package} ").split()
    check("it is installed already", "backfence-relay" not in before)
    install(machine, "avahi-daemon", *old)
    check_installed(machine)
    machine.run("backfence", "--version")
    console(machine, "Mira", "Kept through everything.")
    await_that("it is announced", lambda: "event=announced" in journal(machine))
    check_history(machine, "Kept through everything.")
    status = machine.run("backfence-relay", "status", "--json")
    check(f"root gets no answer, but {status!r}", '"serving":true' in status.replace(" ", ""))
    nobody = machine.run("runuser", "-u", "nobody", "--", "backfence-relay", "status", check=False)
    check(f"nobody is answered {nobody!r}", "Members" not in nobody)
    step("two people found it by mDNS; one wrote, the other read")
    check_supervised(machine)
    check_backup(machine)

    pid = main_process(machine)
    install(machine, *new)
    await_that("the new one runs", lambda: main_process(machine) not in (0, pid))
    check_serving(machine)
    version = machine.run("dpkg-query", "-W", "-f", "${Version}", "backfence-relay")
    check_history(machine, "Kept through everything.", "Said while nothing forbidden")
    step(f"upgraded to {version}, restarted, the history is there")

    machine.run("apt-get", "-q", "-y", "remove", "backfence-relay")
    check("it still runs", machine.property(UNIT, "ActiveState") == "inactive")
    check("its data is gone", file_state(machine, f"{DATA}/log.db") != "")
    check("the program is there", file_state(machine, "/usr/bin/backfence-relay") == "")
    install(machine, *new)
    check_serving(machine)
    check_history(machine, "Kept through everything.")
    step("removed: it stopped and the data stayed; installed again: the history is there")

    machine.run("apt-get", "-q", "-y", "purge", "backfence-relay", "backfence")
    for path in (
        *(DATA, OPTIONS, "/run/backfence-relay", "/etc/backfence", "/usr/share/doc/backfence-relay"),
        *("/etc/ufw/applications.d/backfence", f"/usr/lib/systemd/system/{UNIT}"),
        f"/etc/systemd/system/multi-user.target.wants/{UNIT}",
        f"/var/lib/systemd/deb-systemd-helper-enabled/{UNIT}.dsh-also",
    ):
        check(f"{path} is still there", file_state(machine, path) == "")
    check("Avahi's own unit is not as before", not machine.property("avahi-daemon.service", "DropInPaths"))
    step("purged: nothing of it is left")


def packages_of(folder, version):
    found = [glob.glob(f"{folder}/{name}_{version}_*.deb") for name in ("backfence", "backfence-relay")]
    if not all(found):
        raise Skip(f"there are no packages of {version} in {folder}: make.sh makes them")
    return [paths[0] for paths in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--clean", action="store_true")
    arguments = parser.parse_args()
    folder = os.path.join(os.path.abspath(arguments.build), "package")
    built = os.path.join(folder, "build")
    try:
        if os.geteuid() != 0:
            raise Skip("only root may do this")
        tool = missing_tool("unshare", "nsenter", "ip", *(["debootstrap"] if arguments.clean else []))
        if tool or not os.path.exists("/lib/systemd/systemd"):
            raise Skip(f"{tool or 'systemd'} is not installed")
        old, new = packages_of(built, "0.*"), packages_of(built, "99.0")
        tree = clean_tree(folder, old) if arguments.clean else "/"
        inside = [[f"/packages/{os.path.basename(path)}" for path in which] for which in (old, new)]
        with Machine(tree, built) as machine:
            step("booted")
            live(machine, *inside)
    except Skip as why:
        print(f"SKIP: {why}")
        return SKIPPED
    except Failure as failure:
        print(f"FAILED: {failure}")
        return 1
    return 0


STARTED = time.monotonic()
if __name__ == "__main__":
    sys.exit(main())

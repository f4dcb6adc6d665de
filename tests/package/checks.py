#!/usr/bin/env python3
"""What can be said of the packages without installing them.

    checks.py --source DIR --build DIR CHECK…

DIR/package/build has the packages (make.sh). Exit code 77 where a check's tool is missing.
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

from machine import SKIPPED, Failure, Skip, missing_tool, score

EXPOSURE_MAX = 1.5
UNIT = "usr/lib/systemd/system/backfence-relay.service"
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def output(*command):
    """What it printed; it must succeed."""
    if missing_tool(command[0]):
        raise Skip(f"{command[0]} is not installed")
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}:\n{result.stdout[-4000:]}")
    return result.stdout


class Packages:
    """The two, unpacked."""

    def __init__(self, source, folder, unpacked):
        self.source = source
        self.files = sorted(glob.glob(os.path.join(folder, "*_0.*.deb")))
        self.trees = []
        if len(self.files) != 2:
            raise Failure(f"there are {len(self.files)} packages in {folder}")
        for path in self.files:
            tree = os.path.join(unpacked, os.path.basename(path))
            output("dpkg-deb", "-R", path, tree)
            self.trees.append(tree)

    def find(self, path):
        """In whichever package has it."""
        found = [os.path.join(tree, path) for tree in self.trees]
        return next(at for at in found if os.path.exists(at))

    def programs(self):
        return [at for tree in self.trees for at in glob.glob(os.path.join(tree, "usr/bin/*"))]


@check
def lintian(packages):
    """Neither errors nor warnings."""
    print(output("lintian", "--allow-root", "--fail-on", "error,warning", *packages.files))


@check
def exposure(packages):
    """What systemd finds that a taken-over relay could do."""
    text = output("systemd-analyze", "security", "--offline=true", packages.find(UNIT))
    print(text.strip().splitlines()[-1])
    if score(text) > EXPOSURE_MAX:
        raise Failure(f"the exposure is {score(text)}, more than {EXPOSURE_MAX}")


@check
def unit(packages):
    """systemd understands every line, of the drop-in too."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (UNIT, "usr/lib/systemd/system/avahi-daemon.service.d/backfence.conf"):
            with open(packages.find(path), encoding="utf-8") as file:
                text = file.read()
            # The program and its manual are not installed here.
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M)
            text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)
            with open(os.path.join(folder, "backfence-test.service"), "w", encoding="utf-8") as file:
                file.write(text if path == UNIT else text + "ExecStart=/bin/true\n")
            said = output("systemd-analyze", "verify", os.path.join(folder, "backfence-test.service"))
            if said.strip():
                raise Failure(f"{path}: {said}")


@check
def desktop(packages):
    """Menus and software centres read the entry and the description."""
    output("desktop-file-validate", packages.find("usr/share/applications/io.backfence.Backfence.desktop"))
    metainfo = packages.find("usr/share/metainfo/io.backfence.Backfence.metainfo.xml")
    print(output("appstreamcli", "validate", "--no-net", metainfo).strip())


@check
def programs(packages):
    """Stripped, position-independent, bound at the start, fortified, without a search path."""
    for program in packages.programs():
        name = os.path.basename(program)
        header = output("readelf", "-hdlW", program)
        sections = output("readelf", "-SW", program)
        symbols = output("readelf", "--dyn-syms", "-W", program)
        for what, holds in (
            ("is not position-independent", "Type:                              DYN" in header),
            ("binds lazily", "BIND_NOW" in header or "Flags: NOW" in header),
            ("has no read-only relocations", "GNU_RELRO" in header),
            ("has an executable stack", not re.search(r"GNU_STACK.* RWE ", header)),
            ("has a search path of its own", not re.search(r"\((RPATH|RUNPATH)\)", header)),
            ("is not stripped", ".symtab" not in sections and ".debug_info" not in sections),
            ("is not fortified", "_chk@" in symbols),
        ):
            if not holds:
                raise Failure(f"{name} {what}")
        with open(program, "rb") as file:
            if packages.source.encode() in file.read():
                raise Failure(f"{name} names the folder that it was built in")


@check
def rights(packages):
    """Everything is root's, and nobody else may write it."""
    for path in packages.files:
        for line in output("dpkg-deb", "-c", path).splitlines():
            mode, owner = line.split()[:2]
            wanted = "drwxr-xr-x" if mode[0] == "d" else "-rw-r--r--"
            if "./usr/bin/" in line and mode[0] == "-":
                wanted = "-rwxr-xr-x"
            if mode != wanted or owner != "root/root":
                raise Failure(f"{os.path.basename(path)}: {line}")


@check
def files(packages):
    """What there must be, and that what is in /etc is its owner's to change."""
    for path in (
        "usr/bin/backfence",
        "usr/bin/backfence-console",
        "usr/bin/backfence-relay",
        UNIT,
        "usr/lib/sysusers.d/backfence-relay.conf",
        "usr/lib/firewalld/services/backfence.xml",
        "usr/share/bash-completion/completions/backfence-relay",
        "usr/share/man/man1/backfence.1.gz",
        "usr/share/man/man1/backfence-console.1.gz",
        "usr/share/man/man1/backfence-relay.1.gz",
        "usr/share/icons/hicolor/scalable/apps/io.backfence.Backfence.svg",
        "etc/ufw/applications.d/backfence",
    ):
        if not any(os.path.exists(os.path.join(tree, path)) for tree in packages.trees):
            raise Failure(f"{path} is in neither package")
    for tree in packages.trees:
        with open(os.path.join(tree, "DEBIAN/conffiles"), encoding="utf-8") as lines:
            named = sorted(lines.read().split())
        there = [
            os.path.join(folder, name)[len(tree) :]
            for folder, _, names in os.walk(os.path.join(tree, "etc"))
            for name in names
        ]
        if named != sorted(there):
            raise Failure(f"conffiles are {named}, but in /etc there are {there}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    arguments = parser.parse_args()
    folder = os.path.join(os.path.abspath(arguments.build), "package", "build")
    skipped = False
    with tempfile.TemporaryDirectory() as unpacked:
        try:
            packages = Packages(os.path.abspath(arguments.source), folder, unpacked)
            for name in arguments.checks or CHECKS:
                try:
                    CHECKS[name](packages)
                    print(f"passed {name}", flush=True)
                except Skip as why:
                    print(f"SKIP: {name}: {why}")
                    skipped = True
        except Failure as failure:
            print(f"FAILED: {failure}")
            return 1
    return SKIPPED if skipped else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Files over loopback, side by side: Backfence (worker to worker), bare TLS, scp and rsync over ssh.

    files.py [--bench PROGRAM] [--dir DIR] [--gib N] [--files N] [--rounds N] [--only WORD[,WORD]]

The runs take turns, round after round, and medians are compared, so that a noisy machine is noisy
for all. An sshd with throw-away keys is started on 127.0.0.1; nothing of the machine's own
configuration is read. All copies go from DIR to DIR (default: /var/tmp), the source is in memory. One
JSON line a run, then one table.

scp and rsync do not sync what they wrote to the disk, Backfence does: that is part of its time. Its
workers run at low priority: on a machine that is busy with other things they come last. Before each
run everything is synced. Small copies are removed at the very end only: for a minute ext4 avoids the
inodes of removed files, and searches long for others. In /dev/shm a virtual machine's memory may be
slow when it is touched for the first time, which then is what is measured.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SSH_OPTIONS = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """An sshd of our own, with keys that nobody else has."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        for name in ("host", "user"):
            path = os.path.join(folder, name)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        shutil.copy(os.path.join(folder, "user.pub"), os.path.join(folder, "authorized"))
        config = os.path.join(folder, "sshd_config")
        with open(config, "w", encoding="utf-8") as out:
            out.write(
                f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder}/host\nPidFile none\n"
                f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
                "PasswordAuthentication no\nSubsystem sftp internal-sftp\n"
            )
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=log)
        self.await_port()

    def await_port(self):
        for _ in range(100):
            done = subprocess.run(
                ["ssh", *self.options("-p"), "127.0.0.1", "true"], check=False, stderr=subprocess.DEVNULL
            )
            if done.returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("files.py: the sshd does not answer, see " + self.folder)

    def options(self, port_option):
        known = os.path.join(self.folder, "known")
        key = os.path.join(self.folder, "user")
        return [*SSH_OPTIONS, "-o", f"UserKnownHostsFile={known}", "-i", key, port_option, str(self.port)]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.into = folder
        self.runs = 0
        self.sshd_folder = os.path.join(folder, "ssh")
        os.makedirs(self.sshd_folder, mode=0o700)
        self.sshd = Sshd(self.sshd_folder)
        self.results = {}

    def stop(self):
        self.sshd.stop()

    def add(self, case, name, size, seconds, more=None):
        self.results.setdefault((case, name), []).append(seconds)
        line = {"bench": "files", "case": case, "with": name, "bytes": size, "seconds": round(seconds, 3)}
        line["mb_per_s"] = round(size / seconds / 1e6)
        line.update(more or {})
        line["load"] = round(os.getloadavg()[0], 2)
        print(json.dumps(line), flush=True)

    def prepare(self):
        """A fresh folder to land in."""
        copied = os.path.join(self.into, "large")
        if self.runs > 0 and os.path.exists(copied):
            os.remove(copied)
        self.runs += 1
        self.into = os.path.join(self.folder, f"into-{self.runs}")
        os.makedirs(self.into)
        os.sync()

    def timed(self, case, name, size, command):
        self.prepare()
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.add(case, name, size, time.monotonic() - start)

    def ours(self, *arguments):
        environment = dict(os.environ, TMPDIR=self.folder)
        done = subprocess.run(
            [self.options.bench, *arguments], check=True, capture_output=True, text=True, env=environment
        )
        return json.loads(done.stdout)

    def pump(self, case, name, size):
        found = self.ours(name, "--bytes", str(size))
        cpu = {key: found[key] for key in ("sender_cpu_s", "receiver_cpu_s", "cipher")}
        self.add(case, {"pump": "TLS pump", "channel": "channel"}[name], size, found["seconds"], cpu)

    def move(self, case, source, size):
        self.prepare()
        found = self.ours("move", "--from", source, "--into", self.into)
        cpu = {key: found[key] for key in ("sender_cpu_s", "receiver_cpu_s")}
        self.add(case, "backfence", size, found["seconds"], cpu)

    def scp(self, case, name, source, size, *more):
        target = "127.0.0.1:" + self.into
        self.timed(case, name, size, ["scp", "-q", "-r", *more, *self.sshd.options("-P"), source, target])

    def rsync(self, case, source, size):
        shell = " ".join(["ssh", *self.sshd.options("-p")])
        self.timed(case, "rsync", size, ["rsync", "-r", "--whole-file", "-e", shell, source, "127.0.0.1:" + self.into])

    def round(self, case, source, size, pump):
        runs = {
            "pump": lambda: self.pump(case, "pump", size) if pump else None,
            "channel": lambda: self.pump(case, "channel", size) if pump else None,
            "backfence": lambda: self.move(case, source, size),
            "scp": lambda: self.scp(case, "scp", source, size),
            "scp-aes": lambda: self.scp(case, "scp, AES-GCM", source, size, "-c", "aes128-gcm@openssh.com"),
            "rsync": lambda: self.rsync(case, source, size),
        }
        for word, run in runs.items():
            if not self.options.only or word in self.options.only.split(","):
                run()

    def table(self, case, size):
        medians = {name: statistics.median(s) for (c, name), s in self.results.items() if c == case}
        if not medians:
            return
        ours = medians.get("backfence")
        print(f"\n{case:24}{'seconds':>10}{'MB/s':>8}{'ours is':>10}")
        for name, seconds in medians.items():
            ratio = f"{seconds / ours:9.2f}×" if ours else ""
            print(f"{name:24}{seconds:10.3f}{size / seconds / 1e6:8.0f}{ratio:>10}")


def make_large(path, size):
    with open(path, "wb") as out:
        for _ in range(size // (1 << 20)):
            out.write(os.urandom(1 << 20))


def make_many(path, count):
    os.makedirs(path)
    for i in range(count):
        with open(os.path.join(path, f"{i:05}.bin"), "wb") as out:
            out.write(os.urandom(4096))


def parse():
    default = os.path.join(HERE, "..", "..", "build", "tests", "bench", "files_bench")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bench", default=default, help="the program files_bench, of a Release build")
    parser.add_argument("--dir", default="/var/tmp", help="where sources and copies lie")
    parser.add_argument("--gib", type=float, default=4, help="size of the one large file")
    parser.add_argument("--files", type=int, default=10000, help="number of files of 4 KiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="pump, channel, backfence, scp, scp-aes, rsync")
    return parser.parse_args()


def main():
    options = parse()
    folder = tempfile.mkdtemp(prefix="backfence-files-", dir=options.dir)
    bench = Bench(options, folder)
    try:
        large = os.path.join(folder, "large")
        many = os.path.join(folder, "many")
        size = int(options.gib * (1 << 30)) // (1 << 20) * (1 << 20)
        if size > 0:
            make_large(large, size)
        if options.files > 0:
            make_many(many, options.files)
        for _ in range(options.rounds):
            if size > 0:
                bench.round("one file", large, size, True)
            if options.files > 0:
                bench.round("small files", many, options.files * 4096, False)
        bench.table("one file", size)
        bench.table("small files", options.files * 4096)
    finally:
        bench.stop()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

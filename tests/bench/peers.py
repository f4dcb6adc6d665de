#!/usr/bin/env python3
"""A crowd in one room: Backfence beside ngIRCd, InspIRCd, mosquitto, NATS, and the least that epoll
and OpenSSL can do.

    peers.py [--build DIR] [--members N] [--writers N] [--rounds N] [--seconds S] [--only WORD[,WORD]]
             [--plain] [--calm] [--data DIR] [--json FILE]

Each server runs alone, on the first core, the load on the second. They take turns, round after round,
and medians are compared, so that a noisy machine is noisy for all. All listen on 127.0.0.1 only, with
configurations made here for speed: limits against floods are off, nothing is logged. They come from
Debian's packages ngircd, inspircd, mosquitto and nats-server; see to it that those do not start as
services. "backfence-free" is our relay on both cores, where the load runs as well. With a small room try
--window 16, too: servers that leave TCP's delays on wait for acknowledgements otherwise. Of the servers
only Backfence checks signatures and keeps what is said (under --data, default /dev/shm).

A writer writes its next message when the one before has come to everybody; everybody must get every
message once, and those of one writer in order. With --calm, 50 messages a second from all of them
together: the time from writing to each delivery is what counts. One JSON line a run, then a table.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER_CORE, LOAD_CORE = "0", "1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, 0o644)
    return path


class Server:
    """One server in a folder of its own, pinned to a core, until stop()."""

    def __init__(self, bench, folder, tls):
        self.bench, self.folder, self.tls = bench, folder, tls
        self.port = free_port()
        self.certificate = os.path.join(folder, "certificate.pem")
        self.key = os.path.join(folder, "key.pem")
        if tls:
            self.make_certificate()
        log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        command = ["taskset", "-c", SERVER_CORE] + self.command()
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        log.close()
        self.await_port()

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.certificate],
            check=True, stderr=subprocess.DEVNULL,
        )
        os.chmod(self.key, 0o644)

    def await_port(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            sys.exit(f"{self.command()[0]} did not start:\n{log.read()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Ngircd(Server):
    name, protocol, program = "ngIRCd", "irc", "ngircd"

    def command(self):
        tls = f"[SSL]\nCertFile = {self.certificate}\nKeyFile = {self.key}\nPorts = {self.port}\n"
        plain = f"Ports = {self.port}\n"
        path = write(
            os.path.join(self.folder, "ngircd.conf"),
            "[Global]\nName = bench.local\nInfo = bench\nListen = 127.0.0.1\nMotdPhrase = bench\n"
            f"{'' if self.tls else plain}"
            "ServerUID = 65534\nServerGID = 65534\n"
            "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 20\n"
            "MaxListSize = 0\nMaxPenaltyTime = 0\nPingTimeout = 600\nPongTimeout = 600\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\nSyslogFacility = local7\n"
            f"{tls if self.tls else ''}",
        )
        return ["/usr/sbin/ngircd", "-n", "-f", path]


class Inspircd(Server):
    name, protocol, program = "InspIRCd", "irc", "inspircd"

    def command(self):
        tls = (
            '<module name="ssl_gnutls">\n'
            f'<sslprofile name="bench" provider="gnutls" certfile="{self.certificate}" keyfile="{self.key}"'
            ' priority="NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM" requestclientcert="no">\n'
        )
        path = write(
            os.path.join(self.folder, "inspircd.conf"),
            '<server name="bench.local" description="bench" network="bench" id="1AA">\n'
            '<admin name="a" nick="a" email="a@bench.local">\n'
            f"{tls if self.tls else ''}"
            f'<bind address="127.0.0.1" port="{self.port}" type="clients"'
            f"{' sslprofile=' + chr(34) + 'bench' + chr(34) if self.tls else ''}>\n"
            '<connect name="all" allow="*" timeout="60" pingfreq="600" hardsendq="64M" softsendq="64M"'
            ' recvq="1M" threshold="1000000000" commandrate="1000000000" fakelag="no" localmax="20000"'
            ' globalmax="20000" maxconnwarn="no" resolvehostnames="no" useident="no" limit="20000">\n'
            '<performance netbuffersize="65534" maxwho="100" somaxconn="1024" softlimit="20000"'
            ' quietbursts="yes" nouserdns="yes" timeskipwarn="0">\n'
            '<options defaultmodes="" syntaxhints="no">\n'
            '<limits maxnick="31" maxchan="64" maxident="11" maxaway="200" maxtopic="300">\n'
            f'<pid file="{self.folder}/pid">\n'
            f'<path configdir="{self.folder}" datadir="{self.folder}" logdir="{self.folder}">\n',
        )
        os.chmod(self.folder, 0o777)
        return ["/usr/sbin/inspircd", "--nofork", "--runasroot", "--nolog", "--config", path]


class Mosquitto(Server):
    name, protocol, program = "mosquitto", "mqtt", "mosquitto"

    def command(self):
        tls = f"certfile {self.certificate}\nkeyfile {self.key}\ntls_version tlsv1.3\n"
        path = write(
            os.path.join(self.folder, "mosquitto.conf"),
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n"
            "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\nuser root\n"
            f"{tls if self.tls else ''}",
        )
        return ["/usr/sbin/mosquitto", "-c", path]


class Nats(Server):
    name, protocol, program = "NATS", "nats", "nats-server"

    def command(self):
        tls = f'tls {{ cert_file: "{self.certificate}", key_file: "{self.key}" }}\n'
        path = write(
            os.path.join(self.folder, "nats.conf"),
            f'listen: "127.0.0.1:{self.port}"\nmax_pending: 268435456\nwrite_deadline: "60s"\n'
            f"max_connections: 70000\n{tls if self.tls else ''}",
        )
        return ["/usr/sbin/nats-server", "-c", path]


class Least(Server):
    name, protocol, program = "the least", "least", ""

    def command(self):
        with_tls = ["--certificate", self.certificate, "--key", self.key] if self.tls else []
        return [self.bench + "/peers_bench", "--serve", "--port", str(self.port)] + with_tls


OURS = {"backfence": SERVER_CORE, "backfence-free": "-1"}
PEERS = {"ngircd": Ngircd, "inspircd": Inspircd, "mosquitto": Mosquitto, "nats": Nats, "least": Least}


def run_json(command, environment=None):
    """The JSON lines that a program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True, env=environment)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 and not lines:
        sys.exit(f"{' '.join(command)}: {done.returncode}")
    return lines


def run_peer(args, kind, tls):
    if kind.program and shutil.which(kind.program, path="/usr/sbin:/usr/bin") is None:
        sys.exit(f"{kind.program} is missing: apt-get install {kind.program}")
    folder = tempfile.mkdtemp(prefix="crowd-")
    os.chmod(folder, 0o755)
    server = kind(args.bench, folder, tls)
    try:
        rate = ["--rate", "50"] if args.calm else []
        figures = run_json(
            ["taskset", "-c", LOAD_CORE, args.bench + "/peers_bench", "--name", kind.name, "--protocol",
             kind.protocol, "--port", str(server.port), "--pid", str(server.process.pid), "--members",
             str(args.members), "--writers", str(args.writers), "--window", str(args.window), "--seconds",
             str(args.seconds)] + rate + (["--tls"] if tls else [])
        )
    finally:
        server.stop()
        shutil.rmtree(folder)
    return figures[-1]


def run_ours(args, core):
    environment = dict(os.environ, TMPDIR=args.data)
    rate = 50 / args.writers if args.calm else 100000
    join, fan_out = run_json(
        ["taskset", "-c", LOAD_CORE, args.bench + "/relay_bench", "--relay-core", core, "--members",
         str(args.members), "--writers", str(args.writers), "--rate", str(rate), "--window",
         str(args.window), "--text", "100", "--seconds", str(args.seconds), "--check-one-in", "1"],
        environment,
    )[:2]
    return {
        "bench": "Backfence" + ("" if core == SERVER_CORE else ", both cores"), "tls": True, "members": args.members, "writers": args.writers,
        "window": args.window, "rate": 50 if args.calm else 0, "text": 100, "seconds": fan_out["seconds"],
        "connects_per_s": join["connects_per_s"], "member_kib": join["idle_member_kib"],
        "deliveries_per_s": fan_out["deliveries_per_s"], "cpu": fan_out["relay_cpu"],
        "cpu_us_per_delivery": 1e6 * fan_out["relay_cpu"] / max(fan_out["deliveries_per_s"], 1),
        "p50_us": fan_out["p50_us"], "p99_us": fan_out["p99_us"], "sent": fan_out["sent"],
        "rss_kib": fan_out["rss_kib"], "wrong": fan_out["differing"], "lacking": fan_out["lost_members"],
    }


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def print_table(rows):
    print("| server | deliveries/s | server's CPU, µs each | core used | p50, p99 ms | KiB a member |")
    print("|---|---|---|---|---|---|")
    for name, runs in sorted(rows.items(), key=lambda row: -median(row[1], "deliveries_per_s")):
        bad = any(run["wrong"] or run["lacking"] for run in runs)
        print(
            f"| {name}{' (WRONG)' if bad else ''} | {median(runs, 'deliveries_per_s'):,.0f} "
            f"| {median(runs, 'cpu_us_per_delivery'):.2f} | {median(runs, 'cpu'):.2f} "
            f"| {median(runs, 'p50_us') / 1000:.2f}, {median(runs, 'p99_us') / 1000:.2f} "
            f"| {median(runs, 'member_kib'):.0f} |"
        )


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "bench"))
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--window", type=int, default=1, help="messages of a writer on their way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", help="of " + ",".join(list(OURS) + list(PEERS)))
    parser.add_argument("--plain", action="store_true", help="peers without TLS, too")
    parser.add_argument("--calm", action="store_true", help="50 messages a second")
    parser.add_argument("--data", default="/dev/shm", help="the relay's disk")
    parser.add_argument("--json", help="append the JSON lines here")
    args = parser.parse_args()
    args.bench = os.path.join(os.path.abspath(args.build), "tests", "bench")
    return args


def main():
    args = parse()
    wanted = args.only.split(",") if args.only else ["backfence", "backfence-free"] + list(PEERS)
    rows = {}
    for number in range(args.rounds):
        for word in wanted:
            for tls in [True, False] if args.plain and word in PEERS else [True]:
                figures = run_peer(args, PEERS[word], tls) if word in PEERS else run_ours(args, OURS[word])
                figures["round"] = number + 1
                line = json.dumps(figures)
                print(line, flush=True)
                if args.json:
                    with open(args.json, "a", encoding="utf-8") as out:
                        out.write(line + "\n")
                name = figures["bench"] + (", TLS 1.3" if tls else ", plain")
                rows.setdefault(name, []).append(figures)
    print_table(rows)


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# A virtual LAN on one machine: a switch and N hosts (h1, h2, …), each with its own network, host
# name, D-Bus and Avahi. Everything lives in namespaces that belong to a few holder processes, so
# nothing of it shows outside, and `down` ends all that runs inside. Several LANs may be up at once.
#
#   LAN=name tests/lan/lan.sh VERB …        (LAN defaults to "lan")
#
#   up N [OPTION…]         make the LAN and wait until every Avahi is running
#        --ipv6-only       no IPv4 address anywhere
#        --two-interfaces  every host has a second interface on a second switch
#        --no-gateway      no default route
#        --no-avahi        start no Avahi (start-avahi does it later)
#   add                    one more host, of the same kind
#   exec HOST CMD…         run CMD on HOST, in the foreground; exec's itself: the pid stays the same
#   cut HOST [PORT]        pull the cable: the host sees that the carrier is gone; PORT is 1 or 2
#   silence HOST [PORT]    the same, but the host's carrier stays: frames just vanish
#   split HOST             put HOST on the other side of a LAN that was cut in two; its carrier stays
#   mend HOST [PORT]       put any of these right again
#   renumber HOST          move HOST to another network: other addresses, other gateway
#   kill-avahi HOST        kill -9        start-avahi HOST    and wait until it runs
#   hang-avahi HOST        it is there and answers nothing; wake-avahi HOST
#   kill-dbus HOST         kill -9        start-dbus HOST
#   hosts                  names of the hosts
#   address HOST           the first IPv4 (or link-local IPv6) address of HOST
#   home HOST              its home directory (HOME and XDG_* inside exec)
#   down                   end everything and remove it
#
# Exit codes: 0, 1 failed, 64 usage, 77 this machine cannot make namespaces or has no Avahi.
set -u

LAN=${LAN:-lan}
state=${TMPDIR:-/tmp}/backfence-lan-$LAN
subnet_of_port=(- 10.77.0 10.78.0)

die() { echo "lan.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^# Exit/s/^# \{0,1\}//p' "$0" >&2; exit 64; }
skip() { echo "SKIP: $*" >&2; exit 77; }

pid_of() { cat "$state/$1/holder.pid" 2>/dev/null || die "there is no host $1 on LAN $LAN"; }

# Runs a command in the namespaces of a host or of the switch; replaces the shell.
enter() {
    local holder; holder=$(pid_of "$1") || exit 1; shift
    exec nsenter -t "$holder" -n -m -u -- "$@"
}

inside() { (enter "$@"); }

# await SECONDS COMMAND…: until the command succeeds.
await() {
    local deadline=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        read -rt 0.05 <> <(:) || true
    done
}

hold() { # NAME: a process that keeps a set of namespaces alive
    mkdir -p "$state/$1/home" "$state/$1/log"
    setsid unshare -n -m -u -- sh -c '
        mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon /run/user &&
        hostname "$1" && ip link set lo up && echo $$ > "$2/holder.pid" && exec sleep infinity' \
        hold "$1" "$state/$1" </dev/null >"$state/$1/log/holder" 2>&1 9>&- &
    await 5 test -s "$state/$1/holder.pid"
}

option() { grep -qx -- "$1" "$state/options"; }

plug() { # HOST NUMBER PORT: a cable from the host's interface to a switch
    local host=$1 number=$2 port=$3 name=eth$(($3 - 1)) subnet=${subnet_of_port[$3]}
    inside switch ip link add "$host-$port" address "02:bf:0$port:01:00:$(printf %02x "$number")" \
        type veth peer name "$name" address "02:bf:0$port:00:00:$(printf %02x "$number")" \
        netns "$(pid_of "$host")" || return 1
    inside switch ip link set "$host-$port" master "br$port" up
    inside "$host" sh -c "echo 0 > /proc/sys/net/ipv6/conf/$name/accept_dad" 2>/dev/null
    inside "$host" ip link set "$name" up multicast on
    option --ipv6-only || inside "$host" ip address add "$subnet.$((10 + number))/24" brd + dev "$name"
    option --no-gateway || [ "$port" != 1 ] || gateway "$host" "$name" "$subnet" 02:bf:01:02:00:01
}

# A default route whose neighbour entry is known, as on a machine that is in use.
gateway() { # HOST INTERFACE SUBNET MAC
    local ll=fe80::bf:ff:fe02:1
    inside "$1" ip -6 route replace default via $ll dev "$2"
    inside "$1" ip -6 neigh replace $ll lladdr "$4" dev "$2" nud permanent
    option --ipv6-only && return
    inside "$1" ip route replace default via "$3.1" dev "$2"
    inside "$1" ip neigh replace "$3.1" lladdr "$4" dev "$2" nud permanent
}

write_config() { # HOST
    local v4=yes
    option --ipv6-only && v4=no
    cat >"$state/$1/dbus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>
  </policy>
</busconfig>
END
    cat >"$state/$1/avahi.conf" <<END
[server]
host-name=$1
use-ipv4=$v4
use-ipv6=yes
disallow-other-stacks=no
objects-per-client-max=4096
entries-per-entry-group-max=1024
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
END
}

start_daemon() { # HOST NAME CMD…: in the background, its pid kept
    local host=$1 name=$2; shift 2
    (exec 9>&-; enter "$host" setsid "$@") </dev/null >>"$state/$host/log/$name" 2>&1 &
    echo $! >"$state/$host/$name.pid"
}

kill_daemon() { # HOST NAME
    local pid; pid=$(cat "$state/$1/$2.pid" 2>/dev/null) || return 0
    rm -f "$state/$1/$2.pid"
    kill -9 "$pid" 2>/dev/null
    await 5 not_running "$pid"
}

not_running() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

start_dbus() {
    inside "$1" rm -f /run/dbus/system_bus_socket
    start_daemon "$1" dbus dbus-daemon --nofork --nopidfile --config-file="$state/$1/dbus.conf"
    await 5 inside "$1" test -S /run/dbus/system_bus_socket || die "D-Bus does not start on $1"
}

launch_avahi() {
    inside "$1" rm -f /run/avahi-daemon/pid
    start_daemon "$1" avahi avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$state/$1/avahi.conf"
}

avahi_runs() { # state 2 is AVAHI_SERVER_RUNNING
    inside "$1" env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket dbus-send --system \
        --print-reply=literal --dest=org.freedesktop.Avahi / org.freedesktop.Avahi.Server.GetState |
        grep -q 'int32 2'
}

await_avahi() {
    await 15 avahi_runs "$1" || { cat "$state/$1/log/avahi" >&2; die "Avahi does not run on $1"; }
}

make_host() { # NUMBER
    local host=h$1
    hold "$host" || return 1
    plug "$host" "$1" 1 || return 1
    if option --two-interfaces; then plug "$host" "$1" 2 || return 1; fi
    write_config "$host"
    start_dbus "$host"
    option --no-avahi || launch_avahi "$host"
    echo "$host" >>"$state/hosts"
}

make_switch() {
    hold switch || return 1
    local port
    for port in 1 2; do
        inside switch ip link add "br$port" address "02:bf:0$port:02:00:01" type bridge forward_delay 0 \
            mcast_snooping 0 || return 1
        inside switch ip link set "br$port" up
        option --ipv6-only || inside switch ip address add "${subnet_of_port[$port]}.1/24" dev "br$port"
    done
    inside switch ip address add fe80::bf:ff:fe02:1/64 dev br1 nodad
}

check_machine() {
    local program
    for program in avahi-daemon dbus-daemon dbus-send ip nsenter unshare; do
        command -v $program >/dev/null || skip "$program is not installed"
    done
    unshare -n -m -u true 2>/dev/null || skip "no right to make network namespaces here"
    unshare -n ip link add type veth 2>/dev/null || skip "no veth interfaces here"
}

verb_up() {
    [[ ${1:-} =~ ^[0-9]+$ ]] || usage
    local count=$1 number host; shift
    for option in "$@"; do
        [[ $option =~ ^--(ipv6-only|two-interfaces|no-gateway|no-avahi)$ ]] || usage
    done
    check_machine
    [ ! -e "$state" ] || die "LAN $LAN is up already, or was left over: lan.sh down"
    mkdir -p "$state" && chmod 700 "$state"
    printf '%s\n' "$@" >"$state/options"
    : >"$state/hosts"
    make_switch || { verb_down; skip "cannot make the switch"; }
    for ((number = 1; number <= count; number++)); do
        make_host $number || { verb_down; die "cannot make host h$number"; }
    done
    option --no-avahi || for host in $(verb_hosts); do await_avahi "$host"; done
}

verb_add() {
    local number; number=$(($(wc -l <"$state/hosts") + 1))
    make_host $number || die "cannot make host h$number"
    option --no-avahi || await_avahi h$number
    echo h$number
}

verb_exec() {
    [ $# -ge 2 ] || usage
    local host=$1 home=$state/$1/home; shift
    export HOME="$home" LAN XDG_DATA_HOME="$home/.local/share" XDG_CONFIG_HOME="$home/.config"
    export XDG_STATE_HOME="$home/.local/state" XDG_CACHE_HOME="$home/.cache" XDG_RUNTIME_DIR="$home/.run"
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket DBUS_SESSION_BUS_ADDRESS=disabled:
    mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"
    enter "$host" "$@"
}

verb_cut() { inside switch ip link set "$1-${2:-1}" down; }
verb_silence() { inside switch ip link set "$1-${2:-1}" nomaster; }
verb_split() { inside switch ip link set "$1-1" master br2; }
verb_mend() { inside switch ip link set "$1-${2:-1}" master "br${2:-1}" up; }

verb_renumber() {
    pid_of "$1" >/dev/null || exit 1
    inside "$1" ip address flush dev eth0 scope global
    inside "$1" ip address add "10.99.0.$((10 + ${1#h}))/24" brd + dev eth0
    gateway "$1" eth0 10.99.0 02:bf:01:02:00:99
}

verb_kill-avahi() { pid_of "$1" >/dev/null || exit 1; kill_daemon "$1" avahi; }
verb_start-avahi() { launch_avahi "$1"; await_avahi "$1"; }
verb_hang-avahi() { kill -STOP "$(cat "$state/$1/avahi.pid")"; }
verb_wake-avahi() { kill -CONT "$(cat "$state/$1/avahi.pid")"; }
verb_kill-dbus() { pid_of "$1" >/dev/null || exit 1; kill_daemon "$1" dbus; }
verb_start-dbus() { start_dbus "$1"; }
verb_hosts() { cat "$state/hosts"; }
verb_home() { pid_of "$1" >/dev/null || exit 1; echo "$state/$1/home"; }

verb_address() {
    local found
    found=$(inside "$1" ip -o -4 address show dev eth0 scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
    [ -n "$found" ] ||
        found=$(inside "$1" ip -o -6 address show dev eth0 scope link | awk '{ sub("/.*", "", $4); print $4; exit }')
    [ -n "$found" ] || die "$1 has no address"
    echo "$found"
}

# Everything that runs in the network namespaces of this LAN was started through it.
processes() {
    local holder namespace process
    for holder in "$state"/*/holder.pid; do
        namespace=$(readlink "/proc/$(cat "$holder" 2>/dev/null)/ns/net") || continue
        # A holder's pid may be another process's by now, if the machine was restarted.
        [ "$namespace" != "$(readlink /proc/self/ns/net)" ] || continue
        for process in /proc/[0-9]*; do
            [ "$(readlink "$process/ns/net" 2>/dev/null)" != "$namespace" ] || echo "${process#/proc/}"
        done
    done
}

none_left() { [ -z "$(processes)" ]; }

verb_down() {
    [ -d "$state" ] || return 0
    local pids; pids=$(processes)
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null
    await 5 none_left
    rm -rf "$state"
}

verb=${1:-}
[ -n "$verb" ] || usage
shift
declare -F "verb_$verb" >/dev/null || usage
case $verb in
up | down | hosts | add) ;;
*) [ $# -ge 1 ] || usage ;;
esac
"verb_$verb" "$@"

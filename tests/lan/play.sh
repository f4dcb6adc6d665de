#!/usr/bin/env bash
# A virtual LAN to play with: a relay on h1, windows under Xvfb on h2 and h3, a console on h4.
#
#   tests/lan/play.sh [--build DIR] [--windows N] [--consoles N] [--pictures DIR] [--no-relay] [LAN OPTION…]
#
# With --no-relay nothing runs on h1, and the apps carry the room themselves; a relay can be started there
# later, by the same command that play.sh prints.
#
# On a terminal it then is the first console; leave it to end everything. Without one it waits for the
# end of its input. Pictures of the windows are taken when all have joined and at the end. The options of
# `lan.sh up` (--ipv6-only, --two-interfaces …) pass through. Meanwhile, in another terminal:
#
#   LAN=play tests/lan/lan.sh cut h1        and so on
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=
windows=2
consoles=1
pictures=${TMPDIR:-/tmp}/backfence-play
relay=1
options=()

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 64; }

while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2; shift ;;
    --windows) windows=$2; shift ;;
    --consoles) consoles=$2; shift ;;
    --pictures) pictures=$2; shift ;;
    --no-relay) relay=0 ;;
    --ipv6-only | --two-interfaces | --no-gateway | --no-avahi) options+=("$1") ;;
    *) usage ;;
    esac
    shift
done

if [ -z "$build" ]; then
    for build in "$root/build/release" "$root/build/debug" "$root/build"; do
        [ ! -x "$build/backfence-relay" ] || break
    done
fi
for program in backfence-relay backfence-console; do
    [ -x "$build/$program" ] || { echo "play.sh: $build/$program is not built" >&2; exit 1; }
done
[ -x "$build/backfence" ] && command -v Xvfb >/dev/null && command -v import >/dev/null || windows=0

export LAN=${LAN:-play}
lan() { "$here/lan.sh" "$@"; }
trap 'lan down' EXIT
trap 'exit 130' INT TERM

# await SECONDS COMMAND…
await() {
    local deadline=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { echo "play.sh: waited too long for: $*" >&2; return 1; }
        read -rt 0.1 <> <(:) || true
    done
}

logs=$pictures/logs
mkdir -p "$logs"
rm -f "$logs/hello.in"
lan up $((1 + windows + consoles)) "${options[@]}"

start_relay() {
    lan exec h1 "$build/backfence-relay" serve --data "$(lan home h1)/relay" --name "Back yard" \
        </dev/null >"$logs/relay" 2>&1 &
    await 15 grep -q event=listening "$logs/relay"
    echo "relay on h1: $(grep -m1 event=listening "$logs/relay")"
}
if [ "$relay" = 1 ]; then
    start_relay
else
    : >"$logs/relay"
    echo "no relay; to start one: LAN=$LAN $here/lan.sh exec h1 $build/backfence-relay serve --data $(lan home h1)/relay"
fi

names=(Ann Bob Cleo Dan Eve Finn)
screen() { echo ":$((70 + $1))"; }

open_window() { # NUMBER
    local host=h$((1 + $1)) display; display=$(screen "$1")
    lan exec "$host" Xvfb "$display" -screen 0 1280x800x24 -nolisten unix </dev/null >"$logs/screen$1" 2>&1 &
    await 10 lan exec "$host" env DISPLAY="$display" xdotool getdisplaygeometry
    lan exec "$host" env DISPLAY="$display" SDL_RENDER_DRIVER=software \
        "$build/backfence" --name "${names[$1 - 1]}" </dev/null >"$logs/window$1" 2>&1 &
    echo "${names[$1 - 1]}'s window on $host, display $display"
}

take_pictures() { # LABEL
    local number
    for ((number = 1; number <= windows; number++)); do
        lan exec h$((1 + number)) env DISPLAY="$(screen $number)" \
            import -window root "$pictures/$1-${names[$number - 1]}.png" &&
            echo "picture: $pictures/$1-${names[$number - 1]}.png"
    done
}

for ((number = 1; number <= windows; number++)); do
    open_window $number
done
for ((number = 2; number <= consoles; number++)); do
    # shellcheck disable=SC2016
    lan exec h$((1 + windows + number)) sh -c 'sleep infinity | exec "$1" --name "$2"' console \
        "$build/backfence-console" "Guest $number" </dev/null >"$logs/console$number" 2>&1 &
done
[ "$windows" = 0 ] || [ "$relay" = 0 ] || await 20 eval "[ \$(grep -c 'event=joined' '$logs/relay') -ge $windows ]" || true

if [ "$windows" -gt 0 ] && [ "$consoles" -gt 0 ]; then
    mkfifo "$logs/hello.in"
    lan exec h$((2 + windows)) "$build/backfence-console" --name Terminal \
        <"$logs/hello.in" >"$logs/hello" 2>&1 &
    exec 9>"$logs/hello.in"
    # Whoever is there is named in the greeting, or as they join.
    for ((number = 0; number < windows; number++)); do
        await 20 grep -q "\b${names[$number]}\b" "$logs/hello" || true
    done
    echo "Hello from a terminal on another machine 👋" >&9
    await 10 grep -q "Hello from a terminal" "$logs/hello" || true
    take_pictures joined
    echo "/quit" >&9
    exec 9>&-
fi
if [ -t 0 ] && [ "$consoles" -gt 0 ]; then
    echo "You are on h$((2 + windows)). /help helps, /quit ends everything."
    lan exec h$((2 + windows)) "$build/backfence-console" --name Player || true
else
    echo "LAN=$LAN is up until the end of input."
    cat >/dev/null
fi
take_pictures end

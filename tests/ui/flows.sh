#!/usr/bin/env bash
# Whole flows of the real programs: a relay, the window under Xvfb driven by xdotool, and a console as the other side.
# flows.sh FOLDER-OF-PROGRAMS [FOLDER-FOR-SCREENSHOTS]; exit code 77 when something that it needs is not installed.
set -eu
programs=$1
shots=${2:-$PWD/flows}
for tool in Xvfb xdotool import; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
for program in backfence backfence-console backfence-relay; do
    [ -x "$programs/$program" ] || { echo "skipped: no $program"; exit 77; }
done

home=$(mktemp -d)
mkdir -p "$shots"
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT

# await SECONDS WHAT COMMAND…: until the command succeeds.
await() {
    local until=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $until ]; then
            echo "FAIL: $what"
            import -window root "$shots/failed.png" || true
            tail -n 5 "$home"/*.log "$home"/*.out
            echo "screenshot: $shots/failed.png"
            exit 1
        fi
        sleep 0.05
    done
    echo "ok: $what"
}
shot() { import -window root "$shots/$1.png"; }

exec 5<>"$home/display"
Xvfb -displayfd 5 -noreset -screen 0 1280x800x24 2>"$home/xvfb.log" &
pids+=($!)
await 10 "the display is there" test -s "$home/display"
DISPLAY=:$(head -n 1 "$home/display")
export DISPLAY
export HOME=$home XDG_DATA_HOME=$home/share XDG_CONFIG_HOME=$home/config TZ=UTC
# What libraries keep until the process ends.
printf 'leak:libfontconfig\nleak:libdbus\nleak:libX11\nleak:libpango\n' >"$home/leaks"
export LSAN_OPTIONS=suppressions=$home/leaks:print_suppressions=0
unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY

relay() {
    "$programs/backfence-relay" serve --data "$home/relay" --port "${port:-0}" --name "Studio LAN" \
        --no-mdns 2>>"$home/relay.log" &
    relay_pid=$!
    pids+=("$relay_pid")
}
relay
await 20 "the relay listens" grep -q event=listening "$home/relay.log"
port=$(sed -n 's/.*event=listening port=\([0-9]*\).*/\1/p' "$home/relay.log" | head -n 1)

mkfifo "$home/mira.in"
exec 6<>"$home/mira.in"
"$programs/backfence-console" --name "Mira Okafor" --connect "127.0.0.1:$port" --no-mdns \
    --data "$home/mira" <&6 >"$home/mira.out" 2>&1 &
pids+=($!)
await 20 "the console joined" grep -q "Studio LAN" "$home/mira.out"
mira() { echo "$1" >&6; }
heard() { await 20 "the console hears \"$1\"" grep -qF "$1" "$home/mira.out"; }

"$programs/backfence" --connect "127.0.0.1:$port" --no-mdns --data "$home/alex" \
    2>"$home/alex.log" &
app_pid=$!
pids+=("$app_pid")
window() { xdotool search --onlyvisible --class backfence; }
await 20 "the window appears" window
window=$(window | head -n 1)
titled() { xdotool getwindowname "$window" | grep -qF "$1"; }
await 20 "the window is in the room" titled "#general — Studio LAN"
shot first-run

type() { xdotool type --delay 12 "$1"; }
key() { xdotool key --delay 12 "$@"; }

# The name of the first run, over the live room.
type "Alex Kim"
key Return
type "hello **everyone** :tada:"
key Return
heard "Alex Kim: hello **everyone** 🎉"

# Several lines, undo, the clipboard.
type "first"
key shift+Return
type "second third"
key ctrl+z
type "line"
key ctrl+a ctrl+c End
key Return
heard "second line"
key ctrl+v
type "!"
key Return
heard "line!"

# A direct that comes while the room is open, and the answer by the keyboard alone.
mira "/msg Alex Kim psst"
await 20 "the direct is counted in the title" titled "(1)"
key alt+Down
await 20 "the direct is open and read" titled "Mira Okafor — Studio LAN"
type "psst yourself"
key Return
heard "psst yourself"
shot direct
key alt+Up
await 20 "the room is open again" titled "#general — Studio LAN"

# The relay dies; what is written meanwhile arrives once it is back, exactly once.
kill -9 "$relay_pid"
type "while it was gone"
key Return
: >"$home/relay.log"
relay
await 30 "the relay is back" grep -q event=listening "$home/relay.log"
heard "while it was gone"
[ "$(grep -cF "while it was gone" "$home/mira.out")" = 1 ] || { echo "FAIL: twice"; exit 1; }

# Narrow, settings, dialogs: nothing falls over.
xdotool windowsize "$window" 420 720
key ctrl+comma
key Escape ctrl+k
type "mira"
key Return
await 20 "the switcher goes to the direct" titled "Mira Okafor — Studio LAN"
shot narrow
xdotool windowsize "$window" 1100 720

# Another visit: the name, the room and the draft are there.
key alt+Up
await 20 "the room is open for the draft" titled "#general — Studio LAN"
type "a draft to keep"
kill -TERM "$app_pid"
await 20 "the window closes by itself" bash -c "! kill -0 $app_pid"
wait "$app_pid" || { echo "FAIL: it did not end well"; cat "$home/alex.log"; exit 1; }
"$programs/backfence" --connect "127.0.0.1:$port" --no-mdns --data "$home/alex" \
    2>>"$home/alex.log" &
pids+=($!)
await 20 "the window is there again" window
window=$(window | head -n 1)
await 20 "and in the room" titled "#general — Studio LAN"
key Return
heard "Alex Kim: a draft to keep"
shot second-visit
echo "all flows are right; screenshots: $shots"

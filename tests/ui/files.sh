#!/usr/bin/env bash
# Files by the desktop's own means: dropped on the real window (XDND), pasted as a picture, chosen by the path dialog.
# files.sh FOLDER-OF-PROGRAMS [FOLDER-FOR-SCREENSHOTS]; exit code 77 when something that it needs is not installed.
set -eu
programs=$1
shots=${2:-$PWD/files}
for tool in Xvfb xdotool import convert; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
source_of_x=$programs/tests/ui/x_source
for program in "$programs/backfence" "$programs/backfence-console" "$programs/backfence-relay" "$source_of_x"; do
    [ -x "$program" ] || { echo "skipped: no $program"; exit 77; }
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
            tail -n 8 "$home"/*.log "$home"/*.out
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
printf 'leak:libfontconfig\nleak:libdbus\nleak:libX11\nleak:libpango\n' >"$home/leaks"
export LSAN_OPTIONS=suppressions=$home/leaks:print_suppressions=0
unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY XDG_RUNTIME_DIR

"$programs/backfence-relay" serve --data "$home/relay" --port 0 --name "Studio LAN" --no-mdns \
    2>"$home/relay.log" &
pids+=($!)
await 20 "the relay listens" grep -q event=listening "$home/relay.log"
port=$(sed -n 's/.*event=listening port=\([0-9]*\).*/\1/p' "$home/relay.log" | head -n 1)
mkfifo "$home/mira.in" "$home/drag.in"
exec 6<>"$home/mira.in" 7<>"$home/drag.in"
"$programs/backfence-console" --name "Mira Okafor" --connect "127.0.0.1:$port" --no-mdns \
    --data "$home/mira" <&6 >"$home/mira.out" 2>&1 &
pids+=($!)
await 20 "the console joined" grep -q "Studio LAN" "$home/mira.out"
heard() { await 20 "the console hears \"$1\"" grep -qF "$1" "$home/mira.out"; }
"$programs/backfence" --name "Alex Kim" --connect "127.0.0.1:$port" --no-mdns --data "$home/alex" \
    2>"$home/alex.log" &
app_pid=$!
pids+=("$app_pid")
window() { xdotool search --onlyvisible --class backfence; }
await 20 "the window appears" window
window=$(window | head -n 1)
titled() { xdotool getwindowname "$window" | grep -qF "$1"; }
await 20 "the window is in the room" titled "#general — Studio LAN"
type() { xdotool type --delay 12 "$1"; }
key() { xdotool key --delay 12 "$@"; }

# Two files dragged over the window and away again, then dropped: one offer.
echo "the first of two" >"$home/first.txt"
echo "the second" >"$home/a second.txt"
drag() {
    : >"$home/drag.out"
    "$source_of_x" drop "$window" "$@" <"$home/drag.in" >"$home/drag.out" &
    pids+=($!)
    await 10 "something is dragged over the window" grep -q "over, and welcome" "$home/drag.out"
}
drag "$home/first.txt"
echo away >&7
await 10 "it is dragged away" grep -q left "$home/drag.out"
drag "$home/first.txt" "$home/a second.txt"
shot drag
echo drop >&7
await 10 "it is dropped" grep -q dropped "$home/drag.out"
heard "first.txt"
shot dropped

# A picture from the clipboard, in pieces.
convert -size 400x300 plasma:red-blue "$home/picture.png"
"$source_of_x" own image/png "$home/picture.png" >"$home/own.out" &
pids+=($!)
await 10 "the clipboard has a picture" grep -q owned "$home/own.out"
key ctrl+v
pasted() { compgen -G "$home/alex/pasted/Pasted picture *.png"; }
await 10 "the picture is pasted" pasted
cmp "$home/picture.png" "$(pasted)"

shot pasted
key Return
heard "Pasted picture"

# Without a portal: the path field.
key ctrl+u
shot menu
key Return
type "$home/no such file"
key Return
shot path-error
key ctrl+a
type "$home/fir"
key Tab
key Return
await 20 "the console hears of a third offer" bash -c "[ \"\$(grep -c 'first.txt' '$home/mira.out')\" -ge 2 ]"
shot offered

# A picture that comes in a direct: accepted by its prompt, seen where it was said.
echo "/send Alex Kim $home/picture.png" >&6
await 20 "the offer is counted in the title" titled "(1)"
key alt+a
received() { compgen -G "$home/Downloads/picture*.png"; }
await 30 "the picture is here" received
cmp "$home/picture.png" "$(received)"
key alt+Down
await 20 "the direct is open" titled "Mira Okafor — Studio LAN"
shot received

kill -TERM "$app_pid"
await 20 "the window closes by itself" bash -c "! kill -0 $app_pid"
wait "$app_pid" || { echo "FAIL: it did not end well"; cat "$home/alex.log"; exit 1; }
echo "all flows are right; screenshots: $shots"

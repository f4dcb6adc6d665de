# Sourced by flows.sh and files.sh: a display of its own, a relay, Mira at a console and a window that is driven by
# xdotool, all in $home. Exit code 77 when something that it needs is not installed.
#   stage_begin FOLDER-OF-PROGRAMS FOLDER-FOR-SCREENSHOTS [TOOL…]   checks, the display, the environment
#   relay, mira_joins, window_opens [OPTION…]                       in this order
# shellcheck shell=bash
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$home"
}

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

stage_begin() {
    programs=$1 shots=$2
    shift 2
    for tool in Xvfb xdotool import "$@"; do
        command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
    done
    for program in backfence backfence-console backfence-relay; do
        [ -x "$programs/$program" ] || { echo "skipped: no $program"; exit 77; }
    done
    home=$(mktemp -d)
    trap stop EXIT
    mkdir -p "$shots"
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
    unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY XDG_RUNTIME_DIR
}

# The first time at any port, then at the same one.
relay() {
    "$programs/backfence-relay" serve --data "$home/relay" --port "${port:-0}" --name "Studio LAN" \
        --no-mdns 2>>"$home/relay.log" &
    relay_pid=$!
    pids+=("$relay_pid")
    await 20 "the relay listens" grep -q event=listening "$home/relay.log"
    port=$(sed -n 's/.*event=listening port=\([0-9]*\).*/\1/p' "$home/relay.log" | head -n 1)
}

mira_joins() {
    mkfifo "$home/mira.in"
    exec 6<>"$home/mira.in"
    "$programs/backfence-console" --name "Mira Okafor" --connect "127.0.0.1:$port" --no-mdns \
        --data "$home/mira" <&6 >"$home/mira.out" 2>&1 &
    pids+=($!)
    await 20 "the console joined" grep -q "Studio LAN" "$home/mira.out"
}
mira() { echo "$1" >&6; }
heard() { await 20 "the console hears \"$1\"" grep -qF "$1" "$home/mira.out"; }

window() { xdotool search --onlyvisible --class backfence; }
titled() { xdotool getwindowname "$window" | grep -qF "$1"; }
window_opens() {
    "$programs/backfence" --connect "127.0.0.1:$port" --no-mdns --data "$home/alex" "$@" \
        2>>"$home/alex.log" &
    app_pid=$!
    pids+=("$app_pid")
    await 20 "the window appears" window
    window=$(window | head -n 1)
    await 20 "the window is in the room" titled "#general — Studio LAN"
}
window_closes() {
    kill -TERM "$app_pid"
    await 20 "the window closes by itself" bash -c "! kill -0 $app_pid"
    wait "$app_pid" || { echo "FAIL: it did not end well"; cat "$home/alex.log"; exit 1; }
}
type() { xdotool type --delay 12 "$1"; }
key() { xdotool key --delay 12 "$@"; }

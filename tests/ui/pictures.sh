#!/usr/bin/env bash
# Makes the README's pictures from the real programs with real members: pictures.sh FOLDER-OF-PROGRAMS TARGET-FOLDER
set -eu
programs=$1
target=$2
port=${PORT:-17945}
home=$(mktemp -d)
mkdir -p "$target"
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$home"
}
trap stop EXIT
await() {
    local until=$((SECONDS + 20))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || { echo "waited in vain for: $*"; exit 1; }
        sleep 0.05
    done
}
export HOME=$home XDG_DATA_HOME=$home/share XDG_CONFIG_HOME=$home/config
unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY

# One display for the window that is pictured, one for the member that types in a window of its own.
display() {
    : >"$home/display$1"
    Xvfb -displayfd 5 -noreset -screen 0 1280x800x24 5>>"$home/display$1" 2>/dev/null &
    pids+=("$!")
    await test -s "$home/display$1"
}
display 1
display 2
first=:$(cat "$home/display1")
second=:$(cat "$home/display2")

"$programs/backfence-relay" serve --data "$home/relay" --port "$port" --name "Studio LAN" --no-mdns \
    2>"$home/relay.log" &
pids+=("$!")
await grep -q event=listening "$home/relay.log"
app() { # DISPLAY DATA NAME
    DISPLAY=$1 "$programs/backfence" --name "$3" --connect "127.0.0.1:$port" --no-mdns \
        --data "$home/$2" 2>"$home/$2.log" &
    pids+=("$!")
    DISPLAY=$1 await bash -c 'xdotool getwindowname "$(xdotool search --onlyvisible --class backfence)" | grep -q general'
}
declare -A pid
member() { # DATA NAME
    [ -p "$home/$1.in" ] || mkfifo "$home/$1.in"
    sleep infinity >"$home/$1.in" &
    pids+=("$!")
    "$programs/backfence-console" --name "$2" --connect "127.0.0.1:$port" --no-mdns \
        --data "$home/$1" <"$home/$1.in" >"$home/$1.out" 2>&1 &
    pid[$1]=$!
    pids+=("$!")
    await grep -q "Studio LAN" "$home/$1.out"
}
# Somebody heard it.
seen() { await grep -qF "$1" "$home/mira.out" "$home/sara.out"; }
says() { # DATA TEXT
    echo "$2" >"$home/$1.in"
    case $2 in /*) sleep 0.3 ;; *) seen "$2" ;; esac
}
alex() {
    DISPLAY=$first xdotool type --delay 8 "$1"
    DISPLAY=$first xdotool key Return
}

member mira "Mira Okafor"
member sara "سارا احمدی"
member jonas "Jonas Weiß"
member li "Li Wei"
app "$second" sam "Sam Rivera"
app "$first" alex "Alex Kim"
window=$(DISPLAY=$first xdotool search --onlyvisible --class backfence)

says mira "Morning! The relay on the fourth floor is up, so everyone should see each other without typing an address now."
says mira 'No luck? Run `backfence --help` and paste what it prints 👍🏽'
says sara "سلام به همه! فایل نهایی را فرستادم (نسخهٔ v3)، لطفاً نگاه کنید."
alex "Looks **great**. I would only move the *title* a little."
seen "move the"
says li "/me is off to lunch 🍜"
alex "/msg Jonas Weiß see you tomorrow"
says sara "/msg Alex Kim فایل رسید، ممنون 🙏"
sleep 0.3
DISPLAY=$first xdotool key alt+Down
sleep 0.3
DISPLAY=$first xdotool key alt+Down
sleep 0.3
DISPLAY=$first xdotool key alt+Up alt+Up
sleep 0.3
says mira "/msg Alex Kim shall we look at it together?"

# What comes while nobody looks stands below the line.
DISPLAY=$first xdotool windowfocus "$(DISPLAY=$first xwininfo -root | sed -n 's/.*Window id: \(0x[0-9a-f]*\).*/\1/p')"
sleep 0.5
says jonas "Works here. 日本語とハングル 한국어 also render, and https://example.lan/docs opens."
sleep 0.3
DISPLAY=$first xdotool windowfocus "$window"
says sara "/away"
kill "${pid[li]}" "${pid[jonas]}"
DISPLAY=$second xdotool type --delay 8 "I will bring the long"
sleep 1
take() { DISPLAY=$first import -window "$window" "$target/$1.png"; }
take dark
DISPLAY=$first xdotool key ctrl+comma
sleep 0.4
DISPLAY=$first xdotool mousemove --window "$window" 680 323 click 1
DISPLAY=$first xdotool key Escape
DISPLAY=$first xdotool mousemove --window "$window" 560 40
DISPLAY=$second xdotool type --delay 8 " ladder"
sleep 1
take light
DISPLAY=$first xdotool key ctrl+comma
sleep 0.4
DISPLAY=$first xdotool mousemove --window "$window" 550 323 click 1
DISPLAY=$first xdotool key Escape
DISPLAY=$first xdotool windowsize "$window" 420 720
DISPLAY=$first xdotool mousemove --window "$window" 210 40
DISPLAY=$second xdotool type --delay 8 " and"
sleep 1
take narrow
echo "made $target/dark.png, light.png, narrow.png"

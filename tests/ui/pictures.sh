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
    local until=$((SECONDS + 90))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || { echo "waited in vain for: $*"; exit 1; }
        sleep 0.05
    done
}
export HOME=$home XDG_DATA_HOME=$home/share XDG_CONFIG_HOME=$home/config
export ASAN_OPTIONS=detect_leaks=0
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
# What is sent: a photograph of a sort, and files whose size is all that counts.
files=$home/files
mkdir -p "$files/Site photos"
truncate -s 1860M "$files/Walkthrough fourth floor.mp4"
truncate -s 1120M "$files/Drawings.zip"
truncate -s 812K "$files/Minutes.pdf"
for number in 1 2 3 4 5 6 7 8; do truncate -s "$((3 + number % 4))M" "$files/Site photos/IMG_20$number.jpg"; done
convert -size 2400x1600 gradient:'#3c4f8a'-'#f7b267' \
    \( -size 2400x1600 plasma:white-gray50 -colorspace gray -blur 0x40 \) \
    -compose soft-light -composite -compose over \
    -fill '#fff3d6' -draw 'circle 1680,960 1680,870' \
    -fill '#5b4a78' -draw 'polygon 0,1140 390,900 780,1110 1230,840 1695,1140 2040,975 2400,1155 2400,1600 0,1600' \
    -fill '#35304f' -draw 'polygon 0,1350 510,1140 1050,1350 1515,1200 2400,1395 2400,1600 0,1600' \
    -fill '#1d1b2c' -draw 'rectangle 135,1230 495,1600 rectangle 570,1320 840,1600 rectangle 1770,1275 1905,1600' \
    -draw 'polygon 960,1350 1140,1230 1320,1350 1320,1600 960,1600 rectangle 1995,1185 2310,1600' \
    -fill '#f9d58b' -draw 'rectangle 180,1290 225,1335 rectangle 270,1290 315,1335 rectangle 405,1395 450,1440' \
    -draw 'rectangle 630,1395 675,1440 rectangle 2055,1245 2100,1290 rectangle 2145,1335 2190,1380' \
    -resize 1200x800 -attenuate 0.1 +noise gaussian -quality 96 "$files/From the roof.jpg"
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
sam() {
    DISPLAY=$second xdotool type --delay 8 "$1"
    DISPLAY=$second xdotool key Return
}
key() { DISPLAY=$first xdotool key "$@"; }
# The window is told of by the title, and of what is typed there by the others.
titled() { await bash -c "DISPLAY=$first xdotool getwindowname $window | grep -qF '$1'"; }
goes() {
    key ctrl+k
    sleep 0.4
    DISPLAY=$first xdotool type --delay 20 "$1"
    sleep 0.4
    key Return
    titled "$1"
}
# Received whole: it has its name.
received() { await test -e "$home/Downloads/$1"; }
looks() { # dark or light, by the settings
    key ctrl+comma
    sleep 0.5
    DISPLAY=$first xdotool mousemove --window "$window" "$1" 323 click 1
    key Escape
    DISPLAY=$first xdotool mousemove --window "$window" 560 40
}

says mira "Morning! The relay on the fourth floor is up, so everyone should see each other without typing an address now."
says mira 'No luck? Run `backfence --help` and paste what it prints 👍🏽'
says sara "سلام به همه! فایل نهایی را فرستادم (نسخهٔ v3)، لطفاً نگاه کنید."
alex "Looks **great**. I would only move the *title* a little."
seen "move the"
says li "/me is off to lunch 🍜"
kill "${pid[li]}"
says jonas "Works here. 日本語とハングル 한국어 also render, and https://example.lan/docs opens."
says sara "/msg Alex Kim فایل رسید، ممنون 🙏"
says sara "/away"

# In the room a film comes, while Sam asks for something else.
says mira "/send #general \"$files/Walkthrough fourth floor.mp4\""
seen "Walkthrough"
sleep 1
key alt+a
says mira "The film of the fourth floor, before the walls go up."
DISPLAY=$second xdotool key ctrl+k
sleep 0.4
sam "Alex Kim"
sleep 0.4
DISPLAY=$second xdotool key ctrl+u
sleep 0.3
DISPLAY=$second xdotool key Return
sleep 0.3
sam "$files/From the roof.jpg"
sleep 2
take() {
    DISPLAY=$first import -window "$window" "$home/$1.png"
    convert "$home/$1.png" -strip -colors 256 -define png:compression-level=9 "PNG8:$target/$1.png"
}
take dark
received "Walkthrough fourth floor.mp4"
key alt+a
received "From the roof.jpg"

# What came is where it was said.
goes "Sam Rivera"
alex "What a view! I want the big one for the wall."
sam "Here are the others, and the minutes."
sam "/send \"Alex Kim\" \"$files/Site photos\" \"$files/Minutes.pdf\""
sleep 1
key alt+a
received "Minutes.pdf"
looks 680
sleep 0.5
take light

looks 550
goes "general"
DISPLAY=$first xdotool windowsize "$window" 420 720
says jonas "/send #general \"$files/Drawings.zip\""
seen "Drawings.zip"
sleep 1
key alt+a
sleep 1.5
take narrow
echo "made $target/dark.png, light.png, narrow.png"

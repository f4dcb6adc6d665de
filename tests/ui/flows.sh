#!/usr/bin/env bash
# Whole flows of the real programs: a relay, the window under Xvfb driven by xdotool, and a console as the other side.
# flows.sh FOLDER-OF-PROGRAMS [FOLDER-FOR-SCREENSHOTS]; exit code 77 when something that it needs is not installed.
# shellcheck disable=SC2154 # home, shots, window …: of stage.sh
set -eu
# shellcheck source=tests/ui/stage.sh
. "$(dirname "$0")/stage.sh"
stage_begin "$1" "${2:-$PWD/flows}"
relay
mira_joins
window_opens
shot first-run

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
window_closes
window_opens
key Return
heard "Alex Kim: a draft to keep"
shot second-visit
echo "all flows are right; screenshots: $shots"

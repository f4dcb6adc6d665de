#!/usr/bin/env bash
# Files by the desktop's own means: dropped on the real window (XDND), pasted as a picture, chosen by the path dialog.
# files.sh FOLDER-OF-PROGRAMS [FOLDER-FOR-SCREENSHOTS]; exit code 77 when something that it needs is not installed.
# shellcheck disable=SC2154 # home, shots, window …: of stage.sh
set -eu
# shellcheck source=tests/ui/stage.sh
. "$(dirname "$0")/stage.sh"
source_of_x=$1/tests/ui/x_source
[ -x "$source_of_x" ] || { echo "skipped: no $source_of_x"; exit 77; }
stage_begin "$1" "${2:-$PWD/files}" convert
relay
mkfifo "$home/drag.in"
exec 7<>"$home/drag.in"
mira_joins
window_opens --name "Alex Kim"

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
mira "/send Alex Kim $home/picture.png"
await 20 "the offer is counted in the title" titled "(1)"
key alt+a
received() { compgen -G "$home/Downloads/picture*.png"; }
await 30 "the picture is here" received
cmp "$home/picture.png" "$(received)"
key alt+Down
await 20 "the direct is open" titled "Mira Okafor — Studio LAN"
shot received

window_closes
echo "all flows are right; screenshots: $shots"

#!/bin/sh
# scripts.sh ROOT: shellcheck has nothing to say about the shell scripts of the tree.
set -eu
cd "$1"
command -v shellcheck >/dev/null || { echo "SKIP: shellcheck is not installed"; exit 77; }
grep -rIlE '^#!/(usr/)?bin/(env )?(ba)?sh' .ci assets discovery relay app ui tests |
    xargs -r shellcheck --severity=warning

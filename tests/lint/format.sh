#!/bin/sh
# format.sh ROOT: the C files of the tree look as .clang-format says.
set -eu
cd "$1"
command -v clang-format >/dev/null || { echo "SKIP: clang-format is not installed"; exit 77; }
python3 -B tests/lint/lint.py --files . | xargs -r clang-format --dry-run -Werror

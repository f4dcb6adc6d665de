#!/bin/sh
# cppcheck.sh ROOT BUILD: cppcheck finds nothing in what BUILD compiles. What it learnt is kept in
# BUILD/cppcheck, so that a second run looks only at what has changed.
#
# Left out, each for a reason:
#   unknownMacro            Check's START_TEST and GLib's macros, which the compilers know better
#   nullPointerRedundantCheck  it takes `link != except` with an `except` of NULL for a test of `link`
#   memleak                 it loses a struct that an array took over by value; LeakSanitizer does not
#   duplicateAssignExpression  a range that begins empty has start and end at one place
#   legacyUninitvar         it does not know compound literals with designators
#   readdirCalled           readdir is safe for streams of one's own, and readdir_r is deprecated
set -eu
root=$1 build=$2
command -v cppcheck >/dev/null || { echo "SKIP: cppcheck is not installed"; exit 77; }
mkdir -p "$build/cppcheck"
exec cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --cppcheck-build-dir="$build/cppcheck" \
    --project="$build/compile_commands.json" --library=gtk --library=posix \
    --enable=warning,performance,portability --inline-suppr --template=gcc \
    --suppress='*:*/generated/*' --suppress=unknownMacro \
    --suppress=nullPointerRedundantCheck --suppress=legacyUninitvar \
    --suppress=duplicateAssignExpression --suppress=memleak --suppress=readdirCalled \
    --suppress="*:/usr/*" -i "$build/generated" \
    --relative-paths="$root"

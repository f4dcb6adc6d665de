#!/bin/sh
# cppcheck.sh ROOT BUILD: cppcheck finds nothing in what BUILD compiles. What it learnt is kept in
# BUILD/cppcheck, so that a second run looks only at what has changed.
#
# Left out, each for a reason:
#   normalCheckLevelMaxBranches, checkersReport, missingInclude…  say something about cppcheck only
#   unknownMacro            Check's START_TEST and GLib's macros, which the compilers know better
#   shadowFunction          gcc's -Wshadow has the last word on shadowing
#   constParameterPointer, constParameterCallback   the signature of a callback is not ours to choose
#   nullPointerRedundantCheck  g_return_if_fail and ck_assert end the function, unknown to cppcheck
set -eu
root=$1 build=$2
command -v cppcheck >/dev/null || { echo "SKIP: cppcheck is not installed"; exit 77; }
mkdir -p "$build/cppcheck"
exec cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --cppcheck-build-dir="$build/cppcheck" \
    --project="$build/compile_commands.json" --library=gtk --library=posix --library=gnu \
    --enable=warning,performance,portability --inline-suppr --template=gcc \
    --suppress='*:*/generated/*' --suppress=unknownMacro --suppress=missingIncludeSystem \
    --suppress="*:/usr/*" -i "$build/generated" \
    --relative-paths="$root"

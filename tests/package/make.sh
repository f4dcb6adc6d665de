#!/bin/sh
# make.sh SOURCE FOLDER: a release build in FOLDER/build, its two packages, and the same with a higher
# version.
set -eu
source=$1
folder=$2
mkdir -p "$folder"
[ -f "$folder/build/build.ninja" ] ||
    cmake -S "$source" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
        -DCMAKE_INSTALL_PREFIX=/usr
cd "$folder/build"
ninja -j "${JOBS:-$(nproc)}"
rm -f -- *.deb
cpack
cpack -D CPACK_PACKAGE_VERSION=99.0

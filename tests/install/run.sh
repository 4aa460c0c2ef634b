#!/usr/bin/env bash
# run.sh prepare SCRATCH CMAKE BUILD                installs the build tree into SCRATCH/prefix
# run.sh CONSUMER SCRATCH CMAKE SOURCE CXX PKGCONF  builds and runs one consumer
set -euo pipefail
kind=$1 scratch=$2 cmake=$3 tree=$4 cxx=${5:-} pkgconf=${6:-}
here=$(cd "$(dirname "$0")" && pwd)
prefix=$scratch/prefix
unset CXXFLAGS LDFLAGS DESTDIR

build_project() { # FOLDER, then more options for cmake
    local build=$scratch/$1
    rm -rf "$build"
    "$cmake" -S "$here/$1" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_BUILD_TYPE=Release "${@:2}"
    "$cmake" --build "$build"
    "$build/consumer"
}

case $kind in
    prepare)
        rm -rf "$scratch"
        "$cmake" --install "$tree" --prefix "$prefix"
        ;;
    find_package) build_project find_package -DCMAKE_PREFIX_PATH="$prefix" ;;
    pkg_config)
        PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name edo.pc)")
        export PKG_CONFIG_PATH
        # shellcheck disable=SC2046
        "$cxx" -std=c++23 -O1 "$here/consumer.cpp" -o "$scratch/pkg_config" \
            $("$pkgconf" --cflags --libs edo)
        "$scratch/pkg_config"
        ;;
    # As a shared library, so that this form and the exported symbols are tested too.
    add_subdirectory) build_project add_subdirectory -DEDO_SOURCE_DIR="$tree" -DBUILD_SHARED_LIBS=ON ;;
    *) echo "run.sh: unknown consumer '$kind'" >&2; exit 2 ;;
esac

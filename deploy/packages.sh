# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by deploy/run, deploy/libraries, tests/run and tests/bench/run: which Debian packages Stator is built from, how they
# are installed, how a preset is built.

# g++ for libstdc++, which RocksDB is written on, and for the files of ours that extend it.
build_compilers=(gcc g++ libc6-dev)
build_libraries=(librocksdb-dev libssl-dev libsodium-dev zlib1g-dev libcurl4-openssl-dev libdeflate-dev libyaml-dev
    libsnappy-dev liblz4-dev libzstd-dev libbz2-dev)
build_tools=(cmake ninja-build pkg-config)
build_packages=("${build_tools[@]}" "${build_compilers[@]}" "${build_libraries[@]}")

# triplet_of <Debian's name of an architecture>: what its compiler and the folders of its libraries are called by.
triplet_of() {
    case $1 in
        amd64) printf 'x86_64-linux-gnu' ;;
        arm64) printf 'aarch64-linux-gnu' ;;
        *)
            printf 'Stator is built for amd64 and arm64, not for %s\n' "$1" >&2
            return 1
            ;;
    esac
}

# is_foreign <architecture>: whether a build for it needs another compiler than this machine's own. None named: no.
is_foreign() {
    [ -n "$1" ] && [ "$1" != "$(dpkg --print-architecture)" ]
}

# install_build_packages <architecture>: what Stator is built from for that architecture, with compilers that run on this one.
install_build_packages() {
    local triplet
    if ! is_foreign "$1"; then
        install_packages "to build Stator" "${build_packages[@]}"
        return
    fi
    triplet=$(triplet_of "$1") || return
    as_root dpkg --add-architecture "$1" || return
    install_packages "to build Stator for $1" "${build_tools[@]}" "gcc-${triplet/_/-}" "g++-${triplet/_/-}" \
        "libc6-dev-$1-cross" "${build_libraries[@]/%/:$1}"
}

say() {
    printf '%s\n' "$*"
}

# Of the packages named, those that are not installed, one on a line.
missing_packages() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
            say "$package"
        fi
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        say "not root, and there is no sudo" >&2
        return 1
    elif [ -t 0 ]; then
        sudo "$@"
    elif { : </dev/tty; } 2>/dev/null; then # sudo asks there, whatever is redirected
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# install_packages <what for> <package>...: says what is missing and installs it. Fails with a message.
install_packages() {
    local purpose=$1 missing
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian; expecting to find, by whatever name they go here: $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing with apt, $purpose: ${missing[*]}"
    if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } \
        </dev/null >/tmp/stator-apt.$$ 2>&1; then
        tail -n 20 /tmp/stator-apt.$$ >&2
        rm -f /tmp/stator-apt.$$
        say "apt could not install them; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    rm -f /tmp/stator-apt.$$
}

# libraries_folder <root> <architecture>: where deploy/libraries puts what it builds for it.
libraries_folder() {
    local folder=${STATOR_LIBRARIES:-$1/build/libraries}
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    if is_foreign "$2"; then folder+=/$2; fi
    printf '%s' "$folder"
}

# use_cross_compiler <architecture>: for what CMake configures next; sets $cross, arguments for it.
use_cross_compiler() {
    local triplet
    triplet=$(triplet_of "$1") || return
    export CC=$triplet-gcc CXX=$triplet-g++ PKG_CONFIG_LIBDIR=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig
    cross=(-DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*}")
}

# own_libraries <root> <architecture> <library>...: h2o, without which there is no Stator, and what else deploy/libraries
# knows; where that cannot be had Debian's own is linked.
own_libraries() {
    local library
    "$1/deploy/libraries" --for "$2" h2o || return
    for library in "${@:3}"; do
        "$1/deploy/libraries" --for "$2" "$library" || say "-- going on with Debian's own"
    done
}

# build_preset <root> <preset>: configures and builds it, on all cores.
build_preset() {
    own_libraries "$1" "" && (cd "$1" && cmake --preset "$2" && cmake --build --preset "$2" -j "$(nproc)")
}

# build_server <root> <architecture>: the release preset's program alone, for that architecture. $STATOR_REVISION is the commit,
# where git does not tell.
build_server() {
    local cross=() folder
    folder=$(libraries_folder "$1" "$2")
    ! is_foreign "$2" || use_cross_compiler "$2" || return
    (cd "$1" && STATOR_LIBRARIES=$folder cmake --preset release "-DSTATOR_REVISION=${STATOR_REVISION-}" "${cross[@]}" &&
        cmake --build --preset release --target stator -j "$(nproc)")
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by deploy/run, tests/run and tests/bench/run: which Debian 12 packages Stator is built from, how they are
# installed, how a preset is built.

# g++ for libstdc++, which RocksDB is written on; nothing of ours is C++.
build_packages=(cmake ninja-build pkg-config gcc g++ libc6-dev libh2o-evloop-dev librocksdb-dev libssl-dev libsodium-dev
    zlib1g-dev libcurl4-openssl-dev libdeflate-dev libyaml-dev libsnappy-dev liblz4-dev libzstd-dev libbz2-dev)

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
        say "not root, and there is no sudo; as root, run: $*" >&2
        return 1
    elif [ -t 0 ]; then
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
        say "apt could not install: ${missing[*]}" >&2
        return 1
    fi
    rm -f /tmp/stator-apt.$$
}

# build_preset <root> <preset>: configures and builds it, on all cores.
build_preset() {
    (cd "$1" && cmake --preset "$2" && cmake --build --preset "$2" -j "$(nproc)")
}

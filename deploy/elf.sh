# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by rootfs.sh and sbom.sh, which set $build: what a built program is made of, found without running it, so that
# it may be of any architecture.

# built_with <C_COMPILER, STRIP ...>: the tool that the build uses.
built_with() {
    sed -n "s/^CMAKE_$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}

# The archives that the link command names. The compiler's own it does not.
archives() {
    ninja -C "$build" -t commands stator | tail -n 1 | tr ' ' '\n' | grep '^/.*\.a$'
}

# Where deploy/libraries put the h2o that is in it.
h2o_folder() {
    dirname "$(archives | grep '/libh2o-evloop\.a$')"
}

# library_file <name> <triplet>: where it is.
library_file() {
    local folder
    for folder in "/lib/$2" "/usr/lib/$2"; do
        if [ -e "$folder/$1" ]; then
            printf '%s\n' "$folder/$1"
            return
        fi
    done
    printf 'no %s in /lib/%s or /usr/lib/%s\n' "$1" "$2" "$2" >&2
    return 1
}

# libraries_of <program>: its loader, and every shared library that it or one of them needs, each once.
libraries_of() {
    local triplet loader next name file
    local -A seen=()
    triplet=$("$(built_with C_COMPILER)" -print-multiarch)
    loader=$("$(built_with READELF)" -lW "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
    printf '%s\n' "$loader"
    seen[${loader##*/}]=1
    local queue=("$1")
    while [ ${#queue[@]} -gt 0 ]; do
        next=${queue[0]} queue=("${queue[@]:1}")
        for name in $("$(built_with READELF)" -dW "$next" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
            [ -z "${seen[$name]-}" ] || continue
            seen[$name]=1
            file=$(library_file "$name" "$triplet") || return
            printf '%s\n' "$file"
            queue+=("$file")
        done
    done
}

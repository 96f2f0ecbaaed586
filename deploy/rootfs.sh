#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lays out what an image consists of: the program without its symbols, the libraries it loads, two users, a directory that
# anyone may write, licences and the bill of materials. The program may be of another architecture than this machine's.
#
#   deploy/rootfs.sh <build directory> <new directory> [dynamodb-local]
set -euo pipefail
export LC_ALL=C

build=$1 out=$2 form=${3-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/elf.sh
. "$here/elf.sh"

# Made with their mode: a directory above is 755, whatever the umask.
umask 022
mkdir -p "$out"/{usr/bin,etc,tmp}
chmod 1777 "$out/tmp"
"$(built_with STRIP)" -o "$out/usr/bin/stator" "$build/stator"
libraries_of "$build/stator" | while read -r library; do
    mkdir -p "$out$(dirname "$library")"
    cp -L "$library" "$out$library"
done

cat >"$out/etc/passwd" <<'PASSWD'
root:x:0:0:root:/:/nonexistent
dynamodblocal:x:1000:1000:dynamodblocal:/home/dynamodblocal:/nonexistent
stator:x:65532:65532:stator:/data:/nonexistent
PASSWD
cat >"$out/etc/group" <<'GROUP'
root:x:0:
dynamodblocal:x:1000:
stator:x:65532:
GROUP

# A volume that is made over one of these takes its mode, so any user may write: containers run under any uid.
if [ "$form" = dynamodb-local ]; then
    mkdir -p "$out/home/dynamodblocal/data"
    chown -R 1000:1000 "$out/home/dynamodblocal"
    chmod 1777 "$out/home/dynamodblocal" "$out/home/dynamodblocal/data"
    ln -s stator "$out/usr/bin/java"
else
    mkdir -p "$out/data" "$out/init" # the latter is empty, for --init-dir to be mounted over
    chown 65532:65532 "$out/data"
    chmod 1777 "$out/data"
fi

doc=$out/usr/share/doc/stator
mkdir -p "$doc"
cp "$here/../LICENSE" "$doc/copyright"
"$here/sbom.sh" "$build" >"$doc/sbom.spdx.json"
sed -n 's/.*"name": "\([^"]*\)", "SPDXID": "SPDXRef-Debian-.*/\1/p' "$doc/sbom.spdx.json" | while read -r package; do
    copyright=/usr/share/doc/$package/copyright
    [ "$package" != h2o ] || copyright=$(h2o_folder)/h2o.copyright
    mkdir -p "$out/usr/share/doc/$package"
    cp -L "$copyright" "$out/usr/share/doc/$package/copyright"
done

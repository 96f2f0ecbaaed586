#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The bill of materials of a built Stator as SPDX 2.3 JSON, on standard output: every Debian package that a library in the
# program or beside it comes from, with its version, as the link command, the program itself and `dpkg` tell.
#
#   deploy/sbom.sh <build directory>          # a Ninja build on Debian
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

build=$1
# shellcheck source=deploy/elf.sh
. "$(dirname "${BASH_SOURCE[0]}")/elf.sh"
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
digest=$(sha256sum "$build/stator" | cut -d' ' -f1)
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)
distribution=$(. /etc/os-release && printf '%s-%s' "$ID" "$VERSION_ID")

# owner <file>: the Debian package it is from, with its architecture where it may be installed for several. With /lib a
# link to /usr/lib, dpkg may know the file by either name. What deploy/libraries built is from the source of the package
# that has the shared library of that name; of h2o there is the source alone.
owner() {
    local file package
    file=$(realpath "$1")
    if [ "${file##*/}" = libh2o-evloop.a ]; then
        printf 'h2o'
        return
    fi
    package=$({ dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "${file#/usr}" 2>/dev/null ||
        dpkg-query -S "*/$(basename "$file" .a).so"; } | head -n 1)
    printf '%s' "${package%%: *}"
}

# "package relationship", each once.
parts() {
    local file package shared
    for file in $(archives) "$("$(built_with C_COMPILER)" -print-libgcc-file-name)"; do
        package=$(owner "$file")
        printf '%s STATIC_LINK\n' "$package"
    done
    shared=$(libraries_of "$build/stator")
    for file in $shared; do
        package=$(owner "$file")
        printf '%s DYNAMIC_LINK\n' "$package"
    done
}

describe() {
    local name=${1%:*} fields release=$distribution
    if [ "$name" = h2o ]; then
        release=debian-12
        fields="$(cat "$(h2o_folder)/h2o.version") source h2o $(cat "$(h2o_folder)/h2o.version")"
    else
        fields=$(dpkg-query -W -f='${Version} ${Architecture} ${source:Package} ${source:Version}' "$1")
    fi
    # shellcheck disable=SC2086
    set -- $fields
    [ "$name" != h2o ] || set -- "$1" "$2" "$3" "$4 with the patches of deploy/h2o"
    cat <<PACKAGE
    {"name": "$name", "SPDXID": "SPDXRef-Debian-${name//+/-}", "versionInfo": "$1", "supplier": "Organization: Debian",
     "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
     "comment": "licence: /usr/share/doc/$name/copyright", "sourceInfo": "built from $3 $4",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
      "referenceLocator": "pkg:deb/debian/${name//+/%2B}@${1//+/%2B}?arch=$2&distro=$release"}]}
PACKAGE
}

found=$(parts | sort -u)
cat <<DOCUMENT
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "stator-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/stator-$version-$digest",
  "creationInfo": {"created": "$created", "creators": ["Tool: deploy/sbom.sh"]},
  "packages": [
    {"name": "stator", "SPDXID": "SPDXRef-stator", "versionInfo": "$version", "supplier": "NOASSERTION",
     "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0"}
DOCUMENT
cut -d' ' -f1 <<<"$found" | sort -u | while read -r package; do
    printf '    ,\n'
    describe "$package"
done
printf '  ],\n  "relationships": [\n    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-stator"}\n'
while read -r package how; do
    package=${package%:*}
    printf '    ,{"spdxElementId": "SPDXRef-stator", "relationshipType": "%s", "relatedSpdxElement": "SPDXRef-Debian-%s"}\n' "$how" "${package//+/-}"
done <<<"$found"
printf '  ]\n}\n'

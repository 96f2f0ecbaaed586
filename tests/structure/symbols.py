# SPDX-License-Identifier: Apache-2.0
"""No two of our static libraries may define the same global symbol: a linker takes the first it meets, in silence.

    python3 tests/structure/symbols.py [root]
"""
import collections
import pathlib
import subprocess
import sys


def archives(build):
    """Our libraries in one build folder. Those of tests are no part of the product, and may not clash either."""
    return sorted(build.rglob("libstator_*.a"))


def defined(archive):
    """The global symbols that an archive defines. A common or weak symbol clashes like any other, but for the weak ones of
    C++: inline functions and tables of classes, which each file that uses them has, and the linker makes one of."""
    out = subprocess.run(["nm", "--defined-only", "--extern-only", "--format=posix", archive],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        words = line.split()
        if len(words) < 2 or words[0].endswith(":") or words[0].startswith("__"):  # __: the sanitizers' own
            continue
        if not (words[0].startswith(("_Z", "DW.ref.")) and words[1] in "VWu"):
            yield words[0]


def clashes(build):
    """A line for each symbol that several archives, or one archive twice, define."""
    homes = collections.defaultdict(list)
    for archive in archives(build):
        for symbol in defined(archive):
            homes[symbol].append(archive.name)
    for symbol, names in sorted(homes.items()):
        if len(names) > 1:
            yield f"{build.name}: {symbol} is defined in {', '.join(sorted(names))}"


def builds(root):
    """Folders of build/ in which something of ours is built. In image there are layers of containers, with builds of their own."""
    folders = [folder for folder in sorted((root / "build").glob("*")) if folder.is_dir() and folder.name != "image"]
    return [build for build in folders if archives(build)]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = [line for build in builds(root) for line in clashes(build)]
    print("\n".join(found) if found else f"no clash in {len(builds(root))} builds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

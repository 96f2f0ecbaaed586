# SPDX-License-Identifier: Apache-2.0
"""What users run is hardened: read from the programs, the library and our objects as they were built.

    python3 tests/structure/hardening.py [build/release]

- Programs are loaded at any address, write-protect what the loader wrote, bind at once, have no executable stack, and text
  that nobody relocates.
- Every object of ours has stack protectors, stack-clash protection, and marks for indirect jumps (CET, or BTI and PAC);
  what prints into a buffer is fortified. RocksDB's and other libraries' objects are as Debian built them.
"""
import pathlib
import re
import subprocess
import sys

PROGRAMS = ("stator", "stator-cli")
MARKS = {"X86-64": ("IBT", "SHSTK"), "AArch64": ("BTI", "PAC")}
COMPILED_WITH = ("-fstack-protector-strong", "-fstack-clash-protection")
FORTIFIED = {"printf", "fprintf", "vprintf", "vfprintf", "vsnprintf", "sprintf", "vsprintf"}  # __..._chk instead


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}).stdout


def linked(path, program):
    """Faults of a program or a shared library."""
    header, segments, dynamic = run("readelf", "-hW", path), run("readelf", "-lW", path), run("readelf", "-dW", path)
    stack = re.search(r"GNU_STACK\s+(?:0x\S+\s+){5}(\S+)", segments)
    wanted = {
        "it is loaded at a fixed address": re.search(r"Type:\s+DYN", header) and (not program or re.search(r"FLAGS_1\).*\bPIE", dynamic)),
        "symbols are bound late": re.search(r"\bBIND_NOW\b|Flags:.*\bNOW\b", dynamic),
        "relocated data stays writable": "GNU_RELRO" in segments,
        "its stack is executable": stack and "E" not in stack[1],
        "its text is relocated": "TEXTREL" not in dynamic,
    }
    return [f"{path.name}: {fault}" for fault, good in wanted.items() if not good]


def members(text):
    """Output of readelf for an archive: (member, its part)."""
    parts = re.split(r"^File: (.+)$", text, flags=re.M)
    return zip(parts[1::2], parts[2::2])


def compiled(archive):
    """Faults of our objects in an archive."""
    machine = re.search(r"Machine:.*?(X86-64|AArch64)", run("readelf", "-hW", archive))
    for member, notes in members(run("readelf", "-nW", archive)):
        for mark in MARKS[machine[1]]:
            if not re.search(rf"feature:.*\b{mark}\b", notes):
                yield f"{member}: has no {mark}"
    for producer in sorted(set(re.findall(r"DW_AT_producer.*?: (?:\(.*?\): )?(\S.*)", run(
            "readelf", "-W", "--debug-dump=info", "--dwarf-depth=1", archive)))):
        for flag in COMPILED_WITH:
            if flag not in producer.split():
                yield f"{archive.name}: compiled without {flag}: {producer}"
    for symbol in sorted(set(re.findall(r"\bU (\S+)", run("nm", "-u", archive))) & FORTIFIED):
        yield f"{archive.name}: {symbol} is not fortified"


def archives(build):
    return sorted(build.rglob("libstator_*.a")) + sorted(build.rglob("libstator.a"))


def faults(build):
    """One line for each."""
    found = []
    for name in PROGRAMS:
        found += linked(build / name, True)
    for library in sorted(build.glob("client/libstator.so.*.*.*")):
        found += linked(library, False)
    for archive in archives(build):
        found += compiled(archive)
    return found


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve()
    found = faults(build)
    print("\n".join(found) if found else f"hardened: {', '.join(PROGRAMS)} and {len(archives(build))} archives")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

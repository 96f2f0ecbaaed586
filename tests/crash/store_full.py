# SPDX-License-Identifier: Apache-2.0
"""A disk that is really full, a small tmpfs: store_full.py <build directory>. Needs the right to mount.

1. The store keeps some space free: writes are refused, reads go on, writes are taken again when there is space.
2. With statvfs lying the engine itself meets the end of the disk: writes are refused for good, reads go on, nothing
   aborts; while the disk is full a restart either works or says why; when there is space it works."""
import os
import subprocess
import sys

from store_runs import SKIPPED, Runs, asserted

DISK = 40 << 20
BALLAST = {"kept free": 34 << 20, "engine's own": 38 << 20}  # a store that knows how small its disk is takes little of it
# What the first refused writer was told. Of several writers the first to say it may have met the refusal after the failure.
WORDS = {0: ("full", "No space left"), 4: ("full", "No space left", "read-only because an earlier write or sync failed", "An earlier write or sync failed")}


def fill(runs, mount, told, faults, expected):
    directory, ballast = os.path.join(mount, "data"), os.path.join(mount, "ballast")
    with open(ballast, "wb") as file:
        file.write(bytes(BALLAST[told]))
    status, lines, text = runs.fill(directory, ballast, faults)
    if asserted(status, text) and 4 in expected:
        print(f"{told}: RocksDB asserted")
    elif status not in expected or not any(words in text for words in WORDS[status]):
        sys.exit(f"{told}: status {status}: {text}")
    batches = runs.check(directory, "full", lines, told)
    print(f"{told}: {batches} batches; {text.strip()}")


def main():
    with Runs(sys.argv[1]) as runs:
        mount = runs.directory("disk")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", mount], check=False).returncode != 0:
            print("skipped: mount was refused")
            sys.exit(SKIPPED)
        try:
            fill(runs, mount, "kept free", None, (0,))
            subprocess.run(["rm", "-rf", os.path.join(mount, "data")], check=True)
            fill(runs, mount, "engine's own", {"FREE_SPACE_LIE": 1}, (0, 4))
        finally:
            subprocess.run(["umount", mount], check=False)


main()

# SPDX-License-Identifier: Apache-2.0
"""Power cuts: store_power.py <build directory> [<rounds, 5>] [<seed>]. Needs the right to mount a loop device.

The store writes in full durability to an ext4 in a file. The file system is shut down without writing its journal
(EXT4_IOC_SHUTDOWN, NOLOGFLUSH), as a power cut leaves it: what no sync has put on the disk is gone. It is mounted again,
and everything acknowledged must be there.

Then the same while the directory is made, four times as often; every other time the journal is written first, so that
files are there without what was written to them."""
import fcntl
import os
import random
import struct
import subprocess
import sys
import time

from store_runs import SKIPPED, Runs

SHUTDOWN = 0x8004587D  # _IOR('X', 125, uint32_t)
LOGFLUSH, NOLOGFLUSH = struct.pack("I", 1), struct.pack("I", 2)
MAKING_S = 0.08  # more than a directory takes to be made, by a program with sanitizers


def quietly(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def cut(runs, mount, folder, seconds, how):
    """The acknowledgements of a writer until the power is cut after so many seconds."""
    with subprocess.Popen([runs.program, "write", os.path.join(mount, folder), "full"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as writer:
        end = time.monotonic() + seconds
        os.set_blocking(writer.stdout.fileno(), False)
        lines = b""
        while time.monotonic() < end and writer.poll() is None:
            lines += writer.stdout.read() or b""
            time.sleep(0.001)
        if writer.poll() is not None:
            sys.exit(f"the writer ended by itself: {writer.stderr.read().decode()}")
        fd = os.open(mount, os.O_RDONLY)
        # What is acknowledged later does not count: a sync that meets the shutdown half-way may say that all is well.
        lines += writer.stdout.read() or b""
        fcntl.ioctl(fd, SHUTDOWN, how)
        os.close(fd)
        writer.kill()
        writer.wait()
    return lines[:lines.rfind(b"\n") + 1]


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    with Runs(sys.argv[1]) as runs:
        image, mount = runs.directory("image"), runs.directory("disk")
        os.mkdir(mount)
        with open(image, "wb") as file:
            file.truncate(256 << 20)
        if not quietly("mkfs.ext4", "-q", image) or not quietly("mount", "-o", "loop", image, mount):
            print("skipped: mkfs.ext4 or mount was refused")
            sys.exit(SKIPPED)
        try:
            for number in range(5 * rounds):
                making = number >= rounds
                folder = f"new-{number}" if making else "data"
                seconds = chance.uniform(0, MAKING_S) if making else chance.uniform(0.1, 0.8)
                lines = cut(runs, mount, folder, seconds, LOGFLUSH if making and number % 2 else NOLOGFLUSH)
                if not quietly("umount", mount) or not quietly("mount", "-o", "loop", image, mount):
                    sys.exit("the file system did not come back")
                made = os.path.exists(os.path.join(mount, folder, "CURRENT"))
                batches = runs.check(os.path.join(mount, folder), "full", lines, f"round {number}, {seconds:.3f} s")
                print(f"round {number}: {seconds:.3f} s, {'made, ' if made else ''}{lines.count(10)} acknowledged, {batches} there")
        finally:
            quietly("umount", mount)


main()

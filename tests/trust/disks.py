# SPDX-License-Identifier: Apache-2.0
"""Disks that can be cut from power, filled or made read-only. Each is a file system of its own and needs root."""
import fcntl
import os
import pathlib
import queue
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import time

from trust import VolatileProgram, need, run

BLOCK = 4096
SHUTDOWN = 0x8004587D  # _IOR('X', 125, uint32_t), of ext4 and of xfs
LOGFLUSH, NOLOGFLUSH = struct.pack("I", 1), struct.pack("I", 2)


class Folder:
    """Nothing special: for what needs no disk of its own."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-"))
        self.mount = self.base

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)


class Disk:
    """A file system in a file. After `cut` nothing is read or written until `back`."""
    volatile = False  # whether `power_cut` can be had

    def __init__(self, kind="ext4", mib=320, options="loop"):
        need(os.geteuid() == 0, "only root can mount disks")
        need(shutil.which(f"mkfs.{kind}"), f"there is no mkfs.{kind}")
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-disk-"))
        self.image, self.mount, self.options, self.kind = self.base / "image", self.base / "disk", options, kind
        self.mount.mkdir()
        self.make_image(mib)
        unreserved = ("-m", "0") if kind == "ext4" else ()  # root's own blocks would still be there on a full disk
        made = run(f"mkfs.{kind}", "-q", *unreserved, self.image, check=False)
        if not made or not self.attach():
            self.drop()
            need(False, f"{kind} on a loop device is refused here")

    def make_image(self, mib):
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)

    def drop(self):
        shutil.rmtree(self.base, ignore_errors=True)

    def attach(self):
        return run("mount", "-t", self.kind, "-o", self.options, self.image, self.mount, check=False)

    def cut(self, flushed=False):
        """As a power cut leaves it: what no sync has put there is gone. Flushed: the journal is written first, so that files
        are there without what was written to them."""
        folder = os.open(self.mount, os.O_RDONLY)
        fcntl.ioctl(folder, SHUTDOWN, LOGFLUSH if flushed else NOLOGFLUSH)
        os.close(folder)

    def back(self):
        self.detach()
        assert self.attach(), "the file system did not come back"

    def detach(self):
        end = time.monotonic() + 20
        while not run("umount", self.mount, check=False):
            assert time.monotonic() < end, f"{self.mount} is busy"
            time.sleep(0.02)

    def read_only_by_fault(self):
        """ext4 finds itself damaged and lets nothing be written any more; needs errors=remount-ro."""
        device = next(line.split()[0] for line in pathlib.Path("/proc/mounts").read_text(encoding="ascii").splitlines()
                      if line.split()[1] == str(self.mount)).rpartition("/")[2]
        pathlib.Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1\n", encoding="ascii")

    def fill(self, leave_kib):
        """Another program takes all but so much."""
        left = os.statvfs(self.mount)
        size, piece = left.f_bavail * left.f_frsize - (leave_kib << 10), 1 << 30
        with open(self.mount / "ballast", "ab") as file:
            while size >= BLOCK and piece >= BLOCK:
                piece = min(piece, size // BLOCK * BLOCK)
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, piece)
                    size -= piece
                except OSError:  # what describes it takes some, too
                    piece //= 2

    def free(self):
        (self.mount / "ballast").unlink(missing_ok=True)

    def close(self):
        self.detach()
        self.drop()


class VolatileDisk(Disk):
    """The same on a disk whose cache is lost when its power fails, in part: writes are torn and in another order. Such a cut
    takes the process that uses it with it, before it learns of anything."""
    volatile = True

    def __init__(self, kind="ext4", mib=320, seed=0):
        self.random = random.Random(f"disk {seed}")
        self.program, self.said = None, queue.Queue()
        self.cuts = self.held = self.torn = self.many = self.in_sync = 0  # held: blocks in the cache at the cuts; many: 10 or more
        super().__init__(kind, mib)

    def make_image(self, mib):
        folder = self.base / "fuse"
        folder.mkdir()
        self.program = subprocess.Popen([VolatileProgram.path(), folder, str(mib), str(self.random.getrandbits(31))], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1)
        threading.Thread(target=self.listen, daemon=True).start()
        self.image = folder / "disk"
        if self.answer("ready") is None:
            error = self.program.stderr.read()
            self.drop()
            need(False, f"FUSE is refused here: {error.strip()}")

    def listen(self):
        for line in self.program.stdout:
            self.said.put(line.split())
        self.said.put(None)

    def answer(self, word, timeout=20):
        """The line that begins with it. None: it has not come, or there will be none."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.said.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                return None
            if line is None or line[0] == word:
                return line

    def tell(self, line):
        self.program.stdin.write(line + "\n")

    def chances(self):
        """How much of the cache is on the disk, and torn: from nothing to all."""
        return f"{self.random.choice((0, 10, 50, 90, 100))} {self.random.choice((0, 0, 20, 60))}"

    @staticmethod
    def push(folder):
        """What was written to files goes into the disk's cache, as the system would have it go sooner or later."""
        for path in folder.iterdir():
            try:
                with open(path, "rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            except OSError:  # it has just gone
                pass

    def power_cut(self, process, blocks=0, within=0.5):
        """Now, or in the midst of a sync of so many blocks, if there is one within so many seconds. Kills the process, a Popen,
        which waits for the disk then."""
        cut = None
        if blocks:
            self.tell(f"arm {blocks} {self.chances()}")
            cut = self.answer("cut", within)
            self.in_sync += cut is not None
        if cut is None:
            self.tell(f"cut {self.chances()}")
            cut = self.answer("cut")
        assert cut is not None, "the disk's program does not answer"
        process.kill()
        self.tell("off")
        process.wait()
        held = int(cut[1])
        self.cuts, self.held, self.many, self.torn = self.cuts + 1, self.held + held, self.many + (held >= 10), self.torn + int(cut[3])

    def back(self):
        self.detach()
        self.tell("on")
        assert self.answer("on") is not None, "the disk's program does not answer"
        assert self.attach(), "the file system did not come back"

    def drop(self):
        if self.program is not None:
            self.program.stdin.close()
            self.program.wait(20)
            self.program.stdout.close()
            self.program.stderr.close()
        super().drop()

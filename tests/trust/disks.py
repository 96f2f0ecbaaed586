# SPDX-License-Identifier: Apache-2.0
"""Disks that can be cut from power, filled or made read-only. Each is a file system of its own and needs root."""
import fcntl
import os
import pathlib
import shutil
import struct
import tempfile
import time

from trust import need, run

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

    def __init__(self, kind="ext4", mib=320, options="loop"):
        need(os.geteuid() == 0, "only root can mount disks")
        need(shutil.which(f"mkfs.{kind}"), f"there is no mkfs.{kind}")
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-disk-"))
        self.image, self.mount, self.options, self.kind = self.base / "image", self.base / "disk", options, kind
        self.mount.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)
        made = run(f"mkfs.{kind}", "-q", self.image, check=False)
        if not made or not self.attach():
            shutil.rmtree(self.base)
            need(False, f"{kind} on a loop device is refused here")

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
        size = left.f_bavail * left.f_frsize - (leave_kib << 10)
        if size > 0:
            with open(self.mount / "ballast", "ab") as file:
                os.posix_fallocate(file.fileno(), file.tell(), size)

    def free(self):
        (self.mount / "ballast").unlink(missing_ok=True)

    def close(self):
        self.detach()
        shutil.rmtree(self.base, ignore_errors=True)

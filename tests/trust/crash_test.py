# SPDX-License-Identifier: Apache-2.0
"""Crashes of every kind, one behind the other in every order; disks that fill up.

    tests/trust/run --minutes 20 crash           TRUST_SEED=7 for another order

A round is a start, a check of everything (world.py), a load or none, and an end of the server. What is checked at a start was
answered by it, so it must be there after the next end too, whatever that is."""
import itertools
import random
import shutil
import tempfile
import threading
import time
import unittest

from trust import SEED, Shim, seconds, told

from disks import Disk, Folder, VolatileDisk
from world import World

ENDS = ("kill", "cut", "cut flushed", "stop", "kill starting", "cut starting")
POWER_ENDS = ("power", "power in a sync", "power starting")  # of a disk with a volatile cache, besides
LOAD_SECONDS = 0.15  # at most


def in_every_order(chance, ends):
    """Ends, so that each comes behind each other two, again and again."""
    orders = list(itertools.product(ends, repeat=3))
    while True:
        chance.shuffle(orders)
        yield from itertools.chain.from_iterable(orders)


class Rounds:
    """A world on a disk whose power can be cut."""

    def __init__(self, disk, seed):
        ends = ENDS + POWER_ENDS if disk.volatile else ENDS
        self.disk, self.random, self.counts = disk, random.Random(f"rounds {seed}"), dict.fromkeys(ends, 0)
        self.world = World(disk, seed, large=True)
        self.slow = Folder()
        self.ends, self.trail, self.extra = in_every_order(self.random, ends), [], 0

    def environment(self):
        """Half of the lives have a disk whose syncs take a while, so that more is under way when it ends."""
        delay = self.random.choice((0, 0, 3, 20))
        (self.slow.mount / "ms").write_text(str(delay), encoding="ascii")
        return Shim.environment(SLOW_SYNC=self.slow.mount / "ms", FAIL_DIR=self.disk.mount) if delay else {}

    def run(self, length):
        end, self.began = time.monotonic() + length, time.monotonic()
        self.world.make()
        try:
            while time.monotonic() < end:
                self.end_by(next(self.ends))
                self.world.start(self.environment())
                self.world.check()
            self.world.check_all()
        except Exception as error:
            kept = tempfile.mkdtemp(prefix="stator-trust-found-")
            shutil.copytree(self.world.server.data_dir, kept, dirs_exist_ok=True)
            raise AssertionError(f"{error}\n-- seed {SEED}, after the ends {self.trail[-8:]} ({len(self.trail)} in all); files: {kept}\n"
                                 f"-- the server said: {self.world.server.text()[-3000:]}") from error
        finally:
            self.world.close()
            self.slow.close()

    def end_by(self, how):
        self.counts[how] += 1
        self.trail.append(how)
        loaded = self.random.random() < 0.6 or how == "power in a sync"
        length = self.random.uniform(0, LOAD_SECONDS)
        if how.endswith("starting"):
            self.world.load(length if loaded else 0, self.world.server.kill)
            self.end_while_starting(how)
        elif loaded or how == "stop":
            self.world.load(length if loaded else 0, lambda: self.end(how))
        else:
            self.end(how)
        if how not in ("kill", "stop", "kill starting"):
            self.disk.back()

    def end(self, how):
        server = self.world.server
        if how == "stop":
            server.stop()
        elif how.startswith("power"):
            self.disk.push(server.data_dir)
            self.disk.power_cut(server.process, self.random.choice((1, 8, 30, 60)) if how == "power in a sync" else 0)
        elif how != "kill":
            self.cut(how == "cut flushed")
        server.kill()

    def cut(self, flushed):
        """What is acknowledged after the cut does not count: a sync that meets it may say that all is well. So the clients are
        stopped with it, by the process's stop: it cannot answer any more."""
        self.world.server.send_signal(19)
        time.sleep(0.001)
        self.disk.cut(flushed)

    def end_while_starting(self, how):
        server = self.world.server
        server.environment = {}
        server.start(wait=False)
        if how == "power starting":
            self.disk.power_cut(server.process, self.random.choice((1, 4, 20)), self.random.choice((0.01, 0.03, 0.1)))
        else:
            server.started.wait(self.random.choice((0.002, 0.01, 0.03, 0.1)))
        if how == "cut starting":
            self.cut(self.random.random() < 0.5)
        server.kill()


class Crash(unittest.TestCase):
    def rounds(self, disk, length, seed=SEED):
        try:
            rounds = Rounds(disk, seed)
            rounds.run(length)
        finally:
            told(f"{disk.kind}: {sum(rounds.counts.values())} ends {rounds.counts}, {rounds.world.starts} starts, "
                 f"{rounds.world.writes} acknowledged writes, {rounds.world.replay.records} records; the trail: {rounds.trail[-4:]}")
            if disk.volatile:
                told(f"  power: {disk.cuts} cuts, {disk.in_sync} in a sync, {disk.held} blocks in the cache, in {disk.many} ten or more; "
                     f"{disk.torn} torn")
            disk.close()

    def test_ext4(self):
        self.rounds(Disk("ext4"), seconds(8, 0.2))

    def test_xfs(self):
        self.rounds(Disk("xfs"), seconds(7, 0.15))

    def test_volatile_ext4(self):
        self.rounds(VolatileDisk("ext4", seed=SEED), seconds(8, 0.2))

    def test_volatile_xfs(self):
        self.rounds(VolatileDisk("xfs", seed=SEED), seconds(8, 0.15))


class Filling(unittest.TestCase):
    def test_crashes_of_a_disk_that_fills_up(self):
        """Another program takes the space while clients write; then a crash, a start on the full disk, and space again."""
        disk = Disk("ext4", 96)
        chance = random.Random(f"filling {SEED}")
        world, rounds, full_starts = World(disk, SEED, filled=100), 0, 0
        end = time.monotonic() + seconds(6, 0.1)
        try:
            world.make()
            while time.monotonic() < end or rounds < 2:
                filler = threading.Timer(0.05, disk.fill, (chance.choice((0, 40, 400, 4000)),))
                filler.start()
                world.load(chance.uniform(0.1, 0.4), world.server.kill)
                filler.join()
                try:
                    world.start()
                    world.server.kill()
                    full_starts += 1
                except RuntimeError:  # it may say that there is no space; that it says so is what is asked for
                    self.assertEqual(world.server.process.returncode, 1, world.server.text())
                    self.assertRegex(world.server.text(), "full|[Nn]o space")
                disk.free()
                world.start()
                world.check()
                rounds += 1
            world.check_all()
        except Exception as error:
            raise AssertionError(f"{error}\n-- seed {SEED}, round {rounds}\n{world.server.text()[-3000:]}") from error
        finally:
            told(f"filling: {rounds} full disks, {full_starts} starts on one, {world.writes} acknowledged writes")
            world.close()
            disk.close()


if __name__ == "__main__":
    unittest.main()

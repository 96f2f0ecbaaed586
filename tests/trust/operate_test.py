# SPDX-License-Identifier: Apache-2.0
"""What operators and their machines do to a server: disks that are full, slow or read-only, memory that shrinks, signals, long
runs, upgrades. Each time against what was acknowledged (world.py).

    tests/trust/run --minutes 20 operate"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest

from trust import SEED, Shim, need, run, seconds, told

import dynamo
import ledger
import make_kept
from clock import Clock
from disks import Disk, Folder
from server import Server, find_binary
from streams import everything, latest_arn
from world import TABLE, World

STOP_SECONDS = 10 + 5  # --stop-timeout-s, and what a loaded machine adds


def asked(server, path, method="GET"):
    """Status and text of what an operator looks at."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, f"/_stator/{path}")
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def until(what, condition, length=30):
    end = time.monotonic() + length
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {length} s: {what}")
        time.sleep(0.05)


class Operated(unittest.TestCase):
    def world(self, disk, *flags, **more):
        self.addCleanup(disk.close)
        world = World(disk, f"{self.id()} {SEED}", *flags, **more)
        self.addCleanup(world.close)
        world.make()
        return world

    def rest(self, world, also=()):
        """Its clients stop, and what they were told is compared."""
        for thread in world.writers + world.others:
            thread.over = True
        for thread in also:
            thread.join(30)
        world.end()

    def restart_and_check(self, world):
        world.server.kill()
        world.start()
        world.check_all()
        world.server.stop()

    def writes_go_on(self, world, length=0.4):
        """All kinds of writes are acknowledged again. A writer ends at its first refusal, and there may be one more while space is
        coming back."""
        enough, end = world.writes + 20, time.monotonic() + 30
        while world.writes < enough:
            self.assertLess(time.monotonic(), end, world.server.text()[-2000:])
            world.begin()
            until("writes are taken, or refused", lambda: world.writes >= enough or not any(
                thread.is_alive() for thread in world.writers))
            time.sleep(length)
            self.rest(world)
            self.assertTrue(world.server.running(), world.server.text()[-2000:])

    def must_read(self, world):
        """Everything that is there can be read, and is what it was."""
        client = dynamo.Client(world.server.url)
        for key, item in list(world.untouched.items())[:50]:
            found = client.call("GetItem", {"TableName": TABLE, "Key": {"pk": item["pk"], "sk": item["sk"]}, "ConsistentRead": True})
            self.assertEqual(found.get("Item"), item, key)
        client.close()


class BulkWriter(threading.Thread):
    """Puts large items, over and over, and goes on after a refusal. `acknowledged`: the highest number of each key."""

    def __init__(self, url, number):
        super().__init__(daemon=True)
        self.url, self.number, self.over, self.acknowledged = url, number, False, {}
        self.start()

    def run(self):
        client = dynamo.Client(self.url)
        count = 0
        while not self.over:
            key, count = f"{self.number}-{count % 20}", count + 1
            try:
                client.call("PutItem", {"TableName": "bulk", "Item": {"pk": {"S": key}, "n": {"N": str(count)}, "b": {"S": "b" * 100_000}}})
                self.acknowledged[key] = count
            except (dynamo.DynamoError, OSError):
                time.sleep(0.02)
        client.close()

    def end(self):
        self.over = True
        self.join(30)
        return self.acknowledged


class Disks(Operated):
    def test_full_by_another(self):
        """Another program fills the disk under load, and frees it: no restart is needed."""
        disk = Disk("ext4", 96)
        world, rounds, chance = self.world(disk, filled=100), 0, random.Random(SEED)
        client = dynamo.Client(world.server.url)
        self.make_bulk(client)
        end = time.monotonic() + seconds(3, 0.08)
        while time.monotonic() < end or rounds < 1:
            world.begin()
            time.sleep(0.2)
            disk.fill(chance.choice((0, 100, 2000)))
            until("writers see that it is full", lambda: self.sees_full(client, chance) and
                  not any(writer.is_alive() for writer in world.writers))
            self.rest(world)
            self.must_read(world)
            disk.free()
            world.check()
            self.writes_go_on(world)
            world.check()
            rounds += 1
        client.close()
        told(f"full by another: {rounds} times, {world.writes} acknowledged writes")
        self.restart_and_check(world)

    def test_last_byte(self):
        """Another program takes the last byte at once, before a single small write or from large ones under way. It goes on by itself when
        there is space, and all acknowledged is there."""
        cases = [("full", 0, "ext4"), ("process", 4, "ext4"), ("full", 4, "ext4"), ("full", 4, "xfs"), ("process", 4, "xfs"), ("process", 0, "ext4")]
        for durability, writers, kind in cases[:int(seconds(2, 0.03))]:
            with self.subTest(durability=durability, writers=writers, kind=kind):
                disk = Disk(kind, 128 if kind == "ext4" else 512)
                world = self.world(disk, "--durability", durability, filled=50)
                client = dynamo.Client(world.server.url)
                self.make_bulk(client)
                acknowledged, threads = {}, [BulkWriter(world.server.url, number) for number in range(writers)]
                if writers == 0:
                    asked(world.server, "compact", "POST")
                    until("nothing is in memory", lambda: '"compaction":"running"' not in asked(world.server, "status")[1])
                time.sleep(0.3)
                disk.fill(0)
                if writers == 0:
                    with contextlib.suppress(dynamo.DynamoError):
                        client.call("PutItem", {"TableName": "bulk", "Item": {"pk": {"S": "one"}}})
                else:
                    time.sleep(0.5)
                self.must_read(world)
                self.assertNotIn("started again", asked(world.server, "ready")[1])
                for thread in threads:
                    acknowledged.update(thread.end())
                disk.free()
                until("it is ready again", lambda: asked(world.server, "ready")[0] == 200, 20)
                self.writes_go_on(world)
                world.check()
                for key, value in acknowledged.items():
                    item = client.call("GetItem", {"TableName": "bulk", "Key": {"pk": {"S": key}}, "ConsistentRead": True})["Item"]
                    self.assertGreaterEqual(int(item["n"]["N"]), value)
                client.close()
                self.restart_and_check(world)

    def test_start_on_full(self):
        """Another program takes the last byte from a server that is killed: it starts there, and everything is read."""
        for kind, mib in [("ext4", 256), ("xfs", 512)]:
            with self.subTest(kind=kind):
                world = self.world(Disk(kind, mib), filled=100)
                world.load(0.3, world.server.kill)
                world.disk.fill(0)
                for _ in range(2):
                    world.start()
                    self.must_read(world)
                    self.assertEqual(asked(world.server, "ready")[0], 503)
                    world.server.kill()
                world.disk.free()
                world.start()
                world.check()
                self.writes_go_on(world)
                self.restart_and_check(world)

    @staticmethod
    def make_bulk(client):
        client.create_table({"TableName": "bulk", "BillingMode": "PAY_PER_REQUEST", "KeySchema": ledger.key_schema(["pk"]),
                             "AttributeDefinitions": [ledger.attribute("pk", "S")]})

    @staticmethod
    def put_bulk(client, number, chance):
        client.call("PutItem", {"TableName": "bulk", "Item": {"pk": {"S": str(number)}, "b": {"S": chance.randbytes(75_000).hex()}}})

    def sees_full(self, client, chance):
        """A few large writes, so that it looks."""
        try:
            for number in range(3):
                self.put_bulk(client, number, chance)
        except dynamo.DynamoError as error:
            self.assertEqual(error.status, 500)
        return True

    def test_full_by_itself(self):
        """It fills its disk, and is led out of that from within: by DeleteItem, and by DeleteTable of what fills it."""
        disk = Disk("ext4", 128)
        world = self.world(disk, filled=100)
        client = dynamo.Client(world.server.url)
        self.make_bulk(client)
        chance, count = random.Random(SEED), 0
        full_since = None
        while full_since is None or time.monotonic() - full_since < 2:  # it may have moved something meanwhile
            try:
                self.put_bulk(client, count, chance)
                count, full_since = count + 1, None
            except dynamo.DynamoError as error:
                self.assertEqual(error.status, 500)
                full_since = full_since or time.monotonic()
                time.sleep(0.1)
        self.must_read(world)
        for number in range(3):
            client.call("DeleteItem", {"TableName": "bulk", "Key": {"pk": {"S": str(number)}}})
        client.delete_table("bulk")
        client.close()
        until("there is space again", lambda: asked(world.server, "ready")[0] == 200)  # a writer ends at its first refusal
        self.writes_go_on(world)
        told(f"full by itself: {count} items of 150 KB; then DeleteItem, DeleteTable, {world.writes} writes")
        world.check()
        self.restart_and_check(world)

    def test_left_by_deletions_alone(self):
        """It fills its disk with larger items than a compaction of the whole has room for, and DeleteItem of all of them is enough."""
        disk = Disk("ext4", 192)
        self.addCleanup(disk.close)
        server = Server(data_dir=disk.mount / "data")
        server.start()
        self.addCleanup(server.kill)
        client = dynamo.Client(server.url)
        self.make_bulk(client)
        chance, count, refused = random.Random(SEED), 0, 0
        while refused < 20:  # it may have moved something meanwhile
            try:
                self.put_bulk(client, count, chance)
                count, refused = count + 1, 0
            except dynamo.DynamoError as error:
                self.assertEqual(error.status, 500)
                refused += 1
                time.sleep(0.1)
        for number in range(count):
            client.call("DeleteItem", {"TableName": "bulk", "Key": {"pk": {"S": str(number)}}})
        began = time.monotonic()
        until("there is space again", lambda: asked(server, "ready")[0] == 200, 60)
        until("what is deleted is gone", lambda: json.loads(asked(server, "status")[1])["files_bytes"] < 48 << 20, 60)
        for number in range(300):
            self.put_bulk(client, number, chance)
        client.close()
        told(f"left by deletions: {count} items of 150 KB, all deleted, were gone {time.monotonic() - began:.1f} s later")
        server.kill()
        server.start()
        client = dynamo.Client(server.url)
        self.assertEqual(len(dynamo.all_items(client, "Scan", {"TableName": "bulk"})), 300)
        client.close()
        server.stop()

    def test_read_only_by_fault(self):
        """The file system finds itself damaged under load: reads go on, a start says why it cannot be, and later it can."""
        disk = Disk("ext4", 96, "loop,errors=remount-ro")
        world = self.world(disk, filled=100)
        world.begin()
        time.sleep(0.3)
        try:
            disk.read_only_by_fault()
        except OSError as error:
            world.server.kill()
            world.end()
            need(False, f"no fault can be had of ext4 here: {error}")
        until("writers see it", lambda: not any(writer.is_alive() for writer in world.writers))
        self.rest(world)
        self.assertTrue(world.server.running(), world.server.text()[-2000:])
        self.must_read(world)
        self.assertNotEqual(asked(world.server, "health")[1], '{"status":"ok"}')
        world.server.kill()
        with self.assertRaisesRegex(RuntimeError, "read-only|Read-only"):
            world.start()
        self.assertEqual(world.server.process.returncode, 1, world.server.text())
        disk.detach()
        run("fsck.ext4", "-fy", disk.image, check=False)
        self.assertTrue(disk.attach())
        world.start()
        world.check_all()
        told(f"read-only by a fault: {world.writes} acknowledged writes")
        world.server.stop()

    def slow(self, milliseconds, filled=100, **more):
        """A world whose syncs take so long from now on."""
        disk = Folder()
        world = self.world(disk, filled=filled)
        world.server.stop()
        file = disk.mount / "ms"
        file.write_text("0", encoding="ascii")
        world.start(Shim.environment(SLOW_SYNC=file, FAIL_DIR=disk.mount, **more))
        self.healthy = asked(world.server, "health"), asked(world.server, "ready")
        file.write_text(str(milliseconds), encoding="ascii")
        return world, file

    def test_slow(self):
        """Syncs of two seconds: writes take as long, reads do not, and it is no trouble yet to who looks. A key in some thousand shares its
        mark with one that is being written (latch.h), and is read after that: one of these hundred may."""
        world, file = self.slow(2000)
        world.begin()
        client, waits = dynamo.Client(world.server.url), []
        time.sleep(0.3)
        end = time.monotonic() + seconds(4, 0.05)
        keys, looks, waited = list(world.untouched.values()), set(), set()
        while time.monotonic() < end or len(waits) < 20:
            number, began = len(waits) % len(keys), time.monotonic()
            client.call("GetItem", {"TableName": TABLE, "Key": {"pk": keys[number]["pk"], "sk": keys[number]["sk"]}})
            waits.append(time.monotonic() - began)
            if waits[-1] > 0.1:
                waited.add(number)
            looks |= {asked(world.server, what)[0] for what in ("health", "ready", "status")}
            time.sleep(0.02)
        client.close()
        file.write_text("0", encoding="ascii")
        self.rest(world)
        world.check()
        told(f"slow: syncs of 2 s, {len(waits)} reads, {len(waited)} keys waited, for {max(waits):.3f} s at most, {world.writes} writes")
        self.assertLessEqual(len(waited), 2)
        self.assertEqual(looks, {200})
        self.assertGreater(world.writes, 2)
        self.restart_and_check(world)

    def test_stalls_under_a_backfill(self):
        """The disk takes tables more slowly than clients write, so that the engine holds writes up, a new index's among them: it has
        every item all the same."""
        world, file = self.slow(0, filled=3000, SLOW_ENDS=".sst")
        client = dynamo.Client(world.server.url)
        self.make_bulk(client)
        stalled, rounds, end = 0, 0, time.monotonic() + seconds(6, 0.05)
        while time.monotonic() < end or rounds < 2:  # the index comes, and goes, and so on
            self.over = False
            file.write_text("400", encoding="ascii")
            fillers = [threading.Thread(target=self.fill_bulk, args=(world.server.url, number)) for number in range(6)]
            for filler in fillers:
                filler.start()
            before = self.stalled(world)
            until("the engine holds writes up", lambda: self.stalled(world) > before + 20)
            world.begin()
            time.sleep(1)
            stalled += self.stalled(world) - before
            self.over = True
            file.write_text("0", encoding="ascii")
            self.rest(world, fillers)
            world.check()
            rounds += 1
        client.close()
        told(f"stalls: {stalled} writes held up, a backfill or its index's end in each of {rounds} rounds, {world.writes} acknowledged writes")
        self.restart_and_check(world)

    def fill_bulk(self, url, number):
        client, chance = dynamo.Client(url), random.Random(number)
        while not self.over:
            try:
                self.put_bulk(client, number * 100 + chance.randrange(20), chance)
            except dynamo.DynamoError as error:
                assert error.status == 500, error
        client.close()

    @staticmethod
    def stalled(world):
        return json.loads(asked(world.server, "status")[1])["stalled_writes"]

    def test_stuck(self):
        """A sync that takes half a minute: health says so within seconds, and a stop ends in its time all the same."""
        world, _ = self.slow(30_000)
        world.begin()
        troubles = []
        try:
            until("health, ready or status tell of the sync", lambda: (asked(world.server, "health"), asked(world.server, "ready"))
                  != self.healthy and "sync" in asked(world.server, "status")[1], 8)
        except AssertionError as error:
            troubles.append(str(error))
        began = time.monotonic()
        world.server.send_signal(signal.SIGTERM)
        try:
            world.server.wait(STOP_SECONDS)
            told(f"stuck: a sync of 30 s, stopped within {time.monotonic() - began:.1f} s")
        except subprocess.TimeoutExpired:
            troubles.append(f"SIGTERM had not ended it after {STOP_SECONDS} s")
        world.server.kill()
        world.end()
        world.start()
        world.check_all()
        world.server.stop()
        self.assertFalse(troubles)


    def test_stuck_at_the_start(self):
        """The start's own sync takes half a minute: SIGTERM does not wait for that."""
        disk = Folder()
        world = self.world(disk, filled=20)
        world.server.kill()
        file = disk.mount / "ms"
        file.write_text("30000", encoding="ascii")
        server = Server("--stop-timeout-s", "2", data_dir=world.server.data_dir,
                        environment=Shim.environment(SLOW_SYNC=file, FAIL_DIR=disk.mount))
        server.start(wait=False)
        self.addCleanup(server.kill)
        time.sleep(0.5)
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(STOP_SECONDS), 3, server.text())
        self.assertGreater(time.monotonic() - began, 1.5)
        self.assertIn("the start takes too long to be stopped", server.text())
        world.start()
        world.check_all()
        world.server.stop()


class Memory(Operated):
    def test_shrinking(self):
        """Its container gets smaller under load, until the kernel ends it; and it starts again in a larger one."""
        group = pathlib.Path("/sys/fs/cgroup/memory") / f"stator-trust-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            need(False, f"no memory cgroup can be made: {error}")
        self.addCleanup(lambda: until("the cgroup is empty", lambda: self.removed(group), 10))
        limit, disk = group / "memory.limit_in_bytes", Folder()
        world, kills, rounds = self.world(disk, "--cache-mib", "32"), 0, 0
        end = time.monotonic() + seconds(3, 0.1)
        while time.monotonic() < end or rounds < 1:
            limit.write_text(str(256 << 20), encoding="ascii")
            (group / "cgroup.procs").write_text(str(world.server.pid), encoding="ascii")
            world.begin()
            for mib in (96, 48, 32, 24, 16, 12, 8):
                try:
                    limit.write_text(str(mib << 20), encoding="ascii")
                except OSError:
                    pass  # it cannot be had back: as small as it gets
                time.sleep(0.25)
                if not world.server.running():
                    break
            if world.server.running():
                limit.write_text(str(256 << 20), encoding="ascii")
            else:
                self.assertEqual(world.server.process.returncode, -signal.SIGKILL, world.server.text()[-2000:])
                kills += 1
            world.server.kill()
            world.end()
            world.start()
            world.check()
            rounds += 1
        told(f"memory: {rounds} times down from 96 MiB, {kills} ended by the kernel, {world.writes} acknowledged writes")
        self.restart_and_check(world)

    @staticmethod
    def removed(group):
        try:
            group.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def test_few_files_and_address_space(self):
        """Limits that are lowered under load: it may refuse, it may end; it loses nothing."""
        world = self.world(Folder(), filled=100)
        for which, limit in ((resource.RLIMIT_NOFILE, 40), (resource.RLIMIT_AS, 300 << 20)):
            world.begin()
            time.sleep(0.2)
            resource.prlimit(world.server.pid, which, (limit, limit))
            time.sleep(0.5)
            world.server.kill()
            world.end()
            world.start()
            world.check()
        self.restart_and_check(world)


class Signals(Operated):
    def test_under_load(self):
        world = self.world(Folder(), filled=100)
        world.begin()
        time.sleep(0.2)
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGPIPE, signal.SIGALRM):
            world.server.send_signal(number)
            time.sleep(0.1)
            self.assertTrue(world.server.running(), f"{number!r} ended it: {world.server.text()[-1000:]}")
        self.assertEqual(asked(world.server, "health")[0], 200)
        world.server.send_signal(signal.SIGSTOP)
        time.sleep(1)
        world.server.send_signal(signal.SIGCONT)
        before = world.writes
        until("writes after SIGCONT", lambda: world.writes > before + 5)
        took = world.server.stop(STOP_SECONDS)
        world.end()
        world.start()
        world.check()
        for second in (0, 0.001, 0.05):
            world.begin()
            time.sleep(0.2)
            world.server.send_signal(signal.SIGTERM)
            time.sleep(second)
            if world.server.running():
                world.server.send_signal(signal.SIGTERM)
            code = world.server.wait(STOP_SECONDS)
            self.assertIn(code, (0, -signal.SIGTERM, 128 + signal.SIGTERM), world.server.text()[-1000:])
            world.end()
            world.start()
            world.check()
        told(f"signals: SIGTERM under load took {took:.2f} s, {world.writes} acknowledged writes")
        world.server.stop()


class Long(Operated):
    """Items that end after three seconds and a stream that is kept for five, at four fifths of the highest rate."""

    LIVES, KEPT, BEHIND = 3, 5, 4  # seconds; BEHIND is how late an end may be

    def test_time_to_live_and_trimming(self):
        length = seconds(5, 0.35)
        disk = Folder()
        self.addCleanup(disk.close)
        server = Server("--ttl-interval-ms", "100", "--stream-retention-s", str(self.KEPT), "--stream-shard-s", "2",
                        "--stream-shards", "2", data_dir=disk.mount / "data")
        server.start()
        self.addCleanup(server.kill)
        client = dynamo.Client(server.url)
        client.create_table({"TableName": "long", "BillingMode": "PAY_PER_REQUEST", "KeySchema": ledger.key_schema(["pk"]),
                             "AttributeDefinitions": [ledger.attribute("pk", "S")],
                             "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
        client.call("UpdateTimeToLive", {"TableName": "long", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "exp"}})
        self.over, self.counts, self.pause = False, [0] * 4, 0
        threads = [threading.Thread(target=self.put, args=(server.url, number), daemon=True) for number in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        highest = sum(self.counts) / 2
        self.pause = 25 * len(threads) / (0.8 * highest)  # seconds for a batch of each thread
        lags, end = [], time.monotonic() + length
        while time.monotonic() < end:
            time.sleep(1)
            lags.append(self.lag(client))
        self.over = True
        for thread in threads:
            thread.join()
        written = sum(self.counts)
        until("all items have ended", lambda: not dynamo.all_items(client, "Scan", {"TableName": "long"}), self.LIVES + self.BEHIND + 8)
        arn = latest_arn(client, "long")
        time.sleep(self.KEPT + 3)
        left = everything(client, arn)
        files = sum(file.stat().st_blocks * 512 for file in disk.mount.rglob("*") if file.is_file())
        told(f"long: {written} items at {0.8 * highest:.0f}/s, ends late by {', '.join(f'{lag:.1f}' for lag in lags[::max(1, len(lags) // 12)])} s; "
             f"{len(left)} records and {files >> 20} MiB of files left")
        client.close()
        server.stop()
        self.assertLess(max(lags[2:]), self.BEHIND, f"time to live falls behind: {lags}")
        self.assertFalse([record for record in left if time.time() - record["dynamodb"]["ApproximateCreationDateTime"] > self.KEPT + 10])

    def put(self, url, number):
        client, batch = dynamo.Client(url), 0
        due = time.monotonic()
        while not self.over:
            ends = str(int(time.time()) + self.LIVES)
            client.call("BatchWriteItem", {"RequestItems": {"long": [{"PutRequest": {"Item": {
                "pk": {"S": f"{number}-{batch}-{n}"}, "exp": {"N": ends}, "v": {"S": "v" * 60}}}} for n in range(25)]}})
            batch += 1
            self.counts[number] += 25
            if self.pause:
                due = max(due + self.pause, time.monotonic() - 1)
                time.sleep(max(0, due - time.monotonic()))
            else:
                due = time.monotonic()

    @staticmethod
    def lag(client):
        """How long past its time the item is that is so the longest, of a part of them."""
        oldest, start = time.time(), {}
        for segment in range(3):
            page = client.call("Scan", {"TableName": "long", "Segment": segment, "TotalSegments": 3, "Limit": 400,
                                        "ProjectionExpression": "#e", "ExpressionAttributeNames": {"#e": "exp"}, **start})
            oldest = min([oldest] + [int(item["exp"]["N"]) for item in page["Items"]])
        return time.time() - oldest


class Upgrade(unittest.TestCase):
    """Directories that earlier builds left (kept/, made by make_kept.py)."""

    def one(self, archive):
        with tempfile.TemporaryDirectory(prefix="stator-upgrade-") as folder:
            with tarfile.open(archive) as file:
                file.extractall(folder)  # made by make_kept.py; Debian 12 has no filter
            kept = json.loads((pathlib.Path(folder) / "told.json").read_text(encoding="utf-8"))
            clock = Clock()
            self.addCleanup(clock.close)
            clock.set(kept["time"] - int(time.time()))  # its stream's records and its token are of then
            server = Server("--clock-file", clock.path, data_dir=pathlib.Path(folder) / "data")
            server.start()
            try:
                client = dynamo.Client(server.url)
                self.same(client, kept)
                if kept["token"]:  # it was done, and is not done again
                    client.call("TransactWriteItems", make_kept.token_request(kept["made by"]))
                    self.same(client, kept)
                make_kept.fill(client, random.Random(2), 200, 220)
                after = make_kept.contents(client)
                client.close()
                server.kill()
                server.start()
                client = dynamo.Client(server.url)
                self.assertEqual(make_kept.contents(client), after)
                client.delete_table("crash")
                client.close()
                server.stop()
            finally:
                server.kill()
            told(f"upgrade: {archive.name}, {len(kept['crash']['items'])} items, {len(kept['records'] or [])} records")

    def same(self, client, kept):
        found = make_kept.contents(client)
        for part, value in found.items():
            if kept[part] is not None:  # it could be asked then
                self.assertEqual(value, kept[part], part)
        if kept["records"]:
            self.assertEqual([list(row) for row in make_kept.records(client, kept["crash"]["arn"])], kept["records"])

    def test_kept_directories(self):
        archives = sorted(make_kept.KEPT.glob("*.tar.gz"))
        self.assertGreater(len(archives), 1)
        for archive in archives:
            with self.subTest(archive.name):
                self.one(archive)

    def test_every_format_is_kept(self):
        """One of each that there was, today's included."""
        said = subprocess.run([str(find_binary()), "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        today = int(re.search(r"data directories of format (\d+)", said)[1])
        formats = set()
        for archive in make_kept.KEPT.glob("*.tar.gz"):
            with tarfile.open(archive) as file:
                lock = file.extractfile("data/STATOR-LOCK").read().decode() if "data/STATOR-LOCK" in file.getnames() else ""
            found = re.search(r", format (\d+)\.$", lock.strip())
            formats.add(int(found[1]) if found else 1)
        self.assertEqual(formats, set(range(1, today + 1)))

    def test_newer_format(self):
        """One that a newer program left is refused: the text says which one, by which program, and nothing in it is changed."""
        with tempfile.TemporaryDirectory(prefix="stator-newer-") as folder:
            data = pathlib.Path(folder) / "data"
            server = Server(data_dir=data)
            server.start()
            server.stop()
            lock = data / "STATOR-LOCK"
            ours = lock.read_text(encoding="utf-8")
            program, number = re.search(r"Last opened by (Stator .*), format (\d+)\.\n$", ours).groups()
            self.assertEqual(f"{program}\ndata directories of format {number}\n".lower(),
                             subprocess.run([str(server.binary), "--version"], capture_output=True, text=True, timeout=10,
                                            check=True).stdout)
            lock.write_text(ours.replace(program, "Stator 7.0.0 (0123456)").replace(f"format {number}", "format 77"), encoding="utf-8")
            before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in data.iterdir()}
            with self.assertRaises(RuntimeError):
                server.start()
            self.assertEqual(server.process.returncode, 1)
            self.assertIn(f"The data directory '{data}' has format 77, last opened by Stator 7.0.0 (0123456); this is {program}, which "
                          f"reads formats 1 to {number}: start that version or a newer one.", server.text())
            self.assertNotIn("The tables", server.text())
            for flags in ((), ("--repair",)):
                done = subprocess.run([str(server.binary), "check", *flags, data], capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                self.assertIn(f"has format 77, last opened by Stator 7.0.0 (0123456); this is {program}, which reads formats 1 to "
                              f"{number}: start that version or a newer one.", done.stderr)
            self.assertEqual({path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in data.iterdir()}, before)
            lock.write_text(ours, encoding="utf-8")
            server.start()
            server.stop()

    def test_downgrade(self):
        """What this build wrote opens with an older one, or is refused with a text that names directory and format."""
        older = os.environ.get("TRUST_OLDER_BIN")
        need(older, "TRUST_OLDER_BIN names no older build")
        world = World(Folder(), SEED, filled=50)
        self.addCleanup(world.disk.close)
        world.make()
        world.load(0.3, world.server.kill)
        world.start()
        world.check()
        world.server.stop()
        newer, world.server.binary = world.server.binary, pathlib.Path(older)
        try:
            world.start()
            world.check()
            world.server.stop()
            told("downgrade: it opens")
        except RuntimeError:
            self.assertEqual(world.server.process.returncode, 1, world.server.text())
            self.assertIn(str(world.server.data_dir), world.server.text())
            told("downgrade: refused: " + world.server.text().strip()[-300:])
        world.server.binary = newer
        world.start()
        world.check_all()
        world.server.stop()


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Space comes back, and trouble with a disk has an end: what is dropped, deleted, expired or trimmed leaves the files; a full
disk is left from within; a stop ends in time on a disk that does not answer. Sizes are small here; tests/bench has others.
The full disk needs root, to mount one of its own."""
import json
import os
import pathlib
import random
import signal
import string
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import metrics
from clock import Clock
from dynamo import Client, DynamoError
from server import Server, find_binary

WITHIN = 60    # seconds for what happens in the background
VALUE = 4000   # bytes of an item, of letters that do not compress well
ITEMS = 2000
MIB = 1 << 20


def text(size):
    return "".join(random.choices(string.ascii_letters + string.digits, k=size))


class Case(unittest.TestCase):
    flags = ()

    def setUp(self):
        self.server = Server("--durability", "full", *self.flags)
        self.addCleanup(self.server.close)
        self.begin()

    def begin(self):
        """Starts the server, or starts it again."""
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)

    def call(self, operation, **request):
        return self.client.call(operation, request)

    def create(self, name, **more):
        attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
        self.call("CreateTable", TableName=name, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST",
                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], **more)

    def put(self, name, items, value=lambda: text(VALUE), **more):
        """By several at once, each with a connection."""
        def part(first):
            client = Client(self.server.url)
            for begin in range(first, len(items), 100):
                client.call("BatchWriteItem", {"RequestItems": {name: [
                    {"PutRequest": {"Item": {"pk": {"S": f"k{i}"}, "v": {"S": value()}, **more}}} for i in items[begin:begin + 25]]}})
            client.close()
        threads = [threading.Thread(target=part, args=(first,)) for first in (0, 25, 50, 75)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def delete(self, name, items):
        for begin in range(0, len(items), 25):
            self.call("BatchWriteItem", RequestItems={name: [{"DeleteRequest": {"Key": {"pk": {"S": f"k{i}"}}}}
                                                             for i in items[begin:begin + 25]]})

    def status(self):
        return json.loads(metrics.get(self.server, "/_stator/status")[2])

    def files(self):
        return self.status()["files_bytes"]

    def compact(self):
        done = subprocess.run([str(find_binary()), "compact", "--port", str(self.server.port)], capture_output=True, text=True,
                              timeout=WITHIN, check=False, env={k: v for k, v in os.environ.items() if not k.startswith("STATOR_")})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^files took [0-9.]+ MiB, and take [0-9.]+ now\n$")

    def falls(self, below):
        until = time.monotonic() + WITHIN
        while (files := self.files()) > below:
            self.assertLess(time.monotonic(), until, f"{files} bytes of files, and not below {below}")
            time.sleep(0.1)

    def there(self, name):
        found = self.call("Scan", TableName=name, Select="COUNT")
        count = found["Count"]
        while "LastEvaluatedKey" in found:
            found = self.call("Scan", TableName=name, Select="COUNT", ExclusiveStartKey=found["LastEvaluatedKey"])
            count += found["Count"]
        return count


class ComesBack(Case):
    def one(self):
        """Bytes that the files take with one full table."""
        self.create("kept")
        self.put("kept", range(ITEMS))
        self.compact()
        return self.files()

    def test_a_dropped_table(self):
        one = self.one()
        self.create("gone")
        self.put("gone", range(3 * ITEMS))
        self.compact()
        self.assertGreater(self.files(), 3.5 * one)
        self.call("DeleteTable", TableName="gone")
        self.falls(1.3 * one)
        self.assertEqual(self.there("kept"), ITEMS)

    def test_a_dropped_table_and_a_crash(self):
        """What is to be got back is noted with the deletion: a restart goes on with it."""
        one = self.one()
        self.create("gone")
        self.put("gone", range(3 * ITEMS))
        self.compact()
        self.call("DeleteTable", TableName="gone")
        self.server.kill()
        self.begin()
        self.falls(1.3 * one)
        self.assertEqual(self.there("kept"), ITEMS)

    def test_a_dropped_index(self):
        one = self.one()
        index = {"IndexName": "byw", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        self.call("UpdateTable", TableName="kept", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                  GlobalSecondaryIndexUpdates=[{"Create": index}])
        self.client.table_is("kept", lambda d: all(i["IndexStatus"] == "ACTIVE" for i in d["GlobalSecondaryIndexes"]))
        self.compact()
        self.assertGreater(self.files(), 1.8 * one)
        self.call("UpdateTable", TableName="kept", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "byw"}}])
        self.falls(1.3 * one)
        self.assertEqual(self.there("kept"), ITEMS)

    def test_deleted_items(self):
        one = self.one()
        self.delete("kept", random.sample(range(ITEMS), ITEMS // 5))
        told = self.status()["reclaimable_bytes"]
        self.assertTrue(one / 10 < told < one / 3 or self.files() < 0.9 * one, told)
        self.falls(0.88 * one)
        self.assertEqual(self.there("kept"), ITEMS - ITEMS // 5)
        self.assertLess(self.status()["reclaimable_bytes"], one / 10)

    def test_overwritten_items(self):
        """That is for the engine to find, or for an operator."""
        one = self.one()
        for _ in range(2):
            self.put("kept", range(ITEMS))
        self.compact()
        self.assertLess(self.files(), 1.1 * one)
        self.assertEqual(self.status()["compaction"], "done")
        self.assertEqual(self.there("kept"), ITEMS)

    def test_asked_for(self):
        """By hand, and again while it is under way."""
        self.one()
        for method in "POST", "POST", "GET":
            status, headers, body = metrics.get(self.server, "/_stator/compact", method)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertIn(json.loads(body)["compaction"], ("running", "done"))
        self.assertEqual(metrics.get(self.server, "/_stator/compact", "PUT")[0], 405)
        self.assertEqual(metrics.get(self.server, "/_stator/compact", "POST", {"Origin": "http://evil.example"})[0], 403)
        found = metrics.scrape(self.server)
        self.assertIn(found.value("stator_store_reclaiming"), (0, 1))
        self.assertGreaterEqual(found.value("stator_store_reclaimable_bytes"), 0)

    def test_a_stop_does_not_wait(self):
        self.one()
        for _ in range(3):
            self.put("kept", range(ITEMS))
        metrics.get(self.server, "/_stator/compact", "POST")
        self.assertLess(self.server.stop(), 5)
        self.begin()
        self.assertEqual(self.there("kept"), ITEMS)


class Expires(Case):
    def setUp(self):
        self.clock = Clock()
        self.addCleanup(self.clock.close)
        self.flags = ("--clock-file", self.clock.path, "--ttl-interval-ms", "50")
        super().setUp()

    def test_expired_items(self):
        self.create("kept")
        self.put("kept", range(ITEMS))
        self.put("kept", range(ITEMS, 3 * ITEMS), ends={"N": str(int(time.time()) + 3600)})
        self.call("UpdateTimeToLive", TableName="kept", TimeToLiveSpecification={"AttributeName": "ends", "Enabled": True})
        self.compact()
        all_of_them = self.files()
        self.clock.set(7200)
        self.falls(0.45 * all_of_them)
        self.assertEqual(self.there("kept"), ITEMS)


class Idle(Case):
    def logs(self):
        return sum(path.stat().st_blocks * 512 for path in pathlib.Path(self.server.data_dir).glob("*.log"))

    def test_a_long_log_when_nobody_writes(self):
        self.create("kept")
        self.put("kept", range(2 * ITEMS))
        self.assertGreater(self.logs(), 8 * MIB)
        until = time.monotonic() + WITHIN
        while self.logs() > 2 * MIB:
            self.assertLess(time.monotonic(), until, self.logs())
            time.sleep(0.1)
        self.assertEqual(self.there("kept"), 2 * ITEMS)


class Trims(Case):
    flags = ("--stream-retention-s", "2", "--stream-shard-s", "1", "--stream-shards", "1")

    def test_trimmed_records(self):
        self.create("kept", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        self.put("kept", range(3 * ITEMS))
        self.delete("kept", range(3 * ITEMS))
        self.compact()
        self.put("kept", range(100))  # what comes later must not keep what came before
        self.falls(MIB * 3)
        self.assertEqual(self.there("kept"), 100)


class Full(Case):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stator-full-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", str(self.home)], check=True)
        self.disk = self.home / "disk"
        self.disk.mkdir()
        image = self.home / "image"
        with open(image, "wb") as file:
            file.truncate(1024 * MIB)
        for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(self.disk)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.skipTest(f"{command[0]} is refused: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        info = os.statvfs(self.disk)
        self.reserve = info.f_blocks * info.f_frsize // 8  # server/store/space.c, of a disk that is not large
        self.server = Server("--durability", "full", data_dir=self.disk / "data")
        self.addCleanup(self.server.close)
        self.begin()

    def free(self):
        info = os.statvfs(self.disk)
        return info.f_bavail * info.f_frsize

    def leave(self, size):
        """All but so many bytes are another program's."""
        with open(self.disk / "ballast", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free() + os.path.getsize(self.disk / "ballast") - size)
        self.status()  # it looks at the disk

    def refused(self, name, size=0):
        try:
            self.call("PutItem", TableName=name, Item={"pk": {"S": "more"}, "v": {"S": "x" * size}})
        except DynamoError as error:
            self.assertIn("is full: nothing was written", error.message)
            return True
        return False

    def taken_again(self, name):
        until = time.monotonic() + WITHIN
        while self.refused(name):
            self.assertLess(time.monotonic(), until, f"{self.free()} bytes are free, and writes are refused")
            time.sleep(0.2)

    def fill(self, name, value=lambda: text(VALUE)):
        with self.assertRaises(DynamoError):
            for first in range(0, 50 * ITEMS, 1000):
                for begin in range(first, first + 1000, 25):
                    self.call("BatchWriteItem", RequestItems={name: [
                        {"PutRequest": {"Item": {"pk": {"S": f"k{i}"}, "v": {"S": value()}}}} for i in range(begin, begin + 25)]})
        until = time.monotonic() + WITHIN
        while not self.refused(name, VALUE):  # a large one was refused a little earlier
            self.assertLess(time.monotonic(), until)

    def test_left_from_within(self):
        """Every kind of deletion is taken where nothing else is, and then there is space again, without a restart."""
        self.create("keep")
        self.create("drop", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.put("drop", range(3 * ITEMS))
        self.put("keep", range(100), value=lambda: "x")
        self.compact()
        self.leave(self.reserve - MIB)
        self.taken_again("keep")  # the log is gone then, and cannot go again
        self.leave(self.reserve - 12 * MIB)
        key = lambda i: {"pk": {"S": f"k{i}"}}
        self.assertTrue(self.refused("keep"))
        self.call("DeleteItem", TableName="keep", Key=key(0))
        self.delete("keep", [1, 2])
        self.call("TransactWriteItems", TransactItems=[{"Delete": {"TableName": "keep", "Key": key(i)}} for i in (3, 4)])
        self.call("ExecuteStatement", Statement='DELETE FROM "keep" WHERE pk = \'k5\'')
        self.call("BatchExecuteStatement", Statements=[{"Statement": 'DELETE FROM "keep" WHERE pk = \'k6\''}])
        with self.assertRaises(DynamoError):
            self.call("CreateTable", TableName="more", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                      KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
        with self.assertRaises(DynamoError):
            self.call("TransactWriteItems", TransactItems=[{"Delete": {"TableName": "keep", "Key": key(7)}},
                                                           {"Put": {"TableName": "keep", "Item": key(8)}}])
        self.assertEqual(self.there("keep"), 94)
        self.call("DeleteTable", TableName="drop")
        self.taken_again("keep")
        self.assertEqual(self.there("keep"), 94)

    def test_below_the_reserve(self):
        """There is an end to it, and that is well before the disk's."""
        self.create("keep")
        self.put("keep", range(10), value=lambda: "x")
        self.leave(self.reserve // 2 - 2 * MIB)
        with self.assertRaises(DynamoError) as raised:
            self.call("DeleteItem", TableName="keep", Key={"pk": {"S": "k1"}})
        self.assertIn("is full: nothing was written", raised.exception.message)
        os.remove(self.disk / "ballast")
        self.call("DeleteItem", TableName="keep", Key={"pk": {"S": "k1"}})

    def test_the_log_goes(self):
        """Tables of it take less, and nobody else would make them while writes are refused."""
        self.create("keep")
        self.leave(self.reserve + 24 * MIB)
        self.fill("keep", value=lambda: "x" * VALUE)
        self.taken_again("keep")


class Stops(unittest.TestCase):
    SYNC_S = 30

    def setUp(self):
        self.slow = pathlib.Path(tempfile.mkdtemp(prefix="stator-slow-")) / "now"
        self.addCleanup(subprocess.run, ["rm", "-rf", str(self.slow.parent)], check=True)

    def serve(self, *flags):
        server = Server("--durability", "process", *flags)
        server.environment = {"LD_PRELOAD": str(find_binary("fail_io.so")), "ASAN_OPTIONS": "verify_asan_link_order=0",
                              "FAIL_DIR": server.base, "SLOW_SYNC": str(self.slow)}
        self.addCleanup(server.remove)
        self.addCleanup(server.kill)
        return server.start()

    def test_a_disk_that_does_not_answer(self):
        server = self.serve("--stop-timeout-s", "3")
        client = Client(server.url)
        client.call("CreateTable", {"TableName": "kept", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"})
        for i in range(30):  # more log than a stop leaves to the next start
            client.call("PutItem", {"TableName": "kept", "Item": {"pk": {"S": f"k{i}"}, "v": {"S": text(300000)}}})
        client.close()
        self.slow.write_text(str(self.SYNC_S * 1000))
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(self.SYNC_S), 3)
        self.assertLess(time.monotonic() - began, 3 + 10)
        self.assertIn("the stop takes too long: the process ends as by a kill; what was answered is kept",
                      server.text().splitlines()[-1])
        self.assertTrue(server.text().endswith(" stop_timeout_s=3\n"))
        self.slow.unlink()
        server.start()
        client = Client(server.url)
        for i in range(30):
            self.assertIn("Item", client.call("GetItem", {"TableName": "kept", "Key": {"pk": {"S": f"k{i}"}}}))
        client.close()
        server.stop()


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Time to live is enabled on a full table and disabled again while items are written and ended; the server is killed in the
middle. Then what was last given no time, or one to come, must be there, and what was last given a past one must go.

    CRASH_SEED=7 TTL_ROUNDS=100 python3 tests/support/run_tests.py tests/crash --only ttl_test
"""
import collections
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import LOST, Client, DynamoError, all_items
from server import Server

ROUNDS = int(os.environ.get("TTL_ROUNDS", 6))
SEED = int(os.environ.get("CRASH_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 32)
WRITERS, KEYS = 3, 700  # threads, and the keys that each of them alone writes
SETTLED_WITHIN = 120
STAYS, ENDS, GONE, UNKNOWN = "stays", "ends", "gone", "unknown"

TABLE = {"TableName": "items", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
         "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")],
         "GlobalSecondaryIndexes": [{"IndexName": "by-g", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                     "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}


def specification(enabled):
    return {"TableName": "items", "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "exp"}}


def item(key, fate, chance):
    out = {"pk": {"S": key}, "g": {"S": "g%d" % chance.randrange(9)}, "fill": {"S": "x" * chance.randrange(80)}}
    if fate == ENDS:
        out["exp"] = {"N": str(int(time.time()) - chance.randrange(5, 5000))}
    elif chance.random() < 0.7:
        out["exp"] = {"N": str(int(time.time()) + 1_000_000 + chance.randrange(5000))}
    return out


class TimeToLive(unittest.TestCase):
    def setUp(self):
        self.faults, self.over, self.fates = [], threading.Event(), collections.defaultdict(lambda: GONE)
        self.last = {}  # of what stays: the item
        print(f"CRASH_SEED={SEED}")

    def write(self, server, name, seed):
        chance, client = random.Random(seed), Client(server.url)
        while not self.over.is_set():
            key = "%s-%d" % (name, chance.randrange(KEYS))
            fate = chance.choices((STAYS, ENDS, GONE), (5, 4, 1))[0]
            self.fates[key] = UNKNOWN
            try:
                if fate == GONE:
                    client.call("DeleteItem", {"TableName": "items", "Key": {"pk": {"S": key}}})
                else:
                    self.last[key] = item(key, fate, chance)
                    client.call("PutItem", {"TableName": "items", "Item": self.last[key]})
                self.fates[key] = fate
            except DynamoError as error:
                self.faults.append(str(error))
            except LOST:
                time.sleep(0.02)
        client.close()

    def toggle(self, server, seed):
        chance, client = random.Random(seed), Client(server.url)
        while not self.over.is_set():
            try:
                client.call("UpdateTimeToLive", specification(chance.random() < 0.6))
            except DynamoError as error:
                if "already" not in error.message:
                    self.faults.append(str(error))
            except LOST:
                pass
            time.sleep(chance.random() * 0.1)
        client.close()

    def disturb(self, server, chance):
        self.over.clear()
        threads = [threading.Thread(target=self.write, args=(server, "w%d" % i, chance.random())) for i in range(WRITERS)]
        threads.append(threading.Thread(target=self.toggle, args=(server, chance.random())))
        for thread in threads:
            thread.start()
        time.sleep(0.3 + chance.random())
        server.kill()
        self.over.set()
        for thread in threads:
            thread.join()
        server.start()

    def enable(self, client):
        try:
            client.call("UpdateTimeToLive", specification(True))
        except DynamoError as error:
            self.assertIn("already enabled", error.message)

    def settled(self, client):
        """All items, once none is left that was last known to end."""
        until = time.monotonic() + SETTLED_WITHIN
        while True:
            items = {found["pk"]["S"]: found for found in all_items(client, "Scan", {"TableName": "items"})}
            left = [key for key in items if self.fates[key] == ENDS]
            if not left:
                return items
            self.assertLess(time.monotonic(), until, f"past their time and still there: {left}")
            time.sleep(0.05)

    def check(self, client):
        self.enable(client)
        items = self.settled(client)
        for key, fate in self.fates.items():
            if fate == STAYS:
                self.assertEqual(items.get(key), self.last[key])
            elif fate == GONE:
                self.assertNotIn(key, items)
        while True:  # an item of an unknown fate may be about to end between two looks
            items = all_items(client, "Scan", {"TableName": "items"})
            entries = all_items(client, "Scan", {"TableName": "items", "IndexName": "by-g"})
            described = client.call("DescribeTable", {"TableName": "items"})["Table"]
            if len(items) == len(all_items(client, "Scan", {"TableName": "items"})):
                break
        keys = lambda found: sorted(entry["pk"]["S"] for entry in found)
        self.assertEqual(keys(entries), keys(items))
        self.assertEqual(described["ItemCount"], len(items))
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ItemCount"], len(items))

    def test_killed_while_it_is_enabled_and_ends_items(self):
        chance = random.Random(SEED)
        server = Server("--durability", "process", "--ttl-interval-ms", "5", "--ttl-cooldown-s", "0")
        server.start()
        try:
            client = Client(server.url)
            client.create_table(TABLE)
            client.close()
            for number in range(ROUNDS):
                self.disturb(server, chance)
                client = Client(server.url)
                with self.subTest(round=number):
                    self.check(client)
                client.close()
        finally:
            server.close()
        self.assertFalse(self.faults)


if __name__ == "__main__":
    unittest.main()

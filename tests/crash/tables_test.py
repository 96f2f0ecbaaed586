# SPDX-License-Identifier: Apache-2.0
"""Tables are made, changed and deleted while items are written; the server is killed, stopped or left alone; then every
index must hold exactly what its table says, and every count must be exact.

    CRASH_SEED=7 TABLE_ROUNDS=100 python3 tests/support/run_tests.py tests/crash --only tables_test
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

ROUNDS = int(os.environ.get("TABLE_ROUNDS", 8))
SEED = int(os.environ.get("CRASH_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 32)
TABLES = ("one", "two", "three")
ATTRIBUTES = ("a", "b")  # each has an index "by-<attribute>" now and then
ENDS = ("kill", "kill", "stop", "none")
HANDS, WRITERS = 3, 4  # threads that change tables, and items
SETTLED_WITHIN = 30


def by(attribute):
    return {"IndexName": "by-" + attribute, "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}]}


def definitions(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", *names)]


def change_tables(client, chance):
    table, attribute = chance.choice(TABLES), chance.choice(ATTRIBUTES)
    what = chance.choices(("create", "delete", "add", "drop", "describe"), (4, 1, 5, 3, 2))[0]
    if what == "create":
        indexes = {"GlobalSecondaryIndexes": [by("a")]} if chance.random() < 0.5 else {}
        client.call("CreateTable", {"TableName": table, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                    "AttributeDefinitions": definitions(*("a" if indexes else "")),
                                    "BillingMode": "PAY_PER_REQUEST", **indexes})
    elif what == "add":
        client.call("UpdateTable", {"TableName": table, "AttributeDefinitions": definitions(attribute),
                                    "GlobalSecondaryIndexUpdates": [{"Create": by(attribute)}]})
    elif what == "drop":
        client.call("UpdateTable", {"TableName": table,
                                    "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-" + attribute}}]})
    else:
        client.call("DeleteTable" if what == "delete" else "DescribeTable", {"TableName": table})
    time.sleep(chance.random() * 0.05)


def change_items(client, chance):
    table, key = chance.choice(TABLES), {"pk": {"S": "k%d" % chance.randrange(300)}}
    if chance.random() < 0.25:
        client.call("DeleteItem", {"TableName": table, "Key": key})
        return
    more = {name: {"S": "v%d" % chance.randrange(5)} for name in ATTRIBUTES if chance.random() < 0.7}
    client.call("PutItem", {"TableName": table, "Item": {**key, **more, "fill": {"S": "x" * chance.randrange(50)}}})


class Tables(unittest.TestCase):
    def setUp(self):
        self.faults, self.refusals, self.over = [], collections.Counter(), threading.Event()
        print(f"CRASH_SEED={SEED}")

    def work(self, server, deed, seed):
        chance, client = random.Random(seed), Client(server.url)
        while not self.over.is_set():
            try:
                deed(client, chance)
            except DynamoError as error:
                self.refusals[error.type] += 1
                if error.status >= 500:
                    self.faults.append(str(error))
            except LOST:
                time.sleep(0.02)
        client.close()

    def disturb(self, server, chance):
        """Half a second to two of everybody at once, and one of the ends."""
        self.over.clear()
        threads = [threading.Thread(target=self.work, args=(server, change_tables if i < HANDS else change_items,
                                                            chance.random())) for i in range(HANDS + WRITERS)]
        for thread in threads:
            thread.start()
        time.sleep(0.5 + 1.5 * chance.random())
        end = chance.choice(ENDS)
        if end == "kill":
            server.kill()
        elif end == "stop":
            server.stop()
        self.over.set()
        for thread in threads:
            thread.join()
        if end != "none":
            server.start()

    def settled(self, client, name):
        """The table's description once nothing about it is on its way; None when the table is gone."""
        until = time.monotonic() + SETTLED_WITHIN
        while True:
            try:
                table = client.call("DescribeTable", {"TableName": name})["Table"]
            except DynamoError as error:
                self.assertEqual(error.type, "ResourceNotFoundException")
                return None
            indexes = table.get("GlobalSecondaryIndexes", [])
            if table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes):
                return table
            self.assertLess(time.monotonic(), until, f"still not settled: {table}")
            time.sleep(0.02)

    def check(self, client, name):
        table = self.settled(client, name)
        if table is None:
            return
        items = all_items(client, "Scan", {"TableName": name})
        self.assertEqual(table["ItemCount"], len(items))
        for index in table.get("GlobalSecondaryIndexes", []):
            attribute = index["KeySchema"][0]["AttributeName"]
            found = all_items(client, "Scan", {"TableName": name, "IndexName": index["IndexName"]})
            order = lambda item: item["pk"]["S"]
            self.assertEqual(sorted(found, key=order), sorted((item for item in items if attribute in item), key=order))
            self.assertEqual(index["ItemCount"], len(found))

    def rounds(self, *flags):
        chance = random.Random(SEED)
        server = Server("--durability", "process", *flags)
        server.start()
        try:
            for number in range(ROUNDS):
                self.disturb(server, chance)
                client = Client(server.url)
                with self.subTest(round=number):
                    for name in client.call("ListTables", {})["TableNames"]:
                        self.check(client, name)
                client.close()
        finally:
            server.stop()
        self.assertFalse(self.faults)
        self.assertLess(0, self.refusals["ResourceNotFoundException"], "nothing ever met a table that was gone")

    def test_changes_at_once(self):
        self.rounds()

    def test_changes_that_take_their_time(self):
        self.rounds("--transition-ms", "100")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""A disk whose syncs fail from some moment on, under load (fail_io.c, preloaded): writes are refused from then on, and every
read, of every table, index and stream, is answered by what was acknowledged, and by nothing else.

    python3 tests/support/run_tests.py tests/crash --only sync_test
"""
import os
import pathlib
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError, all_items
from server import Server, find_binary
from streams import Replay, latest_arn

TABLES, WRITERS, KEYS = 3, 6, 40  # of each writer in each table
LOAD_SECONDS = 1.5


def table(name):
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "l", "g")],
            "LocalSecondaryIndexes": [{"IndexName": "by-l", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}],
            "GlobalSecondaryIndexes": [{"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
                                        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def preloaded(switch, name, data_dir):
    build = os.environ.get("STATOR_BUILD") or find_binary().parent
    return {"LD_PRELOAD": str(pathlib.Path(build) / "fail_io.so"), "ASAN_OPTIONS": "verify_asan_link_order=0",
            "FAIL_DIR": str(data_dir), name: str(switch)}


class FailedSync(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stator-sync-")
        self.addCleanup(folder.cleanup)
        self.switch = pathlib.Path(folder.name) / "switch"
        data = pathlib.Path(folder.name) / "data"
        self.server = Server(data_dir=data, environment=preloaded(self.switch, "FAIL_SYNC_WHEN", data))
        self.addCleanup(lambda: self.server.running() and self.server.kill())
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)
        self.names = ["table-%d" % n for n in range(TABLES)]
        for name in self.names:
            self.client.create_table(table(name))
        self.wrong = []

    def write(self, writer, known, refused):
        """Until a write is refused; `known` gets what was acknowledged, by table and key."""
        client, number = Client(self.server.url), 0
        try:
            while True:
                name, key = self.names[number % TABLES], {"pk": {"S": "w%d" % writer}, "sk": {"S": "k%02d" % (number // TABLES % KEYS)}}
                item = {**key, "l": {"S": "l%d" % (number % 7)}, "g": {"S": "g%d" % (number % 5)}, "n": {"N": str(number)}}
                if number % 11 == 10:
                    client.call("DeleteItem", {"TableName": name, "Key": key})
                    known.pop((name, key["pk"]["S"], key["sk"]["S"]), None)
                else:
                    client.call("PutItem", {"TableName": name, "Item": item})
                    known[name, key["pk"]["S"], key["sk"]["S"]] = item
                number += 1
        except DynamoError as error:
            if error.status != 500:
                self.wrong.append(str(error))
            refused.set()
        client.close()

    def load_until_syncs_fail(self):
        known, threads, refused = [{} for _ in range(WRITERS)], [], threading.Event()
        for writer in range(WRITERS):
            threads.append(threading.Thread(target=self.write, args=(writer, known[writer], refused)))
            threads[-1].start()
        time.sleep(LOAD_SECONDS)
        self.switch.touch()
        for thread in threads:
            thread.join(60)
        self.assertEqual(self.wrong, [])
        return {key: item for part in known for key, item in part.items()}

    def check_items(self, name, items):
        """Every way to read items. items: by the text of their keys."""
        def same(answered, told):
            self.assertEqual({(i["pk"]["S"], i["sk"]["S"]): i for i in answered}, items, told)

        call = self.client.call
        for writer in range(WRITERS):
            for k in range(KEYS):
                key = {"pk": {"S": "w%d" % writer}, "sk": {"S": "k%02d" % k}}
                expected = items.get((key["pk"]["S"], key["sk"]["S"]))
                for consistent in (True, False):
                    answer = call("GetItem", {"TableName": name, "Key": key, "ConsistentRead": consistent})
                    self.assertEqual(answer.get("Item"), expected)
        keys = [{"pk": {"S": p}, "sk": {"S": s}} for p, s in items]
        got = []
        for at in range(0, len(keys), 50):
            answer = call("BatchGetItem", {"RequestItems": {name: {"Keys": keys[at:at + 50], "ConsistentRead": True}}})
            got += answer["Responses"][name]
        same(got, "BatchGetItem")
        got = []
        for at in range(0, len(keys), 50):
            answer = call("TransactGetItems", {"TransactItems": [{"Get": {"TableName": name, "Key": key}}
                                                                 for key in keys[at:at + 50]]})
            got += [one["Item"] for one in answer["Responses"]]
        same(got, "TransactGetItems")
        for index in ({}, {"IndexName": "by-l"}, {"IndexName": "by-g"}):
            same(all_items(self.client, "Scan", {"TableName": name, **index}), index)
        got = []
        for writer in range(WRITERS):
            for index in ({}, {"IndexName": "by-l"}):
                found = all_items(self.client, "Query", {
                    "TableName": name, **index, "KeyConditionExpression": "pk = :p", "ConsistentRead": True,
                    "ExpressionAttributeValues": {":p": {"S": "w%d" % writer}}})
                got += found if index else []
        same(got, "Query")
        got = []
        for g in range(5):
            got += all_items(self.client, "Query", {
                "TableName": name, "IndexName": "by-g", "KeyConditionExpression": "g = :g",
                "ExpressionAttributeValues": {":g": {"S": "g%d" % g}}})
        same(got, "Query by-g")
        answer = call("ExecuteStatement", {"Statement": 'SELECT * FROM "%s"' % name})
        same(answer["Items"], "ExecuteStatement")

    def check_stream(self, name, items):
        """A table rebuilt from its stream is the table."""
        replay = Replay()
        replay.read(self.client, latest_arn(self.client, name))
        self.assertEqual({(i["pk"]["S"], i["sk"]["S"]): i for i in replay.items.values()}, items)

    def test_reads_go_on(self):
        known = self.load_until_syncs_fail()
        self.assertGreater(len(known), WRITERS * TABLES)
        for switched in (False, True):  # a disk that has recovered changes nothing
            if switched:
                self.switch.unlink()
            for name in self.names:
                items = {key[1:]: item for key, item in known.items() if key[0] == name}
                self.check_items(name, items)
                self.check_stream(name, items)
                with self.assertRaises(DynamoError) as refused:
                    self.client.call("PutItem", {"TableName": name, "Item": {"pk": {"S": "w0"}, "sk": {"S": "k00"}}})
                self.assertEqual(refused.exception.status, 500)
                with self.assertRaises(DynamoError) as refused:
                    self.client.call("PutItem", {"TableName": name, "Item": {"pk": {"S": "w0"}, "sk": {"S": "none"}},
                                                 "ConditionExpression": "attribute_exists(pk)"})
                self.assertEqual(refused.exception.type, "ConditionalCheckFailedException")
        self.assertTrue(self.server.running(), self.server.text())


if __name__ == "__main__":
    unittest.main()

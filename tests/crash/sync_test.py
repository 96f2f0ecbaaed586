# SPDX-License-Identifier: Apache-2.0
"""A disk whose syncs fail from some moment on, under load (fail_io.c, preloaded): writes are refused from then on, and every
read, of every table, index and stream, is answered by what was acknowledged, and by nothing else. One whose syncs do not
end: ready, metrics, status and the log tell of it, and so does health, which stays 200. One that gives back other bytes: health tells of it.

    python3 tests/support/run_tests.py tests/crash --only sync_test
"""
import json
import pathlib
import re
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from built import Shim
from dynamo import Client, DynamoError, all_items
from server import Server
from streams import Replay, iterator, latest_arn, shards_of

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
    return {**Shim.environment(FAIL_DIR=data_dir, **{name: switch}), "ASAN_OPTIONS": "verify_asan_link_order=0"}


def ask(server, path):
    """Status and body of what is under /_stator/."""
    try:
        with urllib.request.urlopen(server.url + "/_stator/" + path, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", ask(server, "metrics")[1], re.M).group(1))


class Faulty(unittest.TestCase):
    switch_name, flags = "FAIL_SYNC_WHEN", ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stator-sync-")
        self.addCleanup(folder.cleanup)
        self.switch = pathlib.Path(folder.name) / "switch"
        self.data = pathlib.Path(folder.name) / "data"
        self.server = Server(*self.flags, data_dir=self.data, environment=preloaded(self.switch, self.switch_name, self.data))
        self.addCleanup(lambda: self.server.running() and self.server.kill())
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)


class FailedSync(Faulty):
    def setUp(self):
        super().setUp()
        self.names = ["table-%d" % n for n in range(TABLES)]
        for name in self.names:
            self.client.create_table(table(name))
        self.wrong = []
        self.unsure = {}  # by table and key, the item that a refused write would have left

    def write(self, writer, known, refused):
        """Until a write is refused; `known` gets what was acknowledged, by table and key."""
        client, number = Client(self.server.url), 0
        try:
            while True:
                name, key = self.names[number % TABLES], {"pk": {"S": "w%d" % writer}, "sk": {"S": "k%02d" % (number // TABLES % KEYS)}}
                item = {**key, "l": {"S": "l%d" % (number % 7)}, "g": {"S": "g%d" % (number % 5)}, "n": {"N": str(number)}}
                doing = (name, key["pk"]["S"], key["sk"]["S"]), None if number % 11 == 10 else item
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
            self.unsure[doing[0]] = doing[1]
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
        known = {key: item for part in known for key, item in part.items()}
        for (name, pk, sk), item in self.unsure.items():  # the sync before may have covered what waited for the next one
            found = self.client.call("GetItem", {"TableName": name, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}).get("Item")
            self.assertIn(found, (known.get((name, pk, sk)), item))
            known.pop((name, pk, sk), None)
            if found is not None:
                known[name, pk, sk] = found
        return known

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


class FailedRoll(Faulty):
    """A shard that was rolled over by a write whose sync failed is no shard, and its parent is open."""
    flags = ("--stream-shards", "1", "--stream-shard-records", "5")

    def shards(self):
        return self.client.call("DescribeStream", {"StreamArn": latest_arn(self.client, "rolled")})["StreamDescription"]["Shards"]

    def test_is_not_shown(self):
        self.client.create_table(table("rolled"))
        puts = [{"TableName": "rolled", "Item": {"pk": {"S": "p"}, "sk": {"S": str(number)}}} for number in range(12)]
        for put in puts[:5]:
            self.client.call("PutItem", put)
        before = self.shards()
        self.assertNotIn("EndingSequenceNumber", before[-1]["SequenceNumberRange"])
        self.switch.touch()
        for put in puts[5:]:
            with self.assertRaises(DynamoError):
                self.client.call("PutItem", put)
        self.assertEqual(self.shards(), before)
        self.server.kill()
        self.switch.unlink()
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)
        self.client.call("PutItem", puts[-1])
        self.assertGreaterEqual(len(self.shards()), len(before))


class ReadsWait(Faulty):
    """Reads that have seen what a sync that fails then should have made durable: they are answered by what is."""
    switch_name = "SLOW_SYNC_WHEN"

    def setUp(self):
        super().setUp()
        self.server.stop()
        self.fails = self.switch.with_name("fails")
        self.server.environment["FAIL_SYNC_WHEN"] = str(self.fails)
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)

    def test_are_answered(self):
        key, query = {"pk": {"S": "p"}, "sk": {"S": "s"}}, {
            "TableName": "table", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
        self.client.create_table(table("table"))
        put = lambda n: Client(self.server.url).call("PutItem", {"TableName": "table", "Item": {**key, "n": {"N": n}}})
        put("1")  # so many items there are
        records = {"ShardIterator": iterator(self.client, latest_arn(self.client, "table"), shards_of(
            self.client, latest_arn(self.client, "table"))[0]["ShardId"])}
        asked = {
            "GetItem": ({"TableName": "table", "Key": key}, lambda answer: answer["Item"]),
            "BatchGetItem": ({"RequestItems": {"table": {"Keys": [key]}}}, lambda answer: answer["Responses"]["table"][0]),
            "TransactGetItems": ({"TransactItems": [{"Get": {"TableName": "table", "Key": key}}]},
                                 lambda answer: answer["Responses"][0]["Item"]),
            "Query": (query, lambda answer: answer["Items"][0]),
            "Scan": ({"TableName": "table"}, lambda answer: answer["Items"][0]),
            "ExecuteStatement": ({"Statement": "SELECT * FROM \"table\" WHERE pk = 'p'"}, lambda answer: answer["Items"][0]),
            "DescribeTable": ({"TableName": "table"}, lambda answer: {**key, "n": {"N": str(answer["Table"]["ItemCount"])}}),
            "GetRecords": (records, lambda answer: answer["Records"][-1]["dynamodb"]["NewImage"] if answer["Records"] else None)}
        found, refused = {}, []

        def ask_one(operation, request, item_of):
            try:
                found[operation] = item_of(Client(self.server.url).call(operation, request))
            except (DynamoError, IndexError) as error:
                found[operation] = error

        def write():
            try:
                put("2")
            except DynamoError as error:
                refused.append(error)

        def write_another():
            try:
                Client(self.server.url).call("PutItem", {"TableName": "table", "Item": {"pk": {"S": "another"}, "sk": {"S": "s"}}})
            except DynamoError as error:
                refused.append(error)

        self.switch.touch()
        writers = [threading.Thread(target=target) for target in (write, write_another)]
        for writer in writers:
            writer.start()
        time.sleep(0.3)
        readers = [threading.Thread(target=ask_one, args=(name, *of)) for name, of in asked.items()]
        for reader in readers:
            reader.start()
        time.sleep(0.3)
        waited = set(asked) - set(found)
        self.fails.touch()
        self.switch.unlink()
        for thread in readers + writers:
            thread.join(20)
        self.assertEqual(found, {name: {**key, "n": {"N": "1"}} for name in asked} | {"GetRecords": found["GetRecords"]})
        self.assertNotIsInstance(found["GetRecords"], Exception)
        self.assertLessEqual(set(asked) - {"GetRecords"}, waited)
        self.assertEqual([error.status for error in refused], [500, 500])


class SlowSync(Faulty):
    switch_name = "SLOW_SYNC_WHEN"

    def test_is_told(self):
        self.client.create_table(table("table"))
        self.assertEqual(ask(self.server, "ready")[0], 200)
        self.switch.touch()
        writer = threading.Thread(target=Client(self.server.url).call, args=(
            "PutItem", {"TableName": "table", "Item": {"pk": {"S": "p"}, "sk": {"S": "s"}}}))
        writer.start()
        began = time.monotonic()
        while ask(self.server, "ready")[0] == 200:
            self.assertLess(time.monotonic() - began, 20)
            time.sleep(0.05)
        self.assertGreater(time.monotonic() - began, 4)
        status, body = ask(self.server, "ready")
        self.assertEqual(status, 503)
        self.assertIn("has not ended a sync for seconds", body)
        status, body = ask(self.server, "health")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["status"], "ok")
        self.assertRegex(json.loads(body)["reason"], "^a sync has been under way for ([5-9]|1[0-9]) s: writes wait for it")
        self.assertGreaterEqual(metric(self.server, "stator_wal_sync_under_way_seconds"), 5)
        told = json.loads(ask(self.server, "status")[1])
        self.assertGreaterEqual(told["sync_under_way_s"], 5)
        self.assertIn("has not ended a sync", told["reason"])
        self.switch.unlink()
        writer.join(20)
        self.assertEqual(ask(self.server, "ready")[0], 200)
        self.assertEqual(ask(self.server, "health"), (200, '{"status":"ok"}'))
        self.assertEqual(metric(self.server, "stator_wal_sync_under_way_seconds"), 0)
        self.server.stop()
        self.assertRegex(self.server.text(), "warn +a sync of the disk took long.* took_ms=[5-9]...")


class Damage(Faulty):
    def test_is_told(self):
        self.client.create_table(table("table"))
        for number in range(4000):
            self.client.call("PutItem", {"TableName": "table", "Item": {
                "pk": {"S": "p%d" % number}, "sk": {"S": "s"}, "fill": {"S": "%d" % number * 300}}})
        self.client.close()
        self.server.stop()  # which makes table files of what was written
        largest = max(self.data.glob("*.sst"), key=lambda file: file.stat().st_size)
        content = bytearray(largest.read_bytes())
        for at in range(len(content) // 4, len(content) // 2, 997):
            content[at] ^= 0x10
        largest.write_bytes(content)
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)
        self.assertEqual(ask(self.server, "health")[0], 200)
        self.assertEqual(metric(self.server, "stator_store_damaged_reads_total"), 0)
        for _ in range(3):
            with self.assertRaises(DynamoError) as failed:
                all_items(self.client, "Scan", {"TableName": "table"})
            self.assertEqual(failed.exception.status, 500)
        for path in ("health", "ready"):
            status, body = ask(self.server, path)
            self.assertEqual(status, 503)
            self.assertIn("put back a sound copy", body)
        self.assertGreaterEqual(metric(self.server, "stator_store_damaged_reads_total"), 3)
        self.assertGreaterEqual(json.loads(ask(self.server, "status")[1])["damaged_reads"], 3)
        self.client.call("PutItem", {"TableName": "table", "Item": {"pk": {"S": "new"}, "sk": {"S": "s"}}})
        lines = [line for line in self.server.output if "met damage" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("table=table", lines[0])


if __name__ == "__main__":
    unittest.main()

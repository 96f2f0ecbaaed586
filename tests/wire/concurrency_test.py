# SPDX-License-Identifier: Apache-2.0
"""Many clients on the same items at once: conditions and counters are exact, and an index is never half changed."""
import os
import pathlib
import random
import sys
import threading
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import dynamo
from server import Server

TABLE = "concurrency"
CLIENTS = 8
SCHEMA = {
    "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "N"}],
    "GlobalSecondaryIndexes": [{"IndexName": "global", "Projection": {"ProjectionType": "ALL"},
                                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}


class Concurrency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = None
        cls.endpoint = os.environ.get("STATOR_ENDPOINT")
        if cls.endpoint is None:
            cls.server = Server("--in-memory", "--loops", "2").start()
            cls.endpoint = cls.server.url

    @classmethod
    def tearDownClass(cls):
        if cls.server is not None:
            cls.server.close()

    def setUp(self):
        self.client = dynamo.Client(self.endpoint)
        self.client.create_table(SCHEMA)

    def tearDown(self):
        self.client.delete_table(TABLE)
        self.client.close()

    def together(self, work):
        """work(client, number) in a thread for each client; gives what they return."""
        results, errors = {}, []

        def run(number):
            client = dynamo.Client(self.endpoint)
            try:
                results[number] = work(client, number)
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return [results[number] for number in range(CLIENTS)]

    def item(self, pk):
        return self.client.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": pk}}, "ConsistentRead": True}).get("Item")

    def update(self, client, pk, expression, values, **more):
        return client.call("UpdateItem", {"TableName": TABLE, "Key": {"pk": {"S": pk}}, "UpdateExpression": expression,
                                          "ExpressionAttributeValues": values, **more})

    def test_counters_count_everything(self):
        each = 150

        def count(client, _):
            seen = []
            for _ in range(each):
                answer = self.update(client, "counter", "ADD n :one", {":one": {"N": "1"}}, ReturnValues="UPDATED_NEW")
                seen.append(int(answer["Attributes"]["n"]["N"]))
                self.update(client, "other", "SET n = if_not_exists(n, :zero) + :one", {":one": {"N": "1"}, ":zero": {"N": "0"}})
            return seen

        seen = self.together(count)
        self.assertEqual(sorted(sum(seen, [])), list(range(1, each * CLIENTS + 1)), "an increment was seen twice or never")
        self.assertTrue(all(values == sorted(values) for values in seen), "a counter went backwards")
        self.assertEqual(self.item("other")["n"], {"N": str(each * CLIENTS)})

    def test_one_of_all_creates_an_item(self):
        keys = [f"once{number}" for number in range(60)]

        def create(client, number):
            won = []
            for key in keys:
                try:
                    client.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": key}, "by": {"N": str(number)}},
                                            "ConditionExpression": "attribute_not_exists(pk)"})
                    won.append(key)
                except dynamo.DynamoError as error:
                    if error.type != "ConditionalCheckFailedException":
                        raise
            return won

        won = self.together(create)
        self.assertEqual(sorted(sum(won, [])), sorted(keys))
        for number, mine in enumerate(won):
            for key in mine:
                self.assertEqual(self.item(key)["by"], {"N": str(number)})

    def test_versions_are_taken_once(self):
        self.client.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": "v"}, "version": {"N": "0"}}})

        def advance(client, _):
            taken = []
            for _ in range(100):
                key = {"TableName": TABLE, "Key": {"pk": {"S": "v"}}, "ConsistentRead": True}
                version = int(client.call("GetItem", key)["Item"]["version"]["N"])
                try:
                    self.update(client, "v", "SET version = :next", {":next": {"N": str(version + 1)}, ":is": {"N": str(version)}},
                                ConditionExpression="version = :is")
                    taken.append(version)
                except dynamo.DynamoError as error:
                    if error.type != "ConditionalCheckFailedException":
                        raise
            return taken

        taken = sorted(sum(self.together(advance), []))
        self.assertEqual(taken, list(range(len(taken))), "a version was taken twice")
        self.assertEqual(self.item("v")["version"], {"N": str(len(taken))})

    def test_an_index_entry_moves_whole(self):
        """Half of the clients move items about in the index, the others look: an entry is where its item says."""
        pks = [f"moving{number}" for number in range(10)]
        for pk in pks:
            self.client.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": pk}, "g": {"N": "0"}, "same": {"N": "0"}}})

        def work(client, number):
            generator = random.Random(number)
            for _ in range(150):
                group = {"N": str(generator.randrange(5))}
                if number % 2 == 0:
                    self.update(client, generator.choice(pks), "SET g = :g, same = :g", {":g": group})
                    continue
                page = client.call("Query", {"TableName": TABLE, "IndexName": "global", "KeyConditionExpression": "g = :g",
                                             "ExpressionAttributeValues": {":g": group}})
                found = [item["pk"]["S"] for item in page["Items"]]
                self.assertEqual(len(set(found)), len(found), "an item is twice in one place")
                self.assertTrue(all(item["g"] == item["same"] == group for item in page["Items"]), page)

        self.together(work)
        entries = dynamo.all_items(self.client, "Scan", {"TableName": TABLE, "IndexName": "global"})
        self.assertEqual(sorted(entry["pk"]["S"] for entry in entries), pks)
        for entry in entries:
            self.assertEqual(self.item(entry["pk"]["S"]), entry)


if __name__ == "__main__":
    unittest.main()

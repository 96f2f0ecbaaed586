# SPDX-License-Identifier: Apache-2.0
"""A table rebuilt from its stream, from the first record on, is the table: while many write the same items, over
roll-overs, stops and kill -9. Every record must fit the item as the records before it left it, so none may be missing, come
twice or in another order; and what a reader has seen before a kill must still be there after it.

    CRASH_SEED=7 STREAM_ROUNDS=200 python3 tests/support/run_tests.py tests/crash --only stream_test
"""
import os
import pathlib
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import LOST, Client, DynamoError, all_items
from server import Server
from streams import Replay, latest_arn, shards_of

ROUNDS = int(os.environ.get("STREAM_ROUNDS", 16))
SEED = int(os.environ.get("CRASH_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 32)
WRITERS, KEYS = 5, 12
RUN_SECONDS = 0.5  # longest time between the first writes and the end
FIRST_WRITES = 40  # so many come before it, on the slowest machine too
UNCLEAR = {"ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError",
           "ConditionalCheckFailedException"}


def key_of(chance):
    number = chance.randrange(KEYS)
    return {"pk": {"S": f"p{number % 5}"}, "sk": {"N": str(number)}}


def put(client, chance):
    client.call("PutItem", {"TableName": "crash", "Item": {**key_of(chance), "v": {"S": "x" * chance.randrange(300)}}})


def count(client, chance):
    client.call("UpdateItem", {"TableName": "crash", "Key": key_of(chance), "UpdateExpression": "ADD n :one",
                               "ExpressionAttributeValues": {":one": {"N": str(chance.randrange(2))}}})  # 0: no change


def delete(client, chance):
    client.call("DeleteItem", {"TableName": "crash", "Key": key_of(chance), "ConditionExpression": "attribute_exists(v)"})


def batch(client, chance):
    keys = {str(key): key for key in (key_of(chance) for _ in range(6))}.values()
    client.call("BatchWriteItem", {"RequestItems": {"crash": [
        {"DeleteRequest": {"Key": key}} if chance.random() < 0.3 else
        {"PutRequest": {"Item": {**key, "b": {"N": str(chance.randrange(3))}}}} for key in keys]}})


class Followers:
    """Threads that write, and one that follows the stream, until the server goes away under them."""

    def __init__(self, url, seed, arn, replay):
        self.url, self.seed, self.arn, self.replay = url, seed, arn, replay
        self.over, self.faults, self.writes = threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.run, args=(self.write, number), daemon=True) for number in range(WRITERS)]
        self.threads.append(threading.Thread(target=self.run, args=(self.follow, None), daemon=True))
        for thread in self.threads:
            thread.start()

    def run(self, work, number):
        client, chance = Client(self.url), random.Random(f"{self.seed}/{number}")
        try:
            while not self.over.is_set():
                work(client, chance)
        except LOST:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(error)
        client.close()

    def write(self, client, chance):
        try:
            chance.choices((put, count, delete, batch), (4, 4, 2, 1))[0](client, chance)
            self.writes += 1
        except DynamoError as error:
            if error.type not in UNCLEAR:
                raise

    def follow(self, client, _):
        self.replay.read(client, self.arn)

    def wait_for_writes(self):
        end = time.monotonic() + 60
        while self.writes < FIRST_WRITES and not self.faults:
            assert time.monotonic() < end, f"{self.writes} writes in a minute"
            time.sleep(0.01)

    def join(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client still waits"
        if self.faults:
            raise self.faults[0]


class Streams(unittest.TestCase):
    def follow_over_ends(self, durability):
        print(f"CRASH_SEED={SEED}")
        chance, follower, writes, arn = random.Random(f"{SEED}/{durability}"), Replay(), 0, None
        with tempfile.TemporaryDirectory(prefix="stator-stream-") as folder:
            server = Server("--durability", durability, "--stream-shards", "3", "--stream-shard-records", "25",
                            data_dir=os.path.join(folder, "data"))
            for number in range(ROUNDS):
                server.start()
                client = Client(server.url)
                if arn is None:
                    client.create_table({
                        "TableName": "crash", "BillingMode": "PAY_PER_REQUEST",
                        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                                 {"AttributeName": "sk", "AttributeType": "N"}],
                        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
                    arn = latest_arn(client, "crash")
                self.check(client, arn, follower)
                followers = Followers(server.url, f"{SEED}/{durability}/{number}", arn, follower)
                followers.wait_for_writes()
                time.sleep(chance.random() * RUN_SECONDS)
                if chance.random() < 0.7:
                    server.kill()
                    followers.join()
                else:
                    followers.join()
                    self.check(client, arn, follower)
                    server.stop()
                client.close()
                writes += followers.writes
            server.start()
            client = Client(server.url)
            self.check(client, arn, follower)
            shards = len(shards_of(client, arn))
            client.close()
            server.close()
        print(f"{durability}: {ROUNDS} ends, {writes} writes, {follower.records} records in {shards} shards", flush=True)
        self.assertGreater(follower.records, ROUNDS)
        self.assertGreater(shards, 3)

    def check(self, client, arn, follower):
        """The table is what its stream says: to who has followed it, and to who reads it now from the start."""
        items = {str(sorted(item.items())) for item in all_items(client, "Scan", {"TableName": "crash", "ConsistentRead": True})}
        fresh = Replay()
        fresh.read(client, arn)
        follower.read(client, arn)
        for replay in (fresh, follower):
            self.assertEqual({str(sorted(item.items())) for item in replay.items.values()}, items)
        self.assertEqual((fresh.records, fresh.seen), (follower.records, follower.seen))

    def test_full(self):
        self.follow_over_ends("full")

    def test_process(self):
        self.follow_over_ends("process")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Everything beside everything against a sanitizer build: operations on many items while their tables are changed and deleted,
statements that fail inside the write, long and compressed bodies, readers of streams, clients that hang up at any point. What is wrong
is said by the sanitizer, by an answer of 500 and by one that is no JSON. SIEGE_SEED replays what each client asks (of streams: what
answers have named), SIEGE_SECONDS lengthens."""
import gzip
import json
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "bounds")]

import raw
import siege

SECONDS = float(os.environ.get("SIEGE_SECONDS", 10))
SEED = int(os.environ.get("SIEGE_SEED", time.time()))
CLIENTS, CHANGERS = 6, 2
TABLES = ["first", "second", "third"]
OFTEN_REPLACED = "third"
EXPECTED = (200, 400)


def key(chance):
    return {"pk": {"S": chance.choice("pqr")}, "sk": {"S": str(chance.randrange(8))}}


def item(chance):
    long = chance.choice([0, 10, 1000, 30_000])
    return {**key(chance), "a": chance.choice([{"N": str(chance.randrange(100))}, {"S": "text"}]), "l": {"S": chance.choice("lm")},
            "g": {"S": chance.choice("xy")}, "d": {"S": "d" * long}, "m": {"M": {"n": {"L": [{"N": "1"}]}}},
            "ttl": {"N": str(int(time.time()) + chance.choice([-10, 1, 1000]))}}


def table(chance):
    return chance.choice(TABLES)


def arn_of(name):
    return f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"


def get(chance):
    return "GetItem", {"TableName": table(chance), "Key": key(chance), "ReturnConsumedCapacity": "INDEXES"}


def put(chance):
    return "PutItem", {"TableName": table(chance), "Item": item(chance), "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}


def update(chance):
    expression = chance.choice(["SET a = a + :n", "ADD a :n", "REMOVE m.n[0]", "SET l = :l, g = :l", "SET b = list_append(m.n, m.n)"])
    values = {name: value for name, value in ((":n", {"N": "1"}), (":l", {"S": "z"})) if name in expression}
    return "UpdateItem", {"TableName": table(chance), "Key": key(chance), "UpdateExpression": expression, "ReturnValues": "ALL_NEW",
                          "ReturnItemCollectionMetrics": "SIZE", **({"ExpressionAttributeValues": values} if values else {})}


def delete(chance):
    return "DeleteItem", {"TableName": table(chance), "Key": key(chance), "ReturnValues": "ALL_OLD",
                          "ConditionExpression": "attribute_not_exists(b) OR contains(d, :d)",
                          "ExpressionAttributeValues": {":d": {"S": "dddddddx"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def batch_get(chance):
    keys = list({json.dumps(key(chance)) for _ in range(20)})
    return "BatchGetItem", {"RequestItems": {name: {"Keys": [json.loads(one) for one in keys]} for name in TABLES},
                            "ReturnConsumedCapacity": "INDEXES"}


def batch_write(chance):
    keys = {json.dumps(key(chance)) for _ in range(8)}
    return "BatchWriteItem", {"RequestItems": {name: [
        {"PutRequest": {"Item": {**item(chance), **json.loads(one)}}} if chance.random() < .7 else {"DeleteRequest": {"Key": json.loads(one)}}
        for one in keys] for name in TABLES}, "ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE"}


def transact_get(chance):
    return "TransactGetItems", {"TransactItems": [{"Get": {"TableName": table(chance), "Key": key(chance)}} for _ in range(10)],
                                "ReturnConsumedCapacity": "TOTAL"}


def transact_write(chance):
    actions = []
    for name in chance.choice([TABLES, TABLES[:2], TABLES[:1], TABLES[1:2]]):
        for one in {json.dumps(key(chance)) for _ in range(chance.choice([1, 3]))}:
            where = {"TableName": name, "Key": json.loads(one)}
            actions.append(chance.choice([
                {"Put": {"TableName": name, "Item": {**item(chance), **where["Key"]}}},
                {"Delete": where},
                {"Update": {**where, "UpdateExpression": "SET a = a + :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}},
                {"ConditionCheck": {**where, "ConditionExpression": "attribute_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]))
    token = {"ClientRequestToken": str(chance.randrange(20))} if chance.random() < .3 else {}
    return "TransactWriteItems", {"TransactItems": actions, "ReturnConsumedCapacity": "INDEXES", **token}


def statement(chance, writes=True):
    name, where = table(chance), key(chance)
    where = f"pk='{where['pk']['S']}' AND sk='{where['sk']['S']}'"
    reads = [f"SELECT * FROM {name} WHERE {where}"]
    if not writes:
        return reads[0]
    return chance.choice(reads + [f"UPDATE {name} SET a=a+1 WHERE {where} RETURNING ALL NEW *", f"DELETE FROM {name} WHERE {where}",
                                  f"UPDATE {name} SET a='text' WHERE {where}"])


def execute(chance):
    query = chance.choice([f"SELECT * FROM {table(chance)} WHERE a > 5 OR contains(d,'ddx')", f"SELECT * FROM {table(chance)}.gsi WHERE g='x'",
                           statement(chance)])
    return "ExecuteStatement", {"Statement": query, "ReturnConsumedCapacity": "INDEXES"}


def batch_execute(chance):
    writes = chance.random() < .6
    return "BatchExecuteStatement", {"Statements": [{"Statement": statement(chance, writes)} for _ in range(12)],
                                     "ReturnConsumedCapacity": "INDEXES"}


def execute_transaction(chance):
    return "ExecuteTransaction", {"TransactStatements": [{"Statement": statement(chance, False)} for _ in range(5)]}


def query(chance):
    index, condition = chance.choice([(None, "pk=:p"), ("lsi", "pk=:p"), ("gsi", "g=:p")])
    return "Query", {"TableName": table(chance), "KeyConditionExpression": condition, "FilterExpression": "a > :n OR contains(d, :d)",
                     "ExpressionAttributeValues": {":p": {"S": chance.choice("pqx")}, ":n": {"N": "9"}, ":d": {"S": "ddx"}},
                     "Limit": chance.choice([1, 5, 1000]), **({"IndexName": index} if index else {})}


def scan(chance):
    return "Scan", {"TableName": table(chance), "FilterExpression": "contains(d, :d)", "ExpressionAttributeValues": {":d": {"S": "ddx"}},
                    "TotalSegments": 3, "Segment": chance.randrange(3)}


def describe_time_to_live(chance):
    return "DescribeTimeToLive", {"TableName": table(chance)}


def list_tags(chance):
    return "ListTagsOfResource", {"ResourceArn": arn_of(table(chance))}


OPERATIONS = [get, put, update, delete, batch_get, batch_write, transact_get, transact_write, execute, batch_execute,
              execute_transaction, query, scan, describe_time_to_live, list_tags]
OFTEN_STREAMS = 4  # times as often as another, for it is four operations


class Streams:
    """Reads streams: what answers name is asked for next, and before there is any what no server has."""

    def __init__(self):
        self.arns = [arn_of("none/stream/2000-01-01T00:00:00.000")]
        self.shards = [(self.arns[0], "shardId-00000000000000000000-00000000")]
        self.iterator = "none"

    def next_request(self, chance):
        arn, (shards_arn, shard) = (known[int(chance.random() * len(known))] for known in (self.arns, self.shards))
        return chance.choice([
            ("ListStreams", {}),
            ("DescribeStream", {"StreamArn": arn}),
            ("GetShardIterator", {"StreamArn": shards_arn, "ShardId": shard, "ShardIteratorType": chance.choice(["TRIM_HORIZON", "LATEST"])}),
            ("GetRecords", {"ShardIterator": self.iterator, "Limit": chance.choice([1, 1000])}),
        ])

    def hear(self, answer):
        """Any answer; most have nothing of a stream."""
        described = answer.get("StreamDescription", {})
        self.arns = [stream["StreamArn"] for stream in answer.get("Streams", [])] or self.arns
        self.shards = [(described["StreamArn"], shard["ShardId"]) for shard in described.get("Shards", [])] or self.shards
        self.iterator = answer.get("ShardIterator") or answer.get("NextShardIterator") or self.iterator


def creation(name):
    def keys(hash_, range_=None):
        return [{"AttributeName": hash_, "KeyType": "HASH"}] + ([{"AttributeName": range_, "KeyType": "RANGE"}] if range_ else [])
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys("pk", "sk"),
            "AttributeDefinitions": [{"AttributeName": at, "AttributeType": "S"} for at in ("pk", "sk", "l", "g")],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "LocalSecondaryIndexes": [{"IndexName": "lsi", "KeySchema": keys("pk", "l"), "Projection": {"ProjectionType": "ALL"}}],
            "GlobalSecondaryIndexes": [{"IndexName": "gsi", "KeySchema": keys("g"), "Projection": {"ProjectionType": "KEYS_ONLY"}}]}


def change(chance):
    """A table deleted, made, or with other indexes, stream, tags, time to live."""
    name = table(chance)
    late = {"IndexName": "late", "KeySchema": [{"AttributeName": "l", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    return chance.choice([
        ("DeleteTable", {"TableName": OFTEN_REPLACED}),
        ("CreateTable", creation(OFTEN_REPLACED)),
        ("UpdateTable", {"TableName": name, "AttributeDefinitions": [{"AttributeName": "l", "AttributeType": "S"}],
                         "GlobalSecondaryIndexUpdates": [{"Create": late}]}),
        ("UpdateTable", {"TableName": name, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "late"}}]}),
        ("UpdateTable", {"TableName": name, "StreamSpecification": {"StreamEnabled": False}}),
        ("UpdateTable", {"TableName": name, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}),
        ("TagResource", {"ResourceArn": arn_of(name), "Tags": [{"Key": "k", "Value": str(chance.random())}]}),
        ("UntagResource", {"ResourceArn": arn_of(name), "TagKeys": ["k"]}),
        ("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": {"Enabled": chance.random() < .6, "AttributeName": "ttl"}}),
        ("DescribeTable", {"TableName": name}),
        ("ListTables", {}),
    ])


class Client(threading.Thread):
    """Asks at random until told to stop; now and then leaves before, inside or after a request."""

    def __init__(self, port, seed, changes):
        super().__init__(daemon=True)
        self.port, self.chance, self.changes = port, random.Random(seed), changes
        self.over, self.faults, self.counts, self.streams = threading.Event(), [], {}, Streams()
        self.operations = [change] if changes else OPERATIONS + [self.streams.next_request] * OFTEN_STREAMS

    def next_request(self):
        operation, body = self.chance.choice(self.operations)(self.chance)
        if self.chance.random() < .05:
            body["Unknown"] = ["x" * 100] * self.chance.choice([10, 3000, 30_000])
        return operation, raw.request(operation, body, compressed=self.chance.random() < .2,
                                      more="Accept-Encoding: gzip\r\n" if self.chance.random() < .3 else "")

    def leave(self, sock, data):
        sock.sendall(data[:self.chance.choice([1, len(data) // 2, len(data) - 1, len(data)])])
        time.sleep(self.chance.choice([0, 0, .001, .02]))
        if self.chance.random() < .5:
            sock.setsockopt(raw.socket.SOL_SOCKET, raw.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

    def check(self, operation, status, answer):
        self.counts[operation, status] = self.counts.get((operation, status), 0) + 1
        if status not in EXPECTED:
            self.faults.append(f"{operation}: {status} {answer[:300]!r}")
        elif answer:
            self.streams.hear(json.loads(gzip.decompress(answer) if answer[:2] == b"\x1f\x8b" else answer))

    def run(self):
        sock = None
        while not self.over.is_set():
            operation, data = self.next_request()
            try:
                sock = sock or raw.connect(self.port)
                if self.chance.random() < .05:
                    self.leave(sock, data)
                    sock = None
                    continue
                self.check(operation, *raw.ask(self.port, data, sock))
            except (OSError, ValueError) as error:
                self.faults.append(f"{operation}: {error!r}")
                return
            if self.changes:
                time.sleep(0.01)


class Mixed(unittest.TestCase):
    def load(self, *flags, **options):
        """The load on such a server; what clients were told is added up."""
        server = siege.Server("--ttl-interval-ms", "100", "--ttl-cooldown-s", "0", "--stream-shard-records", "50", *flags, **options)
        server.start()
        try:
            for name in TABLES:
                raw.call(server.port, "CreateTable", creation(name))
            clients = [Client(server.port, SEED + i, i < CHANGERS) for i in range(CLIENTS + CHANGERS)]
            for client in clients:
                client.start()
            end = time.monotonic() + SECONDS / 2
            while time.monotonic() < end and server.running() and not any(client.faults for client in clients):
                time.sleep(0.1)
            for client in clients:
                client.over.set()
            for client in clients:
                client.join(60)
            counts = {}
            for client in clients:
                for what, count in client.counts.items():
                    counts[what] = counts.get(what, 0) + count
            faults = [fault for client in clients for fault in client.faults]
            siege.report(load=" ".join(flags) or "in memory", seed=SEED, requests=sum(counts.values()), faults=faults[:3])
            self.assertEqual(faults[:3], [], f"seed {SEED}\n{server.text()[-6000:]}")
            for operation in [make(random.Random(0))[0] for make in OPERATIONS] + list(raw.OF_STREAMS):
                self.assertGreater(counts.get((operation, 200), 0), 0, f"{operation} never succeeded (seed {SEED}): {counts}")
            self.assertIsNone(siege.still_held(server))
        finally:
            server.close()  # what a sanitizer said fails the test

    def test_in_memory(self):
        self.load(in_memory=True)

    def test_on_disk_with_conflicts_refused(self):
        self.load("--durability", "process", "--transaction-conflict", "refuse", "--loops", "3")


if __name__ == "__main__":
    unittest.main()

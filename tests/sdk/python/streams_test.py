# SPDX-License-Identifier: Apache-2.0
"""Streams by boto3's own client: types, errors, and a consumer that takes shards as the Kinesis client library does."""
import datetime
import os
import threading
import unittest

import boto3

from server import Server
from support import CONFIG, ENDPOINT, SESSION, TABLE_KINDS, assert_refused, client, client_for, create_table, unique_name

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def streams_of(url):
    return boto3.client("dynamodbstreams", endpoint_url=url, config=CONFIG, **SESSION)


def stream_arn(to, table):
    return to.describe_table(TableName=table)["Table"]["LatestStreamArn"]


class Streams(unittest.TestCase):
    def setUp(self):
        self.streams = streams_of(ENDPOINT)
        self.table = unique_name()
        client.create_table(TableName=self.table, BillingMode="PAY_PER_REQUEST", StreamSpecification=SPECIFICATION,
                            **TABLE_KINDS["range"])
        self.arn = stream_arn(client, self.table)

    def records(self):
        """From the oldest on, to where there are no more, or the shard ends."""
        found = []
        for shard in self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]:
            start = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard["ShardId"],
                                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while start:
                page = self.streams.get_records(ShardIterator=start, Limit=2)
                found += page["Records"]
                start = page.get("NextShardIterator") if page["Records"] else None
        return found

    def test_records(self):
        """flow: streams"""
        at = {"pk": {"S": "p"}, "sk": {"S": "1"}}
        item = {**at, "b": {"B": b"\x00\xff"}, "m": {"M": {"l": {"L": [{"NULL": True}]}}}}
        client.put_item(TableName=self.table, Item=item)
        client.update_item(TableName=self.table, Key=at, UpdateExpression="SET b = :b", ExpressionAttributeValues={":b": {"B": b"\xfe"}})
        client.delete_item(TableName=self.table, Key=at)
        changed = {**item, "b": {"B": b"\xfe"}}
        images = [(record["eventName"], record["dynamodb"]["Keys"], record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage"))
                  for record in self.records()]
        self.assertEqual(images, [("INSERT", at, None, item), ("MODIFY", at, item, changed), ("REMOVE", at, changed, None)])

    def test_types(self):
        client.put_item(TableName=self.table, Item={"pk": {"S": "p"}, "sk": {"S": "1"}})
        described = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]
        self.assertIsInstance(described["CreationRequestDateTime"], datetime.datetime)
        self.assertEqual(described["TableName"], self.table)
        (record,) = self.records()
        self.assertIsInstance(record["dynamodb"]["ApproximateCreationDateTime"], datetime.datetime)
        self.assertEqual(self.streams.list_streams(TableName=self.table)["Streams"][0]["StreamArn"], self.arn)

    def test_deleted_table(self):
        client.put_item(TableName=self.table, Item={"pk": {"S": "p"}, "sk": {"S": "1"}})
        client.delete_table(TableName=self.table)
        client.get_waiter("table_not_exists").wait(TableName=self.table)
        self.assertEqual(len(self.records()), 1)
        self.assertEqual(self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["StreamStatus"], "DISABLED")

    def test_errors(self):
        shard = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        missing = self.arn[:-3] + "xxx"
        error = assert_refused(self, f"ResourceNotFoundException: Requested resource not found: Stream: {missing} not found",
                               self.streams.describe_stream, StreamArn=missing)
        self.assertIsInstance(error, self.streams.exceptions.ResourceNotFoundException)
        assert_refused(self, "ValidationException: ...", self.streams.get_shard_iterator, StreamArn=self.arn, ShardId=shard,
                       ShardIteratorType="AT_SEQUENCE_NUMBER")
        assert_refused(self, "ResourceNotFoundException: Requested resource not found: Shard does not exist",
                       self.streams.get_shard_iterator, StreamArn=self.arn, ShardId="x" * 40, ShardIteratorType="LATEST")


class Worker:
    """Takes shards whose parents are done, notes the number of the last record of each, and goes on from there."""

    def __init__(self, url, arn):
        self.streams, self.arn = streams_of(url), arn
        self.checkpoints = {}  # shard -> the last number, "TRIM_HORIZON" or "SHARD_END"
        self.items, self.count = {}, 0

    def shards(self):
        start = {}
        while True:
            page = self.streams.describe_stream(StreamArn=self.arn, Limit=5, **start)["StreamDescription"]
            yield from page["Shards"]
            if "LastEvaluatedShardId" not in page:
                return
            start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def apply(self, change):
        key = str(change["Keys"])
        assert self.items.get(key) == change.get("OldImage"), change
        self.items[key] = change.get("NewImage")
        self.count += 1

    def take(self, shard):
        """From the checkpoint, each time by a new iterator, as after the loss of a lease."""
        at = self.checkpoints.setdefault(shard, "TRIM_HORIZON")
        kind = {"ShardIteratorType": at} if at == "TRIM_HORIZON" else {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": at}
        start = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **kind)["ShardIterator"]
        while start:
            page = self.streams.get_records(ShardIterator=start)
            for record in page["Records"]:
                self.apply(record["dynamodb"])
                self.checkpoints[shard] = record["dynamodb"]["SequenceNumber"]
            start = page.get("NextShardIterator")
            if not page["Records"] and start:
                return
        self.checkpoints[shard] = "SHARD_END"

    def work(self):
        for shard in self.shards():
            done = self.checkpoints.get(shard["ShardId"]) == "SHARD_END"
            if not done and self.checkpoints.get(shard.get("ParentShardId"), "SHARD_END") == "SHARD_END":
                self.take(shard["ShardId"])


@unittest.skipUnless(os.environ.get("STATOR_BIN"), "STATOR_BIN names no server")
class Walk(unittest.TestCase):
    def write(self, url, table, writer):
        own = client_for(url)
        for i in range(150):
            key = {"pk": {"S": f"p{i % 7}"}, "sk": {"S": str(writer % 2)}}
            if i % 5 == 4:
                own.delete_item(TableName=table, Key=key)
            else:
                own.put_item(TableName=table, Item={**key, "v": {"S": f"{writer}-{i}"}})

    def test_walk(self):
        with Server("--stream-shards", "2", "--stream-shard-records", "10", in_memory=True) as server:
            own = client_for(server.url)
            table = create_table("range", own)
            own.update_table(TableName=table, StreamSpecification=SPECIFICATION)
            worker = Worker(server.url, stream_arn(own, table))
            writers = [threading.Thread(target=self.write, args=(server.url, table, n)) for n in range(4)]
            for writer in writers:
                writer.start()
            while any(writer.is_alive() for writer in writers):
                worker.work()
            for writer in writers:
                writer.join()
            worker.work()
            items = sorted((item for item in worker.items.values() if item), key=str)
            self.assertEqual(items, sorted(own.scan(TableName=table)["Items"], key=str))
            self.assertGreater(list(worker.checkpoints.values()).count("SHARD_END"), 5)
            self.assertGreater(worker.count, 100)

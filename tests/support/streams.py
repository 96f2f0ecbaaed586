# SPDX-License-Identifier: Apache-2.0
"""Reading a stream as consumers do: shard after shard, parents before children.

    for record in everything(client, arn): ...     # all there is now, once
    replay = Replay(); replay.read(client, arn)     # again and again: goes on where it was, through roll-overs and restarts
"""
import dynamo


def shards_of(client, arn, **request):
    """All shards that are listed, page by page."""
    shards = []
    while True:
        page = client.call("DescribeStream", {"StreamArn": arn, **request})["StreamDescription"]
        shards += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            return shards
        assert page["Shards"][-1]["ShardId"] == page["LastEvaluatedShardId"]
        request["ExclusiveStartShardId"] = page["LastEvaluatedShardId"]


def iterator(client, arn, shard, kind="TRIM_HORIZON", **more):
    return client.call("GetShardIterator", {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind,
                                            **more})["ShardIterator"]


def drain(client, start, limit=None):
    """Records from an iterator on until there are none, and the last NextShardIterator (None: the shard is done)."""
    records = []
    while start is not None:
        request = {"ShardIterator": start}
        if limit:
            request["Limit"] = limit
        page = client.call("GetRecords", request)
        assert limit is None or len(page["Records"]) <= limit
        records += page["Records"]
        start = page.get("NextShardIterator")
        if not page["Records"]:
            break
    return records, start


def everything(client, arn, limit=None):
    """All records of a stream; those of one item are in the order of its changes."""
    records = []
    for shard in shards_of(client, arn):  # sorted by id: parents come first
        try:
            records += drain(client, iterator(client, arn, shard["ShardId"]), limit)[0]
        except dynamo.DynamoError as error:  # trimmed since it was listed
            if error.type not in ("ResourceNotFoundException", "TrimmedDataAccessException"):
                raise
    return records


def number(record):
    return int(record["dynamodb"]["SequenceNumber"])


class Replay:
    """A table rebuilt from its stream of new and old images. Every record must fit what came before it."""

    def __init__(self):
        self.items = {}      # key -> item
        self.seen = set()    # event ids
        self.shards = {}     # shard id -> next iterator; None: done
        self.last = {}       # shard id -> the number of its last record
        self.records = 0

    def apply(self, shard, record):
        change = record["dynamodb"]
        key = tuple(sorted((name, str(value)) for name, value in change["Keys"].items()))
        before, after = change.get("OldImage"), change.get("NewImage")
        assert record["eventID"] not in self.seen, f"{record} comes twice"
        assert number(record) > self.last.get(shard, 0), f"{record} is not behind {self.last[shard]}"
        assert self.items.get(key) == before, f"{record} changes {self.items.get(key)}"
        assert record["eventName"] == ("REMOVE" if after is None else "INSERT" if before is None else "MODIFY"), record
        assert before != after, f"{record} changes nothing"
        self.seen.add(record["eventID"])
        self.last[shard] = number(record)
        self.items[key] = after
        if after is None:
            del self.items[key]
        self.records += 1

    def read(self, client, arn):
        """Reads what there is. A shard is begun when its parent is done: its end was seen before, in an earlier call
        or in this one."""
        for shard in shards_of(client, arn):
            name, parent = shard["ShardId"], shard.get("ParentShardId")
            if parent is not None and self.shards.get(parent, "") is not None:
                continue
            if name not in self.shards:
                self.shards[name] = iterator(client, arn, name)
            records, self.shards[name] = drain(client, self.shards[name])
            for record in records:
                self.apply(name, record)


def latest_arn(client, table):
    return client.call("DescribeTable", {"TableName": table})["Table"]["LatestStreamArn"]


def refused(client, operation, request):
    """The error of a request that must fail: its type and text."""
    try:
        answer = client.call(operation, request)
    except dynamo.DynamoError as error:
        return error.type, error.message
    raise AssertionError(f"{operation} {request} was not refused: {answer}")

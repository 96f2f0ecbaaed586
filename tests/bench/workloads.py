# SPDX-License-Identifier: Apache-2.0
"""What is asked of the servers: tables, and for each workload the requests that wrk repeats.

A workload's requests are made anew for each round from that round's seed, the same for all servers.
"""
import dataclasses
import itertools
import json
import random

from load import Caller, Table, Unsupported, body_of, dynamo

KEYS = 10_000
PREPARED, PREPARED_BYTES = 4096, 32 << 20  # requests in a file
GSIS = 5
PARTITION = 100  # items of one partition key, in tables with a sort key
BIG = 100_000  # items of the table that is scanned
SEGMENTS = 4


@dataclasses.dataclass(frozen=True)
class Workload:
    """requests(random, server) gives [(operation, body)]; an operation of streams has its target prefix."""
    group: str
    name: str
    tables: tuple
    requests: object
    writes: bool = False  # then all durabilities are measured
    connections: int = 16
    x: float = None  # where it stands on a growth axis
    warm: bool = False  # it runs for a second before each sample: what it reads is in caches that have room for it


# --- Items and tables ---


def item(key, size=300, part="@r@"):
    """About `size` bytes by DynamoDB's rules, with an attribute for each index. Key and part are words of fill.lua or values."""
    indexed = "".join(f'"g{n}":{{"S":"g-{part}"}},' for n in range(1, GSIS + 1))
    return f'{{"pk":{{"S":"key-{key}"}},"n":{{"N":"1"}},{indexed}"v":{{"S":"{"v" * max(1, size - 78)}"}}}}'


def gsis(count):
    return json.dumps({"GlobalSecondaryIndexes": [
        {"IndexName": f"by-g{n}", "KeySchema": [{"AttributeName": f"g{n}", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        for n in range(1, count + 1)]} if count else {})


def hash_table(name, size=300, count=KEYS, indexes=0, extra=None, after=None):
    return Table(name, item("@i@", size), count, extra=extra or gsis(indexes), after=after,
                 attributes=tuple(f"g{n}" for n in range(1, indexes + 1)))


def range_table(name, count, partition, value_bytes=200):
    text = '{"pk":{"S":"part-@p@"},"sk":{"S":"@s@"},"n":{"N":"1"},"r":{"S":"@r@"},"v":{"S":"%s"}}' % ("v" * value_bytes)
    return Table(name, text, count, partition=partition, sorted=True)


def time_to_live(client):
    client.call("UpdateTimeToLive", {"TableName": "ttl", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}})


def has_stream(client):
    if "LatestStreamArn" not in client.call("DescribeTable", {"TableName": "stream"})["Table"]:
        raise Unsupported("the stream that was asked for is not there")


STREAM = json.dumps({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
SMALL, MIDDLE, LARGE = hash_table("small"), hash_table("middle", 4 << 10, 2000), hash_table("large", 100 << 10, 200)
BY_INDEXES = {count: hash_table(f"gsi{count}", indexes=count) for count in (0, 1, 5)}
RANGE = range_table("range", KEYS, PARTITION)
SCANNED = range_table("scanned", BIG, PARTITION)
STREAMED, EXPIRING = hash_table("stream", extra=STREAM, after=has_stream), hash_table("ttl", after=time_to_live)


# --- Requests ---


def prepared(size=300):
    return max(16, min(PREPARED, PREPARED_BYTES // size))


def number(value, digits=8):
    return f"{value:0{digits}}"


def key_of(table, key):
    return {"TableName": table.name, "Key": {"pk": {"S": "key-" + number(key)}}}


def get_items(table, size=300):
    return lambda rng, _: [("GetItem", body_of(key_of(table, rng.randrange(table.count)))) for _ in range(prepared(size))]


def put_body(table, key, rng, size=300, more=""):
    text = item(number(key), size, number(rng.randrange(10 ** 8)))
    return f'{{"TableName":"{table.name}","Item":{text[:-1]}{more}}}}}'


def put_items(table, size=300, more=""):
    return lambda rng, _: [("PutItem", put_body(table, rng.randrange(table.count), rng, size, more)) for _ in range(prepared(size))]


def update_items(table, expression, values):
    """Conditional updates; values(random) gives ExpressionAttributeValues."""
    def requests(rng, _):
        return [("UpdateItem", body_of({**key_of(table, rng.randrange(table.count)), "UpdateExpression": expression,
                                        "ConditionExpression": "attribute_exists(pk)", "ExpressionAttributeValues": values(rng)}))
                for _ in range(PREPARED)]
    return requests


def puts_and_deletes(table):
    """Blocks of puts and of deletes of the same keys, so that a delete finds its item."""
    def requests(rng, _):
        out = []
        for block in range(0, PREPARED, 512):
            keys = [table.count + block + n for n in range(256)]
            out += [("PutItem", put_body(table, key, rng)) for key in keys]
            out += [("DeleteItem", body_of(key_of(table, key))) for key in keys]
        return out
    return requests


def query_body(table, rng, count, more=None):
    values, condition = {":p": {"S": "part-" + number(rng.randrange(table.count // table.partition), 6)}}, "pk = :p"
    if count < table.partition:
        first = rng.randrange(table.partition - count + 1)
        values.update({":a": {"S": number(first, 6)}, ":b": {"S": number(first + count - 1, 6)}})
        condition += " AND sk BETWEEN :a AND :b"
    out = {"TableName": table.name, "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    for member, value in (more or {}).items():
        out[member] = {**out[member], **value} if member in out else value
    return body_of(out)


FILTERED = {"FilterExpression": "r < :half", "ExpressionAttributeValues": {":half": {"S": "50000000"}}}
PROJECTED = {"ProjectionExpression": "pk, sk, n"}


def queries(count, more=None):
    return lambda rng, _: [("Query", query_body(RANGE, rng, count, more)) for _ in range(PREPARED)]


def selects(count):
    """The Query of so many items, as PartiQL."""
    def requests(rng, _):
        out = []
        for _ in range(PREPARED):
            values = json.loads(query_body(RANGE, rng, count))["ExpressionAttributeValues"]
            out.append(("ExecuteStatement", body_of({"Statement": f'SELECT * FROM "{RANGE.name}" WHERE pk = ? AND sk BETWEEN ? AND ?',
                                                     "Parameters": [values[":p"], values[":a"], values[":b"]]})))
        return out
    return requests


def scans(segments):
    """Every page of a whole scan; the segments' pages in turn. Page keys are the server's own."""
    def requests(_, server):
        client, bodies = Caller(server.url, timeout=120), []
        for segment in range(segments):
            scan = {"TableName": SCANNED.name, **({"Segment": segment, "TotalSegments": segments} if segments > 1 else {})}
            pages = dynamo.pages(client, "Scan", scan)
            starts = [None] + [page["LastEvaluatedKey"] for page in pages if "LastEvaluatedKey" in page]
            bodies.append([body_of({**scan, **({"ExclusiveStartKey": start} if start else {})}) for start in starts])
        client.close()
        return [("Scan", body) for turn in itertools.zip_longest(*bodies) for body in turn if body]
    return requests


def batch_writes(rng, _):
    def puts():
        return [json.loads(put_body(SMALL, key, rng))["Item"] for key in rng.sample(range(KEYS), 25)]
    return [("BatchWriteItem", body_of({"RequestItems": {SMALL.name: [{"PutRequest": {"Item": put}} for put in puts()]}})) for _ in range(512)]


def batch_gets(rng, _):
    return [("BatchGetItem", body_of({"RequestItems": {SMALL.name: {"Keys": [key_of(SMALL, key)["Key"] for key in rng.sample(range(KEYS), 100)]}}}))
            for _ in range(512)]


def transactions(rng, _):
    """Four puts each; no two of those that are under way together have a key in common."""
    keys = rng.sample(range(KEYS), KEYS)
    return [("TransactWriteItems", body_of({"TransactItems": [{"Put": json.loads(put_body(SMALL, key, rng))} for key in keys[at:at + 4]]}))
            for at in range(0, KEYS, 4)]


def stream_records(_, server):
    """Pages of 1,000 from the oldest record of the shard that has most."""
    client, prefix, best = Caller(server.url), "DynamoDBStreams_20120810.", (0, None)
    arn = client.call("DescribeTable", {"TableName": STREAMED.name})["Table"]["LatestStreamArn"]
    for shard in client.call(prefix + "DescribeStream", {"StreamArn": arn})["StreamDescription"]["Shards"]:
        iterator = client.call(prefix + "GetShardIterator", {"StreamArn": arn, "ShardId": shard["ShardId"],
                                                             "ShardIteratorType": "TRIM_HORIZON"})["ShardIterator"]
        body = {"ShardIterator": iterator, "Limit": 1000}
        best = max(best, (len(client.call(prefix + "GetRecords", body)["Records"]), body_of(body)))
    client.close()
    if best[0] < 1000:
        raise Unsupported(f"the fullest shard answers {best[0]} records where 1,000 are asked for")
    return [(prefix + "GetRecords", best[1])]


def new_value(rng):
    return {":v": {"S": "g-" + number(rng.randrange(10 ** 8))}}


def operations():
    """The workloads of single operations."""
    out = [Workload("read", f"GetItem {size}", (table,), get_items(table)) for size, table in (("300 B", SMALL), ("4 KB", MIDDLE), ("100 KB", LARGE))]
    for count, table in BY_INDEXES.items():
        label = f", {count} GSI{'' if count == 1 else 's'}"
        out += [Workload("write", "PutItem" + label, (table,), put_items(table), True),
                Workload("write", "UpdateItem ADD" + label, (table,), update_items(table, "ADD n :one", lambda _: {":one": {"N": "1"}}), True),
                Workload("write", "UpdateItem SET" + label, (table,), update_items(table, "SET g1 = :v", new_value), True),
                Workload("write", "PutItem, DeleteItem in turn" + label, (table,), puts_and_deletes(table), True)]
    for count in (1, 10, 100):
        for label, more in (("", None), (", filter", FILTERED), (", projection", PROJECTED)):
            out.append(Workload("query", f"Query of {count}{label}", (RANGE,), queries(count, more)))
    out += [Workload("scan", "Scan, pages in turn", (SCANNED,), scans(1), connections=1),
            Workload("scan", f"Scan, {SEGMENTS} segments", (SCANNED,), scans(SEGMENTS), connections=SEGMENTS),
            Workload("many", "BatchWriteItem of 25", (SMALL,), batch_writes, True),
            Workload("many", "BatchGetItem of 100", (SMALL,), batch_gets),
            Workload("many", "TransactWriteItems of 4", (SMALL,), transactions, True),
            Workload("many", "PartiQL SELECT of 10", (RANGE,), selects(10)),
            Workload("stream", "PutItem, no stream, no TTL", (SMALL,), put_items(SMALL), True),
            Workload("stream", "PutItem with a stream", (STREAMED,), put_items(STREAMED), True),
            Workload("stream", "PutItem with a TTL", (EXPIRING,), put_items(EXPIRING, more=',"expires":{"N":"4102444800"}'), True),
            Workload("stream", "GetRecords of 1,000", (STREAMED,), stream_records, connections=4)]
    return out


# --- YCSB ---

FIELDS = ",".join(f'"field{n}":{{"S":"{"f" * 100}"}}' for n in range(10))
YCSB = Table("ycsb", '{"pk":{"S":"key-@i@"},%s}' % FIELDS, KEYS)
YCSB_SORTED = Table("ycsb-sorted", '{"pk":{"S":"part-@p@"},"sk":{"S":"@s@"},%s}' % FIELDS, KEYS, partition=500, sorted=True)
RANKS = list(itertools.accumulate((rank + 1) ** -0.99 for rank in range(KEYS)))
SPREAD = random.Random(1).sample(range(KEYS), KEYS)  # which key has which rank


def zipfian(rng, count):
    return [SPREAD[rank] for rank in rng.choices(range(KEYS), cum_weights=RANKS, k=count)]


def latest(rng, count):
    return [KEYS - 1 - rank for rank in rng.choices(range(KEYS), cum_weights=RANKS, k=count)]


def ycsb_read(key, _):
    return [("GetItem", body_of(key_of(YCSB, key)))]


def ycsb_update(key, rng):
    return [("UpdateItem", body_of({**key_of(YCSB, key), "UpdateExpression": "SET field%d = :v" % rng.randrange(10),
                                    "ExpressionAttributeValues": {":v": {"S": "u" * 100}}}))]


def ycsb_insert(_, rng):
    key = number(KEYS + rng.randrange(10 ** 7))
    return [("PutItem", f'{{"TableName":"{YCSB.name}","Item":{{"pk":{{"S":"key-{key}"}},{FIELDS}}}}}')]


def ycsb_scan(key, rng):
    return [("Query", body_of({"TableName": YCSB_SORTED.name, "KeyConditionExpression": "pk = :p AND sk >= :s", "Limit": rng.randrange(1, 101),
                               "ExpressionAttributeValues": {":p": {"S": "part-" + number(key // 500, 6)}, ":s": {"S": number(key % 500, 6)}}}))]


def ycsb_insert_sorted(key, rng):
    return [("PutItem", f'{{"TableName":"{YCSB_SORTED.name}","Item":{{"pk":{{"S":"part-{number(key // 500, 6)}"}},'
                        f'"sk":{{"S":"{number(500 + rng.randrange(10 ** 5), 6)}"}},{FIELDS}}}}}')]


def ycsb_modify(key, rng):
    return ycsb_read(key, rng) + ycsb_update(key, rng)


def mix(common, rare, share, draw=zipfian):
    def requests(rng, _):
        steps = [(rare if rng.random() < share else common)(key, rng) for key in draw(rng, PREPARED)]
        return [request for step in steps for request in step]
    return requests


def ycsb():
    return [Workload("ycsb", "YCSB A, half updates", (YCSB,), mix(ycsb_read, ycsb_update, 0.5), True),
            Workload("ycsb", "YCSB B, 5 % updates", (YCSB,), mix(ycsb_read, ycsb_update, 0.05), True),
            Workload("ycsb", "YCSB C, reads", (YCSB,), mix(ycsb_read, ycsb_update, 0)),
            Workload("ycsb", "YCSB D, reads of the latest, 5 % inserts", (YCSB,), mix(ycsb_read, ycsb_insert, 0.05, latest), True),
            Workload("ycsb", "YCSB E, short ranges, 5 % inserts", (YCSB_SORTED,), mix(ycsb_scan, ycsb_insert_sorted, 0.05), True),
            Workload("ycsb", "YCSB F, half read-modify-write", (YCSB,), mix(ycsb_read, ycsb_modify, 0.5), True)]

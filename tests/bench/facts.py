# SPDX-License-Identifier: Apache-2.0
"""What a server is, not how fast: its size on disk, the operations it carries out, what it keeps when it is killed."""
import concurrent.futures
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

import load
from load import Unsupported

API = pathlib.Path(__file__).resolve().parents[2] / "proto/message/api.def"
TABLE, ITEMS, WAIT_S = "facts", 100, 15
SYNC_US, KILL_AFTER_S = 20000, 1
ACCOUNT = "arn:aws:dynamodb:us-east-1:000000000000"
FAILED = (Unsupported, load.dynamo.DynamoError, AssertionError, KeyError, IndexError)


# --- Operations ---


def key(name):
    return {"pk": {"S": name}}


def composed(table, **more):
    return {"TableName": table, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], **more}


def arn(seen):
    return seen.get("DescribeTable", {}).get("Table", {}).get("TableArn", f"{ACCOUNT}:table/{TABLE}")


def stream(seen):
    return seen.get("DescribeTable", {}).get("Table", {}).get("LatestStreamArn", f"{arn(seen)}/stream/2026-01-01T00:00:00.000")


def iterator(seen):
    shards = seen.get("DescribeStream", {}).get("StreamDescription", {}).get("Shards") or [{"ShardId": "shardId-00000000000000000000-00000000"}]
    return {"StreamArn": stream(seen), "ShardId": shards[0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}


def backup(seen):
    return seen.get("CreateBackup", {}).get("BackupDetails", {}).get("BackupArn", f"{arn(seen)}/backup/01700000000000-00000000")


def of_table(seen):
    return {"TableName": TABLE}


def anything(seen):
    return {}


KINESIS = {"TableName": TABLE, "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/facts"}
MADE = (TABLE, "restored", "restored-to-point", "imported")
POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"dynamodb:GetItem",'
          f'"Resource":"{ACCOUNT}:table/{TABLE}"}}]}}')
CALLS = [  # every operation, and a request that the service carries out; given what was answered before
    ("CreateTable", lambda seen: composed(TABLE, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})),
    ("DescribeTable", of_table),
    ("ListTables", anything),
    ("PutItem", lambda seen: {"TableName": TABLE, "Item": {**key("a"), "n": {"N": "1"}}}),
    ("GetItem", lambda seen: {"TableName": TABLE, "Key": key("a")}),
    ("UpdateItem", lambda seen: {"TableName": TABLE, "Key": key("a"), "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}),
    ("DeleteItem", lambda seen: {"TableName": TABLE, "Key": key("b")}),
    ("Query", lambda seen: {"TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}}),
    ("Scan", of_table),
    ("BatchGetItem", lambda seen: {"RequestItems": {TABLE: {"Keys": [key("a")]}}}),
    ("BatchWriteItem", lambda seen: {"RequestItems": {TABLE: [{"PutRequest": {"Item": key("c")}}]}}),
    ("TransactGetItems", lambda seen: {"TransactItems": [{"Get": {"TableName": TABLE, "Key": key("a")}}]}),
    ("TransactWriteItems", lambda seen: {"TransactItems": [{"Put": {"TableName": TABLE, "Item": key("d")}}]}),
    ("ExecuteStatement", lambda seen: {"Statement": f"SELECT * FROM {TABLE} WHERE pk = 'a'"}),
    ("BatchExecuteStatement", lambda seen: {"Statements": [{"Statement": f"SELECT * FROM {TABLE} WHERE pk = 'a'"}]}),
    ("ExecuteTransaction", lambda seen: {"TransactStatements": [{"Statement": f"SELECT * FROM {TABLE} WHERE pk = 'a'"}]}),
    ("ListStreams", anything),
    ("DescribeStream", lambda seen: {"StreamArn": stream(seen)}),
    ("GetShardIterator", iterator),
    ("GetRecords", lambda seen: {"ShardIterator": seen.get("GetShardIterator", {}).get("ShardIterator", "none")}),
    ("UpdateTimeToLive", lambda seen: {"TableName": TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ends"}}),
    ("DescribeTimeToLive", of_table),
    ("TagResource", lambda seen: {"ResourceArn": arn(seen), "Tags": [{"Key": "k", "Value": "v"}]}),
    ("ListTagsOfResource", lambda seen: {"ResourceArn": arn(seen)}),
    ("UntagResource", lambda seen: {"ResourceArn": arn(seen), "TagKeys": ["k"]}),
    ("PutResourcePolicy", lambda seen: {"ResourceArn": arn(seen), "Policy": POLICY.replace(f"{ACCOUNT}:table/{TABLE}", arn(seen))}),
    ("GetResourcePolicy", lambda seen: {"ResourceArn": arn(seen)}),
    ("DeleteResourcePolicy", lambda seen: {"ResourceArn": arn(seen)}),
    ("DescribeLimits", anything),
    ("DescribeEndpoints", anything),
    ("UpdateContinuousBackups", lambda seen: {"TableName": TABLE, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}),
    ("DescribeContinuousBackups", of_table),
    ("EnableKinesisStreamingDestination", lambda seen: KINESIS),
    ("DescribeKinesisStreamingDestination", of_table),
    ("UpdateKinesisStreamingDestination", lambda seen: {**KINESIS, "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"}}),
    ("DisableKinesisStreamingDestination", lambda seen: KINESIS),
    ("UpdateContributorInsights", lambda seen: {"TableName": TABLE, "ContributorInsightsAction": "ENABLE"}),
    ("DescribeContributorInsights", of_table),
    ("ListContributorInsights", anything),
    ("CreateBackup", lambda seen: {"TableName": TABLE, "BackupName": "facts"}),
    ("DescribeBackup", lambda seen: {"BackupArn": backup(seen)}),
    ("ListBackups", anything),
    ("RestoreTableFromBackup", lambda seen: {"TargetTableName": "restored", "BackupArn": backup(seen)}),
    ("DeleteBackup", lambda seen: {"BackupArn": backup(seen)}),
    ("RestoreTableToPointInTime", lambda seen: {"SourceTableName": TABLE, "TargetTableName": "restored-to-point", "UseLatestRestorableTime": True}),
    ("ExportTableToPointInTime", lambda seen: {"TableArn": arn(seen), "S3Bucket": "facts"}),
    ("DescribeExport", lambda seen: {"ExportArn": f"{arn(seen)}/export/01700000000000-00000000"}),
    ("ListExports", anything),
    ("ImportTable", lambda seen: {"S3BucketSource": {"S3Bucket": "facts"}, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": composed("imported")}),
    ("DescribeImport", lambda seen: {"ImportArn": f"{arn(seen)}/import/01700000000000-00000000"}),
    ("ListImports", anything),
    ("StartBulkPutItems", lambda seen: {"TableName": TABLE, "S3BucketSource": {"S3Bucket": "facts"}, "InputFormat": "DYNAMODB_JSON"}),
    ("DescribeBulkOperation", lambda seen: {"BulkOperationArn": f"{arn(seen)}/bulk/01700000000000-00000000"}),
    ("ListBulkOperations", anything),
    ("CancelBulkOperation", lambda seen: {"BulkOperationArn": f"{arn(seen)}/bulk/01700000000000-00000000"}),
    ("SearchVectors", lambda seen: {"TableName": TABLE, "IndexName": "vectors", "QueryVector": [1.0], "Limit": 1}),
    ("ListGlobalTables", anything),
    ("CreateGlobalTable", lambda seen: {"GlobalTableName": TABLE, "ReplicationGroup": [{"RegionName": "us-east-1"}]}),
    ("DescribeGlobalTable", lambda seen: {"GlobalTableName": TABLE}),
    ("DescribeGlobalTableSettings", lambda seen: {"GlobalTableName": TABLE}),
    ("UpdateGlobalTable", lambda seen: {"GlobalTableName": TABLE, "ReplicaUpdates": [{"Create": {"RegionName": "us-west-2"}}]}),
    ("UpdateGlobalTableSettings", lambda seen: {"GlobalTableName": TABLE, "GlobalTableBillingMode": "PAY_PER_REQUEST"}),
    ("DescribeTableReplicaAutoScaling", of_table),
    ("UpdateTableReplicaAutoScaling", of_table),
    ("UpdateTable", lambda seen: {"TableName": TABLE, "DeletionProtectionEnabled": False}),
    ("DeleteTable", of_table),
]


def operations(server):
    """{operation: "yes", or what it was refused with}."""
    client, seen, out = load.Caller(server.url), {}, {}
    for name, request in CALLS:
        try:
            seen[name] = client.call(name, request(seen))
            if name == "CreateTable":
                client.table_is(TABLE, load.dynamo.is_active)
            out[name] = "yes"
        except load.dynamo.DynamoError as error:
            out[name] = error.type or str(error.status)
        except Unsupported as error:
            out[name] = str(error).partition(": ")[2]
    client.close()
    return out


# --- What it does: each raises one of FAILED if it does not ---


def check(holds, otherwise):
    if not holds:
        raise Unsupported(otherwise)


def await_true(holds, otherwise):
    end = time.monotonic() + WAIT_S
    while not holds():
        check(time.monotonic() < end, otherwise)
        time.sleep(0.1)


def transactions(client, table):
    items = [{"Put": {"TableName": table, "Item": key("a")}},
             {"ConditionCheck": {"TableName": table, "Key": key("none"), "ConditionExpression": "attribute_exists(pk)"}}]
    try:
        client.call("TransactWriteItems", {"TransactItems": items})
    except load.dynamo.DynamoError as error:
        check(error.type == "TransactionCanceledException", error)
        check("Item" not in client.call("GetItem", {"TableName": table, "Key": key("a")}), "half of a transaction was written")
        return
    raise Unsupported("the condition was not looked at")


def partiql(client, table):
    client.call("ExecuteStatement", {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'n': 1}}"})
    client.call("ExecuteStatement", {"Statement": f"UPDATE \"{table}\" SET n = n + 1 WHERE pk = 'a'"})
    found = client.call("ExecuteStatement", {"Statement": f"SELECT n FROM \"{table}\" WHERE pk = 'a'"})["Items"]
    check(found == [{"n": {"N": "2"}}], f"found {found}")


def streams(client, table):
    client.call("PutItem", {"TableName": table, "Item": key("a")})
    of = client.call("DescribeTable", {"TableName": table})["Table"]["LatestStreamArn"]

    def recorded():
        shards = client.call("DescribeStream", {"StreamArn": of})["StreamDescription"]["Shards"]
        starts = [client.call("GetShardIterator", {"StreamArn": of, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}) for shard in shards]
        return any(client.call("GetRecords", {"ShardIterator": start["ShardIterator"]})["Records"] for start in starts)
    await_true(recorded, "no record")


def time_to_live(client, table):
    client.call("UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ends"}})
    client.call("PutItem", {"TableName": table, "Item": {**key("a"), "ends": {"N": str(int(time.time()) - 60)}}})
    await_true(lambda: "Item" not in client.call("GetItem", {"TableName": table, "Key": key("a")}), f"the item is there after {WAIT_S} s")


def index_on_full_table(client, table):
    for number in range(ITEMS):
        client.call("PutItem", {"TableName": table, "Item": {**key(f"k{number}"), "g": {"S": "all"}}})
    index = {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    client.call("UpdateTable", {"TableName": table, "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
                                "GlobalSecondaryIndexUpdates": [{"Create": index}]})
    client.table_is(table, lambda found: load.dynamo.is_active(found) and found.get("GlobalSecondaryIndexes"))
    found = client.call("Query", {"TableName": table, "IndexName": "by-g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "all"}}})
    check(found["Count"] == ITEMS, f"the index has {found['Count']} of {ITEMS} items")


def item_limit(client, table):
    client.call("PutItem", {"TableName": table, "Item": {**key("a"), "v": {"S": "v" * (400 * 1024 - 4)}}})
    try:
        client.call("PutItem", {"TableName": table, "Item": {**key("a"), "v": {"S": "v" * (400 * 1024 - 3)}}})
    except load.dynamo.DynamoError:
        return
    raise Unsupported("a byte more is taken, too")


def atomic_updates(client, table):
    def add(_):
        own = load.Caller(f"http://{client.address.netloc}")
        for _ in range(ITEMS):
            own.call("UpdateItem", {"TableName": table, "Key": key("a"), "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "1"}}})
        own.close()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    total = client.call("GetItem", {"TableName": table, "Key": key("a")})["Item"]["n"]["N"]
    check(total == str(8 * ITEMS), f"{total} of {8 * ITEMS} counted")


STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
PROBES = {"transactions are all or nothing": (transactions, {}), "PartiQL": (partiql, {}), "streams": (streams, STREAM),
          f"time to live ends items within {WAIT_S} s": (time_to_live, {}), "index on a full table": (index_on_full_table, {}),
          "items end at 400 KB": (item_limit, {}), "8 clients count without loss": (atomic_updates, {})}


def probe(server, number, what, extra):
    client, table = load.Caller(server.url), f"probe-{number}"
    try:
        client.create_table(composed(table, **extra))
        what(client, table)
        return "yes"
    except FAILED as error:
        return f"no: {error}"[:100]
    finally:
        client.close()


# --- What it keeps ---


def put_until_killed(server):
    """Numbers of the items whose writes were answered before the server was killed."""
    answered, client = [], load.Caller(server.url)
    killer = threading.Timer(KILL_AFTER_S, server.process.kill)
    killer.start()
    try:
        while True:
            client.call("PutItem", {"TableName": TABLE, "Item": key(f"k{len(answered)}")})
            answered.append(len(answered))
    except Unsupported:
        return answered
    finally:
        client.close()
        killer.join()
        server.process.wait()


def killed(kind):
    with tempfile.TemporaryDirectory(prefix="stator-bench-", ignore_cleanup_errors=True) as home:
        server = kind.start(home)
        client = load.Caller(server.url)
        client.create_table(composed(TABLE))
        client.close()
        answered = put_until_killed(server)
        server = kind.start(home)
        client = load.Caller(server.url)
        try:
            found = sum("Item" in client.call("GetItem", {"TableName": TABLE, "Key": key(f"k{number}")}) for number in answered)
        finally:
            client.close()
            server.stop()
    return [f"{len(answered) - found:,} of {len(answered):,}"]


def put_item_us(kind):
    """Of the later ones, when the server has warmed up."""
    server, took = kind.start(), []
    client = load.Caller(server.url)
    try:
        client.create_table(composed(TABLE))
        for number in range(ITEMS):
            began = time.monotonic()
            client.call("PutItem", {"TableName": TABLE, "Item": key(f"k{number}")})
            took.append((time.monotonic() - began) * 1e6)
    finally:
        client.close()
        server.stop()
    return statistics.median(took[ITEMS // 2:])


def waits_for_disk(bench, kind):
    """[ms of a PutItem, whether it waits for a sync: when each sync takes longer, so does it]."""
    slow, took = kind.with_environment({"LD_PRELOAD": str(bench.build / "slow_sync.so"), "SLOW_SYNC_US": str(SYNC_US)}), put_item_us(kind)
    return [took / 1e3, "yes" if put_item_us(slow) - took > 0.9 * SYNC_US else "no"]


def installed_bytes(path):
    """A program's without its symbols, as a package has it."""
    if not os.access(path, os.X_OK) or path.read_bytes()[:4] != b"\x7fELF":
        return os.stat(path).st_size
    with tempfile.NamedTemporaryFile(prefix="stator-bench-") as out:
        done = subprocess.run(["strip", "-o", out.name, path], stderr=subprocess.DEVNULL, check=False)
        return os.stat(path if done.returncode else out.name).st_size  # some are for another machine


def megabytes(files):
    """Of files and of what is in folders, each once."""
    seen = {}
    for path in map(pathlib.Path, files):
        for found in [path, *path.rglob("*")] if path.is_dir() else [path]:
            if found.is_file() and not found.is_symlink():
                seen[os.stat(found).st_ino] = installed_bytes(found)
    return sum(seen.values()) / 1e6


# --- The part ---


def kept(bench, kind):
    """One row: in the form that keeps data, where there is one."""
    row, disk = [kind.name, megabytes(kind.files)], kind.on_disk()
    if disk is None:
        return row + [None, "keeps nothing", "keeps nothing"]
    for what, cells, measured in (("slow syncs", 2, lambda: waits_for_disk(bench, disk)), ("SIGKILL", 1, lambda: killed(disk))):
        try:
            row += measured()
        except (RuntimeError, OSError, *FAILED) as error:
            bench.skip(disk.name, what, error)
            row += [None] * cells
    return row


def facts(bench):
    missing = set(re.findall(r"^OPERATION\((\w+)", API.read_text(encoding="utf-8"), re.MULTILINE)) ^ {name for name, _ in CALLS}
    if missing:
        raise RuntimeError(f"facts.py does not know the operations of api.def: {missing}")
    kinds = [bench.stator("memory", name="stator")] + [kind for kind in bench.peers if not kind.name.endswith("-disk")]
    done, did = {}, {}
    for server in bench.start(kinds):
        server.tables |= {*MADE, *(f"probe-{number}" for number in range(len(PROBES)))}  # for clear()
        done[server.name] = operations(server)
        did[server.name] = [probe(server, number, what, extra) for number, (what, extra) in enumerate(PROBES.values())]
        bench.say(f"[facts] {server.name}: {sum(answer == 'yes' for answer in done[server.name].values())} operations, {did[server.name]}")
    bench.stop()
    bench.report.add_table("Operations", ["server", f"answered with 200, of {len(CALLS)}"],
                           [[name, sum(answer == "yes" for answer in row.values())] for name, row in done.items()])
    bench.report.add_table("Operations that some server does not carry out", ["operation", *done],
                           [[name, *(row[name] for row in done.values())] for name, _ in CALLS if {row[name] for row in done.values()} != {"yes"}])
    bench.report.add_table("What it does", ["", *did], [[what, *(row[number] for row in did.values())] for number, what in enumerate(PROBES)])
    rows = []
    for kind in [bench.stator("full"), *kinds[1:]]:
        if kind.ours:
            rows.append(kept(bench, kind))
            bench.say(f"[facts] {rows[-1]}")
    bench.report.add_table("What it keeps", ["server", "installed MB", "ms of a PutItem, one client", "it waits for the disk", "answered writes lost by SIGKILL"], rows)

# SPDX-License-Identifier: Apache-2.0
"""How figures change with the number of items, connections, tables, and with the size of items; and what a neighbour does
to GetItem's latency."""
import random
import time

import load
import rounds
import workloads
from load import Unsupported, body_of
from workloads import Workload

ITEMS = [10 ** power for power in range(3, 7)]
ITEMS_BIG = 10 ** 7
CONNECTIONS = (1, 4, 16, 64, 256, 1000)
TABLES = (1, 10, 100, 1000, 2500)
SIZES = (100, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 399 << 10)
READERS, LEAD_S = 8, 0.3
SLOW_SYNC_US = 2000


# --- Items, connections, sizes ---


def sorted_key(table, rng):
    at = rng.randrange(table.count)
    return {"pk": {"S": f"part-{at // table.partition:06}"}, "sk": {"S": f"{at % table.partition:06}"}}


def gets(table):
    return lambda rng, _: [("GetItem", body_of({"TableName": table.name, "Key": sorted_key(table, rng)})) for _ in range(workloads.PREPARED)]


def puts(table):
    value = {"n": {"N": "2"}, "r": {"S": "00000000"}, "v": {"S": "w" * 200}}
    return lambda rng, _: [("PutItem", body_of({"TableName": table.name, "Item": {**sorted_key(table, rng), **value}}))
                           for _ in range(workloads.PREPARED)]


def queries(table):
    return lambda rng, _: [("Query", workloads.query_body(table, rng, 10)) for _ in range(workloads.PREPARED)]


def by_items(big):
    out = []
    for count in ITEMS + [ITEMS_BIG] * big:
        table = workloads.range_table(f"items-{count}", count, workloads.PARTITION)
        out += [Workload("items", f"{name}, {count:,} items", (table,), make(table), x=count)
                for name, make in (("GetItem", gets), ("PutItem", puts), ("Query of 10", queries))]
    return out


def by_connections():
    small = workloads.SMALL
    return [Workload("connections", f"{name}, {count:,} connections", (small,), make(small), connections=count, x=count)
            for count in CONNECTIONS for name, make in (("GetItem", workloads.get_items), ("PutItem", workloads.put_items))]


def by_size():
    out = []
    for size in SIZES:
        table = workloads.hash_table(f"size-{size}", size, max(50, min(2000, (32 << 20) // size)))
        out += [Workload("bytes", f"{name}, {size:,} bytes", (table,), make(table, size), x=size)
                for name, make in (("GetItem", workloads.get_items), ("PutItem", workloads.put_items))]
    return out


# --- Tables ---


def across_tables(count):
    def requests(rng, _):
        return [("GetItem", body_of({"TableName": f"many-{rng.randrange(count)}", "Key": {"pk": {"S": "key-00000000"}}}))
                for _ in range(workloads.PREPARED)]
    return requests


def create_up_to(server, have, count):
    """Tables with an item each; returns milliseconds for each, or raises Unsupported."""
    client, began = load.Caller(server.url), time.monotonic()
    for number in range(have, count):
        client.create_table(workloads.hash_table(f"many-{number}").create())
        client.call("PutItem", {"TableName": f"many-{number}", "Item": {"pk": {"S": "key-00000000"}, "v": {"S": "v" * 250}}})
        if time.monotonic() - began > 2 * load.FILL_LIMIT_S:
            raise Unsupported(f"{count - have} tables take longer than {2 * load.FILL_LIMIT_S} s")
    client.close()
    return (time.monotonic() - began) / (count - have) * 1e3


def by_tables(bench):
    """Stage by stage: how many tables there are is the axis, so a server cannot have all stages at once."""
    running, rows, have = bench.start(bench.kinds()), [], 0
    for count in TABLES:
        workload = Workload("tables", f"GetItem, {count:,} tables", (), across_tables(count), x=count)
        if not bench.chosen([workload]):
            continue
        for server in [server for server in running if server.name not in ("bare", *rounds.DURABILITIES)]:
            try:
                rows.append([server.name, count, create_up_to(server, have, count), server.resident()])
            except (Unsupported, load.dynamo.DynamoError, AssertionError) as error:
                bench.skip(server.name, f"{count:,} tables and more", error)
                running.remove(server)
        rounds.measure(bench, "growth", [workload], running)
        have = count
    if rows:
        bench.report.add_table("Tables", ["server", "tables", "ms to create one more and put an item", "RSS MiB"], rows)
    bench.stop()


def growth(bench):
    by_tables(bench)
    every = bench.chosen(by_connections() + by_size() + by_items(bench.options.big))
    if every:
        rounds.measure(bench, "growth", every, bench.start(bench.kinds()))


# --- Neighbours ---


class Wrk:
    """Full-speed load beside a sample."""

    def __init__(self, bench, server, workload):
        self.requests = load.Requests(rounds.make_requests(workload, server, 0))
        seconds = bench.options.seconds * (load.RETRIES + 1) + 3
        self.process = load.start_wrk(server.url, "requests.lua", workload.connections, seconds, self.requests.of(server))

    def __enter__(self):
        time.sleep(LEAD_S)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.requests.__exit__()


class Backfill:
    """An index that is being filled beside a sample. Afterwards it is removed."""

    def __init__(self, bench, server, workload):
        self.bench, self.client, self.table = bench, load.Caller(server.url, timeout=120), workload.tables[0].name

    def __enter__(self):
        self.client.call("UpdateTable", {"TableName": self.table, "AttributeDefinitions": [{"AttributeName": "r", "AttributeType": "S"}],
                                         "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-r", "Projection": {"ProjectionType": "ALL"},
                                                                                     "KeySchema": [{"AttributeName": "r", "KeyType": "HASH"}]}}]})

    def __exit__(self, *_):
        description = self.client.table_is(self.table, lambda _: True)
        if load.dynamo.is_active(description):
            self.bench.say("the backfill ended before the sample did")
        self.client.table_is(self.table, load.dynamo.is_active, seconds=120)
        self.client.call("UpdateTable", {"TableName": self.table, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-r"}}]})
        self.client.table_is(self.table, lambda found: found["TableStatus"] == "ACTIVE" and not found.get("GlobalSecondaryIndexes"), seconds=120)
        self.client.close()


def neighbour_cases(running, slow):
    """[(name of the case, server, what runs beside, its workload)]."""
    scan = Workload("neighbours", "Scan", (workloads.SCANNED,), workloads.scans(workloads.SEGMENTS), connections=workloads.SEGMENTS)
    put = Workload("neighbours", "PutItem", (workloads.SMALL,), workloads.put_items(workloads.SMALL))
    out = []
    for server in running:
        out += [("GetItem alone", server, None, None), ("GetItem beside a Scan in 4 segments", server, Wrk, scan),
                ("GetItem beside PutItem", server, Wrk, put)]
        if server.name.startswith("stator"):
            out.append(("GetItem beside a backfill", server, Backfill, scan))
    return out + [("GetItem alone, 2 ms syncs", slow, None, None), ("GetItem beside PutItem, 2 ms syncs", slow, Wrk, put)]


def neighbour_sample(bench, server, beside, workload, number):
    load.settle(server, rounds.SETTLE_S)
    with load.Requests(workloads.get_items(workloads.SMALL)(random.Random(number), server)) as requests:
        if beside is None:
            row = load.sample(server, requests, READERS, bench.options.seconds)
        else:
            with beside(bench, server, workload):
                row = load.sample(server, requests, READERS, bench.options.seconds, retries=0)
            row.pop("cpu_us", None)  # the neighbour's is in it
    return row


def neighbours(bench):
    kinds = [kind for kind in bench.kinds() if kind.name not in ("bare", "stator-process")]
    slow_environment = {"LD_PRELOAD": str(bench.build / "slow_sync.so"), "SLOW_SYNC_US": str(SLOW_SYNC_US)}
    running = bench.start(kinds + [bench.stator(name="stator-slow-disk", environment=slow_environment)])
    slow, able = bench.servers["stator-slow-disk"], []
    for server in running:
        try:
            load.make(server, workloads.SMALL)
            if server is not slow:
                load.make(server, workloads.SCANNED)
                able.append(server)
        except (Unsupported, load.dynamo.DynamoError) as error:
            bench.skip(server.name, "neighbours", error)
    for server in running:
        load.settle(server, rounds.SETTLE_FILLED_S)
    for number in range(bench.options.rounds):
        for name, server, beside, workload in neighbour_cases(rounds.turned(able, number), slow):
            label = Workload("neighbours", name, (), None, connections=READERS)
            if not bench.chosen([label]):
                continue
            try:
                row = neighbour_sample(bench, server, beside, workload, number)
            except (Unsupported, load.dynamo.DynamoError) as error:
                bench.skip(server.name, name, error)
                continue
            bench.report.add("neighbours", label, server.name, number, row)
            bench.say(f"[neighbours, round {number + 1}] {name:38} {server.name:16} p50 {row['p50_ms']:7.2f} p99 {row['p99_ms']:8.2f} ms")

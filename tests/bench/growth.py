# SPDX-License-Identifier: Apache-2.0
"""How figures change with the number of items, connections, tables, event loops, and with the size of items."""
import dataclasses
import statistics
import time

import load
import rounds
import servers
import workloads
from load import Unsupported, body_of
from workloads import Workload

ITEMS = [10 ** power for power in range(3, 7)]
ITEMS_BIG, CACHE_BIG_MIB = 10 ** 7, 4096  # the cache holds them all
CONNECTIONS = (1, 4, 16, 64, 256, 1000)
TABLES = (1, 10, 100, 1000, 2500)
SIZES = (100, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 399 << 10)
LOOPS, LOOPS_CONNECTIONS = (1, 2), 64


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
        out += [Workload("items", f"{name}, {count:,} items", (table,), make(table), x=count, warm=make is not puts)
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
        server.tables.add(f"many-{number}")
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
            except (Unsupported, load.dynamo.DynamoError, OSError, AssertionError) as error:
                bench.skip(server.name, f"{count:,} tables and more", error)
                running.remove(server)
        rounds.measure(bench, "growth", [workload], running)
        have = count
    if rows:
        bench.report.add_table("Tables", ["server", "tables", "ms to create one more and put an item", "RSS MiB"], rows)
    bench.stop()


def growth(bench):
    by_tables(bench)
    every, kinds = bench.chosen(by_connections() + by_size() + by_items(bench.options.big)), bench.kinds()
    if bench.options.big:
        kinds.append(bench.stator(name="stator-cached", environment={"STATOR_CACHE_MIB": str(CACHE_BIG_MIB)}))
    if every:
        rounds.measure(bench, "growth", every, bench.start(kinds))


# --- Event loops ---


def loops(bench):
    """What a second loop costs a request. All stand beside each other, Stator in memory, so that the CPU is what limits; what
    the machine makes of three busy threads on its cores is in the bare server's figures, too."""
    mixed, seen = dataclasses.replace(workloads.ycsb()[1], connections=LOOPS_CONNECTIONS), {}
    for count in LOOPS:
        for kind in servers.bare(bench.build, count), servers.stator(bench.build, count, "memory"):
            bench.servers[kind.name, count] = kind.start()
    ours = [server for (name, _), server in bench.servers.items() if name != "bare"]
    for server in ours:
        load.make(server, workloads.YCSB)
    answer_bytes = load.probe(ours[0], rounds.make_requests(mixed, ours[0], 0))
    for number in range(bench.options.rounds):
        for key in rounds.turned(list(bench.servers), number):
            server = bench.servers[key]
            load.settle(server, rounds.SETTLE_S)
            with load.Requests(rounds.make_requests(mixed, ours[0], number), answer_bytes) as requests:
                seen.setdefault(key, []).append(load.sample(server, requests, mixed.connections, bench.options.seconds))
        bench.say(f"[loops {number + 1}/{bench.options.rounds}]")
    bench.report.add_table(f"Loops: {mixed.name}, {mixed.connections} connections", ["server", "loops", "requests/s", "p99 ms", "CPU us", "CPU to one loop"],
                           [[name, count, *(statistics.median(row[figure] for row in rows) for figure in ("per_second", "p99_ms", "cpu_us")),
                             f'{statistics.median(row["cpu_us"] / one["cpu_us"] for row, one in zip(rows, seen[name, LOOPS[0]])):.2f}']
                            for (name, count), rows in sorted(seen.items())])

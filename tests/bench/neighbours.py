# SPDX-License-Identifier: Apache-2.0
"""What a neighbour does to GetItem's latency: a parallel Scan, writes, a backfill, and writes on a disk with slow syncs."""
import random
import time

import load
import rounds
import workloads
from load import Unsupported
from workloads import Workload

READERS, LEAD_S = 8, 0.3
SLOW_SYNC_US = 2000


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
    kinds = [kind for kind in bench.kinds() if kind.name not in ("bare", "stator-process", "dynamodb-local-disk")]
    slow_environment = {"LD_PRELOAD": str(bench.build / "slow_sync.so"), "SLOW_SYNC_US": str(SLOW_SYNC_US)}
    running = bench.start(kinds + [bench.stator(name="stator-slow-disk", environment=slow_environment)])
    slow, able = bench.servers["stator-slow-disk"], []
    for server in running:
        try:
            load.make(server, workloads.SMALL)
            if server is not slow:
                load.make(server, workloads.SCANNED)
                able.append(server)
        except (Unsupported, load.dynamo.DynamoError, OSError) as error:
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
            except (Unsupported, load.dynamo.DynamoError, OSError) as error:
                bench.skip(server.name, name, error)
                continue
            bench.report.add("neighbours", label, server.name, number, row)
            bench.say(f"[neighbours, round {number + 1}] {name:38} {server.name:16} p50 {row['p50_ms']:7.2f} p99 {row['p99_ms']:8.2f} ms")

# SPDX-License-Identifier: Apache-2.0
"""Interleaving: in every round each workload runs once on each server, the servers of one workload next to each other and
in an order that turns from round to round, so that what disturbs the machine disturbs all."""
import random
import time

import load
from load import Unsupported

DURABILITIES = ("stator-process", "stator-memory", "dynamodb-local-disk")  # beside the same server; for workloads that write
SETTLE_S = 3  # before a sample, at most
WARM_S = 1
SETTLE_FILLED_S = 120  # once the tables are filled, at most


def make_requests(workload, server, number):
    return workload.requests(random.Random(f"{workload.name} {number}"), server)


def prepare(bench, workload, server):
    """Makes the tables and sends a few requests. Returns the mean length of their answers, or None if that cannot be."""
    try:
        for table in workload.tables:
            load.make(server, table)
        return load.probe(server, make_requests(workload, server, 0))
    except (Unsupported, load.dynamo.DynamoError, OSError, KeyError) as error:
        bench.skip(server.name, workload.name, error if not isinstance(error, KeyError) else f"its answer lacks {error}")
        return None


def cases_of(bench, workloads, servers):
    """[(workload, [server], bytes of an answer)]. What Stator cannot do is not measured."""
    out = []
    for number, workload in enumerate(workloads):
        bench.say(f"[tables {number + 1}/{len(workloads)}] {workload.name}")
        wanted = [server for server in servers if server.name != "bare" and (workload.writes or server.name not in DURABILITIES)]
        ours = next(server for server in wanted if server.name == "stator")
        answer_bytes = prepare(bench, workload, ours)
        if answer_bytes is not None:
            able = [server for server in wanted if server is not ours and prepare(bench, workload, server) is not None]
            out.append((workload, [server for server in servers if server.name == "bare"] + [ours] + able, answer_bytes))
    return out


def sample(bench, workload, server, number, answer_bytes):
    """One sample, or None if the server failed."""
    try:
        load.settle(server, SETTLE_S)
        made_for = server if server.name != "bare" else bench.servers["stator"]
        with load.Requests(make_requests(workload, made_for, number), answer_bytes) as requests:
            if workload.warm:
                load.run_wrk(server.url, "requests.lua", workload.connections, WARM_S, requests.of(server))
            return load.sample(server, requests, workload.connections, bench.options.seconds)
    except (Unsupported, load.dynamo.DynamoError, OSError) as error:  # OSError: the server is gone
        bench.skip(server.name, workload.name, error)
        return None


def turned(servers, number):
    at = number % len(servers)
    order = servers[at:] + servers[:at]
    return order if number % 2 == 0 else order[::-1]


def measure(bench, part, workloads, servers):
    """All rounds of all workloads; the samples go into the report."""
    cases = cases_of(bench, workloads, servers)
    for server in servers:
        load.settle(server, SETTLE_FILLED_S)
    dropped, done, began = set(), 0, time.monotonic()
    total = bench.options.rounds * sum(len(able) for _, able, _ in cases)
    for number in range(bench.options.rounds):
        for workload, able, answer_bytes in cases:
            for server in turned(able, number):
                done += 1
                if (workload.name, server.name) in dropped:
                    continue
                row = sample(bench, workload, server, number, answer_bytes)
                if row is None:
                    dropped.add((workload.name, server.name))
                    continue
                bench.report.add(part, workload, server.name, number, row)
                left = (time.monotonic() - began) / done * (total - done)
                cpu = f"{row['cpu_us']:8.1f} us CPU" if "cpu_us" in row else " " * 15
                bench.say(f"[{done}/{total}] round {number + 1}  {workload.name:42.42} {server.name:15} {row['per_second']:9.0f}/s {cpu}  {left:5.0f} s left")

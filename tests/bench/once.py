# SPDX-License-Identifier: Apache-2.0
"""What is measured without wrk: cold start, memory, a test suite's wall time, real SDKs."""
import concurrent.futures
import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import load
import rounds
import servers
import workloads
from load import Unsupported

HERE = pathlib.Path(__file__).resolve().parent
SETTLE_S = 0.5
TESTS, CALLS, TOGETHER = 50, 20, 4
LOADED, LOAD_S = 100_000, 5


# --- Cold start ---


def first_answer(kind, directory):
    """Milliseconds from exec to the first answer to ListTables; and idle memory."""
    began = time.monotonic()
    server = kind.start(directory)
    try:
        client = load.Caller(server.url)
        client.call("ListTables", {})
        took = (time.monotonic() - began) * 1e3
        client.close()
        time.sleep(SETTLE_S)
        return took, server.resident()
    finally:
        server.stop()


def start_cases(bench, home):
    """[(name, kind, directory of its own or one that stays)]."""
    loaded = bench.stator()
    server = loaded.start(home)
    load.make(server, dataclasses.replace(workloads.SMALL, count=LOADED))
    server.stop()
    return [("stator, fresh directory", bench.stator(), None), (f"stator, {LOADED:,} items", loaded, home),
            ("stator, in memory", bench.stator("memory"), None)] + [(kind.name, kind, None) for kind in bench.peers if kind.ours]


def start(bench):
    home = tempfile.mkdtemp(prefix="stator-bench-")
    try:
        cases = start_cases(bench, home)
        seen = {name: [] for name, _, _ in cases}
        for number in range(bench.options.rounds):
            for name, kind, directory in rounds.turned(cases, number):
                seen[name].append(first_answer(kind, directory))
            bench.say(f"[start {number + 1}/{bench.options.rounds}]")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    bench.report.add_table("Cold start", ["server", "first answer ms", "least", "idle RSS MiB"],
                           [[name, statistics.median(took for took, _ in rows), min(took for took, _ in rows), statistics.median(rss for _, rss in rows)]
                            for name, rows in seen.items()])


# --- Memory ---


def memory(bench):
    table = dataclasses.replace(workloads.SMALL, name="loaded", item=workloads.item("@i@"), count=LOADED)
    columns = ["server", "idle MiB", f"{LOADED:,} items of 300 B", f"after {LOAD_S} s of PutItem and GetItem", "5 s later"]
    rows = []
    for server in bench.start(bench.kinds()):
        if server.name == "bare" or server.pid is None:
            continue
        row = [server.name, server.resident()]
        try:
            load.make(server, table)
            row.append(server.resident())
            for requests in (workloads.put_items(table), workloads.get_items(table)):
                with load.Requests(requests(workloads.random.Random(1), server)) as made:
                    load.run_wrk(server.url, "requests.lua", 16, LOAD_S, made.of(server))
            row.append(server.resident())
            time.sleep(5)
            row.append(server.resident())
        except Unsupported as error:
            bench.skip(server.name, "memory under load", error)
            row += [None] * (len(columns) - len(row))
        bench.say(f"[memory] {row}")
        rows.append(row)
    bench.report.add_table("Memory", columns, rows)


def soak(bench):
    """Resident memory minute by minute under YCSB A, on disk and in memory."""
    mixed, rows = workloads.ycsb()[0], []
    running = bench.start([bench.stator(), bench.stator("memory")])
    for server in running:
        load.make(server, workloads.YCSB)
    for minute in range(bench.options.minutes):
        for server in running:
            with load.Requests(rounds.make_requests(mixed, server, minute)) as made:
                load.run_wrk(server.url, "requests.lua", 16, 60 // len(running), made.of(server))
        rows.append([minute + 1, *(server.resident() for server in running)])
        bench.say(f"[soak {minute + 1}/{bench.options.minutes}] {rows[-1][1:]} MiB")
    bench.report.add_table("Memory under load", ["minute", *(f"{server.name} MiB" for server in running)], rows)


# --- A test suite ---


def one_test(url, number):
    """What an integration test does: a table of its own, twenty calls, and away with it."""
    client, table = load.Caller(url), f"test-{number}"
    client.create_table(workloads.hash_table(table).create())
    keys = [{"pk": {"S": f"k{at}"}} for at in range(CALLS // 2)]
    for key in keys:
        client.call("PutItem", {"TableName": table, "Item": {**key, "v": {"S": "value"}}})
    for key in keys[:5]:
        client.call("GetItem", {"TableName": table, "Key": key})
    for key in keys[:3]:
        client.call("UpdateItem", {"TableName": table, "Key": key, "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}})
    client.call("Scan", {"TableName": table})
    client.call("DeleteItem", {"TableName": table, "Key": keys[0]})
    client.delete_table(table)
    client.close()


def suite_seconds(server, together):
    began = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(together) as pool:
        list(pool.map(one_test, [server.url] * TESTS, range(TESTS)))
    return time.monotonic() - began


def suite(bench):
    running = [server for server in bench.start(bench.kinds()) if server.name != "bare"]
    seen = {}
    for number in range(bench.options.rounds):
        for server in rounds.turned(running, number):
            for together in (1, TOGETHER):
                try:
                    cpu = server.cpu()
                    took = suite_seconds(server, together)
                    used = (server.cpu() - cpu) * 1e3 if cpu is not None else None
                    seen.setdefault((server.name, together), []).append((took, used))
                except (Unsupported, load.dynamo.DynamoError, AssertionError) as error:
                    bench.skip(server.name, "the suite", error)
        bench.say(f"[suite {number + 1}/{bench.options.rounds}]")
    bench.report.add_table(f"A suite of {TESTS} tests: create a table, {CALLS} calls, delete it", ["server", "at once", "seconds", "server CPU ms"],
                           [[name, together, statistics.median(took for took, _ in rows), None if rows[0][1] is None else statistics.median(cpu for _, cpu in rows)]
                            for (name, together), rows in seen.items()])


# --- Real SDKs ---


def sdk_clients(bench):
    """{name: command} of the SDKs that can be had."""
    out = {}
    for name, install, command in (
            ("boto3", lambda: servers.install_python(servers.SDK_PYTHON, "boto3", bench.say), [str(servers.PYTHON / "bin" / "python"), str(HERE / "sdk_boto3.py")]),
            ("JavaScript v3", lambda: servers.install_node(servers.SDK_JS, "@aws-sdk/client-dynamodb", bench.say), ["node", str(HERE / "sdk_js.mjs"), str(servers.NODE)])):
        try:
            install()
            out[name] = command
        except RuntimeError as error:
            bench.skip(name, "everything", error)
    return out


def sdk(bench):
    """The SDK is most of the time; it shows that the figures of wrk are of this world."""
    clients, seen = sdk_clients(bench), {}
    running = [server for server in bench.start(bench.kinds()) if server.name != "bare"]
    for number in range(bench.options.rounds):
        for client, command in clients.items():
            for server in rounds.turned(running, number):
                done = subprocess.run([*command, server.url, str(bench.options.seconds)], capture_output=True, text=True, check=False, timeout=120)
                if done.returncode != 0:
                    bench.skip(server.name, client, done.stderr.strip()[-300:])
                    continue
                for line in done.stdout.splitlines():
                    row = json.loads(line)
                    seen.setdefault((client, row["operation"], server.name), []).append(row)
        bench.say(f"[sdk {number + 1}/{bench.options.rounds}]")
    bench.report.add_table("Through an SDK", ["client", "operation", "server", "requests/s", "p50 ms", "p99 ms"],
                           [[*key, *(statistics.median(row[figure] for row in rows) for figure in ("per_second", "p50_ms", "p99_ms"))]
                            for key, rows in sorted(seen.items())])

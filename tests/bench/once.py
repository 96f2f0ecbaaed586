# SPDX-License-Identifier: Apache-2.0
"""What is measured without wrk: cold start, memory, a test suite's wall time, real SDKs, our own library."""
import concurrent.futures
import dataclasses
import json
import pathlib
import resource
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
MADE = 10  # tables, after a start
TESTS, CALLS, TOGETHER = 50, 20, 4
LOADED, LOAD_S = 100_000, 5


# --- Cold start ---


def create_table_ms(client):
    """A table that is made, as a client sees it that does nothing else."""
    took = []
    for number in range(MADE):
        began = time.monotonic()
        client.call("CreateTable", workloads.hash_table(f"made-{number}").create())
        took.append((time.monotonic() - began) * 1e3)
    for number in range(MADE):
        client.table_is(f"made-{number}", load.dynamo.is_active)
        client.delete_table(f"made-{number}")
    return statistics.median(took)


def first_answer(kind, directory):
    """Milliseconds from exec to the first answer to ListTables, the CPU's until then, idle memory, and a table's making."""
    server = kind.start(directory)
    try:
        client = load.Caller(server.url)
        client.call("ListTables", {})
        took, cpu = (time.monotonic() - server.began) * 1e3, server.cpu() * 1e3
        client.close()
        time.sleep(SETTLE_S)
        return took, cpu, server.resident(), create_table_ms(load.Caller(server.url))
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
                try:
                    seen[name].append(first_answer(kind, directory))
                except (RuntimeError, Unsupported, load.dynamo.DynamoError) as error:
                    bench.skip(name, "cold start", error)
            bench.say(f"[start {number + 1}/{bench.options.rounds}]")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    bench.report.add_table("Cold start", ["server", "first answer ms", "least", "CPU ms", "idle RSS MiB", "CreateTable ms"],
                           [[name, statistics.median(took), min(took), *map(statistics.median, (cpu, rss, create))]
                            for name, (took, cpu, rss, create) in ((name, zip(*rows)) for name, rows in seen.items() if rows)])


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
        except (Unsupported, OSError) as error:
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
    """Runs in a process of its own, out of which only plain errors come."""
    client = load.Caller(url)
    try:
        table_of_its_own(client, f"test-{number}")
    except (load.dynamo.DynamoError, AssertionError) as error:
        raise Unsupported(str(error)) from None
    finally:
        client.close()


def table_of_its_own(client, table):
    """What an integration test does: a table, twenty calls, and away with it."""
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
                except (Unsupported, OSError) as error:
                    bench.skip(server.name, "the suite", error)
        bench.say(f"[suite {number + 1}/{bench.options.rounds}]")
    bench.report.add_table(f"A suite of {TESTS} tests: create a table, {CALLS} calls, delete it", ["server", "at once", "seconds", "server CPU ms"],
                           [[name, together, statistics.median(took for took, _ in rows), None if rows[0][1] is None else statistics.median(cpu for _, cpu in rows)]
                            for (name, together), rows in seen.items()])


# --- Real SDKs ---


def sdk_clients(bench):
    """{name: command} of our own library and of the SDKs that can be had, one call after the other unless they say otherwise."""
    out = {"libstator": [str(bench.build / "bench_client")]}
    node = lambda: servers.install_node(servers.SDK_JS, "@aws-sdk/client-dynamodb", bench.say)  # noqa: E731
    for name, install, command in (
            ("boto3", lambda: servers.install_python(servers.SDK_PYTHON, "boto3", bench.say), [str(servers.PYTHON / "bin" / "python"), str(HERE / "sdk_boto3.py")]),
            ("JavaScript v3", node, ["node", str(HERE / "sdk_js.mjs"), str(servers.NODE), "1"]),
            ("JavaScript v3, 16 at once", node, ["node", str(HERE / "sdk_js.mjs"), str(servers.NODE), "16"])):
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
    bench.report.add_table("Through an SDK", ["client", "operation", "server", "requests/s", "p50 ms", "p99 ms", "client CPU us"],
                           [[*key, *(statistics.median(row[figure] for row in rows) for figure in ("per_second", "p50_ms", "p99_ms", "cpu_us"))]
                            for key, rows in sorted(seen.items())])


# --- The library and the command line ---

IMPORTED = 1_000_000


def import_once(bench, kind, path):
    """[items/s, client CPU us, server CPU us] of an item, for a file of items read by `stator-cli import`."""
    server = kind.start()
    try:
        before, used = server.cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        subprocess.run([str(bench.build / "stator-cli"), "import", str(path), "--table", "imported", "--create", "pk", "--quiet",
                        "--endpoint", server.url], check=True, timeout=600)
        took, now = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        client = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        return [IMPORTED / took, client / IMPORTED * 1e6, (server.cpu() - before) / IMPORTED * 1e6]
    finally:
        server.stop()


def library(bench):
    """Whether the client or the server limits an import: whose CPU is it? And how large the library is."""
    shared = bench.build / "client/libstator.so"
    with tempfile.TemporaryDirectory(prefix="stator-bench-") as home:
        stripped = pathlib.Path(home) / "libstator.so"
        subprocess.run(["strip", "-o", str(stripped), str(shared)], check=True)
        bench.report.add_table("libstator.so, stripped", ["KB"], [[stripped.stat().st_size / 1000]])
        path = pathlib.Path(home) / "items.jsonl"
        with path.open("w", encoding="utf-8") as out:
            for number in range(IMPORTED):
                out.write(f'{{"pk":{{"S":"item#{number:08d}"}},"n":{{"N":"{number}"}},"v":{{"S":"{"v" * 200}"}}}}\n')
        rows = {}
        for number in range(min(bench.options.rounds, 3)):
            for kind in bench.stator("memory"), bench.stator("full"):
                rows.setdefault(kind.name, []).append(import_once(bench, kind, path))
            bench.say(f"[library {number + 1}]")
    bench.report.add_table(f"stator import of {IMPORTED:,} items of 250 bytes", ["server", "items/s", "client CPU us", "server CPU us"],
                           [[name, *(statistics.median(column) for column in zip(*seen))] for name, seen in rows.items()])

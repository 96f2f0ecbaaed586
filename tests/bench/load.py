# SPDX-License-Identifier: Apache-2.0
"""Load on a server: tables made and filled, single calls, and samples of what wrk measures.

The judge is wrk, not a client of ours. What is trusted, in this order: ratios of the same round, the server's CPU for each
request, absolute rates. A sample during which other processes used more than FOREIGN_MAX of a core is taken again.
"""
import dataclasses
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

from servers import busy_seconds

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import dynamo  # noqa: E402  pylint: disable=wrong-import-position

FOREIGN_MAX = 0.25  # of one core; an unsynced file system's own threads count as foreign
RETRIES = 2
SETTLE_S, SETTLE_SHARE = 0.05, 0.1  # idle: less than that share of a core for so long
ERRORS_MAX = 0.01  # of the requests: two transactions may meet
FILL_LIMIT_S = 30  # a peer that is slower at filling a table does without it
OUR_FILL_LIMIT_S = 1800
FILL_BYTES, FILL_TOGETHER = 4 << 20, 4  # of one BatchWriteItem; runs of wrk, one connection each


class Unsupported(Exception):
    """This server cannot do that; the text says why."""


class Caller(dynamo.Client):
    """A client that takes any server's answers."""
    check = staticmethod(lambda response, answer: None)

    def call(self, operation, request):
        target, _, name = operation.rpartition(".")
        try:
            status, _, answer = self.raw(name, json.dumps(request).encode(), {"X-Amz-Target": operation} if target else None)
        except dynamo.LOST as error:
            raise Unsupported(f"{name}: {type(error).__name__} {error}") from None
        try:
            body = json.loads(answer) if answer else {}
        except ValueError:
            raise Unsupported(f"{name}: {status}, and no JSON") from None
        if status != 200:
            raise dynamo.DynamoError(status, body)
        return body


def body_of(request):
    return json.dumps(request, separators=(",", ":"))


# --- Tables ---


@dataclasses.dataclass(frozen=True)
class Table:
    """A table and its items. `item` is JSON with the words of fill.lua; `extra` are more members of CreateTable; `after`
    is called with a client once the table is filled, and may raise Unsupported."""
    name: str
    item: str
    count: int
    partition: int = 1
    sorted: bool = False
    extra: str = "{}"
    attributes: tuple = ()
    after: object = None

    def create(self):
        keys = ["pk", "sk"] if self.sorted else ["pk"]
        schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))]
        definitions = [{"AttributeName": name, "AttributeType": "S"} for name in (*keys, *self.attributes)]
        return {"TableName": self.name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema, "AttributeDefinitions": definitions,
                **json.loads(self.extra)}


def make(server, table):
    """The table, filled. What failed once is not tried again."""
    if table.name in server.failed:
        raise Unsupported(server.failed[table.name])
    if table.name in server.tables:
        return
    client = Caller(server.url)
    try:
        client.create_table(table.create())
        server.tables.add(table.name)  # clear() deletes it, whatever comes now
        fill(server, table)
        if table.after is not None:
            table.after(client)
    except (Unsupported, dynamo.DynamoError) as error:
        server.failed[table.name] = f"table {table.name}: {error}"
        raise Unsupported(server.failed[table.name]) from None
    finally:
        client.close()


def clear(server):
    """Leaves no table of ours on a server that runs on."""
    client = Caller(server.url)
    for name in sorted(server.tables | {"sdk-js", "sdk-python"}):
        try:
            client.delete_table(name)
        except (Unsupported, dynamo.DynamoError, AssertionError):
            continue  # it was not made, or the server is gone
    client.close()


def fill(server, table):
    limit = OUR_FILL_LIMIT_S if server.name.startswith("stator") else FILL_LIMIT_S
    environment = {"BENCH_TABLE": table.name, "BENCH_BATCH": str(max(1, min(25, FILL_BYTES // len(table.item)))),
                   "BENCH_PARTITION": str(table.partition)}
    with tempfile.NamedTemporaryFile("w", prefix="stator-bench-", encoding="utf-8") as item:
        item.write(table.item)
        item.flush()
        parts = [start_wrk(server.url, "fill.lua", 1, limit, dict(environment, BENCH_ITEM=item.name, BENCH_FIRST=str(first), BENCH_END=str(end)))
                 for first, end in slices(table.count, FILL_TOGETHER)]
        outs = [part.communicate()[0] for part in parts]
    for out in outs:
        ended = re.search(r"^BENCH \d+ of \d+ ?(.*)$", out, re.MULTILINE)
        if ended is None:
            raise Unsupported(f"{table.count:,} items took longer than {limit} s")
        if ended.group(1):
            raise Unsupported(f"BatchWriteItem: {ended.group(1)}")


def slices(count, parts):
    ends = [count * part // parts for part in range(parts + 1)]
    return [(first, end) for first, end in zip(ends, ends[1:]) if first < end]


def settle(server, limit):
    """Waits until a server does nothing any more: what it does in the background is not the next sample's."""
    end = time.monotonic() + limit
    while server.pid is not None and time.monotonic() < end:
        before = server.cpu()
        time.sleep(SETTLE_S)
        if server.cpu() - before < SETTLE_SHARE * SETTLE_S:
            return


# --- wrk ---


def start_wrk(url, script, connections, seconds, environment):
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / script), url],
                            env=dict(os.environ, BENCH_HERE=str(HERE), **environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish_wrk(process):
    out = process.communicate()[0]
    if process.returncode != 0:
        raise Unsupported(f"wrk: {out.strip()[-300:]}")
    return out


def run_wrk(url, script, connections, seconds, environment):
    return finish_wrk(start_wrk(url, script, connections, seconds, environment))


class Requests:
    """A file of requests for wrk, and the path that makes the bare server answer as much as the others."""

    def __init__(self, requests, answer_bytes=0):
        with tempfile.NamedTemporaryFile("w", prefix="stator-bench-", suffix=".requests", delete=False, encoding="utf-8") as out:
            for operation, body in requests:
                out.write(f"{operation if '.' in operation else 'DynamoDB_20120810.' + operation}\t{body}\n")
        self.environment = {"BENCH_REQUESTS": out.name, "BENCH_PATH": "/"}
        self.answer_bytes = answer_bytes

    def of(self, server):
        return dict(self.environment, BENCH_PATH=f"/{self.answer_bytes}") if server.name == "bare" else self.environment

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.unlink(self.environment["BENCH_REQUESTS"])


def result_of(out):
    """What requests.lua wrote, as a sample. Raises Unsupported if too many requests failed."""
    found = re.search(r"^BENCH (.*)$", out, re.MULTILINE)
    if found is None:
        raise Unsupported(f"wrk: {out.strip()[-300:]}")
    result = json.loads(found.group(1))
    if result["requests"] == 0:
        raise Unsupported("no request was answered in the time of a sample")
    if result["errors"] > ERRORS_MAX * result["requests"]:
        raise Unsupported(f"{result['errors']} of {result['requests']} requests failed")
    return {"requests": result["requests"], "per_second": result["requests"] / result["duration_us"] * 1e6, "errors": result["errors"],
            **{f"{name}_ms": result[f"{name}_us"] / 1e3 for name in ("p50", "p99", "p999")}}


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sample(server, requests, connections, seconds, retries=None):
    """One run of wrk against a server."""
    for attempt in range((RETRIES if retries is None else retries) + 1):
        own, cpu, busy, began = children_cpu(), server.cpu(), busy_seconds(), time.monotonic()
        row = result_of(run_wrk(server.url, "requests.lua", connections, seconds, requests.of(server)))
        took = time.monotonic() - began
        if cpu is not None:
            cpu = server.cpu() - cpu
            row["cpu_us"] = cpu / row["requests"] * 1e6
        row["foreign"] = max(0.0, busy_seconds() - busy - (cpu or 0) - children_cpu() + own) / took
        if row["foreign"] <= FOREIGN_MAX:
            break
    return {**row, "attempts": attempt + 1, "rss_mib": server.resident()}


def probe(server, requests):
    """Sends the first few; returns the mean length of an answer, or raises Unsupported with the server's words."""
    client, lengths = Caller(server.url), []
    try:
        for operation, body in requests[:8]:
            target, _, name = operation.rpartition(".")
            status, _, answer = client.raw(name, body.encode(), {"X-Amz-Target": operation} if target else None)
            if status != 200:
                raise Unsupported(f"{name}: {status} {answer.decode(errors='replace')[:200]}")
            lengths.append(len(answer))
    except dynamo.LOST as error:
        raise Unsupported(f"{type(error).__name__} {error}") from None
    finally:
        client.close()
    return sum(lengths) // len(lengths)

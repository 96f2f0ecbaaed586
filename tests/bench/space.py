# SPDX-License-Identifier: Apache-2.0
"""How soon space comes back, and what that costs others: a table of 1 GB is dropped, a tenth of another's items deleted at
random. GetItem and PutItem of that other table are sampled before and meanwhile."""
import json
import pathlib
import random
import time
import urllib.request

import load
import rounds
import workloads
from load import body_of

ITEM = '{"pk":{"S":"key-@i@"},"v":{"S":"@x@"}}'  # a KB that does not compress
KEPT = load.Table("kept", ITEM, 300_000)
GONE = load.Table("gone", ITEM, 1_000_000)
CONNECTIONS, WITHIN_S = 8, 120


def status(server):
    with urllib.request.urlopen(server.url + "/_stator/status") as answer:
        return json.load(answer)


def on_disk(server):
    """Of table files."""
    return sum(path.stat().st_size for path in pathlib.Path(server.directory).rglob("*.sst"))


def requests_of(number):
    rng = random.Random(number)
    key = lambda: {"pk": {"S": f"key-{rng.randrange(KEPT.count):08}"}}
    value = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=1000))
    return {"GetItem": [("GetItem", body_of({"TableName": "kept", "Key": key()})) for _ in range(workloads.PREPARED)],
            "PutItem": [("PutItem", body_of({"TableName": "kept", "Item": {**key(), "v": {"S": value}}})) for _ in range(200)]}


def latencies(bench, server, told, seconds):
    for name, requests in requests_of(1).items():
        with load.Requests(requests) as prepared:
            row = load.sample(server, prepared, CONNECTIONS, seconds, retries=0)
        bench.say(f"{told}: {name} p50 {row['p50_ms']:.2f} p99 {row['p99_ms']:.2f} ms, {row['per_second']:.0f}/s; "
                  f"{on_disk(server) / 1e6:.0f} MB of files")


def falls(bench, server, below, began, told):
    while on_disk(server) > below and time.monotonic() - began < WITHIN_S:
        time.sleep(0.1)
    bench.say(f"{told}: {on_disk(server) / 1e6:.0f} MB of files {time.monotonic() - began:.1f} s after")


def space(bench):
    server = bench.start([bench.stator()])[0]
    load.make(server, KEPT)
    load.settle(server, rounds.SETTLE_FILLED_S)
    alone = on_disk(server)
    load.make(server, GONE)
    load.settle(server, rounds.SETTLE_FILLED_S)
    bench.say(f"kept: {alone / 1e6:.0f} MB, with gone: {on_disk(server) / 1e6:.0f} MB")
    latencies(bench, server, "before", 5)
    client, began = load.Caller(server.url), time.monotonic()
    client.delete_table("gone")
    latencies(bench, server, "while it goes", 5)
    falls(bench, server, 1.3 * alone, began, "a table of 1 GB dropped")
    for key in random.Random(2).sample(range(KEPT.count), KEPT.count // 10):
        client.call("DeleteItem", {"TableName": "kept", "Key": {"pk": {"S": f"key-{key:08}"}}})
    began, live = time.monotonic(), status(server)["data_bytes"]
    bench.say(f"a tenth deleted: {on_disk(server) / 1e6:.0f} MB of files, {live / 1e6:.0f} MB live")
    latencies(bench, server, "while they go", 10)
    time.sleep(max(0, began + 60 - time.monotonic()))
    bench.say(f"a minute after: {on_disk(server) / live:.2f} x live; {status(server)['reclaimable_bytes'] / 1e6:.1f} MB reclaimable")
    client.close()

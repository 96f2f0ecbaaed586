# SPDX-License-Identifier: Apache-2.0
"""How far time to live is behind while items that end soon are put as fast as can be:

    STATOR_BUILD=build/release python3 tests/bench/expiry.py [<seconds, 60> [<life in seconds, 10>]]

Prints lag and items every five seconds, and for a while after the last write."""
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from dynamo import Client
from server import Server

TABLE = {"TableName": "bench", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}


def sample(server, began):
    with urllib.request.urlopen(server.url + "/_stator/metrics") as answer:
        lines = answer.read().decode().splitlines()
    values = {line.split("{")[0]: line.rsplit(" ", 1)[1] for line in lines if 'table="bench"' in line}
    lag, items = values.get("stator_ttl_lag_seconds"), values.get("stator_table_items")
    print(f"{time.monotonic() - began:5.0f} s  lag {lag} s  items {items}", flush=True)


def main():
    seconds, life = (sys.argv[1:] + ["60", "10"][len(sys.argv) - 1:])[:2]
    with Server() as server:
        client, began = Client(server.url), time.monotonic()
        client.create_table(TABLE)
        client.call("UpdateTimeToLive", {"TableName": "bench", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "exp"}})
        client.close()
        writer = subprocess.Popen(
            ["wrk", "-t1", "-c16", f"-d{seconds}", "-s", HERE / "expiry.lua", server.url], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "BENCH_HERE": str(HERE), "EXPIRY_LIFE_S": life})
        while writer.poll() is None:
            time.sleep(5)
            sample(server, began)
        print(writer.stdout.read().rsplit("BENCH ", 1)[-1].strip())
        for _ in range(3):
            time.sleep(5)
            sample(server, began)


main()

# SPDX-License-Identifier: Apache-2.0
"""sdk_boto3.py <url> <seconds>: PutItem and GetItem through boto3, one after the other; a line of JSON for each."""
import json
import sys
import time

import boto3

KEYS = 100


def measure(operation, call, seconds):
    took, began, cpu, at = [], time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        before = time.perf_counter()
        call({"pk": {"S": f"key-{at % KEYS}"}})
        took.append((time.perf_counter() - before) * 1e3)
        at += 1
    total, cpu = time.perf_counter() - began, time.process_time() - cpu
    took.sort()
    print(json.dumps({"operation": operation, "per_second": len(took) / total, "p50_ms": took[len(took) // 2], "p99_ms": took[len(took) * 99 // 100],
                      "cpu_us": cpu / len(took) * 1e6}))


def main():
    url, seconds = sys.argv[1], float(sys.argv[2])
    client = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="bench", aws_secret_access_key="bench")
    if "sdk-python" not in client.list_tables()["TableNames"]:
        client.create_table(TableName="sdk-python", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
        client.get_waiter("table_exists").wait(TableName="sdk-python", WaiterConfig={"Delay": 1})
    for key in range(KEYS):
        client.put_item(TableName="sdk-python", Item={"pk": {"S": f"key-{key}"}, "v": {"S": "v" * 300}})
    measure("PutItem", lambda key: client.put_item(TableName="sdk-python", Item={**key, "v": {"S": "v" * 300}}), seconds)
    measure("GetItem", lambda key: client.get_item(TableName="sdk-python", Key=key), seconds)


main()

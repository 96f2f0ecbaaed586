# SPDX-License-Identifier: Apache-2.0
"""What an operator sees: /_stator/metrics, health, ready, status, who may ask for them, slow requests in the log, `stator
status`, and the dashboard. Metrics are read strictly; counts move by exactly the requests made."""
import gzip
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import case
import metrics
from clock import Clock
from dynamo import Client, DynamoError
from server import ROOT, Server, find_binary
from streams import everything, latest_arn
from wire import Wire, request

WITHIN = 60  # seconds to wait for what happens in the background
HOUR = 3600
REQUESTS = "stator_requests_total"
ERRORS = "stator_request_errors_total"
SECONDS = "stator_request_duration_seconds"
UNITS = "stator_consumed_capacity_units_total"
THROTTLES = "stator_throttles_total"
DASHBOARD = ROOT / "deploy/dashboards/stator.json"
ALERTS = ROOT / "deploy/dashboards/alerts.yaml"


def table(name, **more):
    return {"TableName": name, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST", **more}


def key(text):
    return {"pk": {"S": text}}


class Case(case.Case):
    def scrape(self):
        return metrics.scrape(self.server)

    def create(self, name, **more):
        self.call("CreateTable", **table(name, **more))

    def put(self, name, text, **more):
        self.call("PutItem", TableName=name, Item={**key(text), **more})

    def fails(self, kind, operation, **body):
        with self.assertRaises(DynamoError) as raised:
            self.call(operation, **body)
        self.assertEqual(raised.exception.type, kind)

    def wait(self, what, ready):
        """What `what` gives once `ready` of it holds."""
        until = time.monotonic() + WITHIN
        while not ready(found := what()):
            self.assertLess(time.monotonic(), until, f"still {found}")
            time.sleep(0.02)
        return found


class Endpoints(Case):
    flags = ("--operator-hosts", "db.example.com,x.example.com")

    def ask(self, path, method="GET", **headers):
        """Status and headers; whoever is answered here gets no CORS header."""
        status, got, body = metrics.get(self.server, path, method, {k.replace("_", "-"): v for k, v in headers.items()})
        self.assertEqual([name for name in got if name.lower().startswith("access-control")], [])
        self.assertRegex(got["x-amzn-RequestId"], "^[0-9A-Z]{52}$")
        return status, got, body

    def test_health_and_ready(self):
        for path, word in ("health", "ok"), ("ready", "ready"):
            status, headers, body = self.ask("/_stator/" + path)
            self.assertEqual((status, headers["Content-Type"], json.loads(body)), (200, "application/json", {"status": word}))
            self.assertEqual(headers["Cache-Control"], "no-store")

    def test_methods_and_paths(self):
        for path in "health", "ready", "status", "metrics":
            status, headers, body = self.ask("/_stator/" + path, "HEAD")
            self.assertEqual((status, body), (200, b""))
            self.assertGreater(int(headers["Content-Length"]), 0)
            self.assertEqual(self.ask(f"/_stator/{path}?a=b")[0], 200)
            for method in "POST", "PUT", "DELETE", "OPTIONS":
                status, headers, _ = self.ask("/_stator/" + path, method)
                self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
        for path in "/_stator", "/_stator/", "/_stator/x", "/_stator/metrics/", "/_stator/metricsx", "/_stator//health":
            self.assertEqual(self.ask(path)[0], 404, path)
        for path in "/_stato", "/_statorx", "/x/_stator/metrics":
            self.assertEqual(metrics.get(self.server, path)[::2], (404, b"<UnknownOperationException/>\n"))
        # an operation is none here, whatever the path looks like
        with Wire(self.server) as wire:
            self.assertEqual(wire.ask(request("{}", path="/_stator/metrics")).status, 405)
            self.assertEqual(wire.ask(request("{}", path="/")).status, 200)

    def test_pages_of_other_origins(self):
        own = f"http://127.0.0.1:{self.server.port}"
        for headers, status in (
                ({}, 200), ({"Origin": own}, 200), ({"Origin": own.upper()}, 403), ({"Origin": "null"}, 403),
                ({"Origin": "http://127.0.0.1"}, 403), ({"Origin": "http://evil.example"}, 403), ({"Origin": ""}, 403),
                ({"Sec_Fetch_Site": "none"}, 200), ({"Sec_Fetch_Site": "same-origin"}, 200),
                ({"Sec_Fetch_Site": "cross-site"}, 403), ({"Sec_Fetch_Site": "same-site"}, 403)):
            for path in "/_stator/metrics", "/_stator/x":
                with self.subTest(headers=headers, path=path):
                    got = self.ask(path, **headers)[0]
                    self.assertEqual(got, 404 if status == 200 and path.endswith("x") else status)
        for method in "GET", "HEAD", "POST", "OPTIONS":
            self.assertEqual(self.ask("/_stator/metrics", method, Origin="http://evil.example",
                                      Access_Control_Request_Method="GET")[0], 403)

    def test_hosts(self):
        for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:8000", 200), ("stator:8000", 200),
                             ("db.example.com", 200), ("X.example.com:8000", 200), ("stator.default.svc:8000", 200),
                             ("evil.example", 403), ("evil.example:8000", 403), ("127.0.0.1.evil.example", 403)):
            with self.subTest(host=host):
                self.assertEqual(self.ask("/_stator/health", Host=host)[0], status)
                # one that has its name resolved to us takes itself for ours
                self.assertEqual(self.ask("/_stator/health", Host=host, Origin="http://" + host)[0], status)
        with Wire(self.server) as wire:  # HTTP/1.0 without a Host: no browser
            self.assertEqual(wire.ask(b"GET /_stator/health HTTP/1.0\r\n\r\n").status, 200)

    def test_refusals_of_others(self):
        """What is refused before it is looked at tells a page nothing either."""
        for bad in (b"GET /_stator/metrics HTTP/1.1\r\nHost: x.y\r\nOrigin: http://e.x\r\nContent-Length: 99999999\r\n\r\n",
                    b"GET /_stator/metrics HTTP/1.1\r\nHost: x.y\r\nOrigin: http://e.x\r\nExpect: x\r\nContent-Length: 1\r\n\r\n",
                    b"GET /_stator/metrics HTTP/1.1\r\nHost: x.y\r\nOrigin: http://e.x\r\nA: " + 20000 * b"a" + b"\r\n\r\n"):
            with Wire(self.server) as wire:
                answer = wire.ask(bad)
                self.assertIn(answer.status, (400, 403, 413, 417))
                self.assertEqual([name for name in answer.names() if name.lower().startswith("access-control")], [])

    def test_compressed(self):
        self.create("music")
        self.call("ListTables")
        status, headers, body = self.ask("/_stator/metrics", Accept_Encoding="gzip")
        self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(metrics.parse(gzip.decompress(body).decode()).value(REQUESTS, operation="ListTables", table="(none)"), 1)

    def test_status(self):
        self.create("music")
        self.put("music", "a")
        self.fails("ValidationException", "GetItem", TableName="music", Key={})
        status, headers, body = self.ask("/_stator/status")
        told = json.loads(body)
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual({name: told[name] for name in ("status", "tables", "items", "data_dir", "durability", "shards")},
                         {"status": "ready", "tables": 1, "items": 1, "data_dir": None, "durability": "none", "shards": 4})
        operations = {one["operation"]: one for one in told["operations"]}
        self.assertEqual({name: (one["count"], one["errors"], one["faults"]) for name, one in operations.items()},
                         {"CreateTable": (1, 0, 0), "PutItem": (1, 0, 0), "GetItem": (1, 1, 0)})
        self.assertGreater(operations["PutItem"]["p99_s"] or 99, 0)
        self.assertNotIn("disk_free_bytes", told)  # there is no disk

    def test_status_command(self):
        self.create("music")
        command = [str(find_binary()), "status", "--port", str(self.server.port)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
        piped = subprocess.run(command, capture_output=True, timeout=60, check=True, env=environment)
        self.assertEqual(json.loads(piped.stdout)["tables"], 1)
        person, screen = pty.openpty()
        with subprocess.Popen(command, stdout=screen, stderr=subprocess.PIPE, env=environment) as process:
            self.assertEqual(process.wait(60), 0, process.stderr.read())
        os.close(screen)
        text = os.read(person, 65536).decode()
        os.close(person)
        self.assertRegex(text, r"(?m)^status +ready\r$")
        self.assertRegex(text, r"(?m)^CreateTable +1 +0 +0 ")

    def test_status_command_without_a_server(self):
        command = [str(find_binary()), "status", "--port"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
        for port, code in ("1", 1), ("0", 2):
            done = subprocess.run([*command, port], capture_output=True, text=True, timeout=60, check=False, env=environment)
            self.assertEqual((done.returncode, done.stdout), (code, ""))
            self.assertTrue(done.stderr.startswith("stator: http://localhost:1: " if code == 1 else "stator: --port: "), done.stderr)


class Counts(Case):
    def moved(self, before, name, **labels):
        return self.scrape().value(name, **labels) - before.value(name, **labels)

    def test_operations(self):
        self.create("music")
        before = self.scrape()
        for i in range(5):
            self.put("music", f"k{i}")
        for _ in range(3):
            self.call("GetItem", TableName="music", Key=key("k1"))
        self.call("Query", TableName="music", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "k1"}})
        self.call("Scan", TableName="music")
        self.call("UpdateItem", TableName="music", Key=key("k1"), UpdateExpression="SET a = :a",
                  ExpressionAttributeValues={":a": {"S": "a"}})
        self.call("DeleteItem", TableName="music", Key=key("k1"))
        self.call("ExecuteStatement", Statement="SELECT * FROM music WHERE pk = 'k2'")
        self.fails("ConditionalCheckFailedException", "PutItem", TableName="music", Item=key("k2"),
                   ConditionExpression="attribute_not_exists(pk)")
        self.fails("ResourceNotFoundException", "GetItem", TableName="nothing", Key=key("a"))
        self.fails("ResourceNotFoundException", "GetItem", TableName="anything", Key=key("a"))
        self.fails("UnknownOperationException", "NoSuchThing")
        after = self.scrape()

        def check(name, expected):
            got = {}
            for (of, labels), value in after.samples.items():
                change = value - before.samples.get((of, labels), 0)
                if of == name and change:
                    got[tuple(text for _, text in labels)] = change  # sorted by the labels' names
            self.assertEqual(got, expected)

        requests = {("PutItem", "music"): 6, ("GetItem", "music"): 3, ("Query", "music"): 1, ("Scan", "music"): 1,
                    ("UpdateItem", "music"): 1, ("DeleteItem", "music"): 1, ("ExecuteStatement", "music"): 1,
                    ("GetItem", "(none)"): 2, ("(none)", "(none)"): 1}
        check(REQUESTS, requests)
        check(SECONDS + "_count", requests)
        check(ERRORS, {("ConditionalCheckFailedException", "PutItem", "music"): 1,
                       ("ResourceNotFoundException", "GetItem", "(none)"): 2,
                       ("UnknownOperationException", "(none)", "(none)"): 1})
        check(UNITS, {("read", "music"): 3 * 0.5 + 0.5 + 0.5 + 0.5, ("write", "music"): 8})
        check("stator_http_responses_total", {("200",): sum(requests.values()) - 4 + 1, ("400",): 4})
        self.assertEqual(after.value("stator_table_items", table="music"), 4)
        self.assertEqual(after.value("stator_tables"), 1)
        self.assertEqual(after.value("stator_http_responses_total", code="500"), 0)

    def test_tables_and_streams(self):
        """What makes a table, and what reads its stream, is counted under it."""
        self.create("music", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.put("music", "a")
        (arn,) = [stream["StreamArn"] for stream in self.call("ListStreams", TableName="music")["Streams"]]
        (shard, *_) = self.call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = self.call("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        self.call("GetRecords", ShardIterator=iterator["ShardIterator"])
        self.fails("ResourceInUseException", "CreateTable", **table("music"))
        found = self.scrape()
        for operation in "CreateTable", "DescribeStream", "GetShardIterator", "GetRecords":
            self.assertEqual(found.value(REQUESTS, operation=operation, table="music"), 1)

    def test_several_tables(self):
        for name in "one", "two":
            self.create(name)
        before = self.scrape()
        self.call("BatchWriteItem", RequestItems={"one": [{"PutRequest": {"Item": key("a")}}, {"PutRequest": {"Item": key("b")}}],
                                                  "two": [{"PutRequest": {"Item": key("a")}}]})
        self.call("BatchGetItem", RequestItems={"one": {"Keys": [key("a"), key("b")], "ConsistentRead": True},
                                                "two": {"Keys": [key("a")]}})
        self.call("TransactWriteItems", TransactItems=[{"Put": {"TableName": "one", "Item": key("c")}},
                                                       {"Delete": {"TableName": "two", "Key": key("a")}}])
        self.call("TransactGetItems", TransactItems=[{"Get": {"TableName": "two", "Key": key("a")}}])
        self.call("BatchExecuteStatement", Statements=[{"Statement": "SELECT * FROM two WHERE pk = 'a'"},
                                                       {"Statement": "SELECT * FROM one WHERE pk = 'a'"}])
        self.call("ExecuteTransaction", TransactStatements=[{"Statement": "INSERT INTO two VALUE {'pk':'x'}"}])
        for operation, of in (("BatchWriteItem", "(several)"), ("BatchGetItem", "(several)"), ("TransactGetItems", "two"),
                              ("TransactWriteItems", "(several)"), ("BatchExecuteStatement", "(several)"),
                              ("ExecuteTransaction", "two")):
            self.assertEqual(self.moved(before, REQUESTS, operation=operation, table=of), 1, operation)
        self.assertEqual(self.moved(before, UNITS, table="one", kind="write"), 2 + 2)
        self.assertEqual(self.moved(before, UNITS, table="two", kind="write"), 1 + 2 + 2)
        self.assertEqual(self.moved(before, UNITS, table="one", kind="read"), 2 + 0.5)
        self.assertEqual(self.moved(before, UNITS, table="two", kind="read"), 0.5 + 2 + 0.5)

    def test_many_clients_and_scrapes(self):
        """With clients on all loops, and others who ask for metrics meanwhile, no request is missed or counted twice."""
        clients, rounds = 6, 60
        self.create("music")
        failed, done = [], threading.Event()

        def work(number):
            client = Client(self.server.url)
            try:
                for i in range(rounds):
                    client.call("PutItem", {"TableName": "music", "Item": key(f"{number}-{i}")})
                    client.call("GetItem", {"TableName": "music", "Key": key(f"{number}-{i}")})
            except Exception as error:  # pylint: disable=broad-except
                failed.append(error)
            finally:
                client.close()

        def watch():
            last = 0
            try:
                while not done.is_set():
                    now = self.scrape().total(REQUESTS)
                    if now < last:
                        failed.append(AssertionError(f"{now} after {last}"))
                    last = now
            except Exception as error:  # pylint: disable=broad-except
                failed.append(error)

        workers = [threading.Thread(target=work, args=(i,)) for i in range(clients)]
        watchers = [threading.Thread(target=watch) for _ in range(2)]
        for thread in workers + watchers:
            thread.start()
        for thread in workers:
            thread.join()
        done.set()
        for thread in watchers:
            thread.join()
        self.assertEqual(failed, [])
        after = self.scrape()
        for operation in "PutItem", "GetItem":
            self.assertEqual(after.value(REQUESTS, operation=operation, table="music"), clients * rounds)
            self.assertEqual(after.value(SECONDS + "_bucket", operation=operation, table="music", le="+Inf"), clients * rounds)
        self.assertEqual(after.value(UNITS, table="music", kind="write"), clients * rounds)
        self.assertEqual(after.value("stator_table_items", table="music"), clients * rounds)
        self.assertGreaterEqual(after.value("stator_connections_accepted_total"), clients)

    def test_connections(self):
        before = self.scrape()
        with Wire(self.server) as one, Wire(self.server) as two:
            for wire in one, two:
                wire.ask(request("{}"))
            during = self.scrape()
            self.assertGreaterEqual(during.value("stator_connections"), 3)
            self.assertEqual(self.moved(before, "stator_connections_accepted_total"), 4)
        self.wait(lambda: self.scrape().value("stator_connections"), lambda found: found <= 2)
        self.assertEqual(during.value("stator_connections_max"), 10000)


class Cache(Case):
    flags = ("--cache-mib", "3")

    def test_its_size(self):
        self.assertEqual(self.scrape().value("stator_store_cache_max_bytes"), 3 << 20)


class Bounds(Case):
    flags = ("--metrics-tables", "2")

    def test_tables_beyond_the_bound(self):
        names = [f"table-{i}" for i in range(6)]
        for name in names:
            self.create(name)
            self.put(name, "a")
        found = self.scrape()
        self.assertEqual(found.labels(REQUESTS, "table"), {"(other)", "table-0", "table-1"})
        self.assertEqual(found.value(REQUESTS, operation="PutItem", table="(other)"), 4)
        self.assertEqual(found.value(UNITS, table="(other)", kind="write"), 4)
        self.assertEqual(found.value("stator_table_items", table="(other)"), 4)
        self.assertEqual((found.value("stator_tables"), found.total("stator_table_items")), (6, 6))
        # the place of one that is gone is another's, from zero
        self.call("DeleteTable", TableName="table-0")
        self.wait(self.scrape, lambda found: found.has("stator_table_items", table="table-2"))  # others may still hold table-0
        self.put("table-2", "a")
        found = self.scrape()
        self.assertEqual(found.labels("stator_table_items", "table"), {"table-1", "table-2", "(other)"})
        self.assertNotIn("table-0", found.labels(REQUESTS, "table"))
        for name in "table-1", "table-2":
            self.assertEqual(found.value(REQUESTS, operation="PutItem", table=name), 1)

    def test_created_again(self):
        """A name that is used again is one table, and never there twice."""
        for _ in range(5):
            self.create("again")
            self.put("again", "a")
            self.assertEqual(self.scrape().value("stator_table_items", table="again"), 1)
            self.call("DeleteTable", TableName="again")
        self.wait(lambda: self.scrape().value("stator_tables"), lambda count: count == 0)


class Namespaces(Case):
    flags = ("--isolate-by", "region,access-key")

    def test_label(self):
        self.create("music")
        self.put("music", "a")
        self.assertEqual(self.scrape().value(REQUESTS, operation="PutItem", table="music", namespace="us-east-1/test"), 1)


class Throttles(Case):
    def setUp(self):
        self.clock = Clock()
        self.flags = ("--clock-file", self.clock.path, "--enforce-throughput")
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.clock.close()

    def test_throttles(self):
        """A table of one unit each, whose burst of 300 a write of 399 uses up, for a minute and a half."""
        self.call("CreateTable", **table("small", BillingMode="PROVISIONED",
                                         ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}))
        self.put("small", "a", v={"S": "x" * (399 * 1024 - 100)})
        self.assertEqual(self.scrape().value(UNITS, table="small", kind="write"), 399)
        for _ in range(3):
            self.fails("ProvisionedThroughputExceededException", "PutItem", TableName="small", Item=key("b"))
        after = self.scrape()
        self.assertEqual(after.value(THROTTLES, table="small", kind="write"), 3)
        self.assertFalse(after.has(THROTTLES, table="small", kind="read"))
        self.assertEqual(after.value(ERRORS, operation="PutItem", table="small", error="ProvisionedThroughputExceededException"), 3)
        self.assertEqual(after.value(UNITS, table="small", kind="write"), 399)


class TimeToLive(Case):
    interval_ms = "10"

    def setUp(self):
        self.clock = Clock()
        self.flags = ("--clock-file", self.clock.path, "--ttl-interval-ms", self.interval_ms)
        super().setUp()
        self.create("fading")
        self.call("UpdateTimeToLive", TableName="fading", TimeToLiveSpecification={"Enabled": True, "AttributeName": "exp"})
        self.wait(self.scrape, lambda found: found.has("stator_ttl_lag_seconds", table="fading"))

    def tearDown(self):
        super().tearDown()
        self.clock.close()

    def test_deleted_items(self):
        for i in range(3):
            self.put("fading", f"k{i}", exp={"N": str(self.clock.now() + HOUR)})
        self.put("fading", "stays", exp={"N": str(self.clock.now() + 3 * HOUR)})
        self.clock.set(2 * HOUR)
        self.wait(self.scrape, lambda found: found.value("stator_ttl_deleted_items_total", table="fading") == 3)
        self.wait(self.scrape, lambda found: found.value("stator_ttl_lag_seconds", table="fading") < HOUR)
        self.assertEqual(self.scrape().value("stator_table_items", table="fading"), 1)


class TimeToLiveBehind(TimeToLive):
    """Passes a day apart: what comes after the first is late."""
    interval_ms = "86400000"

    def test_deleted_items(self):
        self.clock.set(2 * HOUR)
        found = self.scrape().value("stator_ttl_lag_seconds", table="fading")
        self.assertGreaterEqual(found, 2 * HOUR)
        self.assertLess(found, 3 * HOUR)


class Streams(Case):
    def setUp(self):
        self.clock = Clock()
        self.flags = ("--clock-file", self.clock.path)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.clock.close()

    def lag(self):
        found = self.scrape()
        self.assertTrue(found.has("stator_stream_lag_seconds", table="changing"))
        return found.value("stator_stream_lag_seconds", table="changing")

    def test_lag(self):
        self.create("changing", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.clock.set(HOUR)
        self.assertEqual(self.lag(), 0)  # nothing is unread
        for i in range(20):
            self.put("changing", f"k{i}")
        self.clock.set(2 * HOUR)
        self.put("changing", "late")
        self.assertGreaterEqual(self.lag(), HOUR)
        self.assertLess(self.lag(), 2 * HOUR)
        self.assertEqual(len(everything(self.client, latest_arn(self.client, "changing"))), 21)
        self.assertEqual(self.lag(), 0)
        self.clock.set(3 * HOUR)
        self.assertEqual(self.lag(), 0)
        self.put("changing", "new")
        self.clock.set(3 * HOUR + 100)
        self.assertGreaterEqual(self.lag(), 100)
        self.assertLess(self.lag(), HOUR)


class OnDisk(unittest.TestCase):
    """With files, and answers that wait for syncs."""

    def setUp(self):
        self.server = Server("--durability", "full", "--shards", "2")
        self.server.start()
        self.client = Client(self.server.url)

    def tearDown(self):
        self.client.close()
        self.server.close()

    def test_syncs_and_store(self):
        self.client.call("CreateTable", table("music"))
        before = metrics.scrape(self.server)
        for i in range(24):  # past the memtable of the partition's shard, twice
            self.client.call("PutItem", {"TableName": "music", "Item": {**key(f"k{i}"), "v": {"S": "x" * 390000}}})
            self.client.call("PutItem", {"TableName": "music", "Item": {**key(f"l{i}"), "v": {"S": "x" * 390000}}})
        after = metrics.scrape(self.server)
        syncs = after.value("stator_wal_syncs_total") - before.value("stator_wal_syncs_total")
        self.assertGreaterEqual(syncs, 1)
        self.assertEqual(after.value("stator_wal_sync_duration_seconds_count"), after.value("stator_wal_syncs_total"))
        self.assertGreaterEqual(after.value("stator_wal_sync_group_size_sum"), after.value("stator_wal_sync_group_size_count"))
        self.assertGreater(after.value("stator_store_disk_free_bytes"), 0)
        self.assertGreaterEqual(after.value("stator_store_disk_size_bytes"), after.value("stator_store_disk_free_bytes"))
        self.assertGreater(json.loads(metrics.get(self.server, "/_stator/status")[2])["disk_free_bytes"], 0)
        self.assertEqual((after.value("stator_store_read_only"), after.value("stator_store_disk_full")), (0, 0))
        self.assertEqual(after.labels("stator_shard_files_bytes", "shard"), {"0", "1", "catalog", "counters"})
        until = time.monotonic() + WITHIN
        while True:  # flushes come by themselves, and reads are told of within a second
            for i in range(24):
                self.client.call("GetItem", {"TableName": "music", "Key": key(f"k{i}")})
            found = metrics.scrape(self.server)
            if (found.total("stator_store_level_files") > 0 and found.total("stator_shard_files_bytes") > 0 and
                    found.value("stator_store_cache_hits_total") > 0 and found.value("stator_store_cache_misses_total") > 0):
                break
            self.assertLess(time.monotonic(), until, "no files, or no reads of them")
            time.sleep(0.1)
        self.assertGreater(found.value("stator_store_cache_bytes"), 0)
        self.assertGreaterEqual(found.total("stator_shard_keys"), 1)


class SlowRequests(unittest.TestCase):
    def run_with(self, *flags):
        """The log after a quick and a slow request, and their ids."""
        server = Server("--log-format", "json", *flags, binary="stator-fake", in_memory=True)
        with server, Wire(server) as wire:
            ids = [wire.ask(request(body, operation="GetItem")).header("x-amzn-RequestId")
                   for body in ("{}", '{"Work":2,"StepMs":150}')]
        return [json.loads(line) for line in server.output], ids

    def test_slow_requests_are_logged(self):
        lines, ids = self.run_with("--slow-request-ms", "250")
        slow = {line["request_id"]: line for line in lines if line["message"] == "slow request"}
        self.assertIn(ids[1], slow)
        line = slow[ids[1]]
        self.assertGreaterEqual(line["ms"], 300)
        self.assertEqual((line["level"], line["operation"], line["outcome"], line["request_bytes"]), ("warn", "GetItem", "OK", 23))

    def test_none_are(self):
        lines, _ = self.run_with("--slow-request-ms", "0")
        self.assertEqual([line["message"] for line in lines], ["listening", "stopping", "stopped"])


class Trouble(unittest.TestCase):
    """Who restarts servers asks for health, who sends requests asks whether it is ready."""

    def test_states(self):
        with Server(binary="stator-fake", in_memory=True) as server:
            for health, well, ready, reason in ((0, 200, 200, None), (1, 200, 503, "disk"), (2, 503, 503, "read-only"),
                                                (3, 503, 503, "met damage"), (4, 200, 503, "has not ended a sync"),
                                                (0, 200, 200, None)):
                with Wire(server) as wire:
                    self.assertEqual(wire.ask(request('{"Health":%d}' % health)).status, 200)
                self.assertEqual(metrics.get(server, "/")[0], 200)  # it lives: a restart is somebody's decision
                answers = [metrics.get(server, "/_stator/" + path) for path in ("health", "ready")]
                self.assertEqual([status for status, _, _ in answers], [well, ready])
                told = json.loads(answers[0][2])
                self.assertEqual(told["status"], "ok" if well == 200 else "unavailable")
                self.assertIn("a sync has been under way for " if health == 4 else reason or "", told.get("reason", ""))
                self.assertEqual("reason" in told, reason is not None)
                told = json.loads(answers[1][2])
                self.assertEqual(told["status"], "ready" if reason is None else "unavailable")
                self.assertIn(reason or "", told.get("reason", ""))
                status = json.loads(metrics.get(server, "/_stator/status")[2])
                self.assertEqual(status["status"], told["status"])


class Dashboard(Case):
    def expressions(self, node):
        if isinstance(node, dict):
            for name, value in node.items():
                if name in ("expr", "query") and isinstance(value, str):
                    yield value
                yield from self.expressions(value)
        elif isinstance(node, list):
            for value in node:
                yield from self.expressions(value)

    def test_metrics_exist(self):
        """Every metric that it and the alerts name is told by the server, and by those names that its type has."""
        self.create("music")
        found = self.scrape()
        names = set()
        for family in found.families.values():
            names |= {family.name + end for end in (("_bucket", "_sum", "_count") if family.type == "histogram" else ("",))}
        named = {name for text in self.expressions(json.loads(DASHBOARD.read_text(encoding="utf-8")))
                 for name in re.findall(r"\bstator_\w+", text)}
        self.assertGreater(len(named), 40)
        self.assertEqual(named - names, set())
        alerts = ALERTS.read_text(encoding="utf-8")
        rules = re.findall(r"(?m)^      - alert: \w+\n        expr: (.+)\n(?:        for: \w+\n)?        labels: \{severity: \w+\}\n"
                           r"        annotations:\n          summary: \".+\"$", alerts)
        self.assertEqual(len(rules), alerts.count("- alert:"))
        named = {name for rule in rules for name in re.findall(r"\bstator_\w+", rule)}
        self.assertGreater(len(named), 10)
        self.assertEqual(named - names, set())


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The flows of ../cases/flows.json, as far as a command line has them; as processes where that makes a difference."""
import concurrent.futures
import json
import os
import subprocess
import sys
import unittest
import urllib.request

import cases
from support import ENVIRONMENT, Driver, aws, file_of, from_cli, to_cli
from support import good as good_process

FAULTY = os.environ.get("STATOR_FAULTY")
driver = Driver()
BIG = "x" * 390 * 1024


def good(*arguments):
    return good_process(*arguments, run=driver.run)


def create_table(kind, name=None):
    name = name or cases.unique_name()
    members = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **cases.TABLE_KINDS[kind]}
    good("dynamodb", "create-table", "--cli-input-json", json.dumps(members))
    cases.until(lambda: is_active(name))  # the waiter would look again only after 20 seconds
    return name


def is_active(name):
    assert good("dynamodb", "describe-table", "--table-name", name, "--query", "Table.TableStatus") == "ACTIVE"


def write_batches(table, items):
    for start in range(0, len(items), 25):
        requests = {table: [{"PutRequest": {"Item": item}} for item in items[start:start + 25]]}
        answer = good("dynamodb", "batch-write-item", "--request-items", file_of(requests))
        if answer["UnprocessedItems"]:
            raise AssertionError(f"unprocessed: {list(answer['UnprocessedItems'])}")


def numbered(count, **more):
    return [{"pk": {"S": str(i)}, **more} for i in range(count)]


class Flows(unittest.TestCase):
    def refused(self, expected, *arguments):
        done = driver.run(*arguments)
        self.assertEqual((done.code, done.out), (255, ""), done.err)
        cases.assert_message(self, done.refusal() or done.err, expected)

    def test_values(self):
        """flow: values"""
        table, item = create_table("range"), cases.every_value()
        good("dynamodb", "put-item", "--table-name", table, "--item", file_of(to_cli(item)))
        key = json.dumps({name: item[name] for name in ("pk", "sk")}, ensure_ascii=False)
        for where in (["--key", key], ["--key", key, "--consistent-read"]):
            found = from_cli(good("dynamodb", "get-item", "--table-name", table, *where)["Item"])
            self.assertEqual(cases.in_order(found), cases.in_order(item))

    def test_big_item(self):
        """flow: big item"""
        table = create_table("hash")
        item = {"pk": {"S": "k"}, "fill": {"S": "x" * (409600 - len("pk" "k" "fill"))}}
        good("dynamodb", "put-item", "--table-name", table, "--item", file_of(item))
        self.assertEqual(good("dynamodb", "get-item", "--table-name", table, "--key", '{"pk": {"S": "k"}}'), {"Item": item})
        item["fill"]["S"] += "x"
        self.refused("ValidationException: Item size has exceeded the maximum allowed size",
                     "dynamodb", "put-item", "--table-name", table, "--item", file_of(item))

    def test_errors(self):
        """flow: typed errors"""
        table = create_table("hash")
        put = ("dynamodb", "put-item", "--table-name", table, "--item", '{"pk": {"S": "k"}}')
        good(*put)
        self.refused("ConditionalCheckFailedException: The conditional request failed", *put, "--condition-expression", "attribute_not_exists(pk)",
                     "--return-values-on-condition-check-failure", "ALL_OLD")
        self.refused(f"ResourceInUseException: Table already exists: {table}", "dynamodb", "create-table", "--table-name", table, "--billing-mode",
                     "PAY_PER_REQUEST", "--key-schema", "AttributeName=pk,KeyType=HASH", "--attribute-definitions", "AttributeName=pk,AttributeType=S")
        self.refused("ResourceNotFoundException: Requested resource not found", "dynamodb", "get-item", "--table-name", "no-" + table,
                     "--key", '{"pk": {"S": "k"}}')
        self.refused("ValidationException: The provided key element does not match the schema", "dynamodb", "get-item", "--table-name", table,
                     "--key", '{"no": {"S": "k"}}')
        check = [{"Put": {"TableName": table, "Item": {"pk": {"S": "new"}}}},
                 {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "k"}}, "ConditionExpression": "attribute_not_exists(pk)"}}]
        self.refused("TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons "
                     "[None, ConditionalCheckFailed]", "dynamodb", "transact-write-items", "--transact-items", json.dumps(check))
        once = ("dynamodb", "transact-write-items", "--client-request-token", table, "--transact-items")
        good(*once, json.dumps(check[:1]))
        check[0]["Put"]["Item"]["v"] = {"N": "1"}
        self.refused("IdempotentParameterMismatchException: ...", *once, json.dumps(check[:1]))

    def test_paging(self):
        """flow: paging"""
        table = create_table("range")
        everything = [f"{i:03}" for i in range(100)]
        write_batches(table, [{"pk": {"S": "p"}, "sk": {"S": sk}} for sk in everything])
        query = ("dynamodb", "query", "--table-name", table, "--key-condition-expression", "pk = :p",
                 "--expression-attribute-values", '{":p": {"S": "p"}}')

        def keys(answer):
            return [item["sk"]["S"] for item in answer["Items"]]
        whole = good(*query, "--page-size", "7")
        self.assertEqual((keys(whole), whole["Count"], whole["ScannedCount"]), (everything, 100, 100))
        found, start, rounds = [], [], 0
        while True:
            page = good(*query, "--max-items", "30", "--page-size", "7", *start)
            found, rounds = found + keys(page), rounds + 1
            if "NextToken" not in page:
                break
            start = ["--starting-token", page["NextToken"]]
        self.assertEqual((found, rounds), (everything, 4))
        self.assertEqual(keys(good(*query, "--no-paginate", "--limit", "7")), everything[:7])

        scan = ("dynamodb", "scan", "--table-name", table, "--page-size", "7")
        self.assertEqual(sorted(keys(good(*scan))), everything)
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            segments = threads.map(lambda segment: keys(good_process(*scan, "--segment", str(segment), "--total-segments", "4")), range(4))
            self.assertEqual(sorted(sum(segments, [])), everything)
        made = sorted([table, create_table("hash"), create_table("hash")])
        names = good("dynamodb", "list-tables", "--page-size", "2")["TableNames"]
        self.assertEqual(names, sorted(set(names)))
        self.assertEqual([name for name in names if name in made], made)

    def test_waiters(self):
        """flow: waiters"""
        table = create_table("hash")
        good("dynamodb", "wait", "table-exists", "--table-name", table)
        self.assertEqual(good("dynamodb", "describe-table", "--table-name", table, "--query", "Table.TableStatus"), "ACTIVE")
        good("dynamodb", "delete-table", "--table-name", table)
        good("dynamodb", "wait", "table-not-exists", "--table-name", table)
        self.refused(f"ResourceNotFoundException: Requested resource not found: Table: {table} not found",
                     "dynamodb", "describe-table", "--table-name", table)

    def test_batches(self):
        """flow: batches"""
        table = create_table("hash")
        write_batches(table, numbered(60))
        answer = good("dynamodb", "batch-get-item", "--request-items", json.dumps({table: {"Keys": numbered(100)}}))
        self.assertEqual(sorted(int(item["pk"]["S"]) for item in answer["Responses"][table]), list(range(60)))
        write_batches(table, numbered(60, fill={"S": BIG}))
        wanted, found, rounds = {table: {"Keys": numbered(60)}}, [], 0
        while wanted:
            answer = good("dynamodb", "batch-get-item", "--request-items", json.dumps(wanted),
                          "--query", "{Found: Responses.*[][].pk.S, UnprocessedKeys: UnprocessedKeys}")
            found += [int(pk) for pk in answer["Found"]]
            wanted, rounds = answer["UnprocessedKeys"], rounds + 1
        self.assertEqual((sorted(found), rounds), (list(range(60)), 2))

    def test_transactions(self):
        """flow: transactions"""
        table = create_table("hash")
        one = {"ExpressionAttributeValues": {":one": {"N": "1"}}}

        def at(pk):
            return {"TableName": table, "Key": {"pk": {"S": pk}}}
        write_batches(table, [{"pk": {"S": pk}, "n": {"N": "1"}} for pk in ("changed", "gone", "looked at")])
        items = file_of([{"Put": {"TableName": table, "Item": {"pk": {"S": "new"}}}},
                         {"Update": {**at("changed"), "UpdateExpression": "ADD n :one", **one}},
                         {"Delete": at("gone")},
                         {"ConditionCheck": {**at("looked at"), "ConditionExpression": "n = :one", **one}}])
        for _ in range(2):
            good("dynamodb", "transact-write-items", "--transact-items", items, "--client-request-token", table)
        gets = [{"Get": at(pk)} for pk in ("new", "changed", "gone", "looked at")]
        answer = good("dynamodb", "transact-get-items", "--transact-items", json.dumps(gets))
        self.assertEqual([response.get("Item", {}).get("n") for response in answer["Responses"]], [None, {"N": "2"}, None, {"N": "1"}])
        self.assertEqual(["Item" in response for response in answer["Responses"]], [True, True, False, True])

    def test_streams(self):
        """flow: streams"""
        table = create_table("hash")
        good("dynamodb", "update-table", "--table-name", table, "--stream-specification", "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES")
        item, changed = {"pk": {"S": "k"}, "v": {"N": "1"}}, {"pk": {"S": "k"}, "v": {"N": "2"}}
        for image in (item, changed):
            good("dynamodb", "put-item", "--table-name", table, "--item", json.dumps(image))
        good("dynamodb", "delete-item", "--table-name", table, "--key", '{"pk": {"S": "k"}}')
        (arn,) = good("dynamodbstreams", "list-streams", "--table-name", table, "--query", "Streams[].StreamArn")
        found = []
        for shard in good("dynamodbstreams", "describe-stream", "--stream-arn", arn, "--query", "StreamDescription.Shards[].ShardId"):
            start = good("dynamodbstreams", "get-shard-iterator", "--stream-arn", arn, "--shard-id", shard,
                         "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
            while start:
                page = good("dynamodbstreams", "get-records", "--shard-iterator", start)
                found += [(record["eventName"], record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")) for record in page["Records"]]
                start = page.get("NextShardIterator") if page["Records"] else None
        self.assertEqual(found, [("INSERT", None, item), ("MODIFY", item, changed), ("REMOVE", changed, None)])

    def test_concurrent_clients(self):
        """flow: concurrent clients"""
        # A command line shares no client, so this is its second half only: separate clients, eight processes.
        table = create_table("hash")
        adders = [subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "adder.py"), table, "50"], env=ENVIRONMENT)
                  for _ in range(8)]
        self.assertEqual([adder.wait() for adder in adders], [0] * 8)
        self.assertEqual(good("dynamodb", "get-item", "--table-name", table, "--key", '{"pk": {"S": "n"}}', "--query", "Item.n.N"), "400")


@unittest.skipUnless(FAULTY, "STATOR_FAULTY names no go-between")
class Retries(unittest.TestCase):
    ATTEMPTS = 4
    ENDS = {"internal": "InternalServerError: ...", "unavailable": "ServiceUnavailableException: ...",
            "throughput": "ProvisionedThroughputExceededException: ...", "throttling": "ThrottlingException: ..."}

    def add(self, mode, table):
        """Adds 1 to a counter in a table that fails. Returns what that came to, and how often it failed."""
        done = aws("dynamodb", "update-item", "--table-name", table, "--key", '{"pk": {"S": "n"}}', "--update-expression", "ADD n :one",
                   "--expression-attribute-values", '{":one": {"N": "1"}}', "--return-values", "ALL_NEW", "--query", "Attributes.n.N",
                   env={"AWS_ENDPOINT_URL": FAULTY, "AWS_MAX_ATTEMPTS": str(self.ATTEMPTS), "AWS_RETRY_MODE": mode})
        with urllib.request.urlopen(f"{FAULTY}/faults/{table}") as answer:
            return done, int(answer.read())

    def check_two(self, mode, table):
        done, given = self.add(mode, table)
        added = "3" if "crc" in table else "1"  # what is answered with a wrong checksum was done
        self.assertEqual((done.code, done.out, given), (0, f'"{added}"\n', 2), done.err)

    def check_all(self, kind, table):
        done, given = self.add("standard", table)
        self.assertEqual((done.code, done.out, given), (255, "", self.ATTEMPTS), done.err)
        if kind == "drop":
            self.assertIn("Connection was closed before we received a valid response", done.err)
        else:
            cases.assert_message(self, done.refusal(), self.ENDS[kind])

    def test_retries(self):
        """flow: retries"""
        def failing(kind, count):
            return create_table("hash", f"fail-{kind}-{count}-{cases.unique_name()}")
        checks = [(self.check_two, "standard", failing(kind, 2)) for kind in (*self.ENDS, "drop", "crc")]
        checks += [(self.check_two, "legacy", failing(kind, 2)) for kind in ("internal", "throughput")]
        checks += [(self.check_all, kind, failing(kind, 99)) for kind in (*self.ENDS, "drop")]
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            for result in [threads.submit(*check) for check in checks]:
                result.result()

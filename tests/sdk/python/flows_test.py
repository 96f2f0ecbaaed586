# SPDX-License-Identifier: Apache-2.0
"""The flows of ../cases/flows.json by boto3's client: its types, errors, paginators, waiters and retries. Those that look different
through the resource API are in resource_test.py, streams in streams_test.py."""
import concurrent.futures
import os
import unittest
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

from cases import every_value
from support import (ENDPOINT, SESSION, TABLE_KINDS, WAIT, assert_refused, client, client_for, create_table, plain, to_sdk,
                     unique_name)

FAULTY = os.environ.get("STATOR_FAULTY")
ONE = {":one": {"N": "1"}}


def add_one(to, table):
    answer = to.update_item(TableName=table, Key={"pk": {"S": "n"}}, UpdateExpression="ADD n :one", ReturnValues="UPDATED_NEW",
                            ExpressionAttributeValues=ONE)
    return int(answer["Attributes"]["n"]["N"])


class Values(unittest.TestCase):
    def test_values(self):
        """flow: values"""
        table, item = create_table("range"), to_sdk(every_value())
        client.put_item(TableName=table, Item=item)
        found = client.get_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")}, ConsistentRead=True)["Item"]
        self.assertIsInstance(found["binary"]["B"], bytes)
        self.assertEqual(plain(found), plain(item))

    def test_big_item(self):
        """flow: big item"""
        table = create_table("hash")
        item = {"pk": {"S": "k"}, "fill": {"S": "x" * (409600 - len("pk" "k" "fill"))}}
        client.put_item(TableName=table, Item=item)
        self.assertEqual(client.get_item(TableName=table, Key={"pk": {"S": "k"}})["Item"], item)
        item["fill"]["S"] += "x"
        assert_refused(self, "ValidationException: Item size has exceeded the maximum allowed size", client.put_item, TableName=table, Item=item)


class Errors(unittest.TestCase):
    def test_classes(self):
        """flow: typed errors"""
        table = create_table("hash")
        item = {"pk": {"S": "k"}, "v": {"N": "1"}}
        client.put_item(TableName=table, Item=item)
        errors = client.exceptions
        with self.assertRaises(errors.ConditionalCheckFailedException) as caught:
            client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
        self.assertEqual(plain(caught.exception.response["Item"]), item)
        with self.assertRaises(errors.ResourceInUseException):
            client.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **TABLE_KINDS["hash"])
        with self.assertRaises(errors.ResourceNotFoundException) as caught:
            client.get_item(TableName=unique_name(), Key={"pk": {"S": "k"}})
        metadata = caught.exception.response["ResponseMetadata"]
        self.assertEqual(metadata["HTTPStatusCode"], 400)
        self.assertRegex(metadata["RequestId"], "^[0-9A-Z]{52}$")
        error = assert_refused(self, "ValidationException: ...does not match the schema", client.get_item, TableName=table, Key={"no": {"S": "k"}})
        self.assertIs(type(error), botocore.exceptions.ClientError)  # boto3 has no class for it

    def test_cancelled_transaction(self):
        table = create_table("hash")
        item = {"pk": {"S": "k"}, "v": {"N": "1"}}
        put = {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)",
                       "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
        client.transact_write_items(TransactItems=[put])
        with self.assertRaises(client.exceptions.TransactionCanceledException) as caught:
            client.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": {"pk": {"S": "other"}}}}, put])
        response = caught.exception.response
        self.assertEqual([reason["Code"] for reason in response["CancellationReasons"]], ["None", "ConditionalCheckFailed"])
        self.assertEqual(plain(response["CancellationReasons"][1]["Item"]), item)
        self.assertIn("[None, ConditionalCheckFailed]", response["Error"]["Message"])
        found = client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": {"pk": {"S": pk}}}} for pk in ("k", "other")])
        self.assertEqual([response.get("Item") for response in found["Responses"]], [item, None])

    def test_token_of_another_request(self):
        table, token = create_table("hash"), unique_name()[-36:]

        def put(value):
            client.transact_write_items(ClientRequestToken=token, TransactItems=[
                {"Put": {"TableName": table, "Item": {"pk": {"S": "k"}, "v": {"N": value}}}}])
        put("1")
        put("1")
        with self.assertRaises(client.exceptions.IdempotentParameterMismatchException):
            put("2")

    def test_operation_that_is_not_there_yet(self):
        assert_refused(self, "ValidationException: The operation ListBackups is not supported by Stator yet", client.list_backups)


class Paging(unittest.TestCase):
    ITEMS = 100

    @classmethod
    def setUpClass(cls):
        cls.table = create_table("indexed")
        cls.everything = [f"{i:03}" for i in range(cls.ITEMS)]
        for i, name in enumerate(cls.everything):
            client.put_item(TableName=cls.table, Item={"pk": {"S": f"p{i % 2}"}, "sk": {"S": name}, "l": {"N": str(i % 5)}, "g": {"S": "all"}})

    def pages(self, operation, config=None, **members):
        return [[item["sk"]["S"] for item in page["Items"]]
                for page in client.get_paginator(operation).paginate(TableName=self.table, PaginationConfig=config or {}, **members)]

    def test_limit(self):
        """flow: paging"""
        by_index = {"IndexName": "global", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "all"}}}
        self.assertEqual([len(page) for page in self.pages("query", Limit=7, **by_index)], [7] * 14 + [2])
        self.assertEqual(sorted(sum(self.pages("query", Limit=7, **by_index), [])), self.everything)
        self.assertEqual(sorted(sum(self.pages("scan", Limit=7), [])), self.everything)
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            segments = threads.map(lambda segment: self.pages("scan", Limit=7, Segment=segment, TotalSegments=4), range(4))
            self.assertEqual(sorted(sum((sum(pages, []) for pages in segments), [])), self.everything)
        made = sorted([self.table] + [create_table("hash") for _ in range(4)])
        names = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}).build_full_result()["TableNames"]
        self.assertEqual(names, sorted(set(names)))
        self.assertEqual([name for name in names if name in made], made)

    def test_sizes_of_pages(self):
        query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p1"}}}
        by_index = {"IndexName": "global", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "all"}}}
        for size in (1, 3, 50, 100, 1000):
            with self.subTest(size):
                found = self.pages("query", {"PageSize": size}, **query)
                self.assertEqual(sum(found, []), self.everything[1::2])
                self.assertTrue(all(len(page) <= size for page in found))
                self.assertEqual(sum(self.pages("query", {"PageSize": size}, ScanIndexForward=False, **query), []), self.everything[1::2][::-1])
                self.assertEqual(sorted(sum(self.pages("query", {"PageSize": size}, **by_index), [])), self.everything)
                self.assertEqual(sorted(sum(self.pages("scan", {"PageSize": size}), [])), self.everything)

    def test_starting_token(self):
        first = client.get_paginator("scan").paginate(TableName=self.table, PaginationConfig={"MaxItems": 13, "PageSize": 5}).build_full_result()
        rest = client.get_paginator("scan").paginate(TableName=self.table, PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
        names = [item["sk"]["S"] for item in first["Items"] + rest["Items"]]
        self.assertEqual(len(first["Items"]), 13)
        self.assertEqual(sorted(names), self.everything)


class Waiters(unittest.TestCase):
    def test_exists_and_not(self):
        """flow: waiters"""
        table = create_table("range")  # it waits
        self.assertEqual(client.describe_table(TableName=table)["Table"]["TableStatus"], "ACTIVE")
        client.delete_table(TableName=table)
        client.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=WAIT)
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.describe_table(TableName=table)


class Batches(unittest.TestCase):
    def write(self, table, items):
        for start in range(0, len(items), 25):
            answer = client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items[start:start + 25]]})
            self.assertEqual(answer["UnprocessedItems"], {})

    def test_batches(self):
        """flow: batches"""
        table = create_table("hash")
        self.write(table, [{"pk": {"S": str(i)}} for i in range(60)])
        keys = [{"pk": {"S": str(i)}} for i in range(100)]
        answer = client.batch_get_item(RequestItems={table: {"Keys": keys}})
        self.assertEqual(sorted(int(item["pk"]["S"]) for item in answer["Responses"][table]), list(range(60)))
        self.assertEqual(answer["UnprocessedKeys"], {})

    def test_more_than_one_answer_holds(self):
        table = create_table("hash")
        self.write(table, [{"pk": {"S": str(i)}, "fill": {"S": "x" * 390 * 1024}} for i in range(60)])
        wanted, found, rounds = {table: {"Keys": [{"pk": {"S": str(i)}} for i in range(60)]}}, [], 0
        while wanted:
            answer = client.batch_get_item(RequestItems=wanted)
            found += [int(item["pk"]["S"]) for item in answer["Responses"][table]]
            wanted, rounds = answer["UnprocessedKeys"], rounds + 1
        self.assertEqual(sorted(found), list(range(60)))
        self.assertEqual(rounds, 2)


class Transactions(unittest.TestCase):
    def test_all_kinds(self):
        """flow: transactions"""
        table = create_table("hash")

        def at(pk):
            return {"TableName": table, "Key": {"pk": {"S": pk}}}
        for pk in ("changed", "gone", "looked at"):
            client.put_item(TableName=table, Item={"pk": {"S": pk}, "n": {"N": "1"}})
        request = {"ClientRequestToken": unique_name(), "TransactItems": [
            {"Put": {"TableName": table, "Item": {"pk": {"S": "new"}}}},
            {"Update": {**at("changed"), "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": ONE}},
            {"Delete": at("gone")},
            {"ConditionCheck": {**at("looked at"), "ConditionExpression": "n = :one", "ExpressionAttributeValues": ONE}}]}
        client.transact_write_items(**request)
        client.transact_write_items(**request)
        found = client.transact_get_items(TransactItems=[{"Get": at(pk)} for pk in ("new", "changed", "gone", "looked at")])
        self.assertEqual([response.get("Item", {}).get("n", {}).get("N", "-") for response in found["Responses"]], ["-", "2", "-", "1"])
        self.assertEqual(["Item" in response for response in found["Responses"]], [True, True, False, True])


@unittest.skipUnless(FAULTY, "STATOR_FAULTY names no go-between")
class Retries(unittest.TestCase):
    ATTEMPTS = 4
    ENDS = {"internal": "InternalServerError", "unavailable": "ServiceUnavailableException",
            "throughput": "ProvisionedThroughputExceededException", "throttling": "ThrottlingException"}

    def through_faults(self, mode):
        retries = {"mode": mode, "total_max_attempts": self.ATTEMPTS}
        return boto3.client("dynamodb", endpoint_url=FAULTY, config=botocore.config.Config(retries=retries), **SESSION)

    def failing(self, kind, count):
        """A table that fails so often, and how often it has."""
        name = f"fail-{kind}-{count}-{unique_name()}"
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **TABLE_KINDS["hash"])
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=WAIT)

        def given():
            with urllib.request.urlopen(f"{FAULTY}/faults/{name}") as answer:
                return int(answer.read())
        return name, given

    def succeeds_after_two(self, to, kind):
        table, given = self.failing(kind, 2)
        self.assertEqual(add_one(to, table), 3 if kind == "crc" else 1)  # what is answered with a wrong checksum was done
        self.assertEqual(given(), 2)

    def ends_after_all(self, to, kind):
        table, given = self.failing(kind, 99)
        if kind == "drop":
            with self.assertRaises(botocore.exceptions.ConnectionClosedError):
                add_one(to, table)
        else:
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                add_one(to, table)
            code = self.ENDS[kind]
            self.assertEqual(caught.exception.response["Error"]["Code"], code)
            if code in dir(to.exceptions):
                self.assertIsInstance(caught.exception, getattr(to.exceptions, code))
            self.assertEqual(caught.exception.response["ResponseMetadata"]["RetryAttempts"], self.ATTEMPTS - 1)
        self.assertEqual(given(), self.ATTEMPTS)
        self.assertNotIn("Item", client.get_item(TableName=table, Key={"pk": {"S": "n"}}))

    def check(self, mode):
        """Every kind of fault at once, for the SDK waits between its attempts."""
        to = self.through_faults(mode)
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            done = [threads.submit(self.succeeds_after_two, to, kind) for kind in (*self.ENDS, "drop", "crc")]
            done += [threads.submit(self.ends_after_all, to, kind) for kind in (*self.ENDS, "drop")]
            for result in done:
                result.result()

    def test_standard(self):
        """flow: retries"""
        self.check("standard")

    def test_legacy(self):
        self.check("legacy")

    def test_adaptive(self):
        self.succeeds_after_two(self.through_faults("adaptive"), "throughput")


class Concurrency(unittest.TestCase):
    def add_by(self, clients):
        """16 workers, each with one of the clients, add 1 to one counter 25 times; returns what they were told."""
        table = create_table("hash")
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            told = threads.map(lambda worker: [add_one(clients[worker % len(clients)], table) for _ in range(25)], range(16))
            return sorted(sum(told, []))

    def test_counter(self):
        """flow: concurrent clients"""
        self.assertEqual(self.add_by([client]), list(range(1, 401)))
        self.assertEqual(self.add_by([client_for(ENDPOINT) for _ in range(4)]), list(range(1, 401)))

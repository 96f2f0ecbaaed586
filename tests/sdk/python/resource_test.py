# SPDX-License-Identifier: Apache-2.0
"""What boto3 itself does around the operations: the resource API, paginators, waiters, error classes, threads."""
import concurrent.futures
import unittest
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary

from support import (CONFIG, ENDPOINT, SESSION, TABLE_KINDS, WAIT, assert_refused, client, create_table, plain, unique_name)

resource = boto3.resource("dynamodb", endpoint_url=ENDPOINT, config=CONFIG, **SESSION)


class Resource(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = resource.create_table(TableName=unique_name(), BillingMode="PAY_PER_REQUEST", **TABLE_KINDS["indexed"])
        cls.table.wait_until_exists()
        for i in range(20):
            cls.table.put_item(Item={"pk": "p", "sk": f"{i:02}", "l": i, "g": "even" if i % 2 == 0 else "odd", "tags": {"all", f"t{i}"}})

    def sort_keys(self, answer):
        return [item["sk"] for item in answer["Items"]]

    def test_values(self):
        item = {"pk": "values", "sk": "1", "text": "té😀", "empty": "", "number": Decimal("-12.50"),
                "exact": Decimal("1234567890.1234567890123456789012345678"), "yes": True, "nothing": None, "list": [Decimal(1), "two", [None]],
                "map": {"deep": {"deeper": {}}}, "bytes": Binary(b"\x00\x01\xff"), "texts": {"a", "b"}, "numbers": {Decimal("1"), Decimal("2.5")},
                "binaries": {Binary(b"a"), Binary(b"b")}}
        self.table.put_item(Item=item)
        self.assertEqual(self.table.get_item(Key={"pk": "values", "sk": "1"})["Item"], item)

    def test_attributes_of_a_table(self):
        self.table.reload()
        self.assertEqual(self.table.table_status, "ACTIVE")
        self.assertEqual(self.table.key_schema, TABLE_KINDS["indexed"]["KeySchema"])
        self.assertEqual([index["IndexName"] for index in self.table.global_secondary_indexes], ["global"])
        self.assertIn(self.table.name, [table.name for table in resource.tables.all()])

    def test_query_conditions(self):
        everything = [f"{i:02}" for i in range(20)]
        for condition, expected in [
                (Key("pk").eq("p"), everything),
                (Key("pk").eq("p") & Key("sk").gte("15"), everything[15:]),
                (Key("pk").eq("p") & Key("sk").lt("03"), everything[:3]),
                (Key("pk").eq("p") & Key("sk").between("03", "05"), everything[3:6]),
                (Key("pk").eq("p") & Key("sk").begins_with("1"), everything[10:]),
                (Key("pk").eq("nobody"), [])]:
            with self.subTest(condition.get_expression()["values"]):
                self.assertEqual(self.sort_keys(self.table.query(KeyConditionExpression=condition)), expected)
        by_global = self.table.query(IndexName="global", KeyConditionExpression=Key("g").eq("odd") & Key("l").gt(15), ScanIndexForward=False)
        self.assertEqual(self.sort_keys(by_global), ["19", "17"])

    def test_filter_conditions(self):
        for condition, count in [
                (Attr("l").lt(5), 5), (Attr("l").gte(5) & Attr("g").eq("odd"), 8), (Attr("l").eq(1) | Attr("l").eq(2), 2),
                (~Attr("g").eq("odd"), 10), (Attr("l").is_in([1, 3, 99]), 2), (Attr("l").between(4, 6), 3), (Attr("nope").exists(), 0),
                (Attr("nope").not_exists(), 20), (Attr("g").begins_with("ev"), 10), (Attr("tags").contains("t7"), 1),
                (Attr("tags").size().eq(2), 20), (Attr("l").attribute_type("N"), 20), (Attr("l").ne(3), 19)]:
            with self.subTest(condition.get_expression()["operator"]):
                answer = self.table.query(KeyConditionExpression=Key("pk").eq("p"), FilterExpression=condition)
                self.assertEqual((answer["Count"], answer["ScannedCount"]), (count, 20))

    def test_batches(self):
        with self.table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for i in range(70):
                batch.put_item(Item={"pk": "batch", "sk": str(i % 60), "l": i})
            batch.delete_item(Key={"pk": "batch", "sk": "5"})
        found = self.table.query(KeyConditionExpression=Key("pk").eq("batch"))
        self.assertEqual(found["Count"], 59)
        keys = [{"pk": "batch", "sk": str(i)} for i in range(5)]
        answer = resource.batch_get_item(RequestItems={self.table.name: {"Keys": keys, "ProjectionExpression": "l"}})
        self.assertEqual(sorted(item["l"] for item in answer["Responses"][self.table.name]), [60, 61, 62, 63, 64])

    def test_update_and_delete(self):
        item_key = {"pk": "u", "sk": "1"}
        answer = self.table.update_item(Key=item_key, UpdateExpression="SET #n = if_not_exists(#n, :zero) + :half ADD seen :who",
                                        ExpressionAttributeNames={"#n": "count"}, ReturnValues="ALL_NEW",
                                        ExpressionAttributeValues={":zero": 0, ":half": Decimal("0.5"), ":who": {"me"}})
        self.assertEqual(answer["Attributes"], {**item_key, "count": Decimal("0.5"), "seen": {"me"}})
        old = self.table.delete_item(Key=item_key, ReturnValues="ALL_OLD", ConditionExpression=Attr("count").eq(Decimal("0.5")))
        self.assertEqual(old["Attributes"]["seen"], {"me"})
        self.assertNotIn("Item", self.table.get_item(Key=item_key))


class Paginators(unittest.TestCase):
    ITEMS = 41

    @classmethod
    def setUpClass(cls):
        cls.table = create_table("indexed")
        cls.everything = [f"{i:03}" for i in range(cls.ITEMS)]
        for i, name in enumerate(cls.everything):
            client.put_item(TableName=cls.table, Item={"pk": {"S": f"p{i % 2}"}, "sk": {"S": name}, "l": {"N": str(i % 5)}, "g": {"S": "all"}})

    def pages(self, operation, config, **members):
        return [[item["sk"]["S"] for item in page["Items"]]
                for page in client.get_paginator(operation).paginate(TableName=self.table, PaginationConfig=config, **members)]

    def test_query_and_scan(self):
        query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p1"}}}
        by_index = {"IndexName": "global", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "all"}}}
        for size in (1, 3, 20, 41, 1000):
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

    def test_parallel_scan(self):
        for total in (1, 3, 8):
            with self.subTest(total), concurrent.futures.ThreadPoolExecutor(total) as threads:
                segments = threads.map(lambda segment: self.pages("scan", {"PageSize": 4}, Segment=segment, TotalSegments=total), range(total))
                self.assertEqual(sorted(sum((sum(pages, []) for pages in segments), [])), self.everything)

    def test_list_tables(self):
        names = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}).build_full_result()["TableNames"]
        self.assertEqual(names, sorted(names))
        self.assertIn(self.table, names)


class Errors(unittest.TestCase):
    def test_classes(self):
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


class Waiters(unittest.TestCase):
    def test_exists_and_not(self):
        table = create_table("range")
        self.assertEqual(client.describe_table(TableName=table)["Table"]["TableStatus"], "ACTIVE")
        client.delete_table(TableName=table)
        client.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=WAIT)
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.describe_table(TableName=table)


class Threads(unittest.TestCase):
    def test_every_add_counts_once(self):
        table = create_table("hash")

        def add(_):
            answer = client.update_item(TableName=table, Key={"pk": {"S": "n"}}, UpdateExpression="ADD n :one", ReturnValues="UPDATED_NEW",
                                        ExpressionAttributeValues={":one": {"N": "1"}})
            return int(answer["Attributes"]["n"]["N"])
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            self.assertEqual(sorted(threads.map(add, range(300))), list(range(1, 301)))

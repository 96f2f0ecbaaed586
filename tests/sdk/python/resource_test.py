# SPDX-License-Identifier: Apache-2.0
"""The resource API: values of Python, condition builders, the batch writer; the flows that look different through it."""
import base64
import unittest
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary, TypeDeserializer

from cases import every_value, map_binary
from support import CONFIG, ENDPOINT, SESSION, TABLE_KINDS, client, create_table, unique_name

LARGE = Decimal("9.9999999999999999999999999999999999999E+125")
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
        """flow: values"""
        item = {"pk": "values", "sk": "1", "number": Decimal("-12.50"), "exact": Decimal("1234567890.1234567890123456789012345678"),
                "list": [Decimal(1), "two", [None]], "bytes": Binary(b"\x00\x01\xff"), "numbers": {Decimal("1"), Decimal("2.5")},
                "binaries": {Binary(b"a"), Binary(b"b")}}
        values = map_binary(every_value(), base64.b64decode)
        item |= {name: TypeDeserializer().deserialize(value) for name, value in values.items() if name not in ("pk", "sk", "large")}
        self.table.put_item(Item=item)
        found = self.table.get_item(Key={"pk": "values", "sk": "1"})["Item"]
        self.assertEqual(found, item)

    def test_large_number(self):
        """Its zeros are sent as the service sends them; boto3 refuses to read them (its issue 2500), so the plain client does."""
        self.table.put_item(Item={"pk": "large", "sk": "1", "n": LARGE})
        found = client.get_item(TableName=self.table.name, Key={"pk": {"S": "large"}, "sk": {"S": "1"}})["Item"]
        self.assertEqual(found["n"]["N"], every_value()["large"]["N"])

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
        """flow: batches"""
        with self.table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for i in range(70):
                batch.put_item(Item={"pk": "batch", "sk": str(i % 60), "l": i})
            batch.delete_item(Key={"pk": "batch", "sk": "5"})
        found = self.table.query(KeyConditionExpression=Key("pk").eq("batch"))
        self.assertEqual(found["Count"], 59)
        keys = [{"pk": "batch", "sk": str(i)} for i in range(100)]
        answer = resource.batch_get_item(RequestItems={self.table.name: {"Keys": keys, "ProjectionExpression": "l"}})
        self.assertEqual(sorted(item["l"] for item in answer["Responses"][self.table.name]),
                         [i for i in range(10, 70) if i != 65])

    def test_unprocessed_keys(self):
        table = resource.Table(create_table("hash"))
        with table.batch_writer() as batch:
            for i in range(60):
                batch.put_item(Item={"pk": str(i), "fill": "x" * 390 * 1024})
        wanted, found = {table.name: {"Keys": [{"pk": str(i)} for i in range(60)]}}, []
        while wanted:
            answer = resource.batch_get_item(RequestItems=wanted)
            found += [item["pk"] for item in answer["Responses"][table.name]]
            self.assertEqual(bool(answer["UnprocessedKeys"]), len(found) < 60)
            wanted = answer["UnprocessedKeys"]
        self.assertEqual(sorted(found, key=int), [str(i) for i in range(60)])

    def test_update_and_delete(self):
        item_key = {"pk": "u", "sk": "1"}
        answer = self.table.update_item(Key=item_key, UpdateExpression="SET #n = if_not_exists(#n, :zero) + :half ADD seen :who",
                                        ExpressionAttributeNames={"#n": "count"}, ReturnValues="ALL_NEW",
                                        ExpressionAttributeValues={":zero": 0, ":half": Decimal("0.5"), ":who": {"me"}})
        self.assertEqual(answer["Attributes"], {**item_key, "count": Decimal("0.5"), "seen": {"me"}})
        old = self.table.delete_item(Key=item_key, ReturnValues="ALL_OLD", ConditionExpression=Attr("count").eq(Decimal("0.5")))
        self.assertEqual(old["Attributes"]["seen"], {"me"})
        self.assertNotIn("Item", self.table.get_item(Key=item_key))

    def pages(self, read, **members):
        while True:
            answer = read(Limit=7, **members)
            yield from self.sort_keys(answer)
            if "LastEvaluatedKey" not in answer:
                return
            members["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def test_pages(self):
        """flow: paging"""
        table = resource.Table(create_table("range"))
        everything = [f"{i:03}" for i in range(100)]
        with table.batch_writer() as batch:
            for sk in everything:
                batch.put_item(Item={"pk": "p", "sk": sk})
        self.assertEqual(list(self.pages(table.query, KeyConditionExpression=Key("pk").eq("p"))), everything)
        self.assertEqual(sorted(self.pages(table.scan)), everything)
        segments = [list(self.pages(table.scan, Segment=segment, TotalSegments=4)) for segment in range(4)]
        self.assertEqual(sorted(sum(segments, [])), everything)
        names = [found.name for page in resource.tables.page_size(2).pages() for found in page]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({table.name, self.table.name}, set(names))

    def test_waiters(self):
        """flow: waiters"""
        table = resource.create_table(TableName=unique_name(), BillingMode="PAY_PER_REQUEST", **TABLE_KINDS["hash"])
        table.wait_until_exists()
        table.reload()
        self.assertEqual(table.table_status, "ACTIVE")
        table.delete()
        table.wait_until_not_exists()
        with self.assertRaises(resource.meta.client.exceptions.ResourceNotFoundException):
            table.load()

    def test_transactions(self):
        """flow: transactions"""
        own, name = resource.meta.client, self.table.name
        at = {"TableName": name, "Key": {"pk": "t", "sk": "1"}}
        own.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": {**at["Key"], "n": 1},
                                                             "ConditionExpression": "attribute_not_exists(pk)"}}])
        own.transact_write_items(TransactItems=[{"Update": {**at, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": 1}}}])
        found = own.transact_get_items(TransactItems=[{"Get": at}])["Responses"]
        self.assertEqual(found, [{"Item": {**at["Key"], "n": 2}}])
        with self.assertRaises(own.exceptions.TransactionCanceledException) as caught:
            own.transact_write_items(TransactItems=[{"ConditionCheck": {
                **at, "ConditionExpression": "n = :one", "ExpressionAttributeValues": {":one": 1}}}])
        self.assertEqual([reason["Code"] for reason in caught.exception.response["CancellationReasons"]], ["ConditionalCheckFailed"])

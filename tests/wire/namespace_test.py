# SPDX-License-Identifier: Apache-2.0
"""Who sees whose tables: --isolate-by, and table ARNs in the place of names."""
import contextlib
import http.client
import itertools
import json
import pathlib
import sys
import unittest
import urllib.parse

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import dynamo
import metrics
from server import Server

SCHEMA = {"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
          "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
REGIONS, KEYS = ("eu-west-1", "local"), ("one", "t/w+o=")


class Signed(dynamo.Client):
    """A client with a region and an access key of its own."""

    def __init__(self, endpoint, region, key):
        super().__init__(endpoint)
        self.authorization = dynamo.AUTHORIZATION.replace("us-east-1", region).replace("=test/", f"={key}/")

    def raw(self, operation, body, headers=None):
        return super().raw(operation, body, {"Authorization": self.authorization, **(headers or {})})


class Namespaces(unittest.TestCase):
    def seen(self, *flags):
        """By each (region, key): the tables it sees when the first pair has made one."""
        with Server("--in-memory", *flags) as server:
            pairs = list(itertools.product(REGIONS, KEYS))
            clients = {pair: Signed(server.url, *pair) for pair in pairs}
            clients[pairs[0]].call("CreateTable", {"TableName": "mine", **SCHEMA})
            seen = [client.call("ListTables", {})["TableNames"] for client in clients.values()]
            for client in clients.values():
                client.close()
        return [bool(names) for names in seen]

    def test_tables_are_shared_unless_asked(self):
        self.assertEqual(self.seen(), [True, True, True, True])

    def test_by_region(self):
        self.assertEqual(self.seen("--isolate-by", "region"), [True, True, False, False])

    def test_by_access_key(self):
        self.assertEqual(self.seen("--isolate-by", "access-key"), [True, False, True, False])

    def test_by_both(self):
        self.assertEqual(self.seen("--isolate-by", "region,access-key"), [True, False, False, False])

    def test_streams_go_with_their_tables(self):
        """Who does not see a table does not see its stream, and an iterator of it is of no use to them."""
        with Server("--in-memory", "--isolate-by", "access-key") as server:
            mine, other = (Signed(server.url, "eu-west-1", key) for key in ("one", "two"))
            specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
            arn = mine.call("CreateTable", {"TableName": "mine", "StreamSpecification": specification,
                                            **SCHEMA})["TableDescription"]["LatestStreamArn"]
            self.assertEqual(len(mine.call("ListStreams", {})["Streams"]), 1)
            self.assertEqual(other.call("ListStreams", {})["Streams"], [])
            shard = mine.call("DescribeStream", {"StreamArn": arn})["StreamDescription"]["Shards"][0]["ShardId"]
            get = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
            start = mine.call("GetShardIterator", get)["ShardIterator"]
            for operation, request in (("DescribeStream", {"StreamArn": arn}), ("GetShardIterator", get),
                                       ("GetRecords", {"ShardIterator": start})):
                mine.call(operation, request)
                with self.assertRaises(dynamo.DynamoError) as caught:
                    other.call(operation, request)
                self.assertEqual(caught.exception.type, "ResourceNotFoundException")
            mine.close()
            other.close()

    def test_keys_with_slashes(self):
        """Each has tables of its own, in the listing, in the metrics and after a restart, wherever its slashes are."""
        keys = "a", "a/b", "a/b/", "/a", "b/mine"
        with Server("--isolate-by", "region,access-key") as server:
            for key in keys:
                with contextlib.closing(Signed(server.url, "local", key)) as client:
                    client.call("CreateTable", {"TableName": "mine", **SCHEMA})
                    client.call("PutItem", {"TableName": "mine", "Item": {"pk": {"S": key}}})
            found = metrics.scrape(server)
            for key in keys:
                self.assertEqual(found.value("stator_requests_total", operation="PutItem", table="mine",
                                             namespace=f"local/{key}"), 1)
            server.stop()
            server.start()
            for key in keys:
                with self.subTest(key=key), contextlib.closing(Signed(server.url, "local", key)) as client:
                    self.assertEqual(client.call("ListTables", {})["TableNames"], ["mine"])
                    self.assertEqual(client.call("Scan", {"TableName": "mine"})["Items"], [{"pk": {"S": key}}])

    def test_access_keys(self):
        """Whatever cannot be an access key is an unknown one, in the header and in the query."""
        unknown = "The security token included in the request is invalid."
        scope = "20260101/us-east-1/dynamodb/aws4_request"
        with Server("--in-memory", "--isolate-by", "access-key") as server:
            for key, good in (("t+w=o._-", True), ("/t/w+o=/", True), ("/", True), ("", False), ("k" * 128, True), ("k" * 129, False), ("a:b", False), ("a%0Ab", False),
                              ("a%00", False), ("%1b[31m", False), ("a b", False)):
                with self.subTest(key=key):
                    quoted = key.replace(" ", "%20").replace("+", "%2B")
                    path = (f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quoted}/{scope}"
                            "&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=b")
                    self.assertEqual(self.answer(server, path, {}), (200, "") if good else (400, unknown))
                    if "%" not in key and " " not in key:
                        header = dynamo.AUTHORIZATION.replace("=test/", f"={key}/")
                        self.assertEqual(self.answer(server, "/", {"Authorization": header, "X-Amz-Date": "20260101T000000Z"}),
                                         (200, "") if good else (400, unknown))

    def answer(self, server, path, headers):
        address = urllib.parse.urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        connection.request("POST", path, "{}", {"Content-Type": "application/x-amz-json-1.0",
                                                "X-Amz-Target": "DynamoDB_20120810.ListTables", **headers})
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        return response.status, body.get("message", "")

    def test_all_namespaces_share_one_limit(self):
        """2,500 tables for each access key, and 10,000 for all together."""
        with Server("--in-memory", "--isolate-by", "access-key") as server:
            for key in ("one", "two", "three", "four"):
                client = Signed(server.url, "eu-west-1", key)
                for number in range(2500):
                    client.call("CreateTable", {"TableName": f"t{number:04}", **SCHEMA})
                self.refused(client, "LimitExceededException", "Subscriber limit exceeded: There is a limit of 2500 tables "
                             "per subscriber", "CreateTable", {"TableName": "more", **SCHEMA})
                client.close()
            last, first = Signed(server.url, "eu-west-1", "five"), Signed(server.url, "eu-west-1", "one")
            self.refused(last, "LimitExceededException", "Subscriber limit exceeded: There is a limit of 10000 tables for "
                         "all subscribers together", "CreateTable", {"TableName": "more", **SCHEMA})
            first.call("DeleteTable", {"TableName": "t0000"})
            first.table_is("t0001", lambda table: True)
            last.call("CreateTable", {"TableName": "more", **SCHEMA})
            last.close()
            first.close()

    def test_arns_of_elsewhere(self):
        """With --isolate-by region an ARN's region and account are the request's own, or it is refused as on the service."""
        own = "arn:aws:dynamodb:eu-west-1:000000000000:table/mine"
        elsewhere, others = own.replace("eu-west-1", "us-east-1"), own.replace("000000000000", "111111111111")
        key = {"pk": {"S": "k"}}
        with Server("--in-memory", "--isolate-by", "region") as server:
            client = Signed(server.url, "eu-west-1", "one")
            client.call("CreateTable", {"TableName": "mine", **SCHEMA})
            for operation, more in (
                    ("DescribeTable", {}), ("DescribeTimeToLive", {}), ("DescribeContinuousBackups", {}),
                    ("DescribeContributorInsights", {}), ("UpdateTable", {"DeletionProtectionEnabled": False}),
                    ("GetItem", {"Key": key}), ("PutItem", {"Item": key}), ("Scan", {})):
                with self.subTest(operation=operation):
                    client.call(operation, {"TableName": own, **more})
                    self.refused(client, "ValidationException", "1 validation error detected: Invalid AWS region in "
                                 f"'{elsewhere}'", operation, {"TableName": elsewhere, **more})
                    self.refused(client, "AccessDeniedException", "Access is denied", operation,
                                 {"TableName": others, **more})
            for operation, request in (
                    ("BatchGetItem", lambda arn: {"RequestItems": {arn: {"Keys": [key]}}}),
                    ("BatchWriteItem", lambda arn: {"RequestItems": {arn: [{"PutRequest": {"Item": key}}]}}),
                    ("TransactGetItems", lambda arn: {"TransactItems": [{"Get": {"TableName": arn, "Key": key}}]}),
                    ("TransactWriteItems", lambda arn: {"TransactItems": [{"Delete": {"TableName": arn, "Key": key}}]})):
                with self.subTest(operation=operation):
                    client.call(operation, request(own))
                    self.refused(client, "ValidationException", "1 validation error detected: Invalid AWS region in "
                                 f"'{elsewhere}'", operation, request(elsewhere))
                    self.refused(client, "AccessDeniedException", "Access is denied", operation, request(others))
            client.call("ListTagsOfResource", {"ResourceArn": own})
            self.refused(client, "ValidationException", "Invalid TableArn: Invalid ResourceArn provided as input "
                         + elsewhere, "ListTagsOfResource", {"ResourceArn": elsewhere})
            self.refused(client, "AccessDeniedException", "Access is denied", "ListTagsOfResource", {"ResourceArn": others})
            self.refused(client, "ValidationException", "One or more parameter values were invalid: Invalid resource Arn: "
                         + elsewhere, "GetResourcePolicy", {"ResourceArn": elsewhere})
            self.refused(client, "ValidationException", "This action is only supported by accounts that match the resource "
                         "owner\u2019s account.", "GetResourcePolicy", {"ResourceArn": others})
            client.close()
        with Server("--in-memory") as server:  # one server for all regions and accounts
            client = Signed(server.url, "eu-west-1", "one")
            client.call("CreateTable", {"TableName": "mine", **SCHEMA})
            for arn in (own, elsewhere, others):
                client.call("DescribeTable", {"TableName": arn})
                client.call("ListTagsOfResource", {"ResourceArn": arn})
            client.close()

    def refused(self, client, kind, message, operation, request):
        with self.assertRaises(dynamo.DynamoError) as caught:
            client.call(operation, request)
        self.assertEqual((caught.exception.type, caught.exception.message), (kind, message))

    def test_an_arn_is_a_name(self):
        with Server("--in-memory") as server:
            client = Signed(server.url, "eu-west-1", "one")
            arn = client.call("CreateTable", {"TableName": "mine", **SCHEMA})["TableDescription"]["TableArn"]
            self.assertEqual(arn, "arn:aws:dynamodb:eu-west-1:000000000000:table/mine")
            client.table_is("mine", lambda table: table["TableStatus"] == "ACTIVE")
            for name in "mine", arn:
                client.call("PutItem", {"TableName": arn, "Item": {"pk": {"S": name}}})
                self.assertEqual(client.call("GetItem", {"TableName": name, "Key": {"pk": {"S": name}}})["Item"],
                                 {"pk": {"S": name}})
                self.assertEqual(client.call("Scan", {"TableName": name, "Select": "COUNT"})["Count"],
                                 client.call("Scan", {"TableName": "mine", "Select": "COUNT"})["Count"])
            client.call("BatchWriteItem", {"RequestItems": {arn: [{"DeleteRequest": {"Key": {"pk": {"S": arn}}}}]}})
            self.assertEqual(client.call("DescribeTable", {"TableName": arn})["Table"]["ItemCount"], 1)
            item = {"PutRequest": {"Item": {"pk": {"S": "by both names"}}}}
            with self.assertRaisesRegex(dynamo.DynamoError, "Provided list of item keys contains duplicates"):
                client.call("BatchWriteItem", {"RequestItems": {arn: [item], "mine": [item]}})
            self.assertEqual(client.call("DescribeTable", {"TableName": arn})["Table"]["ItemCount"], 1)
            self.assertEqual(client.call("DeleteTable", {"TableName": arn})["TableDescription"]["TableName"], "mine")
            client.close()


if __name__ == "__main__":
    unittest.main()

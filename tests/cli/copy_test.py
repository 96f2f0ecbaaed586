#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""copy: tables from one server to another."""
import unittest

from cli import Case, Client, Server


class Copies(Case):
    def setUp(self):
        super().setUp()
        self.other = Server("--durability", "none", in_memory=True)
        self.addCleanup(self.other.close)
        self.other.start()
        self.there = Client(self.other.url)
        self.addCleanup(self.there.close)
        self.sides = ("--from", self.server.url, "--to", self.other.url)

    def fill(self, table, count=500):
        for number in range(count):
            self.client.call("PutItem", {"TableName": table, "Item": {
                "id": {"S": str(number)}, "n": {"N": str(number)}, "raw": {"B": "AAEC/w=="}, "tags": {"SS": ["a", "é"]},
                "x": {"S": "x" * 5000}}})

    def copied(self, table):
        """Items there, in the order of their keys."""
        return self.items(table, self.there)

    def test_definition_and_items(self):
        self.run_cli("tables", "create", "users", "id", "--throughput", "5,6", "--stream", "new", "--ttl", "ends", "--index", "by-n=n:N;tags")
        arn = self.json("tables", "describe", "users")["Table"]["TableArn"]
        self.client.call("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "a"}, {"Key": "b", "Value": ""}]})
        self.fill("users")
        self.run_cli("copy", "users", *self.sides)
        here, there = (client.call("DescribeTable", {"TableName": "users"})["Table"] for client in (self.client, self.there))
        for name in ("KeySchema", "AttributeDefinitions", "StreamSpecification"):
            self.assertEqual(here[name], there[name])
        self.assertEqual(there["ProvisionedThroughput"]["WriteCapacityUnits"], 6)
        self.assertEqual([(index["IndexName"], index["KeySchema"], index["Projection"]) for index in there["GlobalSecondaryIndexes"]],
                         [(index["IndexName"], index["KeySchema"], index["Projection"]) for index in here["GlobalSecondaryIndexes"]])
        self.assertEqual(self.there.call("DescribeTimeToLive", {"TableName": "users"})["TimeToLiveDescription"]["AttributeName"], "ends")
        tags = self.there.call("ListTagsOfResource", {"ResourceArn": there["TableArn"]})["Tags"]
        self.assertEqual({tag["Key"]: tag["Value"] for tag in tags}, {"team": "a", "b": ""})
        self.assertEqual(self.copied("users"), self.items("users"))

    def test_all_tables_into_what_is_there(self):
        for name in "aaa", "bbb":
            self.table(name)
            self.fill(name, 30)
        self.run_cli("tables", "create", "aaa", "id", "--endpoint", self.other.url)
        self.run_cli("put", "aaa", "id=more", "--endpoint", self.other.url)
        self.run_cli("copy", *self.sides, "--segments", "1")
        self.assertEqual(len(self.copied("aaa")), 31)
        self.assertEqual(self.copied("bbb"), self.items("bbb"))

    def test_other_name_and_definition_alone(self):
        self.table()
        self.fill("users", 3)
        self.run_cli("copy", "users", "--from", self.server.url, "--to", self.server.url, "--as", "again")
        self.assertEqual(self.items("again"), self.items("users"))
        self.run_cli("copy", "users", *self.sides, "--definition-only")
        self.assertEqual(self.copied("users"), [])

    def test_refused(self):
        self.table()
        self.refused(2, "--from and --to", "copy", "users")
        self.refused(2, "one table", "copy", *self.sides, "--as", "x")
        self.refused(3, "ResourceNotFoundException", "copy", "nowhere", *self.sides)
        self.run_cli("tables", "create", "users", "other", "--endpoint", self.other.url)
        self.refused(1, "with another key", "copy", "users", *self.sides)


if __name__ == "__main__":
    unittest.main()

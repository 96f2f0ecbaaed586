# SPDX-License-Identifier: Apache-2.0
"""What boto3 makes of a throttled table: its exceptions with their reasons, and a batch writer that sends again what is left."""
import os
import unittest

import boto3

from clock import Clock
from server import Server
from support import CONFIG, SESSION, client_for, define, key, unique_name

BIG = {"S": "x" * 390 * 1024}


@unittest.skipUnless(os.environ.get("STATOR_BIN"), "STATOR_BIN names no server")
class Throttle(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.addCleanup(self.clock.close)
        self.server = Server("--enforce-throughput", "--clock-file", self.clock.path, in_memory=True)
        self.server.start()
        self.addCleanup(self.server.close)
        self.client = client_for(self.server.url)

    def table(self, **billing):
        name = unique_name()
        self.client.create_table(TableName=name, AttributeDefinitions=define(pk="S"), KeySchema=key("pk"), **billing)
        self.client.get_waiter("table_exists").wait(TableName=name)
        self.client.put_item(TableName=name, Item={"pk": {"S": "big"}, "fill": BIG})
        return name

    def test_provisioned(self):
        name = self.table(ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
        with self.assertRaises(self.client.exceptions.ProvisionedThroughputExceededException) as raised:
            self.client.put_item(TableName=name, Item={"pk": {"S": "small"}})
        (reason,) = raised.exception.response["ThrottlingReasons"]
        self.assertEqual(reason["reason"], "TableWriteProvisionedThroughputExceeded")
        self.assertTrue(reason["resource"].endswith(":table/" + name))
        self.assertTrue(raised.exception.response["Error"]["Message"].startswith("The level of configured provisioned throughput"))

    def test_on_demand(self):
        name = self.table(BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1})
        with self.assertRaises(self.client.exceptions.ThrottlingException) as raised:
            self.client.put_item(TableName=name, Item={"pk": {"S": "small"}})
        (reason,) = raised.exception.response["throttlingReasons"]
        self.assertEqual(reason["reason"], "TableWriteMaxOnDemandThroughputExceeded")

    def test_batch_writer_sends_again_what_is_left(self):
        name = self.table(ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1})
        self.clock.set(92)  # a few units are there, not enough for all
        table = boto3.resource("dynamodb", endpoint_url=self.server.url, config=CONFIG, **SESSION).Table(name)
        sent = []

        def later(**_):  # each request finds the clock moved on by as much as a few items take
            sent.append(1)
            self.clock.set(92 + 100 * len(sent))
        table.meta.client.meta.events.register("after-call.dynamodb.BatchWriteItem", later)
        with table.batch_writer() as batch:
            for number in range(8):
                batch.put_item(Item={"pk": "k%d" % number, "fill": "x" * 50 * 1024})
        self.assertGreater(len(sent), 1)
        self.assertEqual(table.scan(Select="COUNT")["Count"], 9)


if __name__ == "__main__":
    unittest.main()

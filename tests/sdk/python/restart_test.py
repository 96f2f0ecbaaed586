# SPDX-License-Identifier: Apache-2.0
"""A server of one's own: what boto3 was told is written is there after SIGTERM and after kill -9, index added meanwhile included."""
import os
import unittest

from server import Server
from support import client_for, create_table, define, key, until

ROWS = 150


@unittest.skipUnless(os.environ.get("STATOR_BIN"), "STATOR_BIN names no server")
class Restart(unittest.TestCase):
    def check(self, end):
        with Server() as server:
            client = client_for(server.url)
            table = create_table("range", client)
            for i in range(ROWS):
                client.put_item(TableName=table, Item={"pk": {"S": f"p{i % 7}"}, "sk": {"S": str(i)}, "g": {"S": f"g{i % 3}"}})
            client.update_table(TableName=table, AttributeDefinitions=define(pk="S", sk="S", g="S"), GlobalSecondaryIndexUpdates=[
                {"Create": {"IndexName": "late", "KeySchema": key("g", "sk"), "Projection": {"ProjectionType": "ALL"}}}])
            client.put_item(TableName=table, Item={"pk": {"S": "after"}, "sk": {"S": "x"}, "g": {"S": "g0"}})
            end(server)
            server.start()
            client = client_for(server.url)

            def index_is_active():
                indexes = client.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
                self.assertEqual([index["IndexStatus"] for index in indexes], ["ACTIVE"])
            until(index_is_active)
            self.assertEqual(client.scan(TableName=table, Select="COUNT")["Count"], ROWS + 1)
            self.assertEqual(client.scan(TableName=table, IndexName="late", Select="COUNT")["Count"], ROWS + 1)
            query = client.query(TableName=table, IndexName="late", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "g0"}})
            self.assertEqual(query["Count"], ROWS // 3 + 1)
            self.assertEqual(client.describe_table(TableName=table)["Table"]["ItemCount"], ROWS + 1)

    def test_after_sigterm(self):
        self.check(Server.stop)

    def test_after_kill(self):
        self.check(Server.kill)

# SPDX-License-Identifier: Apache-2.0
"""aiobotocore, unchanged: many requests at once, a paginator, a waiter, an error's class. In a venv of its own, for it needs a
botocore of its own."""
import asyncio
import logging
import os
import unittest

from aiobotocore.session import get_session

from cases import TABLE_KINDS, unique_name

logging.getLogger("asyncio").setLevel(logging.ERROR)  # unittest's debug mode tells of every slow step
WAIT = {"Delay": 0.05, "MaxAttempts": 1200}


class Aio(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        context = get_session().create_client("dynamodb", endpoint_url=os.environ.get("STATOR_ENDPOINT", "http://127.0.0.1:8000"),
                                              region_name="eu-central-1", aws_access_key_id="test.key-1", aws_secret_access_key="secret")
        self.client = await self.enterAsyncContext(context)
        self.table = unique_name()
        await self.client.create_table(TableName=self.table, BillingMode="PAY_PER_REQUEST", **TABLE_KINDS["hash"])
        await self.client.get_waiter("table_exists").wait(TableName=self.table, WaiterConfig=WAIT)

    async def test_many_at_once(self):
        await asyncio.gather(*(
            self.client.update_item(TableName=self.table, Key={"pk": {"S": str(i % 7)}}, UpdateExpression="ADD n :one",
                                    ExpressionAttributeValues={":one": {"N": "1"}}) for i in range(200)))
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, PaginationConfig={"PageSize": 2})
        sizes, total = [], 0
        async for page in pages:
            sizes.append(len(page["Items"]))
            total += sum(int(item["n"]["N"]) for item in page["Items"])
        self.assertEqual((sizes, total), ([2, 2, 2, 1], 200))

    async def test_errors(self):
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException):
            await self.client.put_item(TableName=self.table, Item={"pk": {"S": "k"}}, ConditionExpression="attribute_exists(pk)")
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            await self.client.get_item(TableName="no-" + self.table, Key={"pk": {"S": "k"}})

# SPDX-License-Identifier: Apache-2.0
"""Powertools for AWS Lambda, unchanged: its idempotency records in a table."""
import unittest
import warnings

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError, IdempotencyValidationError

from support import WAIT, client, define, key, unique_name


class Powertools(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")  # it would like to be told how long a Lambda may still run
        self.table = unique_name()
        client.create_table(TableName=self.table, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=define(id="S"), KeySchema=key("id"))
        client.get_waiter("table_exists").wait(TableName=self.table, WaiterConfig=WAIT)
        client.update_time_to_live(TableName=self.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"})
        self.calls = []

    def payer(self, inside=None):
        """A function that pays once for each order, and refuses another amount for the same order."""
        layer = DynamoDBPersistenceLayer(table_name=self.table, boto3_client=client)
        config = IdempotencyConfig(event_key_jmespath="order", payload_validation_jmespath="amount")

        @idempotent_function(data_keyword_argument="order", persistence_store=layer, config=config)
        def pay(order):
            self.calls.append(order)
            if inside:
                inside()
            return {"paid": order["amount"], "n": len(self.calls)}
        return pay

    def test_once(self):
        pay = self.payer()
        self.assertEqual([pay(order={"order": "a", "amount": 5}) for _ in range(3)], [{"paid": 5, "n": 1}] * 3)
        self.assertEqual(pay(order={"order": "b", "amount": 5}), {"paid": 5, "n": 2})
        with self.assertRaises(IdempotencyValidationError):
            pay(order={"order": "a", "amount": 6})
        records = client.scan(TableName=self.table)["Items"]
        self.assertEqual([record["status"] for record in records], [{"S": "COMPLETED"}] * 2)

    def test_in_progress(self):
        """A second call meanwhile sees the first one's record, by the item in ConditionalCheckFailedException."""
        def again():
            with self.assertRaises(IdempotencyAlreadyInProgressError):
                self.payer()(order={"order": "a", "amount": 5})
        self.assertEqual(self.payer(again)(order={"order": "a", "amount": 5}), {"paid": 5, "n": 1})

    def test_failure_leaves_nothing(self):
        def fail():
            raise RuntimeError("no money")
        with self.assertRaises(RuntimeError):
            self.payer(fail)(order={"order": "a", "amount": 5})
        self.assertEqual(client.scan(TableName=self.table, Select="COUNT")["Count"], 0)

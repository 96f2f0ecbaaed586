# SPDX-License-Identifier: Apache-2.0
"""The cases of ../cases through boto3's client: whole scenarios, expressions, key conditions, numbers."""
import copy
import unittest

import boto3
import botocore.exceptions
from boto3.dynamodb.transform import ParameterTransformer
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

import cases as shared
from support import (CONFIG, ENDPOINT, SESSION, assert_refused, call, client, create_table, error_text, load_cases, placeholders, plain,
                     to_api, to_sdk)


def pk(text):
    return {"pk": {"S": text}}


class Scenarios(shared.Scenarios, unittest.TestCase):
    def send(self, operation, members):
        try:
            return to_api(self.call(operation, to_sdk(members)))
        except botocore.exceptions.ClientError as error:
            raise shared.Refused(error_text(error)) from error

    def call(self, operation, members):
        return call(client, operation, members)


class AsStored(TypeSerializer):
    """Numbers in the form in which the service gives them: never with an exponent."""

    def _serialize_n(self, value):
        return format(value, "f")


class ResourceScenarios(Scenarios):
    """The same by the resource's client, which takes and gives values of Python. What these cannot say (an empty set, say, or
    NULL: false) goes by the plain client."""
    client = boto3.resource("dynamodb", endpoint_url=ENDPOINT, config=CONFIG, **SESSION).meta.client

    def call(self, operation, members):
        model = client.meta.service_model.operation_model(operation)
        values = self.transformed(members, model.input_shape, TypeDeserializer().deserialize)
        if values is None or plain(self.transformed(values, model.input_shape, TypeSerializer().serialize)) != plain(members):
            return super().call(operation, members)
        answer = call(self.client, operation, values)
        return self.transformed(answer, model.output_shape, AsStored().serialize) if model.output_shape else answer

    @staticmethod
    def transformed(members, shape, change):
        """The members with every AttributeValue changed, None if one cannot be."""
        members = copy.deepcopy(members)
        try:
            ParameterTransformer().transform(members, shape, change, "AttributeValue")
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return None
        return members


shared.add_scenarios(Scenarios)
shared.add_scenarios(ResourceScenarios)


class Conditions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = load_cases("conditions")
        cls.table = create_table("hash")
        cls.item = to_sdk({**pk("k"), **cls.cases["item"]})
        client.put_item(TableName=cls.table, Item=cls.item)

    def condition(self, expression):
        return client.put_item(TableName=self.table, Item=self.item, ConditionExpression=expression, **self.parts(expression))

    def filter(self, expression):
        return client.scan(TableName=self.table, FilterExpression=expression, **self.parts(expression))

    def parts(self, expression):
        return placeholders(expression, self.cases["names"], self.cases["values"])

    def test_hold(self):
        for expression in self.cases["true"]:
            with self.subTest(expression):
                self.condition(expression)
                self.assertEqual(self.filter(expression)["Count"], 1)

    def test_do_not_hold(self):
        for expression in self.cases["false"]:
            with self.subTest(expression):
                assert_refused(self, "ConditionalCheckFailedException: The conditional request failed", self.condition, expression)
                self.assertEqual(self.filter(expression)["Count"], 0)

    def test_refused(self):
        for expression, message in self.cases["errors"]:
            with self.subTest(expression):
                for kind, call in (("ConditionExpression", self.condition), ("FilterExpression", self.filter)):
                    assert_refused(self, f"ValidationException: {message.replace('{kind}', kind)}", call, expression)


class Updates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = load_cases("updates")
        cls.table = create_table("hash")

    def stored(self, item_key):
        return plain(client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True).get("Item"))

    def update(self, item_key, expression):
        parts = placeholders(expression, self.cases["names"], self.cases["values"])
        return client.update_item(TableName=self.table, Key=item_key, UpdateExpression=expression, ReturnValues="ALL_NEW", **parts)

    def test_done(self):
        for i, (before, expression, after) in enumerate(self.cases["done"]):
            with self.subTest(expression, before=before):
                item_key = pk(f"done {i}")
                if before is not None:
                    client.put_item(TableName=self.table, Item=to_sdk({**item_key, **before}))
                attributes = plain(self.update(item_key, expression)["Attributes"])
                self.assertEqual(attributes, plain({**item_key, **after}))
                self.assertEqual(self.stored(item_key), attributes)

    def test_refused(self):
        for i, (before, expression, message) in enumerate(self.cases["refused"]):
            with self.subTest(expression, before=before):
                item_key = pk(f"refused {i}")
                client.put_item(TableName=self.table, Item=to_sdk({**item_key, **before}))
                unchanged = self.stored(item_key)
                assert_refused(self, f"ValidationException: {message}", self.update, item_key, expression)
                self.assertEqual(self.stored(item_key), unchanged)


class Projections(unittest.TestCase):
    def test_shown_and_refused(self):
        cases, table = load_cases("projections"), create_table("hash")
        client.put_item(TableName=table, Item=to_sdk({**pk("k"), **cases["item"]}))

        def get(expression):
            return client.get_item(TableName=table, Key=pk("k"), ProjectionExpression=expression, **placeholders(expression, cases["names"]))
        for expression, part in cases["shown"]:
            with self.subTest(expression):
                expected = pk("k") if part.get("pk") is True else part
                self.assertEqual(plain(get(expression).get("Item", {})), plain(expected))
        for expression, message in cases["errors"]:
            with self.subTest(expression):
                assert_refused(self, f"ValidationException: {message}", get, expression)


class KeyConditions(unittest.TestCase):
    def check_type(self, case):
        kind, (sorted_keys, conditions, values) = case[0], (case[1][name] for name in ("sorted", "conditions", "values"))
        table = create_table("range" if kind == "S" else f"range{kind}")
        for i in range(len(sorted_keys) - 1, -1, -1):
            client.put_item(TableName=table, Item={**pk("p"), "sk": to_sdk(sorted_keys[i]), "place": {"N": str(i)}})

        def query(expression, **more):
            parts = placeholders(expression, {"#sk": "sk"}, {**values, ":p": {"S": "p"}})
            answer = client.query(TableName=table, KeyConditionExpression=expression, **parts, **more)
            return [int(item["place"]["N"]) for item in answer["Items"]]
        everything = list(range(len(sorted_keys)))
        self.assertEqual(query("pk = :p"), everything)
        self.assertEqual(query("pk = :p", ScanIndexForward=False), everything[::-1])
        for condition, places in conditions:
            with self.subTest(condition):
                self.assertEqual(query(f"pk = :p AND {condition}"), places)
                self.assertEqual(query(f"{condition} AND pk = :p", ScanIndexForward=False), places[::-1])

    def test_refused(self):
        cases, table = load_cases("keys"), create_table("range")
        for expression, message in cases["errors"]:
            with self.subTest(expression):
                assert_refused(self, f"ValidationException: {message}", client.query, TableName=table,
                               KeyConditionExpression=expression, **placeholders(expression, {}, cases["error_values"]))


shared.add_tests(KeyConditions, KeyConditions.check_type,
                 [(f"sort key of type {kind}", (kind, case)) for kind, case in load_cases("keys")["types"].items()])


class Numbers(unittest.TestCase):
    def test_kept_and_refused(self):
        cases, table = load_cases("numbers"), create_table("hash")
        for text, canonical in cases["kept"]:
            with self.subTest(text):
                client.put_item(TableName=table, Item={**pk("k"), "n": {"N": text}, "l": {"L": [{"NS": [text]}]}})
                item = client.get_item(TableName=table, Key=pk("k"))["Item"]
                self.assertEqual((item["n"]["N"], item["l"]["L"][0]["NS"]), (canonical, [canonical]))
        for text, message in cases["refused"]:
            with self.subTest(text):
                assert_refused(self, f"ValidationException: {message}", client.put_item, TableName=table, Item={**pk("k"), "n": {"N": text}})

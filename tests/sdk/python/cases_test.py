# SPDX-License-Identifier: Apache-2.0
"""The cases of ../cases through boto3's client: whole scenarios, expressions, key conditions, numbers."""
import unittest

from support import (assert_has, assert_refused, client, create_table, fill, load_cases, placeholders, plain, send, to_sdk,
                     unique_name, until)

SCENARIOS = ("tables", "items", "indexes", "reading", "legacy", "capacity", "batches", "transactions", "partiql", "ttl",
             "around")


def test_of(run, case):
    return lambda test: run(test, case)


def add_tests(test_class, run, cases):
    """A test method for each (name, case)."""
    for i, (name, case) in enumerate(cases):
        method = test_of(run, case)
        method.__doc__ = name
        setattr(test_class, f"test_{i:03}_{''.join(c if c.isalnum() else '_' for c in name)[:60]}", method)


def pk(text):
    return {"pk": {"S": text}}


class Scenarios(unittest.TestCase):
    def run_scenario(self, scenario):
        table = create_table(scenario["table"]) if "table" in scenario else unique_name()
        fill(table, scenario.get("setup", {}).get("count", 0))
        for number, step in enumerate(scenario["steps"], 1):
            with self.subTest(step=number, what=str(step[:3])[:200]):
                self.run_step(step, table)

    def run_step(self, step, table):
        repeated = step[0] == "until"
        operation, members, *rest = step[1:] if repeated else step
        expected = rest[0] if rest else {}

        def attempt():
            if isinstance(expected, str):
                assert_refused(self, expected.replace("{table}", table), send, operation, **to_sdk(members, table))
            else:
                assert_has(self, send(operation, **to_sdk(members, table)), to_sdk(expected, table))
        if repeated:
            until(attempt)
        else:
            attempt()


add_tests(Scenarios, Scenarios.run_scenario,
          [(f"{file} {case['name']}", case) for file in SCENARIOS for case in load_cases(f"scenarios/{file}")])


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


add_tests(KeyConditions, KeyConditions.check_type,
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

# SPDX-License-Identifier: Apache-2.0
"""The cases of ../cases through the CLI's parser and printer: an option for each member, or --cli-input-json, by turns."""
import unittest

import cases
from support import Driver

driver = Driver()


class Scenarios(cases.Scenarios, unittest.TestCase):
    def send(self, operation, members):
        return driver.send(operation, members)


cases.add_scenarios(Scenarios)


class Expressions(cases.Scenarios, unittest.TestCase):
    """Of the other cases a selection, to see expressions and numbers pass unharmed through a command line."""

    def send(self, operation, members):
        return driver.send(operation, members)

    def test_conditions(self):
        conditions, table = cases.load_cases("conditions"), self.make_table("hash")
        item = {"pk": {"S": "k"}, **conditions["item"]}
        driver.send("PutItem", {"TableName": table, "Item": item})
        for expected, count in (("true", 1), ("false", 0)):
            for expression in conditions[expected][::6]:
                with self.subTest(expression):
                    parts = cases.placeholders(expression, conditions["names"], conditions["values"])
                    self.attempt("Scan", {"TableName": table, "FilterExpression": expression, **parts}, {"Count": count})
        for expression, message in conditions["errors"][::6]:
            with self.subTest(expression):
                parts = cases.placeholders(expression, conditions["names"], conditions["values"])
                self.attempt("Scan", {"TableName": table, "FilterExpression": expression, **parts},
                             f"ValidationException: {message.replace('{kind}', 'FilterExpression')}")

    def test_updates(self):
        updates, table = cases.load_cases("updates"), self.make_table("hash")
        for i, (before, expression, after) in enumerate(updates["done"][::6]):
            with self.subTest(expression):
                item_key = {"pk": {"S": f"done {i}"}}
                if before is not None:
                    driver.send("PutItem", {"TableName": table, "Item": {**item_key, **before}})
                parts = cases.placeholders(expression, updates["names"], updates["values"])
                self.attempt("UpdateItem", {"TableName": table, "Key": item_key, "UpdateExpression": expression, "ReturnValues": "ALL_NEW",
                                            **parts}, {"Attributes": {**item_key, **after}})

    def test_numbers(self):
        numbers, table = cases.load_cases("numbers"), self.make_table("hash")
        item_key = {"pk": {"S": "k"}}
        for text, canonical in numbers["kept"]:
            with self.subTest(text):
                self.attempt("PutItem", {"TableName": table, "Item": {**item_key, "n": {"N": text}}}, {})
                self.attempt("GetItem", {"TableName": table, "Key": item_key}, {"Item": {**item_key, "n": {"N": canonical}}})
        for text, message in numbers["refused"]:
            with self.subTest(text):
                self.attempt("PutItem", {"TableName": table, "Item": {**item_key, "n": {"N": text}}}, f"ValidationException: {message}")

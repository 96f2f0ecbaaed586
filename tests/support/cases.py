# SPDX-License-Identifier: Apache-2.0
"""The cases of tests/sdk/cases as Python reads them, whatever sends them: files, tables, how an answer is compared.

A suite makes its tests of the scenarios by `class Scenarios(cases.Scenarios, unittest.TestCase)` with a method
`send(operation, members)` that returns the answer in the API's form or raises Refused, then `add_scenarios(Scenarios)`.
"""
import json
import pathlib
import re
import time
import uuid

CASES = pathlib.Path(__file__).resolve().parents[1] / "sdk/cases"
ENVELOPE = "1 validation error detected: "
UNTIL_SECONDS = 60


class Refused(Exception):
    """The service's error, as "Name: message"."""


def load_cases(name):
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


# --- Tables ---


def unique_name():
    return f"py-{uuid.uuid4().hex[:12]}"


def key(hash_name, range_name=None):
    schema = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


def define(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


TABLE_KINDS = {
    "hash": {"AttributeDefinitions": define(pk="S"), "KeySchema": key("pk")},
    "range": {"AttributeDefinitions": define(pk="S", sk="S"), "KeySchema": key("pk", "sk")},
    "rangeN": {"AttributeDefinitions": define(pk="S", sk="N"), "KeySchema": key("pk", "sk")},
    "rangeB": {"AttributeDefinitions": define(pk="S", sk="B"), "KeySchema": key("pk", "sk")},
    "indexed": {
        "AttributeDefinitions": define(pk="S", sk="S", l="N", g="S"),
        "KeySchema": key("pk", "sk"),
        "LocalSecondaryIndexes": [
            {"IndexName": "local", "KeySchema": key("pk", "l"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "global", "KeySchema": key("g", "l"),
             "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["inc"]}}],
    },
}


def nth_item(i):
    """One of the items that `setup.count` of a scenario asks for."""
    return {"pk": {"S": "p"}, "sk": {"S": f"{i:02}"}, "n": {"N": str(i)}, "odd": {"N": str(i % 2)}}


# --- Values ---


def expand(value, table="{table}"):
    """{x*5} becomes xxxxx and {table} the table's name."""
    if isinstance(value, str):
        repeated = re.fullmatch(r"\{x\*(\d+)\}", value)
        return "x" * int(repeated.group(1)) if repeated else value.replace("{table}", table)
    if isinstance(value, list):
        return [expand(element, table) for element in value]
    if isinstance(value, dict):
        return {name.replace("{table}", table): expand(member, table) for name, member in value.items()}
    return value


def map_binary(value, change):
    """DynamoDB JSON with change() in place of every binary."""
    if isinstance(value, list):
        return [map_binary(element, change) for element in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, member in value.items():
        if name == "B" and isinstance(member, (str, bytes)):
            out[name] = change(member)
        elif name == "BS" and isinstance(member, list):
            out[name] = [change(element) for element in member]
        else:
            out[name] = map_binary(member, change)
    return out


def in_order(value):
    """With sets sorted, answers and cases can be compared."""
    if isinstance(value, list):
        return [in_order(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {name: sorted(member) if name in ("SS", "NS", "BS") and isinstance(member, list) else in_order(member)
            for name, member in value.items()}


def placeholders(expression, names=None, values=None):
    """The members for the names and values that an expression uses, of those given."""
    used = set(re.findall(r"[#:]\w+", expression))
    members = {"ExpressionAttributeNames": {name: text for name, text in (names or {}).items() if name in used},
               "ExpressionAttributeValues": {name: value for name, value in (values or {}).items() if name in used}}
    return {name: member for name, member in members.items() if member}


LEVELS = 31  # of lists and maps in an attribute, which is the first of 32 levels itself


def nested(wrap):
    value = {"S": "bottom"}
    for _ in range(LEVELS):
        value = wrap(value)
    return value


def every_value():
    """What `flow: values` asks for, for a table of kind "range", binary in base64."""
    return {
        "pk": {"S": "clé Ключ 鍵 🔑"}, "sk": {"S": "\u0001 \U0010ffff"}, "text": {"S": "té\u0000xt “quoted” \\ עברית ไทย 👩‍👩‍👧"},
        "имя": {"S": "Cyrillic"}, "名前": {"S": "Japanese"}, "🙂": {"S": "emoji"}, "a.b c": {"S": "a dot and a space"},
        "empty": {"S": ""}, "yes": {"BOOL": True}, "no": {"BOOL": False}, "nothing": {"NULL": True},
        "binary": {"B": "AAEC/4D+"}, "empty binary": {"B": ""},
        "digits": {"N": "1234567890.1234567890123456789012345678"}, "large": {"N": "9" * 38 + "0" * 88}, "small": {"N": "0." + "0" * 129 + "1"},
        "texts": {"SS": ["", "a", "é", "😀"]}, "numbers": {"NS": ["-1", "0", "12345678901234567890123456789012345678"]},
        "binaries": {"BS": ["", "AA==", "/w=="]}, "no list": {"L": []}, "no map": {"M": {}},
        "lists": nested(lambda value: {"L": [value]}), "maps": nested(lambda value: {"M": {"é": value}}),
    }


# --- Comparing ---

WHOLE = {"Item", "Items", "Attributes", "LastEvaluatedKey", "ItemCollectionKey", "Responses", "UnprocessedItems", "UnprocessedKeys"}


def assert_has(test, actual, expected, where="answer"):
    """actual has what expected has; see README.md of the cases."""
    if expected is None:
        test.assertIsNone(actual, f"{where} must be absent")
    elif isinstance(expected, list):
        test.assertIsNotNone(actual, f"{where} is missing")
        test.assertEqual(len(actual), len(expected), f"length of {where}")
        for i, element in enumerate(expected):
            assert_has(test, actual[i], element, f"{where}[{i}]")
    elif isinstance(expected, dict):
        test.assertIsNotNone(actual, f"{where} is missing")
        for name, member in expected.items():
            if name in WHOLE and member is not None:
                test.assertEqual(in_order(actual.get(name)), in_order(member), f"{where}.{name}")
            else:
                assert_has(test, actual.get(name), member, f"{where}.{name}")
    else:
        test.assertEqual(actual, expected, where)


def assert_message(test, actual, expected):
    """Both are "Name: message"; "..." in expected stands for anything. The envelope is left aside unless expected has it."""
    if ENVELOPE not in expected:
        actual = actual.replace(ENVELOPE, "", 1)
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    if not re.fullmatch(pattern, actual, re.DOTALL):
        test.assertEqual(actual, expected)


def until(attempt, *errors):
    """Repeats the attempt until it does not fail, for at most a minute."""
    end = time.monotonic() + UNTIL_SECONDS
    while True:
        try:
            return attempt()
        except (AssertionError, Refused, *errors):
            if time.monotonic() > end:
                raise
            time.sleep(0.03)


# --- Scenarios ---


def add_tests(test_class, run, cases):
    """A test method for each (name, case)."""
    def test_of(case):
        return lambda test: run(test, case)
    for i, (name, case) in enumerate(cases):
        method = test_of(case)
        method.__doc__ = name
        setattr(test_class, f"test_{i:03}_{''.join(c if c.isalnum() else '_' for c in name)[:60]}", method)


class Scenarios:
    def send(self, operation, members):
        raise NotImplementedError

    def make_table(self, kind):
        table = unique_name()
        self.send("CreateTable", {"TableName": table, "BillingMode": "PAY_PER_REQUEST", **TABLE_KINDS[kind]})
        active = {"Table": {"TableStatus": "ACTIVE"}}
        until(lambda: assert_has(self, self.send("DescribeTable", {"TableName": table}), active))
        return table

    def run_scenario(self, scenario):
        table = self.make_table(scenario["table"]) if "table" in scenario else unique_name()
        for i in range(scenario.get("setup", {}).get("count", 0)):
            self.send("PutItem", {"TableName": table, "Item": nth_item(i)})
        for number, step in enumerate(scenario["steps"], 1):
            with self.subTest(step=number, what=str(step[:3])[:200]):
                self.run_step(step, table)

    def run_step(self, step, table):
        repeated = step[0] == "until"
        operation, members, *rest = expand(step[1:] if repeated else step, table)
        if repeated:
            until(lambda: self.attempt(operation, members, *rest))
        else:
            self.attempt(operation, members, *rest)

    def attempt(self, operation, members, expected=None):
        if not isinstance(expected, str):
            return assert_has(self, self.send(operation, members), expected or {})
        try:
            answer = self.send(operation, members)
        except Refused as error:
            return assert_message(self, str(error), expected)
        return self.fail(f"answered {answer} instead of {expected}")


def add_scenarios(test_class):
    files = sorted(path.stem for path in (CASES / "scenarios").glob("*.json"))
    add_tests(test_class, test_class.run_scenario,
              [(f"{file} {case['name']}", case) for file in files for case in load_cases(f"scenarios/{file}")])

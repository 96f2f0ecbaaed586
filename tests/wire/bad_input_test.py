# SPDX-License-Identifier: Apache-2.0
"""Bad input from outside: each gets an error of the service, none a 500, none a crash, and nothing is changed by it.

    python3 tests/wire/bad_input_test.py

As a test it starts a server of its own, or takes the one at $STATOR_ENDPOINT.
"""
import copy
import json
import os
import pathlib
import random
import re
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import dynamo
from server import Server

TABLE = "bad-input"
TYPE = re.compile(r"com\.amazon\.coral\.(service|validate)#\w+Exception|"
                  r"com\.amazonaws\.dynamodb\.v20120810#\w+Exception")
MIB = 1 << 20

KEY = {"pk": {"S": "a"}, "sk": {"N": "1"}}
ITEM = {**KEY, "g": {"S": "g"}, "b": {"B": "AAE="}, "f": {"BOOL": True}, "z": {"NULL": True}, "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2"]}, "bs": {"BS": ["AA=="]}, "l": {"L": [{"S": "x"}, {"L": []}]},
        "m": {"M": {"k": {"N": "1"}, "m": {"M": {}}}}}
NAMES_VALUES = {"ExpressionAttributeNames": {"#g": "g"}, "ExpressionAttributeValues": {":g": {"S": "g"}}}
EXPECTED = {"g": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "g"}]}, "q": {"Exists": False}}
LEGACY_FILTER = {"m": {"ComparisonOperator": "NOT_NULL"}, "z": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": "x"}]}}
READ = {"TableName": TABLE, "ConsistentRead": False, "ReturnConsumedCapacity": "TOTAL"}
WRITE = {"TableName": TABLE, "ReturnValues": "NONE", "ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE"}
SCHEMA = {
    "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "TableClass": "STANDARD", "DeletionProtectionEnabled": False,
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                             {"AttributeName": "g", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [{"IndexName": "global", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["l", "m", "z"]}}],
    "LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "ALL"},
                               "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}]}],
    "StreamSpecification": {"StreamEnabled": False}, "Tags": [{"Key": "k", "Value": "v"}]}

# (operation, a request that is valid and uses many members)
VALID = [
    ("CreateTable", {**SCHEMA, "TableName": "bad-input-other"}),
    ("UpdateTable", {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
                     "AttributeDefinitions": SCHEMA["AttributeDefinitions"]}),
    ("DescribeTable", {"TableName": TABLE}),
    ("ListTables", {"Limit": 10, "ExclusiveStartTableName": "aaa"}),
    ("DeleteTable", {"TableName": "bad-input-absent"}),
    ("PutItem", {**WRITE, **NAMES_VALUES, "Item": ITEM, "ConditionExpression": "#g = :g",
                 "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("PutItem", {**WRITE, "Item": ITEM, "Expected": EXPECTED, "ConditionalOperator": "AND"}),
    ("GetItem", {**READ, "Key": KEY, "ProjectionExpression": "#g, l[0]", "ExpressionAttributeNames": {"#g": "g"}}),
    ("GetItem", {**READ, "Key": KEY, "AttributesToGet": ["g", "l"]}),
    ("UpdateItem", {**WRITE, **NAMES_VALUES, "Key": KEY, "UpdateExpression": "SET #g = :g",
                    "ConditionExpression": "attribute_exists(pk)"}),
    ("UpdateItem", {**WRITE, "Key": KEY, "Expected": EXPECTED, "AttributeUpdates": {"g": {"Action": "PUT", "Value": {"S": "g"}}}}),
    ("DeleteItem", {**WRITE, "Key": {"pk": {"S": "b"}, "sk": {"N": "2"}}, "ConditionExpression": "attribute_not_exists(#g)",
                    "ExpressionAttributeNames": {"#g": "g"}}),
    ("Query", {**READ, "KeyConditionExpression": "pk = :pk AND sk > :sk", "FilterExpression": "#g = :g", "Limit": 5,
               "ProjectionExpression": "#g", "ScanIndexForward": False, "Select": "SPECIFIC_ATTRIBUTES",
               "ExclusiveStartKey": KEY, "ExpressionAttributeNames": {"#g": "g"},
               "ExpressionAttributeValues": {":pk": {"S": "a"}, ":sk": {"N": "0"}, ":g": {"S": "g"}}}),
    ("Query", {**READ, "IndexName": "global", "QueryFilter": LEGACY_FILTER,
               "KeyConditions": {"g": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "g"}]}}}),
    ("Scan", {**READ, **NAMES_VALUES, "FilterExpression": "#g = :g", "Segment": 0, "TotalSegments": 1, "Limit": 5,
              "Select": "COUNT", "ExclusiveStartKey": KEY}),
    ("Scan", {**READ, "ScanFilter": LEGACY_FILTER, "ConditionalOperator": "OR", "AttributesToGet": ["l"]}),
]
OTHERS = [None, True, 23, 34.56, -2147483649, "text", [], {}, [[]], {"x": 1}, [None], {"x": None}]


def kind(value):
    """JSON's kinds, numbers being one."""
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def nodes(value, path=()):
    """The path of every value below this one."""
    for step, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, step), child
        yield from nodes(child, (*path, step))


def replaced(request, path, new):
    request = copy.deepcopy(request)
    inside = request
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = new
    return request


class BadInput(unittest.TestCase):
    server = None

    @classmethod
    def setUpClass(cls):
        endpoint = os.environ.get("STATOR_ENDPOINT")
        if endpoint is None:
            cls.server = Server("--in-memory").start()
            endpoint = cls.server.url
        cls.client = dynamo.Client(endpoint)
        cls.client.create_table(SCHEMA)
        cls.client.call("PutItem", {"TableName": TABLE, "Item": ITEM})

    @classmethod
    def tearDownClass(cls):
        cls.client.delete_table(TABLE)
        cls.client.close()
        if cls.server is not None:
            cls.server.close()

    def tearDown(self):
        """Whatever a test sent: the server lives, and the table is what it was."""
        tables, items = self.client.call("ListTables", {})["TableNames"], self.items()
        self.client.call("PutItem", {"TableName": TABLE, "Item": ITEM})  # the next test is not to suffer
        if (tables, items) != ([TABLE], [self.sorted_item(ITEM)]):
            self.fail(f"tables are {tables}, items {str(items)[:300]}")

    @staticmethod
    def sorted_item(item):
        return json.dumps(item, sort_keys=True)

    def items(self):
        return [self.sorted_item(item) for item in dynamo.all_items(self.client, "Scan", {"TableName": TABLE})]

    def send(self, operation, body):
        """Sends bytes, or JSON. Gives (status, type, answer); an answer must be one of the service's."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = f"{operation} {body[:300]!r}"
        status, headers, answer = self.client.raw(operation, body)
        self.assertIn(status, (200, 400, 413), f"{shown}: {status} {answer[:300]!r}")
        if status != 400:
            return status, None, answer
        parsed = json.loads(answer)
        self.assertRegex(parsed.get("__type", ""), TYPE, shown)
        self.assertEqual(headers["Content-Type"], "application/x-amz-json-1.0", shown)
        return status, parsed["__type"].partition("#")[2], parsed

    def refused(self, operation, body, expected):
        status, found, answer = self.send(operation, body)
        shown = body if isinstance(body, bytes) else json.dumps(body).encode()
        if (status, found) != (400, expected):
            self.fail(f"{status} {found}, not {expected}: {operation} {shown[:300]!r}: {str(answer)[:300]}")
        return answer

    def test_the_valid_ones_are_valid(self):
        """Or the others would be refused for another reason."""
        for operation, request in VALID:
            with self.subTest(operation=operation):
                status, found, answer = self.send(operation, request)
                if operation == "CreateTable":
                    self.client.delete_table("bad-input-other")
                if (operation, found) != ("DeleteTable", "ResourceNotFoundException"):
                    self.assertEqual(status, 200, answer)

    # --- JSON

    def test_malformed_json(self):
        for text in ("{", "}", "[", "]", "nul", "tru", "'a'", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}}", "{\"a\":01}",
                     "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":\"\t\"}",
                     "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\0\"}", "{} {}", "{}//", "/**/{}", "{\"a\":1 \"b\":2}", "[1,]",
                     "\ufeff{}", "\0", "{\"a\":\"b", "{}\0", "{}x"):
            with self.subTest(text=text):
                answer = self.refused("GetItem", text.encode(), "SerializationException")
                self.assertEqual(answer, {"__type": "com.amazon.coral.service#SerializationException"})

    def test_truncated_json(self):
        for operation, request in VALID[5:9]:
            body = json.dumps(request).encode()
            for length in range(len(body)):
                self.refused(operation, body[:length], "SerializationException")

    def test_not_an_object(self):
        for text in ("null", "true", "1", "\"text\"", "[]", "[{}]"):
            with self.subTest(text=text):
                self.refused("GetItem", text.encode(), "SerializationException")

    def test_random_bytes_in_valid_requests(self):
        generator = random.Random(1)
        for _ in range(1500):
            operation, request = generator.choice(VALID[6:])
            if operation in ("PutItem", "UpdateItem", "DeleteItem"):
                request = {**request, "TableName": "bad-input-absent"}  # it may well stay valid
            body = bytearray(json.dumps(request).encode())
            for _ in range(generator.randint(1, 3)):
                body[generator.randrange(len(body))] = generator.choice(b"\0\x01\"\\{}[]:,0-.e\x7f\x80\xc3\xed\xff")
            self.send(operation, bytes(body))

    def test_invalid_utf8(self):
        for raw in (b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80",
                    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\\ud800", b"\\udc00", b"\\ud800\\u0041",
                    b"\\ud800\\ud800", b"\\udc00\\ud800", b"\\ud83d"):
            for shape in (b'{"TableName":"' + TABLE.encode() + b'","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"S":"%s"}}}',
                          b'{"TableName":"' + TABLE.encode() + b'","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"%s":{"S":"v"}}}',
                          b'{"TableName":"%s","Item":{}}', b'{"%s":1}'):
                with self.subTest(raw=raw, shape=shape):
                    self.refused("PutItem", shape % raw, "SerializationException")

    def test_text_that_only_looks_bad_is_kept(self):
        text = "\0\x01\x1f\x7f\u2028\ufeff\ufffe\uffff\U0010ffff\U0001f600\"\\/"
        key = {"pk": {"S": text}, "sk": {"N": "0"}}
        for body in (json.dumps(text).encode(), json.dumps(text, ensure_ascii=False).encode()):
            self.assertEqual(self.send("PutItem", b'{"TableName":"%s","Item":{"pk":{"S":%s},"sk":{"N":"0"},"v":{"S":%s}}}' %
                                       (TABLE.encode(), body, body))[0], 200)
            item = self.client.call("GetItem", {"TableName": TABLE, "Key": key})["Item"]
            self.assertEqual(item, {**key, "v": {"S": text}})
        self.client.call("DeleteItem", {"TableName": TABLE, "Key": key})

    # --- Types

    def test_wrong_types_everywhere(self):
        for operation, request in VALID:
            for path, value in nodes(request):
                for other in OTHERS:
                    if other is not None and kind(other) != kind(value):
                        answer = self.refused(operation, replaced(request, path, other), "SerializationException")
                        self.assertTrue(answer.get("Message"), f"{operation} {path} {other}: {answer}")

    def test_nulls_everywhere(self):
        """A null is an absent member, or refused."""
        for operation, request in VALID:
            if operation in ("PutItem", "UpdateItem"):
                request = {**request, "TableName": "bad-input-absent"}
            for path, _ in nodes(request):
                if operation != "CreateTable" or path[0] in ("TableName", "KeySchema", "AttributeDefinitions"):
                    self.send(operation, replaced(request, path, None))

    def test_same_kind_but_strange(self):
        for operation, request in VALID:
            if operation in ("PutItem", "UpdateItem", "DeleteItem"):
                request = {**request, "TableName": "bad-input-absent"}
            for path, value in nodes(request):
                for other in ("", "\0", "x" * 5000, "#", ":", "(", [], {}, {"": {}}, -1, 0, 1e300, -1e300, 10**30):
                    if kind(other) == kind(value) and (operation != "CreateTable" or path[0] == "KeySchema"):
                        self.send(operation, replaced(request, path, other))

    def test_unknown_members_are_ignored(self):
        for operation, request in VALID:
            if operation in ("GetItem", "Query", "Scan", "DescribeTable", "ListTables"):
                for other in OTHERS + [{"deep": [[{"x": [1, 2, {"y": "z"}]}]]}]:
                    with self.subTest(operation=operation, other=other):
                        status, _, answer = self.send(operation, {**request, "Unknown": other, "": other})
                        self.assertEqual(status, 200, answer)

    def test_values_that_are_none(self):
        for value in ({}, {"S": "a", "N": "1"}, {"X": "a"}, {"SS": []}, {"NS": []}, {"BS": []}, {"SS": ["a", "a"]},
                      {"NS": ["1", "1.0"]}, {"BS": ["AA==", "AA=="]}, {"NS": ["1", "x"]}, {"NULL": False}, {"N": ""},
                      {"L": [{}]}, {"M": {"a": {}}}, {"L": [{"S": "a"}, {"N": "x"}]}):
            with self.subTest(value=value):
                self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "v": value}}, "ValidationException")
        for value in ({"B": "A"}, {"B": "*"}, {"B": "AA=A"}, {"B": "AAE"}, {"BS": ["A"]}):
            with self.subTest(value=value):
                self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "v": value}}, "SerializationException")

    # --- Nesting, numbers, sizes

    def test_deep_nesting(self):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            for depth in (300, 5000, 1_000_000):
                for text in (opening * depth, opening * depth + b"1" + closing * depth):
                    self.refused("GetItem", text, "SerializationException")
                    self.refused("GetItem", b'{"TableName":"t","Unknown":' + text + b"}", "SerializationException")
        for depth in (33, 40, 100):
            for wrap in (lambda value: {"L": [value]}, lambda value: {"M": {"m": value}}):
                value = {"S": "x"}
                for _ in range(depth):
                    value = wrap(value)
                with self.subTest(depth=depth, value=str(value)[:20]):
                    self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "v": value}}, "ValidationException")

    def test_numbers(self):
        for text in ("x", "1x", "0x1", "1 ", " 1", "1,000", "--1", "+-1", "1e", "e1", "1e1.5", ".", "-", "+", "NaN", "Infinity",
                     "-Infinity", "١", "1e126", "-1e126", "1e-131", "1" * 39, "0." + "1" * 39, "1e999999999999999999999",
                     "1e-999999999999999999999", "9" * 100_000, "0e126", "1_0"):
            for value in ({"N": text}, {"NS": [text]}, {"L": [{"N": text}]}):
                with self.subTest(value=str(value)[:60]):
                    self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "v": value}}, "ValidationException")
            self.refused("GetItem", {"TableName": TABLE, "Key": {**KEY, "sk": {"N": text}}}, "ValidationException")
        for text in ("1e400", "-1e400", "1e-400", "9" * 400, "123456789012345678901234567890", "-1", "0"):
            self.send("Scan", b'{"TableName":"%s","Limit":%s}' % (TABLE.encode(), text.encode()))
            self.send("Scan", b'{"TableName":"%s","Segment":%s,"TotalSegments":%s}' % ((TABLE.encode(),) + (text.encode(),) * 2))

    def test_sizes(self):
        self.refused("GetItem", b"", "SerializationException")
        self.refused("GetItem", b" ", "SerializationException")
        self.refused("GetItem", b"{}", "ValidationException")
        for size in (409_601, 4 * MIB, 15 * MIB):
            with self.subTest(size=size):
                self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "v": {"S": "x" * size}}}, "ValidationException")
        self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, "n" * 70_000: {"S": "x"}}}, "ValidationException")
        many = {f"attribute{number}": {"NULL": True} for number in range(100_000)}
        self.refused("PutItem", {"TableName": TABLE, "Item": {**KEY, **many}}, "ValidationException")
        self.refused("GetItem", {"TableName": TABLE, "Key": {**KEY, "pk": {"S": "k" * 2049}}}, "ValidationException")
        self.refused("GetItem", b" " * (16 * MIB - 2) + b"{}", "ValidationException")
        self.refused("GetItem", {"TableName": "t" * 8 * MIB, "Key": KEY}, "ValidationException")

    def test_more_than_16_mib(self):
        try:
            self.assertEqual(self.client.raw("GetItem", b" " * (16 * MIB - 1) + b"{}")[0], 413)
        except dynamo.LOST:
            self.client.close()  # the server may hang up on what it does not want to read

    def test_long_expressions(self):
        for text in ("a" * 5000, "(" * 4000, "NOT " * 1000 + "a = :g", "a = :g" + " AND a = :g" * 400, "a.b" * 1000, "a[" * 1000,
                     "a[99999999999999999999] = :g", "size(" * 500, ":g", "#g", "=", "a = :nowhere", "#nowhere = :g", "\0", "é = :g"):
            with self.subTest(text=text[:40]):
                request = {"TableName": TABLE, "FilterExpression": text, "ExpressionAttributeValues": {":g": {"S": "g"}}}
                self.refused("Scan", request, "ValidationException")

    # --- What is not there

    def test_unknown_tables(self):
        for operation, request in VALID:
            if operation not in ("CreateTable", "ListTables"):
                with self.subTest(operation=operation):
                    answer = self.refused(operation, {**request, "TableName": "bad-input-absent"}, "ResourceNotFoundException")
                    control = operation.endswith("Table")
                    self.assertEqual(answer["message"], "Requested resource not found" +
                                     (": Table: bad-input-absent not found" if control else ""))

    def test_unknown_indexes(self):
        for operation, request in (("Query", VALID[12][1]), ("Scan", {"TableName": TABLE})):
            request = {name: value for name, value in request.items() if name != "ExclusiveStartKey"}
            answer = self.refused(operation, {**request, "IndexName": "absent"}, "ValidationException")
            self.assertEqual(answer["message"], "The table does not have the specified index: absent")

    def test_unknown_operations(self):
        for operation in ("", "Nonsense", "getitem", "GetItem.GetItem", "x" * 4000):
            with self.subTest(operation=operation):
                self.refused(operation, b"{}", "UnknownOperationException")

    # --- Memory

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def test_zz_memory_is_given_back(self):
        """After all the others: large and small bad requests again and again make the server no larger."""
        if self.server is None:
            self.skipTest("not our own server")
        maps = pathlib.Path(f"/proc/{self.server.process.pid}/maps").read_text(encoding="utf-8")
        sanitized = re.search("lib[at]san", maps)
        large = json.dumps({"TableName": TABLE, "Item": {**KEY, "v": {"L": [{"S": "x"}] * 300_000}}}).encode()

        def round_of_requests():
            self.refused("PutItem", large[:-3], "SerializationException")
            self.refused("PutItem", large, "ValidationException")
            for depth in range(200):
                self.send("GetItem", b'{"a":' * depth)
                self.send("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": "x" * depth * 20}, "sk": {"N": "x"}}})
                self.send("Scan", {"TableName": TABLE, "FilterExpression": "(" * depth})

        for _ in range(2):
            round_of_requests()
        before = self.rss_bytes()
        for _ in range(6):
            round_of_requests()
        grown = self.rss_bytes() - before
        self.assertLess(grown, (320 if sanitized else 16) * MIB, "a sanitizer keeps 256 MiB of what was freed")


if __name__ == "__main__":
    unittest.main()

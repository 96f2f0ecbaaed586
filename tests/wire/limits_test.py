# SPDX-License-Identifier: Apache-2.0
"""Requests far over a limit, sent small by compression: each is the user's error, none a fault of the server's in its answer
or its log, and none takes the memory of what it unpacks to."""
import gzip
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import case

BODY = (16 << 20) - 4096  # what a request may unpack to, with some room
INVALID = "One or more parameter values were invalid: "
LARGE = "Item size has exceeded the maximum allowed size"
UPDATED = "Item size to update has exceeded the maximum allowed size"
PARAMETERS = "Number of parameters in request and statement don't match."
TABLE = '"TableName":"abc"'
KEY = '"Key":{"pk":{"S":"k"}}'


def one(text):
    return "1 validation error detected: " + text


def filled(before, part, after, count=None):
    """A body with as many parts as there is room for."""
    count = count or (BODY - len(before) - len(after)) // (len(part) + 1)
    return before + ",".join([part] * count) + after


def numbered(before, part, after, count):
    """With parts that differ."""
    return before + ",".join(part % i for i in range(count)) + after


class Limits(case.Case):
    def setUp(self):
        super().setUp()
        self.call("CreateTable", TableName="abc", BillingMode="PAY_PER_REQUEST",
                  AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])

    def tearDown(self):
        faults = [line for line in self.server.text().splitlines() if "a request failed" in line]
        super().tearDown()
        self.assertEqual(faults, [])

    def send(self, operation, body):
        """(status, type, message) of the answer to that text."""
        compressed = gzip.compress(body.encode(), 1)
        status, _, answer = self.client.raw(operation, compressed, {"Content-Encoding": "gzip"})
        answer = json.loads(answer)
        return status, answer.get("__type", "").partition("#")[2], answer.get("message", answer.get("Message"))

    def told(self, message, operation, body, kind="ValidationException"):
        with self.subTest(operation=operation, body=body[:200]):
            self.assertEqual(self.send(operation, body), (400, kind, message))

    def test_values_of_an_item(self):
        item = "{%s,\"Item\":{\"pk\":{\"S\":\"k\"},\"a\":" % TABLE
        for before, part, after in (
                ('{"L":[', '{"S":""}', "]}"), ('{"L":[', '{"L":[]}', "]}"), ('{"L":[', '{"N":"-1.50"}', "]}"),
                ('{"L":[', '{"S":"\\n"}', "]}"), ('{"M":{', '"a":{"NULL":true}', "}}"),
                ('{"L":[', '{"SS":["b","a",""]}', "]}")):
            self.told(LARGE, "PutItem", filled(item + before, part, after + "}}"))
        self.told(LARGE, "PutItem", numbered("{%s,\"Item\":{" % TABLE, '"a%d":{"S":""}', '}}', 700_000))
        self.assertEqual(self.send("PutItem", filled(item + '{"SS":[', '"a"', ']}}}'))[:2], (400, "ValidationException"))
        request = '{"RequestItems":{"abc":[{"PutRequest":{"Item":{"pk":{"S":"k"},"a":{"L":['
        self.told(LARGE, "BatchWriteItem", filled(request, '{"S":""}', "]}}}}]}}"))
        request = '{"TransactItems":[{"Put":{%s,"Item":{"pk":{"S":"k"},"a":{"L":[' % TABLE
        self.told(LARGE, "TransactWriteItems", filled(request, '{"S":""}', "]}}}}]}"))

    def test_what_is_told_before_the_size(self):
        """A fault of a value, a wrong type or bad JSON behind the limit."""
        item = "{%s,\"Item\":{\"pk\":{\"S\":\"k\"},\"a\":{\"L\":[" % TABLE
        half = filled("", '{"S":""}', "", 900_000)
        self.told(one("The parameter cannot be converted to a numeric value: x"), "PutItem",
                  item + half + ',{"N":"x"},' + half + "]}}}")
        self.told(one(INVALID + "An string set  may not be empty"), "PutItem",
                  item + half + ',{"L":[{"M":{"a":{"SS":[]}}}]},{"N":"x"}]}}}')
        self.told("NUMBER_VALUE cannot be converted to String", "PutItem", item + half + ',{"S":1}]}}}',
                  "SerializationException")
        self.told(None, "PutItem", item + half + ',{"S":"}]}}}', "SerializationException")
        self.told(None, "PutItem", item + half + "]}}", "SerializationException")

    def test_keys_and_other_values(self):
        schema = "The provided key element does not match the schema"
        self.told(schema, "GetItem", filled('{%s,"Key":{"pk":{"L":[' % TABLE, '{"S":""}', "]}}}"))
        self.told(schema, "DeleteItem", numbered('{%s,"Key":{' % TABLE, '"a%d":{"S":""}', '}}', 700_000))
        start = "The provided starting key is invalid"
        self.told(start, "Scan", filled('{%s,"ExclusiveStartKey":{"pk":{"L":[' % TABLE, '{"S":""}', "]}}}"))
        self.told(LARGE, "Scan", filled('{%s,"ScanFilter":{"a":{"ComparisonOperator":"EQ","AttributeValueList":[{"L":['
                                        % TABLE, '{"S":""}', "]}]}}}"))
        self.told(LARGE, "UpdateItem", filled('{%s,%s,"AttributeUpdates":{"a":{"Value":{"L":[' % (TABLE, KEY), '{"S":""}',
                                              "]}}}}"))
        values = '{%s,%s,"%%s":"%%s","ExpressionAttributeValues":{":v":{"L":[' % (TABLE, KEY)
        self.told(UPDATED, "UpdateItem", filled(values % ("UpdateExpression", "SET a = :v"), '{"S":""}', "]}}}", 600_000))
        self.told(one(INVALID + "The size of ExpressionAttributeValues has exceeded the maximum allowed size of 2097152 bytes"),
                  "UpdateItem", filled(values % ("UpdateExpression", "SET a = :v"), '{"M":{}}', "]}}}"))

    def test_lists(self):
        longest = "failed to satisfy constraint: Member must have length less than or equal to "
        get = '{%s,%s,"AttributesToGet":[' % (TABLE, KEY)
        self.told(one(f"Value at 'AttributesToGet' {longest}100000"), "GetItem", filled(get, '"a"', "]}"))
        self.told(one(f"Value at 'TransactItems' {longest}100"), "TransactWriteItems",
                  filled('{"TransactItems":[', "{}", "]}"))
        status, kind, message = self.send("BatchWriteItem", filled('{"RequestItems":{"abc":[', "{}", "]}}"))
        self.assertEqual((status, kind, longest + "25" in message), (400, "ValidationException", False), message)
        self.assertIn("Member must have length less than or equal to 25", message)
        status, kind, message = self.send("BatchExecuteStatement", filled('{"Statements":[', '{"Statement":"x"}', "]}"))
        self.assertEqual((status, kind), (400, "ValidationException"), message)
        self.assertIn(longest + "25", message)
        condition = '{%s,"ScanFilter":{"a":{"ComparisonOperator":"IN","AttributeValueList":[' % TABLE
        self.assertEqual(self.send("Scan", filled(condition, '{"S":""}', "]}}}"))[:2], (400, "ValidationException"))
        self.told("TRUE_VALUE cannot be converted to String", "GetItem", filled(get, '"a"', ",true]}", 2_000_000),
                  "SerializationException")

    def test_parameters(self):
        for statement in ("SELECT * FROM abc WHERE pk = 'k'", "SELECT * FROM abc WHERE pk = ?",
                          "UPDATE abc SET a = 1 WHERE pk = 'k'"):
            body = '{"Statement":"%s","Parameters":[' % statement
            self.told(PARAMETERS, "ExecuteStatement", filled(body, '{"S":""}', "]}"))
            self.told(PARAMETERS, "ExecuteStatement", filled(body, '{"S":""}', "]}", 2))
        self.told(LARGE, "ExecuteStatement", filled('{"Statement":"INSERT INTO abc VALUE ?","Parameters":[{"M":{"a":{"L":[',
                                                    '{"S":""}', "]}}}]}"))
        answer = self.call("BatchExecuteStatement", Statements=[
            {"Statement": "SELECT * FROM abc WHERE pk = 'k'", "Parameters": [{"S": "k"}]}])
        self.assertEqual(answer["Responses"][0]["Error"], {"Code": "ValidationError", "Message": PARAMETERS})

    def test_growing_updates(self):
        item = filled('{%s,"Item":{"pk":{"S":"k"},"l":{"L":[' % TABLE, '{"S":""}', "]}}}", 130_000)
        self.assertEqual(self.send("PutItem", item)[0], 200)
        for clause in ("a%d = list_append(l, l)", "a%d = l"):
            update = ", ".join(clause % i for i in range(100))
            self.told(UPDATED, "UpdateItem", '{%s,%s,"UpdateExpression":"SET %s"}' % (TABLE, KEY, update))
        self.told("An operand in the update expression has an incorrect data type", "UpdateItem",
                  '{%s,%s,"UpdateExpression":"SET %s, b = list_append(l, pk)"}' % (TABLE, KEY, update))
        self.assertEqual(self.send("UpdateItem", '{%s,%s,"UpdateExpression":"SET l = list_append(l, l)"}' % (TABLE, KEY))[0], 200)


if __name__ == "__main__":
    unittest.main()

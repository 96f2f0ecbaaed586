# SPDX-License-Identifier: Apache-2.0
"""What item operations refuse, in both wordings: the words of the two layers, the envelope, and which of two faults is
told. One server for each wording; every case is sent to both."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError, is_active
from server import Server

INVALID = "One or more parameter values were invalid: "
NEST = ("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
        "limit")
NUMBER = "The parameter cannot be converted to a numeric value"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
NEEDS_TWO = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
RETURNS = "ReturnValues can only be ALL_OLD or NONE"
MIXED = "Can not use both expression and non-expression parameters in the same request: "
LIMIT = 409600
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ABSENT = "Requested resource not found"


def one(text):
    """The envelope."""
    return "1 validation error detected: " + text


def deep(depth):
    value = {"S": "leaf"}
    for _ in range(depth):
        value = {"M": {"n": value}}
    return value


def values(**given):
    return {":" + name: value for name, value in given.items()}


class Wordings(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.servers, cls.clients = [], []
        for flags in ((), ("--validation-wording", "classic")):
            server = Server(*flags, in_memory=True)
            server.start()
            cls.servers.append(server)
            client = Client(server.url)
            cls.clients.append(client)
            client.create_table({
                "TableName": "items", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]})
            client.create_table({
                "TableName": "indexed", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "i")],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                "LocalSecondaryIndexes": [
                    {"IndexName": "lsi", "Projection": {"ProjectionType": "ALL"},
                     "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                   {"AttributeName": "i", "KeyType": "RANGE"}]}],
                "GlobalSecondaryIndexes": [
                    {"IndexName": name, "KeySchema": [{"AttributeName": "i", "KeyType": "HASH"}],
                     "Projection": {"ProjectionType": "ALL"}} for name in ("other", "gsi")]})

    @classmethod
    def tearDownClass(cls):
        for client, server in zip(cls.clients, cls.servers):
            client.close()
            server.stop()
            server.remove()

    def answers(self, operation, request):
        """What both servers say, current first; None: it was done."""
        told = []
        for client in self.clients:
            try:
                client.call(operation, request)
                told.append(None)
            except DynamoError as error:
                told.append(error.message)
        return tuple(told)

    def expect(self, operation, request, current, classic, table="absent"):
        if not operation.startswith("Batch"):
            request = {"TableName": table, **request}
        with self.subTest(operation=operation, request=str(request)[:300]):
            self.assertEqual(self.answers(operation, request), (current, classic))

    def test_layers_of_values(self):
        pairs = [  # value, current, older
            ({"N": "abc"}, NUMBER + ": abc", NUMBER + ": abc"),
            ({"N": ""}, NUMBER + ": ", NUMBER),
            ({"N": "1e126"}, OVERFLOW, OVERFLOW),
            ({"N": "1e2147483647"}, OVERFLOW, UNDERFLOW),
            ({"SS": ["b", "a", "b"]}, INVALID + 'Input collection ["a", "b", "b"] contains duplicates.',
             INVALID + "Input collection [b, a, b] contains duplicates."),
            ({"BS": ["/w==", "AA==", "AA=="]},
             INVALID + 'Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.',
             INVALID + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."),
            ({"NS": ["2", "1", "2"]}, INVALID + "Input collection contains duplicates.",
             "Input collection contains duplicates"),
        ]
        for value, current, older in pairs:
            wrapped = f"ExpressionAttributeValues contains invalid value: {older} for key :v"
            condition = {"ConditionExpression": "x = :v", "ExpressionAttributeValues": values(v=value)}
            change = {"UpdateExpression": "SET x = :v", "ExpressionAttributeValues": values(v=value)}
            filtered = {"FilterExpression": "x = :v", "ExpressionAttributeValues": values(v=value)}
            legacy = {"x": {"ComparisonOperator": "EQ", "AttributeValueList": [value]}}
            bad_key = {"pk": value, "sk": {"S": "b"}}

            self.expect("PutItem", {"Item": {**KEY, "x": value}}, one(current), older)
            self.expect("PutItem", {"Item": {**KEY, "x": {"M": {"y": {"L": [value]}}}}}, one(current), older)
            self.expect("PutItem", {"Item": KEY, **condition}, one(current), wrapped)
            self.expect("PutItem", {"Item": KEY, "Expected": {"x": {"Value": value}}}, one(current), older)
            self.expect("UpdateItem", {"Key": KEY, **change}, one(current), wrapped)
            self.expect("UpdateItem", {"Key": bad_key}, one(current), older)
            self.expect("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Value": value}}}, one(current), older)
            self.expect("DeleteItem", {"Key": bad_key}, one(current), older)
            self.expect("DeleteItem", {"Key": KEY, **condition}, one(current), wrapped)
            self.expect("GetItem", {"Key": bad_key}, current, older)
            self.expect("BatchGetItem", {"RequestItems": {"absent": {"Keys": [bad_key]}}}, current, older)
            self.expect("Query", {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": values(v=value)},
                        current, wrapped)
            self.expect("Query", {"KeyConditions": legacy}, current, older)
            self.expect("Query", {"KeyConditions": legacy, "QueryFilter": legacy}, current, older)
            self.expect("Query", {"ExclusiveStartKey": bad_key, "KeyConditions": legacy}, current, older)
            self.expect("Scan", filtered, wrapped, wrapped)
            self.expect("Scan", {"ScanFilter": legacy}, older, older)
            self.expect("BatchWriteItem", {"RequestItems": {"absent": [{"PutRequest": {"Item": {"x": value}}}]}},
                        older, older)
            self.expect("BatchWriteItem", {"RequestItems": {"absent": [{"DeleteRequest": {"Key": bad_key}}]}},
                        older, older)

    def test_envelope(self):
        """Only around what is refused without looking at a table."""
        plain = [  # members of a PutItem, and what they are told
            ({"ExpressionAttributeNames": {"#a": "a"}},
             "ExpressionAttributeNames can only be specified when using expressions"),
            ({"Expected": {"a": {"Exists": False}}, "ConditionExpression": "attribute_exists(a)"},
             MIXED + "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"),
            ({"ConditionExpression": ""}, "Invalid ConditionExpression: The expression can not be empty;"),
            ({"ConditionExpression": "attribute_exists(a)", "ExpressionAttributeValues": {}},
             "ExpressionAttributeValues must not be empty"),
            ({"ConditionExpression": "a = :v"},
             "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute "
             "value: :v"),
            ({"ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {"#u": "u"}},
             "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u}"),
            ({"Expected": {"a": {"Exists": True}}},
             INVALID + "Value must be provided when Exists is true for Attribute: a"),
            ({"Expected": {"a": {"ComparisonOperator": "EQ"}}},
             INVALID + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a"),
        ]
        for members, text in plain:
            self.expect("PutItem", {"Item": KEY, **members}, one(text), text)
            self.expect("DeleteItem", {"Key": KEY, **members}, one(text), text)
            self.expect("UpdateItem", {"Key": KEY, **members}, one(text), text)
        for operation, member in [("PutItem", "Item"), ("DeleteItem", "Key")]:
            self.expect(operation, {member: KEY, "ReturnValues": "ALL_NEW"}, one(RETURNS), RETURNS)
        empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        self.expect("PutItem", {"Item": {**KEY, "x": {}}}, empty, empty)
        self.expect("UpdateItem", {"Key": {"pk": {"S": "a", "N": "1"}}}, *2 * [empty.replace(
            "is empty", "has more than one datatypes set")])
        schema = "The provided key element does not match the schema"
        missing = INVALID + "Missing the key sk in the item"
        self.expect("UpdateItem", {"Key": {"pk": {"S": "a"}}}, schema, schema, "items")
        self.expect("DeleteItem", {"Key": {"pk": {"S": "a"}}}, schema, schema, "items")
        self.expect("PutItem", {"Item": {"pk": {"S": "a"}}}, missing, missing, "items")
        text = 'Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'
        for table in ("absent", "items"):
            self.expect("UpdateItem", {"Key": KEY, "UpdateExpression": "INVALID SYNTAX HERE"}, one(text), text, table)

    def test_values_without_an_expression(self):
        text = "ExpressionAttributeValues can only be specified when using expressions"
        given = {"ExpressionAttributeValues": values(v={"S": "x"})}
        self.expect("PutItem", {"Item": KEY, **given}, one(text), text + ": ConditionExpression is null")
        self.expect("DeleteItem", {"Key": KEY, **given}, one(text), text + ": ConditionExpression is null")
        self.expect("UpdateItem", {"Key": KEY, **given}, one(text),
                    text + ": UpdateExpression and ConditionExpression are null")
        both = text + ": FilterExpression and KeyConditionExpression are null"
        self.expect("Query", given, both, both)

    def test_conditional_operator(self):
        """With fewer than two conditions its value is not looked at, but in the classic wording."""
        enum = one("Value 'XOR' at 'conditionalOperator' failed to satisfy constraint: Member must satisfy enum value "
                   "set: [OR, AND]")
        newer = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL, OR]"
        key = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}
        absent = {"ComparisonOperator": "NULL"}
        alone = "ConditionalOperator cannot be used without Filter or Expected"
        for operation, member in [("PutItem", "Item"), ("UpdateItem", "Key"), ("DeleteItem", "Key")]:
            request = {member: KEY, "ConditionalOperator": "XOR"}
            self.expect(operation, {**request, "Expected": {"a": {"Exists": False}}}, one(NEEDS_TWO), enum)
            self.expect(operation, request, one(alone), enum)
            two = {"a": {"Exists": False}, "b": {"Exists": False}}
            self.expect(operation, {**request, "Expected": two}, one(newer), enum)
        request = {"KeyConditions": key, "ConditionalOperator": "XOR"}
        self.expect("Query", {**request, "QueryFilter": {"b": absent}}, NEEDS_TWO, enum)
        self.expect("Query", request, alone, enum)
        self.expect("Query", {**request, "QueryFilter": {"b": absent, "c": absent}}, newer, enum)

    def test_depth(self):
        """31 levels around a leaf are allowed, in a value of an expression one more by the older layer; what only turns
        out to be too deep when it is stored is told in fewer words."""
        failed = "The conditional request failed"
        for depth, current, classic in [(31, None, None), (32, one(NEST), NEST), (100, NEST, NEST)]:
            self.expect("PutItem", {"Item": {**KEY, "d": deep(depth)}}, current, classic, "items")
        for depth, told in [(31, None), (32, NEST), (100, NEST)]:
            request = {"RequestItems": {"items": [{"PutRequest": {"Item": {**KEY, "d": deep(depth)}}}]}}
            self.expect("BatchWriteItem", request, told, told)
        wrapped = f"ExpressionAttributeValues contains invalid value: {NEST} for key :d"
        for depth, current, classic in [(31, failed, failed), (32, one(NEST), failed), (40, one(NEST), wrapped)]:
            condition = {"ConditionExpression": "absent = :d", "ExpressionAttributeValues": values(d=deep(depth))}
            self.expect("UpdateItem", {"Key": KEY, **condition}, current, classic, "items")
            self.expect("DeleteItem", {"Key": KEY, **condition}, current, classic, "items")
        change = {"UpdateExpression": "SET d = :d", "ExpressionAttributeValues": values(d=deep(32))}
        short = NEST.partition(":")[0]
        self.expect("UpdateItem", {"Key": KEY, **change}, one(NEST), short, "items")
        self.expect("UpdateItem", {"Key": KEY, "AttributeUpdates": {"d": {"Value": deep(32)}}}, one(NEST), short, "items")
        self.expect("UpdateItem", {"Key": KEY, "UpdateExpression": "SET p = :p",
                                   "ExpressionAttributeValues": values(p={"M": {}})}, None, None, "items")
        self.expect("UpdateItem", {"Key": KEY, "UpdateExpression": "SET p.d = :d",
                                   "ExpressionAttributeValues": values(d=deep(31))}, short, short, "items")
        legacy = {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [deep(40)]}}
        self.expect("Scan", {"ScanFilter": legacy}, NEST, NEST)
        self.expect("DeleteItem", {"Key": KEY, "ReturnValues": "UPDATED_NEW", "ConditionExpression": "d = :d",
                                   "ExpressionAttributeValues": values(d=deep(100))}, RETURNS, RETURNS)

    def test_names(self):
        empty = "Empty attribute name"
        bad, inside = {**KEY, "": {"S": "x"}}, {**KEY, "m": {"L": [{"M": {"": {"S": "x"}}}]}}
        self.expect("PutItem", {"Item": bad}, one(empty), empty)
        self.expect("PutItem", {"Item": inside}, one(empty), empty)
        self.expect("PutItem", {"Item": {**bad, "d": deep(40)}}, one(empty), empty)
        self.expect("PutItem", {"Item": {**inside, "d": deep(40)}}, one(NEST), NEST)
        large = "Attribute name is too large, must be less than 65536 bytes"
        for length, told in [(65535, (ABSENT, ABSENT)), (65536, (one(large), large))]:
            name = "x" * length
            self.expect("PutItem", {"Item": {**KEY, name: {"S": "x"}}}, *told)
            self.expect("PutItem", {"Item": {**KEY, "m": {"M": {name: {"S": "x"}}}}}, *told)
        self.expect("GetItem", {"Key": bad}, empty, empty)
        self.expect("BatchWriteItem", {"RequestItems": {"absent": [{"PutRequest": {"Item": bad}}]}}, empty, empty)
        self.expect("UpdateItem", {"Key": KEY, "AttributeUpdates": {"": {"Value": {"S": "x"}}}}, one(empty), empty)
        change = {"UpdateExpression": "SET m = :m", "ExpressionAttributeValues": values(m=inside["m"])}
        self.expect("UpdateItem", {"Key": KEY, **change}, one(empty),
                    f"ExpressionAttributeValues contains invalid value: {empty} for key :m")

    def test_key_conditions(self):
        """They mix with expressions unless one of those is a KeyConditionExpression."""
        key = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "nobody"}]}}
        legacy = {"KeyConditions": key, "FilterExpression": "attribute_exists(x)"}
        mixed = MIXED + "Non-expression parameters: {%s} Expression parameters: {%s}"
        self.expect("Query", legacy, None, None, "items")
        text = mixed % ("KeyConditions", "FilterExpression, KeyConditionExpression")
        self.expect("Query", {**legacy, "KeyConditionExpression": ""}, text, text)
        text = mixed % ("QueryFilter", "FilterExpression")
        self.expect("Query", {**legacy, "QueryFilter": key}, text, text)
        count = "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"
        three = {name: key["pk"] for name in ("pk", "sk", "x")}
        self.expect("Query", {"KeyConditions": three}, count, count, "items")
        many = " AND ".join(f"a{i} = :v" for i in range(100))
        self.expect("Query", {"KeyConditionExpression": many, "ExpressionAttributeValues": values(v={"S": "a"})},
                    count.replace("(3)", "(100)"), count.replace("(3)", "(100)"), "items")

    def test_index_keys(self):
        """The first index by name is named; an update whose type is sure is refused before its condition."""
        mismatch = INVALID + "Type mismatch for Index Key i Expected: S Actual: %s IndexName: gsi"
        empty = ("One or more parameter values are not valid. A value specified for a secondary index key is not "
                 "supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: "
                 "gsi, IndexKey: i")
        for value, told in [({"N": "1"}, mismatch % "N"), ({"L": []}, mismatch % "L"), ({"S": ""}, empty)]:
            item = {**KEY, "i": value}
            self.expect("PutItem", {"Item": item}, told, told, "indexed")
            self.expect("BatchWriteItem", {"RequestItems": {"indexed": [{"PutRequest": {"Item": item}}]}}, told, told)
        never = {"ConditionExpression": "attribute_exists(never)"}
        for change, kind in [("SET i = :v", "N"), ("SET i = n + :v", "N"), ("ADD i :v", "N"),
                             ("SET i = if_not_exists(i, :v)", "N")]:
            self.expect("UpdateItem", {"Key": KEY, "UpdateExpression": change, **never,
                                       "ExpressionAttributeValues": values(v={"N": "1"})},
                        mismatch % kind, mismatch % kind, "indexed")
        self.expect("UpdateItem", {"Key": KEY, "AttributeUpdates": {"i": {"Value": {"BOOL": True}}}},
                    mismatch % "BOOL", mismatch % "BOOL", "indexed")
        begin = "The update expression attempted to update "
        empty = (f"One or more parameter values are not valid. {begin}a secondary index key to a value that is not "
                 "supported. The AttributeValue for a key attribute cannot contain an empty string value.")
        unsure = begin + "the secondary index key to unsupported type"
        large = begin + "the secondary index key beyond allowed size limits"
        self.expect("PutItem", {"Item": {**KEY, "n": {"N": "1"}, "i": {"S": "x"}}}, None, None, "indexed")
        for change, value, told in [("SET i = :v", {"S": ""}, empty), ("SET i = :v", {"S": "x" * 1025}, large),
                                    ("SET i = n, x = :v", {"S": "x"}, unsure), ("SET x = :v", {"S": ""}, None)]:
            self.expect("UpdateItem", {"Key": KEY, "UpdateExpression": change,
                                       "ExpressionAttributeValues": values(v=value)}, told, told, "indexed")

    def test_an_item_may_be_older_than_an_index(self):
        """What an update does not write it does not check."""
        for client in self.clients:
            client.create_table({"TableName": "older", "BillingMode": "PAY_PER_REQUEST",
                                 "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                 "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
            client.call("PutItem", {"TableName": "older", "Item": {"pk": {"S": "a"}, "i": {"N": "1"}}})
            client.call("UpdateTable", {
                "TableName": "older",
                "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "i")],
                "GlobalSecondaryIndexUpdates": [{"Create": {
                    "IndexName": "gsi", "KeySchema": [{"AttributeName": "i", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"}}}]})
            client.table_is("older", is_active)
        self.expect("UpdateItem", {"Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET x = :v",
                                   "ExpressionAttributeValues": values(v={"S": "x"})}, None, None, "older")

    def test_nothing_is_removed_from_an_absent_item(self):
        """Nor is it made; but what is no document path in an item is refused."""
        path = "The document path provided in the update expression is invalid for update"
        absent = {"Key": {"pk": {"S": "none"}, "sk": {"S": "b"}}}
        pair = values(s={"SS": ["x"]})
        for change in ({"UpdateExpression": "REMOVE a.b, l[1]"}, {"UpdateExpression": "REMOVE a, b"},
                       {"UpdateExpression": "DELETE a :s", "ExpressionAttributeValues": pair},
                       {"UpdateExpression": "REMOVE b DELETE a :s", "ExpressionAttributeValues": pair},
                       {"AttributeUpdates": {"a": {"Action": "DELETE"}}},
                       {"AttributeUpdates": {"a": {"Action": "DELETE", "Value": {"SS": ["x"]}}}}):
            self.expect("UpdateItem", {**absent, **change}, None, None, "items")
            for client in self.clients:
                self.assertNotIn("Item", client.call("GetItem", {"TableName": "items", **absent}))
        self.expect("UpdateItem", {**absent, "UpdateExpression": "DELETE a.b :s", "ExpressionAttributeValues": pair},
                    path, path, "items")
        self.expect("UpdateItem", {**absent, "UpdateExpression": "SET c = :s REMOVE a.b", "ExpressionAttributeValues": pair},
                    None, None, "items")
        self.expect("UpdateItem", {**absent, "UpdateExpression": "REMOVE a.b"}, path, path, "items")

    def test_parameters_of_scan(self):
        begin = "The Segment parameter is zero-based and must be less than parameter TotalSegments"
        self.expect("Scan", {"Segment": 5, "TotalSegments": 5}, begin,
                    begin + ": Segment: 5 is not less than TotalSegments: 5")
        for member, request in [("Limit", {"Limit": 0}), ("Segment", {"Segment": -1, "TotalSegments": 4})]:
            least, given = (1, 0) if member == "Limit" else (0, -1)
            text = f"failed to satisfy constraint: Member must have value greater than or equal to {least}"
            self.expect("Scan", request, one(f"Value at '{member}' {text}"),
                        one(f"Value '{given}' at '{member.lower()}' {text}"))
        start = "The provided starting key is invalid"
        for key in ({"bad": {"S": "p"}}, {"bad": {"S": "p"}, "pk": {"S": "p"}}):
            self.expect("Scan", {"ExclusiveStartKey": key}, start,
                        start + ": The provided key element does not match the schema", "items")
        text = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        self.expect("Scan", {"Select": "SPECIFIC_ATTRIBUTES"}, one(text), text)

    def test_empty_names_in_legacy_members(self):
        empty = "Empty attribute name"
        condition = {"": {"ComparisonOperator": "NULL"}}
        for operation in ("GetItem", "Scan"):
            request = {"Key": KEY} if operation == "GetItem" else {}
            self.expect(operation, {**request, "AttributesToGet": [""]}, empty, empty)
            self.expect(operation, {**request, "AttributesToGet": ["a", "", "a"]}, empty, empty)
        self.expect("BatchGetItem", {"RequestItems": {"absent": {"Keys": [KEY], "AttributesToGet": [""]}}}, empty, empty)
        self.expect("Scan", {"ScanFilter": condition}, empty, empty)
        keyed = {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}}
        self.expect("Query", {**keyed, "QueryFilter": condition}, empty, empty)
        for operation, member in (("PutItem", "Item"), ("DeleteItem", "Key"), ("UpdateItem", "Key")):
            self.expect(operation, {member: KEY, "Expected": {"": {"Value": {"S": "a"}}}}, one(empty), empty)
            self.expect(operation, {member: KEY, "Expected": {"": {"Exists": False}}}, one(empty), empty)

    def test_paths_of_many_parts(self):
        deepest, deeper = "a" + ".b" * 31, "a" + "[0].b" * 16
        text = "Invalid {}Expression: The document path has too many nesting levels; nesting levels: {}"
        key = {"Key": KEY}
        self.expect("GetItem", {**key, "ProjectionExpression": deepest}, None, None, "items")
        for path, count in ((deeper, 33), (deepest + ".b", 33), (deepest + ".#n[1]", 34)):
            names = {"ExpressionAttributeNames": {"#n": "n"}} if "#" in path else {}
            told = text.format("Projection", count)
            self.expect("GetItem", {**key, "ProjectionExpression": "c, " + path, **names}, told, told, "items")
            told = text.format("Filter", count)
            self.expect("Scan", {"FilterExpression": f"attribute_exists({path})", **names}, told, told, "items")
            told = text.format("Condition", count)
            self.expect("DeleteItem", {**key, "ConditionExpression": f"size({path}) > pk", **names}, one(told), told, "items")
            told = text.format("Update", count)
            for change in (f"REMOVE {path}", f"SET c = {path}"):
                self.expect("UpdateItem", {**key, "UpdateExpression": change, **names}, one(told), told, "items")
        told = "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; " \
               "attribute name: #n"
        self.expect("GetItem", {**key, "ProjectionExpression": deepest + ".c.#n"}, told, told, "items")

    def test_start_of_a_partition_of_one(self):
        """A table without a sort key has no second page of a Query."""
        for client in self.clients:
            client.create_table({"TableName": "hash", "BillingMode": "PAY_PER_REQUEST",
                                 "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                                 "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]})
            client.call("PutItem", {"TableName": "hash", "Item": {"p": {"S": "a"}}})
        request = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": values(p={"S": "a"}), "Limit": 1}
        text = "The provided exclusive start key is invalid: ExclusiveStartKey: {p=AttributeValue: {S:a}}"
        self.expect("Query", {**request, "ExclusiveStartKey": {"p": {"S": "a"}}}, text, text, "hash")
        for client in self.clients:
            answer = client.call("Query", {"TableName": "hash", **request})
            self.assertEqual((answer["Count"], answer.get("LastEvaluatedKey")), (1, None))
            answer = client.call("Scan", {"TableName": "hash", "Limit": 1})
            self.assertEqual(answer["LastEvaluatedKey"], {"p": {"S": "a"}})

    def test_select_of_query_and_scan(self):
        """Query tells them in the envelope, Scan without."""
        condition = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": values(p={"S": "a"})}
        cannot = "Cannot specify the {} when choosing to get {}"
        projected = {"ProjectionExpression": "a"}
        for request, text in [
                ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
                 "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
                ({"Select": "ALL_ATTRIBUTES", **projected}, cannot.format("ProjectionExpression", "ALL_ATTRIBUTES")),
                ({"Select": "COUNT", **projected}, cannot.format("ProjectionExpression", "only the Count")),
                ({"Select": "ALL_PROJECTED_ATTRIBUTES", **projected},
                 cannot.format("ProjectionExpression", "ALL_PROJECTED_ATTRIBUTES"))]:
            self.expect("Query", {**condition, **request}, one(text), text)
            self.expect("Scan", request, text, text)
        text = cannot.format("AttributesToGet", "ALL_ATTRIBUTES")
        legacy = {"Select": "ALL_ATTRIBUTES", "AttributesToGet": ["a"]}
        keyed = {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}}
        self.expect("Query", {**keyed, **legacy}, one(text), text)
        self.expect("Scan", legacy, text, text)
        text = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        self.expect("Query", {**condition, "Select": "SPECIFIC_ATTRIBUTES"}, one(text), one(text))

    def test_batch_get_mixes_over_tables(self):
        text = MIXED + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
        self.expect("BatchGetItem", {"RequestItems": {"one": {"Keys": [KEY], "ProjectionExpression": "a"},
                                                      "two": {"Keys": [KEY], "AttributesToGet": ["a"]}}}, text, text)

    def test_statement_is_measured_before_the_condition(self):
        """An update of the current wording costs 22 bytes and what it writes; the classic one is as large as its item."""
        failed = "The conditional request failed"
        large = "Item size to update has exceeded the maximum allowed size"
        change = {"Key": {"pk": {"S": "k"}, "sk": {"S": "k"}}, "UpdateExpression": "SET b = :v"}
        item = sum(map(len, ["pk", "k", "sk", "k", "b"]))

        def text(length):
            return {"ExpressionAttributeValues": values(v={"S": "x" * length})}

        self.expect("UpdateItem", {**change, **text(LIMIT - 23)}, None, None, "items")
        self.expect("UpdateItem", {**change, **text(LIMIT - 22)}, large, None, "items")
        self.expect("UpdateItem", {**change, **text(LIMIT - item)}, large, None, "items")
        self.expect("UpdateItem", {**change, **text(LIMIT - item + 1)}, large, large, "items")
        never = {"ConditionExpression": "attribute_exists(never)"}
        self.expect("UpdateItem", {**change, **text(LIMIT - 22), **never}, large, failed, "items")
        self.expect("UpdateItem", {**change, **text(LIMIT - 23), **never}, failed, failed, "items")

    def test_item_size_comes_before_the_table(self):
        large = "Item size has exceeded the maximum allowed size"
        item = {**KEY, "x": {"S": "x" * (LIMIT - 7)}}
        self.expect("PutItem", {"Item": item}, ABSENT, ABSENT)
        self.expect("BatchWriteItem", {"RequestItems": {"absent": [{"PutRequest": {"Item": item}}]}}, ABSENT, ABSENT)
        item["x"]["S"] += "x"
        self.expect("PutItem", {"Item": item}, large, large)
        self.expect("BatchWriteItem", {"RequestItems": {"absent": [{"PutRequest": {"Item": item}}]}}, large, large)

    def test_a_long_text_is_cut_after_a_whole_character(self):
        for lead in range(3):
            name = "x" * lead + "\u20ac" * 3000
            got = self.answers("Query", {"TableName": "absent", "KeyConditions": {},
                                         "AttributesToGet": [name, name]})
            self.assertEqual(got[0].rstrip("\u20ac").rstrip("x"),
                             INVALID + "Duplicate value in attribute name: ")


if __name__ == "__main__":
    unittest.main()

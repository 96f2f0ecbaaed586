# SPDX-License-Identifier: Apache-2.0
"""TransactWriteItems and TransactGetItems: what they do, what they refuse and in whose name, what they cost, tokens,
contention. Rules in which the two wordings differ are sent to a server of each."""
import json
import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError, all_items
from server import Server

INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons ["
MULTIPLE = "Transaction request cannot include multiple operations on one item"
SCHEMA = "The provided key element does not match the schema"
CONDITION = "The conditional request failed"
OPERAND = "An operand in the update expression has an incorrect data type"
NEST = ("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
        "limit")
NUMBER = "The parameter cannot be converted to a numeric value"
UNUSED = "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
SYNTAX = 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("'
LIMIT = 409600
PROJECTED = {"ProjectionType": "ALL"}


def one(text):
    return "1 validation error detected: " + text


def key(name):
    return {"pk": {"S": name}}


def put(name, table="plain", item=None, **more):
    return {"Put": {"TableName": table, "Item": {**key(name), **(item or {})}, **more}}


def update(name, expression, table="plain", **more):
    return {"Update": {"TableName": table, "Key": key(name), "UpdateExpression": expression, **more}}


def delete(name, table="plain", **more):
    return {"Delete": {"TableName": table, "Key": key(name), **more}}


def check(name, condition, table="plain", **more):
    return {"ConditionCheck": {"TableName": table, "Key": key(name), "ConditionExpression": condition, **more}}


def get(name, table="plain", **more):
    return {"Get": {"TableName": table, "Key": key(name), **more}}


def values(**given):
    return {":" + name: value for name, value in given.items()}


def deep(depth):
    value = {"S": "leaf"}
    for _ in range(depth):
        value = {"M": {"n": value}}
    return value


def make_tables(client):
    plain = {"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    client.create_table({"TableName": "plain", **plain})
    client.create_table({"TableName": "other", **plain})
    client.create_table({"TableName": "binary", **plain,
                         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "B"}]})
    client.create_table({
        "TableName": "indexed", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "i")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [
            {"IndexName": "lsi", "Projection": PROJECTED,
             "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "i", "KeyType": "RANGE"}]}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "gsi", "KeySchema": [{"AttributeName": "i", "KeyType": "HASH"}], "Projection": PROJECTED}]})


class Case(unittest.TestCase):
    """A server of the class's own."""
    flags = ()
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags, in_memory=True)
        cls.server.start()
        cls.client = Client(cls.server.url)
        make_tables(cls.client)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.server.remove()

    def write(self, *actions, **more):
        return self.client.call("TransactWriteItems", {"TransactItems": list(actions), **more})

    def read(self, *actions, **more):
        return self.client.call("TransactGetItems", {"TransactItems": list(actions), **more})

    def item(self, name, table="plain"):
        return self.client.call("GetItem", {"TableName": table, "Key": key(name), "ConsistentRead": True}).get("Item")

    def error(self, operation, actions, **more):
        with self.assertRaises(DynamoError) as caught:
            self.client.call(operation, {"TransactItems": actions, **more})
        self.assertEqual(caught.exception.status, 400)
        return caught.exception

    def refused(self, actions, message, operation="TransactWriteItems", kind="ValidationException", **more):
        with self.subTest(operation=operation, actions=str(actions)[:300]):
            error = self.error(operation, actions, **more)
            self.assertEqual((error.type, error.message), (kind, message))
            self.assertNotIn("CancellationReasons", error.body)

    def cancelled(self, actions, *reasons, operation="TransactWriteItems"):
        """reasons: (Code, Message) or (Code, Message, Item) of each action; None for one that could be done."""
        expected = []
        for reason in reasons:
            names = ("Code", "Message", "Item")
            expected.append({"Code": "None"} if reason is None else dict(zip(names, reason)))
        with self.subTest(operation=operation, actions=str(actions)[:300]):
            error = self.error(operation, actions)
            self.assertEqual(error.type, "TransactionCanceledException")
            self.assertEqual(error.prefix, "com.amazonaws.dynamodb.v20120810")
            self.assertEqual(error.body["CancellationReasons"], expected)
            codes = ", ".join(reason["Code"] for reason in expected)
            self.assertEqual(error.body["Message"], f"{CANCELLED}{codes}]")


class Writing(Case):
    def test_all_kinds_over_tables(self):
        self.write(put("b", item={"n": {"N": "1"}}), put("c"), put("d", "other"))
        self.assertEqual(self.write(put("a", item={"x": {"S": "y"}}),
                                    update("b", "SET n = n + :v", ExpressionAttributeValues=values(v={"N": "1"})),
                                    delete("c", ConditionExpression="attribute_exists(pk)"),
                                    check("d", "attribute_exists(pk)", "other"),
                                    update("e", "SET z = :z", "other", ExpressionAttributeValues=values(z={"S": "z"}))),
                         {})
        self.assertEqual(self.item("a"), {**key("a"), "x": {"S": "y"}})
        self.assertEqual(self.item("b"), {**key("b"), "n": {"N": "2"}})
        self.assertIsNone(self.item("c"))
        self.assertEqual(self.item("d", "other"), key("d"))
        self.assertEqual(self.item("e", "other"), {**key("e"), "z": {"S": "z"}})

    def test_indexes_follow(self):
        def found():
            return sorted(item["sk"]["S"] for item in all_items(self.client, "Query", {
                "TableName": "indexed", "IndexName": "gsi", "KeyConditionExpression": "i = :i",
                "ExpressionAttributeValues": {":i": {"S": "follow"}}}))

        at = {"pk": {"S": "follow"}}
        self.write(*({"Put": {"TableName": "indexed", "Item": {**at, "sk": {"S": sk}, "i": {"S": "follow"}}}}
                     for sk in "abc"))
        self.assertEqual(found(), ["a", "b", "c"])
        self.write({"Delete": {"TableName": "indexed", "Key": {**at, "sk": {"S": "a"}}}},
                   {"Update": {"TableName": "indexed", "Key": {**at, "sk": {"S": "b"}}, "UpdateExpression": "REMOVE i"}},
                   {"Put": {"TableName": "indexed", "Item": {**at, "sk": {"S": "d"}, "i": {"S": "follow"}}}})
        self.assertEqual(found(), ["c", "d"])

    def test_one_failure_undoes_all(self):
        self.write(put("u1", item={"t": {"S": "text"}}), put("u2"), put("u3"))
        failed = ("ConditionalCheckFailed", CONDITION)
        self.cancelled(
            [put("new"), update("u1", "SET t = t + :v", ExpressionAttributeValues=values(v={"N": "1"})),
             delete("u2", ConditionExpression="attribute_not_exists(pk)"), check("u4", "attribute_exists(pk)"),
             put("u3", item={"n": {"N": "1"}})],
            None, ("ValidationError", OPERAND), failed, failed, None)
        self.assertIsNone(self.item("new"))
        self.assertEqual(self.item("u2"), key("u2"))
        self.assertEqual(self.item("u3"), key("u3"))

    def test_reasons_show_the_item(self):
        old = {**key("shown"), "x": {"M": {"y": {"NS": ["1", "2"]}}}}
        self.write(put("shown", item={"x": old["x"]}))
        shown = ("ConditionalCheckFailed", CONDITION, old)
        all_old = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        gone = "attribute_not_exists(pk)"
        for action in (put("shown", ConditionExpression=gone, **all_old), check("shown", gone, **all_old),
                       delete("shown", ConditionExpression=gone, **all_old),
                       update("shown", "REMOVE x", ConditionExpression=gone, **all_old)):
            self.cancelled([put("beside"), action], None, shown)
        self.cancelled([check("shown", gone)], shown[:2])
        self.cancelled([check("shown", gone, ReturnValuesOnConditionCheckFailure="NONE")], shown[:2])
        self.cancelled([check("absent", "attribute_exists(pk)", **all_old)], shown[:2])

    def test_many_reasons(self):
        """The text names all of a hundred reasons."""
        self.cancelled([check(f"no{i}", "attribute_exists(pk)") for i in range(100)],
                       *[("ConditionalCheckFailed", CONDITION)] * 100)

    def test_limits(self):
        self.write(*(put(f"many{i}") for i in range(100)))
        self.assertEqual(len(self.read(*(get(f"many{i}") for i in range(100)))["Responses"]), 100)
        text = {"S": "x" * 350_000}
        self.write(*(put(f"large{i}", item={"t": text}) for i in range(11)))
        too_large = "The aggregate size of the items in the transaction cannot exceed 4 MB"
        self.refused([put(f"larger{i}", item={"t": text}) for i in range(12)], too_large)
        self.assertIsNone(self.item("larger0"))
        self.write(put("large11", item={"t": text}))
        self.refused([get(f"large{i}") for i in range(12)], too_large, "TransactGetItems")
        self.assertEqual(len(self.read(*(get(f"large{i}") for i in range(11)))["Responses"]), 11)

    def test_what_is_there_does_not_count(self):
        """Of the 4 MB a Put takes its item's size, all else its key's."""
        text = {"S": "x" * 100_000}
        names = [f"there{i}" for i in range(50)]
        for at in (0, 25):
            self.write(*(put(name, item={"t": text}) for name in names[at:at + 25]))
        self.write(*(check(name, "attribute_exists(t)") for name in names))
        self.write(*(update(name, "SET y = :y", ExpressionAttributeValues=values(y={"S": "y"})) for name in names))
        self.assertEqual(self.item("there49"), {**key("there49"), "t": text, "y": {"S": "y"}})
        self.client.call("ExecuteTransaction", {"TransactStatements": [
            {"Statement": f"DELETE FROM plain WHERE pk = '{name}'"} for name in names[40:]] + [
            {"Statement": f"UPDATE plain SET z = 'z' WHERE pk = '{name}'"} for name in names[:40]]})
        self.write(*(put(name) for name in names[:20]))
        self.assertEqual(self.item("there0"), key("there0"))
        for at in (0, 25):
            self.write(*(put(name, item={"t": text}) for name in names[at:at + 25]))
        self.write(*(delete(name) for name in names))
        self.assertEqual([self.item(name) for name in ("there0", "there49")], [None, None])

    def test_only_the_first_misfit_is_told(self):
        """The service looks no further than the first action that does not fit its table."""
        mismatch = ("ValidationError", INVALID + "Type mismatch for key pk expected: S actual: N")
        bad = [{"Put": {"TableName": "plain", "Item": {"pk": {"N": number}}}} for number in "78"]
        fails = put("first", ConditionExpression="attribute_exists(pk)")
        self.cancelled([*bad, fails], mismatch, None, None)
        self.cancelled([fails, *bad], None, mismatch, None)
        self.cancelled([{"Delete": {"TableName": "plain", "Key": {"pk": {"N": "7"}}}}, bad[0]],
                       ("ValidationError", SCHEMA), None)

    def test_size_of_items(self):
        room = LIMIT - len("pk") - len("size") - len("p")
        self.write(put("size", item={"p": {"S": "x" * room}}))
        self.refused([put("size", item={"p": {"S": "x" * (room + 1)}})],
                     "Item size has exceeded the maximum allowed size")
        self.cancelled([put("size-beside"), update("size", "SET q = :q", ExpressionAttributeValues=values(q={"S": ""}))],
                       None, ("ValidationError", "Item size to update has exceeded the maximum allowed size"))

    def test_keys(self):
        mismatch = ("ValidationError", INVALID + "Type mismatch for key pk expected: S actual: ")
        for value, kind in (({"N": "5"}, "N"), ({"L": [{"S": "x"}]}, "L")):
            self.cancelled([{"Put": {"TableName": "plain", "Item": {"pk": value}}}], (mismatch[0], mismatch[1] + kind))
            for action in ("Update", "Delete", "ConditionCheck"):
                more = {"Update": {"UpdateExpression": "REMOVE a"},
                        "ConditionCheck": {"ConditionExpression": "attribute_exists(pk)"}}.get(action, {})
                self.cancelled([put("beside"), {action: {"TableName": "plain", "Key": {"pk": value}, **more}}],
                               None, ("ValidationError", SCHEMA))
        for table, value, name in (("plain", {"S": ""}, "string"), ("binary", {"B": ""}, "binary")):
            empty = NOT_VALID + f"The AttributeValue for a key attribute cannot contain an empty {name} value. Key: pk"
            self.refused([{"Put": {"TableName": table, "Item": {"pk": value}}}], empty)
            self.refused([put("beside"), {"Delete": {"TableName": table, "Key": {"pk": value}}}], empty)
        self.cancelled([{"Put": {"TableName": "plain", "Item": {"x": {"S": "y"}}}}],
                       ("ValidationError", INVALID + "Missing the key pk in the item"))
        self.cancelled([update("a", "SET pk = :v", ExpressionAttributeValues=values(v={"S": "b"}))],
                       ("ValidationError", INVALID + "Cannot update attribute pk. This attribute is part of the key"))

    def test_keys_of_indexes(self):
        at = {"pk": {"S": "k"}, "sk": {"S": "k"}}
        mismatch = ("ValidationError", INVALID + "Type mismatch for Index Key i Expected: S Actual: N IndexName: gsi")
        set_i = {"TableName": "indexed", "Key": at, "UpdateExpression": "SET i = :v"}
        self.cancelled([{"Put": {"TableName": "indexed", "Item": {**at, "i": {"N": "5"}}}}], mismatch)
        self.cancelled([{"Update": {**set_i, "ExpressionAttributeValues": values(v={"N": "5"})}}], mismatch)
        self.refused([{"Put": {"TableName": "indexed", "Item": {**at, "i": {"S": ""}}}}],
                     NOT_VALID + "A value specified for a secondary index key is not supported. The AttributeValue for "
                     "a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: i")
        self.refused([{"Update": {**set_i, "ExpressionAttributeValues": values(v={"S": ""})}}],
                     NOT_VALID + "The update expression attempted to update a secondary index key to a value that is "
                     "not supported. The AttributeValue for a key attribute cannot contain an empty string value.")

    def test_one_operation_on_an_item(self):
        self.refused([put("dup"), put("dup")], MULTIPLE)
        self.refused([put("dup"), check("dup", "attribute_not_exists(pk)")], MULTIPLE)
        self.refused([delete("x"), update("dup", "REMOVE a"), delete("dup")], MULTIPLE)
        arn = "arn:aws:dynamodb:us-east-1:000000000000:table/plain"
        self.refused([put("dup"), put("dup", arn)], MULTIPLE)
        self.refused([get("dup"), get("dup")], MULTIPLE, "TransactGetItems")
        self.write(put("same"), put("same", "other"))
        self.write(put("named"), put("by-arn", arn))
        self.assertEqual(self.item("by-arn"), key("by-arn"))

    def test_order_of_checks(self):
        absent = ("Requested resource not found",)
        bad = {"ConditionExpression": "attribute_not_exists("}
        unused = check("order", "attribute_not_exists(pk)", ExpressionAttributeValues=values(v={"S": "x"}))
        self.refused([put("a", "absent"), check("b", bad["ConditionExpression"])], SYNTAX)
        self.refused([check("b", bad["ConditionExpression"]), put("a", item={"d": deep(32)})], SYNTAX)
        self.refused([put("a", item={"d": deep(32)}), check("b", bad["ConditionExpression"])], NEST)
        self.refused([put("a", "absent"), unused], UNUSED)
        self.refused([unused, put("a", "absent")], UNUSED)
        self.refused([put("order"), unused], UNUSED)
        self.refused([put("a", "absent"), put("dup"), put("dup")], absent[0], kind="ResourceNotFoundException")
        self.refused([{"Put": {"TableName": "plain", "Item": {"pk": {"N": "5"}}}}, put("dup"), put("dup")], MULTIPLE)
        self.refused([get("a", "absent")], absent[0], "TransactGetItems", "ResourceNotFoundException")

    def test_expressions(self):
        empty = "Invalid ConditionExpression: The expression can not be empty;"
        for action in (put("a", ConditionExpression=""), delete("a", ConditionExpression=""), check("a", "")):
            self.refused([action], empty)
        self.refused([update("a", "")], "Invalid UpdateExpression: The expression can not be empty;")
        self.refused([check("a", "attribute_exists(")], SYNTAX)
        used = values(v={"S": "x"})
        self.refused([put("a", ConditionExpression="attribute_exists(pk)", ExpressionAttributeValues=used)], UNUSED)
        self.refused([update("a", "SET a = :a", ExpressionAttributeValues={":a": {"S": "x"}, **used})], UNUSED)
        self.refused([delete("a", ConditionExpression="attribute_exists(pk)", ExpressionAttributeValues=used)], UNUSED)
        self.refused([put("a", ExpressionAttributeNames={"#a": "a"})],
                     "ExpressionAttributeNames can only be specified when using expressions")
        self.refused([get("a", ProjectionExpression="!!!")],
                     'Invalid ProjectionExpression: Syntax error; token: "!", near: "!!"', "TransactGetItems")
        self.cancelled([check("a", "attribute_exists(pk.x)")],
                       ("ValidationError", "Key attributes must be scalars; list random access '[]' and map lookup "
                                           "'.' are not allowed: Key: pk"))

    def test_members(self):
        name = "Value 'bad!name' at 'transactItems.{}.tableName' failed to satisfy constraint: Member must satisfy " \
               "regular expression pattern: [a-zA-Z0-9_.-]+"
        self.refused([put("a", "bad!name")], one(name.format("1.member.put")))
        self.refused([put("a"), update("a", "REMOVE b", "bad!name")], one(name.format("2.member.update")))
        self.refused([delete("a", "bad!name")], one(name.format("1.member.delete")))
        self.refused([check("a", "attribute_exists(pk)", "bad!name")], one(name.format("1.member.conditionCheck")))
        self.refused([{"Put": {"TableName": "plain"}}],
                     one("Value null at 'transactItems.1.member.put.item' failed to satisfy constraint: Member must "
                         "not be null"))
        self.refused([{**put("a"), **delete("b")}],
                     "TransactItems can only contain one of Check, Put, Update or Delete")
        unknown = "Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum " \
                  "value set: [INDEXES, TOTAL, NONE]"
        size = "Value 'BOGUS' at 'returnItemCollectionMetrics' failed to satisfy constraint: Member must satisfy " \
               "enum value set: [SIZE, NONE]"
        capacity = {"ReturnConsumedCapacity": "BOGUS"}
        for actions in ([put("rcc")], [put("a", "absent")], [put("dup"), put("dup")]):
            self.refused(actions, one(unknown), **capacity)
        self.refused([put("rcc")], one(size), ReturnItemCollectionMetrics="BOGUS")
        self.refused([put("rcc")], f"2 validation errors detected: {unknown}; {size}", **capacity,
                     ReturnItemCollectionMetrics="BOGUS")
        for actions in ([get("a")], [get("a", "absent")], [get("dup"), get("dup")]):
            self.refused(actions, one(unknown), "TransactGetItems", **capacity)
        self.assertIsNone(self.item("rcc"))


class Wordings(unittest.TestCase):
    """What the two wordings tell differently: (current, classic)."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.servers = [Server(*flags, in_memory=True) for flags in ((), ("--validation-wording", "classic"))]
        cls.clients = []
        for server in cls.servers:
            server.start()
            cls.clients.append(Client(server.url))
            make_tables(cls.clients[-1])

    @classmethod
    def tearDownClass(cls):
        for client, server in zip(cls.clients, cls.servers):
            client.close()
            server.stop()
            server.remove()

    def expect(self, actions, current, classic, operation="TransactWriteItems", **more):
        told = []
        for client in self.clients:
            try:
                client.call(operation, {"TransactItems": actions, **more})
                told.append(None)
            except DynamoError as error:
                reasons = error.body.get("CancellationReasons")
                told.append(error.message if reasons is None else [reason.get("Message") for reason in reasons])
        with self.subTest(operation=operation, actions=str(actions)[:300]):
            self.assertEqual(told, [current, classic])

    def test_lists(self):
        least, most = ("Member must have length greater than or equal to 1", "Member must have length less than or "
                       "equal to 100")
        current, classic = "Value at 'TransactItems' failed to satisfy constraint: ", \
            "Value '[]' at 'transactItems' failed to satisfy constraint: "
        for operation in ("TransactWriteItems", "TransactGetItems"):
            self.expect([], one(current + least), one(classic + least), operation)
        for client in self.clients:
            for operation, action in (("TransactWriteItems", put), ("TransactGetItems", get)):
                with self.assertRaises(DynamoError) as caught:
                    client.call(operation, {"TransactItems": [action(str(i)) for i in range(101)]})
                self.assertTrue(caught.exception.message.endswith(most), caught.exception.message[-100:])

    def test_no_action(self):
        self.expect([{}], one("Value '' at 'transactItems' failed to satisfy constraint: TransactWriteRequest should "
                              "contain Delete or Put or Update or ConditionCheck"),
                    "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")

    def test_token_too_long(self):
        rest = "failed to satisfy constraint: Member must have length less than or equal to 36"
        token = "x" * 37
        self.expect([put("a")], one(f"Value at 'ClientRequestToken' {rest}"),
                    one(f"Value '{token}' at 'clientRequestToken' {rest}"), ClientRequestToken=token)

    def test_values(self):
        bad = {"N": ""}
        wrapped = f"ExpressionAttributeValues contains invalid value: {NUMBER} for key :v"
        self.expect([put("a", item={"n": bad})], NUMBER + ": ", NUMBER)
        self.expect([put("b"), update("a", "SET n = :v", ExpressionAttributeValues=values(v=bad))],
                    NUMBER + ": ", wrapped)
        self.expect([{"Get": {"TableName": "plain", "Key": {"pk": bad}}}], NUMBER + ": ", NUMBER, "TransactGetItems")

    def test_depth(self):
        deepest = values(v=deep(32))
        self.expect([put("deep", item={"d": deep(31)})], None, None)
        self.expect([put("deep", item={"d": deep(32)})], NEST, NEST)
        self.expect([check("deep", "x = :v", ExpressionAttributeValues=deepest)], NEST, [CONDITION])
        told = "Nesting Levels have exceeded supported limits"
        self.expect([update("deep", "SET e = :v", ExpressionAttributeValues=deepest)], NEST, [told])

    def test_size_of_a_statement(self):
        text = {"S": "x" * (LIMIT - len("p") - 10)}  # the statement costs 22 more than it writes
        self.expect([update("y", "SET p = :p", ExpressionAttributeValues=values(p=text))],
                    "Item size to update has exceeded the maximum allowed size", None)


class Reading(Case):
    def test_items(self):
        self.write(put("r1", item={"a": {"S": "1"}, "b": {"M": {"c": {"N": "2"}, "d": {"N": "3"}}}}), put("r2", "other"))
        self.assertEqual(
            self.read(get("r1"), get("r2", "other"), get("absent"),
                      get("r3", ProjectionExpression="a")),
            {"Responses": [{"Item": {**key("r1"), "a": {"S": "1"}, "b": {"M": {"c": {"N": "2"}, "d": {"N": "3"}}}}},
                           {"Item": key("r2")}, {}, {}]})
        self.assertEqual(self.read(get("r1", ProjectionExpression="#b.c, pk", ExpressionAttributeNames={"#b": "b"})),
                         {"Responses": [{"Item": {**key("r1"), "b": {"M": {"c": {"N": "2"}}}}}]})
        # a projection that finds nothing: no item at all
        self.assertEqual(self.read(get("r1", ProjectionExpression="nothing")), {"Responses": [{}]})

    def test_keys(self):
        schema = ("ValidationError", SCHEMA)
        self.cancelled([get("a"), {"Get": {"TableName": "plain", "Key": {}}}], None, schema,
                       operation="TransactGetItems")
        self.cancelled([{"Get": {"TableName": "plain", "Key": {"pk": {"N": "1"}}}}], schema,
                       operation="TransactGetItems")
        self.cancelled([{"Get": {"TableName": "plain", "Key": {**key("a"), "x": {"S": "y"}}}}], schema,
                       operation="TransactGetItems")
        self.refused([{"Get": {"TableName": "plain", "Key": key("")}}],
                     NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
                     "TransactGetItems")


def capacity(table, kind, units, indexes=None, whole=None):
    """The entry of one table, with its arms when `whole` is the table's."""
    both = {"CapacityUnits": units, kind: units}
    entry = {"TableName": table, **both}
    if whole is not None:
        entry["Table"] = {"CapacityUnits": whole, kind: whole}
    for member, name, units in indexes or ():
        entry[member] = {name: {"CapacityUnits": units, kind: units}}
    return entry


READS, WRITES = "ReadCapacityUnits", "WriteCapacityUnits"


class Capacity(Case):
    def test_writes_cost_double(self):
        text = {"t": {"S": "x" * 1536}}
        self.assertEqual(self.write(put("c1"), put("c2", item=text), put("c3", "other"), ReturnConsumedCapacity="TOTAL"),
                         {"ConsumedCapacity": [capacity("plain", WRITES, 6.0), capacity("other", WRITES, 2.0)]})
        self.assertEqual(self.write(check("c1", "attribute_exists(pk)"), delete("absent"), delete("c2"),
                                    ReturnConsumedCapacity="INDEXES"),
                         {"ConsumedCapacity": [capacity("plain", WRITES, 8.0, whole=8.0)]})
        self.assertEqual(self.write(put("c4"), ReturnConsumedCapacity="NONE"), {})

    def test_indexes(self):
        item = {"pk": {"S": "c"}, "sk": {"S": "c"}, "i": {"S": "c"}}
        self.assertEqual(
            self.write({"Put": {"TableName": "indexed", "Item": item}}, ReturnConsumedCapacity="INDEXES"),
            {"ConsumedCapacity": [capacity("indexed", WRITES, 4.0, whole=2.0, indexes=[
                ("LocalSecondaryIndexes", "lsi", 1.0), ("GlobalSecondaryIndexes", "gsi", 1.0)])]})

    def test_reads_cost_double(self):
        self.write(put("d1", item={"t": {"S": "x" * 5000}}))
        self.assertEqual(self.read(get("d1"), get("absent"), get("absent", "other"), ReturnConsumedCapacity="INDEXES"),
                         {"ConsumedCapacity": [capacity("plain", READS, 6.0, whole=6.0),
                                               capacity("other", READS, 2.0, whole=2.0)],
                          "Responses": [{"Item": {**key("d1"), "t": {"S": "x" * 5000}}}, {}, {}]})

    def test_a_repetition_is_charged_as_reads(self):
        request = {"ReturnConsumedCapacity": "INDEXES", "ClientRequestToken": "capacity"}
        actions = (put("e1", item={"t": {"S": "x" * 1536}}), delete("e2", "other"))
        self.assertEqual(self.write(*actions, **request),
                         {"ConsumedCapacity": [capacity("plain", WRITES, 4.0, whole=4.0),
                                               capacity("other", WRITES, 2.0, whole=2.0)]})
        self.assertEqual(self.write(*actions, **request),
                         {"ConsumedCapacity": [capacity("plain", READS, 2.0, whole=2.0),
                                               capacity("other", READS, 2.0, whole=2.0)]})

    def test_a_cancelled_one_tells_none(self):
        error = self.error("TransactWriteItems", [check("absent", "attribute_exists(pk)")],
                           ReturnConsumedCapacity="TOTAL")
        self.assertEqual(set(error.body), {"__type", "CancellationReasons", "Message"})

    def test_collections(self):
        at = {"pk": {"S": "m"}, "sk": {"S": "m"}}
        metrics = {"ItemCollectionKey": {"pk": {"S": "m"}}, "SizeEstimateRangeGB": [0.0, 1.0]}
        actions = ({"Put": {"TableName": "indexed", "Item": at}}, put("m"),
                   {"ConditionCheck": {"TableName": "indexed", "Key": {**at, "sk": {"S": "n"}},
                                       "ConditionExpression": "attribute_not_exists(pk)"}})
        self.assertEqual(self.write(*actions, ReturnItemCollectionMetrics="SIZE"),
                         {"ItemCollectionMetrics": {"indexed": [metrics]}})
        self.assertEqual(self.write(*actions), {})


class Tokens(Case):
    add = staticmethod(lambda name, n="1": update(name, "ADD n :n", ExpressionAttributeValues=values(n={"N": n})))

    def count(self, name):
        return self.item(name)["n"]["N"]

    def mismatch(self, *actions, **more):
        error = self.error("TransactWriteItems", list(actions), **more)
        self.assertEqual(error.type, "IdempotentParameterMismatchException")
        self.assertIn("Message", error.body)

    def test_once(self):
        for _ in range(3):
            self.assertEqual(self.write(self.add("once"), ClientRequestToken="once"), {})
        self.assertEqual(self.count("once"), "1")
        self.write(self.add("once"), ClientRequestToken="twice")
        self.write(self.add("once"))
        self.write(self.add("once"))
        self.assertEqual(self.count("once"), "4")

    def test_other_requests(self):
        names = {"ExpressionAttributeNames": {"#n": "n", "#m": "m"}}
        given = values(n={"N": "1"}, m={"N": "2"})
        first = update("other", "ADD #n :n SET #m = :m", ExpressionAttributeValues=given, **names)
        token = {"ClientRequestToken": "other"}
        self.write(first, put("p", item={"x": {"S": "y"}}), **token)
        self.mismatch(first, **token)
        self.mismatch(first, put("p", item={"x": {"S": "z"}}), **token)
        self.mismatch(put("p", item={"x": {"S": "y"}}), first, **token)
        self.mismatch(first, put("p", item={"x": {"S": "y"}}), ReturnConsumedCapacity="TOTAL", **token)
        self.mismatch(first, put("p", item={"x": {"S": "y"}}, ConditionExpression="attribute_exists(pk)"), **token)
        self.assertEqual(self.count("other"), "1")
        # the order of members of a map means nothing, nor does the way a number is written
        again = {"Update": dict(reversed(list(first["Update"].items())))}
        again["Update"]["ExpressionAttributeNames"] = {"#m": "m", "#n": "n"}
        again["Update"]["ExpressionAttributeValues"] = values(m={"N": "2.0"}, n={"N": "1"})
        self.write(again, {"Put": {"Item": {"x": {"S": "y"}, **key("p")}, "TableName": "plain"}}, **token)
        self.assertEqual(self.count("other"), "1")

    def test_a_failure_uses_no_token(self):
        action = update("later", "ADD n :n", ConditionExpression="attribute_exists(pk)",
                        ExpressionAttributeValues=values(n={"N": "1"}))
        self.error("TransactWriteItems", [action], ClientRequestToken="later")
        self.write(put("later"))
        self.write(action, ClientRequestToken="later")
        self.write(action, ClientRequestToken="later")
        self.assertEqual(self.count("later"), "1")

    def test_nothing_to_write(self):
        """A transaction that changes nothing keeps its token all the same."""
        self.write(delete("nothing"), ClientRequestToken="nothing")
        self.write(put("nothing"))
        self.write(delete("nothing"), ClientRequestToken="nothing")
        self.assertEqual(self.item("nothing"), key("nothing"))

    def test_the_same_at_once(self):
        """Of many at a time one is done; the others are told that, or that it is being done."""
        told, lock = [], threading.Lock()

        def ask():
            client = Client(self.server.url)
            try:
                client.call("TransactWriteItems", {"ClientRequestToken": "at-once",
                                                   "TransactItems": [self.add("at-once"), self.add("beside")]})
                answer = None
            except DynamoError as error:
                answer = error.type
            with lock:
                told.append(answer)
            client.close()

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(None, told)
        self.assertLessEqual(set(told), {None, "TransactionInProgressException"})
        self.assertEqual(self.count("at-once"), "1")

    def test_restart(self):
        with Server() as server:
            client = Client(server.url)
            make_tables(client)
            request = {"ClientRequestToken": "restart", "TransactItems": [self.add("restart")]}
            client.call("TransactWriteItems", request)
            client.close()
            server.kill()
            server.start()
            client = Client(server.url)
            client.call("TransactWriteItems", request)
            self.assertEqual(client.call("GetItem", {"TableName": "plain", "Key": key("restart")})["Item"]["n"]["N"],
                             "1")
            with self.assertRaises(DynamoError) as caught:
                client.call("TransactWriteItems", {**request, "TransactItems": [self.add("restart", "2")]})
            self.assertEqual(caught.exception.type, "IdempotentParameterMismatchException")
            client.close()


class Namespaces(unittest.TestCase):
    def test_tokens_are_apart(self):
        """Whoever signs with another key has tables and tokens of their own."""
        with Server("--isolate-by", "access-key", in_memory=True) as server:
            answers = []
            client = Client(server.url)
            authorization = ("AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders="
                             "content-type;host;x-amz-date;x-amz-target, Signature=" + "0" * 64)
            for who in ("first", "second"):
                signed = {"Authorization": authorization.format(who)}
                for operation, request in (
                        ("CreateTable", {"TableName": "plain", "BillingMode": "PAY_PER_REQUEST",
                                         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}),
                        ("TransactWriteItems", {"TransactItems": [put(who)], "ClientRequestToken": "token"}),
                        ("Scan", {"TableName": "plain"})):
                    status, _, body = client.raw(operation, json.dumps(request).encode(), signed)
                    self.assertEqual(status, 200, body)
                answers.append(json.loads(body)["Items"])
            client.close()
            self.assertEqual(answers, [[key("first")], [key("second")]])


class Refusing(Case):
    """Contention refused instead of waited for: an attempt is done whole or told whom it met, and nothing is lost."""
    flags = ("--transaction-conflict", "refuse")
    names = [f"hot{i}" for i in range(4)]

    def attempt(self, client, number):
        """What one of the threads does: every time it adds one to some of the items, and says to which it has."""
        one_more = {"UpdateExpression": "ADD n :n", "ExpressionAttributeValues": values(n={"N": "1"})}
        try:
            if number % 4 == 0:
                client.call("UpdateItem", {"TableName": "plain", "Key": key(self.names[0]), **one_more})
                return [0]
            if number % 4 == 1:
                client.call("TransactGetItems", {"TransactItems": [get(name) for name in self.names]})
                return []
            client.call("TransactWriteItems", {"TransactItems": [
                {"Update": {"TableName": "plain", "Key": key(name), **one_more}} for name in self.names]})
            return [0, 1, 2, 3]
        except DynamoError as error:
            codes = {reason["Code"] for reason in error.body.get("CancellationReasons", [])}
            self.assertTrue(error.type == "TransactionConflictException" or
                            error.type == "TransactionCanceledException" and
                            {"TransactionConflict"} <= codes <= {"None", "TransactionConflict"}, error)
            return []

    def test_nothing_is_lost(self):
        done, failed, lock = [0] * 4, [], threading.Lock()

        def work(seed):
            client = Client(self.server.url)
            try:
                for number in range(40):
                    added = self.attempt(client, seed + number)
                    with lock:
                        for i in added:
                            done[i] += 1
            except Exception as error:  # told by the test's own thread
                failed.append(error)
            client.close()

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        found = [(self.item(name) or {"n": {"N": "0"}})["n"]["N"] for name in self.names]
        self.assertEqual(found, [str(count) for count in done])


if __name__ == "__main__":
    unittest.main()

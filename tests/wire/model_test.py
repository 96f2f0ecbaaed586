# SPDX-License-Identifier: Apache-2.0
"""Random operations against a server and against the model: every answer is compared.

    python3 tests/wire/model_test.py [--seed N] [--count N] [--seconds N] [--endpoint URL] [--peer]

Without an endpoint it starts a server of its own ($STATOR_BIN). As a test it takes $MODEL_SEED, $MODEL_COUNT,
$MODEL_SECONDS and $STATOR_ENDPOINT. A failure prints the seed and the number of the operation: the same seed replays the run. --peer leaves
out what older servers (dynalite, which this test was developed against) do not have.
"""
import argparse
import os
import pathlib
import random
import sys
import time
import unittest
from decimal import Decimal

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import capacity
import dynamo
import expressions
import groups
import legacy
import model
from server import Server

COUNT = 20_000  # operations
SECONDS = 40    # a slow build does fewer
TABLES = 3

S_KEYS = ["a", "b", "ab", "a\0", "a\0b", "\1", "\x7f", "~", "é", "ü\u2028", "\U0001f600", "B"]
N_KEYS = [Decimal(text) for text in ("0", "1", "-1", "2", "10", "100", "-100", "0.5", "0.05", "-0.5", "99999999999999999999",
          "1e125", "-1e125", "1e-130", "-1e-130", "1.2345678901234567890123456789012345678")]
B_KEYS = [b"\0", b"\0\0", b"\1", b"\0\1", b"a", b"a\0", b"ab", b"\xff", b"\xff\xff", b"\xfe\xff"]
KEYS = {"S": S_KEYS, "N": N_KEYS, "B": B_KEYS}

INDEXED = ("i0", "i1", "i2", "i3")  # attributes that may be keys of an index

# Ordinary attributes and the type each mostly has.
ATTRIBUTES = {"s0": "S", "s1": "S", "n0": "N", "n1": "N", "b0": "B", "f0": "BOOL", "z0": "NULL", "ss0": "SS", "ns0": "NS",
              "bs0": "BS", "l0": "L", "m0": "M"}


class Generator:
    """Everything random: one seed, one run."""

    def __init__(self, seed, peer):
        self.random, self.peer = random.Random(seed), peer

    def chance(self, share):
        return self.random.random() < share

    def some(self, options, most=None):
        options = list(options)
        return self.random.sample(options, self.random.randint(1, min(most or len(options), len(options))))

    # --- values

    def key_value(self, kind):
        return kind, self.random.choice(KEYS[kind])

    def scalar(self, kind):
        if kind == "S":
            return kind, "".join(self.random.choices("abc\"\\\n", k=self.random.randint(self.peer, 4)))
        if kind == "N":
            return kind, Decimal(self.random.randint(-20, 20)).scaleb(self.random.choice((0, 0, 0, -1, -3, 2)))
        if kind == "B":
            return kind, bytes(self.random.choices(b"abc\0\x7f", k=self.random.randint(self.peer, 4)))
        return kind, kind == "NULL" or self.peer or self.chance(0.5)

    def value(self, kind=None, depth=0):
        kind = kind or self.random.choice(list(ATTRIBUTES.values()))
        if kind in model.MEMBER:
            return kind, frozenset(self.scalar(model.MEMBER[kind])[1] for _ in range(self.random.randint(1, 4)))
        if kind in ("L", "M") and depth > 2:
            kind = "S"
        if kind == "L":
            return kind, tuple(self.value(None, depth + 1) for _ in range(self.random.randint(0, 3)))
        if kind == "M":
            return kind, {name: self.value(None, depth + 1) for name in self.random.sample("kxy", self.random.randint(0, 3))}
        return self.scalar(kind)

    # --- tables

    def table(self, name):
        types = {"pk": self.random.choice("SNB"), "sk": self.random.choice("SNB")}
        for attribute in INDEXED:
            types[attribute] = self.random.choice("SNB")
        base = model.Index(None, ["pk"], ["sk"] if self.chance(0.7) else [], types, None)
        indexes = []
        for number in range(self.random.randint(0, 2) if base.ranges else 0):
            indexes.append(model.Index(f"local{number}", ["pk"], [f"i{number}"], types, self.projection(), True))
        for number in range(self.random.randint(1, 3)):
            hashes, ranges = self.global_keys(base)
            indexes.append(model.Index(f"global{number}", hashes, ranges, types, self.projection()))
        return model.Table(name, base, indexes)

    def global_keys(self, base):
        names = self.random.sample([*INDEXED, *base.keys], 4)
        if self.peer or self.chance(0.7):
            return names[:1], names[1:1 + self.random.randint(0, 1)]
        hashes = self.random.randint(1, 3)
        return names[:hashes], names[hashes:self.random.randint(hashes, 4)]

    def projection(self):
        return self.random.choice([None, None, set(), set(self.some(ATTRIBUTES, 4))])

    # --- items

    def key(self, table):
        if table.items and self.chance(0.6):
            return table.key_of(self.random.choice(list(table.items.values())))
        return {name: self.key_value(table.base.types[name]) for name in table.base.keys}

    def item(self, table):
        item = self.key(table)
        for name in sorted(set(INDEXED) - set(item)):
            if self.chance(0.7):
                item[name] = self.key_value(table.base.types[name])
        for name in self.random.sample(sorted(ATTRIBUTES), self.random.randint(0, 6)):
            item[name] = self.value(ATTRIBUTES[name] if self.chance(0.9) else None)
        return item

    # --- expressions

    def path(self, name):
        """A path that begins with the name and goes on into lists and maps."""
        path = (name,)
        while ATTRIBUTES.get(name) in ("L", "M") and self.chance(0.5) and len(path) < 4:
            inside_list = ATTRIBUTES[name] == "L" if len(path) == 1 else self.chance(0.5)
            path += (self.random.randint(0, 3),) if inside_list else (self.random.choice("kxy"),)
        return path

    def comparison(self, names, types):
        name = self.random.choice(names)
        path, kind = ("path", self.path(name)), types.get(name) or ATTRIBUTES[name]
        like = (lambda: ("value", self.key_value(kind))) if name in types else (lambda: ("value", self.value(kind)))
        choice = self.random.choice(["=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN", "exists", "not", "type", "begins",
                                     "contains", "size", "other"])
        if choice in ("exists", "not") or (self.peer and kind in ("L", "M")):
            return ("attribute_exists" if choice == "exists" else "attribute_not_exists", path)
        if choice == "type":
            return ("attribute_type", path, ("value", ("S", self.random.choice([kind, "S", "N", "L", "NULL"]))))
        if choice == "IN":
            return ("IN", path, *(like() for _ in range(self.random.randint(1, 4))))
        if choice == "contains" and kind in ("S", "SS", "NS", "BS", "L"):
            part = self.scalar(model.MEMBER.get(kind, "S"))
            return ("contains", path, ("value", part)) if part[1] not in ("", b"") else ("attribute_exists", path)
        if choice == "begins" and kind == "S":
            return ("begins_with", path, like())
        if choice == "size" and kind in ("S", "B", "SS", "NS", "BS", "L", "M") and name not in types:
            return (self.random.choice(["=", "<", ">="]), ("size", (name,)),
                    ("value", ("N", Decimal(self.random.randint(0, 4)))))
        if choice == "other" and name in ("s0", "n0") and name[0] + "1" in names:
            other = ("path", (name[0] + "1",))  # there, since what two absent ones are is not known
            return ("AND", ("attribute_exists", other), (self.random.choice(["=", "<>", "<", ">="]), path, other))
        if kind not in model.KEY_TYPES:
            return (self.random.choice(["=", "<>"]), path, like())
        if choice == "BETWEEN":
            return ("BETWEEN", path, *sorted((like(), like()), key=lambda node: model.order(node[1])))
        return (choice if choice in ("<>", "<", "<=", ">", ">=") else "=", path, like())

    def condition(self, names, types, depth=0):
        if depth < 2 and self.chance(0.35):
            word = self.random.choice(["AND", "OR", "NOT"])
            return (word, *(self.condition(names, types, depth + 1) for _ in range(1 if word == "NOT" else 2)))
        return self.comparison(names, types)

    def set_operand(self, path, kind):
        value = ("value", self.value(kind))
        if kind == "N" and self.chance(0.6):
            left = self.random.choice([("path", path), ("if_not_exists", ("path", path), value)])
            return (self.random.choice("+-"), left, ("value", self.scalar("N")))
        if kind == "L" and self.chance(0.5):
            old = ("if_not_exists", ("path", path), value)
            return ("list_append", *self.random.sample([old, ("value", self.value("L"))], 2))
        if kind is not None and self.chance(0.2):
            return ("if_not_exists", ("path", path), value)
        if kind in ("S", "N") and self.chance(0.1):
            return ("path", (self.random.choice(["s0", "s1", "n0", "n1"]),))
        return value

    def update(self, table):
        clauses = []
        keys = sorted({name for index in table.indexes for name in index.keys} - set(table.base.keys))
        for name in self.random.sample(sorted(ATTRIBUTES) + keys, self.random.randint(1, 4)):
            kind = ATTRIBUTES.get(name)
            path = self.path(name)
            if len(path) > 1:
                kind = None
            if name in keys:
                clauses.append(self.random.choice([("SET", path, ("value", self.key_value(table.base.types[name]))),
                                                   ("REMOVE", path)]))
            elif kind in ("N", "SS", "NS", "BS") and self.chance(0.5):
                word = "ADD" if kind == "N" or self.chance(0.6) else "DELETE"
                clauses.append((word, path, self.value(kind)))
            elif self.chance(0.7):
                clauses.append(("SET", path, self.set_operand(path, kind)))
            else:
                clauses.append(("REMOVE", path))
        if not self.peer and self.chance(0.1) and not any(clause[1][0] == "l0" for clause in clauses):
            clauses += [("REMOVE", ("l0", index)) for index in self.random.sample(range(4), 2)]
        return clauses

    def paths(self, names):
        return [self.path(name) for name in self.some(names, 4)]


class Run(groups.Groups):
    """One seed from the first operation to the last."""

    def __init__(self, client, seed, count, seconds, peer=False):
        self.client, self.seed, self.count, self.seconds = client, seed, count, seconds
        self.make = Generator(seed, peer)
        self.random, self.peer = self.make.random, peer
        self.request, self.added, self.tables = None, 0, []
        self.legacy = False  # the operation at hand uses no expressions

    def run(self):
        prefix = f"model-{self.seed}-{os.getpid()}-"
        self.tables = tables = [self.make.table(prefix + str(number)) for number in range(TABLES)]
        for table in tables:
            self.create(table)
        operations = [self.put] * 6 + [self.update] * 7 + [self.delete] * 3 + [self.get] * 3 + [self.query] * 5 + [self.scan] * 2
        if not self.peer:
            operations += [self.batch_get, self.batch_write, self.transact_get] + [self.transact_write] * 2
            operations = operations * 4 + [self.change_indexes]
        end, number = time.monotonic() + self.seconds, 0
        while number < self.count and time.monotonic() < end:
            table, operation = self.random.choice(tables), self.random.choice(operations)
            self.legacy = self.make.chance(0.2)
            try:
                operation(table)
            except Exception as error:
                raise AssertionError(f"seed {self.seed}, operation {number}, {operation.__name__}: {error}\n"
                                     f"  last request: {self.request}\n  table: {table.base} {table.indexes}") from error
            number += 1
        for table in tables:
            self.check_counts(table)
            self.client.delete_table(table.name)
        print(f"model: seed {self.seed}, {number} operations", flush=True)

    def call(self, operation, request):
        self.request = (operation, request)
        return self.client.call(operation, request)

    # --- tables

    @staticmethod
    def schema(index):
        return ([{"AttributeName": name, "KeyType": "HASH"} for name in index.hashes] +
                [{"AttributeName": name, "KeyType": "RANGE"} for name in index.ranges])

    def described(self, index):
        projection = {"ProjectionType": "ALL"}
        if index.projection is not None:
            projection["ProjectionType"] = "INCLUDE" if index.projection else "KEYS_ONLY"
        if index.projection:
            projection["NonKeyAttributes"] = sorted(index.projection)
        return {"IndexName": index.name, "KeySchema": self.schema(index), "Projection": projection}

    @staticmethod
    def definitions(table, indexes):
        names = sorted({name for index in indexes for name in index.keys})
        return [{"AttributeName": name, "AttributeType": table.base.types[name]} for name in names]

    def create(self, table):
        request = {"TableName": table.name, "KeySchema": self.schema(table.base), "BillingMode": "PAY_PER_REQUEST",
                   "AttributeDefinitions": self.definitions(table, [table.base, *table.indexes])}
        for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
            found = [self.described(index) for index in table.indexes if index.local == local]
            if found:
                request[member] = found
        self.request = request
        self.client.create_table(request)

    def change_indexes(self, table):
        """A global index is added to the table as it is, or one is dropped."""
        present = [index for index in table.indexes if not index.local]
        if present and (len(present) > 4 or self.make.chance(0.5)):
            dropped = self.random.choice(present)
            change = {"Delete": {"IndexName": dropped.name}}
            table.indexes.remove(dropped)
        else:
            self.added += 1
            index = model.Index(f"added{self.added}", *self.make.global_keys(table.base), table.base.types, self.make.projection())
            change = {"Create": self.described(index)}
            table.indexes.append(index)
        self.call("UpdateTable", {"TableName": table.name, "GlobalSecondaryIndexUpdates": [change],
                                  "AttributeDefinitions": self.definitions(table, [table.base, *table.indexes])})
        self.client.table_is(table.name, lambda description: dynamo.is_active(description) and {
            index["IndexName"] for index in description.get("GlobalSecondaryIndexes", [])
        } == {index.name for index in table.indexes if not index.local})

    def check_counts(self, table):
        """On a quiet table the counts are exact."""
        if self.peer:
            return
        description = self.call("DescribeTable", {"TableName": table.name})["Table"]
        assert description["ItemCount"] == len(table.items), (description, len(table.items))
        described = description.get("GlobalSecondaryIndexes", []) + description.get("LocalSecondaryIndexes", [])
        counts = {index["IndexName"]: index["ItemCount"] for index in described}
        assert counts == {index.name: len(list(table.entries(index))) for index in table.indexes}, counts

    # --- single items

    def write(self, operation, request, table, writer, do):
        """Sends a write and lets the model do it; both refuse or both do. Gives (answer, item before, item after)."""
        condition = None
        request["ReturnConsumedCapacity"] = self.asked_capacity()
        names = sorted(ATTRIBUTES) + table.base.keys
        if self.legacy and self.make.chance(0.35):
            condition, request["Expected"], word = legacy.conditions(self.make, names, table.base.types, True)
            if len(request["Expected"]) > 1:
                request["ConditionalOperator"] = word
        elif self.make.chance(0.35) and not self.legacy:
            condition = self.make.condition(names, table.base.types)
            request["ConditionExpression"] = writer.condition(condition)
            if not self.peer and self.make.chance(0.5):
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        key = model.item_from_wire(request["Key"] if "Key" in request else request["Item"])
        old, refused = table.get(key), None
        try:
            do(condition)
        except model.Refused as error:
            refused = error
        try:
            answer = self.call(operation, writer.add_to(request))
        except dynamo.DynamoError as error:
            assert refused is not None and error.type == str(refused), f"server: {error}; model: {refused or 'does it'}"
            asked = "ReturnValuesOnConditionCheckFailure" in request and error.type == "ConditionalCheckFailedException"
            self.same(error.body.get("Item"), old if asked else None)
            return None, None, None
        assert refused is None, f"the model refuses with {refused}, the server answers {answer}"
        new = table.get(key)
        if not self.peer:
            capacity.check(answer.get("ConsumedCapacity"), request["ReturnConsumedCapacity"], table,
                           *capacity.write_units(table, old, new))
        return answer, old, new

    def asked_capacity(self):
        return self.random.choice(["NONE", "NONE", "NONE", "TOTAL", "INDEXES"])

    @staticmethod
    def same(actual, expected):
        """An item of an answer and one of the model; None is an absent member."""
        actual = None if actual is None else model.frozen_item(model.item_from_wire(actual))
        expected = None if expected is None else model.frozen_item(expected)
        assert actual == expected, f"\n  server: {actual}\n  model:  {expected}"

    def put(self, table):
        item = self.make.item(table)
        indexed = sorted({name for index in table.indexes for name in index.keys} & set(item))
        spoiled = indexed and self.make.chance(0.03)
        if spoiled:
            item[self.random.choice(indexed)] = self.make.value("BOOL")
        request = {"TableName": table.name, "Item": model.item_to_wire(item),
                   "ReturnValues": self.random.choice(["NONE", "ALL_OLD"])}
        if spoiled and set(table.base.keys) & {name for name in item if item[name][0] == "BOOL"}:
            return  # no key to look at
        answer, old, _ = self.write("PutItem", request, table, expressions.Writer(self.random),
                                 lambda condition: table.put(item, condition))
        if answer is not None:
            self.same(answer.get("Attributes"), old if request["ReturnValues"] == "ALL_OLD" else None)

    def delete(self, table):
        key = self.make.key(table)
        request = {"TableName": table.name, "Key": model.item_to_wire(key),
                   "ReturnValues": self.random.choice(["NONE", "ALL_OLD"])}
        answer, old, _ = self.write("DeleteItem", request, table, expressions.Writer(self.random),
                                 lambda condition: table.delete(key, condition))
        if answer is not None:
            self.same(answer.get("Attributes"), old if request["ReturnValues"] == "ALL_OLD" else None)

    def update(self, table):
        key, clauses, writer = self.make.key(table), self.make.update(table), expressions.Writer(self.random)
        returned = self.random.choice(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
        if any(len(clause[1]) > 1 for clause in clauses) and returned.startswith("UPDATED"):
            returned = "ALL_NEW"
        request = {"TableName": table.name, "Key": model.item_to_wire(key), "ReturnValues": returned}
        if self.legacy:
            clauses, request["AttributeUpdates"] = legacy.updates(self.make, ATTRIBUTES)
        else:
            request["UpdateExpression"] = writer.update(clauses)
        answer, old, new = self.write("UpdateItem", request, table, writer,
                                      lambda condition: table.update(key, clauses, condition))
        if answer is None:
            return
        expected = {"NONE": None, "ALL_OLD": old, "UPDATED_OLD": old, "ALL_NEW": new, "UPDATED_NEW": new}[returned]
        if returned.startswith("UPDATED") and expected is not None:
            touched = {clause[1][0] for clause in clauses}
            expected = {name: value for name, value in expected.items() if name in touched} or None
        actual = answer.get("Attributes")
        self.same(actual or None if self.peer else actual, expected)

    def get(self, table):
        key, writer = self.make.key(table), expressions.Writer(self.random)
        request = {"TableName": table.name, "Key": model.item_to_wire(key), "ConsistentRead": self.make.chance(0.5),
                   "ReturnConsumedCapacity": self.asked_capacity()}
        expected = old = table.get(key)
        if self.make.chance(0.4):
            paths = self.add_projection(request, writer, sorted(ATTRIBUTES) + table.base.keys)
            expected = expected if expected is None else model.project(expected, paths)
        answer = self.call("GetItem", writer.add_to(request))
        self.same(answer.get("Item"), expected)
        if not self.peer:
            units = capacity.read_units([old] if old else [], request["ConsistentRead"])
            capacity.check(answer.get("ConsumedCapacity"), request["ReturnConsumedCapacity"], table, units, {})

    def add_projection(self, request, writer, names):
        paths = [(name,) for name in self.make.some(names, 4)] if self.legacy else self.make.paths(names)
        if self.legacy:
            request["AttributesToGet"] = [path[0] for path in paths]
        else:
            request["ProjectionExpression"] = writer.projection(paths)
        return paths

    # --- many items

    def range_condition(self, index):
        """Conditions on the range attributes: equal ones from the left, then perhaps one of any kind."""
        nodes = []
        for name in index.ranges[:self.random.randint(0, len(index.ranges))]:
            nodes.append(("=", ("path", (name,)), ("value", self.make.key_value(index.types[name]))))
        if nodes and self.make.chance(0.8):
            name = nodes[-1][1][1][0]
            kind, path = index.types[name], nodes[-1][1]
            low, high = sorted((self.make.key_value(kind), self.make.key_value(kind)), key=model.order)
            nodes[-1] = self.random.choice([(self.random.choice(["<", "<=", ">", ">="]), path, ("value", low)),
                                            ("BETWEEN", path, ("value", low), ("value", high))])
            if kind in "SB" and self.make.chance(0.3):
                nodes[-1] = ("begins_with", path, ("value", low))
        return nodes

    def some_hashes(self, table, index):
        """Of an entry that exists, mostly."""
        entries = list(table.entries(index))
        if entries and self.make.chance(0.85):
            entry = self.random.choice(entries)
            return {name: entry[name] for name in index.hashes}
        return {name: self.make.key_value(index.types[name]) for name in index.hashes}

    def filter_and_projection(self, table, index, request, writer, no_filter_on):
        """Adds them at times; gives (condition, paths), None for what is not there."""
        every = {*ATTRIBUTES, *INDEXED, *table.base.keys}
        names = every if index.projection is None or (not self.peer and self.make.chance(0.2)) else table.kept(index)
        condition = paths = None
        if names - set(no_filter_on) and self.make.chance(0.4):
            condition = self.add_filter(request, writer, sorted(names - set(no_filter_on)), table.base.types)
        if self.make.chance(0.3):
            paths = self.add_projection(request, writer, sorted(names))
        elif self.make.chance(0.15):
            request["Select"] = "COUNT"
        elif index.name is not None and self.make.chance(0.3 if index.local else 0.05):
            request["Select"] = "ALL_ATTRIBUTES"
        if index.name is not None:
            request["IndexName"] = index.name
        if (index.name is None or index.local) and self.make.chance(0.3):
            request["ConsistentRead"] = True
        if self.make.chance(0.6):
            request["Limit"] = self.random.randint(1, 6)
        return condition, paths

    def fetches(self, operation, request, table, index, condition, paths):
        """What Table.fetches says; None when it refuses, and then the server must, too."""
        try:
            return table.fetches(index, condition, paths, request.get("Select") == "ALL_ATTRIBUTES", operation == "Query")
        except model.Refused as refused:
            try:
                answer = self.call(operation, request)
            except dynamo.DynamoError as error:
                assert error.type == str(refused), f"server: {error}; model: {refused}"
                return None
            raise AssertionError(f"the model refuses with {refused}, the server answers {answer}") from None

    def add_filter(self, request, writer, names, types):
        if not self.legacy:
            condition = self.make.condition(names, types)
            request["FilterExpression"] = writer.condition(condition)
            return condition
        member = "QueryFilter" if "KeyConditions" in request else "ScanFilter"
        condition, request[member], word = legacy.conditions(self.make, names, types)
        if len(request[member]) > 1:
            request["ConditionalOperator"] = word
        return condition

    @staticmethod
    def shown(paths, item):
        return item if paths is None else model.project(item, paths)

    def read_all(self, operation, request, table, index, entries, fetched):
        """Follows the pages, checks each and gives their items; entries are what the model says is read."""
        items, counts, scanned, evaluated = [], 0, 0, len(entries)
        limit = request.get("Limit")
        whole = limit is None and not self.peer
        if whole:
            request["ReturnConsumedCapacity"] = self.random.choice(["TOTAL", "INDEXES"])
        self.request = (operation, request)
        for page in dynamo.pages(self.client, operation, request, evaluated + 2):
            scanned += page["ScannedCount"]
            counts += page["Count"]
            if request.get("Select") == "COUNT":
                assert "Items" not in page, page
            else:
                assert len(page["Items"]) == page["Count"], page
                items += [model.item_from_wire(item) for item in page["Items"]]
            more = page["ScannedCount"] == limit and bool(operation == "Scan" or index.ranges or index.name)
            assert ("LastEvaluatedKey" in page) == more, f"limit {limit}: {page}"
            if whole:
                self.check_read(page["ConsumedCapacity"], request, table, index, entries, fetched)
            if "LastEvaluatedKey" in page:
                assert set(page["LastEvaluatedKey"]) == set(table.base.keys) | set(index.keys), page
        assert scanned == evaluated, f"ScannedCount {scanned}, model {evaluated}"
        return items, counts

    @staticmethod
    def check_read(consumed, request, table, index, entries, fetched):
        consistent = request.get("ConsistentRead", False)
        units, own = capacity.read_units(entries, consistent), 0
        if fetched:
            own = sum(capacity.read_units([table.get(entry)], consistent) for entry in entries)
        if index is table.base:
            capacity.check(consumed, request["ReturnConsumedCapacity"], table, units, {})
        else:
            capacity.check(consumed, request["ReturnConsumedCapacity"], table, own, {index.name: units})

    def query(self, table):
        index = self.random.choice([table.base, *table.indexes])
        writer, forward = expressions.Writer(self.random), self.make.chance(0.5)
        hashes, nodes = self.some_hashes(table, index), self.range_condition(index)
        parts = [("=", ("path", (name,)), ("value", hashes[name])) for name in index.hashes] + nodes
        self.random.shuffle(parts)
        request = {"TableName": table.name, "ScanIndexForward": forward}
        self.legacy = self.legacy and len(parts) == len({part[1] for part in parts}) and len(index.keys) < 3
        if self.legacy:
            request["KeyConditions"] = legacy.key_conditions(parts)
        else:
            request["KeyConditionExpression"] = " AND ".join(map(writer.condition, parts))
        condition, paths = self.filter_and_projection(table, index, request, writer, index.keys)
        entries = table.query(index, hashes, None, forward)
        for node in nodes:
            entries = [entry for entry in entries if model.holds(entry[1], node)]
        if index is table.base and index.ranges and not nodes and self.make.chance(0.3):
            start = {**hashes, index.ranges[0]: self.make.key_value(index.types[index.ranges[0]])}
            request["ExclusiveStartKey"] = model.item_to_wire(start)
            at = table.place(index, start)
            entries = [entry for entry in entries if (entry[0] > at if forward else entry[0] < at)]
        fetched = self.fetches("Query", writer.add_to(request), table, index, condition, paths)
        if fetched is None:
            return
        items, count = self.read_all("Query", request, table, index, [entry for _, entry in entries], fetched)
        if fetched:
            entries = [(place, table.get(entry)) for place, entry in entries]
        kept = [(place, self.shown(paths, item)) for place, item in entries if model.holds(item, condition)]
        assert count == len(kept), f"Count {count}, model {len(kept)}"
        if request.get("Select") != "COUNT":
            self.same_order(items, [(place[:1], entry) for place, entry in kept] if self.peer else kept)

    @staticmethod
    def same_order(items, kept):
        """Entries with one place may come in any order."""
        at = 0
        while at < len(kept):
            end = at
            while end < len(kept) and kept[end][0] == kept[at][0]:
                end += 1
            actual = sorted(map(model.frozen_item, items[at:end]))
            expected = sorted(model.frozen_item(item) for _, item in kept[at:end])
            assert actual == expected, f"from {at}\n  server: {actual}\n  model:  {expected}"
            at = end

    def scan(self, table):
        index = self.random.choice([table.base, *table.indexes])
        writer, request = expressions.Writer(self.random), {"TableName": table.name}
        condition, paths = self.filter_and_projection(table, index, request, writer, [])
        fetched = self.fetches("Scan", writer.add_to(request), table, index, condition, paths)
        if fetched is None:
            return
        entries = list(table.entries(index))
        items, count = self.scan_segments(request, table, index, entries, fetched)
        kept = sorted(model.frozen_item(self.shown(paths, item))
                      for item in (map(table.get, entries) if fetched else entries) if model.holds(item, condition))
        assert count == len(kept), f"Count {count}, model {len(kept)}"
        if request.get("Select") != "COUNT":
            actual = sorted(map(model.frozen_item, items))
            assert actual == kept, f"\n  server: {actual}\n  model:  {kept}"
        if index is table.base and paths is None and request.get("Select") != "COUNT" and "TotalSegments" not in request:
            self.partitions_are_whole(items, table)

    def scan_segments(self, request, table, index, entries, fetched):
        if self.make.chance(0.7):
            return self.read_all("Scan", request, table, index, entries, fetched)
        request["TotalSegments"] = self.random.randint(1, 5)
        items, counts, scanned = [], 0, 0
        for segment in range(request["TotalSegments"]):
            self.request = ("Scan", {**request, "Segment": segment})
            for page in dynamo.pages(self.client, "Scan", self.request[1], len(entries) + 2):
                items += [model.item_from_wire(item) for item in page.get("Items", [])]
                counts += page["Count"]
                scanned += page["ScannedCount"]
        assert scanned == len(entries), f"ScannedCount of all segments {scanned}, model {len(entries)}"
        return items, counts

    @staticmethod
    def partitions_are_whole(items, table):
        """A scan goes through one partition after the other, each in the order of its sort key."""
        seen = []
        for item in items:
            hashed = model.frozen(item["pk"])
            if not seen or seen[-1][0] != hashed:
                assert hashed not in [known for known, _ in seen], f"{hashed} comes twice"
                seen.append((hashed, []))
            seen[-1][1].append(table.place(table.base, item))
        for hashed, places in seen:
            assert places == sorted(places), f"{hashed} is not in order: {places}"


def run(seed, count, seconds, endpoint=None, peer=False):
    if endpoint is not None:
        Run(dynamo.Client(endpoint), seed, count, seconds, peer).run()
        return
    with Server("--in-memory") as server:
        Run(dynamo.Client(server.url), seed, count, seconds).run()


class ModelTest(unittest.TestCase):
    seed = int(os.environ.get("MODEL_SEED", random.SystemRandom().randrange(1_000_000)))
    count = int(os.environ.get("MODEL_COUNT", COUNT))
    seconds = int(os.environ.get("MODEL_SECONDS", SECONDS))

    def test_model(self):
        run(self.seed, self.count, self.seconds, os.environ.get("STATOR_ENDPOINT"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=ModelTest.seed)
    parser.add_argument("--count", type=int, default=ModelTest.count)
    parser.add_argument("--seconds", type=int, default=10**9)
    parser.add_argument("--endpoint")
    parser.add_argument("--peer", action="store_true")
    options = parser.parse_args()
    run(options.seed, options.count, options.seconds, options.endpoint, options.peer)


if __name__ == "__main__":
    main()

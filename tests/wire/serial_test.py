# SPDX-License-Identifier: Apache-2.0
"""Many clients, random transactions on few items: what they were told is strictly serialisable (serial.py).

SERIAL_SEED replays the clients' choices (not their timing), SERIAL_COUNT lengthens the run.
"""
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import serial
from dynamo import Client, DynamoError
from serial import Transaction, Violation
from server import Server

SEED = int(os.environ.get("SERIAL_SEED", random.SystemRandom().randrange(1_000_000)))
COUNT = int(os.environ.get("SERIAL_COUNT", 60))  # operations of each client
CLIENTS = 8
ITEMS = [("serial0", "a"), ("serial0", "b"), ("serial0", "c"), ("serial1", "a"), ("serial1", "b")]


def place(item):
    return {"TableName": item[0], "Key": {"pk": {"S": item[1]}}}


def list_of(stored):
    return [int(member["N"]) for member in stored.get("l", {"L": []})["L"]] if stored else []


class Worker(threading.Thread):
    """One client; keeps what it did and was told."""

    def __init__(self, url, number):
        super().__init__(daemon=True)
        self.client, self.random = Client(url), random.Random(f"{SEED}/{number}")
        self.numbers = iter(range(number, 10 ** 9, CLIENTS))
        self.history, self.seen, self.error = [], {item: [] for item in ITEMS}, None

    def run(self):
        try:
            for _ in range(COUNT):
                self.step()
        except Exception as error:  # told by the test's own thread
            self.error = error
        finally:
            self.client.close()

    def step(self):
        number = next(self.numbers)
        items = self.random.sample(ITEMS, self.random.randint(1, 4))
        do = self.random.choice([self.write, self.write, self.write, self.read, self.read, self.update, self.get])
        start = time.monotonic_ns()
        reads, appends = do(number, items)
        self.history.append(Transaction(number, start, time.monotonic_ns(), reads, appends))
        self.seen.update(reads)

    def append(self, number, item):
        return {**place(item), "UpdateExpression": "SET l = list_append(if_not_exists(l, :none), :own)",
                "ExpressionAttributeValues": {":none": {"L": []}, ":own": {"L": [{"N": str(number)}]}}}

    def guard(self, item):
        """The item is as it was when this client saw it last; if not, the refusal shows what it is."""
        known = self.seen[item]
        if not known:
            return {**place(item), "ConditionExpression": "attribute_not_exists(l)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return {**place(item), "ConditionExpression": "size(l) = :size", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                "ExpressionAttributeValues": {":size": {"N": str(len(known))}}}

    def write(self, number, items):
        """Appends to all but perhaps the first, which it checks; cancelled, it has read what the reason shows."""
        checked = items[0] if len(items) > 1 and self.random.random() < 0.6 else None
        actions = [{"ConditionCheck": self.guard(item)} if item is checked else {"Update": self.append(number, item)}
                   for item in items]
        try:
            self.client.call("TransactWriteItems", {"TransactItems": actions})
        except DynamoError as error:
            return self.cancelled(error, items), []
        return {checked: self.seen[checked]} if checked else {}, [item for item in items if item is not checked]

    @staticmethod
    def cancelled(error, items):
        if error.type == "TransactionConflictException":
            return {}
        codes = [reason["Code"] for reason in error.body.get("CancellationReasons", [])]
        if not codes or not {"None", "ConditionalCheckFailed", "TransactionConflict"} >= set(codes):
            raise error
        return {item: list_of(reason.get("Item")) for item, reason in zip(items, error.body["CancellationReasons"])
                if reason["Code"] == "ConditionalCheckFailed"}

    def read(self, _, items):
        try:
            answer = self.client.call("TransactGetItems", {"TransactItems": [{"Get": place(item)} for item in items]})
        except DynamoError as error:
            return self.cancelled(error, items), []
        return {item: list_of(response.get("Item")) for item, response in zip(items, answer["Responses"])}, []

    def update(self, number, items):
        try:
            answer = self.client.call("UpdateItem", {**self.append(number, items[0]), "ReturnValues": "ALL_OLD"})
        except DynamoError as error:
            return self.cancelled(error, items), []
        return {items[0]: list_of(answer.get("Attributes"))}, [items[0]]

    def get(self, _, items):
        answer = self.client.call("GetItem", {**place(items[0]), "ConsistentRead": True})
        return {items[0]: list_of(answer.get("Item"))}, []


class SerialTest(unittest.TestCase):
    def history_of(self, *flags, **more):
        with Server(*flags, "--loops", "2", **more) as server:
            client = Client(server.url)
            for table in sorted({item[0] for item in ITEMS}):
                client.create_table({"TableName": table, "BillingMode": "PAY_PER_REQUEST",
                                     "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                     "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
            workers = [Worker(server.url, number) for number in range(CLIENTS)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            for worker in workers:
                if worker.error is not None:
                    raise worker.error
            answer = client.call("TransactGetItems", {"TransactItems": [{"Get": place(item)} for item in ITEMS]})
            client.close()
        final = {item: list_of(response.get("Item")) for item, response in zip(ITEMS, answer["Responses"])}
        return [transaction for worker in workers for transaction in worker.history], final

    def check(self, *flags, **more):
        history, final = self.history_of(*flags, **more)
        writes = sum(bool(transaction.appends) for transaction in history)
        print(f"serial: seed {SEED}, {len(history)} transactions, {writes} wrote", flush=True)
        self.assertGreater(writes, CLIENTS)
        serial.check(history, final)

    def test_waiting(self):
        self.check(in_memory=True)

    def test_refusing(self):
        self.check("--transaction-conflict", "refuse", in_memory=True)

    def test_durable(self):
        self.check("--durability", "full")


class CheckerTest(unittest.TestCase):
    """Histories that cannot be, each with one fault."""

    def refused(self, history, text, **final):
        with self.assertRaisesRegex(Violation, text):
            serial.check(history, final)

    def test_good(self):
        serial.check([Transaction(1, 0, 5, {}, ["x", "y"]), Transaction(2, 1, 4, {"x": []}, ["y"]),
                      Transaction(3, 6, 7, {"x": [1], "y": [2, 1]})], {"x": [1], "y": [2, 1]})

    def test_lost_write(self):
        self.refused([Transaction(1, 0, 1, {}, ["x"]), Transaction(2, 2, 3, {}, ["x"])], "lost {1}", x=[2])

    def test_write_of_a_cancelled_one(self):
        self.refused([Transaction(1, 0, 1, {"x": []})], r"never acknowledged \[1\]", x=[1])

    def test_write_done_twice(self):
        self.refused([Transaction(1, 0, 1, {}, ["x"])], "twice {1}", x=[1, 1])

    def test_read_of_what_never_was(self):
        self.refused([Transaction(1, 0, 9, {}, ["x"]), Transaction(2, 0, 9, {}, ["x"]), Transaction(3, 0, 9, {"x": [2]})],
                     "never there", x=[1, 2])

    def test_half_of_a_transaction(self):
        self.refused([Transaction(1, 0, 9, {}, ["x", "y"]), Transaction(2, 0, 9, {"x": [1], "y": []})], "comes before",
                     x=[1], y=[1])

    def test_writes_in_two_orders(self):
        self.refused([Transaction(1, 0, 9, {}, ["x", "y"]), Transaction(2, 0, 9, {}, ["x", "y"])], "comes before",
                     x=[1, 2], y=[2, 1])

    def test_write_skew(self):
        self.refused([Transaction(1, 0, 9, {"x": []}, ["y"]), Transaction(2, 0, 9, {"y": []}, ["x"])], "comes before",
                     x=[2], y=[1])

    def test_stale_read(self):
        self.refused([Transaction(1, 0, 1, {}, ["x"]), Transaction(2, 2, 3, {"x": []})], "comes before", x=[1])

    def test_long_way_round(self):
        """Three that each touch two items in common, in a circle."""
        self.refused([Transaction(1, 0, 9, {"x": []}, ["y"]), Transaction(2, 0, 9, {"y": []}, ["z"]),
                      Transaction(3, 0, 9, {"z": []}, ["x"])], "comes before", x=[3], y=[1], z=[2])


if __name__ == "__main__":
    unittest.main()

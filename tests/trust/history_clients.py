# SPDX-License-Identifier: Apache-2.0
"""Clients that note what they asked, when, and what they were told; in processes of their own, so that they are many at once.

Registers are items whose `v` is put, deleted, changed on conditions and read in every way there is. Lists are appended to and
read by transactions. A request whose server died is unsure up to that server's end; a transaction is sent again then, with its
token. `Shared` is what the processes have in common."""
import http.client
import multiprocessing
import pickle
import random
import threading
import time

import dynamo
from history_lists import Txn
from history_registers import ANY, KEEP

REGISTERS, LISTS = "registers", "lists"
IN_PARTITION = 4
SLOTS, LONGEST = 6, 40
NEVER = ("is", "never")  # fits no value: an answer that cannot be
LIFE = multiprocessing.get_context("fork")


class Shared:
    def __init__(self, keys):
        self.keys = keys  # so many registers, a multiple of IN_PARTITION
        self.port, self.life, self.over = LIFE.Value("i", 0), LIFE.Value("i", 0), LIFE.Value("i", 0)
        self.lists = LIFE.Array("i", SLOTS)


class Unsure(Exception):
    """Nobody was told."""


class NotSent(Exception):
    """There was no server to send it to."""


def register(number):
    return {"pk": {"S": f"p{number // IN_PARTITION}"}, "sk": {"S": f"{number:03}"}}


def value_of(item):
    return int(item["v"]["N"]) if item else None


class Client(threading.Thread):
    def __init__(self, number, seed, shared):
        super().__init__(daemon=True)
        self.number, self.shared, self.random = number, shared, random.Random(f"{seed}/{number}")
        self.registers, self.txns = [], []  # (key, begin, end or None, need, new, sure, life), (Txn, life)
        self.count, self.seen, self.known, self.client, self.life, self.error = 0, {}, {}, None, 0, None

    def run(self):
        try:
            while not self.shared.over.value:
                self.connect()
                try:
                    (self.on_register if self.random.random() < 0.6 else self.on_lists)()
                except NotSent:
                    pass
        except Exception as error:  # pylint: disable=broad-except
            self.error = f"{type(error).__name__}: {error}"

    def connect(self):
        if self.client is None:
            self.life = self.shared.life.value
            self.client = dynamo.Client(f"http://127.0.0.1:{self.shared.port.value}")

    def call(self, operation, request):
        try:
            return self.client.call(operation, request)
        except dynamo.DynamoError as error:
            if error.status == 500:
                raise Unsure from error
            raise
        except ConnectionRefusedError as error:
            self.wait_for_next_life()
            raise NotSent from error
        except (OSError, http.client.HTTPException) as error:
            self.wait_for_next_life()
            raise Unsure from error

    def wait_for_next_life(self):
        self.client.close()
        self.client, self.gone = None, self.life
        while self.shared.life.value == self.life and not self.shared.over.value:
            time.sleep(0.005)

    def fresh(self):
        self.count += 1
        return self.number * 10_000_000 + self.count

    # --- Registers ---

    def on_register(self):
        number = self.random.randrange(self.shared.keys)
        self.random.choices((self.put, self.delete, self.swap, self.create, self.update, self.two, self.get, self.statement, self.many),
                            (3, 2, 4, 2, 4, 2, 4, 1, 4))[0](number)

    def note(self, number, begin, need, new, sure=True, life=None):
        self.registers.append((number, begin, time.monotonic_ns() if sure else None, need, new, sure, life))
        if sure and need[0] == "is":
            self.seen[number] = need[1]
        if sure and new != KEEP:
            self.seen[number] = new

    def write(self, number, operation, request, need, new, refused=None):
        """One write; `refused(error)` is what an error tells of the value, if it may come."""
        life, begin = self.life, time.monotonic_ns()
        try:
            answer = self.call(operation, {"TableName": REGISTERS, **request})
        except Unsure:
            self.note(number, begin, need, new, False, life)
        except dynamo.DynamoError as error:
            if error.type == "TransactionConflictException":
                return
            told = refused(error) if refused else None
            if told is None:
                raise
            self.note(number, begin, told, KEEP)
        else:
            if request.get("ReturnValues") == "ALL_OLD":
                old = value_of(answer.get("Attributes"))
                need = ("is", old) if need == ANY or need == ("is", old) or (need == ("not", None) and old is not None) else NEVER
            self.note(number, begin, need, new)

    def item(self, number, value):
        return {**register(number), "g": {"S": "g"}, "v": {"N": str(value)}}

    def old(self):
        return {"ReturnValues": "ALL_OLD"} if self.random.random() < 0.5 else {}

    def put(self, number):
        new = self.fresh()
        self.write(number, "PutItem", {"Item": self.item(number, new), **self.old()}, ANY, new)

    def delete(self, number):
        self.write(number, "DeleteItem", {"Key": register(number), **self.old()}, ANY, None)

    @staticmethod
    def failed(expected):
        """A failed condition shows the item, which must not be as it was asked for."""
        def told(error):
            if error.type != "ConditionalCheckFailedException":
                return None
            found = value_of(error.body.get("Item"))
            return NEVER if found == expected else ("is", found)
        return told

    def swap(self, number):
        expected, new = self.seen.get(number), self.fresh()
        if expected is None:
            return self.create(number)
        return self.write(number, "PutItem", {
            "Item": self.item(number, new), "ConditionExpression": "v = :x", "ExpressionAttributeValues": {":x": {"N": str(expected)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **self.old()}, ("is", expected), new, self.failed(expected))

    def create(self, number):
        new = self.fresh()
        self.write(number, "PutItem", {
            "Item": self.item(number, new), "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, ("is", None), new, self.failed(None))

    def update(self, number):
        """Of an item that is not there it is a ValidationException, which tells of that."""
        new = self.fresh()

        def told(error):
            return ("is", None) if error.type == "ValidationException" and "does not exist in the item" in error.message else None

        self.write(number, "UpdateItem", {"Key": register(number), "UpdateExpression": "SET w = v, v = :v", **self.old(),
                                          "ExpressionAttributeValues": {":v": {"N": str(new)}}}, ("not", None), new, told)

    def two(self, number):
        """A transaction on two registers, for each of them a write."""
        other, life, begin = (number + self.random.randrange(1, self.shared.keys)) % self.shared.keys, self.life, time.monotonic_ns()
        values = {number: self.fresh(), other: self.fresh()}
        try:
            self.call("TransactWriteItems", {"TransactItems": [
                {"Put": {"TableName": REGISTERS, "Item": self.item(key, value)}} for key, value in values.items()]})
            sure = True
        except Unsure:
            sure = False
        except dynamo.DynamoError as error:
            if error.type not in ("TransactionCanceledException", "TransactionInProgressException"):
                raise
            return
        for key, value in values.items():
            self.note(key, begin, ANY, value, sure, life)

    def get(self, number):
        begin = time.monotonic_ns()
        answer = self.read("GetItem", {"TableName": REGISTERS, "Key": register(number), "ConsistentRead": True})
        if answer is not None:
            self.note(number, begin, ("is", value_of(answer.get("Item"))), KEEP)

    def statement(self, number):
        begin, key = time.monotonic_ns(), register(number)
        answer = self.read("ExecuteStatement", {"Statement": "SELECT * FROM registers WHERE pk = ? AND sk = ?", "ConsistentRead": True,
                                                "Parameters": [key["pk"], key["sk"]]})
        if answer is not None:
            self.note(number, begin, ("is", value_of((answer["Items"] or [None])[0])), KEEP)

    def read(self, operation, request):
        """None: nobody was told, or it met a transaction under way."""
        try:
            return self.call(operation, request)
        except Unsure:
            return None
        except dynamo.DynamoError as error:
            if error.type != "TransactionCanceledException":
                raise
            return None

    def many(self, number):
        """A page of the table or of the index, or several items at once: a read of each."""
        first = number // IN_PARTITION * IN_PARTITION
        numbers, begin = range(first, first + IN_PARTITION), time.monotonic_ns()
        how = self.random.choice(("query", "index", "batch", "transaction", "scan"))
        if how == "query":
            answer = self.read("Query", {"TableName": REGISTERS, "ConsistentRead": True, "KeyConditionExpression": "pk = :p",
                                         "ExpressionAttributeValues": {":p": {"S": f"p{number // IN_PARTITION}"}}})
        elif how == "index":
            answer = self.read("Query", {"TableName": REGISTERS, "IndexName": "all", "ExpressionAttributeValues": {
                ":g": {"S": "g"}, ":a": {"S": f"{first:03}"}, ":b": {"S": f"{first + IN_PARTITION - 1:03}"}},
                "KeyConditionExpression": "g = :g AND sk BETWEEN :a AND :b"})
        elif how == "scan":
            numbers, answer = range(self.shared.keys), self.read("Scan", {"TableName": REGISTERS, "ConsistentRead": True})
        elif how == "batch":
            answer = self.read("BatchGetItem", {"RequestItems": {REGISTERS: {
                "Keys": [register(key) for key in numbers], "ConsistentRead": True}}})
            answer = answer and {"Items": answer["Responses"][REGISTERS]}
        else:
            answer = self.read("TransactGetItems", {"TransactItems": [
                {"Get": {"TableName": REGISTERS, "Key": register(key)}} for key in numbers]})
            answer = answer and {"Items": [response["Item"] for response in answer["Responses"] if response.get("Item")]}
        if answer is not None and "LastEvaluatedKey" not in answer:
            found = {int(item["sk"]["S"]): value_of(item) for item in answer["Items"]}
            for key in numbers:
                self.note(key, begin, ("is", found.get(key)), KEEP)

    # --- Lists ---

    def on_lists(self):
        slots = self.random.sample(range(SLOTS), self.random.randint(1, 3))
        keys = [f"l{slot}.{self.shared.lists[slot]}" for slot in slots]
        self.random.choices((self.append, self.append_if, self.read_lists, self.append_one, self.read_one), (4, 3, 5, 2, 1))[0](keys)

    @staticmethod
    def appending(key, element):
        return {"TableName": LISTS, "Key": {"pk": {"S": key}}, "UpdateExpression": "SET l = list_append(if_not_exists(l, :none), :e)",
                "ExpressionAttributeValues": {":e": {"L": [{"N": str(element)}]}, ":none": {"L": []}}}

    def done(self, begin, done, appends, reads=None, life=None):
        for key, values in (reads or {}).items():
            self.known[key] = values
            slot, number = (int(part) for part in key[1:].split("."))
            if len(values) >= LONGEST and self.shared.lists[slot] == number:
                self.shared.lists[slot] = number + 1
        self.txns.append((Txn(f"c{self.number}-{len(self.txns)}", begin, time.monotonic_ns(), done, appends, reads or {}), life))

    def transact(self, actions, appends, reads):
        """With a token: what nobody was told of is sent again, and is done once all the same."""
        begin, life = time.monotonic_ns(), self.life
        request = {"TransactItems": actions, "ClientRequestToken": f"{self.number}-{self.fresh()}"}
        sent = False
        while True:
            try:
                self.connect()
                self.call("TransactWriteItems", request)
                return self.done(begin, True, appends, reads)
            except Unsure:
                sent, life = True, self.life
            except NotSent:
                if not sent and self.client is None and self.shared.over.value:
                    return None
            except dynamo.DynamoError as error:
                if error.type == "TransactionInProgressException":
                    time.sleep(0.01)
                    continue
                if error.type != "TransactionCanceledException":
                    raise
                # If it was sent before and refused now, that is the answer to both: a token that is known has its answer kept.
                return self.done(begin, False, appends)
            if self.shared.over.value or self.random.random() < 0.2:
                return self.done(begin, None, appends, life=life) if sent else None

    def append(self, keys):
        appends = {key: self.fresh() for key in keys}
        self.transact([{"Update": self.appending(*pair)} for pair in appends.items()], appends, {})

    def append_if(self, keys):
        """It is done if other lists are as long as they were: it has read them."""
        appends, reads, actions = {keys[0]: self.fresh()}, {}, []
        for key in keys[1:]:
            values = self.known.get(key, [])
            condition = "size(l) = :n" if values else "attribute_not_exists(l)"
            actions.append({"ConditionCheck": {"TableName": LISTS, "Key": {"pk": {"S": key}}, "ConditionExpression": condition, **(
                {"ExpressionAttributeValues": {":n": {"N": str(len(values))}}} if values else {})}})
            reads[key] = values
        self.transact([{"Update": self.appending(keys[0], appends[keys[0]])}] + actions, appends, reads)

    def read_lists(self, keys):
        begin = time.monotonic_ns()
        answer = self.read("TransactGetItems", {"TransactItems": [{"Get": {"TableName": LISTS, "Key": {"pk": {"S": key}}}} for key in keys]})
        if answer is not None:
            self.done(begin, True, {}, {key: elements(response.get("Item")) for key, response in zip(keys, answer["Responses"])})

    def append_one(self, keys):
        begin, life, element = time.monotonic_ns(), self.life, self.fresh()
        try:
            answer = self.call("UpdateItem", {**self.appending(keys[0], element), "ReturnValues": "ALL_OLD"})
        except Unsure:
            return self.done(begin, None, {keys[0]: element}, life=life)
        except dynamo.DynamoError as error:
            if error.type != "TransactionConflictException":
                raise
            return self.done(begin, False, {keys[0]: element})
        return self.done(begin, True, {keys[0]: element}, {keys[0]: elements(answer.get("Attributes"))})

    def read_one(self, keys):
        begin = time.monotonic_ns()
        answer = self.read("GetItem", {"TableName": LISTS, "Key": {"pk": {"S": keys[0]}}, "ConsistentRead": True})
        if answer is not None:
            self.done(begin, True, {}, {keys[0]: elements(answer.get("Item"))})


def elements(item):
    return [int(element["N"]) for element in item["l"]["L"]] if item else []


def work(numbers, seed, shared, path):
    """A process of clients. What they noted goes into a file."""
    clients = [Client(number, seed, shared) for number in numbers]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    with open(path, "wb") as file:
        pickle.dump([(client.registers, client.txns, client.error) for client in clients], file)

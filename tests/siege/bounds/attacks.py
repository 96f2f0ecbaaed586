# SPDX-License-Identifier: Apache-2.0
"""Small requests that cost much, as they were found to stop 0.1.0. What an attacker needs is in the table "blow" (b0 .. b99 of
390 KB, n a list of 130,000 numbers, q with its three items); the innocent one has "victim"."""
import threading
import time
import unittest

import raw
import siege

LONG = {"S": "x" * 390_000}
NEEDLE = {"S": "x" * 4000 + "y"}  # found nowhere, and late
SEARCH = " OR ".join(["contains(d,:n)"] * 150)
VALUES = {":n": NEEDLE}
NUMBERS = {"L": [{"N": "1"}] * 130_000}


def fill(port):
    raw.create_table(port, "victim")
    raw.put(port, "victim", {"pk": {"S": "k"}})
    raw.create_table(port, "blow")
    for i in range(100):
        raw.put(port, "blow", {"pk": {"S": f"b{i}"}, "d": LONG})
    raw.put(port, "blow", {"pk": {"S": "n"}, "l": NUMBERS})
    raw.create_table(port, "wide", indexes=20, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    raw.create_table(port, "pages", sort=True)
    for i in range(3):
        raw.put(port, "pages", {"pk": {"S": "q"}, "sk": {"S": str(i)}, "d": LONG})


class Attacked(unittest.TestCase):
    """Tests against one server, which has in memory what an attacker needs."""
    @classmethod
    def setUpClass(cls):
        cls.server = siege.Server("--durability", "none", in_memory=True).start()
        cls.addClassCleanup(cls.server.close)
        fill(cls.server.port)


def checks(count):
    return {"TransactItems": [
        {"ConditionCheck": {"TableName": "blow", "Key": {"pk": {"S": f"b{i}"}}, "ConditionExpression": f"NOT ({SEARCH})",
                            "ExpressionAttributeValues": VALUES}} for i in range(count)]}


def filtered(operation, **more):
    return raw.request(operation, {"TableName": "pages", "FilterExpression": SEARCH, **more,
                                   "ExpressionAttributeValues": {**VALUES, **more.get("ExpressionAttributeValues", {})}})


def many_values():
    return raw.request("PutItem", b'{"TableName":"blow","Item":{"pk":{"S":"w"},"l":{"L":[' + b",".join([b'{"S":""}'] * 1_800_000) +
                       b"]}}}", compressed=True)


def unknown_member(operation="GetItem"):
    return raw.request(operation, b'{"TableName":"victim","Key":{"pk":{"S":"k"}},"x":[' + b",".join([b"1"] * 8_000_000) + b"]}",
                       compressed=True)


def compared():
    """The list of 130,000 numbers, compared with 12 x 100 of them that differ in their last."""
    other = {"L": NUMBERS["L"][:-1] + [{"N": "2"}]}
    condition = " OR ".join(["l IN (%s)" % ",".join([":v"] * 100)] * 12)
    return raw.request("DeleteItem", {"TableName": "blow", "Key": {"pk": {"S": "n"}}, "ConditionExpression": condition,
                                      "ExpressionAttributeValues": {":v": other}}, compressed=True)


def searched():
    return raw.request("DeleteItem", {"TableName": "blow", "Key": {"pk": {"S": "b1"}}, "ConditionExpression": SEARCH,
                                      "ExpressionAttributeValues": VALUES})


def appended():
    sets = ",".join(f"a{i}=list_append(l,l)" for i in range(100))
    return raw.request("UpdateItem", {"TableName": "blow", "Key": {"pk": {"S": "n"}}, "UpdateExpression": "SET " + sets})


def parameters():
    """A statement with 1.8 M parameters, none of which it asks for."""
    return raw.request("ExecuteStatement", b'{"Statement":"SELECT * FROM blow WHERE pk = \'b0\'","Parameters":[' +
                       b",".join([b'{"S":""}'] * 1_800_000) + b"]}", compressed=True)


def batch():
    keys = [{"pk": {"S": f"b{i}"}} for i in range(100)]
    return raw.request("BatchGetItem", {"RequestItems": {"blow": {"Keys": keys}}}, more="Accept-Encoding: gzip\r\n")


def wide(i):
    """An item of 390 KB, which is stored in the table, in each of its indexes, and twice in its stream when it is put again."""
    return {"pk": {"S": f"w{i}"}, **{f"g{k}": {"S": "g"} for k in range(20)}, "d": LONG}


# Each is one write of the store, but that batches are cut.
LARGE_WRITES = {
    "BatchWriteItem of 140 MB": lambda: raw.request("BatchWriteItem", {"RequestItems": {"wide": [
        {"PutRequest": {"Item": wide(i)}} for i in range(16)]}}, compressed=True),
    "TransactWriteItems of 90 MB": lambda: raw.request("TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "wide", "Item": wide(i)}} for i in range(10)]}, compressed=True),
}

# Each is sent again and again from some connections at once.
FLOODS = {
    "PutItem, 1.8 M empty strings": many_values,
    "GetItem, unknown member of 16 MB": unknown_member,
    "unknown operation, 16 MB": lambda: unknown_member("Nothing"),
    "DeleteItem, 150 contains": searched,
    "DeleteItem, 12 IN of 100 lists": compared,
    "TransactWriteItems, 5 checks": lambda: raw.request("TransactWriteItems", checks(5)),
    "UpdateItem, 100 list_append": appended,
    "Query, filter of 150 contains": lambda: filtered("Query", KeyConditionExpression="pk=:p",
                                                      ExpressionAttributeValues={":p": {"S": "q"}}),
    "Scan, filter of 150 contains": lambda: filtered("Scan"),
    "ExecuteStatement, 1.8 M parameters": parameters,
    "BatchGetItem, 100 of 390 KB": batch,
}


# Those that cost 0.1.0 most, each in its way.
WORST = ["PutItem, 1.8 M empty strings", "GetItem, unknown member of 16 MB", "DeleteItem, 150 contains",
         "DeleteItem, 12 IN of 100 lists", "UpdateItem, 100 list_append"]


def fill_long(port):
    """A page of which 40 MB of JSON are made, of items of 1 MB."""
    raw.create_table(port, "long", sort=True)
    for i in range(40):
        raw.put(port, "long", {"pk": {"S": "a"}, "sk": {"S": f"{i:02}"}, "l": {"L": [{"N": "-1.1E-129"}] * 7_000}})


DIGITS = {"L": [{"N": "-1.1E-129"}] * 90_000}  # 360 KB by DynamoDB's rules, 12 MB as they are answered


def fill_digits(port):
    """An item of them, and a record of it in a stream; where to read it."""
    raw.create_table(port, "digits", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    raw.put(port, "digits", {"pk": {"S": "k"}, "l": DIGITS})
    arn = raw.call(port, "DescribeTable", {"TableName": "digits"})["Table"]["LatestStreamArn"]
    for shard in raw.call(port, "DescribeStream", {"StreamArn": arn})["StreamDescription"]["Shards"]:
        start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = raw.call(port, "GetShardIterator", start)
        if raw.call(port, "GetRecords", iterator)["Records"]:
            return iterator
    raise AssertionError("there is no record")


def of_digits(iterator):
    """(name, the request): each is answered with all of them."""
    never = {"TableName": "digits", "Key": {"pk": {"S": "k"}}, "ConditionExpression": "attribute_not_exists(pk)",
             "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    yield "GetItem of 12 MB of digits", raw.request("GetItem", {"TableName": "digits", "Key": {"pk": {"S": "k"}}})
    yield "DeleteItem, a failed condition, likewise", raw.request("DeleteItem", never)
    yield "TransactWriteItems, likewise", raw.request("TransactWriteItems", {"TransactItems": [{"Delete": never}]})
    yield "GetRecords, likewise", raw.request("GetRecords", iterator)


def fill_deleted(port, count=200_000):
    """A table of which nothing is left: who reads it passes over all that was there."""
    raw.create_table(port, "emptied", sort=True)
    keys = [{"pk": {"S": "p"}, "sk": {"S": f"{i:08}"}} for i in range(count)]
    sock = raw.connect(port)
    for kind, name in (("PutRequest", "Item"), ("DeleteRequest", "Key")):
        for i in range(0, count, 25):
            requests = [{kind: {name: key}} for key in keys[i:i + 25]]
            if raw.ask(port, raw.request("BatchWriteItem", {"RequestItems": {"emptied": requests}}), sock)[0] != 200:
                raise AssertionError("a batch was refused")
    sock.close()


def of_deleted():
    query = {"TableName": "emptied", "KeyConditionExpression": "pk=:p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    yield "Query of a deleted collection", raw.request("Query", query)
    yield "the same, the last item", raw.request("Query", {**query, "ScanIndexForward": False, "Limit": 1})
    yield "Scan of a deleted table", raw.request("Scan", {"TableName": "emptied"})


def reader(port):
    """One that takes its long answers as fast as they come."""
    return Flood(port, raw.request("Query", {"TableName": "long", "KeyConditionExpression": "pk=:p",
                                             "ExpressionAttributeValues": {":p": {"S": "a"}}}), 1)


def floods(every):
    """(name, the request) of every one, or of the worst."""
    for name, make in FLOODS.items():
        if every or name in WORST:
            yield name, make()


class Threads:
    """`threads` run for the time of a `with`, until `over` is set."""

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)


class Flood(Threads):
    """One request, again and again from some connections, for the time of a `with`. Afterwards: counts by status, faults."""

    def __init__(self, port, data, connections=8):
        self.port, self.data, self.over = port, data, threading.Event()
        self.statuses, self.small, self.faults = {}, {}, []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(connections)]

    def _run(self):
        sock = None
        while not self.over.is_set():
            try:
                sock = sock or raw.connect(self.port)
                status, answer = raw.ask(self.port, self.data, sock)
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status >= 500:
                    self.faults.append(answer[:300])
            except OSError:  # told to go: the server closes who holds much and does not go on
                sock = None
                self.statuses["closed"] = self.statuses.get("closed", 0) + 1
                time.sleep(0.01)

    def _again(self, data, pause=0.005):
        """Small requests of others, which belong to the attack."""
        sock = raw.connect(self.port, 120)
        while not self.over.is_set():
            status, answer = raw.ask(self.port, data, sock)
            self.small[status] = self.small.get(status, 0) + 1
            if status >= 500:
                self.faults.append(answer[:300])
            time.sleep(pause)


class LargeWrites(Flood):
    """A write of many MB, and on other connections small ones, which every loop has."""

    def __init__(self, port, data):
        super().__init__(port, data, 2)
        self.puts = [raw.request("PutItem", {"TableName": "victim", "Item": {"pk": {"S": f"p{i}"}}}) for i in range(8)]
        self.threads += [threading.Thread(target=self._again, args=(put,), daemon=True) for put in self.puts]


class Freeze(Flood):
    """A transaction of 100 conditions, and on other connections updates of its items, which wait for it."""

    def __init__(self, port):
        super().__init__(port, raw.request("TransactWriteItems", checks(100), compressed=True), 1)
        self.updates = [raw.request("UpdateItem", {"TableName": "blow", "Key": {"pk": {"S": f"b{i}"}}, "UpdateExpression": "SET q=:n",
                                                   "ExpressionAttributeValues": {":n": {"S": "a"}}}) for i in range(8)]
        self.threads += [threading.Thread(target=self._again, args=(update, 0.02), daemon=True) for update in self.updates]

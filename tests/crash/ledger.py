# SPDX-License-Identifier: Apache-2.0
"""What clients were told about their writes, and what a table must hold because of it."""
import random
import threading

import dynamo

GROUPS = ["a", "b", "c", "d"]
REFUSALS = {"ThrottlingException", "ProvisionedThroughputExceededException"}  # nothing was written

INDEXES = {"global": ["g", "n"], "some": ["g"], "local": ["pk", "n"]}
KEPT = {"global": None, "some": {"pk", "sk", "g", "c"}, "local": {"pk", "sk", "n"}}


def attribute(name, kind):
    return {"AttributeName": name, "AttributeType": kind}


def key_schema(names):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]


def table_request(table):
    """A table whose items have an entry in up to three indexes, each with another projection."""
    return {
        "TableName": table, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key_schema(["pk", "sk"]),
        "AttributeDefinitions": [attribute("pk", "S"), attribute("sk", "N"), attribute("g", "S"), attribute("n", "N")],
        "GlobalSecondaryIndexes": [
            {"IndexName": "global", "KeySchema": key_schema(["g", "n"]), "Projection": {"ProjectionType": "ALL"}},
            {"IndexName": "some", "KeySchema": key_schema(["g"]),
             "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["c"]}}],
        "LocalSecondaryIndexes": [
            {"IndexName": "local", "KeySchema": key_schema(["pk", "n"]), "Projection": {"ProjectionType": "KEYS_ONLY"}}]}


def projected(item, keys, kept):
    """The entry of an item in an index, or None."""
    if not all(name in item for name in keys):
        return None
    return {name: value for name, value in item.items() if kept is None or name in kept}


def key_of(item):
    return item["pk"]["S"], item["sk"]["N"]


def by_key(items):
    found = {key_of(item): item for item in items}
    assert len(found) == len(items), f"{len(items)} items, {len(found)} keys"
    return found


def differences(actual, expected):
    """What is not the same, short enough to read."""
    wrong = [(key, actual.get(key), expected.get(key)) for key in sorted(set(actual) | set(expected))
             if actual.get(key) != expected.get(key)]
    return "\n".join(f"  {key}: is {str(is_)[:300]}, should be {str(should)[:300]}" for key, is_, should in wrong[:5])


class Write:
    """What a request does when it is done: to items (key -> item, None: gone), and whether it counts."""

    def __init__(self, effects, counts=False):
        self.effects, self.counts = effects, counts


class Writer(threading.Thread):
    """A client with keys of its own: what it was told last about each is in `told`; of one write it may not know. Its last
    transaction it sends again after a restart, with the same token."""

    over = False  # set from outside: it ends with its next step

    def __init__(self, number, seed, keys=40):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/{number}")
        self.keys = [(f"writer{number}-{n % 4}", str(n)) for n in range(keys)]
        self.told = {}        # key -> item
        self.undone = None    # the Write it did not know of, when the restart shows that it has not happened
        self.counted = 0      # increments of the shared counter that were acknowledged
        self.doubt = None     # the Write it may not know of
        self.last = None      # (request, Write) of its last transaction, and
        self.repeats = 0      # how often it was sent again
        self.error = None
        self.writes = 0

    def again(self, url, table):
        """Lets it go on after a restart: a thread runs once, so this is its successor."""
        fresh = Writer.__new__(Writer)
        threading.Thread.__init__(fresh, daemon=True)
        fresh.__dict__.update({name: getattr(self, name) for name in
                               ("random", "keys", "told", "counted", "doubt", "error", "writes", "last", "repeats",
                                "undone")})
        fresh.client, fresh.table = dynamo.Client(url), table
        return fresh

    def run(self):
        try:
            if self.last is not None:
                self.repeat()
            while not self.over:
                self.step()
        except dynamo.LOST:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
        finally:
            self.client.close()

    def step(self):
        dice = self.random.random()
        if dice < 0.1:
            self.do("UpdateItem", {"TableName": self.table, **self.count()}, Write({}, True))
        elif dice < 0.35:
            self.transact()
        else:
            key = self.random.choice(self.keys)
            operation, request, after = self.change(key)
            self.do(operation, {"TableName": self.table, **request}, Write({key: after}))

    def change(self, key):
        return self.random.choice([self.put, self.put, self.update, self.update, self.leave, self.delete])(key)

    def do(self, operation, request, write):
        """True when it is acknowledged."""
        self.doubt = write
        done = self.send(operation, request)
        if done:
            self.happened(write)
        self.doubt = None
        return done

    def happened(self, write):
        for key, after in write.effects.items():
            if after is None:
                self.told.pop(key, None)
            else:
                self.told[key] = after
        self.counted += write.counts

    def transact(self):
        """Some of its items, and perhaps the counter. The first one is always changed, so that it tells what happened."""
        keys = self.random.sample(self.keys, self.random.randint(2, 5))
        changes = [self.update(keys[0])] + [self.change(key) for key in keys[1:]]
        actions = [{operation.removesuffix("Item"): {"TableName": self.table, **request}} for operation, request, _ in changes]
        counts = self.random.random() < 0.3
        if counts:
            actions.append({"Update": {"TableName": self.table, **self.count()}})
        request = {"TransactItems": actions, "ClientRequestToken": f"{self.random.getrandbits(100)}"}
        self.last = request, Write({key: after for key, (_, _, after) in zip(keys, changes)}, counts)
        if not self.do("TransactWriteItems", *self.last):
            self.last = None

    def repeat(self):
        """Done before the crash, it is not done again; not done then, it is done now. So is one that nobody has settled yet."""
        request, write = self.last
        self.repeats += 1
        if write not in (self.undone, self.doubt):
            self.send("TransactWriteItems", request)
        elif not self.do("TransactWriteItems", request, write):
            self.last = None
        self.undone = None

    def send(self, operation, request):
        """True when it is acknowledged. An unclear answer ends the writer, with its doubt."""
        try:
            self.client.call(operation, request)
        except dynamo.DynamoError as error:
            if error.type in REFUSALS:
                return False
            if error.status == 500:
                raise ConnectionError("a 500: nobody knows") from error
            raise
        self.writes += 1
        return True

    # Each gives the operation, its request and what the item is afterwards.

    def count(self):
        return {"Key": {"pk": {"S": "counter"}, "sk": {"N": "0"}}, "UpdateExpression": "SET g = :g ADD n :one",
                "ExpressionAttributeValues": {":g": {"S": "a"}, ":one": {"N": "1"}}}

    def key(self, key):
        return {"pk": {"S": key[0]}, "sk": {"N": key[1]}}

    def payload(self):
        return {"S": self.random.choice("xyz") * self.random.choice((0, 10, 100, 2000))}

    def put(self, key):
        item = {**self.key(key), "v": self.payload(), "n": {"N": str(self.random.randint(-99, 99))}}
        if self.random.random() < 0.8:
            item["g"] = {"S": self.random.choice(GROUPS)}
        return "PutItem", {"Item": item}, item

    def update(self, key):
        old = self.told.get(key, self.key(key))
        group, payload, number = {"S": self.random.choice(GROUPS)}, self.payload(), {"N": str(self.random.randint(-99, 99))}
        count = {"N": str(int(old.get("c", {"N": "0"})["N"]) + 1)}
        return "UpdateItem", {"Key": self.key(key), "UpdateExpression": "SET g = :g, v = :v, n = :n ADD c :one",
                              "ExpressionAttributeValues": {":g": group, ":v": payload, ":n": number, ":one": {"N": "1"}}}, \
            {**old, "g": group, "v": payload, "n": number, "c": count}

    def leave(self, key):
        """Out of the indexes. What is not there is not made by it."""
        old = self.told.get(key)
        return "UpdateItem", {"Key": self.key(key), "UpdateExpression": "REMOVE g, n"}, \
            old and {name: value for name, value in old.items() if name not in ("g", "n")}

    def delete(self, key):
        return "DeleteItem", {"Key": self.key(key)}, None

    def settle(self, found):
        """After a restart: compares what it was told with what is there, and learns what its doubt came to."""
        if self.error is not None:
            raise self.error
        mine = {key: item for key, item in found.items() if key in set(self.keys)}
        if self.doubt is not None and self.doubt.effects:
            self.undone = None
            if all(mine.get(key) == after for key, after in self.doubt.effects.items()):
                self.happened(self.doubt)
            else:
                self.undone = self.doubt
            self.doubt = None  # of a lone count check_counter decides
        assert mine == self.told, "acknowledged writes are not there:\n" + differences(mine, self.told)


def check_counter(found, writers):
    """The counter has every acknowledged increment, and at most one more for each writer that does not know."""
    counter = found.get(("counter", "0"), {"n": {"N": "0"}})
    counted, doubts = sum(writer.counted for writer in writers), [w for w in writers if w.doubt is not None]
    extra = int(counter["n"]["N"]) - counted
    assert 0 <= extra <= len(doubts), f"the counter is {counter}, acknowledged {counted}, in doubt {len(doubts)}"
    for writer in doubts:
        writer.counted += 1 if extra > 0 else 0
        writer.doubt, extra = None, extra - 1


def check_indexes(client, table, found, indexes=None, kept=None):
    """Each index has exactly the entries of the items, and the counts are those of the items."""
    indexes, kept = indexes or INDEXES, kept or KEPT
    description = client.call("DescribeTable", {"TableName": table})["Table"]
    assert description["ItemCount"] == len(found), f"ItemCount {description['ItemCount']}, items {len(found)}"
    described = description.get("GlobalSecondaryIndexes", []) + description.get("LocalSecondaryIndexes", [])
    counts = {index["IndexName"]: index["ItemCount"] for index in described}
    assert set(counts) == set(indexes), f"indexes are {counts}, should be {set(indexes)}"
    for name, keys in indexes.items():
        expected = {key: projected(item, keys, kept[name]) for key, item in found.items()}
        expected = {key: entry for key, entry in expected.items() if entry is not None}
        entries = by_key(dynamo.all_items(client, "Scan", {"TableName": table, "IndexName": name}))
        assert entries == expected, f"index {name} is not that of the items:\n" + differences(entries, expected)
        assert counts[name] == len(expected), f"ItemCount of {name} {counts[name]}, entries {len(expected)}"

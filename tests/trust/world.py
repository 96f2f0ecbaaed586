# SPDX-License-Identifier: Apache-2.0
"""A server with something of everything under way, and what its clients were told.

One table has three indexes, a stream, a counter, items that transactions change under tokens (tests/crash/ledger.py), items that
nobody touches, and an index that comes and goes over all of them. Another has items that end. `load` lets the clients go on;
`check` holds everything against what they were told: nothing acknowledged is lost, nothing is there by half, what was seen
stays seen."""
import random
import threading
import time

import dynamo
import ledger
from server import Server
from streams import Replay, latest_arn

TABLE, ENDING, LARGE, PASSING = "crash", "ending", "large", "passing"
LATE = {"IndexName": "late", "KeySchema": ledger.key_schema(["n", "sk"]), "Projection": {"ProjectionType": "ALL"}}
FLAGS = ("--ttl-interval-ms", "20", "--ttl-cooldown-s", "0", "--stream-shards", "2", "--stream-shard-records", "4000")
CHECK_SECONDS = 60


class Gone(threading.Thread):
    """A client that goes on until its server is gone, or it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.error, self.over, self.client = None, False, None

    def run(self):
        try:
            while not self.over:
                self.step()
        except dynamo.LOST:
            pass
        except dynamo.DynamoError as error:
            if error.status != 500 and error.type not in ledger.REFUSALS:
                self.error = error
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
        finally:
            self.client.close()

    def step(self):
        raise NotImplementedError


class Ender(Gone):
    """Puts items that stay and items that are past their time. `told` has each key's possible items; None: it is not there."""

    def __init__(self, chance, told, url):
        super().__init__()
        self.random, self.told, self.client = chance, told, dynamo.Client(url)

    def step(self):
        key = f"e{self.random.randrange(200)}"
        item = {"pk": {"S": key}, "g": {"S": self.random.choice("abc")}, "v": {"S": "v" * self.random.randrange(50)},
                "mark": {"N": str(self.random.getrandbits(60))}}
        ends = self.random.random() < 0.4
        item["exp"] = {"N": str(int(time.time()) + (-100 if ends else 1_000_000))}
        before = self.told.get(key, [None])
        self.told[key] = before + [item] + [None] * ends
        self.client.call("PutItem", {"TableName": ENDING, "Item": item})
        self.told[key] = [item] + [None] * ends


class Large(Gone):
    """Puts items of many blocks, of which each says in every part which it is. `told` is as the Ender's, of texts."""

    def __init__(self, chance, told, url):
        super().__init__()
        self.random, self.told, self.client = chance, told, dynamo.Client(url)

    def step(self):
        key = f"l{self.random.randrange(8)}"
        text = f"{self.random.getrandbits(64):016x}" * self.random.choice((1, 300, 3000, 12000))
        before = self.told.get(key, [None])
        self.told[key] = before + [text]
        self.client.call("PutItem", {"TableName": LARGE, "Item": {"pk": {"S": key}, "v": {"S": text}}})
        self.told[key] = [text]


def key_table(name, **more):
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": ledger.key_schema(["pk"]),
            "AttributeDefinitions": [ledger.attribute("pk", "S")], **more}


class Passer(Gone):
    """Makes a table with a stream and items, or deletes it, once in each life of the server. `state` is as the Builder's;
    `items` how many of its items were acknowledged, at least."""

    def __init__(self, state, items, url):
        super().__init__()
        self.state, self.items, self.client = state, items, dynamo.Client(url)

    def step(self):
        self.over = True
        making, self.state = self.state == "gone", "unknown"
        if not making:
            self.client.call("DeleteTable", {"TableName": PASSING})
            self.state = "gone"
            return
        self.items = 0
        self.client.create_table(key_table(PASSING, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}))
        self.state = "there"
        while self.items < 100:
            puts = [{"PutRequest": {"Item": {"pk": {"S": f"p{self.items + n}"}, "v": {"S": "v" * 400}}}} for n in range(25)]
            answer = self.client.call("BatchWriteItem", {"RequestItems": {PASSING: puts}})
            assert not answer["UnprocessedItems"], answer
            self.items += 25


class Builder(Gone):
    """Adds the late index or takes it away, once in each life of the server. `state` is there, gone or unknown."""

    def __init__(self, state, url):
        super().__init__()
        self.state, self.client = state, dynamo.Client(url)

    def step(self):
        self.over = True
        adding, self.state = self.state == "gone", "unknown"
        change = {"Create": LATE} if adding else {"Delete": {"IndexName": "late"}}
        self.client.call("UpdateTable", {
            "TableName": TABLE, "AttributeDefinitions": [ledger.attribute("n", "N"), ledger.attribute("sk", "N")],
            "GlobalSecondaryIndexUpdates": [change]})
        self.state = "there" if adding else "gone"


def late_of(description):
    return next((index for index in description.get("GlobalSecondaryIndexes", []) if index["IndexName"] == "late"), None)


class World:
    """large: it has items of many blocks, too, and a table that is made and deleted all the time."""

    def __init__(self, disk, seed, *flags, filled=800, writers=3, large=False):
        self.disk, self.random, self.filled = disk, random.Random(f"world {seed}"), filled
        self.server = Server(*FLAGS, *flags, data_dir=disk.mount / "data")
        self.writers = [ledger.Writer(number, seed) for number in range(writers)]
        self.replay, self.ending, self.late, self.builder = Replay(), {}, "gone", None
        self.starts = self.checks = 0
        self.untouched = {}
        self.others = []
        self.large = {} if large else None
        self.passing, self.passing_items, self.passer = "gone", 0, None

    def make(self):
        """The tables, and what is never touched. Ends with the server running."""
        self.start()
        client = dynamo.Client(self.server.url)
        client.create_table({**ledger.table_request(TABLE), "StreamSpecification": {
            "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
        client.create_table({
            "TableName": ENDING, "BillingMode": "PAY_PER_REQUEST", "KeySchema": ledger.key_schema(["pk"]),
            "AttributeDefinitions": [ledger.attribute("pk", "S"), ledger.attribute("g", "S")],
            "GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": ledger.key_schema(["g"]),
                                        "Projection": {"ProjectionType": "ALL"}}]})
        client.call("UpdateTimeToLive", {"TableName": ENDING, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "exp"}})
        items = [{"pk": {"S": f"filled{number % 50}"}, "sk": {"N": str(number)}, "n": {"N": str(number % 170)}, "v": {"S": "v" * 200}}
                 for number in range(self.filled)]
        for first in range(0, len(items), 25):
            answer = client.call("BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in
                                                                             items[first:first + 25]]}})
            assert not answer["UnprocessedItems"], answer
        if self.large is not None:
            client.create_table(key_table(LARGE))
        self.untouched = ledger.by_key(items)
        self.arn = latest_arn(client, TABLE)
        client.close()

    def start(self, environment=None):
        self.server.environment = environment or {}
        self.server.start()
        self.starts += 1

    def begin(self):
        """The clients go on."""
        url = self.server.url
        self.writers = [writer.again(url, TABLE) for writer in self.writers]
        self.builder = Builder(self.late, url)
        self.others = [Ender(random.Random(self.random.random()), self.ending, url), self.builder]
        if self.large is not None:
            self.passer = Passer(self.passing, self.passing_items, url)
            self.others += [Large(random.Random(self.random.random()), self.large, url), self.passer]
        for thread in self.writers + self.others:
            thread.start()

    def end(self):
        """Waits for the clients, whose server is gone or takes no writes any more."""
        for thread in self.writers + self.others:
            thread.join(30)
            assert not thread.is_alive(), "a client still waits"
            if thread.error is not None:
                raise thread.error
        if self.builder is not None:
            self.late, self.builder = self.builder.state, None
        if self.passer is not None:
            self.passing, self.passing_items, self.passer = self.passer.state, self.passer.items, None

    def load(self, length, ending):
        """Lets the clients write so long, then `ending` takes the server from them."""
        self.begin()
        time.sleep(length)
        ending()
        self.end()

    @property
    def writes(self):
        return sum(writer.writes for writer in self.writers)

    # --- What must be there ---

    def check(self):
        self.checks += 1
        client = dynamo.Client(self.server.url)
        try:
            self.check_late(client)
            found = self.settle(client)
            late = self.late == "there"
            ledger.check_indexes(client, TABLE, found, {**ledger.INDEXES, **({"late": ["n", "sk"]} if late else {})},
                                 {**ledger.KEPT, **({"late": None} if late else {})})
            self.check_stream(client, found, self.replay)
            self.check_ending(client)
            if self.large is not None:
                self.check_large(client)
                self.check_passing(client)
        finally:
            client.close()

    def settle(self, client):
        """The table's items, all of which somebody was told of. What a client did not know it knows then."""
        found = ledger.by_key(dynamo.all_items(client, "Scan", {"TableName": TABLE, "ConsistentRead": True}))
        kept = {key: found.get(key) for key in self.untouched}
        assert kept == self.untouched, "items that nobody touched:\n" + ledger.differences(kept, self.untouched)
        mine = {key: item for key, item in found.items() if key not in self.untouched}
        for writer in self.writers:
            writer.settle(mine)
        ledger.check_counter(mine, self.writers)
        known = sum(len(writer.told) for writer in self.writers) + (("counter", "0") in mine)
        assert len(mine) == known, f"{len(mine)} items, {known} were written"
        return found

    def check_late(self, client):
        """An index that was acknowledged comes to its end, and one that was taken away is gone."""
        end = time.monotonic() + CHECK_SECONDS
        while True:
            description = client.call("DescribeTable", {"TableName": TABLE})["Table"]
            late = late_of(description)
            if self.late == "unknown" and (late is None or late["IndexStatus"] == "ACTIVE"):
                self.late = "there" if late else "gone"
            if dynamo.is_active(description) and (late is not None) == (self.late == "there"):
                return
            assert not (self.late == "there" and late is None), "UpdateTable was acknowledged, the index is gone"
            assert time.monotonic() < end, f"the index should be {self.late} and is {late}"
            time.sleep(0.01)

    def check_stream(self, client, found, replay):
        """The stream has every change once and in order: what was read of it goes on, and it makes the table."""
        replay.read(client, self.arn)
        of = lambda items: {str(sorted(item.items())) for item in items}
        streamed, there = of(replay.items.values()), of(found.values())
        assert streamed == there, f"the stream says {sorted(streamed - there)[:2]}, the table {sorted(there - streamed)[:2]}"

    def check_ending(self, client):
        """Nothing that stays is gone, nothing is there that nobody put, what was seen to have ended stays away."""
        scan = lambda **more: sorted(dynamo.all_items(client, "Scan", {"TableName": ENDING, **more}), key=str)
        end = time.monotonic() + CHECK_SECONDS
        while True:
            items, entries, again = scan(ConsistentRead=True), scan(IndexName="by-g"), scan(ConsistentRead=True)
            count = client.call("DescribeTable", {"TableName": ENDING})["Table"]["ItemCount"]
            if items == entries == again and count == len(items) and not any(int(item["exp"]["N"]) < time.time() for item in items):
                break
            assert time.monotonic() < end, f"{len(items)} items, {len(entries)} entries, ItemCount {count}, past their time and " \
                f"there: {[item['pk']['S'] for item in items if int(item['exp']['N']) < time.time()][:5]}"
            time.sleep(0.02)
        found = {item["pk"]["S"]: item for item in items}
        assert set(found) <= set(self.ending), f"nobody put {sorted(set(found) - set(self.ending))[:5]}"
        for key, possible in self.ending.items():
            assert found.get(key) in possible, f"{key} is {found.get(key)}, should be one of {possible}"
            self.ending[key] = [found.get(key)]

    def check_large(self, client):
        """Each large item is one of those that it may be, whole."""
        found = {item["pk"]["S"]: item["v"]["S"] for item in dynamo.all_items(client, "Scan", {"TableName": LARGE, "ConsistentRead": True})}
        assert set(found) <= set(self.large), f"nobody put {set(found) - set(self.large)}"
        short = lambda text: text and (text[:16], len(text), text == text[:16] * (len(text) // 16))
        for key, possible in self.large.items():
            assert found.get(key) in possible, f"{key} is {short(found.get(key))}, should be one of {[short(text) for text in possible]}"
            self.large[key] = [found.get(key)]

    def check_passing(self, client):
        """The table that comes and goes is there with what was acknowledged, or gone."""
        end = time.monotonic() + CHECK_SECONDS
        while True:
            try:
                description = client.call("DescribeTable", {"TableName": PASSING})["Table"]
                status, self.passing = description["TableStatus"], "there" if self.passing == "unknown" else self.passing
            except dynamo.DynamoError as error:
                assert error.type == "ResourceNotFoundException", error
                assert self.passing != "there", "a table that was made is gone"
                self.passing = "gone"
                return
            if status == "DELETING":  # by a DeleteTable that was not acknowledged
                self.passing = "unknown" if self.passing == "there" else self.passing
            elif status == "ACTIVE":
                assert self.passing == "there", "a table that was deleted is there"
                break
            assert time.monotonic() < end, f"the table is {status}"
            time.sleep(0.01)
        items = dynamo.all_items(client, "Scan", {"TableName": PASSING, "ConsistentRead": True})
        keys = {item["pk"]["S"] for item in items}
        assert {f"p{number}" for number in range(self.passing_items)} <= keys, f"{len(keys)} items of {self.passing_items}"
        assert description["ItemCount"] == len(items), f"ItemCount {description['ItemCount']}, items {len(items)}"

    def check_all(self):
        """The same, and the whole stream anew for somebody who comes late."""
        self.check()
        client = dynamo.Client(self.server.url)
        fresh = Replay()
        self.check_stream(client, self.settle(client), fresh)
        assert fresh.seen == self.replay.seen, "another reader of the stream sees other records"
        client.close()

    def close(self):
        self.server.kill()

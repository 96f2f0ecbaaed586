# SPDX-License-Identifier: Apache-2.0
"""The n-th write or sync of the data directory fails, once or for ever, or takes half of what it is given.

    tests/trust/run --minutes 40 faults

Each step of a directory's life (its first start, writes, tables made of them, compaction, a new index, DeleteTable, trimming, a
stop, a start after a crash) is taken with each fault at its first call, its second, and so on until there are no more calls. The
server lives, or says why it does not start; reads of what is there go on; and the next start has everything acknowledged."""
import http.client
import itertools
import json
import random
import shutil
import tempfile
import time
import unittest

from trust import SEED, Shim, seconds, told

import dynamo
import ledger
import store_runs
from clock import Clock
from disks import Folder
from server import Server
from streams import everything, latest_arn
from world import ENDING, TABLE, World, key_table

KINDS = {  # of which n is the number of the call
    "a sync fails": lambda n: {"FAIL_SYNC_AT": n},
    "syncs fail": lambda n: {"FAIL_SYNC_AT": n, "FAIL_EVER": 1},
    "a write fails": lambda n: {"FAIL_EIO_AT": n},
    "writes fail": lambda n: {"FAIL_EIO_AT": n, "FAIL_EVER": 1},
    "no space": lambda n: {"FAIL_WRITE_AT": n},
    "a short write": lambda n: {"FAIL_SHORT_AT": n},
    "a short write, then no space": lambda n: {"FAIL_SHORT_AT": n, "FAIL_WRITE_AT": n + 1},
}
HARMLESS = "a short write"  # the rest is written then
STEP_SECONDS = 3  # at most, until a step that a fault has met is given up
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
INDEX = {"IndexName": "late", "KeySchema": ledger.key_schema(["g"]), "Projection": {"ProjectionType": "ALL"}}


class Life:
    """A directory, what its clients were told, and the steps of its life. A step is a method; what it needs before is made by
    `before_<step>`, with a sound disk."""

    STEPS = ("first_start", "start_after_crash", "writes", "large_writes", "compaction", "new_index", "delete_table", "trimming", "stop")

    def __init__(self, folder):
        self.folder, self.clock = folder, Clock()
        self.hit, self.counts_from = folder.base / "hit", folder.base / "from"
        self.server = None
        self.anew()

    def anew(self):
        """A directory that nobody knows."""
        if self.server is not None:
            self.server.kill()
            shutil.rmtree(self.server.data_dir, ignore_errors=True)
        self.server = Server("--clock-file", self.clock.path, "--stream-retention-s", "3600", "--stream-shards", "1", "--shards", "2",
                             data_dir=self.folder.base / "data")
        self.tables, self.told, self.kept = {}, {}, {}  # tables: there, gone or unknown
        self.numbers = itertools.count()

    def start(self, **environment):
        self.server.environment = Shim.environment(FAIL_DIR=self.server.data_dir, FAIL_REPORT=self.hit, FREE_SPACE_LIE=1, **environment)
        self.server.start()

    def close(self):
        self.server.kill()
        self.clock.close()

    # --- What is asked of it ---

    def put(self, client, key, size=200):
        item = {"pk": {"S": key}, "g": {"S": key[-1]}, "v": {"S": f"{next(self.numbers):08d}" * (size // 8)}}
        self.told[key] = self.told.get(key, [None]) + [item]
        client.call("PutItem", {"TableName": "work", "Item": item})
        self.told[key] = [item]

    def delete(self, client, key):
        self.told[key] = self.told.get(key, [None]) + [None]
        client.call("DeleteItem", {"TableName": "work", "Key": {"pk": {"S": key}}})
        self.told[key] = [None]

    def create(self, client, name, **more):
        self.tables[name] = "unknown"
        client.call("CreateTable", key_table(name, **more))
        self.tables[name] = "there"

    def base(self, client):
        """What every step needs, if it is not there: a table that nobody touches, and one that is written."""
        if self.tables.get("kept") != "there":
            self.create(client, "kept")
            items = [{"pk": {"S": f"k{n}"}, "v": {"S": "v" * 300}} for n in range(25)]
            client.call("BatchWriteItem", {"RequestItems": {"kept": [{"PutRequest": {"Item": item}} for item in items]}})
            self.kept = {item["pk"]["S"]: item for item in items}
        if self.tables.get("work") != "there":
            self.create(client, "work", **STREAM)
        for n in range(20):
            self.put(client, f"w{n}")

    # --- Its steps ---

    def first_start(self, client):
        self.base(client)

    def start_after_crash(self, client):
        self.put(client, "after")

    def writes(self, client):
        for n in range(6):
            self.put(client, f"w{n}")
            self.delete(client, f"w{n + 6}")

    def large_writes(self, client):
        for n in range(18):
            self.put(client, f"large{n}", 380_000)

    def compaction(self, client):
        self.operator("POST")
        self.until(lambda: json.loads(self.operator("GET"))["compaction"] != "running")

    def new_index(self, client):
        self.index(client, True)
        self.until(lambda: dynamo.is_active(self.described(client, "work")))

    def before_new_index(self, client):
        self.index(client, False)
        self.until(lambda: "GlobalSecondaryIndexes" not in self.described(client, "work"))

    def delete_table(self, client):
        self.tables["passing"] = "unknown"
        client.call("DeleteTable", {"TableName": "passing"})
        self.tables["passing"] = "gone"
        time.sleep(0.3)  # what it had is erased by and by

    def before_delete_table(self, client):
        if self.tables.get("passing") == "there":
            return
        self.create(client, "passing", **STREAM)
        for first in range(0, 200, 25):
            client.call("BatchWriteItem", {"RequestItems": {"passing": [
                {"PutRequest": {"Item": {"pk": {"S": f"p{first + n}"}, "v": {"S": "v" * 4000}}}} for n in range(25)]}})

    def trimming(self, client):
        """What has become too old while the server was away goes at its start."""
        arn = latest_arn(client, "work")
        self.until(lambda: not everything(client, arn))

    def before_stop(self, client):
        """So much that a stop makes tables of it."""
        for n in range(4):
            self.put(client, f"large{n}", 380_000)

    def stop(self, _client):
        self.server.send_signal(15)
        code = self.server.wait(15)
        assert code in (0, 1, 3), f"a stop ended with {code}: {self.server.text()[-800:]}"

    def index(self, client, add):
        """As it should be; there may have been an attempt before."""
        there = any(index["IndexName"] == "late" for index in self.described(client, "work").get("GlobalSecondaryIndexes", []))
        if there != add:
            client.call("UpdateTable", {"TableName": "work", "AttributeDefinitions": [ledger.attribute("pk", "S"), ledger.attribute("g", "S")],
                                        "GlobalSecondaryIndexUpdates": [{"Create": INDEX} if add else {"Delete": {"IndexName": "late"}}]})

    @staticmethod
    def described(client, name):
        return client.call("DescribeTable", {"TableName": name})["Table"]

    def stays(self, client, name):
        """Whether it is there and not on its way out."""
        try:
            return self.described(client, name)["TableStatus"] != "DELETING"
        except dynamo.DynamoError as error:
            assert error.type == "ResourceNotFoundException", error
            return False

    def operator(self, method):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, "/_stator/compact")
            return connection.getresponse().read()
        finally:
            connection.close()

    def until(self, condition):
        """Or until a fault has kept it from coming for so long."""
        end = time.monotonic() + (STEP_SECONDS if self.counts_from.exists() else 30)
        while not condition() and time.monotonic() < end:
            if self.hit.exists():
                end = min(end, time.monotonic() + 0.2)
            time.sleep(0.01)
        assert time.monotonic() < end or self.hit.exists(), "a step has no end"

    # --- What must be so ---

    def reads(self):
        """Those of what nobody touches go on."""
        if not self.kept:  # it was not made
            return
        client = dynamo.Client(self.server.url)
        try:
            for key, item in list(self.kept.items())[::5]:
                found = client.call("GetItem", {"TableName": "kept", "Key": {"pk": {"S": key}}, "ConsistentRead": True})
                assert found.get("Item") == item, f"{key} is {found}"
            assert len(dynamo.all_items(client, "Scan", {"TableName": "kept"})) == len(self.kept)
        finally:
            client.close()

    def check(self):
        """After a start with a sound disk."""
        client = dynamo.Client(self.server.url)
        names = client.call("ListTables", {})["TableNames"]
        for name, state in self.tables.items():
            there = name in names and self.stays(client, name)
            assert state in ("unknown", "there" if there else "gone"), f"{name} should be {state}; there are {names}"
            self.tables[name] = "there" if there else "gone"
        if self.kept:
            found = {item["pk"]["S"]: item for item in dynamo.all_items(client, "Scan", {"TableName": "kept"})}
            assert found == self.kept, "what nobody touched"
        if self.tables.get("work") == "there":
            self.check_work(client)
        client.close()

    def check_work(self, client):
        items = dynamo.all_items(client, "Scan", {"TableName": "work", "ConsistentRead": True})
        found = {item["pk"]["S"]: item for item in items}
        short = lambda item: item and item["v"]["S"][:8]
        for key, possible in self.told.items():
            assert found.get(key) in possible, f"{key} is {short(found.get(key))}, should be one of {[short(item) for item in possible]}"
            self.told[key] = [found.get(key)]
        assert set(found) <= set(self.told), f"nobody put {set(found) - set(self.told)}"
        end = time.monotonic() + 30
        while not dynamo.is_active(self.described(client, "work")):
            assert time.monotonic() < end, "the index does not become ACTIVE"
            time.sleep(0.01)
        description = self.described(client, "work")
        assert description["ItemCount"] == len(found), f"ItemCount {description['ItemCount']}, {len(found)} items"
        if "GlobalSecondaryIndexes" in description:
            entries = {item["pk"]["S"]: item for item in dynamo.all_items(client, "Scan", {"TableName": "work", "IndexName": "late"})}
            assert entries == found, f"the index differs: {sorted(set(entries) ^ set(found))[:5]}"


class Steps(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.life = Life(self.folder)
        self.addCleanup(self.life.close)
        self.refused = 0

    def test_each_call_of_each_step_fails(self):
        """Quickly some of them, each time others; in a long run one after the other, as far as the time goes."""
        length, chance = seconds(9, 0.85), random.Random(f"steps {SEED}")
        pairs = list(itertools.product(Life.STEPS, KINDS))
        chance.shuffle(pairs)
        end, troubles, counts, over = time.monotonic() + length, [], dict.fromkeys(Life.STEPS, 0), set()
        turns = self.one_after_the_other(pairs, over) if length > 300 else self.some_of_each(pairs, over, chance)
        for pair, number in turns:
            if time.monotonic() > end or len(troubles) > 5:
                break
            reached = self.turn(*pair, number, troubles)
            counts[pair[0]] += reached
            if not reached:
                over.add(pair)
        whole = len(over)
        told(f"faults: {sum(counts.values())} {counts}, of {len(pairs)} steps and kinds {whole} to their last call, "
             f"{self.refused} starts refused")
        self.assertFalse(troubles, f"seed {SEED}\n" + "\n".join(troubles))

    @staticmethod
    def one_after_the_other(pairs, over):
        """Every call of a step; past a hundred one in ten."""
        for pair in pairs:
            number = 1
            while pair not in over:
                yield pair, number
                number += 1 if number < 100 else 10

    @staticmethod
    def some_of_each(pairs, over, chance):
        for first in itertools.count(1, 7):
            if len(over) == len(pairs):
                return
            for pair in pairs:
                if pair not in over:
                    yield pair, first + chance.randrange(7)

    def turn(self, step, kind, number, troubles):
        """One life in which one call fails. False: there are not so many calls."""
        try:
            self.life.hit.unlink(missing_ok=True)
            self.life.counts_from.unlink(missing_ok=True)
            self.one(step, kind, number)
            self.life.server.kill()
            self.life.start()
            self.life.check()
            self.life.server.kill()
        except Exception as error:  # pylint: disable=broad-except
            kept = tempfile.mkdtemp(prefix="stator-trust-found-")
            shutil.copytree(self.life.server.data_dir, kept, dirs_exist_ok=True)
            troubles.append(f"{step}, {kind}, call {number}: {error!r}; files: {kept}\n{self.life.server.text()[-1500:]}")
            self.life.anew()
        return self.life.hit.exists()

    def one(self, step, kind, number):
        life, fault = self.life, KINDS[kind](number)
        if step == "first_start":
            life.anew()
        else:
            life.start(**({} if step in ("start_after_crash", "trimming") else {"FAIL_FROM": life.counts_from, **fault}))
            client = dynamo.Client(life.server.url)
            life.base(client)
            getattr(life, f"before_{step}", lambda client: None)(client)
            client.close()
        if step in ("first_start", "start_after_crash", "trimming"):
            life.server.kill()
            life.clock.set(life.clock.ahead + 4000)
            life.counts_from.touch()
            try:
                life.start(**fault)
            except RuntimeError:
                self.refuses(kind)
                return
        life.counts_from.touch()
        self.go_through(step, kind)

    def refuses(self, kind):
        """A start that cannot be says why."""
        server = self.life.server
        said = [line for line in server.text().splitlines() if "stator:" in line or "error" in line]
        assert server.process.returncode == 1 and said, f"a start ended with {server.process.returncode}"
        assert kind != HARMLESS and self.life.hit.exists(), "a start is refused for nothing"
        self.refused += 1

    def go_through(self, step, kind):
        life = self.life
        client = dynamo.Client(life.server.url, timeout=20)
        try:
            getattr(life, step)(client)
        except dynamo.DynamoError as error:
            assert error.status == 500 and life.hit.exists() and kind != HARMLESS, error
        except dynamo.LOST as error:
            assert not life.server.running(), repr(error)
        finally:
            client.close()
        if step == "stop" or self.ends_rightly(life.server):
            return
        assert life.server.running(), f"the server ended by itself with {life.server.process.returncode}"
        life.reads()

    @staticmethod
    def ends_rightly(server):
        """Debian's RocksDB, which tests/run has where deploy/libraries made none, asserts once a sync has failed: what was
        acknowledged is there all the same."""
        return not server.running() and store_runs.asserted(server.process.returncode, server.text())


class Loads(unittest.TestCase):
    """The n-th call fails while clients write, indexes come and go, items end."""

    def setUp(self):
        self.disk = Folder()
        self.addCleanup(self.disk.close)
        self.chance = random.Random(f"faults {SEED}")
        self.outcomes = {}

    def count(self, outcome):
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def enumerate(self, kind, length):
        world = World(self.disk, SEED, filled=100)
        world.make()
        world.server.stop()
        end, number, hits = time.monotonic() + length, 1, 0
        report = self.disk.mount / "hit"
        troubles = []
        try:
            while time.monotonic() < end:
                report.unlink(missing_ok=True)
                trouble = self.one(world, kind, number, report)
                if trouble:
                    troubles.append(f"{kind}, call {number}: {trouble}")
                if not report.exists():
                    self.count(f"not reached: {number}")
                    number = 0  # from the first again, on what the others have left
                hits += report.exists()
                number += 1 if number < 25 else self.chance.randrange(5, 23)
                world.start()
                world.check()
                world.server.stop()
            world.start()
            world.check_all()
        except Exception as error:
            troubles.append(f"{error}\n{world.server.text()[-3000:]}")
        finally:
            world.close()
        told(f"{kind}: {hits} calls failed; {self.outcomes}")
        if troubles:
            self.fail(f"seed {SEED}: {len(troubles)} of {hits}\n" + "\n".join(troubles[:6]))

    def one(self, world, kind, number, report):
        """A life in which one call fails. Gives what was wrong."""
        server = world.server
        try:
            world.start(Shim.environment(FAIL_DIR=self.disk.mount, FAIL_REPORT=report, FREE_SPACE_LIE=1, **KINDS[kind](number)))
        except RuntimeError:
            self.count("did not start")
            said = [line for line in server.text().splitlines() if "stator:" in line or "error" in line]
            return None if server.process.returncode == 1 and said else f"start ended with {server.process.returncode}: {server.text()}"
        world.begin()
        end = time.monotonic() + 0.6
        while time.monotonic() < end and not report.exists() and server.running():
            time.sleep(0.01)
        time.sleep(0.05)
        trouble = self.reads(world) if server.running() else None
        died = None if server.running() else server.process.returncode
        server.kill()
        world.end()
        self.count("hit" if report.exists() else "untouched")
        if died is not None and not store_runs.asserted(died, server.text()):
            return f"the server ended by itself with {died}: {server.text()[-600:]}"
        return trouble

    def reads(self, world):
        """Reads of what is committed go on, for every table."""
        client, wrong = dynamo.Client(world.server.url), []
        try:
            for key in list(world.untouched)[:40]:
                self.read(client, wrong, "GetItem", {"TableName": TABLE, "ConsistentRead": True, "Key": {
                    "pk": {"S": key[0]}, "sk": {"N": key[1]}}})
            stays = [key for key, possible in world.ending.items() if len(possible) == 1 and possible[0] is not None]
            for key in stays[:20]:  # of the others a write may be under way
                self.read(client, wrong, "GetItem", {"TableName": ENDING, "ConsistentRead": True, "Key": {"pk": {"S": key}}})
            self.read(client, wrong, "Query", {"TableName": TABLE, "ConsistentRead": True, "KeyConditionExpression": "pk = :p",
                                               "ExpressionAttributeValues": {":p": {"S": "filled1"}}})
        except dynamo.LOST as error:
            wrong.append(str(error))
        client.close()
        return f"{len(wrong)} reads of what nobody writes failed, as {wrong[0]}" if wrong else None

    @staticmethod
    def read(client, wrong, operation, request):
        try:
            client.call(operation, request)
        except dynamo.DynamoError as error:
            wrong.append(f"{operation} of {request['TableName']}: {error}")

    def test_sync_fails(self):
        self.enumerate("a sync fails", seconds(3, 0.04))

    def test_write_fails(self):
        self.enumerate("a write fails", seconds(3, 0.04))

    def test_no_space_from_the_nth_write_on(self):
        self.enumerate("no space", seconds(2, 0.03))

    def test_short_write_then_no_space(self):
        self.enumerate("a short write, then no space", seconds(2, 0.03))


if __name__ == "__main__":
    unittest.main()

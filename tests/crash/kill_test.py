# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, restart: every acknowledged write is there, and no half of one.

    python3 tests/crash/kill_test.py [--rounds N] [--seed N]

As a test: $CRASH_ROUNDS (100) rounds, $CRASH_SEED. The directory lives through all rounds of a test, so damage adds up.
A failure keeps it and says where.
"""
import argparse
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import dynamo
import ledger
from server import Server

TABLE = "crash"
WRITERS = 4
RUN_SECONDS = 0.25   # longest time between start and kill
FILLED = 3000        # items of the table that is backfilled


class Crashes:
    """A directory, servers one after the other, and what their clients were told."""

    def __init__(self, seed, *flags):
        self.seed, self.random = seed, random.Random(seed)
        self.dir = tempfile.mkdtemp(prefix="stator-crash-")
        self.server = Server(*flags, data_dir=self.dir)
        self.writers = [ledger.Writer(number, seed) for number in range(WRITERS)]
        self.restarts = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.server.kill()
        if kind is None:
            shutil.rmtree(self.dir)
        else:
            print(f"seed {self.seed}, restart {self.restarts}; the directory is kept: {self.dir}\n{self.server.text()}")

    def start(self):
        """Starts the server; now and then it is killed while it starts, and starts anew."""
        while self.restarts > 0 and self.random.random() < 0.15:
            killer = threading.Timer(self.random.uniform(0.001, 0.02), self.kill_starting)
            killer.start()
            try:
                self.server.start()
            except (RuntimeError, AssertionError):
                pass  # it had no time to say its address
            killer.join()
            self.server.kill()
        self.server.start()
        self.restarts += 1
        return dynamo.Client(self.server.url)

    def kill_starting(self):
        if self.server.process is not None and self.server.process.poll() is None:
            self.server.process.kill()

    def write_and_kill(self, seconds, meanwhile=None):
        """Lets the writers write for a while, then kills the server under them."""
        self.writers = [writer.again(self.server.url, TABLE) for writer in self.writers]
        for writer in self.writers:
            writer.start()
        if meanwhile is not None:
            meanwhile()
        time.sleep(seconds)
        self.server.kill()
        for writer in self.writers:
            writer.join(30)
            assert not writer.is_alive(), "a client still waits for a server that is gone"
        assert "Sanitizer" not in self.server.text() and "runtime error" not in self.server.text(), self.server.text()

    def settle(self, client, ignore=()):
        """Every acknowledged write is there. Gives the items, by key."""
        found = ledger.by_key(dynamo.all_items(client, "Scan", {"TableName": TABLE, "ConsistentRead": True}))
        mine = {key: item for key, item in found.items() if key not in ignore}
        for writer in self.writers:
            writer.settle(mine)
        ledger.check_counter(mine, self.writers)
        known = sum(len(writer.told) for writer in self.writers) + (("counter", "0") in mine)
        assert len(mine) == known, f"{len(mine)} items, {known} were written"
        return found


def kill_rounds(rounds, seed, durability):
    with Crashes(seed, "--durability", durability) as crashes:
        for number in range(rounds):
            client = crashes.start()
            if number == 0:
                client.create_table(ledger.table_request(TABLE))
            else:
                ledger.check_indexes(client, TABLE, crashes.settle(client))
            client.close()
            crashes.write_and_kill(crashes.random.uniform(0, RUN_SECONDS))
        client = crashes.start()
        ledger.check_indexes(client, TABLE, crashes.settle(client))
        writes = sum(writer.writes for writer in crashes.writers)
        repeats = sum(writer.repeats for writer in crashes.writers)
        print(f"{durability}: seed {seed}, {rounds} kills, {writes} acknowledged writes, {repeats} repeated transactions",
              flush=True)
        assert writes > rounds, "hardly anything was written"


class Backfill:
    """An index is added to a full table, and the server killed meanwhile."""

    ADD = {"IndexName": "late", "KeySchema": ledger.key_schema(["n", "sk"]), "Projection": {"ProjectionType": "ALL"}}

    def __init__(self, crashes):
        self.crashes, self.seen = crashes, {"CREATING": 0, "ACTIVE": 0, "none": 0}

    def fill(self, client):
        """Items that the writers never touch, so that there is much to do. Gives their keys."""
        keys = {(f"filled{number % 50}", str(number)) for number in range(FILLED)}
        shares, threads, errors = [sorted(keys)[n::WRITERS] for n in range(WRITERS)], [], []

        def put(share):
            own = dynamo.Client(self.crashes.server.url)
            try:
                for pk, sk in share:
                    own.call("PutItem", {"TableName": TABLE, "Item": {
                        "pk": {"S": pk}, "sk": {"N": sk}, "n": {"N": str(int(sk) % 700)}, "v": {"S": "v" * 200}}})
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)

        for share in shares:
            threads.append(threading.Thread(target=put, args=(share,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()
        assert not errors, errors
        return keys

    def add_index(self):
        client = dynamo.Client(self.crashes.server.url)
        client.call("UpdateTable", {
            "TableName": TABLE, "AttributeDefinitions": [ledger.attribute("n", "N"), ledger.attribute("sk", "N")],
            "GlobalSecondaryIndexUpdates": [{"Create": self.ADD}]})
        client.close()

    def late(self, description):
        found = [index for index in description.get("GlobalSecondaryIndexes", []) if index["IndexName"] == "late"]
        return found[0] if found else None

    def check(self, client, filled):
        """The index that was acknowledged is there, becomes ACTIVE, and is that of the items."""
        index = self.late(client.call("DescribeTable", {"TableName": TABLE})["Table"])
        self.seen[index["IndexStatus"] if index else "none"] += 1
        assert index is not None, "UpdateTable was acknowledged, the index is gone"
        client.table_is(TABLE, dynamo.is_active)
        found = self.crashes.settle(client, ignore=filled)
        assert filled <= set(found), f"{len(filled - set(found))} of the items are gone"
        ledger.check_indexes(client, TABLE, found, {**ledger.INDEXES, "late": ["n", "sk"]}, {**ledger.KEPT, "late": None})

    def remove_index(self, client):
        """Perhaps killed in the middle of it too."""
        client.call("UpdateTable", {"TableName": TABLE, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "late"}}]})
        if self.crashes.random.random() < 0.5:
            time.sleep(self.crashes.random.uniform(0, 0.01))
            self.crashes.server.kill()
            client = self.crashes.start()
        client.table_is(TABLE, lambda table: self.late(table) is None and dynamo.is_active(table))
        return client


def backfill_rounds(rounds, seed):
    with Crashes(seed, "--durability", "process") as crashes:
        backfill = Backfill(crashes)
        client = crashes.start()
        client.create_table(ledger.table_request(TABLE))
        filled = backfill.fill(client)
        for _ in range(rounds):
            client.close()
            crashes.write_and_kill(crashes.random.uniform(0, 0.03), backfill.add_index)
            client = crashes.start()
            backfill.check(client, filled)
            client = backfill.remove_index(client)
        ledger.check_indexes(client, TABLE, crashes.settle(client, ignore=filled))
        print(f"backfill: seed {seed}, {rounds} kills, the index was then: {backfill.seen}", flush=True)
        assert backfill.seen["CREATING"] > 0 or rounds < 4, "no kill came before the index was ready"


class KillTest(unittest.TestCase):
    rounds = int(os.environ.get("CRASH_ROUNDS", 100))
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(1_000_000)))

    def test_full(self):
        kill_rounds(self.rounds, self.seed, "full")

    def test_process(self):
        kill_rounds(max(self.rounds // 4, 1), self.seed, "process")

    def test_backfill(self):
        backfill_rounds(max(self.rounds // 8, 1), self.seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=KillTest.rounds)
    parser.add_argument("--seed", type=int, default=KillTest.seed)
    options = parser.parse_args()
    kill_rounds(options.rounds, options.seed, "full")
    kill_rounds(max(options.rounds // 4, 1), options.seed, "process")
    backfill_rounds(max(options.rounds // 8, 1), options.seed)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What many clients were told, through crashes, is what one server that does one thing after the other could have told.

    tests/trust/run --minutes 20 history

Each register (puts, deletes, conditions that hold and fail, errors that tell of an item, every way to read, pages and an index) is
linearizable; transactions on lists are strictly serializable, with tokens over crashes; the streams make the tables, and what a
follower has read of them stays."""
import collections
import pathlib
import pickle
import random
import tempfile
import threading
import time
import unittest

from trust import SEED, Shim, seconds, told

import dynamo
import ledger
from history_clients import LIFE, LISTS, REGISTERS, Shared, elements, value_of, work
from history_lists import Txn, anomalies
from history_registers import KEEP, violation
from server import Server
from streams import Replay, latest_arn

PROCESSES, THREADS = 3, 6


class Record:
    """A server that is killed again and again, and its clients' notes."""

    def __init__(self, seed, keys, delay, *flags):
        self.delay, self.seed, self.random = delay, seed, random.Random(f"history {seed}")
        self.server = Server("--stream-shards", "2", *flags)
        self.base, self.shared, self.deaths = pathlib.Path(tempfile.mkdtemp(prefix="stator-history-")), Shared(keys), {}
        self.replays = {REGISTERS: Replay(), LISTS: Replay()}
        self.wrong = []

    def make_tables(self):
        client = dynamo.Client(self.server.url)
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}, "BillingMode": "PAY_PER_REQUEST"}
        client.create_table({"TableName": REGISTERS, "KeySchema": ledger.key_schema(["pk", "sk"]), **stream,
                             "AttributeDefinitions": [ledger.attribute(name, "S") for name in ("pk", "sk", "g")],
                             "GlobalSecondaryIndexes": [{"IndexName": "all", "KeySchema": ledger.key_schema(["g", "sk"]),
                                                         "Projection": {"ProjectionType": "ALL"}}]})
        client.create_table({"TableName": LISTS, "KeySchema": ledger.key_schema(["pk"]), **stream,
                             "AttributeDefinitions": [ledger.attribute("pk", "S")]})
        self.arns = {table: latest_arn(client, table) for table in (REGISTERS, LISTS)}
        client.close()

    def next_life(self):
        """Its syncs are slow once it has started."""
        if self.delay:
            (self.base / "ms").write_text("0", encoding="ascii")
            self.server.environment = Shim.environment(SLOW_SYNC=self.base / "ms", FAIL_DIR=self.server.data_dir)
        self.server.start()
        if self.delay:
            (self.base / "ms").write_text(str(self.delay), encoding="ascii")
        self.shared.port.value = self.server.port
        self.shared.life.value += 1

    def follow(self):
        """Reads the streams until the server is gone. What was read by then is never undone."""
        client = dynamo.Client(self.server.url)
        try:
            while True:
                for table, replay in self.replays.items():
                    replay.read(client, self.arns[table])
        except dynamo.LOST:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(error)
        client.close()

    def run(self, length, life_seconds):
        self.next_life()
        self.make_tables()
        processes = [LIFE.Process(target=work, args=(range(n * THREADS, (n + 1) * THREADS), self.seed, self.shared, self.base / str(n)))
                     for n in range(PROCESSES)]
        for process in processes:
            process.start()
        end = time.monotonic() + length
        try:
            while time.monotonic() < end:
                follower = threading.Thread(target=self.follow, daemon=True)
                follower.start()
                time.sleep(self.random.uniform(0.2, 1) * life_seconds)
                self.server.kill()
                self.deaths[self.shared.life.value] = time.monotonic_ns()
                follower.join(30)
                if self.wrong:
                    raise self.wrong[0]
                self.next_life()
        finally:
            self.shared.over.value = 1
            for process in processes:
                process.join(60)
        self.deaths[self.shared.life.value] = 1 << 62
        return self.collect()

    def collect(self):
        registers, txns, errors = collections.defaultdict(list), [], []
        for number in range(PROCESSES):
            with open(self.base / str(number), "rb") as file:
                for notes, transactions, error in pickle.load(file):
                    errors += [error] if error else []
                    for key, begin, end, need, new, sure, life in notes:
                        registers[key].append((begin, end if sure else max(begin, self.deaths[life]), need, new, sure))
                    txns += [txn if txn.done is not None else txn._replace(end=max(txn.begin, self.deaths[life])) for txn, life in transactions]
        assert not errors, errors[:3]
        return registers, txns

    def last_reads(self, registers, txns):
        """What is there at the end, read after everything else; the streams say the same."""
        client, begin = dynamo.Client(self.server.url), time.monotonic_ns()
        for table, replay in self.replays.items():
            items = dynamo.all_items(client, "Scan", {"TableName": table, "ConsistentRead": True})
            replay.read(client, self.arns[table])
            of = lambda items: {str(sorted(item.items())) for item in items}
            assert of(replay.items.values()) == of(items), f"the stream of {table} does not make the table"
            if table == REGISTERS:
                found = {int(item["sk"]["S"]): value_of(item) for item in items}
                for key in range(self.shared.keys):
                    registers[key].append((begin, time.monotonic_ns(), ("is", found.get(key)), KEEP, True))
            else:
                # Each list alone: a Scan is no snapshot of all.
                for item in items:
                    txns.append(Txn(f"last-{item['pk']['S']}", begin, time.monotonic_ns(), True, {}, {item["pk"]["S"]: elements(item)}))
        entries = dynamo.all_items(client, "Scan", {"TableName": REGISTERS, "IndexName": "all"})
        assert {int(item["sk"]["S"]): value_of(item) for item in entries} == found, "the index is not that of the registers"
        client.close()


class History(unittest.TestCase):
    def record(self, name, length, *flags, life_seconds=1.5, delay=0, keys=24):
        record = Record(f"{SEED} {name}", keys, delay, *flags)
        try:
            registers, txns = record.run(length, life_seconds)
            record.last_reads(registers, txns)
        finally:
            record.server.kill()
        unsure = sum(not operation[4] for operations in registers.values() for operation in operations)
        told(f"{name}: {len(record.deaths)} lives, {sum(map(len, registers.values()))} operations on {keys} registers ({unsure} unsure), "
             f"{len(txns)} transactions ({sum(txn.done is None for txn in txns)} unsure), "
             f"{sum(replay.records for replay in record.replays.values())} stream records; TRUST_SEED={SEED}")
        self.judge(registers, txns)
        record.server.remove()

    def judge(self, registers, txns):
        wrong = []
        for key, operations in sorted(registers.items()):
            found = violation(operations)
            if found:
                operation, values, others = found
                wrong.append(f"register {key}: no order is left at {operation}, before it may have been {values}; under way: "
                             + "; ".join(map(str, others[:12])))
        wrong += anomalies(txns)
        if wrong:
            self.fail("\n".join(text[:2000] for text in wrong[:5]))

    def test_as_started(self):
        self.record("as started", seconds(8, 0.35))

    def test_slow_syncs(self):
        """Much is visible that is not on the disk yet: nobody may be told of it."""
        self.record("slow syncs", seconds(6, 0.3), "--shards", "1", "--loops", "4", life_seconds=0.25, delay=60, keys=8)

    def test_refuse(self):
        self.record("refuse", seconds(4, 0.3), "--transaction-conflict", "refuse", "--loops", "8", life_seconds=0.7)


if __name__ == "__main__":
    unittest.main()

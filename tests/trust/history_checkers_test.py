# SPDX-License-Identifier: Apache-2.0
"""The checkers of histories, tried on histories that are right and on planted anomalies: they object to these alone."""
import random
import time
import unittest

from trust import SEED, TOTAL, told

from history_lists import Txn, anomalies
from history_registers import ANY, KEEP, violation


COUNT = 100_000 if TOTAL else 4_000


def write(begin, end, value, sure=True):
    return begin, end, ANY, value, sure


def read(begin, end, value):
    return begin, end, ("is", value), KEEP, True


def swap(begin, end, old, new, sure=True):
    return begin, end, ("is", old), new, sure


REGISTERS = [
    # name, whether it is linearizable, operations
    ("one after the other", True, [write(1, 2, 1), read(3, 4, 1), write(5, 6, 2), read(7, 8, 2)]),
    ("a write under way may be seen or not", True, [write(1, 9, 1), read(2, 3, None), read(4, 5, 1)]),
    ("what was seen is no more unseen", False, [write(1, 9, 1), read(2, 3, 1), read(4, 5, None)]),
    ("stale read", False, [write(1, 2, 1), write(3, 4, 2), read(5, 6, 1)]),
    ("read of a value nobody wrote", False, [write(1, 2, 1), read(3, 4, 7)]),
    ("lost update: two swaps of one value", False, [write(1, 2, 1), swap(3, 6, 1, 2), swap(4, 7, 1, 3)]),
    ("two swaps, one after the other", True, [write(1, 2, 1), swap(3, 6, 1, 2), swap(4, 7, 2, 3)]),
    ("a lost write", False, [write(1, 2, 1), read(3, 4, None)]),
    ("a crash: the write is there", True, [write(1, 9, 1, sure=False), read(10, 11, 1), read(12, 13, 1)]),
    ("a crash: the write is not there", True, [write(1, 9, 1, sure=False), read(10, 11, None), read(12, 13, None)]),
    ("a crash: seen, then gone", False, [write(1, 9, 1, sure=False), read(3, 4, 1), read(10, 11, None)]),
    ("a crash: it comes back after the server's end", False, [write(1, 9, 1, sure=False), read(10, 11, None), read(12, 13, 1)]),
    ("a failed condition saw what was", True, [write(1, 2, 1), (3, 4, ("not", 2), KEEP, True)]),
    ("a failed condition that was true", False, [write(1, 2, 1), (3, 4, ("not", 1), KEEP, True)]),
    ("a failed condition may have seen a lost write", True,
     [write(1, 2, 1), write(3, 9, 2, sure=False), (4, 5, ("not", 1), KEEP, True), write(6, 7, 3), read(8, 10, 3)]),
    ("an error that tells of a deletion that is undone by a crash", False,
     [write(1, 2, 1), (3, 9, ANY, None, False), (4, 5, ("is", None), KEEP, True), read(10, 11, 1)]),
]


def txn(name, begin, end, appends=None, reads=None, done=True):
    return Txn(name, begin, end, done, appends or {}, reads or {})


LISTS = [
    # name, what the report must have (None: it is right), transactions
    ("one after the other", None, [txn("a", 1, 2, {"x": 1, "y": 1}), txn("r", 3, 4, reads={"x": [1], "y": [1]})]),
    ("nothing was read yet", None, [txn("r", 1, 2, reads={"x": [], "y": []}), txn("a", 3, 4, {"x": 1}), txn("s", 5, 6, reads={"x": [1]})]),
    ("torn: one half is seen", "G2", [txn("a", 1, 9, {"x": 1, "y": 1}), txn("r", 2, 3, reads={"x": [1], "y": []}),
                                      txn("s", 10, 11, reads={"x": [1], "y": [1]})]),
    ("torn by a crash", "G2", [txn("a", 1, 9, {"x": 1, "y": 1}, done=None), txn("r", 10, 11, reads={"x": [1], "y": []})]),
    ("a crash before it", None, [txn("a", 1, 9, {"x": 1, "y": 1}, done=None), txn("r", 10, 11, reads={"x": [], "y": []})]),
    ("lost write", "stale", [txn("a", 1, 2, {"x": 1}), txn("b", 3, 4, {"x": 2}), txn("r", 5, 6, reads={"x": [1]})]),
    ("lost first write", "stale", [txn("a", 1, 2, {"x": 1}), txn("r", 5, 6, reads={"x": []})]),
    ("stale read", "stale", [txn("a", 1, 2, {"x": 1}), txn("r", 3, 4, reads={"x": []}), txn("s", 5, 6, reads={"x": [1]})]),
    ("dirty read", "G1a", [txn("a", 1, 2, {"x": 1}, done=False), txn("r", 1, 4, reads={"x": [1]})]),
    ("two orders of one list", "another order", [txn("a", 1, 9, {"x": 1}), txn("b", 1, 9, {"x": 2}), txn("r", 10, 11, reads={"x": [1, 2]}),
                                                 txn("s", 10, 11, reads={"x": [2, 1]})]),
    ("done twice", "twice", [txn("a", 1, 2, {"x": 1}), txn("r", 3, 4, reads={"x": [1, 1]})]),
    ("from nowhere", "nobody appended", [txn("a", 1, 2, {"x": 1}), txn("r", 3, 4, reads={"x": [1, 5]})]),
    ("writes in a circle", "G0", [txn("a", 1, 9, {"x": 1, "y": 1}), txn("b", 1, 9, {"x": 2, "y": 2}),
                                  txn("r", 10, 11, reads={"x": [1, 2], "y": [2, 1]})]),
    ("information in a circle", "G1c", [txn("a", 1, 9, {"x": 1}, {"y": [2]}), txn("b", 1, 9, {"y": 2}, {"x": [1]})]),
    ("write skew", "G2", [txn("a", 1, 9, {"x": 1}, {"y": []}), txn("b", 1, 9, {"y": 2}, {"x": []}),
                          txn("r", 10, 11, reads={"x": [1], "y": [2]})]),
    ("lost update", "G2", [txn("a", 1, 9, {"x": 1}, {"x": []}), txn("b", 1, 9, {"x": 2}, {"x": []}),
                           txn("r", 10, 11, reads={"x": [1, 2]})]),
    ("long fork", "G2", [txn("a", 1, 9, {"x": 1}), txn("b", 1, 9, {"y": 2}), txn("r", 2, 3, reads={"x": [1], "y": []}),
                         txn("s", 2, 3, reads={"x": [], "y": [2]})]),
    ("its own append, read before it", "internal", [txn("a", 1, 2, {"x": 1}, {"x": [1]})]),
    ("its own append, read among others'", "internal", [txn("a", 1, 2, {"x": 1}, {"x": []}), txn("b", 3, 4, {"x": 2}, {"x": [1, 2]}),
                                                                 txn("r", 5, 6, reads={"x": [1, 2]})]),
    ("what was there before its own append", None, [txn("a", 1, 2, {"x": 1}, {"x": []}), txn("b", 3, 4, {"x": 2}, {"x": [1]}),
                                                    txn("r", 5, 6, reads={"x": [1, 2]})]),
    ("against time", "against time", [txn("a", 5, 6, {"x": 1}), txn("r", 1, 2, reads={"x": [1]})]),
    ("writes in another order than time's", "G1c against time", [txn("a", 1, 2, {"x": 1}), txn("b", 3, 4, {"x": 2}),
                                                                 txn("r", 5, 6, reads={"x": [2, 1]})]),
]


def some_registers(chance, count):
    """A linearizable history: each operation has its effect at a moment between its ends, one in a hundred is lost."""
    value, operations = None, []
    for moment in range(count):
        begin, end = moment - chance.random() * 12, moment + chance.random() * 12
        new = KEEP if chance.random() < 0.5 else None if chance.random() < 0.2 else moment
        need = ANY if chance.random() < 0.3 else ("not", -1) if chance.random() < 0.2 else ("is", value)
        sure = chance.random() > 0.01
        if not sure and chance.random() < 0.5:
            operations.append((begin, end, ANY, moment + 0.5, False))  # it never happened
            continue
        operations.append((begin, end, need, new, sure))
        value = value if new is KEEP else new
    return operations


def some_lists(chance, count):
    """A strictly serializable history."""
    lists, txns = {}, []
    for moment in range(count):
        names = [f"{chance.choice('abcdefgh')}{moment // 500}" for _ in range(chance.randrange(1, 4))]
        begin, end = moment - chance.random() * 12, moment + chance.random() * 12
        appends = {name: moment for name in names} if chance.random() < 0.5 else {}
        reads = {name: list(lists.get(name, [])) for name in names} if not appends or chance.random() < 0.2 else {}
        done = None if chance.random() < 0.01 else True
        if done or chance.random() < 0.5:
            for name in appends:
                lists.setdefault(name, []).append(moment)
        txns.append(Txn(f"t{moment}", begin, end, done, appends, reads))
    return txns


class Registers(unittest.TestCase):
    def test_cases(self):
        for name, right, operations in REGISTERS:
            with self.subTest(name):
                self.assertEqual(violation(operations) is None, right)

    def test_long(self):
        began, operations = time.process_time(), some_registers(random.Random(SEED), COUNT)
        self.assertIsNone(violation(operations))
        took = time.process_time() - began
        told(f"registers: {COUNT} operations of one key in {took:.1f} s of the processor")
        self.assertLess(took, 60)

    def test_one_stale_read_among_many(self):
        """Each time another read of a right history gets a value of long ago: all are found."""
        for seed in range(20):
            chance = random.Random(seed)
            operations = some_registers(chance, 300)
            reads = [n for n, operation in enumerate(operations) if n > 60 and operation[2][0] == "is" and operation[4]]
            spoiled = chance.choice(reads)
            begin, end, _, new, sure = operations[spoiled]
            old = chance.choice([o[3] for o in operations[:spoiled - 40] if o[3] not in (KEEP, None) and o[4]])
            operations[spoiled] = (begin, end, ("is", old), new, sure)
            self.assertIsNotNone(violation(operations), f"seed {seed}")


class Lists(unittest.TestCase):
    def test_cases(self):
        for name, expected, txns in LISTS:
            with self.subTest(name):
                found = anomalies(txns)
                if expected is None:
                    self.assertEqual(found, [])
                else:
                    self.assertIn(expected, " ".join(found))

    def test_long(self):
        began, txns = time.process_time(), some_lists(random.Random(SEED), COUNT)
        self.assertEqual(anomalies(txns), [])
        took = time.process_time() - began
        told(f"lists: {COUNT} transactions in {took:.1f} s of the processor")
        self.assertLess(took, 60)

    def test_one_fault_among_many(self):
        """A read of a right history is put back by one element, where that cannot be right: all are found."""
        for seed in range(20):
            chance = random.Random(seed)
            txns = some_lists(chance, 400)
            done = {(key, value): txn for txn in txns if txn.done for key, value in txn.appends.items()}
            late = [(n, key) for n, txn in enumerate(txns) if txn.done for key, values in txn.reads.items()
                    if values and (key, values[-1]) in done and done[key, values[-1]].end < txn.begin]
            number, key = chance.choice(late)
            txns[number] = txns[number]._replace(reads={**txns[number].reads, key: txns[number].reads[key][:-1]})
            self.assertTrue(anomalies(txns), f"seed {seed}")


if __name__ == "__main__":
    unittest.main()

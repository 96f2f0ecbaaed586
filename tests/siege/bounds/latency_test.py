# SPDX-License-Identifier: Apache-2.0
"""Nobody waits for what another's small request costs: an innocent client beside each attack."""
import functools
import unittest

import attacks
import siege


class Latency(attacks.Attacked):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if siege.REPORT:
            with siege.Victim(cls.server.port) as victim:
                victim.wait()
            siege.report(attack="nothing", seen=victim.seen)
        cls.most = siege.bounds(siege.beside_hogs(cls.server.port))

    def beside(self, name, make_attack):
        for _ in range(siege.TRIES):
            with make_attack() as attack, siege.Victim(self.server.port) as victim:
                victim.wait()
            siege.report(attack=name, seen=victim.seen, statuses=attack.statuses)
            self.assertEqual(attack.faults[:1], [], name)
            self.assertGreater(sum(count for status, count in attack.statuses.items() if status != "closed"), 0, "no attack")
            found = siege.excesses(victim.seen, self.most)
            if not found:
                return
        self.fail(f"{name}: {found}; {victim.seen} {attack.statuses}")

    def test_a_transaction_and_who_waits_for_its_items(self):
        self.beside("TransactWriteItems, 100 checks, and 8 UpdateItems", lambda: attacks.Freeze(self.server.port))

    def test_large_writes(self):
        for name, make in attacks.LARGE_WRITES.items():
            with self.subTest(name):
                self.beside(name, functools.partial(attacks.LargeWrites, self.server.port, make()))

    def test_a_reader_of_40_mb(self):
        attacks.fill_long(self.server.port)
        self.beside("Query, answers of 40 MB", lambda: attacks.reader(self.server.port))

    def test_digits(self):
        for name, data in attacks.of_digits(attacks.fill_digits(self.server.port)):
            with self.subTest(name):
                self.beside(name, functools.partial(attacks.Flood, self.server.port, data))

    @unittest.skipUnless(siege.STRICT, "stores and deletes 200,000 items")
    def test_what_is_deleted(self):
        attacks.fill_deleted(self.server.port)
        for name, data in attacks.of_deleted():
            with self.subTest(name):
                self.beside(name, functools.partial(attacks.Flood, self.server.port, data))

    def test_floods(self):
        for name, data in attacks.floods(siege.STRICT):
            with self.subTest(name):
                self.beside(name, functools.partial(attacks.Flood, self.server.port, data))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Nobody waits for what another's small request costs: an innocent client beside each attack."""
import unittest

import attacks
import raw
import siege


class Latency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = siege.Server("--durability", "none", in_memory=True).start()
        cls.addClassCleanup(cls.server.close)
        attacks.fill(cls.server.port)
        cls.most = siege.bounds(siege.beside_hogs(cls.server.port))

    def beside(self, name, attack):
        with attack, siege.Victim(self.server.port) as victim:
            victim.wait()
        siege.report(attack=name, seen=victim.seen, statuses=attack.statuses)
        self.assertGreater(sum(count for status, count in attack.statuses.items() if status != "closed"), 0, "no attack")
        found = [str(fault) for fault in attack.faults[:1]] + siege.excesses(victim.seen, self.most)
        self.assertEqual(found, [], f"{name}: {victim.seen} {attack.statuses}")

    def test_a_transaction_and_who_waits_for_its_items(self):
        self.beside("TransactWriteItems, 100 checks, and 8 UpdateItems", attacks.Freeze(self.server.port))

    def test_floods(self):
        for name, data in attacks.floods(siege.STRICT):
            with self.subTest(name):
                self.beside(name, attacks.Flood(self.server.port, data))

    def test_pipelined(self):
        """30,000 requests in one piece."""
        ask = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

        class Pipeline(attacks.Flood):
            def _run(self):
                while not self.over.is_set():
                    sock = raw.connect(self.port)
                    sock.settimeout(0.5)
                    try:
                        sock.sendall(ask * 30_000)
                        self.statuses[200] = self.statuses.get(200, 0) + bool(sock.recv(1 << 20))
                    except OSError:
                        pass
                    sock.close()
        self.beside("30,000 requests in one piece", Pipeline(self.server.port, ask, 2))


if __name__ == "__main__":
    unittest.main()

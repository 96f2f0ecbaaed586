# SPDX-License-Identifier: Apache-2.0
"""Requests that only a worker may carry out, small ones in themselves, do not wait until a hundred costly ones are done."""
import contextlib
import threading
import time
import unittest

import attacks
import raw
import siege

CLIENTS = 100 if siege.STRICT else 40
COSTLY = ["DeleteItem, 150 contains", "DeleteItem, 12 IN of 100 lists", "PutItem, 1.8 M empty strings"]  # each 30 to 120 ms
MOST = 100 if siege.STRICT else 3000  # ms, where one queue for all took 5,000 to 24,000
SECONDS = max(siege.SECONDS, 2)

INNOCENT = {
    "PutItem of 100 KB": raw.request("PutItem", {"TableName": "victim", "Item": {"pk": {"S": "long"}, "d": {"S": "x" * 100_000}}}),
    "TransactWriteItems of 30": raw.request("TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "victim", "Item": {"pk": {"S": f"t{i}"}}}} for i in range(30)]}),
}


class Innocent(attacks.Threads):
    """One request on a connection of its own, each 50 ms, and how long each took."""

    def __init__(self, port, data):
        self.port, self.data, self.over, self.taken, self.statuses = port, data, threading.Event(), [], set()
        self.threads = [threading.Thread(target=self._run, daemon=True)]

    def _run(self):
        sock = raw.connect(self.port, 120)
        while not self.over.wait(0.05):
            began = time.perf_counter()
            self.statuses.add(raw.ask(self.port, self.data, sock)[0])
            self.taken.append((time.perf_counter() - began) * 1e3)


class Lanes(attacks.Attacked):
    def slowest(self, costly):
        """Of the innocents' requests, ms."""
        clients = {name: Innocent(self.server.port, data) for name, data in INNOCENT.items()}
        with attacks.Flood(self.server.port, attacks.FLOODS[costly](), CLIENTS) as flood:
            time.sleep(0.5)  # until all of them wait
            with contextlib.ExitStack() as stack:
                for client in clients.values():
                    stack.enter_context(client)
                time.sleep(SECONDS)
        self.assertEqual(flood.faults[:1], [], costly)
        for name, client in clients.items():
            self.assertEqual(client.statuses, {200}, f"{costly}: {name}")
            taken = sorted(client.taken)
            siege.report(waits=f"{name} beside {CLIENTS} x {costly}", count=len(taken), p50_ms=round(taken[len(taken) // 2], 1),
                         max_ms=round(taken[-1], 1), attack=flood.statuses)
        return max(max(client.taken) for client in clients.values())

    def test_a_quick_job_waits_for_quick_ones_alone(self):
        for costly in COSTLY if siege.STRICT else COSTLY[:1]:
            with self.subTest(costly):
                for _ in range(siege.TRIES):
                    slowest = self.slowest(costly)
                    if slowest < MOST:
                        break
                self.assertLess(slowest, MOST)


if __name__ == "__main__":
    unittest.main()

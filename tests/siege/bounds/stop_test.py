# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while clients have asked for half a minute of work: what is not done in time ends with an error that SDKs
repeat, which arrives, and the process ends."""
import json
import signal
import threading
import time
import unittest

import attacks
import raw
import siege

DRAIN_S = 5      # LIMIT_DRAIN_MS: what is under way may end
BEHIND_S = 1     # and so long after it the process has ended
SLACK_S = 0 if siege.STRICT else 10
CLIENTS = 400    # of 100 ms each, on as many workers as there are cores
SEARCH = attacks.searched()
TRANSACTION = raw.request("TransactWriteItems", attacks.checks(5))
SHUTTING_DOWN = "com.amazonaws.dynamodb.v20120810#InternalServerError"


class Stop(unittest.TestCase):
    def setUp(self):
        self.server = siege.Server("--durability", "none", in_memory=True).start()
        self.addCleanup(self.server.close)
        attacks.fill(self.server.port)
        self.answers, self.lost = [], []

    def ask(self, data):
        """One request; its answer, or that there is none, is kept."""
        try:
            self.answers.append(raw.ask(self.server.port, data, timeout=60))
        except OSError as error:
            self.lost.append(repr(error))

    def stop_beside(self, requests):
        """Seconds from SIGTERM to the end of the process."""
        threads = [threading.Thread(target=self.ask, args=(data,), daemon=True) for data in requests]
        for thread in threads:
            thread.start()
        time.sleep(2)  # all are read by then
        began = time.monotonic()
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(120), 0)
        took = time.monotonic() - began
        for thread in threads:
            thread.join(30)
        self.assertNotIn("Sanitizer", self.server.text())
        return took

    def check(self, name, requests):
        took = self.stop_beside(requests)
        ended = [json.loads(body) for status, body in self.answers if status == 500]
        siege.report(stop=name, seconds=round(took, 2), answered=len(self.answers), ended=len(ended), lost=len(self.lost))
        self.assertEqual(self.lost[:3], [], f"{len(self.lost)} of {len(requests)} got no answer")
        self.assertTrue(ended, f"all was done in time: no test ({took:.1f} s)")
        self.assertEqual({(error["__type"], error["message"]) for error in ended}, {(SHUTTING_DOWN, "The server is shutting down")})
        self.assertLess(took, DRAIN_S + BEHIND_S + SLACK_S)

    @unittest.skipUnless(siege.STRICT, "both at once are quicker")
    def test_a_queue_of_searches(self):
        self.check("searches", [SEARCH] * CLIENTS)

    @unittest.skipUnless(siege.STRICT, "both at once are quicker")
    def test_transactions_that_wait_for_each_other(self):
        self.check("transactions", [TRANSACTION] * CLIENTS)

    def test_both(self):
        self.check("searches and transactions", [SEARCH, TRANSACTION] * (CLIENTS // 2))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""BatchExecuteStatement names a table that is deleted while its later statements run (findings-2.md, C1): what the answer
borrows must be held, even where the statement that met the table failed inside its write."""
import json
import time
import unittest

import load_test  # pylint: disable=unused-import  # its path
import raw
import siege

NAME = "u" * 250
FAILS = {"Statement": f"UPDATE {NAME} SET a=a+1 WHERE pk='k'"}  # a is a text: refused by table_write
SEARCHES = 20  # below what an expression may cost
SLOW = {"Statement": "UPDATE slow SET x=1 WHERE pk='l' AND (" + " OR ".join(["contains(d,?)"] * SEARCHES) + ")",
        "Parameters": [{"S": "x" * 1000 + "y"}] * SEARCHES}
DELAYS = [0.05, 0.2, 0.5] if not siege.STRICT else [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8]


class Reuse(unittest.TestCase):
    def setUp(self):
        self.server = siege.Server("--durability", "none", in_memory=True).start()
        self.addCleanup(self.server.close)
        raw.create_table(self.server.port, "slow")
        raw.put(self.server.port, "slow", {"pk": {"S": "l"}, "d": {"S": "x" * 390_000}})

    def answer_with(self, change, delay):
        """The name that the first statement's answer has after the change."""
        port = self.server.port
        raw.create_table(port, NAME)
        raw.put(port, NAME, {"pk": {"S": "k"}, "a": {"S": "text"}})
        sock = raw.connect(port)
        sock.sendall(raw.request("BatchExecuteStatement", {"Statements": [FAILS] + [SLOW] * 24}))
        time.sleep(delay)
        for operation, body in change:
            raw.call(port, operation, body)
        status, answer = raw.read(sock)
        sock.close()
        self.assertEqual(status, 200, answer[:300])
        return json.loads(answer)["Responses"][0]

    def always_named(self, *changes):
        """Whoever met the table names it; on a slow machine some changes come before the first statement."""
        met = 0
        for delay in DELAYS:
            first = self.answer_with([*changes, ("DeleteTable", {"TableName": NAME})], delay)
            if first["Error"]["Code"] == "ResourceNotFound":
                continue
            self.assertEqual((first["Error"]["Code"], first["TableName"]), ("ValidationError", NAME))
            met += 1
        self.assertGreater(met, 0, "the table was always gone before the first statement")

    def test_table_deleted(self):
        self.always_named()

    def test_table_changed(self):
        arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{NAME}"
        self.always_named(("TagResource", {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]}),
                          ("UntagResource", {"ResourceArn": arn, "TagKeys": ["k"]}))


if __name__ == "__main__":
    unittest.main()

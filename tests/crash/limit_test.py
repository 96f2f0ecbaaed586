# SPDX-License-Identifier: Apache-2.0
"""A limit of how long a file may become (ulimit -f): the write that goes past it is refused, the server lives and says
so, and what it acknowledged is there after a restart."""
import pathlib
import shutil
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError, all_items
from server import Server

LIMIT = 2 << 20
ITEM_BYTES = 100_000
ITEMS_MAX = 10 * LIMIT // ITEM_BYTES  # far more than fit into a log of that length
TABLE = {"TableName": "table", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}


class Limit(unittest.TestCase):
    def test_file_size(self):
        folder = tempfile.mkdtemp(prefix="stator-limit-")
        self.addCleanup(shutil.rmtree, folder)
        server = Server(data_dir=pathlib.Path(folder) / "data", file_bytes=LIMIT)
        self.addCleanup(lambda: server.running() and server.kill())
        server.start()
        client = Client(server.url)
        client.create_table(TABLE)
        written = self.fill(client)
        self.assertTrue(server.running(), server.text())
        self.assertIn("read-only until the server is started again", self.health(server))
        client.close()
        server.kill()
        server.limits.clear()
        server.start()
        client = Client(server.url)
        self.assertLessEqual(written, self.keys(client))
        client.call("PutItem", {"TableName": "table", "Item": {"pk": {"S": "after"}}})
        client.close()
        server.stop()

    def fill(self, client):
        """Writes until a write is refused; the keys of those that were not."""
        written = set()
        for i in range(ITEMS_MAX):
            try:
                client.call("PutItem", {"TableName": "table", "Item": {"pk": {"S": str(i)}, "text": {"S": "x" * ITEM_BYTES}}})
            except DynamoError as error:
                self.assertGreaterEqual(error.status, 500)
                self.assertTrue(written)
                return written
            written.add(str(i))
        self.fail("nothing was refused")

    def health(self, server):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(server.url + "/_stator/health", timeout=60)
        with caught.exception as answer:
            self.assertEqual(answer.status, 503)
            return answer.read().decode()

    @staticmethod
    def keys(client):
        return {item["pk"]["S"] for item in all_items(client, "Scan", {"TableName": "table", "ConsistentRead": True})}


if __name__ == "__main__":
    unittest.main()

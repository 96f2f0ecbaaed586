# SPDX-License-Identifier: Apache-2.0
"""The data directory from outside: whose it is, what else may lie there, and what happens when its disk is full or
read-only. The last two need root, to mount a small disk of their own.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]

import dynamo
from server import Server, find_binary

SCHEMA = {"TableName": "kept", "BillingMode": "PAY_PER_REQUEST",
          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
          "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
DISK_MB = 64


def refused(*flags):
    """Exit code and complaint of a server that has to refuse."""
    done = subprocess.run([find_binary(), "serve", "--port", "0", *map(str, flags)], capture_output=True, text=True,
                          timeout=30, check=False)
    return done.returncode, done.stderr


class Directory(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="stator-test-")
        self.addCleanup(temporary.cleanup)
        self.path = pathlib.Path(temporary.name)

    def start(self, path, *flags):
        server = Server(*flags, data_dir=path).start()
        self.addCleanup(lambda: server.running() and server.kill())
        client = dynamo.Client(server.url)
        self.addCleanup(client.close)
        return server, client

    def mount(self, options):
        path = self.path / "disk"
        path.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest("mount is refused: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=True)
        return path

    def assert_refused(self, *flags, says):
        code, complaint = refused(*flags)
        self.assertEqual(code, 1, complaint)
        self.assertTrue(complaint.startswith("stator: "), complaint)
        self.assertRegex(complaint, says)

    def test_one_server_owns_it(self):
        server, client = self.start(self.path / "data")
        client.call("CreateTable", SCHEMA)
        self.assert_refused("--data-dir", server.data_dir, says="in use")
        self.assertEqual(client.call("ListTables", {})["TableNames"], ["kept"])

    def test_it_keeps_its_shards(self):
        server, client = self.start(self.path / "data", "--shards", "3")
        client.call("CreateTable", SCHEMA)
        server.stop()
        self.assert_refused("--data-dir", server.data_dir, "--shards", "5", says=r"3.*5|5.*3")
        _, client = self.start(self.path / "data")
        self.assertEqual(client.call("ListTables", {})["TableNames"], ["kept"])

    def test_what_is_not_ours_is_left_alone(self):
        (self.path / "letters").mkdir()
        (self.path / "letters/letter.txt").write_text("Dear you", encoding="utf-8")
        self.assert_refused("--data-dir", self.path / "letters", says="letters")
        self.assertEqual([entry.name for entry in (self.path / "letters").iterdir()], ["letter.txt"])
        self.assert_refused("--data-dir", self.path / "letters/letter.txt", says="letter.txt")
        self.assertEqual((self.path / "letters/letter.txt").read_text(encoding="utf-8"), "Dear you")

    def test_a_disk_that_is_read_only(self):
        self.assert_refused("--data-dir", self.mount("ro") / "data", says="(?i)read-only")

    def test_a_disk_that_is_full(self):
        """Writes fail with an error, reads go on; with space again, so do writes, and nothing acknowledged is missing."""
        disk = self.mount(f"size={DISK_MB}m")
        server, client = self.start(disk / "data")
        client.call("CreateTable", SCHEMA)
        client.table_is("kept", lambda table: table["TableStatus"] == "ACTIVE")
        kept = 0
        client.call("PutItem", {"TableName": "kept", "Item": {"pk": {"S": "0"}}})
        with (disk / "ballast").open("wb") as ballast:
            try:
                for _ in range(DISK_MB):
                    ballast.write(b"x" * (1 << 20))
                    ballast.flush()
            except OSError:
                pass
        with self.assertRaises(dynamo.DynamoError) as caught:
            for kept in range(2000):
                client.call("PutItem", {"TableName": "kept", "Item": {"pk": {"S": str(kept + 1)}, "v": {"S": "x" * 50_000}}})
        self.assertEqual((caught.exception.status, caught.exception.type), (500, "InternalServerError"))
        self.assertIn("full", caught.exception.message)
        for number in range(kept + 1):
            self.assertIn("Item", client.call("GetItem", {"TableName": "kept", "Key": {"pk": {"S": str(number)}}}))
        (disk / "ballast").unlink()
        client.call("PutItem", {"TableName": "kept", "Item": {"pk": {"S": "after"}}})
        server.stop()
        server, client = self.start(disk / "data")
        self.assertEqual(client.call("Scan", {"TableName": "kept", "Select": "COUNT"})["Count"], kept + 2)


if __name__ == "__main__":
    unittest.main()

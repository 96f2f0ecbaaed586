# SPDX-License-Identifier: Apache-2.0
"""Every example does what its comment says, twice in a row on one server: the second time the tables are there."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import ROOT, Server, find_binary  # noqa: E402

SAYS = {
    "quick_start": "The Eiger is 3967 m high and has 3 attributes.\n",
    "conditional_update": "counted to 1\ncounted to 2\ncounted to 3\nrefused at 3: The conditional request failed\n",
    "query_pages": "order 248\norder 246\norder 244\n125 paid orders\n",
    "batch_load": "10000 items written\n",
    "transaction": "70 from anna to ben: done\n70 from anna to ben: refused: ConditionalCheckFailed, None\n"
                   "10 from anna to nobody: refused: None, ConditionalCheckFailed\n",
    "real_service": "",
}
STREAM = ("INSERT: two bottles\nMODIFY: three bottles\n", "MODIFY: two bottles\nMODIFY: three bottles\n")


class Examples(unittest.TestCase):
    def say(self, server, name):
        program = find_binary("examples/" + name)
        done = subprocess.run([str(program), server.url], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_each_says_what_it_should(self):
        for name, expected in SAYS.items():
            with self.subTest(name), Server("--in-memory") as server:
                for _ in range(2):
                    self.assertEqual(self.say(server, name), expected)

    def test_the_stream_is_followed(self):
        with Server("--in-memory") as server:
            self.assertEqual([self.say(server, "follow_stream") for _ in range(2)], list(STREAM))

    def test_the_real_service_lists_tables(self):
        with Server("--in-memory") as server:
            self.say(server, "quick_start")
            self.say(server, "transaction")
            self.assertEqual(self.say(server, "real_service"), "Accounts\nMountains\n")

    def list_tables(self, files=(), **variables):
        """real_service with no argument, a home of its own with these files, and these variables alone."""
        with tempfile.TemporaryDirectory() as home:
            for name, text in files:
                (pathlib.Path(home) / ".aws").mkdir(exist_ok=True)
                (pathlib.Path(home) / ".aws" / name).write_text(text)
            return subprocess.run([str(find_binary("examples/real_service"))], text=True, capture_output=True, timeout=60,
                                  env={"HOME": home, "PATH": os.environ["PATH"], **variables})

    def test_the_endpoint_is_found(self):
        with Server("--in-memory") as server:
            self.say(server, "quick_start")
            config = f"[profile here]\nendpoint_url = {server.url}\nregion = eu-west-2\n"
            cases = (
                ({"AWS_ENDPOINT_URL": server.url}, ()),
                ({"AWS_ENDPOINT_URL_DYNAMODB": server.url, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, ()),
                ({"AWS_PROFILE": "here"}, (("config", config),)),
            )
            for variables, files in cases:
                with self.subTest(variables):
                    done = self.list_tables(files, **variables)
                    self.assertEqual((done.returncode, done.stdout), (0, "Mountains\n"), done.stderr)

    def test_the_real_service_needs_credentials(self):
        done = self.list_tables(AWS_REGION="eu-central-1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("AWS_ACCESS_KEY_ID", done.stderr)
        done = self.list_tables(AWS_REGION="eu-central-1", AWS_PROFILE="nobody")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody", done.stderr)

    def test_all_are_listed(self):
        folder = ROOT / "client/examples"
        readme = (folder / "README.md").read_text()
        for path in folder.glob("*.c"):
            self.assertIn(f"`{path.stem}`", readme)


if __name__ == "__main__":
    unittest.main()

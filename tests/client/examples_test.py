# SPDX-License-Identifier: Apache-2.0
"""The programs of client/examples do what they say, against a real Stator."""
import subprocess
import unittest

from server import Server, find_binary


class Examples(unittest.TestCase):
    def run_example(self, name):
        try:
            program = find_binary("example_" + name)
        except FileNotFoundError:
            self.skipTest(f"{name} is not built here")
        with Server("--in-memory") as server:
            done = subprocess.run([program, server.url], capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_async_poll(self):
        self.assertEqual(self.run_example("async_poll"), "100 written, 100 read back\n")

    def test_async_epoll(self):
        self.assertEqual(self.run_example("async_epoll"), "100 written, 100 read back\n")

    def test_async_libuv(self):
        self.assertEqual(self.run_example("async_libuv"), "100 written, 100 read back\n")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Runs each program of this folder (test_*.c, built as client_*) against a server of its own. A program that makes no
case fail, but leaks or is caught by a sanitizer, fails too: its exit code says so."""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Server, find_binary  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


class Programs(unittest.TestCase):
    def run_program(self, name):
        with Server("--in-memory") as server:
            done = subprocess.run([str(find_binary(name.replace("test_", "client_")))], text=True, capture_output=True,
                                  env={**os.environ, "STATOR_ENDPOINT": server.url}, timeout=110)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def case(name):
    return lambda self: self.run_program(name)


for path in sorted(HERE.glob("test_*.c")):
    setattr(Programs, path.stem, case(path.stem))

if __name__ == "__main__":
    unittest.main()

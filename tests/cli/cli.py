# SPDX-License-Identifier: Apache-2.0
"""A test of the command line with a server of its own.

    self.run_cli("get", "users", "ann")               # standard output; fails if the exit code is not 0
    self.refused(3, "no such item", "get", "users", "nobody")
    self.on_terminal("scan", "users", columns=40)     # what a terminal of that width shows
"""
import fcntl
import json
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client
from server import Server, find_binary

SECONDS = 120  # for a command; a slow machine is no failure


def program():
    """stator-cli of the build under test."""
    beside = find_binary().parent / "stator-cli"
    return str(beside if beside.exists() else find_binary("stator-cli"))


def environment(**more):
    """Without what the machine's owner has set for AWS, Stator or colours."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("STATOR_", "AWS_")) and name not in ("NO_COLOR", "COLUMNS")}
    return {**clean, "HOME": "/nonexistent", **more}


class Case(unittest.TestCase):
    maxDiff = None
    flags = ()

    def setUp(self):
        self.server = Server("--durability", "none", *self.flags, in_memory=True)
        self.addCleanup(self.server.close)  # also when a setUp fails
        self.server.start()
        self.client = Client(self.server.url)
        self.addCleanup(self.client.close)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stator-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def environment(self):
        return environment(STATOR_ENDPOINT=self.server.url)

    def attempt(self, *arguments, stdin=None, more=None):
        """Exit code, standard output, standard error."""
        done = subprocess.run([program(), *map(str, arguments)], input=stdin, capture_output=True, timeout=SECONDS, check=False,
                              env={**self.environment(), **(more or {})}, stdin=None if stdin is not None else subprocess.DEVNULL)
        error = done.stderr.decode()
        self.assertNotIn("Sanitizer", error)
        self.assertNotIn("runtime error", error)
        return done.returncode, done.stdout.decode(), error

    def run_cli(self, *arguments, stdin=None):
        code, out, error = self.attempt(*arguments, stdin=stdin)
        self.assertEqual(code, 0, error)
        return out

    def json(self, *arguments, stdin=None):
        return json.loads(self.run_cli(*arguments, stdin=stdin))

    def refused(self, code, text, *arguments, stdin=None):
        got, out, error = self.attempt(*arguments, stdin=stdin)
        self.assertEqual((got, text in error), (code, True), error)
        return out

    def on_terminal(self, *arguments, columns=80, code=0):
        """What a terminal shows, standard error included."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([program(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                   env={**self.environment(), "TERM": "xterm"})
        os.close(theirs)
        shown = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            shown += block
        os.close(ours)
        self.assertEqual(process.wait(SECONDS), code, shown)
        return shown.decode().replace("\r\n", "\n")

    def items(self, table, client=None):
        """All items, in the order of their keys as text; of another server by a client of it."""
        found, request = [], {"TableName": table}
        while True:
            page = (client or self.client).call("Scan", request)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                return sorted(found, key=lambda item: json.dumps(item.get("id")))
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def table(self, name="users", **more):
        self.client.create_table({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
                                  "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                                  "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], **more})

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

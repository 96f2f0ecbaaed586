# SPDX-License-Identifier: Apache-2.0
"""A test with a server of its own and a client of it."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError
from server import Server


class Case(unittest.TestCase):
    flags, in_memory = (), True
    maxDiff = None

    def setUp(self):
        self.server = Server("--durability", "none" if self.in_memory else "process", *self.flags,
                             in_memory=self.in_memory)
        self.server.start()
        self.client = Client(self.server.url)

    def tearDown(self):
        self.client.close()
        self.server.close()

    def call(self, operation, **request):
        return self.client.call(operation, request)

    def refused(self, kind, message, operation, **request):
        with self.assertRaises(DynamoError) as raised:
            self.client.call(operation, request)
        self.assertEqual((raised.exception.type, raised.exception.message), (kind, message))

    def invalid(self, message, operation, **request):
        self.refused("ValidationException", message, operation, **request)

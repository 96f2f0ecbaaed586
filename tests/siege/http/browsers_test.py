# SPDX-License-Identifier: Apache-2.0
"""What a web page that somebody visits may do to a server on their machine (findings-2.md, H4): nothing. Each way in is tried
with an operation that changes data, and the data is looked at afterwards."""
import json
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / folder) for folder in ("support", "wire")]

from wire import Server, Wire, request

EVIL = "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,x-amz-target"}

# What browsers send for a page of a stranger's: fetch, a form, an image; a page whose name the stranger has let point here
# (rebinding); a sandboxed frame and a file; origins that look like ours and are not.
FOREIGN = {
    "fetch": {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    "fetch of an old browser": {"Origin": EVIL},
    "without Origin": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "of the same site": {"Sec-Fetch-Site": "same-site"},
    "rebinding": {"Host": "rebind.evil.example:8000", "Origin": "http://rebind.evil.example:8000", "Sec-Fetch-Site": "same-origin"},
    "rebinding, an old browser": {"Host": "rebind.evil.example:8000", "Origin": "http://rebind.evil.example:8000"},
    "sandbox": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a name that begins like ours": {"Origin": "http://localhost.evil.example"},
    "a name that ends like ours": {"Origin": "http://notlocalhost"},
    "a user like ours": {"Origin": "http://localhost@evil.example"},
    "an address like ours": {"Origin": "http://127.0.0.1.evil.example"},
}
TYPES = ("application/x-amz-json-1.0", "application/json", "text/plain", "application/x-www-form-urlencoded")
TABLE = {"TableName": "mine", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}


class Browsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(in_memory=True).start()
        cls.addClassCleanup(cls.server.close)
        cls.call("CreateTable", TABLE)

    @classmethod
    def ask(cls, data):
        with Wire(cls.server) as wire:
            return wire.ask(data)

    @classmethod
    def call(cls, operation, body):
        """As a program does."""
        response = cls.ask(request(json.dumps(body), operation=operation))
        if response.status != 200:
            raise AssertionError(response)
        return json.loads(response.plain())

    def check_untouched(self):
        self.assertEqual(self.call("ListTables", {})["TableNames"], ["mine"])
        self.assertEqual(self.call("Scan", {"TableName": "mine"})["Items"], [])

    def test_no_page_reads_or_changes(self):
        changes = {"PutItem": {"TableName": "mine", "Item": {"pk": {"S": "evil"}}}, "DeleteTable": {"TableName": "mine"},
                   "CreateTable": {**TABLE, "TableName": "evil"}, "ListTables": {}}
        for name, headers in FOREIGN.items():
            for operation, body in changes.items():
                for kind in TYPES:
                    with self.subTest(name, operation=operation, type=kind):
                        response = self.ask(request(json.dumps(body), operation=operation, headers={"Content-Type": kind, **headers}))
                        self.assertEqual(response.status, 403)
                        self.assertIsNone(response.header("Access-Control-Allow-Origin"))
                        self.assertNotIn(b"TableNames", response.body)
        self.check_untouched()

    def test_no_page_is_promised_anything(self):
        for name, headers in FOREIGN.items():
            with self.subTest(name):
                response = self.ask(request(method="OPTIONS", headers={**headers, **PREFLIGHT}))
                for header in "Origin", "Headers", "Methods", "Private-Network":
                    self.assertIsNone(response.header(f"Access-Control-Allow-{header}"))

    def test_operators_pages(self):
        for name, headers in FOREIGN.items():
            for path in "/_stator/metrics", "/_stator/status":
                with self.subTest(name, path=path):
                    response = self.ask(request(method="GET", path=path, headers=headers))
                    self.assertEqual(response.status, 403)
                    self.assertIsNone(response.header("Access-Control-Allow-Origin"))

    def test_programs_and_pages_of_this_machine_notice_nothing(self):
        for headers in {}, {"Host": "stator.default.svc:8000"}, {"Origin": "http://localhost:3000"}, {"Origin": "http://127.0.0.1:5173"}:
            with self.subTest(headers):
                response = self.ask(request("{}", operation="ListTables", headers=headers))
                self.assertEqual((response.status, response.header("Access-Control-Allow-Origin")), (200, headers.get("Origin")))


if __name__ == "__main__":
    unittest.main()

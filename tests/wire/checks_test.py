#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service's checks before an operation, in its order, with the bodies and checksums it was seen to send."""
import json
import unittest
import zlib

from wire import AMZ_JSON, AUTHORIZATION, DATE, Server, Wire, request

JSON = "application/json"
C = "com.amazon.coral.service#"
NOT_FOUND = b"<UnknownOperationException/>\n"
SERIALIZATION = b'{"__type":"com.amazon.coral.service#SerializationException"}'
UNKNOWN = b'{"__type":"com.amazon.coral.service#UnknownOperationException"}'
TARGET = "DynamoDB_20120810.ListTables"


class Checks(unittest.TestCase):
    """All on one server; each request on its own connection."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(binary="stator-fake", in_memory=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def ask(self, data, head=False):
        with Wire(self.server) as wire:
            response = wire.ask(data, head)
        self.assertRegex(response.header("x-amzn-RequestId"), r"^[0-9A-Z]{52}$")
        self.assertIn("x-amzn-RequestId", response.names())  # in this very case
        self.assertRegex(response.header("Date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertTrue(response.header("Server"))
        return response

    def expect(self, data, status, body, crc=None, content_type=None):
        response = self.ask(data)
        self.assertEqual((response.status, response.body), (status, body))
        self.assertEqual(response.header("x-amz-crc32"), str(zlib.crc32(body)))
        if crc is not None:
            self.assertEqual(response.header("x-amz-crc32"), str(crc))
        self.assertEqual(response.header("Content-Type"), content_type)
        self.assertEqual(response.header("Content-Length"), str(len(body)))
        return response

    def test_get(self):
        text = b"healthy: dynamodb.us-east-1.amazonaws.com "
        self.expect(request(method="GET", headers={}), 200, text, 3128867991)
        self.expect(request(method="GET", headers={}, path="/?x"), 200, text)
        self.expect(request(method="GET", headers={}, path="/any/where?x"), 404, NOT_FOUND)

    def test_head(self):
        response = self.ask(request(method="HEAD", headers={}), head=True)
        self.assertEqual((response.status, response.header("Content-Length")), (200, "42"))

    def test_not_found(self):
        for data in [
                request(method="PUT", headers={}),
                request(method="DELETE", headers={}),
                request(method="OPTIONS", headers={}),
                request(method="PATCH", headers={"Content-Type": JSON}, body="{}"),
                request("hi", headers={}),
                request("hi", headers={"Content-Type": "whatever"}),
                request("hi", headers={"Content-Type": "application/x-amz-json-1.1"}),
                request("hi", headers={"Content-Type": "application/jsonasdf"}),
                request("hi", headers={"Content-Type": "application/jso"}),
                request("hi", headers={"Content-Type": ""}),
                request("{}", path="/any/where"),
        ]:
            with self.subTest(data=data[:200]):
                self.expect(data, 404, NOT_FOUND, 3552371480)

    def test_body_that_is_not_json(self):
        for given, echoed in [
                ("application/json", JSON),
                ("application/x-amz-json-1.0", AMZ_JSON),
                ("application/json;", JSON),
                ("  application/json  ;   asfd", JSON),
                ("application/json;blahblah", JSON),
                ("application/x-amz-json-1.0;blahblah", AMZ_JSON),
                ("Application/X-AMZ-JSON-1.0", AMZ_JSON),
        ]:
            with self.subTest(given=given):
                self.expect(request("hi", headers={"Content-Type": given}), 400, SERIALIZATION, 3948637019, echoed)

    def test_not_json_comes_before_target_and_signature(self):
        for extra in [{}, {"X-Amz-Target": TARGET}, {"X-Amz-Target": "x", "Authorization": AUTHORIZATION}]:
            with self.subTest(extra=extra):
                self.expect(request('{"a":', headers={"Content-Type": JSON, **extra}), 400, SERIALIZATION,
                            content_type=JSON)

    def test_unknown_operation(self):
        for headers, body, echoed in [
                ({}, "", JSON),
                ({"Content-Type": JSON}, "{}", JSON),
                ({"Content-Type": AMZ_JSON}, "{}", AMZ_JSON),
                ({"Content-Type": "application/json;charset=asfdsaf"}, "{}", JSON),
                ({"X-Amz-Target": "whatever"}, "", JSON),
                ({"X-Amz-Target": "DynamoDB_20120810.ListTable"}, "", JSON),
                ({"X-Amz-Target": "DynamoDB_20120810.ListTables2"}, "", JSON),
                ({"X-Amz-Target": "DynamoDB_20111205.ListTables"}, "", JSON),
                ({"X-Amz-Target": "dynamodb_20120810.ListTables"}, "", JSON),
                ({"X-Amz-Target": "ListTables"}, "", JSON),
                ({"X-Amz-Target": ""}, "", JSON),
        ]:
            with self.subTest(headers=headers, body=body):
                self.expect(request(body, headers=headers), 400, UNKNOWN, 1368724161, echoed)

    def refused(self, name, message, crc=None, path="/", body="", **headers):
        given = {"X-Amz-Target": TARGET}
        given.update({key.replace("_", "-"): value for key, value in headers.items()})
        if body:
            given["Content-Type"] = JSON
        expected = json.dumps({"__type": C + name, "message": message}, separators=(",", ":")).encode()
        self.expect(request(body, path=path, headers=given), 400, expected, crc, JSON)

    def test_missing_authentication(self):
        for path, headers in [("/", {}), ("/", {"Authorization": "AWS4"}), ("/", {"Authorization": "Bearer x"}),
                              ("/?X-Amz-Algorith", {"Authorization": "X"}),
                              ("/?X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", {})]:
            with self.subTest(path=path, headers=headers):
                self.refused("MissingAuthenticationTokenException", "Request is missing Authentication Token", 2088342776,
                             path, **headers)

    def test_both_kinds_of_signature(self):
        self.refused("InvalidSignatureException",
                     "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
                     2139606068, "/?X-Amz-Algorithm", Authorization="X")

    def test_incomplete_signature(self):
        need = "Authorization header requires '%s' parameter. "
        date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        query = "AWS query-string parameters must include 'X-Amz-%s'. "
        name = "IncompleteSignatureException"
        self.refused(name, need % "Credential" + need % "Signature" + need % "SignedHeaders" + date +
                     "Authorization=AWS4-", 1828866742, Authorization="AWS4-")
        for text, crc in [("AWS4- Signature=b Credential=a", 15336762), ("AWS4- Signature=b,Credential=a", 1159703774),
                          ("AWS4- Signature=b, Credential=a", 164353342)]:
            self.refused(name, need % "SignedHeaders" + "Authorization=" + text, crc, Authorization=text, Date="a")
        self.refused(name, "".join(query % part for part in
                                   ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"]) +
                     "Re-examine the query-string parameters.", 2900502663, "/?X-Amz-Algorithm")
        self.refused(name, query % "SignedHeaders" + "Re-examine the query-string parameters.", 3712057481,
                     "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d")

    def test_malformed_credential(self):
        self.refused("IncompleteSignatureException",
                     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
                     "'a/b'", Authorization="AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c",
                     X_Amz_Date=DATE)

    def test_text_of_the_client_in_a_message(self):
        response = self.ask(request(headers={"X-Amz-Target": TARGET, "Authorization": 'AWS4- "\xff\t\\' + "x" * 5000}))
        message = json.loads(response.body)["message"]
        self.assertIn('Authorization=AWS4- "?\t\\xxx', message)
        self.assertLess(len(message), 2048)

    def test_presigned(self):
        path = ("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20130609%2Fus-east-1%2Fdynamodb%2F"
                "aws4_request&X-Amz-Date=" + DATE + "&X-Amz-SignedHeaders=host&X-Amz-Signature=b")
        self.expect(request("{}", path=path, headers={"X-Amz-Target": TARGET, "Content-Type": AMZ_JSON}), 200,
                    b'{"TableNames":[]}', content_type=AMZ_JSON)

    def test_empty_body_after_authentication(self):
        self.refused("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        self.expect(request(""), 400, SERIALIZATION, 3948637019, AMZ_JSON)

    def test_success(self):
        body = b'{"TableNames":[]}'
        self.expect(request("{}"), 200, body, content_type=AMZ_JSON)
        self.expect(request("{}", operation="ListTables", headers={"Content-Type": JSON}), 200, body, content_type=JSON)

    def test_the_key_that_signed_is_known(self):
        response = self.ask(request('{"Fail":1}'))
        self.assertEqual(json.loads(response.body)["message"], "failed as told by AKIDEXAMPLE")

    def test_request_ids_differ(self):
        ids = {self.ask(request("{}")).header("x-amzn-RequestId") for _ in range(20)}
        self.assertEqual(len(ids), 20)


class Pages(unittest.TestCase):
    """Which web pages may use the server, and the headers for their browsers."""

    EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
    HERE, ELSEWHERE = "http://localhost:3000", "https://elsewhere.example"
    PREFLIGHT = {"Access-Control-Request-Headers": "authorization, content-type, x-amz-target", "Access-Control-Request-Method": "POST"}

    @classmethod
    def setUpClass(cls):
        cls.servers = {name: Server(*flags, binary="stator-fake", in_memory=True).start() for name, flags in {
            "plain": [], "listed": ["--cors", "http://a.example,http://b.example"], "any": ["--cors", "*"],
            "local": ["-jar", "DynamoDBLocal.jar"], "named": ["--operator-hosts", "db.example.com"]}.items()}

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers.values():
            server.stop()
            server.remove()

    def ask(self, data, server="plain"):
        """The answer, and its headers for browsers."""
        with Wire(self.servers[server]) as wire:
            response = wire.ask(data)
        self.assertRegex(response.header("x-amzn-RequestId"), r"^[0-9A-Z]{52}$")
        return response, {name.lower(): value for name, value in response.headers
                          if name.lower().startswith("access-control-") or name.lower() == "vary"}

    def call(self, server="plain", **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(request("{}", operation="ListTables", headers=given), server)

    def let_read(self, origin):
        headers = {"access-control-allow-origin": origin, "access-control-expose-headers": self.EXPOSED}
        return headers if origin == "*" else {**headers, "vary": "Origin"}

    def test_programs(self):
        """Without Origin and Sec-Fetch-Site there is no page; node's fetch sends a Sec-Fetch-Mode."""
        for server in self.servers:
            for headers in {}, {"Host": "evil.example"}, {"Host": "10.1.2.3:8000"}, {"Sec_Fetch_Mode": "cors"}:
                response, cors = self.call(server, **headers)
                self.assertEqual((response.status, cors), (200, {}))
        for data in request(method="GET", headers={}), request(method="OPTIONS", headers={}):
            self.assertEqual(self.ask(data)[1], {})

    def test_pages_of_this_machine(self):
        for origin in self.HERE, "https://localhost", "http://127.0.0.1:5173", "http://[::1]:8080", "http://app.localhost":
            for server in "plain", "listed":
                response, cors = self.call(server, Origin=origin, Sec_Fetch_Site="cross-site")
                self.assertEqual((response.status, cors), (200, self.let_read(origin)))

    def test_every_answer(self):
        origin = {"Origin": self.HERE}
        for data, status in [
                (request("{}", operation="ListTables", headers=origin), 200),
                (request(method="GET", headers=origin), 200),
                (request("hi", headers=origin), 404),
                (request("{}", headers={**origin, "Content-Type": JSON}), 400),
                (request(headers={**origin, "Content-Length": "99999999999"}, length=False), 413),
        ]:
            response, cors = self.ask(data)
            self.assertEqual((response.status, cors), (status, self.let_read(self.HERE)))

    def test_foreign_pages(self):
        """They neither read nor change anything, and are told why."""
        for headers in ({"Origin": self.ELSEWHERE}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://localhost.evil.example"},
                        {"Origin": self.ELSEWHERE, "Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"}, {"Host": "evil.example", "Origin": "http://evil.example"},
                        {"Host": "evil.example:8000", "Origin": "http://evil.example:8000", "Sec_Fetch_Site": "same-origin"},
                        {"Host": "evil.example", "Sec_Fetch_Site": "same-origin"}):
            for server in "plain", "listed":
                with self.subTest(headers=headers, server=server):
                    response, cors = self.call(server, **headers)
                    self.assertEqual((response.status, cors), (403, {}))
                    refusal = json.loads(response.body)
                    self.assertEqual(refusal["__type"], C + "AccessDeniedException")
                    self.assertIn("--cors", refusal["Message"])
        for method in "GET", "POST", "OPTIONS", "PUT":
            response, cors = self.ask(request(method=method, headers={"Origin": self.ELSEWHERE, **self.PREFLIGHT}))
            self.assertEqual((response.status, cors), (403, {}))

    def test_the_log_has_it_once(self):
        with Server(binary="stator-fake", in_memory=True) as server:
            for origin in self.HERE, self.ELSEWHERE, "http://another.example", self.ELSEWHERE:
                with Wire(server) as wire:
                    wire.ask(request("{}", operation="ListTables", headers={"Origin": origin}))
            server.stop()
            self.assertEqual(server.text().count("refusing web pages"), 1)
            self.assertIn(f"origin={self.ELSEWHERE} host=localhost", server.text())

    def test_foreign_pages_change_nothing(self):
        self.assertEqual(self.ask(request('{"Fail":1}'))[0].status, 400)  # an operation that is run does fail so
        response, _ = self.ask(request('{"Fail":1}', operation="ListTables", headers={"Origin": self.ELSEWHERE}))
        self.assertEqual(response.status, 403)

    def test_pages_of_our_own_name(self):
        for host in "10.1.2.3:8000", "stator:8000", "db.internal", "db.example.com":
            origin = {"Host": host, "Origin": "http://" + host, "Sec_Fetch_Site": "same-origin"}
            self.assertEqual(self.call("named", **origin)[0].status, 200)
            self.assertEqual(self.call(**origin)[0].status, 403 if host == "db.example.com" else 200)

    def test_preflight(self):
        for server, origin, allowed in (("plain", self.HERE, self.HERE), ("listed", "http://b.example", "http://b.example"),
                                        ("any", self.ELSEWHERE, "*"), ("local", "whatever", "*")):
            response, cors = self.ask(request(method="OPTIONS", headers={"Origin": origin, **self.PREFLIGHT}), server)
            self.assertEqual((response.status, response.body, response.header("Content-Length")), (200, b"", "0"))
            self.assertEqual(cors, {**self.let_read(allowed), "access-control-max-age": "172800", "access-control-allow-methods": "POST",
                                    "access-control-allow-headers": "authorization, content-type, x-amz-target"})
            _, cors = self.ask(request(method="OPTIONS", headers={"Origin": origin}), server)
            self.assertEqual(cors, {**self.let_read(allowed), "access-control-max-age": "172800"})

    def test_listed_origins(self):
        for origin, allowed in [("http://a.example", True), ("http://b.example", True), ("http://c.example", False),
                                ("https://a.example", False), ("http://a.example:8", False), ("*", False),
                                ("http://a.example,http://b.example", False)]:
            response, cors = self.call("listed", Origin=origin, Sec_Fetch_Site="cross-site")
            self.assertEqual((response.status, cors), (200, self.let_read(origin)) if allowed else (403, {}))

    def test_all_origins(self):
        for server in "any", "local":
            for headers in {"Origin": self.ELSEWHERE}, {"Origin": "null"}, {"Host": "evil.example", "Origin": "http://evil.example"}:
                response, cors = self.call(server, **headers)
                self.assertEqual((response.status, cors), (200, self.let_read("*")))
            self.assertEqual(self.call(server, Sec_Fetch_Site="cross-site")[0].status, 200)

    def test_local_takes_any_path(self):
        for path in "/", "/any/where", "/%2F":
            self.assertEqual(self.ask(request("{}", path=path), "local")[0].status, 200)


if __name__ == "__main__":
    unittest.main()

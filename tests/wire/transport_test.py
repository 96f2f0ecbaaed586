#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 itself: connections, bodies, limits, compression."""
import gzip
import json
import socket
import time
import unittest
import zlib

from wire import AMZ_JSON, BODY_MAX, Closed, Server, Wire, request

EMPTY = b'{"TableNames":[]}'


class Transport(unittest.TestCase):
    """All on one server."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(binary="stator-fake", in_memory=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def wire(self):
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        return wire

    def still_serves(self, wire):
        response = wire.ask(request("{}"))
        self.assertEqual((response.status, response.body), (200, EMPTY))

    # --- Connections ---

    def test_keep_alive(self):
        wire = self.wire()
        for _ in range(100):
            self.assertEqual(wire.ask(request("{}")).header("Connection"), "keep-alive")

    def test_close_when_asked(self):
        wire = self.wire()
        response = wire.ask(request("{}", operation="ListTables", headers={"Connection": "close"}))
        self.assertEqual((response.status, response.header("Connection")), (200, "close"))
        self.assertTrue(wire.at_end())

    def test_http_1_0(self):
        wire = self.wire()
        response = wire.ask(request("{}", version="HTTP/1.0"))
        self.assertEqual((response.status, response.body), (200, EMPTY))
        self.assertTrue(wire.at_end())

    def test_pipelined(self):
        wire = self.wire()
        sizes = [0, 100000, 1, 64, 5000, 2000000, 0]
        wire.send(b"".join(request(json.dumps({"Size": size, "Work": size % 3, "Sync": size % 2})) for size in sizes))
        for size in sizes:
            body = json.loads(wire.read().body)
            self.assertEqual(len(body.get("Pad", "")), (size + 63) // 64 * 64)

    def test_more_comes_while_a_request_is_away(self):
        """Whole requests, a part of one and the rest of it later; the views into the first stay what they are."""
        for away in {"Work": 2, "StepMs": 30}, {"Sync": 60}, {"Work": 1, "StepMs": 20, "Sync": 40}:
            for size in 0, 100000:
                with self.subTest(away=away, size=size):
                    wire = self.wire()
                    more = request(json.dumps({"Size": 640, "Pad": "y" * size})) * 2
                    wire.send(request(json.dumps({"Size": 64, "Pad": "x" * size, **away}), operation="ListTables",
                                      headers={"Origin": "http://here.localhost"}))
                    for piece in more[:100], more[100:-50]:
                        time.sleep(0.01)
                        wire.send(piece)
                    response = wire.read()
                    self.assertEqual(response.header("Access-Control-Allow-Origin"), "http://here.localhost")
                    self.assertEqual(len(json.loads(response.body)["Pad"]), 64)
                    self.assertEqual(len(json.loads(wire.read().body)["Pad"]), 640)
                    wire.send(more[-50:])
                    self.assertEqual(len(json.loads(wire.read().body)["Pad"]), 640)
                    self.still_serves(wire)

    def test_more_comes_before_a_large_answer_is_compressed(self):
        for away in {"Sync": 30}, {"Work": 1, "StepMs": 20}:
            wire = self.wire()
            wire.send(request(json.dumps({"Size": 4000000, **away}), operation="ListTables",
                              headers={"Accept-Encoding": "gzip"}))
            time.sleep(0.01)
            wire.send(request('{"Size":64}'))
            self.assertGreater(len(json.loads(gzip.decompress(wire.read().body))["Pad"]), 3999999)
            self.assertEqual(len(json.loads(wire.read().body)["Pad"]), 64)
            self.still_serves(wire)

    def test_what_is_sent_ahead_is_bounded(self):
        """Small requests that wait for their sync, one behind the other as fast as they go: no more of them is read than
        is answered, but for what sockets hold."""
        wire, one = self.wire(), request(json.dumps({"Sync": 1}))
        ahead, answered, end = 0, 0, time.monotonic() + 4
        block = one * 2000
        wire.socket.setblocking(False)
        while time.monotonic() < end:
            self.assertLess(ahead - answered * len(one), 40 << 20)
            try:
                ahead += wire.socket.send(block[ahead % len(one):])
            except BlockingIOError:
                time.sleep(0.001)
            try:
                answered += wire.socket.recv(1 << 20).count(b"HTTP/1.1 200 OK")
            except BlockingIOError:
                pass
        self.assertGreater(answered, 100)

    def test_one_byte_at_a_time(self):
        wire = self.wire()
        for byte in request('{"Size":1}'):
            wire.send(bytes([byte]))
        self.assertEqual(wire.read().status, 200)
        self.still_serves(wire)

    def test_half_closed_client_is_answered(self):
        wire = self.wire()
        wire.send(request('{"Work":2,"StepMs":20,"Sync":20}'))
        wire.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(wire.read().status, 200)
        self.assertTrue(wire.at_end())

    def test_http_2_is_off(self):
        wire = self.wire()
        wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.assertEqual(wire.read().status, 400)
        wire = self.wire()
        response = wire.ask(request("{}", operation="ListTables", headers={
            "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}))
        self.assertEqual(response.status, 200)

    # --- Bodies ---

    def test_chunked(self):
        wire = self.wire()
        head = request(operation="ListTables", headers={"Transfer-Encoding": "chunked"}, length=False)
        for chunks in [[b"{}"], [b"{", b"}"], [b" "] * 100 + [b"{}"]]:
            wire.send(head)
            for chunk in chunks:
                wire.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            wire.send(b"0\r\n\r\n")
            self.assertEqual(wire.read().body, EMPTY)
        self.still_serves(wire)

    def test_expect_continue(self):
        wire = self.wire()
        data = request('{"Size":1}', operation="ListTables", headers={"Expect": "100-continue"})
        head, body = data.split(b"\r\n\r\n", 1)
        wire.send(head + b"\r\n\r\n")
        self.assertEqual(wire.read().status, 100)
        wire.send(body)
        self.assertEqual(wire.read().status, 200)
        self.still_serves(wire)

    def test_unknown_expectation(self):
        wire = self.wire()
        response = wire.ask(request("{}", operation="ListTables", headers={"Expect": "a-miracle"}))
        self.refused_by_http(wire, response, 417)

    def refused_by_http(self, wire, response, status):
        self.assertEqual(response.status, status)
        self.assertRegex(response.header("x-amzn-RequestId"), r"^[0-9A-Z]{52}$")
        self.assertEqual(response.header("Connection"), "close")
        if status == 413:
            self.assertEqual((response.header("Transfer-Encoding"), response.body), ("chunked", b""))
        else:
            self.assertEqual(response.header("Content-Type"), "application/json")
            self.assertIn("SerializationException", json.loads(response.body)["__type"])
        self.assertTrue(wire.at_end())

    def test_largest_body(self):
        for chunked in False, True:
            wire = self.wire()
            body = b'{"Size":1' + b" " * (BODY_MAX - 10) + b"}"
            self.assertEqual(len(body), BODY_MAX)
            if chunked:
                wire.send(request(operation="ListTables", headers={"Transfer-Encoding": "chunked"}, length=False))
                wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            else:
                wire.send(request(body))
            self.assertEqual(wire.read().status, 200)
            self.still_serves(wire)

    def test_body_too_large(self):
        """By one byte and by much, announced and not, waited for and sent at once."""
        for size in BODY_MAX + 1, BODY_MAX + 2, 2 * BODY_MAX:
            for chunked in False, True:
                with self.subTest(size=size, chunked=chunked):
                    wire = self.wire()
                    body = b"a" * size
                    if chunked:
                        wire.send(request(operation="ListTables", headers={"Transfer-Encoding": "chunked"}, length=False))
                        wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
                    else:
                        wire.send(request(body, headers={}))
                    self.refused_by_http(wire, wire.read(), 413)

    def test_too_large_announced_only(self):
        wire = self.wire()
        response = wire.ask(request(operation="ListTables", length=False, headers={"Content-Length": str(2 ** 40)}))
        before = time.monotonic()
        self.refused_by_http(wire, response, 413)
        self.assertLess(time.monotonic() - before, 5)
        wire = self.wire()
        response = wire.ask(request(operation="ListTables", length=False, headers={
            "Content-Length": str(2 ** 40), "Expect": "100-continue"}))
        self.refused_by_http(wire, response, 413)

    def test_too_large_http_1_0(self):
        wire = self.wire()
        response = wire.ask(request(version="HTTP/1.0", length=False, headers={"Content-Length": str(2 ** 40)}))
        self.assertEqual(response.status, 413)
        self.assertIn("16 MiB", json.loads(response.body)["Message"])

    def test_wrong_lengths(self):
        for headers in [{"Content-Length": "x"}, {"Content-Length": "-1"}, {"Content-Length": str(2 ** 70)},
                        {"Content-Length": "1 1"}, {"Transfer-Encoding": "gzip, chunked"},
                        {"Transfer-Encoding": "whatever"}]:
            with self.subTest(headers=headers):
                wire = self.wire()
                response = wire.ask(request(operation="ListTables", headers=headers, length=False))
                self.refused_by_http(wire, response, 400)

    def test_broken_chunks(self):
        for chunks in b"x\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"2\r\n{}xx\r\n":
            with self.subTest(chunks=chunks):
                wire = self.wire()
                head = request(operation="ListTables", headers={"Transfer-Encoding": "chunked"}, length=False)
                response = wire.ask(head + chunks)
                self.refused_by_http(wire, response, 400)

    # --- Heads ---

    def test_largest_head(self):
        wire = self.wire()
        self.assertEqual(wire.ask(request("{}", operation="ListTables", headers={"X-Pad": "x" * 15000})).status, 200)
        self.still_serves(wire)

    def test_head_too_large(self):
        for data in [request("{}", operation="ListTables", headers={"X-Pad": "x" * 17000}),
                     request("{}", operation="ListTables", headers={f"X-{i}": "x" * 300 for i in range(60)}),
                     request("{}", path="/" + "x" * 17000)]:
            wire = self.wire()
            response = wire.ask(data)
            self.refused_by_http(wire, response, 400)

    def test_endless_head(self):
        wire = self.wire()
        wire.send(b"POST / HTTP/1.1\r\nX-Pad: ")
        try:
            for _ in range(1000):
                wire.send(b"x" * 4096)
            self.assertEqual(wire.read().status, 400)
        except (Closed, BrokenPipeError, ConnectionResetError):
            pass  # the refusal may be lost in the reset
        self.still_serves(self.wire())

    def test_too_many_headers(self):
        wire = self.wire()
        response = wire.ask(request("{}", headers={f"X-{i}": "x" for i in range(101)}))
        self.assertEqual(response.status, 400)
        self.assertTrue(wire.at_end())

    def test_what_is_not_http(self):
        for data in b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", \
                b"POST / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nno colon\r\n\r\n", b"*3\r\n$3\r\nSET\r\n":
            with self.subTest(data=data):
                wire = self.wire()
                self.refused_by_http(wire, wire.ask(data), 400)
        self.still_serves(self.wire())

    # --- Compression ---

    def packed(self, data, encoding, **headers):
        return self.wire().ask(request(data, operation="ListTables", headers={"Content-Encoding": encoding, **headers}))

    def test_compressed_requests(self):
        body = b'{"Size": 64}'
        raw = zlib.compressobj(9, zlib.DEFLATED, -15)
        for encoding, data in [("gzip", gzip.compress(body)), ("GZIP", gzip.compress(body)), ("deflate", zlib.compress(body)),
                               ("identity", body), ("gzip", gzip.compress(b'{"Si') + gzip.compress(b'ze": 64}')),
                               ("gzip", gzip.compress(body + b" " * (BODY_MAX - len(body))))]:
            response = self.packed(data, encoding)
            self.assertEqual((response.status, len(json.loads(response.body)["Pad"])), (200, 64))
        for encoding, data in [("gzip", b""), ("gzip", b"x"), ("gzip", body), ("gzip", gzip.compress(body)[:-1]),
                               ("gzip", gzip.compress(body) + b"x"), ("deflate", zlib.compress(body) + b"x"),
                               ("deflate", gzip.compress(body)), ("deflate", raw.compress(body) + raw.flush()),
                               ("br", body), ("gzip, gzip", gzip.compress(gzip.compress(body)))]:
            with self.subTest(encoding=encoding, data=data):
                response = self.packed(data, encoding)
                self.assertEqual(response.status, 500)
                self.assertEqual(json.loads(response.body), {"__type": "com.amazon.coral.service#InternalFailure"})

    def test_compressed_bomb(self):
        for size in BODY_MAX + 1, 4 * BODY_MAX:
            response = self.packed(gzip.compress(b" " * size, 9), "gzip")
            self.assertEqual((response.status, response.body), (413, b""))

    def test_compressed_answers(self):
        for size in 4000, 4096, 5000, 60000, 70000, 3000000:
            for work in 0, 1:
                for accept, encoding in [("gzip", "gzip"), ("deflate", "deflate"), ("br, deflate, gzip", "deflate"),
                                         ("*, gzip;q=0.5", "deflate"), ("gzip;q=0", None), ("identity", None)]:
                    with self.subTest(size=size, accept=accept, work=work):
                        response = self.wire().ask(request(json.dumps({"Size": size, "Work": work}), operation="ListTables",
                                                           headers={"Accept-Encoding": accept}))
                        plain = response.plain()
                        compressed = encoding is not None and len(plain) > 4096
                        self.assertEqual(len(json.loads(plain)["Pad"]), (size + 63) // 64 * 64)
                        self.assertEqual(response.header("Content-Encoding"), encoding if compressed else None)
                        self.assertEqual(response.header("x-amz-crc32"), None if compressed else str(zlib.crc32(plain)))
                        self.assertEqual(response.header("Content-Type"), AMZ_JSON)

    def test_of_two_headers_the_first_counts(self):
        for first, second in ("gzip", "deflate"), ("deflate", "gzip"):
            data = request('{"Size": 5000}', operation="ListTables", headers={"Accept-Encoding": f"{first}\r\nAccept-Encoding: {second}"})
            self.assertEqual(self.wire().ask(data).header("Content-Encoding"), first)

    # --- Answers ---

    def test_large_answers(self):
        wire = self.wire()
        for size in 1048576 - 100, 1048576, 1048576 * 2, 60 * 1048576:
            response = wire.ask(request(json.dumps({"Size": size})))
            self.assertEqual(response.header("x-amz-crc32"), str(zlib.crc32(response.body)))
            self.assertGreater(len(response.body), size)

    def test_answer_past_the_limit(self):
        wire = self.wire()
        response = wire.ask(request(json.dumps({"Size": 129 * 1048576})))
        self.assertEqual(response.status, 500)
        self.assertIn("InternalServerError", json.loads(response.body)["__type"])
        self.still_serves(wire)

    def test_sync_and_work(self):
        wire = self.wire()
        for body in {"Sync": 5}, {"Work": 1}, {"Work": 5, "StepMs": 2}, {"Work": 2, "Sync": 2}, {"Work": 1, "Size": 100000}:
            self.assertEqual(wire.ask(request(json.dumps(body))).status, 200)
        for body in {"Fail": 1}, {"Fail": 1, "Work": 2}:
            response = wire.ask(request(json.dumps(body)))
            self.assertEqual(response.status, 400)
            self.assertIn("com.amazon.coral.validate#ValidationException", json.loads(response.body)["__type"])
        for body in {"SyncFails": 1}, {"SyncFails": 1, "Work": 1}:
            response = wire.ask(request(json.dumps(body)))
            self.assertEqual(response.status, 500)
            self.assertIn("unknown", json.loads(response.body)["message"])


if __name__ == "__main__":
    unittest.main()

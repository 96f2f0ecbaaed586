# SPDX-License-Identifier: Apache-2.0
"""What the client makes of servers that misbehave: every case with calls that wait and with calls that a loop drives."""
import email.utils
import json
import re
import socket
import time
import unittest

import bad_server
from bad_server import BadServer, cut, drop, endless, error, ok, reset, send, stall, whole
from probing import Probe

ITEM = b'{"Item":{"pk":{"S":"a"}}}'
THROTTLED = error(400, "ProvisionedThroughputExceededException", headers={"x-amz-retry-after": 1})
CHUNKED = (b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: X\r\nTransfer-Encoding: chunked\r\n\r\n")


class Transport(unittest.TestCase):
    WAYS = ([], ["--async"])

    def ways(self, script, *arguments):
        """Runs the same calls in both ways, against a server each: [(server, probe)], the servers closed again."""
        runs = []
        for way in self.WAYS:
            with BadServer(script) as server:
                runs.append((server, Probe(server.url, *way, *arguments)))
        return runs

    def check(self, script, expected, *arguments, requests=None):
        """The outcome of one GetItem has these members."""
        for server, probe in self.ways(script, *arguments, "get"):
            outcome = probe.outcomes[0]
            self.assertEqual({name: outcome[name] for name in expected}, expected, (outcome, probe.log))
            self.assertEqual(len(probe.outcomes), 1)
            if requests is not None:
                self.assertEqual(len(server.requests), requests, probe.log)

    # --- Retries ---

    def test_first_attempt(self):
        self.check([ok(ITEM)], {"rc": "OK", "attempts": 1, "status": 200, "retryable": 0, "id": bad_server.REQUEST_ID},
                   requests=1)

    def test_transient_statuses(self):
        for status in (500, 502, 503, 504):
            self.check([error(status, "InternalServerError"), ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)
            self.check([ok(b"<html>", status=f"{status} No", headers={"x-amz-crc32": None}), ok(ITEM)],
                       {"rc": "OK", "attempts": 2}, requests=2)

    def test_gives_up(self):
        self.check([error(500, "InternalServerError", "again")],
                   {"rc": "INTERNAL_SERVER_ERROR", "attempts": 4, "status": 500, "retryable": 1, "message": "again",
                    "type": "InternalServerError"}, requests=4)
        self.check([error(500, "InternalServerError")], {"attempts": 2}, "--attempts", 2, requests=2)
        self.check([error(500, "InternalServerError")], {"attempts": 1, "retryable": 1}, "--attempts", 1, requests=1)

    def test_throttled(self):
        self.check([THROTTLED, ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)

    def test_not_retried(self):
        for status, name, rc, retryable in (
                (400, "ValidationException", "VALIDATION", 0),
                (400, "ConditionalCheckFailedException", "CONDITIONAL_CHECK_FAILED", 0),
                (400, "TransactionConflictException", "TRANSACTION_CONFLICT", 1),
                (400, "NovelException", "OTHER", 0),
                (501, "NovelException", "OTHER", 0)):
            self.check([error(status, name)], {"rc": rc, "attempts": 1, "status": status, "retryable": retryable,
                                               "type": name}, requests=1)

    def test_headers_over_attempts(self):
        """One invocation id, one token, attempts counted; the time to live once the server's time is known."""
        now = email.utils.formatdate(usegmt=True)
        for server, probe in self.ways([drop, error(500, "InternalServerError", headers={"Date": now}), ok()], "transact", "get"):
            first, second, third, other = server.requests
            self.assertEqual([outcome.rc for outcome in probe.outcomes], ["OK", "OK"])
            self.assertEqual(len({r.headers["amz-sdk-invocation-id"] for r in (first, second, third)}), 1)
            self.assertNotEqual(first.headers["amz-sdk-invocation-id"], other.headers["amz-sdk-invocation-id"])
            self.assertEqual(first.headers["amz-sdk-request"], "attempt=1; max=4")
            self.assertEqual(second.headers["amz-sdk-request"], "attempt=2; max=4")
            self.assertRegex(third.headers["amz-sdk-request"], r"^ttl=20\d{6}T\d{6}Z; attempt=3; max=4$")
            self.assertRegex(other.headers["amz-sdk-request"], r"^ttl=20\d{6}T\d{6}Z; attempt=1; max=4$")
            tokens = {json.loads(r.body)["ClientRequestToken"] for r in (first, second, third)}
            self.assertEqual(len(tokens), 1)
            self.assertEqual(first.body, third.body)
            self.assertNotIn("accept-encoding", first.headers)
            self.assertNotIn("expect", first.headers)

    def test_never_past_the_call(self):
        """A pause that the call has no time for is not begun: the error at hand is the answer."""
        wish = error(500, "InternalServerError", headers={"x-amz-retry-after": 5000})
        for server, probe in self.ways([wish], "--call-timeout", 4000, "get"):
            outcome = probe.outcomes[0]
            self.assertIn(outcome.rc, ("INTERNAL_SERVER_ERROR", "TIMED_OUT"))  # the latter on a machine that stands still
            self.assertLessEqual(outcome.attempts, 1)
            self.assertEqual(outcome.retryable, 1)
            self.assertLessEqual(len(server.requests), 1)

    def test_budget(self):
        """35 retries for 500 tokens, whoever they are for; then failures are at once."""
        for server, probe in self.ways([error(500, "InternalServerError")], "--repeat", 15, "get"):
            attempts = [outcome.attempts for outcome in probe.outcomes]
            self.assertEqual(sum(attempts), 15 + 35, attempts)
            self.assertEqual(attempts[-3:], [1, 1, 1])

    def test_timeouts(self):
        self.check([stall()], {"rc": "TIMED_OUT", "attempts": 2, "status": 0, "retryable": 1},
                   "--attempts", 2, "--attempt-timeout", 100)
        self.check([stall()], {"rc": "TIMED_OUT", "retryable": 1}, "--call-timeout", 200)
        self.check([stall(whole(ITEM)[:-5])], {"rc": "TIMED_OUT", "attempts": 2}, "--attempts", 2, "--attempt-timeout", 200)

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = "http://127.0.0.1:%d" % listener.getsockname()[1]
        for way in self.WAYS:
            outcome = Probe(url, *way, "get").outcomes[0]
            self.assertEqual((outcome.rc, outcome.attempts, outcome.status, outcome.retryable), ("UNREACHABLE", 4, 0, 1))
            self.assertIn("127.0.0.1", outcome.message)

    # --- Connections ---

    def test_keep_alive(self):
        for server, probe in self.ways([ok(ITEM)], "get", "put", "get"):
            self.assertEqual(server.connections, [1, 1, 1])
            self.assertEqual(probe.log.count("connection: a new one"), 1)

    def test_kept_connection_is_closed(self):
        """Closed after an answer, before or after the next request: that is nobody's fault and no attempt."""
        for script in ([ok(ITEM, keep=False), ok(ITEM)], [ok(ITEM), drop, ok(ITEM)], [ok(ITEM), reset, ok(ITEM)]):
            for server, probe in self.ways(script, "get", "put"):
                self.assertEqual([(o.rc, o.attempts) for o in probe.outcomes], [("OK", 1), ("OK", 1)], probe.log)
                self.assertEqual(server.connections[-1], 2)

    def test_new_connection_is_closed(self):
        for step in (drop, reset):
            self.check([step, ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)
            self.check([step], {"rc": "UNREACHABLE", "attempts": 4, "status": 0}, requests=4)

    # --- Answers ---

    def test_checksum(self):
        wrong = ok(ITEM, headers={"x-amz-crc32": 1})
        self.check([wrong, ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)
        self.check([wrong], {"rc": "BAD_ANSWER", "attempts": 4, "status": 200, "retryable": 1}, requests=4)
        self.check([ok(ITEM, headers={"x-amz-crc32": "none"})], {"rc": "BAD_ANSWER"}, "--attempts", 1)
        self.check([ok(ITEM, headers={"x-amz-crc32": None})], {"rc": "OK", "attempts": 1})
        self.check([ok(b'{"__type":"x#ValidationException"}', status="400 No", headers={"x-amz-crc32": 1}), ok(ITEM)],
                   {"rc": "OK", "attempts": 2})

    def test_cut_off(self):
        """Wherever the connection ends, the attempt is made again."""
        answer = whole(ITEM)
        for length in (1, 9, 20, len(answer) - len(ITEM), len(answer) - 1):
            self.check([cut(answer, length), ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)
        self.check([cut(answer, len(answer) - 1)], {"rc": "UNREACHABLE", "attempts": 4, "retryable": 1})
        self.check([cut(CHUNKED + b"40\r\n" + ITEM, 1000), ok(ITEM)], {"rc": "OK", "attempts": 2})

    def test_wrong_length(self):
        short = {"Content-Length": len(ITEM) - 3, "x-amz-crc32": None}
        for server, probe in self.ways([ok(ITEM, headers=short), ok(ITEM)], "get", "get"):
            self.assertEqual([o.rc for o in probe.outcomes], ["BAD_ANSWER", "OK"], probe.log)
            self.assertEqual(server.connections, [1, 2])  # what was left over is no next answer
        self.check([ok(ITEM, headers={"Content-Length": "-7"}, keep=False), ok(ITEM)], {"attempts": 1, "rc": "BAD_ANSWER"})
        self.check([ok(ITEM, headers={"Content-Length": None}, keep=False)], {"rc": "OK", "attempts": 1})

    def test_garbage(self):
        plain = {"x-amz-crc32": None}
        for body in (b"", b"<html></html>", b'{"Item":', b'{"Item":{}} x', b"[]", b'{"Item":7}', b'{"Item":{"a":{"S":"\xff"}}}',
                     b"\x1f\x8b\x08\x00", b"[" * 100000):
            self.check([ok(body)], {"rc": "BAD_ANSWER", "attempts": 1, "status": 200, "retryable": 0}, requests=1)
            self.check([ok(body, status="400 No", headers=plain)], {"rc": "BAD_ANSWER", "attempts": 1, "status": 400})
        for answer in (b"hello\r\n", b"HTTP/3.9 200 OK\r\n\r\n", b"\x16\x03\x01\x02"):
            self.check([send(answer, keep=False)], {"rc": "BAD_ANSWER", "attempts": 1, "retryable": 0})

    def test_json_is_checked(self):
        for body, rc in ((b"<html>", "BAD_ANSWER"), (b'{"a":1', "BAD_ANSWER"), (b'{"a":1}', "OK"), (b"", "OK")):
            for _, probe in self.ways([ok(body)], "json:DescribeBackup:{}"):
                self.assertEqual(probe.outcomes[0].rc, rc)
                self.assertEqual(probe.outcomes[0].answer, body.decode() if rc == "OK" else "")

    def test_redirects_are_not_followed(self):
        with BadServer([ok(ITEM)]) as other:
            for status in (301, 302, 307, 308):
                step = ok(b"", status=f"{status} Elsewhere", headers={"Location": other.url + "/"})
                self.check([step], {"rc": "BAD_ANSWER", "attempts": 1, "status": status}, requests=1)
            self.assertEqual(other.requests, [])

    def test_informational(self):
        hints = b"HTTP/1.1 103 Early Hints\r\nx-amzn-RequestId: EARLY\r\nx-amz-crc32: 1\r\n\r\n"
        self.check([send(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + whole(ITEM))],
                   {"rc": "OK", "attempts": 1, "id": bad_server.REQUEST_ID})
        self.check([send(hints + whole(ITEM, headers={"x-amz-crc32": None, "x-amzn-RequestId": None}))],
                   {"rc": "OK", "attempts": 1, "id": ""})

    def test_endless(self):
        for step in (endless(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"), endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 4096),
                     endless(b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n"),
                     endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")):
            self.check([step], {"attempts": 1, "retryable": 0, "rc": "BAD_ANSWER"}, "--answer-bytes", 100000, requests=1)
        for _, probe in self.ways([endless(b"HTTP/1.1 200 OK\r\nx-long: ", b"x" * 4096)], "get"):
            self.assertIn(probe.outcomes[0].rc, ("BAD_ANSWER", "NO_MEMORY"))  # libcurl's own limit is a lack of memory to it
            self.assertEqual(probe.outcomes[0].attempts, 1)
        self.check([ok(b'{"Item":{"pk":{"S":"' + b"x" * 5000 + b'"}}}')], {"rc": "BAD_ANSWER", "attempts": 1},
                   "--answer-bytes", 4096, requests=1)

    def test_errors_without_a_body(self):
        name = {"x-amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/coral/", "x-amz-retry-after": 1}
        self.check([ok(b"", status="400 No", headers=name), ok(ITEM)], {"rc": "OK", "attempts": 2}, requests=2)
        self.check([ok(b"{}", status="413 Big", headers={"x-amzn-ErrorType": "X"})],
                   {"rc": "OTHER", "type": "X", "status": 413, "attempts": 1})

    # --- Clocks ---

    def refusing(self, ahead, requests):
        """A server whose clock is so far ahead and which refuses what is signed with another, once it has seen it."""
        def step(connection, request):
            date = email.utils.formatdate(time.time() + ahead, usegmt=True)
            signed = time.mktime(time.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) - time.timezone
            requests.append(signed - time.time() - ahead)
            if abs(requests[-1]) < 300:
                return ok(ITEM, headers={"Date": date})(connection, request)
            return error(400, "InvalidSignatureException", "Signature expired: 20150830T123600Z is now earlier than ...",
                         headers={"Date": date})(connection, request)
        return step

    def test_clock(self):
        for ahead in (86400, -86400, 600):
            seen = []
            for server, probe in self.ways([self.refusing(ahead, seen)], "get", "get"):
                self.assertEqual([(o.rc, o.attempts) for o in probe.outcomes], [("OK", 2), ("OK", 1)], probe.log)
                self.assertEqual(probe.log.count("clock: "), 1)
                self.assertIn("ttl=", server.requests[-1].headers["amz-sdk-request"])

    def test_clock_is_right(self):
        """A signature that is refused for another reason is not made again and again."""
        now = email.utils.formatdate(usegmt=True)
        self.check([error(400, "InvalidSignatureException", headers={"Date": now})],
                   {"rc": "INVALID_SIGNATURE", "attempts": 1, "retryable": 0}, requests=1)
        self.check([error(400, "InvalidSignatureException", headers={"Date": "yesterday"})], {"attempts": 1}, requests=1)

    # --- Credentials and the log ---

    def signers(self, server):
        return [re.search(r"Credential=([^/]+)/", request.headers["authorization"])[1] for request in server.requests]

    def test_credentials_are_asked_for_once(self):
        for server, probe in self.ways([ok(ITEM)], "--ask", 3600, "get", "get", "get"):
            self.assertEqual(self.signers(server), ["key-1"] * 3)
            self.assertEqual({r.headers["x-amz-security-token"] for r in server.requests}, {"callback-token"})

    def test_credentials_cannot_be_had(self):
        for server, probe in self.ways([ok(ITEM)], "--ask", 0, "get"):
            outcome = probe.outcomes[0]
            self.assertEqual((outcome.rc, outcome.message, outcome.retryable), ("CREDENTIALS", "the vault is locked", 0))
            self.assertEqual(server.requests, [])

    def test_log(self):
        """Retries, new connections; no secret, no token, no signature, no item."""
        for _, probe in self.ways([error(500, "InternalServerError", "the message"), ok(ITEM)], "--session-token", "my-token", "put"):
            self.assertIn("debug: connection: a new one to 127.0.0.1:", probe.log)
            self.assertRegex(probe.log, r"info: retry: DynamoDB_20120810.PutItem, attempt 1 of 4: InternalServerError, "
                                        r"HTTP status 500; again in \d+ ms\n")
            for secret in ("very-secret", "my-token", "Signature", "the message", '"pk"'):
                self.assertNotIn(secret, probe.log)


class Many(unittest.TestCase):
    def test_at_once(self):
        """More calls than are sent at once, some of them throttled: all are answered."""
        with BadServer([THROTTLED, drop] * 5 + [ok(ITEM)]) as server:
            probe = Probe(server.url, "--at-once", "--repeat", 200, "get", "put")
            self.assertEqual([o.rc for o in probe.outcomes], ["OK"] * 400)
            self.assertLessEqual(max(server.connections), 50 + 20)
            self.assertEqual(len(server.requests), 400 + 10)

    def test_threads(self):
        """Threads that share a client: its pool, its budget, its clock, its credentials."""
        seen = []
        for way in ([], ["--async"]):
            with BadServer([Transport.refusing(self, 86400, seen)]) as server:
                probe = Probe(server.url, *way, "--ask", 1000000, "--threads", 4, "--repeat", 20, "get", "put")
                self.assertEqual({o.rc for o in probe.outcomes}, {"OK"}, probe.log)
                self.assertEqual(len(probe.outcomes), 4 * 20 * 2)


if __name__ == "__main__":
    unittest.main()

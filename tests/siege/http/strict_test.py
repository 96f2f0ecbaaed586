# SPDX-License-Identifier: Apache-2.0
"""HTTP as RFC 9112 has it and no other: every case of cases.txt is sent at once and in pieces, and is answered as it says."""
import concurrent.futures
import pathlib
import random
import sys
import time
import unittest
import zlib

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / folder) for folder in ("support", "wire")]

import raw_cases
from wire import Closed, Server, Wire

AT_ONCE = 24
PIECES = 6
PAUSE_SECONDS = 0.004
WAIT_SECONDS = 0.4  # in which no answer comes to what is not whole
HEALTHY = b"healthy: dynamodb.us-east-1.amazonaws.com "


def send_at_once(wire, data):
    wire.send(data)


def send_in_pieces(wire, data):
    """Cut anywhere, and where lines end; the same each time."""
    chance = random.Random(zlib.crc32(data))
    ends = [at + 1 for at in range(len(data)) if data[at:at + 1] in b"\r\n"]
    cuts = {chance.randrange(len(data)) for _ in range(PIECES // 2)} | set(chance.sample(ends, min(len(ends), PIECES // 2)))
    at = 0
    for cut in [*sorted(cuts), len(data)]:
        wire.send(data[at:cut])
        time.sleep(PAUSE_SECONDS)
        at = cut


def fault(server, case, send):
    """What is wrong about the answers to a case; None: nothing."""
    with Wire(server) as wire:
        found = []
        try:
            try:
                send(wire, case.data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was sent: the answer is there
            for wanted in case.statuses:
                try:
                    answer = wire.read(head=wanted.endswith("/head"))
                except Closed:
                    if wanted.endswith("?") and not wire.buffer:
                        break
                    raise
                found.append(str(answer.status))
                if not wanted.startswith(found[-1]):
                    return f"answered {found} {answer.body[:200]}, not {case.statuses}"
            if case.end == "wait":
                wire.socket.settimeout(WAIT_SECONDS)
                try:
                    return f"then {wire.socket.recv(200)} came"
                except TimeoutError:
                    return None
            if case.end == "close":
                return None if wire.at_end() else f"after {found} the connection goes on: {wire.buffer[:200]}"
            answer = wire.ask(raw_cases.NEXT.encode())
            return None if answer.status == 200 and answer.body == HEALTHY and not wire.buffer else f"then {answer} came"
        except (Closed, TimeoutError, AssertionError, ValueError) as error:
            return f"answered {found}, not {case.statuses}: {error!r}"


class Strict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(in_memory=True).start()
        cls.addClassCleanup(cls.server.close)

    def try_all(self, send):
        all_cases = raw_cases.read()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            faults = list(pool.map(lambda case: fault(self.server, case, send), all_cases))
        wrong = [f"{case.name}: {text}" for case, text in zip(all_cases, faults) if text is not None]
        self.assertFalse(wrong, f"{len(wrong)} of {len(all_cases)}:\n" + "\n".join(wrong))

    def test_at_once(self):
        self.try_all(send_at_once)

    def test_in_pieces(self):
        self.try_all(send_in_pieces)

    def test_heads_of_answers(self):
        """Byte by byte but for what differs each time: deploy/h2o/5-answer-head.patch writes them."""
        target = b"X-Amz-Target: DynamoDB_20120810.%s\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n"
        cases = [(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"200 OK", b"keep-alive", 42),
                 (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"200 OK", b"keep-alive", 42),
                 (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"200 OK", b"close", 42),
                 (b"GET / HTTP/1.0\r\n\r\n", b"200 OK", b"close", 42),
                 (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", b"200 OK", b"keep-alive", 42),
                 (b"GET /_stator/none HTTP/1.1\r\nHost: a\r\n\r\n", b"404 Not Found", b"keep-alive", None),
                 (b"POST / HTTP/1.1\r\nHost: a\r\n" + target % b"Nothing" + b"\r\n{}", b"400 Bad Request", b"keep-alive", None)]
        for data, status, connection, length in cases:
            with self.subTest(data), Wire(self.server) as wire:
                wire.send(data)
                while b"\r\n\r\n" not in wire.buffer:
                    wire.buffer += wire.socket.recv(65536)
                head = wire.buffer.split(b"\r\n\r\n")[0].split(b"\r\n")
                self.assertEqual(head[0], b"HTTP/1.1 " + status)
                self.assertRegex(head[1], rb"^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$")
                self.assertEqual(head[2], b"Connection: " + connection)
                self.assertRegex(head[3], rb"^Content-Length: [1-9][0-9]*$" if length is None else b"^Content-Length: %d$" % length)
                self.assertTrue(all(b": " in line for line in head[4:]), head)


if __name__ == "__main__":
    unittest.main()

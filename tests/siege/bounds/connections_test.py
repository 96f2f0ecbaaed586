# SPDX-License-Identifier: Apache-2.0
"""More clients than there is room for, that say nothing, half of something, or do not read: newcomers get in at once."""
import contextlib
import resource
import socket
import time
import unittest

import attacks
import raw
import siege

MOST = 10_000 if siege.STRICT else 2_000
CLIENTS = MOST + 500
AT_ONCE_SECONDS = 1.0 if siege.STRICT else 3.0  # where 0.1.0 took 15 and more
HALF_BODY = raw.head("GetItem", 1000) + b'{"TableName"'
HALF_HEAD = HALF_BODY[:60]
UNREAD = raw.request("BatchGetItem", {"RequestItems": {"blow": {"Keys": [{"pk": {"S": f"b{i}"}} for i in range(3)]}}})


def raise_limit(wanted):
    """Open files that this process may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard >= wanted


@contextlib.contextmanager
def crowd(port, said, count):
    """From several addresses, as there are not enough ports for one to come twice in a minute."""
    socks = []
    for i in range(count):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(5)
        sock.bind((f"127.0.0.{2 + i % 4}", 0))
        socks.append(sock)
        with contextlib.suppress(OSError):
            sock.connect(("127.0.0.1", port))
            sock.sendall(said)
    yield
    for sock in socks:
        sock.close()


class Crowd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not raise_limit(CLIENTS + 200):
            raise unittest.SkipTest(f"fewer than {CLIENTS + 200} open files are allowed")
        cls.server = siege.Server("--max-connections", str(MOST), "--durability", "none", in_memory=True).start()
        cls.addClassCleanup(cls.server.close)
        attacks.fill(cls.server.port)

    def newcomers(self, name, said, count=CLIENTS):
        slowest = 0
        with crowd(self.server.port, said, count):
            for _ in range(10):
                began = time.monotonic()
                self.assertIsNone(siege.still_served(self.server), name)
                slowest = max(slowest, time.monotonic() - began)
        siege.report(attack=f"{count} connections, {name}", newcomer_ms=round(slowest * 1e3, 1))
        self.assertLess(slowest, AT_ONCE_SECONDS)  # three requests, each on a connection of its own

    def test_silent(self):
        self.newcomers("silent", b"")

    def test_one_byte(self):
        self.newcomers("one byte", b"P")

    def test_half_a_head(self):
        self.newcomers("half a head", HALF_HEAD)

    def test_half_a_body(self):
        self.newcomers("half a body", HALF_BODY)

    def test_that_do_not_read(self):
        self.newcomers("that do not read", UNREAD, CLIENTS if siege.STRICT else 500)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""More clients than there is room for, that say nothing, half of something, or do not read: newcomers get in at once."""
import collections
import contextlib
import re
import resource
import socket
import time
import unittest

import attacks
import raw
import siege

MOST = 10_000 if siege.STRICT else 2_000
CLIENTS = MOST + 500
PROMISED = 20_000    # where the limit of open files allows
BUFFER_BYTES = 16 << 10  # of a connection, as limits.h says
AT_ONCE_SECONDS = 1.0 if siege.STRICT else 3.0  # where 0.1.0 took 15 and more
HALF_BODY = raw.head("GetItem", 1000) + b'{"TableName"'
HALF_HEAD = HALF_BODY[:60]
UNREAD = raw.request("BatchGetItem", {"RequestItems": {"blow": {"Keys": [{"pk": {"S": f"b{i}"}} for i in range(3)]}}})


def raise_limit(wanted):
    """Open files that this process, and a server that it starts, may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError):  # not everybody may have more than the hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, hard),) * 2)
        return True
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard >= wanted


@contextlib.contextmanager
def crowd(port, said, count, addresses=4):
    """From several addresses, as there are not enough ports for one to come often in a minute."""
    socks = []
    for i in range(count):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(5)
        sock.bind((f"127.0.0.{2 + i % addresses}", 0))
        socks.append(sock)
        with contextlib.suppress(OSError):
            sock.connect(("127.0.0.1", port))
            sock.sendall(said)
    yield socks
    for sock in socks:
        sock.close()


def is_open(sock):
    """Whether the server has not closed it."""
    sock.setblocking(False)
    try:
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def newcomer_seconds(test, server, name):
    """The longest that one of ten waits for three answers, each on a connection of its own."""
    slowest = 0
    for _ in range(10):
        began = time.monotonic()
        test.assertIsNone(siege.still_served(server), name)
        slowest = max(slowest, time.monotonic() - began)
    siege.report(attack=name, newcomer_ms=round(slowest * 1e3, 1))
    return slowest


def server_for(connections):
    """It, started, and how many connections it has: as many as its error says that there are descriptors for."""
    server = siege.Server("--max-connections", str(connections), "--durability", "none", in_memory=True)
    try:
        return server.start(), connections
    except RuntimeError as error:
        server.remove()
        needed, most = re.search(r"need a limit of (\d+) open files, and it is (\d+)", str(error)).groups()
        return server_for(connections - (int(needed) - int(most)))


@unittest.skipUnless(siege.STRICT, f"opens {PROMISED} connections")
class Full(unittest.TestCase):
    def test_all_are_served(self):
        """Each after the last was opened, from one process: a server has more descriptors beside its connections than this."""
        raise_limit(PROMISED + 500)
        server, count = server_for(PROMISED)
        self.addCleanup(server.close)
        raw.create_table(server.port, "victim")
        raw.put(server.port, "victim", {"pk": {"S": "k"}})
        idle = siege.status_of(server.pid)["VmRSS"]
        get = raw.request("GetItem", {"TableName": "victim", "Key": {"pk": {"S": "k"}}})
        with crowd(server.port, b"", count) as socks:
            answers = collections.Counter(raw.ask(server.port, get, sock)[0] for sock in socks)
            each = (siege.status_of(server.pid)["VmHWM"] - idle) / count
            siege.report(attack=f"{count} connections that ask", bytes_each=round(each))
            self.assertEqual(answers, {200: count})
            self.assertLess(each, BUFFER_BYTES)
            self.assertLess(newcomer_seconds(self, server, f"{count} connections that have asked"), AT_ONCE_SECONDS)


class Crowd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not raise_limit(CLIENTS + 200):
            raise unittest.SkipTest(f"fewer than {CLIENTS + 200} open files are allowed")
        cls.server = siege.Server("--max-connections", str(MOST), "--durability", "none", in_memory=True).start()
        cls.addClassCleanup(cls.server.close)
        attacks.fill(cls.server.port)

    def newcomers(self, name, said, count=CLIENTS):
        with crowd(self.server.port, said, count):
            self.assertLess(newcomer_seconds(self, self.server, f"{count} connections, {name}"), AT_ONCE_SECONDS)

    def test_silent(self):
        self.newcomers("silent", b"")

    def test_silent_from_one_address(self):
        """Which has less than all."""
        with crowd(self.server.port, b"", CLIENTS, 1) as socks:
            self.assertLess(newcomer_seconds(self, self.server, f"{CLIENTS} connections, silent, of one address"), AT_ONCE_SECONDS)
            time.sleep(2.5)
            left = sum(is_open(sock) for sock in socks)
        self.assertLessEqual(left, MOST * 7 // 8)
        self.assertGreater(left, MOST * 7 // 8 - 100)

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

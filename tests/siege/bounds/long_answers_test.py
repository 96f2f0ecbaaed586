# SPDX-License-Identifier: Apache-2.0
"""Several clients on one loop take long answers, which are sent in pieces by turns, and some hang up in the middle."""
import random
import socket
import struct
import threading
import time
import unittest

import attacks
import raw
import siege

SECONDS = max(min(siege.SECONDS, 8), 2)
PAGE = raw.request("Query", {"TableName": "long", "KeyConditionExpression": "pk=:p", "ExpressionAttributeValues": {":p": {"S": "a"}}})


class LongAnswers(unittest.TestCase):
    def setUp(self):
        self.server = siege.Server("--durability", "none", "--loops", "1", "--memory-mib", "1024", in_memory=True).start()
        self.addCleanup(self.server.close)
        attacks.fill_long(self.server.port)
        self.faults, self.over = [], time.monotonic() + SECONDS

    def in_threads(self, count, work):
        threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.faults, [])
        self.assertTrue(self.server.running(), self.server.text()[-500:])
        self.assertEqual(raw.ask(self.server.port, PAGE)[0], 200)

    def test_all_of_them_are_whole(self):
        whole = len(raw.ask(self.server.port, PAGE)[1])
        buffer = bytearray(1 << 20)

        def read(_):
            with raw.connect(self.server.port) as sock:
                while time.monotonic() < self.over:
                    sock.sendall(PAGE)
                    try:
                        head = sock.recv(4096)
                        left = whole - len(head.partition(b"\r\n\r\n")[2])
                        while left > 0:
                            taken = sock.recv_into(buffer)
                            if taken == 0:
                                raise ConnectionError("closed")
                            left -= taken
                        if left != 0:
                            self.faults.append(f"{left} bytes are missing")
                    except OSError as error:
                        self.faults.append(repr(error))
                        return
        self.in_threads(4, read)

    def test_some_hang_up(self):
        def read(seed):
            chance = random.Random(seed)
            while time.monotonic() < self.over:
                with raw.connect(self.server.port, receive_buffer=chance.choice([4096, 1 << 20])) as sock:
                    sock.sendall(PAGE)
                    left = chance.choice([0, 1, 1 << 20, 3 << 20, 30 << 20])
                    while left > 0 and (piece := sock.recv(1 << 20)):
                        left -= len(piece)
                    if chance.random() < 0.5:  # without a farewell
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.in_threads(6, read)


if __name__ == "__main__":
    unittest.main()

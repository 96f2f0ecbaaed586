# SPDX-License-Identifier: Apache-2.0
"""A log that nobody reads, a disk that refuses, few descriptors: the server tells less, and goes on."""
import os
import re
import subprocess
import tempfile
import time
import unittest

import raw
import siege
from server import ROOT, find_binary

PUT = raw.request("PutItem", {"TableName": "victim", "Item": {"pk": {"S": "k"}, "d": {"S": "x" * 1000}}})
FILE_BYTES = 1 << 20
FEWEST = 170  # open files: tests/unit/server/config/test_descriptors.c
LARGE_PUTS = 2000 if siege.STRICT else 300  # with 32 open files 0.1.0 stored 102, and no more


class Unread(unittest.TestCase):
    def setUp(self):
        """A server whose output goes into a pipe that is full from the start."""
        self.folder = tempfile.TemporaryDirectory(prefix="stator-siege-")
        self.addCleanup(self.folder.cleanup)
        self.ends = os.pipe()
        os.set_blocking(self.ends[1], False)
        try:
            while os.write(self.ends[1], b"x" * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(self.ends[1], True)
        file = os.path.join(self.folder.name, "port")
        self.process = subprocess.Popen([str(find_binary()), "serve", "--port", "0", "--port-file", file, "--in-memory", "--log-level",
                                         "debug"], stdin=subprocess.DEVNULL, stdout=self.ends[1], stderr=self.ends[1], cwd=ROOT)
        self.addCleanup(self.end)
        for _ in range(1000):
            if os.path.exists(file):
                break
            time.sleep(0.01)
        with open(file, encoding="ascii") as text:
            self.port, self.host, self.pid = int(text.read()), "127.0.0.1", self.process.pid

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for end in self.ends:
            os.close(end)

    def test_full_pipe(self):
        raw.create_table(self.port, "victim")
        raw.put(self.port, "victim", {"pk": {"S": "k"}})
        most = siege.bounds(siege.beside_hogs(self.port))
        with siege.Victim(self.port) as victim:
            victim.wait()
        siege.report(attack="a log that nobody reads", seen=victim.seen)
        self.assertEqual(siege.excesses(victim.seen, most), [])
        text = raw.ask(self.port, raw.HEALTH.replace(b"health", b"metrics"))[1].decode()
        dropped = int(re.search(r"(?m)^stator_log_lines_dropped_total (\d+)", text)[1])
        self.assertGreater(dropped, victim.seen["get"]["count"] // 2)
        self.process.terminate()
        self.assertEqual(self.process.wait(10), 0)


class Refused(unittest.TestCase):
    def test_one_line_for_many(self):
        """Each write is refused: RLIMIT_FSIZE stands for a disk that is full."""
        with siege.Server("--durability", "process", "--memory-mib", "64", file_bytes=FILE_BYTES) as server:
            raw.create_table(server.port, "victim")
            sock, refused = raw.connect(server.port), 0
            end = time.monotonic() + 20
            while refused < 2000 and time.monotonic() < end:
                refused += raw.ask(server.port, PUT, sock)[0] >= 500
            said = server.text()
            siege.report(attack="a disk that refuses", refused=refused, log_bytes=len(said))
            self.assertGreater(refused, 100)
            self.assertLess(len(said), 100 * refused, said[-2000:])
            self.assertLess(said.count("\n"), 100, said[-2000:])
            self.assertEqual(raw.ask(server.port, raw.HEALTH.replace(b"health", b"metrics"))[0], 200)


class Descriptors(unittest.TestCase):
    def test_few(self):
        """With the fewest that it starts with it stores more tables than it may have open."""
        with siege.Server("--loops", "2", "--durability", "process", open_files=FEWEST) as server:
            raw.create_table(server.port, "victim")
            sock = raw.connect(server.port)
            for i in range(LARGE_PUTS):
                put = raw.request("PutItem", {"TableName": "victim", "Item": {"pk": {"S": str(i % 20)}, "d": {"S": "x" * 390_000}}})
                self.assertEqual(raw.ask(server.port, put, sock)[0], 200)


if __name__ == "__main__":
    unittest.main()

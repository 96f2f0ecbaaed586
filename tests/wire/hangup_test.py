#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that leave at every stage, that do not read, that do not finish, and that are too many."""
import json
import os
import threading
import time
import unittest

from wire import Closed, Server, Wire, request

SLOW = os.environ.get("STATOR_SLOW")


def memory_of(pid):
    """Resident bytes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Hangup(unittest.TestCase):
    """Each test leaves the server with the descriptors it had, serving."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(binary="stator-fake", in_memory=True).start()
        cls.pid = cls.server.process.pid

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()  # the fake engine checks that every job was cleaned up
        cls.server.remove()

    def setUp(self):
        self.descriptors = descriptors_of(self.pid)

    def tearDown(self):
        deadline = time.monotonic() + 10
        while descriptors_of(self.pid) > self.descriptors and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertLessEqual(descriptors_of(self.pid), self.descriptors)
        with Wire(self.server) as wire:
            self.assertEqual(wire.ask(request("{}")).status, 200)

    def leave(self, data, seconds, how):
        wire = Wire(self.server)
        wire.send(data)
        if seconds:
            time.sleep(seconds)
        if how == "reset":
            wire.reset()
        else:
            wire.close()

    def test_at_every_byte_of_a_request(self):
        data = request('{"Size":1}')
        for how in "close", "reset":
            for length in range(len(data) + 1):
                self.leave(data[:length], 0, how)

    def test_at_every_stage_of_work(self):
        """Before, while and after a job is on a worker, at the syncer, being sent."""
        for body in {"Work": 3, "StepMs": 10}, {"Sync": 30}, {"Work": 1, "StepMs": 10, "Sync": 20}, {"Fail": 1, "Work": 2}, \
                {"SyncFails": 1, "Work": 1, "StepMs": 5}, {"Size": 8000000}, {"Size": 8000000, "Work": 1, "Sync": 5}:
            for how in "close", "reset":
                for seconds in 0, 0.005, 0.015, 0.05:
                    with self.subTest(body=body, how=how, seconds=seconds):
                        self.leave(request(json.dumps(body)), seconds, how)

    def test_with_a_large_body_while_it_is_worked_on(self):
        body = json.dumps({"Work": 5, "StepMs": 20, "Pad": "x" * 4000000})
        for how in "close", "reset":
            self.leave(request(body), 0.03, how)

    def test_in_a_pipeline(self):
        data = request('{"Work":2,"StepMs":5}') * 20
        for how in "close", "reset":
            for length in range(0, len(data), 997):
                self.leave(data[:length], 0.01, how)

    def test_in_a_chunked_body(self):
        head = request(operation="ListTables", headers={"Transfer-Encoding": "chunked"}, length=False)
        for tail in b"", b"5", b"5\r\n", b"5\r\n{}", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n":
            for how in "close", "reset":
                self.leave(head + tail, 0.005, how)

    def test_after_a_refused_body(self):
        data = request(operation="ListTables", length=False, headers={"Content-Length": str(2 ** 40)})
        for how in "close", "reset":
            for length in range(0, 3000000, 500000):
                self.leave(data + b"x" * length, 0.01, how)

    def test_many_at_once(self):
        def client(number):
            for i in range(30):
                self.leave(request(json.dumps({"Work": i % 4, "StepMs": 1, "Sync": i % 3, "Size": i * 10000})),
                           (i % 5) * 0.002, "reset" if (i + number) % 2 else "close")

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_many_that_do_not_read(self):
        """Others are served meanwhile, and what the idle readers hold is freed when they go."""
        silent = [Wire(self.server) for _ in range(8)]
        for wire in silent:
            wire.send(request('{"Size":8000000}'))
        with Wire(self.server) as wire:
            for _ in range(50):
                self.assertEqual(wire.ask(request("{}")).status, 200)
        for wire in silent:
            wire.close()

    def test_many_that_do_not_finish(self):
        """Unfinished requests take memory only for what was sent."""
        before = memory_of(self.pid)
        slow = [Wire(self.server) for _ in range(200)]
        for wire in slow:
            wire.send(request("x" * 100, length=False, headers={"Content-Length": "10000000", "X-Amz-Target": "x"}))
        with Wire(self.server) as wire:
            self.assertEqual(wire.ask(request("{}")).status, 200)
        self.assertLess(memory_of(self.pid) - before, 200 * 65536)
        for wire in slow:
            wire.close()

    @unittest.skipUnless(SLOW, "takes a minute: STATOR_SLOW=1")
    def test_a_client_that_never_reads_is_cut_off(self):
        wire = Wire(self.server, timeout=120)
        wire.send(request('{"Size":60000000}'))
        time.sleep(45)
        with self.assertRaises(Closed):
            wire.read()
        self.assertIn("does not read", self.server.text())

    @unittest.skipUnless(SLOW, "takes two minutes: STATOR_SLOW=1")
    def test_a_client_that_never_finishes_is_cut_off(self):
        wires = [Wire(self.server, timeout=200) for _ in range(3)]
        wires[1].send(b"POST / HTTP/1.1\r\n")
        wires[2].send(request("x", length=False, headers={"Content-Length": "10"}))
        for wire in wires:
            self.assertTrue(wire.at_end())


class Bounds(unittest.TestCase):
    """Servers with small limits."""

    def busy(self, server):
        """CPU seconds of the server so far."""
        with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fill(self, server, count):
        wires = []
        for _ in range(count):
            wire = Wire(server, timeout=5)
            wire.send(request("{}"))
            wires.append(wire)
        return wires

    def served(self, wires):
        """Those that were answered."""
        answered = []
        for wire in wires:
            wire.socket.settimeout(0.6)
            try:
                if wire.read().status == 200:
                    answered.append(wire)
            except (TimeoutError, Closed):
                pass
        return answered

    @unittest.skipUnless(SLOW, "takes 700 MB: STATOR_SLOW=1")
    def test_unfinished_requests_past_the_maximum(self):
        """The largest are closed until the rest is within a GiB of buffers."""
        with Server("--loops", "1", binary="stator-fake", in_memory=True) as server:
            wires = [Wire(server, timeout=60) for _ in range(40)]
            head = request(operation="ListTables", length=False, headers={"Content-Length": "16777000"})
            for wire in wires:
                wire.send(head + b" " * 16776999)
            time.sleep(15)
            closed = 0
            for wire in wires:
                try:
                    wire.send(b"x")
                    closed += wire.read().status != 200
                except (Closed, OSError):
                    closed += 1
                wire.close()
            self.assertIn("too many bytes of unfinished requests", server.text())
            self.assertTrue(8 <= closed <= 12, closed)

    def test_descriptors_used_up(self):
        with Server(binary="stator-fake", in_memory=True, open_files=96) as server:
            self.assertIn("the limit of open files is low", server.text())
            wires = self.fill(server, 100)
            self.assertGreaterEqual(len(self.served(wires)), 20)
            before = self.busy(server)
            time.sleep(1)
            self.assertLess(self.busy(server) - before, 0.6)
            for wire in wires:
                wire.close()
            time.sleep(0.5)
            with Wire(server) as wire:
                self.assertEqual(wire.ask(request("{}")).status, 200)

    def test_long_requests_past_the_queue_are_throttled(self):
        with Server(binary="stator-fake", in_memory=True) as server:
            # 1024 wait and a few are with the workers
            wires = [Wire(server) for _ in range(1100)]
            for wire in wires:
                wire.send(request('{"Work":1,"StepMs":4}'))
            statuses = [wire.read() for wire in wires]
            throttled = [r for r in statuses if r.status == 400]
            for response in throttled:
                self.assertEqual(json.loads(response.body)["__type"], "com.amazon.coral.availability#ThrottlingException")
            self.assertEqual(len(throttled) + sum(r.status == 200 for r in statuses), 1100)
            for wire in wires:
                self.assertEqual(wire.ask(request("{}")).status, 200)
                wire.close()


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""As many connections as may be: clients that hold them without using them keep nobody out."""
import json
import socket
import threading
import time
import unittest

from wire import Closed, Server, Wire, request

MOST = 24
SHARE = 12  # for one address
SPARE = 32
HEALTH = b"GET /_stator/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWER_BYTES = 40 << 20  # more than the system's buffers take


class From(Wire):
    """A connection from that address."""

    def __init__(self, server, address="127.0.0.1", timeout=20):  # pylint: disable=super-init-not-called
        self.socket = socket.create_connection((server.host, server.port), timeout, source_address=(address, 0))
        self.buffer = b""

    def is_open(self):
        """Whether the server has not closed it."""
        self.socket.settimeout(0.01)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False


def crowd(server, count=MOST, address="127.0.0.1", said=b""):
    """Connections that say no more than that, in the order in which they came, and are no newcomers any more."""
    wires = []
    for _ in range(count):
        wires.append(From(server, address))
        wires[-1].send(said)
    time.sleep(1.2)
    return wires


def close(wires):
    for wire in wires:
        wire.close()


class Case(unittest.TestCase):
    loops = "2"
    share = MOST

    def setUp(self):
        self.server = Server("--max-connections", str(MOST), "--max-connections-per-address", str(self.share),
                             "--loops", self.loops, binary="stator-fake", in_memory=True)
        self.server.start()

    def tearDown(self):
        self.server.close()

    def answered(self, ask=request("{}"), address="127.0.0.1", status=200):
        began = time.monotonic()
        with From(self.server, address, timeout=5) as wire:
            self.assertEqual(wire.ask(ask).status, status)
        self.assertLess(time.monotonic() - began, 3)

    def ticks(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="ascii") as file:
            return sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:13])


class Crowd(Case):
    def check_lets_in(self, said):
        wires = crowd(self.server, 3 * MOST, said=said)
        for _ in range(10):
            self.answered()
            self.answered(address="127.0.0.2")
            self.answered(HEALTH)
        close(wires)

    def test_idle(self):
        self.check_lets_in(b"")

    def test_half_a_head(self):
        self.check_lets_in(b"POST / HTT")

    def test_half_a_body(self):
        self.check_lets_in(request(b"{}", length=False, headers={"Content-Length": "1000"}))

    def test_unread_answers(self):
        self.check_lets_in(request(json.dumps({"Size": ANSWER_BYTES // MOST})))

    def test_never_more_than_the_maximum_for_long(self):
        wires = crowd(self.server, 3 * MOST)
        time.sleep(2.5)
        self.assertLessEqual(sum(wire.is_open() for wire in wires), MOST)
        close(wires)

    def test_requests_under_way_are_not_cut(self):
        """More clients than there may be connections, each with a new one for each request, and idle ones: all are answered."""
        idle, failed = crowd(self.server, 8), []

        def ask():
            for _ in range(100):
                try:
                    with From(self.server) as wire:
                        failed.extend([] if wire.ask(request(b"{}" + b" " * 200000)).status == 200 else ["status"])
                except (Closed, OSError) as error:
                    failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(MOST)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        close(idle)

    def test_told(self):
        wires = crowd(self.server, 3 * MOST)
        self.assertIn("closing the connection that waits longest", self.server.text())
        with From(self.server) as wire:
            text = wire.ask(b"GET /_stator/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body.decode()
        self.assertRegex(text, r"(?m)^stator_connections_displaced_total [1-9]")
        close(wires)

    def test_spare_ones_are_for_operators(self):
        """All are at work: none can be closed, health answers, and a request is told to come again."""
        wires = crowd(self.server, MOST + 2 * int(self.loops), said=request('{"Sync":5000}'))
        self.answered(HEALTH)
        self.answered(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with From(self.server) as wire:
            refused = wire.ask(request("{}"))
            self.assertEqual((refused.status, json.loads(refused.body)["__type"]),
                             (400, "com.amazon.coral.availability#ThrottlingException"))
            self.assertTrue(wire.at_end())
        served = 0
        for wire in wires:
            try:
                served += wire.read().status == 200
            except Closed:
                pass
        self.assertGreaterEqual(served, MOST)
        self.answered()
        close(wires)

    def test_all_spare_ones_in_use(self):
        """They make room for each other."""
        wires = crowd(self.server, MOST, said=request('{"Sync":5000}')) + crowd(self.server, 2 * SPARE)
        for _ in range(5):
            self.answered(HEALTH)
        close(wires)


class OneLoop(Crowd):
    """With one loop it is known who goes."""
    loops = "1"

    def test_the_longest_idle_goes_first(self):
        wires = crowd(self.server, MOST)
        self.assertEqual(wires[0].ask(request("{}")).status, 200)
        newcomers = crowd(self.server, 3)
        self.assertEqual([i for i, wire in enumerate(wires) if not wire.is_open()], [1, 2, 3])
        close(wires + newcomers)

    def test_the_address_with_the_most_makes_room(self):
        honest = crowd(self.server, 3, "127.0.0.3")
        wires = crowd(self.server, 4 * MOST, "127.0.0.2")
        for _ in range(2 * MOST):
            self.answered(address="127.0.0.4")
        for wire in honest:
            self.assertEqual(wire.ask(request("{}")).status, 200)
        close(honest + wires)

    def test_who_is_at_work_stays(self):
        working = crowd(self.server, MOST - 2, said=request('{"Sync":4000}'))
        wires = crowd(self.server, 3 * MOST)
        for wire in working:
            self.assertEqual(wire.read().status, 200)
        close(working + wires)

    def test_it_does_not_spin(self):
        wires = crowd(self.server, MOST + SPARE, said=request('{"Sync":6000}')) + crowd(self.server, 100, said=b"P")
        ticks = self.ticks()
        time.sleep(1)
        self.assertLess(self.ticks() - ticks, 60)  # of 10 ms
        close(wires)


class Share(Case):
    """One address may not have all."""
    loops = "1"
    share = SHARE

    def test_its_own_longest_idle_goes(self):
        others = crowd(self.server, 2, "127.0.0.3")
        wires = crowd(self.server, SHARE, "127.0.0.2")
        newcomers = crowd(self.server, 3, "127.0.0.2")
        self.assertEqual([i for i, wire in enumerate(wires) if not wire.is_open()], [0, 1, 2])
        self.assertTrue(all(wire.is_open() for wire in others + newcomers))
        close(others + wires + newcomers)

    def test_never_more_for_long(self):
        """Also of those that came within a second, when nobody had waited long enough to be closed."""
        wires = crowd(self.server, MOST, "127.0.0.2")
        time.sleep(2)
        self.assertEqual(sum(wire.is_open() for wire in wires), SHARE)
        close(wires)

    def test_all_at_work(self):
        """Others are served, its own newcomers are told to come again, its health check is answered."""
        working = crowd(self.server, SHARE, "127.0.0.2", said=request('{"Sync":6000}'))
        refused = crowd(self.server, MOST - SHARE, "127.0.0.2", said=request("{}"))
        for wire in refused:
            self.assertEqual(json.loads(wire.read().body)["__type"], "com.amazon.coral.availability#ThrottlingException")
        self.answered(HEALTH, "127.0.0.2")
        for _ in range(3):
            self.answered(address="127.0.0.3")
        for wire in working:
            self.assertEqual(wire.read().status, 200)
        self.answered(address="127.0.0.2")
        close(working + refused)

    def test_a_flood_while_all_are_at_work(self):
        """It may not take what is kept for others either, and does not make the server spin."""
        working = crowd(self.server, SHARE, "127.0.0.2", said=request('{"Sync":6000}'))
        flood = crowd(self.server, 4 * MOST, "127.0.0.2", said=b"P")
        self.answered(address="127.0.0.3")
        ticks = self.ticks()
        time.sleep(1)
        self.assertLess(self.ticks() - ticks, 60)  # of 10 ms
        for wire in working:
            self.assertEqual(wire.read().status, 200)
        close(working + flood)


class ShareOfTwoLoops(Share):
    """An address is counted on all loops; which of them has its longest idle one is not known."""
    loops = "2"

    def test_its_own_longest_idle_goes(self):
        others = crowd(self.server, 2, "127.0.0.3")
        wires = crowd(self.server, SHARE + 3, "127.0.0.2")
        time.sleep(2)
        self.assertEqual(sum(wire.is_open() for wire in wires), SHARE)
        self.assertTrue(all(wire.is_open() for wire in others))
        close(others + wires)


if __name__ == "__main__":
    unittest.main()

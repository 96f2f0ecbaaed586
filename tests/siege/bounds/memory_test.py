# SPDX-License-Identifier: Apache-2.0
"""Memory has a roof over all requests together, whatever they are and wherever they stop; below it small requests pass."""
import contextlib
import json
import time
import unittest

import attacks
import raw
import siege

ROOF_MIB = 64
BESIDE_MIB = 64 if siege.STRICT else 192  # what the process may take besides: stacks, what the allocator keeps; 0.1.0: 400 to 3,000
LEFT_MIB = 48
CONTAINER_MIB = 256
MANY = 1000 if siege.STRICT else 200
BODY = 16 << 20
QUIET = 1 if siege.STRICT else 0.5  # seconds in which the server has taken nothing more
DELETED = 60 if siege.STRICT else 40  # items of 12 MB as they are answered


def fill_pages(port):
    """A page of which 40 MB of JSON are made."""
    raw.create_table(port, "expanding", sort=True)
    for i in range(4):
        raw.put(port, "expanding", {"pk": {"S": "a"}, "sk": {"S": str(i)}, "l": {"L": [{"N": "-1.1E-129"}] * 95_000}})


PAGE = raw.request("Query", {"TableName": "expanding", "KeyConditionExpression": "pk=:p",
                             "ExpressionAttributeValues": {":p": {"S": "a"}}})


@contextlib.contextmanager
def begun(port, count, data):
    """Clients that send that, as far as the server takes it, and then nothing more."""
    data, socks, sent = memoryview(data), [raw.connect(port) for _ in range(count)], [0] * count
    for sock in socks:
        sock.setblocking(False)
    quiet, end = time.monotonic() + QUIET, time.monotonic() + 15
    while time.monotonic() < min(quiet, end):
        for i, sock in enumerate(socks):
            try:
                if sent[i] < len(data):
                    sent[i] += sock.send(data[sent[i]:sent[i] + (1 << 20)])
                    quiet = time.monotonic() + QUIET
            except BlockingIOError:
                pass
            except OSError:  # closed
                sent[i] = len(data)
    yield
    for sock in socks:
        sock.close()


def bodies(port, count):
    """16 MB but for its end."""
    return begun(port, count, raw.head("GetItem", BODY) + b" " * (BODY - 10))


def heads(port, count):
    """200 KB that do not end."""
    return begun(port, count, b"POST / HTTP/1.1\r\nX: " + b"a" * 200_000)


@contextlib.contextmanager
def unread(port, *requests):
    """Clients, one for each request, that do not read."""
    socks = []
    for data in requests:
        socks.append(raw.connect(port, receive_buffer=4096))
        socks[-1].sendall(data)
    time.sleep(3 if siege.STRICT else 1)
    yield
    for sock in socks:
        sock.close()


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = siege.Server("--memory-mib", str(ROOF_MIB), "--durability", "process").start()
        cls.addClassCleanup(cls.server.close)
        attacks.fill(cls.server.port)
        fill_pages(cls.server.port)
        raw.ask(cls.server.port, attacks.batch())  # the store's cache, which has a bound of its own, is full
        time.sleep(2.5)  # nobody needs warm memory: it is given back
        cls.idle = siege.status_of(cls.server.pid)["VmRSS"]

    def under_the_roof(self, name, attack):
        """The peak, what is served meanwhile, and that all is given back."""
        siege.forget_peak(self.server.pid)
        with attack:
            fault = siege.still_served(self.server)
        grown = siege.status_of(self.server.pid)["VmHWM"] - self.idle
        siege.report(attack=name, idle_mib=self.idle >> 20, grown_mib=grown >> 20)
        self.assertIsNone(fault)
        self.assertLess(grown >> 20, ROOF_MIB + BESIDE_MIB, f"idle: {self.idle >> 20} MiB")
        self.assertIsNone(siege.still_held(self.server))

    def test_unfinished_bodies(self):
        self.under_the_roof("unfinished bodies of 16 MB", bodies(self.server.port, MANY))

    def test_unfinished_heads(self):
        self.under_the_roof("unfinished heads of 200 KB", heads(self.server.port, 2 * MANY))

    def test_unread_pages(self):
        self.under_the_roof("unread pages of 40 MB", unread(self.server.port, *[PAGE] * (100 if siege.STRICT else 50)))

    def test_unread_answers_of_writes(self):
        """A write whose answer there is no room for is not done: these take next to nothing but for that."""
        raw.create_table(self.server.port, "deleted")
        for i in range(DELETED):
            raw.put(self.server.port, "deleted", {"pk": {"S": str(i)}, "l": attacks.DIGITS})
        data = [raw.request("DeleteItem", {"TableName": "deleted", "Key": {"pk": {"S": str(i)}}, "ReturnValues": "ALL_OLD"})
                for i in range(DELETED)]
        self.under_the_roof("unread DeleteItem, 12 MB each", unread(self.server.port, *data))

    def test_the_kernels_part(self):
        """What the kernel holds of answers is in no budget of ours, so it takes little of each."""
        with unread(self.server.port, *[raw.request("Scan", {"TableName": "pages"})] * 20):
            queued = siege.send_queues(self.server.port)
        self.assertGreater(len(queued), 5)
        self.assertLess(max(queued), 512 << 10)  # 0.1.0: megabytes, as net.ipv4.tcp_wmem has it

    def test_given_back(self):
        """After all of that the process is as small as before, but for what the store has cached since."""
        with bodies(self.server.port, 20):
            pass
        end = time.monotonic() + 30
        while (grown := siege.status_of(self.server.pid)["VmRSS"] - self.idle >> 20) > LEFT_MIB and time.monotonic() < end:
            time.sleep(0.5)
        self.assertLessEqual(grown, LEFT_MIB)

    def test_unread_statements(self):
        self.under_the_roof("unread answers to 1.8 M parameters", unread(self.server.port, *[attacks.parameters()] * 12))

    def test_unread_batches(self):
        self.under_the_roof("unread BatchGetItem", unread(self.server.port, *[attacks.batch()] * 50))

    @contextlib.contextmanager
    def flooded(self, data):
        with attacks.Flood(self.server.port, data) as flood:
            time.sleep(min(siege.SECONDS / 2, 5))
            yield
        self.assertEqual(flood.faults, [])

    def test_floods(self):
        for name, data in attacks.floods(siege.STRICT):
            with self.subTest(name):
                self.under_the_roof(name, self.flooded(data))


class Invented(unittest.TestCase):
    def test_keys_that_are_no_keys(self):
        """What would be a label of a metric, or a line of the log."""
        with siege.Server("--isolate-by", "access-key", in_memory=True) as server:
            for key in "a%0Ab", "a%00b", "a%1Bb", "a" * 129:
                query = f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F20260101%2Fus-east-1%2Fdynamodb%2Faws4_request" \
                        "&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
                data = (f"POST {query} HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
                        "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}").encode()
                with self.subTest(key[:10]):
                    self.assertNotEqual(raw.ask(server.port, data)[0], 200)


def large_table(number):
    """A definition that takes 100 KB in memory."""
    indexed = [f"g{i}" + "y" * 200 for i in range(20)]
    return {"TableName": f"t{number:04}" + "x" * 200, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ["pk", *indexed]],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": f"i{i}" + "z" * 240, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"n{i}_{k}" + "w" * 240 for k in range(5)]}}
                                       for i, name in enumerate(indexed)],
            "Tags": [{"Key": f"k{i}" + "a" * 100, "Value": "v" * 250} for i in range(50)]}


class Container(unittest.TestCase):
    """In 256 MiB, with what the server makes of that by itself, it lives through all of it."""

    def contained(self):
        group, why = siege.Group.make(CONTAINER_MIB << 20)
        if group is None:
            self.skipTest(why)
        self.addCleanup(group.remove)
        server = siege.GroupedServer(group, "--durability", "process").start()
        self.addCleanup(server.close)
        return server

    def test_all_of_it(self):
        server = self.contained()
        attacks.fill(server.port)
        fill_pages(server.port)
        for name, attack in (("bodies", bodies(server.port, MANY)), ("twelve bodies", bodies(server.port, 12)),
                             ("heads", heads(server.port, MANY)), ("pages", unread(server.port, *[PAGE] * 25)),
                             ("statements", unread(server.port, *[attacks.parameters()] * 12)),
                             ("batches", unread(server.port, *[attacks.batch()] * 50))):
            with self.subTest(name), attack:
                self.assertTrue(server.running(), "it was killed")
                self.assertIsNone(siege.still_served(server))
        for name, data in attacks.floods(siege.STRICT):
            with self.subTest(name), attacks.Flood(server.port, data):
                time.sleep(min(siege.SECONDS / 2, 1))
                self.assertTrue(server.running(), "it was killed")
        self.assertIsNone(siege.still_served(server))

    def test_definitions_of_tables(self):
        """Until it says that there is no memory for more, and once more after that."""
        server = self.contained()
        raw.create_table(server.port, "victim")
        raw.put(server.port, "victim", {"pk": {"S": "k"}})
        sock = raw.connect(server.port)
        for i in range(2500):
            status, answer = raw.ask(server.port, raw.request("CreateTable", large_table(i)), sock)
            if status != 200:
                break
        self.assertEqual((status, json.loads(answer)["__type"].partition("#")[2]), (400, "LimitExceededException"))
        self.assertGreater(i, 200)
        self.assertIn("MiB of memory", json.loads(answer)["message"])
        raw.call(server.port, "DeleteTable", {"TableName": large_table(0)["TableName"]})
        self.assertTrue(server.running(), "it was killed")
        self.assertIsNone(siege.still_served(server))


if __name__ == "__main__":
    unittest.main()

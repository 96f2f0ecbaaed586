# SPDX-License-Identifier: Apache-2.0
"""What a start makes of a directory of which something is changed, cut off or gone, and of a copy that was made while a server was
writing: all that was acknowledged is there, or it is refused with a text that says why, or the reads that meet it fail. Never less
without a word. And what a check says of it, and what is there after a repair.

    tests/trust/run --minutes 10 damage"""
import base64
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from disks import Disk
from trust import SEED, TOTAL, need, seconds, told

import dynamo
from server import Server, find_binary

TABLE = "damaged"
OLD, NEW = 2500, 1200  # items that are in tables, and in the log
STEP = 1024 if TOTAL else 32 * 1024
ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "of")]


def value_of(number):
    return random.Random(number).randbytes(150).hex()


def item(number):
    return {"pk": {"S": f"k{number}"}, "of": {"S": f"g{number % 7}"}, "v": {"S": value_of(number)}}


def scan(client, **more):
    return dynamo.all_items(client, "Scan", {"TableName": TABLE, **more})


class Damaged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-damage-", dir="/dev/shm"))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.whole = cls.base / "whole"
        server = Server("--shards", "2", "--transition-ms", "0", data_dir=str(cls.whole))
        try:
            cls.fill(server)
        finally:
            server.kill()

    @classmethod
    def fill(cls, server):
        client = dynamo.Client(server.start().url)
        client.call("CreateTable", {
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": ATTRIBUTES,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": "by-of", "Projection": {"ProjectionType": "ALL"},
                                        "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}]}]})
        cls.put(client, range(OLD))
        server.stop()  # makes tables of so much
        client = dynamo.Client(server.start().url)
        cls.put(client, range(OLD, OLD + NEW))

    @staticmethod
    def put(client, numbers):
        numbers = list(numbers)
        for at in range(0, len(numbers), 25):
            answer = client.call("BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": item(number)}}
                                                                             for number in numbers[at:at + 25]]}})
            assert not answer["UnprocessedItems"]

    def spoiled(self, spoil, look=None):
        """What becomes of a copy that is spoilt: of a start "whole", "refused" or "unread"; fails for anything else."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        try:
            copy = folder / "data"
            shutil.copytree(self.whole, copy)
            spoil(copy)
            return (look or self.look)(folder, copy)
        finally:
            shutil.rmtree(folder)

    def look(self, folder, copy, again=True):
        port = folder / "port"
        with open(folder / "said", "w+", encoding="utf-8") as said, subprocess.Popen(
                [find_binary(), "--data-dir", copy, "--port", "0", "--port-file", port], stdout=said, stderr=said) as process:
            try:
                while process.poll() is None and not (port.exists() and port.read_text()):
                    time.sleep(0.001)
                if process.poll() is not None:
                    said.seek(0)
                    text = said.read()
                    self.assertEqual(process.returncode, 1, text)
                    self.assertIn(str(copy), text)
                    self.assertEqual(text.count("stator check --repair"), 1, text)
                    if again:
                        self.assertEqual(self.look(folder, copy, again=False), "refused", f"a second start after: {text}")
                    return "refused"
                return self.compare(dynamo.Client(f"http://127.0.0.1:{int(port.read_text())}"))
            finally:
                process.kill()

    def compare(self, client):
        try:
            found = {entry["pk"]["S"]: entry["v"]["S"] for entry in scan(client)}
            indexed = len(scan(client, IndexName="by-of"))
        except dynamo.DynamoError as failure:
            self.assertEqual(failure.status, 500, failure)
            return "unread"
        self.assertEqual(len(found), OLD + NEW)
        self.assertEqual(indexed, OLD + NEW)
        for number in range(0, OLD + NEW, 37):
            self.assertEqual(found[f"k{number}"], value_of(number))
        return "whole"

    @staticmethod
    def check(copy, *flags):
        return subprocess.run([find_binary(), "check", *flags, copy], capture_output=True, text=True, timeout=60, check=False)

    def mend(self, folder, copy, most=None, untold=False):
        """Checks, repairs and checks again: what was told of, and is there then. At most so many items may be gone."""
        told_of, mended = self.check(copy), self.check(copy, "--repair")
        again = self.check(copy)
        said = f"{told_of.stdout}{told_of.stderr}\n{mended.stdout}{mended.stderr}\n{again.stdout}{again.stderr}"
        self.assertIn(told_of.returncode, (0, 1), said)
        self.assertIn(mended.returncode, (0, 4), said)
        self.assertNotEqual("All of them are mended" in mended.stdout, "What is sound is kept" in mended.stdout or "What was found is kept" in mended.stdout or ": sound" in mended.stdout, said)
        self.assertEqual(mended.returncode == 4, "is kept. Wh" in mended.stdout, said)
        self.assertEqual(again.returncode, 0, said)
        self.assertIn(": sound", again.stdout)
        server = Server(data_dir=str(copy))
        try:
            client = dynamo.Client(server.start().url)
            found = {entry["pk"]["S"]: entry["v"]["S"] for entry in scan(client)}
            indexed = {entry["pk"]["S"]: entry["v"]["S"] for entry in scan(client, IndexName="by-of")}
            count = client.call("DescribeTable", {"TableName": TABLE})["Table"]["ItemCount"]
        finally:
            server.kill()
        self.assertEqual((indexed, count), (found, len(found)), said)
        for key, value in found.items():
            self.assertEqual(value, value_of(int(key[1:])), said)
        lost = OLD + NEW - len(found)
        if lost and not untold:
            self.assertEqual(told_of.returncode, 1, f"{lost} items are gone, without a word")
            self.assertEqual(mended.returncode, 4, f"{lost} items are gone, and the repair's code says that nothing is lost: {said}")
            self.assertIn(f"  {TABLE}: ", mended.stdout)
        if most is not None:
            self.assertLessEqual(lost, most, said)
        return "sound" if told_of.returncode == 0 else "mended" if lost == 0 else "lost"

    def each(self, what, spoils, look=None):
        """Two at a time; what became of them, counted."""
        counts = {}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for (name, _), done in [(one, pool.submit(self.spoiled, one[1], look)) for one in spoils]:
                with self.subTest(name):
                    become = done.result()
                    counts[become] = counts.get(become, 0) + 1
        told(f"{what}: {counts}")
        return counts

    def files(self, *suffixes):
        return [path for path in sorted(self.whole.iterdir()) if path.stat().st_size and path.name.endswith(suffixes or ("",))]

    @staticmethod
    def flip(name, at):
        def spoil(copy):
            with open(copy / name, "r+b") as file:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 0x20]))
        return spoil

    def test_a_byte_of_the_log(self):
        chance = random.Random(SEED)
        log = self.files(".log")[-1]
        used = len(log.read_bytes().rstrip(b"\0"))
        counts = self.each("a byte of the log", [(f"{at}", self.flip(log.name, at + chance.randrange(min(STEP, used - at))))
                                                 for at in range(0, used, STEP)])
        self.assertNotIn("whole", counts)  # each byte belongs to a record that was synced

    def test_a_byte_of_a_file(self):
        chance = random.Random(SEED)
        self.each("a byte of another file", [(path.name, self.flip(path.name, at + chance.randrange(min(STEP, path.stat().st_size - at))))
                                             for path in self.files() if path.suffix != ".log" for at in range(0, path.stat().st_size, STEP)])

    def test_a_file_cut_short(self):
        chance = random.Random(SEED)
        self.each("a file cut short", [(path.name, lambda copy, path=path, length=length: os.truncate(copy / path.name, length))
                                       for path in self.files() for length in (0, chance.randrange(path.stat().st_size))])

    def test_a_file_gone(self):
        self.each("a file gone", [(path.name, lambda copy, path=path: (copy / path.name).unlink()) for path in self.files()])

    def test_a_repair_of_a_byte(self):
        """A block of the log has 32 KB, and records of 25 items; one of a table has 4 KB. A table's end says where all else in
        it lies: without that its file is lost."""
        chance = random.Random(SEED)
        step = STEP * 8
        for end in (False, True):
            flips = [(path, at + chance.randrange(min(step, path.stat().st_size - at)))
                     for path in self.files() for at in range(0, path.stat().st_size, step)]
            flips = [(path, at) for path, at in flips
                     if end == (path.suffix == ".sst" and at > path.stat().st_size - 4096)]
            self.each("a byte, and a repair", [(path.name, self.flip(path.name, at)) for path, at in flips],
                      lambda folder, copy, end=end: self.mend(folder, copy, most=None if end else 250))

    def test_a_repair_of_a_file(self):
        chance = random.Random(SEED)
        counts = self.each("a file cut short, and a repair", [
            (path.name, lambda copy, path=path, length=length: os.truncate(copy / path.name, length))
            for path in self.files() for length in (0, chance.randrange(path.stat().st_size))], self.mend)
        self.assertIn("mended", counts)
        self.each("a file gone, and a repair", [(path.name, lambda copy, path=path: (copy / path.name).unlink())
                                                for path in self.files()], self.mend)

    def repaired(self, folder, copy):
        """What a check and a repair say, and its code."""
        del folder
        told_of, mended = self.check(copy), self.check(copy, "--repair")
        return told_of.stdout + told_of.stderr, mended.stdout + mended.stderr, mended.returncode

    def test_what_a_repair_tells(self):
        log = self.files(".log")[-1]
        middle = len(log.read_bytes().rstrip(b"\0")) // 2
        said, mended, code = self.spoiled(self.flip(log.name, middle), self.repaired)
        bytes_lost = re.search(r"records behind it can still be read, and a repair keeps them: so at most the writes in (\d+) bytes are lost", said)
        self.assertLess(int(bytes_lost[1]), 65536, said)
        self.assertIn(f"of {TABLE}; tables that were made in what cannot be read are gone, too", said)
        self.assertEqual(code, 4, mended)
        self.assertRegex(mended, rf"  {TABLE}: \d+ items (found; its counters tell of no more|lost, as far as its counters tell)")
        table = max(self.files(".sst"), key=lambda path: path.stat().st_size)
        said, mended, code = self.spoiled(lambda copy: (copy / table.name).unlink(), self.repaired)
        self.assertRegex(said, rf"{table.name} is gone\n  at most \d+ bytes of {TABLE}")
        self.assertEqual(code, 4, mended)
        self.assertRegex(mended, rf"  {TABLE}: \d+ items lost, as far as its counters tell \(\d+ found\)")
        said, mended, code = self.spoiled(lambda copy: (copy / "CURRENT").unlink(), self.repaired)
        self.assertEqual(code, 4, mended)
        self.assertIn(f"  {TABLE}: {OLD + NEW} items found; how many there were its counters do not tell", mended)

    def start(self, folder, copy):
        del folder
        with self.assertRaises(RuntimeError) as refused:
            Server(data_dir=str(copy)).start()
        return str(refused.exception)

    def test_a_refusal_of_a_lost_table_file(self):
        table = max(self.files(".sst"), key=lambda path: path.stat().st_size)
        for spoil in (lambda copy: (copy / table.name).unlink(), lambda copy: os.truncate(copy / table.name, 1000)):
            text = self.spoiled(spoil, self.start)
            self.assertRegex(text, rf"is damaged: {table.name} (is gone|has 1000 bytes, and should have \d+): at most \d+ bytes of {TABLE}\. "
                             r"A copy that was made while its server was writing looks like this, too\. Put back a sound copy; or stator check")
            self.assertNotIn("Corruption", text)

    def test_a_disk_that_is_dead(self):
        """Its file system has shut itself down: that is told before what it looks like, which is damage."""
        disk = Disk("ext4", 96)
        try:
            data = disk.mount / "data"
            shutil.copytree(self.whole, data)
            os.sync()
            disk.cut()
            text = self.start(None, data)
            self.assertIn(f"The disk under '{data}' does not answer a read (Input/output error). Look at it first", text)
            for flags in ((), ("--repair",)):
                done = self.check(data, *flags)
                self.assertIn("does not answer a read", done.stdout + done.stderr)
                self.assertNotEqual(done.returncode, 0)
            disk.back()
            self.assertEqual(self.check(data).returncode, 0)
        finally:
            disk.close()

    def test_a_repair_without_room(self):
        disk = Disk("ext4", 64)
        try:
            data = disk.mount / "data"
            shutil.copytree(self.whole, data)
            table = max(data.glob("*.sst"), key=lambda path: path.stat().st_size)
            self.flip(table.name, 100)(data)
            disk.fill(1000)
            before = sorted(path.name for path in data.iterdir())
            done = self.check(data, "--repair")
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stderr, rf"^stator: The disk has too little room for the repair of '{data}', .* may need \d+ MiB .*, and \d+ MiB "
                             r"are free\. Make room and run it again\. Nothing was changed\.\n$")
            self.assertEqual(sorted(path.name for path in data.iterdir()), before)
            disk.free()
            self.assertEqual(self.check(data, "--repair").returncode, 4)
        finally:
            disk.close()

    def health(self, server):
        with urllib.request.urlopen(f"{server.url}/_stator/metrics", timeout=10) as answer:
            met = re.search(r"^stator_store_damaged_reads_total (\d+)", answer.read().decode(), re.MULTILINE)
        try:
            with urllib.request.urlopen(f"{server.url}/_stator/health", timeout=10) as answer:
                return answer.status, int(met[1])
        except urllib.error.HTTPError as refused:
            return refused.code, int(met[1])

    def compact(self, folder, copy):
        """A compaction that meets damage is told of, and costs no write."""
        del folder
        for path in self.files(".sst"):
            if path.stat().st_size > 100000:  # of items
                self.flip(path.name, 100)(copy)
        server = Server(data_dir=str(copy)).start()
        try:
            self.assertEqual(self.health(server), (200, 0))
            done = subprocess.run([find_binary(), "compact", "--port", str(server.port)], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("damaged", done.stderr)
            status, met = self.health(server)
            self.assertEqual(status, 503)
            self.assertGreater(met, 0)
            client = dynamo.Client(server.url)
            time.sleep(2)  # the engine tries again
            self.put(client, range(OLD + NEW, OLD + NEW + 100))
            for number in range(OLD + NEW, OLD + NEW + 100):
                answer = client.call("GetItem", {"TableName": TABLE, "Key": {"pk": {"S": f"k{number}"}}, "ConsistentRead": True})
                self.assertEqual(answer["Item"], item(number))
            return "told"
        finally:
            server.kill()

    def test_a_compaction_that_meets_damage(self):
        self.assertEqual(self.spoiled(lambda copy: None, self.compact), "told")

    def kill_repair(self, folder, copy, after):
        """What a repair that was killed after so long leaves: a server that starts then has what a repair keeps, or is refused or
        meets the damage; and the next repair ends it."""
        table = max(self.files(".sst"), key=lambda path: path.stat().st_size)
        self.flip(table.name, 100)(copy)
        with subprocess.Popen([find_binary(), "check", "--repair", copy], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.kill()
        between = folder / "between"
        shutil.copytree(copy, between)
        if self.check(between).returncode != 0:
            self.assertIn(self.look(folder, between), ("refused", "unread"))
        self.mend(folder, copy, most=50, untold=True)
        return "killed" if process.returncode != 0 else "done"

    def test_a_repair_that_is_killed(self):
        chance = random.Random(SEED)
        counts = {}
        for _ in range(12 if not TOTAL else 200):
            become = self.spoiled(lambda copy: None, lambda folder, copy: self.kill_repair(folder, copy, chance.uniform(0, 0.12)))
            counts[become] = counts.get(become, 0) + 1
        told(f"repairs killed: {counts}")
        self.assertIn("killed", counts)

    def test_what_is_sound_is_not_changed(self):
        def listed():
            return {path.name: path.read_bytes() for path in self.whole.iterdir()}

        before = listed()
        for flags in ((), ("--repair",)):
            self.assertEqual(self.check(self.whole, *flags).returncode, 0)
            self.assertEqual(listed(), before, flags)

    def test_whose_files_they_are(self):
        """A file that this user may not read is no damage; and what root repairs its owner can start on."""
        need(os.geteuid() == 0, "only root can be another user")
        self.base.chmod(0o711)
        copy = self.base / "an owner's"
        shutil.copytree(self.whole, copy)
        for path in (copy, *copy.iterdir()):
            os.chown(path, 65534, 65534)
        table = next(copy.glob("*.sst"))
        table.chmod(0)
        owner = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            reach = subprocess.run([find_binary(), "--version"], check=False, capture_output=True, **owner)
        except PermissionError:
            reach = None
        need(reach, "the program is where others cannot reach it")
        for flags in ((), ("--repair",)):
            done = subprocess.run([find_binary(), "check", *flags, copy], capture_output=True, text=True, check=False, **owner)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertIn(f"This user may not read '{copy}/{table.name}'", done.stderr)
        table.chmod(0o600)
        next(copy.glob("*.sst")).write_bytes(b"")
        self.assertEqual(self.check(copy, "--repair").returncode, 4)
        with self.subTest("the lock's file is another's"):
            (copy / "STATOR-LOCK").chmod(0o600)
            os.chown(copy / "STATOR-LOCK", 0, 0)
            done = subprocess.run([find_binary(), "--data-dir", copy, "--port", "0"], capture_output=True, text=True, timeout=20, check=False, **owner)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"The file '{copy}/STATOR-LOCK' cannot be opened: Permission denied. It belongs to user 0 and group 0 with mode 600; "
                          "this is user 65534 and group 65534", done.stderr)
            os.chown(copy / "STATOR-LOCK", 65534, 65534)
        self.assertEqual({path.stat().st_uid for path in copy.iterdir()}, {65534})

    def test_all_gone_but_the_lock(self):
        def spoil(copy):
            for path in copy.iterdir():
                if path.name != "STATOR-LOCK":
                    path.unlink()
        self.assertEqual(self.spoiled(spoil), "refused")


class SeveralFiles(unittest.TestCase):
    """Of a level, as a compaction by hand leaves them. A file that is gone costs what was in it, and neither a check nor a repair
    goes wrong over the place where it was."""

    ITEMS = 160
    BYTES = 150000

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-several-", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.whole = self.base / "whole"
        server = Server("--shards", "1", "--transition-ms", "0", data_dir=str(self.whole)).start()
        self.addCleanup(server.kill)
        client = dynamo.Client(server.url)
        client.call("CreateTable", {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": ATTRIBUTES[:1],
                                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
        for number in range(self.ITEMS):
            client.call("PutItem", {"TableName": TABLE, "Item": self.item(number)})
        subprocess.run([find_binary(), "compact", "--port", str(server.port)], capture_output=True, timeout=60, check=True)
        server.stop()

    def item(self, number):
        return {"pk": {"S": f"k{number}"}, "v": {"B": base64.b64encode(random.Random(number).randbytes(self.BYTES)).decode()}}

    def without(self, path):
        """How many items are gone after a repair of a copy without that file."""
        copy = self.base / path.stem
        copy.mkdir()
        for other in self.whole.iterdir():
            if other != path:
                (shutil.copy2 if other.name.startswith("STATOR-") else os.link)(other, copy / other.name)
        told_of, mended, again = (Damaged.check(copy, *flags) for flags in ((), ("--repair",), ()))
        said = "\n".join(done.stdout + done.stderr for done in (told_of, mended, again))
        self.assertEqual((told_of.returncode, mended.returncode, again.returncode), (1, 4, 0), said)
        for done in (told_of, mended):
            self.assertIn(f"{path.name} is gone\n", done.stdout)
        self.assertIn(": sound", again.stdout)
        server = Server(data_dir=str(copy))
        try:
            found = {entry["pk"]["S"]: entry for entry in scan(dynamo.Client(server.start().url))}
        finally:
            server.kill()
            shutil.rmtree(copy)
        for number in range(self.ITEMS):
            self.assertIn(found.get(f"k{number}"), (self.item(number), None))
        return self.ITEMS - len(found)

    def test_each_file_gone(self):
        tables = sorted(self.whole.glob("*.sst"))
        of_items = [path for path in tables if path.stat().st_size > self.BYTES]
        self.assertGreater(len(of_items), 1)
        lost = {path.name: self.without(path) for path in tables}
        told(f"of {self.ITEMS} items lost without {lost}")
        self.assertEqual(sum(lost[path.name] for path in of_items), self.ITEMS)


class Copies(unittest.TestCase):
    """By cp, tar and rsync, of a directory whose server writes pairs of items, one transaction each, and moves them in an index."""

    WAYS = {"cp": lambda source, copy: ["cp", "-r", source, copy],
            "tar": lambda source, copy: ["sh", "-c", f"mkdir {copy} && tar -C {source} -cf - . 2>/dev/null | tar -C {copy} -xf -"],
            "rsync": lambda source, copy: ["rsync", "-a", f"{source}/", f"{copy}/"]}

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-copies-", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.over = threading.Event()

    def write(self, url, lane):
        client, chance, filler = dynamo.Client(url), random.Random(f"{SEED} {lane}"), random.Random(lane).randbytes(6000).hex()
        while not self.over.is_set():
            pair, stamp = chance.randrange(150), str(chance.randrange(10**9))
            client.call("TransactWriteItems", {"TransactItems": [
                {"Put": {"TableName": TABLE, "Item": {"pk": {"S": f"{side}{lane}-{pair}"}, "of": {"S": stamp}, "v": {"S": filler}}}}
                for side in "ab"]})

    def check(self, folder, copy):
        server = Server(data_dir=str(copy))
        try:
            try:
                client = dynamo.Client(server.start().url)
            except RuntimeError:
                self.assertIn("damaged", server.text())
                return "refused"
            items = {entry["pk"]["S"]: entry["of"]["S"] for entry in scan(client)}
            index = [(entry["pk"]["S"], entry["of"]["S"]) for entry in scan(client, IndexName="by-of")]
            self.assertEqual(sorted(index), sorted(items.items()), folder)
            for name, stamp in items.items():
                self.assertEqual(items.get(("b" if name[0] == "a" else "a") + name[1:]), stamp, (folder, name))
            return "whole"
        finally:
            server.kill()

    def test_copies_of_a_live_directory(self):
        source = self.base / "data"
        server = Server("--transition-ms", "0", data_dir=str(source)).start()
        self.addCleanup(server.kill)
        client = dynamo.Client(server.url)
        client.call("CreateTable", {
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": ATTRIBUTES,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": "by-of", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                        "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}]}]})
        writers = [threading.Thread(target=self.write, args=(server.url, lane), daemon=True) for lane in range(3)]
        for writer in writers:
            writer.start()
        counts, end, taken = {}, time.monotonic() + seconds(8, 0.5), 0
        while time.monotonic() < end:
            for way, command in self.WAYS.items():
                if not shutil.which(way):
                    counts[way, "not here"] = 0
                    continue
                copy = self.base / f"copy-{taken}"
                subprocess.run([str(part) for part in command(source, copy)], check=False, stderr=subprocess.DEVNULL)
                become = self.check(f"{way} {taken}", copy)
                counts[way, become] = counts.get((way, become), 0) + 1
                shutil.rmtree(copy)
                taken += 1
        self.over.set()
        for writer in writers:
            writer.join()
        told(f"copies: {counts}")
        self.assertGreater(taken, 3)


class OlderCurrent(unittest.TestCase):
    """CURRENT and its manifest are of an earlier start than all other files: two old files put back, or a copy of a live directory
    that a restart falls into, after which the newer manifest may not be in it."""

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="stator-trust-current-", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.source, self.copy = self.base / "data", self.base / "copy"
        self.copy.mkdir()
        self.kept = {}  # what was acknowledged, by key
        self.server = Server("--transition-ms", "0", data_dir=str(self.source))
        self.addCleanup(self.server.kill)

    def put(self, name, count, size):
        client = dynamo.Client(self.server.url)
        for number in range(count):
            key, value = f"{name}{number}", random.Random(f"{name}{number} {len(self.kept)}").randbytes(size // 2).hex()
            client.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": key}, "v": {"S": value}}})
            self.kept[key] = value

    def take(self, first):
        """CURRENT and manifests, or all other files, once more where the server has deleted one of them meanwhile."""
        try:
            for path in self.source.iterdir():
                if (path.name == "CURRENT" or path.name.startswith("MANIFEST-")) == first:
                    shutil.copy2(path, self.copy)
        except FileNotFoundError:
            self.take(first)

    def fill(self, settle):
        """Takes CURRENT and its manifest in between; all that follows is in tables when the server is up again."""
        client = dynamo.Client(self.server.start().url)
        client.call("CreateTable", {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
                                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
        if settle:  # tables that stay
            self.put("old", 60, 100000)
            for start in range(3):
                self.server.stop()
                self.server.start()
                self.put(f"settled{start}-", 15, 10)
                self.put("again", 15, 10)
            self.server.stop()
            self.server.start()
        self.put("again", 15, 100)
        self.take(first=True)
        self.put("new", 60, 100000)
        self.put("again", 10, 1000)
        self.server.stop()
        self.server.start()
        self.put("again", 5, 10)

    def assert_refused(self, folder):
        before = {path.name: path.stat().st_size for path in folder.iterdir()}
        for _ in range(2):
            server = Server(data_dir=str(folder))
            with self.assertRaises(RuntimeError):
                server.start()
            server.kill()
            for part in ("is damaged: CURRENT is older than MANIFEST-", "it names MANIFEST-", "Nothing was changed", "stator check"):
                self.assertIn(part, server.text())
            self.assertEqual({path.name: path.stat().st_size for path in folder.iterdir()}, before)

    def assert_mended(self, folder, rebuilt):
        told_of, mended, again = (Damaged.check(folder, *flags) for flags in ((), ("--repair",), ()))
        said = "\n".join(done.stdout + done.stderr for done in (told_of, mended, again))
        self.assertEqual((told_of.returncode, mended.returncode, again.returncode), (1, 4 if rebuilt else 0, 0), said)
        self.assertIn("CURRENT is older than MANIFEST-", told_of.stdout)
        self.assertEqual("nobody says which table files count" in mended.stdout, rebuilt, said)
        server = Server(data_dir=str(folder))
        try:
            found = {entry["pk"]["S"]: entry["v"]["S"] for entry in scan(dynamo.Client(server.start().url))}
        finally:
            server.kill()
        self.assertEqual(set(found), set(self.kept), said)
        self.assertEqual([key for key in found if found[key] != self.kept[key]], [], said)

    def test_a_copy_that_a_restart_falls_into(self):
        self.fill(settle=True)
        self.take(first=False)
        self.server.kill()
        self.assert_refused(self.copy)
        self.assert_mended(self.copy, rebuilt=True)

    def test_two_old_files_put_back(self):
        for settle in (True, False):  # without, the format record was in the log, too
            with self.subTest(settle=settle):
                self.setUp()
                self.fill(settle)
                self.server.kill()
                for path in self.copy.iterdir():
                    shutil.copy2(path, self.source)
                self.assert_refused(self.source)
                self.assert_mended(self.source, rebuilt=False)


if __name__ == "__main__":
    unittest.main()

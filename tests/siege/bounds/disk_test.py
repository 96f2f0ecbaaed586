# SPDX-License-Identifier: Apache-2.0
"""A disk that is slow to take the log, or to sync it: who writes waits for it, who reads something else does not."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import attacks
import raw
import siege

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "bench/slow_sync.c"
SLOW_US = 800_000  # where a loop waits for that, whatever the machine


@unittest.skipUnless(shutil.which("cc"), "needs a compiler for what makes the disk slow")
class Disk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="stator-siege-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.library = f"{folder}/slow.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", cls.library, SOURCE], check=True)

        cls.server = siege.Server("--loops", "1").start()
        cls.addClassCleanup(cls.server.close)
        raw.create_table(cls.server.port, "victim")
        raw.put(cls.server.port, "victim", {"pk": {"S": "k"}})
        cls.most = siege.bounds(siege.beside_hogs(cls.server.port))
        cls.server.stop()

    def beside_writes(self, what):
        server = self.server
        server.environment = {"LD_PRELOAD": self.library, what: str(SLOW_US)}
        server.start()
        self.addCleanup(server.stop)
        put = raw.request("PutItem", {"TableName": "victim", "Item": {"pk": {"S": "w"}, "d": {"S": "x" * 1000}}})
        for _ in range(siege.TRIES):
            with attacks.Flood(server.port, put) as flood, siege.Victim(server.port, max(siege.SECONDS, 2)) as victim:
                victim.wait()
            siege.report(attack=f"PutItem, {what} {SLOW_US}", seen=victim.seen, statuses=flood.statuses)
            self.assertEqual(set(flood.statuses), {200})
            found = siege.excesses(victim.seen, self.most)
            if not found:
                return
        self.fail(f"{what}: {found}; {victim.seen} {flood.statuses}")

    def test_writes_of_the_log(self):
        self.beside_writes("SLOW_WRITE_US")

    def test_syncs(self):
        self.beside_writes("SLOW_SYNC_US")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The clock of a server under test: Server("--clock-file", clock.path), then clock.set(86400) puts it a day ahead at once."""
import pathlib
import shutil
import tempfile
import time


class Clock:
    def __init__(self):
        self.base = tempfile.mkdtemp(prefix="stator-clock-")
        self.path = str(pathlib.Path(self.base) / "clock")
        self.ahead = 0
        self.set(0)

    def set(self, seconds):
        """So many seconds ahead of the system's, or behind it. The file is never seen half written."""
        self.ahead = seconds
        new = pathlib.Path(self.path + ".new")
        new.write_text("%d\n" % seconds, encoding="ascii")
        new.replace(self.path)

    def now(self):
        """The server's time, in seconds since 1970."""
        return int(time.time()) + self.ahead

    def close(self):
        shutil.rmtree(self.base, ignore_errors=True)

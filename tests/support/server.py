# SPDX-License-Identifier: Apache-2.0
"""A Stator of the test's own: started on a port the system gives, ended and looked at afterwards.

    with Server("--in-memory") as server:
        ... server.host, server.port, server.url ...

The executable is $STATOR_BIN. A server that does not leave with exit code 0 after SIGTERM fails the test, and so does
whatever a sanitizer wrote.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 20  # a sanitizer build on a busy machine
STOP_SECONDS = 20
ADDRESS = re.compile(r"(?:127\.0\.0\.1|0\.0\.0\.0|localhost|\[::1?\]|\*):(\d+)")
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer)")


def binary():
    """The executable under test."""
    path = os.environ.get("STATOR_BIN", str(ROOT / "build/release/stator"))
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"no executable at {path}: build it, or say where it is in STATOR_BIN")
    return path


class Server:
    """start() and stop() or kill() may be called again and again: the data directory stays until close()."""

    def __init__(self, *flags, data_dir=None, env=None):
        self.flags, self.env = list(flags), env or {}
        self.process, self.port, self.log = None, None, []
        self.own_dir = None
        self.data_dir = data_dir
        if data_dir is None and "--in-memory" not in self.flags:
            self.own_dir = self.data_dir = tempfile.mkdtemp(prefix="stator-test-")

    host = "127.0.0.1"

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        command = [binary(), "--host", self.host, "--port", "0", *self.flags]
        if self.data_dir is not None:
            command += ["--data-dir", str(self.data_dir)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STATOR_")}
        environment.update(self.env)
        self.log = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment)
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        if not self.ready.wait(START_SECONDS) or self.port is None:
            self.kill()
            raise RuntimeError("the server did not say its address:\n" + self.text())
        return self

    def _read(self, process):
        self.port = None
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.log.append(line)
            if self.port is None:
                found = ADDRESS.search(line)
                if found:
                    self.port = int(found.group(1))
                    self.ready.set()
        self.ready.set()

    def text(self):
        return "\n".join(self.log)

    def wait(self, seconds=STOP_SECONDS):
        """Waits for the process to end; returns its exit code."""
        code = self.process.wait(seconds)
        self.reader.join(seconds)
        self.process.stdout.close()
        return code

    def stop(self, signal_number=signal.SIGTERM):
        """Ends it as an operator does. Raises if it was not clean. Returns the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal_number)
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not stop:\n" + self.text()) from None
        took = time.monotonic() - began
        if code != 0 or SANITIZER.search(self.text()):
            raise AssertionError(f"the server left with {code}:\n" + self.text())
        return took

    def kill(self):
        """kill -9."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.wait()

    def close(self):
        """Stops it if it runs, and removes the directory that was made for it."""
        try:
            if self.process is not None:
                if self.process.poll() is None:
                    self.stop()
                elif SANITIZER.search(self.text()):
                    raise AssertionError("the server died:\n" + self.text())
        finally:
            if self.own_dir is not None:
                shutil.rmtree(self.own_dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

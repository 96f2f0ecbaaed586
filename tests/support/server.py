# SPDX-License-Identifier: Apache-2.0
"""Starts a built Stator for a test: on a port given by the system, in a directory of its own, and stops it cleanly.

    with Server() as server:                      # or Server("--in-memory"), Server("--durability", "none", binary="stator-fake")
        connection = server.connect()             # a socket; server.url is http://127.0.0.1:<port>
        server.kill(); server.start()             # the same directory again, after a crash
    # leaving checks that it exits with 0 within ten seconds and that no sanitizer said anything

STATOR_BIN names the executable, STATOR_BUILD a build directory that has it (default: build/dev, else build/release).
"""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 10


def find_binary(name="stator"):
    """The executable under test."""
    if name == "stator" and os.environ.get("STATOR_BIN"):
        return pathlib.Path(os.environ["STATOR_BIN"]).resolve()
    builds = [os.environ.get("STATOR_BUILD"), ROOT / "build/dev", ROOT / "build/release"]
    for build in builds:
        if build and (pathlib.Path(build) / name).exists():
            return (pathlib.Path(build) / name).resolve()
    raise FileNotFoundError(f"no executable {name}: cmake --build --preset dev")


class Server:
    """One server process at a time over one data directory, which goes with the Server unless it was given. start, stop
    and kill may be called again and again; remove or close at the end."""

    host = "127.0.0.1"

    def __init__(self, *flags, binary="stator", data_dir=None, environment=None, in_memory=False, open_files=None, file_bytes=None):
        self.flags = [flag for flag in flags if flag != "--in-memory"]
        self.binary = find_binary(binary)
        self.own_dir = data_dir is None
        self.base = tempfile.mkdtemp(prefix="stator-test-") if self.own_dir else None
        self.data_dir = pathlib.Path(data_dir) if data_dir else pathlib.Path(self.base) / "data"
        self.in_memory = in_memory or "--in-memory" in flags
        self.environment = dict(environment or {})
        self.limits = {resource.RLIMIT_NOFILE: open_files, resource.RLIMIT_FSIZE: file_bytes}  # of the process; None: as it is
        self.process = None
        self.port = None
        self.output = []  # lines so far, of both streams

    def command(self):
        storage = ["--in-memory"] if self.in_memory else ["--data-dir", str(self.data_dir)]
        return [str(self.binary), "serve", "--port", "0", *storage, *self.flags]

    def start(self, wait=True):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
        environment.update(self.environment)
        limits = {which: limit for which, limit in self.limits.items() if limit is not None}

        def lower_limits():
            for which, limit in limits.items():
                resource.setrlimit(which, (limit, limit))

        self.output = []
        self.port = None
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=environment, text=True, errors="replace", preexec_fn=lower_limits)
        self.started = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        if wait:
            self.wait_until_started()
        return self

    def _read(self, stream):
        for line in stream:
            self.output.append(line)
            found = re.search(r"\blistening\b.*\bport\"?[=:](\d+)", line)
            if found and self.port is None:
                self.port = int(found.group(1))
                self.started.set()
        stream.close()
        self.started.set()

    def wait_until_started(self):
        if not self.started.wait(START_SECONDS) or self.port is None:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("the server did not start:\n" + self.text())

    def text(self):
        """What the server has printed so far."""
        return "".join(self.output)

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def send_signal(self, number):
        """A signal."""
        self.process.send_signal(number)

    def kill(self):
        """A crash. Nothing happens to one that is not running."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def wait(self, seconds=STOP_SECONDS):
        """The exit code, when it ends by itself."""
        code = self.process.wait(seconds)
        self.reader.join()
        return code

    def stop(self, seconds=STOP_SECONDS, number=None):
        """A clean end, by SIGTERM or another signal; returns how long it took."""
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM if number is None else number)
        try:
            code = self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise AssertionError("the server did not stop within %g s:\n%s" % (seconds, self.text())) from None
        took = time.monotonic() - before
        self.check(code)
        return took

    def check(self, code):
        if code != 0 or "Sanitizer" in self.text() or "runtime error" in self.text():
            raise AssertionError(f"the server ended with {code}:\n{self.text()}")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def remove(self):
        if self.own_dir:
            shutil.rmtree(self.base, ignore_errors=True)

    def close(self):
        """Stops it if it runs and removes its directory; one that died of itself fails the test, a killed one does not."""
        try:
            if self.running():
                self.stop()
            elif self.process is not None and self.process.returncode != -signal.SIGKILL:
                self.check(self.process.returncode)
        finally:
            self.remove()

    def call(self, operation, body, target="DynamoDB_20120810"):
        """One operation on a connection of its own: (status, answer)."""
        import http.client  # pylint: disable=import-outside-toplevel
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/", json.dumps(body), {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"{target}.{operation}",
                "X-Amz-Date": "20261121T000000Z",
                "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/dynamodb/aws4_request, "
                                 "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
            })
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        finally:
            connection.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        try:
            if self.running():
                if kind is None:
                    self.stop()
                else:
                    self.kill()
                    print("the server said:\n" + self.text())
        finally:
            self.remove()

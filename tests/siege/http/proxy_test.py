# SPDX-License-Identifier: Apache-2.0
"""Behind nginx and HAProxy, which read HTTP in their own ways: whatever is sent to them, each request that the server sees is
answered to who sent it, once, and nobody gets another's answer. A request smuggled past a proxy would be one whose answer
nobody gets, or the next client of the same connection to the server does.

The programs are those in build/proxies (tests/run puts Debian's there), or in PATH."""
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / folder) for folder in ("support", "wire")]

import raw_cases
from careless import Careless, coding, first_length, last_length
from wire import ROOT, Server, Wire, request

UNPACKED = ROOT / "build/proxies/root"
AT_ONCE = 16
START_SECONDS = 10
QUIET_SECONDS = 6  # longer than a proxy waits for the rest of a request (1 s)
LAST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
FRAMED = re.compile("(two|a|no) (lengths?|codings?)")
REQUEST_ID = re.compile(rb"x-amzn-requestid: ([0-9A-Z]{52})\r\n", re.IGNORECASE)

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 500; }}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_timeout 500ms; ignore_invalid_headers {ignore};
    upstream stator {{ server 127.0.0.1:{server}; keepalive 2; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://stator; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 1s
    timeout server 5s
    {option}
frontend all
    bind 127.0.0.1:{port}
    default_backend stator
backend stator
    http-reuse always
    server stator 127.0.0.1:{server} pool-max-conn 2
"""


def program(name):
    """Its path and the environment in which it finds its libraries, or SkipTest."""
    unpacked = UNPACKED / "usr/sbin" / name
    path = unpacked if unpacked.exists() else shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        raise unittest.SkipTest(f"{name} is neither in build/proxies nor installed")
    libraries = ":".join(str(folder) for folder in sorted((UNPACKED / "usr/lib").glob("*-linux-gnu*")))
    return str(path), {**os.environ, "LD_LIBRARY_PATH": libraries}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Proxy:
    """A proxy before the server, for the time of a `with`."""
    host = "127.0.0.1"

    def __init__(self, name, command, settings, server, **values):
        self.program, self.environment = program(name)
        self.command, self.port = command, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stator-test-"))
        self.file = self.folder / "settings"
        self.file.write_text(settings.format(folder=self.folder, port=self.port, server=server.port, **values), encoding="utf-8")

    def __enter__(self):
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen([self.program, *self.command, str(self.file)], env=self.environment, stdout=output,
                                            stderr=output, stdin=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect(1).close()
                return self
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"{self.program} does not start: {(self.folder / 'output').read_text()}") from error
                time.sleep(0.02)

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def send(proxy, data):
    """The ids of the requests that are answered to one who sends this."""
    with proxy.connect(QUIET_SECONDS) as sock:
        got = b""
        try:
            sock.sendall(data)
        except OSError:
            pass
        try:
            while piece := sock.recv(65536):
                got += piece
        except OSError:
            pass  # it waits for more, or was reset
        return [found.decode() for found in REQUEST_ID.findall(got)]


def victim(proxy, number):
    """The ids of what is answered to somebody else's own request, and what is wrong about it; None: nothing."""
    name = f"of-victim-{number}"
    with Wire(proxy) as wire:
        answer = wire.ask(request(json.dumps({"TableName": name}), operation="DescribeTable", headers={"Connection": "close"}))
    right = answer.status == 400 and name.encode() in answer.body
    return [answer.header("x-amzn-requestid")], None if right else f"victim {number} got {answer}"


class Behind(unittest.TestCase):
    def besiege(self, proxy_of, cases):
        """The cases through a proxy, each beside a victim, and what the server's log says of them."""
        server = Server("--log-level", "debug", in_memory=True).start()
        self.addCleanup(server.close)
        proxy = proxy_of(server)

        def one(number):
            ids = send(proxy, cases[number].data + LAST)
            own, wrong = victim(proxy, number)
            return ids + own, wrong

        with proxy, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(one, range(len(cases))))
        self.assertEqual([wrong for _, wrong in results if wrong is not None], [])
        answered = [found for ids, _ in results for found in ids]
        self.assertEqual(len(answered), len(set(answered)), "an answer was given twice")
        server.stop()  # the log is whole
        seen = re.findall(r" request operation=.* request_id=([0-9A-Z]{52})", server.text())
        self.assertEqual(len(seen), len(set(seen)))
        self.assertGreater(len(seen), len(cases))  # the victims are among them
        self.assertEqual(set(seen) - set(answered), set(), "requests reached the server that nobody was answered")
        self.assertNotIn("operation=DeleteTable", server.text())

    def test_nginx(self):
        for buffering in "on", "off":
            for ignore in "on", "off":
                with self.subTest(buffering=buffering, ignore_invalid_headers=ignore):
                    self.besiege(functools.partial(Proxy, "nginx", ["-c"], NGINX, buffering=buffering, ignore=ignore), raw_cases.read())

    def test_haproxy(self):
        for option in "", "option accept-invalid-http-request":
            with self.subTest(option=option):
                self.besiege(functools.partial(Proxy, "haproxy", ["-db", "-f"], HAPROXY, option=option), raw_cases.read())

    def test_careless_ones(self):
        """They would have requests smuggled past them by what the server of 0.1.0 took."""
        cases = [case for case in raw_cases.read() if case.end != "wait" and FRAMED.match(case.name)]
        for length_of in first_length, last_length, coding:
            with self.subTest(length_of.__name__):
                self.besiege(functools.partial(Careless, length_of), cases)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Stands between an SDK and the server, and answers some requests badly, to see what the SDK makes of it.

A request whose table is called "fail-KIND-N-anything" is answered N times with the fault KIND, then passed on like all
others. KIND is "internal" (InternalServerError, 500), "unavailable" (ServiceUnavailable, 503), "throughput"
(ProvisionedThroughputExceededException), "throttling" (ThrottlingException), "crc" (a good answer whose checksum is wrong)
or "drop" (the connection ends without an answer). GET /faults/TABLE tells how many were given to that table.
"""
import collections
import http.client
import http.server
import json
import re
import threading
import urllib.parse
import zlib

TABLE = re.compile(rb'"TableName"\s*:\s*"(fail-([a-z]+)-([0-9]+)-[^"]*)"')
REQUEST_ID = "FAULTY00000000000000000000000000000000000000000000000"
ERRORS = {
    "internal": (500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "The request processing has failed because of an unknown error"),
    "unavailable": (503, "com.amazon.coral.availability#ServiceUnavailableException", "Service is unavailable"),
    "throughput": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for the table was exceeded."),
    "throttling": (400, "com.amazon.coral.availability#ThrottlingException", "Rate of requests exceeds the allowed throughput."),
}
PASSED_BACK = ("content-type", "x-amzn-requestid", "x-amz-crc32")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def do_GET(self):
        table = self.path.removeprefix("/faults/")
        self.answer(200, str(self.server.given[table]).encode(), {"Content-Type": "text/plain"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.server.fault_of(body)
        if kind == "drop":
            self.close_connection = True
        elif kind in ERRORS:
            status, name, message = ERRORS[kind]
            text = json.dumps({"__type": name, "message": message}).encode()
            self.answer(status, text, {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": REQUEST_ID,
                                       "x-amz-crc32": str(zlib.crc32(text))})
        else:
            self.pass_on(body, spoil=kind == "crc")

    def pass_on(self, body, spoil):
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "connection")}
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in PASSED_BACK}
            if spoil:
                kept["x-amz-crc32"] = str(zlib.crc32(text) ^ 1)
            self.answer(answer.status, text, kept)
        finally:
            connection.close()


class Faulty(http.server.ThreadingHTTPServer):
    """`url` is where it listens, `given` how many faults each table got."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, target_url):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = urllib.parse.urlsplit(target_url).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.given = collections.Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def fault_of(self, body):
        found = TABLE.search(body)
        if not found:
            return None
        table, kind, count = found[1].decode(), found[2].decode(), int(found[3])
        if kind not in ERRORS and kind not in ("crc", "drop"):
            raise ValueError(f"no fault is called {kind}")
        with self.lock:
            if self.given[table] >= count:
                return None
            self.given[table] += 1
            return kind

    def handle_error(self, request, client_address):
        """A client that hangs up is nothing to report."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

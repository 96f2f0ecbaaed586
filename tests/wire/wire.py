# SPDX-License-Identifier: Apache-2.0
"""A raw HTTP/1.1 client for tests of the wire: sends exactly the bytes it is told, and reads answers strictly."""
import pathlib
import socket
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import ROOT, Server, find_binary  # noqa: E402,F401  pylint: disable=wrong-import-position

DATE = "20130609T100015Z"
AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20130609/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=host;x-amz-date;x-amz-target, Signature=b")
AMZ_JSON = "application/x-amz-json-1.0"
BODY_MAX = 16 * 1024 * 1024


class Closed(Exception):
    """The server closed the connection before or inside an answer."""


class Response:
    """One answer: version, status, reason, headers (lower-case names, in order), body."""

    def __init__(self, version, status, reason, headers, body):
        self.version, self.status, self.reason, self.headers, self.body = version, status, reason, headers, body

    def header(self, name):
        """The only value of a header, or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None

    def names(self):
        return [key for key, _ in self.headers]

    def plain(self):
        """The body, decompressed where it is compressed."""
        encoding = self.header("content-encoding")
        if encoding == "gzip":
            return zlib.decompress(self.body, 31)
        return zlib.decompress(self.body, 15) if encoding == "deflate" else self.body

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:200]!r}>"


class Wire:
    """A connection."""

    def __init__(self, server, timeout=20):
        self.socket = server.connect(timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Closed("reset") from error
        if not data:
            raise Closed("closed after %r" % self.buffer[:200])
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def _exactly(self, count):
        while len(self.buffer) < count:
            self._fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _chunks(self):
        body = b""
        while True:
            size = int(self._until(b"\r\n"), 16)
            if size == 0:
                assert self._until(b"\r\n") == b""
                return body
            body += self._exactly(size)
            assert self._exactly(2) == b"\r\n"

    def read(self, head=False):
        """The next answer. head: of a HEAD request, so without a body."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, reason = lines[0].split(" ", 2)
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        response = Response(version, int(status), reason, headers, b"")
        if head or int(status) < 200:
            return response
        if response.header("transfer-encoding") == "chunked":
            assert response.header("content-length") is None
            response.body = self._chunks()
        else:
            response.body = self._exactly(int(response.header("content-length")))
        return response

    def ask(self, data, head=False):
        self.send(data)
        return self.read(head)

    def at_end(self):
        """True when the server closes, having sent nothing more."""
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return self.buffer == b""

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(body=b"", method="POST", path="/", headers=None, version="HTTP/1.1", length=True, operation=None):
    """The bytes of a request. headers None: what an SDK sends for `operation` (ListTables), a dict adds to or, with
    None as a value, takes from those."""
    if isinstance(body, str):
        body = body.encode()
    all_headers = {"Host": "localhost"}
    if operation or headers is None:
        all_headers.update(signed(operation or "ListTables"))
    for name, value in (headers or {}).items():
        if value is None:
            all_headers.pop(name, None)
        else:
            all_headers[name] = value
    if length and (body or method == "POST"):
        all_headers["Content-Length"] = str(len(body))
    lines = [f"{method} {path} {version}"] + [f"{name}: {value}" for name, value in all_headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def signed(operation):
    """The headers of a signed request."""
    return {"Content-Type": AMZ_JSON, "X-Amz-Target": "DynamoDB_20120810." + operation, "X-Amz-Date": DATE,
            "Authorization": AUTHORIZATION}

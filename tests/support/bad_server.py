# SPDX-License-Identifier: Apache-2.0
"""A server that misbehaves by a script, for tests of clients.

    with BadServer([error(500, "InternalServerError"), ok(b'{"TableNames":[]}')]) as server:
        ... server.url ...
    server.requests      what came, in order: Request(connection, headers, body)

A step answers one request: a function of (connection, request) that says whether the connection is kept. When the script
is over, every further request gets the last step. Nothing here waits for a time: what hangs does so until the client
hangs up or the server is closed.
"""
import collections
import json
import socket
import struct
import threading
import zlib

Request = collections.namedtuple("Request", "connection headers body")
REQUEST_ID = "BADSERVER0000000000000000000000000000000000000000000"


# --- Steps ----------------------------------------------------------------------------------------------------------

def whole(body=b"{}", status="200 OK", headers=None):
    """The bytes of a good answer. A header that is None is left out."""
    fields = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": len(body), "x-amzn-RequestId": REQUEST_ID,
              "x-amz-crc32": zlib.crc32(body), **(headers or {})}
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send(data, keep=True):
    def step(connection, _):
        connection.sendall(data)
        return keep
    return step


def ok(body=b"{}", keep=True, **kwargs):
    return send(whole(body, **kwargs), keep)


def error(status, name, message="no", headers=None, **members):
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": message, **members}).encode()
    return ok(body, status=f"{status} Reason", headers=headers)


def drop(_connection, _request):
    """Hangs up without a byte of an answer."""
    return False


def reset(connection, _):
    """The same, with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def cut(data, length):
    """The first bytes of an answer, then the end of the connection."""
    return send(data[:length], keep=False)


def stall(data=b""):
    """These bytes, then nothing until the client hangs up."""
    def step(connection, _):
        connection.sendall(data)
        while connection.recv(65536):
            pass
        return False
    return step


def endless(head, piece):
    """A beginning, then the same piece again and again until the client hangs up."""
    def step(connection, _):
        connection.sendall(head)
        while True:
            connection.sendall(piece)
    return step


# --- The server -----------------------------------------------------------------------------------------------------

class BadServer:
    def __init__(self, script):
        self.script, self.requests, self.lock = list(script), [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open, self.threads, self.closing = set(), [], False
        self.acceptor = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        self.closing = True
        self.listener.shutdown(socket.SHUT_RDWR)  # accept() returns
        self.acceptor.join()
        self.listener.close()
        with self.lock:
            for connection in self.open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self.threads:
            thread.join()

    @property
    def connections(self):
        """The number of the connection of every request."""
        return [request.connection for request in self.requests]

    def _accept(self):
        number = 0
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            with self.lock:
                self.open.add(connection)
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while not self.closing and self._answer(connection, stream, number):
                    pass
        except OSError:
            pass  # the client hung up, or the server is being closed
        finally:
            with self.lock:
                self.open.discard(connection)

    def _answer(self, connection, stream, number):
        headers = {}
        if not stream.readline():
            return False
        for line in iter(stream.readline, b"\r\n"):
            if not line:
                return False
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        with self.lock:
            self.requests.append(Request(number, headers, body))
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step(connection, self.requests[-1])

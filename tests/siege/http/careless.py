# SPDX-License-Identifier: Apache-2.0
"""A proxy that decides carelessly where a request ends that can be read in two ways, and passes it on as it came: what the
reports of requests smuggled have before the server. All clients share one connection to it."""
import re
import socket
import threading

PATIENCE_SECONDS = 0.5
LENGTH = re.compile(rb"^content-length *: *(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^transfer-encoding[^\n]*chunked", re.IGNORECASE | re.MULTILINE)


def lengths(head):
    return [int(length) for length in LENGTH.findall(head)] or ([None] if CHUNKED.search(head) else [0])


def first_length(head):
    """The first of two lengths, and a length before a coding."""
    return lengths(head)[0]


def last_length(head):
    """The last of two lengths, and a length before a coding."""
    return lengths(head)[-1]


def coding(head):
    """Whatever has "chunked" in it, before a length."""
    return None if CHUNKED.search(head) else last_length(head)


class Stream:
    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def until(self, *marks):
        """What comes before and with the mark that is there first."""
        while True:
            ends = [self.buffer.find(mark) + len(mark) for mark in marks if mark in self.buffer]
            if ends:
                return self.take(min(ends))
            self.more()

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        return self.take(count)

    def take(self, count):
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def more(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionError("the end")
        self.buffer += piece


class Careless:
    """The proxy, for the time of a `with`. length_of: of a request's head; None: in chunks."""
    host = "127.0.0.1"

    def __init__(self, length_of, server):
        self.length_of, self.server = length_of, server
        self.upstream, self.lock = None, threading.Lock()
        self.listener = socket.create_server((self.host, 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            self._hang_up()

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout)

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.settimeout(PATIENCE_SECONDS)
        with sock:
            try:
                self._pass_on(Stream(sock))
            except OSError:
                pass

    def _pass_on(self, client):
        going = True
        while going:
            head = client.until(b"\r\n\r\n", b"\n\n")
            length = self.length_of(head)
            body = client.exactly(length) if length is not None else client.until(b"0\r\n\r\n")
            with self.lock:
                try:
                    answer = self._ask(head + body, head.startswith(b"HEAD "))
                except OSError:
                    self._hang_up()
                    raise
            client.sock.sendall(answer)
            going = b"connection: close" not in answer.lower()

    def _ask(self, data, no_body):
        if self.upstream is None:
            self.upstream = Stream(self.server.connect(PATIENCE_SECONDS))
        self.upstream.sock.sendall(data)
        head = self.upstream.until(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head = self.upstream.until(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            answer = head + self.upstream.until(b"0\r\n\r\n")
        else:
            answer = head + self.upstream.exactly(0 if no_body else lengths(head)[0])
        if b"connection: close" in head.lower():
            self._hang_up()
        return answer

    def _hang_up(self):
        if self.upstream is not None:
            self.upstream.sock.close()
            self.upstream = None

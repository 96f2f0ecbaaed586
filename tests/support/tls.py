# SPDX-License-Identifier: Apache-2.0
"""TLS in front of a server that has none, with certificates made for the test by the command openssl.

    tls.needs_openssl()                                   # or unittest.SkipTest
    good = tls.Certificate(folder, "good")                # for 127.0.0.1, signed by itself, good for a day
    old = tls.Certificate(folder, "old", days=-1)         # expired
    with tls.Front(server.port, good) as front:           # front.url is https://127.0.0.1:<port>
        ...
"""
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import unittest


def needs_openssl():
    if shutil.which("openssl") is None:
        raise unittest.SkipTest("not installed: openssl")


class Certificate:
    """Signed by itself: path is what a client trusts it by."""

    def __init__(self, folder, name, host="IP:127.0.0.1", days=1):
        self.path, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={host}\nbasicConstraints=critical,CA:TRUE\n", encoding="utf-8")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", request,
                     "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", request, "-signkey", self.key, "-days", days, "-extfile", extensions, "-out", self.path)

    @staticmethod
    def openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)


class Front:
    """Ends TLS and passes on what was in it, both ways, to a port of this machine."""

    def __init__(self, port, certificate):
        self.upstream = ("127.0.0.1", port)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.path, certificate.key)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "https://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.taken = 0  # connections whose handshake came to its end and that sent something
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                connection = self.listener.accept()[0]
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:  # of TLS, too: a client that does not like the certificate
            with self.context.wrap_socket(connection, server_side=True) as inside:
                while request := self._request(inside):
                    self.taken += 1
                    with socket.create_connection(self.upstream) as upstream:
                        upstream.sendall(request)
                        while block := upstream.recv(65536):
                            inside.sendall(block)

    @staticmethod
    def _request(inside):
        """A whole request, its connection to be closed after it; nothing at the end."""
        text = b""
        while b"\r\n\r\n" not in text:
            block = inside.recv(65536)
            if not block:
                return b""
            text += block
        head, _, body = text.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            block = inside.recv(65536)
            if not block:
                return b""
            body += block
        return head + b"\r\nConnection: close\r\n\r\n" + body

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

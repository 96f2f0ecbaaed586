# SPDX-License-Identifier: Apache-2.0
"""Whom the client trusts over TLS: every case with calls that wait and with calls that a loop drives."""
import pathlib
import tempfile
import unittest

import tls
from probing import Probe
from server import Server


class Trust(unittest.TestCase):
    WAYS = ([], ["--async"])

    @classmethod
    def setUpClass(cls):
        tls.needs_openssl()
        folder = tempfile.TemporaryDirectory(prefix="stator-tls-")
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        cls.good = tls.Certificate(path, "good")
        cls.other = tls.Certificate(path, "other")
        cls.old = tls.Certificate(path, "old", days=-1)
        cls.elsewhere = tls.Certificate(path, "elsewhere", host="DNS:elsewhere.example")
        cls.nonsense = path / "nonsense.pem"
        cls.nonsense.write_text("no certificate\n", encoding="utf-8")
        cls.server = Server("--in-memory").__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def outcomes(self, certificate, *arguments):
        """How ListTables ended in each way, and on how many connections somebody was trusted."""
        for way in self.WAYS:
            with tls.Front(self.server.port, certificate) as front:
                probe = Probe(front.url, *way, *arguments, "list")
                yield probe.outcomes[0], front.taken

    def assert_refused(self, text, certificate, *arguments):
        for outcome, taken in self.outcomes(certificate, *arguments):
            self.assertEqual((outcome.rc, outcome.attempts, outcome.retryable), ("UNREACHABLE", 1, 0), outcome)
            self.assertRegex(outcome.message, text)
            self.assertEqual(taken, 0)  # nothing was sent, no signature neither

    def assert_taken(self, certificate, *arguments):
        for outcome, taken in self.outcomes(certificate, *arguments):
            self.assertEqual((outcome.rc, outcome.status), ("OK", 200), outcome)
            self.assertEqual(taken, 1)

    def test_nobody_by_default(self):
        self.assert_refused("self.signed certificate", self.good)

    def test_whom_the_file_says(self):
        self.assert_taken(self.good, "--ca-file", self.good.path)
        self.assert_refused("certificate", self.good, "--ca-file", self.other.path)

    def test_anybody_if_told_so(self):
        for certificate in self.good, self.old, self.elsewhere:
            self.assert_taken(certificate, "--insecure")

    def test_expired(self):
        self.assert_refused("certificate has expired", self.old, "--ca-file", self.old.path)

    def test_of_another_host(self):
        self.assert_refused("127.0.0.1", self.elsewhere, "--ca-file", self.elsewhere.path)

    def test_file_that_has_none(self):
        for path in self.nonsense, "/nonexistent/file.pem":
            self.assert_refused("CA|certificate", self.good, "--ca-file", path)


if __name__ == "__main__":
    unittest.main()

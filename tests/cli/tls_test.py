# SPDX-License-Identifier: Apache-2.0
"""The command line over TLS: whom it trusts, and what it says to those it does not."""
import unittest

from cli import Case
import tls


class Trust(Case):
    def setUp(self):
        tls.needs_openssl()
        super().setUp()
        self.table()

    def front(self, certificate):
        front = tls.Front(self.server.port, certificate)
        self.addCleanup(front.__exit__)
        return ["--endpoint", front.url]

    def test_its_own_authority(self):
        good = tls.Certificate(self.folder, "good")
        front = self.front(good)
        self.assertEqual(self.json("tables", "--ca-file", good.path, *front), ["users"])
        self.refused(5, "self-signed certificate\n", "tables", *front)
        self.refused(5, "error setting certificate file", "tables", "--ca-file", self.folder / "none.pem", *front)

    def test_insecure(self):
        for certificate in (tls.Certificate(self.folder, "old", days=-1),
                            tls.Certificate(self.folder, "elsewhere", host="DNS:elsewhere.example")):
            front = self.front(certificate)
            self.assertEqual(self.json("tables", "--insecure", *front), ["users"])
            self.refused(5, "certificate", "tables", *front)

    def test_expired_and_of_another_host(self):
        old = tls.Certificate(self.folder, "old", days=-1)
        self.refused(5, "certificate has expired", "tables", "--ca-file", old.path, *self.front(old))
        elsewhere = tls.Certificate(self.folder, "elsewhere", host="DNS:elsewhere.example")
        self.refused(5, "127.0.0.1", "tables", "--ca-file", elsewhere.path, *self.front(elsewhere))


if __name__ == "__main__":
    unittest.main()

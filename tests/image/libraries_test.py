# SPDX-License-Identifier: Apache-2.0
"""deploy/libraries: h2o as an archive of our own building, here and on a machine with a newer Debian, in a server that loads
neither it nor OpenSSL any more. RocksDB takes a quarter of an hour and is not tried here; the way is the same."""
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import containers
from containers import ROOT, run

LIBRARIES, BUILD = ROOT / "build/libraries", ROOT / "build/release"
OUT_OF_REACH = (*containers.OUT_OF_REACH, "must put some 'deb-src' URIs", "Unable to find a source package", "Can not find version")


def libraries(folder, *names, **environment):
    settings = [f"{name}={value}" for name, value in {"STATOR_LIBRARIES": folder, **environment}.items()]
    return run("env", *settings, ROOT / "deploy/libraries", *names, check=False)


DOCKERFILE = """
FROM docker.io/library/debian:trixie-slim AS libraries
COPY deploy /src/deploy
RUN /src/deploy/libraries h2o && /src/deploy/libraries --check h2o
"""


class Newer(unittest.TestCase):
    """On Debian 13, which has no h2o."""

    def test_builds(self):
        containers.prepare()
        self.addCleanup(containers.clean)
        containers.debian(containers.HOME / "trixie.tar", "trixie")
        containers.podman("import", containers.HOME / "trixie.tar", "docker.io/library/debian:trixie-slim")
        with tempfile.TemporaryDirectory(prefix="stator-test-") as folder:
            dockerfile = pathlib.Path(folder) / "Dockerfile"
            dockerfile.write_text(DOCKERFILE, encoding="utf-8")
            containers.build("libraries", dockerfile)


class Usage(unittest.TestCase):
    def test_help(self):
        for flag in "--help", "-h":
            done = libraries(LIBRARIES, flag)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("  deploy/libraries --check h2o ", done.stdout)
            self.assertNotIn("set -", done.stdout)

    def test_refused(self):
        for names, text in ((["openssl"], "not openssl"), (["h2o", "--check"], "not --check"), (["-x", "h2o"], "no option -x"), ([], "Which library?"),
                            ([""], "not "), (["--where", "h2o"], "no option --where"), (["--check"], "Which library?"),
                            (["--for"], "--for needs an architecture")):
            with self.subTest(names):
                done = libraries(LIBRARIES, *names)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(text + "\n", done.stderr)
                self.assertIn("  deploy/libraries --help ", done.stderr)


class Libraries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = libraries(LIBRARIES, "h2o")
        if done.returncode != 0 and any(text in done.stdout + done.stderr for text in OUT_OF_REACH):
            raise unittest.SkipTest("Debian's sources are out of reach")
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stator-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_once(self):
        for name in "libh2o-evloop.a", "h2o.built":
            shutil.copy(LIBRARIES / name, self.folder / name)
        done = libraries(self.folder, "h2o")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_of_other_patches(self):
        """An archive that was made by another script or with other patches goes, even if no other can be made."""
        shutil.copy(LIBRARIES / "libh2o-evloop.a", self.folder)
        (self.folder / "h2o.built").write_text("0 -", encoding="ascii")
        self.assertEqual(libraries(self.folder, "--check", "h2o").returncode, 1)
        self.assertIn("libh2o-evloop.a", os.listdir(self.folder))
        done = libraries(self.folder, "h2o", http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("was not built", done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ["h2o.built", "h2o.log", "lock"])

    def test_what_a_build_says_without_it(self):
        done = run("env", f"STATOR_LIBRARIES={self.folder}", "cmake", "--preset", "release", "-S", ROOT, "-B", self.folder / "build",
                   check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("deploy/libraries h2o", done.stderr)
        self.assertNotIn("libh2o-evloop-dev", done.stderr)

    def test_what_the_server_loads(self):
        needed = run("readelf", "-dW", BUILD / "stator").stdout
        self.assertIn("libc.so.6", needed)
        for name in ("libh2o", "libssl", "libcrypto"):
            self.assertNotIn(name, needed)

    def test_bill_of_materials(self):
        bill = json.loads(run(ROOT / "deploy/sbom.sh", BUILD).stdout)
        how = {row["relatedSpdxElement"]: row["relationshipType"] for row in bill["relationships"]}
        self.assertEqual(how["SPDXRef-Debian-h2o"], "STATIC_LINK")
        self.assertEqual(how["SPDXRef-Debian-libssl-dev"], "STATIC_LINK")
        self.assertNotIn("SPDXRef-Debian-libssl3", how)

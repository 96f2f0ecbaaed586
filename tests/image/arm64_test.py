# SPDX-License-Identifier: Apache-2.0
"""The image for arm64: built on this machine by a compiler for it, nothing emulated; then run, by qemu, in a container of
its own with nothing of this machine but qemu itself, which is one static file."""
import json
import platform
import re
import shutil
import struct
import unittest

import containers
from containers import podman
from image_test import Case, HARDENED, SIZE_MAX, configuration, files_of

TARGET = "stator-arm64"
QEMU = "qemu-aarch64-static"
AARCH64 = 183  # e_machine of ELF


def setUpModule():
    containers.prepare()
    containers.build("stator", platform="linux/arm64")


def tearDownModule():
    containers.clean()


def machine_of(program):
    """e_machine of an ELF file; None of any other."""
    return struct.unpack_from("<H", program, 18)[0] if program is not None and program[:4] == b"\x7fELF" else None


class What(unittest.TestCase):
    def test_all_of_it_is_for_arm64(self):
        found = configuration(TARGET)
        self.assertEqual((found["Os"], found["Architecture"]), ("linux", "arm64"))
        self.assertLess(found["Size"], SIZE_MAX)
        files = files_of(TARGET)
        machines = {name: machine_of(content) for name, (_, content) in files.items() if machine_of(content) is not None}
        self.assertEqual(set(machines.values()), {AARCH64}, machines)
        self.assertIn("usr/bin/stator", machines)
        self.assertIn("lib/ld-linux-aarch64.so.1", machines)
        self.assertIn("lib/aarch64-linux-gnu/libc.so.6", machines)

    def test_bill_of_materials(self):
        files = files_of(TARGET)
        bill = json.loads(files["usr/share/doc/stator/sbom.spdx.json"][1])
        urls = [package["externalRefs"][0]["referenceLocator"] for package in bill["packages"] if package["name"] != "stator"]
        names = {package["name"] for package in bill["packages"]}
        self.assertLessEqual({"librocksdb-dev", "liblz4-dev", "libc6", "h2o", "libssl-dev", "libsodium23"}, names)
        for url in urls:  # "all" are the compiler's own libraries, as packages for those who build for another architecture
            self.assertRegex(url, "arch=source&" if "/h2o@" in url else "arch=all&" if "-cross@" in url else "arch=arm64&")
        for name in names:
            self.assertTrue(files[f"usr/share/doc/{name}/copyright"][1])


class Emulated(Case):
    """Its own program, with its own libraries."""
    target = TARGET
    command = ["/qemu", "/usr/bin/stator"]

    @classmethod
    def setUpClass(cls):
        qemu = shutil.which(QEMU)
        if qemu is None:
            raise unittest.SkipTest(f"not installed: {QEMU}")
        if platform.machine() == "aarch64":
            raise unittest.SkipTest("this machine needs no emulation: image_test.py has run it")
        cls.emulated = [*HARDENED, "--pull=never", "-v", f"{qemu}:/qemu:ro", "--entrypoint", json.dumps(cls.command)]

    def test_serves(self):
        container = self.container(options=self.emulated)
        self.assertRegex(container.output(), r"listening address=\[::\] port=8000 data_dir=/data durability=full")
        health = container.exec(*self.command, "healthcheck")
        self.assertEqual((health.returncode, health.stderr), (0, ""))
        self.assertEqual(container.get()[0], 200)
        self.assert_keeps(container)

    def test_version(self):
        code, said = self.container("--version", options=self.emulated, listens=False).run()
        self.assertEqual(code, 0)
        self.assertTrue(re.fullmatch(r"stator \d+\.\d+\.\d+ \(of-a-test\)\ndata directories of format \d+\n", said), said)


if __name__ == "__main__":
    unittest.main()

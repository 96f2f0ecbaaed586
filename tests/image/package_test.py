# SPDX-License-Identifier: Apache-2.0
"""The Debian package: made by CPack from the release build, installed and run in a Debian that has nothing else, and its
systemd unit, as systemd's own tools and a systemd that boots see it."""
import pathlib
import shutil
import tempfile
import time
import unittest

import containers
from containers import Container, podman, run

BUILD = containers.ROOT / "build/release"
DOCKERFILE = f"""
FROM {containers.BASE} AS package
COPY stator.deb libstator0.deb /
RUN apt-get update && apt-get install -y --no-install-recommends /stator.deb /libstator0.deb && rm -rf /var/lib/apt/lists/*
FROM package AS package-systemd
RUN apt-get update && apt-get install -y --no-install-recommends systemd && rm -rf /var/lib/apt/lists/*
"""
EXPOSURE_MAX = 20  # tenths, of systemd-analyze security: 2.0 is "OK"
BOOT_SECONDS = 60
TABLE = {"TableName": "kept", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}


def setUpModule():
    if not (BUILD / "stator").exists():
        raise unittest.SkipTest("build/release is not built")
    if shutil.which("dpkg-shlibdeps") is None:
        raise unittest.SkipTest("not installed: dpkg-dev")
    containers.prepare()
    with tempfile.TemporaryDirectory(prefix="stator-test-") as temporary:
        folder = pathlib.Path(temporary)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
        for package in ("stator", "libstator0"):
            (made,) = folder.glob(f"{package}_*.deb")
            made.rename(folder / f"{package}.deb")
        (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        containers.build("package", folder / "Dockerfile", folder)
        containers.build("package-systemd", folder / "Dockerfile", folder)


def tearDownModule():
    containers.clean()


def inside(target, *command, check=True):
    return podman("run", "--rm", "--network", "none", f"localhost/stator-test:{target}", *command, check=check)


class Package(unittest.TestCase):
    def test_installed(self):
        self.assertRegex(inside("package", "stator", "--version").stdout, r"^stator \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\ndata directories of format \d+\n$")
        self.assertEqual(inside("package", "dpkg", "--verify", "stator").stdout, "")
        files = inside("package", "dpkg", "-L", "stator").stdout.split()
        for name in ("/usr/bin/stator", "/usr/lib/systemd/system/stator.service", "/usr/share/doc/stator/copyright",
                     "/usr/share/doc/stator/sbom.spdx.json"):
            self.assertIn(name, files)

    def test_the_library_is_found(self):
        self.assertIn("libstator.so.0", inside("package", "ldconfig", "-p").stdout)
        self.assertEqual(inside("package", "dpkg", "--verify", "libstator0").stdout, "")

    def test_removed(self):
        inside("package", "sh", "-c", "dpkg --purge stator && test ! -e /usr/bin/stator && test ! -e /usr/share/doc/stator")

    def test_serves(self):
        container = Container("localhost/stator-test:package", "stator", "--data-dir", "/srv/stator")
        self.addCleanup(container.remove)
        container.client().create_table(TABLE)
        self.assertEqual(container.stop(), 0, container.output())
        container.start()
        self.assertEqual(container.client().call("ListTables", {})["TableNames"], ["kept"])
        self.assertEqual(container.stop(), 0, container.output())


def wait_for(what, ready):
    """The answer of ready(), once it is one."""
    end = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {BOOT_SECONDS} s: {what}")


class Unit(unittest.TestCase):
    def test_verify(self):
        done = inside("package-systemd", "systemd-analyze", "verify", "--man=no", "stator.service", check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_exposure(self):
        done = inside("package-systemd", "systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager",
                      "/usr/lib/systemd/system/stator.service", check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-600:] + done.stderr)
        self.assertRegex(done.stdout, r"Overall exposure level")

    def boot(self):
        """A container in which systemd runs, or SkipTest."""
        container = Container("localhost/stator-test:package-systemd", "/usr/lib/systemd/systemd",
                              options=["--privileged", "--systemd=always"], listens=False)
        self.addCleanup(container.remove)
        podman("start", container.id)
        try:
            # One that connects while systemd is being born may wait for its answer for 90 seconds.
            wait_for("systemd is up", lambda: container.exec("timeout", "5", "systemctl", "is-system-running").stdout.strip() in
                     ("running", "degraded"))
        except AssertionError as error:
            self.skipTest(f"systemd does not boot in a container here: {error}")
        return container

    def test_runs(self):
        """All its restrictions at work: it serves, comes back after a crash with what it knew, ends with its package."""
        container = self.boot()

        def call(*command):
            done = container.exec(*command)
            self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
            return done.stdout.strip()

        def pid():
            return container.exec("timeout", "5", "systemctl", "show", "stator", "-p", "MainPID", "--value").stdout.strip()

        self.assertEqual(container.exec("systemctl", "is-active", "stator").stdout.strip(), "inactive")
        call("systemctl", "enable", "--now", "stator")
        wait_for("health", lambda: container.exec("stator", "healthcheck").returncode == 0)
        container.client().create_table(TABLE)
        first = pid()
        status = call("cat", f"/proc/{first}/status")
        self.assertRegex(status, r"CapBnd:\t0+\n")
        self.assertRegex(status, r"Seccomp:\t2\n")
        self.assertNotRegex(status, r"Uid:\t0\t")
        call("sh", "-c", f"kill -9 {first}")
        wait_for("another process", lambda: pid() not in ("", "0", first))
        wait_for("health", lambda: container.exec("stator", "healthcheck").returncode == 0)
        self.assertEqual(container.client().call("ListTables", {})["TableNames"], ["kept"])
        call("systemctl", "stop", "stator")
        self.assertEqual(call("systemctl", "show", "stator", "-p", "Result", "--value"), "success")
        call("systemctl", "start", "stator")
        call("dpkg", "--purge", "stator")
        self.assertEqual(container.exec("systemctl", "is-active", "stator").stdout.strip(), "inactive")
        call("test", "-e", "/var/lib/stator/CURRENT")


if __name__ == "__main__":
    unittest.main()

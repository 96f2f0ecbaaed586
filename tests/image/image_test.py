# SPDX-License-Identifier: Apache-2.0
"""The image as deploy/Dockerfile makes it: built for real, run as users and their orchestrators run it."""
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

import containers
from containers import Container, podman

SIZE_MAX = 25_000_000
SCHEMA = {"TableName": "kept", "BillingMode": "PAY_PER_REQUEST",
          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
          "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
ITEM = {"pk": {"S": "a"}, "value": {"N": "1"}}
HARDENED = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt", "no-new-privileges"]
BANNER = "Initializing DynamoDB Local with the following configuration:"


def setUpModule():
    containers.prepare()
    containers.build("stator")
    containers.build("dynamodb-local")


def tearDownModule():
    containers.clean()


def image(target):
    return f"localhost/stator-test:{target}"


def configuration(target):
    return json.loads(podman("inspect", "--type", "image", image(target)).stdout)[0]


def files_of(target):
    """The image's file system: name to its entry and, of a plain file, its bytes."""
    container = podman("create", "--network", "none", image(target)).stdout.strip()
    try:
        packed = subprocess.run(["podman", "export", container], check=True, capture_output=True, timeout=120,
                                env=containers.environment()).stdout
    finally:
        podman("rm", container)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {entry.name.strip("/"): (entry, archive.extractfile(entry).read() if entry.isfile() else None) for entry in archive}


def write(container):
    client = container.client()
    client.create_table(SCHEMA)
    client.call("PutItem", {"TableName": "kept", "Item": ITEM})
    client.close()


def read(container):
    client = container.client()
    try:
        return client.call("GetItem", {"TableName": "kept", "Key": {"pk": ITEM["pk"]}, "ConsistentRead": True}).get("Item")
    finally:
        client.close()


class Case(unittest.TestCase):
    target = "stator"

    def container(self, *command, **options):
        container = Container(image(self.target), *command, **options)
        self.addCleanup(container.remove)
        return container

    def directory(self, owner, mode):
        temporary = tempfile.TemporaryDirectory(prefix="stator-test-")
        self.addCleanup(temporary.cleanup)
        path = pathlib.Path(temporary.name) / "data"
        path.mkdir()
        os.chown(path, owner, owner)
        path.chmod(mode)
        return path

    def assert_keeps(self, container):
        """Writes, stops, starts, reads; stopping is an exit with 0 by SIGTERM."""
        write(container)
        self.assertEqual(container.stop(), 0, container.output())
        container.start()
        self.assertEqual(read(container), ITEM)
        self.assertEqual(container.stop(), 0, container.output())


class What(unittest.TestCase):
    """What is in it."""

    def test_size(self):
        for target in "stator", "dynamodb-local":
            self.assertLess(configuration(target)["Size"], SIZE_MAX)

    def test_one_program_and_its_libraries(self):
        for target, form in ("stator", []), ("dynamodb-local", ["usr/bin/java"]):
            files = files_of(target)
            programs = [name for name, (entry, _) in files.items()
                        if name.startswith(("bin/", "sbin/", "usr/bin/", "usr/sbin/", "usr/local/")) and not entry.isdir()]
            self.assertEqual(sorted(programs), sorted(["usr/bin/stator", *form]))
            for name, (entry, content) in files.items():
                self.assertFalse(entry.mode & 0o6000 and entry.isfile(), f"{name} takes its owner's rights")
                if content is not None and content[:4] == b"\x7fELF" and name != "usr/bin/stator":
                    self.assertRegex(name, r"^lib(64)?/.*\.so")

    def test_configuration(self):
        found = {**configuration("stator")["Config"], "Healthcheck": configuration("stator")["Healthcheck"]}
        self.assertEqual(found["User"], "65532:65532")
        self.assertIn("/data", found["Volumes"])
        self.assertIn("8000/tcp", found["ExposedPorts"])
        self.assertEqual(found["Healthcheck"]["Test"], ["CMD", "/usr/bin/stator", "healthcheck"])
        labels = found["Labels"]
        version = re.search(r"project\(stator VERSION (\S+)", (containers.ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        self.assertEqual(labels["org.opencontainers.image.version"], version)
        self.assertEqual(labels["org.opencontainers.image.licenses"], "Apache-2.0")
        self.assertEqual(labels["org.opencontainers.image.revision"], "of-a-test")
        self.assertRegex(configuration("dynamodb-local")["Config"]["User"], r"^\d+:\d+$")

    def test_bill_of_materials(self):
        """SPDX: every package with a version, a purl and a licence text beside it; what the program loads and what is in it."""
        files = files_of("stator")
        bill = json.loads(files["usr/share/doc/stator/sbom.spdx.json"][1])
        self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
        names = {package["SPDXID"]: package["name"] for package in bill["packages"]}
        self.assertEqual(len(names), len(bill["packages"]))
        for package in bill["packages"]:
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(package["versionInfo"])
            self.assertTrue(files[f"usr/share/doc/{package['name']}/copyright"][1])
            if package["name"] != "stator":
                self.assertRegex(package["externalRefs"][0]["referenceLocator"], r"^pkg:deb/debian/\S+@\S+\?arch=\w+&distro=debian-12$")
        self.assertIn("Kazuho Oku", files["usr/share/doc/h2o/copyright"][1].decode())
        related = {how: {names[relation["relatedSpdxElement"]] for relation in bill["relationships"]
                         if relation["relationshipType"] == how} for how in ("DESCRIBES", "STATIC_LINK", "DYNAMIC_LINK")}
        self.assertEqual(related["DESCRIBES"], {"stator"})
        self.assertLessEqual({"librocksdb-dev", "liblz4-dev", "h2o", "libssl-dev"}, related["STATIC_LINK"])
        self.assertLessEqual({"libc6", "libsodium23"}, related["DYNAMIC_LINK"])
        self.assertNotIn("libssl3", related["DYNAMIC_LINK"])


class Plain(Case):
    """The image that `docker run stator` starts."""

    def test_without_a_command(self):
        """As a service container of GitHub Actions, which can be given none: it listens on every address and keeps its data."""
        container = self.container()
        self.assertRegex(container.output(), r"listening address=\[::\] port=8000 data_dir=/data durability=full")
        self.assertTrue(container.healthy())
        self.assertEqual(container.get()[0], 200)
        self.assertTrue(container.get()[1].startswith("healthy: dynamodb."))
        self.assert_keeps(container)

    def test_hardened_under_any_user(self):
        for user in "4242:4242", "1000710000", "0:0":
            with self.subTest(user=user):
                container = self.container(options=[*HARDENED, "--user", user])
                self.assertTrue(container.healthy())
                self.assert_keeps(container)

    def test_in_memory_needs_no_volume(self):
        path = self.directory(0, 0o755)
        container = self.container("--in-memory", options=[*HARDENED, "-v", f"{path}:/data:ro"])
        write(container)
        self.assertEqual(read(container), ITEM)
        self.assertEqual(container.stop(), 0)
        self.assertEqual(list(path.iterdir()), [])

    def test_directory_of_somebody_else(self):
        path = self.directory(0, 0o755)
        code, said = self.container(options=["-v", f"{path}:/data"], listens=False).run()
        self.assertEqual(code, 1)
        self.assertEqual(said, "stator: The data directory '/data' cannot be written: Permission denied. It belongs to user 0 "
                               "and group 0 with mode 755; this is user 65532 and group 65532.\n")

    def test_directory_that_is_read_only(self):
        code, said = self.container(options=["-v", f"{self.directory(65532, 0o755)}:/data:ro"], listens=False).run()
        self.assertEqual((code, said), (1, "stator: The data directory '/data' cannot be written: Read-only file system.\n"))

    def test_directory_of_the_host(self):
        path = self.directory(65532, 0o700)
        self.assert_keeps(self.container(options=["-v", f"{path}:/data"]))
        self.assertTrue((path / "CURRENT").exists())

    def test_begins_with_what_is_mounted(self):
        path = self.directory(0, 0o755)
        (path / "tables.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
        (path / "kept.jsonl").write_text(json.dumps(ITEM) + "\n", encoding="utf-8")
        container = self.container(options=[*HARDENED, "-v", f"{path}:/init:ro"])
        self.assertEqual(read(container), ITEM)
        self.assertEqual(container.stop(), 0)
        (path / "kept.jsonl").write_text("{", encoding="utf-8")
        code, said = self.container(options=["-v", f"{path}:/init:ro"], listens=False).run()
        self.assertEqual(code, 1)
        self.assertIn("stator: /init/kept.jsonl:1: this is no JSON", said)

    def test_health_follows_the_flags(self):
        container = self.container("serve", "--port", "9123", options=HARDENED, port=9123)
        self.assertTrue(container.healthy())
        done = container.exec("/usr/bin/stator", "healthcheck", "--port", "8000")
        self.assertEqual((done.returncode, done.stderr.splitlines()[0]), (1, "stator: http://localhost:8000: cannot connect: Connection refused"))
        container = self.container(options=["-e", "STATOR_PORT=9124"], port=9124)
        self.assertTrue(container.healthy())

    def test_complaint_about_a_flag(self):
        code, said = self.container("--durable", listens=False).run()
        self.assertEqual((code, said), (2, "stator: unknown flag '--durable' (stator --help lists them)\n"))


class DropIn(Case):
    """The image in the place of amazon/dynamodb-local."""
    target = "dynamodb-local"
    GO = ["--entrypoint", '["java", "-Djava.library.path=./DynamoDBLocal_lib"]']

    def assert_local(self, container):
        self.assertEqual(container.output().splitlines()[0], BANNER)
        self.assertEqual(container.get()[0], 400)  # what testcontainers for .NET waits for
        self.assertTrue(container.healthy())

    def test_without_a_command(self):
        container = self.container()
        self.assert_local(container)
        self.assertIn("InMemory:\ttrue", container.output())
        write(container)
        self.assertEqual(read(container), ITEM)

    def test_as_compose_files_start_it(self):
        """The command and volume that everybody has, over a directory that DynamoDB Local has used."""
        path = self.directory(1000, 0o755)
        (path / "shared-local-instance.db").write_bytes(b"SQLite format 3\0")
        container = self.container("-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "./data",
                                   options=["-v", f"{path}:/home/dynamodblocal/data", "-w", "/home/dynamodblocal"])
        self.assert_local(container)
        self.assertIn("DbPath:\t./data\nSharedDb:\ttrue", container.output())
        self.assert_keeps(container)
        self.assertEqual((path / "shared-local-instance.db").read_bytes(), b"SQLite format 3\0")

    def test_a_volume_needs_no_root(self):
        for user in "1000:1000", "root", "4242:4242":
            with self.subTest(user=user):
                self.assert_keeps(self.container("-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", "/home/dynamodblocal/data",
                                                 options=["--user", user, "-v", "/home/dynamodblocal/data"]))

    def test_as_testcontainers_for_go_starts_it(self):
        for flags in [], ["-sharedDb"], ["-disableTelemetry"], ["-sharedDb", "-disableTelemetry"]:
            with self.subTest(flags=flags):
                container = self.container("-jar", "DynamoDBLocal.jar", *flags, options=self.GO)
                self.assert_local(container)
                self.assertEqual(container.stop(), 0)

    def test_every_flag(self):
        container = self.container("-Xmx256m", "-jar", "DynamoDBLocal.jar", "-sharedDb", "-dbPath", ".", "-port", "8123", "-cors",
                                   "http://a.example,http://b.example", "-delayTransientStatuses", "-optimizeDbBeforeStartup",
                                   "-disableTelemetry", options=self.GO, port=8123)
        self.assert_local(container)
        self.assertEqual([line.split("\t") for line in container.output().splitlines()[1:8] if "Version" not in line],
                         [["Port:", "8123"], ["InMemory:", "false"], ["DbPath:", "."], ["SharedDb:", "true"],
                          ["shouldDelayTransientStatuses:", "true"], ["CorsParams:", "http://a.example,http://b.example"]])
        self.assert_keeps(container)

    def test_what_ends_at_once(self):
        for flag, code, text in ("-help", 0, "-optimizeDbBeforeStartup"), ("-version", 0, "stator "), ("-what", 2, "'-what'"):
            with self.subTest(flag=flag):
                found, said = self.container("-jar", "DynamoDBLocal.jar", flag, listens=False).run()
                self.assertEqual(found, code)
                self.assertIn(text, said)


if __name__ == "__main__":
    unittest.main()

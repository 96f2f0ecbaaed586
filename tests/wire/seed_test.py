# SPDX-License-Identifier: Apache-2.0
"""--init-dir: tables and items are there when the server says that it listens, once, and whatever is wrong is said with file
and line before that."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support")]

from server import Server, find_binary

KEY = {"AttributeDefinitions": [{"AttributeName": "artist", "AttributeType": "S"}, {"AttributeName": "year", "AttributeType": "N"}],
       "KeySchema": [{"AttributeName": "artist", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}
MUSIC = {"TableName": "music", "BillingMode": "PAY_PER_REQUEST", **KEY}

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage:
    Type: String
    Default: dev
Resources:
  Users:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub users-${Stage}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: id, AttributeType: S }
        - { AttributeName: mail, AttributeType: S }
      KeySchema:
        - { AttributeName: id, KeyType: HASH }
      GlobalSecondaryIndexes:
        - IndexName: by-mail
          KeySchema: [{ AttributeName: mail, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
      TimeToLiveSpecification: { AttributeName: until, Enabled: true }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      Tags: [{ Key: stage, Value: !Ref Stage }]
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !GetAtt Some.Thing
  Plain:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      ProvisionedThroughput: { ReadCapacityUnits: "5", WriteCapacityUnits: "6" }
"""

JSON_TEMPLATE = {"Resources": {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {
    "TableName": {"Fn::Join": ["-", ["orders", {"Ref": "AWS::Region"}]]}, "BillingMode": "PAY_PER_REQUEST", **KEY}}}}


def one_key(name, kind="S"):
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": kind}]}


class Seed(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="stator-test-")
        self.addCleanup(temporary.cleanup)
        self.path = pathlib.Path(temporary.name)
        self.init = self.path / "init"
        self.init.mkdir()

    def write(self, name, what):
        if not isinstance(what, (str, bytes)):
            what = json.dumps(what)
        self.init.joinpath(name).write_bytes(what.encode() if isinstance(what, str) else what)

    def start(self, *flags, environment=None):
        server = Server("--init-dir", str(self.init), *flags, data_dir=self.path / "data",
                        environment={"AWS_REGION": "", "AWS_DEFAULT_REGION": "", **(environment or {})}).start()
        self.addCleanup(lambda: server.running() and server.kill())
        return server

    def good(self, server, operation, **body):
        status, answer = server.call(operation, body)
        self.assertEqual(status, 200, answer)
        return answer

    def items(self, server, table):
        items = self.good(server, "Scan", TableName=table)["Items"]
        return sorted(items, key=json.dumps)

    def report(self, server):
        """What the last line about it says."""
        line = re.search(r"init: done (.*)", server.text()).group(1)
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)(?= |$)", line)}

    def refused(self, *flags, directory=None, user=None):
        """Exit code, standard output and standard error of a server that has to refuse."""
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("STATOR_", "AWS_"))}
        done = subprocess.run([find_binary(), "serve", "--port", "0", "--data-dir", self.path / "data", "--init-dir",
                               directory or self.init, *flags], capture_output=True, text=True, timeout=60, check=False,
                              env=variables, user=user)
        self.assertNotIn("listening", done.stdout)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def assert_refused(self, says, *flags, **options):
        done = self.refused(*flags, **options)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.startswith("stator: "), done.stderr)
        self.assertIn(says, done.stderr)

    # --- Forms ---

    def test_tables(self):
        self.write("a.json", MUSIC)
        self.write("b.json", [one_key("first"), {**one_key("second"), "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}}])
        self.write("c.yaml", TEMPLATE)
        self.write("d.template", TEMPLATE.replace("Default: dev", "Default: test").replace("  Plain:", "  Other:"))
        self.write("e.json", JSON_TEMPLATE)
        self.write("f.json", {"Table": {**one_key("told"), "TableStatus": "ACTIVE", "ItemCount": 7,
                                        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
                                        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}})
        self.write("g.json", {**one_key("bare"), "BillingMode": None, "TableStatus": "ACTIVE", "ItemCount": 7,
                              "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                              "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}})
        self.write("README.md", "not for us")
        self.write(".hidden.json", "{")
        (self.init / "folder.json").mkdir()
        server = self.start()
        names = self.good(server, "ListTables")["TableNames"]
        self.assertEqual(names, ["Other", "Plain", "bare", "first", "music", "orders-us-east-1", "second", "told", "users-dev", "users-test"])
        users = self.good(server, "DescribeTable", TableName="users-dev")["Table"]
        self.assertEqual(users["TableStatus"], "ACTIVE")
        self.assertEqual(users["GlobalSecondaryIndexes"][0]["IndexName"], "by-mail")
        self.assertEqual(users["StreamSpecification"], {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        tags = self.good(server, "ListTagsOfResource", ResourceArn=users["TableArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "stage", "Value": "dev"}])
        backups = self.good(server, "DescribeContinuousBackups", TableName="users-dev")["ContinuousBackupsDescription"]
        self.assertEqual(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED")
        for table, attribute in (("users-dev", "until"), ("second", "t"), ("bare", "t")):
            fading = self.good(server, "DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]
            self.assertEqual(fading, {"AttributeName": attribute, "TimeToLiveStatus": "ENABLED"})
        throughput = self.good(server, "DescribeTable", TableName="Plain")["Table"]["ProvisionedThroughput"]
        self.assertEqual((throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]), (5, 6))
        self.assertEqual(self.good(server, "DescribeTable", TableName="told")["Table"]["BillingModeSummary"]["BillingMode"],
                         "PAY_PER_REQUEST")
        report = self.report(server)
        self.assertEqual((report["files"], report["tables"], report["items"], report["passed_over"]), (7, 10, 0, 2), server.text())
        server.stop()

    def test_items(self):
        item = {"id": {"S": "1"}, "b": {"B": "aGk="}, "s": {"NS": ["1", "2"]}, "m": {"M": {"x": {"L": [{"NULL": True}]}}}}
        plain = '{"id":"1","b":{"$B":"aGk="},"s":{"$NS":[1,2]},"m":{"x":[null]}}'
        forms = {"values": json.dumps(item), "framed": json.dumps({"Item": item}), "plain": plain}
        for name, text in forms.items():
            self.write(f"zz-{name}.json", one_key(name))
            self.write(f"{name}.jsonl", f"\ufeff{text}\r\n\n   \n" + text.replace('"1"', '"2"', 1).replace('{"S": "1"}', '{"S": "2"}'))
        self.write("10-values.jsonl", '{"id":"3"}\n')  # the table `values`, as there is no other
        self.write("20-values.ndjson", '{"id":"3","n":12345678901234567890123456789012345678}\n{"id":"4"}\n{"id":"4","n":5}')
        server = self.start("--transition-ms", "50")
        for name in forms:
            self.assertEqual(self.items(server, name)[:2] if name == "values" else self.items(server, name),
                             sorted([item, {**item, "id": {"S": "2"}}], key=json.dumps), name)
        self.assertEqual(self.good(server, "GetItem", TableName="values", Key={"id": {"S": "3"}})["Item"]["n"],
                         {"N": "12345678901234567890123456789012345678"})
        self.assertEqual(self.good(server, "GetItem", TableName="values", Key={"id": {"S": "4"}})["Item"]["n"], {"N": "5"})
        self.assertEqual(self.report(server)["items"], 10)
        server.stop()

    def test_thousands(self):
        """Many batches, with an index and a stream."""
        self.write("users.yaml", TEMPLATE)
        self.write("users-dev.jsonl", "".join(f'{{"id":"{i}","mail":"m{i % 7}","pad":"{"x" * 200}"}}\n' for i in range(2000)))
        server = self.start()
        counts = [0, 0]
        for which, index in enumerate(({}, {"IndexName": "by-mail"})):
            start = {}
            while start is not None:
                page = self.good(server, "Scan", TableName="users-dev", Select="COUNT", **index, **start)
                counts[which] += page["Count"]
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None
        self.assertEqual(counts, [2000, 2000])
        server.stop()

    # --- Once ---

    def test_once(self):
        self.write("music.json", MUSIC)
        self.write("music.jsonl", '{"artist":"Nina","year":1965}\n{"artist":"Ella","year":1956}\n')
        server = self.start()
        self.assertEqual(self.report(server)["items"], 2)
        self.good(server, "DeleteItem", TableName="music", Key={"artist": {"S": "Nina"}, "year": {"N": "1965"}})
        server.kill()
        server.start()  # after a crash
        self.assertEqual([item["artist"]["S"] for item in self.items(server, "music")], ["Ella"])
        self.assertEqual({name: self.report(server)[name] for name in ("files", "as_before", "items")},
                         {"files": 0, "as_before": 2, "items": 0})
        server.stop()
        self.write("music.jsonl", '{"artist":"Nina","year":1965,"new":true}\n')
        self.write("more.json", one_key("more"))
        server.start()  # what is new or has changed
        self.assertEqual([item["artist"]["S"] for item in self.items(server, "music")], ["Ella", "Nina"])
        self.assertEqual(self.good(server, "ListTables")["TableNames"], ["more", "music"])
        self.assertIn("has changed", server.text())
        server.stop()

    def test_in_memory(self):
        self.write("music.json", MUSIC)
        self.write("music.jsonl", '{"artist":"Nina","year":1965}\n')
        server = self.start("--in-memory")
        for _ in range(2):
            self.assertEqual(len(self.items(server, "music")), 1)
            self.good(server, "DeleteTable", TableName="music")
            server.stop()
            server.start()
        server.stop()

    def test_half_way(self):
        """A start that fails leaves what was done; the next goes on, and nothing is done twice."""
        self.write("1.yaml", TEMPLATE)
        self.write("a.json", MUSIC)
        self.write("Plain.jsonl", '{"id":"1"}\n')
        self.write("music.jsonl", '{"artist":"Nina","year":1965}\n{"artist":"Ella"}\n')
        self.assert_refused("/init/music.jsonl:2: One or more parameter values were invalid: Missing the key year in the item")
        self.write("music.jsonl", '{"artist":"Nina","year":1965}\n{"artist":"Ella","year":1956}\n')
        server = self.start()
        self.assertEqual(len(self.items(server, "music")), 2)
        self.assertEqual(len(self.items(server, "Plain")), 1)
        report = self.report(server)
        self.assertEqual((report["files"], report["as_before"], report["items"]), (1, 3, 2))
        server.stop()

    def await_that(self, server, holds):
        end = time.monotonic() + 60
        while not holds():
            self.assertTrue(server.running(), server.text())
            self.assertLess(time.monotonic(), end, server.text())
            time.sleep(0.005)

    def test_killed(self):
        """Wherever that is between its first file and its last, the next start makes the rest."""
        self.write("a.yaml", TEMPLATE)
        self.write("Plain.jsonl", "".join(f'{{"id":"{i}"}}\n' for i in range(2000)))
        server = Server("--init-dir", str(self.init), data_dir=self.path / "data").start(wait=False)
        self.await_that(server, lambda: "init: tables made" in server.text())
        server.kill()
        server = self.start()
        self.assertEqual(self.good(server, "Scan", TableName="Plain", Select="COUNT")["Count"], 2000)
        fading = self.good(server, "DescribeTimeToLive", TableName="users-dev")["TimeToLiveDescription"]
        self.assertEqual(fading["TimeToLiveStatus"], "ENABLED")
        server.stop()

    def test_stopped(self):
        """A signal ends it while it waits for a table that takes an hour."""
        self.write("a.json", MUSIC)
        server = Server("--init-dir", str(self.init), "--transition-ms", "3600000", data_dir=self.path / "data").start(wait=False)
        self.addCleanup(lambda: server.running() and server.kill())
        self.await_that(server, lambda: (self.path / "data/CURRENT").exists())  # signals are blocked before that is made
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(60), 1)
        self.assertIn("stator: asked to stop before all was applied; the next start goes on", server.text())
        self.assertNotIn("listening", server.text())

    # --- What is wrong ---

    def test_faults(self):
        self.write("a.json", MUSIC)
        for name, text, says in (
                ("t.json", '{\n  "TableName": "x",\n}', "/t.json:3: this is no JSON"),
                ("t.json", '\n{"TableName": "x"}', "/t.json:2: x: "),
                ("t.json", "[" * 70, "/t.json:1: nested deeper than 64 levels"),
                ("t.yaml", "Resources:\n  a: [", "/t.yaml:"),
                ("t.yaml", TEMPLATE.replace("!Sub users-${Stage}", "!ImportValue x"), "/t.yaml:10: Fn::ImportValue cannot be known here"),
                ("t.yaml", TEMPLATE.replace("id, KeyType: HASH", "id, KeyType: KEY", 1), "/t.yaml:7: users-dev: "),
                ("t.yaml", TEMPLATE + "x: &a [1]\ny: *a\n", "aliases (*name) are no part"),
                ("music.jsonl", '{"artist":"x","year":1}\n{"artist":"x","year":"1"}\n', "/music.jsonl:2: One or more parameter values"),
                ("music.jsonl", '{"artist":"x","year":1}\n{"artist":', "/music.jsonl:2: this is no JSON (column 11)"),
                ("music.jsonl", '{"artist":"x","year":1,"b":{"$B":"?"}}', "/music.jsonl:1: "),
                ("music.jsonl", b'{"artist":"\xff","year":1}', "/music.jsonl:1: this is no JSON"),
                ("music.jsonl", '{"artist":"x","year":1,"pad":"' + "x" * 410000 + '"}',
                 "/music.jsonl:1: Item size has exceeded the maximum allowed size"),
                ("song.jsonl", '{"artist":"x","year":1}', "/song.jsonl: there is no table 'song'")):
            with self.subTest(name=name, says=says):
                self.write(name, text)
                self.assert_refused(says)
                (self.init / name).unlink()
        self.start().stop()

    def test_folders(self):
        self.assert_refused("/none: No such file or directory", directory=self.path / "none")
        self.write("a.json", MUSIC)
        self.assert_refused("a.json: Not a directory", directory=self.init / "a.json")
        (self.init / "b.json").symlink_to("nowhere")
        self.assert_refused("/init/b.json: No such file or directory")
        (self.init / "b.json").unlink()
        (self.init / "c.json").symlink_to("a.json")  # the same table again is no fault
        server = self.start()
        self.assertEqual(self.report(server)["tables_there_before"], 1)
        server.stop()

    def test_mounted(self):
        """As Kubernetes mounts a ConfigMap, with what else may be in a folder."""
        version = self.init / "..2026_01_01"
        version.mkdir()
        (version / "a.json").write_text(json.dumps(MUSIC))
        (self.init / "..data").symlink_to(version.name)
        (self.init / "a.json").symlink_to("..data/a.json")
        (self.init / "README.md").symlink_to("nowhere")
        os.mkfifo(self.init / "b.json")
        server = self.start()
        self.assertEqual(self.good(server, "ListTables")["TableNames"], ["music"])
        self.assertEqual(self.report(server)["passed_over"], 2)
        server.stop()

    def test_unreadable(self):
        nobody = 65534 if os.geteuid() == 0 else None  # root reads everything
        if nobody and subprocess.run([find_binary(), "--version"], user=nobody, check=False, capture_output=True).returncode != 0:
            self.skipTest("the program is not for every user")
        self.path.chmod(0o777)
        self.write("a.json", MUSIC)
        (self.init / "a.json").chmod(0)
        self.assert_refused("/init/a.json: Permission denied", user=nobody)
        self.init.chmod(0)
        self.addCleanup(self.init.chmod, 0o700)
        self.assert_refused("/init: Permission denied", user=nobody)

    def test_empty(self):
        server = self.start()
        self.assertEqual(self.good(server, "ListTables")["TableNames"], [])
        self.assertEqual(self.report(server)["files"], 0)
        server.stop()

    def test_json_log(self):
        self.write("t.json", "{")
        done = self.refused("--log-format", "json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 1)
        self.assertEqual(lines[-1]["level"], "error")
        self.assertIn("/init/t.json:1: this is no JSON", lines[-1]["reason"])

    def test_failed_file(self):
        """Leaves no table of its own behind, protected or not yet made, none of what it would have done to one, and all that was there."""
        server = self.start()
        self.good(server, "CreateTable", **one_key("before"))
        self.good(server, "PutItem", TableName="before", Item={"id": {"S": "1"}})
        server.stop()
        bad = {**one_key("bad"), "KeySchema": [{"AttributeName": "none", "KeyType": "HASH"}]}
        self.write("a.json", [one_key("before"), {**one_key("protected"), "DeletionProtectionEnabled": True}, one_key("slow"), bad])
        self.assert_refused("/a.json:1: bad: ", "--transition-ms", "50")
        (self.init / "a.json").unlink()
        server.start()
        self.assertEqual(self.good(server, "ListTables")["TableNames"], ["before"])
        self.assertEqual(self.items(server, "before"), [{"id": {"S": "1"}}])
        self.good(server, "CreateTable", **one_key("bad"))  # the user's own now
        server.stop()
        self.write("a.json", {**one_key("bad"), "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}})
        server.start()
        self.assertEqual(self.report(server)["tables_there_before"], 1)
        fading = self.good(server, "DescribeTimeToLive", TableName="bad")["TimeToLiveDescription"]
        self.assertEqual(fading["TimeToLiveStatus"], "DISABLED")
        server.stop()

    def test_costly(self):
        """Files that would take hours, and one that takes more memory than there shall be."""
        long_list = "".join(f" p{i}: {{Default: x}}\n" for i in range(20000))
        for name, text, says in (
                ("t.yaml", "".join(f"%TAG !x{i}! y\n" for i in range(100000)) + "---\na: b\n", "/t.yaml:1: %TAG is no part of"),
                ("t.yaml", "Parameters:\n" + long_list + "Resources:\n A:\n  Type: AWS::DynamoDB::Table\n  Properties:\n"
                 "   TableName: !Join ['', [" + "!Ref p1, " * 20000 + "x]]\n", "/t.yaml:20006: the functions of this template take more than"),
                ("t.yaml", "Parameters:\n p: {Default: " + "x" * 60000 + "}\nResources:\n" + "".join(
                    f" A{i}:\n  Type: AWS::DynamoDB::Table\n  Properties:\n   TableName: !Sub '${{p}}'\n" for i in range(6000)),
                 "/t.yaml: The request needs more memory than a request may take")):
            with self.subTest(says=says):
                self.write(name, text)
                self.assert_refused(says)
        with open(self.init / "t.yaml", "wb") as file:
            file.truncate(1 << 36)  # with nothing in it; not read to its end
        self.assert_refused("/t.yaml: longer than the 4 MiB that definitions may be")

    # --- Whose tables they are ---

    def test_isolated(self):
        server = self.start("--isolate-by", "access-key")  # without files nobody needs to own them: the image's folder is empty
        server.stop()
        self.write("a.json", JSON_TEMPLATE)
        self.assert_refused("/a.json: with --isolate-by access-key the tables need an owner: set AWS_ACCESS_KEY_ID",
                            "--isolate-by", "access-key")
        server = self.start("--isolate-by", "region,access-key", environment={"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test"})
        self.assertEqual(self.good(server, "ListTables")["TableNames"], ["orders-us-east-1"])
        server.stop()
        for again in (0, 1):  # another region's clients have the files' tables, too, and once
            server = self.start("--isolate-by", "region,access-key", environment={"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test"})
            self.assertEqual(self.report(server)["as_before"], again)
            server.stop()

    def test_variable(self):
        self.write("a.json", MUSIC)
        server = Server(data_dir=self.path / "data", environment={"STATOR_INIT_DIR": str(self.init) + "/"}).start()
        self.addCleanup(lambda: server.running() and server.kill())
        self.assertEqual(self.good(server, "ListTables")["TableNames"], ["music"])
        self.assertIn(str(self.init) + "/a.json", server.text())
        server.stop()


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Commands as people type them: shorthand, files, queries, output formats, exit codes, how an address is found. Reading, output,
failures and addresses are tried by processes of their own."""
import json
import subprocess
import unittest

import cases
from support import AWS, BASE, ENDPOINT, ENVIRONMENT, Driver, aws, file_of, good

inside = Driver().run
KEY = '{"artist": {"S": "Nina"}, "title": {"S": "Sinnerman"}}'


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = cases.unique_name()
        cls.made = good(
            "dynamodb", "create-table", "--table-name", cls.table, "--billing-mode", "PAY_PER_REQUEST",
            "--attribute-definitions", "AttributeName=artist,AttributeType=S", "AttributeName=title,AttributeType=S",
            "AttributeName=year,AttributeType=N",
            "--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=title,KeyType=RANGE",
            "--global-secondary-indexes",
            "IndexName=by-year,KeySchema=[{AttributeName=artist,KeyType=HASH},{AttributeName=year,KeyType=RANGE}],"
            "Projection={ProjectionType=INCLUDE,NonKeyAttributes=[label]}",
            "--tags", "Key=suite,Value=cli", run=inside)["TableDescription"]
        good("dynamodb", "wait", "table-exists", "--table-name", cls.table)
        good("dynamodb", "put-item", "--table-name", cls.table, "--item",
             '{"artist": {"S": "Nina"}, "title": {"S": "Sinnerman"}, "year": {"N": "1965"}, "label": {"S": "Philips ☆"}}')
        songs = [{"PutRequest": {"Item": {"artist": {"S": "Miles"}, "title": {"S": f"{i:02}"}, "year": {"N": str(1950 + i)}}}} for i in range(25)]
        good("dynamodb", "batch-write-item", "--request-items", file_of({cls.table: songs}), run=inside)

    def command(self, operation, *more, run=inside):
        return good("dynamodb", operation, "--table-name", self.table, *more, run=run)

    def text(self, *arguments, code=0, **more):
        done = aws(*arguments, **more)
        self.assertEqual((done.code, done.err), (code, ""))
        return done.out

    def test_shorthand(self):
        (index,) = self.made["GlobalSecondaryIndexes"]
        self.assertEqual((index["IndexName"], [part["AttributeName"] for part in index["KeySchema"]], index["Projection"]),
                         ("by-year", ["artist", "year"], {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["label"]}))
        self.assertEqual(self.made["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        provisioned = cases.unique_name()
        made = good("dynamodb", "create-table", "--table-name", provisioned, "--attribute-definitions", "AttributeName=k,AttributeType=B",
                    "--key-schema", "AttributeName=k,KeyType=HASH", "--provisioned-throughput", "ReadCapacityUnits=3,WriteCapacityUnits=2",
                    "--query", "TableDescription.ProvisionedThroughput.[ReadCapacityUnits, WriteCapacityUnits]", run=inside)
        self.assertEqual(made, [3, 2])

    def test_items(self):
        item = self.command("get-item", "--key", KEY, "--consistent-read")["Item"]
        self.assertEqual(item["label"], {"S": "Philips ☆"})
        new = '{"artist": {"S": "Nina"}, "title": {"S": "Feeling Good"}}'
        old = self.command("put-item", "--item", new, "--return-values", "ALL_OLD", "--return-consumed-capacity", "INDEXES")
        self.assertEqual((old.get("Attributes"), old["ConsumedCapacity"]["CapacityUnits"]), (None, 1.0))
        changed = self.command("update-item", "--key", new, "--update-expression", "SET #y = :y", "--expression-attribute-names", "#y=year",
                               "--expression-attribute-values", '{":y": {"N": "1965"}}', "--return-values", "UPDATED_NEW")
        self.assertEqual(changed, {"Attributes": {"year": {"N": "1965"}}})
        self.assertEqual(self.command("delete-item", "--key", new, "--return-values", "ALL_OLD")["Attributes"]["year"], {"N": "1965"})
        self.assertEqual(self.command("get-item", "--key", new), {})

    def test_reading(self):
        query = ("query", "--key-condition-expression", "artist = :a", "--expression-attribute-values", '{":a": {"S": "Miles"}}')
        self.assertEqual(self.command(*query, "--query", "Items[-2:].title.S", run=aws), ["23", "24"])
        self.assertEqual(self.command(*query, "--index-name", "by-year", "--no-scan-index-forward", "--max-items", "2", "--query", "Items[].year.N"),
                         ["1974", "1973"])
        self.assertEqual(self.command(*query, "--select", "COUNT", "--query", "Count"), 25)
        first = self.command("scan", "--max-items", "10", "--page-size", "3", run=aws)
        rest = self.command("scan", "--starting-token", first["NextToken"], run=aws)
        self.assertEqual((len(first["Items"]), len(rest["Items"])), (10, 16))
        filtered = self.command("scan", "--filter-expression", "#y > :y", "--expression-attribute-names", '{"#y": "year"}',
                                "--expression-attribute-values", '{":y": {"N": "1972"}}', "--projection-expression", "title")
        self.assertEqual((filtered["Count"], filtered["ScannedCount"]), (2, 26))

    def test_output(self):
        get = ("dynamodb", "get-item", "--table-name", self.table, "--key", KEY, "--projection-expression", "label,title", "--output")
        self.assertEqual(self.text(*get, "text"), "LABEL\tPhilips ☆\nTITLE\tSinnerman\n")
        table = self.text(*get, "table")
        self.assertRegex(table, r"(?s)^-+\n\| +GetItem +\|.*\| +Philips ☆ *\|")
        self.assertEqual(json.loads(self.text(*get, "json")), {"Item": {"label": {"S": "Philips ☆"}, "title": {"S": "Sinnerman"}}})

    def test_statements(self):
        select = good("dynamodb", "execute-statement", "--statement", f"SELECT label FROM \"{self.table}\" WHERE artist = ? AND title = ?",
                      "--parameters", '[{"S": "Nina"}, {"S": "Sinnerman"}]')
        self.assertEqual(select["Items"], [{"label": {"S": "Philips ☆"}}])
        insert = [{"Statement": f"INSERT INTO \"{self.table}\" VALUE {{'artist': 'PartiQL', 'title': '{i}'}}"} for i in range(2)]
        self.assertEqual(len(good("dynamodb", "batch-execute-statement", "--statements", json.dumps(insert), run=inside)["Responses"]), 2)
        done = inside("dynamodb", "execute-transaction", "--transact-statements", json.dumps(insert[:1]))
        self.assertTrue(done.refusal().endswith("[DuplicateItem]"), done.err)
        delete = [{"Statement": f"DELETE FROM \"{self.table}\" WHERE artist = 'PartiQL' AND title = '{i}'"} for i in range(2)]
        good("dynamodb", "execute-transaction", "--transact-statements", json.dumps(delete), run=inside)

    def test_around_a_table(self):
        specification = self.command("update-time-to-live", "--time-to-live-specification", "Enabled=true,AttributeName=until")
        self.assertEqual(specification, {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}})
        self.assertIn(self.command("describe-time-to-live", "--query", "TimeToLiveDescription.TimeToLiveStatus"), ("ENABLING", "ENABLED"))
        arn = self.made["TableArn"]
        good("dynamodb", "tag-resource", "--resource-arn", arn, "--tags", "Key=stage,Value=test", run=inside)

        def tagged():
            self.assertEqual(good("dynamodb", "list-tags-of-resource", "--resource-arn", arn, "--query", "sort_by(Tags, &Key)[].[Key, Value]", run=inside),
                             [["stage", "test"], ["suite", "cli"]])
        cases.until(tagged)
        good("dynamodb", "untag-resource", "--resource-arn", arn, "--tag-keys", "stage", run=inside)
        recovery = self.command("update-continuous-backups", "--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true")
        self.assertEqual(recovery["ContinuousBackupsDescription"]["ContinuousBackupsStatus"], "ENABLED")

    def test_failures(self):
        done = aws("dynamodb", "get-item", "--table-name", "no-" + self.table, "--key", KEY)
        self.assertEqual((done.code, done.out), (255, ""))  # 254 in version 2
        self.assertIn("An error occurred (ResourceNotFoundException) when calling the GetItem operation", done.err)
        self.assertTrue(done.err.endswith(": Requested resource not found\n"), done.err)
        self.assertEqual(aws("dynamodb", "get-item", "--table-name", self.table).code, 2)  # 252 in version 2: its own parser
        done = aws("dynamodb", "list-tables", "--no-sign-request")
        self.assertEqual(done.code, 255)
        self.assertEqual(done.refusal(), "MissingAuthenticationTokenException: Request is missing Authentication Token")

    def test_input_and_skeleton(self):
        skeleton = good("dynamodb", "get-item", "--generate-cli-skeleton")
        request = {"TableName": self.table, "Key": json.loads(KEY), "ProjectionExpression": "label"}
        self.assertLess(set(request), set(skeleton))
        self.assertEqual(good("dynamodb", "get-item", "--cli-input-json", file_of(request)), {"Item": {"label": {"S": "Philips ☆"}}})
        self.assertEqual(good("dynamodb", "get-item", "--table-name", self.table, "--key", "file:///dev/stdin", text=KEY)["Item"]["year"], {"N": "1965"})


class Addresses(unittest.TestCase):
    """Where the CLI looks for the address; nothing else listens at the wrong one."""
    WRONG = "http://127.0.0.1:9"

    def lists(self, service="dynamodb", command="list-tables", more=(), **env):
        return good(service, command, *more, env={"AWS_ENDPOINT_URL": None} | env)

    def test_option(self):
        self.assertIn("TableNames", self.lists(more=["--endpoint-url", ENDPOINT], AWS_ENDPOINT_URL=self.WRONG))

    def test_variables(self):
        self.assertIn("TableNames", self.lists(AWS_ENDPOINT_URL=self.WRONG, AWS_ENDPOINT_URL_DYNAMODB=ENDPOINT))
        self.assertIn("Streams", self.lists("dynamodbstreams", "list-streams", AWS_ENDPOINT_URL=self.WRONG, AWS_ENDPOINT_URL_DYNAMODB_STREAMS=ENDPOINT))

    def test_profile(self):
        config = BASE / "with-services"
        config.write_text(f"""[profile local]
region = eu-central-1
aws_access_key_id = test
aws_secret_access_key = secret
services = here
[services here]
dynamodb =
  endpoint_url = {ENDPOINT}
dynamodb_streams =
  endpoint_url = {ENDPOINT}
""", encoding="utf-8")
        env = {"AWS_CONFIG_FILE": str(config), "AWS_DEFAULT_REGION": None}
        self.assertIn("TableNames", self.lists(more=["--profile", "local"], **env))
        self.assertIn("Streams", self.lists("dynamodbstreams", "list-streams", AWS_PROFILE="local", **env))


class Shell(unittest.TestCase):
    def test_a_pipe(self):
        """What one command prints is what the next reads."""
        table = cases.unique_name()
        script = """set -eu
            "$AWS" dynamodb create-table --table-name "$T" --attribute-definitions AttributeName=pk,AttributeType=S \\
                --key-schema AttributeName=pk,KeyType=HASH --billing-mode PAY_PER_REQUEST --query TableDescription.TableName --output text
            "$AWS" dynamodb wait table-exists --table-name "$T"
            "$AWS" dynamodb put-item --table-name "$T" --item '{"pk": {"S": "a"}, "to": {"S": "b"}}'
            "$AWS" dynamodb get-item --table-name "$T" --key '{"pk": {"S": "a"}}' --query '{pk: Item.to}' >"$D/key"
            "$AWS" dynamodb put-item --table-name "$T" --item "file://$D/key"
            "$AWS" dynamodb scan --table-name "$T" --query 'sort(Items[].pk.S)' --output text"""
        done = subprocess.run(["sh", "-c", script], env=ENVIRONMENT | {"AWS": str(AWS), "T": table, "D": str(BASE)}, capture_output=True,
                              check=False, encoding="utf-8")
        self.assertEqual((done.returncode, done.stdout), (0, f"{table}\na\tb\n"), done.stderr)

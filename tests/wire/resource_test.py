# SPDX-License-Identifier: Apache-2.0
"""What is kept around a table: tags, policies, recovery, insights, streaming destinations, scaling: what is answered, what is
refused and in which words, and all of it after a restart."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError
from server import Server

INVALID = "One or more parameter values were invalid: "
IN_USE = "Attempt to change a resource which is still in use: "
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"
HOUR_MS = "3600000"


def table(name, **more):
    """A request for a table on demand with the hash attribute pk."""
    return {"TableName": name, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST", **more}


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


class Case(unittest.TestCase):
    flags, in_memory = (), True
    maxDiff = None

    def setUp(self):
        self.server = Server("--durability", "none" if self.in_memory else "process", *self.flags,
                             in_memory=self.in_memory)
        self.server.start()
        self.client = Client(self.server.url)

    def tearDown(self):
        self.client.close()
        self.server.stop()

    def call(self, operation, **request):
        return self.client.call(operation, request)

    def refused(self, kind, message, operation, **request):
        with self.assertRaises(DynamoError) as raised:
            self.client.call(operation, request)
        self.assertEqual((raised.exception.type, raised.exception.message), (kind, message))

    def invalid(self, message, operation, **request):
        self.refused("ValidationException", message, operation, **request)


class Tags(Case):
    def tags(self, name="abc"):
        return self.call("ListTagsOfResource", ResourceArn=ARN + name)

    def tag(self, given, name="abc"):
        return self.call("TagResource", ResourceArn=ARN + name, Tags=given)

    def untag(self, *keys):
        return self.call("UntagResource", ResourceArn=ARN + "abc", TagKeys=keys)

    def test_put_replaced_and_taken_away(self):
        self.call("CreateTable", **table("abc"))
        self.assertEqual(self.tags(), {"Tags": []})
        status, _, body = self.client.raw(
            "TagResource", b'{"ResourceArn":"%b","Tags":[{"Key":"a","Value":"1"}]}' % (ARN + "abc").encode())
        self.assertEqual((status, body), (200, b""))
        self.tag(tags(b="", A="other case"))
        self.tag(tags(a="2", c="3"))
        self.assertEqual(self.tags(), {"Tags": tags(a="2", b="", A="other case", c="3")})
        self.untag("never there", "b", "A")
        self.assertEqual(self.tags(), {"Tags": tags(a="2", c="3")})
        self.untag("a", "c")
        self.assertEqual(self.tags(), {"Tags": []})

    def test_given_at_creation_and_not_described(self):
        answer = self.call("CreateTable", **table("abc", Tags=tags(k="v")))
        self.assertNotIn("Tags", answer["TableDescription"])
        self.assertEqual(self.tags(), {"Tags": tags(k="v")})
        self.assertNotIn("Tags", self.call("DescribeTable", TableName="abc")["Table"])

    def test_what_else_happens_to_a_table_leaves_its_tags(self):
        self.call("CreateTable", **table("abc", Tags=tags(k="v")))
        self.call("UpdateTable", TableName="abc", DeletionProtectionEnabled=True)
        self.call("UpdateTable", TableName="abc", DeletionProtectionEnabled=False)
        self.assertEqual(self.tags(), {"Tags": tags(k="v")})
        self.call("DeleteTable", TableName="abc")
        self.call("CreateTable", **table("abc"))
        self.assertEqual(self.tags(), {"Tags": []})

    def test_fifty_are_enough(self):
        many = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
        self.call("CreateTable", **table("abc"))
        limit = "Number of Tags exceed the current limit for the provided ResourceArn"
        self.invalid(limit, "TagResource", ResourceArn=ARN + "abc", Tags=many)
        self.assertEqual(self.tags(), {"Tags": []})
        self.tag(many[:50])
        self.assertEqual(self.tags(), {"Tags": many[:50]})
        self.invalid(limit, "TagResource", ResourceArn=ARN + "abc", Tags=tags(k0="new", one_more="v"))
        self.assertEqual(self.tags(), {"Tags": many[:50]})
        self.tag(tags(k0="new"))
        self.assertEqual(self.tags()["Tags"][0], {"Key": "k0", "Value": "new"})
        self.invalid(limit, "UntagResource", ResourceArn=ARN + "abc", TagKeys=[tag["Key"] for tag in many])
        self.untag(*(tag["Key"] for tag in many[:50]))
        self.assertEqual(self.tags(), {"Tags": []})

    def test_refusals_of_tags(self):
        self.call("CreateTable", **table("abc"))
        long = "k" * 129
        for message, given in [
                ("Atleast one Tag needs to be provided as Input.", []),
                ("The Tag Key provided is invalid, Key: null", [{}]),
                ("The Tag Key provided is invalid, Key: null", [{"Value": "v"}]),
                ("The Tag Key provided is invalid, Key: ", tags(**{"": "v"})),
                ("The Tag Key provided is invalid, Key: " + long, tags(good="v", **{long: "v"})),
                ("The Tag Key provided is invalid, Key: bad#char", tags(**{"bad#char": "v"})),
                ("The Tag Value provided is invalid, Value: null", [{"Key": "k"}]),
                ("The Tag Value provided is invalid, Value: 100%", tags(k="100%")),
                ("The Tag Value provided is invalid, Value: " + "v" * 257, tags(k="v" * 257)),
                ("Tag Key cannot be prefixed with aws:, Key: aws:zzz", tags(good="v", **{"aws:zzz": "v"})),
                ("Tag Key cannot be prefixed with aws:, Key: AWS:foo", tags(**{"AWS:foo": "v"})),
                ("Duplicate Tag Keys provided as input: Duplicate Tag Key found dup",
                 tags(dup="1") + tags(dup="2"))]:
            with self.subTest(given=given):
                self.invalid(message, "TagResource", ResourceArn=ARN + "abc", Tags=given)
        self.assertEqual(self.tags(), {"Tags": []})
        self.tag(tags(**{"k" * 128: "v" * 256, "myaws:foo": "a+b-c=d.e_f:g/h@i", " ключ 表": "café"}))
        self.assertEqual(len(self.tags()["Tags"]), 3)
        for message, keys in [("Atleast one Tag Key needs to be provided as Input.", []),
                              ("The Tag Key provided is invalid, Key: ", [""]),
                              ("The Tag Key provided is invalid, Key: " + long, [long]),
                              ("Tag Key cannot be prefixed with aws:, Key: aws:foo", ["aws:foo"])]:
            with self.subTest(keys=keys):
                self.invalid(message, "UntagResource", ResourceArn=ARN + "abc", TagKeys=keys)
        null = "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null"
        self.invalid(null % "tags", "TagResource", ResourceArn=ARN + "abc")
        self.invalid(null % "tagKeys", "UntagResource", ResourceArn=ARN + "abc")

    def test_refusals_of_arns(self):
        self.call("CreateTable", **table("abc"))
        requests = [("TagResource", {"Tags": tags(k="v")}), ("UntagResource", {"TagKeys": ["k"]}),
                    ("ListTagsOfResource", {})]
        for operation, request in requests:
            self.invalid("Invalid TableArn", operation, **request)
            for message, arn in [
                    ("ARNs must start with 'arn:': ", ""),
                    ("ARNs must start with 'arn:': ", "abc"),
                    ("Provided Arn is not a DynamoDB resource arn: ", "arn:"),
                    ("Provided Arn is not a DynamoDB resource arn: ", "arn:aws:dynamodb:us-east-1:000000000000"),
                    ("Provided Arn is not a DynamoDB resource arn: ", "arn:aws:s3:::table/abc"),
                    ("Provided Arn is not a DynamoDB resource arn: ", ARN + "abc/backup/01791525400213-63b4d36a"),
                    ("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ",
                     ARN + "abc/index/i-1")]:
                with self.subTest(operation=operation, arn=arn):
                    self.invalid(INVALID + message + arn, operation, ResourceArn=arn, **request)
            for missing in [ARN + "missing", ARN + "ABC", ARN + "abc/stream/2026-01-01T00:00:00.000"]:
                with self.subTest(operation=operation, arn=missing):
                    if operation == "ListTagsOfResource":
                        self.refused("AccessDeniedException", "Access is denied", operation, ResourceArn=missing)
                    else:
                        self.refused("ResourceNotFoundException",
                                     f"Requested resource not found: ResourceArn: {missing} not found", operation,
                                     ResourceArn=missing, **request)


class WhileItChanges(Case):
    flags = ("--transition-ms", HOUR_MS)

    def test_tags_of_a_table_that_is_not_ready(self):
        self.call("CreateTable", **table("abc", Tags=tags(k="v")))
        self.refused("ResourceInUseException", IN_USE + "Table is being created: abc", "TagResource",
                     ResourceArn=ARN + "abc", Tags=tags(k="v"))


class AfterARestart(Case):
    in_memory = False

    def restart(self):
        self.client.close()
        self.server.stop()
        self.server.start()
        self.client = Client(self.server.url)

    def test_tags(self):
        self.call("CreateTable", **table("abc", Tags=tags(k="v")))
        self.call("TagResource", ResourceArn=ARN + "abc", Tags=tags(a="1"))
        self.restart()
        self.assertEqual(self.call("ListTagsOfResource", ResourceArn=ARN + "abc"), {"Tags": tags(k="v", a="1")})


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""What is kept around a table: tags, policies, recovery, insights, streaming destinations, scaling: what is answered, what is
refused and in which words, and all of it after a restart."""
import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from case import Case
from dynamo import Client, DynamoError, is_active

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


class Capacity(Case):
    def test_limits(self):
        self.assertEqual(self.call("DescribeLimits"), {
            "AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000,
            "TableMaxReadCapacityUnits": 40000, "TableMaxWriteCapacityUnits": 40000})

    def test_the_endpoint_is_what_the_client_called(self):
        for host in (f"127.0.0.1:{self.server.port}", "dynamodb.example:1234"):
            status, _, body = self.client.raw("DescribeEndpoints", b"{}", {"Host": host})
            self.assertEqual((status, json.loads(body)),
                             (200, {"Endpoints": [{"Address": host, "CachePeriodInMinutes": 1440}]}))


class Recovery(Case):
    def describe(self, name="abc"):
        return self.call("DescribeContinuousBackups", TableName=name)["ContinuousBackupsDescription"]

    def update(self, enabled, **more):
        return self.call("UpdateContinuousBackups", TableName="abc", PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": enabled, **more})["ContinuousBackupsDescription"]

    off = {"ContinuousBackupsStatus": "ENABLED",
           "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}

    def test_on_and_off(self):
        self.call("CreateTable", **table("abc"))
        self.assertEqual(self.describe(), self.off)
        self.assertEqual(self.describe(ARN + "abc"), self.off)
        self.assertEqual(self.update(False), self.off)
        before = int(time.time())
        answer = self.update(True)
        recovery = answer["PointInTimeRecoveryDescription"]
        earliest = recovery["EarliestRestorableDateTime"]
        self.assertEqual(earliest, int(earliest))
        self.assertTrue(before <= earliest <= time.time())
        self.assertEqual(answer, {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": {
            "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35, "EarliestRestorableDateTime": earliest,
            "LatestRestorableDateTime": earliest}})
        self.assertEqual(self.describe(), answer)
        self.assertEqual(self.update(True), answer)
        recovery["RecoveryPeriodInDays"] = 7
        self.assertEqual(self.update(True, RecoveryPeriodInDays=7), answer)
        self.assertEqual(self.update(True), answer)
        self.assertEqual(self.update(False), self.off)
        self.assertEqual(self.update(True)["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"], 35)

    def test_refusals(self):
        self.call("CreateTable", **table("abc"))
        on = {"PointInTimeRecoveryEnabled": True}
        missing = "TableNotFoundException", "Table not found: missing"
        self.refused(*missing, "DescribeContinuousBackups", TableName="missing")
        self.refused(*missing, "DescribeContinuousBackups", TableName=ARN + "missing")
        self.refused(*missing, "UpdateContinuousBackups", TableName="missing", PointInTimeRecoverySpecification=on)
        self.invalid("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
                     "UpdateContinuousBackups", TableName="abc", PointInTimeRecoverySpecification={
                         "PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 35})
        self.invalid("1 validation error detected: Value '36' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' "
                     "failed to satisfy constraint: Member must have value less than or equal to 35",
                     "UpdateContinuousBackups", TableName="abc",
                     PointInTimeRecoverySpecification={**on, "RecoveryPeriodInDays": 36})


KINESIS = "arn:aws:kinesis:us-east-1:000000000000:stream/"
NOT_VALID = "Table is not in a valid state to enable Kinesis Streaming Destination: "
MUST_BE_DISABLED = (NOT_VALID + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE "
                    "operation.")
MUST_BE_ACTIVE = NOT_VALID + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."


class Destinations(Case):
    def do(self, what, stream="one", **more):
        return self.call(what + "KinesisStreamingDestination", TableName="abc", StreamArn=KINESIS + stream, **more)

    def refuse(self, message, what, stream="one", **more):
        self.invalid(message, what + "KinesisStreamingDestination", TableName="abc", StreamArn=KINESIS + stream, **more)

    def described(self):
        answer = self.call("DescribeKinesisStreamingDestination", TableName="abc")
        self.assertEqual(answer["TableName"], "abc")
        return answer["KinesisDataStreamDestinations"]

    def test_a_destinations_life(self):
        self.call("CreateTable", **table("abc"))
        self.assertEqual(self.described(), [])
        names = {"TableName": "abc", "StreamArn": KINESIS + "one"}
        self.assertEqual(self.do("Enable"), {**names, "DestinationStatus": "ENABLING",
                                             "EnableKinesisStreamingConfiguration": {}})
        active = {"StreamArn": KINESIS + "one", "DestinationStatus": "ACTIVE"}
        self.assertEqual(self.described(), [active])
        self.refuse(MUST_BE_DISABLED, "Enable")
        self.refuse(MUST_BE_DISABLED, "Enable", "two")
        micro = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
        self.assertEqual(self.do("Update", UpdateKinesisStreamingConfiguration=micro),
                         {**names, "DestinationStatus": "UPDATING", "UpdateKinesisStreamingConfiguration": micro})
        self.assertEqual(self.described(), [{**active, **micro}])
        self.refuse("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters", "Disable",
                    EnableKinesisStreamingConfiguration=micro)
        self.assertEqual(self.do("Disable"), {**names, "DestinationStatus": "DISABLING"})
        self.assertEqual(self.described(), [{**active, **micro, "DestinationStatus": "DISABLED"}])
        self.refuse(MUST_BE_ACTIVE, "Disable")
        self.do("Enable", "two", EnableKinesisStreamingConfiguration=micro)
        self.assertEqual([(entry["StreamArn"][-3:], entry["DestinationStatus"]) for entry in self.described()],
                         [("two", "ACTIVE"), ("one", "DISABLED")])
        self.do("Disable", "two")
        self.do("Enable")
        self.assertEqual(self.described()[0], active)

    def test_refused_updates(self):
        self.call("CreateTable", **table("abc"))
        table_id = self.call("DescribeTable", TableName="abc")["Table"]["TableId"]
        milli = {"ApproximateCreationDateTimePrecision": "MILLISECOND"}
        nothing = ("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration "
                   "cannot be null or contain only null values")
        self.refuse(nothing, "Update")
        self.refuse(nothing, "Update", UpdateKinesisStreamingConfiguration={})
        self.refuse(NOT_VALID + "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
                    f"TableName: abc, kdsArn: {KINESIS}one", "Update", UpdateKinesisStreamingConfiguration=milli)
        self.refuse(MUST_BE_ACTIVE, "Disable")
        self.do("Enable")
        self.refuse(f"Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId: "
                    f"{table_id}, kdsArn: {KINESIS}one", "Update", UpdateKinesisStreamingConfiguration=milli)
        for what in ("Enable", "Disable", "Describe"):
            request = {} if what == "Describe" else {"StreamArn": KINESIS + "one"}
            self.refused("ResourceNotFoundException", "Requested resource not found: Table: missing not found",
                         what + "KinesisStreamingDestination", TableName="missing", **request)
        self.invalid("1 validation error detected: Value 'short' at 'streamArn' failed to satisfy constraint: Member must "
                     "have length greater than or equal to 37", "EnableKinesisStreamingDestination", TableName="abc",
                     StreamArn="short")

    def test_the_oldest_are_forgotten(self):
        self.call("CreateTable", **table("abc"))
        for number in range(25):
            self.do("Enable", f"stream-{number}")
            self.do("Disable", f"stream-{number}")
        self.assertEqual([entry["StreamArn"] for entry in self.described()],
                         [f"{KINESIS}stream-{number}" for number in range(24, 4, -1)])


INDEX = {"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"},
                                           {"AttributeName": "pk", "KeyType": "RANGE"}],
         "Projection": {"ProjectionType": "ALL"}}
WITH_INDEX = {"GlobalSecondaryIndexes": [INDEX],
              "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                       {"AttributeName": "g", "AttributeType": "S"}]}
BOTH, THROTTLED = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"


class Insights(Case):
    def update(self, action, name="abc", **more):
        return self.call("UpdateContributorInsights", TableName=name, ContributorInsightsAction=action, **more)

    def describe(self, **more):
        return self.call("DescribeContributorInsights", TableName="abc", **more)

    def listed(self, **request):
        """The pages, each a list of table, index, status."""
        pages = []
        while True:
            answer = self.call("ListContributorInsights", **request)
            pages.append([(entry["TableName"], entry.get("IndexName"), entry["ContributorInsightsStatus"])
                          for entry in answer["ContributorInsightsSummaries"]])
            if "NextToken" not in answer:
                return pages
            request["NextToken"] = answer["NextToken"]

    def test_on_and_off(self):
        self.call("CreateTable", **table("abc", **WITH_INDEX))
        off = {"TableName": "abc", "ContributorInsightsStatus": "DISABLED"}
        self.assertEqual(self.describe(), off)
        self.assertEqual(self.update("DISABLE"), off)
        self.assertEqual(self.update("ENABLE"), {**off, "ContributorInsightsStatus": "ENABLING",
                                                 "ContributorInsightsMode": BOTH})
        described = self.describe()
        stamp = round(described.pop("LastUpdateDateTime") * 1000)
        on = {"TableName": "abc", "ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": BOTH}
        self.assertEqual(described, {**on, "ContributorInsightsRuleList": [
            f"DynamoDBContributorInsights-{kind}-abc-{stamp}" for kind in ("PKC", "PKT")]})
        self.assertEqual(self.update("ENABLE"), on)
        self.assertEqual(self.update("ENABLE", ContributorInsightsMode=THROTTLED),
                         {**on, "ContributorInsightsStatus": "ENABLING", "ContributorInsightsMode": THROTTLED})
        self.assertEqual(len(self.describe()["ContributorInsightsRuleList"]), 1)
        self.assertEqual(self.update("ENABLE")["ContributorInsightsMode"], BOTH)
        self.assertEqual(self.update("ENABLE", IndexName="gsi")["IndexName"], "gsi")
        self.assertEqual([rule.split("-")[1:4] for rule in self.describe(IndexName="gsi")["ContributorInsightsRuleList"]],
                         [[kind, "abc", "gsi"] for kind in ("PKC", "PKT", "SKC", "SKT")])
        self.assertEqual(self.update("DISABLE"), {**on, "ContributorInsightsStatus": "DISABLING"})
        described = self.describe()
        del described["LastUpdateDateTime"]
        self.assertEqual(described, {**on, "ContributorInsightsStatus": "DISABLED"})
        self.assertEqual(self.listed(), [[("abc", "gsi", "ENABLED")]])

    def test_refusals(self):
        self.call("CreateTable", **table("abc", **WITH_INDEX))
        for operation, more in [("UpdateContributorInsights", {"ContributorInsightsAction": "ENABLE"}),
                                ("DescribeContributorInsights", {}), ("ListContributorInsights", {})]:
            self.refused("ResourceNotFoundException", "Requested resource not found: Table: missing not found",
                         operation, TableName="missing", **more)
            if operation != "ListContributorInsights":
                self.refused("ResourceNotFoundException",
                             "Requested resource not found: Index: nope not found for table: abc", operation,
                             TableName="abc", IndexName="nope", **more)
                self.invalid("IndexName must be at least 3 characters long and at most 255 characters long", operation,
                             TableName="abc", IndexName="", **more)

    def test_pages(self):
        self.assertEqual(self.listed(), [[]])
        for name in ("ccc", "abc", "bbb"):
            self.call("CreateTable", **table(name, **WITH_INDEX))
            self.update("ENABLE", name)
        self.update("ENABLE", IndexName="gsi")
        entries = [("abc", None, "ENABLED"), ("abc", "gsi", "ENABLED"), ("bbb", None, "ENABLED"),
                   ("ccc", None, "ENABLED")]
        self.assertEqual(self.listed(), [entries])
        self.assertEqual(self.listed(MaxResults=3), [entries[:3], entries[3:]])
        self.assertEqual(self.listed(MaxResults=1), [[entry] for entry in entries])
        self.assertEqual(self.listed(TableName="abc"), [entries[:2]])
        self.assertEqual(self.listed(TableName="abc", MaxResults=1), [entries[:1], entries[1:2]])
        self.update("DISABLE")
        self.assertEqual(self.listed(MaxResults=2), [entries[1:3], entries[3:]])

    def test_an_indexs_go_with_it(self):
        self.call("CreateTable", **table("abc", **WITH_INDEX))
        self.update("ENABLE", IndexName="gsi")
        self.call("UpdateTable", TableName="abc", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}])
        self.client.table_is("abc", lambda description: "GlobalSecondaryIndexes" not in description)
        self.assertEqual(self.listed(), [[]])
        self.call("UpdateTable", TableName="abc", AttributeDefinitions=WITH_INDEX["AttributeDefinitions"],
                  GlobalSecondaryIndexUpdates=[{"Create": INDEX}])
        self.client.table_is("abc", is_active)
        self.assertEqual(self.listed(), [[]])
        self.update("ENABLE")
        self.assertEqual(self.listed(), [[("abc", None, "ENABLED")]])


class GlobalTables(Case):
    def test_of_2017(self):
        self.call("CreateTable", **table("abc"))
        self.assertEqual(self.call("ListGlobalTables"), {"GlobalTables": []})
        for name in ("eu-west-1", "us-gov-east-1", "us-east-1", "ap-southeast-7", "mx-central-1", "me-south-1"):
            self.assertEqual(self.call("ListGlobalTables", RegionName=name), {"GlobalTables": []})
        for name in ("us-fake-9", "bogus", "eu-west-", "Eu-West-1", "west-1", "-west-1", "eu-west-0"):
            self.refused("InternalServerError", "Internal server error", "ListGlobalTables", RegionName=name)
        self.assertNotIn("a request failed", self.server.text())  # it is meant
        version = (INVALID + "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB "
                   "global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).")
        region = {"RegionName": "us-east-1"}
        self.invalid(version, "CreateGlobalTable", GlobalTableName="abc", ReplicationGroup=[region])
        self.invalid(version, "UpdateGlobalTable", GlobalTableName="abc", ReplicaUpdates=[{"Create": region}])
        for nothing in ([], [{}]):
            self.invalid("One or more parameter values were invalid", "UpdateGlobalTable", GlobalTableName="abc",
                         ReplicaUpdates=nothing)
        for name in ("abc", "missing"):
            message = f"Global table with name: '{name}' does not exist."
            for operation, prefix, more in [
                    ("DescribeGlobalTable", "Global table not found: ", {}),
                    ("UpdateGlobalTable", "Global table not found: ", {"ReplicaUpdates": [{"Delete": region}]}),
                    ("DescribeGlobalTableSettings", "", {}), ("UpdateGlobalTableSettings", "", {})]:
                self.refused("GlobalTableNotFoundException", prefix + message, operation, GlobalTableName=name, **more)
        self.invalid("TableName must be at least 3 characters long and at most 255 characters long",
                     "DescribeGlobalTable", GlobalTableName="ab")


class ReplicaScaling(Case):
    def test_there_is_no_global_table(self):
        self.call("CreateTable", **table("abc"))
        scaled = {"MinimumUnits": 1, "MaximumUnits": 2, "ScalingPolicyUpdate": {
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}}}
        for name in ("abc", "missing"):
            message = f"Global table with name: '{name}' does not exist."
            self.refused("ResourceNotFoundException", message, "DescribeTableReplicaAutoScaling", TableName=name)
            self.refused("ResourceNotFoundException", message, "UpdateTableReplicaAutoScaling", TableName=name,
                         ProvisionedWriteCapacityAutoScalingUpdate=scaled)

    def test_its_form_is_checked_first(self):
        def refuse(message, **request):
            self.invalid("Failed to update settings for global table with name: ‘abc’" + message,
                         "UpdateTableReplicaAutoScaling", TableName="abc", **request)

        needed = " are required unless auto scaling is being disabled."
        for message, settings in [
                (": Parameters 'MaximumUnits', 'ScalingPolicyUpdate', 'MinimumUnits'" + needed, {}),
                (": Parameters 'ScalingPolicyUpdate'" + needed, {"MinimumUnits": 1, "MaximumUnits": 2}),
                (": Parameters 'MaximumUnits', 'MinimumUnits' must be left blank when disabling auto scaling.",
                 {"AutoScalingDisabled": True, "MinimumUnits": 1, "MaximumUnits": 2})]:
            refuse(message, ProvisionedWriteCapacityAutoScalingUpdate=settings)
            refuse(message, GlobalSecondaryIndexUpdates=[
                {"IndexName": "gsi", "ProvisionedWriteCapacityAutoScalingUpdate": settings}])
            refuse(message, ReplicaUpdates=[{"RegionName": "us-east-1",
                                             "ReplicaProvisionedReadCapacityAutoScalingUpdate": settings}])
        refuse(" because at least one update parameter must be specified for region: ‘us-east-1’.",
               ReplicaUpdates=[{"RegionName": "us-east-1"}])


def policy(action="dynamodb:GetItem", **more):
    return {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": action, "Resource": "*",
        **more}]}


def text(document):
    return json.dumps(document, separators=(",", ":"))


NO_POLICY = "Resource-based policy not found for the provided ResourceArn: "


class Policies(Case):
    def setUp(self):
        super().setUp()
        self.arn = ARN + "abc"

    def put(self, document, **more):
        return self.call("PutResourcePolicy", ResourceArn=self.arn, Policy=text(document), **more)["RevisionId"]

    def get(self):
        return self.call("GetResourcePolicy", ResourceArn=self.arn)

    def delete(self, **more):
        return self.call("DeleteResourcePolicy", ResourceArn=self.arn, **more)

    def life(self, what):
        """Of the policy of self.arn; `what` is how messages call its owner."""
        self.refused("PolicyNotFoundException", NO_POLICY + self.arn, "GetResourcePolicy", ResourceArn=self.arn)
        self.assertEqual(self.delete(), {})
        for operation, more in (("PutResourcePolicy", {"Policy": text(self.documents[0])}),
                                ("DeleteResourcePolicy", {})):
            self.refused("PolicyNotFoundException", f"{NO_POLICY}Requested update for policy with revision id 123, but "
                         f"{what} has no associated policy.", operation, ResourceArn=self.arn, ExpectedRevisionId="123",
                         **more)
        before = int(time.time() * 1000)
        first = self.put(self.documents[0], ExpectedRevisionId="NO_POLICY")
        self.assertTrue(before <= int(first) <= time.time() * 1000)
        self.assertEqual(self.get(), {"Policy": text(self.documents[0]), "RevisionId": first})
        self.assertEqual(self.put(self.documents[0]), first)
        second = self.put(self.documents[1], ExpectedRevisionId=first)
        self.assertGreater(int(second), int(first))
        self.assertEqual(self.get(), {"Policy": text(self.documents[1]), "RevisionId": second})
        for operation, more in (("PutResourcePolicy", {"Policy": text(self.documents[1])}),
                                ("DeleteResourcePolicy", {})):
            self.refused("PolicyNotFoundException", f"{NO_POLICY}Requested update for policy with revision id {first}, "
                         f"but the policy associated to target {what} has revision id {second}.", operation,
                         ResourceArn=self.arn, ExpectedRevisionId=first, **more)
        self.refused("PolicyNotFoundException", f"{NO_POLICY}Requested policy update expecting none to be present for "
                     f"{what}, but a policy exists with revision id {second}.", "PutResourcePolicy",
                     ResourceArn=self.arn, Policy=text(self.documents[0]), ExpectedRevisionId="NO_POLICY")
        self.assertEqual(self.delete(ExpectedRevisionId=second), {"RevisionId": second})
        self.refused("PolicyNotFoundException", NO_POLICY + self.arn, "GetResourcePolicy", ResourceArn=self.arn)
        tombstone = self.delete()["RevisionId"]
        self.assertGreater(int(tombstone), int(second))
        self.assertEqual(self.delete()["RevisionId"], tombstone)
        self.assertGreater(int(self.put(self.documents[0])), int(tombstone))

    def test_of_a_table(self):
        self.documents = policy(), policy("dynamodb:PutItem")
        self.call("CreateTable", **table("abc"))
        self.life("table abc")

    def test_of_a_stream(self):
        self.documents = policy("dynamodb:GetRecords"), policy("dynamodb:DescribeStream")
        made = self.call("CreateTable", **table("abc", StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))["TableDescription"]
        self.arn = made["LatestStreamArn"]
        self.life("stream " + made["LatestStreamLabel"])
        self.arn = ARN + "abc"
        self.refused("PolicyNotFoundException", NO_POLICY + self.arn, "GetResourcePolicy", ResourceArn=self.arn)

    def test_given_at_creation(self):
        made = self.call("CreateTable", **table("abc", ResourcePolicy=text(policy())))["TableDescription"]
        self.assertNotIn("ResourcePolicy", made)
        created = round(made["CreationDateTime"] * 1000)
        self.assertEqual(self.get(), {"Policy": text(policy()), "RevisionId": str(created)})
        self.call("UpdateTable", TableName="abc", DeletionProtectionEnabled=True)
        self.assertEqual(self.get()["RevisionId"], str(created))

    def test_form(self):
        self.call("CreateTable", **table("abc"))
        loose = policy(["dynamodb:GetItem"], Effect="allow", Principal={"AWS": ["111111111111"]})
        loose["Statement"] = loose["Statement"][0]
        revision = self.put(loose)
        self.assertEqual(self.get(), {"Policy": text(policy()), "RevisionId": revision})
        self.assertEqual(self.put(policy()), revision)
        del loose["Version"]
        self.assertGreater(int(self.put(loose)), int(revision))
        self.assertEqual(self.get()["Policy"], text({**policy(), "Version": "2008-10-17"}))

    def test_refusals(self):
        self.call("CreateTable", **table("abc"))
        revision = self.put(policy())
        document = INVALID + "Invalid policy document: "
        for message, given in [(document + "This policy contains invalid Json", "{not json"),
                               (document + "Could not parse the policy: Statement is empty!", '{"Statement":[]}'),
                               (INVALID + "Maximum policy size of 20480 bytes exceeded", text(policy()) + " " * 20480),
                               (document + 'The following action names are invalid: "dynamodb:GetRecords"',
                                text(policy("dynamodb:GetRecords")))]:
            self.invalid(message, "PutResourcePolicy", ResourceArn=self.arn, Policy=given)
        locks_out = policy("dynamodb:PutResourcePolicy", Effect="Deny", Principal="*")
        self.refused("AccessDeniedException",
                     "The new resource policy will not allow you to update the resource policy in the future.",
                     "PutResourcePolicy", ResourceArn=self.arn, Policy=text(locks_out))
        self.assertEqual(self.get()["RevisionId"], revision)
        self.put(locks_out, ConfirmRemoveSelfResourceAccess=True)
        for operation, more in [("GetResourcePolicy", {}), ("DeleteResourcePolicy", {}),
                                ("PutResourcePolicy", {"Policy": text(policy())})]:
            self.invalid(INVALID + "ARNs must start with 'arn:': abc", operation, ResourceArn="abc", **more)
            self.refused("ResourceNotFoundException", "Requested resource not found: Table: missing not found",
                         operation, ResourceArn=ARN + "missing", **more)
            label = "2000-01-01T00:00:00.000"
            if operation != "PutResourcePolicy":
                self.refused("ResourceNotFoundException",
                             f"Requested resource not found: Stream: {label} not found for Table: abc", operation,
                             ResourceArn=f"{self.arn}/stream/{label}", **more)


class WhileItChanges(Case):
    flags = ("--transition-ms", HOUR_MS)

    def test_tags_of_a_table_that_is_not_ready(self):
        self.call("CreateTable", **table("abc", Tags=tags(k="v")))
        self.refused("ResourceInUseException", IN_USE + "Table is being created: abc", "TagResource",
                     ResourceArn=ARN + "abc", Tags=tags(k="v"))
        self.assertEqual(self.call("DescribeContinuousBackups", TableName="abc")["ContinuousBackupsDescription"]
                         ["ContinuousBackupsStatus"], "DISABLED")
        self.refused("ContinuousBackupsUnavailableException",
                     "Backups are being enabled for the table: abc. Please retry later", "UpdateContinuousBackups",
                     TableName="abc", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        self.invalid("Table or Index is not in a valid state to update Key Access Insights: TableStatus must be ACTIVE "
                     "to enable ContributorInsights.", "UpdateContributorInsights", TableName="abc",
                     ContributorInsightsAction="ENABLE")
        self.refused("ResourceInUseException", IN_USE + "Table is being created: abc", "PutResourcePolicy",
                     ResourceArn=ARN + "abc", Policy=text(policy()))


class StatusesThatTakeTime(Case):
    """A table made without waiting, and what is changed about it while statuses last for hours."""
    in_memory = False

    def test_statuses_last(self):
        self.call("CreateTable", **table("abc"))
        self.client.close()
        self.server.stop()
        self.server.flags += ["--transition-ms", HOUR_MS]
        self.server.start()
        self.client = Client(self.server.url)
        stream = {"TableName": "abc", "StreamArn": KINESIS + "one"}
        self.call("EnableKinesisStreamingDestination", **stream)
        self.assertEqual(self.call("DescribeKinesisStreamingDestination", TableName="abc")
                         ["KinesisDataStreamDestinations"][0]["DestinationStatus"], "ENABLING")
        self.invalid(MUST_BE_DISABLED, "EnableKinesisStreamingDestination", **stream)
        self.invalid(MUST_BE_ACTIVE, "DisableKinesisStreamingDestination", **stream)
        insights = {"TableName": "abc", "ContributorInsightsAction": "ENABLE"}
        for _ in range(2):
            self.assertEqual(self.call("UpdateContributorInsights", **insights)["ContributorInsightsStatus"], "ENABLING")
        described = self.call("DescribeContributorInsights", TableName="abc")
        self.assertEqual(described["ContributorInsightsStatus"], "ENABLING")
        self.assertNotIn("ContributorInsightsRuleList", described)


class Settings(Case):

    def said(self):
        """The settings that the log has named so far, in their order, with their levels."""
        self.call("ListTables")  # an answer behind whatever was logged
        time.sleep(0.1)
        return re.findall(r" (warn|info) +a setting is kept and has no effect yet setting=(\w+) so=", self.server.text())

    def make_all(self, name):
        capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        self.call("CreateTable", **{**table(name), "BillingMode": "PROVISIONED"}, ProvisionedThroughput=capacity,
                  SSESpecification={"Enabled": True}, TableClass="STANDARD_INFREQUENT_ACCESS",
                  WarmThroughput={"ReadUnitsPerSecond": 20000, "WriteUnitsPerSecond": 5000})
        self.call("UpdateContinuousBackups", TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        self.call("EnableKinesisStreamingDestination", TableName=name, StreamArn=KINESIS + "one")
        self.call("UpdateContributorInsights", TableName=name, ContributorInsightsAction="ENABLE")
        self.call("PutResourcePolicy", ResourceArn=ARN + name, Policy=text(policy(name)))
        self.call("UpdateTable", TableName=name, GlobalTableSettingsReplicationMode="ENABLED")


class KeptAndNoMore(Settings):
    """What has no effect yet: the log says so when it is asked for, and README.md has a line for it."""

    def test_each_is_said_once(self):
        self.make_all("abc")
        self.assertCountEqual(self.said(), [
            ("info", "throughput"), ("warn", "SSESpecification"), ("info", "TableClass"), ("info", "WarmThroughput"),
            ("warn", "PointInTimeRecovery"), ("warn", "KinesisStreamingDestination"), ("info", "ContributorInsights"),
            ("warn", "ResourcePolicy"), ("info", "GlobalTableSettingsReplicationMode")])
        self.make_all("again")
        self.assertEqual(len(self.said()), 9, self.server.text())

    def test_each_is_in_the_readme(self):
        self.make_all("abc")
        lines = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
        start = lines.index("### Kept, and no more")
        rows = [line for line in lines[start:start + 20] if line.startswith("| ")]
        for _, name in self.said():
            self.assertTrue(any(name in row for row in rows), name)

    def test_nothing_is_said_of_what_is_off_or_refused(self):
        self.call("CreateTable", **table("abc"), TableClass="STANDARD", SSESpecification={"Enabled": False})
        self.call("UpdateContinuousBackups", TableName="abc", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})
        self.call("UpdateContributorInsights", TableName="abc", ContributorInsightsAction="DISABLE")
        with self.assertRaises(DynamoError):
            self.call("EnableKinesisStreamingDestination", TableName="other", StreamArn=KINESIS + "one")
        self.assertEqual(self.said(), [])


class ThroughputEnforced(Settings):
    flags = ("--enforce-throughput",)

    def test_it_has_an_effect(self):
        self.make_all("abc")
        self.assertNotIn(("info", "throughput"), self.said())


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

    def test_settings(self):
        self.call("CreateTable", **table("abc"))
        self.call("UpdateContinuousBackups", TableName="abc", PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 3})
        self.call("EnableKinesisStreamingDestination", TableName="abc", StreamArn=KINESIS + "one")
        self.call("UpdateContributorInsights", TableName="abc", ContributorInsightsAction="ENABLE")
        self.call("PutResourcePolicy", ResourceArn=ARN + "abc", Policy=text(policy()))

        def settings():
            recovery = self.call("DescribeContinuousBackups", TableName="abc")["ContinuousBackupsDescription"]
            del recovery["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
            return [recovery, self.call("DescribeKinesisStreamingDestination", TableName="abc"),
                    self.call("DescribeContributorInsights", TableName="abc"),
                    self.call("GetResourcePolicy", ResourceArn=ARN + "abc")]

        before = settings()
        self.restart()
        self.assertEqual(settings(), before)


if __name__ == "__main__":
    unittest.main()

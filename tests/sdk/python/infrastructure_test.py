# SPDX-License-Identifier: Apache-2.0
"""The calls that infrastructure tools make around a table, in their order: Terraform's resources, CloudFormation's table, and the
admin consoles' first page. Each waits for what the tool waits for and looks at what it looks at."""
import json
import unittest

import botocore.exceptions

from support import client, define, key, unique_name, until

STREAM = "arn:aws:kinesis:eu-central-1:000000000000:stream/changes"
GSI = {"IndexName": "by-g", "KeySchema": key("g"), "Projection": {"ProjectionType": "KEYS_ONLY"}}


def tags(**values):
    return [{"Key": name, "Value": value} for name, value in values.items()]


def kinesis_status(name):
    destinations = client.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
    return {entry["StreamArn"]: entry["DestinationStatus"] for entry in destinations}


class Tool(unittest.TestCase):
    def create(self, **more):
        """Creates a table as tools do and waits until it and its indexes are ACTIVE. Returns name and ARN."""
        name = unique_name()
        answer = client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=key("pk"),
                                     AttributeDefinitions=define(g="S", pk="S"), GlobalSecondaryIndexes=[GSI], **more)
        self.active(name)
        return name, answer["TableDescription"]["TableArn"]

    def active(self, name):
        def look():
            table = client.describe_table(TableName=name)["Table"]
            self.assertEqual([table["TableStatus"]] + [index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]],
                             ["ACTIVE", "ACTIVE"])
            return table

        return until(look)

    def is_tagged(self, arn, **expected):
        until(lambda: self.assertEqual({tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]},
                                       expected))

    def recovery(self, name):
        described = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        self.assertEqual(described["ContinuousBackupsStatus"], "ENABLED")
        return described["PointInTimeRecoveryDescription"]

    def set_recovery(self, name, enabled, status):
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled})
        until(lambda: self.assertEqual(self.recovery(name)["PointInTimeRecoveryStatus"], status))

    def set_insights(self, action, status, **what):
        client.update_contributor_insights(ContributorInsightsAction=action, **what)
        until(lambda: self.assertEqual(client.describe_contributor_insights(**what)["ContributorInsightsStatus"], status))

    def time_to_live(self, name):
        described = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        return described["TimeToLiveStatus"], described.get("AttributeName")

    def delete(self, name):
        client.delete_table(TableName=name)

        def gone():
            with self.assertRaises(client.exceptions.ResourceNotFoundException):
                client.describe_table(TableName=name)

        until(gone)


class Terraform(Tool):
    def test_table(self):
        name, arn = self.create(Tags=tags(Name="a", Owner="b"), TableClass="STANDARD", DeletionProtectionEnabled=False)
        self.set_recovery(name, True, "ENABLED")
        self.active(name)
        self.assertEqual(self.recovery(name)["RecoveryPeriodInDays"], 35)
        client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
        until(lambda: self.assertEqual(self.time_to_live(name), ("ENABLED", "until")))
        self.is_tagged(arn, Name="a", Owner="b")

        client.untag_resource(ResourceArn=arn, TagKeys=["Owner"])
        client.tag_resource(ResourceArn=arn, Tags=tags(Name="c", Stage="test"))
        self.is_tagged(arn, Name="c", Stage="test")
        client.update_table(TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.assertTrue(self.active(name)["LatestStreamArn"].startswith(arn + "/stream/"))
        self.set_recovery(name, False, "DISABLED")
        self.assertEqual(self.recovery(name), {"PointInTimeRecoveryStatus": "DISABLED"})
        self.delete(name)

    def test_reading_a_table_that_nobody_configured(self):
        name, arn = self.create()
        self.assertEqual(self.recovery(name), {"PointInTimeRecoveryStatus": "DISABLED"})
        self.assertEqual(self.time_to_live(name), ("DISABLED", None))
        self.is_tagged(arn)
        self.delete(name)

    def test_contributor_insights(self):
        name, _ = self.create()
        for what in ({"TableName": name}, {"TableName": name, "IndexName": "by-g"}):
            self.set_insights("ENABLE", "ENABLED", **what)
        listed = client.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"]
        self.assertEqual([entry.get("IndexName") for entry in listed], [None, "by-g"])
        for what in ({"TableName": name}, {"TableName": name, "IndexName": "by-g"}):
            self.set_insights("DISABLE", "DISABLED", **what)

    def test_kinesis_streaming_destination(self):
        name, _ = self.create()
        client.enable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
        until(lambda: self.assertEqual(kinesis_status(name), {STREAM: "ACTIVE"}))
        client.update_kinesis_streaming_destination(
            TableName=name, StreamArn=STREAM,
            UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"})
        until(lambda: self.assertEqual(kinesis_status(name), {STREAM: "ACTIVE"}))
        client.disable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
        until(lambda: self.assertEqual(kinesis_status(name), {STREAM: "DISABLED"}))

    def test_resource_policy(self):
        _, arn = self.create()
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111111111111"},
                                                          "Action": "dynamodb:*", "Resource": arn}]}
        made = client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy), ConfirmRemoveSelfResourceAccess=False)
        found = client.get_resource_policy(ResourceArn=arn)
        self.assertEqual(found["RevisionId"], made["RevisionId"])
        self.assertEqual(json.loads(found["Policy"])["Statement"][0]["Resource"], arn)
        client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=made["RevisionId"])
        with self.assertRaises(client.exceptions.PolicyNotFoundException):
            client.get_resource_policy(ResourceArn=arn)


class CloudFormation(Tool):
    def read(self, name, arn):
        """What its handler describes a table with."""
        table = self.active(name)
        insights = [client.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"]]
        for index in table["GlobalSecondaryIndexes"]:
            described = client.describe_contributor_insights(TableName=name, IndexName=index["IndexName"])
            insights.append(described["ContributorInsightsStatus"])
        try:
            policy = json.loads(client.get_resource_policy(ResourceArn=arn)["Policy"])
        except botocore.exceptions.ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "PolicyNotFoundException")
            policy = None
        return {"recovery": self.recovery(name)["PointInTimeRecoveryStatus"], "insights": insights, "policy": policy,
                "ttl": self.time_to_live(name), "kinesis": kinesis_status(name), "tags": client.list_tags_of_resource(ResourceArn=arn)["Tags"],
                "stream": table.get("StreamSpecification", {}).get("StreamViewType")}

    def test_stack(self):
        policy = {"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
             "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*"}]}
        name, arn = self.create(Tags=tags(stack="one"), ResourcePolicy=json.dumps(policy), StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        self.set_recovery(name, True, "ENABLED")
        self.set_insights("ENABLE", "ENABLED", TableName=name)
        client.enable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
        expected = {"recovery": "ENABLED", "insights": ["ENABLED", "DISABLED"], "policy": policy,
                    "kinesis": {STREAM: "ACTIVE"}, "tags": tags(stack="one"), "stream": "KEYS_ONLY", "ttl": ("DISABLED", None)}
        until(lambda: self.assertEqual(self.read(name, arn), expected))

        client.tag_resource(ResourceArn=arn, Tags=tags(stack="two"))
        client.untag_resource(ResourceArn=arn, TagKeys=["never there"])
        client.update_table(TableName=name, DeletionProtectionEnabled=True)
        self.set_insights("DISABLE", "DISABLED", TableName=name)
        client.disable_kinesis_streaming_destination(TableName=name, StreamArn=STREAM)
        client.delete_resource_policy(ResourceArn=arn)
        expected |= {"insights": ["DISABLED", "DISABLED"], "policy": None, "kinesis": {STREAM: "DISABLED"},
                     "tags": tags(stack="two")}
        until(lambda: self.assertEqual(self.read(name, arn), expected))
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        self.delete(name)


class Consoles(Tool):
    def test_first_page(self):
        name, _ = self.create()
        self.assertIn(name, [table for page in client.get_paginator("list_tables").paginate() for table in page["TableNames"]])
        self.assertEqual(client.describe_limits()["TableMaxReadCapacityUnits"], 40000)
        endpoints = client.describe_endpoints()["Endpoints"]
        self.assertEqual([endpoint["Address"] for endpoint in endpoints], [client.meta.endpoint_url.split("//")[1]])
        self.assertEqual(client.scan(TableName=name)["Count"], 0)


if __name__ == "__main__":
    unittest.main()

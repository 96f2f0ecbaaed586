# SPDX-License-Identifier: Apache-2.0
"""Tables as a client sees them: what descriptions say, what is refused and in which words, statuses, indexes added to full
tables while others write, and all of it after a kill."""
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import case
from dynamo import Client, DynamoError, all_items, is_active

INVALID = "One or more parameter values were invalid: "
IN_USE = "Attempt to change a resource which is still in use: "
ACCOUNT = "arn:aws:dynamodb:us-east-1:000000000000:table/"


def attributes(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def keys(hash_names, range_names=""):
    return ([{"AttributeName": name, "KeyType": "HASH"} for name in hash_names.split()] +
            [{"AttributeName": name, "KeyType": "RANGE"} for name in range_names.split()])


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def index(name, schema, projection="ALL", **more):
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection}, **more}


def table(name, **more):
    """A request for a table on demand with the hash attribute pk."""
    return {"TableName": name, "AttributeDefinitions": attributes(pk="S"), "KeySchema": keys("pk"),
            "BillingMode": "PAY_PER_REQUEST", **more}


def provisioned(name, read=5, write=5, **more):
    request = table(name, ProvisionedThroughput=units(read, write), **more)
    del request["BillingMode"]
    return request


class Case(case.Case):
    def describe(self, name):
        return self.call("DescribeTable", TableName=name)["Table"]

    def update(self, name, **request):
        return self.call("UpdateTable", TableName=name, **request)["TableDescription"]

    def refuse_updates(self, name, cases):
        for message, request in cases:
            with self.subTest(request=request):
                self.invalid(message, "UpdateTable", TableName=name, **request)


class Create(Case):
    def test_answer_and_description_on_demand(self):
        answer = self.call("CreateTable", **table("abc"))["TableDescription"]
        self.assertRegex(answer.pop("TableId"), r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        created = answer.pop("CreationDateTime")
        self.assertLess(abs(created - time.time()), 5)
        self.assertEqual(answer, {
            "TableName": "abc", "TableArn": ACCOUNT + "abc", "TableStatus": "CREATING",
            "AttributeDefinitions": attributes(pk="S"), "KeySchema": keys("pk"), "ItemCount": 0, "TableSizeBytes": 0,
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "DeletionProtectionEnabled": False,
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **units(0, 0)}})
        described = self.describe("abc")
        self.assertEqual(described["TableStatus"], "ACTIVE")
        self.assertEqual(described["WarmThroughput"],
                         {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"})
        self.assertEqual(described["BillingModeSummary"],
                         {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": created})

    def test_answer_and_description_provisioned(self):
        answer = self.call("CreateTable", **provisioned("abc"))["TableDescription"]
        self.assertNotIn("BillingModeSummary", answer)
        self.assertNotIn("WarmThroughput", answer)
        self.assertEqual(answer["ProvisionedThroughput"], {"NumberOfDecreasesToday": 0, **units(5, 5)})
        self.assertEqual(self.describe("abc")["WarmThroughput"],
                         {"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 5, "Status": "ACTIVE"})

    def test_everything_at_once(self):
        request = table(
            "abc", AttributeDefinitions=attributes(z="S", a="N", m="B", pk="S", sk="S"), KeySchema=keys("pk", "sk"),
            LocalSecondaryIndexes=[index("local", keys("pk", "a"), "KEYS_ONLY")],
            GlobalSecondaryIndexes=[
                {"IndexName": "g-z", "KeySchema": keys("z m", "a sk"),
                 "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["zz", "aa", "mm"]}},
                index("g-a", keys("a"), OnDemandThroughput={"MaxReadRequestUnits": 50},
                      WarmThroughput={"ReadUnitsPerSecond": 13000})],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"},
            Tags=[{"Key": "k", "Value": "v"}], TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True,
            WarmThroughput={"WriteUnitsPerSecond": 5000}, OnDemandThroughput={"MaxWriteRequestUnits": 7},
            ResourcePolicy='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
                           '"Action":"dynamodb:DeleteTable","Resource":"*"}]}')
        answer = self.call("CreateTable", **request)["TableDescription"]
        self.assertEqual(answer["WarmThroughput"],
                         {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 5000, "Status": "UPDATING"})
        self.assertNotIn("WarmThroughput", answer["GlobalSecondaryIndexes"][1])
        described = self.describe("abc")
        self.assertEqual([a["AttributeName"] for a in described["AttributeDefinitions"]], ["a", "m", "pk", "sk", "z"])
        self.assertEqual([i["IndexName"] for i in described["GlobalSecondaryIndexes"]], ["g-z", "g-a"])
        first, second = described["GlobalSecondaryIndexes"]
        self.assertEqual(first["KeySchema"], keys("z m", "a sk"))
        self.assertEqual(first["Projection"]["NonKeyAttributes"], ["aa", "mm", "zz"])
        self.assertEqual(first["IndexArn"], ACCOUNT + "abc/index/g-z")
        self.assertEqual((first["IndexStatus"], first["ItemCount"], first["IndexSizeBytes"]), ("ACTIVE", 0, 0))
        self.assertNotIn("Backfilling", first)
        self.assertEqual(first["ProvisionedThroughput"], {"NumberOfDecreasesToday": 0, **units(0, 0)})
        self.assertEqual(second["OnDemandThroughput"], {"MaxReadRequestUnits": 50})
        self.assertEqual(second["WarmThroughput"],
                         {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"})
        self.assertEqual(described["LocalSecondaryIndexes"], [{
            "IndexName": "local", "KeySchema": keys("pk", "a"), "Projection": {"ProjectionType": "KEYS_ONLY"},
            "IndexSizeBytes": 0, "ItemCount": 0, "IndexArn": ACCOUNT + "abc/index/local"}])
        self.assertEqual(described["WarmThroughput"]["Status"], "ACTIVE")
        self.assertEqual(described["OnDemandThroughput"], {"MaxWriteRequestUnits": 7})
        self.assertEqual(described["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS")
        self.assertEqual(described["SSEDescription"]["Status"], "ENABLED")
        self.assertRegex(described["SSEDescription"]["KMSMasterKeyArn"], r"^arn:aws:kms:us-east-1:000000000000:key/")
        self.assertRegex(described["LatestStreamLabel"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$")
        self.assertEqual(described["LatestStreamArn"], ACCOUNT + "abc/stream/" + described["LatestStreamLabel"])
        self.assertTrue(described["DeletionProtectionEnabled"])

    def test_names(self):
        self.call("CreateTable", **table("abc"))
        self.refused("ResourceInUseException", "Table already exists: abc", "CreateTable", **provisioned("abc"))
        self.call("CreateTable", **table("ABC"))
        self.call("CreateTable", **table(ACCOUNT + "by-arn"))
        self.assertEqual(self.call("ListTables")["TableNames"], ["ABC", "abc", "by-arn"])

    def test_refused(self):
        g = index("gsi", keys("g"))
        cases = [
            (INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, g, x], keys used: [pk, g]",
             dict(AttributeDefinitions=attributes(pk="S", g="S", x="S"), GlobalSecondaryIndexes=[g])),
            (INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
             dict(GlobalSecondaryIndexes=[index(f"gsi{i}", keys("pk")) for i in range(21)])),
            (INVALID + "Table is being created with a stream enabled, UpdateViewType is required",
             dict(StreamSpecification={"StreamEnabled": True})),
            (INVALID + "SSEType AES256 is not supported", dict(SSESpecification={"Enabled": True, "SSEType": "AES256"})),
            ("Tag Key cannot be prefixed with aws:, Key: aws:x", dict(Tags=[{"Key": "aws:x", "Value": ""}])),
            (INVALID + "Invalid policy document: This policy contains invalid Json", dict(ResourcePolicy="{")),
            (INVALID + "GlobalTableSourceArn is not supported by Stator yet",
             dict(GlobalTableSourceArn=ACCOUNT + "other")),
        ]
        for message, request in cases:
            with self.subTest(message=message):
                if "[pk, g, x]" in message:
                    with self.assertRaisesRegex(DynamoError, "Some AttributeDefinitions are not used"):
                        self.call("CreateTable", **table("abc", **request))
                else:
                    self.invalid(message, "CreateTable", **table("abc", **request))
        self.refused("LimitExceededException",
                     "The requested WriteCapacityUnits, 40001, is above the per table maximum for the account in "
                     "us-east-1. Per table maximum: 40000. Refer to the Amazon DynamoDB Developer Guide for current "
                     "limits and how to request higher limits.", "CreateTable", **provisioned("abc", 1, 40001))
        self.assertEqual(self.call("ListTables")["TableNames"], [])

    def test_vector_indexes_are_refused_clearly(self):
        vector = {"IndexName": "vec", "VectorAttribute": {"AttributeName": "v"}, "Dimensions": 3,
                  "DistanceFunction": "COSINE", "Projection": {"ProjectionType": "ALL"}}
        self.invalid(INVALID + "VectorIndexes is not supported by Stator yet", "CreateTable",
                     **table("abc", VectorIndexes=[vector]))

    def test_many_at_once(self):
        errors = []

        def create(i):
            client = Client(self.server.url)
            try:
                for j in range(5):
                    client.call("CreateTable", table(f"t-{i}-{j}", GlobalSecondaryIndexes=[index("gsi", keys("pk"))]))
            except Exception as error:  # shown by the assertion below
                errors.append(error)
            client.close()

        threads = [threading.Thread(target=create, args=(i,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(self.call("ListTables")["TableNames"]), 30)


class List(Case):
    def test_pages(self):
        names = sorted(f"table{i:03}" for i in range(105))
        for name in random.sample(names, len(names)):
            self.call("CreateTable", **table(name))
        self.assertEqual(self.call("ListTables"), {"TableNames": names[:100], "LastEvaluatedTableName": names[99]})
        self.assertEqual(self.call("ListTables", ExclusiveStartTableName=names[99]), {"TableNames": names[100:]})
        self.assertEqual(self.call("ListTables", Limit=5, ExclusiveStartTableName=names[99]), {"TableNames": names[100:]})
        self.assertEqual(self.call("ListTables", Limit=1, ExclusiveStartTableName="table0010"),
                         {"TableNames": [names[2]], "LastEvaluatedTableName": names[2]})
        self.assertEqual(self.call("ListTables", ExclusiveStartTableName="zzz"), {"TableNames": []})

    def test_order_is_by_bytes(self):
        for name in ("b-1", "B-1", "a_1", "a.1", "a-1", "1-1"):
            self.call("CreateTable", **table(name))
        self.assertEqual(self.call("ListTables")["TableNames"], ["1-1", "B-1", "a-1", "a.1", "a_1", "b-1"])


class Delete(Case):
    def test_answer(self):
        self.call("CreateTable", **table("abc", GlobalSecondaryIndexes=[index("gsi", keys("pk"))]))
        answer = self.call("DeleteTable", TableName="abc")["TableDescription"]
        self.assertRegex(answer.pop("TableId"), "-4")
        del answer["BillingModeSummary"]
        self.assertEqual(answer, {
            "TableName": "abc", "TableArn": ACCOUNT + "abc", "TableStatus": "DELETING", "ItemCount": 0,
            "TableSizeBytes": 0, "DeletionProtectionEnabled": False,
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **units(0, 0)}})
        for operation in ("DescribeTable", "DeleteTable"):
            self.refused("ResourceNotFoundException", "Requested resource not found: Table: abc not found", operation,
                         TableName="abc")
        self.assertEqual(self.call("ListTables")["TableNames"], [])

    def test_items_do_not_come_back(self):
        for kind in "SN":
            self.call("CreateTable", **table("abc", AttributeDefinitions=attributes(pk=kind)))
            self.assertEqual(all_items(self.client, "Scan", {"TableName": "abc"}), [])
            for i in range(20):
                self.call("PutItem", TableName="abc", Item={"pk": {kind: str(i)}})
            self.assertEqual(self.describe("abc")["ItemCount"], 20)
            self.call("DeleteTable", TableName=ACCOUNT + "abc")

    def test_protection(self):
        self.call("CreateTable", **table("abc", DeletionProtectionEnabled=True))
        self.invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                     "protection first.", "DeleteTable", TableName="abc")
        answer = self.update("abc", DeletionProtectionEnabled=False)
        self.assertEqual((answer["TableStatus"], answer["DeletionProtectionEnabled"]), ("ACTIVE", False))
        self.call("DeleteTable", TableName="abc")


class Update(Case):
    def test_nothing_to_do(self):
        nothing = ("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
                   "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
                   "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass "
                   "is required")
        self.refuse_updates("abc", [
            (nothing, {}), (nothing, dict(GlobalSecondaryIndexUpdates=[])),
            (nothing, dict(AttributeDefinitions=attributes(pk="S")))])
        self.refused("ResourceNotFoundException", "Requested resource not found: Table: abc not found", "UpdateTable",
                     TableName="abc", BillingMode="PAY_PER_REQUEST")

    def test_combinations(self):
        stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        create = [{"Create": index("gsi", keys("pk"), ProvisionedThroughput=units(1, 1))}]
        defined = dict(AttributeDefinitions=attributes(pk="S"), GlobalSecondaryIndexUpdates=create)
        self.call("CreateTable", **provisioned("abc"))
        self.refuse_updates("abc", [
            (INVALID + "Server-Side Encryption modification must be the only operation in the request",
             dict(SSESpecification={"Enabled": True}, DeletionProtectionEnabled=True, TableClass="STANDARD")),
            (INVALID + "TableClass modification must be the only operation in the request",
             dict(TableClass="STANDARD", DeletionProtectionEnabled=True)),
            (INVALID + "DeletionProtection modification must be the only operation in the request",
             dict(DeletionProtectionEnabled=True, WarmThroughput={"ReadUnitsPerSecond": 9})),
            (INVALID + "DeletionProtection modification must be the only operation in the request",
             dict(DeletionProtectionEnabled=True, **defined)),
            (INVALID + "WarmThroughput must be the only operation in the request",
             dict(WarmThroughput={"ReadUnitsPerSecond": 9}, StreamSpecification=stream)),
            (INVALID + "Create global secondary index cannot be specified when updating WarmThroughput",
             dict(WarmThroughput={"ReadUnitsPerSecond": 9}, **defined)),
            (INVALID + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
             dict(OnDemandThroughput={"MaxReadRequestUnits": 9}, StreamSpecification=stream)),
            (INVALID + "You cannot modify stream status while updating table IOPS",
             dict(ProvisionedThroughput=units(6, 6), StreamSpecification=stream)),
            (INVALID + "You cannot create or delete index while updating table IOPS",
             dict(ProvisionedThroughput=units(6, 6), **defined)),
            (INVALID + "You cannot create or delete index while changing stream status",
             dict(StreamSpecification=stream, **defined)),
            (INVALID + "List of GlobalSecondaryIndexUpdates is empty",
             dict(GlobalSecondaryIndexUpdates=[], DeletionProtectionEnabled=True)),
            (INVALID + "ReplicaUpdates is not supported by Stator yet",
             dict(ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])),
        ])
        self.assertEqual(self.describe("abc")["ProvisionedThroughput"]["ReadCapacityUnits"], 5)

    def test_throughput_of_nothing(self):
        """Alone an empty member is an InternalFailure, beside others it says nothing."""
        self.call("CreateTable", **table("abc"))
        for member in ("WarmThroughput", "OnDemandThroughput"):
            with self.assertRaises(DynamoError) as raised:
                self.call("UpdateTable", TableName="abc", **{member: {}})
            self.assertEqual((raised.exception.status, raised.exception.type), (500, "InternalFailure"))
            self.update("abc", DeletionProtectionEnabled=True, **{member: {}})

    def test_replication_of_settings(self):
        """A table of one region may say how settings would be replicated."""
        self.call("CreateTable", **table("abc"))
        self.assertNotIn("GlobalTableSettingsReplicationMode", self.describe("abc"))
        for mode in ("ENABLED", "ENABLED", "DISABLED", "DISABLED"):
            answer = self.update("abc", GlobalTableSettingsReplicationMode=mode)
            self.assertEqual((answer["TableStatus"], answer["GlobalTableSettingsReplicationMode"]), ("ACTIVE", mode))
            self.assertEqual(self.describe("abc")["GlobalTableSettingsReplicationMode"], mode)
        self.refuse_updates("abc", [
            ("Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only "
             "ENABLED and DISABLED settings replication are supported for a Regional Table.",
             dict(GlobalTableSettingsReplicationMode="ENABLED_WITH_OVERRIDES"))])

    def test_throughput(self):
        self.call("CreateTable", **provisioned("abc"))
        answer = self.update("abc", ProvisionedThroughput=units(10, 5))
        self.assertEqual(answer["TableStatus"], "UPDATING")
        self.assertEqual(answer["ProvisionedThroughput"]["ReadCapacityUnits"], 5)
        self.assertIn("LastIncreaseDateTime", answer["ProvisionedThroughput"])
        described = self.describe("abc")
        self.assertEqual(described["TableStatus"], "ACTIVE")
        self.assertEqual(described["ProvisionedThroughput"]["ReadCapacityUnits"], 10)
        self.assertEqual(described["WarmThroughput"]["ReadUnitsPerSecond"], 10)
        self.invalid("The provisioned throughput for the table will not change. The requested value equals the current "
                     "value. Current ReadCapacityUnits provisioned for the table: 10. Requested ReadCapacityUnits: 10. "
                     "Current WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. Refer to "
                     "the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
                     "UpdateTable", TableName="abc", ProvisionedThroughput=units(10, 5))
        for i in range(4):
            answer = self.update("abc", ProvisionedThroughput=units(9 - i, 5 + i))
            self.assertEqual(answer["ProvisionedThroughput"]["NumberOfDecreasesToday"], i)
            self.assertEqual(self.describe("abc")["ProvisionedThroughput"]["NumberOfDecreasesToday"], i + 1)
        with self.assertRaisesRegex(DynamoError, "LimitExceededException: Subscriber limit exceeded: Provisioned "
                                                 "throughput decreases are limited within a given UTC day."):
            self.update("abc", ProvisionedThroughput=units(1, 1))
        self.update("abc", ProvisionedThroughput=units(20, 20))
        self.assertEqual(self.describe("abc")["WarmThroughput"]["ReadUnitsPerSecond"], 20)

    def test_billing_there_and_back(self):
        gsi = index("gsi", keys("pk"), ProvisionedThroughput=units(3, 3))
        self.call("CreateTable", **provisioned("abc", GlobalSecondaryIndexes=[gsi]))
        self.refuse_updates("abc", [
            (INVALID + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
             dict(BillingMode="PROVISIONED")),
            (INVALID + "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST",
             dict(BillingMode="PAY_PER_REQUEST", ProvisionedThroughput=units(1, 1))),
            (INVALID + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is "
             "PROVISIONED", dict(OnDemandThroughput={"MaxReadRequestUnits": 9})),
        ])
        answer = self.update("abc", BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 9})
        self.assertEqual((answer["TableStatus"], answer["BillingModeSummary"]),
                         ("UPDATING", {"BillingMode": "PAY_PER_REQUEST"}))
        self.assertEqual(answer["ProvisionedThroughput"]["ReadCapacityUnits"], 0)
        self.assertEqual(answer["GlobalSecondaryIndexes"][0]["IndexStatus"], "UPDATING")
        described = self.describe("abc")
        self.assertIn("LastUpdateToPayPerRequestDateTime", described["BillingModeSummary"])
        self.assertNotIn("LastDecreaseDateTime", described["ProvisionedThroughput"])
        self.assertEqual(described["ProvisionedThroughput"]["NumberOfDecreasesToday"], 0)
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["NumberOfDecreasesToday"], 1)
        self.assertEqual(described["WarmThroughput"]["ReadUnitsPerSecond"], 12000)
        self.assertEqual(described["OnDemandThroughput"], {"MaxReadRequestUnits": 9})

        again = self.update("abc", BillingMode="PAY_PER_REQUEST")
        self.assertEqual((again["TableStatus"], self.describe("abc")["TableStatus"]), ("UPDATING", "ACTIVE"))
        self.refuse_updates("abc", [
            (INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
             "PAY_PER_REQUEST", dict(ProvisionedThroughput=units(1, 1))),
            (INVALID + "ProvisionedThroughput must be specified for index: gsi",
             dict(BillingMode="PROVISIONED", ProvisionedThroughput=units(1, 1))),
            (INVALID + "The only Updates for index: gsi when TableThroughputMode is PAY_PER_REQUEST can be to "
             "OnDemandThroughput, WarmThroughput",
             dict(GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "gsi", "ProvisionedThroughput": units(1, 1)}}])),
        ])
        answer = self.update("abc", BillingMode="PROVISIONED", ProvisionedThroughput=units(7, 8), GlobalSecondaryIndexUpdates=[
            {"Update": {"IndexName": "gsi", "ProvisionedThroughput": units(1, 2)}}])
        self.assertEqual(answer["ProvisionedThroughput"]["ReadCapacityUnits"], 7)
        described = self.describe("abc")
        self.assertEqual(described["BillingModeSummary"]["BillingMode"], "PROVISIONED")
        self.assertIn("LastUpdateToPayPerRequestDateTime", described["BillingModeSummary"])
        self.assertNotIn("OnDemandThroughput", described)
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"], 2)
        self.assertEqual(described["WarmThroughput"]["ReadUnitsPerSecond"], 12000)

    def test_on_demand_limits(self):
        self.call("CreateTable", **table("abc"))
        for change, answered, described in (
                ({"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500},) * 2 + (None,),
                ({"MaxReadRequestUnits": -1}, {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 500},
                 {"MaxWriteRequestUnits": 500}),
                ({"MaxWriteRequestUnits": -1}, {"MaxWriteRequestUnits": -1}, {})):
            answer = self.update("abc", OnDemandThroughput=change)
            self.assertEqual((answer["TableStatus"], answer["OnDemandThroughput"]), ("ACTIVE", answered))
            self.assertEqual(self.describe("abc").get("OnDemandThroughput", {}), change if described is None else described)
        self.refuse_updates("abc", [
            (INVALID + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
             dict(OnDemandThroughput={"MaxWriteRequestUnits": 0}))])

    def test_warm_class_stream_encryption(self):
        self.call("CreateTable", **table("abc"))
        answer = self.update("abc", WarmThroughput={"ReadUnitsPerSecond": 12001})
        self.assertEqual((answer["TableStatus"], answer["WarmThroughput"]),
                         ("ACTIVE", {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "UPDATING"}))
        self.assertEqual(self.describe("abc")["WarmThroughput"],
                         {"ReadUnitsPerSecond": 12001, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"})
        self.refuse_updates("abc", [
            (INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
             "decreasing WarmThroughput is not supported", dict(WarmThroughput={"ReadUnitsPerSecond": 12000})),
            ("Table has no stream to disable: TableName: abc", dict(StreamSpecification={"StreamEnabled": False})),
            (INVALID + "Table is already encrypted by default", dict(SSESpecification={"Enabled": False})),
        ])
        self.assertEqual(self.update("abc", TableClass="STANDARD")["TableStatus"], "UPDATING")
        self.assertNotIn("TableClassSummary", self.describe("abc"))
        self.assertNotIn("TableClassSummary", self.update("abc", TableClass="STANDARD_INFREQUENT_ACCESS"))
        summary = self.describe("abc")["TableClassSummary"]
        self.assertEqual(summary["TableClass"], "STANDARD_INFREQUENT_ACCESS")
        self.assertIn("LastUpdateDateTime", summary)

        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        answer = self.update("abc", StreamSpecification=stream)
        self.assertEqual((answer["TableStatus"], answer["StreamSpecification"]), ("UPDATING", stream))
        label = self.describe("abc")["LatestStreamLabel"]
        self.refuse_updates("abc", [
            ("Table already has an enabled stream: TableName: abc", dict(StreamSpecification=stream))])
        self.update("abc", StreamSpecification={"StreamEnabled": False})
        described = self.describe("abc")
        self.assertNotIn("StreamSpecification", described)
        self.assertEqual(described["LatestStreamLabel"], label)
        time.sleep(0.002)
        self.update("abc", StreamSpecification=stream)
        self.assertNotEqual(self.describe("abc")["LatestStreamLabel"], label)

        answer = self.update("abc", SSESpecification={"Enabled": True})
        self.assertEqual((answer["TableStatus"], answer["SSEDescription"]), ("ACTIVE", {"Status": "UPDATING"}))
        key = self.describe("abc")["SSEDescription"]["KMSMasterKeyArn"]
        self.refuse_updates("abc", [
            (INVALID + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to "
             "change Master Key", dict(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}))])
        self.update("abc", SSESpecification={"Enabled": False})
        self.assertNotIn("SSEDescription", self.describe("abc"))


class Indexes(Case):
    def setUp(self):
        super().setUp()
        self.call("CreateTable", **table(
            "abc", AttributeDefinitions=attributes(pk="S", sk="S", l="N"), KeySchema=keys("pk", "sk"),
            LocalSecondaryIndexes=[index("local", keys("pk", "l"))]))

    def add(self, name="gsi", schema=None, projection="ALL", **types):
        return self.update("abc", AttributeDefinitions=attributes(**(types or {"g": "S"})),
                           GlobalSecondaryIndexUpdates=[{"Create": index(name, schema or keys("g"), projection)}])

    def remove(self, name="gsi"):
        return self.update("abc", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])

    def test_add_to_a_full_table(self):
        for i in range(300):
            self.call("PutItem", TableName="abc", Item={
                "pk": {"S": str(i)}, "sk": {"S": "a"}, "other": {"S": "x" * i},
                **({"g": {"S": str(i % 3)}} if i % 4 else {"g": {"N": "1"}} if i % 8 else {})})
        answer = self.add()
        added = answer["GlobalSecondaryIndexes"][0]
        self.assertEqual((answer["TableStatus"], added["IndexStatus"], added["Backfilling"]),
                         ("UPDATING", "CREATING", False))
        self.assertEqual([a["AttributeName"] for a in answer["AttributeDefinitions"]], ["g", "l", "pk", "sk"])
        described = self.client.table_is("abc", is_active)
        self.assertNotIn("Backfilling", described["GlobalSecondaryIndexes"][0])
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ItemCount"], 225)
        base = [item for item in all_items(self.client, "Scan", {"TableName": "abc"}) if "S" in item.get("g", {})]
        entries = all_items(self.client, "Scan", {"TableName": "abc", "IndexName": "gsi"})
        key = lambda item: item["pk"]["S"]
        self.assertEqual(sorted(base, key=key), sorted(entries, key=key))

    def test_remove(self):
        self.add()
        self.client.table_is("abc", is_active)
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "1"}, "sk": {"S": "1"}, "g": {"S": "1"}})
        answer = self.remove()
        self.assertEqual((answer["TableStatus"], answer["GlobalSecondaryIndexes"][0]["IndexStatus"]),
                         ("UPDATING", "DELETING"))
        described = self.describe("abc")
        self.assertNotIn("GlobalSecondaryIndexes", described)
        self.assertEqual(described["AttributeDefinitions"], attributes(l="N", pk="S", sk="S"))
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "2"}, "sk": {"S": "1"}, "g": {"N": "1"}})
        self.add(g="N")  # the same name with other keys: another index
        self.client.table_is("abc", is_active)
        self.assertEqual([item["pk"]["S"] for item in all_items(self.client, "Scan",
                                                                {"TableName": "abc", "IndexName": "gsi"})], ["2"])

    def test_keys_of_several_attributes(self):
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "1"}, "sk": {"S": "1"}, "a": {"S": "1"}, "b": {"N": "1"}})
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "2"}, "sk": {"S": "1"}, "a": {"S": "1"}})
        self.add(schema=keys("a b", "sk pk"), a="S", b="N")
        self.client.table_is("abc", is_active)
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "abc", "IndexName": "gsi"})), 1)

    def test_refused(self):
        self.add()
        self.client.table_is("abc", is_active)
        create = lambda name, schema: {"Create": index(name, schema)}
        delete = lambda name: {"Delete": {"IndexName": name}}
        defined = dict(AttributeDefinitions=attributes(g="S", h="S"))
        self.refuse_updates("abc", [
            ("Attempting to create an index which already exists",
             dict(GlobalSecondaryIndexUpdates=[create("gsi", keys("g"))], **defined)),
            ("Attempting to create an index which already exists",
             dict(GlobalSecondaryIndexUpdates=[create("local", keys("g"))], **defined)),
            (INVALID + "AttributeDefinitions is not specified for index: new",
             dict(GlobalSecondaryIndexUpdates=[create("new", keys("g"))])),
            ("Cannot delete an index that is not a GlobalSecondaryIndex: local",
             dict(GlobalSecondaryIndexUpdates=[delete("local")])),
            ("Cannot update an index that is not a GlobalSecondaryIndex: local",
             dict(GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "local", "ProvisionedThroughput": units(1, 1)}}])),
            (INVALID + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
             "GlobalSecondaryIndexUpdate.Delete must not be null", dict(GlobalSecondaryIndexUpdates=[{}])),
            (INVALID + "Only one global secondary index update per index is allowed simultaneously. Index: gsi",
             dict(GlobalSecondaryIndexUpdates=[delete("gsi"), delete("gsi")])),
            (INVALID + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object",
             dict(GlobalSecondaryIndexUpdates=[{**delete("gsi"), "Update": {"IndexName": "gsi",
                                                                          "ProvisionedThroughput": units(1, 1)}}])),
            (INVALID + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for "
             "index: gsi", dict(GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "gsi", "WarmThroughput": {}}}])),
            (INVALID + "VectorIndexUpdates is not supported by Stator yet",
             dict(VectorIndexUpdates=[{"Delete": {"IndexName": "vec"}}])),
        ])
        self.invalid(INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], "
                     "AttributeDefinitions: [sk, h, pk, l, g]", "UpdateTable", TableName="abc",
                     GlobalSecondaryIndexUpdates=[create("new", keys("x"))], **defined)
        redefined = INVALID + ("Attributes cannot be redefined. Please check that your attribute has the same type as "
                               "previously defined. Existing schema: Schema:[{}] New schema: Schema:[{}]")
        part = "SchemaElement: key{{{}}}".format
        for schema, types, before, after in (
                (keys("g"), dict(g="N"), part("g:S:HASH"), part("g:N:HASH")),
                (keys("l", "g"), dict(l="S", g="S"), f"{part('pk:S:HASH')}, {part('l:N:RANGE')}",
                 f"{part('l:S:HASH')}, {part('g:S:RANGE')}"),
                (keys("h", "sk"), dict(h="S", sk="B"), f"{part('pk:S:HASH')}, {part('sk:S:RANGE')}",
                 f"{part('h:S:HASH')}, {part('sk:B:RANGE')}")):
            self.invalid(redefined.format(before, after), "UpdateTable", TableName="abc",
                         AttributeDefinitions=attributes(**types), GlobalSecondaryIndexUpdates=[create("new", schema)])
        self.refused("ResourceNotFoundException", "Requested resource not found: Index ghost for table abc", "UpdateTable",
                     TableName="abc", GlobalSecondaryIndexUpdates=[delete("ghost")])
        for two in ([create("new1", keys("g")), create("new2", keys("h"))], [delete("x-1"), delete("x-2")],
                    [create("new1", keys("g")), delete("gsi")]):
            self.refused("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or "
                         "deleted simultaneously per table", "UpdateTable", TableName="abc",
                         GlobalSecondaryIndexUpdates=two, **defined)

    def test_no_more_than_twenty(self):
        for i in range(20):
            self.add(f"gsi{i}", keys("pk"), l="N")
            self.client.table_is("abc", is_active)
        self.refused("LimitExceededException",
                     "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20",
                     "UpdateTable", TableName="abc", AttributeDefinitions=attributes(pk="S"),
                     GlobalSecondaryIndexUpdates=[{"Create": index("gsi20", keys("pk"))}])

    def test_updates(self):
        gsi = index("gsi", keys("pk"), ProvisionedThroughput=units(3, 3))
        self.call("CreateTable", **provisioned("xyz", GlobalSecondaryIndexes=[gsi]))
        change = lambda **more: dict(GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "gsi", **more}}])
        answer = self.update("xyz", **change(ProvisionedThroughput=units(4, 2)))
        self.assertEqual(answer["TableStatus"], "ACTIVE")
        self.assertEqual(answer["GlobalSecondaryIndexes"][0]["IndexStatus"], "UPDATING")
        self.assertEqual(answer["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"], 3)
        described = self.describe("xyz")["GlobalSecondaryIndexes"][0]
        self.assertEqual(described["ProvisionedThroughput"]["ReadCapacityUnits"], 4)
        self.assertEqual(described["ProvisionedThroughput"]["NumberOfDecreasesToday"], 1)
        self.assertEqual(described["WarmThroughput"],
                         {"ReadUnitsPerSecond": 4, "WriteUnitsPerSecond": 3, "Status": "ACTIVE"})
        with self.assertRaisesRegex(DynamoError, "The provisioned throughput for the index gsi will not change."):
            self.update("xyz", **change(ProvisionedThroughput=units(4, 2)))
        self.refuse_updates("xyz", [
            ("This operation cannot be performed with given input values. Please contact DynamoDB service team for more "
             "info: Action Blocked: IndexUpdate", change(ProvisionedThroughput=units(1000000000001, 1))),
            (INVALID + "MaxReadRequestUnits for OnDemandThroughput for index : gsi cannot be specified when the table "
             "BillingMode is PROVISIONED", change(OnDemandThroughput={"MaxReadRequestUnits": 1}))])


class Transitions(Case):
    """With --transition-ms each status lasts."""
    flags = ("--transition-ms", "400")

    def busy(self, detail, operation, **request):
        self.refused("ResourceInUseException", IN_USE + detail, operation, TableName="abc", **request)

    def create(self, request):
        self.call("CreateTable", **request)
        return self.client.table_is("abc", is_active)

    def test_creating(self):
        began = time.monotonic()
        self.call("CreateTable", **table("abc", GlobalSecondaryIndexes=[index("gsi", keys("pk"))]))
        self.assertEqual(self.describe("abc")["TableStatus"], "CREATING")
        self.busy("Table is being created: abc", "DeleteTable")
        self.busy("Table is being created: abc", "UpdateTable", DeletionProtectionEnabled=True)
        self.refused("ResourceInUseException", IN_USE + "Table is being created: abc", "CreateTable", **table("abc"))
        self.refused("ResourceNotFoundException", "Requested resource not found", "GetItem", TableName="abc",
                     Key={"pk": {"S": "1"}})
        self.client.table_is("abc", is_active)
        self.assertGreater(time.monotonic() - began, 0.35)

    def test_deleting(self):
        self.create(table("abc"))
        self.call("DeleteTable", TableName="abc")
        self.assertEqual(self.describe("abc")["TableStatus"], "DELETING")
        self.assertEqual(self.call("ListTables")["TableNames"], ["abc"])
        self.busy("Table is being deleted: abc", "DeleteTable")
        self.busy("Table is being deleted: abc", "UpdateTable", DeletionProtectionEnabled=True)
        self.refused("ResourceInUseException", "Table already exists: abc", "CreateTable", **table("abc"))
        self.client.table_is("abc", lambda description: description is None)
        self.create(table("abc"))

    def test_updating(self):
        stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        self.create(provisioned("abc"))
        self.update("abc", ProvisionedThroughput=units(6, 6))
        described = self.describe("abc")
        self.assertEqual((described["TableStatus"], described["ProvisionedThroughput"]["ReadCapacityUnits"]),
                         ("UPDATING", 5))
        self.busy("Table IOPS are currently being updated. Table: abc", "UpdateTable", ProvisionedThroughput=units(7, 7))
        self.busy("Table: abc is in the process of being updated.", "DeleteTable")
        self.busy("Can't enable or disable stream while table IOPS are being updated. Table: abc", "UpdateTable",
                  StreamSpecification=stream)
        self.update("abc", DeletionProtectionEnabled=True)  # is admitted, and changes no status
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "1"}})
        described = self.client.table_is("abc", is_active)
        self.assertEqual(described["ProvisionedThroughput"]["ReadCapacityUnits"], 6)
        self.assertTrue(described["DeletionProtectionEnabled"])
        self.update("abc", DeletionProtectionEnabled=False)
        self.update("abc", StreamSpecification=stream)
        self.busy("Cannot delete table while stream is being enabled/disabled.", "DeleteTable")
        self.client.table_is("abc", is_active)

    def test_index(self):
        self.create(table("abc"))
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "1"}, "g": {"S": "1"}})
        create = dict(AttributeDefinitions=attributes(g="S"), GlobalSecondaryIndexUpdates=[{"Create": index("gsi", keys("g"))}])
        delete = dict(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}])
        self.update("abc", **create)
        added = self.describe("abc")["GlobalSecondaryIndexes"][0]
        self.assertEqual((added["IndexStatus"], added["Backfilling"]), ("CREATING", False))
        self.busy("Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the "
                  "index is active. Table: abc Index: gsi", "UpdateTable", **delete)
        self.busy("Cannot delete table while indexes are being created, updated, or deleted.", "DeleteTable")
        self.refused("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                     "simultaneously per table", "UpdateTable", TableName="abc", AttributeDefinitions=attributes(h="S"),
                     GlobalSecondaryIndexUpdates=[{"Create": index("other", keys("h"))}])
        self.call("PutItem", TableName="abc", Item={"pk": {"S": "2"}, "g": {"S": "1"}})
        self.client.table_is("abc", is_active)
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "abc", "IndexName": "gsi"})), 2)
        self.update("abc", **delete)
        self.busy("Index is being deleted. Table: abc Index: gsi", "UpdateTable", **delete)
        self.busy("Index is being deleted. Table: abc Index: gsi", "UpdateTable", **create)
        self.client.table_is("abc", lambda description: "GlobalSecondaryIndexes" not in description)


class Backfill(Case):
    """Indexes added while others write, and across a kill."""
    in_memory = False

    def fill(self, count):
        def put(numbers):
            client = Client(self.server.url)
            for i in numbers:
                client.call("PutItem", {"TableName": "abc", "Item": {"pk": {"S": str(i)}, "g": {"N": str(i % 10)},
                                                                     "v": {"N": "0"}}})
            client.close()

        threads = [threading.Thread(target=put, args=(range(n, count, 4),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def add(self):
        self.update("abc", AttributeDefinitions=attributes(g="N"),
                    GlobalSecondaryIndexUpdates=[{"Create": index("gsi", keys("g"))}])

    def compare(self):
        key = lambda item: item["pk"]["S"]
        base = [item for item in all_items(self.client, "Scan", {"TableName": "abc"}) if "g" in item]
        entries = all_items(self.client, "Scan", {"TableName": "abc", "IndexName": "gsi"})
        self.assertEqual(sorted(base, key=key), sorted(entries, key=key))
        described = self.describe("abc")
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ItemCount"], len(entries))
        return described

    def test_while_others_write(self):
        self.call("CreateTable", **table("abc"))
        self.fill(1500)
        stop, errors = threading.Event(), []

        def write(seed):
            rng, client = random.Random(seed), Client(self.server.url)
            try:
                while not stop.is_set():
                    key = {"pk": {"S": str(rng.randrange(1600))}}
                    kind = rng.randrange(4)
                    if kind == 0:
                        client.call("DeleteItem", {"TableName": "abc", "Key": key})
                    elif kind == 1:
                        client.call("UpdateItem", {"TableName": "abc", "Key": key, "UpdateExpression": "REMOVE g ADD v :1",
                                                   "ExpressionAttributeValues": {":1": {"N": "1"}}})
                    else:
                        client.call("PutItem", {"TableName": "abc", "Item": {
                            **key, "g": {"N": str(rng.randrange(10))}, "v": {"N": str(rng.randrange(100))}}})
            except Exception as error:  # shown by the assertion below
                errors.append(error)
            client.close()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):  # again and again: an index that is dropped leaves nothing behind
                self.add()
                self.client.table_is("abc", is_active)
                self.update("abc", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "gsi"}}])
            self.add()
            self.client.table_is("abc", is_active)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(errors, [])
        self.compare()

    def test_across_kills_and_stops(self):
        """A kill goes on from the last note or from the beginning, a clean stop where it was."""
        self.call("CreateTable", **table("abc"))
        self.fill(4000)
        self.add()
        for end in (self.server.kill, self.server.stop, self.server.stop, self.server.kill):
            time.sleep(0.01)
            end()
            self.client.close()
            self.server.start()
            self.client = Client(self.server.url)
        self.client.table_is("abc", is_active)
        described = self.compare()
        self.assertEqual(described["ItemCount"], 4000)


class Restart(Case):
    in_memory = False

    def restart(self, *flags):
        self.server.kill()
        self.server.flags = list(flags)
        self.server.start()
        self.client.close()
        self.client = Client(self.server.url)

    def test_what_was_answered_is_there(self):
        self.call("CreateTable", **provisioned(
            "abc", AttributeDefinitions=attributes(pk="S", g="N"), Tags=[{"Key": "k", "Value": "v"}],
            GlobalSecondaryIndexes=[index("gsi", keys("g"), ProvisionedThroughput=units(1, 1))],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
        for i in range(30):
            self.call("PutItem", TableName="abc", Item={"pk": {"S": str(i)}, **({"g": {"N": str(i)}} if i % 2 else {})})
        self.call("CreateTable", **table("gone"))
        self.call("DeleteTable", TableName="gone")
        before = self.describe("abc")
        self.assertEqual((before["ItemCount"], before["GlobalSecondaryIndexes"][0]["ItemCount"]), (30, 15))
        self.restart()
        self.assertEqual(self.describe("abc"), before)
        self.assertEqual(self.call("ListTables"), {"TableNames": ["abc"]})

    def test_transitions_go_on(self):
        self.restart("--transition-ms", "300")
        for name in ("abc", "del"):
            self.call("CreateTable", **provisioned(name))
            self.client.table_is(name, is_active)
        self.call("CreateTable", **table("new"))
        self.update("abc", ProvisionedThroughput=units(9, 9))
        self.call("PutItem", TableName="del", Item={"pk": {"S": "1"}})
        self.call("DeleteTable", TableName="del")
        self.restart("--transition-ms", "300")
        self.client.table_is("new", is_active)
        self.assertEqual(self.client.table_is("abc", is_active)["ProvisionedThroughput"]["ReadCapacityUnits"], 9)
        self.client.table_is("del", lambda description: description is None)
        self.call("CreateTable", **table("del"))
        self.client.table_is("del", is_active)
        self.assertEqual(all_items(self.client, "Scan", {"TableName": "del"}), [])


if __name__ == "__main__":
    unittest.main()

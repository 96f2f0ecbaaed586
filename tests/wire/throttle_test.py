# SPDX-License-Identifier: Apache-2.0
"""--enforce-throughput: who is refused, in which words and with which reasons, and for how long, by a clock that the test
sets. What trickles in while a test runs on a slow machine is far below what the tests wait for."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from clock import Clock
from dynamo import Client, DynamoError, all_items
from server import Server

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"
OF_TABLE = ("The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
            "level with the UpdateTable API.")
OF_INDEX = ("The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. "
            "Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
            "UpdateTable API")
OF_MAXIMUM = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
OF_PARTITION = ("Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table "
                "or index so please try again shortly. If exceptions persist, check if you have a hot key: "
                "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html")
HOUR = 3600


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def big(kilobytes):
    """An attribute that makes an item of just so many kilobytes with the short keys here, rounded up."""
    return {"S": "x" * (kilobytes * 1024 - 100)}


class Case(unittest.TestCase):
    flags = ("--enforce-throughput",)

    def setUp(self):
        self.clock = Clock()
        self.server = Server("--durability", "none", "--clock-file", self.clock.path, *self.flags, in_memory=True)
        self.server.start()
        self.client = Client(self.server.url)

    def tearDown(self):
        self.client.close()
        self.server.close()
        self.clock.close()

    def call(self, operation, **request):
        return self.client.call(operation, request)

    def create(self, name, *, provisioned=None, index=None, **more):
        """A table with pk and sk; `index`: what a global index on g has."""
        names = ("pk", "sk", "g") if index is not None else ("pk", "sk")
        billing = ({"ProvisionedThroughput": units(*provisioned), "BillingMode": "PROVISIONED"} if provisioned else
                   {"BillingMode": "PAY_PER_REQUEST"})
        if index is not None:
            more["GlobalSecondaryIndexes"] = [{"IndexName": "by-g", "Projection": {"ProjectionType": "ALL"},
                                               "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], **index}]
        self.client.create_table({
            "TableName": name, **billing, **more,
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]})

    def put(self, name, key, **more):
        return self.call("PutItem", TableName=name, Item={"pk": {"S": key}, "sk": {"S": "s"}, **more})

    def get(self, name, key, consistent=True):
        return self.call("GetItem", TableName=name, Key={"pk": {"S": key}, "sk": {"S": "s"}}, ConsistentRead=consistent)

    def refused(self, kind, message, reason, resource, operation, **request):
        with self.assertRaises(DynamoError) as raised:
            self.call(operation, **request)
        error = raised.exception
        member = "ThrottlingReasons" if kind == "ProvisionedThroughputExceededException" else "throttlingReasons"
        self.assertEqual((error.status, error.prefix, error.type, error.message),
                         (400, "com.amazonaws.dynamodb.v20120810", kind, message))
        self.assertEqual(error.body[member], [{"reason": reason, "resource": resource}])

    def put_refused(self, name, key, kind, message, reason, resource, **more):
        self.refused(kind, message, reason, resource, "PutItem", TableName=name,
                     Item={"pk": {"S": key}, "sk": {"S": "s"}, **more})

    def provisioned_put_refused(self, name, key, **more):
        self.put_refused(name, key, "ProvisionedThroughputExceededException", OF_TABLE,
                         "TableWriteProvisionedThroughputExceeded", ARN + name, **more)

    def read_refused(self, name, operation, **request):
        self.refused("ProvisionedThroughputExceededException", OF_TABLE, "TableReadProvisionedThroughputExceeded",
                     ARN + name, operation, **request)


class Off(Case):
    flags = ()

    def test_nothing_is_refused(self):
        self.create("one", provisioned=(1, 1), index={"ProvisionedThroughput": units(1, 1)})
        for number in range(5):
            self.put("one", "k%d" % number, g={"S": "g"}, fill=big(390))
            self.get("one", "k%d" % number)
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "one"})), 5)


class Provisioned(Case):
    def test_writes(self):
        self.create("one", provisioned=(1000, 1))
        self.create("two", provisioned=(1000, 1))
        self.put("one", "big", fill=big(390))  # of 300 that are there: what it takes is known when it is done
        self.provisioned_put_refused("one", "other")
        self.provisioned_put_refused("one", "other", sk={"S": "t"})
        key = {"pk": {"S": "big"}, "sk": {"S": "s"}}
        for operation, more in (("DeleteItem", {}), ("UpdateItem", {"UpdateExpression": "SET a = sk"})):
            self.refused("ProvisionedThroughputExceededException", OF_TABLE, "TableWriteProvisionedThroughputExceeded",
                         ARN + "one", operation, TableName="one", Key=key, **more)
        self.get("one", "big")  # reads have their own
        self.put("two", "other")  # and so have other tables
        self.clock.set(100)  # 90 were missing
        self.put("one", "other")
        self.clock.set(HOUR)
        self.put("one", "large", fill=big(290))  # no more than 300 are ever kept
        self.put("one", "larger", fill=big(300))
        self.provisioned_put_refused("one", "third")
        self.assertNotIn("Item", self.get("one", "third"))

    def test_a_failed_condition_costs_too(self):
        self.create("one", provisioned=(1000, 1))
        self.put("one", "big", fill=big(200))
        with self.assertRaisesRegex(DynamoError, "The conditional request failed"):
            self.call("PutItem", TableName="one", Item={"pk": {"S": "big"}, "sk": {"S": "s"}},
                      ConditionExpression="attribute_not_exists(pk)")
        self.provisioned_put_refused("one", "other")

    def test_what_is_wrong_is_told_first(self):
        self.create("one", provisioned=(1, 1))
        self.put("one", "big", fill=big(390))
        self.clock.set(-HOUR)
        with self.assertRaisesRegex(DynamoError, "Missing the key sk"):
            self.call("PutItem", TableName="one", Item={"pk": {"S": "x"}})
        with self.assertRaisesRegex(DynamoError, "Requested resource not found"):
            self.put("none", "x")

    def test_reads(self):
        self.create("one", provisioned=(1, 1000))
        self.put("one", "big", fill=big(390))
        for _ in range(3):
            self.get("one", "big")  # 98 units each
        self.get("one", "big")
        key = {"pk": {"S": "big"}, "sk": {"S": "s"}}
        self.read_refused("one", "GetItem", TableName="one", Key=key)
        self.read_refused("one", "Scan", TableName="one")
        self.read_refused("one", "Query", TableName="one", KeyConditionExpression="pk = :p",
                          ExpressionAttributeValues={":p": {"S": "big"}})
        self.read_refused("one", "BatchGetItem", RequestItems={"one": {"Keys": [key]}})
        self.put("one", "other")
        self.clock.set(100)
        self.assertEqual(self.call("Scan", TableName="one")["Count"], 2)

    def test_eventual_reads_cost_half(self):
        self.create("one", provisioned=(1, 1000))
        self.put("one", "big", fill=big(390))
        for _ in range(7):
            self.get("one", "big", consistent=False)  # 49 units each
        self.read_refused("one", "Scan", TableName="one")

    def test_a_scan_is_charged_by_its_page(self):
        self.create("one", provisioned=(1, 40000))
        for number in range(10):
            self.put("one", "k%d" % number, fill=big(390))
        self.assertIn("LastEvaluatedKey", self.call("Scan", TableName="one", ConsistentRead=True))  # 1 MB: 256 and more
        self.assertIn("LastEvaluatedKey", self.call("Scan", TableName="one", ConsistentRead=True))
        self.read_refused("one", "Scan", TableName="one")

    def test_a_changed_throughput_counts(self):
        self.create("one", provisioned=(1000, 1))
        self.put("one", "big", fill=big(390))
        self.provisioned_put_refused("one", "other")
        self.call("UpdateTable", TableName="one", ProvisionedThroughput=units(1000, 1000))
        self.client.table_is("one", lambda description: description["TableStatus"] == "ACTIVE")
        self.clock.set(1)  # 90 were missing, a tenth of a second's
        self.put("one", "big", fill=big(390))
        self.put("one", "other")

    def test_time_to_live_deletes_for_nothing(self):
        self.create("one", provisioned=(1000, 1))
        self.put("one", "ends", fill=big(390), exp={"N": "1790000000"})
        self.call("UpdateTimeToLive", TableName="one", TimeToLiveSpecification={"Enabled": True, "AttributeName": "exp"})
        self.client.table_is("one", lambda description: description["ItemCount"] == 0, seconds=60)


class GlobalIndexes(Case):
    def test_an_index_holds_up_its_table(self):
        self.create("one", provisioned=(1000, 10000), index={"ProvisionedThroughput": units(1000, 1)})
        refusal = ("ProvisionedThroughputExceededException", OF_INDEX, "IndexWriteProvisionedThroughputExceeded",
                   ARN + "one/index/by-g")
        self.put("one", "big", g={"S": "x"}, fill=big(390))
        self.put_refused("one", "other", *refusal, g={"S": "y"})
        self.assertNotIn("Item", self.get("one", "other"))
        self.put("one", "other")  # it is not in the index
        self.refused(*refusal, "DeleteItem", TableName="one", Key={"pk": {"S": "big"}, "sk": {"S": "s"}})
        self.call("DeleteItem", TableName="one", Key={"pk": {"S": "other"}, "sk": {"S": "s"}})
        self.assertEqual(self.call("DescribeTable", TableName="one")["Table"]["ItemCount"], 1)
        self.clock.set(100)
        self.put("one", "other", g={"S": "y"})

    def test_reads_of_an_index(self):
        self.create("one", provisioned=(1000, 10000), index={"ProvisionedThroughput": units(1, 10000)})
        self.put("one", "big", g={"S": "x"}, fill=big(390))
        query = {"TableName": "one", "IndexName": "by-g", "KeyConditionExpression": "g = :g",
                 "ExpressionAttributeValues": {":g": {"S": "x"}}}
        for _ in range(7):
            self.call("Query", **query)
        refusal = ("ProvisionedThroughputExceededException", OF_INDEX, "IndexReadProvisionedThroughputExceeded",
                   ARN + "one/index/by-g")
        self.refused(*refusal, "Query", **query)
        self.refused(*refusal, "Scan", TableName="one", IndexName="by-g")
        self.get("one", "big")
        self.call("Scan", TableName="one")

    def test_a_batch_is_held_up_in_part(self):
        self.create("one", provisioned=(1000, 10000), index={"ProvisionedThroughput": units(1000, 1)})
        self.put("one", "big", g={"S": "x"}, fill=big(390))
        requests = [{"PutRequest": {"Item": {"pk": {"S": "p%d" % i}, "sk": {"S": "s"}, **({"g": {"S": "y"}} if i % 2 else {})}}}
                    for i in range(6)]
        answer = self.call("BatchWriteItem", RequestItems={"one": requests})
        self.assertEqual(answer["UnprocessedItems"], {"one": requests[1::2]})


class Batches(Case):
    def test_writes_in_part(self):
        self.create("one", provisioned=(1000, 1))
        self.create("two", provisioned=(1000, 1000))
        self.put("one", "big", fill=big(290))
        requests = [{"PutRequest": {"Item": {"pk": {"S": "p%02d" % i}, "sk": {"S": "s"}, "fill": big(10)}}} for i in range(12)]
        answer = self.call("BatchWriteItem", RequestItems={"one": requests, "two": requests}, ReturnConsumedCapacity="TOTAL")
        left = answer["UnprocessedItems"]["one"]
        self.assertEqual(list(answer["UnprocessedItems"]), ["one"])
        self.assertIn(len(requests) - len(left), range(1, 12))  # 10 were left, and what came in meanwhile
        self.assertEqual(left, requests[len(requests) - len(left):])
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "one"})), 1 + len(requests) - len(left))
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "two"})), 12)
        self.assertEqual({c["TableName"]: c["CapacityUnits"] for c in answer["ConsumedCapacity"]},
                         {"one": 10.0 * (len(requests) - len(left)), "two": 120.0})

    def test_nothing_can_be_written(self):
        self.create("one", provisioned=(1000, 1))
        self.create("two", provisioned=(1000, 1000))
        self.put("one", "big", fill=big(390))
        request = [{"PutRequest": {"Item": {"pk": {"S": "p"}, "sk": {"S": "s"}}}},
                   {"DeleteRequest": {"Key": {"pk": {"S": "big"}, "sk": {"S": "s"}}}}]
        self.refused("ProvisionedThroughputExceededException", OF_TABLE, "TableWriteProvisionedThroughputExceeded",
                     ARN + "one", "BatchWriteItem", RequestItems={"one": request})
        answer = self.call("BatchWriteItem", RequestItems={"one": request, "two": request})
        self.assertEqual(answer["UnprocessedItems"], {"one": request})
        self.clock.set(HOUR)
        self.assertEqual(self.call("BatchWriteItem", RequestItems=answer["UnprocessedItems"])["UnprocessedItems"], {})

    def test_reads_in_part(self):
        self.create("one", provisioned=(1, 40000))
        for number in range(10):
            self.put("one", "k%d" % number, fill=big(390))
        keys = [{"pk": {"S": "k%d" % number}, "sk": {"S": "s"}} for number in range(10)]
        asked = {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "pk"}
        answer = self.call("BatchGetItem", RequestItems={"one": asked})
        found, left = answer["Responses"]["one"], answer["UnprocessedKeys"]["one"]
        self.assertIn(len(found), range(4, 8))  # 300 units, 98 each
        self.assertEqual(left, {**asked, "Keys": keys[len(found):]})
        self.refused("ProvisionedThroughputExceededException", OF_TABLE, "TableReadProvisionedThroughputExceeded",
                     ARN + "one", "BatchGetItem", RequestItems={"one": left})
        self.clock.set(HOUR)
        again = self.call("BatchGetItem", RequestItems=answer["UnprocessedKeys"])
        self.assertGreater(len(again["Responses"]["one"]), 0)


class OnDemand(Case):
    def test_without_a_maximum_nothing_is_refused(self):
        self.create("one")
        for number in range(8):
            self.put("one", "k%d" % number, fill=big(390))
        self.assertEqual(len(all_items(self.client, "Scan", {"TableName": "one"})), 8)

    def test_a_maximum(self):
        self.create("one", OnDemandThroughput={"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 1})
        self.put("one", "big", fill=big(390))
        self.put_refused("one", "other", "ThrottlingException", OF_MAXIMUM, "TableWriteMaxOnDemandThroughputExceeded",
                         ARN + "one")
        self.get("one", "big")
        self.refused("ThrottlingException", OF_MAXIMUM, "TableReadMaxOnDemandThroughputExceeded", ARN + "one", "Scan",
                     TableName="one")
        self.clock.set(HOUR)
        self.put("one", "other")

    def test_a_maximum_of_an_index(self):
        self.create("one", index={"OnDemandThroughput": {"MaxWriteRequestUnits": 1}})
        self.put("one", "big", g={"S": "x"}, fill=big(390))
        self.put_refused("one", "other", "ThrottlingException", OF_MAXIMUM, "IndexWriteMaxOnDemandThroughputExceeded",
                         ARN + "one/index/by-g", g={"S": "y"})
        self.put("one", "other")


class Statements(Case):
    """PartiQL."""

    def test_one(self):
        self.create("one", provisioned=(1, 1))
        self.put("one", "big", fill=big(390))
        self.refused("ProvisionedThroughputExceededException", OF_TABLE, "TableWriteProvisionedThroughputExceeded",
                     ARN + "one", "ExecuteStatement", Statement="INSERT INTO one VALUE {'pk': 'p', 'sk': 's'}")
        for _ in range(4):
            self.call("ExecuteStatement", Statement="SELECT * FROM one", ConsistentRead=True)
        self.read_refused("one", "ExecuteStatement", Statement="SELECT * FROM one")
        self.read_refused("one", "ExecuteStatement", Statement="SELECT * FROM one WHERE pk = 'big'")

    def test_a_batch(self):
        self.create("one", provisioned=(1, 1))
        self.create("two", provisioned=(1000, 1000))
        self.put("one", "big", fill=big(390))
        inserts = [{"Statement": "INSERT INTO %s VALUE {'pk': 'p', 'sk': 's'}" % name} for name in ("one", "two")]
        first, second = self.call("BatchExecuteStatement", Statements=inserts)["Responses"]
        self.assertEqual(first["Error"], {"Code": "ProvisionedThroughputExceeded", "Message": OF_TABLE})
        self.assertNotIn("Error", second)
        for _ in range(4):
            self.get("one", "big")
        (answer,) = self.call("BatchExecuteStatement", Statements=[
            {"Statement": "SELECT * FROM one WHERE pk = 'big' AND sk = 's'"}])["Responses"]
        self.assertEqual(answer["Error"]["Code"], "ProvisionedThroughputExceeded")


class Transactions(Case):
    def cancelled(self, operation, codes, message, items):
        with self.assertRaises(DynamoError) as raised:
            self.call(operation, TransactItems=items)
        self.assertEqual(raised.exception.type, "TransactionCanceledException")
        reasons = raised.exception.body["CancellationReasons"]
        self.assertEqual([reason["Code"] for reason in reasons], codes)
        self.assertIn(message, [reason.get("Message") for reason in reasons])
        self.assertNotIn("ThrottlingReasons", raised.exception.body)

    def test_writes(self):
        self.create("one", provisioned=(1000, 1))
        self.create("two", provisioned=(1000, 1000))
        items = [{"Put": {"TableName": name, "Item": {"pk": {"S": "p"}, "sk": {"S": "s"}, "fill": big(200)}}}
                 for name in ("one", "two")]
        self.call("TransactWriteItems", TransactItems=items)  # twice as much as without: 400
        self.cancelled("TransactWriteItems", ["ProvisionedThroughputExceeded", "None"], OF_TABLE, items)
        self.cancelled("TransactWriteItems", ["None", "ProvisionedThroughputExceeded"], OF_TABLE, [
            {"Delete": {"TableName": "two", "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}}}},
            {"ConditionCheck": {"TableName": "one", "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}},
                                "ConditionExpression": "attribute_exists(pk)"}}])
        self.assertIn("Item", self.get("two", "p"))
        self.provisioned_put_refused("one", "other")
        self.clock.set(HOUR)
        self.call("TransactWriteItems", TransactItems=items)

    def test_an_index(self):
        self.create("one", provisioned=(1000, 10000), index={"ProvisionedThroughput": units(1000, 1)})
        put = {"Put": {"TableName": "one", "Item": {"pk": {"S": "p"}, "sk": {"S": "s"}, "g": {"S": "g"}, "fill": big(390)}}}
        self.call("TransactWriteItems", TransactItems=[put])
        put["Put"]["Item"]["pk"] = {"S": "other"}
        self.cancelled("TransactWriteItems", ["ProvisionedThroughputExceeded"], OF_INDEX, [put])
        self.assertNotIn("Item", self.get("one", "other"))

    def test_reads(self):
        self.create("one", OnDemandThroughput={"MaxReadRequestUnits": 1})
        self.put("one", "p", fill=big(390))
        items = [{"Get": {"TableName": "one", "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}}}}]
        self.call("TransactGetItems", TransactItems=items)
        self.cancelled("TransactGetItems", ["ThrottlingError"], OF_MAXIMUM, items)


class Partitions(Case):
    """A transaction of ten large items of one partition key takes what the partition gives in seconds."""

    def write_much(self):
        self.call("TransactWriteItems", TransactItems=[
            {"Put": {"TableName": "one", "Item": {"pk": {"S": "hot"}, "sk": {"S": str(n)}, "fill": big(390)}}}
            for n in range(10)])

    def read_until_refused(self):
        for _ in range(50):
            try:
                self.call("TransactGetItems", TransactItems=[
                    {"Get": {"TableName": "one", "Key": {"pk": {"S": "hot"}, "sk": {"S": str(n)}}}} for n in range(10)])
            except DynamoError:
                return
        self.fail("nothing was refused")

    def test_a_hot_key_of_a_table_on_demand(self):
        self.create("one")
        self.write_much()
        self.put_refused("one", "hot", "ThrottlingException", OF_PARTITION, "TableWriteKeyRangeThroughputExceeded",
                         ARN + "one")
        self.put("one", "cold")
        self.read_until_refused()
        self.refused("ThrottlingException", OF_PARTITION, "TableReadKeyRangeThroughputExceeded", ARN + "one", "Query",
                     TableName="one", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "hot"}})
        self.get("one", "cold")
        self.call("Scan", TableName="one")

    def test_a_hot_key_of_a_provisioned_table(self):
        self.create("one", provisioned=(40000, 40000))
        self.write_much()
        self.put_refused("one", "hot", "ProvisionedThroughputExceededException", OF_TABLE,
                         "TableWriteKeyRangeThroughputExceeded", ARN + "one")
        self.put("one", "cold")
        self.clock.set(HOUR)
        self.put("one", "hot")

    def test_a_clock_put_back_refuses_nobody(self):
        self.create("one", provisioned=(100, 100))
        self.put("one", "first")
        self.clock.set(-HOUR)
        self.put("one", "second")
        self.get("one", "second")


if __name__ == "__main__":
    unittest.main()

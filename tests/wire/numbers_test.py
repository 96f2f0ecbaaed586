# SPDX-License-Identifier: Apache-2.0
"""Numbers of many zeros are stored shortened. Whatever answers them answers all of their digits, as the service does."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import case

LEAST, MOST = "0." + "0" * 129 + "1", "9" * 38 + "0" * 88
NESTED = {"L": [{"N": LEAST}, {"M": {"N": {"N": "-" + MOST}, "NS": {"NS": [LEAST, "1"]}}}, {"S": '"N":"1E20"'}]}
KEY = {"pk": {"S": "a"}, "sk": {"N": LEAST}}
ITEM = {**KEY, "big": {"N": MOST}, "set": {"NS": ["-" + MOST, LEAST, "7"]}, "nested": NESTED, "plain": {"N": "12.5"}}
QUERY = {"TableName": "numbers", "KeyConditionExpression": "pk = :p AND sk = :s",
         "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1E-130"}}}
STATEMENT = "SELECT * FROM numbers WHERE pk = 'a' AND sk = 1E-130"
AT = {"TableName": "numbers", "Key": KEY}


def sorted_sets(item):
    """Sets have no order."""
    if isinstance(item, dict):
        return {name: sorted(value) if name == "NS" and isinstance(value, list) else sorted_sets(value) for name, value in item.items()}
    return [sorted_sets(member) for member in item] if isinstance(item, list) else item


class Numbers(case.Case):
    def setUp(self):
        super().setUp()
        attribute = lambda name, kind: {"AttributeName": name, "AttributeType": kind}
        key = lambda *names: [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]
        self.call("CreateTable", TableName="numbers", BillingMode="PAY_PER_REQUEST", KeySchema=key("pk", "sk"),
                  AttributeDefinitions=[attribute("pk", "S"), attribute("sk", "N"), attribute("big", "N")],
                  GlobalSecondaryIndexes=[{"IndexName": "big", "KeySchema": key("big", "sk"), "Projection": {"ProjectionType": "ALL"}}],
                  StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.call("PutItem", TableName="numbers", Item={**ITEM, "big": {"N": "9." + "9" * 37 + "E125"}})

    def same(self, item, expected=None):
        self.assertEqual(sorted_sets(item), sorted_sets(expected or ITEM))

    def refusal(self, operation, request):
        status, _, answer = self.client.raw(operation, json.dumps(request).encode())
        self.assertEqual(status, 400)
        return json.loads(answer)

    def test_reads(self):
        self.same(self.call("GetItem", **AT)["Item"])
        self.assertEqual(self.call("GetItem", **AT, ProjectionExpression="nested[1].N, big")["Item"]["big"], {"N": MOST})
        self.same(self.call("Query", **QUERY)["Items"][0])
        self.same(self.call("Query", TableName="numbers", IndexName="big", KeyConditionExpression="big = :b",
                            ExpressionAttributeValues={":b": {"N": MOST}})["Items"][0])
        self.same(self.call("Scan", TableName="numbers")["Items"][0])
        self.same(self.call("BatchGetItem", RequestItems={"numbers": {"Keys": [KEY]}})["Responses"]["numbers"][0])
        self.same(self.call("TransactGetItems", TransactItems=[{"Get": AT}])["Responses"][0]["Item"])
        self.same(self.call("ExecuteStatement", Statement=STATEMENT)["Items"][0])
        self.same(self.call("BatchExecuteStatement", Statements=[{"Statement": STATEMENT}])["Responses"][0]["Item"])
        self.same(self.call("ExecuteTransaction", TransactStatements=[{"Statement": STATEMENT}])["Responses"][0]["Item"])

    def test_last_evaluated_key(self):
        self.assertEqual(self.call("Scan", TableName="numbers", IndexName="big", Limit=1)["LastEvaluatedKey"], {**KEY, "big": {"N": MOST}})

    def test_what_writes_return(self):
        update = {**AT, "UpdateExpression": "SET plain = plain + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
        self.same(self.call("UpdateItem", **update, ReturnValues="ALL_OLD")["Attributes"])
        self.same(self.call("UpdateItem", **update, ReturnValues="ALL_NEW")["Attributes"], {**ITEM, "plain": {"N": "14.5"}})
        self.same(self.call("UpdateItem", **{**update, "UpdateExpression": "SET nested[0] = nested[0] + nested[0], plain = :one"},
                            ReturnValues="UPDATED_OLD")["Attributes"], {"plain": {"N": "14.5"}, "nested": {"L": [{"N": LEAST}]}})
        self.same(self.call("PutItem", TableName="numbers", Item=ITEM, ReturnValues="ALL_OLD")["Attributes"],
                  {**ITEM, "plain": {"N": "1"}, "nested": {"L": [{"N": LEAST[:-1] + "2"}, *NESTED["L"][1:]]}})
        self.same(self.call("DeleteItem", **AT, ReturnValues="ALL_OLD")["Attributes"])

    def test_what_failed_conditions_return(self):
        never = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        self.same(self.refusal("DeleteItem", {**AT, **never})["Item"])
        self.same(self.refusal("TransactWriteItems", {"TransactItems": [{"Delete": {**AT, **never}}]})["CancellationReasons"][0]["Item"])
        answer = self.call("BatchExecuteStatement", Statements=[{
            "Statement": "UPDATE numbers SET plain = 1 WHERE pk = 'a' AND sk = 1E-130 AND plain = 5", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}])
        self.same(answer["Responses"][0]["Error"]["Item"])

    def test_conditions_and_filters_compare_them(self):
        for text, holds in (("big = :most", True), ("big < :most", False), ("contains(#set, :least)", True), ("nested[0] = :least", True),
                            ("sk IN (:most, :least)", True), ("nested[1].NS = :most", False)):
            with self.subTest(text):
                values = {":most": {"N": MOST}, ":least": {"N": LEAST}}
                page = self.call("Scan", TableName="numbers", FilterExpression=text,
                                 **({"ExpressionAttributeNames": {"#set": "set"}} if "#set" in text else {}),
                                 ExpressionAttributeValues={name: value for name, value in values.items() if name in text})
                self.assertEqual(page["Count"], holds)

    def test_streams(self):
        self.call("PutItem", TableName="numbers", Item=ITEM)  # the same: no record
        self.call("PutItem", TableName="numbers", Item={**ITEM, "plain": {"N": "1"}})
        self.call("DeleteItem", **AT)
        arn = self.call("DescribeTable", TableName="numbers")["Table"]["LatestStreamArn"]
        records = []
        for shard in self.call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = self.call("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
            records += self.call("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]
        self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "REMOVE"])
        self.same(records[0]["dynamodb"]["NewImage"])
        self.same(records[1]["dynamodb"]["OldImage"])
        self.same(records[1]["dynamodb"]["NewImage"], {**ITEM, "plain": {"N": "1"}})
        self.same(records[2]["dynamodb"]["OldImage"], {**ITEM, "plain": {"N": "1"}})
        self.assertEqual(records[2]["dynamodb"]["Keys"], KEY)


if __name__ == "__main__":
    unittest.main()

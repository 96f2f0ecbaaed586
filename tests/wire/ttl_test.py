# SPDX-License-Identifier: Apache-2.0
"""Time to live as a client sees it: settings and their states, what ends and what stays, by a clock that the test sets."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import case
from clock import Clock
from dynamo import Client, DynamoError, all_items
from streams import everything

WITHIN = 60  # seconds to wait for what happens in the background
HOUR, YEAR = 3600, 365 * 24 * 3600
TOO_SOON = "Time to live has been modified multiple times within a fixed interval"


def table(name, **more):
    return {"TableName": name, "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST", **more}


def indexed(name):
    """With a global index on g and a local one on l."""
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": a, "AttributeType": t} for a, t in
                                     (("pk", "S"), ("sk", "N"), ("g", "S"), ("l", "S"))],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [{"IndexName": "gsi", "Projection": {"ProjectionType": "ALL"},
                                        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}],
            "LocalSecondaryIndexes": [{"IndexName": "lsi", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                       "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                                     {"AttributeName": "l", "KeyType": "RANGE"}]}]}


class Case(case.Case):
    def setUp(self):
        self.clock = Clock()
        self.flags = ("--clock-file", self.clock.path, "--ttl-interval-ms", "10", *self.flags)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.clock.close()

    def set_ttl(self, name, enabled=True, attribute="exp"):
        return self.call("UpdateTimeToLive", TableName=name,
                         TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute})

    def ttl_refused(self, kind, message, name, enabled=True, attribute="exp"):
        self.refused(kind, message, "UpdateTimeToLive", TableName=name,
                     TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute})

    def ttl(self, name):
        return self.call("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]

    def put(self, name, key, seconds=None, **more):
        item = {"pk": {"S": key}, **more}
        if seconds is not None:
            item["exp"] = {"N": str(seconds)}
        self.call("PutItem", TableName=name, Item=item)

    def keys(self, name):
        return sorted(item["pk"]["S"] for item in all_items(self.client, "Scan", {"TableName": name}))

    def wait(self, what, expected):
        until = time.monotonic() + WITHIN
        while what() != expected:
            self.assertLess(time.monotonic(), until, f"still {what()}, not {expected}")
            time.sleep(0.01)

    def let_a_sweep_pass(self, name):
        """An item that has ended goes; it was looked for after the clock was last set and everything before was written."""
        for _ in range(2):  # the pass under way may have begun earlier
            self.put(name, "canary", self.clock.now() - 10)
            self.wait(lambda: "canary" in self.keys(name), False)


class Settings(Case):
    flags = ("--ttl-cooldown-s", "1860")

    def test_answers_and_states(self):
        self.call("CreateTable", **table("one"))
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "DISABLED"})
        self.assertEqual(self.set_ttl("one"), {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "exp"}})
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "ENABLED", "AttributeName": "exp"})
        self.clock.set(HOUR)
        self.assertEqual(self.set_ttl("one", False), {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "exp"}})
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "DISABLED"})
        self.assertEqual(self.call("DescribeTable", TableName="one")["Table"]["TableStatus"], "ACTIVE")

    def test_by_arn(self):
        arn = self.call("CreateTable", **table("one"))["TableDescription"]["TableArn"]
        self.set_ttl(arn)
        self.assertEqual(self.ttl(arn)["TimeToLiveStatus"], "ENABLED")

    def test_refusals(self):
        self.call("CreateTable", **table("one"))
        invalid, missing = "ValidationException", "Requested resource not found: Table: none not found"
        self.ttl_refused("ResourceNotFoundException", missing, "none")
        self.refused("ResourceNotFoundException", missing, "DescribeTimeToLive", TableName="none")
        self.ttl_refused(invalid, "TimeToLive is already disabled", "one", False)
        self.set_ttl("one")
        other = "TimeToLive is active on a different AttributeName: current AttributeName is exp"
        for _ in range(2):  # inside the interval and after it
            self.ttl_refused(invalid, "TimeToLive is already enabled", "one")
            self.ttl_refused(invalid, other, "one", True, "other")
            self.ttl_refused(invalid, other, "one", False, "other")
            self.clock.set(HOUR)

    def test_two_changes_want_an_interval(self):
        self.call("CreateTable", **table("one"))
        self.set_ttl("one")
        self.ttl_refused("ValidationException", TOO_SOON, "one", False)
        self.clock.set(1700)
        self.ttl_refused("ValidationException", TOO_SOON, "one", False)
        self.clock.set(1861)  # counted from the change, not from what was refused
        self.set_ttl("one", False)
        self.ttl_refused("ValidationException", "TimeToLive is already disabled", "one", False)
        self.ttl_refused("ValidationException", TOO_SOON, "one", True, "other")
        self.clock.set(2 * HOUR)
        self.set_ttl("one", True, "other")
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "ENABLED", "AttributeName": "other"})

    def test_the_names_that_are_allowed(self):
        for number, name in enumerate(("pk", "x" * 255, "a.b#:[0] ü", " ")):
            self.call("CreateTable", **table("t%d" % number + "_"))
            self.set_ttl("t%d_" % number, attribute=name)
            self.assertEqual(self.ttl("t%d_" % number), {"TimeToLiveStatus": "ENABLED", "AttributeName": name})
        for specification in ({"Enabled": True, "AttributeName": ""}, {"Enabled": True, "AttributeName": "x" * 256},
                              {"Enabled": True}, {"AttributeName": "x"}, {}, None):
            with self.assertRaises(DynamoError) as raised:
                self.call("UpdateTimeToLive", TableName="t0_", TimeToLiveSpecification=specification)
            self.assertEqual(raised.exception.type, "ValidationException")


class Transitions(Case):
    """Statuses that last an hour: nothing moves on but by the test's clock."""
    in_memory = False

    def restarted(self, *flags):
        self.client.close()
        self.server.stop()
        self.server.flags = ["--durability", "process", *flags]
        self.server.start()
        self.client = Client(self.server.url)

    def test_a_table_that_is_being_created(self):
        self.restarted("--transition-ms", "3600000")
        self.call("CreateTable", **table("one"))
        self.ttl_refused("ResourceInUseException",
                         "Attempt to change a resource which is still in use: Table one is being created", "one")
        self.refused("ValidationException", "Cannot describe time to live while table is in CREATING state: "
                     "Current table state is CREATING", "DescribeTimeToLive", TableName="one")

    def test_states_on_their_way(self):
        self.call("CreateTable", **table("one"))
        self.call("CreateTable", **table("two"))
        self.restarted("--transition-ms", "3600000", "--ttl-cooldown-s", "0")
        self.set_ttl("one")
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "ENABLING", "AttributeName": "exp"})
        self.ttl_refused("ValidationException", "TimeToLive is already enabled", "one")
        self.assertEqual(self.call("DescribeTable", TableName="one")["Table"]["TableStatus"], "ACTIVE")
        self.set_ttl("one", False)
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "DISABLING", "AttributeName": "exp"})
        self.ttl_refused("ValidationException", "TimeToLive is already disabled", "one", False)
        self.ttl_refused("ValidationException", TOO_SOON, "one")
        self.call("DeleteTable", TableName="two")
        self.refused("ValidationException", "Cannot describe time to live while table is in DELETING state: "
                     "Current table state is DELETING", "DescribeTimeToLive", TableName="two")
        self.set_ttl("two")  # the service does not mind

    def test_what_was_on_its_way_goes_on_after_a_restart(self):
        for name in ("on", "off"):
            self.call("CreateTable", **table(name + "_"))
            self.put(name + "_", "ends", self.clock.now() - 10)
        later = ("--clock-file", self.clock.path, "--transition-ms", "3600000", "--ttl-cooldown-s", "0",
                 "--ttl-interval-ms", "10")
        self.restarted(*later)
        self.set_ttl("on_")
        self.set_ttl("off_")
        self.set_ttl("off_", False)
        self.restarted(*later)
        self.assertEqual(self.ttl("on_")["TimeToLiveStatus"], "ENABLING")
        self.assertEqual(self.ttl("off_")["TimeToLiveStatus"], "DISABLING")
        self.clock.set(HOUR + 1)
        self.restarted(*later)
        self.wait(lambda: self.ttl("on_"), {"TimeToLiveStatus": "ENABLED", "AttributeName": "exp"})
        self.wait(lambda: self.ttl("off_"), {"TimeToLiveStatus": "DISABLED"})
        self.wait(lambda: self.keys("on_"), [])
        self.assertEqual(self.keys("off_"), ["ends"])


class Ending(Case):
    flags = ("--ttl-cooldown-s", "0")

    def test_what_ends_and_what_stays(self):
        self.call("CreateTable", **table("one"))
        self.set_ttl("one")
        now = self.clock.now()
        self.put("one", "past", now - 100)
        self.put("one", "fraction", "%d.25" % (now - 100))
        self.put("one", "almost five years", now - 5 * YEAR + HOUR)
        self.put("one", "five years", now - 5 * YEAR - HOUR)
        self.put("one", "zero", 0)
        self.put("one", "before 1970", -now)
        self.put("one", "future", now + HOUR)
        self.put("one", "milliseconds", (now - 100) * 1000)
        self.put("one", "huge", "1e125")
        self.put("one", "text", exp={"S": str(now - 100)})
        self.put("one", "set", exp={"NS": [str(now - 100)]})
        self.put("one", "deep", exp={"M": {"exp": {"N": str(now - 100)}}})
        self.put("one", "other", Exp={"N": str(now - 100)})
        self.put("one", "none")
        stays = sorted(["before 1970", "deep", "five years", "future", "huge", "milliseconds", "none", "other", "set",
                        "text", "zero"])
        self.wait(lambda: self.keys("one"), stays)
        self.clock.set(HOUR + 10)
        self.wait(lambda: self.keys("one"), [key for key in stays if key != "future"])
        self.let_a_sweep_pass("one")
        self.assertEqual(self.keys("one"), [key for key in stays if key != "future"])

    def test_a_value_that_changed_counts(self):
        self.call("CreateTable", **table("one"))
        self.set_ttl("one")
        for key in ("kept", "moved on", "taken away", "brought forward"):
            self.put("one", key, self.clock.now() + HOUR)
        self.call("UpdateItem", TableName="one", Key={"pk": {"S": "moved on"}}, UpdateExpression="SET exp = exp + :d",
                  ExpressionAttributeValues={":d": {"N": str(HOUR)}})
        self.call("UpdateItem", TableName="one", Key={"pk": {"S": "taken away"}}, UpdateExpression="REMOVE exp")
        self.call("UpdateItem", TableName="one", Key={"pk": {"S": "brought forward"}},
                  UpdateExpression="SET exp = exp - :d", ExpressionAttributeValues={":d": {"N": str(2 * HOUR)}})
        self.wait(lambda: self.keys("one"), ["kept", "moved on", "taken away"])
        self.clock.set(HOUR + 10)
        self.wait(lambda: self.keys("one"), ["moved on", "taken away"])
        self.clock.set(2 * HOUR + 10)
        self.wait(lambda: self.keys("one"), ["taken away"])

    def test_indexes_and_counts_follow(self):
        self.call("CreateTable", **indexed("one"))
        self.set_ttl("one")
        for number in range(60):
            item = {"pk": {"S": "p%d" % (number % 7)}, "sk": {"N": str(-number) + ".5"}, "g": {"S": "g"},
                    "l": {"S": "l%d" % number}, "exp": {"N": str(self.clock.now() + (HOUR if number % 3 else -HOUR))}}
            self.call("PutItem", TableName="one", Item=item)
        stays = sorted(-number - 0.5 for number in range(60) if number % 3)

        def found(**request):
            return sorted(float(item["sk"]["N"]) for item in all_items(self.client, "Scan", {"TableName": "one", **request}))

        self.wait(found, stays)
        self.assertEqual(found(IndexName="gsi"), stays)
        self.assertEqual(found(IndexName="lsi"), stays)
        described = self.call("DescribeTable", TableName="one")["Table"]
        self.assertEqual(described["ItemCount"], 40)
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["ItemCount"], 40)
        self.assertEqual(described["LocalSecondaryIndexes"][0]["ItemCount"], 40)
        self.clock.set(2 * HOUR)
        self.wait(found, [])
        described = self.call("DescribeTable", TableName="one")["Table"]
        self.assertEqual((described["ItemCount"], described["TableSizeBytes"]), (0, 0))
        self.assertEqual(described["GlobalSecondaryIndexes"][0]["IndexSizeBytes"], 0)

    def test_a_batch_makes_entries_too(self):
        self.call("CreateTable", **table("one"))
        self.set_ttl("one")
        self.call("BatchWriteItem", RequestItems={"one": [
            {"PutRequest": {"Item": {"pk": {"S": "b%d" % i}, "exp": {"N": str(self.clock.now() + HOUR)}}}} for i in range(25)]})
        self.assertEqual(len(self.keys("one")), 25)
        self.clock.set(2 * HOUR)
        self.wait(lambda: self.keys("one"), [])

    def test_a_transaction_makes_entries_too(self):
        self.call("CreateTable", **table("one"))
        self.set_ttl("one")
        self.put("one", "kept", self.clock.now() + HOUR)
        self.call("TransactWriteItems", TransactItems=[
            {"Put": {"TableName": "one", "Item": {"pk": {"S": "put"}, "exp": {"N": str(self.clock.now() + HOUR)}}}},
            {"Update": {"TableName": "one", "Key": {"pk": {"S": "kept"}}, "UpdateExpression": "REMOVE exp"}}])
        self.clock.set(2 * HOUR)
        self.wait(lambda: self.keys("one"), ["kept"])

    def test_a_stream_tells_who_deleted(self):
        answer = self.call("CreateTable", **table("one"), StreamSpecification={
            "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]
        self.set_ttl("one")
        self.put("one", "by a user", self.clock.now() + HOUR)
        self.put("one", "by the service", self.clock.now() + HOUR)
        self.call("DeleteItem", TableName="one", Key={"pk": {"S": "by a user"}})
        self.clock.set(2 * HOUR)
        self.wait(lambda: self.keys("one"), [])
        removed = {record["dynamodb"]["Keys"]["pk"]["S"]: record for record in everything(self.client, answer["LatestStreamArn"])
                   if record["eventName"] == "REMOVE"}
        self.assertEqual(sorted(removed), ["by a user", "by the service"])
        self.assertNotIn("userIdentity", removed["by a user"])
        self.assertEqual(removed["by the service"]["userIdentity"],
                         {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"})
        self.assertEqual(removed["by the service"]["dynamodb"]["OldImage"]["pk"], {"S": "by the service"})
        created = removed["by the service"]["dynamodb"]["ApproximateCreationDateTime"]
        self.assertLess(abs(created - self.clock.now()), WITHIN)

    def test_disabled_ends_nothing_and_enabling_again_builds_anew(self):
        self.call("CreateTable", **table("one"))
        self.put("one", "old", self.clock.now() + HOUR)
        self.set_ttl("one")
        self.put("one", "between", self.clock.now() + HOUR)
        self.set_ttl("one", False)
        self.put("one", "later", self.clock.now() + HOUR)
        self.clock.set(2 * HOUR)
        self.call("CreateTable", **table("other"))
        self.set_ttl("other")
        self.let_a_sweep_pass("other")
        self.assertEqual(self.keys("one"), ["between", "later", "old"])
        self.set_ttl("one", True, "exp2")
        self.put("one", "new", exp2={"N": str(self.clock.now() - 5)})
        self.wait(lambda: self.keys("one"), ["between", "later", "old"])
        self.set_ttl("one", False, "exp2")
        self.set_ttl("one")
        self.wait(lambda: self.keys("one"), [])

    def test_the_clock_of_the_table(self):
        self.clock.set(100 * HOUR)
        created = self.call("CreateTable", **table("one"))["TableDescription"]["CreationDateTime"]
        self.assertLess(abs(created - self.clock.now()), WITHIN)

    def test_key_attribute(self):
        """A time to live on the sort key: the item ends by its key."""
        self.call("CreateTable", **indexed("one"))
        self.set_ttl("one", attribute="sk")
        for seconds in (self.clock.now() - 10, self.clock.now() + HOUR):
            self.call("PutItem", TableName="one", Item={"pk": {"S": "p"}, "sk": {"N": str(seconds)}})
        self.wait(lambda: len(self.keys("one")), 1)


class FullTable(Case):
    """Time to live for a table that is larger than what is done at once."""
    in_memory = False
    flags = ("--ttl-cooldown-s", "0")
    ITEMS = 3000

    def test_enabling_over_restarts(self):
        self.call("CreateTable", **table("one"))
        now = self.clock.now()
        for first in range(0, self.ITEMS, 25):
            self.call("BatchWriteItem", RequestItems={"one": [
                {"PutRequest": {"Item": {"pk": {"S": "k%d" % i}, "exp": {"N": str(now + (HOUR if i % 2 else 30 * HOUR))}}}}
                for i in range(first, first + 25)]})
        self.set_ttl("one")
        for number in range(3):  # wherever the index is just then
            self.put("one", "k%d" % number, now + 30 * HOUR)
            self.client.close()
            self.server.kill()
            self.server.start()
            self.client = Client(self.server.url)
        self.wait(lambda: self.ttl("one"), {"TimeToLiveStatus": "ENABLED", "AttributeName": "exp"})
        self.clock.set(2 * HOUR)
        stays = sorted(["k%d" % i for i in range(self.ITEMS) if i % 2 == 0] + ["k1"])
        self.wait(lambda: len(self.keys("one")), len(stays))
        self.assertEqual(self.keys("one"), stays)
        self.assertEqual(self.call("DescribeTable", TableName="one")["Table"]["ItemCount"], len(stays))
        self.call("DeleteTable", TableName="one")
        self.call("CreateTable", **table("one"))
        self.assertEqual(self.ttl("one"), {"TimeToLiveStatus": "DISABLED"})


class Load(Case):
    """What ends all the time: the pass that deleted much is followed by the next at once, not after ten times as long."""
    def deleted_within(self, first, count):
        """Seconds until such items are gone that end when all are there."""
        for at in range(first, first + count, 25):
            self.call("BatchWriteItem", RequestItems={"load": [
                {"PutRequest": {"Item": {"pk": {"S": str(i)}, "exp": {"N": str(self.clock.now() + HOUR)}}}} for i in range(at, at + 25)]})
        began = time.monotonic()
        self.clock.set(self.clock.ahead + 2 * HOUR)
        self.wait(lambda: self.call("Scan", TableName="load", Select="COUNT", Limit=1)["Count"], 0)
        return time.monotonic() - began

    def test_passes_follow_each_other(self):
        self.call("CreateTable", **table("load"))
        self.set_ttl("load")
        taken = self.deleted_within(0, 25000)
        self.assertLess(self.deleted_within(25000, 25), 2 * taken + 0.5)


if __name__ == "__main__":
    unittest.main()

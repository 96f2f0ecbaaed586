# SPDX-License-Identifier: Apache-2.0
"""Streams as a consumer sees them: what a change leaves, shards and iterators, roll-overs, ends, trimming, restarts."""
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from clock import Clock
from dynamo import Client
from server import Server
from streams import Replay, drain, everything, iterator, latest_arn, number, refused, shards_of

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
NOT_FOUND = "ResourceNotFoundException"
INVALID = "ValidationException"
NO_SHARD = (NOT_FOUND, "Requested resource not found: Shard does not exist")
TRIMMED = ("TrimmedDataAccessException", "The data you are trying to access has been trimmed.")
PATIENCE = 60  # seconds that something which must come may take on a busy machine


def spec(view="NEW_AND_OLD_IMAGES"):
    return {"StreamEnabled": True, "StreamViewType": view}


def table(name, view="NEW_AND_OLD_IMAGES", **more):
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "StreamSpecification": spec(view),
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], **more}


def item(pk, **more):
    return {"pk": {"S": pk}, **{name: {"S": value} for name, value in more.items()}}


def wait_for(ready, what):
    """What ready() gives once that is true."""
    end = time.monotonic() + PATIENCE
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {PATIENCE} seconds")
        time.sleep(0.02)


class Case(unittest.TestCase):
    flags, in_memory = (), True
    maxDiff = None

    def setUp(self):
        self.server = Server("--durability", "none" if self.in_memory else "full", *self.flags, in_memory=self.in_memory)
        self.server.start()
        self.client = Client(self.server.url)

    def tearDown(self):
        self.client.close()
        self.server.close()

    def with_flags(self, *flags):
        """A server with other flags, for one test."""
        self.client.close()
        self.server.stop()
        self.server.flags = list(flags)
        self.server.start()
        self.client = Client(self.server.url)

    def call(self, operation, **request):
        return self.client.call(operation, request)

    def create(self, name="tab", view="NEW_AND_OLD_IMAGES", **more):
        self.call("CreateTable", **table(name, view, **more))
        return latest_arn(self.client, name)

    def put(self, pk, name="tab", **more):
        self.call("PutItem", TableName=name, Item=item(pk, **more))

    def describe(self, arn):
        return self.call("DescribeStream", StreamArn=arn)["StreamDescription"]

    def events(self, arn):
        return [(record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in everything(self.client, arn)]


class RecordTest(Case):
    def test_views(self):
        """Every operation that changes an item, and none that does not, in each of the four views."""
        old, new = item("Fred"), item("Fred", name="Fred")
        for view in VIEWS:
            arn = self.create(view, view)
            self.put("Fred", view)
            self.put("Fred", view)  # the same again
            self.call("UpdateItem", TableName=view, Key=item("Fred"), UpdateExpression="REMOVE nothing")
            self.call("UpdateItem", TableName=view, Key=item("Fred"), UpdateExpression="SET #n = :n",
                      ExpressionAttributeNames={"#n": "name"}, ExpressionAttributeValues={":n": {"S": "Fred"}})
            self.call("DeleteItem", TableName=view, Key=item("Fred"))
            self.call("DeleteItem", TableName=view, Key=item("Fred"))  # gone already
            self.call("UpdateItem", TableName=view, Key=item("Fred"), UpdateExpression="REMOVE a")
            refused(self.client, "PutItem", {"TableName": view, "Item": item("Fred"),
                                             "ConditionExpression": "attribute_exists(pk)"})
            records = everything(self.client, arn)
            self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "REMOVE"])
            images = [(None, old), (old, new), (new, None)]
            for record, (before, after) in zip(records, images):
                change = record["dynamodb"]
                self.assertEqual((record["eventVersion"], record["eventSource"], record["awsRegion"]),
                                 ("1.1", "aws:dynamodb", "us-east-1"))
                self.assertRegex(record["eventID"], "^[0-9a-f]{32}$")
                self.assertRegex(change["SequenceNumber"], "^[1-9][0-9]{20,39}$")
                self.assertNotIn("userIdentity", record)
                self.assertEqual((change["Keys"], change["StreamViewType"]), (old, view))
                self.assertEqual(change.get("OldImage"), before if "OLD" in view else None)
                self.assertEqual(change.get("NewImage"), after if "NEW" in view else None)
                self.assertLess(abs(change["ApproximateCreationDateTime"] - time.time()), PATIENCE)
            sizes = {"KEYS_ONLY": [6, 6, 6], "NEW_IMAGE": [12, 20, 6], "OLD_IMAGE": [6, 12, 20],
                     "NEW_AND_OLD_IMAGES": [12, 26, 20]}
            self.assertEqual([record["dynamodb"]["SizeBytes"] for record in records], sizes[view])
            self.assertEqual(len({record["eventID"] for record in records}), 3)
            self.assertEqual(everything(self.client, arn), records)  # the same whenever they are read

    def test_keys(self):
        """The keys of a table with a sort key, and of a number that is written in many ways."""
        arn = self.create("tab", AttributeDefinitions=[{"AttributeName": "z", "AttributeType": "S"},
                                                     {"AttributeName": "a", "AttributeType": "N"}],
                          KeySchema=[{"AttributeName": "z", "KeyType": "HASH"}, {"AttributeName": "a", "KeyType": "RANGE"}])
        self.call("PutItem", TableName="tab", Item={"z": {"S": "é\"\n"}, "a": {"N": "1.50e1"}, "b": {"B": "AAE="}})
        self.call("PutItem", TableName="tab", Item={"z": {"S": "é\"\n"}, "a": {"N": "15"}, "b": {"B": "AAE="}})
        records = everything(self.client, arn)
        self.assertEqual([record["dynamodb"]["Keys"] for record in records], [{"z": {"S": "é\"\n"}, "a": {"N": "15"}}])
        self.assertEqual(records[0]["dynamodb"]["NewImage"]["b"], {"B": "AAE="})
        self.assertEqual(self.describe(arn)["KeySchema"], [{"AttributeName": "z", "KeyType": "HASH"},
                                                           {"AttributeName": "a", "KeyType": "RANGE"}])

    def test_batches(self):
        """A batch leaves a record for each item that changed, in all tables that have a stream."""
        arns = {name: self.create(name) for name in ("one", "two")}
        self.call("CreateTable", **{key: value for key, value in table("three").items() if key != "StreamSpecification"})
        self.put("3", "one")
        self.call("BatchWriteItem", RequestItems={
            "one": [{"PutRequest": {"Item": item(str(n))}} for n in range(6)],
            "two": [{"PutRequest": {"Item": item(str(n))}} for n in range(6)] + [{"DeleteRequest": {"Key": item("none")}}],
            "three": [{"PutRequest": {"Item": item("1")}}]})
        for arn in arns.values():
            self.assertEqual(sorted(self.events(arn)), [("INSERT", str(n)) for n in range(6)])
        self.call("BatchWriteItem", RequestItems={"one": [{"DeleteRequest": {"Key": item("3")}}]})
        self.assertEqual(sorted(self.events(arns["one"]))[-1], ("REMOVE", "3"))
        self.assertEqual(len(self.call("ListStreams")["Streams"]), 2)

    def test_large_records(self):
        """A page ends before 1 MB, but always has a record, though its images be larger."""
        arn = self.create()
        large = "x" * 399_000
        for letter in "abcd":
            self.put("same", v=large + letter)
        records, start = [], None
        for shard in shards_of(self.client, arn):
            start, got = iterator(self.client, arn, shard["ShardId"]), 0
            while start:
                page = self.call("GetRecords", ShardIterator=start)
                if not page["Records"]:
                    break
                sizes = [record["dynamodb"]["SizeBytes"] for record in page["Records"]]
                self.assertTrue(sum(sizes) <= 1024 * 1024, sizes)
                records += page["Records"]
                start, got = page["NextShardIterator"], got + 1
        self.assertEqual([record["dynamodb"]["NewImage"]["v"]["S"][-1] for record in records], list("abcd"))
        self.assertEqual([record["dynamodb"].get("OldImage", {"v": {"S": "-"}})["v"]["S"][-1] for record in records],
                         list("-abc"))


class ShardTest(Case):
    flags = ("--stream-shards", "3", "--stream-shard-records", "5")

    def test_roll_over(self):
        """Every five records of a shard a new one follows it; all are linked, none overlaps, nothing is lost."""
        arn = self.create()
        self.assertEqual(len(shards_of(self.client, arn)), 3)
        for n in range(200):
            self.put(f"k{n % 20}", n=str(n))
        shards = shards_of(self.client, arn)
        by_id = {shard["ShardId"]: shard for shard in shards}
        self.assertEqual([shard["ShardId"] for shard in shards], sorted(by_id))
        self.assertEqual(sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards), 3)
        self.assertEqual(sum("ParentShardId" not in shard for shard in shards), 3)
        parents = [shard["ParentShardId"] for shard in shards if "ParentShardId" in shard]
        self.assertEqual(len(parents), len(set(parents)))  # no shard has two children
        found = []
        for shard in shards:
            bounds = shard["SequenceNumberRange"]
            records, following = drain(self.client, iterator(self.client, arn, shard["ShardId"]), 2)
            if "EndingSequenceNumber" in bounds:
                self.assertIsNone(following)
                self.assertEqual(len(records), 5)
                self.assertEqual(number(records[-1]), int(bounds["EndingSequenceNumber"]))
            else:
                self.assertLessEqual(len(records), 5)
            if "ParentShardId" in shard:
                parent = by_id[shard["ParentShardId"]]["SequenceNumberRange"]
                self.assertLess(int(parent["EndingSequenceNumber"]), int(bounds["StartingSequenceNumber"]))
                self.assertEqual(number(records[0]), int(bounds["StartingSequenceNumber"]))
            found += records
        self.assertEqual(len(found), 200)
        replay = Replay()
        replay.read(self.client, arn)
        self.assertEqual(replay.records, 200)
        self.assertEqual({value["pk"]["S"]: value["n"]["S"] for value in replay.items.values()},
                         {f"k{n % 20}": str(n) for n in range(180, 200)})

    def test_describe_pages_and_children(self):
        arn = self.create()
        for n in range(60):
            self.put("one", n=str(n))  # one lane: 12 shards
        shards = shards_of(self.client, arn)
        self.assertEqual(len(shards), 14)
        for limit in (1, 5, 14, 100):
            self.assertEqual(shards_of(self.client, arn, Limit=limit), shards)
        for shard in shards:
            children = self.call("DescribeStream", StreamArn=arn, ShardFilter={
                "Type": "CHILD_SHARDS", "ShardId": shard["ShardId"]})["StreamDescription"]["Shards"]
            self.assertEqual(children, [other for other in shards if other.get("ParentShardId") == shard["ShardId"]])
        self.assertEqual(shards_of(self.client, arn, ExclusiveStartShardId=shards[-1]["ShardId"]), [])
        self.assertEqual(shards_of(self.client, arn, ExclusiveStartShardId="zzzzzzzzzzzzzzzzzzzzzzzzzzzz"), [])
        for wrong in ({"Type": "CHILD_SHARDS"}, {"ShardId": shards[0]["ShardId"]}):
            self.assertEqual(refused(self.client, "DescribeStream", {"StreamArn": arn, "ShardFilter": wrong})[0], INVALID)

    def test_by_time(self):
        """A shard with records is followed by a new one in time, though nobody writes; an empty one is not."""
        self.with_flags("--stream-shards", "2", "--stream-shard-s", "1")
        arn = self.create()
        self.put("a")
        shards = wait_for(lambda: (lambda all_: all_ if len(all_) > 2 else None)(shards_of(self.client, arn)), "a roll-over")
        self.assertEqual(len(shards), 3)
        child = shards[-1]
        self.assertIn("ParentShardId", child)
        self.put("a", v="2")
        replay = Replay()
        replay.read(self.client, arn)
        self.assertEqual(replay.records, 2)
        self.assertEqual([record["eventName"] for record in
                          drain(self.client, iterator(self.client, arn, child["ShardId"]))[0]], ["MODIFY"])


class IteratorTest(Case):
    flags = ("--stream-shards", "1")

    def names(self, start):
        return [record["dynamodb"]["Keys"]["pk"]["S"] for record in drain(self.client, start)[0]]

    def test_types(self):
        arn = self.create()
        shard = shards_of(self.client, arn)[0]["ShardId"]
        start = shards_of(self.client, arn)[0]["SequenceNumberRange"]["StartingSequenceNumber"]
        early = iterator(self.client, arn, shard, "LATEST")
        self.put("a")
        self.put("b")
        latest = iterator(self.client, arn, shard, "LATEST")
        self.put("c")
        numbers = [record["dynamodb"]["SequenceNumber"] for record in everything(self.client, arn)]
        for kind, at, expected in (("TRIM_HORIZON", None, "abc"), ("AT_SEQUENCE_NUMBER", start, "abc"),
                                   ("AT_SEQUENCE_NUMBER", numbers[1], "bc"), ("AFTER_SEQUENCE_NUMBER", numbers[1], "c"),
                                   ("AFTER_SEQUENCE_NUMBER", numbers[2], ""), ("LATEST", None, "")):
            more = {"SequenceNumber": at} if at else {}
            self.assertEqual("".join(self.names(iterator(self.client, arn, shard, kind, **more))), expected, (kind, at))
        self.assertEqual(self.names(early), ["a", "b", "c"])
        self.assertEqual(self.names(latest), ["c"])
        self.assertEqual(self.names(latest), ["c"])  # an iterator is a place, not a state
        self.assertEqual(self.names(iterator(self.client, arn, shard, "AT_TIMESTAMP", Timestamp=1.5)), ["a", "b", "c"])
        self.assertEqual(self.names(iterator(self.client, arn, shard, "AT_TIMESTAMP", Timestamp=time.time() + 9999)), [])
        for far in (4e9, 1e15, 1e20, 1e30, 1e300):
            self.assertEqual(self.names(iterator(self.client, arn, shard, "AT_TIMESTAMP", Timestamp=far)), [], far)
            self.assertEqual(self.names(iterator(self.client, arn, shard, "AT_TIMESTAMP", Timestamp=-far)), ["a", "b", "c"])

    def test_following(self):
        """Empty pages go on to what comes later; limits cut pages."""
        arn = self.create()
        start = iterator(self.client, arn, shards_of(self.client, arn)[0]["ShardId"], "LATEST")
        for n in range(3):
            for _ in range(2):
                page = self.call("GetRecords", ShardIterator=start)
                self.assertEqual(page["Records"], [])
                start = page["NextShardIterator"]
            self.put(str(n))
            page = self.call("GetRecords", ShardIterator=start, Limit=1)
            self.assertEqual([record["dynamodb"]["Keys"] for record in page["Records"]], [item(str(n))])
            start = page["NextShardIterator"]
        for n in range(1100):
            self.put(f"more{n}")
        page = self.call("GetRecords", ShardIterator=start)
        self.assertEqual(len(page["Records"]), 1000)
        self.assertEqual(len(self.call("GetRecords", ShardIterator=page["NextShardIterator"])["Records"]), 100)

    def test_refusals(self):
        arn = self.create()
        self.put("a")
        shard = shards_of(self.client, arn)[0]["ShardId"]
        one = everything(self.client, arn)[0]["dynamodb"]["SequenceNumber"]
        start = iterator(self.client, arn, shard)
        other = arn[:-1] + ("0" if arn[-1] != "0" else "1")
        get = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        no_stream = (NOT_FOUND, f"Requested resource not found: Stream: {other} not found")
        for operation, request, expected in (
                ("DescribeStream", {"StreamArn": other}, no_stream),
                ("DescribeStream", {"StreamArn": "x" * 50}, (INVALID, "Invalid StreamArn")),
                ("GetShardIterator", {**get, "StreamArn": other}, no_stream),
                ("GetShardIterator", {**get, "StreamArn": "x" * 50}, (INVALID, "Invalid StreamArn")),
                ("GetShardIterator", {**get, "ShardId": "x" * 40}, NO_SHARD),
                ("GetShardIterator", {**get, "ShardId": "shardId-00000000000000000001-00000000"}, NO_SHARD),
                ("GetShardIterator", {**get, "ShardId": shard[:-2] + "fe"}, NO_SHARD),
                ("GetShardIterator", {**get, "SequenceNumber": one}, (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "LATEST", "SequenceNumber": one}, (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AT_SEQUENCE_NUMBER"}, (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}, (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "1" + "0" * 20},
                 (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "9" * 40},
                 (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "x" * 21},
                 (INVALID, None)),
                ("GetShardIterator", {**get, "ShardIteratorType": "AT_TIMESTAMP"}, (INVALID, None)),
                ("GetRecords", {"ShardIterator": "x" * 50}, (INVALID, "Invalid ShardIterator")),
                ("GetRecords", {"ShardIterator": start[:-4]}, (INVALID, "Invalid ShardIterator")),
                ("GetRecords", {"ShardIterator": start.replace("|1|AQ", "|1|Ag")}, (INVALID, "Invalid ShardIterator")),
                ("GetRecords", {"ShardIterator": start.replace("us-east-1", "us-west-1")}, (INVALID, "Invalid ShardIterator")),
                ("GetRecords", {"ShardIterator": start, "Limit": 1001}, (INVALID, None)),
                ("GetRecords", {"ShardIterator": start, "Limit": 0}, (INVALID, None)),
                ("ListStreams", {"Limit": 101}, (INVALID, None)), ("ListStreams", {"Limit": 0}, (INVALID, None)),
                ("ListStreams", {"ExclusiveStartStreamArn": "x" * 50}, (INVALID, "Invalid StreamArn")),
                ("DescribeStream", {"StreamArn": arn, "Limit": 101}, (INVALID, None))):
            kind, text = refused(self.client, operation, request)
            self.assertEqual((kind, text if expected[1] else None), expected, (operation, request))
        self.assertEqual(self.names(start), ["a"])

    def test_expiry(self):
        self.with_flags("--stream-shards", "1", "--stream-iterator-s", "1")
        arn = self.create()
        start = iterator(self.client, arn, shards_of(self.client, arn)[0]["ShardId"])

        def expired():
            try:
                self.call("GetRecords", ShardIterator=start)
            except Exception as error:  # pylint: disable=broad-except
                return error.type
            return None

        self.assertEqual(wait_for(expired, "an expired iterator"), "ExpiredIteratorException")


class LifeTest(Case):
    def test_off_and_on(self):
        """A disabled stream stays readable, closed; a new one has a new label, and their records do not mix."""
        first = self.create()
        self.put("a")
        self.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
        self.assertEqual(latest_arn(self.client, "tab"), first)
        self.put("b")
        described = self.describe(first)
        self.assertEqual((described["StreamStatus"], described["TableName"], described["StreamViewType"]),
                         ("DISABLED", "tab", "NEW_AND_OLD_IMAGES"))
        for shard in shards_of(self.client, first):
            self.assertIn("EndingSequenceNumber", shard["SequenceNumberRange"])
            self.assertIsNone(drain(self.client, iterator(self.client, first, shard["ShardId"]))[1])
            self.assertEqual(drain(self.client, iterator(self.client, first, shard["ShardId"], "LATEST")), ([], None))
        self.call("UpdateTable", TableName="tab", StreamSpecification=spec("KEYS_ONLY"))
        second = latest_arn(self.client, "tab")
        self.assertNotEqual(first, second)
        self.put("c")
        self.assertEqual((self.events(first), self.events(second)), ([("INSERT", "a")], [("INSERT", "c")]))
        listed = self.call("ListStreams", TableName="tab")["Streams"]
        self.assertEqual([stream["StreamArn"] for stream in listed], sorted([first, second]))
        self.assertEqual({stream["StreamLabel"] for stream in listed}, {arn.rpartition("/")[2] for arn in (first, second)})
        self.assertEqual(self.describe(second)["StreamStatus"], "ENABLED")

    def test_labels_differ(self):
        """However fast a stream is switched off and on, and the table made anew."""
        arns = set()
        for _ in range(4):
            arns.add(self.create())
            for _ in range(4):
                self.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
                self.call("UpdateTable", TableName="tab", StreamSpecification=spec())
                arns.add(latest_arn(self.client, "tab"))
            self.call("DeleteTable", TableName="tab")
        self.assertEqual(len(arns), 20)
        self.assertEqual({stream["StreamArn"] for stream in self.call("ListStreams")["Streams"]}, arns)

    def test_table_deletion(self):
        arn = self.create()
        self.put("a")
        self.call("DeleteTable", TableName="tab")
        wait_for(lambda: self.describe(arn)["StreamStatus"] == "DISABLED", "the stream's end")
        self.assertEqual(self.events(arn), [("INSERT", "a")])  # deleting a table removes no item in its stream
        self.assertEqual(self.call("ListStreams", TableName="tab")["Streams"][0]["StreamArn"], arn)

    def test_listing(self):
        arns = sorted(self.create(name) for name in ("aaa", "bbb", "ccc", "ddd", "eee"))
        self.assertEqual([stream["StreamArn"] for stream in self.call("ListStreams")["Streams"]], arns)
        for limit in (1, 2, 4):
            found, request = [], {"Limit": limit}
            while True:
                page = self.call("ListStreams", **request)
                found += [stream["StreamArn"] for stream in page["Streams"]]
                self.assertLessEqual(len(page["Streams"]), limit)
                if "LastEvaluatedStreamArn" not in page:
                    break
                self.assertEqual(page["LastEvaluatedStreamArn"], found[-1])
                request["ExclusiveStartStreamArn"] = found[-1]
            self.assertEqual(found, arns)
        self.call("CreateTable", **{**table("fff"), "StreamSpecification": {"StreamEnabled": False}})
        self.assertEqual(self.call("ListStreams", TableName="fff")["Streams"], [])
        self.assertEqual(self.call("ListStreams", TableName="none"), {"Streams": []})  # which no table is called

    def test_statuses(self):
        self.with_flags("--transition-ms", "300")
        self.call("CreateTable", **table("tab"))
        arn = latest_arn(self.client, "tab")
        seen = [self.describe(arn)["StreamStatus"]]
        wait_for(lambda: self.describe(arn)["StreamStatus"] == "ENABLED", "an enabled stream")
        wait_for(lambda: self.call("DescribeTable", TableName="tab")["Table"]["TableStatus"] == "ACTIVE", "a table")
        self.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
        seen.append(self.describe(arn)["StreamStatus"])
        wait_for(lambda: self.describe(arn)["StreamStatus"] == "DISABLED", "a disabled stream")
        for status, allowed in zip(seen, ({"ENABLING", "ENABLED"}, {"DISABLING", "DISABLED"})):
            self.assertIn(status, allowed)


class TrimTest(Case):
    in_memory = False
    flags = ("--stream-shards", "1", "--stream-shard-records", "3", "--stream-retention-s", "86400")

    def again(self, retention):
        """Starts it anew with another retention, in seconds."""
        self.client.close()
        self.server.stop()
        self.server.flags[-1] = str(retention)
        self.server.start()
        self.client = Client(self.server.url)

    def test_trimming(self):
        """What is older than the retention goes, and whoever asks for it is told; what is younger stays."""
        arn = self.create()
        for n in range(7):
            self.put(f"old{n}")
        shards = shards_of(self.client, arn)
        self.assertEqual(len(shards), 3)
        old = [record["dynamodb"]["SequenceNumber"] for record in everything(self.client, arn)]
        readers = [iterator(self.client, arn, shards[at]["ShardId"], "AT_SEQUENCE_NUMBER", SequenceNumber=old[number_])
                   for at, number_ in ((0, 1), (2, 6))]
        oldest = iterator(self.client, arn, shards[2]["ShardId"])
        self.again(1)
        wait_for(lambda: len(shards_of(self.client, arn)) == 1 and not everything(self.client, arn), "a trimmed stream")
        self.again(86400)
        last = shards_of(self.client, arn)
        self.assertEqual(last, shards[2:])
        for reader in readers:
            self.assertEqual(refused(self.client, "GetRecords", {"ShardIterator": reader}), TRIMMED)
        get = {"StreamArn": arn, "ShardId": shards[0]["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        self.assertEqual(refused(self.client, "GetShardIterator", get), NO_SHARD)
        get = {**get, "ShardId": last[0]["ShardId"], "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
        for number_ in (old[6], last[0]["SequenceNumberRange"]["StartingSequenceNumber"]):
            at = {**get, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": number_}
            self.assertEqual(refused(self.client, "GetShardIterator", at), TRIMMED)
        behind = self.call("GetShardIterator", **get, SequenceNumber=old[6])["ShardIterator"]
        self.put("new")
        for start in (oldest, behind, iterator(self.client, arn, last[0]["ShardId"])):
            records = drain(self.client, start)[0]
            self.assertEqual([record["dynamodb"]["Keys"]["pk"]["S"] for record in records], ["new"])
        self.again(86400)
        self.assertEqual(self.events(arn), [("INSERT", "new")])  # trimmed stays trimmed

    def test_polling_over_idle_time(self):
        """An iterator that has read everything stays good while what it read is trimmed behind it."""
        self.again(1)
        arn = self.create()
        shard = shards_of(self.client, arn)[0]["ShardId"]
        self.put("a")
        start = drain(self.client, iterator(self.client, arn, shard))[1]
        wait_for(lambda: not everything(self.client, arn), "an empty stream")
        records, start = drain(self.client, start)
        self.assertEqual(records, [])
        self.assertIsNotNone(start)

    def test_disabled_goes(self):
        self.again(1)
        arn = self.create()
        self.put("a")
        self.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
        wait_for(lambda: not self.call("ListStreams", TableName="tab")["Streams"], "the stream's removal")
        self.assertEqual(refused(self.client, "DescribeStream", {"StreamArn": arn})[0], NOT_FOUND)


class RestartTest(Case):
    in_memory = False
    flags = ("--stream-shards", "2", "--stream-shard-records", "4")

    def again(self, crash):
        """Another start on the same directory."""
        self.client.close()
        if crash:
            self.server.kill()
        else:
            self.server.stop()
        self.server.start()
        self.client = Client(self.server.url)

    def test_restarts(self):
        """Records, shards, iterators and ends are there after stops and kills, and numbers go on."""
        arn, gone = self.create(), self.create("gone")
        self.put("x", "gone")
        self.call("DeleteTable", TableName="gone")
        replay = Replay()
        for number_ in range(6):
            for n in range(9):
                self.put(f"k{n}", v=f"{number_}")
            if number_ % 2:
                replay.read(self.client, arn)
            before = (shards_of(self.client, arn), shards_of(self.client, gone), everything(self.client, arn))
            self.again(number_ % 3 == 0)
            self.assertEqual((shards_of(self.client, arn), shards_of(self.client, gone), everything(self.client, arn)),
                             before)
            self.assertEqual(self.events(gone), [("INSERT", "x")])
        replay.read(self.client, arn)
        self.assertEqual(replay.records, 54)
        self.assertEqual(self.describe(gone)["StreamStatus"], "DISABLED")
        self.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
        ended = shards_of(self.client, arn)
        self.again(True)
        self.assertEqual(self.describe(arn)["StreamStatus"], "DISABLED")
        self.assertEqual([shard["ShardId"] for shard in shards_of(self.client, arn)], [shard["ShardId"] for shard in ended])


class ClockTest(Case):
    in_memory = False
    flags = ("--stream-shards", "1", "--stream-iterator-s", "86400")

    def again(self, ahead):
        """Another start, with a clock so many seconds ahead."""
        self.client.close()
        self.server.stop()
        self.clock.set(ahead)
        self.server.start()
        self.client = Client(self.server.url)

    def setUp(self):
        self.clock = Clock()
        self.flags = (*self.flags, "--clock-file", self.clock.path)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.clock.close()

    def test_a_clock_put_back_over_a_restart(self):
        """Whatever the clock shows, a consumer goes on where it was. A cancelled transaction uses a number up, which the
        restart does not know of."""
        arn = self.create()
        shard = shards_of(self.client, arn)[0]["ShardId"]
        start, last = iterator(self.client, arn, shard), 0
        for ahead, back in ((3600, 0), (7200, -7200), (-3600, 10800), (0, -10800)):
            self.clock.set(ahead)
            self.put("a", v=str(ahead))
            self.clock.set(ahead + 1800)
            self.assertEqual(refused(self.client, "TransactWriteItems", {"TransactItems": [
                {"Put": {"TableName": "tab", "Item": item("b")}},
                {"ConditionCheck": {"TableName": "tab", "Key": item("c"), "ConditionExpression": "attribute_exists(pk)"}},
            ]})[0], "TransactionCanceledException")
            records, start = drain(self.client, start)
            latest = iterator(self.client, arn, shard, "LATEST")
            self.again(back)
            self.put("a", v=f"{ahead} {back}")
            following, start = drain(self.client, start)
            self.assertEqual(drain(self.client, latest)[0], following)
            self.assertEqual([record["dynamodb"]["NewImage"]["v"]["S"] for record in records + following],
                             [str(ahead), f"{ahead} {back}"])
            for record in records + following:
                self.assertGreater(number(record), last)
                last = number(record)


class ConcurrencyTest(Case):
    flags = ("--stream-shards", "2", "--stream-shard-records", "50")
    writers, writes = 6, 250

    def test_readers_miss_nothing(self):
        """Readers follow every shard while many write the same few items: nothing is missed, twice or out of order."""
        arn = self.create()
        errors = []

        def write(seed):
            client = Client(self.server.url)
            try:
                for n in range(self.writes):
                    pk = f"k{(n * 7 + seed) % 5}"
                    if n % 9 == 8:
                        client.call("DeleteItem", {"TableName": "tab", "Key": item(pk)})
                    else:
                        client.call("PutItem", {"TableName": "tab", "Item": item(pk, v=f"{seed}-{n}")})
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)
            client.close()

        threads = [threading.Thread(target=write, args=(seed,)) for seed in range(self.writers)]
        for thread in threads:
            thread.start()
        replay = Replay()
        while any(thread.is_alive() for thread in threads):
            replay.read(self.client, arn)
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        replay.read(self.client, arn)
        replay.read(self.client, arn)  # a shard whose parent was done in the last call
        items = {one["pk"]["S"]: one for one in self.call("Scan", TableName="tab")["Items"]}
        self.assertEqual({one["pk"]["S"]: one for one in replay.items.values()}, items)
        again = Replay()
        again.read(self.client, arn)
        self.assertEqual((again.records, again.items), (replay.records, replay.items))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The tail of a stream with a shard that always has more: the others have their turns all the same."""
import json
import os
import subprocess
import unittest

from bad_server import BadServer, ok
from server import find_binary

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/2026-01-01T00:00:00.000"


class Stream:
    """Shards of which the busy ones always have another record and the others so many, one in an answer."""

    def __init__(self, shards, busy, records):
        self.left = {str(shard): None if shard in busy else records for shard in range(shards)}
        self.reads = []  # the shards that were read, in order

    def step(self, connection, request):
        answer = getattr(self, request.headers["x-amz-target"].rpartition(".")[2])(json.loads(request.body))
        return ok(json.dumps(answer).encode())(connection, request)

    def DescribeStream(self, _):
        return {"StreamDescription": {"StreamArn": ARN, "StreamStatus": "ENABLED", "Shards": [
            {"ShardId": shard, "SequenceNumberRange": {"StartingSequenceNumber": "1"}} for shard in self.left]}}

    def GetShardIterator(self, body):
        return {"ShardIterator": body["ShardId"]}

    def GetRecords(self, body):
        shard = body["ShardIterator"]
        self.reads.append(shard)
        if self.left[shard] == 0:
            return {"Records": [], "NextShardIterator": shard}
        if self.left[shard] is not None:
            self.left[shard] -= 1
        return {"NextShardIterator": shard, "Records": [
            {"eventID": shard, "eventName": "INSERT", "dynamodb": {"SequenceNumber": str(len(self.reads))}}]}


class Fair(unittest.TestCase):
    def follow(self, stream, count):
        with BadServer([stream.step]) as server:
            done = subprocess.run([find_binary("client_follow"), ARN, str(count)], text=True, capture_output=True, timeout=110,
                                  env={**os.environ, "STATOR_ENDPOINT": server.url, "AWS_REGION": "us-east-1",
                                       "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_each_has_its_turn(self):
        """While all have records, every one is read once before one is read again; wherever the busy ones stand."""
        for busy in {0}, {19}, {0, 7, 19}:
            said = self.follow(Stream(shards=20, busy=busy, records=5), 100)
            for first in range(0, 100, 20):
                self.assertEqual(sorted(map(int, said[first:first + 20])), list(range(20)))

    def test_the_empty_ones_are_looked_at(self):
        """Those that have had nothing for a while are asked again, as often as they want, whatever the busy one has."""
        stream = Stream(shards=5, busy={2}, records=1)
        self.assertEqual(sorted(set(self.follow(stream, 1000))), list("01234"))
        for shard in "0134":
            self.assertGreater(stream.reads.count(shard), 1)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Batches against a server that never does all it is asked for: the writer and the reader go on until all is done, and
give up, saying what is left, when nothing moves any more."""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import find_binary  # noqa: E402

THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow down"}


class Little(http.server.BaseHTTPRequestHandler):
    """Does what `share` says of each batch (how many of so many), and throttles every `throttle`th request."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self.server
        state.requests += 1
        if state.throttle and state.requests % state.throttle == 0:
            return self.answer(400, THROTTLED)
        if self.headers["X-Amz-Target"].endswith("BatchWriteItem"):
            return self.answer(200, self.write(body["RequestItems"]["T"]))
        return self.answer(200, self.read(body["RequestItems"]["T"]["Keys"]))

    def write(self, requests):
        done = self.server.share(len(requests))
        self.server.written += [request["PutRequest"]["Item"]["pk"]["S"] for request in requests[:done]]
        left = {"T": requests[done:]} if done < len(requests) else {}
        return {"UnprocessedItems": left}

    def read(self, keys):
        done = self.server.share(len(keys))
        left = {"T": {"Keys": keys[done:]}} if done < len(keys) else {}
        return {"Responses": {"T": keys[:done]}, "UnprocessedKeys": left}

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Leftover(unittest.TestCase):
    def run_against(self, share, throttle=0):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Little)
        server.share, server.throttle, server.requests, server.written = share, throttle, 0, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            done = subprocess.run([str(find_binary("client_leftover"))], text=True, capture_output=True, timeout=110,
                                  env={**os.environ, "STATOR_ENDPOINT": f"http://127.0.0.1:{server.server_port}"})
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return server, done.stdout.splitlines()

    def test_all_is_sent_again_until_it_is_done(self):
        server, said = self.run_against(lambda n: (n + 1) // 2)
        self.assertEqual(sorted(server.written), sorted(map(str, range(60))))
        self.assertEqual(said, ["written 60 rc 0 left ", "read 60 rc 0"])

    def test_a_throttled_batch_is_sent_again(self):
        server, said = self.run_against(lambda n: n, throttle=2)
        self.assertEqual(sorted(server.written), sorted(map(str, range(60))))
        self.assertEqual(said, ["written 60 rc 0 left ", "read 60 rc 0"])

    def test_it_gives_up_when_nothing_moves(self):
        stuck = iter([25, 7])
        server, said = self.run_against(lambda n: next(stuck, 0))
        self.assertEqual(len(server.written), 32)
        left = json.loads(said[0].split(" left ")[1])
        self.assertEqual([request["PutRequest"]["Item"]["pk"]["S"] for request in left], [str(i) for i in range(32, 50)])
        self.assertRegex(said[0], r"^written 32 rc (?!0)\d+ ")
        self.assertRegex(said[1], r"^read 0 rc (?!0)\d+$")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""A tiny DynamoDB client for tests: one keep-alive connection, JSON in and out, nothing retried, nothing hidden.

    client = Client("http://127.0.0.1:8000")
    client.call("PutItem", {"TableName": "t", "Item": {...}})   # the answer, or DynamoError
    client.raw("PutItem", b"{}")                                # (status, headers, body)

Of every answer it checks what must be true of all of them: length, checksum, request id, JSON.
"""
import http.client
import json
import re
import time
import urllib.parse
import zlib

AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + "0" * 64)
STREAMS = {"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"}
REQUEST_ID = re.compile(r"[0-9A-Z]{52}")
LOST = (OSError, http.client.HTTPException)  # what a call raises when the server goes away


class DynamoError(Exception):
    """An error that the service reports: type without its prefix, the message, the whole body."""

    def __init__(self, status, body):
        self.status, self.body = status, body
        self.prefix, _, self.type = body.get("__type", "").rpartition("#")
        self.message = body.get("message", body.get("Message", ""))
        super().__init__(f"{status} {self.type}: {self.message}")


class Client:
    def __init__(self, endpoint, timeout=30):
        self.address = urllib.parse.urlsplit(endpoint)
        self.timeout, self.connection = timeout, None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def raw(self, operation, body, headers=None):
        """One exchange of bytes. Raises one of LOST when there is no answer; the next call connects anew."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=self.timeout)
        service = "DynamoDBStreams_20120810." if operation in STREAMS else "DynamoDB_20120810."
        sent = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": service + operation,
                "X-Amz-Date": "20260101T000000Z", "Authorization": AUTHORIZATION, **(headers or {})}
        try:
            self.connection.request("POST", "/", body, sent)
            response = self.connection.getresponse()
            answer = response.read()
        except LOST:
            self.close()
            raise
        if response.will_close:
            self.close()
        self.check(response, answer)
        return response.status, response.headers, answer

    @staticmethod
    def check(response, answer):
        crc = response.headers.get("x-amz-crc32")
        if crc is not None and int(crc) != zlib.crc32(answer):
            raise AssertionError(f"x-amz-crc32 is {crc}, of the body it is {zlib.crc32(answer)}")
        if not REQUEST_ID.fullmatch(response.headers.get("x-amzn-RequestId", "")):
            raise AssertionError(f"no request id: {response.headers.items()}")

    def call(self, operation, request):
        status, _, answer = self.raw(operation, json.dumps(request).encode())
        body = json.loads(answer) if answer else {}
        if status != 200:
            raise DynamoError(status, body)
        return body

    def table_is(self, table, ready, seconds=30):
        """Waits until ready(description) holds; an absent table is None. Returns the description."""
        end = time.monotonic() + seconds
        while True:
            try:
                description = self.call("DescribeTable", {"TableName": table})["Table"]
            except DynamoError as error:
                if error.type != "ResourceNotFoundException":
                    raise
                description = None
            if ready(description):
                return description
            if time.monotonic() > end:
                raise AssertionError(f"{table} is still {description}")
            time.sleep(0.01)

    def create_table(self, request):
        """Creates a table and waits until it and its indexes are ACTIVE."""
        self.call("CreateTable", request)
        return self.table_is(request["TableName"], is_active)

    def delete_table(self, table):
        self.call("DeleteTable", {"TableName": table})
        self.table_is(table, lambda description: description is None)


def is_active(description):
    return (description is not None and description["TableStatus"] == "ACTIVE" and
            all(index["IndexStatus"] == "ACTIVE" for index in description.get("GlobalSecondaryIndexes", [])))


def pages(client, operation, request, most=1_000_000):
    """All pages of a Query or Scan."""
    request = dict(request)
    for _ in range(most):
        page = client.call(operation, request)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise AssertionError(f"{operation} does not end: more than {most} pages")


def all_items(client, operation, request):
    return [item for page in pages(client, operation, request) for item in page["Items"]]

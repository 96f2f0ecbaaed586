# SPDX-License-Identifier: Apache-2.0
"""Requests as bytes, made once, and answers read without looking into them: an attacker who costs the machine little."""
import gzip
import json
import socket

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
HEALTH = b"GET /_stator/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


OF_STREAMS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")


def head(operation, length, key="x", more=""):
    service = "DynamoDBStreams" if operation in OF_STREAMS else "DynamoDB"
    return (f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"X-Amz-Target: {service}_20120810.{operation}\r\nX-Amz-Date: 20260101T000000Z\r\n"
            f"Authorization: {AUTHORIZATION % key}\r\n{more}Content-Length: {length}\r\n\r\n").encode()


def request(operation, body, key="x", compressed=False, more=""):
    """body: bytes, or what becomes JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body, separators=(",", ":")).encode()
    if compressed:
        body, more = gzip.compress(body), more + "Content-Encoding: gzip\r\n"
    return head(operation, len(body), key, more) + body


def connect(port, timeout=60, receive_buffer=None):
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(timeout)
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def content_length(header):
    at = header.lower().find(b"content-length:")
    return 0 if at < 0 else int(header[at + 15:].split(b"\r\n", 1)[0])


def read(sock):
    """One answer: (status, body). ConnectionError when there is none."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionError("closed before an answer")
        got += piece
    header, _, body = got.partition(b"\r\n\r\n")
    parts, left = [body], content_length(header) - len(body)
    while left > 0:
        piece = sock.recv(1 << 20)
        if not piece:
            raise ConnectionError("closed inside an answer")
        parts.append(piece)
        left -= len(piece)
    return int(header[9:12]), b"".join(parts)


def ask(port, data, sock=None, timeout=60):
    """One request and its answer, on a connection of its own unless one is given."""
    own = sock is None
    sock = sock or connect(port, timeout)
    try:
        sock.sendall(data)
        return read(sock)
    finally:
        if own:
            sock.close()


def call(port, operation, body, **more):
    """An operation that must succeed."""
    status, answer = ask(port, request(operation, body, **more))
    if status != 200:
        raise AssertionError(f"{operation}: {status} {answer[:300]!r}")
    return json.loads(answer) if answer else {}


def create_table(port, name, sort=False, indexes=0, **more):
    """indexes: global ones of all attributes, on g0, g1 ..."""
    keys = [("pk", "HASH")] + [("sk", "RANGE")] * sort
    if indexes:
        more["GlobalSecondaryIndexes"] = [{"IndexName": f"index{i}", "KeySchema": [{"AttributeName": f"g{i}", "KeyType": "HASH"}],
                                           "Projection": {"ProjectionType": "ALL"}} for i in range(indexes)]
    return call(port, "CreateTable", {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **more,
                                      "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in [key for key, _ in keys] +
                                                               [f"g{i}" for i in range(indexes)]],
                                      "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys]})


def put(port, table, item):
    call(port, "PutItem", {"TableName": table, "Item": item})

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the cases of tests/vectors/sigv4, signed by the botocore that this Python has (README.md)."""
import datetime
import hashlib
import json
import pathlib
import shutil
import unittest.mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

HERE = pathlib.Path(__file__).resolve().parent / "sigv4"
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TOKEN = "IQoJb3JpZ2luX2VjEND//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+/abc=="
HOST = "example.amazonaws.com"
NOON = "2015-08-30T12:36:00Z"
TARGET = "DynamoDB_20120810."
FORM = "application/x-www-form-urlencoded"


def case(name, target="/", method="GET", headers=(), body="", host=HOST, **context):
    return name, target, method, headers, body, host, context


def dynamodb(name, operation, body, host="dynamodb.us-east-1.amazonaws.com", service=TARGET, **context):
    headers = [("X-Amz-Target", service + operation), ("Content-Type", "application/x-amz-json-1.0")]
    return case(name, "/", "POST", headers, body, host, **{"service": "dynamodb", **context})


CASES = [
    case("get", presigned=True),
    case("get-session-token", token=TOKEN, presigned=True),
    case("get-first-second", timestamp="1970-01-01T00:00:00Z"),
    case("get-leap-day", timestamp="2024-02-29T23:59:59Z"),
    case("get-new-year", timestamp="2026-12-31T23:59:59Z"),
    case("get-last-second", timestamp="9999-12-31T23:59:59Z"),
    case("get-port", host="localhost:8000"),
    case("get-query-order", "/?b=2&a=1&B=3&a-b=4&a=0"),
    case("get-query-empty-value", "/?b=&a=1"),
    case("get-query-escapes", "/?x=%2Fa%20b%3D&%E1%88%B4=%25", presigned=True),
    case("get-query-unreserved", "/?-._~09AZaz=-._~09AZaz"),
    case("get-path-names", "/a/b-c/d_e~f.g/"),
    case("get-path-dots", "/a/./b/../c/", presigned=True),
    case("get-path-dots-at-end", "/a/b/.."),
    case("get-path-dots-above-root", "/../../a/.."),
    case("get-path-slashes", "//a///b//"),
    case("get-path-space", "/a b/"),
    case("get-path-utf8", "/\u1234", presigned=True),
    case("get-path-escapes", "/a%20b/%E1%88%B4"),
    case("get-path-signs", "/a=b:c@d$e&f,g;h+i!j*k(l)'"),
    case("get-path-of-s3", "/a/../b//c%20d/.", service="s3", s3=True),
    case("get-header-repeated", headers=[("X-B", "2"), ("X-A", "one"), ("X-B", "1"), ("X-B", "2")],
         presigned=True),
    case("get-header-trimmed", headers=[("X-A", "  a   b\tc  "), ("X-B", ' "x   y" ')]),
    case("get-header-folded", headers=[("X-A", "one\n  two\n     three")]),
    case("get-header-empty", headers=[("X-A", ""), ("X-B", "  ")]),
    case("get-header-order", headers=[("zoo", "1"), ("x-amz-meta", "2"), ("X-Amz-Date-Not", "3"), ("Accept", "4"),
                                      ("a_b", "5"), ("A-B", "6"), ("A", "7")]),
    case("post", method="POST"),
    case("post-form", method="POST", headers=[("Content-Type", FORM)], body="Param1=value1"),
    case("post-body-hash", method="POST", headers=[("Content-Type", FORM + "; charset=utf-8")], body="Param1=value1",
         sign_body=True),
    case("put-body-of-two-lines", "/x", "PUT", body="one\n\ntwo\n"),
    dynamodb("dynamodb-put-item", "PutItem",
             '{"TableName":"Users","Item":{"pk":{"S":"a"},"n":{"N":"1.5"},"tags":{"SS":["x","y"]}}}'),
    dynamodb("dynamodb-get-item-token", "GetItem", '{"TableName":"Users","Key":{"pk":{"S":"a"}}}', token=TOKEN),
    dynamodb("dynamodb-query-utf8", "Query", '{"TableName":"Café","KeyConditionExpression":"pk = :p",'
             '"ExpressionAttributeValues":{":p":{"S":"日本\U0001F600"}}}', host="dynamodb.eu-central-1.amazonaws.com",
             region="eu-central-1", timestamp="2026-11-22T18:45:09Z"),
    dynamodb("dynamodb-list-tables-local", "ListTables", "{}", host="localhost:8000", region="local"),
    dynamodb("dynamodb-streams", "GetRecords", '{"ShardIterator":"x"}', service="DynamoDBStreams_20120810.",
             host="streams.dynamodb.ap-southeast-2.amazonaws.com", region="ap-southeast-2"),
    dynamodb("dynamodb-body-hash", "DescribeTable", '{"TableName":"Users"}', host="127.0.0.1:8000", sign_body=True),
]


def context_of(given):
    key, secret = KEY
    credentials = {"access_key_id": key, "secret_access_key": secret}
    if "token" in given:
        credentials["token"] = given["token"]
    context = {"credentials": credentials, "normalize": True, "region": given.get("region", "us-east-1"),
               "service": given.get("service", "service"), "sign_body": given.get("sign_body", False),
               "timestamp": given.get("timestamp", NOON)}
    if given.get("s3"):
        context.update({"normalize": False, "escape": False})
    return context


def text_of(method, target, headers, body):
    return "".join([f"{method} {target} HTTP/1.1\n"] + [f"{name}:{value}\n" for name, value in headers]) + "\n" + body


def sent_at(context):
    """While this lasts it is the time of the case."""
    now = datetime.datetime.fromisoformat(context["timestamp"].replace("Z", "+00:00"))
    return unittest.mock.patch("botocore.auth.get_current_datetime", return_value=now)


def make_request(kind, method, target, headers, body, host, context):
    credentials = botocore.credentials.Credentials(*context["credentials"].values())
    request = botocore.awsrequest.AWSRequest(method=method, url=f"http://{host}{target}", data=body.encode())
    for name, value in headers:
        request.headers.add_header(name, value)
    return kind(credentials, context["service"], context["region"]), request


def presign(method, target, headers, body, host, context):
    """The target with all that botocore adds to it."""
    signer, request = make_request(botocore.auth.SigV4QueryAuth, method, target, headers, body, host, context)
    with sent_at(context):
        signer.add_auth(request)
    return request.url.removeprefix(f"http://{host}")


def sign(method, target, headers, body, host, context):
    """The stages and the headers that botocore adds."""
    kind = botocore.auth.SigV4Auth if context.get("escape", True) else botocore.auth.S3SigV4Auth
    signer, request = make_request(kind, method, target, headers, body, host, context)
    with sent_at(context):
        signer.add_auth(request)
    # Again with what it has added but the signature: it does not keep the stages.
    del request.headers["Authorization"]
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    signature = signer.signature(to_sign, request)
    signer._inject_signature_to_request(request, signature)
    names = ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"]
    return canonical, to_sign, signature, [(name, request.headers[name]) for name in names if name in request.headers]


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    for name, target, method, headers, body, host, given in CASES:
        context = context_of(given)
        headers = [("Host", host), *headers]
        if body:
            headers.append(("Content-Length", str(len(body.encode()))))
        sent = list(headers)
        if context["sign_body"] or "escape" in context:
            sent.append(("X-Amz-Content-Sha256", hashlib.sha256(body.encode()).hexdigest()))
            context["sign_body"] = True
        canonical, to_sign, signature, added = sign(method, target, sent, body, host, context)
        files = {"context.json": json.dumps(context, indent=4) + "\n",
                 "request.txt": text_of(method, target, headers, body),
                 "header-canonical-request.txt": canonical,
                 "header-string-to-sign.txt": to_sign,
                 "header-signature.txt": signature,
                 "header-signed-request.txt": text_of(method, target, sent + added, body)}
        if given.get("presigned"):
            target = presign(method, target, sent, body, host, context)
            files["query-signed-request.txt"] = text_of(method, target, sent, body)
        (HERE / name).mkdir(parents=True)
        for file, text in files.items():
            (HERE / name / file).write_bytes(text.encode())


if __name__ == "__main__":
    main()

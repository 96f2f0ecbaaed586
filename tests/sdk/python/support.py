# SPDX-License-Identifier: Apache-2.0
"""What the suites share: clients, tables of their own, the cases, and how an answer is compared with what it must have."""
import base64
import json
import os
import pathlib
import re
import time
import uuid
import zlib

import boto3
import botocore.config
import botocore.exceptions

ENDPOINT = os.environ.get("STATOR_ENDPOINT", "http://127.0.0.1:8000")
CASES = pathlib.Path(__file__).resolve().parents[1] / "cases"
CONFIG = botocore.config.Config(retries={"total_max_attempts": 1}, max_pool_connections=40, parameter_validation=False)
SESSION = {"region_name": "eu-central-1", "aws_access_key_id": "test.key-1", "aws_secret_access_key": "secret"}


def check_crc(response_dict, **_):
    """Of every answer: x-amz-crc32 is the checksum of the body."""
    stated, actual = response_dict["headers"].get("x-amz-crc32"), zlib.crc32(response_dict["body"])
    if stated != str(actual):
        raise AssertionError(f"x-amz-crc32 is {stated}, of the body {actual}")


def client_for(url):
    client_ = boto3.client("dynamodb", endpoint_url=url, config=CONFIG, **SESSION)
    client_.meta.events.register("before-parse.dynamodb", check_crc)
    return client_


client = client_for(ENDPOINT)


def load_cases(name):
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def send(operation, **members):
    """An operation by its name in the API."""
    return getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())(**members)


# --- Tables ---


def unique_name():
    return f"py-{uuid.uuid4().hex[:12]}"


def key(hash_name, range_name=None):
    schema = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


def define(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


TABLE_KINDS = {
    "hash": {"AttributeDefinitions": define(pk="S"), "KeySchema": key("pk")},
    "range": {"AttributeDefinitions": define(pk="S", sk="S"), "KeySchema": key("pk", "sk")},
    "rangeN": {"AttributeDefinitions": define(pk="S", sk="N"), "KeySchema": key("pk", "sk")},
    "rangeB": {"AttributeDefinitions": define(pk="S", sk="B"), "KeySchema": key("pk", "sk")},
    "indexed": {
        "AttributeDefinitions": define(pk="S", sk="S", l="N", g="S"),
        "KeySchema": key("pk", "sk"),
        "LocalSecondaryIndexes": [
            {"IndexName": "local", "KeySchema": key("pk", "l"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "global", "KeySchema": key("g", "l"),
             "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["inc"]}}],
    },
}
WAIT = {"Delay": 0.05, "MaxAttempts": 200}


def create_table(kind, to=None):
    to = to or client
    name = unique_name()
    to.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **TABLE_KINDS[kind])
    to.get_waiter("table_exists").wait(TableName=name, WaiterConfig=WAIT)
    return name


def fill(table, count):
    """What `setup.count` of a scenario asks for."""
    for i in range(count):
        client.put_item(TableName=table, Item={"pk": {"S": "p"}, "sk": {"S": f"{i:02}"}, "n": {"N": str(i)}, "odd": {"N": str(i % 2)}})


# --- DynamoDB JSON and boto3's form of it ---


def to_sdk(value, table=""):
    """Base64 texts of the cases become bytes; {x*5} becomes xxxxx and {table} the table's name."""
    if isinstance(value, str):
        repeated = re.fullmatch(r"\{x\*(\d+)\}", value)
        return "x" * int(repeated.group(1)) if repeated else value.replace("{table}", table)
    if isinstance(value, list):
        return [to_sdk(element, table) for element in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, member in value.items():
        if name == "B" and isinstance(member, str):
            out[name] = base64.b64decode(member)
        elif name == "BS" and isinstance(member, list):
            out[name] = [base64.b64decode(element) for element in member]
        else:
            out[name.replace("{table}", table)] = to_sdk(member, table)
    return out


def plain(value):
    """Bytes become base64, sets are sorted: answers and cases can be compared."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [plain(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {name: sorted(plain(member)) if name in ("SS", "NS", "BS") and isinstance(member, list) else plain(member)
            for name, member in value.items()}


def placeholders(expression, names=None, values=None):
    """The names and values that an expression uses, of those given."""
    used = set(re.findall(r"[#:]\w+", expression))
    names = {name: text for name, text in (names or {}).items() if name in used}
    values = {name: value for name, value in (values or {}).items() if name in used}
    members = {}
    if names:
        members["ExpressionAttributeNames"] = names
    if values:
        members["ExpressionAttributeValues"] = to_sdk(values)
    return members


# --- Comparing ---

WHOLE = {"Item", "Items", "Attributes", "LastEvaluatedKey", "ItemCollectionKey", "Responses", "UnprocessedItems", "UnprocessedKeys"}
ENVELOPE = "1 validation error detected: "


def assert_has(test, actual, expected, where="answer"):
    """actual has what expected has; see ../cases/README.md."""
    if expected is None:
        test.assertIsNone(actual, f"{where} must be absent")
    elif isinstance(expected, list):
        test.assertIsNotNone(actual, f"{where} is missing")
        test.assertEqual(len(actual), len(expected), f"length of {where}")
        for i, element in enumerate(expected):
            assert_has(test, actual[i], element, f"{where}[{i}]")
    elif isinstance(expected, dict):
        test.assertIsNotNone(actual, f"{where} is missing")
        for name, member in expected.items():
            if name in WHOLE and member is not None:
                test.assertEqual(plain(actual.get(name)), plain(member), f"{where}.{name}")
            else:
                assert_has(test, actual.get(name), member, f"{where}.{name}")
    else:
        test.assertEqual(actual, expected, where)


def assert_refused(test, expected, call, *arguments, **members):
    """call fails with expected, "Name: message"; "..." in it stands for anything. Returns the error."""
    try:
        answer = call(*arguments, **members)
    except botocore.exceptions.ClientError as error:
        actual = "{Code}: {Message}".format(**{"Message": ""} | error.response["Error"]).replace(ENVELOPE, "", 1)
        pattern = ".*".join(re.escape(part) for part in expected.split("..."))
        if not re.fullmatch(pattern, actual, re.DOTALL):
            test.assertEqual(actual, expected)
        return error
    answer.pop("ResponseMetadata", None)
    return test.fail(f"answered {answer} instead of {expected}")


def until(attempt):
    """Repeats the attempt until it does not fail, for at most ten seconds."""
    end = time.monotonic() + 10
    while True:
        try:
            return attempt()
        except (AssertionError, botocore.exceptions.ClientError):
            if time.monotonic() > end:
                raise
            time.sleep(0.03)

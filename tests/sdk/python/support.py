# SPDX-License-Identifier: Apache-2.0
"""What the suites share: clients, tables of their own, boto3's form of the cases and its errors as tests compare them."""
import base64
import os
import zlib

import boto3
import botocore.config
import botocore.exceptions

import cases
from cases import TABLE_KINDS, define, key, load_cases, unique_name  # pylint: disable=unused-import

ENDPOINT = os.environ.get("STATOR_ENDPOINT", "http://127.0.0.1:8000")
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


def call(to, operation, members):
    """An operation by its name in the API, in boto3's form."""
    return getattr(to, botocore.xform_name(operation))(**members)


# --- Tables ---

WAIT = {"Delay": 0.05, "MaxAttempts": 1200}


def create_table(kind, to=None):
    to = to or client
    name = unique_name()
    to.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **TABLE_KINDS[kind])
    to.get_waiter("table_exists").wait(TableName=name, WaiterConfig=WAIT)
    return name


# --- DynamoDB JSON and boto3's form of it ---


def to_sdk(value):
    """Base64 texts of the cases become bytes; {x*5} becomes xxxxx."""
    return cases.map_binary(cases.expand(value), base64.b64decode)


def to_api(value):
    """Bytes become base64 again; what is base64 stays."""
    return cases.map_binary(value, lambda binary: binary if isinstance(binary, str) else base64.b64encode(binary).decode())


def plain(value):
    """Answers and cases can be compared: in base64, with sets sorted."""
    return cases.in_order(to_api(value))


def placeholders(expression, names=None, values=None):
    return to_sdk(cases.placeholders(expression, names, values))


# --- Comparing ---


def error_text(error):
    return "{Code}: {Message}".format(**{"Message": ""} | error.response["Error"])


def assert_refused(test, expected, call, *arguments, **members):
    """call fails with expected, "Name: message"; "..." in it stands for anything. Returns the error."""
    try:
        answer = call(*arguments, **members)
    except botocore.exceptions.ClientError as error:
        cases.assert_message(test, error_text(error), expected)
        return error
    answer.pop("ResponseMetadata", None)
    return test.fail(f"answered {answer} instead of {expected}")


def until(attempt):
    """Repeats the attempt until it does not fail, for at most a minute."""
    return cases.until(attempt, botocore.exceptions.ClientError)

# SPDX-License-Identifier: Apache-2.0
"""Makes a directory that is kept, for the upgrade test: STATOR_BIN=<an older build> python3 tests/trust/make_kept.py <name>

Its kept/<name>.tar.gz has data/, as a kill -9 left it after a clean stop and more writes, and told.json: the moment, the items of
tables and indexes, the streams' records, the request of a transaction with its token. What that build cannot do is left out."""
import io
import json
import pathlib
import random
import sys
import tarfile
import tempfile
import time

import trust  # pylint: disable=unused-import

import dynamo
import ledger
from server import Server
from streams import everything, latest_arn

KEPT = pathlib.Path(__file__).resolve().parent / "kept"
VALUES = [{"S": "ä€𝄞"}, {"N": "-1.5E-100"}, {"N": "123456789012345678901234567890"}, {"B": "AAEC/w=="}, {"BOOL": True}, {"NULL": True},
          {"SS": ["a", "b"]}, {"NS": ["1", "2.5"]}, {"BS": ["AA=="]}, {"L": [{"S": ""}, {"M": {}}]}, {"M": {"x": {"L": []}}},
          {"N": "1" + "0" * 100}, {"S": "long" * 500}]


def can(client, operation, request):
    try:
        return client.call(operation, request)
    except dynamo.DynamoError as error:
        if error.type in ("UnknownOperationException", "InternalServerError", "ValidationException", "SerializationException"):
            return None
        raise


def token_request(mark):
    return {"ClientRequestToken": "kept-token", "TransactItems": [{"Update": {
        "TableName": "crash", "Key": {"pk": {"S": "once"}, "sk": {"N": "0"}}, "UpdateExpression": "ADD c :one SET v = :v",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":v": {"S": mark}}}}]}


def fill(client, chance, first, last):
    for number in range(first, last):
        item = {"pk": {"S": f"p{number % 7}"}, "sk": {"N": str(number)}, "v": chance.choice(VALUES), "n": {"N": str(chance.randrange(50))}}
        if chance.random() < 0.8:
            item["g"] = {"S": chance.choice(ledger.GROUPS)}
        client.call("PutItem", {"TableName": "crash", "Item": item})
        if chance.random() < 0.2:
            client.call("DeleteItem", {"TableName": "crash", "Key": {"pk": item["pk"], "sk": item["sk"]}})
        client.call("PutItem", {"TableName": "ending", "Item": {"pk": {"S": f"e{number}"}, "exp": {"N": str(4_000_000_000 + number)}}})


def contents(client):
    """What is there, for make and for check: everything in an order of its own."""
    order = lambda items: sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    out = {}
    for table in ("crash", "ending"):
        described = client.call("DescribeTable", {"TableName": table})["Table"]
        indexes = described.get("GlobalSecondaryIndexes", []) + described.get("LocalSecondaryIndexes", [])
        out[table] = {"count": described["ItemCount"], "arn": described.get("LatestStreamArn"),
                      "items": order(dynamo.all_items(client, "Scan", {"TableName": table, "ConsistentRead": True}))}
        for index in indexes:
            out[table][index["IndexName"]] = [index["ItemCount"], order(dynamo.all_items(
                client, "Scan", {"TableName": table, "IndexName": index["IndexName"]}))]
    out["time to live"] = can(client, "DescribeTimeToLive", {"TableName": "ending"})
    out["tags"] = can(client, "ListTagsOfResource", {"ResourceArn": described["TableArn"]})
    return out


def records(client, arn):
    """Of the stream: what is in the records, in each item's order."""
    return sorted(([json.dumps(record["dynamodb"]["Keys"], sort_keys=True), int(record["dynamodb"]["SequenceNumber"]), record["eventID"],
                    record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")] for record in everything(client, arn)),
                  key=lambda row: (row[0], row[1]))


def main():
    name, chance = sys.argv[1], random.Random(1)
    with tempfile.TemporaryDirectory(prefix="stator-kept-") as folder:
        server = Server(data_dir=pathlib.Path(folder) / "data")
        server.start()
        client = dynamo.Client(server.url)
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
        try:
            client.create_table({**ledger.table_request("crash"), **stream})
        except dynamo.DynamoError:
            client.create_table(ledger.table_request("crash"))
        client.create_table({"TableName": "ending", "BillingMode": "PAY_PER_REQUEST", "KeySchema": ledger.key_schema(["pk"]),
                             "AttributeDefinitions": [ledger.attribute("pk", "S")]})
        can(client, "UpdateTimeToLive", {"TableName": "ending", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "exp"}})
        can(client, "TagResource", {"ResourceArn": client.call("DescribeTable", {"TableName": "ending"})["Table"]["TableArn"],
                                    "Tags": [{"Key": "kept", "Value": name}]})
        fill(client, chance, 0, 80)
        client.close()
        server.stop()
        server.start()
        client = dynamo.Client(server.url)
        fill(client, chance, 80, 140)
        token = can(client, "TransactWriteItems", token_request(name)) is not None
        told = {"time": int(time.time()), "made by": name, "token": token, **contents(client)}
        arn = told["crash"]["arn"]
        told["records"] = records(client, arn) if arn and can(client, "DescribeStream", {"StreamArn": arn}) else None
        server.kill()
        KEPT.mkdir(exist_ok=True)
        with tarfile.open(KEPT / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(server.data_dir, "data")
            text = json.dumps(told, sort_keys=True).encode()
            member = tarfile.TarInfo("told.json")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        print(f"{KEPT / name}.tar.gz: {(KEPT / f'{name}.tar.gz').stat().st_size} bytes, {len(told['crash']['items'])} items, "
              f"{len(told['records'] or [])} records")


if __name__ == "__main__":
    main()

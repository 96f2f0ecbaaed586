#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/vectors/credentials.json: what the botocore that this Python has finds in each case (README.md)."""
import json
import os
import pathlib
import tempfile
import unittest.mock

import botocore.exceptions
import botocore.session

HERE = pathlib.Path(__file__).resolve().parent
KEYS = "aws_access_key_id = AKIDFILE\naws_secret_access_key = filesecret\n"
OTHER_KEYS = "aws_access_key_id = AKIDCONFIG\naws_secret_access_key = configsecret\n"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "envsecret"}
REGION = "[default]\nregion = eu-west-1\n"
LOCAL = "http://localhost:8000"
SERVICES = "[services here]\ndynamodb =\n  endpoint_url = http://one:1\ns3 =\n  endpoint_url = http://two:2\n"


def case(name, environment=(), config=None, credentials=None):
    return {"name": name, "environment": dict(environment), "config": config, "credentials": credentials}


CASES = [
    # Keys
    case("nothing at all"),
    case("keys in the environment", ENVIRONMENT),
    case("a token in the environment", {**ENVIRONMENT, "AWS_SESSION_TOKEN": "envtoken"}),
    case("an empty token in the environment", {**ENVIRONMENT, "AWS_SESSION_TOKEN": ""}),
    case("a key id without its secret", {"AWS_ACCESS_KEY_ID": "AKIDENV"}),
    case("a secret without its key id", {"AWS_SECRET_ACCESS_KEY": "envsecret"}),
    case("an empty key id", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"}, credentials="[default]\n" + KEYS),
    case("the environment before files", ENVIRONMENT, "[default]\n" + OTHER_KEYS, "[default]\n" + KEYS),
    case("keys in the credentials file", credentials="[default]\n" + KEYS),
    case("a token in the credentials file", credentials="[default]\n" + KEYS + "aws_session_token = filetoken\n"),
    case("keys in the config file", config="[default]\n" + OTHER_KEYS),
    case("the credentials file before the config file", (), "[default]\n" + OTHER_KEYS, "[default]\n" + KEYS),
    case("keys of two files are not mixed", (), "[default]\naws_session_token = t\n" + OTHER_KEYS, "[default]\n" + KEYS),
    case("a half key in the credentials file", (), "[default]\n" + OTHER_KEYS, "[default]\naws_access_key_id = A\n"),
    case("a secret alone in the credentials file", (), "[default]\n" + OTHER_KEYS,
         "[default]\naws_secret_access_key = s\n"),
    case("names in capitals", credentials="[default]\nAWS_ACCESS_KEY_ID = A\nAws_Secret_Access_Key = b\n"),
    case("a secret with signs", credentials="[default]\naws_access_key_id=A\naws_secret_access_key=a/b+c==:#;d\n"),
    case("a section with another case", credentials="[Default]\n" + KEYS),
    case("token, then an empty variable", {"AWS_SESSION_TOKEN": "envtoken"}, credentials="[default]\n" + KEYS),

    # Profiles
    case("a profile by AWS_PROFILE", {"AWS_PROFILE": "b"}, credentials="[default]\n" + KEYS + "[b]\n" + OTHER_KEYS),
    case("a profile by AWS_DEFAULT_PROFILE", {"AWS_DEFAULT_PROFILE": "b"},
         credentials="[default]\n" + KEYS + "[b]\n" + OTHER_KEYS),
    case("a profile of the config file", {"AWS_PROFILE": "b"}, REGION + "[profile b]\nregion = sa-east-1\n" + OTHER_KEYS),
    case("a profile without the word", {"AWS_PROFILE": "b"}, "[b]\n" + OTHER_KEYS),
    case("the word in the credentials file", {"AWS_PROFILE": "b"}, credentials="[profile b]\n" + KEYS),
    case("a profile in quotes", {"AWS_PROFILE": "b c"}, '[profile "b c"]\n' + OTHER_KEYS),
    case("a profile in other quotes", {"AWS_PROFILE": "b c"}, "[profile 'b c']\n" + OTHER_KEYS),
    case("a profile of two words without quotes", {"AWS_PROFILE": "b c"}, "[profile b c]\n" + OTHER_KEYS),
    case("blanks between word and name", {"AWS_PROFILE": "b"}, "[profile \t b ]\n" + OTHER_KEYS),
    case("the default profile with the word", (), "[profile default]\nregion = us-west-2\n" + OTHER_KEYS),
    case("the default profile with the word comes last", (),
         "[default]\nregion = us-west-1\nendpoint_url = http://x\n[profile default]\nregion = us-west-2\n"),
    case("a profile in both files", {"AWS_PROFILE": "b"}, "[profile b]\nregion = us-west-2\n", "[b]\n" + KEYS),
    case("a profile that is nowhere", {"AWS_PROFILE": "b"}, REGION, "[default]\n" + KEYS),
    case("a profile that is nowhere, with keys", {**ENVIRONMENT, "AWS_PROFILE": "b"}, REGION),
    case("a profile and keys in the environment", {**ENVIRONMENT, "AWS_PROFILE": "b"}, "[profile b]\nregion = eu-west-3\n",
         "[b]\n" + KEYS),
    case("the word's beginning", {"AWS_PROFILE": "b"}, "[profileb]\n" + OTHER_KEYS),

    # Regions
    case("a region by AWS_DEFAULT_REGION", {"AWS_DEFAULT_REGION": "ap-south-1"}, REGION),
    case("a region in the config file", config=REGION),
    case("a region in the credentials file", (), REGION, "[default]\nregion = eu-west-2\n"),
    case("a region of nobody", config="[default]\nregion = moon-1\n"),
    case("a region that is no name", {"AWS_DEFAULT_REGION": "us_east_1"}),
    case("a region with a slash", {"AWS_DEFAULT_REGION": "evil.example/"}),
    case("a region that ends with a hyphen", {"AWS_DEFAULT_REGION": "us-east-"}),
    case("a region of digits", {"AWS_DEFAULT_REGION": "12345"}),
    case("a region that goes on", config="[default]\nregion = us-east-1\n  output = json\n"),

    # Endpoints
    case("an endpoint for the service", {"AWS_ENDPOINT_URL_DYNAMODB": LOCAL, "AWS_ENDPOINT_URL": "http://all:1"}),
    case("an endpoint for streams", {"AWS_ENDPOINT_URL_DYNAMODB_STREAMS": LOCAL}),
    case("an endpoint for all", {"AWS_ENDPOINT_URL": LOCAL}),
    case("an empty endpoint", {"AWS_ENDPOINT_URL_DYNAMODB": "", "AWS_ENDPOINT_URL": LOCAL}),
    case("an endpoint of the profile", config=REGION + "endpoint_url = http://x:1/\n"),
    case("an endpoint of the profile in the credentials file", (), REGION + "endpoint_url = http://x\n",
         "[default]\nendpoint_url = http://y\n"),
    case("the environment before the profile", {"AWS_ENDPOINT_URL": LOCAL},
         REGION + "endpoint_url = http://x\nservices = here\n" + SERVICES),
    case("an endpoint of the services", config=REGION + "services = here\n" + SERVICES),
    case("services before the profile", (), SERVICES + REGION + "endpoint_url = http://x\nservices = here\n"),
    case("services with streams", (), REGION + "services = s\n[services s]\ndynamodb_streams =\n endpoint_url = http://s\n"
         "dynamodb = \n    other = 1\n    endpoint_url = http://d\n"),
    case("services that are not there", config=REGION + "services = gone\n" + SERVICES),
    case("services that are not there, with a variable", {"AWS_ENDPOINT_URL": LOCAL}, REGION + "services = gone\n"),
    case("endpoints ignored", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": LOCAL},
         REGION + "endpoint_url = http://x\n"),
    case("endpoints ignored, in capitals", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
         REGION + "endpoint_url = http://x\n"),
    case("endpoints ignored by the profile", {"AWS_ENDPOINT_URL_DYNAMODB": LOCAL},
         REGION + "ignore_configured_endpoint_urls = true\n"),
    case("endpoints not ignored by the environment", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
         REGION + "ignore_configured_endpoint_urls = true\nendpoint_url = http://x\n"),
    case("endpoints ignored with a number", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "1", "AWS_ENDPOINT_URL": LOCAL}),
    case("an endpoint without a scheme", {"AWS_ENDPOINT_URL": "localhost:8000"}),

    # Lines
    case("comments and blank lines", (), "# one\n; two\n\n[default]\n# three\n  # four\nregion = eu-west-1\n", None),
    case("CRLF", (), "[default]\r\nregion = eu-west-1\r\n", "[default]\r\n" + KEYS.replace("\n", "\r\n")),
    case("no end of the last line", (), "[default]\nregion = eu-west-1", "[default]\n" + KEYS.rstrip("\n")),
    case("blanks around", (), "  [default]\n   region\t=   eu-west-1  \n", None),
    case("a colon", config="[default]\nregion: eu-west-1\n"),
    case("no blanks", config="[default]\nregion=eu-west-1\n"),
    case("properties indented", config="[default]\n  region = eu-west-1\n  endpoint_url = http://x\n"),
    case("nested properties are not the profile's", config="[default]\ns3 =\n  region = x\n  endpoint_url = http://x\n"
         "region = eu-west-1\n"),
    case("a long line", config="[default]\nother = " + "x" * 5000 + "\nregion = eu-west-1\n"),
    case("no section", config="region = eu-west-1\n"),
    case("a line that is nothing", config="[default]\nregion\n"),
    case("a nested line that is nothing", config="[default]\ns3 =\n  region\n"),
    case("a section without end", config="[default\nregion = eu-west-1\n"),
    case("other sections", (), "[preview]\nx = y\n[sso-session s]\nsso_region = r\n" + REGION, "[other]\n" + KEYS),
]

REFUSALS = (botocore.exceptions.BotoCoreError, ValueError)


def endpoint_of(session, service, region):
    url = session.create_client(service, region_name=region or "us-east-1").meta.endpoint_url
    return "" if url.endswith(".amazonaws.com") else url


def find(environment, folder):
    """What is found, or the name of the exception."""
    with unittest.mock.patch.dict(os.environ, {**environment, "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"},
                                  clear=True):
        session = botocore.session.Session()
        try:
            credentials = session.get_credentials()
            region = session.get_config_variable("region")
            return {"access_key_id": credentials.access_key if credentials else "",
                    "secret_access_key": credentials.secret_key if credentials else "",
                    "session_token": (credentials.token or "") if credentials else "",
                    "from": credentials.method if credentials else "",
                    "region": region or "",
                    "endpoint": endpoint_of(session, "dynamodb", region),
                    "streams_endpoint": endpoint_of(session, "dynamodbstreams", region)}
        except REFUSALS as error:
            return {"refused": type(error).__name__}


def main():
    done = []
    for one in CASES:
        with tempfile.TemporaryDirectory() as home:
            folder = pathlib.Path(home)
            (folder / ".aws").mkdir()
            for name in ("config", "credentials"):
                if one[name] is not None:
                    (folder / ".aws" / name).write_bytes(one[name].encode())
            done.append({key: value for key, value in one.items() if value} | find(one["environment"], folder))
    (HERE / "credentials.json").write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

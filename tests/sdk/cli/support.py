# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI: inside this process, for speed, and as a process of its own, as people run it; and its form of the cases.

Version 1 of the CLI is the one that PyPI has. It takes binary in JSON as plain text and prints it in base64, so a byte of a case is
sent as the character of that number, and what comes back is read the same way."""
import atexit
import base64
import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from awscli.clidriver import create_clidriver

import cases

ENDPOINT = os.environ.get("STATOR_ENDPOINT", "http://127.0.0.1:8000")
AWS = pathlib.Path(sys.executable).with_name("aws")
BASE = pathlib.Path(tempfile.mkdtemp(prefix="stator-awscli-"))
atexit.register(shutil.rmtree, BASE, ignore_errors=True)

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
    "AWS_ACCESS_KEY_ID": "test.key-1", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": ENDPOINT, "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(BASE),
    "AWS_CONFIG_FILE": str(BASE / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(BASE / "credentials")}
(BASE / "config").write_text("[default]\n", encoding="utf-8")
(BASE / "unchecked").write_text("[default]\nparameter_validation = false\n", encoding="utf-8")  # so that the service checks

FAILURE = re.compile(r"\s*An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: (.*?)\n?", re.DOTALL)


class Done:
    """What a command came to."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out) if self.out.strip() else {}

    def refusal(self):
        """The service's error as "Name: message"; None if it was no error of the service."""
        found = FAILURE.fullmatch(self.err)
        return f"{found[1]}: {found[3]}" if found else None


def aws(*arguments, env=None, text=None):
    """A process. An environment variable that is None is not set."""
    environment = {name: value for name, value in (ENVIRONMENT | (env or {})).items() if value is not None}
    done = subprocess.run([AWS, *arguments], env=environment, capture_output=True, check=False, encoding="utf-8", input=text)
    return Done(done.returncode, done.stdout, done.stderr)


def good(*arguments, run=aws, **more):
    """A command that must succeed; returns its output, read as JSON."""
    done = run(*arguments, **more)
    if done.code != 0:
        raise AssertionError(f"aws {' '.join(arguments)}: {done.code}: {done.err}")
    return done.json()


class Driver:
    """The CLI in this process, which it reads its environment from."""
    COMMANDS = 20  # by one driver: every command leaves a handler behind, and the later ones call them all

    def __init__(self):
        os.environ.update(ENVIRONMENT | {"AWS_CONFIG_FILE": str(BASE / "unchecked")})
        self.commands, self.driver = 0, create_clidriver()
        self.model = self.driver.session.get_service_model("dynamodb")

    def run(self, *arguments):
        if self.commands % self.COMMANDS == 0:
            self.driver = create_clidriver()
        self.commands += 1
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = self.driver.main(list(arguments))
            except SystemExit as end:  # of the parser of arguments
                code = end.code
        return Done(code, out.getvalue(), err.getvalue())

    def options(self, operation, members):
        """The options that say these members; None if they cannot, for one is missing that must be there or is unknown."""
        shape = self.model.operation_model(operation).input_shape
        if not set(shape.required_members) <= set(members) <= set(shape.members):
            return None
        options = []
        for name, value in members.items():
            option = "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
            if isinstance(value, bool):
                options.append(option if value else option.replace("--", "--no-", 1))
            else:
                options += [option, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
        return options

    def send(self, operation, members):
        """An operation by its name in the API: an option for each member, or all in one, by turns. Raises cases.Refused."""
        members = to_cli(members)
        options = self.options(operation, members) if self.commands % 2 == 0 else None
        if options is None:
            options = ["--cli-input-json", json.dumps(members, ensure_ascii=False)]
        done = self.run("dynamodb", command(operation), "--no-paginate", *options)
        if done.code == 0:
            return from_cli(done.json())
        if done.refusal() is None:
            raise AssertionError(f"{operation} {options}: {done.code}: {done.err}")
        raise cases.Refused(done.refusal())


def command(operation):
    return re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()


def to_cli(value):
    """Base64 of the cases as the CLI takes binary."""
    return cases.map_binary(value, lambda text: base64.b64decode(text).decode("latin-1"))


def from_cli(value):
    """Base64 that the CLI prints as the cases have it."""
    return cases.map_binary(value, lambda text: base64.b64encode(base64.b64decode(text).decode().encode("latin-1")).decode())


def file_of(value):
    """An argument that has the CLI read the value from a file."""
    handle, path = tempfile.mkstemp(suffix=".json", dir=BASE)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)
    return "file://" + path

# SPDX-License-Identifier: Apache-2.0
"""Reads cases.txt: requests as bytes, and what must come back."""
import collections
import pathlib
import re

# data: bytes; statuses: of the answers, "200/head" for one without its body; end: "close", "open" or "wait"
Case = collections.namedtuple("Case", "name data statuses end")

FILE = pathlib.Path(__file__).with_name("cases.txt")
NEXT = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SDK = ("Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nX-Amz-Date: 20130609T100015Z\r\n"
       "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20130609/us-east-1/dynamodb/aws4_request, "
       "SignedHeaders=host;x-amz-date;x-amz-target, Signature=b")
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def bytes_of(text):
    """A text of the file as bytes: a character is one."""
    def escape(found):
        name = found[1]
        if name[0] == "x":
            return chr(int(name[1:], 16))
        return ESCAPES[name]

    text = re.sub(r"\\(x[0-9a-f]{2}|[rnt\\])", escape, text.replace("@next", NEXT).replace("@sdk", SDK))
    text = re.sub(r"\{([^{}]+)\*(\d+)\}", lambda found: found[1] * int(found[2]), text)
    return text.encode("latin-1")


def cases_of(block):
    """One block of the file: a case, or one for each of its alternatives."""
    name, lines, expected, alternatives = None, [], None, []
    for line in block:
        mark, text = line[0], line[2:]
        if mark == "=":
            name = text
        elif mark in ">+":
            lines.append(text + (r"\r\n" if mark == ">" else ""))
        elif mark == "|":
            alternatives.append(text)
        elif mark == "<":
            expected = text.split()
        else:
            raise ValueError(f"{FILE.name}: {line!r} is no line of a case")
    if not lines or not expected or expected[-1] not in ("close", "open", "wait"):
        raise ValueError(f"{FILE.name}: the case {name!r} is not whole")
    for alternative in alternatives or [None]:
        data = "".join(line if alternative is None else line.replace("$", alternative) for line in lines)
        yield Case(name if alternative is None else name.replace("$", repr(alternative)[:80]), bytes_of(data), expected[:-1],
                   expected[-1])


def read():
    """All cases of the file, in its order."""
    found, block = [], []
    for line in FILE.read_text(encoding="ascii").splitlines() + ["="]:
        if line.startswith("=") and block:
            found += cases_of(block)
            block = []
        if line and (line[0] != "#" or line[1:2] not in " "):
            block.append(line)
    return found

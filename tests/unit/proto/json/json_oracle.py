#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares proto/json with Python's json: json_oracle.py DRIVER [SEED [CASES]]. Prints the seed; any seed reruns.

Random documents, whole and damaged. Both must agree on what is JSON, and what the driver writes must mean the same.
"""
import json
import random
import subprocess
import sys

DEPTH_MAX = 256


def refuse(text):
    raise ValueError(text)


def pairs(members):
    """Objects as lists, so that repeated names and their order are compared too."""
    return ("object", members)


def check_text(value):
    """Python lets lone surrogates pass."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, (list, tuple)):
        for inner in value:
            check_text(inner)


def read(raw):
    """What the text means, or None."""
    try:
        text = raw.decode()
        if text.startswith("\ufeff"):
            return None
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse, parse_int=lambda n: ("number", n),
                           parse_float=lambda n: ("number", n))
        check_text(value)
        return [value]
    except ValueError:
        return None


def some_string(rng):
    letters = []
    for _ in range(rng.choice((0, 1, 3, 7, 8, 9, 20))):
        kind = rng.randrange(12)
        if kind == 0:
            letters.append(rng.choice(('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t")))
        elif kind == 1:
            letters.append("\\u%04x" % rng.randrange(0xD800))
        elif kind == 2:
            letters.append("\\u%04X\\u%04x" % (rng.randrange(0xD800, 0xDC00), rng.randrange(0xDC00, 0xE000)))
        elif kind == 3:
            letters.append(rng.choice("\u00e9\u07ff\u0800\u20ac\ufffd\U00010000\U0001f600\U0010ffff\x7f"))
        else:
            letters.append(rng.choice("abcXYZ019 /{}[]:,'"))
    return '"' + "".join(letters) + '"'


def some_number(rng):
    text = rng.choice(("", "-")) + rng.choice(("0", "7", "10", "1234567890123456789012345"))
    text += rng.choice(("", "", ".0", ".5", ".00100"))
    return text + rng.choice(("", "", "e1", "E+05", "e-300"))


def blank(rng):
    return "".join(rng.choice(" \t\r\n") for _ in range(rng.choice((0, 0, 0, 1, 2))))


def some_value(rng, depth):
    kind = rng.randrange(7 if depth else 4)
    if kind < 2:
        text = some_string(rng)
    elif kind == 2:
        text = some_number(rng)
    elif kind == 3:
        text = rng.choice(("true", "false", "null"))
    elif kind == 4:
        text = "[" + ",".join(some_value(rng, depth - 1) for _ in range(rng.randrange(4))) + blank(rng) + "]"
    else:
        members = (blank(rng) + some_string(rng) + blank(rng) + ":" + some_value(rng, depth - 1)
                   for _ in range(rng.randrange(4)))
        text = "{" + ",".join(members) + blank(rng) + "}"
    return blank(rng) + text + blank(rng)


def damaged(rng, raw):
    raw = bytearray(raw)
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(raw) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            del raw[at:at + rng.randrange(1, 4)]
        elif kind == 1:
            raw[at:at] = bytes([rng.randrange(256)])
        elif kind == 2:
            raw[at:at] = rng.choice((b'"', b",", b"]", b"}", b":", b"\\", b"0", b"\\ud800", b"\x00", b"\xed\xa0\x80",
                                     b"NaN", b"-Infinity", b"//", b"\xef\xbb\xbf"))
        elif at < len(raw):
            raw[at] = rng.randrange(256)
    return bytes(raw)


def some_case(rng):
    raw = some_value(rng, 4).encode()
    return damaged(rng, raw) if rng.randrange(2) else raw


def main():
    driver = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 30000
    print("seed", seed, flush=True)
    rng = random.Random(seed)
    cases = [b"[" * DEPTH_MAX + b"]" * DEPTH_MAX] + [some_case(rng) for _ in range(count)]
    asked = b"".join(b"%d\n%s" % (len(raw), raw) for raw in cases)
    done = subprocess.run([driver], input=asked, capture_output=True, timeout=100)
    if done.returncode != 0:
        sys.exit("the driver ended with %d: %s" % (done.returncode, done.stderr.decode(errors="replace")))
    answers = done.stdout.removesuffix(b"\n").split(b"\n")
    wrong = good = 0
    for raw, answer in zip(cases, answers, strict=True):
        want = read(raw)
        got = read(answer[3:]) if answer.startswith(b"ok ") else None
        good += want is not None
        if got != want:
            wrong += 1
            if wrong <= 10:
                print(raw, "\n  gives", answer, "\n  wants", want)
    print(len(cases), "cases,", good, "of them good,", wrong, "wrong")
    sys.exit(wrong != 0 or good < count // 3)


if __name__ == "__main__":
    main()

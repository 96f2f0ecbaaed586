#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares number.c with Python's decimal: number_oracle.py DRIVER [SEED [CASES]]. Prints the seed; any seed reruns."""
import decimal
import random
import re
import subprocess
import sys

decimal.getcontext().prec = 1000
decimal.getcontext().Emax = decimal.MAX_EMAX
decimal.getcontext().Emin = decimal.MIN_EMIN

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
PRECISE = "Attempting to store more than 38 significant digits in a Number"
NUMERIC = "The parameter cannot be converted to a numeric value: "
GRAMMAR = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?", re.ASCII)


def read(text):
    """A Decimal, or the message."""
    match = GRAMMAR.fullmatch(text)
    if match is None:
        return NUMERIC + text
    sign, mantissa, exponent = match.groups()
    exponent = int(exponent or 0)
    if not -2**63 <= exponent < 2**63:
        return NUMERIC + text
    integers, _, fractions = mantissa.partition(".")
    digits = (integers + fractions).lstrip("0")
    exponent -= len(fractions)
    magnitude = exponent + len(digits) - 1 if digits else exponent
    if magnitude > 125:
        return OVERFLOW
    if magnitude < -130:
        return UNDERFLOW
    if len(digits.rstrip("0")) > 38:
        return PRECISE
    value = decimal.Decimal((sign == "-", tuple(map(int, digits or "0")), exponent))
    return value if value else decimal.Decimal(0)


def plain(value):
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def checked(value):
    """What number_add gives for an exact result."""
    if not value:
        return decimal.Decimal(0)
    if len(value.normalize().as_tuple().digits) > 38 or value.adjusted() > 125:
        return OVERFLOW
    return UNDERFLOW if value.adjusted() < -130 else value


def size(text):
    integers, _, fractions = text.lstrip("-").partition(".")
    integers = integers.lstrip("0")
    if not fractions:
        integers = integers.rstrip("0")
    if not integers:
        fractions = fractions.lstrip("0")
    return 1 + (len(integers) + 1) // 2 + (len(fractions) + 1) // 2 + text.startswith("-")


def answer_of(result):
    return "no\t" + result if isinstance(result, str) else "ok\t" + plain(result)


def expected(verb, texts):
    values = [read(text) for text in texts]
    if verb == "parse":
        return answer_of(values[0])
    if verb == "size":
        return "ok\t%d" % size(texts[0])
    for value in values:
        if isinstance(value, str):
            return "no\t" + value
    if verb == "compare":
        order = (values[0] > values[1]) - (values[0] < values[1])
        return "ok\t%d\t%d" % (order, order)
    return answer_of(checked(values[0] + values[1] if verb == "add" else values[0] - values[1]))


def some_digits(rng):
    length = rng.choice((1, 1, 2, 5, 18, 19, 20, 37, 38, 39, 40, rng.randrange(1, 60)))
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice("0123456789") * length
    digits = "".join(rng.choice("0123456789") for _ in range(length))
    if kind == 1:
        return "0" * rng.randrange(5) + digits + "0" * rng.choice((0, 1, 16, 130, rng.randrange(50)))
    return digits


def some_number(rng):
    digits = some_digits(rng)
    if rng.randrange(2):
        point = rng.randrange(len(digits) + 1)
        digits = digits[:point] + "." + digits[point:]
    exponent = rng.choice(("", "", "e", "E", "e+", "e-"))
    if exponent:
        exponent += str(rng.choice((
            rng.randrange(10), rng.randrange(200), rng.randrange(85, 135), 2**31 + rng.randrange(-3, 3),
            2**63 + rng.randrange(-3, 3), rng.randrange(10**25), "0" * 30 + "7")))
    return rng.choice(("", "", "-", "+")) + digits + exponent


def some_valid(rng):
    """A number within the range, its exponents chosen so that sums meet the edges."""
    while True:
        digits = some_digits(rng).strip("0")[:38] or "0"
        exponent = rng.choice((0, -1, rng.randrange(-40, 40), rng.randrange(-170, 126), 88, -130, -131, 87))
        text = "%s%se%d" % (rng.choice(("", "-")), digits, exponent)
        if not isinstance(read(text), str):
            return text


def some_junk(rng):
    text = list(some_number(rng))
    for _ in range(rng.randrange(1, 4)):
        text.insert(rng.randrange(len(text) + 1), rng.choice("+-.eE 0x,_NaN"))
    return "".join(text)


def some_case(rng):
    kind = rng.randrange(10)
    if kind < 3:
        return "parse", [some_number(rng)]
    if kind == 3:
        return "parse", [some_junk(rng)]
    if kind == 4:
        return "size", [plain(read(some_valid(rng)))]
    texts = [some_valid(rng), some_valid(rng)]
    if rng.randrange(3) == 0:  # near one another, so that digits cancel
        texts[1] = plain(read(texts[0]) + read(rng.choice(("1", "-1", "1e-10", "0"))))
        if isinstance(read(texts[1]), str):
            texts[1] = texts[0]
    return rng.choice(("add", "subtract", "compare")), texts


FIXED = [
    ("parse", [""]), ("parse", ["."]), ("parse", ["-"]), ("parse", ["e1"]), ("parse", [".5"]), ("parse", ["5."]),
    ("parse", ["-0"]), ("parse", ["0e125"]), ("parse", ["0e126"]), ("parse", ["0e-130"]), ("parse", ["0e-131"]),
    ("parse", ["1e-130"]), ("parse", ["9.9999999999999999999999999999999999999E+125"]), ("parse", [" 1"]),
    ("parse", ["1 "]), ("parse", ["NaN"]), ("parse", ["Infinity"]), ("parse", ["1e9223372036854775807"]),
    ("parse", ["1e9223372036854775808"]), ("parse", ["1e-9223372036854775808"]), ("parse", ["1e-9223372036854775809"]),
    ("parse", ["0" * 5000 + "1" + "0" * 100]), ("parse", ["0." + "0" * 129 + "1"]), ("parse", ["0." + "0" * 130 + "1"]),
    ("add", ["9.9999999999999999999999999999999999999E+125", "1E+88"]), ("subtract", ["1e50", "1"]),
    ("subtract", ["1e38", "1"]), ("subtract", ["2e38", "1"]), ("subtract", ["1e-130", "1.1e-130"]),
    ("add", ["99999999999999999999999999999999999999", "1"]), ("subtract", ["0", "0"]), ("add", ["0", "-5"]),
]

# The figures captured from the service (numberByteSize.test.ts of the conformance suite).
SIZES = [("0", 1), ("1", 2), ("42", 2), ("-42", 3), ("123456", 4), ("3.14159", 5), ("42.12", 3), ("1" + "0" * 125, 2)]


def main():
    driver = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
    print("seed", seed, flush=True)
    rng = random.Random(seed)
    cases = FIXED + [("size", [text]) for text, _ in SIZES] + [some_case(rng) for _ in range(count)]
    asked = "".join("\t".join([verb] + texts) + "\n" for verb, texts in cases)
    done = subprocess.run([driver], input=asked, capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        sys.exit("the driver ended with %d: %s" % (done.returncode, done.stderr))
    answers = done.stdout.splitlines()
    wrong = 0
    for (verb, texts), answer in zip(cases, answers, strict=True):
        want = expected(verb, texts)
        if answer != want:
            wrong += 1
            if wrong <= 10:
                print(verb, texts, "\n  gives", answer, "\n  wants", want)
    for text, want in SIZES:
        wrong += size(text) != want
    print(len(cases), "cases,", wrong, "wrong")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Reads ctest's JUnit report and prints `RESULT passed failed skipped`, counting the cmocka tests in each program.

A program that failed without telling of a failed test (a sanitizer, a crash, the time limit) counts as one failed.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

PASSED = re.compile(r"\[  PASSED  \] (\d+) test")
FAILED = re.compile(r"\[  FAILED  \] (\d+) test")
SKIPPED = re.compile(r"\[  SKIPPED \] (\d+) test")


def total(pattern, text):
    return sum(int(count) for count in pattern.findall(text))


def count(case):
    """(passed, failed, skipped) of one test program."""
    output = case.findtext("system-out") or ""
    passed, failed, skipped = (total(pattern, output) for pattern in (PASSED, FAILED, SKIPPED))
    status = case.get("status")
    if status == "run":
        return max(passed, 1 if skipped == 0 else 0), failed, skipped
    if status == "fail":
        return passed, max(failed, 1), skipped
    return 0, 0, 1  # disabled or not run


def main():
    try:
        cases = ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"ctest left no report: {error}\nRESULT 0 1 0")
        return 1
    counts = [count(case) for case in cases]
    totals = [sum(column) for column in zip(*counts)] if counts else [0, 0, 0]
    print("RESULT {} {} {}".format(*totals))
    return 1 if totals[1] or not counts else 0


if __name__ == "__main__":
    sys.exit(main())

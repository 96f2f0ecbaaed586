# SPDX-License-Identifier: Apache-2.0
"""Runs the *_test.py and test_*.py files of a folder: a line for each test, failures in full, a time limit on every test.

    python3 tests/support/run_tests.py tests/wire [--limit seconds] [--only text]

Its last line is `RESULT <passed> <failed> <skipped>`, which tests/run adds up. A failed subTest fails its test once.
"""
import argparse
import pathlib
import signal
import sys
import time
import traceback
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parent


class TimeLimit(BaseException):
    """No test can swallow it with `except Exception`."""


def name_of(test):
    """Its id, and what it calls itself: the first line of its docstring, as "flow: paging", if that is no sentence."""
    about = test.shortDescription() if isinstance(test, unittest.TestCase) else None
    return f"{test.id()} ({about})" if about and not about.endswith(".") else test.id()


class Result(unittest.TestResult):
    def __init__(self, limit):
        super().__init__()
        self.limit, self.passed, self.failed, self.skips = limit, 0, 0, 0

    def startTest(self, test):
        super().startTest(test)
        self.troubles, self.why_skipped, self.began = [], None, time.monotonic()
        signal.signal(signal.SIGALRM, self.over)
        signal.alarm(self.limit)

    def over(self, *_):
        raise TimeLimit(f"longer than {self.limit} s")

    def stopTest(self, test):
        signal.alarm(0)
        took = f"{time.monotonic() - self.began:.2f} s"
        if self.troubles:
            self.failed += 1
            print(f"FAIL {name_of(test)}  {took}")
            for name, text in self.troubles:
                print(f"  {name}\n" + "\n".join("    " + line for line in text.splitlines()))
        elif self.why_skipped is not None:
            self.skips += 1
            print(f"skip {name_of(test)}: {self.why_skipped}")
        else:
            self.passed += 1
            print(f"ok   {name_of(test)}  {took}")
        sys.stdout.flush()
        super().stopTest(test)

    def trouble(self, test, err):
        self.troubles.append((str(test), self._exc_info_to_string(err, test).rstrip()))

    def addError(self, test, err):
        if isinstance(test, unittest.TestCase):
            self.trouble(test, err)
        else:  # setUpClass, setUpModule: none of the tests behind it ran
            self.failed += 1
            print(f"FAIL {test}\n" + "".join(traceback.format_exception(*err)))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.trouble(subtest, err)

    def addSkip(self, test, reason):
        if isinstance(test, unittest.TestCase):
            self.why_skipped = reason
        else:
            self.skips += 1
            print(f"skip {test}: {reason}")

    def addUnexpectedSuccess(self, test):
        self.troubles.append((str(test), "it passes, but is marked as an expected failure"))


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--limit", type=int, default=120, help="seconds for one test")
    parser.add_argument("--only", default="", help="run the tests whose name has this text")
    options = parser.parse_args()

    sys.path[:0] = [str(SUPPORT)]
    chosen = unittest.TestSuite()  # a flat suite still runs setUpClass and setUpModule
    for pattern in ("*_test.py", "test_*.py"):
        found = unittest.TestLoader().discover(options.folder, pattern=pattern, top_level_dir=options.folder)
        chosen.addTests(test for test in flatten(found) if options.only in test.id())
    result = Result(options.limit)
    chosen.run(result)
    print(f"RESULT {result.passed} {result.failed} {result.skips}")
    return 1 if result.failed or result.passed + result.skips == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Reads `go test -json` and tells it as the other runners do: a line for each test, `RESULT passed failed skipped` at the end.

    go test -json ./... | python3 tests/support/count_go.py

A test with others inside it is not counted, unless it failed by itself or all inside it were skipped.
"""
import collections
import json
import sys

WORDS = {"pass": "ok  ", "fail": "FAIL", "skip": "skip"}


class Report:
    def __init__(self):
        self.output = collections.defaultdict(list)  # of a test, or of a package and its build
        self.inside = collections.defaultdict(list)  # how the tests inside a test or package ended
        self.counts = collections.Counter()

    def take(self, event):
        package = event.get("Package") or event["ImportPath"].split(" ")[0]
        name = f"{package}/{event['Test']}" if "Test" in event else package
        if event["Action"] in ("output", "build-output"):
            self.output[name].append(event["Output"])
        elif event["Action"] in WORDS:
            self.end(name, event["Action"], event.get("Elapsed", 0), is_test="Test" in event)

    def end(self, name, end, seconds, is_test):
        """Go tells the end of a test after those of the tests inside it."""
        inside = self.inside.pop(name, [])
        said = [line for line in self.output.pop(name, []) if not line.lstrip().startswith(("=== ", "--- "))]
        if is_test:
            self.inside[name.rpartition("/")[0]].append(end)
        if (end == "fail" and "fail" not in inside) or (is_test and set(inside) <= {"skip"}):
            self.counts[end] += 1
            print(f"{WORDS[end]} {name}  {seconds:.2f} s")
            print("" if end == "pass" else "".join(f"    {line.strip()}\n" for line in said), end="", flush=True)


def main():
    report = Report()
    for line in sys.stdin:
        try:
            event = json.loads(line)
        except ValueError:
            print(line, end="")
        else:
            report.take(event)
    print("RESULT {pass} {fail} {skip}".format_map(collections.defaultdict(int, report.counts)))
    return 1 if report.counts["fail"] or not report.counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())

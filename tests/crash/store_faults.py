# SPDX-License-Identifier: Apache-2.0
"""The n-th sync fails, then the n-th write and all after it, for n = 1, 2, 3 ... until a run passes untouched:
store_faults.py <build directory> [<largest step, 23>]

A writer must end by itself: status 0, or 3 when it was refused and could still read, or 1 when the directory could not be
opened; each with a text. Then the directory opens, with everything acknowledged and nothing by half."""
import os
import sys

from store_runs import Runs, asserted

TEXTS = ("not known until a restart", "cannot be used", "cannot be written", "read-only", "is full", "cannot be opened", "cannot be synced", "damaged", "disagree")


def one(runs, kind, number):
    name = f"{kind}-{number}"
    directory, report = runs.directory(name), runs.directory(name + ".report")
    faults = {f"FAIL_{kind}_AT": number, "FAIL_DIR": directory, "FAIL_REPORT": report, "FREE_SPACE_LIE": 1}
    status, lines, text = runs.write(directory, "full", 150, faults)
    hit = os.path.exists(report)
    if asserted(status, text):
        status = "asserted"
    elif status not in (0, 1, 3):
        sys.exit(f"{name}: status {status}: {text}")
    elif status != 0 and not any(known in text for known in TEXTS):
        sys.exit(f"{name}: no clear text: {text}")
    runs.check(directory, "full", lines, name)
    return hit, status


def main():
    step_max = int(sys.argv[2]) if len(sys.argv) > 2 else 23
    with Runs(sys.argv[1]) as runs:
        for kind in ("SYNC", "WRITE"):
            number, counts = 1, {0: 0, 1: 0, 3: 0, "asserted": 0}
            while True:
                hit, status = one(runs, kind, number)
                if not hit:
                    break
                counts[status] += 1
                number += 1 if number < 25 else step_max
            print(f"{kind}: {sum(counts.values())} failures up to number {number}: {counts[1]} while opening, "
                  f"{counts[3]} refused a write, {counts[0]} passed unseen, {counts['asserted']} asserted")


main()

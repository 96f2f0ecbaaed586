#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what bench_stages measures with budget.txt: `budget.py [--update] [--build build/release]`.

A stage is over its budget if it allocates more, or if it takes SLACK more time than the budget's, by the clock of the stage
`calibrate`, which tells how fast this machine is now. Ends with 1 if one is over. Not part of the tests: it is timed.
"""
import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "budget.txt"
SLACK, SLACK_NS, SLACK_ALLOCATIONS = 0.3, 50, 0.5
TRIES = 3  # of the program; the least of each stage counts
HEAD = "# ns, allocations, stage: what tests/bench/bench_stages.c measured; written by tests/bench/budget.py --update\n"


def parse(text):
    """{stage: (ns, allocations)}."""
    rows = (line.split(" ", 2) for line in text.splitlines() if line and not line.startswith("#"))
    return {stage: (float(ns), float(allocations)) for ns, allocations, stage in rows}


def measured(build):
    runs = [parse(subprocess.run([str(pathlib.Path(build).resolve() / "bench_stages")], check=True, capture_output=True, text=True).stdout)
            for _ in range(TRIES)]
    return {stage: tuple(min(run[stage][at] for run in runs) for at in (0, 1)) for stage in runs[0]}


def compared(found, budget):
    """[[stage, ns, budget's ns on this machine now, allocations, budget's, verdict]]."""
    scale = found["calibrate"][0] / budget["calibrate"][0] if "calibrate" in budget else 1
    rows = []
    for stage, (ns, allocations) in found.items():
        if stage not in budget:
            rows.append([stage, ns, None, allocations, None, "new"])
            continue
        most, most_allocations = budget[stage][0] * scale, budget[stage][1]
        over = ns > most * (1 + SLACK) + SLACK_NS or allocations > most_allocations + SLACK_ALLOCATIONS
        rows.append([stage, ns, most, allocations, most_allocations, "OVER" if over else "ok"])
    return rows + [[stage, None, ns, None, allocations, "gone"] for stage, (ns, allocations) in budget.items() if stage not in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write what is measured to budget.txt")
    parser.add_argument("--build", default=str(HERE.parents[1] / "build" / "release"))
    options = parser.parse_args()
    found = measured(options.build)
    if options.update:
        BUDGET.write_text(HEAD + "".join(f"{ns:.0f} {allocations:.2f} {stage}\n" for stage, (ns, allocations) in found.items()), encoding="utf-8")
    rows = compared(found, parse(BUDGET.read_text(encoding="utf-8")))
    for stage, ns, most, allocations, most_allocations, verdict in rows:
        cells = [f"{cell:9.{digits}f}" if cell is not None else " " * 8 + "-" for cell, digits in ((ns, 0), (most, 0), (allocations, 2), (most_allocations, 2))]
        print(f"{stage:36}{cells[0]} ns of{cells[1]} {cells[2]} allocations of{cells[3]}  {verdict}")
    sys.exit(any(row[-1] == "OVER" for row in rows))


if __name__ == "__main__":
    main()

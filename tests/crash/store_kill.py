# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of batches: store_kill.py <build directory> [<rounds, 20>] [<seed>]

In full durability the log's last bytes are still in the process when it dies, so this also tests that nothing was
acknowledged too early."""
import random
import sys

from store_runs import Runs


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    with Runs(sys.argv[1]) as runs:
        for number in range(rounds):
            mode = ("full", "process", "full", "none")[number % 4]
            # A third of them die while opening or soon after.
            seconds = chance.uniform(0, 0.06) if chance.random() < 0.33 else chance.uniform(0.05, 0.6)
            lines = runs.write_and_kill(runs.directory(mode), mode, seconds)
            batches = runs.check(runs.directory(mode), mode, lines, f"round {number}, {mode}, {seconds:.3f} s")
            print(f"round {number}: {mode}, {seconds:.3f} s, {lines.count(10)} acknowledged, {batches} there")


main()

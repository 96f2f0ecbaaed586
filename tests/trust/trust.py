# SPDX-License-Identifier: Apache-2.0
"""What the parts of tests/trust share: how long, from which seed, the shim that makes a disk fail, what a machine must have."""
import os
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "crash")]

# pylint: disable=wrong-import-position,unused-import
from built import Shim, VolatileProgram, need  # noqa: F401

SEED = int(os.environ.get("TRUST_SEED", 1))
TOTAL = float(os.environ.get("TRUST_SECONDS", 0))  # of a part; 0: the quick part of tests/run


def seconds(quick, share):
    """How long a test goes on: a share of its part's time, or so long when it must be quick."""
    return max(quick, TOTAL * share)


def told(line):
    print(line, flush=True)


def run(*command, check=True):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.returncode == 0

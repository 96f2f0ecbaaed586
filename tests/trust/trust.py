# SPDX-License-Identifier: Apache-2.0
"""What the parts of tests/trust share: how long, from which seed, the shim that makes a disk fail, what a machine must have."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "crash")]

SEED = int(os.environ.get("TRUST_SEED", 1))
TOTAL = float(os.environ.get("TRUST_SECONDS", 0))  # of a part; 0: the quick part of tests/run


def seconds(quick, share):
    """How long a test goes on: a share of its part's time, or so long when it must be quick."""
    return max(quick, TOTAL * share)


def told(line):
    print(line, flush=True)


def need(condition, what):
    if not condition:
        raise unittest.SkipTest(what)


def run(*command, check=True):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.returncode == 0


class Shim:
    """tests/crash/fail_io.c, built once a run. `arguments()` are a server's environment."""
    built = None

    @classmethod
    def path(cls):
        if cls.built is None:
            need(shutil.which("cc"), "there is no C compiler for the shim")
            cls.folder = tempfile.TemporaryDirectory(prefix="stator-trust-shim-")
            cls.built = os.path.join(cls.folder.name, "fail_io.so")
            run("cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", cls.built, TESTS / "crash/fail_io.c")
        return cls.built

    @classmethod
    def environment(cls, **settings):
        return {"LD_PRELOAD": cls.path(), **{name: str(value) for name, value in settings.items()}}

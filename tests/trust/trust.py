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


class Built:
    """A program in C that is built once a run. `path()` is where it is."""
    source, arguments, built = None, (), None

    @classmethod
    def path(cls):
        if cls.built is None:
            need(shutil.which("cc"), f"there is no C compiler for {cls.source}")
            cls.folder = tempfile.TemporaryDirectory(prefix="stator-trust-built-")
            built = os.path.join(cls.folder.name, pathlib.Path(cls.source).stem)
            run("cc", "-O1", "-D_GNU_SOURCE", "-o", built, TESTS / cls.source, *cls.arguments)
            cls.built = built
        return cls.built


class Shim(Built):
    """What is preloaded, so that a disk fails. `environment` is a server's."""
    source, arguments = "crash/fail_io.c", ("-shared", "-fPIC")

    @classmethod
    def environment(cls, **settings):
        return {"LD_PRELOAD": cls.path(), **{name: str(value) for name, value in settings.items()}}


class VolatileProgram(Built):
    source = "trust/volatile_disk.c"

    @classmethod
    def path(cls):
        if cls.built is None:
            need(shutil.which("pkg-config") and run("pkg-config", "--exists", "fuse3", check=False), "there is no libfuse3-dev")
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True)
            cls.arguments = tuple(flags.stdout.split())
        return super().path()

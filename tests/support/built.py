# SPDX-License-Identifier: Apache-2.0
"""Programs in C that tests need beside the server, built once a run: what a release build does not have.

    server.environment = Shim.environment(FAIL_DIR=..., FAIL_SYNC_AT=3)     # tests/crash/fail_io.c says what there is
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]


def need(condition, what):
    if not condition:
        raise unittest.SkipTest(what)


class Built:
    """A program in C that is built once a run. `path()` is where it is."""
    source, arguments, built = None, (), None

    @classmethod
    def path(cls):
        if cls.built is None:
            need(shutil.which("cc"), f"there is no C compiler for {cls.source}")
            cls.folder = tempfile.TemporaryDirectory(prefix="stator-trust-built-")
            built = os.path.join(cls.folder.name, pathlib.Path(cls.source).stem)
            subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-o", built, TESTS / cls.source, *cls.arguments], check=True)
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
            need(shutil.which("pkg-config"), "there is no pkg-config for libfuse3-dev")
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=False)
            need(flags.returncode == 0, "there is no libfuse3-dev")
            cls.arguments = tuple(flags.stdout.split())
        return super().path()

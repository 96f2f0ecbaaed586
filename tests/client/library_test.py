# SPDX-License-Identifier: Apache-2.0
"""The library as it is installed: what it shows, and that a stranger's program builds and runs with it, in C by
pkg-config, shared and static, and in C++ by CMake's find_package."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import ROOT, Server  # noqa: E402

RELEASE = ROOT / "build/release"
CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"
OURS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def symbols(*options):
    return {line.split()[-1].split("@")[0] for line in run("nm", "--defined-only", *options).splitlines()
            if len(line.split()) == 3 and line.split()[1] in "TDBRVW"}


def declared():
    """Functions of the public headers that are not defined in them."""
    headers = "".join(f"#include <stator/{header.name}>\n" for header in sorted((ROOT / "include/stator").glob("*.h")))
    text = run("cc", "-E", "-P", f"-I{ROOT}/include", "-", input=headers)
    text = re.sub(r"\btypedef\b[^;{]*;", "", text)
    text = re.sub(r"__attribute__ *\(\((?:[^()]|\([^()]*\))*\)\)", "", text)
    return set(re.findall(r"[\w*]\s*\b(stator_\w+)\([^;{}]*\);", re.sub(r"\{[^{}]*\}", "{}", text)))


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stator-install-")
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = pathlib.Path(folder.name) / "prefix"
        cls.work = pathlib.Path(folder.name)
        for component in ("libstator", "libstator-dev"):
            run("cmake", "--install", RELEASE, "--prefix", cls.prefix, "--component", component)
        cls.lib = next(cls.prefix.rglob("libstator.so")).parent

    def test_it_shows_what_is_declared_and_nothing_else(self):
        shown = symbols("-D", self.lib / "libstator.so")
        self.assertGreater(len(declared()), 50)
        self.assertEqual(shown, declared())
        self.assertEqual(symbols("-g", self.lib / "libstator.a"), declared())

    def test_it_has_a_soname_and_needs_little(self):
        dynamic = run("readelf", "-d", self.lib / "libstator.so")
        self.assertIn("soname: [libstator.so.0]", dynamic)
        needed = set(re.findall(r"NEEDED.*\[(.*?)\.so", dynamic))
        self.assertLessEqual(needed, {"libcurl", "libsodium", "libc", "libm"})

    def run_consumer(self, program):
        with Server("--in-memory") as server:
            said = run(program, env={**os.environ, "STATOR_ENDPOINT": server.url, "LD_LIBRARY_PATH": str(self.lib)})
        self.assertEqual(said, "version 0.1.0 sum 4950\n")

    def pkg_config(self, *options):
        # An installed tree may be moved: --define-prefix finds it from the .pc file's place.
        return run("pkg-config", "--define-variable=prefix=" + str(self.prefix), *options, "stator",
                   env={**os.environ, "PKG_CONFIG_PATH": str(self.lib / "pkgconfig")}).split()

    def test_from_c_by_pkg_config(self):
        program = self.work / "shared"
        run("cc", *OURS, "-o", program, CONSUMER / "consumer.c", *self.pkg_config("--cflags", "--libs"))
        self.run_consumer(program)

    def test_from_c_with_the_archive(self):
        program = self.work / "static"
        words = self.pkg_config("--cflags", "--libs", "--static")
        words[words.index("-lstator")] = str(self.lib / "libstator.a")
        # libcurl's own --static list names what only its archive needs; the shared one brings that itself.
        words = [word for word in words if not word.startswith("-l")] + ["-lcurl", "-lsodium", "-pthread"]
        run("cc", *OURS, "-o", program, CONSUMER / "consumer.c", *words)
        self.run_consumer(program)

    def test_from_cxx_by_cmake(self):
        build = self.work / "cmake"
        run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        self.run_consumer(build / "consumer")

    def test_every_header_stands_alone(self):
        for header in sorted((self.prefix / "include/stator").glob("*.h")):
            for language in ("-xc -std=c99", "-xc++ -std=c++11"):
                with self.subTest(header=header.name, language=language):
                    run("cc", *language.split(), "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                        f"-I{self.prefix}/include", "-", input=f"#include <stator/{header.name}>\n")


if __name__ == "__main__":
    unittest.main()

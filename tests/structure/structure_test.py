# SPDX-License-Identifier: Apache-2.0
"""The repository keeps to layers.txt and to what every folder owes; and the checkers do find what breaks them."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import flows
import folders
import hardening
import layers
import shape
import symbols

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/bench"))
import budget  # noqa: E402
RULES = (ROOT / "tests/structure/layers.txt").read_text(encoding="utf-8")

BREACHES = [
    # file, its line, what the report must say (None: allowed)
    ("proto/json/reader.c", '#include "base/arena.h"', None),
    ("proto/base/arena.c", '#include "json/reader.h"', "proto/base may not use proto/json/reader.h"),
    ("proto/json/reader.c", "#include <time.h>", "proto/json never uses <time.h>"),
    ("proto/json/reader.c", "#include <string.h>", None),
    ("server/op/get_item.c", "#include <h2o.h>", "<h2o.h> is only for"),
    ("server/http/listener.c", "#include <h2o.h>", None),
    ("server/http/listener.c", "#include <h2o/http1.h>", None),
    ("server/op/get_item.c", "#include <rocksdb/c.h>", "<rocksdb/c.h> is only for server/store"),
    ("server/http/listener.c", '#include "store/store.h"', "server/http may not use server/store/store.h"),
    ("server/http/listener.c", '#include "../store/store.h"', "server/http may not use server/store/store.h"),
    ("server/http/listener.c", '#include "no/such.h"', "is no header of this repository"),
    ("server/novel/thing.c", "int x;", "no line for server/novel"),
    ("tests/unit/anything.c", '#include "store/store.h"', None),
]


class Layers(unittest.TestCase):
    def test_repository(self):
        breaches = list(layers.breaches(ROOT, layers.Rules(RULES)))
        self.assertFalse(breaches, "\n" + "\n".join(breaches))

    def test_finds_breaches(self):
        for file, line, reason in BREACHES:
            with self.subTest(file=file, line=line), tempfile.TemporaryDirectory() as temporary:
                root = pathlib.Path(temporary).resolve()
                for name in ("proto/base/arena.h", "proto/json/reader.h", "server/store/store.h", file):
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).touch()
                (root / file).write_text(line + "\n", encoding="utf-8")
                found = list(layers.breaches(root, layers.Rules(RULES)))
                if reason is None:
                    self.assertEqual(found, [])
                else:
                    self.assertTrue(found and reason in found[0], found)


class Folders(unittest.TestCase):
    def test_repository(self):
        files = folders.tracked(ROOT)
        faults = list(folders.readme_faults(ROOT, files)) + list(folders.spdx_faults(ROOT, files))
        self.assertFalse(faults, "\n" + "\n".join(faults))

    def test_finds_faults(self):
        with tempfile.TemporaryDirectory() as temporary:
            root = pathlib.Path(temporary)
            (root / "a").mkdir()
            (root / "a/x.c").write_text("int x;\n", encoding="utf-8")
            files = [pathlib.PurePosixPath("a/x.c")]
            self.assertEqual(list(folders.readme_faults(root, files)), ["a: has no README.md"])
            self.assertEqual(len(list(folders.spdx_faults(root, files))), 1)
            (root / "a/README.md").write_text("line\n" * 31, encoding="utf-8")
            self.assertIn("31 lines", list(folders.readme_faults(root, files))[0])


class Flows(unittest.TestCase):
    def test_repository(self):
        found = list(flows.faults(ROOT, folders.tracked(ROOT)))
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_finds_faults(self):
        sources = {
            "cases/flows.json": '[{"name": "values"}, {"name": "big item"}]',
            "two/README.md": '"flow: values"',
            "tools/anything.py": "",
            "one/a_test.py": 'def test_values():\n    """flow: values"""\n',
            "one/deep/b.mjs": "test('flow: big item', () => {})",
            "two/Test.java": '@DisplayName("flow: values of a kind")\n// flow: values\n@DisplayName("flow: big item")\n',
        }
        with tempfile.TemporaryDirectory() as temporary:
            root = pathlib.Path(temporary)
            for name, text in sources.items():
                (root / "tests/sdk" / name).parent.mkdir(parents=True, exist_ok=True)
                (root / "tests/sdk" / name).write_text(text, encoding="utf-8")
            files = [pathlib.PurePosixPath("tests/sdk") / name for name in sources]
            self.assertEqual(list(flows.faults(root, files)), ['tests/sdk/two: has no test called "flow: values"'])


class Readme(unittest.TestCase):
    def test_names_every_flag(self):
        """The flags table has the flags of config.c, each once and no other, but those that only DynamoDB Local has."""
        config = (ROOT / "server/config/config.c").read_text(encoding="utf-8")
        flags = set(re.findall(r'\{"([a-z-]+)",\s*KIND_', config)) | {"version", "help"}
        rows = re.findall(r"^\| `--.*?` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        named = [flag for row in rows for flag in re.findall(r"--([a-z-]+)", row)]
        self.assertGreater(len(flags), 10)
        self.assertEqual(set(named), flags)
        self.assertEqual(len(named), len(set(named)))


    def test_names_every_operation(self):
        """What is built is in README, what is not is not said to be."""
        built = set(re.findall(r"\[OPERATION_(\w+)\] = op_", (ROOT / "server/op/op.c").read_text(encoding="utf-8")))
        section = (ROOT / "README.md").read_text(encoding="utf-8").split("## What it does today")[1].split("##")[0]
        self.assertGreater(len(built), 10)
        self.assertEqual(set(re.findall(r"\b((?:[A-Z][a-z]+){2,}|Query|Scan)\b", section.split("The other operations")[0])), built)


class Generated(unittest.TestCase):
    def test_typed_calls(self):
        """The public headers are what client/api.py makes of api.def."""
        if shutil.which("clang-format-14") is None:
            self.skipTest("clang-format-14 is not installed; the compiler compares the structures all the same")
        done = subprocess.run(["python3", str(ROOT / "client/api.py"), "--check"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


class Architecture(unittest.TestCase):
    TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

    def test_files_are_there(self):
        named = re.findall(r"`([\w/]+\.(?:c|h|def|txt|py|md))\b", self.TEXT)
        self.assertGreater(len(named), 10)
        for name in named:
            with self.subTest(name):
                self.assertTrue([path for path in ROOT.glob("*/**/" + name) if "build" not in path.relative_to(ROOT).parts[:1]]
                                or (ROOT / name).is_file())

    def test_functions_are_there(self):
        named = re.findall(r"`([\w/]+\.c):\s+(\w+)`", self.TEXT)
        self.assertGreater(len(named), 5)
        for file, function in named:
            with self.subTest(file=file, function=function):
                texts = [path.read_text(encoding="utf-8") for path in (ROOT / "server").glob("**/" + file)]
                self.assertTrue(any(re.search(rf"^[\w *]*\b{function}\(", text, re.MULTILINE) for text in texts))


class Shape(unittest.TestCase):
    def test_measures_functions(self):
        lines = ["/* f */", "static int f(int a,", "             int b)", "{", "    return a;", "}", "struct s {", "};"]
        self.assertEqual(list(shape.functions(lines)), [("f", 4, 3)])


class Symbols(unittest.TestCase):
    def test_repository(self):
        builds = symbols.builds(ROOT)
        if not builds:
            self.skipTest("nothing is built: no build/*/**/libstator_*.a")
        found = [line for build in builds for line in symbols.clashes(build)]
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_finds_clashes(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or shutil.which("ar") is None or shutil.which("nm") is None:
            self.skipTest("no C compiler here")
        sources = {
            "one": "int shared(void) { return 1; } static int own(void) { return 2; } int a(void) { return own(); }",
            "two": "int shared(void) { return 3; } static int own(void) { return 4; } int b(void) { return own(); }",
            "three": "int shared(void); int c(void) { return shared(); }",
        }
        with tempfile.TemporaryDirectory() as temporary:
            build = pathlib.Path(temporary) / "build/dev"
            (build / "deep").mkdir(parents=True)
            for name, text in sources.items():
                (build / f"{name}.c").write_text(text + "\n", encoding="utf-8")
                subprocess.run([compiler, "-c", f"{name}.c"], cwd=build, check=True)
                subprocess.run(["ar", "rc", f"deep/libstator_{name}.a", f"{name}.o"], cwd=build, check=True)
            self.assertEqual(symbols.builds(pathlib.Path(temporary)), [build])
            self.assertEqual(list(symbols.clashes(build)),
                             ["dev: shared is defined in libstator_one.a, libstator_two.a"])


class Bench(unittest.TestCase):
    def test_stages_run(self):
        """Its requests go around op_run, and so break unseen where that changes what a request needs."""
        build = ROOT / "build/release"
        if not (build / "build.ninja").exists():
            self.skipTest("no release is built: build/release")
        subprocess.run(["cmake", "--build", build, "--target", "bench_stages"], check=True, capture_output=True)
        found = budget.parse(subprocess.run([build / "bench_stages"], check=True, capture_output=True, text=True).stdout)
        self.assertEqual(found.keys(), budget.parse(budget.BUDGET.read_text(encoding="utf-8")).keys())


class Hardening(unittest.TestCase):
    def test_release(self):
        build = ROOT / "build/release"
        if not all((build / name).exists() for name in hardening.PROGRAMS):
            self.skipTest("no release is built: build/release")
        self.assertGreater(len(hardening.archives(build)), 20)
        self.assertFalse(hardening.faults(build))

    def test_finds_faults(self):
        if shutil.which("cc") is None or shutil.which("readelf") is None:
            self.skipTest("no C compiler here")
        source = '#include <stdio.h>\n#include <stdarg.h>\nint p(const char *f, ...) { va_list l; va_start(l, f); ' \
                 'int n = vprintf(f, l); va_end(l); return n; }\nint main(void) { return p("%d", 1); }\n'
        bad = "-O2 -g1 -fno-stack-protector -fno-stack-clash-protection -fcf-protection=none -fno-pie -U_FORTIFY_SOURCE".split()
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            (folder / "a.c").write_text(source, encoding="utf-8")
            subprocess.run(["cc", *bad, "-c", "a.c"], cwd=folder, check=True)
            subprocess.run(["ar", "rc", "libstator_a.a", "a.o"], cwd=folder, check=True)
            subprocess.run(["cc", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack", "a.o", "-o", "a"], cwd=folder, check=True)
            self.assertEqual([line.split(": ")[1] for line in hardening.linked(folder / "a", True)], [
                "it is loaded at a fixed address", "symbols are bound late", "relocated data stays writable",
                "its stack is executable"])
            text = "\n".join(hardening.compiled(folder / "libstator_a.a"))
            for fault in ("has no", "without -fstack-protector-strong", "without -fstack-clash-protection", "vfprintf is not fortified"):
                self.assertIn(fault, text)


if __name__ == "__main__":
    unittest.main()

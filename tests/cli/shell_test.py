#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What surrounds the commands: help, manual page, completions, terminals, and how `stator` finds `stator-cli`."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from cli import Case, environment, find_binary, program

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = (ROOT / "client/cli/commands.c").read_text(encoding="utf-8")
COMMANDS = re.findall(r'^    \{"([a-z ]+)",', TABLES, re.MULTILINE)
OPTIONS = re.findall(r'^    \[OPTION_\w+\] =\s*\{"([a-z-]+)"', TABLES, re.MULTILINE)


class Documents(unittest.TestCase):
    def run_cli(self, *arguments):
        done = subprocess.run([program(), *arguments], capture_output=True, text=True, check=False, timeout=60, env=environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_there_are_some(self):
        self.assertGreater(len(COMMANDS), 15)
        self.assertGreater(len(OPTIONS), 40)

    def test_help(self):
        every = self.run_cli("help")
        self.assertEqual(every, self.run_cli("--help"))
        for name in COMMANDS:
            self.assertRegex(every, rf"(?m)^  {name}\b")
            of_one = self.run_cli("help", *name.split())
            self.assertIn(f"Usage: stator {name} ", of_one)
            self.assertIn("--endpoint", of_one)
            self.assertEqual(of_one, self.run_cli(*name.split(), "--help"))
        together = "".join(self.run_cli("help", *name.split()) for name in COMMANDS)
        for option in OPTIONS:
            self.assertRegex(together, rf"--{option}\b")
        self.assertLessEqual(max(map(len, (every + together).splitlines())), 132)

    def test_manual_page(self):
        page = self.run_cli("help", "--man")
        plain = page.replace("\\-", "-")
        for name in COMMANDS:
            self.assertRegex(plain, rf'(?m)^\.SS "{name}[ "]')
        for option in OPTIONS:
            self.assertIn(f"\\fB--{option}\\fR", plain)
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "EXIT STATUS"):
            self.assertIn(f".SH {section}\n", page)
        for line in page.splitlines():  # no text is taken for a request
            if line[:1] in (".", "'"):
                self.assertRegex(line, r"^\.(TH|SH|SS|TP|B|PP|nf|fi|br)\b")
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")

    def test_completions(self):
        for shell in "bash", "zsh", "fish":
            script = self.run_cli("completion", shell)
            for name in COMMANDS:
                self.assertIn(name.split()[-1], script)
            for option in OPTIONS:
                self.assertRegex(script, rf"(-l |--){option}\b")
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = subprocess.run([program(), "completion", "tcsh"], capture_output=True, text=True, check=False, env=environment())
        self.assertEqual((done.returncode, "not for 'tcsh'" in done.stderr), (2, True))


class Completing(Case):
    """bash, asked as it asks."""

    def complete(self, *words):
        script = self.run_cli("completion", "bash")
        ask = "\n".join([script, f"COMP_WORDS=({' '.join(repr(word) for word in words)})", f"COMP_CWORD={len(words) - 1}",
                         "_stator", 'printf "%s\\n" "${COMPREPLY[@]}"'])
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        if not (folder / "stator").exists():
            (folder / "stator").symlink_to(program())
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False, timeout=60,
                              env={**self.environment(), "STATOR_COMPLETION_SECONDS": "60", "PATH": f"{folder}:{os.environ['PATH']}"})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        self.table("users")
        self.table("orders")
        self.assertIn("query", self.complete("stator", ""))
        self.assertEqual(self.complete("stator", "qu"), ["query"])
        self.assertEqual(self.complete("stator", "tables", "d"), ["describe", "drop"])
        self.assertIn("--descending", self.complete("stator", "query", "--de"))
        self.assertEqual(self.complete("stator", "tables", "create", "--str"), ["--stream"])
        self.assertEqual(self.complete("stator", "put", "t", "--return", "ch"), ["changed-old", "changed-new"])
        self.assertEqual(self.complete("stator", "scan", "us"), ["users"])
        self.assertEqual(sorted(self.complete("stator", "tables", "drop", "")), ["orders", "users"])


class Terminals(Case):
    def setUp(self):
        super().setUp()
        self.table()

    def test_table_within_width(self):
        self.run_cli("put", "users", "id=日本", "text=" + "x" * 500, "n:=5", "bad=\x1b[31mred\x07")
        shown = self.on_terminal("scan", "users", columns=50)
        lines = shown.splitlines()
        self.assertEqual(lines[0][:4], "\x1b[1m")
        self.assertTrue(lines[0].startswith("\x1b[1mid"), "the key comes first")
        self.assertEqual(len(lines), 2)
        self.assertIn("日本", lines[1])
        self.assertIn("…", lines[1])
        self.assertLessEqual(len(lines[1]) + 2, 50)  # two characters take two columns
        self.assertNotIn("\x1b", lines[1])
        self.assertNotIn("\x1b", self.on_terminal("scan", "users", "--no-color"))

    def test_json_is_indented(self):
        self.run_cli("put", "users", "id=a", "m:={x: [1, 2]}")
        shown = self.on_terminal("get", "users", "a", "-o", "json")
        self.assertGreater(len(shown.splitlines()), 2)
        self.assertIn("attribute", self.on_terminal("get", "users", "a"))
        self.assertIn("no items", self.on_terminal("scan", "users", "--filter", "id = 'b'"))

    def test_progress(self):
        path = self.file("items.jsonl", "".join(f'{{"id":{{"S":"{number}"}}}}\n' for number in range(500)))
        shown = self.on_terminal("import", path, "--table", "users")
        self.assertRegex(shown, r"\[[=> ]{30}\] +\d+%  \d+ items")
        self.assertIn("imported 500 items", shown)
        self.assertEqual(self.on_terminal("import", path, "--table", "users", "--quiet"), "")
        self.assertNotIn("[", self.on_terminal("import", path, "--table", "users", "--no-progress"))


class Dispatch(Case):
    """`stator put` is `stator-cli put`."""

    def stator(self, *arguments, at=None, path=None):
        more = self.environment()
        if path is not None:
            more["PATH"] = str(path)
        done = subprocess.run([str(at or find_binary()), *arguments], capture_output=True, text=True, check=False, timeout=60, env=more)
        return done.returncode, done.stdout, done.stderr

    def test_beside(self):
        self.table()
        self.assertEqual(self.stator("put", "users", "id=a"), (0, "", ""))
        self.assertEqual(self.stator("get", "users", "a"), (0, '{"id":"a"}\n', ""))
        self.assertEqual(self.stator("get", "users", "b")[0], 3)
        self.assertIn("Usage: stator put", self.stator("help", "put")[1])
        self.assertIn("Usage: stator [serve]", self.stator("help")[1])
        self.assertIn("'sevre' is no command", self.stator("sevre")[2])

    def alone(self):
        """The server in a directory of its own. A copy may be large; a link is the same file under another name."""
        folder = self.folder / "alone"
        folder.mkdir()
        try:
            os.link(find_binary(), folder / "stator")
        except OSError:
            shutil.copy2(find_binary(), folder / "stator")
        return folder / "stator"

    def test_in_path_or_missing(self):
        stator = self.alone()
        code, out, error = self.stator("put", "users", "id=a", at=stator, path="/nonexistent")
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(error, "stator: 'put' is no command of the server (stator --help lists them), and stator-cli, which has the "
                                "others, is neither beside it nor in PATH\n")
        self.assertEqual(self.stator("--version", at=stator, path="/nonexistent")[0], 0)
        folder = self.folder / "path"
        folder.mkdir()
        (folder / "stator-cli").symlink_to(program())
        self.assertEqual(self.stator("tables", at=stator, path=folder), (0, "[]\n", ""))

    def test_links_nothing_more(self):
        """The server itself has no libcurl to load."""
        if not shutil.which("ldd"):
            self.skipTest("no ldd")
        done = subprocess.run(["ldd", str(find_binary())], capture_output=True, text=True, check=False)
        self.assertNotIn("libcurl", done.stdout)


if __name__ == "__main__":
    unittest.main()

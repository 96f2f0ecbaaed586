# SPDX-License-Identifier: Apache-2.0
"""The guide's blocks of C compile, each by itself, as C99 without a warning."""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import ROOT  # noqa: E402

GUIDE = ROOT / "client/README.md"
BEGIN = "".join(f"#include <{header}>\n" for header in (
    "stdio.h", "stdlib.h", "stator/async.h", "stator/batch.h", "stator/build.h", "stator/command.h", "stator/json.h", "stator/page.h",
    "stator/tail.h", "stator/wait.h")) + "void block(struct stator_client *client, struct stator_call *call);\n"


class Guide(unittest.TestCase):
    def test_blocks_compile(self):
        blocks = re.findall(r"^```c\n(.*?)^```", GUIDE.read_text(), flags=re.M | re.S)
        self.assertGreater(len(blocks), 8)
        for number, block in enumerate(blocks):
            with self.subTest(number=number):
                # A block may declare a client or a call of its own: it stands in braces inside of those given.
                text = BEGIN + ("void block(struct stator_client *client, struct stator_call *call)\n"
                                "{\n(void)client;\n(void)call;\n{\n") + block + "}\n}\n"
                done = subprocess.run(["cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable",
                                       "-Wno-unused-but-set-variable", f"-I{ROOT}/include", "-xc", "-fsyntax-only", "-"],
                                      input=text, text=True, capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_links_lead_somewhere(self):
        for link in re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text()):
            self.assertTrue((GUIDE.parent / link).exists(), link)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Prints the ten longest functions and the ten longest files of the product's C code. It reports, it does not fail.

    python3 tests/structure/shape.py [root]

The code is formatted by clang-format, so a function is a line at column 0 that starts its body with `{` alone on the next
lines, up to the `}` at column 0.
"""
import pathlib
import re
import statistics
import sys

NAME = re.compile(r"(\w+)\(")
FOLDERS = ("include", "proto", "server", "client")
TABLE = 10


def functions(lines):
    """Yields (name, first line, length) of every function."""
    head, start = "", 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            name = NAME.search(head)
            yield (name.group(1) if name else "?"), start, number - start + 1
            start = 0
        elif not start and line[:1].isalpha() and "(" in line:
            head = line


def c_files(root):
    return [path for part in FOLDERS for path in sorted((root / part).rglob("*.[ch]"))]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found, files = [], []
    for path in c_files(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        files.append((len(lines), path.relative_to(root)))
        found += [(length, f"{name}  {path.relative_to(root)}:{start}") for name, start, length in functions(lines)]
    for title, rows in (("functions", found), ("files", files)):
        if rows:
            sizes = [size for size, _ in rows]
            print(f"longest {title} of {len(rows)}, median {statistics.median(sizes):.0f} lines")
            for size, what in sorted(rows, key=lambda row: -row[0])[:TABLE]:
                print(f"  {size:5d}  {what}")


if __name__ == "__main__":
    main()

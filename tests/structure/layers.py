# SPDX-License-Identifier: Apache-2.0
"""Holds every #include to layers.txt. Prints what breaks it; exit code 1 when anything does.

    python3 tests/structure/layers.py [root]
"""
import fnmatch
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SEARCHED = ("include", "proto", "server", "client", "tests")  # the include paths of the build, and the root of tests
LAYERED = ("include", "proto", "server", "client")            # where folders need a `uses` line
C_FILES = (".c", ".h", ".def")


class Rules:
    def __init__(self, text):
        self.uses, self.only, self.never = {}, [], []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            verb, subject, objects = words[0], words[1], words[2:]
            if verb == "uses":
                self.uses[subject] = objects
            elif verb == "only":
                self.only.append((subject, objects))
            elif verb == "never":
                self.never.append((subject, objects))
            else:
                raise ValueError(f"layers.txt:{number}: unknown verb {verb}")

    def breach_of_folder(self, folder, target, header):
        """Why a file of folder may not include header, one of ours in the folder target, or None."""
        if folder == target or folder.split("/")[0] == "tests":
            return None
        if folder not in self.uses:
            return f"layers.txt has no line for {folder}"
        if any(fnmatch.fnmatchcase(one, pattern) for pattern in self.uses[folder] for one in (target, header)):
            return None
        return f"{folder} may not use {header}"

    def breach_of_header(self, folder, header):
        """Why a file of folder may not include <header>, or None."""
        for pattern, folders in self.only:
            if fnmatch.fnmatchcase(header, pattern) and folder not in folders:
                return f"<{header}> is only for {', '.join(folders)}"
        for where, headers in self.never:
            if fnmatch.fnmatchcase(folder, where) and any(fnmatch.fnmatchcase(header, p) for p in headers):
                return f"{folder} never uses <{header}>"
        return None


def folder_of(root, path):
    return path.parent.relative_to(root).as_posix()


def find_ours(root, source, name):
    """The path of an include from the root: beside its file, or on the build's include paths. None if there is no such file."""
    for place in [source.parent] + [root / part for part in SEARCHED]:
        if (place / name).is_file():
            return (place / name).resolve().relative_to(root).as_posix()
    return None


def sources(root):
    for part in LAYERED + ("tests",):
        for path in sorted((root / part).rglob("*")):
            if path.suffix in C_FILES and "node_modules" not in path.parts:
                yield path


def breaches(root, rules):
    """Yields "file:line: reason" for every include that breaks the rules."""
    for path in sources(root):
        folder = folder_of(root, path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            kind, name = found.groups()
            target = find_ours(root, path, name)
            if kind == "<" and target is None:
                reason = rules.breach_of_header(folder, name)
            elif target is None:
                reason = f'"{name}" is no header of this repository'
            else:
                reason = rules.breach_of_folder(folder, target.rpartition("/")[0], target)
            if reason:
                yield f"{path.relative_to(root)}:{number}: {reason}"
        if folder.split("/")[0] in LAYERED and folder not in rules.uses:
            yield f"{path.relative_to(root)}: layers.txt has no line for {folder}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    rules = Rules((pathlib.Path(__file__).parent / "layers.txt").read_text(encoding="utf-8"))
    found = list(breaches(root, rules))
    print("\n".join(found) if found else "layers: every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""What every folder and C file owes its reader: a README.md of at most 30 lines, an SPDX line at the top.

    python3 tests/structure/folders.py [root]
"""
import pathlib
import shutil
import subprocess
import sys

README_LINES_MAX = 30
NOT_OURS = {".git", ".cache", "build", "node_modules", "stator-data", "target", "__pycache__"}  # made, or fetched
SPDX = "SPDX-License-Identifier: Apache-2.0"
WANT_SPDX = (".c", ".h", ".py", ".js", ".mjs", ".lua", ".go")  # .def too would be ours, but it has no other header line
NO_README = (".", ".ci", "include")  # the root's README is the product's page; the others only lead on
GUIDES = ("client",)  # whose README is a guide, and as long as that takes
TESTS_README = 2  # below tests/ a README is owed down to this depth: tests/unit mirrors the tree


def tracked(root):
    """Files that git knows or would add; without git, or outside a clone, all but what is built and what is fetched."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return [pathlib.PurePosixPath(path) for path in found if not NOT_OURS.intersection(path.parts)]
    out = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         check=True, capture_output=True).stdout.decode()
    return [pathlib.PurePosixPath(name) for name in out.split("\0") if name and (root / name).is_file()]


def owes_readme(folder):
    if folder.as_posix() in NO_README:
        return False
    return folder.parts[0] != "tests" or len(folder.parts) <= TESTS_README


def readme_faults(root, files):
    folders = {file.parent for file in files}
    for folder in sorted(folder for folder in folders if owes_readme(folder)):
        readme = root / folder / "README.md"
        if not readme.is_file():
            yield f"{folder}: has no README.md"
            continue
        lines = len(readme.read_text(encoding="utf-8").splitlines())
        if lines > README_LINES_MAX and folder.as_posix() not in GUIDES:
            yield f"{folder}/README.md: {lines} lines; at most {README_LINES_MAX}"


def spdx_faults(root, files):
    for file in files:
        if file.suffix not in WANT_SPDX:
            continue
        head = (root / file).read_text(encoding="utf-8").splitlines()[:2]
        if not any(SPDX in line for line in head):
            yield f"{file}: no {SPDX} in its first two lines"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    files = tracked(root)
    found = list(readme_faults(root, files)) + list(spdx_faults(root, files))
    print("\n".join(found) if found else "folders: every README and SPDX line is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

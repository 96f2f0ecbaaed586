# SPDX-License-Identifier: Apache-2.0
"""Every SDK's tests have every flow: each folder beside tests/sdk/cases names each flow of flows.json as "flow: NAME", in quotes.

    python3 tests/structure/flows.py [root]
"""
import json
import pathlib
import sys

from folders import tracked

NO_SUITES = ("cases", "tools")
QUOTES = "\"'`"


def faults(root, files):
    """One line for each flow that a folder lacks; files are those git knows, relative to root."""
    sdk = pathlib.PurePosixPath("tests/sdk")
    flows = [flow["name"] for flow in json.loads((root / sdk / "cases/flows.json").read_text(encoding="utf-8"))]
    texts = {}
    for file in files:
        if file.suffix != ".md" and file.parts[:2] == sdk.parts and len(file.parts) > 3 and file.parts[2] not in NO_SUITES:
            texts.setdefault(file.parts[2], []).append((root / file).read_text(encoding="utf-8", errors="replace"))
    for folder in sorted(texts):
        for flow in flows:
            if not any(f"{quote}flow: {flow}{quote}" in text for text in texts[folder] for quote in QUOTES):
                yield f"{sdk / folder}: has no test called \"flow: {flow}\""


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(faults(root, tracked(root)))
    print("\n".join(found) if found else "flows: every SDK has each of them")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Starts a server, runs a command with its address in STATOR_ENDPOINT, stops the server. STATOR_FAULTY is an address through
which the same server answers some requests badly (faulty.py).

    python3 tests/support/with_server.py [server flags] -- command ...

Exit code: the command's, or 1 when the server died or did not leave cleanly.
"""
import os
import subprocess
import sys

from faulty import Faulty
from server import Server

STOP_SECONDS = 60  # of a sanitizer's search for leaks, too: how soon it stops is for others to test


def main():
    if "--" not in sys.argv:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    with Server(*sys.argv[1:split]) as server, Faulty(server.url) as faulty:
        code = subprocess.run(sys.argv[split + 1:], check=False,
                              env=dict(os.environ, STATOR_ENDPOINT=server.url, STATOR_FAULTY=faulty.url)).returncode
        if server.process.poll() is not None:
            print(f"the server died with {server.process.returncode} under the tests:\n{server.text()}")
            code = code or 1
        else:
            server.stop(STOP_SECONDS)
    return code


if __name__ == "__main__":
    sys.exit(main())

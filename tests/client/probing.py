# SPDX-License-Identifier: Apache-2.0
"""Runs the program client_probe against a server and reads what it says."""
import os
import re
import subprocess

from server import find_binary

LINE = re.compile(r"rc=(?P<rc>\S*) attempts=(?P<attempts>\d+) status=(?P<status>\d+) retryable=(?P<retryable>\d) "
                  r"type=(?P<type>\S*) id=(?P<id>\S*) answer=(?P<answer>.*) message=(?P<message>.*)")
LIMITS = ("--connect-timeout", "60000", "--attempt-timeout", "60000")  # none that a busy machine can reach


class Outcome(dict):
    """How one call ended: rc, attempts, status, retryable, type, id, answer, message."""

    def __init__(self, line):
        found = LINE.fullmatch(line)
        if found is None:
            raise AssertionError(f"the probe says {line!r}")
        super().__init__(found.groupdict())
        for name in ("attempts", "status", "retryable"):
            self[name] = int(self[name])

    __getattr__ = dict.__getitem__


class Probe:
    """One run: its outcomes, in order, and what was logged."""

    def __init__(self, url, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        done = subprocess.run([find_binary("client_probe"), "--endpoint", url, *LIMITS, *map(str, arguments)], env=environment,
                              capture_output=True, text=True, errors="replace", timeout=100, check=False)
        self.log = done.stderr
        if done.returncode != 0 or "Sanitizer" in done.stderr or "runtime error" in done.stderr:
            raise AssertionError(f"the probe ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        self.outcomes = [Outcome(line) for line in done.stdout.splitlines()]

# SPDX-License-Identifier: Apache-2.0
"""Stator beside the bare server and its peers, in one run. Started by tests/bench/run, which builds what is ours."""
import argparse
import os
import pathlib
import re
import signal
import sys
import time

import budget
import facts
import growth
import load
import neighbours
import once
import report
import rounds
import servers
import space
import workloads

HERE = pathlib.Path(__file__).resolve().parent


class Bench:
    """What the parts share: options, servers that run, the report."""

    def __init__(self, options):
        self.options, self.build, self.out = options, pathlib.Path(options.build).resolve(), pathlib.Path(options.out).resolve()
        self.report = report.Report({"loops": options.loops, "rounds": options.rounds, "seconds": options.seconds})
        self.servers, self.peers, self.began = {}, [], time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.began:6.0f} s  {text}", flush=True)

    def skip(self, server, what, why):
        self.say(f"SKIP {server}: {what}: {why}")
        self.report.skip(server, what, why)

    def chosen(self, every):
        return [workload for workload in every if re.search(self.options.only, workload.name)]

    def stator(self, mode="full", name=None, environment=None):
        return servers.stator(self.build, self.options.loops, mode, name, environment)

    def find_peers(self):
        """Those that are asked for and can be had."""
        names = [] if self.options.peers == "none" else self.options.peers.split(",")
        for name in names:
            try:
                self.peers.append(servers.PEERS[name](self.say))
            except RuntimeError as error:
                self.skip(name, "everything", error)
        for given in self.options.peer:
            self.peers.append(servers.Given(*given.split("=", 1)))

    def kinds(self):
        """Every server that is measured, the ceiling first."""
        return [servers.bare(self.build, self.options.loops), *(self.stator(mode) for mode in ("full", "process", "memory")), *self.peers]

    def start(self, kinds):
        """Starts them, for the length of a part. A peer that does not start is skipped."""
        for kind in kinds:
            try:
                self.servers[kind.name] = kind.start()
            except RuntimeError as error:
                if kind not in self.peers:
                    raise
                self.skip(kind.name, "everything", error)
        return list(self.servers.values())

    def stop(self):
        for server in self.servers.values():
            if server.process is None:
                load.clear(server)
            server.stop()
        self.servers = {}


# --- Parts ---


def run_workloads(bench, part, every):
    chosen = bench.chosen(every)
    if chosen:
        rounds.measure(bench, part, chosen, bench.start(bench.kinds()))


def stages(bench):
    rows = budget.compared(budget.measured(bench.build), budget.parse(budget.BUDGET.read_text(encoding="utf-8")))
    bench.report.add_table("Stages inside the server", ["stage", "ns", "budget", "allocations", "budget", ""], rows)


PARTS = {
    "stages": stages,
    "operations": lambda bench: run_workloads(bench, "operations", workloads.operations()),
    "ycsb": lambda bench: run_workloads(bench, "ycsb", workloads.ycsb()),
    "neighbours": neighbours.neighbours,
    "growth": growth.growth,
    "loops": growth.loops,
    "start": once.start,
    "memory": once.memory,
    "facts": facts.facts,
    "suite": once.suite,
    "sdk": once.sdk,
    "library": once.library,
    "soak": once.soak,
    "space": space.space,
}
ON_REQUEST = ("soak", "space")
SMOKE = r"300 B|0 GSIs|of 10$|Scan|alone|backfill|YCSB A|, 1,000 items|16 connections|1,024|100 tables"


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Parts: " + ", ".join(PARTS) + f". Only on request: {', '.join(ON_REQUEST)}.")
    parser.add_argument("part", nargs="*", help="which; all, if none is named")
    parser.add_argument("--only", default="", metavar="REGEX", help="workloads whose name matches")
    parser.add_argument("--peers", default=",".join(servers.PEERS), metavar="LIST", help="of %(default)s, or none")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=URL", help="one more server, that runs already")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1, help="of a sample")
    parser.add_argument("--loops", type=int, default=os.cpu_count())
    parser.add_argument("--retries", type=int, default=load.RETRIES, help="of a sample that other processes disturbed")
    parser.add_argument("--minutes", type=int, default=60, help="of the soak")
    parser.add_argument("--smoke", action="store_true", help="every part, as little as possible, without peers: does the bench itself work?")
    parser.add_argument("--big", action="store_true", help="growth to ten million items")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.smoke:
        options.rounds, options.retries, options.peers, options.only = 1, 0, "none", options.only or SMOKE
    if min(options.rounds, options.seconds, options.loops, options.minutes) < 1:
        parser.error("--rounds, --seconds, --loops and --minutes are at least 1")
    for part in options.part:
        if part not in PARTS:
            parser.error(f"no part is called {part}; there are {', '.join(PARTS)}")
    if options.peers != "none" and not set(options.peers.split(",")) <= set(servers.PEERS):
        parser.error(f"--peers takes of {', '.join(servers.PEERS)}, or none")
    for given in options.peer:
        if not re.fullmatch(r"[^=]+=http://[^/]+/?", given):
            parser.error(f"--peer {given}: name=http://host:port is meant")
    return options


def main():
    bench = Bench(arguments())
    load.RETRIES = bench.options.retries
    servers.CACHE.mkdir(parents=True, exist_ok=True)
    bench.out.mkdir(parents=True, exist_ok=True)
    bench.find_peers()
    for part in bench.options.part or [part for part in PARTS if part not in ON_REQUEST]:
        bench.say(f"== {part}")
        try:
            PARTS[part](bench)
        finally:
            bench.stop()
        text = bench.report.write(bench.out)  # after each part: an interrupted run has a report
    print(text)
    bench.say(f"written to {bench.out}: report.md, report.json, plots")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # by way of finally: no server stays
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted")

# SPDX-License-Identifier: Apache-2.0
"""First figures: Stator beside a bare h2o handler, in one run. Started by tests/bench/run, which builds both.

All servers are up at once; in every round each case runs once, in an order that turns from round to round, so that what
disturbs the machine disturbs all. Figures to trust, in this order: ratios of the same round, server CPU per request,
absolute rates. A sample during which other processes used more than FOREIGN_MAX of a core is taken again.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "support"))
import dynamo  # noqa: E402  pylint: disable=wrong-import-position

TICKS = os.sysconf("SC_CLK_TCK")
TABLE, KEYS, VALUE_BYTES = "bench", 10000, 240
FOREIGN_MAX = 0.25  # of one core; an unsynced file system's own threads count as foreign
RETRIES = 2
MODES = {"none": ["--in-memory"], "process": ["--durability", "process"], "full": ["--durability", "full"]}
OPERATIONS = ("GetItem", "PutItem")
CONNECTIONS = (16, 64)
STARTS = 15


# --- What the kernel says ---


def cpu_seconds(pid):
    """User and system time of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_seconds():
    """Of the whole machine."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


# --- Servers ---


class Process:
    """A server that says `port=<number>` when it listens."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"\bport=(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            raise RuntimeError(f"{name} did not start: {' '.join(command)}")
        self.pid, self.url = self.process.pid, f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def stator_command(binary, loops, mode, data_dir):
    place = [] if "--in-memory" in MODES[mode] else ["--data-dir", str(data_dir)]
    return [str(binary), "--port", "0", "--loops", str(loops), *MODES[mode], *place]


def item(i):
    return {"pk": {"S": f"key-{i:08}"}, "n": {"N": str(i)}, "v": {"S": "v" * VALUE_BYTES}}


def load(url):
    """The table and its items. Returns the sizes of GetItem's and PutItem's answers."""
    client = dynamo.Client(url)
    client.call("CreateTable", {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]})

    def put(part):
        own = dynamo.Client(url)
        for i in range(part, KEYS, 8):
            own.call("PutItem", {"TableName": TABLE, "Item": item(i)})
        own.close()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(8)))
    get_body = client.raw("GetItem", json.dumps({"TableName": TABLE, "Key": {"pk": {"S": "key-00000000"}}}).encode())[2]
    put_body = client.raw("PutItem", json.dumps({"TableName": TABLE, "Item": item(0)}).encode())[2]
    client.close()
    return {"GetItem": len(get_body), "PutItem": len(put_body)}


# --- One sample ---


def wrk(url, operation, connections, seconds, seed):
    """Runs wrk; returns what requests.lua wrote and the CPU seconds wrk itself took."""
    environment = dict(os.environ, BENCH_OPERATION=operation, BENCH_TABLE=TABLE, BENCH_KEYS=str(KEYS),
                       BENCH_VALUE_BYTES=str(VALUE_BYTES), BENCH_SEED=str(seed))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "requests.lua"), url],
                         env=environment, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (json.loads(re.search(r"^BENCH (.*)$", out, re.MULTILINE).group(1)),
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def sample(server, operation, connections, seconds, seed):
    for attempt in range(RETRIES + 1):
        cpu, busy, began = cpu_seconds(server.pid), busy_seconds(), time.monotonic()
        result, load_cpu = wrk(server.url, operation, connections, seconds, seed + attempt)
        cpu, busy, took = cpu_seconds(server.pid) - cpu, busy_seconds() - busy, time.monotonic() - began
        foreign = max(0.0, busy - cpu - load_cpu) / took
        if result["errors"]:
            raise RuntimeError(f"{server.name}: {operation} had {result['errors']} errors")
        if foreign <= FOREIGN_MAX:
            break
    return {"per_second": result["requests"] / result["duration_us"] * 1e6, "p50_ms": result["p50_us"] / 1e3, "p99_ms": result["p99_us"] / 1e3,
            "cpu_us": cpu / result["requests"] * 1e6, "foreign": foreign, "attempts": attempt + 1}


def measure(cases, rounds, seconds):
    """cases: {name: (server, operation, connections)}. Returns {name: [sample of each round]}."""
    samples = {name: [] for name in cases}
    names = list(cases)
    total, done, began = rounds * len(names), 0, time.monotonic()
    for number in range(rounds):
        turned = names[number % len(names):] + names[:number % len(names)]
        for name in turned if number % 2 == 0 else reversed(turned):
            server, operation, connections = cases[name]
            samples[name].append(sample(server, operation, connections, seconds, 1000 * number))
            done += 1
            left = (time.monotonic() - began) / done * (total - done)
            last = samples[name][-1]
            print(f"[{done:3}/{total}] round {number + 1}  {name:24} {last['per_second']:9.0f}/s {last['cpu_us']:6.1f} us CPU   {left:4.0f} s left", flush=True)
    return samples


# --- Start and idle memory ---


def first_answer_ms(command):
    """From exec to the first answer to ListTables; and the process, still running."""
    began = time.monotonic()
    process = Process("start", command)
    dynamo.Client(process.url).call("ListTables", {})
    return (time.monotonic() - began) * 1e3, process


def measure_start(binary, loops):
    """Medians in ms of a fresh directory, the same again, and in memory; idle RSS in MiB of each."""
    times, memory = {}, {}
    for number in range(STARTS):
        fresh = tempfile.mkdtemp(prefix="stator-bench-")
        try:
            for case, mode in (("fresh directory", "full"), ("same directory again", "full"), ("in memory", "none")):
                took, process = first_answer_ms(stator_command(binary, loops, mode, pathlib.Path(fresh) / "data"))
                if number < 3:
                    time.sleep(0.5)
                    memory.setdefault(case, []).append(resident_mib(process.pid))
                process.stop()
                times.setdefault(case, []).append(took)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        print(f"[start {number + 1}/{STARTS}]", flush=True)
    return {case: {"first_answer_ms": statistics.median(times[case]), "least_ms": min(times[case]),
                   "idle_rss_mib": statistics.median(memory[case])} for case in times}


# --- The report ---


def summarise(samples):
    out = {}
    for name, rows in samples.items():
        operation, mode, connections = name.split()
        bare = samples[f"{operation} bare {connections}"]
        out[name] = {key: statistics.median(row[key] for row in rows) for key in ("per_second", "p50_ms", "p99_ms", "cpu_us", "foreign")}
        out[name]["cpu_ratio"] = statistics.median(row["cpu_us"] / other["cpu_us"] for row, other in zip(rows, bare))
        out[name]["rate_ratio"] = statistics.median(row["per_second"] / other["per_second"] for row, other in zip(rows, bare))
    return out


def markdown(report):
    lines = ["# Stator beside a bare h2o handler", "",
             f"{report['machine']}; {report['loops']} loops; {report['rounds']} interleaved rounds of {report['seconds']} s, medians. "
             f"Items of {VALUE_BYTES + 20} bytes or so, {KEYS} keys; wrk on the same machine. Ratios are of the same round.", "",
             "| operation | durability | connections | CPU us/request | to bare | requests/s | to bare | p50 ms | p99 ms | foreign CPU |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for name, row in report["cases"].items():
        operation, mode, connections = name.split()
        lines.append(f"| {operation} | {mode} | {connections} | {row['cpu_us']:.1f} | {row['cpu_ratio']:.2f} | {row['per_second']:,.0f} | "
                     f"{row['rate_ratio']:.2f} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | {row['foreign']:.2f} |")
    lines += ["", "| start | first answer ms (least) | idle RSS MiB |", "|---|---|---|"]
    for case, row in report["start"].items():
        lines.append(f"| {case} | {row['first_answer_ms']:.1f} ({row['least_ms']:.1f}) | {row['idle_rss_mib']:.1f} |")
    return "\n".join(lines) + "\n"


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return f"{os.cpu_count()} x {model.group(1) if model else os.uname().machine}, Linux {os.uname().release}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stator", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--loops", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")

    out = pathlib.Path(options.out)
    base = tempfile.mkdtemp(prefix="stator-bench-")
    servers = {}
    try:
        start = measure_start(options.stator, options.loops)
        for mode in MODES:
            servers[mode] = Process(mode, stator_command(options.stator, options.loops, mode, pathlib.Path(base) / mode))
            print(f"loading {KEYS} items, durability {mode}", flush=True)
            sizes = load(servers[mode].url)
        for operation in OPERATIONS:
            servers[operation] = Process(f"bare {operation}", [options.bare, str(sizes[operation]), str(options.loops)])
        cases = {f"{operation} {mode} {connections}": (servers[operation if mode == "bare" else mode], operation, connections)
                 for operation in OPERATIONS for connections in CONNECTIONS for mode in ("bare", *MODES)}
        samples = measure(cases, options.rounds, options.seconds)
    finally:
        for server in servers.values():
            server.stop()
        shutil.rmtree(base, ignore_errors=True)
    report = {"machine": machine(), "loops": options.loops, "rounds": options.rounds, "seconds": options.seconds,
              "answer_bytes": sizes, "cases": summarise(samples), "start": start, "samples": samples}
    (out / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    text = markdown(report)
    (out / "report.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

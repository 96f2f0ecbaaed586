# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared: how each is installed, started and stopped, and what the kernel says about it.

Peers are kept under BENCH_CACHE (~/.cache/stator-bench): building one takes minutes, once.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

TICKS = os.sysconf("SC_CLK_TCK")
CACHE = pathlib.Path(os.environ.get("BENCH_CACHE", pathlib.Path.home() / ".cache" / "stator-bench"))
NODE, PYTHON, RUST, JAVA = CACHE / "node", CACHE / "python", CACHE / "dynoxide", CACHE / "dynamodb-local"
DYNALITE, MOTO, DYNOXIDE = "dynalite@4.0.0", "moto[server,dynamodb]==5.2.5", "dynoxide-rs@3.2.0"
DYNAMODB_LOCAL = "2.6.1"  # of com.amazonaws:DynamoDBLocal, on Maven Central
SDK_JS, SDK_PYTHON = "@aws-sdk/client-dynamodb@3", "boto3"
START_LIMIT_S = 60


# --- What the kernel says ---


def cpu_seconds(pid):
    """User and system time of a process with all its threads, ended ones too; to the nanosecond, where /proc has ticks."""
    return time.clock_gettime((~pid << 3) | 2)


def busy_seconds():
    """Of the whole machine."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def listener_of(port):
    """The process that listens on a local port, or None."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return None


# --- One server ---


class Server:
    """A server that runs, ours to stop or not. `tables` is what load.py made there, `began` when it was started."""

    def __init__(self, name, url, pid, process=None, directory=None, began=None):
        self.name, self.url, self.pid = name, url, pid
        self.process, self.directory, self.began = process, directory, began
        self.tables, self.failed = set(), {}

    def cpu(self):
        return cpu_seconds(self.pid) if self.pid else None

    def resident(self):
        return resident_mib(self.pid) if self.pid else None

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)


class Given:
    """A server that somebody else runs: --peer name=url."""

    def __init__(self, name, url):
        self.name, self.url, self.ours = name, url, False

    def start(self, **_):
        address = urllib.parse.urlsplit(self.url)
        return Server(self.name, self.url, listener_of(address.port or 80))


class Kind:
    """A kind of server that we start: command(port, directory) gives its arguments; disk() likewise, those that make it keep
    its data in that directory. `files` is what of it is installed, without the interpreter that it may need."""
    ours = True

    def __init__(self, name, command, environment=None, disk=None, files=()):
        self.name, self.command, self.environment, self.disk, self.files = name, command, environment or {}, disk, files

    def on_disk(self):
        return self.disk and Kind(f"{self.name}-disk", self.disk, self.environment, self.disk, self.files)

    def with_environment(self, environment):
        return Kind(self.name, self.command, {**self.environment, **environment}, self.disk, self.files)

    def start(self, directory=None):
        """From exec until its port accepts. A directory that is given is kept; otherwise it has one for its life."""
        own = tempfile.mkdtemp(prefix="stator-bench-") if directory is None else None
        port = free_port()
        with open(CACHE / f"{self.name}.log", "wb") as log:
            began = time.monotonic()
            process = subprocess.Popen(self.command(port, directory or own), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=dict(os.environ, **self.environment), cwd=directory or own)
        server = Server(self.name, f"http://127.0.0.1:{port}", process.pid, process, own, began)
        try:
            await_port(port, process)
        except RuntimeError as error:
            server.stop()
            raise RuntimeError(f"{self.name} {error}, see {log.name}") from None
        return server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process):
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.0002)
    raise RuntimeError("did not start")


# --- Ours ---


def bare(build, loops):
    """The ceiling: reads the request, answers bytes."""
    program = str(build / "bench_bare")
    return Kind("bare", lambda port, directory: [program, str(port), str(loops)])


def stator(build, loops, mode, name=None, environment=None):
    """mode: full, process, or memory."""
    def command(port, directory):
        place = ["--in-memory"] if mode == "memory" else ["--durability", mode, "--data-dir", os.path.join(directory, "data")]
        return [str(build / "stator"), "--port", str(port), "--loops", str(loops), *place]
    return Kind(name or ("stator" if mode == "full" else f"stator-{mode}"), command, environment,
                None if mode == "memory" else command, [build / "stator"])


# --- Peers ---


def run_install(command, what, say):
    say(f"installing {what} under {CACHE}; its log: {CACHE / 'install.log'}")
    with open(CACHE / "install.log", "ab") as log:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode != 0:
            raise RuntimeError(f"cannot be installed: {' '.join(command)}")


def need(program):
    if shutil.which(program) is None:
        raise RuntimeError(f"cannot be installed: there is no {program}")
    return program


def install_node(package, folder, say):
    if not (NODE / "node_modules" / folder).exists():
        run_install([need("npm"), "install", "--no-fund", "--no-audit", "--prefix", str(NODE), package], package, say)


def node_files(package):
    """The folders of a package and of all that it depends on, which others in the same node_modules may not."""
    lock = json.loads((NODE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found, ahead = {}, [f"node_modules/{package}"]
    while ahead:
        path = ahead.pop()
        if path in lock and path not in found:
            found[path] = NODE / path
            ahead += [near if (near := f"{path}/node_modules/{name}") in lock else f"node_modules/{name}"
                      for name in (*lock[path].get("dependencies", {}), *lock[path].get("optionalDependencies", {}))]
    return list(found.values())


def install_python(package, module, say):
    if not (PYTHON / "bin" / "python").exists():
        run_install([need("python3"), "-m", "venv", str(PYTHON)], "a venv", say)
    if not list(PYTHON.glob(f"lib/python3*/site-packages/{module}")):
        run_install([str(PYTHON / "bin" / "pip"), "install", "--quiet", package], package, say)


def dynalite(say):
    install_node(DYNALITE, "dynalite", say)
    script = str(NODE / "node_modules" / "dynalite" / "cli.js")

    def command(port, _):
        return [need("node"), script, "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0"]
    return Kind("dynalite", command, None, lambda port, directory: [*command(port, directory), "--path", directory], node_files("dynalite"))


def moto(say):
    install_python(MOTO, "moto", say)
    return Kind("moto", lambda port, _: [str(PYTHON / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
                files=[path for path in PYTHON.glob("lib/python3*/site-packages/*") if path.name.partition("-")[0] not in ("pip", "setuptools")])


def dynoxide(say):
    program = RUST / "bin" / "dynoxide"
    if not program.exists():
        run_install([need("cargo"), "install", "--locked", DYNOXIDE, "--root", str(RUST)], f"{DYNOXIDE} (takes many minutes)", say)

    def command(port, _):
        return [str(program), "--host", "127.0.0.1", "--port", str(port)]
    return Kind("dynoxide", command, None, lambda port, directory: [*command(port, directory), "--db-path", os.path.join(directory, "data.db")], [program])


POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>bench</artifactId><version>1</version>
  <dependencies><dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>VERSION</version></dependency></dependencies>
</project>
"""


def dynamodb_local(say):
    """In memory; one database for all clients, as most people run it. It sends nothing home."""
    java, libraries = need("java"), JAVA / f"lib-{DYNAMODB_LOCAL}"
    if not libraries.exists():
        JAVA.mkdir(parents=True, exist_ok=True)
        (JAVA / "pom.xml").write_text(POM.replace("VERSION", DYNAMODB_LOCAL), encoding="utf-8")
        partial = JAVA / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        run_install([need("mvn"), "-q", "-B", "-f", str(JAVA / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime",
                     f"-DoutputDirectory={partial}"], f"DynamoDBLocal {DYNAMODB_LOCAL}", say)
        partial.rename(libraries)

    def command(*place):
        return lambda port, directory: [java, f"-Djava.library.path={libraries}", "-cp", f"{libraries}/*",
                                        "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-disableTelemetry", "-sharedDb",
                                        "-port", str(port), *(word.replace("DIRECTORY", directory) for word in place)]
    return Kind("dynamodb-local", command("-inMemory"), None, command("-dbPath", "DIRECTORY"), [libraries])


PEERS = {"dynoxide": dynoxide, "dynalite": dynalite, "moto": moto, "dynamodb-local": dynamodb_local,
         "dynamodb-local-disk": lambda say: dynamodb_local(say).on_disk()}

# SPDX-License-Identifier: Apache-2.0
"""Images and containers without a daemon: buildah and podman over a store of our own, build/image.

    containers.prepare()                          # or unittest.SkipTest, with the reason
    image = containers.build("dynamodb-local")    # a target of deploy/Dockerfile
    with Container(image, "-jar", "DynamoDBLocal.jar", options=["--read-only"]) as container:
        container.client().call("ListTables", {})

Nothing of the machine is changed: no network is made (a container has its loopback alone, and the test enters its
network namespace to connect), no port is taken, no file under /etc is written.
"""
import ctypes
import hashlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support")]

import dynamo

HOME = ROOT / "build/image"
BASE = "docker.io/library/debian:bookworm-slim"
# Sockets live here: their paths have to be short.
RUN = pathlib.Path("/tmp") / ("stator-image-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8])
OUT_OF_REACH = ("Could not resolve", "Temporary failure resolving", "Could not connect", "Unable to connect", "Failed to fetch",
                "Network is unreachable", "Connection timed out")
FETCH_SECONDS = 400
WAIT_SECONDS = 90
CLONE_NEWNET = 0x40000000


def run(*command, seconds=600, check=True, output=None):
    """Runs it with its two streams as texts, or into a file."""
    try:
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output or subprocess.PIPE,
                              stderr=subprocess.STDOUT if output else subprocess.PIPE, text=True, errors="replace",
                              timeout=seconds, check=False, env=environment())
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"longer than {seconds} s: {' '.join(map(str, command))}") from late
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout or ''}{done.stderr or ''}")
    return done


def environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
    return {**kept, "CONTAINERS_CONF": str(HOME / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(HOME / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot"}


def podman(*arguments, **options):
    return run("podman", *arguments, **options)


# --- The base -------------------------------------------------------------------------------------------------------

def write_settings(driver):
    """What podman needs where there is neither systemd nor all of root's rights."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if files == resource.RLIM_INFINITY:
        files = 1 << 20
    (HOME / "containers.conf").write_text(
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]\n'
        f'[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nlock_type = "file"\n'
        f'tmp_dir = "{RUN}/tmp"\n', encoding="utf-8")
    (HOME / "storage.conf").write_text(
        f'[storage]\ndriver = "{driver}"\ngraphroot = "{HOME}/{driver}"\nrunroot = "{RUN}/{driver}"\n', encoding="utf-8")


def debian(path, release="bookworm"):
    """A stand-in for debian:bookworm-slim, or another, from Debian's packages, kept from run to run."""
    if path.exists():
        return
    making = path.with_suffix(".making.tar")
    # Without merged-usr's hook all of perl would come; docker-clean keeps the caches of apt out of layers, as in the original.
    clean = 'echo "APT::Keep-Downloaded-Packages \\"false\\"; Binary::apt::APT::Keep-Downloaded-Packages \\"false\\";" ' \
            '>"$1/etc/apt/apt.conf.d/docker-clean"'
    done = run("timeout", str(FETCH_SECONDS), "mmdebstrap", "--variant=minbase", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
               "--include=usr-is-merged", f"--customize-hook={clean}",
               '--customize-hook=rm -rf "$1"/usr/share/man/* "$1"/usr/share/locale/*', release, making, check=False,
               seconds=FETCH_SECONDS + 60)
    if done.returncode != 0:
        making.unlink(missing_ok=True)
        if done.returncode == 124 or any(text in done.stderr for text in OUT_OF_REACH):
            raise unittest.SkipTest("Debian's mirror is out of reach")
        raise AssertionError("mmdebstrap failed:\n" + done.stderr[-4000:])
    making.rename(path)


def prepare():
    """The tools, a Debian to build in, and a word from a container; SkipTest if this machine cannot."""
    lacking = [tool for tool in ("podman", "buildah", "runc", "mmdebstrap") if shutil.which(tool) is None]
    if lacking:
        raise unittest.SkipTest("not installed: " + " ".join(lacking))
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")
    HOME.mkdir(parents=True, exist_ok=True)
    RUN.mkdir(exist_ok=True)
    debian(HOME / "debian.tar")
    said = ""
    for driver in "overlay", "vfs":
        write_settings(driver)
        if podman("image", "exists", BASE, check=False).returncode != 0:
            podman("import", HOME / "debian.tar", BASE, check=False)
        done = podman("run", "--rm", "--network", "none", BASE, "/bin/echo", "hello", check=False)
        if done.stdout == "hello\n":
            return
        said = done.stderr.strip()[-500:]
    raise unittest.SkipTest("containers do not run here: " + said)


def clean():
    """Ends what is left, and lets go of the store so that build/ can be removed."""
    podman("rm", "--all", "--force", "--volumes", check=False)
    podman("image", "prune", "--force", "--filter", "until=24h", check=False)  # layers are kept, for the next run
    run("umount", HOME / "overlay/overlay", check=False)
    shutil.rmtree(RUN, ignore_errors=True)


def build(target, dockerfile=ROOT / "deploy/Dockerfile", folder=ROOT, platform=None):
    """Builds a target of a Dockerfile as anybody would; returns the image's name. A log is in build/image."""
    name = f"localhost/stator-test:{target}" + (f"-{platform.rpartition('/')[2]}" if platform else "")
    log = HOME / f"build-{name.rpartition(':')[2]}.log"
    # This buildah does not know BUILDPLATFORM in a FROM, as BuildKit does.
    machine = json.loads(podman("info", "--format", "json").stdout)["version"]["OsArch"]
    with log.open("w", encoding="utf-8") as output:
        done = run("buildah", "bud", "--layers", "--format", "docker", "--target", target, "--build-arg", "REVISION=of-a-test",
                   "--build-arg", f"BUILDPLATFORM={machine}", "--build-arg", f"BASE={BASE}", *(["--platform", platform] if platform else []), "-t", name,
                   "-f", dockerfile, folder, output=output, check=False, seconds=800)
    text = log.read_text(encoding="utf-8", errors="replace")
    if done.returncode != 0 and any(reason in text for reason in OUT_OF_REACH):
        raise unittest.SkipTest("Debian's mirror is out of reach from inside a build")
    if done.returncode != 0:
        raise AssertionError(f"the image does not build ({log}):\n{text[-4000:]}")
    return name


# --- Containers -----------------------------------------------------------------------------------------------------

def connect_inside(pid, port):
    """A socket to the loopback of that process's network. The thread that enters it ends with this call."""
    found = []

    def enter():
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{pid}/ns/net", "rb") as space:
                if libc.setns(space.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            found.append(socket.create_connection(("127.0.0.1", port), timeout=30))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


class Connection(http.client.HTTPConnection):
    def __init__(self, container, port):
        super().__init__("127.0.0.1", port, timeout=30)
        self.container = container

    def connect(self):
        self.sock = connect_inside(self.container.pid(), self.port)


class Container:
    """A container, removed at the end with its volumes. options: those of `podman run`; command: of the image."""

    def __init__(self, image, *command, options=(), port=8000, listens=True):
        self.port = port
        self.id = podman("create", "--network", "none", *options, image, *command).stdout.strip()
        if listens:
            try:
                self.start()
            except BaseException:
                self.remove()
                raise

    def start(self):
        """Starts it and waits until it listens."""
        before = self.output().count("listening")
        podman("start", self.id)
        end = time.monotonic() + WAIT_SECONDS
        while self.output().count("listening") == before:
            if not self.inspect()["State"]["Running"] or time.monotonic() > end:
                raise AssertionError("it does not listen:\n" + self.output())
            time.sleep(0.05)

    def run(self):
        """Runs it to its own end: exit code and output."""
        podman("start", self.id)
        code = int(podman("wait", self.id, seconds=WAIT_SECONDS).stdout)
        return code, self.output()

    def output(self):
        done = podman("logs", self.id, check=False)
        return done.stdout + done.stderr if done.returncode == 0 else ""

    def inspect(self):
        return json.loads(podman("inspect", "--type", "container", self.id).stdout)[0]

    def pid(self):
        return self.inspect()["State"]["Pid"]

    def stop(self):
        """SIGTERM. Returns the exit code; podman would take 137 from a process that it had to kill after WAIT_SECONDS."""
        podman("stop", "--time", str(WAIT_SECONDS), self.id)
        return self.inspect()["State"]["ExitCode"]

    def healthy(self):
        """What its HEALTHCHECK says."""
        return podman("healthcheck", "run", self.id, check=False).returncode == 0

    def exec(self, *command):
        return podman("exec", self.id, *command, check=False)

    def get(self, path="/"):
        connection = Connection(self, self.port)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def client(self):
        client = dynamo.Client(f"http://127.0.0.1:{self.port}")
        client.connection = Connection(self, self.port)
        return client

    def remove(self):
        podman("rm", "--force", "--time", "0", "--volumes", self.id, check=False)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print("the container said:\n" + self.output())
        self.remove()

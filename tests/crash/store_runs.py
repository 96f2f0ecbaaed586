# SPDX-License-Identifier: Apache-2.0
"""What the store's crash tests share: running store_crash, and a directory of one's own."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def asserted(status, text):
    """RocksDB's own assertions, which Debian's library has on. Its log was touched once more after it had failed: the
    store keeps its threads from doing so, but for a few microseconds and for the engine's own threads. Or a flush that
    failed kept a family referenced, which the engine's destructor finds at the close. The process stops, as a database
    does on a failed sync; what was acknowledged must be there all the same."""
    known = ("sync_without_flush_called_", "ColumnFamilySet::~ColumnFamilySet")
    return status == -6 and any(words in text for words in known)


class Runs:
    def __init__(self, build):
        self.program = os.path.join(build, "store_crash")
        self.preload = os.path.join(build, "fail_io.so")
        self.home = tempfile.mkdtemp(prefix="store-crash-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home, ignore_errors=True)

    def directory(self, name):
        return os.path.join(self.home, name)

    def environment(self, faults):
        env = dict(os.environ)
        if faults:
            env.update({name: str(value) for name, value in faults.items()})
            env["LD_PRELOAD"] = self.preload
            env["ASAN_OPTIONS"] = "verify_asan_link_order=0"
        return env

    def write_and_kill(self, directory, mode, seconds):
        """The acknowledgements of a writer that is killed after so many seconds."""
        with subprocess.Popen([self.program, "write", directory, mode], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as writer:
            timer = time.monotonic() + seconds
            os.set_blocking(writer.stdout.fileno(), False)
            lines = b""
            while time.monotonic() < timer and writer.poll() is None:
                lines += writer.stdout.read() or b""
                time.sleep(0.001)
            if writer.poll() is not None:
                sys.exit(f"the writer ended by itself: {writer.stderr.read().decode()}")
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            os.set_blocking(writer.stdout.fileno(), True)
            lines += writer.stdout.read()
        return lines[:lines.rfind(b"\n") + 1]

    def write(self, directory, mode, batches, faults=None):
        """Exit status, acknowledgements and stderr of a writer that ends by itself."""
        done = subprocess.run([self.program, "write", directory, mode, str(batches)], capture_output=True, timeout=60,
                              env=self.environment(faults), check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def fill(self, directory, ballast, faults=None):
        done = subprocess.run([self.program, "fill", directory, ballast], capture_output=True, timeout=100,
                              env=self.environment(faults), check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def check(self, directory, mode, acknowledged, told):
        """Stops the test unless everything acknowledged is there and nothing is there by half. Returns the batches."""
        if acknowledged and not os.path.exists(os.path.join(directory, "CURRENT")):
            sys.exit(f"{told}: somebody removed the directory {directory}")
        done = subprocess.run([self.program, "check", directory, mode], input=acknowledged, capture_output=True,
                              timeout=60, check=False)
        if done.returncode != 0:
            kept = tempfile.mkdtemp(prefix="store-crash-kept-")
            shutil.copytree(directory, kept, dirs_exist_ok=True)
            sys.exit(f"{told}: status {done.returncode}: {done.stderr.decode()}\nthe directory is kept in {kept}")
        return int(done.stdout)

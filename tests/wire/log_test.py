#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log and those who read it or do not; signals; the file with the port; what other users of the machine may see."""
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from wire import Server, Wire, find_binary, request

STOP_SECONDS = 8


class Process:
    """A server whose output is read when the test says so, or never."""

    def __init__(self, *flags, binary="stator-fake", storage=("--in-memory",), umask=0o022, stdout=None, ignored=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="stator-log-"))
        self.port_file = self.dir / "port"
        self.read_end = None
        if stdout is None:
            self.read_end, stdout = os.pipe()

        def prepare():
            os.umask(umask)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        environment = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
        self.process = subprocess.Popen(
            [str(find_binary(binary)), "serve", "--port", "0", "--port-file", str(self.port_file), *storage, *flags],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT, env=environment, preexec_fn=prepare, cwd=self.dir)
        if self.read_end is not None:
            os.close(stdout)
        self.host, self.port = "127.0.0.1", self.wait_for_port()

    def wait_for_port(self):
        for _ in range(2000):
            if self.port_file.exists():
                return int(self.port_file.read_text(encoding="ascii"))
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}: {self.read()}")
            time.sleep(0.01)
        raise RuntimeError("no port file")

    def connect(self, timeout=10):
        return Server.connect(self, timeout)

    def ask(self, body="{}", count=1):
        with Wire(self) as wire:
            return [wire.ask(request(body)).status for _ in range(count)]

    def get(self, path):
        with Wire(self) as wire:
            return wire.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()).body.decode()

    def read(self):
        """What it has said by the time that it says no more for a while."""
        os.set_blocking(self.read_end, False)
        text, quiet = b"", 0
        while quiet < 10:
            try:
                got = os.read(self.read_end, 1 << 20)
            except BlockingIOError:
                got = b""
            quiet = 0 if got else quiet + 1
            text += got
            time.sleep(0 if got else 0.03)
        return text.decode()

    def signal(self, number):
        self.process.send_signal(number)
        time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        began = time.monotonic()
        code = self.process.wait(STOP_SECONDS)
        return code, time.monotonic() - began

    def remove(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.read_end is not None:
            os.close(self.read_end)
        shutil.rmtree(self.dir, ignore_errors=True)


class LogCase(unittest.TestCase):
    def run_server(self, *flags, **options):
        process = Process(*flags, **options)
        self.addCleanup(process.remove)
        return process


    def wait_for(self, text, file):
        """Lines are written by a thread that may be busy."""
        for _ in range(200):
            if file.exists() and text in file.read_text(encoding="utf-8"):
                return
            time.sleep(0.02)
        self.fail(f"no '{text}' in {file}")


class Readers(LogCase):
    def test_nobody_reads(self):
        """Requests, health and the stop go on; whoever reads later learns how many lines there were."""
        server = self.run_server("--log-level", "debug")
        self.assertEqual(set(server.ask(count=3000)), {200})
        self.assertIn('"ok"', server.get("/_stator/health"))
        dropped = int(re.search(r"(?m)^stator_log_lines_dropped_total (\d+)", server.get("/_stator/metrics")).group(1))
        self.assertGreater(dropped, 1000)
        self.assertRegex(server.get("/_stator/status"), r'"log_lines_dropped":\d{4}')
        text = server.read()
        told = int(re.search(r"lines of the log were dropped: nobody took them\"? lines=(\d+)", text).group(1))
        self.assertGreaterEqual(told, dropped)
        self.assertEqual(set(server.ask()), {200})
        self.assertEqual(server.read().count(" debug request "), 1)
        self.assertEqual(server.stop()[0], 0)

    def test_stop_although_nobody_reads(self):
        server = self.run_server("--log-level", "debug")
        server.ask(count=2000)
        code, seconds = server.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 4)

    def test_no_line_is_lost_at_a_stop(self):
        server = self.run_server("--log-level", "debug")
        server.ask(count=100)
        server.process.terminate()
        text = server.read()
        self.assertEqual(text.count(" debug request "), 100)
        self.assertRegex(text, r"info  stopped\n$")
        self.assertEqual(server.stop()[0], 0)

    def test_reader_gone(self):
        server = self.run_server("--log-level", "debug")
        os.close(server.read_end)
        server.read_end = None
        self.assertEqual(set(server.ask(count=500)), {200})
        self.assertEqual(server.stop()[0], 0)

    def test_full_disk(self):
        """Each line is counted as it is refused, not when a queue is full of them."""
        server = self.run_server("--log-level", "debug", "--log-file", "/dev/full")
        self.assertEqual(set(server.ask(count=20)), {200})
        for _ in range(100):
            dropped = int(re.search(r'"log_lines_dropped":(\d+)', server.get("/_stator/status"))[1])
            if dropped > 20:
                break
            time.sleep(0.05)
        self.assertIn(dropped, range(21, 50))  # with those of the start
        self.assertEqual(server.stop()[0], 0)

    def test_repeated_errors_are_counted(self):
        server = self.run_server()
        self.assertEqual(set(server.ask('{"SyncFails":1}', 200)), {500})
        self.assertRegex(server.get("/_stator/metrics"), r"(?m)^stator_log_lines_repeated_total 199$")
        server.stop()
        lines = [line for line in server.read().splitlines() if "a request failed" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], "error a request failed operation=ListTables .*request_id=")
        self.assertRegex(lines[1], "error a request failed operation=ListTables .*more_like_it=199$")

    def test_crash_is_told(self):
        """With the lines before it. (The sanitizers tell of crashes themselves.)"""
        server = self.run_server(binary="stator")
        server.signal(signal.SIGSEGV)
        code, text = server.process.wait(STOP_SECONDS), server.read()
        if "Sanitizer" not in text:
            self.assertEqual(code, -signal.SIGSEGV)
            self.assertRegex(text, r"listening.*\n(.*\n)*stator: the process ends by a signal: SEGV\n$")


class Signals(LogCase):
    def test_hangup_opens_the_file_anew(self):
        server = self.run_server("--log-file", "log", umask=0)
        file = server.dir / "log"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.wait_for("listening", file)
        file.rename(server.dir / "log.1")
        server.signal(signal.SIGHUP)
        self.wait_for("log file opened anew", file)
        server.stop()
        self.assertIn("stopped", file.read_text(encoding="utf-8"))
        self.assertNotIn("stopp", (server.dir / "log.1").read_text(encoding="utf-8"))
        self.assertEqual(server.read(), "")

    def test_hangup_and_no_directory_any_more(self):
        server = self.run_server("--log-file", "log")
        file = server.dir / "log"
        file.rename(server.dir / "kept")
        file.mkdir()
        server.signal(signal.SIGHUP)
        server.stop()
        text = (server.dir / "kept").read_text(encoding="utf-8")
        self.assertIn("cannot open the log file anew", text)
        self.assertIn("stopped", text)

    def test_log_file_that_cannot_be(self):
        done = subprocess.run([str(find_binary("stator-fake")), "--in-memory", "--port", "0", "--log-file", "/no/such/log"],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, "", "stator: --log-file: cannot open '/no/such/log': No such file or directory\n"))

    def test_others_are_logged_and_change_nothing(self):
        server = self.run_server()
        for number, line in ((signal.SIGHUP, "info  SIGHUP changes nothing: there is no --log-file to open anew"),
                             (signal.SIGUSR1, "info  status status=ready uptime_s="),
                             (signal.SIGUSR2, "info  a signal that changes nothing signal=SIGUSR2"),
                             (signal.SIGALRM, "info  a signal that changes nothing signal=SIGALRM"),
                             (signal.SIGVTALRM, "signal=SIGVTALRM"), (signal.SIGPROF, "signal=SIGPROF"),
                             (signal.SIGIO, "a signal that changes nothing"), (signal.SIGRTMIN, "signal=34"),
                             (signal.SIGRTMAX, "signal=64")):
            with self.subTest(number):
                server.signal(number)
                self.assertIn(line, server.read())
                self.assertEqual(server.ask(), [200])
        self.assertEqual(server.stop()[0], 0)

    def test_stopping_ones(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGXCPU, signal.SIGPWR):
            with self.subTest(number):
                server = self.run_server()
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(STOP_SECONDS), 0)
                self.assertRegex(server.read(), rf"info  stopping signal=SIG{number.name[3:]}\n(.*\n)*.*info  stopped\n$")

    def test_ignored_stays_ignored(self):
        """As nohup has it."""
        server = self.run_server(ignored=(signal.SIGHUP,))
        server.read()
        server.signal(signal.SIGHUP)
        self.assertEqual((server.read(), server.ask()), ("", [200]))

    def test_terminal_goes(self):
        """A server in the foreground goes with its terminal."""
        terminal, inner = os.openpty()
        server = self.run_server(stdout=inner)
        os.close(inner)
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(server.process.wait(STOP_SECONDS), 0)
        text = b""
        try:
            while got := os.read(terminal, 1 << 16):
                text += got
        except OSError:
            pass  # the end, where it is a terminal's
        self.assertIn(b"stopping signal=SIGHUP", text)
        os.close(terminal)


class Files(LogCase):
    def test_port_file(self):
        server = self.run_server()
        self.assertEqual(server.ask(), [200])
        self.assertEqual([file.name for file in server.dir.iterdir()], ["port"])
        server.stop()
        self.assertFalse(server.port_file.exists())

    def test_port_file_of_another(self):
        server = self.run_server()
        server.port_file.unlink()
        server.port_file.write_text("1\n", encoding="ascii")
        server.stop()
        self.assertEqual(server.port_file.read_text(encoding="ascii"), "1\n")

    def test_port_file_of_one_that_was_killed(self):
        """It goes before the start, which may take long or fail."""
        with tempfile.TemporaryDirectory(prefix="stator-log-") as folder:
            file = pathlib.Path(folder, "port")
            file.write_text("1\n", encoding="ascii")
            done = subprocess.run([str(find_binary("stator")), "--in-memory", "--port", "0", "--port-file", str(file), "--init-dir",
                                   "/no/such"], capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertFalse(file.exists())

    def test_log_file_that_is_a_pipe_without_a_reader(self):
        with tempfile.TemporaryDirectory(prefix="stator-log-") as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            done = subprocess.run([str(find_binary("stator-fake")), "--in-memory", "--port", "0", "--log-file", pipe],
                                  capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"--log-file: cannot open '{pipe}': ", done.stderr)

    def test_port_file_that_cannot_be(self):
        done = subprocess.run([str(find_binary("stator-fake")), "--in-memory", "--port", "0", "--port-file", "/no/such/port"],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "stator: --port-file: cannot write '/no/such/port': No such file or directory\n")
        self.assertNotIn("listening", done.stdout)

    def test_data_is_for_its_owner(self):
        """Whatever umask the server inherits."""
        server = self.run_server(binary="stator", storage=("--data-dir", "data"), umask=0)
        server.stop()
        for file in [server.dir / "data", *(server.dir / "data").rglob("*")]:
            with self.subTest(file.name):
                self.assertEqual(stat.S_IMODE(file.stat().st_mode) & 0o077, 0)
        self.assertNotIn("open to other users", server.read())

    def test_open_directory(self):
        base = tempfile.mkdtemp(prefix="stator-log-")
        self.addCleanup(shutil.rmtree, base)
        os.chmod(base, 0o755)
        server = self.run_server(binary="stator", storage=("--data-dir", base))
        self.assertIn("warn  the data directory is open to other users of this machine (chmod o-rwx)", server.read())
        server.stop()
        for file in pathlib.Path(base).iterdir():
            self.assertEqual(stat.S_IMODE(file.stat().st_mode) & 0o077, 0, file)
        os.chmod(base, 0o1777)  # the image's
        server = self.run_server(binary="stator", storage=("--data-dir", base))
        self.assertNotIn("open to other users", server.read())


class Descriptors(unittest.TestCase):
    """How many connections the limit of open files leaves room for."""

    def start(self, open_files, *flags, environment=None):
        server = Server("--loops", "2", *flags, environment=environment, open_files=open_files)
        self.addCleanup(server.remove)
        server.start(wait=False)
        return server

    def refused(self, open_files, text, *flags, environment=None):
        server = self.start(open_files, *flags, environment=environment)
        self.assertEqual(server.wait(), 1)
        self.assertIn(text, server.text())

    def test_a_number_that_cannot_be(self):
        self.refused(500, "--max-connections: 600 connections need a limit of 949 open files, and it is 500",
                     "--max-connections", "600")
        self.refused(500, "STATOR_MAX_CONNECTIONS: 600 connections need", environment={"STATOR_MAX_CONNECTIONS": "600"})

    def test_too_few_for_the_store(self):
        self.refused(64, "the limit of open files is 64, and a server with 2 event loops needs 170")

    def test_the_least(self):
        server = self.start(170)
        server.wait_until_started()
        self.assertIn("fewer connections than by default: the limit of open files is low max_connections=16", server.text())
        server.stop()


if __name__ == "__main__":
    unittest.main()

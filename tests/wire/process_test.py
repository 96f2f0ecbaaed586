#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The process: flags, start, log, health check, clean stop."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from wire import Closed, Server, Wire, find_binary, request

BINARY = str(find_binary("stator-fake"))
AT_ONCE = 4  # seconds: well before LIMIT_DRAIN_MS, and enough for a machine that is busy with other things


def run(*arguments, environment=None, seconds=20):
    """Exit code, standard output, standard error."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=seconds, check=False,
                          env={**clean, **(environment or {})})
    return done.returncode, done.stdout, done.stderr


class Commands(unittest.TestCase):
    """What ends at once."""

    def test_version_and_help(self):
        for flag in "--version", "-version", "version":
            self.assertRegex(run(flag)[1], r"^stator \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\ndata directories of format \d+\n$")
        for flag in "--help", "-help", "-h", "help":
            code, out, err = run(flag)
            self.assertEqual((code, err), (0, ""))
            for name in ("port", "host", "data-dir", "in-memory", "durability", "shards", "loops", "validation-wording",
                         "isolate-by", "log-format", "transition-ms", "log-level", "max-connections",
                         "max-connections-per-address"):
                self.assertIn("--" + name, out)

    def test_bad_flags(self):
        for arguments, environment, named in [
                (["--what"], {}, "--what"), (["--port", "x"], {}, "--port"), (["serve", "--durability", "x"], {}, "--durability"),
                ([], {"STATOR_LOOPS": "x"}, "STATOR_LOOPS"), (["--host", "no such host"], {}, "--host"),
                (["-inMemory", "-dbPath", "x"], {}, "-dbPath"), (["--port"], {}, "--port"), (["x"], {}, "'x'")]:
            with self.subTest(arguments=arguments):
                code, out, err = run(*arguments, environment=environment)
                self.assertEqual(out, "")
                self.assertIn(named, err)
                self.assertTrue(err.startswith("stator: "))
                self.assertEqual(code, 1 if named == "--host" else 2)

    def test_port_in_use(self):
        """By any server, also by one that shares its port."""
        for share in False, True:
            with socket.socket() as taken:
                if share:
                    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                code, _, err = run("--in-memory", "--port", str(taken.getsockname()[1]))
                self.assertEqual(code, 1)
                self.assertIn("is in use", err)
        with Server(binary="stator-fake", in_memory=True) as server:
            code, _, err = run("--in-memory", "--port", str(server.port))
            self.assertEqual((code, "is in use" in err), (1, True))


class Life(unittest.TestCase):
    """Start and stop."""

    def server(self, *flags, **more):
        server = Server(*flags, binary="stator-fake", in_memory=True, **more)
        self.addCleanup(server.remove)
        self.addCleanup(lambda: server.running() and server.kill())
        return server.start()

    def test_start_up_line(self):
        server = self.server()
        line = server.output[0]
        self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info  listening address=127.0.0.1 port=\d+ "
                               r'data_dir="in memory" durability=none shards=\d+ loops=\d+ version=\d+\.\d+\.\d+ revision=\S+\n$')
        server.stop()

    def test_json_log(self):
        server = self.server("--log-format", "json", "--log-level", "debug", "--isolate-by", "region,access-key")
        with Wire(server) as wire:
            answer = wire.ask(request("{}"))
        server.stop()
        lines = [json.loads(line) for line in server.output]
        self.assertEqual([line["message"] for line in lines], ["listening", "request", "stopping", "stopped"])
        self.assertEqual(lines[0]["port"], server.port)
        self.assertEqual({key: lines[1][key] for key in ("operation", "status", "request_id", "region", "access_key",
                                                         "namespace")},
                         {"operation": "ListTables", "status": 200, "request_id": answer.header("x-amzn-RequestId"),
                          "region": "us-east-1", "access_key": "AKIDEXAMPLE", "namespace": "region,access-key"})

    def test_log_levels(self):
        server = self.server("--log-level", "debug")
        with Wire(server) as wire:
            wire.ask(request("{}"))
        server.stop()
        self.assertIn("operation=ListTables status=200", server.text())
        server = Server("--log-level", "error", binary="stator-fake", in_memory=True)
        server.start(wait=False)
        time.sleep(0.5)
        server.stop()
        self.assertEqual(server.text(), "")
        server.remove()

    def test_loopback_of_both_families(self):
        server = self.server("--loops", "3")
        for address in "127.0.0.1", "::1":
            try:
                with socket.create_connection((address, server.port), timeout=5) as client:
                    client.sendall(request(method="GET", headers={}))
                    self.assertIn(b"healthy", client.recv(1000))
            except OSError as error:
                if address == "::1" and not pathlib.Path("/proc/net/if_inet6").exists():
                    continue
                raise AssertionError(address) from error

    def test_hosts(self):
        for host, address in ("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("localhost", "127.0.0.1"), ("::", "127.0.0.1"):
            server = self.server("--host", host)
            with socket.create_connection((address, server.port), timeout=5) as client:
                client.sendall(request(method="GET", headers={}))
                self.assertIn(b"healthy", client.recv(1000))
            server.stop()
        server = self.server("--host", "127.0.0.1")
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.2", server.port), timeout=5)

    def test_every_loop_serves(self):
        server = self.server("--loops", "4", "--log-level", "debug")
        wires = [Wire(server) for _ in range(64)]
        for wire in wires:
            wire.send(request("{}"))
        for wire in wires:
            self.assertEqual(wire.read().status, 200)
            wire.close()
        server.stop()

    def test_healthcheck(self):
        server = self.server()
        self.assertEqual(run("healthcheck", "--port", str(server.port)), (0, "", ""))
        self.assertEqual(run("healthcheck", environment={"STATOR_PORT": str(server.port), "STATOR_HOST": "::"})[0], 0)
        server.stop()
        code, _, err = run("healthcheck", "--port", str(server.port))
        self.assertEqual((code, err), (1, f"stator: http://localhost:{server.port}: cannot connect: Connection refused\n"))
        for host, named in ("::1", "[::1]"), ("127.0.0.1", "127.0.0.1"), ("::", "localhost"):
            self.assertEqual(run("healthcheck", "--port", str(server.port), "--host", host)[2],
                             f"stator: http://{named}:{server.port}: cannot connect: Connection refused\n")
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.assertEqual(run("healthcheck", "--host", "127.0.0.1", "--port", str(silent.getsockname()[1]))[0], 1)
        self.assertEqual(run("healthcheck", "--port", "0")[0], 2)

    def test_healthcheck_of_one_that_is_not_well(self):
        """Or of another program."""
        for answer, said in ((b'HTTP/1.1 503 Unavailable\r\n\r\n{"status":"unavailable"}', 'it is not well: {"status":"unavailable"}'),
                             (b"HTTP/1.1 404 Not Found\r\n\r\n", "it answers, but not as Stator does"),
                             (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it answers, but not as Stator does")):
            with socket.create_server(("127.0.0.1", 0)) as other:
                port = other.getsockname()[1]

                def serve(other=other, answer=answer):
                    client, _ = other.accept()
                    with client:
                        client.recv(4096)
                        client.sendall(answer)

                thread = threading.Thread(target=serve)
                thread.start()
                code, _, err = run("healthcheck", "--host", "127.0.0.1", "--port", str(port))
                thread.join()
            self.assertEqual((code, err), (1, f"stator: http://127.0.0.1:{port}: {said}\n"))

    def test_endpoint(self):
        """STATOR_ENDPOINT says whom to ask, unless a flag does."""
        server = self.server()
        there = {"STATOR_ENDPOINT": f"http://127.0.0.1:{server.port}/"}
        for command in "healthcheck", "status":
            with self.subTest(command):
                code, out, err = run(command, environment={**there, "STATOR_PORT": "1"})
                self.assertEqual((code, err), (0, ""))
                self.assertEqual('"status":"ready"' in out, command == "status")
                code, _, err = run(command, "--port", "1", environment=there)
                self.assertEqual((code, err), (1, "stator: http://localhost:1: cannot connect: Connection refused\n"))
                code, _, err = run(command, environment={"STATOR_ENDPOINT": "http://127.0.0.1:1"})
                self.assertEqual((code, err), (1, "stator: http://127.0.0.1:1: cannot connect: Connection refused\n"))
                for wrong in "aws", "https://localhost:8000":
                    code, _, err = run(command, environment={"STATOR_ENDPOINT": wrong})
                    self.assertEqual(code, 2)
                    self.assertTrue(err.startswith(f"stator: STATOR_ENDPOINT: '{wrong}' is not like http://HOST:PORT"), err)
        server.stop()

    def test_as_dynamodb_local(self):
        """Called as java, as compose files do; its banner comes first, and its answer to GET."""
        with tempfile.TemporaryDirectory() as directory:
            java = pathlib.Path(directory) / "java"
            java.symlink_to(BINARY)
            process = subprocess.Popen([str(java), "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar",
                                        "-sharedDb", "-inMemory", "-port", "0"], stdout=subprocess.PIPE, text=True)
            try:
                lines = [process.stdout.readline().rstrip("\n") for _ in range(9)]
                self.assertEqual(lines[0], "Initializing DynamoDB Local with the following configuration:")
                port = int(lines[1].split("\t")[1])
                self.assertEqual(lines[2], "InMemory:\ttrue")
                self.assertEqual(lines[4:8], ["DbPath:\tnull", "SharedDb:\ttrue", "shouldDelayTransientStatuses:\tfalse",
                                              "CorsParams:\t*"])
                process.stdout.readline()  # listening
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(request(method="GET", headers={}))
                    answer = client.recv(2000)
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "))
                self.assertIn(b"v20120810#MissingAuthenticationToken", answer)
                self.assertIn(b"\r\nconnection: close\r\n", answer.lower())
                self.assertEqual(run("healthcheck", "--port", str(port))[0], 0)
            finally:
                process.terminate()
                self.assertEqual(process.wait(10), 0)
                process.stdout.close()

    # --- Stopping ---

    def test_stop_when_idle(self):
        for number in signal.SIGTERM, signal.SIGINT:
            server = self.server()
            wires = [Wire(server) for _ in range(20)]
            for wire in wires[:10]:
                self.assertEqual(wire.ask(request("{}")).status, 200)
            wires[15].send(b"POST / HTTP/1.1\r\n")  # one in the middle of a request
            time.sleep(0.1)
            before = time.monotonic()
            server.send_signal(number)
            self.assertEqual(server.wait(), 0)
            self.assertLess(time.monotonic() - before, AT_ONCE)
            for wire in wires:
                self.assertTrue(wire.at_end())
                wire.close()

    def test_what_is_in_flight_is_answered(self):
        server = self.server()
        idle = Wire(server)
        self.assertEqual(idle.ask(request(json.dumps({"Sync": 1}))).header("Connection"), "keep-alive")
        bodies = [{"Work": 3, "StepMs": 400}, {"Sync": 1000}, {"Work": 1, "StepMs": 900, "Size": 3000000}]
        wires = [Wire(server) for _ in bodies]
        for wire, body in zip(wires, bodies):
            wire.send(request(json.dumps(body)))
        time.sleep(0.4)  # all have been read by then
        before = time.monotonic()
        server.send_signal(signal.SIGTERM)
        for wire in wires:
            response = wire.read()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.header("Connection"), "close")
            self.assertTrue(wire.at_end())
            wire.close()
        self.assertTrue(idle.at_end())
        idle.close()
        self.assertEqual(server.wait(), 0)
        self.assertLess(time.monotonic() - before, AT_ONCE)
        with self.assertRaises(ConnectionRefusedError):
            server.connect()

    def test_under_load(self):
        """Every request that was read is answered whole; the others see their connection closed."""
        server = self.server()
        stop = threading.Event()
        faults = []

        def client():
            while not stop.is_set():
                try:
                    with Wire(server) as wire:
                        while not stop.is_set():
                            response = wire.ask(request('{"Size":20000,"Sync":1}'))
                            if response.status != 200 or not response.body.endswith(b'"}'):
                                faults.append(response)
                except Closed as closed:
                    if str(closed) not in ("reset", "closed after b''"):
                        faults.append(closed)
                except OSError:
                    pass

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        took = server.stop()
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        self.assertLess(took, AT_ONCE)

    def test_answers_not_taken_and_work_without_end(self):
        """They do not keep the process for ever: LIMIT_DRAIN_MS."""
        server = self.server()
        silent, endless = Wire(server), Wire(server)
        silent.send(request('{"Size":30000000}'))
        endless.send(request('{"Work":100000,"StepMs":10}'))
        time.sleep(0.5)
        took = server.stop(seconds=12)
        self.assertGreater(took, 3)
        self.assertLess(took, 12)
        for wire in silent, endless:
            wire.close()

    def test_a_short_time_to_stop(self):
        """Half of --stop-timeout-s is for work that is under way; then it is ended, and so is the process, in good order."""
        server = self.server("--stop-timeout-s", "2")
        endless = Wire(server)
        endless.send(request('{"Work":100000,"StepMs":10}'))
        time.sleep(0.5)
        took = server.stop(seconds=12)
        self.assertGreater(took, 0.5)
        self.assertLess(took, AT_ONCE)
        endless.close()

    def test_second_signal(self):
        server = self.server()
        wire = Wire(server)
        wire.send(request('{"Work":1000,"StepMs":10}'))
        time.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.6)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(AT_ONCE), -signal.SIGTERM)
        self.assertIn("the process ends by a signal: TERM", server.text())
        wire.close()

    def test_the_same_signal_twice(self):
        """As timeout(1) sends it: to the server, and to the group that it is in."""
        for _ in range(5):
            server = self.server()
            server.send_signal(signal.SIGTERM)
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(AT_ONCE), 0)
            self.assertIn("stopped", server.text())

    def test_restart_on_the_same_port_at_once(self):
        server = self.server()
        port = server.port
        with Wire(server) as wire:
            wire.ask(request("{}"))
            server.stop()  # the server closes first: its side is in TIME_WAIT
        process = subprocess.Popen([BINARY, "--in-memory", "--port", str(port)], stdout=subprocess.PIPE, text=True)
        self.assertTrue(re.search(rf"port={port}\b", process.stdout.readline()))
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        process.stdout.close()


if __name__ == "__main__":
    unittest.main()

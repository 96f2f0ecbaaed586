# SPDX-License-Identifier: Apache-2.0
"""An innocent client, a process of its own: GetItem of victim/k on some connections and /_stator/health on another, each
every 10 ms. Who is kept waiting counts from when the request was due.

    victim.py PORT SECONDS CONNECTIONS      prints JSON: {"get": {"count", "lost", "p50", "p99", "max"}, "health": ...}, ms
"""
import gc
import json
import select
import socket
import sys
import time

import raw

INTERVAL = 0.010
LATE = 5.0  # what has no answer at the end is waited for so long; it is lost then, and counts with what it has taken


class Stream:
    """One connection and when its next request is due."""

    def __init__(self, port, request, first):
        self.request, self.due, self.began = request, first, None
        self.times, self.lost, self.got = [], 0, b""
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.free_at = first

    def send(self, now):
        self.began = self.due if self.free_at > self.due else now
        self.due = max(self.due + INTERVAL, now - 10 * INTERVAL)  # a long wait is not made up for by hundreds at once
        self.socket.send(self.request)

    def receive(self):
        self.got += self.socket.recv(65536)
        end = self.got.find(b"\r\n\r\n")
        if end < 0 or len(self.got) < end + 4 + raw.content_length(self.got[:end]):
            return
        self.free_at = time.perf_counter()
        self.times.append(self.free_at - self.began)
        self.lost += not self.got.startswith(b"HTTP/1.1 200")
        self.began, self.got = None, b""


def run(streams, seconds):
    poll = select.poll()
    by_fd = {stream.socket.fileno(): stream for stream in streams}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    end = time.perf_counter() + seconds
    while True:
        now = time.perf_counter()
        idle = [stream for stream in streams if stream.began is None]
        if now >= end and (len(idle) == len(streams) or now >= end + LATE):
            return
        for stream in idle:
            if stream.due <= now < end:
                stream.send(now)
        waits = [stream.due - now for stream in streams if stream.began is None]
        for fd, _ in poll.poll(max(0.0, min(waits, default=INTERVAL)) * 1e3 if now < end else 10):
            by_fd[fd].receive()


def summary(streams):
    now = time.perf_counter()
    late = [now - stream.began for stream in streams if stream.began is not None]
    times = sorted(late + [taken for stream in streams for taken in stream.times])
    lost = len(late) + sum(stream.lost for stream in streams)
    at = lambda part: round(times[min(len(times) - 1, int(part * len(times)))] * 1e3, 3)
    return {"count": len(times), "lost": lost, "p50": at(.5), "p99": at(.99), "max": round(times[-1] * 1e3, 3)}


def main():
    port, seconds, count = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    gc.disable()
    now = time.perf_counter()
    get = raw.request("GetItem", {"TableName": "victim", "Key": {"pk": {"S": "k"}}})
    gets = [Stream(port, get, now + i * INTERVAL / count) for i in range(count)]
    health = [Stream(port, raw.HEALTH, now + INTERVAL / 2)]
    run(gets + health, seconds)
    print(json.dumps({"get": summary(gets), "health": summary(health)}))


if __name__ == "__main__":
    main()

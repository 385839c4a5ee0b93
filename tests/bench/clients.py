"""Closed-loop clients in a process of their own: so many at once, each sending its next request once it has the answer
to the last, and each answer looked at.

Every request has a connection of its own, as nginx opens one for each: one that stayed open would stay with the process
that happened to take it, and a round would run on one process or on two.

`python -m tests.bench.clients` reads a job from its standard input, as JSON, and writes what came of it: how many
seconds it took, how long each answer was waited for, and the addresses that answers led to.
"""

import json
import selectors
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent.parent


class Unexpected(Exception):
    """An answer that is not what it should be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float
    waits: Sequence[float]  # seconds
    locations: Sequence[str] = field(repr=False)

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


def posted(path: str, fields: Mapping[str, str], number: int) -> bytes:
    """A POST of one of very many people, each in another network."""
    body = urlencode(fields).encode()
    client = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For: {client}\r\n"
        "Sec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, connections: int, requests: Sequence[bytes], rate: float = 0) -> Outcome:
    """Sends all of them from another process, so many a second where a rate is given. Raises Unexpected where one is
    not answered 303."""
    sent = [request.decode() for request in requests]
    job = {"port": port, "connections": connections, "requests": sent, "rate": rate}
    command = [sys.executable, "-m", "tests.bench.clients"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise Unexpected(done.stderr.strip().splitlines()[-1])
    return Outcome(**json.loads(done.stdout))


class Client:
    """One request, over a connection of its own."""

    def __init__(self, port: int, request: bytes) -> None:
        self.begun = perf_counter()
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)

    def read(self) -> bytes | None:
        """The head of the answer, once all of it is there."""
        data = self.socket.recv(65536)
        if data:
            self.received += data
            return None
        head, found, _body = self.received.partition(b"\r\n\r\n")
        if not found:
            raise Unexpected("The connection was closed before there was an answer.")
        return head


def drive(port: int, connections: int, requests: Iterator[bytes], rate: float) -> Outcome:
    waits: list[float] = []
    locations: list[str] = []
    selector = selectors.DefaultSelector()
    left = deque(requests)

    def send() -> None:
        client = Client(port, left.popleft())
        selector.register(client.socket, selectors.EVENT_READ, client)

    begun = perf_counter()
    for _ in range(min(connections, len(left))):
        send()
    while selector.get_map():
        for key, _events in selector.select():
            client = key.data
            head = client.read()
            if head is None:
                continue
            selector.unregister(client.socket)
            client.socket.close()
            waits.append(perf_counter() - client.begun)
            if not head.startswith(b"HTTP/1.1 303"):
                raise Unexpected(f"Answered {head[:40]!r}")
            locations.append(head.partition(b"Location: ")[2].partition(b"\r\n")[0].decode())
            if left:
                if rate:
                    sleep(max(0.0, begun + len(waits) / rate - perf_counter()))
                send()
    return Outcome(perf_counter() - begun, waits, locations)


if __name__ == "__main__":
    job = json.load(sys.stdin)
    outcome = drive(
        job["port"], job["connections"], iter([request.encode() for request in job["requests"]]), job["rate"]
    )
    json.dump({"seconds": outcome.seconds, "waits": outcome.waits, "locations": outcome.locations}, sys.stdout)

"""HTTP/1.1 by hand: what is sent is bytes, as wrong as they like, and what comes back is read to its end."""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 60  # seconds, for two cores that run other tests at the same time
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
BODYLESS = {204, 304}


@dataclass(frozen=True, slots=True)
class Message:
    """A request in bytes; `is_framed` where it ends as it says, and another can follow on the same connection."""

    data: bytes
    is_head: bool = False
    is_framed: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class Silence(Exception):
    """The server closed the connection without a word."""


class Connection:
    """One connection that is kept as long as both sides keep to the rules, then the next."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.read = b""

    def exchange(self, message: Message) -> list[Reply]:
        """What a message is answered with: once, or as often as the server takes it for a request; or not at all."""
        if not message.is_framed:
            self.close()
        try:
            return self._exchange(message)
        except (Silence, ConnectionError):
            # It was kept for too long; a new one is answered, or nothing is.
            self.close()
        try:
            return self._exchange(message)
        except (Silence, ConnectionError):
            self.close()
            return []

    def _exchange(self, message: Message) -> list[Reply]:
        if self.socket is None:
            self.socket, self.read = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE), b""
        with suppress(ConnectionError):  # answered and closed before all of it was read
            self.socket.sendall(message.data)
            if not message.is_framed:
                self.socket.shutdown(socket.SHUT_WR)
        replies = [self._reply(message.is_head)]
        if not message.is_framed:
            with suppress(Silence, ConnectionError):
                while True:
                    replies.append(self._reply())
        if not message.is_framed or replies[-1].headers.get("connection", "").lower() == "close":
            self.close()
        return replies

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _reply(self, is_head: bool = False) -> Reply:
        while True:
            head = self._until(b"\r\n\r\n")
            found = STATUS_LINE.match(head)
            assert found, head
            status = int(found[1])
            if status >= 200:
                break
        lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in lines}
        return Reply(status, headers, b"" if is_head or status in BODYLESS else self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size)
                self._exactly(2)
            self._exactly(2)
            return body
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        with suppress(Silence):
            while True:
                self._more()
        body, self.read = self.read, b""
        return body

    def _until(self, end: bytes) -> bytes:
        while end not in self.read:
            self._more()
        found, _, self.read = self.read.partition(end)
        return found + end

    def _exactly(self, size: int) -> bytes:
        while len(self.read) < size:
            self._more()
        found, self.read = self.read[:size], self.read[size:]
        return found

    def _more(self) -> None:
        assert self.socket is not None
        if not (data := self.socket.recv(65536)):
            raise Silence
        self.read += data

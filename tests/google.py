"""A real server that speaks the protocol of Google's siteverify, over TLS, and answers as the test needs it to."""

import json
import os
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("localhost", "www.google.com", "www.gstatic.com")
PATIENCE = 30  # seconds after which a test that hangs ends
GOOD = {"success": True, "challenge_ts": "2026-01-01T00:00:00Z", "hostname": "testserver"}

Answer = Callable[["Google", socket.socket], None]


@dataclass
class Google:
    port: int = 0
    certificate: Path = Path()
    answer: Answer | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)  # request line and headers
    was_left: Event = field(default_factory=Event)  # by who asked, before the answer had ended
    is_over: Event = field(default_factory=Event)  # the test

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def says(self, data: Any, status: str = "200 OK") -> None:
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        self.answer = lambda google, line: line.sendall(head.encode() + content)


def silence(google: Google, line: socket.socket) -> None:
    """Takes the question and says nothing."""
    if line.recv(1) == b"":
        raise ConnectionResetError


def trickle(head: bytes) -> Answer:
    """A byte now and then, long before any timeout of a single one, and without end."""

    def answer(google: Google, line: socket.socket) -> None:
        line.sendall(head)
        while not google.is_over.wait(0.05):
            line.sendall(b"x")

    return answer


def reset(google: Google, line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(google: Google, line: socket.socket) -> None:
    """Says goodbye as TLS does, and nothing else."""


def half(google: Google, line: socket.socket) -> None:
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"success": true, "hostname": "testserver"}')


def read_question(line: socket.socket) -> tuple[str, str]:
    """Head and body."""
    with line.makefile("rb") as file:
        rows = list(iter(file.readline, b"\r\n"))
        if not rows or b"" in rows:
            raise ConnectionResetError
        lengths = [int(row.partition(b":")[2]) for row in rows if row.lower().startswith(b"content-length:")]
        return b"".join(rows).decode(), file.read(sum(lengths)).decode()


@contextmanager
def google_here(folder: Path) -> Iterator[Google]:
    """Trusted by this process, by its certificate, as long as it is there."""
    google = Google(certificate=folder / "certificate.pem")
    key = folder / "key.pem"
    write_certificate(google.certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(google.certificate, key)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(PATIENCE)
            try:
                with context.wrap_socket(self.request, server_side=True) as line:
                    head, body = read_question(line)
                    google.heads.append(head)
                    google.asked.append(dict(parse_qsl(body, keep_blank_values=True)))
                    assert google.answer is not None
                    google.answer(google, line)
            except OSError:
                google.was_left.set()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        google.port = server.server_address[1]
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            with mock.patch.dict(os.environ, {"SSL_CERT_FILE": str(google.certificate)}):
                yield google
        finally:
            google.is_over.set()
            server.shutdown()


def write_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example authority")])
    now = datetime.now(UTC)
    names = [x509.DNSName(name) for name in NAMES] + [x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

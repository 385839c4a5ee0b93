"""Run as a script: carries connections from one network to another, to one address or, as a proxy of HTTP, to any.

relay.py NETWORK PORT NETWORK TARGET: it listens on that port of 127.0.0.1 in the first network and connects in the
second; each is a file in /proc. TARGET is host:port, or `proxy`.
"""

import asyncio
import ctypes
import os
import re
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def enter(network: BinaryIO) -> None:
    """Only sockets that are made from now on are of it."""
    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter {network.name}")


async def asked_for(client: Ends) -> tuple[str, int, bytes]:
    """Where a client of the proxy wants to go, and what it has sent that is meant for there."""
    head = await client[0].readuntil(b"\r\n\r\n")
    method, address = head.decode("latin-1").split()[:2]
    if method == "CONNECT":
        host, _, port = address.rpartition(":")
        client[1].write(b"HTTP/1.1 200 Connected\r\n\r\n")
        return host, int(port), b""
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or 80, head


async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


async def serve(listener: socket.socket, target: str) -> None:
    # Where this machine has a proxy itself, that one is the way out.
    own = urlsplit(next((os.environ[name] for name in ("https_proxy", "HTTPS_PROXY") if os.environ.get(name)), ""))
    if target == "proxy" and own.hostname:
        target = f"{own.hostname}:{own.port or 80}"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if target == "proxy":
                host, port, first = await asked_for((reader, writer))
            else:
                found = re.fullmatch(r"(.*):(\d+)", target)
                assert found
                host, port, first = found[1], int(found[2]), b""
            there = await asyncio.open_connection(host, port)
            there[1].write(first)
            await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))
            there[1].close()
        except (OSError, asyncio.IncompleteReadError) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, sock=listener)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    _, listens_in, number, connects_in, to = sys.argv
    with Path(listens_in).open("rb") as first, Path(connects_in).open("rb") as second:
        enter(first)
        opened = socket.create_server(("127.0.0.1", int(number)), backlog=200)
        enter(second)
    asyncio.run(serve(opened, to))

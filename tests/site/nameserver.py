"""A real name server for a test, on loopback, which knows a few records and nothing else."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = dict[tuple[str, str], list[str]]  # texts of records, by name and type


def answer(zone: Zone, asked: bytes) -> bytes:
    query = dns.message.from_wire(asked)
    [question] = query.question
    name, kind = question.name.to_text().rstrip(".").lower(), question.rdtype.name
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA
    if found := zone.get((name, kind)):
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    elif not any(known == name or known.endswith(f".{name}") for known, _kind in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@contextmanager
def nameserver(zone: Zone) -> Iterator[str]:
    """Its address, as `HOST:PORT`. What is put into the zone later is there at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.1)
        is_over = False

        def serve() -> None:
            while not is_over:
                with suppress(TimeoutError):
                    asked, peer = listener.recvfrom(4096)
                    listener.sendto(answer(zone, asked), peer)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            is_over = True
            thread.join()

"""Looking for people: in a database dump, in Redis and in logs, whatever was written there and however."""

import base64
import os
import re
import subprocess
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

from redis import Redis

from petition_site.local.programs import POSTGRES, available

LOGICAL_DATABASES = 16  # of a Redis


class Traces:
    """Texts, each in the shapes in which it could lie somewhere: as typed, as an address bar writes it, and encoded."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.shapes = {shape.lower(): text for text in texts for shape in (text, quote(text), text.encode().hex())}
        self.in_base64 = {piece: text for text in texts for piece in in_base64(text)}

    def in_(self, found: str) -> list[str]:
        """Those of the texts that are in it."""
        lower = found.lower()
        hits = {text for shape, text in self.shapes.items() if shape in lower}
        hits |= {text for piece, text in self.in_base64.items() if piece in found}
        return sorted(hits)


def in_base64(text: str) -> set[str]:
    """What base64 makes of it in the midst of something longer: three ways, by where it begins, in two alphabets."""
    pieces = set()
    for before in range(3):
        data = b"\0" * before + text.encode()
        whole = base64.b64encode(data)[(8 * before + 5) // 6 : len(data) * 8 // 6].decode()
        pieces |= {whole, whole.replace("+", "-").replace("/", "_")}
    return pieces


def dump(database: str) -> str:
    """`pg_dump` of it as plain text."""
    # By hand: pg_dump dumps no server newer than itself.
    for program in sorted(available(POSTGRES, None), key=lambda program: -program.major):
        pg_dump = program.server.with_name("pg_dump")
        if pg_dump.exists():
            command = [pg_dump, "--format=plain", f"--dbname={database}"]
            return subprocess.run(command, capture_output=True, check=True, text=True, timeout=120).stdout
    raise FileNotFoundError("no pg_dump beside any PostgreSQL")


def everything_in_redis() -> str:
    """Each key of each logical database, and what it holds."""
    lines = []
    for number in range(LOGICAL_DATABASES):
        address = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))
        with Redis.from_url(address, decode_responses=True, encoding_errors="replace") as redis:
            readers = {
                "string": redis.get,
                "hash": redis.hgetall,
                "set": redis.smembers,
                "list": lambda key, redis=redis: redis.lrange(key, 0, -1),
                "zset": lambda key, redis=redis: redis.zrange(key, 0, -1, withscores=True),
                "none": lambda key: None,  # gone meanwhile
            }
            lines += [f"{number} {key} {readers[str(redis.type(key))](key)!r}" for key in redis.scan_iter()]
    return "\n".join(lines)


def codes_in(text: str, codes: Iterable[str]) -> list[str]:
    """Six digits alone may be anything; here they are found where they are called a code."""
    return [code for code in codes if re.search(rf"cod\w*\W{{1,6}}{code}\b", text, re.IGNORECASE)]

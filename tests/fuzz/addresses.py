"""All addresses of the site, from its own table of them: a new one is met without anybody thinking of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RoutePattern

GAP = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")  # of an address that is a regular expression


@dataclass(frozen=True, slots=True)
class Address:
    """Words, and between them the names of what an address leaves open: `/en/confirm/`, `token`, `/`."""

    route: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, route: str) -> "Address":
        return cls(route, tuple(GAP.split(f"/{route}")))


def of_the_site() -> list[Address]:
    found = {route for pattern in get_resolver().url_patterns for route in routes("", pattern)}
    return [Address.of(route) for route in sorted(found)]


def routes(before: str, pattern: URLPattern | URLResolver) -> Iterator[str]:
    for words in words_of(pattern):
        if isinstance(pattern, URLPattern):
            yield before + words
        else:
            for inner in pattern.url_patterns:
                yield from routes(before + words, inner)


def words_of(pattern: URLPattern | URLResolver) -> list[str]:
    if isinstance(pattern.pattern, LocalePrefixPattern):
        return [f"{code}/" for code, _ in settings.LANGUAGES]
    if isinstance(pattern.pattern, RoutePattern):
        return [str(pattern.pattern)]
    return [GROUP.sub(r"<\1>", str(pattern.pattern)).strip("^$")]

"""A visitor without a browser: plain HTTP to a real site, with cookies, and without following redirects."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage, Message
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    text: str

    @property
    def leads_to(self) -> str:
        return str(self.headers["Location"]).partition("#")[0]


class Visitor:
    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, address: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """`address` with or without the site before it."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        with closing(HTTPConnection(urlsplit(self.site).netloc, timeout=60)) as connection:
            connection.request(method, address.removeprefix(self.site), body, {**sent, **(headers or {})})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode(errors="replace"))
        for header in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return answer

    def get(self, address: str) -> Answer:
        return self.ask("GET", address)

    def post(self, address: str, **fields: str) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.site}
        return self.ask("POST", address, urlencode(fields), form)


def link_in(letter: EmailMessage, path: str) -> str:
    """The first address in a letter's text with `/path/` in it."""
    body = letter.get_body(("plain",))
    assert body is not None
    return next(line.strip() for line in body.get_content().splitlines() if f"/{path}/" in line)

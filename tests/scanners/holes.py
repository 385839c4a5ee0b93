"""A page with holes in it, that a scanner has to find: without it a clean report would say little."""

import sqlite3
import sys
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

FORM = '<form><input name="name"><input type="submit"></form><a href="/search?name=a">Search</a>'
people = sqlite3.connect(":memory:", check_same_thread=False)
people.execute("CREATE TABLE people (name TEXT)")


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Neither headers nor escaping; what is searched for becomes part of the statement."""
    name = parse_qs(environ["QUERY_STRING"]).get("name", [""])[0]
    text = f"<p>{name}"
    if environ["PATH_INFO"] == "/search":
        try:
            people.execute(f"SELECT name FROM people WHERE name = '{name}'")
        except sqlite3.Error as error:
            text = f"<p>sqlite3.OperationalError: {escape(str(error))}"
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"<!doctype html><title>Holes</title>{FORM}{text}".encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), application, handler_class=Quiet).serve_forever()

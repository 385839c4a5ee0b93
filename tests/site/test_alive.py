"""What a container asks its web server."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from petition_site.containers import alive
from petition_site.local.servers import free_port


class Told(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_asked_well = (self.path, self.headers["Host"]) == ("/healthz", "petition.example.org")
        self.send_response(200 if is_asked_well else 400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    monkeypatch.setattr(alive, "PORT", server.server_address[1])
    yield
    server.shutdown()
    server.server_close()


def test_it_asks_by_the_name_of_the_site(server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://petition.example.org:8443")
    assert alive.lives()

    monkeypatch.setenv("SITE_URL", "https://elsewhere.example.org")
    assert not alive.lives()


def test_a_server_that_is_away_does_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "PORT", free_port())

    assert not alive.lives()

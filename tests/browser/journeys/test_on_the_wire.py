"""What no well-behaved client can send, on the wire to a real gunicorn: paths, headers and lines of headers."""

import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.browser.journeys.steps import PETITION
from tests.browser.site import ROOT, Site

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("journeys")]

SECRET = b"INSTALLED_APPS"  # a word of the settings file


def send(site: Site, raw: bytes) -> bytes:
    """All that the server answers until it closes."""
    address = urlsplit(site.url)
    with closing(socket.create_connection((address.hostname or "", address.port or 80), timeout=30)) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(site: Site, path: bytes, *headers: bytes) -> bytes:
    host = urlsplit(site.url).netloc.encode()
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
    return send(site, b"\r\n".join(lines) + b"\r\n\r\n")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def location(answer: bytes) -> bytes:
    head = answer.partition(b"\r\n\r\n")[0]
    return next((line[10:] for line in head.split(b"\r\n") if line.lower().startswith(b"location: ")), b"")


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../petition_site/settings.py",
        b"/static/../../petition_site/settings.py",
        b"/static/%2e%2e/petition_site/settings.py",
        b"/static/%2e%2e%2fpetition_site%2fsettings.py",
        b"/static/%252e%252e/petition_site/settings.py",
        b"/static/..%5cpetition_site%5csettings.py",
        b"/static/..\\petition_site\\settings.py",
        b"/static/....//petition_site/settings.py",
        b"/static/.%00./petition_site/settings.py",
        b"/static/site.css%00.py",
        b"/static//etc/passwd",
        b"/static/%2fetc%2fpasswd",
        b"/static/file:///etc/passwd",
        b"/static/%c0%ae%c0%ae/petition_site/settings.py",
        b"/static/../manage.py",
        b"/static",
        b"/static/",
    ],
)
def test_no_path_leads_out_of_the_static_files(site: Site, path: bytes) -> None:
    answer = get(site, path)

    assert status(answer) in (301, 302, 400, 404)
    assert SECRET not in answer
    assert b"root:" not in answer


def test_what_these_paths_look_for_is_there(site: Site) -> None:
    assert SECRET in (ROOT / "petition_site/settings.py").read_bytes()
    assert status(get(site, b"/static/site.css")) == 200


@pytest.mark.parametrize(
    "path",
    [
        b"//evil.example/en",
        b"//evil.example",
        b"/%2F%2Fevil.example/en",
        b"/\\evil.example/en",
        b"///evil.example/en/x",
        b"http://evil.example/en",
    ],
)
def test_no_address_leads_to_another_site(site: Site, path: bytes) -> None:
    answer = get(site, path)

    assert status(answer) in (301, 302, 400, 404)
    assert not location(answer).startswith((b"//", b"/\\", b"http"))


@pytest.mark.parametrize(
    "header",
    [
        b"Host: evil.example",
        b"X-Forwarded-Host: evil.example",
        b"X_Forwarded_Host: evil.example",
        b"Sec_Fetch_Site: evil.example",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Bad Name: evil.example",
        b"X-Line: evil.example\r\n folded",
        b"Cookie: evil.example" + b"a" * 20_000,
    ],
)
def test_no_header_is_given_back_or_breaks_the_site(site: Site, header: bytes) -> None:
    answer = get(site, PETITION.encode(), header)

    assert status(answer) in (200, 400, 431)
    assert b"evil.example" not in answer
    assert status(get(site, PETITION.encode())) == 200


@pytest.mark.parametrize(
    "path",
    [
        b"/es/confirm/x%0d%0aSet-Cookie:%20evil=1",
        b"/es/confirm/x%0aSet-Cookie:%20evil=1/",
        b"/es/x%0d%0a%0d%0a<script>/sign",
        b"/es/confirm/x%e5%98%8a%e5%98%8dSet-Cookie:%20evil=1",
    ],
)
def test_no_answer_is_split(site: Site, path: bytes) -> None:
    head = get(site, path).partition(b"\r\n\r\n")[0]

    assert b"\r\nSet-Cookie" not in head
    assert b"\nSet-Cookie" not in head
    assert head.count(b"HTTP/1.1") == 1


def test_a_forged_post_stays_forged_whatever_comes_twice(site: Site) -> None:
    host = urlsplit(site.url).netloc.encode()
    for headers in (
        b"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site",
        b"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin",
        b"Sec-Fetch-Site: cross-site\r\nSec_Fetch_Site: same-origin",
        b"Origin: http://" + host + b"\r\nOrigin: https://evil.example",
        b"Origin: https://evil.example\r\nX-Forwarded-Host: evil.example",
    ):
        answer = send(
            site,
            b"POST " + PETITION.encode() + b"sign/ HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n" + headers + b"\r\n\r\nname=x",
        )
        assert status(answer) == 403, headers

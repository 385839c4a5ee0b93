"""nginx before the site, as its container has it: what is kept, for how long, and what gets through.

Before a small server that answers as it is told to, where time or a header is the matter; before the site itself, where
its own answers are.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

import pytest

from petition_site.local.processes import until
from tests.browser.site import SLUG, Site, running_site
from tests.containers.trial import fields_of
from tests.site.proxy import HOST, Proxy, nginx

PAGE = f"/es/{SLUG}/"
KEPT = "public, max-age=0, s-maxage=1, stale-while-revalidate=2"
TOKENS = ("confirm", "signature", "not-me", "unsubscribe", "address", f"{SLUG}/check-email")


class Upstream(ThreadingHTTPServer):
    """Answers what it was asked, as JSON, with a number; `said` is its Cache-Control."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.said, self.status, self.asked = KEPT, 200, 0
        self.go_on = Event()
        self.go_on.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Told(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.asked += 1
        number = self.server.asked
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.server.go_on.wait(20)
        told = {name.lower(): self.headers.get_all(name) for name in self.headers}
        body = json.dumps({"number": number, "path": self.path, "headers": told, "length": length}).encode()
        self.send_response(self.server.status)
        self.send_header("Cache-Control", self.server.said)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing: tests read what was asked in the answers."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    with nginx(upstream.port) as running:
        yield running


def number(proxy: Proxy, path: str = "/es/", **headers: str) -> int:
    """Which answer of the server it is."""
    answer = proxy.get(path, **headers)
    assert answer.status == 200
    return int(json.loads(answer.text)["number"])


# What gets through


SPOOFED = {
    "X_Forwarded_For": "203.0.113.7",
    "X_Forwarded_Proto": "http",
    "X_Forwarded_Host": "elsewhere.example.org",
    "X_Forwarded_Port": "666",
    "X_Forwarded_Server": "elsewhere.example.org",
    "X_Real_IP": "203.0.113.7",
    "Forwarded": "for=203.0.113.7",
    "Proxy": "http://elsewhere.example.org",
    "X_Request_ID": "00000000000000000000000000000007",
}


def test_what_a_visitor_says_of_where_they_come_from_is_replaced(proxy: Proxy) -> None:
    answer = proxy.get("/es/", Accept_Language="es", **SPOOFED)
    told = json.loads(answer.text)["headers"]

    assert told.pop("x-request-id") == [answer.headers["x-request-id"]] != [SPOOFED["X_Request_ID"]]
    assert proxy.last(1) and proxy.log[-1].endswith(f" id={answer.headers['x-request-id']}")
    assert told.pop("accept-encoding") == ["identity"]
    assert told == {
        "host": [HOST],
        "connection": ["close"],
        "accept-language": ["es"],
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-proto": ["https"],
    }


def test_behind_another_proxy_its_word_is_added_to(upstream: Upstream) -> None:
    """Of two trusted proxies: what the visitor made up, what the outer one saw, and then the outer one itself."""
    with nginx(upstream.port, "plain") as proxy:
        headers = SPOOFED | {"X_Forwarded_For": "203.0.113.7, 198.51.100.4", "X_Forwarded_Proto": "https"}
        told = json.loads(proxy.get("/es/", **headers).text)["headers"]

    assert told["x-forwarded-for"] == ["203.0.113.7, 198.51.100.4, 127.0.0.1"]
    assert told["x-forwarded-proto"] == ["https"]
    assert told.pop("x-request-id") != [SPOOFED["X_Request_ID"]]
    assert told.keys() == {"host", "connection", "accept-encoding", "x-forwarded-for", "x-forwarded-proto"}


@pytest.mark.parametrize("host", ["elsewhere.example.org", "127.0.0.1", f"{HOST}.example.org"])
def test_another_host_does_not_get_to_the_site(proxy: Proxy, upstream: Upstream, host: str) -> None:
    assert proxy.get("/es/", Host=host).status == 421
    assert upstream.asked == 0


def test_a_port_that_a_visitor_makes_up_does_not_get_to_the_site(upstream: Upstream) -> None:
    """The site's own does: browsers name it as where a form comes from."""
    with nginx(upstream.port, "plain", "http://localhost:8000") as proxy:
        told = json.loads(proxy.get("/es/", Host="localhost:666").text)["headers"]

    assert told["host"] == ["localhost:8000"]


def test_without_tls_one_is_sent_to_the_sites_own_address(proxy: Proxy, upstream: Upstream) -> None:
    answer = proxy.ask("GET", "/es/?via=x", on=80, Host="elsewhere.example.org")

    assert (answer.status, answer.headers["location"], upstream.asked) == (301, f"https://{HOST}/es/?via=x", 0)


def test_a_certificate_authority_finds_its_challenge_without_tls(proxy: Proxy) -> None:
    challenges = proxy.folder / "acme" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "one").write_text("proof")

    assert proxy.ask("GET", "/.well-known/acme-challenge/one", on=80).text == "proof"


def test_a_large_body_is_refused_and_a_form_is_not(proxy: Proxy, upstream: Upstream) -> None:
    assert proxy.ask("POST", f"{PAGE}sign/", "x" * (256 * 1024 + 1)).status == 413
    assert upstream.asked == 0

    told = json.loads(proxy.ask("POST", f"{PAGE}sign/", "x" * (256 * 1024)).text)
    assert told["length"] == 256 * 1024


SCAN = "/admin/signatures/delivery/7/scan/"


def test_a_scan_of_ten_megabytes_gets_through_where_scans_are_added_and_is_never_on_a_disk(proxy: Proxy) -> None:
    megabytes = 1024 * 1024
    (proxy.folder / "body").rmdir()  # where it would be laid aside
    answer = proxy.ask("POST", SCAN, "x" * (10 * megabytes + 1000))

    assert json.loads(answer.text)["length"] == 10 * megabytes + 1000
    assert proxy.ask("POST", SCAN, "x" * (11 * megabytes + 1)).status == 413


@pytest.mark.parametrize(
    "path",
    ["/admin/signatures/delivery/7/change/", f"{SCAN}9/", "/admin/signatures/delivery/add/", "/admin/login/", "/es/"],
)
def test_nothing_that_large_gets_through_elsewhere(proxy: Proxy, upstream: Upstream, path: str) -> None:
    assert proxy.ask("POST", path, "x" * 300_000).status == 413
    assert upstream.asked == 0


def test_no_more_than_four_scans_are_under_way_and_forms_go_on(proxy: Proxy, upstream: Upstream) -> None:
    """Whoever sends them need not be of the staff, and each may take as much memory as forty forms."""
    upstream.go_on.clear()
    with ThreadPoolExecutor(4) as four:
        under_way = [four.submit(proxy.ask, "POST", SCAN, "x" * 300_000) for _ in range(4)]
        assert until(lambda: upstream.asked == 4, 20)
        assert proxy.ask("POST", SCAN, "x" * 300_000).status == 503
        upstream.go_on.set()
        assert [one.result().status for one in under_way] == [200] * 4
    assert proxy.ask("POST", f"{PAGE}sign/", "a=b").status == 200


# What is kept


def test_a_page_is_kept_for_as_long_as_it_says_whatever_the_query(proxy: Proxy, upstream: Upstream) -> None:
    upstream.said = "public, max-age=0, s-maxage=60"

    assert [number(proxy, path) for path in ("/es/", "/es/?utm_source=x", "/es/?via=y&fbclid=z")] == [1, 1, 1]
    assert number(proxy, "/en/") == 2
    assert proxy.ask("HEAD", "/es/").status == 200
    assert upstream.asked == 2


def test_paths_that_are_written_otherwise_have_copies_of_their_own(proxy: Proxy, upstream: Upstream) -> None:
    """Else somebody could ask for a page under the name that nginx takes another for."""
    upstream.said = "public, max-age=0, s-maxage=60"
    paths = ["/es/", "/es/./", "/es/x/../", "/%65s/", "/es%2F"]

    told = [json.loads(proxy.get(path).text) for path in paths]

    assert [one["number"] for one in told] == [1, 2, 3, 4, 5]
    assert [one["path"] for one in told] == paths


def test_what_is_posted_is_always_for_the_site(proxy: Proxy) -> None:
    assert number(proxy, PAGE) == 1
    assert [json.loads(proxy.ask("POST", PAGE, "a=b").text)["number"] for _ in range(2)] == [2, 3]
    assert number(proxy, PAGE) == 1


@pytest.mark.parametrize(
    "said",
    [
        "max-age=0, no-cache, no-store, must-revalidate, private",
        "public, max-age=60",
        "s-maxage=60",
        "private, s-maxage=60",
    ],
    ids=["closed", "for browsers", "not said to be public", "private"],
)
def test_what_is_not_for_all_is_not_kept(proxy: Proxy, upstream: Upstream, said: str) -> None:
    upstream.said = said

    assert [number(proxy), number(proxy)] == [1, 2]


@pytest.mark.parametrize("words", TOKENS)
def test_a_page_with_a_token_is_not_kept_whatever_it_says(proxy: Proxy, upstream: Upstream, words: str) -> None:
    upstream.said = "public, max-age=60, s-maxage=60"

    assert [number(proxy, f"/es/{words}/123:token/") for _ in range(2)] == [1, 2]
    assert [number(proxy, f"/es/{words.title()}/123:token/") for _ in range(2)] == [3, 4]


def test_files_and_the_api_are_kept_for_as_long_as_they_say(proxy: Proxy, upstream: Upstream) -> None:
    upstream.said = "max-age=315360000, public, immutable"
    assert [number(proxy, "/static/site.css") for _ in range(2)] == [1, 1]
    upstream.said = "public, max-age=5, stale-while-revalidate=30"
    assert [number(proxy, "/api/v1/campaigns/x/") for _ in range(2)] == [2, 2]
    upstream.said = "private, max-age=5"
    assert [number(proxy, "/api/v1/campaigns/y/") for _ in range(2)] == [3, 4]


def test_while_one_request_makes_a_page_anew_others_get_the_copy(proxy: Proxy, upstream: Upstream) -> None:
    upstream.said = "public, max-age=0, s-maxage=1, stale-while-revalidate=30"
    number(proxy)
    upstream.go_on.clear()

    def is_made_anew() -> bool:
        assert number(proxy) == 1
        return upstream.asked == 2

    assert until(is_made_anew, 20)
    assert [number(proxy) for _ in range(3)] == [1, 1, 1]
    upstream.go_on.set()
    assert until(lambda: number(proxy) == 2, 20)


def test_only_what_says_so_stands_in_for_a_site_that_is_away(proxy: Proxy, upstream: Upstream) -> None:
    """Pages with people on them do not: whoever takes their name off has not to wait for a site that is down."""
    upstream.said = f"{KEPT}, stale-if-error=60"
    number(proxy, "/es/nobody/")
    upstream.said = KEPT
    number(proxy, "/es/people/")
    upstream.server_close()

    assert until(lambda: proxy.get("/es/people/").status == 503, 20)
    assert number(proxy, "/es/nobody/") == 1


def test_a_copy_does_not_stand_in_for_longer_than_it_says(proxy: Proxy, upstream: Upstream) -> None:
    upstream.said = f"{KEPT}, stale-if-error=4"
    number(proxy)
    upstream.server_close()

    assert until(lambda: proxy.get("/es/").status == 503, 20)


def test_a_page_that_is_gone_is_gone(proxy: Proxy, upstream: Upstream) -> None:
    """A copy stands in for a site that is away, and for none that says what there is."""
    upstream.said = f"{KEPT}, stale-if-error=60"
    number(proxy)
    upstream.status, upstream.said = 404, "no-store"

    assert until(lambda: proxy.get("/es/").status == 404, 20)


def test_pages_are_compressed_and_those_of_one_person_are_not(proxy: Proxy) -> None:
    """Beside something that others can choose, compression tells what is secret (BREACH)."""

    def encoding(path: str) -> str:
        answer = proxy.ask("HEAD", path, Accept_Encoding="gzip", X_Long="x" * 2000)
        return answer.headers.get("content-encoding", "none")

    paths = ["/es/", "/api/v1/campaigns/x/", "/es/confirm/123:token/", "/admin/", f"{PAGE}check-email/123/"]
    assert [encoding(path) for path in paths] == ["gzip", "gzip", "none", "none", "none"]


# What is written down


def test_the_log_holds_neither_who_asked_nor_what_for(proxy: Proxy, upstream: Upstream) -> None:
    secret = "sEcReT"
    for words in TOKENS:
        proxy.get(f"/es/{words}/12:{secret}/change/")
        proxy.get(f"/es/{words[:-1]}%{ord(words[-1]):x}/{secret}/")
    proxy.get(f"/es/copied/12:{secret}/")
    proxy.get(f"/es/gAAAA{secret}/")
    proxy.get(f"/es/{secret}@example.org")
    proxy.get(f"/es/?email={secret}@example.org", Referer=f"https://{HOST}/{secret}", User_Agent=secret)
    proxy.ask("POST", f"{PAGE}sign/", f"name={secret}" + "x" * 300_000)
    proxy.ask("GET", f"/{secret.lower()}/", on=80, Host=f"{secret}.example.org")  # so that something is found
    upstream.server_close()
    proxy.get(f"/es/confirm/{secret}/")
    assert until(lambda: len(proxy.log) == 2 * len(TOKENS) + 7, 10)

    written = "\n".join([*proxy.log, (proxy.folder / "log").read_text()])
    assert written.count(secret.lower()) == 1
    assert secret not in written
    assert "127.0.0.1" not in written
    assert "?" not in written
    assert proxy.last(1) == "GET /es/confirm/... 503 site=502 -"
    assert f"POST {PAGE}sign/ 413" in written
    assert f"GET /es/{SLUG}/check-email/... 200" in written


# The site itself


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {
        "SITE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": f"{HOST},localhost",  # this test sees by itself when it is up
        "STAFF_SECOND_FACTOR": "true",
        "TRUSTED_PROXY_COUNT": "1",
    }
    with running_site(tmp_path_factory.mktemp("proxied"), **settings) as running:
        yield running


@pytest.fixture
def front(site: Site) -> Iterator[Proxy]:
    with nginx(site.port) as running:
        yield running


def sign(front: Proxy, email: str, **headers: str) -> str:
    """Where one is led to."""
    page = front.get(PAGE)
    form = {"name": "Rosa Ejemplo", "email": email, "country": "PE", "visibility": "delivered", "consent": "on"}
    kind = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
    answer = front.ask("POST", f"{PAGE}sign/", urlencode(fields_of(page.text) | form), **kind, **headers)
    assert answer.status == 303, answer.text
    return answer.headers["location"]


@pytest.mark.xdist_group("proxy")
def test_the_sites_pages_come_from_copies_and_what_is_posted_from_the_site(site: Site, front: Proxy) -> None:
    front.get(PAGE)
    assert front.last(1) == f"GET {PAGE} 200 site=200 MISS"
    again = front.get(f"{PAGE}?utm_source=x")
    assert front.last(2) == f"GET {PAGE} 200 site=- HIT"
    assert "set-cookie" not in again.headers
    assert front.get(PAGE, If_None_Match=again.headers["etag"]).status == 304

    location = sign(front, "rosa.one@example.net")
    assert front.last(5) == f"POST {PAGE}sign/ 303 site=303 -"
    check_page = location.partition("#")[0]
    for _ in range(2):
        assert front.get(check_page).status == 200
    assert front.last(7, -2) == front.last(7) == f"GET {PAGE}check-email/... 200 site=200 -"
    css = re.search(r'href="(/static/[^"]+\.css)"', again.text)
    assert css
    for _ in range(2):
        assert front.get(css[1], Accept_Encoding="br").headers["content-encoding"] == "br"
    assert front.last(9) == f"GET {css[1]} 200 site=- HIT"
    assert front.get(css[1], Accept_Encoding="identity").headers.get("content-encoding") is None


@pytest.mark.xdist_group("proxy")
def test_nobody_chooses_the_address_that_the_site_sees(site: Site, front: Proxy) -> None:
    def seen(email: str) -> bytes:
        query = (
            "SELECT origin.address FROM signatures_origin AS origin JOIN signatures_signature AS signature"
            " ON signature.id = origin.signature_id WHERE email = %s"
        )
        [(address,)] = site.ask(query, email)
        return bytes(address)

    sign(front, "rosa.two@example.net", X_Forwarded_For="203.0.113.7")
    sign(front, "rosa.three@example.net", X_Forwarded_For="198.51.100.4, 203.0.113.9")

    assert seen("rosa.two@example.net") == seen("rosa.three@example.net")


@pytest.mark.xdist_group("proxy")
def test_copies_of_the_sites_pages_stand_in_while_it_is_away(site: Site, front: Proxy, tmp_path: Path) -> None:
    """The last test of this site, whose web server ends here."""
    for path in (PAGE, f"{PAGE}privacy/"):
        assert front.get(path).status == 200
    [gunicorn] = [child for child in site.children if child.name.endswith("gunicorn")]
    site.children.stop(gunicorn)

    def is_stale() -> bool:
        assert front.get(f"{PAGE}privacy/").status == 200
        return bool(re.search(" cache=(?:STALE|UPDATING) ", front.log[-1]))

    assert until(is_stale, 20)
    away = front.get(f"{PAGE}sign/")
    assert (away.status, away.headers["retry-after"]) == (503, "60")
    assert "vuelve atrás en tu navegador" in away.text

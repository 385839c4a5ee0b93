"""How fast the campaign's page is beside constant strings, and through a proxy's cache beside a static file."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from petition_site.local.processes import LaunchError, until
from petition_site.local.servers import free_port
from tests.bench.measuring import Figure, in_turn
from tests.bench.site import PAGE, BenchSite, answers

SECONDS = 5
CONNECTIONS = 8


def figures(site: BenchSite) -> Iterator[Figure]:
    ours = free_port()
    site.serve("ours", "petition_site.wsgi", ours, DJANGO_SETTINGS_MODULE="tests.bench.yardsticks.same")
    bare = free_port()
    site.serve("bare", "tests.bench.yardsticks.bare", bare)
    check(ours)

    def page() -> float:
        return load(ours, PAGE)

    same = in_turn(page, lambda: load(ours, "/constant/"))
    yield Figure("campaign page", "a constant behind the same middleware", 0.95, same)
    yield Figure(
        "campaign page", "a constant from a bare Django project", 0.7, in_turn(page, lambda: load(bare, "/constant/"))
    )
    yield from through_nginx(site, ours)
    site.stop_serving("ours", "bare")


def through_nginx(site: BenchSite, upstream: int) -> Iterator[Figure]:
    port, static = free_port(), free_port()
    folder = site.state / "nginx"
    (folder / "static").mkdir(parents=True, exist_ok=True)
    (folder / "static" / "page.html").write_bytes(body(upstream, PAGE))
    for path in (site.state, folder, folder / "static"):
        path.chmod(0o755)
    settings = (Path(__file__).parent / "yardsticks" / "nginx.conf").read_text()
    for name, value in {"FOLDER": folder, "PORT": port, "STATIC": static, "UPSTREAM": upstream}.items():
        settings = settings.replace(f"${name}", str(value))
    (folder / "nginx.conf").write_text(settings)
    command = [found("nginx"), "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    site.children.start("nginx", command, log=site.logs / "nginx.log", cwd=folder, env={})
    assert until(lambda: answers(port) and answers(static), 15), f"nginx: see {site.logs}"
    body(port, PAGE)  # it is in the cache
    browsers = {"connection": "keep-alive"}
    rounds = in_turn(lambda: load(port, PAGE, **browsers), lambda: load(static, "/page.html", **browsers))
    yield Figure("campaign page through a micro-cache", "nginx: the same bytes as a file", 0.9, rounds)


def load(port: int, path: str, *, connection: str = "close") -> float:
    """Answers a second to wrk, all of them 200: gunicorn's over a connection for each, as nginx opens one to it."""
    headers = ("-H", "Host: localhost", "-H", f"Connection: {connection}")
    command = (found("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *headers, f"http://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert rate and "Non-2xx" not in said and "Socket errors" not in said, said
    return float(rate[1])


def body(port: int, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def check(port: int) -> None:
    """The page has its words and its form, and every header that it has anywhere."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(2):  # as it is made, and from memory
        connection.request("GET", PAGE, headers={"Host": "localhost"})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200 and 'name="consent_id"' in text and text.rstrip().endswith("</html>")
        assert {"Content-Security-Policy", "ETag", "Permissions-Policy", "X-Frame-Options"} <= set(answer.headers)


def found(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        raise LaunchError(f"{program} is not installed; Debian: apt install {program}")
    return path

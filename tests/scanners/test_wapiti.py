"""A scanner of web applications finds nothing on the site, and finds what is there on a page with holes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from petition_site.local.processes import Children, until
from petition_site.local.servers import answers, free_port
from tests.browser.site import PATIENCE, ROOT, SLUG, running_site, without_limits
from tests.scanners.alone import alone

# All but those that know products by lists out of the net (buster, cms, htp, network_device, nikto, wapp, wp_enum),
# those that have a server of wapiti's makers called (log4shell, ssrf, xxe), those about TLS and names (https_redirect,
# ssl, takeover), the one that guesses passwords (brute_login_form), against which there is the limit of the login, and
# one about what is not here (ldap), which calls it a hole that a name of signs alone is refused.
MODULES = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods"),
    *("permanentxss", "redirect", "shellshock", "spring4shell", "sql", "timesql", "upload", "xss"),
)
# What is none here: the public forms carry no token, so that any cache can keep their page. What stops a forged one
# instead is `cross_origin_protection` in petition_site/middleware.py, of which wapiti, being no browser, sees nothing.
EXPECTED = {("Cross Site Request Forgery", f"/es/{SLUG}/{form}/") for form in ("sign", "signature")}
TO_CRAWL, TO_ATTACK = 60, 20  # seconds at the most, the latter for each module

Report = dict[str, Any]


def scan(url: str, modules: Sequence[str], folder: Path, *more: str) -> Report:
    """The report of wapiti, once each module has come to its end. Nothing leaves this machine but for its packages."""
    report = folder / "report.json"
    program = alone("wapiti", folder)
    options = {
        "--url": url,
        "--scope": "domain",
        "--module": ",".join(modules),
        "--level": "1",  # parameters of addresses, and of forms
        "--max-scan-time": str(TO_CRAWL),
        "--max-attack-time": str(TO_ATTACK),
        "--store-session": str(folder / "session"),
        "--store-config": str(folder / "config"),
        "--format": "json",
        "--output": str(report),
        "--detailed-report": "1",
    }
    command = [*program, *(word for option in options.items() for word in option), "--no-bugreport", *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    begun = [line.rpartition(" ")[2] for line in done.stdout.splitlines() if "Launching module" in line]
    assert sorted(begun) == sorted(modules), done.stdout
    found: Report = json.loads(report.read_text())
    return found


def findings(report: Report) -> set[tuple[str, str, str]]:
    """Whatever is above informational, by kind, address and words; of errors and timeouts (anomalies), all."""
    return {
        (kind, finding["path"], finding["info"])
        for part in ("vulnerabilities", "anomalies")
        for kind, found in report[part].items()
        for finding in found
        if finding["level"] > 0 or part == "anomalies"
    }


@pytest.fixture
def holes(tmp_path: Path) -> Iterator[str]:
    children, port, log = Children(), free_port(), tmp_path / "holes.log"
    command = [sys.executable, "-m", "tests.scanners.holes", str(port)]
    try:
        children.start("holes", command, log=log, cwd=ROOT, env=os.environ)
        assert until(lambda: answers(port), PATIENCE), log.read_text()
        yield f"http://127.0.0.1:{port}/"
    finally:
        children.stop_all()


@pytest.mark.ci
def test_wapiti_finds_the_holes_where_there_are_some(holes: str, tmp_path: Path) -> None:
    found = findings(scan(holes, ("csp", "http_headers", "sql", "xss"), tmp_path))

    kinds = {(kind, path) for kind, path, _ in found}
    assert kinds == {
        ("Clickjacking Protection", "/"),
        ("Content Security Policy Configuration", "/"),
        ("MIME Type Confusion", "/"),
        ("Reflected Cross Site Scripting", "/"),
        ("Reflected Cross Site Scripting", "/search"),
        ("SQL Injection", "/search"),
    }


@pytest.mark.first
@pytest.mark.ci
def test_wapiti_finds_nothing_on_the_site(tmp_path: Path) -> None:
    """As behind a proxy with TLS, so that cookies and headers are those of production; without limits in its way; in
    one language, since the views are the same in each.
    """
    with running_site(tmp_path, SITE_URL="https://localhost", **without_limits()) as site:
        home, page = f"http://localhost:{site.port}", f"/es/{SLUG}/"
        others = [word for language in ("en", "qu", "ay") for word in ("--exclude", f"{home}/{language}/*")]
        report = scan(home + page, MODULES, tmp_path, "--header", "X-Forwarded-Proto: https", *others)

    crawled = {
        (found["request"]["method"], found["request"]["url"].removeprefix(home))
        for found in report["infos"]["crawled_pages"]
    }
    assert crawled >= {
        ("GET", page),
        ("GET", f"{page}privacy/"),
        ("GET", f"{page}signature/"),
        ("GET", "/es/accessibility/"),
        ("POST", f"{page}sign/"),
        ("POST", f"{page}signature/"),
    }
    assert {(kind, path) for kind, path, _ in findings(report)} == EXPECTED

"""Who is counted only leaves neither name nor address: not in the database, not in Redis, and nobody does in a log."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from itertools import dropwhile
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from redis import Redis

from petition_site.local.processes import until
from tests.browser.site import PATIENCE, ROOT, SLUG, STAFF, Site, running_site, without_limits
from tests.promises.traces import Traces, codes_in, dump, everything_in_redis
from tests.promises.visitor import Answer, Visitor, link_in

pytestmark = [pytest.mark.first, pytest.mark.xdist_group("secret")]  # one site for the module

# Who signs in secret types a name all the same: the form has a field for it.
SIGNATURES = "/admin/signatures/signature/"
SECRET = {f"Qorianka Wayrapoma {n:03}": f"wayra.poma.{n:03}@secret.example.org" for n in range(100)}
WANTS_NEWS = ("Noticia Huamancusi", "noticia.huamancusi@example.org")
OPEN = ("Ofelia Chuquicondor", "ofelia.chuquicondor@example.org")
LOST = ("Petronila Chuquicondor", "petronila.chuquicondor@example.org")  # who meets an error of ours
KEEPER = "keeper@example.com"  # who looks after the site
LATER = ("Otilia Chuquicondor", "otilia.chuquicondor@example.net")  # what the same person changes both to

# Everything that PostgreSQL can be told to say about statements.
TALKATIVE = "-c log_statement=all -c log_min_duration_statement=0 -c log_duration=on -c log_min_messages=debug1"

# In an address bar, and so in a log of requests.
TOKEN = re.compile(r"/(?:confirm|signature|not-me|unsubscribe|address|check-email)/([^/\s\"'<>]{20,})")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Without limits: a hundred of one network and domain would be held, and be in no list."""
    changes = {"PGOPTIONS": TALKATIVE} | without_limits()
    with running_site(tmp_path_factory.mktemp("site"), log_level="debug", **changes) as site:
        yield site


@pytest.fixture(scope="module")
def said_before() -> int:
    """How long PostgreSQL's log was, which other tests write too."""
    log = os.environ.get("TEST_POSTGRES_LOG")
    return Path(log).stat().st_size if log else 0


class Signers:
    """What all of them did, and what came to them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tokens: set[str] = set()
        self.codes: set[str] = set()
        self.requests: set[str] = set()  # what those that signed go by

    def letters(self, subject: str) -> dict[str, EmailMessage]:
        return {letter["To"]: letter for letter in self.site.letters() if letter["Subject"] == subject}

    def wait_for_letters(self, subject: str, addresses: set[str]) -> dict[str, EmailMessage]:
        def have_arrived() -> bool:
            self.site.children.fail_if_one_ended()
            return addresses <= set(self.letters(subject))

        assert until(have_arrived, 2 * PATIENCE), f"No “{subject}” for all: see {self.site.logs}"
        return self.letters(subject)

    def post(self, visitor: Visitor, name: str, address: str, **fields: str) -> Answer:
        form = {"name": name, "email": address, "country": "PE", "consent": "on", **fields}
        return visitor.post(f"/en/{SLUG}/sign/", consent_id=self.consent(visitor), **form)

    def sign(self, name: str, address: str, **fields: str) -> None:
        visitor = Visitor(self.site.url)
        answer = self.post(visitor, name, address, **fields)
        assert answer.status == 303, answer.text
        self.requests.add(answer.headers["X-Request-ID"])
        self.note(visitor, answer.leads_to, visitor.get(answer.leads_to).text)

    def consent(self, visitor: Visitor) -> str:
        found = re.search(r'name="consent_id" value="(\d+)"', visitor.get(f"/en/{SLUG}/").text)
        assert found
        return found[1]

    def confirm(self, letter: EmailMessage) -> Visitor:
        visitor = Visitor(self.site.url)
        link = link_in(letter, "confirm")
        assert visitor.get(link).status == 200
        answer = visitor.post(link)
        assert answer.leads_to == f"/en/{SLUG}/thanks/", answer.text
        self.note(visitor, visitor.get(answer.leads_to).text)
        return visitor

    def note(self, visitor: Visitor, *texts: str) -> None:
        """The tokens that somebody has met; cookies are some too."""
        self.tokens |= {token for text in texts for token in TOKEN.findall(text)}
        self.tokens |= {cookie for cookie in visitor.cookies.values() if len(cookie) > 20}

    def note_letters(self) -> None:
        for letter in self.site.letters():
            source = letter.get_body(("plain",))
            assert source is not None
            text = source.get_content()
            self.tokens |= set(TOKEN.findall(text))
            self.codes |= set(re.findall(r"(?m)\b(\d{6})$", text))


@pytest.fixture(scope="module")
def signers(site: Site, said_before: int) -> Signers:
    """A hundred and two have signed and confirmed, and all letters have gone."""
    signers = Signers(site)
    with ThreadPoolExecutor(8) as crowd:
        for signed in [
            crowd.submit(signers.sign, name, address, visibility="secret") for name, address in SECRET.items()
        ]:
            signed.result()
    signers.sign(*WANTS_NEWS, visibility="secret", updates="on")
    signers.sign(*OPEN, visibility="delivered")
    addresses = {*SECRET.values(), WANTS_NEWS[1], OPEN[1]}
    asked = signers.wait_for_letters("Confirm your signature", addresses)
    with ThreadPoolExecutor(8) as crowd:
        for _visitor in crowd.map(signers.confirm, asked.values()):
            pass
    signers.wait_for_letters("Your signature is confirmed", addresses)
    assert until(lambda: site.ask("SELECT count(*) FROM signatures_letter WHERE state = 'waiting'") == [(0,)], PATIENCE)
    return signers


def test_a_dump_of_the_database_holds_nobody_who_is_counted_only(site: Site, signers: Signers) -> None:
    assert site.ask(
        "SELECT count(*) FROM signatures_signature WHERE state = 'confirmed' AND visibility = 'secret'"
    ) == [(101,)]
    dumped = dump(site.database)

    # The search finds who is there: the one whose name is handed over, and the address that news goes to.
    assert Traces(OPEN).in_(dumped) == sorted(OPEN)
    assert Traces(WANTS_NEWS).in_(dumped) == [WANTS_NEWS[1]]

    assert Traces([*SECRET, *SECRET.values()]).in_(dumped) == []


def test_redis_holds_nobody_at_all(site: Site, signers: Signers) -> None:
    everybody = Traces([*SECRET, *SECRET.values(), *WANTS_NEWS, *OPEN])
    key = f"canary {secrets.token_hex(4)}"
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        redis.hset(key, "name", OPEN[0])
        assert everybody.in_(everything_in_redis()) == [OPEN[0]]
        redis.delete(key)

    held = everything_in_redis()

    assert "_kombu" in held  # there is something that could hold them
    assert everybody.in_(held) == []


@pytest.fixture(scope="module")
def journey(site: Site, signers: Signers) -> Signers:
    """The one who is not secret goes through everything that their own page can do, and staff look for them."""
    name, address = LATER
    receipt = signers.letters("Your signature is confirmed")[OPEN[1]]
    visitor = Visitor(site.url)
    own = link_in(receipt, "signature")
    assert visitor.get(own).status == 200
    change = {"name": name, "country": "BO", "visibility": "delivered"}

    assert visitor.post(f"/en/{SLUG}/signature/", email=OPEN[1]).status == 303
    fresh = link_in(signers.wait_for_letters("The way to your signature", {OPEN[1]})[OPEN[1]], "signature")
    assert visitor.post(f"{fresh}change/", **change).leads_to.endswith("said=changed")
    assert name in visitor.get(f"{fresh}data.json").text
    shown = change | {"visibility": "public", "agrees": "on"}
    assert visitor.post(f"{fresh}change/", **shown).leads_to.endswith("said=changed")
    assert visitor.post(f"{fresh}news/", news="on").leads_to.endswith("said=changed")
    assert visitor.post(f"{fresh}address/", email=address).leads_to.endswith("said=address")
    moving = link_in(signers.wait_for_letters("Confirm your new address", {address})[address], "address")
    assert visitor.get(moving).status == 200
    assert visitor.post(moving).status == 200
    moved = link_in(signers.wait_for_letters("Your signature is confirmed", {address})[address], "signature")
    assert Traces(LATER).in_(dump(site.database)) == sorted(LATER)
    look_for(site, signers)

    for leaving in ("withdraw", "erase"):
        assert visitor.get(f"{moved}{leaving}/").status == 200
        assert visitor.post(f"{moved}{leaving}/").status == 303
    assert visitor.get(moved).status == 410
    signers.wait_for_letters("Your signature is erased", {address})
    assert until(lambda: site.ask("SELECT count(*) FROM signatures_letter WHERE state = 'waiting'") == [(0,)], PATIENCE)
    # What goes wrong is logged too.
    assert visitor.get("/en/confirm/no-such-token-of-ours-at-all/").status == 404
    assert visitor.post(f"/en/{SLUG}/sign/", name=name, email="nobody", country="XX").status == 422
    with no_letters(site):
        assert signers.post(visitor, *LOST, visibility="delivered").status == 500
        worker = site.logs / "worker.log"
        assert until(lambda: "ProgrammingError" in worker.read_text(), PATIENCE)
    signers.note_letters()
    return signers


def look_for(site: Site, signers: Signers) -> None:
    """As staff: by name and by address, and the list for the addressee."""
    staff = Visitor(site.url)

    def post(address: str, **fields: str) -> Answer:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', staff.get(address).text)
        assert token
        return staff.post(address, csrfmiddlewaretoken=token[1], **fields)

    assert post("/admin/login/", username=STAFF, password=site.password).status == 302
    for words in LATER:
        found = staff.get(f"{SIGNATURES}?{urlencode({'q': words})}")
        if found.status == 302:
            found = staff.get(found.leads_to if found.leads_to.startswith("/") else f"{SIGNATURES}{found.leads_to}")
        assert found.text.count(LATER[0]) > 0, words
    [(campaign,)] = site.ask("SELECT id FROM campaigns_campaign")
    wanted = {"campaign": str(campaign), "preset": "addressee", "form": "comma", "purpose": "a test"}
    exported = post(f"{SIGNATURES}export/", **wanted)
    assert LATER[0] in exported.text
    signers.note(staff)


@contextmanager
def no_letters(site: Site) -> Iterator[None]:
    """An error of ours for whoever writes or sends one."""
    rename = "ALTER TABLE {} RENAME TO {}"
    there, away = "signatures_letter", "signatures_letter_away"
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute(rename.format(there, away))
        try:
            yield
        finally:
            connection.execute(rename.format(away, there))


def test_a_dump_holds_nothing_of_the_one_who_was_erased(site: Site, journey: Signers) -> None:
    assert Traces([*OPEN, *LATER]).in_(dump(site.database)) == []


def test_no_log_of_the_site_holds_a_name_an_address_or_a_token(site: Site, journey: Signers) -> None:
    said = site.logged()

    for name in ("gunicorn", "worker", "beat"):
        assert "DEBUG" in (site.logs / f"{name}.log").read_text(), name
    assert "signatures.tasks.send_letters" in said
    everybody = Traces([*SECRET, *SECRET.values(), *WANTS_NEWS, *OPEN, *LATER, *LOST])
    assert everybody.in_(said + OPEN[1]) == [OPEN[1]]
    assert everybody.in_(said) == []
    assert len(journey.tokens) > 300
    assert [token for token in journey.tokens if token in said] == []
    assert len(journey.codes) > 90
    assert codes_in(said, journey.codes) == []


def test_each_line_is_json_and_the_worker_says_whose_nudge_it_followed(site: Site, journey: Signers) -> None:
    for name in ("gunicorn", "worker", "beat"):
        written = (site.logs / f"{name}.log").read_text().removesuffix("\n").split("\n")
        # Where it runs as root, Celery warns of that before it reads any settings.
        lines = [json.loads(line) for line in dropwhile(lambda line: not line.startswith("{"), written)]
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines), name
        if name == "worker":
            sent = [line for line in lines if "send_letters" in line["message"] and "succeeded" in line["message"]]
            assert {line["request_id"] for line in sent} & journey.requests
        if name == "gunicorn":
            [failed] = [line for line in lines if line["level"] == "ERROR" and line["logger"] == "django.request"]
            assert failed["message"] == f"Internal Server Error: /en/{SLUG}/sign/"
            assert failed["traceback"].splitlines()[-1] == "django.db.utils.ProgrammingError"


def test_the_doctor_finds_the_site_at_work_and_names_nobody(site: Site, journey: Signers) -> None:
    command = [sys.executable, "manage.py", "doctor", "--mail-to", KEEPER, "--nameserver", "127.0.0.1:1"]
    done = subprocess.run(command, cwd=ROOT, env=site.env, capture_output=True, text=True, timeout=60)

    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    for title in ("Database:", "Redis:", "Clock:", "Workers:", "Letters:", "Mail:"):
        assert {word for word, of, _says in lines if of == title} == {"ok"}, done.stdout
    assert site.wait_for_letter(KEEPER, "A letter to see whether letters arrive")
    secret = [site.env["SECRET_KEY"], site.env["ADDRESS_KEY"], str(urlsplit(site.database).password)]
    everybody = Traces([*SECRET, *SECRET.values(), *WANTS_NEWS, *OPEN, *LATER, *LOST, *secret, *journey.tokens])
    assert everybody.in_(done.stdout + done.stderr) == []


@pytest.mark.skipif("TEST_POSTGRES_LOG" not in os.environ, reason="PostgreSQL runs elsewhere, and so does its log")
def test_postgresql_logs_no_values_even_where_it_logs_all_statements(
    site: Site, journey: Signers, said_before: int
) -> None:
    canary = "Canary Wayrapoma"
    with psycopg.connect(site.database, options=f"{TALKATIVE} -c log_parameter_max_length=-1") as connection:
        connection.execute("SELECT %s::text", [canary])
    log = Path(os.environ["TEST_POSTGRES_LOG"])

    def said() -> str:
        with log.open(errors="replace") as file:
            file.seek(said_before)
            return file.read()

    # Without `log_parameter_max_length = 0` it would log them.
    assert until(lambda: canary in said(), PATIENCE)
    assert 'INSERT INTO "signatures_signature"' in said()
    assert re.search(r'UPDATE "signatures_signature" SET .*"name" = \$\d', said())

    assert Traces([*SECRET, *SECRET.values(), *WANTS_NEWS, *OPEN, *LATER, *LOST]).in_(said()) == []
    assert [token for token in journey.tokens if token in said()] == []

"""`manage.py doctor`: what it finds of each part, real or away, and that it tells no secret."""

import base64
import os
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from redis import Redis

from petition_site.doctor import mail, names, services, setup, work
from petition_site.doctor.findings import Finding, Findings, examine, lasting
from signatures import pace, recounting, retention
from signatures.models import Letter, Recount, RetentionRun
from tests.helpers import env_beside, make_campaign, make_signature
from tests.provider import mail_provider
from tests.site.bouncer import PROGRAM, pgbouncer
from tests.site.nameserver import Zone, nameserver
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
TITLES = {"Checks", "Secrets", "Database", "Redis", "Clock", "Workers", "Beat", "Letters", "Count", "Mail", "DNS"}
TITLES |= {"Proxy", "Disk", "Backups", "Alarms"}
GOOD = "kX3vQ9-bT7_mZ2pL8rW5nY1cF6hJ4dG0sA-eU9iO3xV7qB2tM5w"
OTHER = GOOD[::-1]
DOMAIN = "mail.example.org"
NOWHERE = {
    "DATABASE_URL": "postgresql://somebody:hidden-word-one@127.0.0.1:1/none",
    "REDIS_URL": "redis://:hidden-word-two@127.0.0.1:1/0",
    "EMAIL_URL": "smtp://someone:hidden-word-three@127.0.0.1:1",
    "ALARMS_TO": "rosa@example.net",
}


def said(findings: Findings) -> list[tuple[str, str]]:
    return [(finding.word.value, finding.says) for finding in findings]


def words(findings: Findings) -> list[str]:
    return [finding.word.value for finding in findings]


def the_line(findings: Findings, has: str) -> str:
    [line] = [finding.line("x") for finding in findings if has in finding.says]
    return line


# The whole


def test_with_everything_away_each_check_ends_by_itself_and_tells_no_secret() -> None:
    command = [sys.executable, "manage.py", "doctor", "--nameserver", "127.0.0.1:1"]
    env = env_beside(SECRET_KEY=GOOD, ADDRESS_KEY=OTHER, **NOWHERE)

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180)

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"ok", "look", "wrong"}
    assert {line[6:].partition(": ")[0] for line in lines} == TITLES
    assert "wrong Database: PostgreSQL does not answer (OperationalError)." in done.stdout
    assert "wrong Mail: The mail server takes no letters from us (ConnectionRefusedError)." in done.stdout
    for secret in (GOOD, OTHER, "hidden-word", "somebody", "someone", "rosa@", "petition@"):
        assert secret not in done.stdout


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="--mail-to wants an email address"):
        call_command("doctor", mail_to="nobody", stdout=StringIO())


def test_a_check_that_fails_itself_tells_no_words_of_the_failure() -> None:
    def fail() -> Iterator[Finding]:
        yield setup.ok("So far.")
        raise ValueError("Ana Example")

    assert said(examine(fail)) == [("ok", "So far."), ("wrong", "This could not be looked at (ValueError).")]


@pytest.mark.parametrize(
    ("seconds", "in_words"),
    [
        (0, "0 seconds"),
        (1.2, "1 second"),
        (90, "90 seconds"),
        (7000, "117 minutes"),
        (90_000, "25 hours"),
        (3e5, "3 days"),
    ],
)
def test_times_are_told_in_words(seconds: float, in_words: str) -> None:
    assert lasting(seconds) == in_words


# Secrets, proxy, disk, backups


def test_good_keys_are_good(settings: Any) -> None:
    settings.SECRET_KEY, settings.ADDRESS_KEY = GOOD, OTHER

    assert words(setup.keys()) == ["ok"]


@pytest.mark.parametrize(
    ("changes", "finds"),
    [
        ({"SECRET_KEY": "abc" * 20}, "SECRET_KEY looks as if somebody had typed it."),
        ({"ADDRESS_KEY": f"change-me-{GOOD}"}, "ADDRESS_KEY looks as if somebody had typed it."),
        ({"ADDRESS_KEY": GOOD}, "SECRET_KEY and ADDRESS_KEY are the same."),
        ({"METRICS_TOKEN": OTHER}, "ADDRESS_KEY and METRICS_TOKEN are the same."),
        ({"REDIS_URL": "redis://:changeme@localhost/0"}, "The password in REDIS_URL is the one of an example."),
    ],
    ids=["repeated", "an example's", "the same", "the token too", "a password"],
)
def test_poor_secrets_are_found_and_not_told(settings: Any, changes: dict[str, str], finds: str) -> None:
    for name, value in ({"SECRET_KEY": GOOD, "ADDRESS_KEY": OTHER} | changes).items():
        setattr(settings, name, value)

    findings = list(setup.keys())

    assert ("wrong", finds) in said(iter(findings))
    assert not [one for one in findings for value in changes.values() if value in one.line("x")]


def test_what_a_visitors_address_is_taken_for_is_said(settings: Any) -> None:
    settings.IS_HTTPS, settings.SITE_URL, settings.ALLOWED_HOSTS = True, "https://petition.example.org", ["x.example"]
    assert words(setup.proxy()) == ["wrong"]

    settings.TRUSTED_PROXY_COUNT = 2

    [(word, says)] = said(setup.proxy())
    assert word == "ok"
    assert "the visitor is the last but one address in X-Forwarded-For" in says


def test_on_ones_own_machine_no_proxy_is_missed(settings: Any) -> None:
    settings.IS_HTTPS, settings.SITE_URL, settings.ALLOWED_HOSTS = False, "http://localhost:8000", ["localhost"]

    assert words(setup.proxy()) == ["ok"]


def test_a_disk_is_looked_at_once(settings: Any, tmp_path: Path) -> None:
    once = len(list(setup.disk()))
    settings.BACKUP_DIR = str(settings.BASE_DIR)

    assert len(list(setup.disk())) == once


def test_backups_are_made_where_they_should_be(settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_DIR = ""
    assert words(setup.backups()) == ["look"]
    settings.BACKUP_DIR = str(tmp_path / "nowhere")
    assert said(setup.backups()) == [("wrong", "We cannot write into BACKUP_DIR.")]
    settings.BACKUP_DIR = str(tmp_path)
    assert said(setup.backups()) == [("wrong", "There is no backup in BACKUP_DIR.")]

    (tmp_path / f"{timezone.now() - timedelta(hours=50):backup-%Y%m%dT%H%M%SZ.age}").touch()
    assert said(setup.backups()) == [("wrong", "The newest backup is 2 days old.")]
    (tmp_path / f"{timezone.now() - timedelta(hours=3):backup-%Y%m%dT%H%M%SZ.age}").touch()
    assert said(setup.backups()) == [("ok", "The newest backup is 3 hours old.")]


def test_a_disk_that_fills_up_is_told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    size = namedtuple("size", ["total", "used", "free"])
    found = {}
    for free in (0.001e9, 0.5e9, 5e9, 50e9):
        monkeypatch.setattr(setup.shutil, "disk_usage", lambda path, free=free: size(100e9, 0, free))
        found[free] = words(setup.disk())[0]

    assert list(found.values()) == ["wrong", "wrong", "look", "ok"]


# Database, Redis, clock


def test_a_database_that_is_well_is_well() -> None:
    findings = [finding for finding in services.database() if "site.E" not in finding.says]

    assert {finding.word.value for finding in findings} == {"ok"}
    assert the_line(iter(findings), "answers").startswith("ok    x: PostgreSQL ")
    assert [finding for finding in findings if finding.says == "Each connection keeps its session."]


def test_migrations_that_are_missing_or_ahead_are_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('signatures', '9999_new', now())")
    assert words(services.migrations()) == ["look"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name IN ('9999_new', '0035_what_is_taken_back')")

    assert said(services.migrations()) == [("wrong", "1 migration is missing.")]


@pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed here")
def test_a_pooler_that_loses_prepared_statements_is_found(settings: Any) -> None:
    """Of Debian 12, whose PgBouncer knows none: with another, they are kept."""
    with pgbouncer(os.environ["DATABASE_URL"]) as through:
        host, port = through.rpartition("@")[2].split("/")[0].split(":")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(settings.DATABASES["default"], "HOST", host)
            patch.setitem(settings.DATABASES["default"], "PORT", port)
            settings.PREPARED_STATEMENTS = True
            [(word, says)] = said(services.prepared_statements())
            settings.PREPARED_STATEMENTS = False
            spared = words(services.prepared_statements())

    assert says.startswith("A pooler lends out sessions by the transaction")
    assert word == ("ok" if "keeps" in says else "wrong")
    assert spared == ["ok"]


def test_messages_that_no_worker_takes_are_told(settings: Any) -> None:
    with Redis.from_url(settings.CELERY_BROKER_URL) as redis:
        redis.delete(services.QUEUE)
        assert said(services.redis_server()) == [("ok", "Redis answers.")]
        redis.rpush(services.QUEUE, *range(501))
        found = said(services.redis_server())
        redis.delete(services.QUEUE)

    assert found == [("ok", "Redis answers."), ("look", "501 messages wait for a worker.")]


def test_the_clocks_of_one_machine_agree() -> None:
    assert words(services.clock()) == ["ok"]


@pytest.mark.parametrize(("apart", "took", "word"), [(1.9, 0, "ok"), (4, 3, "ok"), (4, 1, "look"), (31, 0, "wrong")])
def test_clocks_that_are_apart_are_told(apart: float, took: float, word: str) -> None:
    assert words(services.judge_clock(apart, took)) == [word]


# Workers, letters, the count


def test_that_nobody_works_is_told() -> None:
    assert said(work.workers()) == [("wrong", "No worker answers.")]
    assert words(work.beat()) == ["wrong"]
    retention.run(seconds=0)
    assert words(work.beat()) == ["ok"]

    RetentionRun.objects.update(last_run_at=timezone.now() - timedelta(minutes=20))

    assert said(work.beat()) == [("wrong", "What beat has a worker do every minute was last done 20 minutes ago.")]


def test_letters_that_should_have_left_are_told() -> None:
    assert said(work.letters()) == [("ok", "No letter waits.")]
    make_signature(make_campaign())
    assert words(work.letters()) == ["ok"]
    ago = timezone.now() - timedelta(minutes=10)
    Letter.objects.update(due_at=ago, created_at=ago)
    pace.pause("SMTP 421")

    assert said(work.letters()) == [
        ("wrong", "The mail server takes no letters (SMTP 421); all of them wait."),
        ("wrong", "1 letter waits; one has been due for 10 minutes, and the oldest was written 10 minutes ago."),
    ]
    Letter.objects.update(due_at=timezone.now() + timedelta(minutes=10), created_at=timezone.now() - timedelta(hours=5))
    assert said(work.letters())[1] == (
        "look",
        "1 letter waits; one has been due for 0 seconds, and the oldest was written 5 hours ago.",
    )


def test_what_the_last_recount_found_is_told() -> None:
    assert words(work.count()) == ["look"]
    recounting.run()
    assert words(work.count()) == ["ok"]
    Recount.objects.update(at=timezone.now() - timedelta(days=3))
    assert said(work.count()) == [("look", "The last recount was 3 days ago.")]
    Recount.objects.update(how_many=2)

    assert said(work.count()) == [("wrong", "The last recount found 2 wrong sums.")]


# Mail


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


def test_a_letter_goes_to_the_address_that_was_given(server: Server) -> None:
    assert words(mail.server()) == ["ok", "look"]
    assert server.arrived == []

    assert words(mail.server("ana@example.net")) == ["ok", "ok"]

    [letter] = server.arrived
    assert (letter["To"], letter["From"]) == ("ana@example.net", "petition@example.org")


def test_a_refusal_is_told_by_its_code_and_not_in_the_servers_words(server: Server) -> None:
    server.at_recipient["ana@example.net"] = "550 5.1.1 <ana@example.net> no such Rosa here"

    _lets_in, refused = said(mail.server("ana@example.net"))

    assert refused == ("wrong", "The mail server did not take a letter to ana@example.net (SMTP 550 5.1.1).")


def test_a_mail_server_that_takes_nothing_is_told(server: Server) -> None:
    server.at_sender = "451 4.3.0 not now, petition@example.org"

    assert said(mail.server("ana@example.net"))[-1] == (
        "wrong",
        "The mail server takes no letters from us (SMTP 451 4.3.0).",
    )


def test_of_a_provider_s_interface_only_a_letter_tells() -> None:
    with mail_provider("postmark") as provider:
        assert words(mail.server()) == ["look"]
        assert provider.connections == 0
        assert words(mail.server("ana@example.net")) == ["ok"]
        provider.at_all = (401, {"ErrorCode": 10})
        assert said(mail.server("ana@example.net")) == [("wrong", "postmark takes no letters from us (API 401).")]

    assert [letter.to for letter in provider.taken] == ["ana@example.net"]
    assert provider.taken[0].tracking == {"TrackLinks": "None", "TrackOpens": False}


# The DNS


@cache
def key(bits: int) -> str:
    public = generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def in_strings(text: str) -> str:
    """As a record holds what is longer than 255 characters."""
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


def well() -> Zone:
    return {
        (DOMAIN, "TXT"): ['"v=spf1 include:spf.example.net -all"', '"another=text"'],
        (f"s1._domainkey.{DOMAIN}", "TXT"): [in_strings(f"v=DKIM1; k=rsa; p={key(2048)}")],
        (f"_dmarc.{DOMAIN}", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:x@example.net"'],
        (DOMAIN, "MX"): ["10 mx.example.net."],
    }


def ask_dns(zone: Zone, selector: str = "s1") -> list[tuple[str, str]]:
    with nameserver(zone) as address:
        return said(names.records(DOMAIN, selector, names.asking(address)))


def test_records_that_are_well_are_well() -> None:
    assert [word for word, _says in ask_dns(well())] == ["ok"] * 4


def test_without_a_selector_nobody_looks_for_a_key() -> None:
    assert ask_dns(well(), "")[1] == ("look", "Whether there is a DKIM key is not looked at.")


def test_where_there_is_nothing_each_record_is_missed_and_given() -> None:
    with nameserver({}) as address:
        findings = list(names.records(DOMAIN, "s1", names.asking(address)))

    assert words(iter(findings)) == ["wrong"] * 4
    assert f'Add at {DOMAIN} a TXT record like "v=spf1 ' in findings[0].do
    assert f'Add at _dmarc.{DOMAIN} a TXT record like "v=DMARC1; p=none' in findings[2].do


@pytest.mark.parametrize(
    ("name", "kind", "records", "place", "finds"),
    [
        (DOMAIN, "TXT", ['"v=spf1 +all"'], 0, ("wrong", f"The SPF record of {DOMAIN} lets everybody send.")),
        (DOMAIN, "TXT", ['"v=spf1 a all"'], 0, ("wrong", f"The SPF record of {DOMAIN} lets everybody send.")),
        (DOMAIN, "TXT", ['"v=spf1 a ?all"'], 0, ("look", f"The SPF record of {DOMAIN} forbids nobody.")),
        (DOMAIN, "TXT", ['"v=spf1 a"'], 0, ("look", f"The SPF record of {DOMAIN} forbids nobody.")),
        (DOMAIN, "TXT", ['"v=spf10 -all"'], 0, ("wrong", f"{DOMAIN} has no SPF record.")),
        (
            DOMAIN,
            "TXT",
            ['"v=spf1 -all"', '"v=spf1 a -all"'],
            0,
            ("wrong", f"{DOMAIN} has 2 SPF records, which counts as none."),
        ),
        (
            f"s1._domainkey.{DOMAIN}",
            "TXT",
            ['"v=DKIM1; p="'],
            1,
            ("wrong", f"The DKIM key at s1._domainkey.{DOMAIN} is revoked."),
        ),
        (
            f"s1._domainkey.{DOMAIN}",
            "TXT",
            ['"v=DKIM1; p=MIIBIjANBgkqhk"'],
            1,
            ("wrong", f"The DKIM key at s1._domainkey.{DOMAIN} cannot be read."),
        ),
        (
            f"_dmarc.{DOMAIN}",
            "TXT",
            ['"v=DMARC1; p=none"'],
            2,
            ("look", f"The DMARC record of {DOMAIN} asks for nothing (p=none)."),
        ),
        (
            f"_dmarc.{DOMAIN}",
            "TXT",
            ['"v=DMARC1; rua=mailto:x@example.net"'],
            2,
            ("wrong", f"The DMARC record of {DOMAIN} has no policy."),
        ),
        (
            DOMAIN,
            "MX",
            ["0 ."],
            3,
            ("wrong", f"{DOMAIN} says that it takes no mail (RFC 7505): answers and bounces are lost."),
        ),
    ],
    ids=["+all", "all", "?all", "no all", "spf10", "two", "revoked", "cut", "p=none", "no policy", "no mail"],
)
def test_a_record_that_is_not_well_is_told(
    name: str, kind: str, records: list[str], place: int, finds: tuple[str, str]
) -> None:
    assert ask_dns(well() | {(name, kind): records})[place] == finds


def test_a_key_that_is_short_is_told() -> None:
    record = {(f"s1._domainkey.{DOMAIN}", "TXT"): [in_strings(f"v=DKIM1; p={key(1024)}")]}

    assert ask_dns(well() | record)[1] == ("look", f"The DKIM key at s1._domainkey.{DOMAIN} has 1024 bits.")


def test_a_policy_may_be_that_of_the_domain_above() -> None:
    zone = {of: texts for of, texts in well().items() if not of[0].startswith("_dmarc")}
    above = {("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; sp=reject"']}

    assert ask_dns(zone | above)[2] == ("ok", "example.org has a DMARC record (reject).")


def test_a_name_server_that_is_away_is_no_fault_of_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "TIMEOUT", 0.2)

    found = said(names.look_up(DOMAIN, "s1", "127.0.0.1:1"))

    assert {word for word, _says in found} == {"look"}
    assert found[0][1].startswith(f"The DNS does not answer about {DOMAIN} (")


@pytest.mark.parametrize("given", ["ns.example.org", "127.0.0.1:many", "nonsense"])
def test_a_name_server_is_given_by_its_address(given: str) -> None:
    assert said(names.look_up(DOMAIN, "s1", given)) == [("wrong", "--nameserver is no address of the net.")]

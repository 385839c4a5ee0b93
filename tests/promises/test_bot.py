"""A program that owns a mail domain signs again and again from one network, reads its mail and confirms; ten people of
the same network sign meanwhile. They are counted, and of the program no more than the limit lets pass undoubted.

Limits count for 27 years here: their windows are fixed, and one that ended during the test would begin anew.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache

from petition_site.env import Rate
from petition_site.local.processes import until
from signatures import letters, services
from signatures.models import Letter, Signature
from signatures.signals import read_table
from tests.browser.site import SLUG as PERU
from tests.browser.site import Site, running_site
from tests.helpers import SLUG, make_campaign
from tests.promises.visitor import Answer, Visitor, link_in
from tests.smtp import Server, mail_server

CONFIRM, RECEIPT = "Confirm your signature", "Your signature is confirmed"
AGE = 9999 * 24 * 60 * 60  # seconds
# Some at a large provider, some with a domain of their own; the mail server is one of the test's, and sends none on.
PEOPLE = [
    *(f"{name}.example.{number}@gmail.com" for number, name in enumerate(["ana", "beto", "celia"])),
    *(f"{name}@{name}.example" for name in ["dora", "elias", "flor", "gil", "hilda", "ines", "juan"]),
]


@dataclass(frozen=True, slots=True)
class Limits:
    """As they are called in the settings."""

    sign: int
    sign_domain: int
    sign_domain_most: int
    letters: int
    resend: int


@dataclass
class Network:
    """Whoever signs in one network over plain HTTP, behind a proxy that says so; what they write before it is a lie."""

    site: str
    slug: str
    consent: str
    pages: dict[str, str] = field(default_factory=dict)  # "check your email", by address

    def post(self, address: str, number: int = 0, **fields: str) -> Answer:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"10.{number % 256}.{number // 256 % 256}.1, 192.0.2.{number % 256}",
        }
        return Visitor(self.site).ask("POST", address, urlencode(fields), headers)

    def sign(self, email: str, name: str, number: int = 0, visibility: str = "delivered") -> int:
        form = {"name": name, "email": email, "country": "PE", "visibility": visibility, "consent": "on"}
        answer = self.post(f"/en/{self.slug}/sign/", number, **form, consent_id=self.consent)
        if answer.status == 303:
            self.pages[email] = answer.leads_to.removesuffix("challenge/")  # which they pass over
        return answer.status

    def sign_by_program(self, number: int) -> int:
        """Under another name each time, at the domain and below it; each fifth time for one and the same address."""
        below = ("", f"s{number}.", f"a.b{number % 7}.")[number % 3]
        email = "same@example.net" if number % 5 == 0 else f"p{number}@{below}example.net"
        return self.sign(email, f"Person {number}", number, ("delivered", "secret")[number % 2])

    def confirm(self, letter: EmailMessage, *, is_by_code: bool) -> int:
        if not is_by_code:
            return self.post(link_in(letter, "confirm")).status
        body = letter.get_body(("plain",))
        assert body is not None
        code = re.search(r"page where you signed: ([\d ]+)", body.get_content())
        assert code
        return self.post(self.pages[str(letter["To"])], code=code[1]).status

    def counted(self) -> int:
        found = re.search(r'"signatures": (\d+)', Visitor(self.site).get(f"/api/v1/campaigns/{self.slug}/").text)
        assert found
        return int(found[1])


@dataclass(frozen=True, slots=True)
class Result:
    signed: Counter[int]  # by status
    letters: Counter[tuple[str, str]]  # by address and subject
    confirmed: int
    counted: int


def attack(network: Network, limits: Limits, times: int, deliver: Callable[[], list[EmailMessage]]) -> Result:
    """What the site has counted at the end is the ten people, and of the program what was not doubted."""
    with ThreadPoolExecutor(8) as crowd:
        before = [crowd.submit(network.sign_by_program, number) for number in range(times // 2)]
        signed = Counter(job.result() for job in before)
        meanwhile = [crowd.submit(network.sign_by_program, number) for number in range(times // 2, times)]
        with ThreadPoolExecutor(2) as people:
            theirs = [people.submit(network.sign, email, "María") for email in PEOPLE]
            assert Counter(job.result() for job in theirs) == {303: len(PEOPLE)}
        signed += Counter(job.result() for job in meanwhile)
        own = [page for email, page in network.pages.items() if email not in PEOPLE]
        again = [crowd.submit(network.post, f"{page}resend/") for page in own[: limits.resend] * 3]
        assert Counter(job.result().status for job in again) == {303: limits.resend, 429: len(again) - limits.resend}
        to_confirm = [letter for letter in deliver() if letter["Subject"] == CONFIRM]
        confirming = [
            (str(letter["To"]), crowd.submit(network.confirm, letter, is_by_code=number % 10 == 1))
            for number, letter in enumerate(to_confirm)
        ]
        # Of the program's, some fail: an address has two seats.
        answers = Counter((email, job.result()) for email, job in confirming)
        assert all(answers[email, 303] == 1 for email in PEOPLE)
    sent = Counter((str(letter["To"]), str(letter["Subject"])) for letter in deliver())
    confirmed = sum(n for (_to, subject), n in sent.items() if subject == RECEIPT)
    return Result(signed, sent, confirmed, network.counted())


def check(result: Result, limits: Limits, times: int) -> None:
    most = limits.sign_domain_most
    assert result.signed == {303: most, 429: times - most}
    # Nobody who is refused gets a letter, nobody more than the network's share, and each who confirms one receipt.
    assert max(result.letters.values()) == limits.letters
    assert result.letters.total() <= most + limits.resend + len(PEOPLE) + result.confirmed  # 2,140 with the whole site
    assert result.confirmed > limits.sign + len(PEOPLE)  # or none would have been held
    assert len(PEOPLE) < result.counted <= limits.sign + len(PEOPLE)


SMALL = Limits(sign=8, sign_domain=3, sign_domain_most=20, letters=3, resend=4)


@contextmanager
def small_site(settings: Any, live_server: Any, signals: str | None) -> Iterator[tuple[Network, Server]]:
    """The site in this process, with limits that are soon reached."""
    cache.clear()
    settings.SITE_URL = live_server.url  # which letters lead to
    settings.TRUSTED_PROXY_COUNT = 1
    settings.SIGN_DOMAIN_MOST = SMALL.sign_domain_most
    rates = {name: Rate(getattr(SMALL, name), AGE) for name in ("sign", "sign_domain", "letters", "resend")}
    settings.LIMITS = settings.LIMITS | rates  # a dictionary of its own, or later tests had these limits too
    if signals is not None:
        settings.SIGNALS = read_table(signals)
    campaign = make_campaign()
    consent = campaign.consent_texts.get(language="en")
    with mail_server() as server:
        yield Network(live_server.url, SLUG, str(consent.pk)), server


def deliver_by(server: Server) -> Callable[[], list[EmailMessage]]:
    def deliver() -> list[EmailMessage]:
        while Letter.objects.waiting().exists():
            letters.send_due()
        return server.arrived

    return deliver


@pytest.mark.django_db(transaction=True)
def test_of_a_program_no_more_is_counted_than_the_limit_until_staff_have_looked(
    settings: Any, live_server: Any
) -> None:
    with small_site(settings, live_server, None) as (network, server):
        result = attack(network, SMALL, 30, deliver_by(server))

        check(result, SMALL, 30)
        for held in Signature.objects.filter(moderation="held").select_related("campaign"):
            services.pass_challenge(campaign=held.campaign, signature_id=held.pk)
        assert network.counted() == result.counted
        services.release(signatures=Signature.objects.filter(moderation="held"), reason="found_good", staff=None)
        assert network.counted() == Signature.objects.confirmed().count() == result.confirmed


@pytest.mark.django_db(transaction=True)
def test_without_the_table_of_signals_the_program_would_be_counted(settings: Any, live_server: Any) -> None:
    with small_site(settings, live_server, "") as (network, server):
        result = attack(network, SMALL, 30, deliver_by(server))

    assert result.counted == result.confirmed > SMALL.sign + len(PEOPLE)


# The whole site

LIMITS = Limits(sign=100, sign_domain=20, sign_domain_most=1000, letters=3, resend=120)
TIMES = int(os.environ.get("BOT_TIMES", "10000"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    rates = {f"LIMIT_{name.upper()}": f"{getattr(LIMITS, name)}/9999d" for name in ("sign", "sign_domain", "resend")}
    changes = rates | {
        "LIMIT_LETTERS": f"{LIMITS.letters}/9999d",
        "LIMIT_SIGN_DOMAIN_MOST": str(LIMITS.sign_domain_most),
    }
    with running_site(tmp_path_factory.mktemp("site"), TRUSTED_PROXY_COUNT="1", log_level="warning", **changes) as site:
        yield site


def run_at(site: Site, program: str) -> None:
    """What staff or a challenge would do, on the site's database."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "petition_site.settings", "DATABASE_URL": site.database}
    words = "import django; django.setup(); from signatures import services; from signatures.models import Signature; "
    words += "held = Signature.objects.filter(moderation='held'); "
    subprocess.run([sys.executable, "-c", words + program], env=env, check=True)


@pytest.mark.long
@pytest.mark.xdist_group("bot")
def test_ten_people_are_counted_beside_a_program_that_signs_ten_thousand_times(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Visitor(site.url).get(f"/en/{PERU}/").text
    consent = re.search(r'name="consent_id" value="(\d+)"', page)
    assert consent
    network = Network(site.url, PERU, consent[1])

    def deliver() -> list[EmailMessage]:
        waiting = "SELECT count(*) FROM signatures_letter WHERE state = 'waiting'"
        assert until(lambda: site.ask(waiting) == [(0,)], 600)
        return site.letters()

    begun = perf_counter()
    result = attack(network, LIMITS, TIMES, deliver)
    taken = perf_counter() - begun

    check(result, LIMITS, TIMES)
    run_at(site, "[services.pass_challenge(campaign=one.campaign, signature_id=one.pk) for one in held]")
    assert network.counted() == result.counted
    run_at(site, "services.release(signatures=held, reason='found_good', staff=None)")
    assert network.counted() == result.confirmed
    with capsys.disabled():
        print(
            f"\n{TIMES} attempts in {taken:.0f} s: {result.signed[303]} stored, {result.confirmed} confirmed,"
            f" {result.counted} counted, {result.letters.total()} letters, at most {max(result.letters.values())} of a"
            f" kind to one address"
        )

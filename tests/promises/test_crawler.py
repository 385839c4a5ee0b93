"""A crawler that opens every link in every letter, as mail scanners and browsers do, changes no row of any table."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from campaigns.models import Campaign, ConsentText
from signatures import letters, services, tokens
from signatures.models import Letter, Signature
from signatures.reminders import remind
from tests.helpers import SLUG, form_data, make_campaign
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = ("en", "es")
# How browsers say that they only look ahead, and some scanners that they are none.
HEADERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "purpose": {"Purpose": "prefetch"},
    "prefetch": {"Sec-Purpose": "prefetch"},
    "prerender": {"Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Site": "cross-site"},
    "moz": {"X-Moz": "prefetch"},
}


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def attempt(campaign: Campaign, language: str, who: str, **fields: object) -> Signature:
    consent = ConsentText.objects.current(campaign, language)
    assert consent is not None
    typed = {
        "name": f"{who} {language}",
        "email": f"{who}-{language}@example.org".lower(),
        "country": "PE",
        "visibility": "delivered",
        "wants_updates": False,
    } | fields
    return services.sign(
        campaign=campaign,
        consent=consent,
        language=language,
        attempt=services.Attempt(**typed),  # type: ignore[arg-type]
    )


def write_one_of_each_kind(campaign: Campaign, language: str) -> None:
    pending = attempt(campaign, language, "Pending")
    remind(pending)
    confirmed = attempt(campaign, language, "Confirmed", wants_updates=True)
    services.confirm(signature_id=confirmed.pk)
    attempt(campaign, language, "Confirmed")
    services.ask_for_page(campaign=campaign, language=language, email=confirmed.email)
    services.ask_for_address(signature_id=confirmed.pk, email=f"moved-{language}@example.org")
    erased = attempt(campaign, language, "Erased")
    services.confirm(signature_id=erased.pk)
    services.erase(signature_id=erased.pk)


class Links(HTMLParser):
    """Whatever an address stands in, the targets of forms included: some crawlers try those too."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if value and name in ("href", "src", "action", "content")}


def links_in_letter(letter: EmailMessage) -> set[str]:
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    found = set(re.findall(r"https?://[^\s<>]+", plain.get_content())) | Links(html.get_content()).found
    found |= set(re.findall(r"<(http[^>]+)>", letter["List-Unsubscribe"] or ""))
    return {path for link in found if (path := within_the_site(link, "/"))}


def within_the_site(link: str, page: str) -> str:
    """Its path, empty where it leads elsewhere; from `page`, where it is relative."""
    link = link.removeprefix(settings.SITE_URL).partition("#")[0]
    if link.startswith("?"):
        return page.partition("?")[0] + link
    return link if link.startswith("/") and not link.startswith("//") else ""


def crawl(client: Client, paths: set[str], headers: dict[str, str]) -> dict[str, int]:
    """Opens each, and one level further each link on the pages reached; answers how each of the first was answered."""
    answered: dict[str, int] = {}
    further: set[str] = set()
    for path in sorted(paths):
        client.head(path, headers=headers)
        answer = client.get(path, headers=headers)
        answered[path] = answer.status_code
        further |= {answer["Location"].partition("#")[0]} if answer.has_header("Location") else set()
        if answer["Content-Type"].startswith("text/html"):
            links = Links(answer.content.decode()).found
            further |= {found for link in links if (found := within_the_site(link, path))}
    for path in sorted(further - paths):
        if not path.startswith("/static/"):
            assert client.head(path, headers=headers).status_code < 500, path
            assert client.get(path, headers=headers).status_code < 500, path
    return answered


def every_row() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT (row.*)::text FROM {connection.ops.quote_name(table)} AS row ORDER BY 1")
            rows[table] = [row for (row,) in cursor.fetchall()]
    return rows


@pytest.fixture
def sent(server: Server, campaign: Campaign) -> list[EmailMessage]:
    for language in LANGUAGES:
        write_one_of_each_kind(campaign, language)
    letters.send_due()
    kinds = Letter.objects.filter(state="sent").values_list("language", "kind")
    assert set(kinds) == {(language, kind) for language in LANGUAGES for kind in Letter.Kind.values}
    return list(server.arrived)


def browser_of_the_signer(campaign: Campaign) -> Client:
    """With the cookies of somebody who has just confirmed, and has just signed once more."""
    client = Client()
    for who in ("first", "second"):
        client.post(f"/en/{SLUG}/sign/", form_data(campaign, email=f"{who}@example.org", name=who))
        if who == "first":
            signature = Signature.objects.get(email="first@example.org")
            client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/")
    letters.send_due()
    assert {name for name, cookie in client.cookies.items() if cookie.value} == {"signed", "confirmed"}
    return client


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("with_cookies", [False, True], ids=["stranger", "the signer's browser"])
def test_opening_every_link_of_every_letter_changes_no_row(
    server: Server, campaign: Campaign, sent: list[EmailMessage], with_cookies: bool, headers: dict[str, str]
) -> None:
    client = browser_of_the_signer(campaign) if with_cookies else Client()
    paths = {path for letter in (*sent, *server.arrived) for path in links_in_letter(letter)}
    rows = every_row()

    answered = crawl(client, paths, headers)

    # It has been everywhere, and everywhere there was something that a press of a button would change.
    words = {path.split("/")[2] for path in paths}
    assert words == {"confirm", "not-me", "unsubscribe", "address", "signature", SLUG}
    assert set(answered.values()) == {200}
    assert every_row() == rows


def test_a_row_that_changed_would_be_seen(campaign: Campaign, sent: list[EmailMessage]) -> None:
    """The same links, with the button pressed."""
    paths = {path for letter in sent for path in links_in_letter(letter)}
    for word, tables in {
        "unsubscribe": {"signatures_suppression"},
        "address": {"signatures_signature", "signatures_seat", "signatures_letter"},
        "confirm": {"signatures_signature", "signatures_consentevent", "signatures_countdelta"},
    }.items():
        path = next(path for path in sorted(paths) if path.split("/")[2] == word)
        rows = every_row()
        Client().post(path)
        changed = {table for table, found in every_row().items() if found != rows[table]}
        assert changed >= tables, word

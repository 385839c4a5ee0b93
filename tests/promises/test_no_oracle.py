"""Whoever types an address does not learn from any answer whether it has signed, takes letters, or is unknown.

For each address and each thing that can be done with it, what is answered, asked of the database and written there is
compared with the same done with an address that nobody has seen before.
"""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from altcha import Challenge, Payload, solve_challenge
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from signatures import addresses, services, suppression, tokens
from signatures.challenges import altcha
from signatures.models import Letter, Rule, Signature, Suppression
from tests.helpers import SLUG, form_data, make_campaign, make_signature

pytestmark = pytest.mark.django_db

NAME, ADDRESS = "Ana Example", "somebody@example.org"
STRANGER = "stranger@example.org"


def nobody(campaign: Campaign) -> None:
    """An address that is as unknown as the one that all are compared with."""


def confirmed(campaign: Campaign) -> Signature:
    return make_signature(campaign, name=NAME, email=ADDRESS, is_confirmed=True)


def confirmed_in_secret(campaign: Campaign) -> None:
    make_signature(campaign, email=ADDRESS, visibility="secret", is_confirmed=True)


def confirmed_twice(campaign: Campaign) -> None:
    confirmed(campaign)
    make_signature(campaign, name="Beto Example", email=ADDRESS, is_confirmed=True)


def pending(campaign: Campaign) -> None:
    make_signature(campaign, name=NAME, email=ADDRESS)


def out_of_letters(campaign: Campaign) -> None:
    """It has had all the letters of its day."""
    for _n in range(6):
        make_signature(campaign, name=NAME, email=ADDRESS)
        services.ask_for_page(campaign=campaign, language="en", email=ADDRESS)


def suppressed(reason: str) -> Callable[[Campaign], None]:
    def suppress(campaign: Campaign) -> None:
        suppression.suppress(addresses.suppression_fingerprint(ADDRESS), reason)

    return suppress


def withdrawn(campaign: Campaign) -> None:
    assert services.withdraw(signature_id=confirmed(campaign).pk)


def erased(campaign: Campaign) -> None:
    assert services.erase(signature_id=confirmed(campaign).pk)


def held(campaign: Campaign) -> None:
    signature = confirmed(campaign)
    services.hold(signatures=Signature.objects.filter(pk=signature.pk), reason="test", staff=None)


def ruled(action: str, *before: Callable[[Campaign], object]) -> Callable[[Campaign], None]:
    """Staff have made a rule about just this address."""

    def rule(campaign: Campaign) -> None:
        for past in before:
            past(campaign)
        key = addresses.rule_fingerprint(ADDRESS).hex()
        Rule.objects.create(kind=Rule.Kind.ADDRESS, key=key, action=action, note="test")

    return rule


PASTS = {
    "nobody": nobody,
    "confirmed": confirmed,
    "confirmed in secret": confirmed_in_secret,
    "confirmed twice": confirmed_twice,
    "pending": pending,
    "out of letters": out_of_letters,
    "asked for no letters": suppressed(Suppression.Reason.ASKED),
    "unsubscribed": suppressed(Suppression.Reason.UNSUBSCRIBED),
    "bounced": suppressed(Suppression.Reason.BOUNCED),
    "withdrawn": withdrawn,
    "erased": erased,
    "held": held,
    "blocked by a rule": ruled("block"),
    "confirmed and blocked by a rule": ruled("block", confirmed),
}


# What can be done with an address. Each begins in a browser of its own.


def sign(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    return client.post(f"/en/{SLUG}/sign/", form_data(campaign, name=NAME, email=email))


def sign_as_a_program_does(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    """Which leads to the challenge."""
    data = form_data(campaign, name=NAME, email=email, website="https://example.org/")
    answer = client.post(f"/en/{SLUG}/sign/", data)
    assert answer["Location"].endswith("/challenge/#main")
    return answer


def solve_the_challenge(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    page = address_of(sign_as_a_program_does(client, campaign, email))
    task = re.search(r'data-task="([^"]+)"', client.get(page).content.decode())
    assert task
    challenge = Challenge.from_dict(json.loads(html.unescape(task[1])))
    solution = solve_challenge(challenge)
    assert solution is not None
    answer = client.post(page, {"answer": Payload(challenge, solution).to_base64()})
    assert answer["Location"].endswith("?said=passed#main")
    return answer


def see_where_the_letter_went(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    return client.get(sign(client, campaign, email)["Location"])


def ask_for_another_letter(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    return client.post(address_of(sign(client, campaign, email)) + "resend/")


def type_a_wrong_code(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    page = address_of(sign(client, campaign, email))
    return client.post(page, {"code": wrong_code(attempt_at(page))})


def type_a_code_once_too_often(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    page = address_of(sign(client, campaign, email))
    Signature.objects.filter(pk=attempt_at(page)).update(code_tries=10)
    return client.post(page, {"code": tokens.code(attempt_at(page))})


def ask_for_the_page(client: Client, campaign: Campaign, email: str) -> HttpResponse:
    return client.post(f"/en/{SLUG}/signature/", {"email": email})


def address_of(answer: HttpResponse) -> str:
    return answer["Location"].partition("#")[0]


def attempt_at(page: str) -> int:
    return tokens.Handle.read(page.rstrip("/").rpartition("/")[2]).signature_id


def wrong_code(signature_id: int) -> str:
    return f"{(int(tokens.code(signature_id)) + 1) % 1_000_000:06d}"


DEEDS = [
    sign,
    sign_as_a_program_does,
    solve_the_challenge,
    see_where_the_letter_went,
    ask_for_another_letter,
    type_a_wrong_code,
    type_a_code_once_too_often,
    ask_for_the_page,
]


@dataclass(frozen=True, slots=True)
class Seen:
    """All that anybody, in front of the site or beside its database, sees of one deed."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, dict[str, str]]
    body: str
    statements: list[str]
    rows_written: dict[str, int]


def see(deed: Callable[[], HttpResponse], email: str) -> Seen:
    before = rows_by_table()
    with CaptureQueriesContext(connection) as queries:
        answer = deed()
    after = rows_by_table()
    return Seen(
        answer.status_code,
        {name: neutral(value, email) for name, value in answer.items() if name != "Expires"},  # the date
        {
            name: {key: str(morsel[key]) for key in morsel if key != "expires"}
            for name, morsel in answer.cookies.items()
        },
        neutral(answer.content.decode(), email),
        [without_values(query["sql"]) for query in queries],
        {table: after[table] - n for table, n in before.items() if after[table] != n},
    )


def rows_by_table() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*) FROM {connection.ops.quote_name(table)}"
                for table in connection.introspection.table_names()
            )
        )
        return dict(cursor.fetchall())


def neutral(text: str, email: str) -> str:
    """Without what was typed, and without the handle, which is another each time and always as long."""
    handle = re.search(r"check-email/([^/]+)/", text)
    text = text.replace(handle[1], "handle" + "." * len(handle[1])) if handle else text
    text = re.sub(r'value="\d{6}"|data-task="[^"]+"', "typed", text)
    return text.replace(addresses.masked(email), "typed").replace(email, "typed")


VALUE = re.compile(r"'(?:[^']|'')*'(?:::\w+)?|\s?-?\b\d+(?:\.\d+)?\b|\bNULL\b|\btrue\b|\bfalse\b", re.IGNORECASE)


def without_values(statement: str) -> str:
    statement = re.sub(r'SAVEPOINT "\w+"', "SAVEPOINT", statement)
    return VALUE.sub("?", statement)


def tables_written(statements: list[str]) -> set[str]:
    found = (re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', statement) for statement in statements)
    return {match[1] for match in found if match}


def assert_alike(found: Seen, stranger: Seen) -> None:
    assert found.status == stranger.status
    assert found.headers == stranger.headers
    assert found.cookies == stranger.cookies
    assert found.body == stranger.body
    assert len(found.statements) == len(stranger.statements)
    assert tables_written(found.statements) == tables_written(stranger.statements)
    assert found.statements == stranger.statements
    assert found.rows_written == stranger.rows_written


@pytest.fixture
def campaign(monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.setattr(altcha, "TRIES", range(2, 4))
    campaign = make_campaign()
    # The day's first request makes its salt, whoever sends it.
    sign(Client(), campaign, "first@example.org")
    return campaign


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("past", PASTS.values(), ids=PASTS)
def test_the_answer_tells_nothing_of_the_address(
    campaign: Campaign, past: Callable[[Campaign], object], deed: Callable[[Client, Campaign, str], HttpResponse]
) -> None:
    past(campaign)

    stranger = see(partial(deed, Client(), campaign, STRANGER), STRANGER)
    found = see(partial(deed, Client(), campaign, ADDRESS), ADDRESS)

    assert_alike(found, stranger)


@pytest.mark.parametrize(
    "deed", [sign, see_where_the_letter_went, ask_for_another_letter], ids=lambda deed: deed.__name__
)
def test_an_address_that_a_rule_holds_is_answered_like_any_other(
    campaign: Campaign, deed: Callable[[Client, Campaign, str], HttpResponse]
) -> None:
    """Its attempt has one row more, the doubt that brings it before staff: whoever is held reads so on their page."""
    ruled("hold")(campaign)

    stranger = see(partial(deed, Client(), campaign, STRANGER), STRANGER)
    found = see(partial(deed, Client(), campaign, ADDRESS), ADDRESS)

    doubt = [statement for statement in found.statements if 'INSERT INTO "signatures_doubt"' in statement]
    assert len(doubt) == 1
    assert found.rows_written.pop("signatures_doubt") == 1
    found.statements.remove(doubt[0])
    assert_alike(found, stranger)


def test_a_throw_away_address_is_flagged_by_what_is_typed_and_by_nothing_that_is_known(campaign: Campaign) -> None:
    known, unknown = "somebody@yopmail.com", "stranger@yopmail.com"
    make_signature(campaign, name=NAME, email=known, is_confirmed=True)

    stranger = see(partial(sign, Client(), campaign, unknown), unknown)
    found = see(partial(sign, Client(), campaign, known), known)

    assert found.rows_written["signatures_doubt"] == 1
    assert_alike(found, stranger)


@pytest.mark.parametrize(
    ("past", "answered_by"),
    {
        "nobody": "confirmation waiting",
        "confirmed": "already_signed waiting",
        "confirmed in secret": "confirmation waiting",  # perhaps of another person, with a name
        "confirmed twice": "already_signed waiting",
        "pending": "confirmation waiting",
        "out of letters": "confirmation capped",
        "asked for no letters": "confirmation suppressed",
        "unsubscribed": "confirmation waiting",
        "bounced": "confirmation suppressed",
        "withdrawn": "confirmation waiting",
        "erased": "confirmation waiting",
        "held": "already_signed waiting",
        "blocked by a rule": "confirmation blocked",
        "confirmed and blocked by a rule": "already_signed blocked",
    }.items(),
)
def test_there_is_something_that_an_answer_could_tell(campaign: Campaign, past: str, answered_by: str) -> None:
    PASTS[past](campaign)

    sign(Client(), campaign, ADDRESS)

    letter = Letter.objects.latest("pk")
    assert f"{letter.kind} {letter.state}" == answered_by


# What may have become of an attempt while the page that says where its letter went is still open.
FATES: dict[str, Callable[[int], object]] = {
    "confirmed": lambda pk: services.confirm(signature_id=pk),
    "withdrawn": lambda pk: services.confirm(signature_id=pk) and services.withdraw(signature_id=pk),
    "erased": lambda pk: services.confirm(signature_id=pk) and services.erase(signature_id=pk),
    "disowned": lambda pk: services.disown(signature_id=pk, never_again=False),
    "disowned for good": lambda pk: services.disown(signature_id=pk, never_again=True),
}


@pytest.mark.parametrize("way_on", ["another letter", "a wrong code"])
@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_the_page_that_was_left_open_tells_nothing_of_the_attempt(
    campaign: Campaign, fate: Callable[[int], object], way_on: str
) -> None:
    client = Client()
    pages = {email: address_of(sign(client, campaign, email)) for email in (STRANGER, ADDRESS)}
    fate(attempt_at(pages[ADDRESS]))

    def go_on(email: str) -> HttpResponse:
        page = pages[email]
        if way_on == "another letter":
            return client.post(f"{page}resend/")
        return client.post(page, {"code": wrong_code(attempt_at(page))})

    stranger = see(partial(go_on, STRANGER), STRANGER)
    assert_alike(see(partial(go_on, ADDRESS), ADDRESS), stranger)

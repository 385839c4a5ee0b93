"""Asking for the way to one's page: one answer for every address, and a letter only for those that have signed."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import addresses, letters, outbox, services, suppression, tokens
from signatures.models import Letter, Suppression
from tests.helpers import make_campaign, make_signature
from tests.smtp import Server, mail_server

URL = "/en/water-for-all/signature/"
# What becomes of the letter to each address.
STATES = {
    "known@example.org": "waiting",
    "Known@Example.org": "waiting",
    "secret@example.org": "waiting",  # found by its fingerprint: the address is deleted
    "withdrawn@example.org": "waiting",
    "unsubscribed@example.org": "waiting",  # whoever asks is not written to unasked
    "unknown@example.org": "nobody",
    "pending@example.org": "nobody",  # its owner has confirmed nothing
    "erased@example.org": "nobody",
    "elsewhere@example.org": "nobody",
    "never@example.org": "suppressed",
    "flooded@example.org": "capped",
}


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    return make_campaign()


@pytest.fixture
def people(campaign: Campaign) -> None:
    for name in ("known", "secret", "withdrawn", "unsubscribed", "erased", "never", "flooded"):
        visibility = "secret" if name == "secret" else "delivered"
        signature = make_signature(campaign, email=f"{name}@example.org", visibility=visibility, is_confirmed=True)
        if name in ("withdrawn", "erased"):
            leave = services.withdraw if name == "withdrawn" else services.erase
            leave(signature_id=signature.pk)
    make_signature(campaign, email="pending@example.org")
    make_signature(make_campaign("land-for-all"), email="elsewhere@example.org", is_confirmed=True)
    for email, reason in (("unsubscribed@example.org", "unsubscribed"), ("never@example.org", "asked")):
        suppression.suppress(addresses.suppression_fingerprint(email), Suppression.Reason(reason))
    for _ in range(outbox.CAPS[Letter.Kind.PAGE_LINK].n):
        services.ask_for_page(campaign=campaign, language="en", email="flooded@example.org")


@pytest.mark.parametrize(("email", "state"), STATES.items())
@pytest.mark.usefixtures("people")
def test_a_row_is_written_in_each_case_and_a_letter_to_those_who_have_signed(
    client: Client, email: str, state: str
) -> None:
    client.post(URL, {"email": email})

    letter = Letter.objects.latest("pk")
    assert (letter.kind, letter.state, letter.signature) == ("page_link", state, None)
    # Mail servers know a domain in small letters; what stands before it is kept as typed.
    assert letter.to.casefold() == (email.casefold() if state == "waiting" else "")


@pytest.mark.usefixtures("people")
def test_the_answer_and_the_work_are_the_same_for_every_address(client: Client) -> None:
    answers = {}
    for email in STATES:
        before = Letter.objects.count()
        with CaptureQueriesContext(connection) as queries:
            response = client.post(URL, {"email": email})
        headers = {name: value for name, value in response.headers.items() if name != "Expires"}
        page = client.get(response["Location"])
        written = Letter.objects.count() - before
        answers[email] = (response.status_code, headers, page.content, len(queries), written, list(response.cookies))

    expected = answers["known@example.org"]
    assert expected[0] == 303
    assert expected[1]["Location"] == f"{URL}asked/#main"
    assert "this page says the same in any case" in expected[2].decode()
    assert {email: answer for email, answer in answers.items() if answer != expected} == {}


@pytest.mark.django_db(transaction=True)
class TestSent:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with mail_server() as server:
            yield server

    def test_two_people_of_one_address_get_a_link_each(self, client: Client, server: Server) -> None:
        cache.clear()
        campaign = make_campaign()
        couple = [
            make_signature(campaign, name=name, email="family@example.org", is_confirmed=True)
            for name in ("Ana Example", "Beto Example")
        ]
        make_signature(campaign, name="Celia Example", email="family@example.org")
        Letter.objects.all().delete()

        client.post(URL, {"email": "family@example.org"})
        client.post(URL, {"email": "unknown@example.org"})
        letters.send_due()

        (message,) = server.arrived
        assert message["To"] == "family@example.org"
        body = message.get_body(("plain",))
        assert body is not None
        found = re.findall(r"/en/signature/(\S+)/", body.get_content())
        assert [tokens.PageKey.read(token) for token in found] == [
            tokens.PageKey(signature.pk, 0, is_fresh=True) for signature in couple
        ]


def test_asking_shows_a_form_and_writes_nothing(client: Client, campaign: Campaign) -> None:
    page, head = client.get(URL), client.head(URL)

    assert (page.status_code, head.status_code) == (200, 200)
    assert 'autocomplete="email"' in page.content.decode()
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("email", "message"),
    [("", "Enter an email address."), ("ana@", "Enter an email address like name@example.org.")],
)
def test_what_is_no_address_comes_back(client: Client, campaign: Campaign, email: str, message: str) -> None:
    response = client.post(URL, {"email": email})

    assert response.status_code == 422
    assert response.context["form"].errors == {"email": [message]}
    assert not Letter.objects.exists()


def test_one_network_can_ask_only_so_often(client: Client, campaign: Campaign) -> None:
    with override_settings(LIMITS=settings.LIMITS | {"page_link": Rate(2, 600)}):
        statuses = [client.post(URL, {"email": f"p{number}@example.org"}).status_code for number in range(3)]
        elsewhere = client.post(URL, {"email": "p@example.org"}, REMOTE_ADDR="198.51.100.7").status_code

    assert (statuses, elsewhere) == ([303, 303, 429], 303)
    assert Letter.objects.count() == 3


def test_a_campaign_that_is_closed_can_still_be_asked_and_a_draft_cannot(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state="closed")
    assert client.post(URL, {"email": "ana@example.org"}).status_code == 303
    Campaign.objects.update(state="draft")
    assert client.post(URL, {"email": "ana@example.org"}).status_code == 404

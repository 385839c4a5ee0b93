"""What the letters say and carry, read from what arrived at a real mail server."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.test import Client

from campaigns.models import Campaign, ConsentText
from signatures import letters, services
from signatures.models import Letter
from tests.helpers import make_campaign, make_signature
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(organisation="Organización de Ejemplo")


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return body.get_content()


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return body.get_content()


def sign_in_spanish(campaign: Campaign, **fields: object) -> None:
    consent = ConsentText.objects.current(campaign, "es")
    assert consent is not None
    attempt = services.Attempt(
        **{
            "name": "Ana Ejemplo",
            "email": "ana@example.org",
            "country": "PE",
            "visibility": "delivered",
            "wants_updates": False,
        }
        | fields  # type: ignore[arg-type]
    )
    services.sign(campaign=campaign, consent=consent, language="es", attempt=attempt)


def test_confirmation_is_in_the_signers_language_and_its_link_confirms(server: Server, campaign: Campaign) -> None:
    sign_in_spanish(campaign)
    letters.send_due()

    (message,) = server.arrived
    assert message["Subject"] == "Confirma tu firma"
    assert message["From"] == "Organización de Ejemplo <petition@example.org>"
    assert message["To"] == "ana@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@localhost>", message["Message-ID"])
    text, html = text_of(message), html_of(message)
    assert "Agua para todas las personas" in text
    assert "Agua para todas las personas" in html
    (link,) = re.findall(r"^(http://\S+/es/confirm/\S+)\s*$", text, re.MULTILINE)
    assert html.count(f'href="{link}"') == 2
    path = link.partition("://")[2].partition("/")[2]
    assert Client().post(f"/{path}").status_code == 303


def test_letters_name_nobody_and_load_nothing(server: Server, campaign: Campaign) -> None:
    sign_in_spanish(campaign, name="Compra barato https://spam.example.org")
    letters.send_due()

    (message,) = server.arrived
    whole = message.as_string() + text_of(message) + html_of(message)
    assert "Compra barato" not in whole
    assert "spam.example.org" not in whole
    assert "<img" not in whole
    assert "ana@example.org" not in text_of(message) + html_of(message)


@pytest.mark.parametrize(
    "organisation", ["Evil\r\nBcc: victim@example.org", "Comma, Inc. <x@example.org>", "ONG “Paz”"]
)
def test_no_header_can_be_injected_by_a_field_of_the_campaign(
    server: Server, campaign: Campaign, organisation: str
) -> None:
    Campaign.objects.update(organisation=organisation)
    sign_in_spanish(campaign)
    letters.send_due()

    for (_sender, recipients), message in zip(server.envelopes, server.arrived, strict=True):
        assert recipients == ["ana@example.org"]
        assert message["Bcc"] is None
        assert message["To"] == "ana@example.org"


def test_already_signed_gives_no_link_to_confirm(server: Server, campaign: Campaign) -> None:
    make_signature(campaign, is_confirmed=True, name="Ana Ejemplo", email="ana@example.org")
    Letter.objects.all().delete()
    sign_in_spanish(campaign)
    letters.send_due()

    (message,) = server.arrived
    assert message["Subject"] == "Ya has firmado"
    assert "/confirm/" not in text_of(message) + html_of(message)

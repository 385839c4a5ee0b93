"""What the letters say and carry, read from what arrived at a real mail server."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from campaigns.models import Campaign
from signatures import addresses, letters, outbox, services, tokens
from signatures.models import Letter, Signature, Suppression
from tests.helpers import make_campaign, make_signature
from tests.signatures.every_letter import open_petition, send_each_kind
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


def sign_in_spanish(campaign: Campaign, **fields: object) -> Signature:
    ana = {"name": "Ana Ejemplo", "email": "ana@example.org"}
    return make_signature(campaign, language="es", **ana | fields)


def links(message: EmailMessage, room: str) -> list[str]:
    """The addresses on lines of their own, as a mail program without HTML shows them, that lead to one room."""
    return re.findall(rf"^http://localhost:8000(/\w\w/{room}/\S+)\s*$", text_of(message), re.MULTILINE)


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


# Every kind, in both languages

TITLES = {"en": "Water for all", "es": "Agua para todas las personas"}
SUBJECTS = {
    "confirmation": "Confirm your signature",
    "already_signed": "You have signed already",
    "reminder": "Your signature is not confirmed yet",
    "receipt": "Your signature is confirmed",
    "page_link": "The way to your signature",
    "address_change": "Confirm your new address",
    "erased": "Your signature is erased",
}
LANGUAGES = pytest.mark.parametrize("language", TITLES)


def receive(server: Server, campaign: Campaign, kind: str, language: str, **fields: object) -> EmailMessage:
    """The letter of a kind, as the way through the site that brings it about writes it."""
    is_before = kind in ("confirmation", "reminder")
    ana: dict[str, object] = {"name": "Ana Ejemplo", "email": "ana@example.org"}
    signature = make_signature(campaign, language=language, is_confirmed=not is_before, **ana | fields)
    if kind not in ("confirmation", "receipt"):
        Letter.objects.all().delete()
    if kind == "receipt":
        signature.letters.filter(kind="confirmation").delete()
    elif kind == "already_signed":
        make_signature(campaign, language=language, **ana)
    elif kind == "reminder":
        fingerprint = bytes(signature.fingerprint or b"")
        with transaction.atomic():
            outbox.write(
                Letter.Kind.REMINDER,
                campaign_id=campaign.pk,
                language=language,
                to=signature.email,
                fingerprint=fingerprint,
                signature=signature,
            )
    elif kind == "page_link":
        services.ask_for_page(campaign=campaign, language=language, email="ana@example.org")
    elif kind == "address_change":
        services.ask_for_address(signature_id=signature.pk, email="ana.nueva@example.org")
    elif kind == "erased":
        services.erase(signature_id=signature.pk)
    assert letters.send_due() == 1
    (message,) = server.arrived
    return message


def test_every_kind_has_its_subject_here() -> None:
    assert set(SUBJECTS) == set(Letter.Kind.values)


@LANGUAGES
@pytest.mark.parametrize("kind", SUBJECTS)
def test_each_letter_is_in_its_signers_language_and_names_nobody(
    server: Server, campaign: Campaign, kind: str, language: str
) -> None:
    message = receive(server, campaign, kind, language)

    with translation.override(language):
        assert message["Subject"] == gettext(SUBJECTS[kind])
    assert message["From"] == "Organización de Ejemplo <petition@example.org>"
    assert message["To"] == ("ana.nueva@example.org" if kind == "address_change" else "ana@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = text_of(message), html_of(message)
    assert f'<html lang="{language}">' in html
    for part in (text, html):
        assert TITLES[language] in part
        assert set(re.findall(r"http://localhost:8000/(\w\w)/", part)) == {language}
        assert "Ana Ejemplo" not in part
        assert "@example.org" not in part
        assert "<img" not in part
    # Both parts lead to the same places.
    assert set(re.findall(r"http://localhost:8000/[^\s\"<]+", text)) == set(
        re.findall(r"http://localhost:8000/[^\s\"<]+", html)
    )


@LANGUAGES
@pytest.mark.parametrize("kind", SUBJECTS)
def test_letters_that_nobody_asked_for_can_be_declined_with_one_click(
    server: Server, campaign: Campaign, kind: str, language: str
) -> None:
    message = receive(server, campaign, kind, language)

    if kind in Letter.ASKED_FOR:
        assert message["List-Unsubscribe"] is None
        assert message["List-Unsubscribe-Post"] is None
        assert "/unsubscribe/" not in text_of(message) + html_of(message)
        return
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (path,) = links(message, "unsubscribe")
    assert message["List-Unsubscribe"].strip() == f"<http://localhost:8000{path}>"
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    row = Suppression.objects.get()
    assert bytes(row.fingerprint) == addresses.suppression_fingerprint("ana@example.org")


@LANGUAGES
@pytest.mark.parametrize("kind", ["confirmation", "reminder"])
def test_what_asks_to_confirm_brings_the_link_first_and_the_code_second(
    server: Server, campaign: Campaign, kind: str, language: str
) -> None:
    message = receive(server, campaign, kind, language)

    code = tokens.code(Signature.objects.get().pk)
    text, html = text_of(message), html_of(message)
    (link,), (not_me,) = links(message, "confirm"), links(message, "not-me")
    for part in (text, html):
        assert re.findall(rf"(?<![\w-]){code}(?![\w-])", part) == [code]
        assert part.index(link) < part.index(code) < part.index(not_me)
    assert Client().get(not_me).status_code == 200
    assert Client().post(link).status_code == 303


@LANGUAGES
def test_the_receipt_says_what_was_agreed_to_and_brings_an_ordinary_key(
    server: Server, campaign: Campaign, language: str
) -> None:
    message = receive(server, campaign, "receipt", language, wants_updates=True)

    signature = Signature.objects.get()
    consent = signature.consent
    text = text_of(message)
    for words in (consent.text, consent.delivered, consent.news):
        assert f"- {words}" in text
        assert f"<li>{words}</li>" in html_of(message)
    for words in (consent.secret, consent.public):
        assert words not in text
    assert consent.language == language
    (path,) = links(message, "signature")
    assert tokens.PageKey.read(path.split("/")[3]) == tokens.PageKey(signature.pk, 0, is_fresh=False)
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize(
    ("visibility", "wants_updates", "is_said"),
    [("secret", False, True), ("secret", True, False), ("delivered", False, False)],
)
def test_the_receipt_says_that_the_address_is_deleted_where_it_is(
    server: Server, campaign: Campaign, visibility: str, wants_updates: bool, is_said: bool
) -> None:
    message = receive(server, campaign, "receipt", "en", visibility=visibility, wants_updates=wants_updates)

    assert ("delete your address from our database as soon as this letter has left" in text_of(message)) == is_said
    assert ("- With my name and country" in text_of(message)) == (visibility == "delivered")
    assert ("- Count me only" in text_of(message)) == (visibility == "secret")
    # And then it is true.
    assert Letter.objects.get(kind="receipt").to == ""
    assert (Signature.objects.get().email == "") == is_said


@LANGUAGES
@pytest.mark.parametrize(("kind", "is_fresh"), [("page_link", True), ("already_signed", False)])
def test_only_the_way_that_was_asked_for_is_fresh(
    server: Server, campaign: Campaign, kind: str, language: str, is_fresh: bool
) -> None:
    message = receive(server, campaign, kind, language)

    (path,) = links(message, "signature")
    key = tokens.PageKey.read(path.split("/")[3])
    assert key == tokens.PageKey(Signature.objects.confirmed().get().pk, 0, is_fresh)
    assert "/confirm/" not in text_of(message) + html_of(message)
    assert Client().get(path).status_code == 200


@LANGUAGES
def test_the_letter_to_a_new_address_moves_the_signature_there(
    server: Server, campaign: Campaign, language: str
) -> None:
    message = receive(server, campaign, "address_change", language)

    (path,) = links(message, "address")
    assert links(message, "signature") == []
    assert Client().post(path).status_code == 200
    assert Signature.objects.get().email == "ana.nueva@example.org"


@LANGUAGES
def test_the_last_letter_has_no_way_back_and_says_how_long_backups_are_kept(
    server: Server, campaign: Campaign, language: str
) -> None:
    message = receive(server, campaign, "erased", language)

    text = text_of(message)
    assert re.findall(r"http\S+", text) == [f"http://localhost:8000/{language}/water-for-all/"]
    assert str(settings.BACKUP_DAYS) in text
    letter = Letter.objects.get()
    assert (letter.state, letter.to, letter.signature, letter.fingerprint) == ("sent", "", None, None)


def test_each_letter_reads_well_as_plain_text(server: Server) -> None:
    petition = open_petition()
    kinds = [kind for language in TITLES for kind in send_each_kind(petition, language)]
    assert set(kinds) == set(Letter.Kind.values)

    slips = re.compile(r"^\s|\s$|&#?\w+;|[<{}]")  # indentation, entities, and what is left of templates
    wrong = []
    for kind, message in zip(kinds, server.arrived, strict=True):
        text = text_of(message).replace("\r\n", "\n")
        wrong += [(kind, line) for line in text.split("\n") if slips.search(line)]
        if "\n\n\n" in text or text != text.strip() + "\n":
            wrong.append((kind, "blank lines too many"))
    assert wrong == []

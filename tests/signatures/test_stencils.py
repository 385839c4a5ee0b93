"""What is filled into a stencil is the letter that Django would have put together, word for word."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.db import transaction

from campaigns.models import Campaign, CampaignText
from campaigns.services import publish_consent
from signatures import addresses, emails, letters, outbox, stencils, tokens
from signatures.models import Letter
from signatures.stencils import ReadyMessage, Stencil
from tests.helpers import make_campaign, make_signature
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])
LONG = "I agree " * 200


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(organisation="Organización «Paz» & Agua, Inc.")


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


def written(kind: str, campaign: Campaign, language: str, **fields: object) -> Letter:
    """A letter that waits, of one of the kinds that go to everybody."""
    ana = {"email": "ana@example.org", "is_confirmed": kind == "receipt"} | fields
    signature = make_signature(campaign, language=language, **ana)  # type: ignore[arg-type]
    if kind == "reminder":
        with transaction.atomic():
            outbox.write(
                Letter.Kind.REMINDER,
                campaign_id=campaign.pk,
                language=language,
                to=signature.email,
                fingerprint=bytes(signature.fingerprint or b""),
                signature=signature,
            )
    (letter,) = emails.fetch(Letter.objects.filter(kind=kind))
    return letter


def by_django(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> EmailMessage:
    with monkeypatch.context() as patch:
        patch.setattr(Stencil, "is_whole", False)
        message = emails.write(letter)
    assert type(message) is not ReadyMessage
    return message


def parts(content: bytes) -> list[tuple[object, ...]]:
    """A mail as a mail program takes it apart, without the boundary, which is chance."""

    def words(part: Message) -> tuple[object, ...]:
        headers = sorted((name, " ".join(value.split())) for name, value in part.items() if name != "Content-Type")
        body = None if part.is_multipart() else part.get_payload(decode=True)
        return part.get_content_type(), part.get_content_charset(), headers, body

    return [words(part) for part in message_from_bytes(content).walk()]


@LANGUAGES
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("confirmation", {}),
        ("reminder", {}),
        ("receipt", {"visibility": "delivered"}),
        ("receipt", {"visibility": "delivered", "wants_updates": True}),
        ("receipt", {"visibility": "secret"}),
        ("receipt", {"visibility": "secret", "wants_updates": True}),
    ],
    ids=["confirmation", "reminder", "delivered", "delivered, news", "secret", "secret, news"],
)
def test_it_is_the_letter_that_django_would_have_put_together(
    campaign: Campaign, kind: str, language: str, fields: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOON, tick=False):  # tokens hold the moment
        letter = written(kind, campaign, language, **fields)
        ready, model = emails.write(letter), by_django(letter, monkeypatch)
        assert type(ready) is ReadyMessage
        by_whole, by_parts = model.message().as_bytes(linesep="\r\n"), ready.message().as_bytes(linesep="\r\n")

    assert parts(ready.content) == parts(by_whole)
    assert (ready.sender, ready.to) == (sanitize_address(model.from_email, "utf-8"), ["ana@example.org"])
    # And for a backend that wants no bytes.
    assert parts(by_parts) == parts(by_whole)
    assert stencils.NONCE.encode() not in ready.content + by_parts + by_whole


def test_it_goes_over_the_wire_as_it_is(server: Server, campaign: Campaign) -> None:
    for number in range(3):
        make_signature(campaign, email=f"p{number}@example.org", language="es")

    assert letters.send_due() == 3

    assert server.envelopes == [("petition@example.org", [f"p{number}@example.org"]) for number in range(3)]
    bodies = [message.get_body(("plain",)) for message in server.arrived]
    assert len({body.get_content() for body in bodies if body}) == 3  # each with links of its own
    # Of one stencil: Django would have made up a boundary for each.
    assert len({message.get_boundary() for message in server.arrived}) == 1


def test_what_staff_change_is_in_the_next_letter(server: Server, campaign: Campaign) -> None:
    make_signature(campaign, email="a@example.org")
    letters.send_due()
    Campaign.objects.update(organisation="Another Organisation")
    CampaignText.objects.filter(language="en").update(title="Water for everybody")
    make_signature(campaign, email="b@example.org")
    letters.send_due()

    before, after = server.arrived
    assert before["From"] == '"Organización «Paz» & Agua, Inc." <petition@example.org>'
    assert after["From"] == "Another Organisation <petition@example.org>"
    assert [b"Water for all" in content for content in server.contents] == [True, False]
    assert [b"Water for everybody" in content for content in server.contents] == [False, True]
    assert b"Organizaci" not in server.contents[1]


def test_words_too_long_for_a_line_of_mail_arrive_whole(server: Server, campaign: Campaign) -> None:
    CampaignText.objects.update(consent_text=LONG)
    publish_consent(campaign=campaign)
    signature = make_signature(campaign, email="ana@example.org", is_confirmed=True)
    Letter.objects.exclude(kind="receipt").delete()
    letters.send_due()

    (message,) = server.arrived
    body = message.get_body(("plain",))
    assert body is not None
    assert body["Content-Transfer-Encoding"] == "quoted-printable"
    assert f"- {LONG.strip()}" in body.get_content()
    assert f"/en/signature/{signature.pk}." in body.get_content()
    assert max(len(line) for line in server.contents[0].splitlines()) <= 998
    assert stencils.NONCE.encode() not in server.contents[0]


@pytest.mark.parametrize("address", ["a@example.org", "Ana.Perez+x_y-z@sub.Example-1.org"])
def test_a_plain_address_is_written_as_it_is(address: str) -> None:
    assert stencils.PLAIN_ADDRESS.fullmatch(address)


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org\n",
        "ana@example.org\r\nBcc: b@example.org",
        "ana,b@example.org",
        "<ana@example.org>",
        '"ana maria"@example.org',
        "ana..b@example.org",
        ".ana@example.org",
        "ana@localhost",
        "ñandú@example.org",
        "ana@ñandú.example.org",
        "ana@@example.org",
        "",
    ],
    ids=str.split("line header comma angle quoted dots dot domain local idn at empty"),
)
def test_any_other_address_is_left_to_django(address: str) -> None:
    assert stencils.PLAIN_ADDRESS.fullmatch(address) is None


def test_no_line_grows_when_a_gap_is_filled() -> None:
    most = 2**63 - 1
    fills = [
        tokens.CONFIRM.make(most),
        tokens.NOT_ME.make(most),
        tokens.code(most),
        tokens.PageKey(most, 32767).make(),
        tokens.make_unsubscribe(addresses.suppression_fingerprint("ana@example.org")),
    ]
    for name in ("confirm", "not_me", "code", "key", "unsubscribe"):
        assert max(map(len, fills)) <= len(stencils.gap(name)) == stencils.LONGEST

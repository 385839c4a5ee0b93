"""What each answer of a mail server means, with texts as real servers send them."""

import smtplib

import pytest

from signatures import refusals
from signatures.refusals import Meaning


@pytest.mark.parametrize(
    ("code", "text", "meaning", "error"),
    [
        (550, "5.1.1 <gone@example.org>: Recipient address rejected", Meaning.NOBODY_THERE, "SMTP 550 5.1.1"),
        (550, "5.1.1 The email account does not exist.\n5.1.1 Try again", Meaning.NOBODY_THERE, "SMTP 550 5.1.1"),
        (550, "#5.1.0 Address rejected.", Meaning.NOBODY_THERE, "SMTP 550 5.1.0"),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Meaning.NOBODY_THERE, "SMTP 550 5.1.10"),
        (550, "5.2.1 The account is disabled", Meaning.NOBODY_THERE, "SMTP 550 5.2.1"),
        (554, "5.1.2 Bad destination system address", Meaning.NOBODY_THERE, "SMTP 554 5.1.2"),
        (556, "5.1.10 Recipient address has null MX", Meaning.NOBODY_THERE, "SMTP 556 5.1.10"),
        (550, "no such user", Meaning.NOBODY_THERE, "SMTP 550"),
        (551, "user not local", Meaning.NOBODY_THERE, "SMTP 551"),
        (553, "mailbox name not allowed", Meaning.NOBODY_THERE, "SMTP 553"),
        # An address or a network number is no code.
        (550, "no mailbox 5.7.1@example.org for 5.7.1.9", Meaning.NOBODY_THERE, "SMTP 550"),
        (550, "5.7.1 Relaying denied", Meaning.NEVER, "SMTP 550 5.7.1"),
        (550, "Blocked by policy (5.7.1).", Meaning.NEVER, "SMTP 550 5.7.1"),
        (550, "4.7.1 odd, but no word of the mailbox", Meaning.NEVER, "SMTP 550 4.7.1"),
        (552, "5.2.2 Mailbox full", Meaning.NEVER, "SMTP 552 5.2.2"),
        (550, "5.2.2 Mailbox full", Meaning.NEVER, "SMTP 550 5.2.2"),
        (550, "5.3.2 System not accepting messages", Meaning.NEVER, "SMTP 550 5.3.2"),
        (550, "5.4.1 No answer from host", Meaning.NEVER, "SMTP 550 5.4.1"),
        (550, "5.5.0 Other protocol status", Meaning.NEVER, "SMTP 550 5.5.0"),
        (550, "5.1.8 Sender's domain not found", Meaning.NEVER, "SMTP 550 5.1.8"),
        (552, "mailbox full", Meaning.NEVER, "SMTP 552"),
        (554, "no", Meaning.NEVER, "SMTP 554"),
        (450, "4.1.1 greylisted", Meaning.NOT_NOW, "SMTP 450 4.1.1"),
        (451, "later", Meaning.NOT_NOW, "SMTP 451"),
        (452, "4.2.2 full", Meaning.NOT_NOW, "SMTP 452 4.2.2"),
        (421, "4.7.0 closing", Meaning.NOT_US, "SMTP 421 4.7.0"),
        (530, "5.7.0 Authentication required", Meaning.NOT_US, "SMTP 530 5.7.0"),
    ],
)
def test_a_recipient_that_is_refused(code: int, text: str, meaning: Meaning, error: str) -> None:
    refusal = refusals.read(smtplib.SMTPRecipientsRefused({"gone@example.org": (code, text.encode())}))

    assert refusal == refusals.Refusal(meaning, error)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("smtp;550 5.1.1 The email account that you tried to reach does not exist", Meaning.NOBODY_THERE),
        ("5.1.1 No such user", Meaning.NOBODY_THERE),
        ("550-5.1.1 No such user", Meaning.NOBODY_THERE),
        ("smtp; 550 no such user", Meaning.NOBODY_THERE),
        ("552 5.2.2 Mailbox full", Meaning.NEVER),
        ("552 full", Meaning.NEVER),
        ("550 5.7.1 Spam", Meaning.NEVER),
        ("451 4.7.1 Greylisted", Meaning.NOT_NOW),
        ("421 later", Meaning.NOT_NOW),
        ("250 2.1.5 OK", None),
        ("No mailbox 5.1.1@example.org for 5.1.1.9, port 550", None),
        ("unknown user", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_what_somebody_says_that_a_server_has_said(text: str, meaning: Meaning | None) -> None:
    assert refusals.read_passed_on(text) == meaning


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (550, "5.1.1 no such user", Meaning.NEVER),  # of the contents one says many things, and late
        (554, "5.7.1 spam", Meaning.NEVER),
        (451, "4.7.1 greylisted", Meaning.NOT_NOW),
        (421, "closing", Meaning.NOT_US),
    ],
)
def test_contents_that_are_refused(code: int, text: str, meaning: Meaning) -> None:
    refusal = refusals.read(smtplib.SMTPDataError(code, text.encode()))

    assert refusal is not None
    assert refusal.meaning == meaning


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPConnectError(554, "no"),
        smtplib.SMTPHeloError(501, b"no"),
        smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong"),
        smtplib.SMTPSenderRefused(550, b"5.1.1 not you", "petition@example.org"),
        smtplib.SMTPResponseException(454, "TLS not available"),
    ],
)
def test_whatever_is_refused_before_somebody_is_named_is_about_us(error: smtplib.SMTPResponseException) -> None:
    refusal = refusals.read(error)

    assert refusal is not None
    assert refusal.meaning == Meaning.NOT_US


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("gone"), TimeoutError(), UnicodeError("é")])
def test_what_is_no_answer_means_nothing(error: Exception) -> None:
    assert refusals.read(error) is None

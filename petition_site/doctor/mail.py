"""The mail server, or the provider's interface: whether it lets us in, and whether it takes a letter."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from petition_site.checks import LOCAL_HOSTS
from petition_site.doctor.findings import Findings, look, ok, wrong
from signatures import wire

TIMEOUT = 10  # seconds, for each answer
DO = "Are host, user and password in EMAIL_URL right, and may this machine connect to that port?"


def server(mail_to: str = "") -> Findings:
    """With an address, a letter goes there by the site's own connection."""
    if settings.MAIL_PROVIDER:
        yield from provider(mail_to)
        return
    is_encrypted = getattr(settings, "EMAIL_USE_TLS", False) or getattr(settings, "EMAIL_USE_SSL", False)
    if not is_encrypted and settings.EMAIL_HOST not in LOCAL_HOSTS:
        yield look("Letters go to the mail server in the clear.", "Take smtp+tls:// or smtp+ssl:// in EMAIL_URL.")
    smtp = get_connection(timeout=TIMEOUT)
    try:
        wire.connect(smtp)
        yield ok("The mail server lets us in.")
        if mail_to:
            yield from deliver(smtp, mail_to)
        else:
            yield look("Whether a letter arrives is not tried.", "Say --mail-to and an address of yours.")
    except (wire.ServerRefuses, wire.ConnectionLost) as error:
        yield wrong(f"The mail server takes no letters from us ({error}).", DO)
    finally:
        wire.close(smtp)


def provider(mail_to: str) -> Findings:
    """It lets somebody in with a letter only."""
    if not mail_to:
        yield look(
            f"Letters go by the interface of {settings.MAIL_PROVIDER}. Whether it takes them is not tried.",
            "Say --mail-to and an address of yours.",
        )
        return
    connection = get_connection(timeout=TIMEOUT)
    try:
        yield from deliver(connection, mail_to)
    except (wire.ServerRefuses, wire.ConnectionLost) as error:
        yield wrong(
            f"{settings.MAIL_PROVIDER} takes no letters from us ({error}).",
            "Are the keys in EMAIL_URL right, is the sender's domain verified there, and is the account in order?",
        )
    finally:
        wire.close(connection)


def deliver(smtp: BaseEmailBackend, mail_to: str) -> Findings:
    """Raises ServerRefuses or ConnectionLost."""
    letter = EmailMessage(
        subject="A letter to see whether letters arrive",
        body=f"Somebody has run “manage.py doctor” for {settings.SITE_URL}.\n\nWas this in the folder for spam?\n",
        to=[mail_to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    refusal = wire.deliver(smtp, letter)
    if refusal:
        yield wrong(f"The mail server did not take a letter to {mail_to} ({refusal.error}).", "Does the address exist?")
    else:
        yield ok(f"The mail server has taken a letter to {mail_to}. Does it arrive, and not in the folder for spam?")


def domain() -> str:
    """That our letters come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()

"""Mail providers that django-anymail knows: who can be told with each letter not to track it, and how each one's
reports prove where they come from. Read with the settings, and so without anymail itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
SHORTEST_SECRET = 50  # characters


class BadProvider(ValueError):
    """What is wrong with an address, without anything secret in it."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Settings are named as anymail names them, without the provider's own name."""

    view: str  # anymail's, for its reports
    needs: tuple[str, ...] = ()  # to send by its interface; nothing where that cannot switch tracking off by letter
    takes: tuple[str, ...] = ()
    signs_by: str = ""  # besides the secret that every report carries


PROVIDERS = {
    "brevo": Provider("brevo.BrevoTrackingWebhookView"),
    "mailersend": Provider("mailersend.MailerSendTrackingWebhookView", signs_by="signing_secret"),
    "mailgun": Provider(
        "mailgun.MailgunTrackingWebhookView",
        needs=("api_key",),
        takes=("sender_domain", "api_url"),
        signs_by="webhook_signing_key",
    ),
    "mailjet": Provider("mailjet.MailjetTrackingWebhookView", needs=("api_key", "secret_key"), takes=("api_url",)),
    "postmark": Provider(
        "postmark.PostmarkTrackingWebhookView", needs=("server_token",), takes=("message_stream", "api_url")
    ),
    "sparkpost": Provider(
        "sparkpost.SparkPostTrackingWebhookView", needs=("api_key",), takes=("subaccount", "api_url")
    ),
}

# With every letter, whatever the provider's own pages say.
UNTRACKED = {"track_clicks": False, "track_opens": False}
# Postmark gives each letter another Message-ID unless it is asked to keep ours.
OF_POSTMARK = {**UNTRACKED, "extra_headers": {"X-PM-KeepID": "true"}}


def read_sending(address: str) -> tuple[str, dict[str, str]]:
    """Who sends our letters, and anymail's settings for that. Raises BadProvider."""
    name, values = read(address)
    provider = PROVIDERS[name]
    if not provider.needs:
        raise BadProvider(f"{name} cannot be told with each letter not to track it: take its SMTP")
    demand(name, values, provider.needs, provider.takes)
    parts = urlsplit(values.get("api_url", "https://"))
    if parts.scheme != "https" and parts.hostname not in ON_THIS_MACHINE:
        raise BadProvider("api_url must begin with https://")
    return name, {f"{name}_{setting}".upper(): value for setting, value in values.items()}


def read_reporting(address: str) -> tuple[str, dict[str, str]]:
    """Who reports what became of them, and how we know that it is they. Raises BadProvider."""
    name, values = read(address)
    signs_by = PROVIDERS[name].signs_by
    demand(name, values, ("webhook_secret", *([signs_by] if signs_by else [])))
    secret = values.pop("webhook_secret")
    user, _, password = secret.partition(":")
    if not user or len(password) < SHORTEST_SECRET:
        raise BadProvider(f"webhook_secret must be a name, a colon and {SHORTEST_SECRET} random characters or more")
    return name, {"WEBHOOK_SECRET": secret} | {f"{name}_{setting}".upper(): value for setting, value in values.items()}


def read(address: str) -> tuple[str, dict[str, str]]:
    """`anymail://NAME?setting=value&setting=value`, where a plus is a plus: keys are often in Base64."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        raise BadProvider("it is no address") from None
    name = parts.netloc
    if parts.scheme != "anymail" or parts.path.strip("/") or parts.fragment or name not in PROVIDERS:
        raise BadProvider(f"it must be like anymail://NAME?…, with one of {', '.join(PROVIDERS)}")
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    return name, {setting: unquote(value) for setting, _, value in pairs if value}


def demand(name: str, values: Collection[str], needs: tuple[str, ...], takes: tuple[str, ...] = ()) -> None:
    if missing := [setting for setting in needs if setting not in values]:
        raise BadProvider(f"{name} needs {missing[0]}")
    if not set(values) <= {*needs, *takes}:
        raise BadProvider(f"{name} takes {', '.join((*needs, *takes))} and nothing else")

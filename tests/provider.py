"""A mail provider for a test: a real HTTP server that takes letters by the interfaces of four of them, and reports that
are signed as theirs are."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote

from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from signatures import providers

REPORTS = "/mail/reports/"
SECRET = "provider:" + "0123456789" * 5
SIGNING_KEY = "signing-key-of-the-tests"
SETTINGS = {
    "mailgun": "api_key=key&sender_domain=mg.example.org",
    "mailjet": "api_key=key&secret_key=secret",
    "postmark": "server_token=token",
    "sparkpost": "api_key=key",
}


@dataclass
class Taken:
    """A letter, as the provider understands it."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    tracking: dict[str, Any]  # as it was said


def by_mailgun(body: bytes) -> Taken:
    said = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    headers = {name[2:]: value for name, value in said.items() if name.startswith("h:")}
    tracking = {name: value for name, value in said.items() if "tracking" in name}
    return Taken(said["to"], said["subject"], said["text"], said["html"], headers, tracking)


def by_mailjet(body: bytes) -> Taken:
    said = json.loads(body)
    whole, [message] = said["Globals"], said["Messages"]
    tracking = {name: value for name, value in whole.items() if name.startswith("Track")}
    to = message["To"][0]["Email"]
    return Taken(to, whole["Subject"], whole["TextPart"], whole["HTMLPart"], whole["Headers"], tracking)


def by_postmark(body: bytes) -> Taken:
    said = json.loads(body)
    headers = {header["Name"]: header["Value"] for header in said["Headers"]}
    tracking = {name: value for name, value in said.items() if name.startswith("Track")}
    return Taken(said["To"], said["Subject"], said["TextBody"], said.get("HtmlBody", ""), headers, tracking)


def by_sparkpost(body: bytes) -> Taken:
    said = json.loads(body)
    content = said["content"]
    tracking = {name: value for name, value in said["options"].items() if "tracking" in name}
    to = said["recipients"][0]["address"]["email"]
    return Taken(to, content["subject"], content["text"], content["html"], content["headers"], tracking)


READ = {"mailgun": by_mailgun, "mailjet": by_mailjet, "postmark": by_postmark, "sparkpost": by_sparkpost}
OK = {
    "mailgun": lambda to: {"id": "<1@mg.example.org>", "message": "Queued. Thank you."},
    "mailjet": lambda to: {"Messages": [{"Status": "success", "To": [{"Email": to, "MessageID": 1}]}]},
    "postmark": lambda to: {"To": to, "MessageID": "1", "ErrorCode": 0, "Message": "OK"},
    "sparkpost": lambda to: {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "1"}},
}


@dataclass
class Provider:
    """Answers by recipient, where the test says what, else takes the letter."""

    name: str
    at_recipient: dict[str, tuple[int, Any]] = field(default_factory=dict)
    at_all: tuple[int, Any] | None = None
    loses_replies: int = 0  # so many still, after it has taken the letter
    seconds: float = 0  # before it answers
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    authorizations: set[str] = field(default_factory=set)


def handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            provider.connections += 1
            super().setup()

        def do_POST(self) -> None:
            letter = READ[provider.name](self.rfile.read(int(self.headers["Content-Length"])))
            provider.authorizations.add(
                self.headers.get("X-Postmark-Server-Token") or self.headers.get("Authorization") or ""
            )
            time.sleep(provider.seconds)
            status, said = (
                provider.at_recipient.get(letter.to) or provider.at_all or (200, OK[provider.name](letter.to))
            )
            if status == 200:
                provider.taken.append(letter)
                if provider.loses_replies:
                    provider.loses_replies -= 1
                    self.close_connection = True
                    return
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has not waited
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def mail_provider(name: str) -> Iterator[Provider]:
    """One that listens, and the settings by which letters go to it."""
    provider = Provider(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(provider))
    server.block_on_close = False
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        with sending_by(name, server.server_address[1]):
            yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sending_by(name: str, port: int) -> Iterator[None]:
    """As EMAIL_URL would have it."""
    url = quote(f"http://127.0.0.1:{port}/api")
    _, told = providers.read_sending(f"anymail://{name}?{SETTINGS[name]}&api_url={url}")
    with override_settings(
        EMAIL_BACKEND="signatures.interfaces.Backend", MAIL_PROVIDER=name, ANYMAIL={**settings.ANYMAIL, **told}
    ):
        yield


def webhook(name: str) -> str:
    """What MAIL_WEBHOOK says."""
    signs_by = providers.PROVIDERS[name].signs_by
    signing = f"&{signs_by}={SIGNING_KEY}" if signs_by else ""
    return f"anymail://{name}?webhook_secret={quote(SECRET)}{signing}"


@contextmanager
def reporting_by(name: str) -> Iterator[None]:
    _, told = providers.read_reporting(webhook(name))
    with override_settings(MAIL_WEBHOOK=name, ANYMAIL={**settings.ANYMAIL, **told}):
        yield


def basic(secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(secret.encode()).decode()


def signed(name: str, event: Any, key: str = SIGNING_KEY) -> tuple[str, dict[str, str]]:
    """The body of a report and its headers, as the provider sends them."""
    headers = {"Authorization": basic()}
    if name == "mailgun":
        timestamp, token = str(int(time.time())), "t" * 50
        digest = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        event = {"signature": {"timestamp": timestamp, "token": token, "signature": digest}, "event-data": event}
    body = json.dumps(event)
    if name == "mailersend":
        headers["Signature"] = hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
    return body, headers


def signed_form(timestamp: str = "1000000000") -> dict[str, str]:
    """A report as Mailgun used to post it, of long ago."""
    said = {"token": "t" * 50, "timestamp": timestamp, "event": "delivered", "recipient": "ana@example.org"}
    message = f"{timestamp}{said['token']}".encode()
    return {**said, "signature": hmac.new(SIGNING_KEY.encode(), message, hashlib.sha256).hexdigest()}


def tell(name: str, event: Any) -> HttpResponse:
    """The provider reports something to a site that takes its reports."""
    body, headers = signed(name, event)
    with reporting_by(name):
        return Client().post(REPORTS, body, content_type="application/json", headers=headers)


def bounced(email: str, kind: str = "HardBounce", details: str = "smtp;550 5.1.1 No such user", ago: int = 0) -> Any:
    """As Postmark reports it; `ago` in seconds."""
    moment = timezone.now() - timedelta(seconds=ago)
    return {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": kind,
        "Details": details,
        "Email": email,
        "BouncedAt": moment.isoformat(),
        "MessageID": "1",
    }

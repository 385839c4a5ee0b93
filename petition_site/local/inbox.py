"""The demonstration's inbox: the letters that the local mail server has put into a Maildir, the newest first."""

import mailbox
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHOWN = 50


@require_safe
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    if not settings.INBOX_DIR:
        raise Http404
    letters = [
        {
            "to": message["To"],
            "sender": message["From"],
            "subject": message["Subject"],
            "date": message["Date"],
            "text": text_of(message),
        }
        for message in newest()
    ]
    return render(request, "site/inbox.html", {"letters": letters})


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


def newest() -> list[EmailMessage]:
    box = mailbox.Maildir(settings.INBOX_DIR, create=True)
    parser = BytesParser(policy=policy.default)
    # The server names the files by the time of arrival.
    keys = sorted(box.keys(), key=lambda key: float(".".join(key.split(".")[:1])), reverse=True)
    return [parser.parsebytes(box.get_bytes(key)) for key in keys[:SHOWN]]

"""What a visitor sees when PostgreSQL is away."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client, override_settings

from signatures import services, tokens
from signatures.models import Signature
from tests.helpers import form_data, log_in, make_campaign, make_signature


@pytest.mark.django_db
def test_a_database_that_is_away_gives_a_page_in_both_languages_and_no_500(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = make_campaign()

    def away(**kwargs: object) -> None:
        raise OperationalError("connection failed: ana@example.org")

    monkeypatch.setattr(services, "sign", away)
    response = client.post("/en/water-for-all/sign/", form_data(campaign))

    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "no-store" in response["Cache-Control"]
    html = response.content.decode()
    assert "Tal vez tu firma no nos llegó" in html
    assert "Your signature may not have reached us" in html
    assert "ana@example.org" not in caplog.text


@pytest.mark.django_db
@override_settings(SESSION_SAVE_EVERY_REQUEST=True)  # by the middleware, once the view is done
def test_so_it_does_where_a_middleware_cannot_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(store: SessionStore) -> None:
        raise OperationalError("connection failed")

    client = Client(raise_request_exception=False)
    log_in(client, User.objects.create_user("somebody", is_staff=True))
    monkeypatch.setattr(SessionStore, "save", away)

    response = client.get("/admin/")

    assert (response.status_code, response["Retry-After"]) == (503, "30")


def failing(**kwargs: object) -> None:
    raise OperationalError("connection failed")


def kept_in(html: str) -> dict[str, str]:
    return {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    }


@pytest.mark.django_db
def test_what_was_typed_into_the_sign_box_is_kept_and_can_be_sent_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    typed = form_data(campaign, name='Ana "><script>alert(1)</script> Ñ', updates="on", website="")
    with monkeypatch.context() as away:
        away.setattr(services, "sign", failing)
        html = client.post("/en/water-for-all/sign/", typed | {"more": "unasked"}).content.decode()

    assert "<script>" not in html
    # The page is at the address of the sign box, where a form without an address of its own goes.
    assert re.findall("<form[^>]*>", html) == ['<form method="post">']
    assert kept_in(html) == typed

    assert client.post("/en/water-for-all/sign/", kept_in(html) | {"name": "Ana Ñ"}).status_code == 303
    assert list(Signature.objects.values_list("email", flat=True)) == [typed["email"]]


@pytest.mark.django_db
def test_what_cannot_be_read_is_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is gone before the form is looked at."""
    make_campaign()
    monkeypatch.setattr("signatures.views.signing.find_text", lambda slug: failing())
    response = client.post(
        "/en/water-for-all/sign/", b"--x\r\nbroken", content_type="multipart/form-data; boundary=" + "x" * 300
    )

    assert response.status_code == 503
    assert b"<form" not in response.content


@pytest.mark.django_db
def test_only_the_sign_box_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.CONFIRM.make(make_signature(make_campaign()).pk)
    monkeypatch.setattr(services, "confirm", failing)
    response = client.post(f"/en/confirm/{token}/", {"name": "Ana"})

    assert response.status_code == 503
    assert b"<form" not in response.content

"""What a visitor sees when PostgreSQL is away, and what no log holds."""

import logging

import pytest
from django.db import OperationalError
from django.test import Client

from petition_site.logs import WithoutTokens
from signatures import services
from tests.helpers import form_data, make_campaign


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
    assert "Tu firma no se ha enviado" in html
    assert "Your signature was not sent" in html
    assert "ana@example.org" not in caplog.text


@pytest.mark.parametrize(
    ("message", "argument", "written"),
    [
        ("Not Found: %s", "/es/confirm/12:1abcDE:secret-part/", "Not Found: /es/confirm/…/"),
        ("Invalid request from ip=%s: Invalid HTTP", "192.0.2.7", "Invalid request from ip=… Invalid HTTP"),
    ],
)
def test_logs_hold_neither_token_nor_address(message: str, argument: str, written: str) -> None:
    record = logging.makeLogRecord({"msg": message, "args": (argument,), "levelno": logging.WARNING})

    assert WithoutTokens().filter(record)
    assert record.getMessage() == written

"""What a visitor sees when PostgreSQL is away."""

import pytest
from django.db import OperationalError
from django.test import Client

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

"""Invented signatures are such as signing would have left: counted, seated, exported, and nobody's."""

import csv
import io
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from campaigns.models import Campaign
from signatures import due, exports, generating, services, tally
from signatures.models import ConsentEvent, Doubt, Origin, Seat, Signature, Tally
from tests.helpers import make_campaign, make_signature

N = 2000


def generate(campaign: Campaign, n: int = N, **options: bool) -> str:
    out = StringIO()
    call_command("generate_signatures", campaign.slug, str(n), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
@override_settings(DEMO=True)
def test_what_is_made_is_such_as_signing_leaves() -> None:
    campaign = make_campaign()
    before = make_signature(campaign, is_confirmed=True)

    assert f"{N:,} signatures in" in generate(campaign)

    made = Signature.objects.exclude(pk=before.pk)
    assert made.count() == N
    counted = made.counted().count() + 1
    assert tally.count(campaign.pk) == counted
    assert sum(tally.by_country(campaign.pk).values()) == counted
    assert dict(Counter(Signature.objects.counted().values_list("country", flat=True))) == tally.by_country(campaign.pk)
    states = Counter(made.values_list("state", flat=True))
    assert 0.85 * N < states["confirmed"] < 0.95 * N
    assert 0.05 * N < states["pending"] < 0.11 * N
    assert 0.01 * N < states["withdrawn"] < 0.04 * N
    assert set(made.values_list("moderation", flat=True)) == {"clear", "held", "rejected"}
    assert set(made.values_list("language", flat=True)) == {"es", "en", "qu", "ay"}
    assert made.filter(email__regex=r"@([a-z]+\.)*example\.(org|com|net)$").count() == made.exclude(email="").count()
    assert made.filter(name__regex="[áéíóúñ]").exists()
    assert made.filter(name__contains="’").exists()
    assert not made.filter(visibility="secret").exclude(name="").exists()

    # Each seat is a confirmed one's, each has agreed, and nothing is due to go.
    assert Seat.objects.count() == Signature.objects.confirmed().count()
    assert ConsentEvent.objects.filter(kind="ticked").count() == N + 1
    assert ConsentEvent.objects.filter(kind="confirmed").count() == N + 1 - states["pending"]
    assert sum(due.how_much().values()) == 0
    recent = made.filter(created_at__gt=timezone.now() - timedelta(days=28))
    assert recent.filter(origin=None).count() == 0
    assert Origin.objects.exclude(signature__created_at__date__gte=F("day") - timedelta(days=1)).count() == 0
    assert Doubt.objects.open().count() > 0
    # In the history they stand where they were confirmed: none but the one before counts in this hour.
    days = (made.latest("created_at").created_at - made.earliest("created_at").created_at).days
    assert days > 55
    assert Tally.objects.filter(n__gt=0).values("hour").distinct().count() > 300

    pending = made.pending().exclude(visibility="secret").first()
    assert pending is not None
    assert services.confirm(signature_id=pending.pk) is services.Confirmation.CONFIRMED
    chunks = exports.export(campaign=campaign, preset="addressee", form="machine", purpose="test", staff=None).chunks
    rows = list(csv.reader(io.StringIO(b"".join(chunks).decode())))[1:]
    assert len(rows) == Signature.objects.counted().exclude(visibility="secret").count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generating, "HISTORY", generating.HISTORY.replace("sum(n)", "sum(n) + 1"))
        with pytest.raises(CommandError, match="a recount"):
            generate(campaign, 10)


@pytest.mark.django_db
def test_a_real_site_is_left_alone(settings: object) -> None:
    campaign = make_campaign()
    with pytest.raises(CommandError, match="--into-a-real-site"):
        generate(campaign)
    assert not Signature.objects.exists()


@pytest.mark.django_db
@override_settings(DEMO=True)
@pytest.mark.parametrize(
    ("slug", "n", "says"), [("none", 1, "no campaign"), ("water", 0, "1 or more"), ("water", 1, "consent")]
)
def test_what_cannot_be_made_is_said(slug: str, n: int, says: str) -> None:
    Campaign.objects.create(slug="water")
    with pytest.raises(CommandError, match=says):
        call_command("generate_signatures", slug, str(n), stderr=StringIO())

"""What stands out among the signatures of two days: many from one network, one mail domain, in a short time."""

import secrets
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from signatures import clusters
from signatures.models import Cluster, Doubt, Origin, Signature
from tests.helpers import consent_of, make_campaign

numbers = count(1)
DAY = timedelta(days=1)


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def yesterday(hour: int = 12, minute: int = 0) -> datetime:
    """Rows are of yesterday, which is a whole day whenever this is run."""
    return (datetime.now(UTC) - DAY).replace(hour=hour, minute=minute, second=0, microsecond=0)


def every_ten_minutes() -> list[datetime]:
    """Of yesterday and today so far."""
    moments = (yesterday(0) + number * timedelta(minutes=10) for number in range(2 * 24 * 6))
    return [at for at in moments if at <= datetime.now(UTC)]


def sign(
    campaign: Campaign, n: int, *at: datetime, domain: str = "", network: bytes = b"", **fields: object
) -> list[Signature]:
    """So many at each moment, each from a network and a mail domain of its own where none is said."""
    consent = consent_of(campaign)
    rows = []
    for moment in (at or (yesterday(),)) * n:
        number = next(numbers)
        values = {
            "name": "" if fields.get("visibility") == "secret" else f"Person {number}",
            "email": f"person{number}@{domain or f'domain{number}.example.org'}",
            "fingerprint": number.to_bytes(32, "big"),
            "created_at": moment,
            "visibility": "delivered",
        } | fields
        rows.append(Signature(campaign=campaign, consent=consent, language="en", country="PE", **values))
    Signature.objects.bulk_create(rows)
    Origin.objects.bulk_create(
        Origin(
            signature=row,
            day=row.created_at.date(),
            address=secrets.token_bytes(16),
            network=network or secrets.token_bytes(16),
        )
        for row in rows
    )
    return rows


def found(kind: str) -> list[tuple[str, int]]:
    clusters.find()
    return list(Cluster.objects.filter(kind=kind).order_by("-n").values_list("key", "n"))


def doubted(kind: str) -> set[int]:
    return set(Doubt.objects.filter(kind=kind).values_list("signature_id", flat=True))


def test_many_from_one_network_stand_out_and_each_gets_a_doubt_that_names_the_cluster(campaign: Campaign) -> None:
    rows = sign(campaign, 18, network=b"n" * 16)
    rows += sign(campaign, 1, network=b"n" * 16, state="confirmed", confirmed_at=timezone.now())
    (held,) = sign(campaign, 1, network=b"n" * 16, moderation="held")
    sign(campaign, 19, network=b"m" * 16)
    sign(make_campaign("land-for-all"), 19, network=b"n" * 16)

    assert found("network") == [((b"n" * 16).hex(), 20)]

    cluster = Cluster.objects.get()
    assert (cluster.campaign, cluster.day, cluster.counted, cluster.held) == (campaign, yesterday().date(), 1, 1)
    assert doubted("network") == {row.pk for row in rows}
    assert set(Doubt.objects.values_list("detail", flat=True)) == {str(cluster.pk)}
    assert Signature.objects.exclude(moderation="clear").get() == held


def test_what_ten_networks_have_stands_out_nowhere(campaign: Campaign) -> None:
    for number in range(10):
        sign(campaign, 25, network=bytes([number]) * 16)
    sign(campaign, 74, network=b"n" * 16)
    assert found("network") == []

    sign(campaign, 1, network=b"n" * 16)

    assert found("network") == [((b"n" * 16).hex(), 75)]


def test_many_from_one_mail_domain_stand_out_unless_it_is_a_large_provider(campaign: Campaign) -> None:
    rows = sign(campaign, 15, domain="Bad.example.org")
    sign(campaign, 5, domain="bad.example.org", visibility="secret")
    sign(campaign, 40, domain="gmail.com")
    sign(campaign, 19, domain="school.example.org")

    assert found("domain") == [("bad.example.org", 20)]
    # A doubt would lead from somebody counted only to their address's domain.
    assert doubted("domain") == {row.pk for row in rows}


def test_a_burst_stands_out_of_what_the_campaign_has_at_other_times_and_alone_is_no_reason_to_doubt(
    campaign: Campaign,
) -> None:
    sign(campaign, 1, *every_ten_minutes())
    sign(campaign, 48, yesterday(12, 9))
    assert found("burst") == []

    (disposable, settled, crowded) = sign(campaign, 3, yesterday(12, 5))
    Doubt.objects.create(signature=disposable, kind="disposable")
    for kind in Doubt.QUIET:
        Doubt.objects.create(signature=crowded, kind=kind)
    Doubt.objects.create(signature=settled, kind="disposable", settled_at=timezone.now())

    assert found("burst") == [(f"{yesterday():%Y-%m-%dT%H:%MZ}", 52)]
    assert doubted("burst") == {disposable.pk}


def test_a_busy_campaign_has_no_burst_where_it_is_as_busy_as_ever(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "BURST_AT_LEAST", 10)
    sign(campaign, 3, *every_ten_minutes())
    sign(campaign, 11, yesterday(12, 9))
    assert found("burst") == []

    sign(campaign, 1, yesterday(12, 0))

    assert [n for _key, n in found("burst")] == [15]


def test_the_day_before_yesterday_is_over(campaign: Campaign) -> None:
    sign(campaign, 30, yesterday() - DAY, network=b"n" * 16, domain="bad.example.org")

    assert clusters.find() == 0


def test_a_cluster_is_found_once_grows_and_raises_no_doubt_any_more_once_somebody_has_looked(
    campaign: Campaign,
) -> None:
    sign(campaign, 20, network=b"n" * 16)
    clusters.find()
    cluster = Cluster.objects.get()
    assert Doubt.objects.open().count() == 20
    Doubt.objects.filter(pk__in=Doubt.objects.values("pk")[:1]).update(settled_at=timezone.now())

    assert clusters.look_at(clusters=Cluster.objects.all(), staff=None) == 1
    sign(campaign, 5, network=b"n" * 16)
    clusters.find()

    again = Cluster.objects.get()
    assert (again.pk, again.n, again.found_at) == (cluster.pk, 25, cluster.found_at)
    assert again.looked_at is not None
    assert (Doubt.objects.open().count(), Doubt.objects.count()) == (0, 20)
    assert clusters.look_at(clusters=Cluster.objects.all(), staff=None) == 0


def test_of_a_large_cluster_the_first_members_alone_get_a_doubt(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "DOUBTS", 7)
    rows = sign(campaign, 20, network=b"n" * 16)

    for _ in range(2):
        clusters.find()
        assert doubted("network") == {row.pk for row in rows[:7]}

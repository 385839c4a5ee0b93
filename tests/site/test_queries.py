"""No page of staff asks the database more often for thirty rows than for one."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign, ConsentText, TextVersion, Update
from signatures.models import (
    BulkJob,
    Cluster,
    ConsentEvent,
    Delivery,
    Doubt,
    ExportRecord,
    ExportRequest,
    Letter,
    ModeratedSignature,
    ModerationAct,
    PauseAct,
    PrivacyRequest,
    Recount,
    RetentionRun,
    Rule,
    Signature,
    Suppression,
)
from tests.helpers import consent_of, log_in, make_campaign, make_rows, make_text

MOST = 16  # for any list: the session, the account and its second factor, the filters, the count, the rows


def make_signatures(campaign: Campaign, n: int) -> None:
    for row in make_rows(campaign, n, moderation="held", moderation_reason="test"):
        Doubt.objects.create(signature=row, kind="network")


def make_letters(campaign: Campaign, n: int) -> None:
    rows = make_rows(campaign, n)
    Letter.objects.bulk_create(Letter(signature=row, campaign=campaign, kind="confirmation") for row in rows)


def make_acts(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        ModerationAct.objects.create(staff=somebody(), action="hold", how_many=1)


def make_jobs(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        act = ModerationAct.objects.create(staff=somebody(), action="reject", how_many=1)
        BulkJob.objects.create(
            staff=somebody(), decided_by=somebody(), action="reject", how_many=1, state="done", act=act
        )


def make_records(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        ExportRecord.objects.create(
            staff=somebody(), approved_by=somebody(), campaign=campaign, preset="internal", purpose="test"
        )


def make_deliveries(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        Delivery.objects.create(
            staff=somebody(), campaign=campaign, day="2026-01-01", place="Lima", letters={}, signatures=1, names=1
        )


def make_requests(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        ExportRequest.objects.create(
            staff=somebody(), campaign=campaign, preset="news", form="machine", purpose="test", rows=2
        )


def make_privacy_requests(campaign: Campaign, n: int) -> None:
    ended = {"received_on": "2026-01-01", "due_on": "2026-01-15", "done_at": "2026-01-02T00:00Z", "outcome": "done"}
    for _ in range(n):
        PrivacyRequest.objects.create(kind="erase", note="test", staff=somebody(), done_by=somebody(), **ended)


def make_rules(campaign: Campaign, n: int) -> None:
    for number in range(n):
        domain = f"{n}-{number}.example.net"
        Rule.objects.create(kind="domain", pattern=domain, key=domain, action="hold", note="test", made_by=somebody())


def make_clusters(campaign: Campaign, n: int) -> None:
    for number in range(n):
        Cluster.objects.create(
            campaign=campaign,
            kind="domain",
            key=f"{n}-{number}.example.net",
            day="2026-01-01",
            **{"n": 20, "counted": 9, "held": 1},
            **dict.fromkeys(("first_at", "last_at"), "2026-01-01T00:00Z"),
        )


def make_campaigns(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        one = Campaign.objects.create(slug=f"campaign-{Campaign.objects.count()}")
        make_text(one)
        ConsentText.objects.create(campaign=one, language="es", version=1, text="Acepto.", sha256="0" * 64)
        TextVersion.objects.create(campaign=one, language="en", version=1, words={}, sha256="0" * 64)
        Update.objects.create(campaign=one, language="en", title="Heard", body="They listen.", source="Example News")


def make_groups(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        somebody().groups.add(Group.objects.create(name=f"group {Group.objects.count()}"))


def somebody() -> User:
    return User.objects.create_user(f"colleague{User.objects.count()}", is_staff=True)


def make_runs(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        day = date(2026, 1, 1) + timedelta(days=RetentionRun.objects.count())
        RetentionRun.objects.create(day=day, last_run_at="2026-01-01T00:00Z")


def make_recounts(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        Recount.objects.create(seconds=1, how_many=0)


def make_pauses(campaign: Campaign, n: int) -> None:
    for action in ["pause", "resume"] * n:
        PauseAct.objects.create(action=action, reason="test", staff=somebody())


def make_suppressions(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        count = Suppression.objects.count()
        Suppression.objects.create(fingerprint=count.to_bytes(32, "big"), reason="bounced")


# What fills each list.
ROWS: dict[str, Callable[[Campaign, int], None]] = {
    "auth_group": make_groups,
    "auth_user": make_groups,
    "campaigns_campaign": make_campaigns,
    "campaigns_campaigntext": make_campaigns,
    "campaigns_consenttext": make_campaigns,
    "campaigns_textversion": make_campaigns,
    "campaigns_update": make_campaigns,
    "signatures_bulkjob": make_jobs,
    "signatures_cluster": make_clusters,
    "signatures_delivery": make_deliveries,
    "signatures_exportrecord": make_records,
    "signatures_exportrequest": make_requests,
    "signatures_letter": make_letters,
    "signatures_moderationact": make_acts,
    "signatures_pauseact": make_pauses,
    "signatures_privacyrequest": make_privacy_requests,
    "signatures_queuedsignature": make_signatures,
    "signatures_recount": make_recounts,
    "signatures_retentionrun": make_runs,
    "signatures_rule": make_rules,
    "signatures_signature": make_signatures,
    "signatures_suppression": make_suppressions,
}


@pytest.fixture
def client(db: None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("reader"))
    return client


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(captured)


def test_each_list_asks_as_often_for_thirty_rows_as_for_one(client: Client) -> None:
    campaign = make_campaign()
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert set(ROWS) == names
    found: dict[str, tuple[int, int]] = {}
    for name, make in ROWS.items():
        url = reverse(f"admin:{name}_changelist")
        make(campaign, 1)
        one = queries(client, url)
        make(campaign, 29)
        found[name] = one, queries(client, url)
        assert found[name][1] <= MOST, name

    assert {name: counts for name, counts in found.items() if counts[0] != counts[1]} == {}
    make_campaigns(campaign, 29)
    make_acts(campaign, 29)
    assert queries(client, "/admin/") <= MOST * 2


def test_a_signature_with_thirty_events_asks_as_often_as_one_with_one(client: Client) -> None:
    campaign = make_campaign()
    (row,) = make_rows(campaign, 1)
    url = reverse("admin:signatures_signature_change", args=[row.pk])

    def happen(n: int) -> None:
        for _ in range(n):
            make_acts(campaign, 1)
            act = ModerationAct.objects.latest("pk")
            ModeratedSignature.objects.create(act=act, signature=row, before="clear")
            ConsentEvent.objects.create(
                signature=row, kind="news_on", consent=consent_of(campaign), visibility="secret"
            )

    happen(1)
    client.get("/admin/")  # content types are asked for once in a process
    client.get(url)
    one = queries(client, url)
    happen(29)

    assert queries(client, url) == one


def test_the_signals_of_thirty_signatures_ask_as_often_as_those_of_one(client: Client) -> None:
    campaign = make_campaign()
    url = reverse("admin:signatures_rule_signals")
    client.get("/admin/")

    def make(n: int) -> int:
        for row in make_rows(campaign, n):
            Doubt.objects.create(signature=row, kind="crowd")
        return queries(client, url)

    assert make(1) == make(29) <= MOST


def test_lists_count_up_to_a_bound_and_say_that_there_are_more(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("signatures.admin.lists.BOUND", 120)
    campaign = make_campaign()
    make_rows(campaign, 120)
    url = reverse("admin:signatures_signature_changelist")
    assert "More than" not in client.get(url).content.decode()
    make_rows(campaign, 80)

    page = client.get(url)

    assert (page.context["cl"].result_count, page.context["cl"].paginator.num_pages) == (120, 3)
    assert "More than 120: the list ends there." in page.content.decode()
    assert "more than 120 results" in client.get(f"{url}?q=row").content.decode()
    assert len(client.get(f"{url}?p=3").context["cl"].result_list) == 20
    assert client.get(f"{url}?p=4").status_code == 302
    newest = Signature.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)
    rows = [row.pk for n in (1, 2, 3) for row in client.get(f"{url}?p={n}").context["cl"].result_list]
    assert rows == list(newest[:120])
    # Of few that match, the order is the same by another way.
    some = client.get(f"{url}?q=row+1&p=1").context["cl"]
    assert 50 < some.result_count < 120
    assert [row.pk for row in some.result_list] == [pk for pk in newest if "1" in Signature.objects.get(pk=pk).name][
        :50
    ]

"""What the mail provider reports later: who believes it, what follows from it, and that nothing follows twice.

Each report is posted as its provider posts it, signed where it signs, and read by anymail's own view.
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign
from petition_site.local.processes import until
from signatures import addresses, letters, limits, reports, services, suppression, tally
from signatures.instruments import LETTERS_REPORTED
from signatures.models import FunnelTally, Letter, Retraction, Signature, Suppression
from tests.helpers import make_campaign, make_signature
from tests.promises.visitor import Visitor
from tests.provider import REPORTS, SECRET, basic, bounced, reporting_by, signed, tell, webhook
from tests.signatures.test_concurrency import at_once
from tests.site.serving import serving
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db
SEEN_BY_OTHERS = pytest.mark.django_db(transaction=True)

ANA = "ana@example.org"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


def counted(kind: str) -> float:
    return LETTERS_REPORTED.labels(kind)._value.get()


def steps() -> dict[str, int]:
    """Of all providers and days; what is nought is left out."""
    tally.fold()
    sums: dict[str, int] = {}
    for row in FunnelTally.objects.all():
        sums[row.step] = sums.get(row.step, 0) + row.n
    return {step: n for step, n in sums.items() if n}


def rows() -> list[object]:
    """All that a report may change."""
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Letter, Signature, Suppression, Retraction, FunnelTally)
    ]


def against(email: str) -> list[str]:
    found = Suppression.objects.filter(fingerprint=addresses.suppression_fingerprint(email))
    return list(found.order_by("reason").values_list("reason", flat=True))


# What each provider says, in the shape of its own documentation; `None`: nothing follows.


def brevo(event: str, **said: Any) -> dict[str, Any]:
    return {"event": event, "email": ANA, "ts_epoch": int(timezone.now().timestamp() * 1000), **said}


def mailersend(kind: str, morph: str = "") -> dict[str, Any]:
    morphed = {"morph": {"object": morph, "reason": "said"}} if morph else {}
    data = {"type": kind, "created_at": timezone.now().isoformat(), "email": {"recipient": {"email": ANA}}}
    return {"type": f"activity.{kind}", "data": {**data, **morphed}}


def mailgun(event: str, severity: str = "permanent", message: str = "", **said: Any) -> dict[str, Any]:
    status = {"delivery-status": {"code": 550, "message": message}}
    return {
        "event": event,
        "severity": severity,
        "recipient": ANA,
        "timestamp": timezone.now().timestamp(),
        "message": {"headers": {"message-id": "1@mg.example.org"}},
        **status,
        **said,
    }


def mailjet(event: str, **said: Any) -> list[dict[str, Any]]:
    return [{"event": event, "time": int(timezone.now().timestamp()), "MessageID": 1, "email": ANA, **said}]


def complaint() -> dict[str, Any]:
    return {
        "RecordType": "SpamComplaint",
        "Type": "SpamComplaint",
        "Email": ANA,
        "BouncedAt": timezone.now().isoformat(),
    }


def suppressed_at_postmark(why: str) -> dict[str, Any]:
    return {
        "RecordType": "SubscriptionChange",
        "SuppressSending": True,
        "SuppressionReason": why,
        "Recipient": ANA,
        "ChangedAt": timezone.now().isoformat(),
    }


def sparkpost(kind: str, **said: Any) -> list[dict[str, Any]]:
    event = {"type": kind, "raw_rcpt_to": ANA, "timestamp": str(int(timezone.now().timestamp())), **said}
    return [{"msys": {"message_event": event}}]


SAID: list[tuple[str, Callable[[], Any], str]] = [
    ("brevo", lambda: brevo("hard_bounce", reason="550 5.1.1 unknown"), "bounced"),
    ("brevo", lambda: brevo("invalid_email"), "bounced"),
    ("brevo", lambda: brevo("soft_bounce", reason="550 5.1.1 unknown"), "deferred"),
    ("brevo", lambda: brevo("hard_bounce", reason="554 5.7.1 policy"), "refused"),
    ("brevo", lambda: brevo("blocked"), "refused"),
    ("brevo", lambda: brevo("spam"), "complained"),
    ("brevo", lambda: brevo("unsubscribe"), "unsubscribed"),
    ("brevo", lambda: brevo("deferred"), "deferred"),
    ("brevo", lambda: brevo("something_new"), "other"),
    ("mailersend", lambda: mailersend("hard_bounced", "recipient_bounce"), "bounced"),
    ("mailersend", lambda: mailersend("soft_bounced", "recipient_bounce"), "deferred"),
    ("mailersend", lambda: mailersend("spam_complaint", "spam_complaint"), "complained"),
    ("mailersend", lambda: mailersend("delivered"), "other"),
    ("mailgun", lambda: mailgun("failed", message="5.1.1 The account does not exist", reason="bounce"), "bounced"),
    ("mailgun", lambda: mailgun("failed", message="", reason="suppress-bounce"), "bounced"),
    ("mailgun", lambda: mailgun("failed", message="", reason="suppress-complaint"), "refused"),
    ("mailgun", lambda: mailgun("failed", message="5.7.1 Looks like spam", reason="bounce"), "refused"),
    ("mailgun", lambda: mailgun("failed", message="4.4.1 Too old", reason="bounce"), "refused"),
    ("mailgun", lambda: mailgun("failed", "temporary", message="4.2.2 Mailbox full", reason="generic"), "deferred"),
    ("mailgun", lambda: mailgun("complained"), "complained"),
    ("mailgun", lambda: mailgun("unsubscribed"), "unsubscribed"),
    ("mailgun", lambda: mailgun("opened"), "other"),
    ("mailjet", lambda: mailjet("bounce", hard_bounce=True, error="user unknown"), "bounced"),
    ("mailjet", lambda: mailjet("bounce", hard_bounce=False, error="quota exceeded"), "deferred"),
    ("mailjet", lambda: mailjet("blocked", error="preblocked"), "refused"),
    ("mailjet", lambda: mailjet("spam"), "complained"),
    ("mailjet", lambda: mailjet("unsub"), "unsubscribed"),
    ("mailjet", lambda: mailjet("sent"), "other"),
    ("postmark", lambda: bounced(ANA), "bounced"),
    ("postmark", lambda: bounced(ANA, "BadEmailAddress", ""), "bounced"),
    ("postmark", lambda: bounced(ANA, "HardBounce", "smtp;550 5.7.1 Not from you"), "refused"),
    ("postmark", lambda: bounced(ANA, "Blocked", "smtp;550 5.7.1 Listed"), "refused"),
    ("postmark", lambda: bounced(ANA, "SoftBounce", "smtp;552 5.2.2 Over quota"), "deferred"),
    ("postmark", lambda: bounced(ANA, "Transient", "smtp;451 4.7.1 Later"), "deferred"),
    ("postmark", complaint, "complained"),
    ("postmark", lambda: suppressed_at_postmark("ManualSuppression"), "unsubscribed"),
    ("postmark", lambda: suppressed_at_postmark("HardBounce"), "bounced"),
    ("postmark", lambda: {"RecordType": "Open", "Recipient": ANA}, "other"),
    ("postmark", lambda: {"RecordType": "SomethingNew", "Email": ANA}, "other"),
    ("postmark", lambda: {"RecordType": "Bounce", "Type": "HardBounce"}, "other"),  # of nobody
    ("postmark", lambda: bounced(ANA) | {"Email": [ANA, "@"]}, "other"),
    ("sparkpost", lambda: sparkpost("bounce", bounce_class="10", raw_reason="550 5.1.1 unknown"), "bounced"),
    ("sparkpost", lambda: sparkpost("out_of_band", bounce_class="30"), "bounced"),
    ("sparkpost", lambda: sparkpost("bounce", bounce_class="22", raw_reason="552 5.2.2 full"), "deferred"),
    ("sparkpost", lambda: sparkpost("bounce", bounce_class="51", raw_reason="550 blocked"), "bounced"),
    ("sparkpost", lambda: sparkpost("bounce", bounce_class="51"), "refused"),
    ("sparkpost", lambda: sparkpost("policy_rejection", raw_reason="550 5.7.1 policy"), "refused"),
    ("sparkpost", lambda: sparkpost("spam_complaint"), "complained"),
    ("sparkpost", lambda: sparkpost("list_unsubscribe"), "unsubscribed"),
    ("sparkpost", lambda: sparkpost("delay"), "deferred"),
]
FOLLOWS = {"bounced": ["bounced"], "complained": ["unsubscribed"], "unsubscribed": ["unsubscribed"]}


@pytest.mark.parametrize(("name", "event", "kind"), SAID, ids=[f"{n}-{row[0]}-{row[2]}" for n, row in enumerate(SAID)])
def test_what_a_provider_says_is_understood_and_what_follows_does_not_follow_twice(
    campaign: Campaign, name: str, event: Callable[[], Any], kind: str
) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    said, before = event(), counted(kind)

    assert tell(name, said).status_code == 200
    assert counted(kind) == before + 1
    assert against(ANA) == FOLLOWS.get(kind, [])
    is_lost = kind in ("bounced", "refused")
    letter = Letter.objects.get()
    assert (letter.state, letter.error) == (("failed", f"reported {kind}") if is_lost else ("sent", ""))
    assert steps() == ({"bounced": 1} if is_lost else {"sent": 1})
    assert Retraction.objects.count() == (against(ANA) == ["unsubscribed"])

    after = rows()
    assert tell(name, said).status_code == 200  # as providers do where an answer was lost
    assert counted(kind) == before + 2
    steps()
    assert rows() == after


def test_who_has_bounced_gets_no_letter_and_who_complains_gets_what_they_ask_for(campaign: Campaign) -> None:
    for email in ("gone@example.org", "tired@example.org"):
        make_signature(campaign, email=email)
    letters.send_due()
    tell("postmark", bounced("gone@example.org"))
    tell("postmark", complaint() | {"Email": "tired@example.org"})

    elsewhere = make_campaign("land-for-all")
    # Under any tag, and however the provider spells it.
    make_signature(elsewhere, email="Gone+news@Example.org")
    make_signature(elsewhere, email="tired@example.org")
    assert list(Letter.objects.filter(campaign=elsewhere).order_by("pk").values_list("state", flat=True)) == [
        "suppressed",
        "waiting",
    ]
    assert suppression.stops("tired@example.org", Letter.Kind.RECEIPT)


def test_nothing_follows_from_a_report_about_somebody_else_s_mail(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()

    def answer(event: Any) -> tuple[int, bytes, dict[str, str]]:
        response = tell("postmark", event)
        moments = dict.fromkeys(("Expires", "X-Request-ID"), "")
        return response.status_code, response.content, dict(response.items()) | moments

    known = answer(bounced(ANA))
    steps()
    before = rows()
    unknown = [answer(bounced("nobody@example.net")), answer(complaint() | {"Email": "nobody@example.net"})]

    assert against(ANA) == ["bounced"]
    assert unknown == [known, known]
    assert rows() == before


def test_a_report_that_is_a_week_old_is_somebody_s_who_has_kept_it(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    before = counted("stale")

    assert tell("postmark", bounced(ANA, ago=8 * 24 * 60 * 60)).status_code == 200

    assert counted("stale") == before + 1
    assert against(ANA) == []


def test_a_report_says_nothing_of_letters_that_were_written_after_it(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    tell("postmark", bounced(ANA, "Blocked", ago=2 * 60 * 60))

    assert Letter.objects.get().state == "sent"


def test_a_report_again_makes_a_refusal_last_no_longer_and_renews_one_that_has_lapsed(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    tell("postmark", bounced(ANA))
    for days, is_renewed in ((29, False), (31, True)):
        since = timezone.now() - timedelta(days=days)
        Suppression.objects.update(made_at=since)
        tell("postmark", bounced(ANA))
        assert (Suppression.objects.get().made_at != since) is is_renewed


def test_whoever_has_confirmed_had_the_letter_whatever_bounces_later(campaign: Campaign) -> None:
    signature = make_signature(campaign, email=ANA)
    letters.send_due()
    services.confirm(signature_id=signature.pk)
    letters.send_due()

    tell("postmark", bounced(ANA))

    assert set(Letter.objects.values_list("kind", "state")) == {("confirmation", "sent"), ("receipt", "sent")}
    assert steps() == {"sent": 1, "confirmed": 1}
    assert against(ANA) == ["bounced"]


def test_only_the_first_letter_of_an_attempt_takes_it_back(campaign: Campaign) -> None:
    """On the day on which it was counted."""
    signature = make_signature(campaign, email="ana@gmail.com")
    letters.send_due()
    services.resend(campaign=campaign, language="en", signature_id=signature.pk)
    make_signature(campaign, email="ana@gmail.com", name="Another name")
    letters.send_due()
    assert steps() == {"sent": 2}
    yesterday = timezone.now() - timedelta(days=1)
    Letter.objects.update(sent_at=yesterday, created_at=yesterday)
    FunnelTally.objects.update(day=timezone.localdate(yesterday))

    tell("postmark", bounced("ana@gmail.com"))

    assert set(Letter.objects.values_list("state", flat=True)) == {"failed"}
    steps()
    assert {(row.day, row.provider, row.step): row.n for row in FunnelTally.objects.all()} == {
        (timezone.localdate(yesterday), "gmail", "sent"): 0,
        (timezone.localdate(), "gmail", "bounced"): 2,
    }


def test_staff_can_have_it_tried_again_and_it_is_counted_anew(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    tell("postmark", bounced(ANA))
    assert steps() == {"bounced": 1}
    Suppression.objects.all().delete()  # lifted by an administrator
    with transaction.atomic():
        services.resending.outbox.send_once_more(Letter.objects.get(), to=ANA)
    letters.send_due()
    assert steps() == {"bounced": 1, "sent": 1}

    tell("postmark", bounced(ANA))

    assert steps() == {"bounced": 2}


def test_what_was_taken_back_is_not_taken_back_again(campaign: Campaign) -> None:
    """Where the letter is under way once more, and has not been counted anew."""
    make_signature(campaign, email=ANA)
    letters.send_due()
    tell("postmark", bounced(ANA))
    Suppression.objects.all().delete()
    with transaction.atomic():
        services.resending.outbox.send_once_more(Letter.objects.get(), to=ANA)
    assert len(letters.claim(uuid.uuid4())) == 1

    tell("postmark", bounced(ANA))

    assert Letter.objects.get().state == "failed"
    assert steps() == {"bounced": 2}


# Beside others


@SEEN_BY_OTHERS
def test_a_letter_that_is_reported_while_it_is_under_way_is_not_marked_sent(server: Server, campaign: Campaign) -> None:
    """A provider may report before our worker has noted that it took the letter."""
    make_signature(campaign, email=ANA)
    server.seconds_at_data = 1
    worker = threading.Thread(target=lambda: (letters.send_due(), connections.close_all()))
    worker.start()
    assert until(lambda: Letter.objects.filter(lease__isnull=False).exists(), 10)

    assert tell("postmark", bounced(ANA)).status_code == 200
    worker.join()

    letter = Letter.objects.get()
    assert (letter.state, letter.error, letter.to, letter.lease) == ("failed", "reported bounced", "", None)
    assert len(server.arrived) == 1
    assert steps() == {"bounced": 1}


@SEEN_BY_OTHERS
def test_the_same_report_many_times_at_once_is_one(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    said = [bounced(ANA), complaint() | {"Email": ANA}]
    with reporting_by("postmark"):
        bodies = [signed("postmark", event) for event in said] * 4

        def post(body: str, headers: dict[str, str]) -> int:
            return Client().post(REPORTS, body, content_type="application/json", headers=headers).status_code

        assert at_once([lambda one=one: post(*one) for one in bodies]) == [200] * 8

    assert against(ANA) == ["bounced", "unsubscribed"]
    assert Retraction.objects.count() == 1
    assert steps() == {"bounced": 1}


@SEEN_BY_OTHERS
def test_two_reports_of_one_address_go_one_after_the_other(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    fingerprint = addresses.suppression_fingerprint(ANA)
    body, headers = signed("postmark", complaint())

    def post() -> None:
        Client().post(REPORTS, body, content_type="application/json", headers=headers)
        connections.close_all()

    def is_waited_for() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            return bool(cursor.fetchone()[0])

    with reporting_by("postmark"):
        other = threading.Thread(target=post)
        with transaction.atomic():
            reports.suppress(fingerprint, Suppression.Reason.UNSUBSCRIBED)
            other.start()
            assert until(is_waited_for, 10)
        other.join()

    assert Retraction.objects.count() == 1


@SEEN_BY_OTHERS
@pytest.mark.parametrize("leaves", ["erased", "confirmed"])
def test_a_report_and_whoever_leaves_or_confirms_at_that_moment_do_not_lock_each_other_up(
    campaign: Campaign, leaves: str
) -> None:
    people = [make_signature(campaign, email=f"p{n}@example.org") for n in range(8)]
    letters.send_due()
    act = services.erase if leaves == "erased" else services.confirm
    with reporting_by("postmark"):
        posts = [signed("postmark", bounced(person.email)) for person in people]

        def post(body: str, headers: dict[str, str]) -> int:
            return Client().post(REPORTS, body, content_type="application/json", headers=headers).status_code

        acts = [lambda person=person: act(signature_id=person.pk) for person in people]
        answers = at_once([*[lambda one=one: post(*one) for one in posts], *acts])

    assert answers[:8] == [200] * 8
    if leaves == "erased":
        assert not Signature.objects.exists()
        assert not Letter.objects.filter(signature__isnull=False).exists()
    else:
        assert Signature.objects.confirmed().count() == 8
        # Whichever came first: nobody is counted as bounced who was confirmed before.
        found = steps()
        assert found["confirmed"] == 8
        assert found.get("sent", 0) + found.get("bounced", 0) == 8


# Who is believed

NOT_BELIEVED: list[tuple[str, str, dict[str, str]]] = [
    ("no secret", "postmark", {"Authorization": ""}),
    ("another secret", "postmark", {"Authorization": basic("provider:" + "x" * 50)}),
    ("the secret without its name", "postmark", {"Authorization": basic(SECRET.partition(":")[2])}),
    ("the secret and more", "postmark", {"Authorization": basic(SECRET + "x")}),
    ("the secret as a bearer's", "postmark", {"Authorization": basic().replace("Basic", "Bearer")}),
    ("what is not Base64", "postmark", {"Authorization": "Basic ñ%%"}),
    ("a signature without the secret", "mailersend", {"Authorization": ""}),
    ("the secret without a signature", "mailersend", {"Signature": ""}),
    ("a signature that is none", "mailersend", {"Signature": "ñ"}),
    ("a signature without the secret, of Mailgun", "mailgun", {"Authorization": ""}),
]


@pytest.mark.parametrize(("name", "changed"), [row[1:] for row in NOT_BELIEVED], ids=[row[0] for row in NOT_BELIEVED])
def test_whoever_lacks_secret_or_signature_changes_nothing_and_learns_nothing(
    campaign: Campaign, name: str, changed: dict[str, str]
) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    steps()
    before = rows()
    event = {"mailersend": lambda: mailersend("hard_bounced"), "mailgun": lambda: mailgun("failed")}
    body, headers = signed(name, event.get(name, lambda: bounced(ANA))())
    kinds = [counted(kind) for kind in reports.Kind]

    with reporting_by(name):
        response = Client().post(REPORTS, body, content_type="application/json", headers=headers | changed)
        empty = Client().post(REPORTS, "", content_type="application/json", headers={"Authorization": ""})

    assert response.status_code == empty.status_code == 403
    assert response.content == empty.content
    assert rows() == before
    assert [counted(kind) for kind in reports.Kind] == kinds


@pytest.mark.parametrize("name", ["mailgun", "mailersend"])
def test_a_report_that_was_signed_with_another_key_is_not_believed(campaign: Campaign, name: str) -> None:
    event = mailgun("failed", reason="bounce") if name == "mailgun" else mailersend("hard_bounced")
    make_signature(campaign, email=ANA)
    body, headers = signed(name, event, key="another")

    with reporting_by(name):
        assert Client().post(REPORTS, body, content_type="application/json", headers=headers).status_code == 403
    assert against(ANA) == []


def test_a_report_that_was_changed_after_it_was_signed_is_not_believed(campaign: Campaign) -> None:
    make_signature(campaign, email=ANA)
    body, headers = signed("mailersend", mailersend("soft_bounced", "recipient_bounce"))

    with reporting_by("mailersend"):
        changed = body.replace("soft_bounced", "hard_bounced")
        assert Client().post(REPORTS, changed, content_type="application/json", headers=headers).status_code == 403
    assert against(ANA) == []


def test_there_is_no_such_address_without_a_provider_or_without_a_secret(settings: Any) -> None:
    body, headers = signed("postmark", bounced(ANA))

    def post() -> int:
        return Client().post(REPORTS, body, content_type="application/json", headers=headers).status_code

    assert post() == 404
    settings.MAIL_WEBHOOK = "postmark"
    assert post() == 404
    with reporting_by("postmark"):
        assert post() == 200
        assert Client().get(REPORTS).status_code == 405


# What cannot be read

UNREADABLE = {
    "nothing": "",
    "no JSON": "{",
    "half a letter": b"\xc3",
    "a list": "[]",
    "a list of words": '["x"]',
    "a number": "7",
    "null": "null",
    "deep": "[" * 100_000,
    "a moment that is none": json.dumps(bounced(ANA) | {"BouncedAt": 7}),
    "an inbound letter": json.dumps({"FromFull": {"Email": ANA}}),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_makes_no_sense_is_refused_and_counted_and_leaves_no_word_in_the_log(
    campaign: Campaign, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_signature(campaign, email=ANA)
    before = counted("unreadable")

    with reporting_by("postmark"):
        response = Client().post(REPORTS, body, content_type="application/json", headers={"Authorization": basic()})

    assert response.status_code == 400
    assert counted("unreadable") == before + 1
    assert against(ANA) == []
    said = [record.getMessage() for record in caplog.records if record.name.startswith("signatures")]
    assert len(said) == 1
    assert "ana@" not in caplog.text


def test_a_report_that_is_too_large_is_not_read(settings: Any) -> None:
    large = json.dumps(bounced(ANA) | {"Details": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})

    with reporting_by("postmark"):
        response = Client().post(REPORTS, large, content_type="application/json", headers={"Authorization": basic()})

    assert response.status_code == 413


def test_many_reports_from_one_address_are_all_taken(campaign: Campaign, settings: Any) -> None:
    """No limit of visitors holds for the provider."""
    cache.clear()
    limits.here.counts.clear()
    settings.LIMITS = {name: settings.LIMITS[name]._replace(times=1) for name in settings.LIMITS}
    events = [
        event
        for n in range(6)
        for event in mailjet("bounce", hard_bounce=True, error="user unknown", email=f"p{n}@example.org")
    ]
    for n in range(6):
        make_signature(campaign, email=f"p{n}@example.org")

    assert [tell("mailjet", events[n]).status_code for n in range(6)] == [200] * 6
    assert Suppression.objects.count() == 6
    assert tell("mailjet", events).status_code == 200  # grouped, as Mailjet does when asked to
    assert Suppression.objects.count() == 6


def test_no_log_names_whom_a_report_is_about_and_no_statement_reads_their_address(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_signature(campaign, email=ANA)
    letters.send_due()
    caplog.clear()

    with CaptureQueriesContext(connection) as queries:
        tell("postmark", bounced(ANA, details="smtp;550 5.1.1 <ana@example.org> No such user"))

    assert against(ANA) == ["bounced"]
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert "ana@" not in " ".join(told)
    assert not [query["sql"] for query in queries if "ana@" in query["sql"]]


@SEEN_BY_OTHERS
def test_a_report_reaches_a_site_that_runs_as_in_production(campaign: Campaign, tmp_path: Path) -> None:
    make_signature(campaign, email=ANA)
    letters.send_due()
    body, headers = signed("mailgun", mailgun("failed", message="5.1.1 No such user", reason="bounce"))
    headers["Content-Type"] = "application/json"

    with serving(tmp_path / "log", MAIL_WEBHOOK=webhook("mailgun")) as site:

        def post(**changed: str) -> int:
            return Visitor(site.url).ask("POST", REPORTS, body, headers=headers | changed).status

        assert post(Authorization=basic("provider:x")) == 403
        assert against(ANA) == []
        assert post() == 200
        assert post() == 200

    assert against(ANA) == ["bounced"]
    assert Letter.objects.get().error == "reported bounced"
    assert "ana@" not in (tmp_path / "log").read_text()

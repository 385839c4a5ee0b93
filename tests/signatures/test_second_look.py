"""A second look: asked for in one click by whoever is held or rejected, once for each decision, and answered."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from campaigns.models import Campaign
from petition_site.env import Rate
from signatures import holdings, limits, reasons, services, tally, tokens
from signatures.models import BulkJob, Doubt, ModerationAct, Signature
from signatures.reasons import Reason
from signatures.services import Why, bulk
from tests.helpers import log_in, make_campaign, make_rows, make_signature, page_of

QUEUE = "/admin/signatures/queuedsignature/"
OFFER = "Ask for a second look"
ASKED = "Somebody will look at it, and you read the outcome on your own page."
AGAIN = "You asked for a second look. It was looked at again on"
VERBS = {"hold": services.hold, "reject": services.reject, "release": services.release, "restore": services.restore}


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    limits.here.counts.clear()
    return make_campaign()


@pytest.fixture
def ana(campaign: Campaign) -> Signature:
    return make_signature(campaign, name="Ana Example", is_confirmed=True)


@pytest.fixture
def moderator(db: None) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("moderator"))
    return client


def decide(verb: str, reason: str = "insult") -> None:
    VERBS[verb](signatures=Signature.objects.all(), reason=reason, staff=None)


def ask(client: Client, signature: Signature) -> int:
    return client.post(f"{page_of(signature)}second-look/").status_code


def read(client: Client, signature: Signature) -> str:
    return client.get(page_of(signature)).content.decode()


def queued(client: Client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(f"{QUEUE}{query}").context["cl"].result_list]


@pytest.mark.parametrize("state", ["confirmed", "pending"])
@pytest.mark.parametrize("moderation", ["held", "rejected"])
def test_each_reason_is_a_sentence_in_the_signers_language(state: str, moderation: str) -> None:
    """Whatever holds or rejects: a fixed reason of staff, a rule, or signals."""
    for reason in [*(set(Reason) - {Reason.FOUND_GOOD}), reasons.RULE, reasons.SIGNALS]:
        signature = Signature(pk=1, state=state, moderation=moderation, moderation_reason=str(reason))
        said = {}
        for language in ("en", "es"):
            with override(language):
                said[language] = str(reasons.for_signer(signature.moderation_reason)), str(holdings.state_of(signature))
        assert all(sentence.endswith(".") for pair in said.values() for sentence in pair), reason
        assert reason not in said["en"]
        assert said["en"][1] != "Waiting for your confirmation."


def test_nobody_is_held_or_rejected_because_they_were_found_good(moderator: Client, ana: Signature) -> None:
    for action, n in (("hold", 0), ("reject", 0), ("release", 1)):
        moderator.post("/admin/signatures/signature/bulk/", {"action": action, "reason": "found_good"})
        assert BulkJob.objects.count() == n


@pytest.mark.parametrize("verb", ["hold", "reject"])
def test_one_click_brings_it_into_the_queue_and_the_page_says_that_it_was_asked_for(
    client: Client, moderator: Client, campaign: Campaign, ana: Signature, verb: str
) -> None:
    (other,) = make_rows(campaign, 1)
    decide(verb)
    assert read(client, ana).count(OFFER) == 1
    assert (ana.pk in queued(moderator)) == (verb == "hold")

    assert ask(client, ana) == 303

    html = read(client, ana)
    assert (OFFER in html, ASKED in html) == (False, True)
    assert ana.pk in queued(moderator)
    assert queued(moderator, "?doubt=second_look") == [ana.pk]
    assert (other.pk in queued(moderator)) == (verb == "hold")
    assert "its signer asks for a second look" in moderator.get(QUEUE).content.decode()


def test_it_is_one_request_for_each_decision(client: Client, ana: Signature) -> None:
    decide("reject")
    for _ in range(3):
        assert ask(client, ana) == 303
    asked = Doubt.objects.get()
    Doubt.objects.update(made_at=timezone.now() - timedelta(days=2))
    ask(client, ana)
    assert Doubt.objects.get().made_at < timezone.now() - timedelta(days=1)

    decide("reject", "made_up")

    assert Doubt.objects.get().settled_by == ModerationAct.objects.first()
    ask(client, ana)
    again = Doubt.objects.get()
    assert (again.pk, again.settled_at, again.settled_by) == (asked.pk, None, None)
    assert again.made_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        ("hold", "release", "Counted."),
        ("reject", "restore", "Counted."),
        ("hold", "hold", "Held for review. It is not counted until somebody has looked at it."),
        ("hold", "reject", "Not counted: it was rejected in review."),
        ("reject", "reject", "Not counted: it was rejected in review."),
        ("reject", "hold", "Held for review. It is not counted until somebody has looked at it."),
    ],
)
def test_the_signer_reads_the_outcome(client: Client, ana: Signature, first: str, then: str, outcome: str) -> None:
    decide(first)
    ask(client, ana)
    is_good = then in ("release", "restore")

    decide(then, "found_good" if is_good else "duplicate")

    html = read(client, ana)
    assert f"<strong>{outcome}</strong>" in html
    assert ("you have signed under another address" in html) != is_good
    assert (AGAIN in html, OFFER in html, ASKED in html) == (not is_good, not is_good, False)
    assert tally.count(ana.campaign_id) == int(is_good)
    assert not Doubt.objects.open().exists()


def leave(signature: Signature) -> None:
    decide("reject")
    services.withdraw(signature_id=signature.pk)


@pytest.mark.parametrize("before", [lambda signature: None, leave], ids=["counted", "withdrawn"])
def test_who_has_nothing_to_ask_for_opens_nothing(
    client: Client, ana: Signature, before: Callable[[Signature], None]
) -> None:
    before(ana)

    assert OFFER not in read(client, ana)
    assert ask(client, ana) == 303
    assert not Doubt.objects.exists()


def test_one_network_asks_so_often_and_no_more(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make_signature(campaign, is_confirmed=True) for _ in range(3)]
    decide("reject")
    monkeypatch.setitem(settings.LIMITS, "second_look", Rate(2, 3600))

    statuses = [ask(client, row) for row in (rows[0], rows[0], rows[1], rows[2])]
    elsewhere = Client(REMOTE_ADDR="192.0.2.7").post(f"{page_of(rows[2])}second-look/").status_code

    # Pressed twice, it counts once.
    assert statuses == [303, 303, 303, 429]
    assert elsewhere == 303
    assert Doubt.objects.count() == 3


def test_whoever_has_just_confirmed_is_told_and_can_ask_at_once(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Example")
    Signature.objects.update(moderation="held", moderation_reason=reasons.SIGNALS)
    url = "/en/water-for-all/thanks/"
    assert client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/").status_code == 303

    html = client.get(url).content.decode()
    assert "<strong>Held for review. It is not counted until somebody has looked at it.</strong>" in html
    assert "in a way that programs sign" in html
    assert "/signature/" not in re.sub(r'href="[^"]*/water-for-all/signature/"', "", html)  # no key to the page
    for other in (Client(), Client(headers={"Cookie": "confirmed=x"})):
        assert OFFER not in other.get(url).content.decode()
        other.post(url, {"second_look": "ask"})
    assert not Doubt.objects.exists()
    assert client.post(url, {"second_look": "ask"}).status_code == 303

    signature.refresh_from_db()
    assert [doubt.kind for doubt in Doubt.objects.open()] == ["second_look"]
    assert signature.visibility == "delivered"
    assert ASKED in client.get(url).content.decode()


def test_in_the_queue_the_rejected_are_restored_or_stay_so(moderator: Client, campaign: Campaign) -> None:
    good, bad, quiet = (make_signature(campaign, is_confirmed=True) for _ in range(3))
    decide("reject")
    for row in (good, bad):
        services.ask_for_second_look(signature_id=row.pk)
    Doubt.objects.filter(signature=good).update(made_at=timezone.now() - timedelta(hours=5))
    assert queued(moderator) == [good.pk, bad.pk]
    assert re.findall(r'field-waiting">([^<]*)<', moderator.get(QUEUE).content.decode()) == [
        "5\xa0hours",
        "0\xa0minutes",
    ]

    for action, row, reason in (("restore", good, "found_good"), ("reject", bad, "made_up")):
        moderator.post(QUEUE, {"action": action, "_selected_action": str(row.pk), "reason": reason})

    assert queued(moderator) == []
    states = dict(Signature.objects.values_list("pk", "moderation"))
    assert states == {good.pk: "clear", bad.pk: "rejected", quiet.pk: "rejected"}


def test_whom_undoing_clears_asks_for_nothing_any_more_and_whom_it_holds_again_still_does(
    ana: Signature, campaign: Campaign
) -> None:
    staff = User.objects.create_superuser("worker")

    def run(action: str) -> BulkJob:
        job = bulk.prepare(
            signatures=Signature.objects.all(), action=action, why=Why("insult"), matched="", staff=staff
        )
        bulk.begin(job_id=job.pk, staff=staff)
        while bulk.do_next_batch():
            pass
        return job

    def undo(job: BulkJob) -> tuple[str, bool]:
        bulk.undo(job_id=job.pk, staff=staff)
        while bulk.do_next_batch():
            pass
        ana.refresh_from_db()
        return ana.moderation, Doubt.objects.open().asking().exists()

    held = run("hold")
    services.ask_for_second_look(signature_id=ana.pk)
    assert undo(run("release")) == ("held", True)
    assert undo(run("hold")) == ("held", True)
    Signature.objects.update(moderation="clear", moderation_reason="")
    Doubt.objects.all().delete()
    held = run("hold")
    services.ask_for_second_look(signature_id=ana.pk)
    assert undo(held) == ("clear", False)


def test_a_solved_challenge_that_clears_settles_the_request_too(ana: Signature, moderator: Client) -> None:
    for kind in ("crowd", "honeypot"):
        Doubt.objects.create(signature=ana, kind=kind)
    Signature.objects.update(moderation="held", moderation_reason=reasons.SIGNALS)
    services.ask_for_second_look(signature_id=ana.pk)

    services.pass_challenge(campaign=ana.campaign, signature_id=ana.pk)

    assert not Doubt.objects.open().exists()
    assert queued(moderator) == []
    html = moderator.get(f"/admin/signatures/signature/{ana.pk}/change/").content.decode()
    assert html.count("its signer solved a challenge") == 3


def test_the_list_shows_quiet_doubts_and_is_narrowed_by_them(moderator: Client, campaign: Campaign) -> None:
    crowd, settled, _other = make_rows(campaign, 3)
    Doubt.objects.create(signature=crowd, kind="crowd")
    Doubt.objects.create(signature=settled, kind="crowd", settled_at=timezone.now())
    url = "/admin/signatures/signature/"

    html = moderator.get(url).content.decode()
    found = moderator.get(f"{url}?doubt=crowd").context["cl"].result_list

    assert re.findall(r'field-marks">([^<]*)<', html) == ["-", "-", "beyond the limit of its network"]
    assert [row.pk for row in found] == [crowd.pk]
    assert queued(moderator) == []
    assert moderator.get(f"{url}?doubt=%00").status_code == 200

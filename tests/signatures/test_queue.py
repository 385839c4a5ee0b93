"""The queue of what is to be looked at, fixed reasons, and names that are hidden."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tally
from signatures.models import Doubt, ModerationAct, Signature
from signatures.services import Why
from tests.helpers import log_in, make_campaign, make_rows, make_signature, page_of

QUEUE = "/admin/signatures/queuedsignature/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def moderator(db: None) -> Client:
    user = User.objects.create_user("moderator", is_staff=True)
    codes = ("view_signature", "moderate_signature", "view_doubt", "view_moderationact")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def queued(client: Client) -> list[int]:
    return [row.pk for row in client.get(QUEUE).context["cl"].result_list]


def act(client: Client, action: str, row: Signature, **data: str) -> str:
    data = {"action": action, "_selected_action": str(row.pk), **data}
    return str(client.post(QUEUE, data, follow=True).content.decode())


def test_held_and_doubted_signatures_wait_in_it_with_their_reasons_the_oldest_first(
    campaign: Campaign, moderator: Client
) -> None:
    _clear, held, doubted, rejected, left = make_rows(campaign, 5)
    services.hold(signatures=Signature.objects.filter(pk=held.pk), reason="insult", staff=None)
    for row in (doubted, rejected, left):
        Doubt.objects.create(signature=row, kind="burst", detail="60 in ten minutes")
    Signature.objects.filter(pk=rejected.pk).update(moderation="rejected")
    Signature.objects.filter(pk=left.pk).update(state="withdrawn")

    Signature.objects.update(created_at=timezone.now() - timedelta(days=3))
    Doubt.objects.filter(signature=doubted).update(made_at=timezone.now() - timedelta(hours=5))

    html = moderator.get(QUEUE).content.decode()

    assert queued(moderator) == [held.pk, doubted.pk]
    assert re.findall(r'field-waiting">([^<]*)<', html) == ["0\xa0minutes", "5\xa0hours"]
    assert "<h1>Queue: signatures to look at</h1>" in html
    assert "an insult" in html
    assert "many in a short time (60 in ten minutes)" in html


def test_what_is_found_good_leaves_the_queue_and_counts_as_before(campaign: Campaign, moderator: Client) -> None:
    held, doubted = make_rows(campaign, 2)
    services.hold(signatures=Signature.objects.filter(pk=held.pk), reason="insult", staff=None)
    Doubt.objects.create(signature=doubted, kind="network")

    for row in (held, doubted):
        assert "1 signature: release." in act(moderator, "release", row, reason="found_good")

    assert queued(moderator) == []
    assert tally.count(campaign.pk) == 2
    assert Doubt.objects.get().settled_by == ModerationAct.objects.first()


def test_a_rejection_settles_doubts_and_restoring_counts_again(campaign: Campaign, moderator: Client) -> None:
    (row,) = make_rows(campaign, 1)
    Doubt.objects.create(signature=row, kind="network")

    act(moderator, "reject", row, reason="made_up")
    assert (queued(moderator), tally.count(campaign.pk)) == ([], 0)
    services.restore(signatures=Signature.objects.all(), reason="found_good", staff=None)

    row.refresh_from_db()
    assert (row.moderation, row.moderation_reason, tally.count(campaign.pk)) == ("clear", "", 1)


def test_restoring_is_for_the_rejected_and_releasing_for_the_held(campaign: Campaign) -> None:
    held, rejected = make_rows(campaign, 2)
    Signature.objects.filter(pk=held.pk).update(moderation="held")
    Signature.objects.filter(pk=rejected.pk).update(moderation="rejected")

    assert services.restore(signatures=Signature.objects.filter(pk=held.pk), reason="test", staff=None).how_many == 0
    assert services.release(signatures=Signature.objects.filter(pk=rejected.pk), reason="x", staff=None).how_many == 0


def test_signers_read_a_sentence_in_their_language_for_a_fixed_reason(client: Client, campaign: Campaign) -> None:
    signed = make_signature(campaign, is_confirmed=True)
    services.moderate(
        action="reject", signatures=Signature.objects.all(), why=Why("insult", "a curse in Quechua"), staff=None
    )

    english = client.get(page_of(signed)).content.decode()
    spanish = client.get(page_of(signed).replace("/en/", "/es/")).content.decode()

    assert "Reason: The name reads as an insult or a slogan." in english
    assert "Motivo: El nombre" in spanish
    assert "a curse in Quechua" not in english


def test_a_note_reaches_the_signer_only_where_staff_say_so(
    client: Client, campaign: Campaign, moderator: Client
) -> None:
    signed = make_signature(campaign, is_confirmed=True)
    assert "Say in the note what the reason is." in act(moderator, "hold", signed, reason="other")

    words = {"reason": "other", "note": "Please write to us.", "is_note_for_signer": "on"}
    moderator.post(
        "/admin/signatures/signature/", {"action": "hold", "_selected_action": signed.pk, **words}, follow=True
    )

    assert "Reason: Please write to us." in client.get(page_of(signed)).content.decode()
    assert ModerationAct.objects.get().note == "Please write to us."


def test_a_hidden_name_is_not_on_the_page_and_its_signature_counts(client: Client, campaign: Campaign) -> None:
    shown, hidden = (
        make_signature(campaign, is_confirmed=True, name=name, visibility="delivered")
        for name in ("Ana Example", "Rosa Example")
    )
    Signature.objects.update(visibility="public")
    rosa = Signature.objects.filter(pk=hidden.pk)

    services.moderate(action="hide", signatures=rosa, why=Why("name"), staff=None)

    page = client.get("/en/water-for-all/").content.decode()
    assert "Ana Example" in page
    assert "Rosa Example" not in page
    assert tally.count(campaign.pk) == 2
    assert "do not show your name" in client.get(page_of(hidden)).content.decode()
    assert "do not show your name" not in client.get(page_of(shown)).content.decode()

    services.moderate(action="show", signatures=rosa, why=Why("found_good"), staff=None)
    assert "Rosa Example" in client.get("/en/water-for-all/").content.decode()


def test_a_signature_shows_staff_its_doubts_and_what_was_done(campaign: Campaign, moderator: Client) -> None:
    (row,) = make_rows(campaign, 1)
    Doubt.objects.create(signature=row, kind="disposable")
    act(moderator, "reject", row, reason="made_up", note="like its neighbours")

    html = moderator.get(f"/admin/signatures/signature/{row.pk}/change/").content.decode()

    assert "address of a throw-away mail domain" in html
    assert "like its neighbours" in html

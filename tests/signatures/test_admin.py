"""What staff see of signatures and do to them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models.functions import Now
from django.test import Client

from campaigns.models import Campaign
from signatures import pace, tally
from signatures.models import ModerationAct, Outbox, Signature
from tests.helpers import log_in, make_campaign, make_rows, make_signature

URL = "/admin/signatures/signature/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def staff(*permissions: str, **fields: object) -> Client:
    user = User.objects.create_user("moderator", password="a password of some length", is_staff=True, **fields)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def act(client: Client, action: str, rows: list[Signature], **data: str) -> object:
    return client.post(URL, {"action": action, "_selected_action": [row.pk for row in rows], **data}, follow=True)


@pytest.mark.parametrize(
    ("action", "before", "after", "counted"),
    [("hold", "clear", "held", 1), ("reject", "clear", "rejected", 1), ("release", "held", "clear", 3)],
)
def test_bulk_actions_ask_for_a_reason_act_count_and_are_logged(
    campaign: Campaign, action: str, before: str, after: str, counted: int
) -> None:
    rows = make_rows(campaign, 2, moderation=before)
    make_rows(campaign, 1, fingerprint=b"x" * 32)
    client = staff("view_signature", "moderate_signature")
    counted_before = tally.count(campaign.pk)

    preview = act(client, action, rows)
    assert "2 signatures" in preview.content.decode()
    assert tally.count(campaign.pk) == counted_before
    reason = "found_good" if action == "release" else "duplicate"
    done = act(client, action, rows, reason=reason)

    assert f"2 signatures: {action}." in done.content.decode()
    assert set(Signature.objects.filter(pk__in=[row.pk for row in rows]).values_list("moderation", flat=True)) == {
        after
    }
    assert tally.count(campaign.pk) == counted
    logged = ModerationAct.objects.get()
    assert (logged.staff.username, logged.action, logged.reason, logged.how_many) == (
        "moderator",
        action,
        reason,
        2,
    )
    assert set(logged.moderated.values_list("signature_id", "before")) == {(row.pk, before) for row in rows}


def test_the_reason_stays_with_the_signature_until_it_is_restored(campaign: Campaign) -> None:
    (row,) = make_rows(campaign, 1)
    client = staff("view_signature", "moderate_signature")

    act(client, "reject", [row], reason="insult")
    row.refresh_from_db()
    assert row.moderation_reason == "insult"
    act(client, "restore", [row], reason="found_good")
    row.refresh_from_db()
    assert row.moderation_reason == ""


def test_staff_withdraw_for_signers_who_ask_and_an_account_is_left(campaign: Campaign) -> None:
    asked, other = (make_signature(campaign, is_confirmed=True) for _ in range(2))
    client = staff("view_signature", "erase_signature")

    act(client, "withdraw", [asked])
    assert tally.count(campaign.pk) == 2
    act(client, "withdraw", [asked], reason="By letter of 3 May")

    asked.refresh_from_db()
    assert (asked.state, tally.count(campaign.pk)) == ("withdrawn", 1)
    assert asked.consent_events.last().kind == "withdrawn"
    logged = ModerationAct.objects.get()
    assert (logged.action, logged.how_many, logged.reason) == ("withdraw", 1, "By letter of 3 May")
    assert list(logged.moderated.values_list("signature_id", flat=True)) == [asked.pk]
    other.refresh_from_db()
    assert other.state == "confirmed"


def test_staff_erase_for_signers_who_ask_after_a_warning_and_only_the_number_is_kept(campaign: Campaign) -> None:
    asked = make_signature(campaign, is_confirmed=True)
    waiting = make_signature(campaign)
    client = staff("view_signature", "erase_signature")

    preview = act(client, "erase", [asked, waiting])
    assert "This cannot be undone" in preview.content.decode()
    assert Signature.objects.filter(erased_at=None).count() == 2
    act(client, "erase", [asked, waiting], reason="By letter of 3 May")

    asked.refresh_from_db()
    assert (asked.name, asked.email, asked.fingerprint) == ("", "", None)
    assert not Signature.objects.filter(pk=waiting.pk).exists()
    assert tally.count(campaign.pk) == 0
    logged = ModerationAct.objects.get()
    assert (logged.action, logged.how_many) == ("erase", 2)
    assert not logged.moderated.exists()


@pytest.mark.parametrize("action", ["withdraw", "erase"])
def test_moderators_alone_neither_withdraw_nor_erase(campaign: Campaign, action: str) -> None:
    signed = make_signature(campaign, is_confirmed=True)

    act(staff("view_signature", "moderate_signature"), action, [signed], reason="test")

    signed.refresh_from_db()
    assert (signed.state, signed.erased_at) == ("confirmed", None)


def test_a_signature_shows_what_was_agreed_to(campaign: Campaign) -> None:
    signed = make_signature(campaign, is_confirmed=True)

    page = staff("view_signature", "view_consentevent").get(f"{URL}{signed.pk}/change/").content.decode()

    assert "agreed when signing" in page
    assert "confirmed by email" in page


def test_moderation_leaves_withdrawn_signatures_alone(campaign: Campaign) -> None:
    (row,) = make_rows(campaign, 1, state="withdrawn")

    act(staff("view_signature", "moderate_signature"), "reject", [row], reason="test")

    row.refresh_from_db()
    assert row.moderation == "clear"
    assert ModerationAct.objects.get().how_many == 0


def test_actions_are_only_for_those_who_may_moderate(campaign: Campaign) -> None:
    rows = make_rows(campaign, 1)
    client = staff("view_signature", "export_signature")

    act(client, "reject", rows, reason="test")

    assert not ModerationAct.objects.exists()
    assert tally.count(campaign.pk) == 1


def test_staff_see_no_name_and_no_address_of_somebody_counted_only(campaign: Campaign) -> None:
    secret = make_signature(campaign, visibility="secret", email="secret@example.org")
    open_one = make_signature(campaign, name="Ana Example", email="ana@example.org")
    client = staff("view_signature")

    pages = [
        client.get(URL).content.decode(),
        client.get(f"{URL}{secret.pk}/change/").content.decode(),
        client.get(f"{URL}{open_one.pk}/change/").content.decode(),
    ]

    assert "secret@example.org" not in "".join(pages)
    # Nor does a search tell whether they have signed.
    assert client.get(f"{URL}?q=secret%40example.org").context["cl"].result_count == 0
    assert "ana@example.org" in pages[0]
    assert "ana@example.org" in pages[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=Ñahui", 1),
        ("?q=nahui%40example.org", 1),
        ("?q=nahui", 1),
        ("?q=nobody", 0),
        ("?state__exact=pending", 1),
        ("?moderation__exact=held", 0),
    ],
)
def test_search_and_filters_find_signatures(campaign: Campaign, query: str, found: int) -> None:
    make_signature(campaign, name="José Ñahui", email="nahui@example.org")
    make_rows(campaign, 2)

    response = staff("view_signature").get(URL + query)

    assert response.context["cl"].result_count == found


@pytest.mark.parametrize(
    "query", ["email__startswith=s", "name__regex=(", "fingerprint=x", "email=secret%40example.org"]
)
def test_no_filter_in_the_address_finds_by_person(campaign: Campaign, query: str) -> None:
    make_signature(campaign, visibility="secret", email="secret@example.org")

    response = staff("view_signature").get(f"{URL}?{query}", follow=True)

    assert response.redirect_chain or response.status_code == 400


@pytest.mark.parametrize("query", ["state__exact=%00", "created_at__gte=yesterday", "p=x", "all=x", "o=99.z"])
def test_an_address_that_no_page_of_ours_has_sent_is_no_500(campaign: Campaign, query: str) -> None:
    assert staff("view_signature").get(f"{URL}?{query}", follow=True).status_code in (200, 400)


def test_a_choice_of_rows_that_is_none_is_no_500(campaign: Campaign) -> None:
    client = staff("view_signature", "moderate_signature")

    response = client.post(URL, {"action": "hold", "_selected_action": "x", "reason": "test"}, follow=True)

    assert response.status_code == 200
    assert not ModerationAct.objects.exists()


def test_more_than_a_page_at_once_is_left_to_a_job(campaign: Campaign) -> None:
    rows = make_rows(campaign, 1001)
    client = staff("view_signature", "moderate_signature")

    response = act(client, "reject", rows[:1], reason="test", select_across="1")

    assert "use “Act on all that match”" in response.content.decode()
    assert tally.count(campaign.pk) == 1001


def test_nobody_changes_signatures_by_hand(campaign: Campaign) -> None:
    (row,) = make_rows(campaign, 1)
    client = staff(is_superuser=True)

    assert client.get(f"{URL}add/").status_code == 403
    assert client.post(f"{URL}{row.pk}/change/", {"state": "pending"}).status_code == 403
    assert client.post(f"{URL}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("language", "words"), [("es", "Retener las firmas elegidas"), ("en", "Hold the chosen signatures")]
)
def test_the_admin_speaks_spanish_and_english(campaign: Campaign, language: str, words: str) -> None:
    make_rows(campaign, 1)
    client = staff("view_signature", "moderate_signature")

    assert words in client.get(URL, headers={"Accept-Language": language}).content.decode()


def test_the_list_of_letters_says_until_when_sending_is_paused_and_why(campaign: Campaign) -> None:
    client = staff("view_letter")
    words = "because the mail server refuses: SMTP 421 4.7.0"

    assert words not in client.get("/admin/signatures/letter/").content.decode()
    pace.pause("SMTP 421 4.7.0")
    assert words in client.get("/admin/signatures/letter/").content.decode()
    Outbox.objects.update(paused_until=Now())
    assert words not in client.get("/admin/signatures/letter/").content.decode()

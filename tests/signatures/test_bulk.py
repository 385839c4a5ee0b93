"""Acts over all signatures that match a list: frozen, looked at, worked off in batches, cancelled, undone."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import services, tally, tasks
from signatures.models import BulkBatch, BulkJob, Doubt, ModeratedSignature, ModerationAct, Signature
from signatures.services import Why, bulk
from tests.helpers import log_in, make_campaign, make_rows, make_signature

LIST = "/admin/signatures/signature/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BulkJob, "BATCH", 10)


def moderator(name: str = "moderator") -> tuple[Client, User]:
    user = User.objects.create_user(name, is_staff=True)
    codes = ("view_signature", "moderate_signature", "view_bulkjob")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client, user


def prepared(action: str = "reject", **filters: Any) -> BulkJob:
    staff, _is_new = User.objects.get_or_create(username="somebody")
    return bulk.prepare(
        signatures=Signature.objects.filter(**filters), action=action, why=Why("made_up"), matched="", staff=staff
    )


def running(action: str = "reject", **filters: Any) -> BulkJob:
    asked = prepared(action, **filters)
    job = bulk.begin(job_id=asked.pk, staff=asked.staff)
    assert job is not None and job.state == "running"
    return job


def work() -> None:
    while bulk.do_next_batch():
        pass


def recount(campaign: Campaign) -> int:
    return Signature.objects.counted().filter(campaign=campaign).count()


def states() -> dict[int, tuple[Any, ...]]:
    fields = ("state", "moderation", "moderation_reason", "is_name_hidden")
    return {pk: tuple(rest) for pk, *rest in Signature.objects.values_list("pk", *fields)}


def press(client: Client, job: BulkJob, decision: str) -> Any:
    return client.post(f"/admin/signatures/bulkjob/{job.pk}/act/", {"decision": decision}, follow=True)


def test_staff_see_how_many_match_and_some_of_them_before_anything_is_done(campaign: Campaign) -> None:
    make_rows(campaign, 25, country="CL", visibility="public")
    make_rows(campaign, 5, fingerprint=b"x" * 32)
    client, _user = moderator()
    page = client.get(LIST, {"visibility__exact": "public"}).content.decode()
    assert f"{LIST}bulk/?visibility__exact=public" in page

    response = client.post(
        f"{LIST}bulk/?visibility__exact=public",
        {"action": "reject", "reason": "made_up", "note": "same pattern"},
        follow=True,
    )

    html = response.content.decode()
    assert "Start: 25 signatures" in html
    assert "25 of them counted" in html
    assert "visibility__exact = public" in html
    assert html.count("· Chile ·") == 10
    assert tally.count(campaign.pk) == 30
    assert not ModerationAct.objects.exists()


def test_the_set_is_the_one_that_was_looked_at(campaign: Campaign) -> None:
    rows = make_rows(campaign, 12)
    job = running()
    late = make_signature(campaign, is_confirmed=True)

    work()

    job.refresh_from_db()
    assert (job.state, job.how_many, job.act.how_many) == ("done", 12, 12)
    assert set(Signature.objects.filter(moderation="rejected").values_list("pk", flat=True)) == {r.pk for r in rows}
    late.refresh_from_db()
    assert late.moderation == "clear"
    assert not BulkBatch.objects.exists()
    logged = ModerationAct.objects.get()
    assert (logged.staff.username, logged.action, logged.reason) == ("somebody", "reject", "made_up")


def test_at_each_batch_the_count_equals_a_recount_while_signing_goes_on(campaign: Campaign) -> None:
    make_rows(campaign, 35)
    running()
    looks = 0

    while bulk.do_next_batch():
        make_signature(campaign, is_confirmed=True)
        assert tally.count(campaign.pk) == recount(campaign)
        looks += 1

    assert looks == 5  # four batches, and the look that finds none left
    assert tally.count(campaign.pk) == recount(campaign) == 5


def test_cancelling_stops_a_job_after_the_batch_in_hand_and_undoing_puts_that_back(campaign: Campaign) -> None:
    make_rows(campaign, 35)
    before = states()
    client, _user = moderator()
    job = running()
    bulk.do_next_batch()

    html = press(client, job, "cancel").content.decode()
    work()

    assert "Cancelled" in html
    job.refresh_from_db()
    assert (job.state, job.act.how_many) == ("cancelled", 10)
    assert Signature.objects.filter(moderation="rejected").count() == 10

    press(client, job, "undo")
    work()

    job.refresh_from_db()
    assert (job.state, job.undo_act.how_many) == ("undone", 10)
    assert states() == before
    assert tally.count(campaign.pk) == recount(campaign) == 35


def test_undoing_restores_only_what_still_is_as_the_job_left_it(campaign: Campaign) -> None:
    rows = make_rows(campaign, 20)
    held, withdrawn, erased, restored, twice, rest = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5:]
    services.hold(signatures=Signature.objects.filter(pk=held.pk), reason="insult", staff=None)
    held.refresh_from_db()
    doubt = Doubt.objects.create(signature=rest[0], kind="burst")
    job = running()
    work()
    doubt.refresh_from_db()
    assert doubt.settled_at
    # What happens in between: people leave, and a colleague decides anew.
    Signature.objects.filter(pk=withdrawn.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    services.erase(signature_id=erased.pk)
    services.restore(signatures=Signature.objects.filter(pk__in=[restored.pk, twice.pk]), reason="test", staff=None)
    services.reject(signatures=Signature.objects.filter(pk=twice.pk), reason="made_up", staff=None)

    bulk.undo(job_id=job.pk, staff=job.staff)
    work()

    after = states()
    assert after[held.pk] == ("confirmed", "held", "insult", False)
    assert Signature.objects.get(pk=held.pk).held_at == held.held_at is not None
    assert after[withdrawn.pk][:2] == ("withdrawn", "rejected")
    assert after[erased.pk][0] == "withdrawn"
    assert after[restored.pk][1] == "clear"
    assert after[twice.pk][1] == "rejected"
    assert {after[row.pk] for row in rest} == {("confirmed", "clear", "", False)}
    job.refresh_from_db()
    assert job.undo_act.how_many == 16
    doubt.refresh_from_db()
    assert doubt.settled_at is None


def test_hiding_names_is_undone_without_touching_what_else_was_decided(campaign: Campaign) -> None:
    first, second = make_rows(campaign, 2, visibility="public")
    job = running("hide")
    work()
    services.hold(signatures=Signature.objects.filter(pk=second.pk), reason="insult", staff=None)

    bulk.undo(job_id=job.pk, staff=job.staff)
    work()

    after = states()
    assert after[first.pk] == ("confirmed", "clear", "", False)
    assert after[second.pk] == ("confirmed", "held", "insult", True)  # somebody has decided on it since


def test_more_than_a_thousand_rejections_take_a_second_person(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "REJECTED_ALONE", 11)
    make_rows(campaign, 12)
    client, user = moderator()
    job = bulk.prepare(signatures=Signature.objects.all(), action="reject", why=Why("made_up"), matched="", staff=user)

    assert "Lay it before a second person" in client.get(f"/admin/signatures/bulkjob/{job.pk}/change/").content.decode()
    press(client, job, "begin")
    assert press(client, job, "approve").status_code == 403
    work()
    assert tally.count(campaign.pk) == 12

    other, second = moderator("colleague")
    press(other, job, "approve")
    work()

    job.refresh_from_db()
    assert (job.state, job.decided_by) == ("done", second)
    assert tally.count(campaign.pk) == 0


def test_a_second_person_may_refuse(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "REJECTED_ALONE", 11)
    make_rows(campaign, 12)
    job = prepared()
    bulk.begin(job_id=job.pk, staff=job.staff)

    press(moderator()[0], job, "refuse")
    work()

    job.refresh_from_db()
    assert (job.state, tally.count(campaign.pk), BulkBatch.objects.count()) == ("refused", 12, 0)


def test_a_press_that_comes_too_late_changes_nothing_and_says_so(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    client, _user = moderator()
    job = running()
    work()

    for decision in ("begin", "cancel", "approve", "discard"):  # too late for each
        before = states()
        response = press(client, job, decision)
        assert "nothing was done" in response.content.decode()
        assert states() == before
    press(client, job, "undo")
    work()
    assert "nothing was done" in press(client, job, "undo").content.decode()


def test_a_worker_that_dies_in_a_batch_leaves_it_whole_for_the_next(campaign: Campaign) -> None:
    make_rows(campaign, 15)
    job = running()
    bulk.do_next_batch()

    class Killed(Exception):
        pass

    with pytest.raises(Killed), transaction.atomic():
        bulk.do_next_batch()
        raise Killed
    assert Signature.objects.filter(moderation="rejected").count() == 10

    tasks.work_bulk_jobs()

    job.refresh_from_db()
    assert (job.state, job.act.how_many) == ("done", 15)
    assert job.act.moderated.count() == 15


@pytest.mark.parametrize(
    ("query", "kept", "left_out"),
    [
        ("q=@spam.example.org&state__exact=confirmed", "state__exact = confirmed, @spam.example.org", "nobody"),
        ("q=Ana+Example", "a name or an address", "Ana"),
        ("q=ana@example.org", "a name or an address", "ana@"),
    ],
)
def test_a_job_keeps_its_filters_and_nothing_that_was_typed_of_a_person(
    campaign: Campaign, query: str, kept: str, left_out: str
) -> None:
    client, _user = moderator()

    client.post(f"{LIST}bulk/?{query}", {"action": "hold", "reason": "test"})

    matched = BulkJob.objects.get().matched
    assert kept in matched
    assert left_out not in matched


def test_what_was_prepared_and_never_begun_is_thrown_away(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    ages = {"prepared": 1, "waiting": 7, "refused": 30}
    for state, days in ages.items():
        old = prepared()
        BulkJob.objects.filter(pk=old.pk).update(state=state, made_at=timezone.now() - timedelta(days=days, hours=1))
        new = prepared()
        BulkJob.objects.filter(pk=new.pk).update(state=state, made_at=timezone.now() - timedelta(days=days, hours=-1))

    tasks.keep_retention()

    assert sorted(BulkJob.objects.values_list("state", flat=True)) == sorted(ages)
    assert BulkBatch.objects.count() == 3


def test_nobody_starts_or_throws_away_what_a_colleague_has_prepared(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    job = prepared()

    for decision in ("begin", "discard", "approve"):
        assert press(moderator(f"not {decision}")[0], job, decision).status_code == (
            200 if decision == "approve" else 403
        )
    job.refresh_from_db()
    assert job.state == "prepared"


def test_a_restoration_of_so_many_is_not_undone_by_one_person(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "REJECTED_ALONE", 11)
    make_rows(campaign, 12, moderation="rejected")
    job = running("restore")
    work()

    html = press(moderator()[0], job, "undo").content.decode()
    work()

    assert "nothing was done" in html
    assert tally.count(campaign.pk) == 12


def test_what_is_no_decision_does_not_stand_in_the_way_of_undoing(campaign: Campaign) -> None:
    (row,) = make_rows(campaign, 1)
    job = running()
    work()
    copy = ModerationAct.objects.create(action="copy", reason="mail of 3 May", how_many=1)
    copy.moderated.create(signature=row, before="rejected")

    bulk.undo(job_id=job.pk, staff=job.staff)
    work()

    assert states()[row.pk] == ("confirmed", "clear", "", False)


def test_who_is_erased_takes_along_what_staff_wrote_of_them_alone(campaign: Campaign) -> None:
    (row,) = make_rows(campaign, 1)
    staff = User.objects.create_user("somebody")
    words = Why("other", "Ana Example wrote to us", is_note_for_signer=True)
    job = bulk.prepare(signatures=Signature.objects.all(), action="reject", why=words, matched="#1", staff=staff)
    bulk.begin(job_id=job.pk, staff=staff)
    work()
    services.restore(signatures=Signature.objects.all(), reason="found_good", staff=None)

    services.erase(signature_id=row.pk)

    job.refresh_from_db()
    assert (job.note, job.matched, job.act.note) == ("", "", "")
    assert set(ModeratedSignature.objects.values_list("reason_before", flat=True)) == {""}


def test_a_reason_and_words_are_asked_for(campaign: Campaign) -> None:
    client, _user = moderator()

    for data in ({}, {"action": "reject"}, {"action": "reject", "reason": "other"}, {"action": "x", "reason": "test"}):
        assert client.post(f"{LIST}bulk/", data).status_code == 200
    assert not BulkJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_cancels_waits_for_the_batch_in_hand_and_no_longer() -> None:
    campaign = make_campaign()
    make_rows(campaign, 30)
    job = running()
    cancelled = threading.Event()
    done: list[int] = []

    def cancel() -> None:
        stopped = bulk.cancel(job_id=job.pk)
        assert stopped is not None and stopped.act is not None
        done.append(stopped.act.how_many)
        cancelled.set()
        connection.close()

    with transaction.atomic():
        bulk.do_next_batch()
        other = threading.Thread(target=cancel)
        other.start()
        assert not cancelled.wait(0.2)
    other.join(10)

    work()
    assert done == [10]  # and not what its account said before the wait
    assert Signature.objects.filter(moderation="rejected").count() == 10


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_no_batch_twice_and_signing_goes_on() -> None:
    campaign = make_campaign()
    make_rows(campaign, 60)
    job = running()
    errors: list[BaseException] = []

    def in_thread(what: Any) -> None:
        try:
            what()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    def sign() -> None:
        for _ in range(5):
            make_signature(campaign, is_confirmed=True)

    def work_until_done() -> None:
        while BulkJob.objects.at_work().exists():
            bulk.do_next_batch()

    threads = [threading.Thread(target=in_thread, args=[what]) for what in (work_until_done, work_until_done, sign)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not errors
    job.refresh_from_db()
    assert (job.state, job.act.how_many, job.act.moderated.count()) == ("done", 60, 60)
    assert tally.count(campaign.pk) == recount(campaign) == 5

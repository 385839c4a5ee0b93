"""A hundred thousand rejected by filter while people sign: counted right at each batch, cancelled, undone."""

import threading
from time import monotonic
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from signatures import tally
from signatures.models import BulkJob, Signature
from signatures.services import Why, bulk
from tests.helpers import make_campaign, make_many, make_signature

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

N = 100_000


def digest() -> Any:
    """Of what moderation says of each of the rows that the filter found."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(string_agg(concat_ws('|', id, state, moderation, moderation_reason, is_name_hidden), ','"
            " ORDER BY id)) FROM signatures_signature WHERE language = 'es'"
        )
        return cursor.fetchone()


def test_a_bulk_rejection_counts_right_at_each_batch_is_cancelled_and_undone_exactly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    campaign = make_campaign()
    make_many(campaign, N)
    before = digest()
    somebody, colleague = (User.objects.create_user(name, is_staff=True) for name in ("somebody", "colleague"))
    stop, signed = threading.Event(), []

    def sign() -> None:
        """In English, so that nobody of them matches the filter."""
        try:
            while not stop.is_set():
                start = monotonic()
                make_signature(campaign, is_confirmed=True)
                signed.append(monotonic() - start)
        finally:
            connection.close()

    signer = threading.Thread(target=sign)
    signer.start()
    try:
        start = monotonic()
        matching = Signature.objects.filter(language="es")
        job = bulk.prepare(signatures=matching, action="reject", why=Why("made_up"), matched="", staff=somebody)
        prepared = monotonic() - start
        assert (job.how_many, job.counted) == (N, N)
        waiting = bulk.begin(job_id=job.pk, staff=somebody)
        assert waiting is not None and waiting.state == "waiting"
        bulk.decide(job_id=job.pk, is_approved=True, staff=colleague)

        start = monotonic()
        batches = 0
        while batches < 60:
            assert bulk.do_next_batch()
            batches += 1
            assert_counted_right(campaign.pk)
        took = (monotonic() - start) / batches
        bulk.cancel(job_id=job.pk)
        assert not bulk.do_next_batch()
        assert Signature.objects.filter(moderation="rejected").count() == 60 * BulkJob.BATCH

        start = monotonic()
        bulk.undo(job_id=job.pk, staff=somebody)
        while bulk.do_next_batch():
            assert_counted_right(campaign.pk)
        undone = (monotonic() - start) / batches
    finally:
        stop.set()
        signer.join()

    job.refresh_from_db()
    assert job.undo_act is not None
    assert (job.state, job.undo_act.how_many) == ("undone", 60 * BulkJob.BATCH)
    assert digest() == before
    assert tally.count(campaign.pk) == N + len(signed)
    with capsys.disabled():
        print(
            f"\n{N} rows: frozen in {prepared:.1f} s; a batch of {BulkJob.BATCH}, with a recount, done in {took:.2f} s"
            f" and undone in {undone:.2f} s;"
            f" meanwhile {len(signed)} signed and confirmed, the slowest in {max(signed):.2f} s"
        )


def assert_counted_right(campaign_id: int) -> None:
    """Somebody may confirm between two statements, so the recount lies between a count before it and one after."""
    low = tally.count(campaign_id)
    recount = Signature.objects.counted().filter(campaign=campaign_id).count()
    assert low <= recount <= tally.count(campaign_id)

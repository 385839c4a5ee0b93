"""A second person's yes to a long list of names, where the site demands it."""

from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from signatures.exports.presets import PRESETS
from signatures.exports.streaming import Download, export
from signatures.models import ExportRequest

APPROVAL_ABOVE = 1000  # rows


class OwnRequest(Exception):
    """Nobody decides on what they have asked for themselves."""


def needs_approval(campaign: Campaign, preset: str) -> bool:
    chosen = PRESETS[preset]
    return settings.EXPORT_APPROVAL and chosen.is_named and chosen.has_more_than(APPROVAL_ABOVE, campaign)


def ask(*, campaign: Campaign, preset: str, form: str, purpose: str, staff: User) -> ExportRequest:
    """Writes down who wants which list and why, for somebody else to decide."""
    rows = PRESETS[preset].how_many(campaign)
    return ExportRequest.objects.create(
        staff=staff, campaign=campaign, preset=preset, form=form, purpose=purpose, rows=rows
    )


@transaction.atomic
def decide(*, request_id: int, is_approved: bool, staff: User) -> bool:
    """Approves or refuses what somebody else has asked for; whether it was still to be decided."""
    request = ExportRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None or request.decided_at is not None:
        return False
    if request.staff_id == staff.pk:
        raise OwnRequest
    request.is_approved, request.decided_by, request.decided_at = is_approved, staff, timezone.now()
    request.save(update_fields=["is_approved", "decided_by", "decided_at"])
    return True


@transaction.atomic
def collect(*, request_id: int, staff: User) -> Download | None:
    """The list that was approved, for whoever asked for it, once and within a day; None where there is none.

    Call it outside a transaction, like `export`. A download that breaks off has been had: names have left.
    Raises Paused while the site is paused, and then nothing has been had.
    """
    since = timezone.now() - timedelta(hours=ExportRequest.HOURS)
    ready = ExportRequest.objects.filter(is_approved=True, decided_at__gt=since, taken_at=None)
    mine = ready.filter(pk=request_id, staff=staff)
    request = mine.select_for_update(of=("self",)).select_related("campaign", "decided_by").first()
    if request is None:
        return None
    request.taken_at = timezone.now()
    request.save(update_fields=["taken_at"])
    return export(
        campaign=request.campaign,
        preset=request.preset,
        form=request.form,
        purpose=request.purpose,
        staff=staff,
        approved_by=cast(User, request.decided_by),
    )

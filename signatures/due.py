"""Which rows are due to go: what a dry run counts, and what `retention` works off."""

from datetime import UTC, timedelta
from typing import Any

from django.conf import settings
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.functions import Now, TruncDate

from campaigns.models import Campaign
from signatures.models import (
    Cluster,
    DaySalt,
    Letter,
    Origin,
    PrivacyRequest,
    PrivacyRequestQuerySet,
    Rule,
    Signature,
    SignatureQuerySet,
    Suppression,
)

PENDING_KEPT = timedelta(seconds=settings.CONFIRMATION_MAX_AGE)
HASHES_KEPT = timedelta(days=DaySalt.KEPT_DAYS)
LETTERS_KEPT = timedelta(days=30)
LOOSE_LETTERS_KEPT = timedelta(days=14)  # those that point to no signature

WITH_LINK = [Letter.Kind.CONFIRMATION, Letter.Kind.REMINDER]  # to confirm by


def how_much() -> dict[str, int]:
    """What `retention.run_until_done` would do now, by the column of `RetentionRun`.

    A row that is due for two reasons goes once.
    """
    reasons: dict[str, list[QuerySet[Any]]] = {
        "pending_deleted": [unconfirmed(), of_ended().pending()],
        "people_erased": [of_ended().exclude(state=Signature.State.PENDING)],
        "origins_deleted": [
            old_origins(),
            Origin.objects.filter(signature__in=unconfirmed()),
            Origin.objects.filter(signature__in=of_ended()),
        ],
        "salts_destroyed": [old_salts()],
        "suppressions_deleted": [lapsed_suppressions()],
        "requests_deleted": [answered_requests()],
        "letters_deleted": [
            old_letters(),
            loose_letters(),
            letters_of_ended(),
            Letter.objects.filter(signature__in=unconfirmed()),
        ],
        "clusters_deleted": [old_clusters()],
        "rules_emptied": [ended_rules()],
    }
    return {
        name: first.values("pk").union(*(rows.values("pk") for rows in others)).count()
        for name, (first, *others) in reasons.items()
    }


def unconfirmed() -> SignatureQuerySet:
    """Pending signatures that no link can confirm any more: the last one left two weeks ago, or none ever did.

    While a letter waits, its signature does too.
    """
    letters = Letter.objects.filter(signature=OuterRef("pk"))
    recent = letters.filter(kind__in=WITH_LINK, sent_at__gt=Now() - PENDING_KEPT)
    old = Signature.objects.pending().filter(created_at__lte=Now() - PENDING_KEPT)
    return old.filter(~Exists(letters.waiting()), ~Exists(recent))


def ended() -> QuerySet[Campaign]:
    """Campaigns whose closing date and retention period are over."""
    kept = ExpressionWrapper(F("retention_days") * timedelta(days=1), output_field=DurationField())
    return Campaign.objects.filter(closes_at__lte=Now() - kept)


def of_ended() -> SignatureQuerySet:
    """Signatures of ended campaigns that still hold a person: those with a fingerprint, which the erased alone lack."""
    return Signature.objects.filter(campaign__in=ended(), fingerprint__isnull=False)


def letters_of_ended() -> QuerySet[Letter]:
    return Letter.objects.filter(campaign__in=ended())


def old_letters() -> QuerySet[Letter]:
    """Those of a signature that is still pending stay as long as it does: they say how old its last link is."""
    old = Letter.objects.exclude(state=Letter.State.WAITING).filter(created_at__lte=Now() - LETTERS_KEPT)
    return old.exclude(signature__state=Signature.State.PENDING)


def loose_letters() -> QuerySet[Letter]:
    loose = Letter.objects.filter(signature=None, created_at__lte=Now() - LOOSE_LETTERS_KEPT)
    return loose.exclude(state=Letter.State.WAITING)


def old_origins() -> QuerySet[Origin]:
    """Their days are those of UTC, and none is kept longer than the notice says."""
    return Origin.objects.filter(day__lte=TruncDate(Now(), tzinfo=UTC) - HASHES_KEPT)


def old_salts() -> QuerySet[DaySalt]:
    return DaySalt.objects.filter(day__lte=TruncDate(Now(), tzinfo=UTC) - HASHES_KEPT)


def lapsed_suppressions() -> QuerySet[Suppression]:
    """A mailbox that refused a letter may take one later; who asked for none gets none."""
    lapsed = Suppression.objects.filter(reason=Suppression.Reason.BOUNCED)
    return lapsed.filter(made_at__lte=Now() - timedelta(days=Suppression.BOUNCE_DAYS))


def answered_requests() -> PrivacyRequestQuerySet:
    """Requests about personal data that were answered so long ago that nobody needs the proof any more."""
    return PrivacyRequest.objects.filter(done_at__lte=Now() - timedelta(days=365 * PrivacyRequest.KEPT_YEARS))


def old_clusters() -> QuerySet[Cluster]:
    return Cluster.objects.filter(day__lte=TruncDate(Now(), tzinfo=UTC) - timedelta(days=Cluster.KEPT_DAYS))


def ended_rules() -> QuerySet[Rule]:
    """Those that still hold a network or an address's fingerprint, long after their end."""
    rules = Rule.objects.exclude(kind=Rule.Kind.DOMAIN).exclude(key="")
    return rules.filter(expires_at__lte=Now() - timedelta(days=Rule.EMPTIED_AFTER_DAYS))

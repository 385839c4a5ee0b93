"""What the mail provider reports of letters that it has taken: that one bounced after all, or its reader complains.

Whom a report is about is told by the recipient's address alone, by fingerprints of it: every provider reports it,
however a letter came to it, while most give letters ids of their own. So no letter carries a mark for the provider's
sake, and nothing of a report is kept but what a refusal by the mail server itself would have left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from signatures import addresses, funnel, letters, locks, refusals, suppression
from signatures.instruments import LETTERS_REPORTED
from signatures.models import Letter, LetterQuerySet, Signature, Step, Suppression
from signatures.providers import PROVIDERS
from signatures.refusals import Meaning

Reason = Suppression.Reason

# Providers try again for a day or so; what is older was sent by somebody who has kept it.
TAKEN_FOR = timedelta(days=7)
CLOCKS = timedelta(minutes=1)  # by which the provider's may be behind ours


class Kind(StrEnum):
    BOUNCED = "bounced"  # nobody is at the address
    REFUSED = "refused"  # this letter, for good
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"  # at the provider
    DEFERRED = "deferred"
    OTHER = "other"  # delivered, and what nobody should have switched on
    STALE = "stale"
    UNREADABLE = "unreadable"


REASONS = {Kind.BOUNCED: Reason.BOUNCED, Kind.COMPLAINED: Reason.UNSUBSCRIBED, Kind.UNSUBSCRIBED: Reason.UNSUBSCRIBED}

for _kind in Kind:
    LETTERS_REPORTED.labels(_kind)  # 0 until it happens


@dataclass(frozen=True, slots=True)
class Report:
    kind: Kind
    email: str
    at: datetime


def is_on() -> bool:
    """Never without a secret, however the settings came to be so."""
    return bool(settings.MAIL_WEBHOOK and settings.ANYMAIL.get("WEBHOOK_SECRET"))


def read(request: HttpRequest) -> list[Report]:
    """The reports in a post of the provider's. Raises SuspiciousOperation where it cannot prove that it is the
    provider's, and whatever anymail does where it makes no sense."""
    view = import_string(f"anymail.webhooks.{PROVIDERS[settings.MAIL_WEBHOOK].view}")()
    view.run_validators(request)
    return [report(event) for event in view.parse_events(request)]


def report(event: Any) -> Report:
    kind = kind_of(event, IS_SOFT[settings.MAIL_WEBHOOK])
    at: datetime = event.timestamp or timezone.now()
    if at < timezone.now() - TAKEN_FOR:
        kind = Kind.STALE
    if not isinstance(event.recipient, str) or "@" not in event.recipient:
        return Report(Kind.OTHER, "", at)
    return Report(kind, event.recipient, at)


# What anymail reports as a bounce although the provider thinks that the next letter may arrive, in its own words.
IS_SOFT: dict[str, Callable[[dict[str, Any]], bool]] = {
    "brevo": lambda said: said["event"] == "soft_bounce",
    "mailersend": lambda said: said["data"]["type"] == "soft_bounced",
    "mailgun": lambda said: False,  # such a failure is deferred
    "mailjet": lambda said: said["event"] == "bounce" and not said.get("hard_bounce"),
    "postmark": lambda said: said.get("Type") == "SoftBounce",
    # Undetermined, soft, DNS, full, too large, timeout, unspecified, transient
    "sparkpost": lambda said: (
        next(iter(said["msys"].values())).get("bounce_class") in {"1", "20", "21", "22", "23", "24", "40", "70"}
    ),
}


def kind_of(event: Any, is_soft: Callable[[dict[str, Any]], bool]) -> Kind:
    """By anymail's words for it; where the recipient's server is quoted with a number, by the same rules as if it had
    said so to us."""
    match event.event_type:
        case "complained":
            return Kind.COMPLAINED
        case "unsubscribed":
            return Kind.UNSUBSCRIBED
        case "deferred":
            return Kind.DEFERRED
        case "bounced" | "rejected" | "failed":
            if is_soft(event.esp_event):
                return Kind.DEFERRED
            said = refusals.read_passed_on(event.mta_response or "")
            if said is None:
                is_nobody = event.reject_reason in ("bounced", "invalid")
                return Kind.BOUNCED if is_nobody else Kind.REFUSED
            # "Not now" as the last word is given up.
            return Kind.BOUNCED if said == Meaning.NOBODY_THERE else Kind.REFUSED
    return Kind.OTHER


def take(report: Report) -> None:
    """Does what follows from it; once more, nothing more. Of an address that we do not know nothing follows."""
    LETTERS_REPORTED.labels(report.kind).inc()
    if report.kind in (Kind.BOUNCED, Kind.REFUSED, Kind.COMPLAINED, Kind.UNSUBSCRIBED):
        act_on(report)


@transaction.atomic
def act_on(report: Report) -> None:
    of_mailbox = addresses.in_any_campaign(report.email)
    if not (Letter.objects.filter(of_mailbox).exists() or Signature.objects.filter(of_mailbox).exists()):
        return
    if reason := REASONS.get(report.kind):
        suppress(addresses.suppression_fingerprint(report.email), reason)
    if report.kind in (Kind.BOUNCED, Kind.REFUSED):
        end(Letter.objects.filter(of_mailbox, created_at__lte=report.at + CLOCKS), report)


def suppress(fingerprint: bytes, reason: Reason) -> None:
    """Unless it is so already: a report that comes twice makes no refusal last longer, and no second retraction."""
    locks.wait_for(int.from_bytes(fingerprint[:8], "big", signed=True))
    if not Suppression.objects.in_force().filter(fingerprint=fingerprint, reason=reason).exists():
        suppression.suppress(fingerprint, reason)


def end(written: LetterQuerySet, report: Report) -> None:
    """Ends the letters to an address that have left for nothing: those by which an attempt to sign still waits.

    One that a worker has in hand has left or is about to; it marks it no more, since it is no longer waiting.
    """
    has_left = Q(state=Letter.State.SENT) | Q(state=Letter.State.WAITING, lease__isnull=False)
    unanswered = written.filter(has_left, kind__in=[Letter.Kind.CONFIRMATION, Letter.Kind.REMINDER])
    # Signatures before letters, as whoever confirms or erases one locks them.
    pending = Signature.objects.filter(pk__in=unanswered.values("signature"), state=Signature.State.PENDING)
    ids = list(pending.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    ours = unanswered.filter(signature__in=ids).annotate(is_first=letters.IS_FIRST)
    for letter in ours.order_by("pk").select_for_update(of=("self",)):
        if letter.is_first:  # type: ignore[attr-defined]  # just annotated
            if letter.state == Letter.State.SENT and letter.sent_at:
                funnel.take_back(letter.campaign_id, report.email, Step.SENT, letter.sent_at)
            funnel.count(letter.campaign_id, report.email, Step.BOUNCED)
        mine = Letter.objects.filter(pk=letter.pk)
        letters.end(mine, state=Letter.State.FAILED, error=f"reported {report.kind}")

"""After a delivery has been handed over: what staff record of it, and whom they have to tell the addressee of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext, ngettext

from campaigns.models import CampaignText, Update
from signatures.deliveries import cover
from signatures.deliveries.deciding import locked
from signatures.deliveries.freezing import NAMED
from signatures.exports.presets import COUNTED
from signatures.models import Delivery, Pack

State = Delivery.State

TAKEN_BACK = f"""
SELECT number, 'erased' AS why FROM signatures_erasednumber
WHERE delivery_id = %(delivery)s AND number <> ALL (%(missing)s::int[])
UNION ALL
SELECT number,
    CASE WHEN state <> 'confirmed' THEN 'withdrawn' WHEN moderation <> 'clear' THEN 'rejected' ELSE 'secret' END
FROM signatures_deliveredsignature AS member
JOIN signatures_signature AS signature ON signature.id = member.signature_id
WHERE delivery_id = %(delivery)s AND number IS NOT NULL AND number <> ALL (%(missing)s::int[])
AND NOT ({COUNTED} AND {NAMED})
ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """How it was handed over, as staff type it in, cleaned by the form."""

    on: date
    how: str
    to_whom: str
    receipt_number: str = ""
    case_number: str = ""


@transaction.atomic
def hand_over(*, delivery_id: int, pack_id: int, facts: Facts, staff: User) -> bool:
    """Records that a pack was handed over, and drafts an update. False where the delivery is not there to be.

    The pack may be one that is outdated by now: what counts is which one the addressee has.
    """
    delivery = locked(delivery_id, State.APPROVED)
    pack = Pack.objects.filter(pk=pack_id, delivery=delivery_id).exclude(made_at=None).first()
    if delivery is None or pack is None:
        return False
    delivery.state, delivery.pack, delivery.handed_over_by = State.HANDED_OVER, pack, staff
    write(delivery, facts)
    Pack.objects.filter(delivery=delivery, state__in=Pack.UNDER_WAY).update(state=Pack.State.OUTDATED)
    draft_updates(delivery, on_handing_over)
    return True


@transaction.atomic
def amend(*, delivery_id: int, facts: Facts) -> bool:
    """A number that came later, or a mistake in what was recorded."""
    delivery = locked(delivery_id, State.HANDED_OVER, State.ANSWERED)
    if delivery is None:
        return False
    write(delivery, facts)
    return True


def write(delivery: Delivery, facts: Facts) -> None:
    delivery.handed_over_on, delivery.how, delivery.to_whom = facts.on, facts.how, facts.to_whom
    delivery.receipt_number, delivery.case_number = facts.receipt_number, facts.case_number
    delivery.save()


@transaction.atomic
def record_answer(*, delivery_id: int, on: date, answer: str, language: str) -> bool:
    """The page shows it and counts no more days; an update is drafted. It can be corrected."""
    delivery = locked(delivery_id, State.HANDED_OVER, State.ANSWERED)
    if delivery is None:
        return False
    is_first, delivery.state = delivery.state == State.HANDED_OVER, State.ANSWERED
    delivery.answered_on, delivery.answer, delivery.answer_language = on, answer, language
    delivery.save(update_fields=["state", "answered_on", "answer", "answer_language"])
    if is_first:
        draft_updates(delivery, on_answer)
    return True


def draft_updates(delivery: Delivery, words: Callable[[Delivery, CampaignText], tuple[str, str, str]]) -> None:
    """In each language of the page that the site has words of its own in: title, text and source, which staff read,
    complete and publish."""
    for text in delivery.campaign.texts.published().filter(language__in=cover.OURS):
        with translation.override(text.language):
            title, body, source = words(delivery, text)
        Update.objects.create(
            campaign=delivery.campaign,
            language=text.language,
            published_at=None,
            title=title,
            body=body,
            source=source,
        )


def on_handing_over(delivery: Delivery, text: CampaignText) -> tuple[str, str, str]:
    signatures = delivery.pack.signatures if delivery.pack else 0
    told = ngettext(
        "On {day}, {n} signature was handed over to the {addressee}.",
        "On {day}, {n} signatures were handed over to the {addressee}.",
        signatures,
    ).format(day=cover.day(delivery.handed_over_on), n=cover.number(signatures), addressee=text.addressee)
    return gettext("The petition has been handed over"), told, gettext("The receipt of the filing")


def on_answer(delivery: Delivery, text: CampaignText) -> tuple[str, str, str]:
    told = gettext("On {day}, the {addressee} answered. The answer is on this page, word for word.").format(
        day=cover.day(delivery.answered_on), addressee=text.addressee
    )
    return gettext("The petition has been answered"), told, gettext("The answer itself")


def taken_back(delivery: Delivery) -> list[tuple[int, str]]:
    """Numbers of the list that was handed over whose signers took something back since, each with what: `erased`,
    `withdrawn`, `secret` (the name) or `rejected` (by moderation). No names."""
    if delivery.pack is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BACK, {"delivery": delivery.pk, "missing": delivery.pack.missing})
        return [(int(number), str(why)) for number, why in cursor.fetchall()]

"""What we hold of one signature, for its signer: on their page, and whole as JSON."""

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from signatures import addresses, exports, reasons, second_looks
from signatures.deliveries import signer
from signatures.models import (
    ConsentEvent,
    Doubt,
    Letter,
    ModeratedSignature,
    PrivacyRequest,
    Signature,
    SignatureQuerySet,
)
from signatures.visibility import FIELDS, Output, allowed, shown

State = Signature.State
Moderation = Signature.Moderation

LEFT_OUT = "(kept, left out of this copy: staff do not see it)"


def of(signature: Signature, *, is_fresh: bool) -> dict[str, Any]:
    """For the page. The address is whole only for whoever comes fresh from the mailbox."""
    email = str(shown(signature, "email", Output.SIGNER))
    return {
        **review_of(signature),
        "is_name_hidden": signature.is_name_hidden and signature.visibility == Signature.Visibility.PUBLIC,
        "line": exports.line(signature),
        "lists": exports.lists_since(signature) if signature.confirmed_at else [],
        "delivered": signer.of(signature),
        "name": shown(signature, "name", Output.SIGNER),
        "email": email if is_fresh or not email else addresses.masked(email),
        "events": list(signature.consent_events.select_related("consent").order_by("pk")),
    }


def review_of(signature: Signature) -> dict[str, Any]:
    """What has become of it, why, and what its signer can do about that."""
    is_against = signature.moderation != Moderation.CLEAR
    return {
        "state": state_of(signature),
        "reason": reasons.for_signer(signature.moderation_reason) if is_against else "",
        "second_look": second_looks.of(signature),
    }


def state_of(signature: Signature) -> str | Promise:
    """In plain words: what has become of the signature."""
    if signature.state == State.WITHDRAWN:
        return _("Withdrawn. It is not counted.")
    is_pending = signature.state == State.PENDING
    if is_pending and signature.moderation == Moderation.HELD:
        return _(
            "Waiting for your confirmation, and held for review. It is not counted until somebody has looked at it."
        )
    return {
        Moderation.CLEAR: _("Waiting for your confirmation.") if is_pending else _("Counted."),
        Moderation.HELD: _("Held for review. It is not counted until somebody has looked at it."),
        Moderation.REJECTED: _("Not counted: it was rejected in review."),
    }[Moderation(signature.moderation)]


def everything(signature: Signature) -> dict[str, Any]:
    """All that any table holds of the signature and its signer, in plain JSON."""
    fields = sorted(FIELDS[Output.SIGNER][signature.visibility])
    letters = Letter.objects.filter(signature=signature) | Letter.objects.filter(
        campaign=signature.campaign_id, fingerprint=signature.fingerprint, signature=None
    )
    origin = getattr(signature, "origin", None)
    prefetch_related_objects([signature], *parts())  # nothing, where they came with it
    delivered = signer.of(signature)
    return {
        "campaign": signature.campaign.slug,
        "signature": {name: plain(getattr(signature, name)) for name in fields},
        "line_for_the_addressee": exports.line(signature),
        "lists_for_the_addressee_since": [
            moment.isoformat() for moment in (exports.lists_since(signature) if signature.confirmed_at else [])
        ],
        "delivery": {
            "prepared_for": str(delivered.day),
            "handed_over_on": plain(delivered.handed_over_on),
            "number": delivered.number,
            "how": str(delivered.how),
        }
        if delivered
        else None,
        "address_fingerprint": plain(signature.fingerprint),
        "network_hashes": {
            "day": str(origin.day),
            "address": plain(origin.address),
            "network": plain(origin.network),
        }
        if origin
        else None,
        "consent": [
            {
                "what": event.kind,
                "at": event.at.isoformat(),
                "visibility": event.visibility,
                "version": event.consent.version,
                "language": event.consent.language,
                "sha256": event.consent.sha256,
                "words": {name: getattr(event.consent, name) for name in event.consent.WORDS},
            }
            for event in signature.consent_events.all()
        ],
        "letters": [
            {
                "kind": letter.kind,
                "state": letter.state,
                "to": letter.to,
                "written_at": plain(letter.created_at),
                "sent_at": plain(letter.sent_at),
            }
            for letter in letters.order_by("pk")
        ],
        "moderation": [
            {
                "what": moderated.act.action,
                "reason": moderated.act.reason,
                # One on several people may tell of others.
                "note": moderated.act.note if moderated.act.how_many == 1 else "",
                "at": moderated.act.made_at.isoformat(),
            }
            for moderated in signature.moderated.all()
        ],
        "doubts": [
            {
                "kind": doubt.kind,
                "in_words": str(doubt.get_kind_display()),
                "detail": doubt.detail,
                "at": doubt.made_at.isoformat(),
                "settled_at": plain(doubt.settled_at),
            }
            for doubt in signature.doubts.all()
        ],
        "requests": [
            {
                "what": request.kind,
                "received_on": str(request.received_on),
                "how": request.note,
                "outcome": request.outcome,
                "reason": request.reason,
                "done_at": plain(request.done_at),
            }
            for request in signature.privacy_requests.all()
        ],
    }


def parts() -> list[Prefetch]:
    """The rows that hang on a signature, in the order of its copy. Made anew, for Django leaves a row in them."""
    return [
        Prefetch("consent_events", ConsentEvent.objects.select_related("consent").order_by("pk")),
        Prefetch("moderated", ModeratedSignature.objects.select_related("act").order_by("pk")),
        Prefetch("doubts", Doubt.objects.order_by("pk")),
        Prefetch("privacy_requests", PrivacyRequest.objects.order_by("pk")),
        signer.part(),
    ]


def copies_by_staff(signatures: SignatureQuerySet) -> list[dict[str, Any]]:
    rows = signatures.select_related("campaign", "origin").prefetch_related(*parts()).order_by("pk")
    return [copy_by_staff(row) for row in rows]


def copy_by_staff(signature: Signature) -> dict[str, Any]:
    """The same, for staff to pass on: where they may not see name and address, it only says that these are kept.

    So too of the number in a delivery, which leads to a name in the list that was handed over before it was taken back.
    """
    data = everything(signature)
    of_letters = [(letter, "to", "email") for letter in data["letters"]]
    of_delivery = [(data["delivery"], "number", "name")] if data["delivery"] else []
    of_signature = [(data["signature"], name, name) for name in ("name", "email")]
    for place, key, field in [*of_signature, *of_delivery, *of_letters]:
        if place[key] and signature.visibility not in allowed(field, Output.ADMIN):
            place[key] = LEFT_OUT
    return data


def plain(value: Any) -> Any:
    """As JSON can say it: moments in ISO 8601, bytes in hexadecimal."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

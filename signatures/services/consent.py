"""The log of what signers agreed to."""

from signatures.models import ConsentEvent, Signature


def log(signature: Signature, kind: ConsentEvent.Kind) -> None:
    """Notes an act under the version that the signature points to. Call it in the transaction of the act."""
    event(signature, kind).save()


def event(signature: Signature, kind: ConsentEvent.Kind) -> ConsentEvent:
    """The same, not written yet."""
    return ConsentEvent(
        signature=signature, kind=kind, consent_id=signature.consent_id, visibility=signature.visibility
    )

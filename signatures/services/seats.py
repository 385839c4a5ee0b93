"""Seats: at most two confirmed signatures for one address, under different names."""

import secrets

from django.db import connection

from signatures import addresses
from signatures.models import Seat, Signature


def name_fingerprint(signature: Signature) -> bytes:
    return addresses.fingerprint(signature.campaign_id, addresses.canonical_name(signature.name))


def take_seat(signature: Signature) -> bool:
    """`ON CONFLICT DO NOTHING`, not a caught violation: PostgreSQL would log that with the values in it."""
    with connection.cursor() as cursor:
        for number in range(1, Seat.PER_ADDRESS + 1):
            cursor.execute(
                "INSERT INTO signatures_seat (campaign_id, signature_id, fingerprint, number, name_fingerprint)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    signature.campaign_id,
                    signature.pk,
                    bytes(signature.fingerprint or b""),  # a pending row has one, by constraint
                    number,
                    name_fingerprint(signature),
                ],
            )
            if cursor.rowcount:
                return True
    return False


def rename_seat(signature: Signature) -> bool:
    """Puts a confirmed signature's seat under its new name; False where the other seat of its address has that name.

    Who leaves no name is one of an address, but whoever takes back their name must be able to, so that two of them
    are told apart by chance instead.
    """
    seats = list(
        Seat.objects.select_for_update()
        .filter(campaign_id=signature.campaign_id, fingerprint=signature.fingerprint)
        .order_by("number")
    )
    mine = next((seat for seat in seats if seat.signature_id == signature.pk), None)
    if mine is None:
        return True
    name = name_fingerprint(signature)
    if any(bytes(seat.name_fingerprint) == name for seat in seats if seat is not mine):
        if signature.name:
            return False
        name = secrets.token_bytes(32)
    mine.name_fingerprint = name
    mine.save(update_fields=["name_fingerprint"])
    return True

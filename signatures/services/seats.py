"""Seats: at most two confirmed signatures for one address, under different names."""

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

"""Keys out of ADDRESS_KEY, one for each purpose (HKDF, RFC 5869), so that what one of them made matches no other's."""

import hmac
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=256)
def derive(purpose: str, key: str) -> bytes:
    """32 bytes for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.encode())


def keyed_hash(purpose: str, data: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes, under the key of a purpose."""
    return hmac.digest(derive(purpose, settings.ADDRESS_KEY), data, sha256)


def key_fingerprint() -> str:
    """64 hexadecimal digits that tell one ADDRESS_KEY from another, and nothing else of it."""
    return keyed_hash("which key this is", b"").hex()

"""Email addresses as one compares them, and the keyed fingerprints that stand for them.

The canonical form is versioned with `VERSION`: fingerprints made under different rules must never be compared.
"""

import hmac
import unicodedata
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = 1

# Providers that deliver every spelling to one mailbox: whether they ignore dots, and what begins an ignored tag.
GMAIL = ("gmail.com", True, "+")
PROVIDERS: dict[str, tuple[str, bool, str]] = {
    "gmail.com": GMAIL,
    "googlemail.com": GMAIL,
    **{
        domain: (domain, False, "+")
        for domain in ("outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me")
    },
}


def canonical(email: str) -> str:
    """The form in which two spellings of one mailbox are equal: of `Ana.Perez+x@Gmail.com`, `anaperez@gmail.com`.

    The domain is expected as the form leaves it, in ASCII.
    """
    local, _at, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    if provider := PROVIDERS.get(domain):
        domain, ignores_dots, tag = provider
        local = local.partition(tag)[0] or local
        local = local.replace(".", "") if ignores_dots else local
    return f"{local}@{domain}"


def canonical_name(name: str) -> str:
    """A name without what a second attempt may write otherwise: case, width, spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@lru_cache(maxsize=64)
def campaign_key(campaign_id: int, key: str) -> bytes:
    """32 bytes for one campaign out of ADDRESS_KEY (HKDF, RFC 5869): campaigns cannot be matched with each other."""
    info = f"address fingerprint, campaign {campaign_id}, version {VERSION}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.encode())


def fingerprint(campaign_id: int, text: str) -> bytes:
    """HMAC-SHA-256, 32 bytes, of an address or a name in canonical form."""
    return hmac.digest(campaign_key(campaign_id, settings.ADDRESS_KEY), text.encode(), sha256)

"""Email addresses as one compares them, and the keyed fingerprints that stand for them.

The canonical form is versioned with `VERSION`: fingerprints made under different rules must never be compared.
"""

import unicodedata

from django.db.models import Q
from publicsuffixlist import PublicSuffixList

from campaigns.models import Campaign
from signatures.keys import keyed_hash

VERSION = 1

# Where very many people have their mailbox, and nothing in common.
LARGE_PROVIDERS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "outlook.es", "hotmail.com", "hotmail.es", "live.com"),
        *("yahoo.com", "yahoo.es", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "msn.com", "web.de"),
        *("yahoo.com.pe", "yahoo.com.ar", "yahoo.com.mx", "yahoo.com.br", "yahoo.fr", "hotmail.fr", "hotmail.it"),
        *("hotmail.com.ar", "hotmail.co.uk", "live.com.mx", "live.com.ar", "outlook.com.ar", "outlook.com.br"),
        *("hotmail.cl", "live.cl", "outlook.cl", "yahoo.cl", "hotmail.com.br", "bol.com.br", "terra.com.br"),
        *("speedy.com.pe", "terra.com.pe", "infonegocio.net.pe", "terra.cl", "vtr.net", "entelnet.bo"),
        *("outlook.fr", "yahoo.com.co", "yahoo.co.uk", "yahoo.it", "yahoo.de", "uol.com.br", "libero.it", "orange.fr"),
        *("proton.me", "protonmail.com", "gmx.com", "gmx.net", "gmx.de", "mail.com", "mail.ru", "yandex.ru", "qq.com"),
    }
)

# Under which domains registries sell names: `com.pe` belongs to nobody. Not those under which some firm gives away
# subdomains, since whoever has one can have many.
REGISTRIES = PublicSuffixList(only_icann=True)

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


def fingerprint(campaign_id: int, text: str) -> bytes:
    """HMAC-SHA-256, 32 bytes, of an address or a name in canonical form; no campaign can be matched with another."""
    return keyed_hash(f"address fingerprint, campaign {campaign_id}, version {VERSION}", text.encode())


def in_any_campaign(email: str) -> Q:
    """Of signatures and of letters, those of a mailbox: each campaign has a fingerprint of its own for it."""
    mailbox, found = canonical(email), Q(pk__in=[])
    for pk in Campaign.objects.order_by("pk").values_list("pk", flat=True):
        found |= Q(campaign=pk, fingerprint=fingerprint(pk, mailbox))
    return found


def suppression_fingerprint(email: str) -> bytes:
    """The same under a key for the whole site: who wants no letters wants none from any campaign.

    Nor under any tag, whoever the provider is: here a wrong guess costs a letter, not a signature.
    """
    return keyed_hash(f"suppressed addresses, version {VERSION}", untagged(email).encode())


def rule_fingerprint(email: str) -> bytes:
    """What a rule of staff about one address keeps of it. It catches the address under each tag, too."""
    return keyed_hash(f"addresses in rules, version {VERSION}", untagged(email).encode())


def untagged(email: str) -> str:
    """The canonical form without a tag, whoever the provider is."""
    local, _at, domain = canonical(email).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def domain_of(email: str) -> str:
    """The domain as it was typed, in lower case."""
    return email.rpartition("@")[2].lower()


def root_of(email: str) -> str:
    """What it takes to make up any number of addresses like this one: at a large provider the mailbox, whatever tag is
    added; else the domain that was bought, whatever is put before it: of `a@x.y.example.com.pe`, `example.com.pe`."""
    domain = domain_of(email)
    if domain in LARGE_PROVIDERS:
        return untagged(email)
    return REGISTRIES.privatesuffix(domain) or domain


def masked(email: str) -> str:
    """As much of an address as its owner needs to see a mistake in it: `a…z@example.org`, 64 characters at most."""
    local, _at, domain = email.rpartition("@")
    if len(domain) > 50:
        domain = f"{domain[:24]}…{domain[-24:]}"
    return f"{local[:1]}…{local[-1:] if len(local) > 3 else ''}@{domain}"

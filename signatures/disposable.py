"""Mail domains of throw-away addresses: a reason to look at a signature, and none to refuse or hold it."""

from disposable_email_domains import blocklist

from signatures import addresses


def is_disposable(email: str) -> bool:
    """Whether the address lies in a domain of the list, or in a subdomain of one."""
    labels = addresses.domain_of(email).split(".")
    return any(".".join(labels[n:]) in blocklist for n in range(len(labels) - 1))

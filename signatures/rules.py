"""Rules of staff: reading what staff type, and finding the rule that an attempt to sign meets.

Each pattern is a key, and an attempt has few keys that could catch it: its address's fingerprint, its domain and what
wildcards can make of it, and the networks around its client. So one query along an index finds the rule, however many
there are. It is asked anew for each signature, and not remembered: a rule holds at once in all processes, and every
attempt costs the same.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from signatures import addresses
from signatures.models import Question, Rule, Signature, ask_together
from signatures.network import Address, Network

# Lengths of prefixes. Anything shorter would catch a country.
IPV4 = range(16, 33)
IPV6 = [*range(32, 65, 4), 128]  # as they are given to providers, households and masts


# By hand, because each signer waits for it, and half of what it took was to write it. As `in_force` says.
MET = """
SELECT ARRAY[id::text, kind, action] FROM signatures_rule
WHERE key = ANY(%s) AND (expires_at IS NULL OR expires_at > %s)
ORDER BY action = 'block' DESC, id LIMIT 1
"""


class BadPattern(ValueError):
    """What was typed is no pattern, or catches nearly everybody. Its text says so to staff."""


def met_by(email: str, client: Address | None = None) -> Rule | None:
    """The rule in force that an attempt meets; one that blocks before one that holds, then the oldest."""
    (found,) = ask_together(which_is_met(email, client))
    return read_met(found)


def which_is_met(email: str, client: Address | None) -> Question:
    return Question(MET, [list(keys(email, client)), timezone.now()])


def read_met(found: Sequence[str] | None) -> Rule | None:
    """The answer to `which_is_met`, as a rule that knows its number, its kind and its action only."""
    return Rule(pk=int(found[0]), kind=found[1], action=found[2]) if found else None


def keys(email: str, client: Address | None) -> Iterator[str]:
    """The key of each rule that could catch an attempt."""
    yield addresses.rule_fingerprint(email).hex()
    domain = addresses.domain_of(email)
    yield domain
    labels = domain.split(".")
    for n in range(1, len(labels)):
        yield "*." + ".".join(labels[n:])
        yield ".".join(labels[:n]) + ".*"
    if client is not None:
        if isinstance(client, IPv4Address):
            yield from (str(IPv4Network((int(client), length), strict=False)) for length in IPV4)
        else:
            yield from (str(IPv6Network((int(client), length), strict=False)) for length in IPV6)


def number_for(signature: Signature, rule: Rule) -> str:
    """What a doubt says of the rule: its number. None where that would tell staff whose address, or at what domain, is
    counted only; a network is nobody's address."""
    is_told = signature.visibility != Signature.Visibility.SECRET or rule.kind == Rule.Kind.NETWORK
    return str(rule.pk) if is_told else ""


def read_domain(typed: str) -> str:
    """A domain as the sign box keeps them (IDNA), with at most one wildcard at one end. Raises BadPattern."""
    text = typed.strip().lower().removeprefix("@")
    before = "*." if text.startswith("*.") else ""
    after = ".*" if text.endswith(".*") and not before else ""
    body = text.removeprefix(before).removesuffix(after)
    if not body or body == "*" or (not after and "." not in body):
        raise BadPattern(
            _("Name at least a domain and its ending: example.org. Anything shorter would catch nearly everybody.")
        )
    try:
        # A wildcard stands for an ending.
        found = validate_email(f"a@{body}{'.org' if after else ''}", check_deliverability=False)
    except EmailNotValidError as error:
        raise BadPattern(
            _("Type a domain like example.org, *.example.org or example.*, with one * at the most.")
        ) from error
    return before + (str(found.ascii_domain).removesuffix(".org") if after else str(found.ascii_domain)) + after


def read_address(typed: str) -> str:
    """An address as the sign box keeps it. Raises BadPattern."""
    try:
        found = validate_email(typed.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise BadPattern(_("Type an email address like name@example.org.")) from error
    return str(found.ascii_email)


def read_network(typed: str) -> Network:
    """An address or a network of IPv4 or IPv6. Raises BadPattern."""
    try:
        network = ip_network(typed.strip(), strict=False)
    except ValueError as error:
        raise BadPattern(_("Type an address or a network like 203.0.113.0/24 or 2001:db8:7::/48.")) from error
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            network = IPv4Network((int(mapped), network.prefixlen - 96))
    if network.prefixlen not in (IPV4 if network.version == 4 else IPV6):
        raise BadPattern(
            _("Networks of IPv4 can have a prefix from /16 to /32; those of IPv6 /32, /36 and so on to /64, or /128.")
        )
    return network


def is_broad(kind: str, pattern: str) -> bool:
    """Whether a pattern catches so many people who have nothing in common that staff must say they mean it."""
    if kind == Rule.Kind.NETWORK:
        network = ip_network(pattern)
        return network.prefixlen < (24 if network.version == 4 else 48)
    if kind != Rule.Kind.DOMAIN:
        return False
    if pattern.startswith("*."):
        return addresses.REGISTRIES.is_public(pattern[2:])  # `*.com.pe` is no more than `*.com`
    if pattern.endswith(".*"):
        return any(domain.startswith(pattern[:-1]) for domain in addresses.LARGE_PROVIDERS)
    return pattern in addresses.LARGE_PROVIDERS

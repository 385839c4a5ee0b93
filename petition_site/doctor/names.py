"""What the domain that letters come from says of them in the DNS: SPF, DKIM, DMARC, and where answers go."""

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache, partial

import dns.exception
import dns.resolver
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from petition_site.doctor.findings import Finding, Findings, look, ok, wrong
from signatures.addresses import REGISTRIES

TIMEOUT = 3.0  # seconds, for each question
WEAK, STRONG = 1024, 2048  # bits of an RSA key (RFC 8301)

Ask = Callable[[str, str], list[str]]


def asking(nameserver: str = "") -> Ask:
    """A way to ask: the machine's name servers, or one as ADDRESS or ADDRESS:PORT, which knows what has just changed.

    What it answers are the texts of the records, [] where there are none; it raises DNSException where nobody knows.
    """
    resolver = dns.resolver.Resolver(configure=not nameserver)
    if nameserver:
        host, _, port = nameserver.partition(":")
        resolver.nameservers, resolver.port = [host], int(port or 53)
    resolver.lifetime = TIMEOUT

    @lru_cache
    def ask(name: str, kind: str) -> list[str]:
        try:
            answer = resolver.resolve(name, kind, raise_on_no_answer=True)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        if kind == "TXT":
            return [b"".join(record.strings).decode(errors="replace") for record in answer]
        return [record.to_text() for record in answer]

    return ask


def look_up(domain: str, selector: str, nameserver: str) -> Findings:
    try:
        ask = asking(nameserver)
    except dns.resolver.NoResolverConfiguration:
        yield look("This machine knows no name server.", "Say --nameserver and the address of one.")
    except ValueError:  # of dnspython, or a port that is no number
        yield wrong("--nameserver is no address of the net.", "Say it like 192.0.2.53 or 192.0.2.53:5353.")
    else:
        yield from records(domain, selector, ask)


def records(domain: str, selector: str, ask: Ask) -> Findings:
    checks: list[Callable[[], Finding]] = [
        partial(spf, domain, ask),
        partial(dkim, domain, selector, ask),
        partial(dmarc, domain, ask),
        partial(answers, domain, ask),
    ]
    for check in checks:
        try:
            yield check()
        except dns.exception.DNSException as error:
            yield look(f"The DNS does not answer about {domain} ({type(error).__name__}).", "Try again later.")


def spf(domain: str, ask: Ask) -> Finding:
    """RFC 7208."""
    found = [text for text in ask(domain, "TXT") if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]
    if not found:
        return wrong(
            f"{domain} has no SPF record.",
            f'Add at {domain} a TXT record like "v=spf1 include:spf.mail-provider.example -all"; who sends your mail'
            " says what to include.",
        )
    if len(found) > 1:
        return wrong(f"{domain} has {len(found)} SPF records, which counts as none.", "Make one of them.")
    end = re.search(r"(?:^|\s)([+?~-]?)all(?:\s|$)", found[0], re.IGNORECASE)
    if end and end[1] in ("", "+"):
        return wrong(f"The SPF record of {domain} lets everybody send.", 'Let it end in "-all" or "~all".')
    if (not end or end[1] == "?") and "redirect=" not in found[0].lower():
        return look(f"The SPF record of {domain} forbids nobody.", 'Let it end in "-all" or "~all".')
    return ok(f"{domain} has an SPF record. Does it include who sends your mail?")


def dkim(domain: str, selector: str, ask: Ask) -> Finding:
    """RFC 6376."""
    if not selector:
        return look(
            "Whether there is a DKIM key is not looked at.",
            "Who sends your mail says the selector: give it as --dkim-selector.",
        )
    name = f"{selector}._domainkey.{domain}"
    found = [tags for text in ask(name, "TXT") if "p" in (tags := tags_of(text))]
    if not found:
        return wrong(f"There is no DKIM key at {name}.", "Add the record that who sends your mail gives you.")
    if not found[0]["p"]:
        return wrong(f"The DKIM key at {name} is revoked.", "Add the record that who sends your mail gives you.")
    try:
        key = load_der_public_key(base64.b64decode(found[0]["p"])) if found[0].get("k") != "ed25519" else None
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return wrong(f"The DKIM key at {name} cannot be read.", "Was it copied whole?")
    bits = key.key_size if isinstance(key, RSAPublicKey) else STRONG
    if bits < WEAK:
        return wrong(f"The DKIM key at {name} has {bits} bits: nobody looks at it.", f"Make one of {STRONG}.")
    if bits < STRONG:
        return look(f"The DKIM key at {name} has {bits} bits.", f"Make one of {STRONG}.")
    return ok(f"There is a DKIM key at {name}.")


def dmarc(domain: str, ask: Ask) -> Finding:
    """RFC 7489: of the domain, else of the one that it belongs to."""
    whole = REGISTRIES.privatesuffix(domain) or domain
    for name in dict.fromkeys([domain, whole]):
        found = [tags for text in ask(f"_dmarc.{name}", "TXT") if (tags := tags_of(text)).get("v") == "DMARC1"]
        if not found:
            continue
        if len(found) > 1:
            return wrong(f"{name} has {len(found)} DMARC records, which counts as none.", "Make one of them.")
        policy = found[0].get("sp", found[0].get("p", "")) if name != domain else found[0].get("p", "")
        if policy.lower() not in ("none", "quarantine", "reject"):
            return wrong(f"The DMARC record of {name} has no policy.", "Add p=none, and later p=quarantine.")
        if policy.lower() == "none":
            return look(
                f"The DMARC record of {name} asks for nothing (p=none).",
                "Once its reports show that your own mail passes, make it p=quarantine.",
            )
        return ok(f"{name} has a DMARC record ({policy.lower()}).")
    return wrong(
        f"{domain} has no DMARC record, without which large providers take less mail.",
        f'Add at _dmarc.{domain} a TXT record like "v=DMARC1; p=none; rua=mailto:" and a mailbox of yours.',
    )


def answers(domain: str, ask: Ask) -> Finding:
    found = ask(domain, "MX")
    if found and all(text.split()[-1] == "." for text in found):
        return wrong(f"{domain} says that it takes no mail (RFC 7505): answers and bounces are lost.", "Add an MX.")
    if found or ask(domain, "A") or ask(domain, "AAAA"):
        return ok(f"{domain} takes mail.")
    return wrong(f"{domain} takes no mail: answers and bounces are lost.", "Add an MX record.")


def tags_of(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as a dictionary (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, is_pair, value in pairs if is_pair}

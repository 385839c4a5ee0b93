"""Dry runs: what a rule would have caught among the signatures of the last days. Nothing is changed or kept.

Only signatures whose network is known are looked at: their day is indexed, and those of a week are a part of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Network, ip_network

from django.db.models import CharField, Count, F, Func, Q, Value
from django.db.models.functions import Lower, Replace
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from signatures import addresses, network
from signatures.models import Rule, Signature, SignatureQuerySet
from signatures.network import Address, Network
from signatures.visibility import CROWD, Output, allowed, shown

DAYS = 7
SAMPLE = 10
MOST_HASHES = 5000  # a /16 has 256 networks, on 8 days

Words = str | Promise
NOT_KEPT = gettext_lazy("Nothing is kept of what this rule is about that could be compared with what has been signed.")
NOT_FINDABLE = gettext_lazy(
    "Signatures that are counted only are left out: nobody finds them by an address, and most of their addresses are"
    " deleted. The rule catches them all the same."
)
NOT_IN_CROWDS = gettext_lazy(
    "Signatures that are counted only are left out where fewer than ten came from one place on one day. The rule"
    " catches them all the same."
)


@dataclass
class Found:
    """What staff may know of it: how many, and some of them by what the admin shows of them."""

    says: list[Words] = field(default_factory=list)
    numbers: list[tuple[str, str, int]] = field(default_factory=list)  # state, moderation, how many
    sample: list[tuple[Signature, str]] = field(default_factory=list)  # with the name where staff may see it
    searches: list[str] = field(default_factory=list)  # that find those which are there

    @property
    def total(self) -> int:
        return sum(n for _state, _moderation, n in self.numbers)


def run(kind: str, pattern: str, address: str = "") -> Found:
    """`address` as it was typed, for a rule of that kind, which keeps none."""
    found = Found()
    if not (pattern or address):
        found.says.append(NOT_KEPT)
        caught = Signature.objects.none()
    elif kind == Rule.Kind.NETWORK:
        caught = by_network(ip_network(pattern), found)
    elif kind == Rule.Kind.DOMAIN:
        caught = by_domain(pattern)
        found.says.append(NOT_FINDABLE)
        if not pattern.endswith("*"):
            found.searches.append(f"@{pattern}")
    else:
        caught = by_address(address)
        found.says.append(NOT_FINDABLE)
    counted = caught.values_list("state", "moderation").annotate(n=Count("pk")).order_by("state", "moderation")
    found.numbers = [
        (str(Signature.State(state).label), str(Signature.Moderation(moderation).label), n)
        for state, moderation, n in counted
    ]
    # Those counted only may be among the numbers of a crowd; which they are is no more of a rule's business.
    rows = caught.filter(visibility__in=allowed("name", Output.ADMIN)).order_by("-pk")[:SAMPLE]
    found.sample = [(row, str(shown(row, "name", Output.ADMIN))) for row in rows]
    return found


def first_day() -> date:
    return datetime.now(UTC).date() - timedelta(days=DAYS)


def recent() -> SignatureQuerySet:
    since = timezone.now() - timedelta(days=DAYS)
    return Signature.objects.filter(origin__day__gte=first_day(), created_at__gte=since)


def with_address() -> SignatureQuerySet:
    """Those that staff may be led to by an address."""
    return recent().exclude(email="").filter(visibility__in=allowed("email", Output.ADMIN))


def part(of: Func | F, mark: str, number: int) -> Func:
    return Func(of, Value(mark), Value(number), function="split_part", output_field=CharField())


def by_domain(pattern: str) -> SignatureQuerySet:
    rows = with_address().annotate(domain=Lower(part(F("email"), "@", 2)))
    if pattern.startswith("*."):
        return rows.filter(domain__endswith=pattern[1:])
    if pattern.endswith(".*"):
        return rows.filter(domain__startswith=pattern[:-1])
    return rows.filter(domain=pattern)


def by_address(address: str) -> SignatureQuerySet:
    """PostgreSQL finds those that look alike, and the fingerprint says which the rule would catch."""
    local = part(part(F("email"), "@", 1), "+", 1)
    rows = with_address().annotate(bare=Lower(Replace(local, Value("."), Value(""))))
    typed = address.rpartition("@")[0].partition("+")[0].replace(".", "").lower()
    alike = rows.filter(bare=typed).values_list("pk", "email")
    wanted = addresses.rule_fingerprint(address)
    return Signature.objects.filter(pk__in=[pk for pk, email in alike if addresses.rule_fingerprint(email) == wanted])


def by_network(typed: Network, found: Found) -> SignatureQuerySet:
    """By hashes: those of all its /24 or /48, or of all its addresses where it is smaller than one."""
    whole = 24 if isinstance(typed, IPv4Network) else 48
    if typed.prefixlen <= whole:
        return by_parts(typed, whole, found)
    around = network.network_of(typed.network_address)
    rows = recent().filter(origin__network__in=network.hashes_since(first_day(), [around]))
    if typed.num_addresses > MOST_HASHES / (DAYS + 1):
        found.says.append(
            _("A network of this size cannot be told apart afterwards. These are all from %(around)s around it.")
            % {"around": around}
        )
        return findable(rows, "network", found)
    # The hash of an address has no index of its own; that of the network around it has.
    places: Sequence[Address] = list(typed)
    return findable(rows.filter(origin__address__in=network.hashes_since(first_day(), places)), "address", found)


def by_parts(typed: Network, whole: int, found: Found) -> SignatureQuerySet:
    if 2 ** (whole - typed.prefixlen) > MOST_HASHES / (DAYS + 1):
        found.says.append(_("A network as large as this cannot be looked up afterwards. Try a part of it."))
        return Signature.objects.none()
    hashes = network.hashes_since(first_day(), list(typed.subnets(new_prefix=whole)))
    if typed.prefixlen == whole:
        found.searches.append(str(typed))
    return findable(recent().filter(origin__network__in=hashes), "network", found)


def findable(rows: SignatureQuerySet, by: str, found: Found) -> SignatureQuerySet:
    """Without those that are counted only, unless a crowd came from the same place: of a household they could be told.

    The place is the network, or the address where addresses are asked about: in a crowded network one may be a
    household's. That they are left out is said always: said only where somebody is, it would tell of them.
    """
    found.says.append(NOT_IN_CROWDS)
    place = f"origin__{by}"
    by_place = rows.order_by().values_list(place).annotate(n=Count("pk"))
    crowds = [bytes(hashed) for hashed, n in by_place.filter(n__gte=CROWD)]
    return rows.filter(Q(visibility__in=allowed("email", Output.ADMIN)) | Q(**{f"{place}__in": crowds}))

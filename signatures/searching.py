"""The staff's search: what somebody typed, as a condition on signatures, and what to say to them where it is none.

| typed | finds |
|---|---|
| `@example.org` | addresses of this mail domain; `@*.example.org`: and of all below it |
| `ana@example.org` | this mailbox, by its fingerprint in each campaign |
| `quispe maria` | names with each of these words in them, with accents or without |
| `2026-11-25`, `25/11/2026` | who signed on that day in Lima |
| `203.0.113.7`, `203.0.113.0/24` | who came from that network, as far back as salts are kept |
| 32 hexadecimal digits | who came from the network with this hash |
| `#123`, `123` | the signature with this number |

Who is counted only is found by no name and no address: a hit tells as much as the row would. By a network they are
found in a crowd only, where moderation needs them; of a household they could be told.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q, Value
from django.db.models.lookups import Contains, Exact, StartsWith
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from signatures import addresses, network
from signatures.models import Domain, Folded, Origin
from signatures.visibility import CROWD, Output, allowed

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LONGEST = 200  # characters that are looked at
TOO_SHORT = _("Type at least three letters of a name.")
WHOLE = _("An address is found when it is typed whole, and a mail domain after an @, as in @example.org.")
NO_DAY = _("There is no such day. Days are typed as 2026-11-25 or 25/11/2026.")
NETWORKS = _("Networks are kept by their /24 (IPv4) or /48 (IPv6): type one of these, or an address in it.")
HELP = _(
    "A part of a name; an address; @example.org or @*.example.org; a day (2026-11-25 or 25/11/2026); a network"
    " (203.0.113.0/24) or its hash; a number (#123)."
)

DAY_FORMS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)", re.ASCII),
    re.compile(r"(?P<day>\d\d?)[/.-](?P<month>\d\d?)[/.-](?P<year>\d{4})", re.ASCII),
)
NUMBER = re.compile(r"#?(\d{1,18})", re.ASCII)
HASH = re.compile(r"[0-9a-fA-F]{32}")
WORD = re.compile(r"[^\W_]{3}")  # what makes a trigram
CROWDS = """
SELECT network FROM unnest(%s::bytea[]) AS searched (network)
WHERE (SELECT count(*) FROM (SELECT FROM signatures_origin WHERE network = searched.network LIMIT %s) AS found) = %s
"""
NOBODY = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Search:
    condition: Q
    message: "StrPromise | str" = ""


def read(typed: str) -> Search:
    """Any text is a search; what cannot be read as one finds nobody and says why."""
    text = typed.encode(errors="ignore").decode().replace("\0", " ").strip()[:LONGEST]
    if not text:
        return Search(Q())
    if HASH.fullmatch(text):
        return by_networks([bytes.fromhex(text)])
    if number := NUMBER.fullmatch(text):
        return Search(Q(pk=int(number[1])))
    if day := next(filter(None, (form.fullmatch(text) for form in DAY_FORMS)), None):
        return by_day(**{name: int(value) for name, value in day.groupdict().items()})
    if text.startswith("@"):
        return by_domain(text[1:])
    if "@" in text:
        return by_address(text)
    return by_typed_network(text) or by_name(text)


def findable() -> Q:
    return Q(visibility__in=allowed("email", Output.ADMIN))


def by_name(text: str) -> Search:
    letters = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    if not WORD.search(letters):
        return Search(NOBODY, TOO_SHORT)
    condition = findable()
    for word in text.split():
        condition &= Q(Contains(Folded("name"), Folded(Value(word))))
    return Search(condition)


def by_domain(text: str) -> Search:
    is_below = text.startswith("*.")
    domain = text.removeprefix("*.").strip(".").lower()
    if not domain or re.search(r"[\s@*]", domain):
        return Search(NOBODY, WHOLE)
    try:
        domain = domain.encode("idna").decode()  # as addresses are kept
    except UnicodeError:
        return Search(NOBODY, WHOLE)
    backwards = domain[::-1]
    condition = Q(Exact(Domain("email"), backwards))
    if is_below:
        condition |= Q(StartsWith(Domain("email"), f"{backwards}."))
    return Search(findable() & condition)


def by_address(text: str) -> Search:
    try:
        # As the sign box reads it.
        address = validate_email(text, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return Search(NOBODY, WHOLE)
    return Search(findable() & addresses.in_any_campaign(str(address)))


def by_day(*, year: int, month: int, day: int) -> Search:
    try:
        found = date(year, month, day)
    except ValueError:
        return Search(NOBODY, NO_DAY)
    if not 2000 <= year < 2100:
        return Search(NOBODY)
    begin, end = (
        timezone.make_aware(datetime.combine(at, time()), timezone.get_default_timezone())
        for at in (found, found + timedelta(days=1))
    )
    return Search(Q(created_at__gte=begin, created_at__lt=end))


def by_typed_network(text: str) -> Search | None:
    """None where it is none: a name, that is."""
    if address := network.read_address(text):
        return by_networks(network.hashes_of(network.network_of(address)))
    try:
        typed = ip_network(text, strict=False)
        return by_networks(network.hashes_of(typed))
    except ValueError:
        return Search(NOBODY, NETWORKS) if re.fullmatch(r"[0-9a-fA-F.:]+/\d+", text) else None


def by_networks(hashes: list[bytes]) -> Search:
    with connection.cursor() as cursor:
        cursor.execute(CROWDS, [hashes, CROWD, CROWD])
        crowds = [bytes(crowd) for (crowd,) in cursor.fetchall()]
    # Those before the first origin that is kept have none, which PostgreSQL cannot know: it would begin with them.
    first = Origin.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    came_from_there = Q(pk__gte=first, origin__network__in=hashes)
    return Search(came_from_there & (findable() | Q(origin__network__in=crowds)))

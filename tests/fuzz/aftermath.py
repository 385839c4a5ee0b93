"""What noise has left behind: in the logs, and in the database."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.http import QueryDict
from django_countries import countries

from campaigns.models import ConsentText
from signatures.forms import SignForm
from signatures.forms.fields import AddressField, NameField
from signatures.models import (
    Alarm,
    Cluster,
    ConsentEvent,
    CountDelta,
    CountryTally,
    DaySalt,
    Doubt,
    FunnelDelta,
    FunnelTally,
    HourTally,
    Letter,
    Origin,
    Outbox,
    Recount,
    RetentionRun,
    Retraction,
    Seat,
    Signature,
    StateDelta,
    StateTally,
    Suppression,
    Tally,
    Total,
    ViaTally,
)
from signatures.services import Attempt
from tests.fuzz.oddities import MARK

Ask = Callable[..., list[tuple[Any, ...]]]

FAULTS = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b|\bFATAL\b|\bPANIC\b")
# What visitors may bring about, what triggers count of it, and what workers do and note; nothing else may change.
MAY_CHANGE = {
    model._meta.db_table
    for model in (
        *(Signature, Letter, ConsentEvent, Origin, DaySalt, Doubt, Seat, Suppression),
        *(CountDelta, StateDelta, FunnelDelta, ViaTally),
        *(Tally, HourTally, CountryTally, Total, StateTally, FunnelTally, Outbox, Cluster, RetentionRun, Alarm),
        *(Recount, Retraction),
    )
}


@contextmanager
def listening(log: Path, *, only: str = "") -> Iterator[list[str]]:
    """The lines that a log gets meanwhile; `only` those with a word in them."""
    said: list[str] = []
    start = log.stat().st_size
    yield said
    with log.open("rb") as file:
        file.seek(start)
        said += [line for line in file.read().decode(errors="replace").splitlines() if only in line]


def faults(said: Iterable[str]) -> list[str]:
    return [line for line in said if FAULTS.search(line)]


def people(said: Iterable[str], links: Iterable[str]) -> list[str]:
    """The lines that hold what somebody has typed, or what opens a page of theirs."""
    lower = [line.lower() for line in said]
    whole = "\n".join(lower)
    found = [text for text in (MARK.lower(), *(link.lower() for link in links)) if text in whole]
    return [line for line in lower if any(text in line for text in found)]


def postgres_log() -> Path:
    """Of the server of these tests; where the environment names another, there is nothing to read."""
    return Path(os.environ.get("TEST_POSTGRES_LOG", os.devnull))


def last_signature(ask: Ask) -> int:
    [(last,)] = ask("SELECT max(id) FROM signatures_signature")
    return int(last)


def new_rows_that_the_form_refuses(ask: Ask, after: int) -> list[Any]:
    """Or that are anything but waiting, or held by signals, or agree to words that their page did not show."""
    rows = ask(
        """
        SELECT s.id, s.name, s.email, s.country, s.visibility, s.wants_updates, s.consent_id,
            s.state = 'pending' AND s.erased_at IS NULL AND c.campaign_id = s.campaign_id AND c.language = s.language
            AND (s.moderation, s.moderation_reason) IN (('clear', ''), ('held', 'signals'))
            AND length(s.fingerprint) = 32
        FROM signatures_signature AS s JOIN campaigns_consenttext AS c ON c.id = s.consent_id WHERE s.id > %s
        """,
        after,
    )
    assert rows, "nobody has signed: the noise did not get far"
    return [row for row in rows if not row[-1] or not is_taken(*row[1:-1])]


def is_taken(name: str, email: str, country: str, visibility: str, wants_updates: bool, consent_id: int) -> bool:
    """Whether the form takes what is stored, and makes the same of it once more."""
    data = QueryDict(mutable=True)
    data.update({"name": name, "email": email, "country": country, "visibility": visibility, "consent": "on"})
    data["consent_id"] = str(consent_id)
    if wants_updates:
        data["updates"] = "on"
    form = SignForm(data, consent_text=ConsentText(pk=consent_id))
    return form.is_valid() and form.attempt == Attempt(name, email, country, visibility, wants_updates)


def old_rows_with_junk(ask: Ask, until: int) -> list[Any]:
    """Whose links the noise had may have been changed, but to nothing that a form refuses."""
    rows = ask("SELECT id, name, email, country FROM signatures_signature WHERE id <= %s", until)
    return [
        row
        for row in rows
        if (row[1] and NameField().clean(row[1]) != row[1])
        or (row[2] and AddressField().clean(row[2]) != row[2])
        or (row[3] and row[3] not in dict(countries))
    ]


def everything_else(ask: Ask) -> dict[str, Any]:
    """A digest of each table that no visitor may change, and of the signatures whose links nobody has had."""
    names = ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
    digest = "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} AS t"
    found = {name: ask(digest.format(name)) for (name,) in names if name not in MAY_CHANGE}
    return found | {
        "others": ask("SELECT t::text FROM signatures_signature AS t WHERE name LIKE 'Other %%' ORDER BY id")
    }

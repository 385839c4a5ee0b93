"""Signatures of invented people by the million, by COPY: as signing, confirming and moderating would have left them."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, pairwise
from math import exp
from random import Random

from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign, ConsentText
from signatures import addresses, network, tally
from signatures.invented import LANGUAGES, person
from signatures.models import DaySalt, Signature
from signatures.reasons import Reason

BATCH = 20_000
WRITERS = 2
DAYS = 60
PENDING_DAYS = 13
PENDING_KEPT = timedelta(days=PENDING_DAYS)  # retention deletes them after fourteen
PENDING, WITHDRAWN = 0.08, 0.02
HELD, REJECTED = 0.01, 0.005
REASONS = [str(reason) for reason in (Reason.NAME, Reason.INSULT, Reason.DUPLICATE, Reason.TEST)]
# Many within an hour, out of one network and under one mail domain: which, and how many days ago.
CROWDS = {"rafaga.example.net": 3, "oleada.example.com": 12, "avalancha.example.org": 40}
CROWD = 0.003

COLUMNS = {
    "signatures_signature": (
        "id, campaign_id, consent_id, language, name, email, country, visibility, wants_updates, fingerprint, state,"
        " moderation, moderation_reason, created_at, confirmed_at, withdrawn_at"
    ),
    "signatures_seat": "signature_id, campaign_id, fingerprint, number, name_fingerprint",
    "signatures_consentevent": "signature_id, consent_id, kind, visibility, at",
    "signatures_origin": "signature_id, day, address, network",
    "signatures_doubt": "signature_id, kind, detail, made_at",
}
NULL, HEX = "\\N", "\\\\x"  # as COPY reads them
Moment = tuple[datetime, str]  # when, and the mail domain of the crowd

IDS = "SELECT nextval(pg_get_serial_sequence('signatures_signature', 'id')) FROM generate_series(1, %s)"

# The triggers count a batch in the hour of its statement. This takes it out of there and puts it where it was
# confirmed, within the same transaction: the count stays what it is, and the history gets its sixty days.
HISTORY = """
INSERT INTO signatures_countdelta (campaign_id, country, hour, n)
SELECT campaign_id, country, hour, sum(n)
FROM signatures_signature
CROSS JOIN LATERAL (
    VALUES (date_trunc('hour', confirmed_at, 'UTC'), 1), (date_trunc('hour', statement_timestamp(), 'UTC'), -1)
) AS moved (hour, n)
WHERE id = ANY(%s) AND state = 'confirmed' AND moderation = 'clear'
GROUP BY campaign_id, country, hour
"""


class NoConsent(Exception):
    """The campaign has no consent text that anybody could have agreed to."""


class Miscounted(Exception):
    """The count is not what a recount gives."""


def generate(campaign: Campaign, n: int) -> Iterator[int]:
    """Makes n signatures in batches, each a transaction; says after each how many there are.

    At the end the tables' statistics are made anew and the campaign is recounted: raises Miscounted where that differs.
    """
    maker = Maker(campaign, n)
    moments = maker.moments()
    done = 0
    with ThreadPoolExecutor(WRITERS) as writers:
        under_way: deque[Future[int]] = deque()
        while (ids_and_moments := next_batch(moments))[0] or under_way:
            if ids_and_moments[0]:
                under_way.append(writers.submit(write, maker.batch(*ids_and_moments)))
            # People are invented while PostgreSQL takes in those before them, and no faster.
            if len(under_way) > WRITERS or not ids_and_moments[0]:
                done += under_way.popleft().result()
                tally.fold()
                yield done
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('signature_name')")
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")
    count = tally.count(campaign.pk)
    recount = Signature.objects.counted().filter(campaign=campaign).count()
    if count != recount:
        raise Miscounted(f"The count says {count:,}, a recount {recount:,}.")


def next_batch(moments: Iterator[Moment]) -> tuple[list[int], list[Moment]]:
    """The next moments, and numbers for their signatures that nobody else gets."""
    batch = list(islice(moments, BATCH))
    with connection.cursor() as cursor:
        cursor.execute(IDS, [len(batch)])
        return [pk for (pk,) in cursor.fetchall()], batch


def write(batch: "Batch") -> int:
    """In a thread of its own, hence over a connection of its own; how many it wrote."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL gin_pending_list_limit = '1GB'")  # sorted in at the end, at once
            for table, columns in COLUMNS.items():
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    copy.write("".join(batch.lines[table]))
            cursor.execute(HISTORY, [batch.ids])
    finally:
        connection.close()
    return len(batch.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    ids: list[int]
    lines: dict[str, list[str]]  # of each table, as COPY reads them


class Maker:
    """Invents the signatures of one campaign."""

    def __init__(self, campaign: Campaign, n: int) -> None:
        self.campaign, self.n = campaign.pk, n
        self.now = timezone.now()
        self.chance = Random()
        self.hours = [weight(self.now, hour) for hour in range(DAYS * 24)]
        self.pending = min(1.0, PENDING * sum(self.hours) / sum(self.hours[-PENDING_DAYS * 24 :]))
        today = self.now.astimezone(UTC).date()
        # The one before these is about to be destroyed.
        self.salts = {day: network.salt_of(day) for day in (today - timedelta(n) for n in range(DaySalt.KEPT_DAYS))}
        texts = ConsentText.objects.filter(campaign=campaign).order_by("version")
        found = dict(texts.values_list("language", "pk"))
        if not found:
            raise NoConsent
        source = found.get(campaign.source_language, next(iter(found.values())))
        self.consents = {language: found.get(language, source) for language in LANGUAGES}

    def moments(self) -> Iterator[Moment]:
        """When each signs, the first one first, and the mail domain of the crowd that they belong to."""
        crowds = {(DAYS - days) * 24: domain for domain, days in CROWDS.items()}
        in_crowd = int(self.n * CROWD)
        sums = [0.0, *accumulate(self.hours)]
        alone = self.n - in_crowd * len(crowds)
        borders = [round(alone * so_far / sums[-1]) for so_far in sums]
        start = self.now - timedelta(days=DAYS)
        for hour, (begin, end) in enumerate(pairwise(borders)):
            signers = [""] * (end - begin) + [crowds.get(hour, "")] * (in_crowd if hour in crowds else 0)
            for second, crowd in sorted((self.chance.random() * 3600, crowd) for crowd in signers):
                yield start + timedelta(hours=hour, seconds=second), crowd

    def batch(self, ids: list[int], moments: list[Moment]) -> Batch:
        batch = Batch(ids, {table: [] for table in COLUMNS})
        for pk, (moment, crowd) in zip(ids, moments, strict=True):
            self.add(batch.lines, pk, moment, crowd)
        return batch

    def add(self, lines: dict[str, list[str]], pk: int, moment: datetime, crowd: str) -> None:
        """One signature, and the rows that come with it. Nothing in them would have to be escaped."""
        chance = self.chance
        someone = person(pk, chance, crowd)
        state = self.state(moment)
        # One shows one's name on the page once one has confirmed.
        shares = (15, 50, 0) if state == "pending" else (15, 50, 35)
        visibility = chance.choices(("secret", "delivered", "public"), shares)[0]
        is_secret = visibility == "secret"
        wants_news = state != "withdrawn" and chance.random() < 0.3
        confirmed = withdrawn = NULL
        if state != "pending":
            confirmed_at = self.after(moment, minutes=20)
            confirmed = str(confirmed_at)
            if state == "withdrawn":
                withdrawn = str(self.after(confirmed_at, minutes=5 * 24 * 60))
        moderation = self.moderation(state)
        reason = "" if moderation == "clear" else chance.choice(REASONS)
        name = "" if is_secret else someone.name
        email = someone.email if not is_secret or wants_news or state == "pending" else ""
        digest = addresses.fingerprint(self.campaign, addresses.canonical(someone.email))
        consent = self.consents[someone.language]
        lines["signatures_signature"].append(
            f"{pk}\t{self.campaign}\t{consent}\t{someone.language}\t{name}\t{email}\t{someone.country}\t{visibility}"
            f"\t{wants_news}\t{HEX}{digest.hex()}\t{state}\t{moderation}\t{reason}\t{moment}\t{confirmed}\t{withdrawn}\n"
        )
        if state == "confirmed":
            named = addresses.fingerprint(self.campaign, addresses.canonical_name(name))
            lines["signatures_seat"].append(f"{pk}\t{self.campaign}\t{HEX}{digest.hex()}\t1\t{HEX}{named.hex()}\n")
        at_first = "secret" if is_secret else "delivered"
        events = [("ticked", at_first, moment), ("confirmed", at_first, confirmed)]
        events += [("disclosure", visibility, confirmed)] if visibility == "public" else []
        events += [("withdrawn", visibility, withdrawn)]
        lines["signatures_consentevent"].extend(
            f"{pk}\t{consent}\t{kind}\t{what}\t{at}\n" for kind, what, at in events if at is not NULL
        )
        day = moment.astimezone(UTC).date()
        if salt := self.salts.get(day):
            of_address, of_network = network.hashes_with(salt, someone.address)
            lines["signatures_origin"].append(f"{pk}\t{day}\t{HEX}{of_address.hex()}\t{HEX}{of_network.hex()}\n")
        if crowd and chance.random() < 0.5:
            lines["signatures_doubt"].append(f"{pk}\tnetwork\t\t{moment}\n")

    def state(self, moment: datetime) -> str:
        if self.now - moment < PENDING_KEPT and self.chance.random() < self.pending:
            return "pending"
        return "withdrawn" if self.chance.random() < WITHDRAWN / (1 - PENDING) else "confirmed"

    def moderation(self, state: str) -> str:
        drawn = self.chance.random()
        if state == "withdrawn" or drawn >= HELD + REJECTED:
            return "clear"
        return "held" if drawn < HELD else "rejected"

    def after(self, moment: datetime, *, minutes: float) -> datetime:
        """Some time later, about so many minutes, but not after now."""
        return min(self.now, moment + timedelta(minutes=self.chance.expovariate(1 / minutes)))


def weight(now: datetime, hour: int) -> float:
    """How many sign in an hour: ever fewer by the day, hardly anybody at night, and twice there was something in the
    news."""
    at = timezone.localtime(now - timedelta(days=DAYS) + timedelta(hours=hour))
    day = hour // 24
    news = 3 if day in (21, 47) else 1
    return news * (0.2 + exp(-day / 25)) * (0.15 if at.hour < 6 else 1)

"""Whatever signers, staff and time do, in whatever order: the count is right, and nothing shows more than it may."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Campaign, ConsentText
from signatures import exports, letters, retention, services, tally, tokens
from signatures.models import (
    ConsentEvent,
    Letter,
    ModerationAct,
    Origin,
    Seat,
    Signature,
    Suppression,
)
from signatures.services import Changed, Confirmation, Line
from signatures.templatetags.signing import latest_names
from tests.helpers import make_campaign

ROW = st.integers(min_value=0, max_value=5)
PERSON = st.integers(min_value=0, max_value=2)
NAME = st.sampled_from(["Ana", "Beto", "Celia"])
COUNTRY = st.sampled_from(["PE", "ES"])
LONG_AGO = timedelta(days=15)


@dataclass
class Signer:
    """What one signer has said last, by whichever way; kept here beside what the site makes of it."""

    name: str
    country: str
    visibility: str
    wants_news: bool
    is_confirmed: bool = False
    is_erased: bool = False
    moderation: str = "clear"


class AnythingHappens(RuleBasedStateMachine):
    """Each rule does by the site's own services what somebody may do, and notes what must have come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.campaign = make_campaign()
        consent = ConsentText.objects.current(self.campaign, "en")
        assert consent is not None
        self.consent = consent
        self.signers: dict[int, Signer] = {}

    def pick(self, row: int) -> int:
        ids = sorted(self.signers)
        return ids[row % len(ids)]

    def living(self, pk: int) -> bool:
        """Confirmed, and neither withdrawn nor erased: what a signer can change."""
        return self.signers[pk].is_confirmed and not self.signers[pk].is_erased

    @initialize()
    def some_have_signed(self) -> None:
        """Or most runs would be over before anybody is on the page."""
        for row, (name, visibility) in enumerate([("Ana", "public"), ("Beto", "delivered"), ("Celia", "secret")]):
            self.sign(row, name, "PE", "secret" if visibility == "secret" else "delivered", row == 1)
            self.confirm(row, "link")
            if visibility == "public":
                self.change(row, name, "ES", visibility, agrees=True)

    # What signers do

    @rule(
        person=PERSON,
        name=NAME,
        country=COUNTRY,
        visibility=st.sampled_from(["secret", "delivered"]),
        wants_news=st.booleans(),
    )
    def sign(self, person: int, name: str, country: str, visibility: str, wants_news: bool) -> None:
        attempt = services.Attempt(name, f"p{person}@example.org", country, visibility, wants_news)
        signature = services.sign(campaign=self.campaign, consent=self.consent, language="en", attempt=attempt)
        self.signers[signature.pk] = Signer(name, country, visibility, wants_news)

    @precondition(lambda self: self.signers)
    @rule(row=ROW, by=st.sampled_from(["link", "code", "wrong code"]))
    def confirm(self, row: int, by: str) -> None:
        pk = self.pick(row)
        if by == "link":
            outcome = services.confirm(signature_id=pk)
        else:
            code = tokens.code(pk) if by == "code" else "no code"
            outcome = services.confirm_by_code(campaign=self.campaign, signature_id=pk, code=code)
        assert (outcome is Confirmation.CONFIRMED_BEFORE) <= self.signers[pk].is_confirmed
        if outcome is Confirmation.CONFIRMED:
            assert by != "wrong code"
            self.signers[pk].is_confirmed = True
        self.forget_what_is_gone()

    def forget_what_is_gone(self) -> None:
        """Attempts under the same name from the same address go with the one that is confirmed or erased."""
        kept = set(Signature.objects.values_list("pk", flat=True))
        assert all(signer.is_erased or not signer.is_confirmed for pk, signer in self.signers.items() if pk not in kept)
        self.signers = {pk: signer for pk, signer in self.signers.items() if pk in kept}

    @precondition(lambda self: self.signers)
    @rule(
        row=ROW,
        name=st.one_of(NAME, st.just("")),
        country=COUNTRY,
        visibility=st.sampled_from(["secret", "delivered", "public"]),
        agrees=st.booleans(),
    )
    def change(self, row: int, name: str, country: str, visibility: str, agrees: bool) -> None:
        pk = self.pick(row)
        signer = self.signers[pk]
        outcome = services.change(
            signature_id=pk, line=Line(name, country, visibility), consent=self.consent if agrees else None
        )
        if outcome is Changed.DONE:
            assert self.living(pk)
            assert agrees or not services.is_more_visible(visibility, signer.visibility)
            signer.name, signer.country, signer.visibility = name, country, visibility

    @precondition(lambda self: self.signers)
    @rule(row=ROW, is_wanted=st.booleans())
    def set_news(self, row: int, is_wanted: bool) -> None:
        pk = self.pick(row)
        if services.set_news(signature_id=pk, is_wanted=is_wanted, consent=self.consent) is Changed.DONE:
            self.signers[pk].wants_news = is_wanted

    @precondition(lambda self: self.signers)
    @rule(row=ROW, person=PERSON, is_late=st.booleans())
    def move(self, row: int, person: int, is_late: bool) -> None:
        """To another address; by a link that another move may have ended."""
        pk = self.pick(row)
        email = f"p{person}@example.org"
        services.ask_for_address(signature_id=pk, email=email)
        generation = Signature.objects.values_list("link_generation", flat=True).get(pk=pk)
        services.change_address(change=tokens.NewAddress(pk, max(generation - is_late, 0), email))

    @precondition(lambda self: self.signers)
    @rule(row=ROW)
    def withdraw(self, row: int) -> None:
        pk = self.pick(row)
        if services.withdraw(signature_id=pk):
            self.signers[pk].is_confirmed = self.signers[pk].wants_news = False

    @precondition(lambda self: self.signers)
    @rule(row=ROW)
    def erase(self, row: int) -> None:
        pk = self.pick(row)
        was_pending = Signature.objects.pending().filter(pk=pk).exists()
        services.erase(signature_id=pk)
        if was_pending:
            del self.signers[pk]
        elif not self.signers[pk].is_erased:
            self.signers[pk].is_erased, self.signers[pk].is_confirmed = True, False
        self.forget_what_is_gone()

    @precondition(lambda self: self.signers)
    @rule(row=ROW, never_again=st.booleans())
    def disown(self, row: int, never_again: bool) -> None:
        pk = self.pick(row)
        services.disown(signature_id=pk, never_again=never_again)
        if not Signature.objects.filter(pk=pk).exists():
            del self.signers[pk]

    @precondition(lambda self: self.signers)
    @rule(row=ROW)
    def ask_for_another_letter(self, row: int) -> None:
        services.resend(campaign=self.campaign, language="en", signature_id=self.pick(row))

    @rule(person=PERSON)
    def ask_for_the_page(self, person: int) -> None:
        services.ask_for_page(campaign=self.campaign, language="en", email=f"p{person}@example.org")

    # What staff do

    @precondition(lambda self: self.signers)
    @rule(rows=st.sets(ROW, max_size=3), verb=st.sampled_from(["hold", "release", "reject", "restore"]))
    def moderate(self, rows: set[int], verb: str) -> None:
        ids = {self.pick(row) for row in rows}
        getattr(services, verb)(signatures=Signature.objects.filter(pk__in=ids), reason="Seen twice", staff=None)
        for row in Signature.objects.in_hand().filter(pk__in=ids):
            signer = self.signers[row.pk]
            signer.moderation = {
                "hold": "held",
                "release": "rejected" if signer.moderation == "rejected" else "clear",
                "reject": "rejected",
                "restore": "held" if signer.moderation == "held" else "clear",
            }[verb]

    # What time does

    @rule()
    def letters_leave(self) -> None:
        # In one transaction the database's clock stands still.
        Letter.objects.waiting().update(due_at=timezone.now() - timedelta(hours=1))
        letters.send_due()

    @rule()
    def counts_are_folded(self) -> None:
        tally.fold()

    @precondition(lambda self: self.signers)
    @rule(row=ROW)
    def two_weeks_pass_for_one(self, row: int) -> None:
        pk = self.pick(row)
        Signature.objects.pending().filter(pk=pk).update(created_at=timezone.now() - LONG_AGO)
        Letter.objects.filter(signature=pk, state="sent").update(sent_at=timezone.now() - LONG_AGO)
        retention.run()
        if not Signature.objects.filter(pk=pk).exists():
            del self.signers[pk]

    @rule()
    def the_campaign_ends_and_its_people_are_erased(self) -> None:
        counted = tally.count(self.campaign.pk)
        Campaign.objects.update(closes_at=timezone.now() - timedelta(days=400), retention_days=180)
        retention.run()
        Campaign.objects.update(closes_at=None)
        assert tally.count(self.campaign.pk) == counted
        for pk in list(self.signers):
            if Signature.objects.filter(pk=pk).exists():
                self.signers[pk].is_erased = True  # and counted for ever
            else:
                del self.signers[pk]

    # What is true at every moment

    @invariant()
    def the_count_equals_the_recount(self) -> None:
        counted = [s for s in self.signers.values() if s.is_confirmed and s.moderation == "clear"]
        assert tally.count(self.campaign.pk) == len(counted) == Signature.objects.counted().count()
        by_country = Counter(signer.country for signer in counted)
        assert tally.by_country(self.campaign.pk) == dict(by_country)

    @invariant()
    def no_address_has_more_than_two_seats(self) -> None:
        seats = Counter(bytes(seat) for seat in Seat.objects.values_list("fingerprint", flat=True))
        assert max(seats.values(), default=0) <= Seat.PER_ADDRESS
        seated = {(seat.signature_id, bytes(seat.fingerprint)) for seat in Seat.objects.all()}
        confirmed = Signature.objects.confirmed().filter(erased_at=None)
        assert seated == {(row.pk, bytes(row.fingerprint or b"")) for row in confirmed}

    @invariant()
    def who_is_counted_only_has_no_name_and_no_address_but_for_news(self) -> None:
        for row in Signature.objects.filter(visibility="secret"):
            assert row.name == ""
            assert row.state == "pending" or row.wants_updates or row.email == ""

    @invariant()
    def outputs_show_exactly_what_their_signers_chose(self) -> None:
        counted = [s for s in self.signers.values() if s.is_confirmed and s.moderation == "clear" and not s.is_erased]
        request = SimpleNamespace()
        names = latest_names({"request": request}, self.campaign)["names"]  # type: ignore[arg-type]
        on_page = Counter((name, country.code) for name, country in names)
        assert on_page == Counter((s.name, s.country) for s in counted if s.visibility == "public")
        with connection.cursor() as cursor:
            cursor.execute(exports.PRESETS["addressee"].query(exports.FORMS["machine"]), [self.campaign.pk])
            handed_over = Counter((name, country) for _number, name, country in cursor.fetchall())
        assert handed_over == Counter((s.name, s.country) for s in counted if s.visibility != "secret")

    @invariant()
    def what_we_hold_is_what_was_said_last(self) -> None:
        for row in Signature.objects.filter(erased_at=None):
            signer = self.signers[row.pk]
            assert (row.country.code, row.visibility) == (signer.country, signer.visibility)
            assert row.name == ("" if signer.visibility == "secret" else signer.name)
            assert row.wants_updates == signer.wants_news

    @invariant()
    def the_erased_leave_nothing(self) -> None:
        erased = Signature.objects.exclude(erased_at=None)
        assert {row.pk for row in erased} == {pk for pk, signer in self.signers.items() if signer.is_erased}
        for row in erased:
            assert (row.name, row.email, row.moderation_reason, row.fingerprint) == ("", "", "", None)
            assert not row.wants_updates
            for moment in (row.created_at, row.confirmed_at, row.withdrawn_at, row.erased_at):
                local = timezone.localtime(moment) if moment else None
                assert local is None or (local.day, local.hour, local.minute, local.second) == (1, 0, 0, 0)
        for model in (Seat, Letter, ConsentEvent, Origin):
            assert not model.objects.filter(signature__in=erased).exists()

    @invariant()
    def only_letters_that_wait_hold_an_address(self) -> None:
        assert not Letter.objects.exclude(state="waiting").exclude(to="").exists()
        assert not Letter.objects.exclude(state="waiting").exclude(details={}).exists()


@pytest.mark.first
@pytest.mark.django_db
def test_any_order_of_acts_keeps_the_count_and_shows_nothing_more_than_was_chosen() -> None:
    def machine() -> AnythingHappens:
        Signature.objects.all().delete()
        for model in (Letter, Suppression, ModerationAct, ConsentText, Campaign):
            model.objects.all().delete()
        return AnythingHappens()

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making a failure smaller would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )

"""A solved challenge: what it settles, whom it releases, and that it takes nothing out of the hands of staff."""

from functools import partial

import pytest

from campaigns.models import Campaign
from signatures import services, tally
from signatures.models import Doubt, Signature
from signatures.services import Attempt, Changed, Confirmation
from signatures.signals import Signal
from signatures.tokens import NewAddress
from tests.helpers import consent_of, make_campaign
from tests.signatures.test_concurrency import at_once, look
from tests.signatures.test_rules import make_rule


def sign(campaign: Campaign, *found: str, email: str = "ana@example.org") -> Signature:
    return services.sign(
        campaign=campaign,
        consent=consent_of(campaign),
        language="en",
        attempt=Attempt("Ana Example", email, "PE", "delivered", False),
        found=frozenset(map(Signal, found)),
    )


def state(signature: Signature) -> tuple[str, str, list[str]]:
    """Moderation, its reason, and what is still doubted."""
    signature.refresh_from_db()
    open_doubts = Doubt.objects.open().filter(signature=signature).order_by("kind")
    return signature.moderation, signature.moderation_reason, list(open_doubts.values_list("kind", flat=True))


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.mark.parametrize(
    ("found", "before", "after"),
    [
        ("crowd", "clear", ("clear", "", [])),
        ("honeypot", "clear", ("clear", "", [])),
        ("crowd honeypot", "held", ("clear", "", [])),
        ("crowd rush honeypot disposable", "held", ("held", "signals", ["crowd", "disposable", "rush"])),
        ("crowd one_domain", "held", ("held", "signals", ["crowd", "one_domain"])),
        ("crowd one_domain honeypot", "held", ("held", "signals", ["crowd", "one_domain"])),
        ("one_name honeypot", "clear", ("clear", "", ["one_name"])),
        ("", "clear", ("clear", "", [])),
    ],
)
def test_what_a_challenge_answers_is_settled_and_who_is_held_by_nothing_else_is_released(
    campaign: Campaign, found: str, before: str, after: tuple[str, str, list[str]]
) -> None:
    signature = sign(campaign, *found.split())
    assert signature.moderation == before

    for _ in range(2):  # once more changes nothing
        services.pass_challenge(campaign=campaign, signature_id=signature.pk)
        assert state(signature) == after


def test_whoever_was_held_counts_when_challenge_and_letter_are_both_done(campaign: Campaign) -> None:
    signature = sign(campaign, "crowd", "honeypot")
    assert services.confirm(signature_id=signature.pk) is Confirmation.CONFIRMED
    assert tally.count(campaign.pk) == 0

    services.pass_challenge(campaign=campaign, signature_id=signature.pk)

    assert tally.count(campaign.pk) == 1


@pytest.mark.parametrize(
    ("verbs", "moderation", "reason"),
    [
        (["reject"], "rejected", "made_up"),
        (["release", "hold"], "held", "made_up"),
        (["release"], "clear", ""),
    ],
)
def test_what_staff_have_decided_stays(campaign: Campaign, verbs: list[str], moderation: str, reason: str) -> None:
    signature = sign(campaign, "crowd", "honeypot")
    for verb in verbs:
        getattr(services, verb)(signatures=Signature.objects.filter(pk=signature.pk), reason="made_up", staff=None)

    services.pass_challenge(campaign=campaign, signature_id=signature.pk)

    assert state(signature) == (moderation, reason, [])


def test_a_rule_of_staff_holds_after_a_challenge_too(campaign: Campaign) -> None:
    make_rule("hold", domain="example.net")
    signed = sign(campaign, "crowd", "honeypot", email="ana@example.net")
    # Held by signals alone, until it is moved to where a rule holds.
    moved = sign(campaign, "crowd", "honeypot", email="beto@example.org")
    services.confirm(signature_id=moved.pk)
    assert services.change_address(change=NewAddress(moved.pk, 0, "beto@example.net")) is Changed.DONE

    for signature in (signed, moved):
        services.pass_challenge(campaign=campaign, signature_id=signature.pk)

    assert [state(signature) for signature in (signed, moved)] == [
        ("held", "rule", ["crowd", "rule"]),
        ("held", "signals", ["crowd", "rule"]),
    ]
    services.release(signatures=Signature.objects.filter(pk=moved.pk), reason="found_good", staff=None)
    assert state(moved) == ("clear", "", [])


def test_one_that_asks_for_a_second_look_is_released_and_needs_none_any_more(campaign: Campaign) -> None:
    signature = sign(campaign, "crowd", "honeypot")
    Doubt.objects.create(signature=signature, kind=Doubt.Kind.SECOND_LOOK)

    services.pass_challenge(campaign=campaign, signature_id=signature.pk)

    assert state(signature) == ("clear", "", [])


def test_of_who_has_withdrawn_was_erased_or_is_gone_nothing_changes(campaign: Campaign) -> None:
    withdrawn, erased, gone = (sign(campaign, "crowd", "honeypot", email=f"p{n}@example.org") for n in range(3))
    for signature in (withdrawn, erased):
        services.confirm(signature_id=signature.pk)
    services.withdraw(signature_id=withdrawn.pk)
    services.erase(signature_id=erased.pk)
    services.disown(signature_id=gone.pk, never_again=False)
    before = [state(signature) for signature in (withdrawn, erased)]

    for signature in (withdrawn, erased, gone):
        services.pass_challenge(campaign=campaign, signature_id=signature.pk)

    assert [state(signature) for signature in (withdrawn, erased)] == before
    assert not Signature.objects.filter(pk=gone.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_challenges_confirmations_and_staff_at_once_leave_the_count_right() -> None:
    campaign = make_campaign()
    signatures = [sign(campaign, "crowd", "honeypot", email=f"p{number}@example.org") for number in range(8)]
    all_of_them = Signature.objects.filter(campaign=campaign)

    def hold() -> None:
        services.hold(signatures=all_of_them, reason="made_up", staff=None)

    verbs = (services.confirm, partial(services.pass_challenge, campaign=campaign))
    calls = [partial(verb, signature_id=one.pk) for one in signatures for verb in verbs]
    at_once([*calls, hold, partial(look, campaign)])

    counted, recounted = look(campaign)
    assert counted == recounted == Signature.objects.counted().count()
    # Each was released by its challenge, and perhaps held by staff after that.
    assert {state(one)[:2] for one in signatures} <= {("clear", ""), ("held", "made_up")}
    assert all_of_them.confirmed().count() == 8

"""Rules of staff: whom they catch, what becomes of those, and that nothing leads around them."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, due, letters, reminders, rules, services, tokens
from signatures.models import Doubt, Letter, Rule, Signature
from signatures.services import Changed, Confirmation
from tests.helpers import SLUG, form_data, make_campaign, make_signature, page_of

HELD = "A rule of ours holds signatures like this one back until somebody has looked at them."


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def make_rule(action: str = "block", *, address: str = "", domain: str = "", network: str = "", **fields: Any) -> Rule:
    kind = "address" if address else "domain" if domain else "network"
    pattern = rules.read_domain(domain) if domain else str(rules.read_network(network)) if network else ""
    key = addresses.rule_fingerprint(address).hex() if address else pattern
    return Rule.objects.create(kind=kind, pattern=pattern, key=key, action=action, note="test", **fields)


def catches(rule: dict[str, str], email: str, client: str = "203.0.113.7") -> bool:
    return set(rules.keys(email, ip_address(client))) >= {make_rule(**rule).key}  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("domain", "caught", "free"),
    [
        ("example.org", ["a@example.org", "a@EXAMPLE.org"], ["a@mail.example.org", "a@anexample.org", "a@example.net"]),
        ("*.Example.org", ["a@x.example.org", "a@y.x.example.org"], ["a@example.org", "a@anexample.org"]),
        ("example.*", ["a@example.org", "a@example.com.pe"], ["a@x.example.org", "a@example-x.org"]),
        ("@Correo.Ñandú.example", ["a@correo.xn--and-6ma2c.example"], ["a@xn--and-6ma2c.example"]),
    ],
)
def test_a_domain_catches_what_its_wildcard_says(domain: str, caught: list[str], free: list[str]) -> None:
    assert [email for email in [*caught, *free] if catches({"domain": domain}, email)] == caught


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "caught", "free"),
    [
        ("Ana@example.org", ["ana@example.org", "ana+2@example.org"], ["an.a@example.org", "ana@x.example.org"]),
        ("ana.example@gmail.com", ["anaexample+2@googlemail.com"], ["anaexample2@gmail.com"]),
    ],
)
def test_an_address_is_caught_however_its_owner_spells_it(address: str, caught: list[str], free: list[str]) -> None:
    assert [email for email in [*caught, *free] if catches({"address": address}, email)] == caught


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "caught", "free"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("203.0.113.9/29", "203.0.113.15", "203.0.113.16"),
        ("203.0.0.0/16", "203.0.255.1", "203.1.0.1"),
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("2001:db8:7::/48", "2001:db8:7:ffff::1", "2001:db8:8::1"),
        ("2001:db8:7:1::/64", "2001:db8:7:1::9", "2001:db8:7:2::9"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
    ],
)
def test_a_network_catches_those_within_it(network: str, caught: str, free: str) -> None:
    assert catches({"network": network}, "a@example.org", caught)
    assert not catches({"network": network}, "a@example.org", free)


@pytest.mark.parametrize(
    "typed",
    ["*", "com", "*.com", "*.*", ".*", "*.example.*", "exa*mple.org", "ana@example.org", "exa mple.org"],
)
def test_what_is_no_domain_or_nearly_all_of_them_is_refused(typed: str) -> None:
    with pytest.raises(rules.BadPattern):
        rules.read_domain(typed)


@pytest.mark.parametrize(
    "typed", ["0.0.0.0/0", "203.0.0.0/15", "::/0", "2001::/31", "2001::/33", "2001::/100", "example.org"]
)
def test_what_is_no_network_or_a_country_is_refused(typed: str) -> None:
    with pytest.raises(rules.BadPattern):
        rules.read_network(typed)


@pytest.mark.parametrize(
    ("kind", "pattern", "is_broad"),
    [
        ("domain", "gmail.com", True),
        ("domain", "gmail.*", True),
        ("domain", "*.com.pe", True),
        ("domain", "*.example.org", False),
        ("domain", "example.*", False),
        ("network", "203.0.112.0/23", True),
        ("network", "203.0.113.0/24", False),
        ("network", "2001:db8::/44", True),
        ("network", "2001:db8::/48", False),
        ("address", "", False),
    ],
)
def test_what_catches_many_who_have_nothing_in_common_is_known(kind: str, pattern: str, is_broad: bool) -> None:
    assert rules.is_broad(kind, pattern) is is_broad


def test_a_block_goes_before_a_hold_and_an_ended_rule_catches_nobody(campaign: Campaign) -> None:
    make_rule("block", domain="example.org", expires_at=timezone.now())
    assert rules.met_by("ana@example.org") is None
    hold = make_rule("hold", domain="example.org", expires_at=None)
    make_rule("hold", address="ana@example.org")
    assert rules.met_by("ana@example.org") == hold
    block = make_rule("block", network="203.0.113.0/24")

    assert rules.met_by("ana@example.org", ip_address("203.0.113.7")) == block
    assert rules.met_by("ana@example.org", ip_address("203.0.114.7")) == hold


def test_a_held_signature_can_be_confirmed_is_not_counted_and_says_why(client: Client, campaign: Campaign) -> None:
    rule = make_rule("hold", network="127.0.0.1")

    client.post(f"/en/{SLUG}/sign/", form_data(campaign))

    signature = Signature.objects.get()
    assert (signature.state, signature.moderation) == ("pending", "held")
    assert signature.held_at is not None
    assert [(doubt.kind, doubt.detail) for doubt in signature.doubts.all()] == [("rule", str(rule.pk))]
    assert signature.letters.get().state == Letter.State.WAITING
    assert services.confirm(signature_id=signature.pk) is Confirmation.CONFIRMED
    signature.refresh_from_db()
    assert not signature.is_counted
    assert HELD in client.get(page_of(signature)).content.decode()


@pytest.mark.parametrize("rule", [{"address": "ana@example.org"}, {"domain": "example.org"}])
def test_what_holds_somebody_counted_only_is_not_told_where_it_is_their_address(
    campaign: Campaign, rule: dict[str, str]
) -> None:
    make_rule("hold", **rule)  # type: ignore[arg-type]

    signature = make_signature(campaign, email="ana@example.org", visibility="secret")

    assert [(doubt.kind, doubt.detail) for doubt in signature.doubts.all()] == [("rule", "")]


def test_whoever_is_counted_only_from_now_on_is_no_longer_beside_what_tells_their_domain(campaign: Campaign) -> None:
    make_rule("hold", domain="example.org")
    signature = make_signature(campaign, is_confirmed=True)
    for kind in ("domain", "network"):
        Doubt.objects.create(signature=signature, kind=kind, detail="7")

    services.change(signature_id=signature.pk, line=services.Line("", "PE", "secret"))

    assert dict(signature.doubts.values_list("kind", "detail")) == {"rule": "", "domain": "", "network": "7"}


def test_a_blocked_signature_gets_no_letter_and_nothing_leads_around_it(client: Client, campaign: Campaign) -> None:
    make_rule("block", network="127.0.0.0/24")
    page = client.post(f"/en/{SLUG}/sign/", form_data(campaign))["Location"].partition("#")[0]
    signature = Signature.objects.get()

    # Neither another letter, from elsewhere and when the rule has ended, nor the code in it, nor a reminder.
    Rule.objects.update(expires_at=timezone.now())
    client.post(f"{page}resend/", REMOTE_ADDR="198.51.100.7")
    services.resend(campaign=campaign, language="en", signature_id=signature.pk)
    sent = services.resend_for(signatures=Signature.objects.all(), reason="test", staff=None)
    assert sent.outcomes == {"blocked": 1}
    assert set(Letter.objects.values_list("kind", "state", "to")) == {("confirmation", "blocked", "")}
    assert Letter.objects.count() == 4
    assert client.post(page, {"code": tokens.code(signature.pk)}).status_code == 422
    Signature.objects.update(created_at=timezone.now() - timedelta(days=15))
    Letter.objects.update(created_at=timezone.now() - timedelta(days=15))
    assert (reminders.write_due(), letters.send_due()) == (0, 0)

    signature.refresh_from_db()
    assert (signature.state, signature.moderation, signature.doubts.count()) == ("pending", "clear", 0)
    assert list(due.unconfirmed()) == [signature]


def test_a_blocked_address_that_has_signed_before_keeps_its_page_and_gets_no_letter_about_another_attempt(
    campaign: Campaign,
) -> None:
    make_signature(campaign, name="Ana Example", email="ana@example.org", is_confirmed=True)
    make_rule("block", address="ana@example.org")

    again = make_signature(campaign, name="Ana Example", email="ana@example.org")
    services.ask_for_page(campaign=campaign, language="en", email="ana@example.org")

    assert (again.letters.get().kind, again.letters.get().state) == ("already_signed", "blocked")
    assert Letter.objects.get(kind="page_link").state == Letter.State.WAITING


def test_nobody_moves_a_signature_to_a_blocked_address_and_one_that_is_moved_to_a_held_one_is_held(
    campaign: Campaign,
) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    make_rule("block", domain="blocked.example.org")
    hold = make_rule("hold", domain="held.example.org")
    for domain in ("blocked", "held"):
        services.ask_for_address(signature_id=signature.pk, email=f"ana@{domain}.example.org")
    states = Letter.objects.filter(kind="address_change").order_by("pk").values_list("state", flat=True)
    assert list(states) == ["blocked", "waiting"]

    change = tokens.NewAddress(signature.pk, 0, "ana@held.example.org")
    assert services.change_address(change=change) is Changed.DONE

    signature.refresh_from_db()
    assert (signature.moderation, signature.moderation_reason) == ("held", "rule")
    assert signature.held_at is not None
    assert [(doubt.kind, doubt.detail) for doubt in signature.doubts.all()] == [("rule", str(hold.pk))]


@pytest.mark.parametrize(
    ("email", "is_flagged"),
    [("a@yopmail.com", True), ("a@new.yopmail.com", True), ("a@notyopmail.com", False), ("a@example.org", False)],
)
@pytest.mark.parametrize("visibility", ["delivered", "secret"])
def test_a_throw_away_address_is_flagged_and_neither_held_nor_refused(
    campaign: Campaign, email: str, is_flagged: bool, visibility: str
) -> None:
    cache.clear()
    Client().post("/en/water-for-all/sign/", form_data(campaign, email=email, visibility=visibility))
    signature = Signature.objects.get()
    services.confirm(signature_id=signature.pk)

    signature.refresh_from_db()
    assert signature.is_counted
    expected = [(Doubt.Kind.DISPOSABLE, "", None)] if is_flagged else []
    assert list(signature.doubts.values_list("kind", "detail", "settled_at")) == expected

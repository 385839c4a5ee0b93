"""Rules and clusters in the admin: made, tried, ended and looked at; and no secret that a dry run could tell."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from ipaddress import ip_address

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, dry_runs, network, rules
from signatures.models import Cluster, Origin, Rule, Signature
from tests.helpers import SLUG, form_data, log_in, make_campaign, make_signature

ADD = "/admin/signatures/rule/add/"
LIST = "/admin/signatures/rule/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def moderator(db: None) -> Client:
    user = User.objects.create_user("moderator", is_staff=True)
    names = ("add_rule", "change_rule", "view_rule", "view_cluster", "view_signature", "moderate_signature")
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def sign(campaign: Campaign, email: str, client: str = "203.0.113.7", **fields: str) -> Signature:
    data = form_data(campaign, name=f"Name of {email}", email=email, **fields)
    assert Client().post(f"/en/{SLUG}/sign/", data, REMOTE_ADDR=client).status_code == 303
    return Signature.objects.latest("pk")


def typed(kind: str, what: str, **fields: str) -> dict[str, str]:
    ends = timezone.localtime() + timedelta(days=30)
    rule = {"kind": kind, "what": what, "action": "hold", "note": "A storm", "expires_at_0": f"{ends:%Y-%m-%d}"}
    return rule | {"expires_at_1": f"{ends:%H:%M:%S}"} | fields


def tried(client: Client, kind: str, what: str, **fields: str) -> str:
    """What the page says of a dry run, as text."""
    response = client.post(ADD, typed(kind, what, _try="yes", **fields))
    assert response.status_code == 200
    found = re.search(r'<div class="module" id="dry-run">(.*?)</div>', response.content.decode(), re.DOTALL)
    assert found, response.content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


@pytest.mark.parametrize(
    ("kind", "what", "pattern"),
    [
        ("domain", "*.Example.org", "*.example.org"),
        ("network", "203.0.113.9/29", "203.0.113.8/29"),
        ("address", "Ana+x@example.org", ""),
    ],
)
def test_a_rule_is_kept_as_it_is_looked_up_and_of_an_address_nothing_but_the_fingerprint(
    moderator: Client, kind: str, what: str, pattern: str
) -> None:
    response = moderator.post(ADD, typed(kind, what), follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    rule = Rule.objects.get()
    fingerprint = addresses.rule_fingerprint("ana@example.org").hex()
    assert (rule.kind, rule.pattern, rule.key) == (kind, pattern, pattern or fingerprint)
    assert rule.made_by and rule.made_by.username == "moderator"
    assert rule.expires_at and timedelta(days=29) < rule.expires_at - timezone.now() < timedelta(days=31)
    logged = LogEntry.objects.get()
    said = f"{logged.object_repr} {logged.change_message} {response.content.decode()}"
    assert not re.search(r"ana[@+]", said, re.IGNORECASE)


def test_what_catches_many_takes_a_yes_of_its_own(moderator: Client) -> None:
    asked = moderator.post(ADD, typed("domain", "gmail.com", action="block"))
    assert "Tick this if you mean it." in asked.content.decode()
    assert not Rule.objects.exists()

    moderator.post(ADD, typed("domain", "gmail.com", action="block", is_sure="on"))
    assert Rule.objects.get().pattern == "gmail.com"


@pytest.mark.parametrize(("kind", "what"), [("domain", "*.com"), ("network", "0.0.0.0/0"), ("address", "example.org")])
def test_what_cannot_be_read_or_catches_everybody_is_not_saved(moderator: Client, kind: str, what: str) -> None:
    response = moderator.post(ADD, typed(kind, what, is_sure="on"))

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Rule.objects.exists()


def test_a_note_has_no_address_in_it_when_a_rule_is_made_and_when_it_is_changed(moderator: Client) -> None:
    made = typed("address", "ana@example.org")
    assert "Without an address" in moderator.post(ADD, made | {"note": "Of ana@example.org"}).content.decode()
    assert not Rule.objects.exists()

    moderator.post(ADD, made)
    rule = Rule.objects.get()
    changed = moderator.post(f"{LIST}{rule.pk}/change/", made | {"note": "Of ana@example.org"})
    assert "Without an address" in changed.content.decode()
    rule.refresh_from_db()
    assert rule.note == "A storm"


def test_a_rule_that_was_emptied_gets_no_new_note(moderator: Client) -> None:
    rule = Rule.objects.create(kind="address", pattern="", key="", action="hold", note="")

    moderator.post(f"{LIST}{rule.pk}/change/", typed("address", "", note="Of Ana"))

    rule.refresh_from_db()
    assert rule.note == ""


def test_of_a_rule_that_is_there_only_note_and_end_change_and_it_ends_without_being_deleted(moderator: Client) -> None:
    moderator.post(ADD, typed("domain", "example.org"))
    rule = Rule.objects.get()
    url = f"{LIST}{rule.pk}/change/"

    moderator.post(url, typed("network", "203.0.113.0/24", action="block", note="Calmer"))
    rule.refresh_from_db()
    assert (rule.kind, rule.key, rule.action, rule.note) == ("domain", "example.org", "hold", "Calmer")
    moderator.post(LIST, {"action": "end", "_selected_action": [rule.pk]})
    assert rules.met_by("ana@example.org") is None
    assert moderator.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    assert LogEntry.objects.count() == 3
    assert '<span class="quiet">ended</span>' in moderator.get(f"{LIST}?in_force=no").content.decode()
    assert f"{rule.pk}/change/" not in moderator.get(f"{LIST}?in_force=yes").content.decode()


def test_a_dry_run_by_domain_says_how_many_and_which_and_saves_nothing(moderator: Client, campaign: Campaign) -> None:
    for number in range(12):
        sign(campaign, f"person{number}@bad.example.org")
    Signature.objects.filter(email="person11@bad.example.org").update(moderation="held")
    sign(campaign, "other@good.example.org")
    old = sign(campaign, "old@bad.example.org")
    Signature.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))

    said = tried(moderator, "domain", "bad.example.org")

    assert "It would have caught 12 signatures of the last 7 days" in said
    assert "waiting for confirmation clear 11" in said
    assert "waiting for confirmation held 1" in said
    assert said.count("Name of") == 10
    assert "Name of old@" not in said and "Name of other@" not in said
    assert "@bad.example.org" in said
    assert "It would have caught 13 signatures" in tried(moderator, "domain", "*.example.org")
    assert not Rule.objects.exists()
    assert not LogEntry.objects.exists()


def test_a_dry_run_by_address_finds_its_spellings_and_leads_nowhere_with_the_address(
    moderator: Client, campaign: Campaign
) -> None:
    for email in ("ana.example@gmail.com", "Ana.Ex.ample+1@googlemail.com", "an.aexample@example.org"):
        sign(campaign, email)

    said = tried(moderator, "address", "anaexample@gmail.com")

    assert "It would have caught 2 signatures" in said
    assert "It would have caught 0 signatures" in tried(moderator, "address", "anaexample@example.org")
    response = moderator.post(ADD, typed("address", "anaexample@gmail.com", _try="yes"))
    assert not re.search(r'(?:href|action)="[^"]*anaexample', response.content.decode())


@pytest.mark.parametrize(("kind", "what"), [("address", "ana@example.org"), ("domain", "example.org")])
def test_nobody_who_is_counted_only_is_found_by_trying_an_address_or_a_domain(
    moderator: Client, campaign: Campaign, kind: str, what: str
) -> None:
    sign(campaign, "ana@example.org", visibility="secret")

    said = tried(moderator, kind, what)

    assert "It would have caught 0 signatures" in said
    assert "Signatures that are counted only are left out" in said


def test_a_dry_run_by_network_goes_by_the_hashes_that_are_kept(moderator: Client, campaign: Campaign) -> None:
    network.salt_of(datetime.now(UTC).date() - timedelta(days=1))  # a day under whose salt nothing was hashed
    seen = ["203.0.113.7", "203.0.113.7", "203.0.113.9", "203.0.112.7", "2001:db8:7:1::1", "2001:db8:7:2::1"]
    for number, client in enumerate(seen):
        sign(campaign, f"person{number}@example.org", client, visibility="secret" if number in (1, 5) else "delivered")
    secret = set(Signature.objects.filter(visibility="secret").values_list("pk", flat=True))

    for what, n in {
        "203.0.113.7": 1,
        "203.0.113.0/29": 1,
        "203.0.113.0/30": 0,
        "203.0.113.0/24": 2,
        "203.0.112.0/22": 3,
        "203.0.0.0/16": 3,
        "2001:db8:7::/48": 1,
        "2001:db8:7:1::/64": 1,  # all of the /48
        "2001:db8:7:1::1": 1,
        "2001:db8:7:2::1": 0,
        "2001:db8::/40": 1,
        "2001:db8::/32": 0,  # cannot be looked up
    }.items():
        said = tried(moderator, "network", what, is_sure="on")
        assert f"It would have caught {n} signature{'' if n == 1 else 's'} of" in said, what
        assert ("Name of" in said) == bool(n), what
        assert not any(f" {pk} · " in said for pk in secret), what
        assert ("cannot be told apart" in said) == (what == "2001:db8:7:1::/64")
        assert ("as large as this" in said) == (what == "2001:db8::/32")
        assert ("fewer than ten came from one place" in said) == (what != "2001:db8::/32")


def test_a_dry_run_by_network_counts_who_is_counted_only_in_a_crowd_of_what_was_asked_about(
    campaign: Campaign,
) -> None:
    day = datetime.now(UTC).date()

    def come_from(client: str, n: int = 1, **fields: str) -> None:
        hashes = network.hashes_with(network.salt_of(day), ip_address(client))
        for _ in range(n):
            signature = make_signature(campaign, **fields)
            Origin.objects.create(signature=signature, day=day, address=hashes[0], network=hashes[1])

    def caught(what: str) -> int:
        return dry_runs.run("network", what).total

    come_from("203.0.113.7", visibility="secret")
    come_from("203.0.113.9", 8)
    assert (caught("203.0.113.0/24"), caught("203.0.113.7"), caught("203.0.113.0/28")) == (8, 0, 8)

    come_from("203.0.113.7")
    assert (caught("203.0.113.0/24"), caught("203.0.113.7"), caught("203.0.113.0/28")) == (10, 1, 9)

    come_from("203.0.113.7", 8)
    assert (caught("203.0.113.0/24"), caught("203.0.113.7"), caught("203.0.113.0/28")) == (18, 10, 18)


@pytest.mark.parametrize(("kind", "pattern", "key"), [("address", "", "ab" * 32), ("network", "", "")])
def test_a_rule_of_which_nothing_is_kept_to_compare_says_so(
    moderator: Client, kind: str, pattern: str, key: str
) -> None:
    """An address, and a network long after the rule's end."""
    rule = Rule.objects.create(kind=kind, pattern=pattern, key=key, action="hold", note="test")

    response = moderator.post(f"{LIST}{rule.pk}/change/", typed(kind, "", _try="yes", note="Changed"))

    assert "Nothing is kept of what this rule is about" in response.content.decode()
    assert Rule.objects.get().note == "test"
    assert rule.is_in_force is bool(key)


def test_who_may_not_make_rules_tries_none(campaign: Campaign) -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_rule"))
    client = Client()
    log_in(client, user)

    assert client.post(ADD, typed("domain", "example.org", _try="yes")).status_code == 403


def test_a_cluster_leads_to_its_signatures_and_is_looked_at(moderator: Client, campaign: Campaign) -> None:
    fields = {"n": 20, "counted": 20, "held": 0, "day": "2026-01-02"}
    moment = datetime(2026, 1, 2, 12, tzinfo=UTC)
    for kind, key in (("network", "ab" * 16), ("domain", "bad.example.org"), ("burst", "2026-01-02T12:00Z")):
        Cluster.objects.create(campaign=campaign, kind=kind, key=key, first_at=moment, last_at=moment, **fields)

    page = moderator.get("/admin/signatures/cluster/").content.decode()
    assert f"{'ab' * 10}…</a>" in page
    for words in ("ab" * 16, "%40bad.example.org", "2026-01-02"):
        assert f'href="/admin/signatures/signature/?q={words}"' in page
    chosen = Cluster.objects.get(kind="network")
    done = moderator.post(
        "/admin/signatures/cluster/", {"action": "look_at", "_selected_action": [chosen.pk]}, follow=True
    )

    assert "1 cluster has been looked at." in done.content.decode()
    for looked, n in (("yes", 1), ("no", 2)):
        page = moderator.get(f"/admin/signatures/cluster/?looked_at={looked}").content.decode()
        assert page.count('name="_selected_action"') == n
    assert [(str(entry.user), entry.object_id) for entry in LogEntry.objects.all()] == [("moderator", str(chosen.pk))]
    assert [str(cluster.looked_by) for cluster in Cluster.objects.exclude(looked_at=None)] == ["moderator"]

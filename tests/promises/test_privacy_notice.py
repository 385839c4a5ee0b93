"""What the privacy notice says is what happens.

Other parts of it are tested elsewhere: 14 and 30 days and the end of a campaign with retention, network hashes in
`test_network`, the one reminder in `test_reminders`, requests to other companies by the browser's tests, and who is in
which output, dump and log beside this file.
"""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format

from campaigns.models import Campaign
from signatures import addresses, funnel, letters, retention, services, tokens
from signatures.exports import FORMS, PRESETS
from signatures.forms import NewRuleForm
from signatures.models import BulkBatch, FunnelDelta, FunnelTally, Letter, Rule, Signature
from signatures.services import bulk
from signatures.visibility import allowed
from tests.helpers import SLUG, form_data, make_campaign, make_signature

pytestmark = pytest.mark.django_db

NAME, ADDRESS = "Wilma Huarcaya", "wilma.huarcaya@example.org"
NETWORK_ADDRESS = "203.0.113.77"
PUBLIC = (
    "/en/",
    f"/en/{SLUG}/",
    f"/es/{SLUG}/",
    f"/en/{SLUG}/privacy/",
    "/en/accessibility/",
    f"/en/{SLUG}/signature/",
)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def notice() -> str:
    """The words of the notice in English, on one line."""
    answer = Client().get(f"/en/{SLUG}/privacy/")
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def tables_with(text: str) -> set[str]:
    """The tables that hold it in any column, as text or as bytes."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT count(*) FROM {connection.ops.quote_name(table)} AS row"
                " WHERE strpos(lower((row.*)::text), %s) > 0 OR strpos((row.*)::text, %s) > 0",
                [text.lower(), text.encode().hex()],
            )
            if cursor.fetchone() != (0,):
                found.add(table)
    return found


def send_letters() -> None:
    # In the one transaction of a test the database's clock stands still.
    Letter.objects.waiting().update(due_at=timezone.now() - timedelta(hours=1))
    letters.send_due()
    assert not Letter.objects.waiting().exists()


def sign(campaign: Campaign, **fields: str) -> tuple[Client, Signature]:
    client = Client(REMOTE_ADDR=NETWORK_ADDRESS)
    data = form_data(campaign, name=NAME, email=ADDRESS, **fields)
    assert client.post(f"/en/{SLUG}/sign/", data).status_code == 303
    return client, Signature.objects.latest("pk")


def confirm(client: Client, signature: Signature) -> None:
    assert client.post(f"/en/confirm/{tokens.CONFIRM.make(signature.pk)}/").status_code == 303


def test_the_address_of_who_is_counted_only_goes_when_the_letter_that_says_so_has_left(campaign: Campaign) -> None:
    assert "as soon as the letter that tells you so has left" in notice()
    client, signature = sign(campaign, visibility="secret")
    assert tables_with(NAME) == set()
    assert tables_with(ADDRESS) == {"signatures_signature", "signatures_letter"}

    confirm(client, signature)
    Letter.objects.filter(kind="confirmation").update(state="sent", to="")
    assert tables_with(ADDRESS) == {"signatures_letter"}
    send_letters()

    assert tables_with(ADDRESS) == set()
    assert tables_with(addresses.fingerprint(campaign.pk, ADDRESS).hex()) >= {"signatures_signature"}


def test_who_asked_for_news_keeps_the_address_until_news_is_switched_off(campaign: Campaign) -> None:
    assert "If you asked for news, we keep it." in notice()
    client, signature = sign(campaign, visibility="secret", updates="on")
    confirm(client, signature)
    send_letters()
    assert tables_with(ADDRESS) == {"signatures_signature"}

    key = tokens.PageKey(signature.pk, 0).make()
    client.post(f"/en/signature/{key}/news/", {"news": "off"})

    assert tables_with(ADDRESS) == set()


def test_a_fingerprint_can_be_matched_by_whoever_holds_both_key_and_address_and_by_nobody_else(
    campaign: Campaign, settings: LazySettings
) -> None:
    assert "Someone who held both our key and your address could match it. The key is not in the database." in notice()
    _client, signature = sign(campaign, visibility="secret")
    kept = bytes(signature.fingerprint or b"")

    assert addresses.fingerprint(campaign.pk, addresses.canonical(ADDRESS)) == kept
    assert tables_with(settings.ADDRESS_KEY) == set()
    assert tables_with(settings.SECRET_KEY) == set()
    settings.ADDRESS_KEY = "another key, as long as the first one was, or longer than that"
    assert addresses.fingerprint(campaign.pk, addresses.canonical(ADDRESS)) != kept


def test_an_internet_address_is_neither_in_the_database_nor_in_logs(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    said = "When you read or sign, we write your internet address neither into the database nor into logs."
    assert said in notice()
    caplog.set_level("DEBUG")
    client, signature = sign(campaign)
    confirm(client, signature)
    client.get("/en/confirm/no-token/")

    assert {"signatures_origin"} <= tables_with(bytes(signature.origin.network).hex())
    for written in (NETWORK_ADDRESS, NETWORK_ADDRESS.rpartition(".")[0], "cb00714d"):  # the last: its four bytes
        assert tables_with(written) == set()
        assert written not in caplog.text
    assert "Not Found" in caplog.text


def test_a_rule_names_a_network_and_of_an_address_holds_a_fingerprint_until_thirty_days_after_its_end(
    campaign: Campaign,
) -> None:
    assert "or hold a coded fingerprint of an email address, also of somebody who has never signed" in notice()
    assert "all but the domain goes 30 days after the rule has ended" in notice()
    fingerprint = addresses.rule_fingerprint(ADDRESS).hex()
    ended = timezone.now() - timedelta(days=29)
    for kind, what in (("address", ADDRESS), ("network", NETWORK_ADDRESS)):
        form = NewRuleForm({"kind": kind, "what": what, "action": "hold", "note": "A storm", "expires_at": ended})
        form.save()
    retention.run()

    assert tables_with(ADDRESS) == set()
    assert tables_with(fingerprint) == tables_with(NETWORK_ADDRESS) == {"signatures_rule"}
    Rule.objects.update(expires_at=ended - timedelta(days=1))
    retention.run()
    assert tables_with(fingerprint) == tables_with(NETWORK_ADDRESS) == set()


def test_numbers_of_many_signatures_are_listed_while_staff_act_on_them(campaign: Campaign) -> None:
    assert "while they act on many at once, a list of numbers of signatures" in notice()
    make_signature(campaign, is_confirmed=True)
    staff = User.objects.create_user("moderator")
    why = services.Why("made_up")

    job = bulk.prepare(signatures=Signature.objects.all(), action="hold", why=why, matched="", staff=staff)
    assert BulkBatch.objects.exists()
    bulk.begin(job_id=job.pk, staff=staff)
    while bulk.do_next_batch():
        pass

    assert not BulkBatch.objects.exists()


def test_sums_by_mail_provider_point_to_no_signature_and_go_after_sixty_days(campaign: Campaign) -> None:
    assert f"For {funnel.KEPT_DAYS} days, how many letters to each mail provider left, came back" in notice()

    columns = {field.name for model in (FunnelDelta, FunnelTally) for field in model._meta.get_fields()}
    assert columns == {"id", "campaign", "day", "provider", "step", "n"}


def test_a_check_by_google_is_spoken_of_where_there_may_be_one_and_only_there(
    campaign: Campaign, settings: LazySettings
) -> None:
    """What else is said of it is tested in `test_recaptcha` and `test_challenge`, and in a browser."""
    without = notice()
    assert "We load nothing from other companies and follow nobody." in without
    assert "your browser computes something for some seconds. Nothing about you is sent for it" in without
    assert "Google" not in without

    settings.RECAPTCHA_PUBLIC_KEY, settings.RECAPTCHA_PRIVATE_KEY = "public-key", "private-key"
    with_keys = notice()
    assert "We load nothing from other companies" not in with_keys
    assert "Your browser loads it only when you press its button, and you can leave it out." in with_keys


@pytest.mark.parametrize("path", PUBLIC)
def test_no_cookie_is_set_while_one_reads(campaign: Campaign, path: str) -> None:
    assert "We set no cookie while you read." in notice()

    answer = Client().get(path)

    assert answer.status_code == 200
    assert not answer.cookies


def test_signing_sets_a_cookie_for_two_hours_and_confirming_one_for_a_quarter_of_an_hour(campaign: Campaign) -> None:
    said = notice()
    assert "When you sign, one stays for two hours" in said
    assert "when you confirm, one stays for 15 minutes" in said

    client, signature = sign(campaign)
    assert {name: cookie["max-age"] for name, cookie in client.cookies.items()} == {"signed": 2 * 60 * 60}
    confirm(client, signature)

    assert {name: cookie["max-age"] for name, cookie in client.cookies.items()} == {"signed": 0, "confirmed": 15 * 60}


def test_the_days_of_backups_are_those_of_the_setting_in_the_notice_and_in_the_last_letter(
    campaign: Campaign, settings: LazySettings, mailoutbox: list[object]
) -> None:
    settings.BACKUP_DAYS = 17
    signature = make_signature(campaign, is_confirmed=True)
    services.erase(signature_id=signature.pk)
    send_letters()

    assert "Backups: 17 days. What you erase is in them until then." in notice()
    assert "after 17 days at the latest" in mailoutbox[-1].body  # type: ignore[attr-defined]


def test_the_day_of_erasure_is_the_closing_day_and_the_days_of_retention(campaign: Campaign) -> None:
    closes = timezone.now() + timedelta(days=100)
    Campaign.objects.update(closes_at=closes, retention_days=180)

    with translation.override("en"):
        day = date_format(timezone.localtime(closes + timedelta(days=180)).date())
    assert f"Names and email addresses are erased on {day} at the latest." in notice()


def test_your_own_page_shows_all_that_we_hold(campaign: Campaign) -> None:
    assert "There you see all that we hold of your signature" in notice()
    client, signature = sign(campaign, updates="on")
    confirm(client, signature)
    send_letters()
    services.hold(signatures=Signature.objects.all(), reason="Signed in a burst", staff=None)

    key = tokens.PageKey(signature.pk, 0, is_fresh=True).make()
    held = client.get(f"/en/signature/{key}/data.json").json()

    said_elsewhere = {
        "campaign": held["campaign"],
        "consent": held["consent"],
        "fingerprint": held["address_fingerprint"],
        "erased_at": True,  # whoever is erased has no page
        "code_tries": True,  # a count of codes typed,
        "link_generation": True,  # and of addresses confirmed
    }
    for column in Signature._meta.concrete_fields:
        assert column.name in held["signature"] or said_elsewhere[column.name], column.name
    assert held["signature"]["name"] == NAME
    assert held["signature"]["email"] == ADDRESS
    assert held["network_hashes"]["network"] == bytes(signature.origin.network).hex()
    assert [event["what"] for event in held["consent"]] == ["ticked", "confirmed"]
    assert [letter["kind"] for letter in held["letters"]] == ["confirmation", "receipt"]
    assert [act["reason"] for act in held["moderation"]] == ["Signed in a burst"]


@pytest.mark.parametrize("wants_news", [True, False])
def test_no_list_hands_an_address_over(campaign: Campaign, wants_news: bool) -> None:
    """That for news, which the campaign itself mails, holds those alone who asked for news."""
    assert "We hand your email address to nobody." in notice()
    client, signature = sign(campaign, **({"updates": "on"} if wants_news else {}))
    confirm(client, signature)
    assert tables_with(ADDRESS) >= {"signatures_signature"}

    holding = set()
    for name, preset in PRESETS.items():
        for form in FORMS.values():
            with connection.cursor() as cursor:
                cursor.execute(preset.query(form), [campaign.pk] * preset.query(form).count("%s"))
                if ADDRESS in str(cursor.fetchall()):
                    holding.add(name)

    assert holding == ({"news"} if wants_news else set())
    assert {name for name, preset in PRESETS.items() if allowed("email", preset.output)} == {"news"}


def test_a_wish_for_no_more_letters_is_kept_as_a_fingerprint(campaign: Campaign) -> None:
    assert "If you tell us to write to you less or never again: a coded fingerprint of your address" in notice()
    client, signature = sign(campaign)

    client.post(f"/en/not-me/{tokens.NOT_ME.make(signature.pk)}/", {"never_again": "on"})

    assert tables_with(ADDRESS) == set()
    assert tables_with(addresses.suppression_fingerprint(ADDRESS).hex()) == {
        "signatures_retraction",
        "signatures_suppression",
    }


def test_caches_keep_a_page_with_names_for_seconds_only(campaign: Campaign) -> None:
    assert "for some seconds, and for up to ten minutes while the site does not answer" in notice()

    assert directives(campaign)["stale-if-error"] == "600"
    make_signature(campaign, name=NAME, visibility="public", is_confirmed=True)
    with_names = directives(campaign)

    assert "stale-if-error" not in with_names
    assert (with_names["max-age"], with_names["s-maxage"], with_names["stale-while-revalidate"]) == ("0", "5", "30")


def directives(campaign: Campaign) -> dict[str, str]:
    header = Client().get(f"/en/{SLUG}/")["Cache-Control"]
    return {name: value for name, _, value in (part.strip().partition("=") for part in header.split(","))}

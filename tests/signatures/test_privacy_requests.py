"""Somebody has written about their data: staff find what there is, do what was asked, and no address stays behind."""

import json
import logging
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign
from signatures import addresses, retention, services, suppression, tally
from signatures.models import Letter, ModerationAct, PrivacyRequest, Signature, Suppression, due_date
from tests.helpers import log_in, make_campaign, make_signature
from tests.promises.traces import Traces

URL = "/admin/signatures/privacyrequest/"
ADDRESS = "wilma.huarcaya@example.org"


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def staff(db: None) -> Client:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="erase_signature"))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    return client


def ask(client: Client, **fields: str) -> HttpResponse:
    data = {"email": ADDRESS, "kind": "erase", "received_on": str(timezone.localdate()), "note": "Mail of 3 May"}
    return client.post(f"{URL}add/", data | fields)


def asked(client: Client, **fields: str) -> PrivacyRequest:
    response = ask(client, **fields)
    request = PrivacyRequest.objects.latest("pk")
    assert (response.status_code, response["Location"]) == (302, f"{URL}{request.pk}/change/")
    return request


def page_of(client: Client, request: PrivacyRequest) -> str:
    return " ".join(client.get(f"{URL}{request.pk}/change/").content.decode().split())


def answer(client: Client, request: PrivacyRequest, act: str, *chosen: Signature, **fields: str) -> HttpResponse:
    data = {"act": act, "chosen": [row.pk for row in chosen], **fields}
    response = client.post(f"{URL}{request.pk}/answer/", data, follow=True)
    request.refresh_from_db()
    return response


def acts() -> list[tuple[str, str, int, list[int]]]:
    """What the account says, with the signatures that it names."""
    return [
        (
            act.action,
            act.reason,
            act.how_many,
            list(act.moderated.order_by("pk").values_list("signature_id", flat=True)),
        )
        for act in ModerationAct.objects.order_by("pk")
    ]


def all_rows() -> str:
    """All tables of this database, as text."""
    with connection.cursor() as cursor:
        lines = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT (row.*)::text FROM {connection.ops.quote_name(table)} AS row")
            lines += [line for (line,) in cursor.fetchall()]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("kind", "received_on", "due_on"),
    [
        ("erase", "2026-11-25", "2026-12-09"),  # a Wednesday: ten working days are two weeks
        ("correct", "2026-11-28", "2026-12-11"),  # a Saturday: the first working day is Monday
        ("withdraw", "2026-11-27", "2026-12-11"),
        ("access", "2026-11-25", "2026-12-23"),
        ("access", "2026-01-31", "2026-02-27"),
        ("access", "2027-01-30", "2027-02-26"),
    ],
)
def test_a_request_is_due_after_the_working_days_that_we_chose(kind: str, received_on: str, due_on: str) -> None:
    received = date.fromisoformat(received_on)

    assert str(due_date(kind, received)) == due_on


def test_no_request_is_due_later_than_a_month_after_it_came() -> None:
    for days in range(3 * 366):
        received = date(2026, 1, 1) + timedelta(days=days)
        due = due_date("access", received)
        is_next_month = (due.year, due.month) == (received.year + received.month // 12, received.month % 12 + 1)
        assert due.month == received.month or (is_next_month and due.day <= received.day), received


def test_all_that_an_address_has_signed_is_found_whatever_its_state_and_no_other(
    campaign: Campaign, staff: Client
) -> None:
    elsewhere = make_campaign("land-for-all")
    shown = make_signature(campaign, name="Wilma Huarcaya", email=ADDRESS, is_confirmed=True)
    secret = make_signature(elsewhere, email="Wilma.Huarcaya@EXAMPLE.org", visibility="secret", is_confirmed=True)
    pending = make_signature(elsewhere, name="Wilma H.", email=ADDRESS)
    withdrawn = make_signature(campaign, name="W. Huarcaya", email=ADDRESS, is_confirmed=True)
    services.withdraw(signature_id=withdrawn.pk)
    erased = make_signature(campaign, name="Another", email=ADDRESS, is_confirmed=True)
    services.erase(signature_id=erased.pk)
    make_signature(campaign, name="Beto Example", email="beto@example.org", is_confirmed=True)

    request = asked(staff)

    assert set(request.signatures.all()) == {shown, secret, pending, withdrawn}
    assert (request.found, request.staff.username, request.is_open) == (4, "helper", True)
    html = page_of(staff, request)
    assert "4 signatures were found" in html
    assert "Counted only: neither name nor address is kept." in html
    assert "make sure that it is the person" in html
    for words in ("Name: Wilma Huarcaya", f"Address: {ADDRESS}", "land-for-all", "agreed when signing", "receipt"):
        assert words in html
    assert "Beto" not in html


def test_where_nothing_is_held_the_page_says_so_and_what_to_answer(campaign: Campaign, staff: Client) -> None:
    make_signature(campaign, is_confirmed=True)

    request = asked(staff)
    html = page_of(staff, request)

    assert "0 signatures were found" in html
    assert html.count('<blockquote lang="') == 2
    assert "hold no signature under it" in html
    staff.post(f"{URL}{request.pk}/close/", {"outcome": "nothing"})
    request.refresh_from_db()
    assert (request.outcome, request.done_by.username, request.is_open) == ("nothing", "helper", False)


@pytest.mark.parametrize("is_known", [True, False])
def test_the_address_that_was_typed_is_in_no_table_no_log_and_no_address(
    campaign: Campaign, staff: Client, caplog: pytest.LogCaptureFixture, is_known: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    traces = Traces([ADDRESS, "wilma.huarcaya"])
    if is_known:
        signature = make_signature(campaign, email=ADDRESS, visibility="secret", is_confirmed=True)
        assert traces.in_(all_rows()) != []  # in the receipt
        signature.letters.update(state="sent", to="")
    assert traces.in_(all_rows()) == []

    response = ask(staff, never_again="on")
    refused = ask(staff, note=f"from {ADDRESS}")
    page = staff.get(response["Location"])

    assert PrivacyRequest.objects.get().found == is_known
    assert "this note is kept, and the address is not" in refused.content.decode()
    headers = [f"{answer.headers}{answer.cookies}" for answer in (response, page, refused)]
    places = [all_rows(), caplog.text, response["Location"], page.content.decode(), *headers]
    places += [json.dumps(dict(staff.session.items()))]
    assert [traces.in_(place) for place in places] == [[]] * len(places)


def test_of_who_is_counted_only_no_page_and_no_file_shows_the_address(campaign: Campaign, staff: Client) -> None:
    secret = make_signature(campaign, email=ADDRESS, visibility="secret", wants_updates=True, is_confirmed=True)
    assert (secret.email, secret.letters.filter(to=ADDRESS).count()) == (ADDRESS, 2)
    request = asked(staff, kind="access")

    html = page_of(staff, request)
    file = answer(staff, request, "copy", secret).content.decode()

    assert "wants news" in html
    assert ADDRESS not in html + file
    assert file.count("left out of this copy") == 3
    assert acts() == [("copy", "Mail of 3 May", 1, [secret.pk])]
    assert (request.outcome, request.is_open) == ("done", False)


def test_the_copy_holds_all_that_the_signers_own_download_holds(campaign: Campaign, staff: Client) -> None:
    rows = [make_signature(campaign, name="Wilma Huarcaya", email=ADDRESS, is_confirmed=True)]
    rows += [make_signature(campaign, name="Wilma H.", email=ADDRESS)]
    request = asked(staff, kind="access")
    services.pause_site(reason="", staff=None)  # which stops lists, not what the law gives a right to

    response = answer(staff, request, "copy", *rows)
    copy = json.loads(response.content)["signatures"]

    assert response["Content-Disposition"] == f'attachment; filename="request-{request.pk}.json"'
    assert "no-store" in response["Cache-Control"]
    assert [row["signature"]["name"] for row in copy] == ["Wilma Huarcaya", "Wilma H."]
    assert copy[0]["signature"]["email"] == ADDRESS
    assert [letter["kind"] for letter in copy[0]["letters"]] == ["confirmation", "receipt"]
    assert copy[0]["requests"][0]["how"] == "Mail of 3 May"
    assert staff.get(f"{URL}{request.pk}/answer/").status_code == 405


def test_an_erasure_asks_once_more_and_then_leaves_nothing_but_the_number(campaign: Campaign, staff: Client) -> None:
    rows = [
        make_signature(campaign, name="Wilma Huarcaya", email=ADDRESS, is_confirmed=True),
        make_signature(campaign, email=ADDRESS, visibility="secret", is_confirmed=True),
        make_signature(campaign, name="Wilma H.", email=ADDRESS),
    ]
    services.withdraw(signature_id=rows[1].pk)
    request = asked(staff)

    first = answer(staff, request, "erase", *rows)
    assert "This cannot be undone" in first.content.decode()
    assert (tally.count(campaign.pk), request.is_open) == (1, True)
    answer(staff, request, "erase", *rows, is_sure="on")

    assert tally.count(campaign.pk) == 0
    assert Signature.objects.filter(fingerprint__isnull=False).count() == 0
    assert acts() == [("erase", "Mail of 3 May", 3, [])]
    assert (request.outcome, request.done_by.username, request.found) == ("done", "helper", 3)
    assert request.signatures.count() == 0
    assert [letter.kind for letter in Letter.objects.filter(to=ADDRESS)] == ["erased"]
    html = page_of(staff, request)
    assert "What was found then is not held any more." in html
    assert "Your signature is erased and no longer counted." in html


def test_who_erases_themself_is_gone_from_the_request_too(campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign, email=ADDRESS, is_confirmed=True)
    request = asked(staff)

    services.erase(signature_id=signature.pk)

    assert (request.signatures.count(), request.found) == (0, 1)
    assert "What was found then is not held any more." in page_of(staff, request)


def test_only_the_chosen_signature_of_a_shared_address_is_erased(campaign: Campaign, staff: Client) -> None:
    ana, beto = (make_signature(campaign, name=name, email=ADDRESS, is_confirmed=True) for name in ("Ana", "Beto"))
    stranger = make_signature(campaign, is_confirmed=True)
    request = asked(staff)

    answer(staff, request, "erase", stranger, is_sure="on")
    assert tally.count(campaign.pk) == 3
    answer(staff, request, "erase", ana, is_sure="on", stays_open="on")

    beto.refresh_from_db()
    assert (tally.count(campaign.pk), beto.name, request.is_open) == (2, "Beto", True)
    assert list(request.signatures.all()) == [beto]


def test_a_name_is_corrected_within_the_rule_of_two_names_for_an_address(campaign: Campaign, staff: Client) -> None:
    ana, beto = (make_signature(campaign, name=name, email=ADDRESS, is_confirmed=True) for name in ("Ana", "Beto"))
    request = asked(staff, kind="correct")

    for fields in ({"name": "Beto"}, {"name": ""}, {"name": "‮Ana"}):
        answer(staff, request, "correct", ana, **fields)
    answer(staff, request, "correct", ana, beto, name="Anna")
    ana.refresh_from_db()
    assert (ana.name, request.is_open, acts()) == ("Ana", True, [])
    said = answer(staff, request, "correct", ana, name="Anna").content.decode()

    ana.refresh_from_db()
    assert (ana.name, request.outcome) == ("Anna", "done")
    assert acts() == [("correct", "Mail of 3 May", 1, [ana.pk])]
    assert "1 signature: correct a name." in said
    # The old name is free again, and the new one is taken.
    services.withdraw(signature_id=beto.pk)
    again = make_signature(campaign, name="Anna", email=ADDRESS)
    assert services.confirm(signature_id=again.pk) is services.Confirmation.ADDRESS_IS_TAKEN


@pytest.mark.parametrize(("fields", "is_confirmed"), [({"visibility": "secret"}, True), ({"name": "Wilma"}, False)])
def test_no_name_is_given_to_who_is_counted_only_or_has_not_confirmed(
    campaign: Campaign, staff: Client, fields: dict[str, str], is_confirmed: bool
) -> None:
    signature = make_signature(campaign, email=ADDRESS, is_confirmed=is_confirmed, **fields)
    request = asked(staff, kind="correct")

    said = answer(staff, request, "correct", signature, name="Wilma Huarcaya").content.decode()

    assert "Nothing was changed" in said
    assert (Signature.objects.get().name, request.is_open) == (fields.get("name", ""), True)


@pytest.mark.parametrize("act", ["withdraw", "no_news"])
def test_a_signature_is_withdrawn_or_gets_no_more_news(campaign: Campaign, staff: Client, act: str) -> None:
    signature = make_signature(campaign, email=ADDRESS, wants_updates=True, is_confirmed=True)
    request = asked(staff, kind="withdraw")

    answer(staff, request, act, signature)

    signature.refresh_from_db()
    assert (signature.state, signature.wants_updates) == ("withdrawn" if act == "withdraw" else "confirmed", False)
    assert acts() == [(act, "Mail of 3 May", 1, [signature.pk])]
    assert (request.outcome, request.signatures.get()) == ("done", signature)


def test_the_link_goes_to_the_address_that_was_typed_or_to_the_one_on_file(campaign: Campaign, staff: Client) -> None:
    elsewhere = make_campaign("land-for-all")
    secret = make_signature(elsewhere, email=ADDRESS, visibility="secret", is_confirmed=True)
    kept = make_signature(campaign, email=ADDRESS, is_confirmed=True)
    links = Letter.objects.filter(kind="page_link").order_by("pk")

    request = asked(staff, send_link="on")
    assert {(letter.campaign_id, letter.to) for letter in links} == {(campaign.pk, ADDRESS), (elsewhere.pk, ADDRESS)}
    said = answer(staff, request, "resend", secret, kept).content.decode()

    assert "A letter for 1 is on the way." in said
    assert "1 not sent: no address is kept" in said
    assert [letter.campaign_id for letter in links.all()] == [campaign.pk, elsewhere.pk, campaign.pk]
    assert (request.is_open, [act[0] for act in acts()]) == (True, ["resend"])


def test_an_address_is_never_written_to_again_where_its_owner_asks_for_it(campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign, email=ADDRESS)

    assert "Choose one" in ask(staff, never_again="on", send_link="on").content.decode()
    assert signature.letters.waiting().count() == 1
    request = asked(staff, never_again="on")

    assert signature.letters.waiting().count() == 0
    assert suppression.stops(ADDRESS, Letter.Kind.CONFIRMATION)
    assert Suppression.objects.get().reason == "asked"
    assert "among those that get no letters" in page_of(staff, request)
    suppression.suppress(addresses.suppression_fingerprint("gone@example.org"), "bounced")
    assert asked(staff, email="gone@example.org").takes_no_letters


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "nobody"},
        {"email": ""},
        {"note": ""},
        {"note": "from wilma@example.org"},
        {"kind": "forget"},
        {"received_on": str(timezone.localdate() + timedelta(days=2))},
        {"received_on": "yesterday"},
    ],
)
def test_a_request_that_is_not_whole_comes_back(staff: Client, fields: dict[str, str]) -> None:
    assert ask(staff, **fields).status_code == 200
    assert not PrivacyRequest.objects.exists()


def test_a_closed_request_is_closed_whatever_is_sent(campaign: Campaign, staff: Client) -> None:
    signature = make_signature(campaign, email=ADDRESS, is_confirmed=True)
    request = asked(staff)
    staff.post(f"{URL}{request.pk}/close/", {"outcome": "refused"})
    request.refresh_from_db()
    assert request.is_open  # without a reason
    staff.post(f"{URL}{request.pk}/close/", {"outcome": "refused", "reason": "Not the signer"})

    for act in ("erase", "withdraw", "copy", "resend"):
        response = answer(staff, request, act, signature, is_sure="on")
        assert "application/json" not in response["Content-Type"]
        assert "Somebody else has closed this request already." in response.content.decode()
    staff.post(f"{URL}{request.pk}/close/", {"outcome": "done"})

    request.refresh_from_db()
    assert (request.outcome, request.reason, acts()) == ("refused", "Not the signer", [])
    assert Letter.objects.filter(kind="page_link").count() == 0
    html = page_of(staff, request)
    assert "The reason: Not the signer." in html
    assert 'name="act"' not in html


def test_the_list_and_the_start_page_show_open_requests_first_and_what_is_overdue(
    campaign: Campaign, staff: Client
) -> None:
    late, new, done = (
        asked(staff, received_on=str(timezone.localdate() - timedelta(days=days))) for days in (30, 0, 60)
    )
    services.close_request(request_id=done.pk, outcome="nothing", reason="", staff=done.staff)

    listed = staff.get(URL)
    start = staff.get("/admin/").content.decode()

    assert list(listed.context["cl"].result_list) == [late, new, done]
    assert [html.count('class="overdue"') for html in (listed.content.decode(), start)] == [1, 1]
    assert start.index(f"{URL}{late.pk}/change/") < start.index(f"{URL}{new.pk}/change/")
    assert f"{URL}{done.pk}/change/" not in start
    assert list(PrivacyRequest.objects.overdue()) == [late]


def test_nobody_else_finds_out_who_has_signed(campaign: Campaign) -> None:
    user = User.objects.create_user("moderator", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_signature", "moderate_signature"]))
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, user)
    make_signature(campaign, email=ADDRESS, visibility="secret", is_confirmed=True)

    assert ask(client).status_code == 403
    assert not PrivacyRequest.objects.exists()
    assert URL not in client.get("/admin/").content.decode()


def test_the_end_of_a_campaign_takes_the_way_to_its_signatures(campaign: Campaign, staff: Client) -> None:
    make_signature(campaign, email=ADDRESS, is_confirmed=True)
    request = asked(staff)
    Campaign.objects.update(closes_at=timezone.now() - timedelta(days=2), retention_days=1)

    retention.run()

    assert (request.signatures.count(), PrivacyRequest.objects.get().found) == (0, 1)
    assert asked(staff).found == 0


def test_an_answered_request_is_kept_for_three_years_as_the_notice_says_and_an_open_one_until_it_is_answered(
    campaign: Campaign, staff: Client
) -> None:
    old, young, still_open = (asked(staff) for _ in range(3))
    for request, days in ((old, 3 * 365), (young, 3 * 365 - 1)):
        services.close_request(request_id=request.pk, outcome="nothing", reason="", staff=request.staff)
        PrivacyRequest.objects.filter(pk=request.pk).update(done_at=timezone.now() - timedelta(days=days, minutes=1))
    PrivacyRequest.objects.filter(pk=still_open.pk).update(made_at=timezone.now() - timedelta(days=4 * 365))

    retention.run()

    assert set(PrivacyRequest.objects.all()) == {young, still_open}
    assert "for three years" in staff.get("/en/water-for-all/privacy/").content.decode()


@pytest.mark.parametrize("n", [1, 30])
def test_the_page_of_a_request_and_the_lists_ask_as_often_for_thirty_as_for_one(
    campaign: Campaign, staff: Client, n: int
) -> None:
    for number in range(n):
        make_signature(campaign, name=f"Person {number}", email=ADDRESS)
    for _ in range(n):
        request = asked(staff)
    counts = []
    for url in (f"{URL}{request.pk}/change/", URL, "/admin/"):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(url).status_code == 200
        counts.append(len(queries))

    assert request.found == n
    # One more than without the pause of the site, which each page asks about.
    assert counts == [11, 8, 8]

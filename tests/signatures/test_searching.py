"""The staff's search does what one types, tells nothing of those who are counted only, and takes any text."""

from datetime import datetime
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign
from signatures import network, searching
from signatures.models import BulkJob, Origin, Signature
from signatures.visibility import CROWD
from tests.helpers import log_in, make_campaign, make_rows, make_signature

LIMA = ZoneInfo("America/Lima")

CASES: list[tuple[str, set[str]]] = [
    ("nusta", {"Ñusta Quispe"}),
    ("ÑUSTA", {"Ñusta Quispe"}),
    ("quispe", {"Ñusta Quispe", "Maria Quispe"}),
    ("quispe maría", {"Maria Quispe"}),
    ("jose ch'oq", {"María José Ch’oque"}),
    ("áñá", {"100% Ana_B\\"}),
    ("100%", {"100% Ana_B\\"}),
    ("ana_", {"100% Ana_B\\"}),
    ("ana％", set()),
    ("mar%e", set()),
    ("an", set()),
    ("%%%", set()),
    ("@example.org", {"Ñusta Quispe"}),
    ("@EXAMPLE.org.", {"Ñusta Quispe"}),
    ("@*.example.org", {"Ñusta Quispe", "María José Ch’oque"}),
    ("@mail.example.org", {"María José Ch’oque"}),
    ("@", set()),
    ("nusta@example.org", {"Ñusta Quispe"}),
    ("Nusta@Example.org", {"Ñusta Quispe"}),
    ("mquispe@gmail.com", {"Maria Quispe"}),
    ("usta@example.org", set()),
    ("secret@example.org", set()),
    ("pending@example.org", set()),
    ("2026-03-25", {"Ñusta Quispe", "María José Ch’oque"}),
    ("25/3/2026", {"Ñusta Quispe", "María José Ch’oque"}),
    ("24.03.2026", {"Maria Quispe"}),
    ("31/02/2026", set()),
    ("9999-12-31", set()),
]


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def found(typed: str) -> set[str]:
    rows = Signature.objects.filter(searching.read(typed).condition)
    return {row.name or "secret" for row in rows}


def came_from(signature: Signature, address: str) -> bytes:
    """The hash of its network."""
    day = network.datetime.now(network.UTC).date()
    of_address, of_network = network.hashes_with(network.salt_of(day), ip_address(address))
    Origin.objects.create(signature=signature, day=day, address=of_address, network=of_network)
    return of_network


@pytest.fixture
def people(campaign: Campaign) -> dict[str, Signature]:
    other = make_campaign("another")
    people = {
        "Ñusta Quispe": make_signature(campaign, name="Ñusta Quispe", email="nusta@example.org"),
        "María José Ch’oque": make_signature(campaign, name="María José Ch’oque", email="maria@mail.example.org"),
        "Maria Quispe": make_signature(other, name="Maria Quispe", email="m.quispe+x@gmail.com"),
        "100% Ana_B\\": make_signature(campaign, name="100% Ana_B\\", email="ana@notexample.org"),
        "secret": make_signature(campaign, visibility="secret", email="secret@example.org", is_confirmed=True),
        "also secret": make_signature(campaign, visibility="secret", email="pending@example.org"),
    }
    moments = {
        "Ñusta Quispe": datetime(2026, 3, 25, 0, 0, tzinfo=LIMA),
        "María José Ch’oque": datetime(2026, 3, 25, 23, 59, 59, tzinfo=LIMA),
        "Maria Quispe": datetime(2026, 3, 24, 23, 59, 59, tzinfo=LIMA),
        "100% Ana_B\\": datetime(2026, 3, 26, 0, 0, tzinfo=LIMA),
    }
    for name, moment in moments.items():
        Signature.objects.filter(pk=people[name].pk).update(created_at=moment)
    return people


def test_what_one_types_finds(people: dict[str, Signature]) -> None:
    for typed, names in CASES:
        assert found(typed) == names, typed


def test_a_number_finds_the_signature_of_that_number_whoever_it_is(people: dict[str, Signature]) -> None:
    assert found(f"#{people['secret'].pk}") == {"secret"}
    assert found(str(people["Maria Quispe"].pk)) == {"Maria Quispe"}
    assert found("#999999999999999999") == found("9" * 31) == set()


def test_networks_are_found_by_address_by_network_and_by_hash(people: dict[str, Signature]) -> None:
    here = came_from(people["Ñusta Quispe"], "203.0.113.7")
    came_from(people["Maria Quispe"], "2001:db8:1:2::3")
    came_from(people["María José Ch’oque"], "198.51.100.7")

    for typed in ("203.0.113.200", "203.0.113.0/24", "203.0.113.9/24", here.hex(), here.hex().upper()):
        assert found(typed) == {"Ñusta Quispe"}
    for typed in ("2001:db8:1::", "2001:db8:1::/48"):
        assert found(typed) == {"Maria Quispe"}
    assert found("192.0.2.1") == found("0" * 32) == set()
    assert searching.read("203.0.0.0/16").message == searching.NETWORKS


def test_who_is_counted_only_is_found_by_a_network_in_a_crowd_and_not_in_a_household(campaign: Campaign) -> None:
    named = [make_signature(campaign, name=f"Person {n}") for n in range(CROWD - 2)]
    hidden = make_signature(campaign, visibility="secret", email="secret@example.org")
    for one in named:
        came_from(one, "203.0.113.7")
    here = came_from(hidden, "203.0.113.8")
    assert "secret" not in found(here.hex()) | found("203.0.113.8")
    assert len(found(here.hex())) == CROWD - 2

    came_from(make_signature(campaign, name="One more"), "203.0.113.9")

    assert "secret" in found(here.hex())
    assert "secret" in found("203.0.113.0/24")


def test_what_cannot_be_searched_for_says_why(db: None) -> None:
    for typed, message in {
        "an": searching.TOO_SHORT,
        "a b c d": searching.TOO_SHORT,
        "31/02/2026": searching.NO_DAY,
        "ana@": searching.WHOLE,
        "@*.": searching.WHOLE,
        "áéí": "",
        "": "",
    }.items():
        assert searching.read(typed).message == message, typed


def test_the_list_shows_the_message_and_all_rows_for_an_empty_search(campaign: Campaign) -> None:
    make_rows(campaign, 3)
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("reader"))

    page = client.get("/admin/signatures/signature/?q=ro")
    assert "Type at least three letters" in page.content.decode()
    assert page.context["cl"].result_count == 0
    assert client.get("/admin/signatures/signature/?q=row").context["cl"].result_count == 3
    assert client.get("/admin/signatures/signature/?q=+").context["cl"].result_count == 3


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    typed=st.one_of(
        st.text(max_size=40),
        st.text(alphabet="@.*/:#-%_\\'\0 0123456789abcfñÑ’\ud800", max_size=40),
        st.from_regex(r"[0-9]{1,4}[-/.:][0-9]{1,4}[-/.:][0-9]{1,4}(/[0-9]{1,3})?", fullmatch=True),
        st.builds(str, st.ip_addresses()),
        st.emails(),
    )
)
def test_any_text_gets_an_answer(campaign: Campaign, typed: str) -> None:
    assert len(Signature.objects.filter(searching.read(typed).condition)[:1]) == 0 or not typed.strip()


@pytest.mark.parametrize(
    ("typed", "index"),
    [("quispe", "signature_name"), ("@example.org", "signature_domain"), ("@*.org", "signature_domain")],
)
def test_searches_compare_by_what_the_indexes_hold(campaign: Campaign, typed: str, index: str) -> None:
    """With so few rows PostgreSQL would rather read them all, unless it may not."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert index in Signature.objects.filter(searching.read(typed).condition).explain()


URL = "/admin/signatures/signature/"


def superuser() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("moderator"))
    return client


@pytest.mark.parametrize("typed", ["Ana Example", "ana@example.org"])
def test_what_is_typed_of_a_person_is_in_no_address(campaign: Campaign, typed: str) -> None:
    make_signature(campaign, name="Ana Example", email="ana@example.org")
    make_signature(campaign)

    response = superuser().post(f"{URL}search/", {"q": typed, "state__exact": "pending"}, follow=True)

    ((address, status),) = response.redirect_chain
    assert status == 302
    assert "state__exact=pending" in address
    assert "example" not in address.lower()
    assert [row.name for row in response.context["cl"].result_list] == ["Ana Example"]
    html = response.content.decode()
    assert f'value="{typed}"' in html  # in the form, where one sees what was searched for
    links = [part.partition('"')[0] for part in html.split('href="')[1:]]
    assert any("q=~" in link or "q=%7E" in link for link in links)  # those that sort and filter what was found
    assert not any("example.org" in link or "Ana" in link for link in links)


def test_a_search_that_tells_of_nobody_can_be_passed_on(campaign: Campaign) -> None:
    response = superuser().post(f"{URL}search/", {"q": " @example.org "})

    assert response["Location"] == f"{URL}?q=%40example.org"


@pytest.mark.parametrize("query", ["~gAAAAA", "a%00b"])
def test_a_search_that_cannot_be_read_finds_nobody_and_is_acted_on_for_nobody(campaign: Campaign, query: str) -> None:
    make_signature(campaign)
    client = superuser()

    found = client.get(f"{URL}?q={query}").context["cl"]
    client.post(f"{URL}bulk/?q={query}", {"action": "hold", "reason": "test"})

    assert (found.query, list(found.result_list)) == ("", [])
    assert BulkJob.objects.get().how_many == 0

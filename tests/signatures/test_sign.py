"""POST to the sign box: what is stored, what comes back, and what is refused."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services import publish_consent
from signatures import addresses, tokens
from signatures.models import Letter, Signature
from tests.helpers import form_data, make_campaign, make_signature

URL = "/en/water-for-all/sign/"


@pytest.fixture
def campaign(db: None) -> Campaign:
    cache.clear()
    return make_campaign()


def test_sign_stores_a_pending_signature_with_its_letter(client: Client, campaign: Campaign) -> None:
    response = client.post(URL, form_data(campaign, name="  José Ñahui  ", email="Jose@Example.org", updates="on"))

    assert response.status_code == 303
    signature = Signature.objects.get()
    found = re.fullmatch(r"/en/water-for-all/check-email/([\w=-]+)/#main", response["Location"])
    assert found
    assert tokens.Handle.read(found[1]) == tokens.Handle(signature.pk, "J…e@example.org")
    assert (signature.name, signature.email, signature.country.code) == ("José Ñahui", "Jose@example.org", "PE")
    assert (signature.state, signature.moderation, signature.visibility) == ("pending", "clear", "delivered")
    assert (signature.language, signature.wants_updates) == ("en", True)
    assert signature.consent.text == "I agree that Example Organisation counts my signature."
    letter = Letter.objects.get()
    assert (letter.signature, letter.kind, letter.state, letter.to) == (
        signature,
        "confirmation",
        "waiting",
        "Jose@example.org",
    )


def test_sign_keeps_no_name_of_somebody_who_wants_to_be_counted_only(client: Client, campaign: Campaign) -> None:
    client.post(URL, form_data(campaign, visibility="secret", name="Ana Example"))

    assert Signature.objects.get().name == ""


@pytest.mark.parametrize("name", ["محمد أحمد", "李小龍", "Ñusta T’ika", "Zoë-Marie O'Neill 3rd", "नरेन्द्र", "👩🏽‍🌾 Ana"])
def test_sign_takes_names_of_every_script(client: Client, campaign: Campaign, name: str) -> None:
    client.post(URL, form_data(campaign, name=name))

    assert Signature.objects.get().name == name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ana@straße.de", "ana@xn--strae-oqa.de"),
        ("ana@ñandú.pe", "ana@xn--and-6ma2c.pe"),
        ("ana@א1.com", "ana@xn--1-zhc.com"),
    ],
)
def test_sign_keeps_an_international_domain_as_mail_servers_know_it(
    client: Client, campaign: Campaign, typed: str, stored: str
) -> None:
    client.post(URL, form_data(campaign, email=typed))

    assert Letter.objects.get().to == stored


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("&".join(f"f{number}=x" for number in range(1200)), "application/x-www-form-urlencoded"),
        ("name=x", "multipart/form-data"),
        ("name=x", "application/x-www-form-urlencoded; charset=utf-16"),
    ],
    ids=["too many fields", "multipart without boundary", "another encoding"],
)
def test_sign_brings_the_form_back_when_the_body_cannot_be_read(
    client: Client, campaign: Campaign, body: str, content_type: str
) -> None:
    response = client.post(URL, body, content_type=content_type)

    assert response.status_code == 400
    html = response.content.decode()
    assert "What was sent could not be read." in html
    assert '<form class="sign"' in html


def test_sign_sets_one_cookie_that_knows_the_signature_for_two_hours(client: Client, campaign: Campaign) -> None:
    response = client.post(URL, form_data(campaign))

    assert list(response.cookies) == ["signed"]
    cookie = response.cookies["signed"]
    assert tokens.SIGNED_HERE.read(cookie.value) == Signature.objects.get().pk
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"], cookie["path"]) == (True, "Lax", 7200, "/")
    assert (cookie["secure"], cookie["domain"]) == ("", "")  # the tests' site has no TLS
    assert "Cookie" not in response.get("Vary", "")


def test_sign_sets_its_cookie_for_tls_alone_where_there_is_tls(client: Client, campaign: Campaign) -> None:
    with override_settings(IS_HTTPS=True):
        response = client.post(URL, form_data(campaign))

    assert [cookie["secure"] for cookie in response.cookies.values()] == [True]


def test_no_cookie_is_set_by_the_page_or_by_a_form_that_comes_back(client: Client, campaign: Campaign) -> None:
    for response in (client.get("/en/water-for-all/"), client.post(URL, form_data(campaign, name=""))):
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")


BAD = {
    "no name": ({"name": ""}, "name", "Enter your name, or choose to be counted only."),
    "blank name": ({"name": "  \u00a0 "}, "name", "Enter your name, or choose to be counted only."),
    "over-long name": ({"name": "a" * 101}, "name", "A name can have at most 100 characters."),
    "NUL in the name": ({"name": "Ana\x00Example"}, "name", "Null characters are not allowed."),
    "line break in the name": (
        {"name": "Ana\r\nBcc: other@example.org"},
        "name",
        "A name is written on one line, in letters. Please take out other characters.",
    ),
    "control character in the name": (
        {"name": "Ana\x1b[31m"},
        "name",
        "A name is written on one line, in letters. Please take out other characters.",
    ),
    "line separator in the name": (
        {"name": "Ana\u2028Example"},
        "name",
        "A name is written on one line, in letters. Please take out other characters.",
    ),
    "name that grows beyond the limit when composed": (
        {"name": "\u0958" * 60},
        "name",
        "A name can have at most 100 characters.",
    ),
    "name of which nothing can be seen": (
        {"name": "\u3164\u200d"},
        "name",
        "A name is written on one line, in letters. Please take out other characters.",
    ),
    "name that turns the line round": (
        {"name": "Ana \u202eExample"},
        "name",
        "A name is written on one line, in letters. Please take out other characters.",
    ),
    "no address": ({"email": ""}, "email", "Enter your email address. We need it to confirm your signature."),
    "broken address": ({"email": "ana@"}, "email", "Enter an email address like name@example.org."),
    "two addresses": (
        {"email": "ana@example.org,bob@example.org"},
        "email",
        "Enter an email address like name@example.org.",
    ),
    "line break in the address": (
        {"email": "ana@example.org\nBcc: bob@example.org"},
        "email",
        "Enter an email address like name@example.org.",
    ),
    "300-character address": (
        {"email": "a" * 288 + "@example.org"},
        "email",
        "An email address can have at most 254 characters.",
    ),
    "no country": ({"country": ""}, "country", "Choose your country."),
    "country that does not exist": ({"country": "XX"}, "country", "Choose a country from the list."),
    "no visibility": ({"visibility": ""}, "visibility", "Choose how we should deliver your signature."),
    "visibility that the form does not offer": (
        {"visibility": "public"},
        "visibility",
        "Select a valid choice. public is not one of the available choices.",
    ),
    "no consent": ({"consent": ""}, "consent", "We can only count your signature if you agree."),
}


@pytest.mark.parametrize(("change", "field", "message"), BAD.values(), ids=BAD)
def test_sign_brings_bad_input_back_beside_its_field(
    client: Client, campaign: Campaign, change: dict[str, str], field: str, message: str
) -> None:
    response = client.post(URL, form_data(campaign) | change)

    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == [field]
    assert form.errors[field] == [message]
    html = response.content.decode()
    assert "<title>Error: Water for all</title>" in html
    assert f'<a href="#sign-{field}' in html
    assert ('value="Ana Example"' in html) == (field != "name")
    assert ('value="ana@example.org"' in html) == (field != "email")
    assert not Signature.objects.exists()
    assert not Letter.objects.exists()


def test_sign_refuses_a_repeated_field(client: Client, campaign: Campaign) -> None:
    response = client.post(URL, form_data(campaign, email=["ana@example.org", "bob@example.org"]))

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "“Email address” was sent more than once. Please send the form again."
    ]
    assert not Signature.objects.exists()


def test_sign_asks_again_for_a_name_that_is_not_utf_8(client: Client, campaign: Campaign) -> None:
    consent = form_data(campaign)["consent_id"]
    body = (
        b"name=Jos%E9&email=jose%40example.org&country=PE&visibility=delivered&consent=on&consent_id="
        + consent.encode()
    )
    response = client.post(URL, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 422
    assert response.context["form"].errors["name"] == [
        "Your name did not arrive as you typed it. Please type it again."
    ]
    assert not Signature.objects.exists()


def test_sign_refuses_a_body_of_ten_megabytes(client: Client, campaign: Campaign) -> None:
    response = client.post(URL, form_data(campaign, name="a" * 10_000_000))

    assert response.status_code == 413
    assert "What was sent is too large." in response.content.decode()
    assert not Signature.objects.exists()


def test_sign_shows_a_new_consent_text_instead_of_taking_a_yes_to_the_old_one(
    client: Client, campaign: Campaign
) -> None:
    data = form_data(campaign)
    campaign.texts.filter(language="en").update(consent_text="A new text.")
    publish_consent(campaign=campaign)

    response = client.post(URL, data)

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "consent": ["The text you agree to has changed. Please read it and tick it again."]
    }
    html = response.content.decode()
    assert "A new text." in html
    current = form_data(campaign)["consent_id"]
    assert f'name="consent_id" value="{current}"' in html
    assert not Signature.objects.exists()
    assert client.post(URL, form_data(campaign)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "closed"}, "This petition is closed."),
        ({"state": "paused"}, "Signing is paused at the moment."),
        ({"closes_at": timezone.now() - timedelta(minutes=1)}, "This petition is closed."),
        ({"opens_at": timezone.now() + timedelta(days=1)}, "Signing opens on"),
    ],
    ids=["closed", "paused", "past its closing date", "not yet open"],
)
def test_sign_takes_nothing_for_a_campaign_that_is_not_open(
    client: Client, campaign: Campaign, fields: dict[str, object], words: str
) -> None:
    data = form_data(campaign)
    Campaign.objects.update(**fields)

    response = client.post(URL, data)

    assert response.status_code == 409
    assert words in response.content.decode()
    assert not Signature.objects.exists()


def test_sign_knows_no_draft(client: Client, campaign: Campaign) -> None:
    data = form_data(campaign)
    Campaign.objects.update(state="draft")

    assert client.post(URL, data).status_code == 404
    assert not Signature.objects.exists()


def test_sign_answers_alike_for_new_known_and_flooded_addresses(client: Client, campaign: Campaign) -> None:
    make_signature(campaign, is_confirmed=True, name="Ana Example", email="known@example.org")
    for _ in range(6):
        make_signature(campaign, email="flooded@example.org")

    answers = []
    for email in ("new@example.org", "known@example.org", "flooded@example.org"):
        response = client.post(URL, form_data(campaign, email=email))
        page = client.get(response["Location"])
        handle = response["Location"].split("/")[4]
        headers = {name: value.replace(handle, "HANDLE") for name, value in response.headers.items()}
        html = page.content.decode().replace(handle, "HANDLE").replace(addresses.masked(email), "ADDRESS")
        cookie = response.cookies["signed"]
        answers.append(
            (
                response.status_code,
                headers | {"Expires": ""},
                len(handle),
                [(name, value) for name, value in cookie.items() if name != "expires"],
                page.status_code,
                html,
            )
        )

    assert answers[0][0] == 303
    assert "ADDRESS" in answers[0][-1]
    assert answers[0] == answers[1] == answers[2]
    kinds = [
        Letter.objects.filter(signature__email=email).latest("pk")
        for email in ("new@example.org", "known@example.org", "flooded@example.org")
    ]
    assert [(letter.kind, letter.state) for letter in kinds] == [
        ("confirmation", "waiting"),
        ("already_signed", "waiting"),
        ("confirmation", "capped"),
    ]


def test_sign_writes_the_quiet_letter_once_in_seven_days(client: Client, campaign: Campaign) -> None:
    make_signature(campaign, is_confirmed=True, name="Ana Example", email="ana@example.org")

    for _ in range(3):
        client.post(URL, form_data(campaign))

    quiet = Letter.objects.filter(kind="already_signed").order_by("pk")
    assert [letter.state for letter in quiet] == ["waiting", "capped", "capped"]
    assert [letter.to for letter in quiet] == ["ana@example.org", "", ""]


def test_sign_sends_a_second_person_at_one_address_a_confirmation(client: Client, campaign: Campaign) -> None:
    make_signature(campaign, is_confirmed=True, name="Ana Example", email="family@example.org")

    client.post(URL, form_data(campaign, name="Beto Example", email="family@example.org"))

    assert Letter.objects.latest("pk").kind == "confirmation"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example.org"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
    ],
)
def test_sign_refuses_posts_from_other_sites(client: Client, campaign: Campaign, headers: dict[str, str]) -> None:
    response = client.post(URL, form_data(campaign), headers=headers)

    assert response.status_code == 403
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver"},
        {},
    ],
)
def test_sign_takes_posts_from_its_own_page_in_new_and_old_browsers(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    assert client.post(URL, form_data(campaign), headers=headers).status_code == 303


def test_only_a_post_signs_and_a_page_loaded_again_leads_back_to_the_petition(
    client: Client, campaign: Campaign
) -> None:
    response = client.get(URL)

    assert (response.status_code, response["Location"]) == (302, "/en/water-for-all/")
    assert client.put(URL).status_code == 405

"""Every output of the site, and exactly whose name and whose address stands in it."""

from collections.abc import Iterator
from email.message import EmailMessage
from io import StringIO
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, CampaignText, ConsentText, Update
from signatures import cards, exports, letters, previews, services, tokens
from signatures.models import Cluster, Letter, Rule, Signature
from signatures.reminders import remind
from tests.helpers import SLUG, form_data, log_in, make_campaign
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

# One signer of each kind, all of whom have typed a name. Whoever is not to be seen anywhere is there all the same.
KINDS = [
    "secret",
    "secret with news",
    "delivered",
    "delivered with news",
    "public",
    "withdrawn",  # was public
    "withdrawn with news",
    "erased",  # was public
    "held",  # was public
    "rejected",  # was public
    "pending",
    "pending secret",
]
NOBODY: set[str] = set()
# Whose name is kept, and whose name and address staff need in order to moderate and to help who writes to them.
NAMED = {kind for kind in KINDS if "secret" not in kind} - {"erased"}
# Whose address is kept.
WITH_ADDRESS = set(KINDS) - {"secret", "erased"}

# Whose own page there is: those who have confirmed, and even the erased find a page that says so.
OWNERS = [kind for kind in KINDS if "pending" not in kind]

Who = tuple[set[str], set[str]]

# Output → whose names it has, and whose addresses.
EXPECTED: dict[str, Who] = {
    "page en": ({"public"}, NOBODY),
    "page es": ({"public"}, NOBODY),
    "page that came back with an error": ({"public"}, NOBODY),
    "index en": (NOBODY, NOBODY),
    "index es": (NOBODY, NOBODY),
    "privacy notice": (NOBODY, NOBODY),
    "feed": (NOBODY, NOBODY),
    "sitemap": (NOBODY, NOBODY),
    "API": (NOBODY, NOBODY),
    "picture en": (NOBODY, NOBODY),
    "picture es": (NOBODY, NOBODY),
    # On the device that signed, and by the links of the first letter, which may have gone to somebody else.
    "check your email, pending": (NOBODY, NOBODY),
    "confirm, pending": (NOBODY, NOBODY),
    "not me, pending": (NOBODY, NOBODY),
    "thanks, to anybody": (NOBODY, NOBODY),
    "thanks, to secret": (NOBODY, NOBODY),
    "thanks, to delivered": ({"delivered"}, NOBODY),  # offers to show it
    "thanks, to public": (NOBODY, NOBODY),
    # The signer's own page: the address is whole only for whoever comes fresh from the mailbox.
    **{f"own page, {kind}": ({kind} & NAMED, NOBODY) for kind in OWNERS},
    **{f"own page, fresh, {kind}": ({kind} & NAMED, {kind} & WITH_ADDRESS) for kind in OWNERS},
    **{f"own data, {kind}": ({kind} & NAMED, {kind} & WITH_ADDRESS) for kind in OWNERS},
    # Staff.
    "admin": (NOBODY, NOBODY),
    "admin: signatures": (NAMED, NAMED),
    **{f"admin: {kind}": ({kind} & NAMED, {kind} & NAMED) for kind in KINDS},
    "admin: about to hold all": (NAMED, NOBODY),
    # A request by mail: what is found under an address, a copy of it, and the question before it is erased.
    "admin: requests": (NOBODY, NOBODY),
    **{f"admin: request of {kind}": ({kind} & NAMED, {kind} & NAMED) for kind in KINDS},
    **{f"admin: copy for {kind}": ({kind} & NAMED, {kind} & NAMED) for kind in set(KINDS) - {"erased"}},
    **{f"admin: about to erase {kind}": ({kind} & NAMED, NOBODY) for kind in set(KINDS) - {"erased"}},
    "admin: acts": (NOBODY, NOBODY),
    "admin: exports": (NOBODY, NOBODY),
    "admin: letters": (NOBODY, NOBODY),
    "admin: each letter": (NOBODY, NOBODY),
    "admin: suppressed addresses": (NOBODY, NOBODY),
    "admin: campaign": (NOBODY, NOBODY),
    "admin: rules": (NOBODY, NOBODY),
    "admin: clusters": (NOBODY, NOBODY),
    "admin: what a rule about their domain would have caught": (NAMED, NOBODY),
    "admin: what a rule about their network would have caught": (NAMED, NOBODY),
    # Lists.
    **dict.fromkeys(
        ("CSV addressee", "CSV addressee by command"), ({"delivered", "delivered with news", "public"}, NOBODY)
    ),
    # For the campaign's own mailing: who asked for it, and of who is counted only no more than the address.
    **dict.fromkeys(
        ("CSV news", "CSV news by command"), ({"delivered with news"}, {"secret with news", "delivered with news"})
    ),
    "CSV internal": (NOBODY, NOBODY),
    "CSV internal by command": (NOBODY, NOBODY),
    "CSV numbers": (NOBODY, NOBODY),
    "CSV numbers by command": (NOBODY, NOBODY),
}


def name_of(kind: str) -> str:
    return f"The {kind} one"


def address_of(kind: str) -> str:
    return f"the.{kind.replace(' ', '.')}.mailbox@example.org"


def who_is_in(text: str) -> Who:
    lower = text.lower()
    names = {kind for kind in KINDS if name_of(kind).lower() in lower}
    return names, {kind for kind in KINDS if address_of(kind).lower() in lower}


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign()
    Update.objects.create(
        campaign=campaign, language="en", published_at=timezone.now(), title="News", body="News.", reviewer="Staff"
    )
    return campaign


def sign(campaign: Campaign, kind: str) -> Signature:
    is_secret, wants_news = "secret" in kind, "news" in kind
    data = form_data(
        campaign,
        name=name_of(kind),
        email=address_of(kind),
        visibility="secret" if is_secret else "delivered",
        **({"updates": "on"} if wants_news else {}),
    )
    assert Client().post(f"/en/{SLUG}/sign/", data).status_code == 303
    return Signature.objects.latest("pk")


def show(signature: Signature) -> None:
    consent = ConsentText.objects.current(signature.campaign, "en")
    line = services.Line(signature.name, "PE", "public")
    assert services.change(signature_id=signature.pk, line=line, consent=consent) is services.Changed.DONE


@pytest.fixture
def signatures(campaign: Campaign) -> dict[str, Signature]:
    """All of them, each brought where its kind says."""
    found = {kind: sign(campaign, kind) for kind in KINDS}
    for kind, signature in found.items():
        if "pending" not in kind:
            assert services.confirm(signature_id=signature.pk) is services.Confirmation.CONFIRMED
        if kind in {"public", "withdrawn", "erased", "held", "rejected"}:
            show(signature)
    for kind in ("withdrawn", "withdrawn with news"):
        services.withdraw(signature_id=found[kind].pk)
    services.erase(signature_id=found["erased"].pk)
    for verb, kind in ((services.hold, "held"), (services.reject, "rejected")):
        verb(signatures=Signature.objects.filter(pk=found[kind].pk), reason="Seen twice", staff=None)
    return {kind: Signature.objects.get(pk=signature.pk) for kind, signature in found.items()}


def own_pages(signatures: dict[str, Signature]) -> dict[str, str]:
    texts = {}
    for kind in OWNERS:
        key = tokens.PageKey(signatures[kind].pk, 0).make()
        fresh = tokens.PageKey(signatures[kind].pk, 0, is_fresh=True).make()
        texts[f"own page, {kind}"] = get(Client(), f"/en/signature/{key}/")
        texts[f"own page, fresh, {kind}"] = get(Client(), f"/en/signature/{fresh}/")
        texts[f"own data, {kind}"] = get(Client(), f"/en/signature/{fresh}/data.json")
    return texts


def get(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code in (200, 410), f"{path}: {answer.status_code}"
    return answer.content.decode()


def public_pages() -> dict[str, str]:
    stranger = Client()
    texts = {f"page {language}": get(stranger, f"/{language}/{SLUG}/") for language in ("en", "es")}
    texts |= {f"index {language}": get(stranger, f"/{language}/") for language in ("en", "es")}
    texts |= {
        "page that came back with an error": stranger.post(f"/en/{SLUG}/sign/", {}).content.decode(),
        "privacy notice": get(stranger, f"/en/{SLUG}/privacy/"),
        "feed": get(stranger, f"/en/{SLUG}/updates.atom"),
        "sitemap": get(stranger, "/sitemap.xml"),
        "API": get(stranger, f"/api/v1/campaigns/{SLUG}/"),
        "thanks, to anybody": get(stranger, f"/en/{SLUG}/thanks/"),
    }
    for text in CampaignText.objects.all():
        with mock.patch.object(previews, "draw", wraps=previews.draw) as draw:
            cards.draw(text)
        texts[f"picture {text.language}"] = str(draw.call_args)
    return texts


def pages_of_the_device(signatures: dict[str, Signature]) -> dict[str, str]:
    pending = signatures["pending"].pk
    handle = tokens.Handle(pending, "t…x@example.org").seal()
    texts = {
        "check your email, pending": get(Client(), f"/en/{SLUG}/check-email/{handle}/"),
        "confirm, pending": get(Client(), f"/en/confirm/{tokens.CONFIRM.make(pending)}/"),
        "not me, pending": get(Client(), f"/en/not-me/{tokens.NOT_ME.make(pending)}/"),
    }
    for kind in ("delivered", "public", "secret"):
        client = Client()
        client.cookies["confirmed"] = tokens.CONFIRMED_HERE.make(signatures[kind].pk)
        texts[f"thanks, to {kind}"] = get(client, f"/en/{SLUG}/thanks/")
    return texts


def admin_pages(staff: Client, campaign: Campaign, signatures: dict[str, Signature]) -> dict[str, str]:
    rows = "/admin/signatures"
    texts = {
        "admin": get(staff, "/admin/"),
        "admin: signatures": get(staff, f"{rows}/signature/"),
        "admin: acts": get(staff, f"{rows}/moderationact/"),
        "admin: exports": get(staff, f"{rows}/exportrecord/"),
        "admin: letters": get(staff, f"{rows}/letter/"),
        "admin: each letter": "".join(get(staff, f"{rows}/letter/{row.pk}/change/") for row in Letter.objects.all()),
        "admin: suppressed addresses": get(staff, f"{rows}/suppression/"),
        "admin: campaign": get(staff, f"/admin/campaigns/campaign/{campaign.pk}/change/"),
    }
    for kind, signature in signatures.items():
        texts[f"admin: {kind}"] = get(staff, f"{rows}/signature/{signature.pk}/change/")
    everybody = {"action": "hold", "_selected_action": [row.pk for row in signatures.values()]}
    for kind, what in (("domain", "example.org"), ("network", "127.0.0.1")):
        rule = {"kind": kind, "what": what, "action": "hold", "note": "test"}
        tried = staff.post(f"{rows}/rule/add/", {**rule, "_try": "yes"}).content.decode()
        assert "It would have caught" in tried
        texts[f"admin: what a rule about their {kind} would have caught"] = tried
        fields = {"kind": kind, "key": "example.org", "day": "2026-01-01", "n": 20, "counted": 8, "held": 1}
        moments = dict.fromkeys(("first_at", "last_at"), timezone.now())
        Cluster.objects.create(campaign=campaign, **fields, **moments)
        Rule.objects.create(kind=kind, pattern=what, key=what, action="hold", note="test")
    texts["admin: rules"] = get(staff, f"{rows}/rule/")
    texts["admin: clusters"] = get(staff, f"{rows}/cluster/")
    texts["admin: about to hold all"] = staff.post(f"{rows}/signature/", everybody).content.decode()
    return texts


def requests_by_mail(staff: Client, signatures: dict[str, Signature]) -> dict[str, str]:
    texts = {}
    url = "/admin/signatures/privacyrequest/"
    for kind, signature in signatures.items():
        wish = {"email": address_of(kind), "kind": "access", "received_on": "2026-01-01", "note": "test"}
        page = staff.post(f"{url}add/", wish)["Location"]
        texts[f"admin: request of {kind}"] = get(staff, page)
        if kind == "erased":
            assert "hold no signature under it" in texts[f"admin: request of {kind}"]
            continue
        answer = page.replace("change", "answer")
        chosen = {"chosen": signature.pk, "stays_open": "on"}
        texts[f"admin: about to erase {kind}"] = staff.post(answer, chosen | {"act": "erase"}).content.decode()
        copy = staff.post(answer, chosen | {"act": "copy"})
        assert copy["Content-Type"] == "application/json"
        texts[f"admin: copy for {kind}"] = copy.content.decode()
    texts["admin: requests"] = get(staff, url)
    return texts


def lists(staff: Client, campaign: Campaign) -> dict[str, str]:
    texts = {}
    for preset in exports.PRESETS:
        wish = {"campaign": campaign.pk, "preset": preset, "form": "machine", "purpose": "test"}
        answer = staff.post("/admin/signatures/signature/export/", wish)
        assert answer.streaming, answer.content.decode()
        texts[f"CSV {preset}"] = b"".join(answer.streaming_content).decode()
        by_command = StringIO()
        call_command("export_signatures", SLUG, preset=preset, form="machine", purpose="test", stdout=by_command)
        texts[f"CSV {preset} by command"] = by_command.getvalue()
    return texts


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("admin", password="a password of some length"))
    return client


def test_everybody_is_where_they_chose_to_be_and_nowhere_else(
    server: Server, campaign: Campaign, signatures: dict[str, Signature], staff: Client
) -> None:
    letters.send_due()  # one that waits has the address of who is counted only, and the signer's own data says so
    texts = (
        public_pages()
        | pages_of_the_device(signatures)
        | own_pages(signatures)
        | lists(staff, campaign)
        | admin_pages(staff, campaign, signatures)
        | requests_by_mail(staff, signatures)
    )

    assert {output: who_is_in(text) for output, text in texts.items()} == EXPECTED


def test_staff_find_by_name_or_address_only_those_whose_they_see(
    signatures: dict[str, Signature], staff: Client
) -> None:
    for typed in (name_of, address_of):
        found = set()
        for kind, signature in signatures.items():
            answer = staff.get("/admin/signatures/signature/", {"q": typed(kind)})
            found |= {kind for row in answer.context["cl"].result_list if row.pk == signature.pk}
        assert found == NAMED


def test_no_letter_names_anybody_and_each_goes_to_its_own_address(
    server: Server, campaign: Campaign, signatures: dict[str, Signature]
) -> None:
    for kind in KINDS:
        services.ask_for_page(campaign=campaign, language="en", email=address_of(kind))
    remind(signatures["pending"])
    sign(campaign, "delivered")  # again: “You have signed already”
    services.ask_for_address(signature_id=signatures["delivered"].pk, email=address_of("secret"))
    letters.send_due()

    sent = {(letter["To"], letter["Subject"]) for letter in server.arrived}
    subjects = {subject for _to, subject in sent}
    assert len(subjects) == len(Letter.Kind)
    for letter in server.arrived:
        names, addresses = who_is_in(whole(letter))
        assert names == NOBODY
        assert addresses == {kind for kind in KINDS if address_of(kind) == letter["To"]}
    assert server.envelopes == [("petition@example.org", [letter["To"]]) for letter in server.arrived]
    assert (address_of("secret"), "Your signature is confirmed") in sent
    assert {subject for to, subject in sent if to == address_of("erased")} == {"Your signature is erased"}


def whole(letter: EmailMessage) -> str:
    parts = [part.get_content() for part in letter.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in letter.items()), *parts])

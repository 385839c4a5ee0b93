"""Attacks on the admin and by those who may use a part of it, one to a line: what is sent, and how it ends.

Each role's way to each address is walked in `site/test_roles.py`; here is what lies across the roles: another's jobs,
lists and requests, sessions, and what visitors have typed for staff to read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaigns.models import Campaign
from signatures import exports, limits
from signatures.exports import FORMS, PRESETS
from signatures.models import (
    BulkJob,
    ConsentEvent,
    ExportRecord,
    ExportRequest,
    ModerationAct,
    PrivacyRequest,
    Signature,
)
from signatures.services import Why, bulk
from tests.helpers import consent_of, log_in, make_campaign, make_signature

pytestmark = pytest.mark.django_db

LIST = "/admin/signatures/signature/"
EXPORT = f"{LIST}export/"
PASSWORD = "a password of some length"
SCRIPT = "<script>alert(1)</script>"


@dataclass
class Office:
    campaign: Campaign
    ana: Signature
    beto: Signature
    colleague: User
    mallory: User
    job: BulkJob
    request: ExportRequest
    approved: ExportRequest
    asked: PrivacyRequest

    def enter(self, user: User | None = None) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        log_in(client, user or self.mallory)
        return client

    def may(self, *permissions: str) -> Client:
        """Mallory, with these rights and no others."""
        self.mallory.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return self.enter()


@pytest.fixture
def office(settings: Any) -> Office:
    settings.EXPORT_APPROVAL = True
    campaign = make_campaign()
    ana = make_signature(campaign, name=f"Ana {SCRIPT}", email="ana@example.net", is_confirmed=True)
    beto = make_signature(campaign, name="Beto", email="beto@example.net", is_confirmed=True)
    colleague = User.objects.create_user("colleague", is_staff=True)
    mallory = User.objects.create_user("mallory", password=PASSWORD, is_staff=True)
    job = bulk.prepare(
        signatures=Signature.objects.filter(pk=ana.pk), action="reject", why=Why("test"), matched="", staff=colleague
    )
    of_names = {"campaign": campaign, "preset": "addressee", "form": "comma", "purpose": SCRIPT}
    request = exports.ask(staff=mallory, **of_names)
    approved = exports.ask(staff=colleague, **of_names)
    ExportRequest.objects.filter(pk=approved.pk).update(is_approved=True, decided_by=mallory, decided_at=timezone.now())
    asked = PrivacyRequest.objects.create(
        kind="erase", received_on="2026-01-01", due_on="2026-01-15", note="test", found=1, staff=colleague
    )
    asked.signatures.add(beto)
    return Office(campaign, ana, beto, colleague, mallory, job, request, approved, asked)


class Attack(NamedTuple):
    name: str
    send: Callable[[Office], HttpResponse]
    status: int
    holds: Callable[[HttpResponse], bool] = lambda response: True


def to(path: str) -> Callable[[HttpResponse], bool]:
    return lambda response: response["Location"].startswith(path)


def no_list(response: HttpResponse) -> bool:
    return not response.streaming and not ExportRecord.objects.exists()


MODERATOR = ("view_signature", "moderate_signature")


def once_in(office: Office, deed: Callable[[], object]) -> HttpResponse:
    """A moderator whose session goes on while something happens to the account."""
    client = office.may(*MODERATOR)
    assert client.get(LIST).status_code == 200
    deed()
    return client.get(LIST)


def half_way(office: Office, device: TOTPDevice | None) -> HttpResponse:
    """By the password alone, or with the device of somebody else in the session."""
    office.mallory.user_permissions.set(Permission.objects.filter(codename__in=MODERATOR))
    TOTPDevice.objects.create(user=office.mallory)
    client = Client()
    client.force_login(office.mallory)
    if device:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client.get(LIST)


def change(user: User, **fields: Any) -> None:
    User.objects.filter(pk=user.pk).update(**fields)


def no_staff(office: Office) -> HttpResponse:
    change(office.mallory, is_staff=False)
    return office.may(*MODERATOR).get(LIST)


def own_job(office: Office) -> BulkJob:
    """One of Mallory's that waits for a second person."""
    job = bulk.prepare(
        signatures=Signature.objects.filter(pk=office.beto.pk),
        action="reject",
        why=Why("test"),
        matched="",
        staff=office.mallory,
    )
    BulkJob.objects.filter(pk=job.pk).update(state=BulkJob.State.WAITING)
    return job


def press(office: Office, job: BulkJob, decision: str) -> HttpResponse:
    return office.may(*MODERATOR).post(f"/admin/signatures/bulkjob/{job.pk}/act/", {"decision": decision})


def log_in_to(office: Office, destination: str) -> HttpResponse:
    client = Client()
    return client.post(f"/admin/login/?next={destination}", {"username": "mallory", "password": PASSWORD})


def erase(office: Office, signature: Signature, *permissions: str) -> HttpResponse:
    data = {"act": "erase", "chosen": [signature.pk], "is_sure": "on"}
    return office.may(*permissions).post(f"/admin/signatures/privacyrequest/{office.asked.pk}/answer/", data)


ATTACKS = [
    # Who comes in
    Attack("an account that is not staff's", no_staff, 302, to("/admin/login/")),
    Attack("a password without a second factor", lambda o: half_way(o, None), 302, to("/admin/login/")),
    Attack(
        "the second factor of a colleague",
        lambda o: half_way(o, TOTPDevice.objects.create(user=o.colleague)),
        302,
        to("/admin/login/"),
    ),
    Attack("a role that was taken away", lambda o: once_in(o, o.mallory.user_permissions.clear), 403),
    Attack("an account that was closed", lambda o: once_in(o, lambda: change(o.mallory, is_active=False)), 302),
    Attack("an account that is staff's no more", lambda o: once_in(o, lambda: change(o.mallory, is_staff=False)), 302),
    Attack("a second factor that was reset", lambda o: once_in(o, TOTPDevice.objects.all().delete), 302),
    Attack("a password that was changed", lambda o: once_in(o, lambda: change(o.mallory, password="!")), 302),
    *(
        Attack(f"after logging in to {destination}", lambda o, to=destination: log_in_to(o, to), 302, to("/admin/"))
        for destination in (
            "//evil.example/",
            "https://evil.example/",
            "/%5Cevil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "%09//evil.example",
            "%00//evil.example",
        )
    ),
    Attack("logging out by a picture", lambda o: o.enter().get("/admin/logout/"), 405),
    # What is a colleague's
    Attack("starting a colleague's job", lambda o: press(o, o.job, "begin"), 403),
    Attack("throwing a colleague's job away", lambda o: press(o, o.job, "discard"), 403),
    Attack("agreeing to one's own job", lambda o: press(o, own_job(o), "approve"), 403),
    Attack("a decision that there is not", lambda o: press(o, o.job, "run"), 403),
    Attack(
        "agreeing to one's own list",
        lambda o: o.may("export_signature").post(f"{EXPORT}{o.request.pk}/decide/", {"decision": "approve"}),
        403,
        no_list,
    ),
    Attack(
        "a colleague's list, with one's own yes",
        lambda o: o.may("export_signature").post(f"{EXPORT}{o.approved.pk}/download/"),
        302,
        no_list,
    ),
    Attack(
        "a list that nobody has agreed to",
        lambda o: o.may("export_signature").post(f"{EXPORT}{o.request.pk}/download/"),
        302,
        no_list,
    ),
    Attack(
        "a yes by who sees no names",
        lambda o: o.may("export_numbers").post(f"{EXPORT}{o.request.pk}/decide/", {"decision": "approve"}),
        403,
        no_list,
    ),
    Attack(
        "names by who may have numbers",
        lambda o: o.may("export_numbers").post(
            EXPORT, {"campaign": o.campaign.pk, "preset": "addressee", "form": "comma", "purpose": "x"}
        ),
        200,
        no_list,
    ),
    Attack(
        "a list by a link",
        lambda o: o.may("export_signature").get(
            f"{EXPORT}?campaign={o.campaign.pk}&preset=addressee&form=comma&purpose=x"
        ),
        200,
        no_list,
    ),
    Attack("erasing whom a request does not name", lambda o: erase(o, o.ana, "erase_signature"), 302),
    Attack("erasing without the right to", lambda o: erase(o, o.beto, *MODERATOR), 403),
    Attack(
        "a state by the form of a row that can only be read",
        lambda o: o.may(*MODERATOR).post(f"{LIST}{o.ana.pk}/change/", {"state": "withdrawn", "moderation": "rejected"}),
        403,
    ),
    Attack(
        "becoming a superuser",
        lambda o: o.may(*MODERATOR).post(
            f"/admin/auth/user/{o.mallory.pk}/change/", {"username": "mallory", "is_superuser": "on"}
        ),
        403,
        lambda r: not User.objects.filter(is_superuser=True).exists(),
    ),
    # What an address of the admin may ask the database
    *(
        Attack(f"a list narrowed by ?{asked}", lambda o, q=asked: o.may(*MODERATOR).get(f"{LIST}?{q}"), 400)
        for asked in ("email__startswith=ana", "campaign__texts__reviewer=Rosa", "fingerprint=00", "privacy_requests=1")
    ),
    Attack(
        "a search whose seal is broken",
        lambda o: o.may(*MODERATOR).get(f"{LIST}?q=~gAAAAABbroken"),
        200,
        lambda r: "ana@example.net" not in r.content.decode(),
    ),
    Attack(
        "another host for what a list leads to",
        lambda o: o.enter().get("/admin/r/1/1/", headers={"Host": "evil.example"}),
        400,
    ),
    # What visitors and colleagues have typed
    *(
        Attack(
            f"a script on {path}",
            lambda o, at=path, may=may: o.may(*may).get(at),
            200,
            lambda r: SCRIPT not in r.content.decode() and "&lt;script&gt;" in r.content.decode(),
        )
        for path, may in {
            LIST: MODERATOR,
            EXPORT: ("export_signature",),
            "/admin/signatures/exportrequest/": ("view_exportrequest",),
        }.items()
    ),
]


def test_each_attack_ends_as_it_should(office: Office) -> None:
    def kept() -> list[Any]:
        return [
            list(Signature.objects.order_by("pk").values()),
            list(BulkJob.objects.filter(pk=office.job.pk).values()),
            list(ExportRequest.objects.order_by("pk").values()),
            list(PrivacyRequest.objects.values()),
            ModerationAct.objects.count(),
        ]

    before = kept()
    for attack in ATTACKS:
        cache.clear()
        limits.here.counts.clear()
        with transaction.atomic():
            response = attack.send(office)

            assert response.status_code == attack.status, (attack.name, response)
            assert attack.holds(response), (attack.name, response)
            assert kept() == before, attack.name
            transaction.set_rollback(True)


def test_a_session_that_somebody_else_has_chosen_is_not_the_one_that_is_let_in(office: Office) -> None:
    client = Client()
    for chosen in ("chosen-by-mallory", Client().session.session_key or "x" * 32):
        client.cookies["session"] = chosen
        client.post("/admin/login/", {"username": "mallory", "password": PASSWORD})
        assert client.cookies["session"].value != chosen


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "=cmd|' /C calc'!A0",
    "'=1",
    "''@x",
    '=HYPERLINK("x")',
]


@pytest.mark.parametrize("preset", ["addressee", "news", "internal"])
def test_no_cell_of_any_list_is_a_formula(office: Office, preset: str) -> None:
    """Names as an old import may have left them: the form takes no tab and no end of a line."""
    for formula in FORMULAS:
        row = make_signature(office.campaign, is_confirmed=True, wants_updates=True)
        act = ModerationAct.objects.create(action="release", reason=formula, how_many=1)
        act.moderated.create(signature=row, before="held")
        Signature.objects.filter(pk=row.pk).update(name=f"{formula} A", email=f"{formula}@example.org")
        ConsentEvent.objects.get_or_create(
            signature=row, kind="ticked", defaults={"consent": consent_of(office.campaign)}
        )
    chosen = PRESETS[preset]
    with connection.cursor() as cursor:
        query = chosen.query(FORMS["comma"])
        cursor.execute(query, [office.campaign.pk] * query.count("%s"))
        cells = [cell for line in cursor.fetchall() for cell in line if isinstance(cell, str)]

    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")] == []
    assert len([cell for cell in cells if cell.startswith("'")]) >= len(FORMULAS)

"""Who may what: each role walks every address and every action of the admin, and what is refused changes nothing."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from html.parser import HTMLParser
from importlib import import_module
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

import signatures.migrations
from campaigns.models import Campaign, CampaignText, ConsentText, TextVersion, Update
from campaigns.services import note_preview
from petition_site.staff.site import actions_of
from signatures import limits
from signatures.forms import DeliveryForm
from signatures.models import (
    Cluster,
    Delivery,
    DeliveryScan,
    Doubt,
    ExportRecord,
    ExportRequest,
    Letter,
    ModerationAct,
    Pack,
    PackPiece,
    PauseAct,
    PrivacyRequest,
    Recount,
    RetentionRun,
    Rule,
    Signature,
    Suppression,
)
from signatures.services import Why, bulk
from tests.helpers import log_in, make_campaign, make_signature
from tests.site.carried import assert_carries

ROLES = ("campaign editor", "moderator", "exporter", "administrator")
NOBODY: set[str] = set()
SUPERUSER = {"superuser"}
ADMINISTRATOR = SUPERUSER | {"administrator"}
EDITOR = ADMINISTRATOR | {"campaign editor"}
MODERATOR = ADMINISTRATOR | {"moderator"}
EXPORTER = ADMINISTRATOR | {"exporter"}
STAFF = EDITOR | MODERATOR | EXPORTER | {"no role"}
HALF_WAY = STAFF | {"administrator by password alone"}
EVERYBODY = HALF_WAY | {"anonymous", "no staff"}


def pages(
    model: str,
    *,
    see: set[str],
    add: set[str] = NOBODY,
    change: set[str] = NOBODY,
    delete: set[str] = NOBODY,
) -> dict[str, tuple[set[str], set[str]]]:
    """Who may look and who may send, for each page that Django makes of a model."""
    return {
        f"{model}_changelist": (see, see),
        f"{model}_history": (see, see),
        f"{model}_change": (see, change),
        f"{model}_add": (add, add),
        f"{model}_delete": (delete, delete),
    }


# Each address by its name: who may GET it, who may POST to it.
PAGES = {
    "index": (STAFF, STAFF),
    "app_list": (MODERATOR | EXPORTER, MODERATOR | EXPORTER),  # that of signatures
    "login": (EVERYBODY - HALF_WAY | STAFF, EVERYBODY),  # half-way it leads on to the second factor
    "logout": (NOBODY, EVERYBODY),
    "second_factor": (HALF_WAY, HALF_WAY),
    "second_factor_set_up": (STAFF, STAFF),  # and half-way where there is none yet: test_second_factor.py
    "password_change": (STAFF, STAFF),
    "password_change_done": (STAFF, NOBODY),
    "autocomplete": (NOBODY, NOBODY),  # no field of ours uses it
    "jsi18n": (STAFF, NOBODY),
    "view_on_site": (STAFF, STAFF),
    **pages("campaigns_campaign", see=EDITOR, add=EDITOR, change=EDITOR, delete=SUPERUSER),
    **pages("campaigns_campaigntext", see=EDITOR, add=EDITOR, change=EDITOR, delete=SUPERUSER),
    **pages("campaigns_update", see=EDITOR, add=EDITOR, change=EDITOR, delete=SUPERUSER),
    "campaigns_campaign_state": (EDITOR, EDITOR),
    "campaigns_campaigntext_preview": (EDITOR, EDITOR),
    "campaigns_campaigntext_publish": (EDITOR, EDITOR),
    **pages("campaigns_consenttext", see=EDITOR),
    **pages("campaigns_textversion", see=EDITOR),
    **pages("signatures_signature", see=MODERATOR),
    "signatures_signature_bulk": (MODERATOR, MODERATOR),
    "signatures_signature_search": (NOBODY, MODERATOR),
    "signatures_queuedsignature_search": (NOBODY, MODERATOR),
    "signatures_suppression_search": (NOBODY, MODERATOR),
    **pages("signatures_queuedsignature", see=MODERATOR),
    "signatures_queuedsignature_bulk": (MODERATOR, MODERATOR),
    **pages("signatures_bulkjob", see=MODERATOR),
    "signatures_bulkjob_act": (NOBODY, MODERATOR),
    "signatures_signature_export": (EXPORTER, EXPORTER),
    "signatures_signature_export_decide": (NOBODY, EXPORTER),
    "signatures_signature_export_download": (NOBODY, EXPORTER),
    **pages("signatures_delivery", see=EXPORTER, add=EXPORTER),
    "signatures_delivery_decide": (NOBODY, EXPORTER),
    "signatures_delivery_hand_over": (EXPORTER, EXPORTER),
    "signatures_delivery_record_answer": (EXPORTER, EXPORTER),
    "signatures_delivery_add_scan": (NOBODY, EXPORTER),
    "signatures_delivery_scan": (EXPORTER, EXPORTER),
    "signatures_delivery_pack": (NOBODY, EXPORTER),
    **pages("signatures_letter", see=MODERATOR),
    **pages("signatures_suppression", see=MODERATOR, delete=ADMINISTRATOR),
    **pages("signatures_moderationact", see=MODERATOR),
    **pages("signatures_rule", see=MODERATOR, add=MODERATOR, change=MODERATOR),
    "signatures_rule_signals": (MODERATOR, NOBODY),
    **pages("signatures_cluster", see=MODERATOR),
    **pages("signatures_exportrecord", see=EXPORTER),
    **pages("signatures_exportrequest", see=EXPORTER),
    **pages("signatures_pauseact", see=MODERATOR | EXPORTER),
    "signatures_pauseact_pause": (MODERATOR | EXPORTER, MODERATOR | EXPORTER),
    "signatures_pauseact_resume": (ADMINISTRATOR, ADMINISTRATOR),
    **pages("signatures_retentionrun", see=ADMINISTRATOR),
    **pages("signatures_recount", see=ADMINISTRATOR),
    **pages("signatures_privacyrequest", see=ADMINISTRATOR, add=ADMINISTRATOR),
    "signatures_privacyrequest_answer": (NOBODY, ADMINISTRATOR),
    "signatures_privacyrequest_close": (NOBODY, ADMINISTRATOR),
    **pages("auth_user", see=ADMINISTRATOR, add=ADMINISTRATOR, change=ADMINISTRATOR, delete=SUPERUSER),
    "auth_user_password_change": (ADMINISTRATOR, ADMINISTRATOR),
    "auth_user_second_factor": (ADMINISTRATOR, ADMINISTRATOR),
    **pages("auth_group", see=SUPERUSER, add=SUPERUSER, change=SUPERUSER, delete=SUPERUSER),
}
ACTIONS = {
    "signatures_signature": {
        "hold": MODERATOR,
        "release": MODERATOR,
        "reject": MODERATOR,
        "restore": MODERATOR,
        "hide": MODERATOR,
        "show": MODERATOR,
        "withdraw": ADMINISTRATOR,
        "erase": ADMINISTRATOR,
        "resend": MODERATOR,
    },
    "signatures_letter": {"retry": MODERATOR, "delete_selected": NOBODY},
    "signatures_suppression": {"delete_selected": ADMINISTRATOR},
    "signatures_rule": {"end": MODERATOR, "delete_selected": NOBODY},
    "signatures_cluster": {"look_at": MODERATOR, "delete_selected": NOBODY},
    "campaigns_campaign": {"delete_selected": SUPERUSER},
    "campaigns_campaigntext": {"delete_selected": SUPERUSER},
    "campaigns_update": {"delete_selected": SUPERUSER},
    "auth_user": {"delete_selected": SUPERUSER},
    "auth_group": {"delete_selected": SUPERUSER},
}
# Read-only for all: Django offers its own action of deleting to nobody.
READ_ONLY = (
    "campaigns_consenttext",
    "signatures_bulkjob",
    "campaigns_textversion",
    "signatures_delivery",
    "signatures_moderationact",
    "signatures_exportrecord",
    "signatures_exportrequest",
    "signatures_pauseact",
    "signatures_recount",
    "signatures_retentionrun",
    "signatures_privacyrequest",
)
ACTIONS |= {model: {"delete_selected": NOBODY} for model in READ_ONLY}
ACTIONS["signatures_signature"]["delete_selected"] = NOBODY
ACTIONS["signatures_queuedsignature"] = {
    action: may for action, may in ACTIONS["signatures_signature"].items() if action not in ("show", "resend")
}


def patterns(found: Any = None) -> Iterator[URLPattern]:
    for pattern in admin.site.urls[0] if found is None else found:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from patterns(pattern.url_patterns)


# Those without a name lead on from what a page was called before Django 1.9, or to "not found".
PATTERNS = {str(pattern.name): pattern for pattern in patterns() if pattern.name}
NAMES = set(PATTERNS)
MODELS = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}


def make_roles() -> None:
    """As the migrations do: tests that need a commit empty the tables afterwards, groups and all."""
    editor = SimpleNamespace(connection=connection)
    import_module("signatures.migrations.0009_roles").make_roles(apps, editor)
    names = sorted(name for _loader, name, _is_package in iter_modules(signatures.migrations.__path__))
    for name in names:
        if add := getattr(import_module(f"signatures.migrations.{name}"), "add_to_roles", None):
            add(apps, editor)


@pytest.fixture
def rows(db: None) -> dict[str, Any]:
    """One row of each model that has pages, and one for who is to be acted on."""
    # Every walk tries to log in from one network and as the same account: their tries would add up to the limit.
    cache.clear()
    limits.here.counts.clear()
    make_roles()
    campaign = make_campaign()
    held = make_signature(campaign, is_confirmed=True)
    released = make_signature(campaign, is_confirmed=True)
    Signature.objects.filter(pk=released.pk).update(moderation="held")
    rejected = make_signature(campaign, is_confirmed=True)
    Signature.objects.filter(pk=rejected.pk).update(moderation="rejected", is_name_hidden=True)
    Doubt.objects.create(signature=held, kind="burst")
    Doubt.objects.create(signature=rejected, kind="second_look")
    draft = {"title": "Agua, ya mismo", "reviewer": "Rosa Example"}
    CampaignText.objects.filter(language="es").update(draft=draft)
    note_preview(text_id=campaign.texts.get(language="es").pk, by="editor")
    letter = Letter.objects.filter(signature=held, kind=Letter.Kind.RECEIPT).get()
    Letter.objects.filter(pk=letter.pk).update(state=Letter.State.FAILED, to="")
    target = User.objects.create_user("target", is_staff=True)
    TOTPDevice.objects.create(user=target)
    asking = User.objects.create_user("asking", is_staff=True)
    job = bulk.prepare(
        signatures=Signature.objects.filter(pk=held.pk), action="hold", why=Why("test"), matched="", staff=asking
    )
    asked = PrivacyRequest.objects.create(
        kind="withdraw", received_on="2026-01-01", due_on="2026-01-15", note="test", found=1, staff=asking
    )
    asked.signatures.add(held)
    colleague = User.objects.create_user("colleague", is_staff=True)
    made = {
        "campaign": campaign,
        "staff": asking,
        "day": date(2026, 1, 1),
        "place": "Lima",
        "letters": LETTERS,
        "signatures": 1,
    }
    waiting = Delivery.objects.create(state="waiting", **made)
    approved = Delivery.objects.create(state="approved", decided_by=colleague, decided_at=timezone.now(), **made)
    pack = Pack.objects.create(delivery=approved, state="ready", made_at=timezone.now(), size=3, sha256="0" * 64)
    PackPiece.objects.create(pack=pack, number=1, data=b"zip")
    before = Pack.objects.create(delivery=waiting, state="outdated", made_at=timezone.now())
    handed_over = Delivery.objects.create(state="handed", handed_over_on="2026-01-01", pack=before, **made)
    return {
        "signatures_delivery": waiting,
        "signatures_delivery_hand_over": approved,
        "signatures_delivery_pack": pack,
        "signatures_delivery_record_answer": handed_over,
        "signatures_delivery_add_scan": handed_over,
        "signatures_delivery_scan": DeliveryScan.objects.create(
            delivery=handed_over, staff=asking, name="cargo.pdf", content_type="application/pdf", data=b"%PDF-"
        ),
        "campaigns_campaign": Campaign.objects.create(slug="nobody-signed-yet"),
        "campaigns_campaigntext": CampaignText.objects.get(campaign=campaign, language="es"),
        "campaigns_textversion": TextVersion.objects.create(
            campaign=campaign, language="es", version=1, words={}, sha256="0" * 64
        ),
        "campaigns_update": Update.objects.create(campaign=campaign, language="en", title="Heard", **NEWS),
        "campaigns_consenttext": ConsentText.objects.first(),
        "signatures_signature": held,
        "signatures_queuedsignature": held,
        "release": released,
        "restore": rejected,
        "show": rejected,
        "signatures_bulkjob": bulk.begin(job_id=job.pk, staff=asking),
        "signatures_letter": letter,
        "signatures_suppression": Suppression.objects.create(fingerprint=b"x" * 32, reason="bounced"),
        "signatures_moderationact": ModerationAct.objects.create(action="hold", how_many=1),
        "signatures_rule": Rule.objects.create(
            kind="domain", pattern="example.net", key="example.net", action="hold", note="test"
        ),
        "signatures_cluster": Cluster.objects.create(
            campaign=campaign,
            kind="domain",
            key="example.net",
            day="2026-01-01",
            **{"n": 20, "counted": 9, "held": 1},
            **dict.fromkeys(("first_at", "last_at"), "2026-01-01T00:00Z"),
        ),
        "signatures_exportrecord": ExportRecord.objects.create(campaign=campaign, preset="internal", purpose="test"),
        "signatures_exportrequest": ExportRequest.objects.create(
            campaign=campaign, preset="addressee", form="machine", purpose="test", rows=2, staff=asking
        ),
        "signatures_pauseact": PauseAct.objects.create(action="resume", reason="test"),
        "signatures_recount": Recount.objects.create(seconds=1, how_many=0),
        "signatures_retentionrun": RetentionRun.objects.create(day="2026-01-01", last_run_at="2026-01-01T00:00Z"),
        "signatures_privacyrequest": asked,
        "auth_user": target,
        "auth_group": Group.objects.create(name="helpers"),
    }


def client_of(who: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    if who == "anonymous":
        return client
    is_superuser = who == "superuser"
    user = User.objects.create_user("walker", is_staff=who != "no staff", is_superuser=is_superuser)
    user.groups.set(Group.objects.filter(name__in=[role for role in ROLES if who.startswith(role)]))
    if "by password alone" in who:
        client.force_login(user)
        TOTPDevice.objects.create(user=user)
    else:
        log_in(client, user)
    return client


def address(name: str, rows: dict[str, Any]) -> str:
    row = rows.get(name) or rows.get("signatures_delivery" if "delivery" in name else name.rpartition("_")[0])
    row = row or rows["auth_user"]
    if name in ("signatures_delivery_pack", "signatures_delivery_scan"):
        return reverse(f"admin:{name}", args=[row.delivery_id, row.pk])
    if name.startswith("signatures_signature_export_"):
        row = rows["signatures_exportrequest"]
    if name == "campaigns_campaign_state":  # of one that is open
        return reverse(f"admin:{name}", args=[rows["signatures_signature"].campaign_id])
    if name == "app_list":
        return reverse("admin:app_list", args=["signatures"])
    if name == "view_on_site":
        text = rows["campaigns_campaigntext"]
        return reverse("admin:view_on_site", args=[ContentType.objects.get_for_model(text).pk, text.pk])
    return reverse(f"admin:{name}", args=[row.pk] if PATTERNS[name].pattern.converters else [])


class Fields(HTMLParser):
    """What a browser would send of the last form of a page, unchanged."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, Any] = {}
        self.name = self.chosen = ""
        self.is_text = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and (kind not in ("checkbox", "radio", "submit") or "checked" in given):
            self.data[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "textarea":
            self.name, self.is_text = name, True
            self.data[name] = ""
        elif tag == "select":
            self.name = name
        elif tag == "option" and "selected" in given:
            self.data[self.name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.is_text:
            self.data[self.name] += data

    def handle_endtag(self, tag: str) -> None:
        self.is_text = self.is_text and tag != "textarea"


LETTERS = {"es": {"subject": "Entrega", "body": "Entregamos {signatures} firmas."}}
NEWS = {"body": "They listen.", "source": "Example News", "reviewer": "Rosa Example"}

# What turns the form that a superuser gets into one that changes or makes something.
FILLED = {
    "campaigns_campaign_change": {"organisation": "Another Organisation"},
    "campaigns_campaign_add": {"slug": "another", "source_language": "en"},
    "campaigns_campaign_state": {"to": "paused"},
    "campaigns_campaigntext_change": {"title": "Agua, ya"},
    "campaigns_campaigntext_preview": {},
    "campaigns_campaigntext_publish": {"decision": "publish", "confirmed": "on"},
    "campaigns_campaigntext_add": {"language": "qu"},
    "campaigns_update_change": {"title": "Heard again"},
    "campaigns_update_add": {"language": "en", "title": "New", **NEWS, "published_at_0": "2026-01-01"},
    "auth_user_change": {"first_name": "Rosa"},
    "auth_user_add": {"username": "another", "password1": "a password of some length"},
    "auth_user_password_change": {"password1": "a password of some length"},
    "auth_group_change": {"name": "helpers of all"},
    "auth_group_add": {"name": "another"},
    "signatures_pauseact_pause": {"reason": "test"},
    "signatures_signature_bulk": {"action": "hold", "reason": "test"},
    "signatures_queuedsignature_bulk": {"action": "hold", "reason": "test"},
    "signatures_privacyrequest_add": {"email": "nobody@example.org", "kind": "erase", "note": "test"},
    "signatures_privacyrequest_answer": {"act": "withdraw"},
    "signatures_privacyrequest_close": {"outcome": "nothing"},
    "signatures_rule_change": {"note": "changed"},
    "signatures_rule_add": {"kind": "domain", "what": "example.com", "action": "block", "note": "test"},
    "signatures_signature_export": {"preset": "internal", "form": "machine", "purpose": "test"},
    "signatures_delivery_hand_over": {"how": "at the desk", "to_whom": "Mesa de partes"},
    "signatures_delivery_record_answer": {"answer": "We have read it."},
}


def a_delivery(campaign: Campaign) -> dict[str, Any]:
    """One that was looked at."""
    asked = {"day": timezone.localdate().isoformat(), "place": "Lima", "volume_megabytes": 10}
    asked |= {"subject_es": "Entrega", "body_es": "Entregamos.", "subject_en": "", "body_en": ""}
    form = DeliveryForm(asked, letters=LETTERS | {"en": LETTERS["es"]})
    assert form.is_valid()
    return asked | {"campaign": campaign.pk, "seen": form.digest, "decision": "make"}


DELIVERED = {f"signatures_delivery_{page}" for page in ("add", "add_scan", "decide", "pack", "scan")}


@pytest.fixture
def data(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For each page that somebody may send something to, what does something there."""
    filled: dict[str, dict[str, Any]] = {}
    client = client_of("superuser")
    for name, fields in FILLED.items():
        html = client.get(address(name, rows)).content.decode()
        filled[name] = Fields(html).data | {"usable_password": "true"} | fields
        filled[name].pop("csrfmiddlewaretoken", None)
        if "password1" in filled[name]:
            filled[name]["password2"] = filled[name]["password1"]
    User.objects.get(username="walker").delete()
    filled["campaigns_campaigntext_add"]["campaign"] = rows["campaigns_campaign"].pk
    filled["campaigns_update_add"] |= {"campaign": rows["campaigns_campaign"].pk, "published_at_1": "12:00:00"}
    filled["signatures_signature_export"]["campaign"] = rows["signatures_signature"].campaign_id
    filled["signatures_delivery_hand_over"]["pack"] = rows["signatures_delivery_pack"].pk
    filled["signatures_delivery_decide"] = {"decision": "approve"}
    filled["signatures_delivery_add_scan"] = {"scan": SimpleUploadedFile("cargo.pdf", b"%PDF-1.7")}
    filled["signatures_delivery_add"] = a_delivery(rows["signatures_signature"].campaign)
    filled["signatures_bulkjob_act"] = {"decision": "cancel"}
    filled["signatures_privacyrequest_answer"]["chosen"] = rows["signatures_signature"].pk
    filled["signatures_signature_export_decide"] = {"decision": "approve"}
    for name in NAMES - filled.keys():
        filled[name] = {"post": "yes"}
    return filled


def action_data(model: str, action: str, rows: dict[str, Any]) -> dict[str, Any]:
    row = rows.get(action, rows[model])
    return {"action": action, "_selected_action": [row.pk], "reason": "other", "note": "x", "post": "yes", "index": "0"}


def written() -> dict[str, int]:
    """Rows that this transaction has inserted, updated and deleted so far, by table, as PostgreSQL counts them; without
    sessions, which looking makes too, and the content types and permissions that fill up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname NOT IN ('django_session', 'django_content_type')"
        )
        return dict(cursor.fetchall())


def is_refused(response: HttpResponse) -> bool:
    is_login = response.status_code == 302 and response["Location"].startswith(
        ("/admin/login/", "/admin/second-factor/")
    )
    return is_login or response.status_code in (403, 404, 405)


def answers(name: str) -> set[int]:
    """All that an address may say. Of an application somebody may see nothing of, Django says that it is not found."""
    return {200, 302, 403, 405} | ({404} if name == "app_list" else set())


def send(client: Client, *args: Any) -> HttpResponse:
    """And undo it: each address is walked as if nobody had walked the others."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        before = written()
        response = client.post(*args)
        if getattr(response, "is_rendered", True) and not response.streaming:
            assert response.content is not None
        response.changed = written() != before  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def test_every_address_and_every_action_of_the_admin_has_its_line_in_the_table() -> None:
    assert set(PAGES) == NAMES
    assert {name: sorted(actions_of(admin.site._registry[model])) for name, model in MODELS.items()} == {
        model: sorted(actions) for model, actions in ACTIONS.items()
    }


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_each_role_walks_every_address(rows: dict[str, Any], data: dict[str, dict[str, Any]], who: str) -> None:
    client = client_of(who)
    for name in sorted(NAMES - {"logout"}):
        see, do = PAGES[name]
        url = address(name, rows)
        with transaction.atomic():
            before = written()
            response = client.get(url)
            assert is_refused(response) != (who in see), (name, response)
            assert response.status_code in answers(name), (name, response)
            assert_carries(response, url)
            assert written() == before, name
            transaction.set_rollback(True)
        if name == "signatures_signature_export" and who in do:
            continue  # a download needs a connection of its own: tests/signatures/test_exports.py
        response = send(client, url, data[name])
        assert is_refused(response) != (who in do), (name, response)
        assert response.status_code in answers(name), (name, response)
        if who not in do:
            assert not response.changed, name
        elif name in FILLED or name in DELIVERED or name.endswith("_delete"):
            # Otherwise the refusals above would prove nothing.
            assert response.changed, (name, response.content.decode()[-3000:])


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_each_role_tries_every_action(rows: dict[str, Any], who: str) -> None:
    client = client_of(who)
    for model, actions in ACTIONS.items():
        for action, may in actions.items():
            response = send(client, reverse(f"admin:{model}_changelist"), action_data(model, action, rows))
            assert is_refused(response) != (who in may), (model, action, response)
            assert response.changed == (who in may), (model, action, response)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_logging_out_is_for_everybody_and_by_a_button_only(rows: dict[str, Any], who: str) -> None:
    client = client_of(who)

    assert client.get("/admin/logout/").status_code == 405
    assert client.post("/admin/logout/").status_code in (200, 302)
    assert "_auth_user_id" not in client.session


def test_roles_are_made_beside_groups_that_are_there_and_take_nothing_away(db: None) -> None:
    make_roles()
    extra = Permission.objects.get(codename="view_letter")
    group = Group.objects.get(name="exporter")
    group.permissions.set([extra])

    make_roles()

    assert Group.objects.filter(name__in=ROLES).count() == 4
    assert {permission.codename for permission in group.permissions.all()} == {
        "view_letter",
        "export_signature",
        "export_numbers",
        "view_exportrecord",
        "view_exportrequest",
        "view_delivery",
        "make_delivery",
        "pause_site",
        "view_pauseact",
    }


def test_who_exports_finds_the_way_there_and_no_link_that_is_closed_to_them(rows: dict[str, Any]) -> None:
    client = client_of("exporter")
    link = 'href="/admin/signatures/signature/export/"'

    assert link in client.get("/admin/").content.decode()
    assert link in client.get("/admin/signatures/exportrecord/").content.decode()
    assert (
        'href="/admin/signatures/signature/"' not in client.get("/admin/signatures/signature/export/").content.decode()
    )
    User.objects.get(username="walker").delete()
    assert link not in client_of("moderator").get("/admin/").content.decode()

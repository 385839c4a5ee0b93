"""The numbers for Prometheus: who may read them, that they are right, and that they tell of nobody."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from petition_site.env import Rate
from petition_site.local.processes import until
from petition_site.metrics import database
from signatures import limits, pace, recounting, retention, tally
from signatures.breaker import Breaker
from signatures.models import ExportRecord, Letter, StateDelta
from tests.helpers import SLUG, form_data, log_in, make_campaign, make_rows, make_signature
from tests.promises.visitor import Visitor
from tests.site.serving import serving

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-tests-only-" * 2
IN_MEMORY = Path("/dev/shm")
PROMTOOL = shutil.which("promtool")
# All that there are, and none of them holds more than a word of ours or the slug of a page.
LABELS = {"campaign", "state", "moderation", "priority", "kind", "preset", "view", "status", "limit", "by", "le"}


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def ask(authorization: str = f"Bearer {TOKEN}") -> HttpResponse:
    return Client().get("/metrics", headers={"Authorization": authorization})


def families() -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(ask().content.decode())}


def read(name: str) -> dict[tuple[str, ...], float]:
    """The samples of a family, by their labels in the order of the alphabet."""
    samples = families()[name].samples
    return {tuple(label for _, label in sorted(sample.labels.items())): sample.value for sample in samples}


def number(name: str) -> float:
    [value] = read(name).values()
    return value


def counted(name: str, **labels: str) -> float:
    """Of what a process counts: what it has by now."""
    found = [sample for family in families().values() for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in found if labels.items() <= sample.labels.items())


def test_there_is_no_such_address_without_a_token(settings: Any) -> None:
    settings.METRICS_TOKEN = ""

    assert [ask(said).status_code for said in (f"Bearer {TOKEN}", "Bearer ", "Bearer", "")] == [404] * 4


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ñ"])
def test_whoever_lacks_the_token_reads_nothing(said: str) -> None:
    response = ask(said)

    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert b"petition_" not in response.content


def test_whoever_has_it_reads_them_and_no_cache_keeps_them() -> None:
    response = ask()

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_it_may_be_asked_by_any_name() -> None:
    """As it is inside a network of containers; visitors are refused there."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "web:8000"}

    assert Client().get("/metrics", headers=headers).status_code == 200
    assert Client().get("/healthz", headers=headers).status_code == 400


def test_signatures_are_told_by_state_folded_or_not() -> None:
    campaign = make_campaign()
    for n in range(5):
        make_signature(campaign, is_confirmed=n < 3)
        if n == 1:
            tally.fold()
    expected = {(SLUG, "clear", "confirmed"): 3, (SLUG, "clear", "pending"): 2}

    assert {of: n for of, n in read("petition_signatures").items() if n} == expected
    assert number("petition_unfolded") > 0
    tally.fold()
    assert {of: n for of, n in read("petition_signatures").items() if n} == expected
    assert (number("petition_unfolded"), number("petition_unfolded_oldest_seconds")) == (0, 0)


def test_a_fold_that_is_late_is_told_by_how_long() -> None:
    make_signature(make_campaign())
    assert 0 <= number("petition_unfolded_oldest_seconds") < 60

    StateDelta.objects.update(made_at=timezone.now() - timedelta(minutes=10))

    assert 600 <= number("petition_unfolded_oldest_seconds") < 660


def test_letters_that_wait_are_told_with_how_long_they_have_been_due() -> None:
    assert read("petition_letters_waiting") == {("first",): 0, ("later",): 0}
    campaign = make_campaign()
    make_signature(campaign, is_confirmed=True)  # a confirmation and a receipt
    make_signature(campaign)
    Letter.objects.filter(kind="confirmation").update(due_at=timezone.now() - timedelta(minutes=5))
    Letter.objects.filter(kind="receipt").update(
        due_at=timezone.now() + timedelta(minutes=5), created_at=timezone.now() - timedelta(hours=1)
    )

    assert read("petition_letters_waiting") == {("first",): 2, ("later",): 1}
    due = read("petition_letters_due_seconds")
    assert 300 <= due["first",] < 360
    assert due["later",] == 0
    age = read("petition_letters_age_seconds")
    assert 0 <= age["first",] < 60
    assert 3600 <= age["later",] < 3660


def test_letters_that_failed_are_told_by_kind_and_for_a_day() -> None:
    campaign = make_campaign()
    errors = ("SMTP 550 5.1.1", "SMTP 550 5.2.1", "SMTP 552", "expired", "SMTP 554 5.7.1")
    for error in errors:
        letter = make_signature(campaign).letters.get()
        Letter.objects.filter(pk=letter.pk).update(state="failed", error=error)
    Letter.objects.filter(error="SMTP 554 5.7.1").update(created_at=timezone.now() - timedelta(hours=25))

    assert read("petition_letters_failed") == {("SMTP 550",): 2, ("SMTP 552",): 1, ("expired",): 1}


def test_a_pause_of_the_mail_server_is_told() -> None:
    assert (number("petition_letters_paused"), number("petition_letters_refusals")) == (0, 0)

    pace.pause("SMTP 421")

    assert (number("petition_letters_paused"), number("petition_letters_refusals")) == (1, 1)


def test_what_the_last_recount_found_is_told_and_how_long_ago() -> None:
    assert "petition_recount_differences" not in families()
    campaign = make_campaign()
    recounting.run()
    assert number("petition_recount_differences") == 0
    tally.fold()
    make_signature(campaign, is_confirmed=True)
    StateDelta.objects.all().delete()

    row = recounting.run()

    assert number("petition_recount_differences") == row.how_many == 1
    type(row).objects.update(at=timezone.now() - timedelta(hours=2))
    assert 7200 <= number("petition_recount_age_seconds") < 7260


def test_what_beat_has_a_worker_do_is_told() -> None:
    assert "petition_beat_age_seconds" not in families()

    retention.run(seconds=0)

    assert 0 <= number("petition_beat_age_seconds") < 60


def test_lists_that_were_taken_are_told() -> None:
    campaign = make_campaign()
    taken = ExportRecord(campaign=campaign, preset="addressee", form="comma", purpose="Ana Example")
    broken = ExportRecord(campaign=campaign, preset="news", broken_off_at=timezone.now())
    whole = ExportRecord(campaign=campaign, preset="news", finished_at=timezone.now())
    ExportRecord.objects.bulk_create([taken, broken, whole])

    assert read("petition_exports") == {
        ("addressee", "begun"): 1,
        ("news", "broken_off"): 1,
        ("news", "finished"): 1,
    }


def test_requests_are_told_by_view_and_by_how_they_ended(client: Client, admin_user: Any) -> None:
    name, sign = "petition_requests_total", {"view": "signatures:sign"}
    before = [counted(name, status=status, **sign) for status in ("3xx", "4xx")]
    before_admin = counted(name, view="admin")
    campaign = make_campaign()

    client.post(f"/en/{SLUG}/sign/", form_data(campaign))
    client.post(f"/en/{SLUG}/sign/", {})
    log_in(client, admin_user)
    client.get("/admin/signatures/signature/")

    assert [counted(name, status=status, **sign) for status in ("3xx", "4xx")] == [n + 1 for n in before]
    assert counted(name, view="admin") == before_admin + 1


def test_limits_that_are_crossed_are_told(settings: Any, client: Client) -> None:
    cache.clear()
    settings.LIMITS = settings.LIMITS | {"sign": Rate(2, 9999 * 86400), "api": Rate(1, 9999 * 86400)}
    settings.SIGN_MOST = 4
    name = "petition_limits_crossed_total"
    before = {limit: counted(name, limit=limit) for limit in ("sign", "sign_most", "api")}
    campaign = make_campaign()

    for n in range(6):
        client.post(f"/en/{SLUG}/sign/", form_data(campaign, email=f"p{n}@p{n}.example"))
    for _ in range(3):
        client.get(f"/api/v1/campaigns/{SLUG}/")

    found = {limit: counted(name, limit=limit) - n for limit, n in before.items()}
    assert found == {"sign": 4, "sign_most": 2, "api": 2}


def test_a_breaker_that_opens_is_told() -> None:
    before = counted("petition_breaker_opened_total", by="limits")
    breaker = Breaker(limits.breaker.logger, "away")

    for _ in range(3):
        breaker.ask(lambda: 1 / 0)

    assert counted("petition_breaker_opened_total", by="limits") == before + 1


def test_how_old_the_newest_backup_is_is_told_where_there_is_one(settings: Any, tmp_path: Path) -> None:
    assert "petition_backup_age_seconds" not in families()
    settings.BACKUP_DIR = str(tmp_path)
    assert "petition_backup_age_seconds" not in families()
    for hours in (50, 2):
        moment = timezone.now() - timedelta(hours=hours)
        (tmp_path / f"{moment:backup-%Y%m%dT%H%M%SZ.age}").touch()

    assert 7200 <= number("petition_backup_age_seconds") < 7260


def test_where_postgresql_is_away_the_rest_is_told() -> None:
    def refuse(*args: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(refuse):
        found = families()

    assert found["petition_database_up"].samples[0].value == 0
    assert "petition_signatures" not in found
    assert {"petition_requests", "petition_request_seconds", "petition_redis_up"} <= found.keys()
    assert number("petition_database_up") == number("petition_redis_up") == 1


def test_no_label_tells_of_anybody(client: Client) -> None:
    campaign = make_campaign()
    make_signature(campaign, name="Qorianka Wayrapoma", email="wayra@example.net", is_confirmed=True)
    client.post(f"/en/{SLUG}/sign/", form_data(campaign, name="Qorianka"), headers={"X-Forwarded-For": "192.0.2.7"})
    for path in ("/en/confirm/Qorianka/", "/en/Qorianka/", "/api/v1/campaigns/qorianka/", "/Qorianka", "/static/q.css"):
        client.get(path).close()
    text = ask().content.decode()
    samples = [sample for family in families().values() for sample in family.samples]

    assert {label for sample in samples for label in sample.labels} <= LABELS
    for typed in ("qorianka", "wayra", "example", "192.0.2", "127.0.0.1", TOKEN):
        assert typed not in text.lower()
    views = {sample.labels["view"] for sample in samples if "view" in sample.labels}
    assert views >= {"signatures:sign", "signatures:confirm", "none"}


def test_no_signature_is_counted_to_tell_how_many_there_are() -> None:
    campaign = make_campaign()
    make_rows(campaign, 20)

    with CaptureQueriesContext(connection) as queries:
        ask()

    statements = [query["sql"] for query in queries]
    assert len(statements) == 5
    assert not [statement for statement in statements if re.search(r"\bsignatures_signature\b", statement)]


@pytest.mark.parametrize("statement", [database.WAITING, database.FAILED], ids=["waiting", "failed"])
def test_of_the_letters_an_index_is_read(statement: str) -> None:
    campaign = make_campaign()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO signatures_letter
                (campaign_id, kind, state, "to", created_at, due_at, sent_at, attempts, error)
            SELECT %s, 'confirmation', 'sent', '', now(), now(), now(), 1, '' FROM generate_series(1, 20000)
            """,
            [campaign.pk],
        )
        cursor.execute("ANALYZE signatures_letter")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index" in plan
    assert "Seq Scan" not in plan


def test_each_alert_is_about_a_number_that_there_is(settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_DIR = str(tmp_path)
    (tmp_path / f"{timezone.now():backup-%Y%m%dT%H%M%SZ.age}").touch()
    campaign = make_campaign()
    make_signature(campaign)
    Letter.objects.update(state="failed", error="SMTP 550")
    recounting.run()
    retention.run(seconds=0)
    import_module(settings.ROOT_URLCONF)  # as the checks do before the site serves anybody
    ask()
    there = {sample.name for family in families().values() for sample in family.samples}
    groups = yaml.safe_load((ROOT / "docs/alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    assert len(rules) > 10
    for rule in rules:
        named = set(re.findall(r"\bpetition_\w+|\bup\b", rule["expr"]))
        assert named, rule["alert"]
        assert named <= there | {"up"}, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "look")
        assert rule["annotations"]["summary"]


@pytest.mark.skipif(PROMTOOL is None, reason="Prometheus is not installed here")
def test_prometheus_reads_the_alerts() -> None:
    done = subprocess.run([str(PROMTOOL), "check", "rules", ROOT / "docs/alerts.yml"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.django_db(transaction=True)
def test_whichever_process_is_asked_it_answers_for_all(tmp_path: Path) -> None:
    with serving(tmp_path / "log", workers=3, METRICS_TOKEN=TOKEN) as site:

        def counting() -> set[Path]:
            return {path for pid in site.workers() for path in IN_MEMORY.glob(f"petition-metrics-*/counter_{pid}.db")}

        def get(path: str) -> str:
            return Visitor(site.url).ask("GET", path, headers={"Authorization": f"Bearer {TOKEN}"}).text

        assert until(lambda: len(counting()) == 3, 60)
        [folder] = {path.parent for path in counting()}
        with ThreadPoolExecutor(6) as crowd:
            assert set(crowd.map(get, ["/readyz"] * 90)) == {'{"database": true, "redis": true}'}

        told = [re.findall(r'requests_total\{[^}]*"readyz"} (\S+)', get("/metrics")) for _ in range(9)]

    assert told == [["90.0"]] * 9
    assert not folder.exists()

"""A backup is proved and sealed; what is restored from it holds what it held, less what people took back since."""

import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from psycopg import sql
from pyrage.x25519 import Identity

from campaigns.models import Campaign
from petition_site.backups import making
from petition_site.backups.tools import BackupError
from signatures import retractions, services, tally, tasks
from signatures.models import Retraction, Signature
from tests.helpers import env_beside, make_campaign, make_signature

ROOT = Path(__file__).parents[2]
KEY = Identity.generate()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where backups go, with the secret key beside."""
    (tmp_path / "keys").write_text(f"# made for a test\n{KEY}\n")
    (tmp_path / "backups").mkdir()
    settings = {"BACKUP_DIR": str(tmp_path / "backups"), "BACKUP_RECIPIENTS": [str(KEY.to_public())]}
    with override_settings(**settings):
        yield tmp_path / "backups"


@pytest.fixture
def other() -> Iterator[str]:
    """The address of a database that is not there, and is gone afterwards."""
    ours = env_beside()["DATABASE_URL"]
    name = f"{connection.settings_dict['NAME']}_other"
    yield urlunsplit(urlsplit(ours)._replace(path=f"/{name}"))
    with psycopg.connect(ours, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def databases() -> set[str]:
    """Those that are ours: other tests have some on the same server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE current_database() || '%'")
        return {name for (name,) in cursor.fetchall()}


def restore(path: Path, into: str, identity: Path | None = None) -> subprocess.CompletedProcess[str]:
    """As whoever runs the site does it."""
    keys = identity or path.parents[1] / "keys"
    command = [sys.executable, "manage.py", "restore", str(path), "--identity", str(keys)]
    return subprocess.run(command, cwd=ROOT, env=env_beside(DATABASE_URL=into), capture_output=True, text=True)


def people(campaign: Campaign) -> dict[str, Signature]:
    names = ("stays", "erases", "withdraws", "hides", "goes dark", "wants no news")
    return {
        name: make_signature(
            campaign,
            name=name.title(),
            email=f"{name.replace(' ', '.')}@example.org",
            visibility="public",
            wants_updates=True,
            is_confirmed=True,
        )
        for name in names
    }


@pytest.mark.ci
@pytest.mark.django_db(transaction=True)
def test_what_is_restored_holds_all_but_what_was_taken_back_since(folder: Path, other: str) -> None:
    campaign = make_campaign()
    signed = people(campaign)
    pending = make_signature(campaign, email="not.me@example.org")
    before = databases()
    out = StringIO()
    call_command("backup", stdout=out)

    [path] = folder.iterdir()
    assert re.fullmatch(r"backup-\d{8}T\d{6}Z\.age", path.name)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"example.org" not in path.read_bytes()
    assert out.getvalue().endswith("7 of them signatures.\n")
    assert databases() == before

    services.erase(signature_id=signed["erases"].pk)
    services.withdraw(signature_id=signed["withdraws"].pk)
    for name, visibility in (("hides", "delivered"), ("goes dark", "secret")):
        services.change(signature_id=signed[name].pk, line=services.Line(name.title(), "PE", visibility))
    services.set_news(signature_id=signed["wants no news"].pk, is_wanted=False)
    services.disown(signature_id=pending.pk, never_again=True)
    late = make_signature(campaign, is_confirmed=True)  # whom the backup does not hold
    services.erase(signature_id=late.pk)
    assert tasks.write_out_retractions() == 1
    assert tasks.write_out_retractions() == 0
    done = restore(path, other)

    assert done.stderr == ""
    assert "7 signatures.\nTaken back once more: 7, by 1 files of retractions.\n" in done.stdout
    with psycopg.connect(other) as restored:
        rows = restored.execute(
            "SELECT id, state, visibility, name, wants_updates, erased_at IS NOT NULL"
            " FROM signatures_signature ORDER BY id"
        ).fetchall()
        assert rows == [
            (signed["stays"].pk, "confirmed", "public", "Stays", True, False),
            (signed["erases"].pk, "withdrawn", "public", "", False, True),
            (signed["withdraws"].pk, "withdrawn", "public", "Withdraws", False, False),
            (signed["hides"].pk, "confirmed", "delivered", "Hides", True, False),
            (signed["goes dark"].pk, "confirmed", "secret", "", True, False),
            (signed["wants no news"].pk, "confirmed", "public", "Wants No News", False, False),
        ]
        # Nobody is told again, and whoever wants no letters gets none.
        assert restored.execute("SELECT count(*) FROM signatures_letter WHERE kind = 'erased'").fetchone() == (0,)
        assert restored.execute("SELECT reason FROM signatures_suppression").fetchall() == [("asked",)]
        # What links in letters name is given to nobody else.
        restored.execute("SELECT nextval(pg_get_serial_sequence('signatures_signature', 'id'))")
        assert (restored.execute("SELECT lastval()").fetchone() or (0,))[0] > late.pk + 1_000_000
    assert tally.count(campaign.pk) == 4
    counted = subprocess.run(
        [sys.executable, "manage.py", "recount"], cwd=ROOT, env=env_beside(DATABASE_URL=other), capture_output=True
    )
    assert counted.returncode == 0


@pytest.mark.ci
@pytest.mark.django_db(transaction=True)
def test_nothing_is_restored_over_anything_or_from_what_cannot_be_read(folder: Path, other: str) -> None:
    make_campaign()
    path = making.make().path
    (folder.parent / "strangers").write_text(f"{Identity.generate()}\n")
    before = databases()

    refused = {
        restore(path, env_beside()["DATABASE_URL"]).stderr: "is not empty, and nothing is written over",
        restore(path, other, folder.parent / "strangers").stderr: "was not sealed for this key. Nothing was restored.",
    }
    path.write_bytes(path.read_bytes()[:-1000])
    refused[restore(path, other).stderr] = "cannot be read to its end: it has been changed or cut off."
    refused[restore(path, other, path).stderr] = "holds a key that cannot be read."
    refused[restore(folder / "none.age", other).stderr] = "There is no file"

    assert len(refused) == 5
    for said, expected in refused.items():
        assert expected in said
        assert "Traceback" not in said
    assert databases() == before


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_differs_from_its_snapshot_is_no_backup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = make_campaign()
    make_signature(campaign)
    dump_snapshot = making.dump_snapshot

    def miscount(target: Path) -> making.Contents:
        held = dump_snapshot(target)
        rows, hashes = held["signatures_signature"]
        return held | {"signatures_signature": (rows, hashes + 1)}

    monkeypatch.setattr(making, "dump_snapshot", miscount)
    with pytest.raises(BackupError, match="differs in signatures_signature: no backup was made"):
        making.make()
    assert list(folder.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_backups_and_retractions_go_when_they_are_older_than_promised(folder: Path) -> None:
    make_campaign()
    old, young = folder / "backup-20200101T000000Z.age", folder / "retractions-2099-01-01.age"
    for path in (old, young, folder / "retractions-2020-01-01.age"):
        path.touch()
    Retraction.objects.create(kind="withdrawn", signature_number=1, made_at="2020-01-01T00:00Z", is_written_out=True)

    backup = making.make()
    retractions.forget()

    assert backup.deleted == [old]
    assert sorted(folder.iterdir()) == sorted([backup.path, young])
    assert not Retraction.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"BACKUP_DIR": ""}, "Set BACKUP_DIR and BACKUP_RECIPIENTS"),
        ({"BACKUP_DIR": "/nowhere/at/all"}, "BACKUP_DIR, /nowhere/at/all, is no folder"),
    ],
)
def test_a_backup_that_has_nowhere_to_go_says_what_to_do(folder: Path, settings: dict[str, str], said: str) -> None:
    with override_settings(**settings), pytest.raises(CommandError, match=said):
        call_command("backup")
    with override_settings(**settings):
        assert retractions.write_out() == 0 if not settings["BACKUP_DIR"] else True


@pytest.mark.django_db
def test_what_was_taken_back_can_be_taken_back_in_a_database_that_postgresql_restored(folder: Path) -> None:
    signature = make_signature(make_campaign(), is_confirmed=True)
    keys = folder.parent / "keys"
    with pytest.raises(CommandError, match="No file of retractions lies in"):
        call_command("replay_retractions", folder, identity=keys)
    Retraction.objects.create(kind="withdrawn", signature_number=signature.pk)
    assert retractions.write_out() == 1
    out = StringIO()

    for _ in range(2):
        call_command("replay_retractions", folder, identity=keys, stdout=out)

    assert [line.partition(",")[0] for line in out.getvalue().splitlines()] == [
        "Taken back once more: 1",
        "Taken back once more: 0",
    ]
    signature.refresh_from_db()
    assert signature.state == "withdrawn"
    # Links that were sent after the moment restored to name numbers that nobody else may get.
    assert make_signature(signature.campaign, email="next@example.org").pk > signature.pk + 10_000_000

"""Making a backup: dumped, restored on trial, compared, sealed."""

import json
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from petition_site.backups import tools
from petition_site.backups.contents import Contents, contents, differing
from petition_site.backups.tools import BackupError
from signatures import sealing

NAME = "backup-%Y%m%dT%H%M%SZ.age"
# What a backup holds besides the dump.
DUMP, MANIFEST = "database.dump", "manifest.json"


@dataclass(frozen=True, slots=True)
class Backup:
    path: Path
    contents: Contents
    deleted: list[Path]  # older ones


def make() -> Backup:
    """Writes one into settings.BACKUP_DIR, of one snapshot, while people go on signing. Raises BackupError.

    The dump is restored into a scratch database first and compared there with what the snapshot held, table by table.
    Then it is sealed, and only then bears its name. Backups older than BACKUP_DAYS go once the new one is there.
    Unsealed, the dump lies in the machine's folder for temporary files meanwhile, for this user only.
    """
    folder = the_folder()
    now = datetime.now(UTC)
    with TemporaryDirectory() as workshop:
        dump = Path(workshop, DUMP)
        held = dump_snapshot(dump)
        prove(dump, held)
        Path(workshop, MANIFEST).write_text(json.dumps({"made_at": now.isoformat(), "contents": held}))
        bundle = Path(workshop, "bundle.tar")
        with tarfile.open(bundle, "w") as tar:
            for name in (MANIFEST, DUMP):
                tar.add(Path(workshop, name), name)
        dump.unlink()
        path = folder / now.strftime(NAME)
        sealing.seal_file(bundle, path)
    return Backup(path, held, delete_old(folder, now))


def the_folder() -> Path:
    if not settings.BACKUP_DIR or not settings.BACKUP_RECIPIENTS:
        raise BackupError("Set BACKUP_DIR and BACKUP_RECIPIENTS (see .env.example) to make backups.")
    folder = Path(settings.BACKUP_DIR)
    if not folder.is_dir():
        raise BackupError(f"BACKUP_DIR, {folder}, is no folder: make it, or mount it.")
    return folder


def dump_snapshot(target: Path) -> Contents:
    """What pg_dump wrote, by what its snapshot held."""
    with tools.connected(tools.name_of_database()) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        tools.run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
            database=tools.name_of_database(),
        )
        return contents(connection)


def prove(dump: Path, held: Contents) -> None:
    """Raises BackupError unless a database restored from the dump holds the same."""
    with tools.scratch(f"{tools.name_of_database()}_proof") as name:
        restore_dump(dump, name)
        with tools.connected(name) as connection:
            wrong = differing(contents(connection), held)
    if wrong:
        raise BackupError(f"The dump, restored on trial, differs in {', '.join(wrong)}: no backup was made.")


def restore_dump(dump: Path, database: str) -> None:
    arguments = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump))
    tools.run("pg_restore", *arguments, database=database)


def age_of_newest() -> timedelta | None:
    """None where there is no folder, or no backup in it."""
    folder = Path(settings.BACKUP_DIR)
    names = [path.name for path in folder.glob("backup-*.age")] if settings.BACKUP_DIR else []
    return datetime.now(UTC) - datetime.strptime(max(names), NAME).replace(tzinfo=UTC) if names else None


def delete_old(folder: Path, now: datetime) -> list[Path]:
    """Those that are older than we promise to keep any."""
    oldest = (now - timedelta(days=settings.BACKUP_DAYS)).strftime(NAME)
    old = sorted(path for path in folder.glob("backup-*.age") if path.name < oldest)
    for path in old:
        path.unlink()
    return old

"""Restoring a backup into a database that does not serve yet, and taking back once more what was taken back since."""

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection
from pyrage.x25519 import Identity

from petition_site.backups import tools
from petition_site.backups.contents import contents, differing
from petition_site.backups.making import DUMP, MANIFEST, restore_dump
from petition_site.backups.tools import BackupError
from signatures import retention, retractions, sealing, services
from signatures.retractions import Line

# Numbers of signatures that were given out after the backup are in links in people's mailboxes: none is given again.
GAP = 10_000_000
LEAVE_GAP = "SELECT setval(name, nextval(name) + %s) FROM pg_get_serial_sequence('signatures_signature', 'id') AS name"


@dataclass(frozen=True, slots=True)
class Restored:
    made_at: str
    signatures: int
    retracted: int  # lines that had something to take back
    files: int  # of retractions


def restore(path: Path, identities: Sequence[Identity]) -> Restored:
    """Into the database of DATABASE_URL, which must be empty or not there. Raises BackupError, BadSeal.

    All is done in a database beside it, which gets its name at the very end: before that, no process can serve from
    it. Retractions are read from the files beside the backup.
    """
    target = tools.name_of_database()
    if tools.exists(target) and not tools.is_empty(target):
        raise BackupError(f"The database {target} is not empty, and nothing is written over: name a new one.")
    with TemporaryDirectory() as workshop:
        folder = Path(workshop)
        manifest = unpack(path, folder, identities)
        lines, files = read_retractions(path.parent, folder, identities)
        with tools.scratch(f"{target}_restoring") as name:
            restore_dump(folder / DUMP, name)
            with tools.connected(name) as beside:
                held = {table: tuple(numbers) for table, numbers in manifest["contents"].items()}
                if wrong := differing(contents(beside), held):
                    raise BackupError(f"What was restored differs from the backup in {', '.join(wrong)}.")
                beside.execute(LEAVE_GAP, [GAP])
            retracted = bring_up_to_date(name, lines)
            if tools.exists(target):
                tools.tell_server("DROP DATABASE {}", target)
            tools.tell_server("ALTER DATABASE {} RENAME TO {}", name, target)
    return Restored(manifest["made_at"], held["signatures_signature"][0], retracted, files)


def unpack(path: Path, folder: Path, identities: Sequence[Identity]) -> dict[str, Any]:
    bundle = folder / "bundle.tar"
    sealing.open_file(path, bundle, identities)
    with tarfile.open(bundle) as tar:
        tar.extractall(folder, members=[tar.getmember(name) for name in (MANIFEST, DUMP)], filter="data")
    bundle.unlink()
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return manifest


def read_retractions(beside: Path, folder: Path, identities: Sequence[Identity]) -> tuple[list[Line], int]:
    """All lines that lie beside a backup, the oldest first, and in how many files."""
    lines: list[Line] = []
    files = sorted(beside.glob(f"{retractions.PREFIX}*.age"))
    for number, path in enumerate(files):
        opened = folder / f"{number}.lines"
        sealing.open_file(path, opened, identities)
        lines += retractions.read(opened)
    return lines, len(files)


def bring_up_to_date(database: str, lines: Sequence[Line]) -> int:
    """Migrations of a newer release, retractions, what is due to go by now; answers how many lines did something."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", interactive=False, verbosity=0)
        retracted = services.replay(lines)
        for _numbers in retention.run_until_done():
            pass
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
    return retracted

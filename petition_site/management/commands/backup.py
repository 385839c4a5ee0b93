"""`manage.py backup`: a backup of the database, proved and sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from petition_site.backups import making
from petition_site.backups.tools import BackupError


class Command(BaseCommand):
    help = (
        "Writes a backup of the database into BACKUP_DIR, sealed for BACKUP_RECIPIENTS, after restoring it on trial"
        " beside the database and comparing every table. Deletes those that are older than BACKUP_DAYS. The site may"
        " serve meanwhile."
    )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = making.make()
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(rows for rows, _hashes in backup.contents.values())
        signatures = backup.contents["signatures_signature"][0]
        size = backup.path.stat().st_size / 1_000_000
        self.stdout.write(f"{backup.path} ({size:,.1f} MB): {rows:,} rows, {signatures:,} of them signatures.")
        for path in backup.deleted:
            self.stdout.write(f"Deleted {path.name}")

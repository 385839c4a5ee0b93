"""`manage.py restore FILE --identity KEYS`: a database out of a backup, into one that is empty or not there yet."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from petition_site.backups import restoring
from petition_site.backups.tools import BackupError
from signatures import sealing


class Command(BaseCommand):
    help = (
        "Restores a backup into the database of DATABASE_URL, which must be empty or not there yet. Whoever erased or"
        " withdrew since the backup was made is erased or withdrawn again, by the files of retractions beside it, and"
        " what is due to go by now goes, before any process can serve from it."
    )
    requires_system_checks = []  # they ask the database that is not there yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument("--identity", type=Path, required=True, help="the file with the secret key of age")

    @no_translations
    def handle(self, *args: Any, file: Path, identity: Path, **options: Any) -> None:
        for path in (file, identity):
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        try:
            done = restoring.restore(file, sealing.identities_in(identity))
        except (BackupError, sealing.BadSeal) as error:
            raise CommandError(f"{error} Nothing was restored.") from error
        self.stdout.write(f"Restored as of {done.made_at}: {done.signatures:,} signatures.")
        self.stdout.write(f"Taken back once more: {done.retracted:,}, by {done.files:,} files of retractions.")
        if not done.files:
            self.stdout.write("No file of retractions lies beside the backup: who left since then is there again.")

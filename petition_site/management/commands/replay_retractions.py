"""`manage.py replay_retractions FOLDER --identity KEYS`: what people took back, taken back again in this database."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import connection

from petition_site.backups import restoring
from signatures import sealing, services


class Command(BaseCommand):
    help = (
        "Takes back in this database what the files of retractions in a folder say, where it is not taken back yet."
        " `restore` does so by itself; this is for a database that PostgreSQL has restored, before the site serves from"
        " it. Signatures go on ten million numbers later, as after `restore`. It may be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the files are")
        parser.add_argument("--identity", type=Path, required=True, help="the file with the secret key of age")

    @no_translations
    def handle(self, *args: Any, folder: Path, identity: Path, **options: Any) -> None:
        if not identity.is_file():
            raise CommandError(f"There is no file {identity}.")
        try:
            with TemporaryDirectory() as workshop:
                lines, files = restoring.read_retractions(folder, Path(workshop), sealing.identities_in(identity))
        except sealing.BadSeal as error:
            raise CommandError(f"{error} Nothing was taken back.") from error
        with connection.cursor() as cursor:
            cursor.execute(restoring.LEAVE_GAP, [restoring.GAP])
        if not files:
            raise CommandError(f"No file of retractions lies in {folder}.")
        self.stdout.write(f"Taken back once more: {services.replay(lines):,}, by {files:,} files of retractions.")

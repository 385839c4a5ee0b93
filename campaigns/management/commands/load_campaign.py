"""`manage.py load_campaign [SLUG …]`: the campaigns of `campaigns/content/` into the database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from campaigns import loading


class Command(BaseCommand):
    help = "Loads campaigns from their files. What staff have changed stays, unless --overwrite is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="which campaigns (all, when none is named)")
        parser.add_argument("--overwrite", action="store_true", help="also where staff have changed the words")
        parser.add_argument(
            "--demonstration", action="store_true", help="carried by an organisation that does not exist, and open"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demonstration"] and not settings.DEMO:
            raise CommandError("--demonstration needs DEMO=true: there is no demonstration on a production site.")
        slugs = options["slugs"] or sorted(path.name for path in loading.CONTENT.iterdir() if path.is_dir())
        for slug in slugs:
            try:
                outcomes = loading.load(slug, overwrite=options["overwrite"], demonstration=options["demonstration"])
            except loading.ContentError as error:
                raise CommandError(str(error)) from error
            for outcome in outcomes:
                verb = "loaded" if outcome.is_new else "changed" if outcome.changed else "unchanged"
                self.stdout.write(f"{outcome.row}: {' '.join([verb, *outcome.changed])}")
                if outcome.kept:
                    self.stdout.write(f"{outcome.row}: kept as staff wrote it: {', '.join(outcome.kept)}")

"""`manage.py recount [--repair]`: the sums that the site shows, beside a count of the signatures themselves."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from signatures import recounting


class Command(BaseCommand):
    help = (
        "Counts all signatures and says where a sum that is kept differs; with --repair adds what each lacks. A worker"
        " does the first every night. It may run while people sign."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="put right what differs")

    @no_translations
    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        row = recounting.run()
        for one in recounting.differences_of(row):
            self.stdout.write(str(one))
        if not row.how_many:
            self.stdout.write(f"Every sum is what the signatures say ({row.seconds} s).")
        elif not repair:
            raise CommandError(f"{row.how_many:,} sums differ. Nothing was changed; --repair puts them right.")
        else:
            recounting.repair()
            left = recounting.run()
            if left.how_many:
                raise CommandError(f"{left.how_many:,} sums still differ: something is changing them. See the log.")
            self.stdout.write(f"{row.how_many:,} sums put right.")

"""`manage.py keep_retention [--dry-run]`: what is due to be deleted and erased, counted or done."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, no_translations

from signatures import due, retention
from signatures.models import RetentionRun

EVERY = 5  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Deletes and erases all that is due to go, in small batches, and stops when it is done. Workers do the same"
        " every minute by themselves. It may be stopped and started again at any time, and run beside them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how much is due; change nothing")

    @no_translations
    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            self.stdout.write("Due now; nothing was changed:")
            self.say(due.how_much())
            return
        done: Counter[str] = Counter()
        said_at = monotonic()
        for numbers in retention.run_until_done():
            done.update(numbers)
            if monotonic() - said_at >= EVERY:
                said_at = monotonic()
                self.stdout.write(f"So far {done.total():,} rows …")
                self.stdout.flush()
        self.stdout.write("Done:")
        self.say(done)

    def say(self, numbers: Mapping[str, int]) -> None:
        for field in RetentionRun._meta.fields:
            if field.name not in ("day", "last_run_at"):
                self.stdout.write(f"{numbers.get(field.name, 0):>12,} {field.verbose_name}")

"""`manage.py generate_signatures SLUG N`: signatures of invented people, for demonstrations and benchmarks."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, no_translations

from campaigns.models import Campaign
from signatures import generating


class Command(BaseCommand):
    help = (
        "Makes N signatures of invented people with addresses of example.org, .com and .net, made in the last sixty"
        " days. They count like any other."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("n", metavar="N", type=int)
        parser.add_argument(
            "--into-a-real-site",
            action="store_true",
            help="also where DEMO is not true: the invented signatures then count beside those of real people",
        )

    @no_translations
    def handle(self, *args: Any, slug: str, n: int, into_a_real_site: bool, **options: Any) -> None:
        if not settings.DEMO and not into_a_real_site:
            raise CommandError(
                "This is not a demonstration (DEMO=true): invented signatures would be counted, shown and exported"
                " among real ones. Nothing was made. Who wants that all the same says --into-a-real-site."
            )
        if n < 1:
            raise CommandError("N is the number of signatures to make: 1 or more.")
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            slugs = ", ".join(Campaign.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no campaign “{slug}”. There are: {slugs}.")
        begun = monotonic()
        try:
            for done in generating.generate(campaign, n):
                self.stderr.write(f"{done:>12,} of {n:,}, {monotonic() - begun:.0f} s")
        except generating.NoConsent as error:
            raise CommandError(f"“{slug}” has no consent text yet: publish its words first.") from error
        except generating.Miscounted as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{n:,} signatures in {monotonic() - begun:.0f} s; a recount gives what the count says.")

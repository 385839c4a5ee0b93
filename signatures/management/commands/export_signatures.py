"""`manage.py export_signatures SLUG --preset PRESET --purpose TEXT`: CSV on standard output, and its record."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from signatures import exports
from signatures.models import ExportRecord


class Command(BaseCommand):
    help = "Writes the counted signatures of a campaign as CSV to standard output, and a record of having done so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--preset", required=True, choices=sorted(exports.PRESETS))
        parser.add_argument("--purpose", required=True, help="what the list is for, in a few words")

        parser.add_argument(
            "--form",
            default=ExportRecord.Form.COMMA,
            choices=ExportRecord.Form.values,
            help=(
                "comma (as it is) or semicolon: for a spreadsheet, formulas defused, a ZIP above a million rows;"
                " machine: exact, not for Excel"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        purpose = options["purpose"].strip()
        if not 1 <= len(purpose) <= 200:
            raise CommandError("--purpose needs between 1 and 200 characters.")
        campaign = Campaign.objects.filter(slug=options["slug"]).first()
        if campaign is None:
            slugs = ", ".join(Campaign.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no campaign “{options['slug']}”. There are: {slugs}.")
        try:
            self.write(campaign, purpose, options)
        except exports.Paused as error:
            raise CommandError(
                "Exports are paused for the whole site. What was written so far is not whole."
            ) from error

    def write(self, campaign: Campaign, purpose: str, options: dict[str, Any]) -> None:
        # Bytes, not text: what was hashed is what is written.
        out = getattr(self.stdout._out, "buffer", None)
        download = exports.export(
            campaign=campaign, preset=options["preset"], form=options["form"], purpose=purpose, staff=None
        )
        if download.name.endswith(".zip"):
            self.stderr.write("More rows than a spreadsheet holds: this is a ZIP of several files.")
        for chunk in download.chunks:
            if out is None:
                self.stdout.write(chunk.decode(), ending="")
            else:
                out.write(chunk)
        if out is not None:
            out.flush()

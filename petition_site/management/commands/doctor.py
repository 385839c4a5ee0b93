"""`manage.py doctor`: looks at everything that the site needs, and says in sentences what is well and what to do."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.core.validators import validate_email

from petition_site.doctor import mail, names, services, setup, work
from petition_site.doctor.findings import Findings, Word, examine


class Command(BaseCommand):
    help = (
        "Says of each thing that the site needs whether it is well (ok), worth a look (look) or wrong (wrong), and what"
        " to do. Ends with status 1 where anything is wrong. It works while any part is away, and prints no secret."
    )
    requires_system_checks = []  # it runs them itself, and says more than they do

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mail-to", default="", metavar="ADDRESS", help="send a letter there by the site's way")
        parser.add_argument("--dkim-selector", default="", metavar="NAME", help="of the key that signs your letters")
        parser.add_argument(
            "--nameserver",
            default="",
            metavar="ADDRESS[:PORT]",
            help="ask this one of the DNS, not the machine's",
        )

    @no_translations
    def handle(self, *args: Any, mail_to: str, dkim_selector: str, nameserver: str, **options: Any) -> None:
        if mail_to:
            try:
                validate_email(mail_to)
            except ValidationError as error:
                raise CommandError("--mail-to wants an email address.") from error
        checks: dict[str, Callable[[], Findings]] = {
            "Checks": setup.system_checks,
            "Secrets": setup.keys,
            "Database": services.database,
            "Redis": services.redis_server,
            "Clock": services.clock,
            "Workers": work.workers,
            "Beat": work.beat,
            "Letters": work.letters,
            "Count": work.count,
            "Mail": partial(mail.server, mail_to),
            "DNS": partial(names.look_up, mail.domain(), dkim_selector, nameserver),
            "Proxy": setup.proxy,
            "Disk": setup.disk,
            "Backups": setup.backups,
            "Alarms": setup.staff,
        }
        found: list[Word] = []
        for title, check in checks.items():
            for finding in examine(check):
                self.stdout.write(finding.line(title))
                found.append(finding.word)
        if Word.WRONG in found:
            sys.exit(1)

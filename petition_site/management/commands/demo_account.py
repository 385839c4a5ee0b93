"""`manage.py demo_account`: the staff account of a demonstration, with the password in DEMO_PASSWORD."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from petition_site.checks import DEMO_USER


class Command(BaseCommand):
    help = "Makes the demonstration's staff account, or gives it its password anew. Only with DEMO=true."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("There is no demo account on a production site: this needs DEMO=true.")
        if not settings.DEMO_PASSWORD:
            raise CommandError("DEMO_PASSWORD is not set.")
        user, _is_new = get_user_model().objects.get_or_create(
            username=DEMO_USER, defaults={"is_staff": True, "is_superuser": True}
        )
        user.set_password(settings.DEMO_PASSWORD)
        user.save()
        self.stdout.write(f"Staff account: {DEMO_USER}")

"""People who have signed before the noise begins, and whose links it has, or has not.

Run as a script beside a site's settings, or called on the database of a test.
"""

import os
import sys
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from campaigns.models import Campaign


def sign(campaign: "Campaign", *, known: int, others: int) -> None:
    """Every second confirms; nobody else's links are known."""
    from tests.helpers import make_signature

    for number in range(known + others):
        who = "Known" if number < known else "Other"
        language = "es" if number % 3 else "en"
        named = {"name": f"{who} {number}", "email": f"{who.lower()}{number}@example.org"}
        make_signature(campaign, is_confirmed=number % 2 == 1, language=language, **named)


def main(slug: str) -> None:
    from campaigns.models import Campaign

    sign(Campaign.objects.get(slug=slug), known=240, others=20)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    django.setup()
    main(sys.argv[1])

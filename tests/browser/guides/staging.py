"""Run as a script beside a site's settings: fills it for the pictures of the guides for staff, in a language.

What the pictures need to know it writes as JSON to the path that it is given.
"""

import os
import sys
from pathlib import Path

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    django.setup()
    from tests.browser.guides.filling import fill

    fill(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

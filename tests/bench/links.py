"""Run beside a site's settings: reads handles of attempts to sign, one a line, and writes the paths that confirm them,
as the letters have them."""

import sys

import django

django.setup()

from django.urls import reverse  # noqa: E402  (after the settings)
from django.utils import translation  # noqa: E402

from signatures import tokens  # noqa: E402

if __name__ == "__main__":
    with translation.override("es"):
        for line in sys.stdin:
            token = tokens.CONFIRM.make(tokens.Handle.read(line.strip()).signature_id)
            sys.stdout.write(reverse("signatures:confirm", kwargs={"token": token}) + "\n")

"""Run beside a site's settings: reads handles of attempts to sign, one a line, and writes the paths that confirm them,
as the letters have them."""

import sys

import django


def main() -> None:
    from django.urls import reverse
    from django.utils import translation

    from signatures import tokens

    with translation.override("es"):
        for line in sys.stdin:
            token = tokens.CONFIRM.make(tokens.Handle.read(line.strip()).signature_id)
            sys.stdout.write(reverse("signatures:confirm", kwargs={"token": token}) + "\n")


if __name__ == "__main__":
    django.setup()
    main()

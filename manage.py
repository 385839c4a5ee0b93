#!/usr/bin/env python
"""Django's command line; beside a running `make run` it finds the same database and Redis by itself."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")
    from petition_site.local import environment

    environment.load()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

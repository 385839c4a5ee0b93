"""What web and worker do before they serve: the system checks, those of the database included."""

from django.core.management import call_command
from django.db import connections


def check() -> None:
    """Raises SystemCheckError. A database that is away or has no tables yet is no reason not to start."""
    try:
        call_command("check", databases=["default"], verbosity=0)
    finally:
        connections.close_all()

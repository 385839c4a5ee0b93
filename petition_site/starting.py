"""What web and worker do before they serve: the system checks, those of the database included."""

import logging
from io import StringIO

from django.core.management import call_command
from django.db import connections

from petition_site import logs

logger = logging.getLogger(__name__)


def check() -> None:
    """Raises SystemCheckError. A database that is away or has no tables yet is no reason not to start.

    Nor is a disk without room for what the checks say: written by `logging`, it is lost then and stops nobody.
    """
    logs.take_what_is_written_past_them()
    warnings = StringIO()
    try:
        call_command("check", databases=["default"], verbosity=0, stdout=StringIO(), stderr=warnings)
    finally:
        connections.close_all()
    if said := warnings.getvalue().strip():
        logger.warning(said)

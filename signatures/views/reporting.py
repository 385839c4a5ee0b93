"""Where the mail provider reports what became of letters."""

import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from signatures import reports
from signatures.instruments import LETTERS_REPORTED

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
@never_cache
def mail_reports(request: HttpRequest) -> HttpResponse:
    """The same answer whoever a report is about. None of it gets into a log.

    No limit of visitors holds here: reports come as fast as letters bounce, from few addresses, and with a secret.
    """
    if not reports.is_on():
        return say(404, "Not found.")
    try:
        found = reports.read(request)
    except RequestDataTooBig:
        return say(413, "Too large.")
    except SuspiciousOperation:
        return say(403, "This address wants the provider's secret and signature.")
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # What it says may quote the report.
        logger.warning("A report of the mail provider cannot be read: %s", type(error).__name__)
        LETTERS_REPORTED.labels(reports.Kind.UNREADABLE).inc()
        return say(400, "This cannot be read.")
    for report in found:
        reports.take(report)
    return say(200, "Thank you.")


def say(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", "text/plain", status)

"""Error reports: where something failed and of what kind, and nothing of the one for whom it failed."""

from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from petition_site.logs import places, without_tokens


class Report(ExceptionReporter):
    """Django's own shows the request with its address, cookies and fields, the variables of each frame, and what each
    error says. It stays for DEBUG, which no site has that is reached from outside."""

    def places(self) -> str:
        value: Any = self.exc_value  # the message itself, where there is no error
        return places(value) if isinstance(value, BaseException) else without_tokens(str(value))

    def get_traceback_text(self) -> SafeString:
        return super().get_traceback_text() if settings.DEBUG else SafeString(self.places())  # plain text

    def get_traceback_html(self) -> SafeString:
        return super().get_traceback_html() if settings.DEBUG else format_html("<pre>{}</pre>", self.places())

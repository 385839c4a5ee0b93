"""How a request is read, before any middleware sees it."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """All that comes is read as UTF-8, which our pages are written in, whatever its type of content says.

    Django decodes by any charset that a sender names, `zlib` among them, where no middleware can answer for it yet.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:  # a parameter that says in which charset it is, and is not
            self.content_type, self.content_params = "", {}

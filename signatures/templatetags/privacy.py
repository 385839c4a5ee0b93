"""For staff's start page: which requests about personal data wait for an answer, and until when."""

from typing import Any

from django import template
from django.template import Context

from signatures.models import PrivacyRequest

SHOWN = 5

register = template.Library()


@register.inclusion_tag("admin/signatures/privacyrequest/_open.html", takes_context=True)
def open_requests(context: Context) -> dict[str, Any]:
    """Those due first; nothing for who may not answer them."""
    may = context["request"].user.has_perm("signatures.erase_signature")
    requests = list(PrivacyRequest.objects.open()[: SHOWN + 1]) if may else []
    return {"requests": requests[:SHOWN], "has_more": len(requests) > SHOWN, "may": may}

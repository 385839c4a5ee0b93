"""The same page in another language."""

from django import template
from django.urls import translate_url

register = template.Library()


@register.filter
def in_language(path: str, language: str) -> str:
    """A page's path in another language; addresses that exist only for a POST lead to the campaign's page."""
    return translate_url(path.removesuffix("sign/"), language)

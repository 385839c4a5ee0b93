"""How a request is read, whatever its sender says of it."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from petition_site.requests import Request


def form_as(kind: str) -> HttpRequest:
    posted = RequestFactory().post("/?said=%C3%B1", "name=%C3%91ahui", "application/x-www-form-urlencoded")
    return Request({**posted.environ, "CONTENT_TYPE": kind})


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "undefined"])
def test_a_form_is_read_as_utf_8_whatever_it_says(charset: str) -> None:
    request = form_as(f"application/x-www-form-urlencoded; charset={charset}")

    assert request.GET["said"] == "ñ"
    assert request.POST["name"] == "Ñahui"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary*=nothing''edge", "a; b*=undefined''c"])
def test_a_type_of_content_that_cannot_be_read_is_none(kind: str) -> None:
    request = form_as(kind)

    assert (request.content_type, request.POST.dict()) == ("", {})

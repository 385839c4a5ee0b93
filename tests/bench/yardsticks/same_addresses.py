"""The site's addresses, and that of a constant page."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from petition_site import urls


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse("constant")


urlpatterns = [path("constant/", constant), *urls.urlpatterns]

"""A bare Django project, to measure beside: no middleware; a constant page, and a view that stores one row by the ORM.

`python -m tests.bench.yardsticks.bare` makes its table in the database that BARE_DATABASE_URL names.
"""

import os

import environ
from django.conf import settings

settings.configure(
    SECRET_KEY="a yardstick has no secrets",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {**environ.Env().db_url("BARE_DATABASE_URL"), "CONN_MAX_AGE": None}},
)

from django.core.wsgi import get_wsgi_application  # noqa: E402  (after the settings)

application = get_wsgi_application()

from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402


class Row(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=254)
    country = models.CharField(max_length=2)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return f"row {self.pk}"


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse("constant")


def store(request: HttpRequest) -> HttpResponse:
    sent = request.POST
    Row.objects.create(name=sent["name"], email=sent["email"], country=sent["country"])
    response = HttpResponseRedirect("/", headers={"Content-Length": "0"})
    response.status_code = 303
    return response


urlpatterns = [path("constant/", constant), path("store/", store)]

if __name__ == "__main__":
    if "bare_row" not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Row)
    assert os.environ["BARE_DATABASE_URL"]

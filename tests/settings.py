"""The site's own settings, with what tests need otherwise. The services come from `tests/services.py`."""

import os

from petition_site.settings import *  # noqa: F403  (a settings file is read whole)
from petition_site.settings import CACHES, DATABASES, REDIS_URL, STORAGES

# Each worker of pytest-xdist has two of Redis's logical databases to itself; the last four belong to whole sites.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 6
CACHES["default"]["LOCATION"] = f"{REDIS_URL.rpartition('/')[0]}/{2 * WORKER}"
CELERY_BROKER_URL = f"{REDIS_URL.rpartition('/')[0]}/{2 * WORKER + 1}"

# Fifty threads of one process connect at once, on a machine that does much else.
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 30

# Cheap to check, for the accounts of the tests only.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No collected files are needed to render a page, and none to serve one.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
# What a test changes holds at once.
REMEMBERED_FOR = 0
# A query that is made once for each row, by any page that any test opens, is an error.
INSTALLED_APPS += ["zeal"]  # noqa: F405
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]  # noqa: F405
# Each test sees the page as it is now, and not as another has left it; tests/site/test_shared_cache.py is about that.
MIDDLEWARE.remove("petition_site.shared_cache.SharedCache")
ZEAL_ALLOWLIST = [{"model": "sessions.Session", "field": "get()"}]  # a session that has ended is looked for again

"""The site's own settings, with what tests need otherwise. The services come from `tests/services.py`."""

from petition_site.settings import *  # noqa: F403  (a settings file is read whole)
from petition_site.settings import STORAGES

# Cheap to check, for the accounts of the tests only.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No collected files are needed to render a page, and none to serve one.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True

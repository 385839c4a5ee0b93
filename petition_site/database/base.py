"""The database backend that settings name: Django's own, over connections that keep the time."""

from types import SimpleNamespace

import psycopg
from django.db.backends.postgresql import base

from petition_site.database.patience import Connection


class DatabaseWrapper(base.DatabaseWrapper):
    Database = SimpleNamespace(**vars(psycopg) | {"connect": Connection.connect})

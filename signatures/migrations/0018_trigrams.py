"""Trigrams, by which a part of a name is found, and names without what people type otherwise.

The extension comes with PostgreSQL and is a trusted one: whoever owns the database, or may CREATE in it, can install it.
"""

from django.contrib.postgres.operations import TrigramExtension
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, migrations

# Of built-in functions that are immutable; `unaccent` is not. A cost of one is that of comparing two numbers.
FOLDED = r"""
CREATE FUNCTION signatures_folded(typed text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200 AS $$
DECLARE
    plain text := lower(normalize(typed, NFKD));
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN plain;
    END IF;
    plain := regexp_replace(plain, '[\u0300-\u036f]', '', 'g');
    RETURN replace(replace(replace(plain, '’', ''''), '‘', ''''), 'ʼ', '''');
END $$;
"""


class TrustedTrigrams(TrigramExtension):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except DatabaseError as error:
            raise ImproperlyConfigured(
                "The database needs PostgreSQL's extension pg_trgm. Either the role of DATABASE_URL may create it (it"
                " owns the database, or: GRANT CREATE ON DATABASE … TO …), or somebody who may runs CREATE EXTENSION"
                " pg_trgm in it. Where PostgreSQL does not know it, its contrib package is missing. Then migrate again."
            ) from error

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """It stays: others may have come to use it."""


class Migration(migrations.Migration):
    dependencies = [("signatures", "0017_privacy_requests")]

    operations = [TrustedTrigrams(), migrations.RunSQL(FOLDED, "DROP FUNCTION signatures_folded")]

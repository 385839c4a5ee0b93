"""Indexes that are made on a table in use, and by a migration that may have been interrupted."""

from django.contrib.postgres.operations import AddIndexConcurrently


class AddIndexConcurrentlyAnew(AddIndexConcurrently):
    """What an interruption has left, which may be invalid, goes first: the migration can simply be run again."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)

"""What a database holds, in two numbers for each table: equal for equal rows, in whatever order they lie."""

from psycopg import sql

from petition_site.backups.tools import Connection

Contents = dict[str, tuple[int, int]]  # rows, and the sum of their hashes, by the name of the table

TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
# The text of a row depends on these.
SETTINGS = "SET TIME ZONE 'UTC'; SET datestyle TO ISO; SET bytea_output TO hex; SET extra_float_digits TO 1"
# 64 bits for each row: enough against an accident, which is all that can happen inside a seal.
ROWS = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"


def contents(connection: Connection) -> Contents:
    """As the connection's transaction sees it; reads every row once."""
    connection.execute(SETTINGS)
    found: Contents = {}
    for (table,) in connection.execute(TABLES).fetchall():
        rows, hashes = connection.execute(sql.SQL(ROWS).format(sql.Identifier(table))).fetchone() or (0, "0")
        found[table] = (rows, int(hashes))
    return found


def differing(first: Contents, second: Contents) -> list[str]:
    """Names of tables."""
    return sorted(table for table in first.keys() | second.keys() if first.get(table) != second.get(table))

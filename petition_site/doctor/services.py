"""The database, Redis and the clock."""

from datetime import UTC, datetime

import redis
from django.conf import settings
from django.core.cache import cache
from django.core.checks import Tags, run_checks
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName

from petition_site.backups import tools
from petition_site.doctor.findings import Findings, look, ok, times, wrong

OLDEST = 15  # of PostgreSQL
QUEUE = "celery"
LONG_QUEUE = 500  # messages: a worker takes what beat sends in ten minutes in a second
FAR = 30.0  # seconds: half a minute apart, the codes of authenticator apps fail


def database() -> Findings:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_database_size(current_database()), current_setting('max_connections')::int,"
                " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
            )
            size, most, used = cursor.fetchone()
    except (OperationalError, InterfaceError) as error:
        reason = type(error.__cause__ or error).__name__
        yield wrong(f"PostgreSQL does not answer ({reason}).", "Is it running, and is DATABASE_URL right?")
        return
    major = connection.pg_version // 10_000  # type: ignore[attr-defined]  # of Django's backend for PostgreSQL
    if major < OLDEST:
        yield wrong(f"This is PostgreSQL {major}.", f"The site needs {OLDEST} or later.")
    else:
        yield ok(f"PostgreSQL {major} answers; the database has {size / 1_000_000:,.0f} MB.")
    if used > 0.8 * most:
        yield look(f"{used} of {most} connections are in use.", "Raise max_connections, or put PgBouncer before it.")
    yield from migrations()
    for one in run_checks(tags=[Tags.database], databases=["default"]):
        yield wrong(f"{one.msg} ({one.id})", one.hint or "")
    yield from prepared_statements()


def migrations() -> Findings:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    ahead = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if missing:
        yield wrong(f"{times(len(missing), 'migration is', 'migrations are')} missing.", 'Run "manage.py migrate".')
    elif any(app in executor.loader.migrated_apps for app, _name in ahead):
        yield look("The database is newer than this code.", "That is well while an upgrade is under way.")
    else:
        yield ok("All migrations have run.")


def prepared_statements() -> Findings:
    """Whether what a connection has PostgreSQL keep is still there when it asks again.

    A pooler that lends out sessions by the transaction gives the second connection the session of the first one, which
    then gets another.
    """
    question = "SELECT pg_backend_pid()"
    name = tools.name_of_database()
    with tools.connected(name, autocommit=True) as one, tools.connected(name) as other:
        try:
            before = one.execute(question, prepare=True).fetchone()
            lent = other.execute(question).fetchone()  # in a transaction that stays open
            if before != lent:
                yield ok("Each connection keeps its session.")
                return
            one.execute(question, prepare=True)
            are_kept = True
        except (DuplicatePreparedStatement, InvalidSqlStatementName):  # another's in our session, or ours in another
            are_kept = False
    if are_kept:
        yield ok("A pooler lends out sessions by the transaction, and keeps prepared statements.")
    elif settings.PREPARED_STATEMENTS:
        yield wrong(
            "A pooler lends out sessions by the transaction, and loses prepared statements.",
            "Set PREPARED_STATEMENTS=false, or max_prepared_statements of PgBouncer 1.21 or later.",
        )
    else:
        yield ok("A pooler lends out sessions by the transaction, and PREPARED_STATEMENTS is false.")


def redis_server() -> Findings:
    try:
        cache.set("doctor", "well", 10)
        is_kept = cache.get("doctor") == "well"
    except Exception as error:  # of any of three libraries
        yield wrong(
            f"Redis does not answer ({type(error).__name__}). People can sign; letters leave a few seconds later, and"
            " limits count within each process.",
            "Is it running, and is REDIS_URL right?",
        )
    else:
        yield ok("Redis answers.") if is_kept else wrong("Redis forgets at once.", "Has it any memory left?")
    yield from broker()


def broker() -> Findings:
    limits = {"socket_connect_timeout": 2, "socket_timeout": 2}
    try:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL, **limits) as client:
            waiting = int(client.llen(QUEUE))
    except redis.RedisError as error:
        yield wrong(f"Celery's Redis does not answer ({type(error).__name__}).", "Is BROKER_URL right?")
        return
    if waiting > LONG_QUEUE:
        yield look(f"{waiting:,} messages wait for a worker.", "Is one running? They may be lost without harm.")


def clock() -> Findings:
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    after = datetime.now(UTC)
    apart = abs((theirs - before - (after - before) / 2).total_seconds())
    yield from judge_clock(apart, (after - before).total_seconds())


def judge_clock(apart: float, took: float) -> Findings:
    """Seconds between the database's clock and ours, and how long it took to ask."""
    do = "Have both machines keep time: timedatectl set-ntp true."
    if apart > FAR:
        yield wrong(f"Our clock and the database's are {apart:,.0f} seconds apart.", do)
    elif apart > 2 + took:
        yield look(f"Our clock and the database's are {apart:.0f} seconds apart.", do)
    else:
        yield ok("Our clock and the database's agree.")

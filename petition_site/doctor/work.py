"""Whether workers and beat do their work: by what they leave in the database, and by asking them."""

from celery import current_app
from django.db import connection

from petition_site.doctor.findings import Findings, lasting, look, ok, times, wrong
from petition_site.metrics.database import NUMBERS, WAITING
from signatures import pace

ANSWER_WITHIN = 2  # seconds
BEAT_LATE = 10 * 60  # seconds, for what is done every minute
LETTERS_LATE = 5 * 60
LETTERS_OLD = 60 * 60
RECOUNT_LATE = 26 * 3600


def workers() -> Findings:
    try:
        answers = current_app.control.ping(timeout=ANSWER_WITHIN) or []
    except Exception as error:  # of kombu or of redis
        yield look(f"Workers cannot be asked ({type(error).__name__}).", "They wait for Redis, and sweep without it.")
        return
    if answers:
        yield ok(f"{times(len(answers), 'worker answers', 'workers answer')}.")
    else:
        yield wrong("No worker answers.", "Start one: celery -A petition_site worker.")


def beat() -> Findings:
    age = number("petition_beat_age_seconds")
    do = "Start beat (celery -A petition_site beat) and a worker; it goes by way of Redis."
    if age is None:
        yield wrong(
            "What beat has a worker do every minute has never been done.", f"In a new site, wait a minute. {do}"
        )
    elif age > BEAT_LATE:
        yield wrong(f"What beat has a worker do every minute was last done {lasting(age)} ago.", do)
    else:
        yield ok(f"What beat has a worker do every minute was done {lasting(age)} ago.")


def letters() -> Findings:
    pause = pace.current_pause()
    if pause is not None:
        yield wrong(f"The mail server takes no letters ({pause.error}); all of them wait.", "See below at Mail.")
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        rows = cursor.fetchall()
    waiting = sum(int(n) for _name, n, _due, _age in rows)
    due, age = (max((float(row[at]) for row in rows), default=0.0) for at in (2, 3))
    says = (
        f"{times(waiting, 'letter waits', 'letters wait')}; one has been due for {lasting(due)}, and the oldest was"
        f" written {lasting(age)} ago."
    )
    if not waiting:
        yield ok("No letter waits.")
    elif due > LETTERS_LATE:
        yield wrong(says, "Is a worker running, and is LETTERS_PER_MINUTE high enough?")
    elif age > LETTERS_OLD:
        yield look(says, "It was tried and will be again; the letters in the admin say why it failed.")
    else:
        yield ok(says)


def count() -> Findings:
    wrong_sums, age = number("petition_recount_differences"), number("petition_recount_age_seconds")
    if wrong_sums is None or age is None:
        yield look("Nobody has recounted yet.", "Workers do each night.")
    elif wrong_sums:
        yield wrong(
            f"The last recount found {times(int(wrong_sums), 'wrong sum', 'wrong sums')}.",
            '"manage.py recount" says which.',
        )
    elif age > RECOUNT_LATE:
        yield look(f"The last recount was {lasting(age)} ago.", "Workers do it each night.")
    else:
        yield ok(f"The last recount, {lasting(age)} ago, found every sum right.")


def number(name: str) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS[name][1])
        row = cursor.fetchone()
    return None if row is None else float(row[0])

"""Several questions or several new rows in one statement, where somebody waits for each statement."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Field, ForeignKey, Model

Fields = Sequence["Field[Any, Any]"]


class Question(NamedTuple):
    """A SELECT of one value from one row at the most."""

    query: str
    values: Sequence[Any]


def ask_together(*questions: Question) -> tuple[Any, ...]:
    """The answer to each, None where there is no row; all are of the same moment."""
    asked = ", ".join(f"({question.query})" for question in questions)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}", [value for question in questions for value in question.values])
        return tuple(cursor.fetchone())


def insert_together(first: Model, *others: Model) -> None:
    """Inserts new rows, of which the others may point to the first. That one knows its number then, and they do not."""
    values, insertions = [], []
    for row in (first, *others):
        fields = fields_of(type(row))
        pointing = tuple(points_to(field, row, first) for field in fields)
        values += [prepared(field, row) for field, points in zip(fields, pointing, strict=True) if not points]
        insertions.append(insertion(type(row), pointing))
    together = [f"the_first AS ({insertions[0]} RETURNING id)"]
    together += [f"other{number} AS ({other})" for number, other in enumerate(insertions[1:])]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(together)} SELECT id FROM the_first", values)  # noqa: S608  (names only)
        (first.pk,) = cursor.fetchone()
    first._state.adding, first._state.db = False, connection.alias


@cache
def fields_of(model: type[Model]) -> Fields:
    """All that is written; where the database gives the number, it does."""
    return [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]


def points_to(field: "Field[Any, Any]", row: Model, first: Model) -> bool:
    return isinstance(field, ForeignKey) and first.pk is None and field.get_cached_value(row, default=None) is first


def prepared(field: "Field[Any, Any]", row: Model) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


@cache
def insertion(model: type[Model], pointing: tuple[bool, ...]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields_of(model))
    places = ", ".join("(SELECT id FROM the_first)" if points else "%s" for points in pointing)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})'  # noqa: S608  (names, and places for values)

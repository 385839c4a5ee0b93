"""The forms of a file: for a spreadsheet, whose cells must not run, and for programs, exact.

A spreadsheet runs a cell as a formula that begins with `=`, `+`, `-`, `@` (also in their full width), a tab or the end
of a line. Such a value gets one apostrophe before it, and so does one that already reads as an apostrophe, or several,
before such a character. Taking one apostrophe off every value that matches `DEFUSED` gives back what was typed.
"""

import re
from dataclasses import dataclass

from django.conf import settings

from signatures.exports import lines
from signatures.models import ExportRecord

STARTS = "=+-@\t\r\n＝＋－＠"
DEFUSED = re.compile(f"^'+[{re.escape(STARTS)}]")
SPREADSHEET_ROWS = 1_000_000  # in one file; Excel takes 1,048,576 with the heading, and drops the rest


@dataclass(frozen=True, slots=True)
class Form:
    """How values, lines and moments are written."""

    zone: str
    moment: str  # a pattern of PostgreSQL's to_char
    delimiter: str = ","
    newline: bytes = b"\n"
    mark: bytes = b""  # before the heading
    is_for_spreadsheets: bool = False

    def written(self, piece: bytes) -> bytes:
        """Whole lines of COPY, in this form's."""
        return piece if self.newline == b"\n" else lines.ended_by(self.newline, piece)

    def text(self, value: str) -> str:
        """SQL for a value of text, defused where the form wants it."""
        if not self.is_for_spreadsheets:
            return value
        formula = f"left(ltrim({value}, ''''), 1) IN ({STARTS_SQL})"
        # Between these begins nearly every value, and no formula, nor anything with an apostrophe before it.
        harmless = f"ascii({value}) BETWEEN {ord('A')} AND {ord('＋') - 1}"
        return f"CASE WHEN {harmless} THEN {value} WHEN {formula} THEN '''' || {value} ELSE {value} END"

    def at(self, value: str) -> str:
        """SQL for a moment, in the zone that the transaction is set to."""
        return f"to_char({value}, '{self.moment}')"


STARTS_SQL = ", ".join(f"chr({ord(char)})" for char in STARTS)


def spreadsheet(delimiter: str) -> Form:
    return Form(
        zone=settings.TIME_ZONE,
        moment='YYYY-MM-DD"T"HH24:MI:SSTZH:TZM',
        delimiter=delimiter,
        newline=b"\r\n",
        mark="\ufeff".encode(),
        is_for_spreadsheets=True,
    )


FORMS: dict[str, Form] = {
    ExportRecord.Form.COMMA: spreadsheet(","),
    ExportRecord.Form.SEMICOLON: spreadsheet(";"),
    ExportRecord.Form.MACHINE: Form(zone="UTC", moment='YYYY-MM-DD"T"HH24:MI:SS"Z"'),
}

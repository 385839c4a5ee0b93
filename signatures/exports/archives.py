"""A list too long for one file of a spreadsheet: a ZIP of several, made as it leaves."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from signatures.exports import lines
from signatures.exports.forms import Form


class Sink:
    """What an archive is written to: it cannot seek, and gives away what it has."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nowhere to flush to; `zipfile` asks for it."""

    def take(self) -> bytes:
        data = b"".join(self.written)
        self.written.clear()
        return data


def archived(stem: str, pieces: Iterator[bytes], form: Form, most: int) -> Iterator[bytes]:
    """Files of so many lines at the most, each with the heading besides, numbered from 1."""
    sink = Sink()
    now = timezone.localtime().timetuple()[:6]
    heading, first = lines.cut(next(pieces), 1)
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]  # needs no more
        for number, part in groupby(in_parts(chain([first], pieces), most), key=itemgetter(0)):
            info = ZipInfo(f"{stem}-{number}.csv", now)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                file.write(form.mark + form.written(heading))
                for _number, piece in part:
                    file.write(form.written(piece))
                    if data := sink.take():
                        yield data
    yield sink.take()


def in_parts(pieces: Iterable[bytes], most: int) -> Iterator[tuple[int, bytes]]:
    """The pieces with the number of the part that each belongs to, cut where a part is full."""
    number, left = 1, most
    for piece in pieces:
        rest, lines_left = piece, lines.how_many(piece)
        while lines_left > left:
            taken, rest = lines.cut(rest, left)
            yield number, taken
            lines_left -= left
            number, left = number + 1, most
        if rest:
            yield number, rest
            left -= lines_left

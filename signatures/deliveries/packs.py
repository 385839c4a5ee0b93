"""The making of a pack: from one moment of the database, file by file into a ZIP that is offered whole or not at all.

A worker that is killed leaves a row that says since when it has been silent and pieces that nobody is given; the next
one begins again. Whoever changes in the meantime, by a row that the moment does not know, has it begun again too.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from signatures import alarms, locks
from signatures.deliveries import cover, documents, moments
from signatures.deliveries.archive import Archive
from signatures.deliveries.deciding import locked
from signatures.deliveries.documents import Annex
from signatures.deliveries.moments import Moment
from signatures.deliveries.typesetting import NotTypeset, typeset
from signatures.models import Delivery, DeliveryChange, Pack, PackPiece

MOST = 5000  # names in a volume: what typesets them takes some 150 MB of memory
FOLDER = "petition-pack-"
Row = tuple[int, str, str]


class Overtaken(Exception):
    """The pack is not this worker's to make any more: withdrawn, or taken over by another."""


class TooLarge(Exception):
    """What cannot be divided any more is larger than a volume may be."""


def make_next() -> bool:
    """One pack that is queued, or was left behind. False where there is none."""
    pack = claim()
    if pack is None:
        return False
    try:
        with TemporaryDirectory(prefix=FOLDER) as folder, translation.override(cover.MAIN):
            Making(pack, Path(folder)).run()
    except Overtaken:
        forget(pack)
    except (NotTypeset, TooLarge) as error:
        fail(pack, str(error))  # in words of ours: none of them is anybody's
    except BaseException as error:
        fail(pack, type(error).__name__)
        raise
    return True


@transaction.atomic
def claim() -> Pack | None:
    """One at a time for the whole site: the other processes of a worker have letters to send."""
    if not locks.take(locks.Lock.PACK) or Pack.objects.being_made().exists():
        return None
    packs = Pack.objects.to_make().select_for_update(skip_locked=True, of=("self",))
    pack = packs.select_related("delivery__campaign").order_by("pk").first()
    if pack is None:
        return None
    forget(pack)
    if pack.tries >= Pack.TRIES:
        fail(pack, gettext("It was begun too often: workers were stopped, or somebody in it changed each time."))
        return None
    pack.state, pack.tries, pack.seen_at, pack.done = Pack.State.MAKING, pack.tries + 1, timezone.now(), 0
    pack.save(update_fields=["state", "tries", "seen_at", "done"])
    return pack


def forget(pack: Pack) -> None:
    """What of it is there: nobody was ever given any."""
    PackPiece.objects.filter(pack=pack).exclude(pack__state=Pack.State.READY).delete()


def fail(pack: Pack, error: str) -> None:
    """And tells staff: whoever asked for it may not look again before the day of the handing over."""
    mine = Pack.objects.filter(pk=pack.pk, tries=pack.tries, state__in=Pack.UNDER_WAY)
    if mine.update(state=Pack.State.FAILED, error=error[:200]):
        forget(pack)
        with translation.override(settings.LANGUAGE_CODE):
            text = gettext(
                "The pack of delivery %(number)d could not be made: %(error)s Look at the delivery in the admin, and"
                " have it made again once the cause is gone."
            ) % {"number": pack.delivery_id, "error": error.rstrip(".") + "."}
        transaction.on_commit(partial(alarms.raise_alarm, "pack", text))


def clear_away() -> None:
    """Folders with names in them that a maker left behind when it was killed: nothing in them has moved for long."""
    long_ago = time.time() - Pack.SILENT.total_seconds()
    for folder in Path(gettempdir()).glob(f"{FOLDER}*"):
        with suppress(FileNotFoundError):  # one that has just come to its end
            found = folder.lstat()
            if found.st_uid == os.geteuid() and found.st_mtime < long_ago:
                shutil.rmtree(folder, ignore_errors=True)


class Making:
    """One try at a pack, in a folder that is gone afterwards."""

    def __init__(self, pack: Pack, folder: Path) -> None:
        self.pack, self.delivery, self.folder = pack, pack.delivery, folder
        self.at = self.delivery.frozen_at or timezone.now()
        self.archive = Archive(pack, self.at)
        self.limit = self.delivery.volume_megabytes * 1_000_000  # bytes

    def run(self) -> None:
        csv, rows = self.folder / "lista.csv", self.folder / "rows"
        moment = moments.take(self.delivery, csv, rows)
        self.pack.names, self.pack.unnamed, self.pack.taken_back = moment.names, moment.unnamed, moment.taken_back
        self.pack.missing = moment.missing
        annexes = [
            self.add("3-peticion.pdf", "petition", documents.petition(self.delivery, moment.versions)),
            self.add("4-totales.pdf", "totals", documents.totals(self.delivery, moment)),
            *self.volumes(moments.read(rows)),
        ]
        self.archive.add(csv.name, csv)
        annexes += [
            (csv.name, gettext("The same list, for a spreadsheet"), 0),
            ("manifiesto.txt", gettext("SHA-256 of each file"), 0),
        ]
        letters = [self.add_letter(language, annexes) for language in self.delivery.letters if language != cover.MAIN]
        self.add_letter(cover.MAIN, [*(letter for letter in letters if letter), *annexes])
        made_at = timezone.now()
        manifest = self.manifest(made_at.isoformat(timespec="seconds"))
        self.add_text("manifiesto.txt", manifest)
        self.archive.close()
        self.step(moment.names)
        self.pack.made_at, self.pack.manifest = made_at, manifest
        self.pack.size, self.pack.sha256 = self.archive.size, self.archive.digest.hexdigest()
        finish(self.pack, moment)

    def add(self, name: str, kind: str, document: dict[str, Any]) -> Annex:
        path = self.folder / name
        pages = typeset(kind, document, path, at=self.at)
        if path.stat().st_size > self.limit:
            raise TooLarge(gettext("%(name)s is larger than a volume may be.") % {"name": name})
        self.put(path)
        return name, str(document["title"]), pages

    def add_letter(self, language: str, annexes: list[Annex]) -> Annex | None:
        """In a language that staff have written no letter in there is none."""
        if not self.delivery.letters[language]["body"]:
            return None
        name = "1-carta.pdf" if language == cover.MAIN else f"2-carta-{language}.pdf"
        with translation.override(language):
            _name, _title, pages = self.add(name, "letter", documents.letter(self.delivery, self.pack, annexes))
        what = gettext("This letter in another language: {language}")
        return name, what.format(language=documents.language_name(language)), pages

    def volumes(self, rows: Iterable[Row]) -> Iterator[Annex]:
        """As many names in each as are no larger than they may be."""
        rest, waiting, most, before = iter(rows), list[Row](), MOST, 0
        while chunk := [*waiting, *islice(rest, max(0, most - len(waiting)))]:
            chunk, waiting = chunk[:most], chunk[most:]
            name = f"5-lista-{chunk[0][0]:07}.pdf"
            path, document = self.folder / name, documents.volume(self.delivery, chunk, before)
            pages = typeset("list", document, path, at=self.at)
            size = path.stat().st_size
            if size > self.limit:
                most = int(len(chunk) * self.limit / size * 0.9)
                if not most:
                    raise TooLarge(gettext("Not even one name is as small as a volume is to be."))
                waiting = [*chunk, *waiting]
                continue
            self.put(path)
            before += len(chunk)
            self.step(before)
            yield name, str(document["title"]), pages

    def put(self, path: Path) -> None:
        self.archive.add(path.name, path)
        path.unlink()

    def add_text(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        self.put(path)

    def manifest(self, made_at: str) -> str:
        """As `sha256sum --check` reads it, which passes over lines that begin with #."""
        values = cover.values(self.delivery, self.pack)
        about = [
            f"{values['petition']} · {values['addressee']} · {values['day']}",
            gettext("Signatures: {signatures}, with name and country: {names}, as a number only: {unnamed}").format(
                **values
            ),
            gettext("Made at {moment}").format(moment=made_at),
        ]
        sums = [f"{sha256}  {name}" for name, sha256 in sorted(self.archive.hashes.items())]
        return "\n".join([*(f"# {line}" for line in about), *sums, ""])

    def step(self, done: int) -> None:
        """Says that it is being made still. Raises Overtaken."""
        mine = Pack.objects.filter(pk=self.pack.pk, tries=self.pack.tries, state=Pack.State.MAKING)
        if not mine.update(done=done, seen_at=timezone.now()):
            raise Overtaken


@transaction.atomic
def finish(pack: Pack, moment: Moment) -> None:
    """Offers it, unless somebody has changed since the moment that it tells of: then it is begun again.

    A change that is not committed yet takes it back by itself later. Raises Overtaken.
    """
    if locked(pack.delivery_id, Delivery.State.APPROVED) is None:
        raise Overtaken
    if not Pack.objects.select_for_update().filter(pk=pack.pk, tries=pack.tries, state=Pack.State.MAKING).exists():
        raise Overtaken
    DeliveryChange.objects.filter(pk__in=moment.changes).delete()
    if DeliveryChange.objects.filter(delivery=pack.delivery_id).exists():
        forget(pack)
        Pack.objects.filter(pk=pack.pk).update(state=Pack.State.QUEUED)
        return
    pack.state = Pack.State.READY
    pack.save()

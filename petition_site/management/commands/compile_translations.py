"""`manage.py compile_translations`: the catalogues of `locale/`, made ready without gettext.

What a catalogue does not say yet is taken from its fallback when it is compiled, since Django itself knows only one
fallback for all languages.
"""

from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SOURCE = "en"  # the language that the messages are written in


class Command(BaseCommand):
    help = "Compiles the translations, each language filled up from its fallback."

    def handle(self, *args: Any, **options: Any) -> None:
        for path in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po")):
            language = path.parts[-3]
            catalogue = read(path)
            fallback = settings.INTERFACE_FALLBACKS.get(language, SOURCE)
            if fallback != SOURCE:
                fill(catalogue, read(path.parents[2] / fallback / "LC_MESSAGES" / "django.po"))
            # In one step, for whoever reads it at this moment.
            with path.with_suffix(".mo.new").open("wb") as file:
                write_mo(file, catalogue)
            path.with_suffix(".mo.new").replace(path.with_suffix(".mo"))
            self.stdout.write(f"{language}: {sum(is_said(message) for message in catalogue)} messages")


def read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from error


def is_said(message: Any) -> bool:
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    return bool(message.id) and all(strings) and not message.fuzzy


def fill(catalogue: Catalog, fallback: Catalog) -> None:
    for message in fallback:
        if is_said(message):
            own = catalogue.get(message.id, message.context)
            if own is None or not is_said(own):
                catalogue.delete(message.id, message.context)
                # Both languages count alike: one, and more.
                catalogue.add(message.id, message.string, context=message.context)

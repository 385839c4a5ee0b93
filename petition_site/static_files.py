"""Static files as they are collected: compressed once, and at the next start or release only what has changed."""

import gzip
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

UNDO: dict[str, Callable[[bytes], bytes]] = {".br": brotli.decompress, ".gz": gzip.decompress}


def holds(path: Path, undo: Callable[[bytes], bytes], content: bytes) -> bool:
    """By what is in it: Django writes most files anew, and so their times say nothing."""
    try:
        return undo(path.read_bytes()) == content
    except (OSError, EOFError, zlib.error, brotli.error):  # not there, or half written
        return False


class OnlyWhatIsNew(Compressor):
    """Most of the time that `collectstatic` takes goes into compressing as well as it can be done."""

    # Each file is there under two names, with its hash and without.
    compress_brotli = staticmethod(cache(Compressor.compress_brotli))
    compress_gzip = staticmethod(cache(Compressor.compress_gzip))

    def compress(self, path: str) -> list[str]:
        content = Path(path).read_bytes()
        if all(holds(Path(path + suffix), undo, content) for suffix, undo in UNDO.items()):
            return [path + suffix for suffix in UNDO]
        return list(super().compress(path))


class StaticFiles(CompressedManifestStaticFilesStorage):
    def create_compressor(self, **kwargs: Any) -> Compressor:
        return OnlyWhatIsNew(**kwargs)

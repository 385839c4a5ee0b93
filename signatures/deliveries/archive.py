"""The ZIP of a pack: put away in pieces as it grows, the same bytes for the same files."""

import hashlib
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from signatures.exports.archives import Sink
from signatures.models import Pack, PackPiece

CHUNK = 128 * 1024  # bytes


class Archive:
    """`hashes` has the SHA-256 of each file by its name. All files have the time `at` in it."""

    def __init__(self, pack: Pack, at: datetime) -> None:
        self.pack, self.at = pack, timezone.localtime(at).timetuple()[:6]
        self.sink = Sink()
        self.zip = ZipFile(self.sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload]  # needs no more
        self.hashes: dict[str, str] = {}
        self.digest, self.size = hashlib.sha256(), 0
        self.waiting, self.pieces = bytearray(), 0

    def add(self, name: str, path: Path) -> None:
        info, digest = ZipInfo(name, self.at), hashlib.sha256()
        info.compress_type = ZIP_DEFLATED
        with path.open("rb") as source, self.zip.open(info, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
                self.put_away()
        self.hashes[name] = digest.hexdigest()

    def close(self) -> None:
        self.zip.close()
        self.put_away(least=1)

    def put_away(self, least: int = PackPiece.BYTES) -> None:
        """What is written by now, as far as it makes whole pieces."""
        self.waiting += self.sink.take()
        while len(self.waiting) >= least:
            data = bytes(self.waiting[: PackPiece.BYTES])
            del self.waiting[: PackPiece.BYTES]
            self.pieces += 1
            PackPiece.objects.create(pack=self.pack, number=self.pieces, data=data)
            self.digest.update(data)
            self.size += len(data)

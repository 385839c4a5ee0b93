"""Static files are compressed as they are collected, and again only where they have changed."""

import gzip
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest

from petition_site.static_files import OnlyWhatIsNew, StaticFiles

STYLE = "body { color: #123456; }\n"


def collect(folder: Path, text: str) -> dict[str, int]:
    """What stands there afterwards, and when each was written."""
    (folder / "site.css").write_text(text)
    storage = StaticFiles(location=folder)
    for name, _hashed, processed in storage.post_process({"site.css": (storage, "site.css")}):
        assert not isinstance(processed, Exception), name
    return {path.name: path.stat().st_ctime_ns for path in folder.iterdir()}


def test_each_file_is_compressed_under_both_of_its_names_and_not_again(tmp_path: Path) -> None:
    first = collect(tmp_path, STYLE * 50)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".br", ".br", ".css", ".css", ".gz", ".gz", ".json"]
    for path in tmp_path.glob("*.css"):
        content = path.read_bytes()
        assert brotli.decompress(Path(f"{path}.br").read_bytes()) == content == (STYLE * 50).encode()
        assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == content

    second = collect(tmp_path, STYLE * 50)
    compressed = [name for name in first if name.endswith((".br", ".gz"))]
    assert [second[name] for name in compressed] == [first[name] for name in compressed]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize("suffix", ["br", "gz"])
@pytest.mark.parametrize("spoil", [cut_short, Path.unlink], ids=["half written", "missing"])
def test_what_is_missing_or_half_written_is_compressed_anew(
    tmp_path: Path, spoil: Callable[[Path], None], suffix: str
) -> None:
    collect(tmp_path, STYLE * 50)
    for path in tmp_path.glob(f"*.{suffix}"):
        spoil(path)
    collect(tmp_path, STYLE * 50)
    for path in tmp_path.glob("*.css"):
        assert brotli.decompress(Path(f"{path}.br").read_bytes()) == path.read_bytes()
        assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == path.read_bytes()


def test_a_file_that_has_changed_is_compressed_anew(tmp_path: Path) -> None:
    collect(tmp_path, STYLE * 50)
    collect(tmp_path, STYLE * 60)
    for suffix, undo in ((".br", brotli.decompress), (".gz", gzip.decompress)):
        assert undo((tmp_path / f"site.css{suffix}").read_bytes()) == (STYLE * 60).encode()


def test_what_does_not_become_smaller_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("a")
    assert OnlyWhatIsNew(quiet=True).compress(str(path)) == []
    assert list(tmp_path.iterdir()) == [path]

"""Typesets what is handed over as PDF: tagged for readers who hear it, with bookmarks, in any script that `fonts/` has.

Typst reads the words from JSON and never as code, so that nothing in them has to be escaped; the templates in `typst/`
hold the layout, and no word. It works in a process of its own (`press.py`), which takes its memory along when it ends.

Every document has `language` ("es", "pt-br"), `title`, `footer` and `page_words` ("página {page} de {pages}"). Besides:

- `letter`: `sender`, `addressee` and `signature` (lines each), `place_and_date`, `subject`, `blocks`,
  `annexes_heading`, `annexes` (`name`, `what` and `pages`, all text, the last of them perhaps empty), `closing`.
- `petition`: `about` (paragraphs of the first page, or none), `texts` (`language`, `heading`, `about` in lines,
  `blocks`).
- `totals`: `blocks`, `tables` (`caption`, `heads`, `rows` and `total`, which may be empty), `after` (blocks).
- `list`: `about` (a paragraph or ""), `pages` (`bookmark` or "", `columns` as `paging.pages` cuts them, `sum`).

Blocks (`blocks.py` makes them) are `{"kind": "heading", "level", "spans"}`, `{"kind": "paragraph", "spans"}`,
`{"kind": "list", "is_ordered", "items"}` of blocks each and perhaps with a `start`, `{"kind": "quote", "blocks"}` and
`{"kind": "figures", "items"}` of number and words. A span has a `text`, in which a line may end, and may have
`is_strong`, `is_emphasised` and `href`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from signatures.deliveries.legible import coverage, legible_all

HERE = Path(__file__).parent
PRESS = HERE / "press.py"
SECONDS = 60.0  # a list of 5,000 names takes one to four
# For glibc, which keeps less of what has been freed: a tenth of the memory that a long list takes.
SPARING = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}


class NotTypeset(Exception):
    """No document was made. It says which and how the press ended, and never a word of what was to be printed."""


def typeset(kind: str, data: Mapping[str, Any], target: Path, *, at: datetime, seconds: float = SECONDS) -> int:
    """Writes the PDF to `target`, which only this user may read, and returns the number of its pages.

    It works in a folder beside it: what a process that is killed leaves there, whoever made that folder clears away.

    The same data and moment make the same bytes. Raises NotTypeset, and then `target` is as it was.
    """
    with TemporaryDirectory(prefix="typesetting-", dir=target.parent) as name:
        folder = Path(name)
        for template in (HERE / "typst").glob("*.typ"):
            shutil.copyfile(template, folder / template.name)
        words = {**legible_all(dict(data)), "fonts": coverage().families}
        (folder / "data.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        pages = _press(folder, kind, int(at.timestamp()), seconds)
        made = folder / "document.pdf"
        made.chmod(0o600)
        shutil.move(made, target)
    return pages


def _press(folder: Path, kind: str, at: int, seconds: float) -> int:
    """It sees no environment of ours, for it needs none of the secrets; its complaints quote names and are lost."""
    try:
        ended = subprocess.run(
            [sys.executable, "-I", str(PRESS), str(folder), kind, str(at)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=SPARING,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotTypeset(f"{kind}: the press took longer than {seconds:g} seconds") from None
    if ended.returncode:
        raise NotTypeset(f"{kind}: the press ended with status {ended.returncode}")
    return int(ended.stdout)

"""The press: typesets what lies in a folder, in a process of its own that knows nothing of the site.

It is started by `typesetting.py` with the folder, the document and its moment in seconds since 1970, leaves
`document.pdf` in the folder and prints the number of its pages. Typst's complaints quote the text: nobody may log them.
"""

import re
import sys
from pathlib import Path

import typst

FONTS = Path(__file__).parent / "fonts"
# For readers who hear it (PDF/UA-1) and for archives (PDF/A-2a). Under either, a character without a glyph is an error.
STANDARDS: "list[typst.PDFStandard]" = ["ua-1", "a-2a"]
PAGES = re.compile(rb"/Type\s*/Pages\b[^>]*?/Count (\d+)")


def press(folder: Path, document: str, at: int) -> int:
    pdf = typst.compile(
        folder / f"{document}.typ",
        root=folder,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        timestamp=at,
    )
    (folder / "document.pdf").write_bytes(pdf)
    return max(int(count) for count in PAGES.findall(pdf))


if __name__ == "__main__":
    sys.stdout.write(str(press(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))

"""The picture that messengers show beside a link to a campaign: its title, the count once it is shown, who asks.

It is drawn in Latin letters only. Text is composed (Unicode's NFC), and what our fonts lack (see `LACKING`) is left out
without a trace: emoji, marks of direction, other scripts; a title in another script leaves its place empty. Where the
fonts are from and what was done to them: `fonts/README.md`.
"""

import re
import unicodedata
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont as Font

FONTS = Path(__file__).parent / "fonts"
SERIF, SANS = FONTS / "NotoSerif-Bold.ttf", FONTS / "NotoSans-Regular.ttf"

# All but Latin, Latin-1 and Latin Extended-A (without the soft hyphen), and the punctuation of Latin scripts.
LACKING = re.compile("[^ -~¡-¬®-ſʻʼ‐-―‘-„†•…‰′″‹›€№™]")

# Pixels. The room of the title is as wide as the margins leave.
WIDTH, HEIGHT, MARGIN, BAR, TITLE_TOP = 1200, 630, 80, 20, 76
ROOM = WIDTH - 2 * MARGIN
LEADING = 1.22  # from line to line, in sizes of the font

PAPER, INK, QUIET, ACCENT = "#fdfcfa", "#1c1917", "#57534e", "#7a1f1f"  # the light palette of static/site.css


def draw(title: str, organisation: str, count_line: str) -> bytes:
    """A PNG of 1200×630 pixels; `count_line` may be empty. The same words give the same bytes with the same Pillow."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, WIDTH, BAR - 1), fill=ACCENT)

    foot = HEIGHT - 60
    for text, size, colour in ((organisation, 34, QUIET), (count_line, 44, ACCENT)):
        if text := clean(text):
            font, lines = fit(text, SANS, range(size, 25, -2), most_lines=1, height=size * LEADING)
            canvas.text((MARGIN, foot), lines[0], fill=colour, font=font, anchor="ls")
            foot -= size + 22

    font, lines = fit(clean(title), SERIF, range(92, 25, -2), most_lines=4, height=foot - TITLE_TOP)
    for number, line in enumerate(lines):
        baseline = TITLE_TOP + font.size * (1 + number * LEADING)
        canvas.text((MARGIN, baseline), line, fill=INK, font=font, anchor="ls")

    file = BytesIO()
    image.quantize(colors=64, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def clean(text: str) -> str:
    """The text as it can be drawn, cut where even the smallest size has no more room."""
    words = " ".join(text[:2000].split())
    return " ".join(LACKING.sub("", unicodedata.normalize("NFC", words))[:500].split())


def fit(text: str, path: Path, sizes: range, *, most_lines: int, height: float) -> tuple[Font, list[str]]:
    """The font in the largest of the sizes (pixels) in which the text has room, and its lines.

    A word is broken only if it is wider than the room in every size; what has no room even so ends in “…”.
    """
    for is_breaking in (False, True):
        for size in sizes:
            # The basic layout draws the same on every machine; it reads the kerning that we wrote into the fonts.
            font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
            words = [part for word in text.split() for part in (parts(word, font) if is_breaking else [word])]
            lines = wrap(words, font, ROOM)
            if len(lines) <= min(most_lines, height // (size * LEADING)) and is_within(lines, font, ROOM):
                return font, balance(lines, words, font)
    last = lines[most_lines - 1]
    while font.getlength(f"{last}…") > ROOM:
        last = last[:-1].rstrip()
    return font, [*lines[: most_lines - 1], f"{last}…"]


def parts(word: str, font: Font) -> list[str]:
    """The word in pieces that have room."""
    pieces = [""]
    for letter in word:
        if font.getlength(pieces[-1] + letter) > ROOM:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def wrap(words: list[str], font: Font, width: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def is_within(lines: list[str], font: Font, width: int) -> bool:
    return all(font.getlength(line) <= width for line in lines)


def balance(lines: list[str], words: list[str], font: Font) -> list[str]:
    """As many lines, as even as they get: no word stands alone on the last one without need."""
    for width in range(ROOM - 20, 0, -20):
        narrower = wrap(words, font, width)
        if len(narrower) > len(lines) or not is_within(narrower, font, width):
            break
        lines = narrower
    return lines

"""Takes the pictures of the guides for staff, of a whole site in a real browser, in English and in Spanish.

A picture carries a digest of the words that its page said, without moments and numbers, which are others each time. It
is written anew where that differs, so that a second run leaves every file alone, and a test can tell which are stale.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain
from math import dist
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser, Page

from petition_site.local.processes import until
from tests.browser import chromium
from tests.browser.guides.shots import SHOTS, Places, Shot
from tests.browser.site import PATIENCE, ROOT, SLUG, Site, begin, running_site

PICTURES = ROOT / "docs" / "staff"
LANGUAGES = {"en": "en-GB", "es": "es-PE"}
MOST, SPREAD = 32, 64  # colours of a palette: an admin page has few, and the picture a third of the bytes
SAID = "said"  # the chunk of the file that holds the digest

# What differs by the moment at which a picture is taken: hashes, months, days and halves of the day, and then whatever
# is no letter: of figures also the sign, and the colon that a full hour lacks.
PASSING = re.compile(
    r"\b[0-9a-f]{12,}"
    r"|\b(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?"
    r"|dec(ember)?|ene(ro)?|febrero|marzo|abr(il)?|mayo|jun(io)?|jul(io)?|ago(sto)?|set(iembre)?|septiembre|octubre"
    r"|noviembre|dic(iembre)?|(mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(day)?"
    r"|lun(es)?|martes|mié(rcoles)?|jue(ves)?|vie(rnes)?|sáb(ado)?|dom(ingo)?)\b"
    r"|\b(a|p)\.m\.|\b(noon|midnight|mediodía|medianoche)\b"
    r"|[\W\d_]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Look:
    """A page as it stands in the browser, until the next one is asked for."""

    path: str  # of its picture, within the folder
    said: str
    shoot: Callable[[], bytes]


def take(folder: Path, logs: Path, *, is_all: bool = False) -> list[Path]:
    """Those that were written into the folder: the ones whose page says something else than its picture, or all."""
    written = []
    for look in looks(logs, LANGUAGES):
        path = folder / look.path
        if is_all or look.said != digest_of(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(small(look.shoot(), look.said))
            written.append(path)
    return written


def stale(folder: Path, logs: Path, language: str) -> list[str]:
    """Those of a language whose page says something else by now."""
    return [look.path for look in looks(logs, [language]) if look.said != digest_of(folder / look.path)]


def looks(logs: Path, languages: Iterable[str]) -> Iterator[Look]:
    """Every page that is shown, in each language on a site of its own."""
    with chromium.running(logs / "chromium.log") as browser:
        for language in languages:
            of_language = logs / language
            of_language.mkdir()
            with running_site(of_language, STAFF_SECOND_FACTOR="true") as site:
                yield from looks_in(browser, site, language)


def looks_in(browser: Browser, site: Site, language: str) -> Iterator[Look]:
    staged = site.logs / "staged.json"
    script = ("-m", "tests.browser.guides.staging", SLUG, language, str(staged))
    site.children.wait_for(begin(site.children, "staging", *script, logs=site.logs, env=site.env))
    given = json.loads(staged.read_text())
    wait_for_letters(site)
    page = None
    for shot in SHOTS:
        if shot.who or page is None:
            if page is not None:
                page.context.close()
            page = open_page(browser, site, language, given["sessions"].get(shot.who, ""), shot.width)
        show(page, shot, given["places"])
        yield Look(f"{language}/{shot.name}.png", digest(page), partial(picture, page, shot))
    if page is not None:
        page.context.close()


def wait_for_letters(site: Site) -> None:
    waiting = "SELECT count(*) FROM signatures_letter WHERE state = 'waiting'"
    assert until(lambda: site.ask(waiting) == [(0,)], PATIENCE), f"Letters wait: see {site.logs}"


def open_page(browser: Browser, site: Site, language: str, session: str, width: int) -> Page:
    """A window of somebody who is logged in, with the list of all pages at its side closed."""
    size = {"width": width, "height": 900}
    context = browser.new_context(
        base_url=site.url,
        viewport=size,
        locale=LANGUAGES[language],
        timezone_id="America/Lima",  # elsewhere the admin says how many hours it is ahead
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    context.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
    if session:
        context.add_cookies([{"name": "session", "value": session, "url": site.url}])
    return context.new_page()


def show(page: Page, shot: Shot, places: Places) -> None:
    if shot.address:
        answer = page.goto(shot.address)
        assert answer is not None and answer.ok, f"{shot.name}: {shot.address}"
    shot.do(page, places)
    page.wait_for_load_state("networkidle")
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond <= 0, f"{shot.name} scrolls sideways by {beyond} pixels"


def digest(page: Page) -> str:
    """Of what the page says."""
    said = page.locator("body").inner_text()
    return sha256(PASSING.sub("", said).encode()).hexdigest()


def digest_of(path: Path) -> str:
    if not path.exists():
        return ""
    with Image.open(path) as image:
        return str(image.info.get(SAID, ""))


def picture(page: Page, shot: Shot) -> bytes:
    """The page as it stands below each other, down to the end of what it says."""
    top = 0.0
    if shot.part:
        box = page.locator(shot.part).bounding_box()
        assert box is not None
        top = max(0.0, box["y"] - 12)
    end = page.evaluate("document.querySelector('#content').getBoundingClientRect().bottom + scrollY")
    height = min(shot.height, max(200, end - top + 12))
    clip = {"x": 0, "y": top, "width": shot.width, "height": height}
    return page.screenshot(full_page=True, clip=clip, caret="hide", animations="disabled")


def small(png: bytes, said: str) -> bytes:
    """With a palette, and with the digest. What covers most of the page keeps its colours exactly; the rest of the
    palette is spread over all there are, so that the little that is red stays red."""
    with Image.open(io.BytesIO(png)) as image:
        whole = image.convert("RGB")
    found = [colour for _n, colour in sorted(whole.getcolors(whole.width * whole.height), reverse=True)]
    spread = whole.quantize(SPREAD, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette()
    palette = [*found[:MOST], *triples(spread)]
    numbers = {colour: palette.index(min(palette, key=partial(dist, colour))) for colour in found}
    few = Image.frombytes("P", whole.size, bytes(numbers[colour] for colour in triples(whole.tobytes())))
    few.putpalette([*chain.from_iterable(palette)])
    notes = PngInfo()
    notes.add_text(SAID, said)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True, pnginfo=notes)
    return buffer.getvalue()


def triples(values: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    return zip(values[::3], values[1::3], values[2::3], strict=True)

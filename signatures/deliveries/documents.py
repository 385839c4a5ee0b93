"""What is written on the pages of a pack, in the words of the language that is active; `typesetting` lays it out.

The addressee reads Spanish: all of it is in Spanish, but the letter and the petition, which are in their own languages
too.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext, ngettext
from django_countries import countries

from campaigns import structure
from campaigns.models import CampaignText, TextVersion
from signatures.deliveries import cover, paging
from signatures.deliveries.blocks import blocks, heading, paragraph
from signatures.deliveries.freezing import Numbers
from signatures.deliveries.moments import Moment
from signatures.models import Delivery, Pack

BOOKMARK_EVERY = 1000  # names
Document = dict[str, Any]
Annex = tuple[str, str, int]  # the file, what it is, how many pages


def page(title: str, delivery: Delivery) -> Document:
    """What every document has."""
    return {
        "language": translation.get_language(),
        "title": title,
        "footer": f"{delivery.campaign.organisation} · {formats.date_format(delivery.day)}",
        "page_words": gettext("page {page} of {pages}"),
    }


def letter(delivery: Delivery, numbers: Numbers | Pack, annexes: Sequence[Annex]) -> Document:
    words, values = delivery.letters[translation.get_language()], cover.values(delivery, numbers)
    subject = cover.filled(words["subject"], values)
    return page(subject, delivery) | {
        "sender": [values["organisation"], *delivery.campaign.postal_address.splitlines()],
        "place_and_date": f"{delivery.place}, {values['day']}",
        "addressee": [values["addressee"]],
        "subject": subject,
        "blocks": blocks(cover.filled_in_markdown(words["body"], values)),
        "annexes_heading": gettext("Annexes"),
        "annexes": [{"name": name, "what": what, "pages": pages_in_words(pages)} for name, what, pages in annexes],
        "closing": gettext("Yours faithfully,"),
        "signature": [gettext("Name and signature"), values["organisation"]],
    }


def pages_in_words(pages: int) -> str:
    return ngettext("{n} page", "{n} pages", pages).format(n=cover.number(pages)) if pages else ""


def petition(delivery: Delivery, versions: set[tuple[str, int]]) -> Document:
    """Each version that somebody in the delivery can have read, Spanish first."""
    published = delivery.campaign.texts.published()
    # Words that have not changed since before versions were kept have none, and are their first.
    found = {(text.language, 1): first_version(text) for text in published}
    found |= {(row.language, row.version): row for row in TextVersion.objects.filter(campaign=delivery.campaign)}
    order = sorted(versions & found.keys(), key=lambda key: (key[0] != cover.MAIN, key))
    return page(gettext("The petition as it was signed"), delivery) | {
        "about": [],  # the text itself says what it is
        "texts": [text_of(found[key]) for key in order],
    }


def first_version(text: CampaignText) -> TextVersion:
    at = text.published_at or timezone.now()
    return TextVersion(language=text.language, version=1, words=text.words, sha256=text.digest, published_at=at)


def text_of(row: TextVersion) -> Document:
    words = CampaignText(language=row.language, **row.words)
    day = formats.date_format(timezone.localtime(row.published_at))
    return {
        "language": row.language,
        "heading": words.title,
        "about": [
            gettext("{language}, version {version}, published on {day}").format(
                language=language_name(row.language), version=row.version, day=day
            ),
            f"SHA-256: {row.sha256}",
        ],
        "blocks": [
            *blocks(words.summary),
            {"kind": "figures", "items": [[one.figure, one.label] for one in words.figure_list]},
            paragraph(words.key_figures_period),
            *(
                block
                for part in structure.sections(words.sections)
                for block in (heading(2, part.heading), *blocks(part.body))
            ),
            *blocks(words.places_text),
            heading(2, words.addressee),
            *blocks(words.demands_opening),
            {"kind": "list", "is_ordered": False, "items": [[paragraph(one)] for one in words.demand_list]},
            *blocks(words.demands_closing),
        ],
    }


def language_name(code: str) -> str:
    return str(translation.gettext(translation.get_language_info(code)["name"]))


def totals(delivery: Delivery, moment: Moment) -> Document:
    """The totals add up to those with a name; who is counted only is one number, of no country and no month."""
    countries_of = [[country_name(code), cover.number(n)] for code, n in moment.by_country]
    months = [[formats.date_format(month, "YEAR_MONTH_FORMAT"), cover.number(n)] for month, n in moment.by_month]
    return page(gettext("Totals, and how it was counted"), delivery) | {
        "blocks": [
            heading(1, gettext("Totals")),
            {
                "kind": "figures",
                "items": [
                    [cover.number(moment.signatures), gettext("signatures are handed over")],
                    [cover.number(moment.names), gettext("of them with name and country, in the list")],
                    [cover.number(moment.unnamed), gettext("of them as a number only, at the wish of their signers")],
                ],
            },
        ],
        "tables": [
            table(gettext("Signatures with a name, by country"), gettext("Country"), countries_of, moment),
            table(
                gettext("Signatures with a name, by the month in which they were confirmed"),
                gettext("Month"),
                months,
                moment,
            ),
        ],
        "after": [heading(1, gettext("How it was counted")), paragraph(how_it_was_counted(delivery, moment))],
    }


def table(caption: str, head: str, rows: list[list[str]], moment: Moment) -> Document:
    total = [gettext("With a name"), cover.number(moment.names)]
    return {"caption": caption, "heads": [head, gettext("Signatures")], "rows": rows, "total": total}


def how_it_was_counted(delivery: Delivery, moment: Moment) -> str:
    """One paragraph, of whole sentences."""
    said = [
        gettext(
            "A signature counts once its signer has confirmed it by a letter to their own email address; we do not"
            " check identity documents."
        ),
        gettext(
            "Duplicates are excluded: an address confirms each name once, and no more than two names, as of people who"
            " share it."
        ),
        gettext("Counted on {moment}: {counted}.").format(
            moment=in_words(delivery), counted=cover.number(delivery.counted or 0)
        ),
    ]
    if delivery.before:
        said.append(gettext("Of these, handed over before: {n}.").format(n=cover.number(delivery.before)))
    left = {what: cover.number(delivery.left_out.get(what, 0)) for what in ("pending", "held", "rejected")}
    said.append(
        gettext("Not counted: {pending} not confirmed, {held} held for review, {rejected} rejected in review.").format(
            **left
        )
    )
    if moment.taken_back:
        said.append(
            gettext(
                "Taken back, or found wrong in review, between that moment and the making of this list, and in none of"
                " its numbers: {n}."
            ).format(n=cover.number(moment.taken_back))
        )
    said.append(
        gettext(
            "Handed over: {signatures}, of which {names} with name and country and {unnamed} without a name, at the"
            " wish of their signers. The list is in random order."
        ).format(
            signatures=cover.number(moment.signatures),
            names=cover.number(moment.names),
            unnamed=cover.number(moment.unnamed),
        )
    )
    return " ".join(said)


def in_words(delivery: Delivery) -> str:
    return formats.date_format(timezone.localtime(delivery.frozen_at), "DATETIME_FORMAT")


def country_name(code: str) -> str:
    return str(countries.name(code)) or code


def volume(delivery: Delivery, rows: Sequence[tuple[int, str, str]], before: int) -> Document:
    """Part of the list: rows of number, name and ISO code, of which so many names come before."""
    lines = [(cover.number(number), name, country_name(country)) for number, name, country in rows]
    title = gettext("List of signatures, numbers {first} to {last}").format(first=lines[0][0], last=lines[-1][0])
    about = gettext(
        "In random order. Each line has a number, a name and a country. A number that is missing was taken back before"
        " the list was made, or its signer asked to be counted only."
    )
    made: list[Document] = []
    so_far = 0
    for columns in paging.pages(lines, title=title, about=about):
        here = sum(map(len, columns))
        is_marked = so_far == 0 or so_far // BOOKMARK_EVERY < (so_far + here) // BOOKMARK_EVERY
        mark = gettext("From number {n}").format(n=columns[0][0][0]) if is_marked else ""
        so_far += here
        total = ngettext("So far: {n} name", "So far: {n} names", before + so_far)
        made.append({"bookmark": mark, "columns": columns, "sum": total.format(n=cover.number(before + so_far))})
    return page(title, delivery) | {"about": about, "pages": made}

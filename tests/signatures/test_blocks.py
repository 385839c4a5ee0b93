"""Markdown as staff write it becomes the blocks of a typeset document."""

from signatures.deliveries.blocks import blocks, heading, paragraph, span


def test_paragraphs_keep_emphasis_links_and_ends_of_lines() -> None:
    text = "Una *voz* y **otra *más***\ncon [un **sitio**](https://example.org/a).\n\n<b>no</b> \\* &amp; <https://example.org>"

    assert blocks(text) == [
        {
            "kind": "paragraph",
            "spans": [
                span("Una "),
                span("voz", is_emphasised=True),
                span(" y "),
                span("otra ", is_strong=True),
                span("más", is_strong=True, is_emphasised=True),
                span("\ncon "),
                span("un ", href="https://example.org/a"),
                span("sitio", is_strong=True, href="https://example.org/a"),
                span("."),
            ],
        },
        {
            "kind": "paragraph",
            "spans": [span("<b>no</b> * & "), span("https://example.org", href="https://example.org")],
        },
    ]


def test_lists_and_quotes_hold_blocks() -> None:
    assert blocks("3. uno\n   - dentro\n4. dos\n\n> dicho") == [
        {
            "kind": "list",
            "is_ordered": True,
            "start": 3,
            "items": [
                [paragraph("uno"), {"kind": "list", "is_ordered": False, "items": [[paragraph("dentro")]]}],
                [paragraph("dos")],
            ],
        },
        {"kind": "quote", "blocks": [paragraph("dicho")]},
    ]


def test_a_link_of_no_scheme_of_ours_stays_as_it_was_typed() -> None:
    assert blocks("[a](javascript:b)") == [paragraph("[a](javascript:b)")]


def test_nothing_is_no_block() -> None:
    assert blocks("  \n") == []


def test_headings_and_plain_words_are_made_by_name() -> None:
    assert heading(2, "Qué") == {"kind": "heading", "level": 2, "spans": [span("Qué")]}
    assert paragraph("2 * 3 * 4")["spans"][0]["text"] == "2 * 3 * 4"

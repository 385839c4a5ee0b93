"""Running text as staff write it, in Markdown, as the blocks that a typeset document is made of.

A block is what `typesetting.py` says; the parser is that of the pages (`campaigns/markdown.py`), so that paper and page
agree on what is a list and what an asterisk.
"""

from typing import Any

from markdown_it.tree import SyntaxTreeNode

from campaigns.markdown import parser

Block = dict[str, Any]
Span = dict[str, Any]


def blocks(text: str) -> list[Block]:
    return _blocks(SyntaxTreeNode(parser.parse(text)))


def heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "spans": [span(text)]}


def paragraph(text: str) -> Block:
    """Of plain words, in which an asterisk is an asterisk."""
    return {"kind": "paragraph", "spans": [span(text)]}


def span(text: str, *, is_strong: bool = False, is_emphasised: bool = False, href: str = "") -> Span:
    return {"text": text, "is_strong": is_strong, "is_emphasised": is_emphasised, "href": href}


def _blocks(parent: SyntaxTreeNode) -> list[Block]:
    return [_block(node) for node in parent.children]


def _block(node: SyntaxTreeNode) -> Block:
    match node.type:
        case "paragraph":
            return {"kind": "paragraph", "spans": _spans(node.children[0])}
        case "bullet_list" | "ordered_list":
            block: Block = {
                "kind": "list",
                "is_ordered": node.type == "ordered_list",
                "items": [_blocks(item) for item in node.children],
            }
            return block | ({"start": int(node.attrs.get("start", 1))} if block["is_ordered"] else {})
        case "blockquote":
            return {"kind": "quote", "blocks": _blocks(node)}
    raise ValueError(node.type)  # the parser knows no more


def _spans(parent: SyntaxTreeNode, **style: Any) -> list[Span]:
    spans: list[Span] = []
    for node in parent.children:
        match node.type:
            case "text":
                new = [span(node.content, **style)] if node.content else []
            case "softbreak" | "hardbreak":
                new = [span("\n", **style)]
            case "strong":
                new = _spans(node, **{**style, "is_strong": True})
            case "em":
                new = _spans(node, **{**style, "is_emphasised": True})
            case "link":
                new = _spans(node, **{**style, "href": str(node.attrs["href"])})
            case other:
                raise ValueError(other)
        for one in new:
            if spans and {**spans[-1], "text": ""} == {**one, "text": ""}:
                spans[-1]["text"] += one["text"]
            else:
                spans.append(one)
    return spans

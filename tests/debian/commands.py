"""The commands of docs/deploy.md for a Debian without containers, as they stand there."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "deploy.md"
PART = "# On Debian, without containers"


def chapters() -> dict[str, list[str]]:
    """The blocks of shell under each heading of the part, in order."""
    text = DOCUMENT.read_text(encoding="utf-8")
    part = text[text.index(f"\n{PART}\n") :]
    headed = re.split(r"^## (.*)$", part, flags=re.MULTILINE)
    assert "```" not in headed[0]
    return {
        heading: re.findall(r"^```sh\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
        for heading, body in zip(headed[1::2], headed[2::2], strict=True)
    }


def with_own(block: str, own: dict[str, str]) -> str:
    """Somebody's own values in the places that the page has for them."""
    for placeholder, value in own.items():
        block = block.replace(placeholder, value)
    return block

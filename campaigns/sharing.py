"""Links by which people share a campaign: plain addresses that carry their channel and nothing about anybody."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

# What `?via=` may say; anything else is not counted.
CHANNELS = ("whatsapp", "telegram", "facebook", "x", "email", "copy", "system")


@dataclass(frozen=True, slots=True)
class Share:
    channel: str
    label: str
    href: str


def via(page: str, channel: str) -> str:
    """The page's address, marked with the channel."""
    return f"{page}?{urlencode({'via': channel})}"


def shares(page: str, text: str) -> list[Share]:
    """The links of each channel that has one, WhatsApp first."""

    def query(**parts: str) -> str:
        return urlencode(parts, quote_via=quote)

    whatsapp, telegram, facebook, x, email = (via(page, channel) for channel in CHANNELS[:5])
    return [
        Share("whatsapp", "WhatsApp", f"https://wa.me/?{query(text=f'{text} {whatsapp}')}"),
        Share("telegram", "Telegram", f"https://t.me/share/url?{query(url=telegram, text=text)}"),
        Share("facebook", "Facebook", f"https://www.facebook.com/sharer/sharer.php?{query(u=facebook)}"),
        Share("x", "X", f"https://x.com/intent/post?{query(text=text, url=x)}"),
        Share("email", "Email", f"mailto:?{query(body=f'{text} {email}')}"),
    ]

"""HTTP in and out. GET and HEAD never change anything, whatever the address: mail scanners and browsers open links.

The public forms carry no CSRF token, so that caches can keep the page: `petition_site.middleware` refuses posts from
other sites by Sec-Fetch-Site and Origin instead.
"""

from signatures.views.confirming import confirm, new_address, not_me, thanks, unsubscribe
from signatures.views.own import ask, asked, change, data, erase, move, news, own, second_look, withdraw
from signatures.views.reporting import mail_reports
from signatures.views.signing import challenge, check_email, preview, resend, sign

__all__ = [
    "ask",
    "asked",
    "challenge",
    "change",
    "check_email",
    "confirm",
    "data",
    "erase",
    "mail_reports",
    "move",
    "new_address",
    "news",
    "not_me",
    "own",
    "preview",
    "resend",
    "second_look",
    "sign",
    "thanks",
    "unsubscribe",
    "withdraw",
]

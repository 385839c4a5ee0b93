"""Django's way to send mail, by a provider's own interface: `EMAIL_URL=anymail://…`. django-anymail speaks it; here is
said what an answer means, so that the outbox keeps its promises as it does with SMTP.
"""

from collections.abc import Sequence
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

from signatures.refusals import Meaning, Refusal, Refused

# Where no connection came about, and so no letter can have gone.
NOT_REACHED = (ConnectTimeoutError, NewConnectionError, ProxyError, SSLError)
# What may lie at this one letter. Nothing is for good because of them: providers say no more clearly whose fault it is.
ABOUT_A_LETTER = {400, 413, 422}
POSTMARK_INVALID_LETTER = 300  # its other codes say that the account or the sender is not as it should be


class Backend(BaseEmailBackend):
    """Raises Refused where the provider has answered, or cannot be reached; anything else leaves open what became of a
    letter."""

    def __init__(self, timeout: float | None = None, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        options = {} if timeout is None else {"timeout": timeout}
        self.provider = import_string(f"anymail.backends.{settings.MAIL_PROVIDER}.EmailBackend")(**options)

    def open(self) -> bool:
        """Makes ready what keeps a connection; the first letter makes it."""
        return bool(self.provider.open())

    def close(self) -> None:
        self.provider.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            self.send(message)
        return len(email_messages)

    def send(self, message: EmailMessage) -> None:
        try:
            self.provider.send_messages([message])
        except AnymailRecipientsRefused as error:
            raise Refused(Refusal(Meaning.NOBODY_THERE, "API refused")) from error
        except AnymailAPIError as error:
            if error.response is not None:
                raise refused(error.response) from error
            if isinstance(reason_of(error.__cause__), NOT_REACHED):
                raise Refused(Refusal(Meaning.NOT_US, type(error.__cause__).__name__)) from error
            raise error.__cause__ or error from None  # the outbox tells of it by its kind
        # Of some errors that one recipient of several may have caused, anymail only takes note.
        status: Any = message.anymail_status  # type: ignore[attr-defined]  # anymail puts it there
        if "failed" in status.status or status.esp_response.status_code >= 400:
            raise refused(status.esp_response)


def reason_of(error: BaseException | None) -> object:
    """Why urllib3 gave up, where it did so before it had sent anything."""
    return getattr(error.args[0], "reason", None) if error and error.args else None


def refused(response: Any) -> Refused:
    """Of an answer only its number is kept: its words often repeat the address."""
    code: int = response.status_code
    is_about_letter = code in ABOUT_A_LETTER and postmark_code(response) == POSTMARK_INVALID_LETTER
    return Refused(Refusal(Meaning.NOT_NOW if is_about_letter else Meaning.NOT_US, f"API {code}"))


def postmark_code(response: Any) -> object:
    """What Postmark says besides 422; of other providers, as if it were about the letter."""
    try:
        said = response.json()
    except ValueError:
        said = None
    code = said.get("ErrorCode") if isinstance(said, dict) else None
    return code if isinstance(code, int) else POSTMARK_INVALID_LETTER

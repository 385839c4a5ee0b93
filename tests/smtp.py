"""A real mail server for a test, in a thread of its own, that answers as the test needs it to."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from django.test import override_settings

# pytest-django puts letters into a list otherwise.
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@dataclass
class Server:
    """Answers by recipient, where the test sets one, else takes the letter."""

    at_recipient: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    at_data_command: dict[str, str] = field(default_factory=dict)  # instead of 354
    at_greeting: str = ""
    at_hello: str = ""
    at_second_hello: str = ""
    at_sender: str = ""
    at_login: str = ""
    seconds_at_data: float = 0  # before it answers
    hangs_up_at: set[str] = field(default_factory=set)
    judge: Callable[[str], str] = lambda address: ""  # what to answer at any recipient; empty: to take the letter
    breaks_off: int = 0  # so many messages still in the middle of them
    loses_replies: int = 0  # so many still after it has taken the message
    arrived: list[EmailMessage] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)  # the same, as they were on the wire
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: int = 0  # that got as far as saying hello
    port: int = 0
    away: Callable[[], AbstractContextManager[None]] = nullcontext

    async def handle_EHLO(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        answer = self.at_second_hello if self.connections == 2 else self.at_hello
        return [answer] if answer else responses

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:  # noqa: N802
        session.host_name = hostname
        return self.at_hello or self.at_second_hello or f"250 {server.hostname}"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.at_sender or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.hangs_up_at:
            server.transport.close()
        if answer := self.at_recipient.get(address) or self.judge(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.seconds_at_data)
        if answer := self.at_data.get(envelope.rcpt_tos[0]):
            return answer
        content = bytes(envelope.content or b"")
        self.arrived.append(BytesParser(policy=default).parsebytes(content))
        self.contents.append(content)
        self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
        if self.loses_replies:
            self.loses_replies -= 1
            server.transport.abort()
        return "250 OK"


class Answering(SMTP):
    """Refuses as well where aiosmtpd asks no handler: at its greeting and at the DATA command."""

    event_handler: Server

    async def push(self, status: str | bytes) -> None:
        is_greeting = isinstance(status, str) and status.startswith("220 ") and not self.session.host_name  # type: ignore[union-attr]
        if is_greeting and self.event_handler.at_greeting:
            await super().push(self.event_handler.at_greeting)
            self.transport.close()
        else:
            await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if answer := self.event_handler.at_data_command.get("".join(recipients)):
            await self.push(answer)
        elif self.event_handler.breaks_off:
            self.event_handler.breaks_off -= 1
            await self.push("354 Go on")
            await asyncio.sleep(0.01)  # by now the message comes
            self.transport.abort()
        else:
            await super().smtp_DATA(arg)


class FreePort(Controller):
    """On a port that the system chooses."""

    def factory(self) -> SMTP:
        return Answering(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens meanwhile; who is connected stays so."""
        self.loop.call_soon_threadsafe(self.server.close)  # type: ignore[union-attr]
        yield
        self.server = asyncio.run_coroutine_threadsafe(self._create_server(), self.loop).result(10)


@contextmanager
def mail_server() -> Iterator[Server]:
    server = Server()
    controller = FreePort(
        server,
        hostname="127.0.0.1",
        port=0,
        authenticator=lambda *_: AuthResult(
            success=not server.at_login, handled=False, message=server.at_login or None
        ),
        auth_require_tls=False,
    )
    controller.start()
    server.port, server.away = controller.port, controller.away
    try:
        with override_settings(EMAIL_BACKEND=SMTP_BACKEND, EMAIL_HOST="127.0.0.1", EMAIL_PORT=controller.port):
            yield server
    finally:
        controller.stop()

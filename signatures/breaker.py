"""A breaker: what has failed is not asked again for a while, so that few visitors wait for it."""

from collections.abc import Callable
from logging import Logger
from time import monotonic
from typing import TypeVar

from signatures.instruments import BREAKER_OPENED

Answer = TypeVar("Answer")


class Breaker:
    """One for each process and each thing that may be away. Threads share it; a race costs one question more."""

    PAUSE = 5  # seconds without a question after one has failed
    LOG_EVERY = 60  # seconds

    def __init__(self, logger: Logger, message: str) -> None:
        self.logger, self.message = logger, message
        self.opened = BREAKER_OPENED.labels(logger.name.rpartition(".")[2])
        self.reset()

    def reset(self) -> None:
        """As if nothing had failed yet."""
        self.paused_until = self.quiet_until = 0.0

    def ask(self, question: Callable[[], Answer]) -> Answer | None:
        """What `question` answers; None when it fails, whatever the failure, and while it is not asked."""
        if monotonic() < self.paused_until:
            return None
        try:
            return question()
        except Exception as error:
            self._pause(error)
            return None

    def _pause(self, error: Exception) -> None:
        now = monotonic()
        self.paused_until = now + self.PAUSE
        self.opened.inc()
        if now >= self.quiet_until:
            self.quiet_until = now + self.LOG_EVERY
            # Its kind only: the text of an error can hold a password or what somebody typed.
            self.logger.warning("%s: %s", self.message, type(error).__name__)

"""Reading settings from the environment: a missing or wrong one stops the start with its name and what to do."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from signatures import providers
from signatures.signals import BadTable, Table, read_table

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}
PERIODS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


class Rate(NamedTuple):
    """So many times in so many seconds."""

    times: int
    seconds: int


class WithFiles(Mapping[str, str]):
    """The environment, where NAME_FILE may say in which file the value of NAME stands: so containers get secrets.

    Nothing of a file gets into the environment itself, which child processes inherit and `docker inspect` shows.
    """

    def __getitem__(self, name: str) -> str:
        path = os.environ.get(f"{name}_FILE", "").strip()
        if not path:
            return os.environ[name]
        if os.environ.get(name, "").strip():
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: take one of them out.")
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read ({why}): put the value of {name} there, readable for"
                " the user that the site runs as."
            ) from None
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which is empty: put the value of {name} there.")
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


class Environment(environ.Env):
    """django-environ, whose errors name the setting, and whose booleans refuse what is neither yes nor no."""

    ENVIRON = WithFiles()

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        if cast is bool and var in self.ENVIRON and self.ENVIRON[var].lower() not in TRUE | FALSE:
            raise ImproperlyConfigured(f"{var} must be true or false.")
        if default is self.NOTSET and not self.ENVIRON.get(var, "").strip():
            raise ImproperlyConfigured(f"{var} is not set. Set it in the environment; .env.example says what it is.")
        try:
            return super().get_value(var, cast, default, parse_default)
        except ValueError as error:
            # The value stays out of the message: it may be a secret.
            raise ImproperlyConfigured(f"{var} cannot be read as {getattr(cast, '__name__', 'its kind')}.") from error

    def secret(self, var: str, *, is_needed: bool = True) -> str:
        """A key of 50 characters or more; `secrets.token_urlsafe(48)` makes one of 64. Empty where it is not needed."""
        value: str = self.str(var) if is_needed else self.str(var, default="").strip()
        if len(value) < 50 and (value or is_needed):
            raise ImproperlyConfigured(f"{var} is too short: it needs 50 random characters or more (see .env.example).")
        return value

    def address(self, var: str, schemes: tuple[str, ...], *, is_needed: bool = True) -> str:
        """An address that names a host under one of the schemes. Empty where it is not needed."""
        value: str = self.str(var) if is_needed else self.str(var, default="").strip()
        if not value and not is_needed:
            return value
        try:
            parts = urlsplit(value)
            is_good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # of a port that is no number, for one
            is_good = False
        if not is_good:
            raise ImproperlyConfigured(
                f"{var} must be an address like {schemes[0]}://… with a host (see .env.example)."
            )
        return value

    def number(self, var: str, default: int, at_least: int = 0) -> int:
        """A whole number, so much or more; the default where nothing is set."""
        value: str = self.str(var, default="").strip() or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < at_least:
            raise ImproperlyConfigured(f"{var} must be a whole number, {at_least} or more (see .env.example).")
        return int(value)

    def share(self, var: str, default: float) -> float:
        """From 0 to 1."""
        value: str = self.str(var, default=str(default)).strip()
        if not re.fullmatch(r"0(\.[0-9]+)?|1(\.0+)?", value):
            raise ImproperlyConfigured(f"{var} must be a number from 0 to 1, like 0.5 (see .env.example).")
        return float(value)

    def one_of(self, var: str, values: tuple[str, ...]) -> str:
        """Of these, the first where nothing is set."""
        value: str = self.str(var, default="").strip() or values[0]
        if value not in values:
            raise ImproperlyConfigured(f"{var} must be {' or '.join(values)} (see .env.example).")
        return value

    def log_format(self, var: str) -> str:
        """`json`, or `plain` for people: these with DEBUG and in a demonstration, where nothing is set."""
        is_for_people = self.bool("DEBUG", default=False) or self.bool("DEMO", default=False)
        return self.one_of(var, ("plain", "json") if is_for_people else ("json", "plain"))

    def beside(self, var: str, other: str) -> str:
        """Set together with the other one, or not at all: empty."""
        value: str = self.str(var, default="").strip()
        if not value and self.str(other, default="").strip():
            raise ImproperlyConfigured(f"{var} is not set, but {other} is: set both or neither (see .env.example).")
        return value

    def rate(self, var: str, default: str) -> Rate:
        """How often in how long: `30/h`, or `10/5m` for ten in five minutes."""
        value: str = self.str(var, default=default).strip()
        parts = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})?([smhd])", value)
        if not parts:
            raise ImproperlyConfigured(f"{var} must be a rate like 30/h or 10/5m (see .env.example).")
        return Rate(times=int(parts[1]), seconds=int(parts[2] or 1) * PERIODS[parts[3]])

    def signal_table(self, var: str, default: str) -> Table:
        """What signals lead to what: `crowd=challenge crowd+one_domain=hold`."""
        try:
            return read_table(self.str(var, default=default))
        except BadTable as error:
            raise ImproperlyConfigured(f"{var}: {error} (see .env.example).") from error

    def sender(self, var: str) -> str:
        """An email address, with or without a name before it."""
        value: str = self.str(var)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
            raise ImproperlyConfigured(f"{var} must be an email address like petition@example.org.")
        return value

    def addressees(self, var: str) -> list[str]:
        """Email addresses with commas between them; none where nothing is set."""
        given = [part.strip() for part in self.str(var, default="").split(",") if part.strip()]
        if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", one) for one in given):
            raise ImproperlyConfigured(f"{var} must be email addresses like staff@example.org, with commas between.")
        return given

    def public_keys(self, var: str) -> list[str]:
        """Public keys of age (age-encryption.org) with commas between them; none where nothing is set."""
        given = [part.strip() for part in self.str(var, default="").split(",") if part.strip()]
        if not all(re.fullmatch(r"age1[a-z0-9]{58}", one) for one in given):
            raise ImproperlyConfigured(f"{var} must be public keys of age, like age1…, with commas between.")
        return given

    def database(self, var: str) -> dict[str, Any]:
        """PostgreSQL's settings for Django out of `postgresql://user:password@host:port/name`."""
        self.address(var, ("postgresql", "postgres"))
        return dict(self.db_url(var))

    def mail_server(self, var: str) -> dict[str, Any]:
        """Django's EMAIL_… settings out of `smtp+tls://user:password@host:port`; out of `anymail://…` those that have
        letters go by a provider's own interface."""
        if self.str(var).strip().startswith("anymail://"):
            name, told = self.provider(var, providers.read_sending)
            return {"EMAIL_BACKEND": "signatures.interfaces.Backend", "MAIL_PROVIDER": name, "ANYMAIL": told}
        self.address(var, ("smtp", "smtp+tls", "smtp+ssl"))
        # django-environ also answers settings of other backends; Django reads those that begin so.
        found = {name: value for name, value in self.email_url(var).items() if name.startswith("EMAIL_")}
        return {**found, "MAIL_PROVIDER": "", "ANYMAIL": {}}

    def mail_webhook(self, var: str) -> tuple[str, dict[str, str]]:
        """The provider that tells us what became of letters, and anymail's settings for it. Empty where none does."""
        return self.provider(var, providers.read_reporting) if self.str(var, default="").strip() else ("", {})

    def provider(self, var: str, read: Callable[[str], tuple[str, dict[str, str]]]) -> tuple[str, dict[str, str]]:
        if not find_spec("anymail"):
            raise ImproperlyConfigured(
                f"{var} names a mail provider, but django-anymail is not installed: install the site's extra"
                " “providers”."
            )
        try:
            return read(self.str(var))
        except providers.BadProvider as error:
            raise ImproperlyConfigured(f"{var}: {error} (see .env.example).") from error

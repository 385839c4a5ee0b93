"""What can be told from the settings and from this machine: secrets, the proxy before us, room on the disk, backups."""

import os
import shutil
import tempfile
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import WARNING, run_checks

from petition_site.backups import making
from petition_site.checks import is_on_this_machine
from petition_site.doctor.findings import Findings, lasting, look, ok, wrong

VARIETY = 10  # different characters: 50 random ones have more, hexadecimal digits too
TYPED = ("secret", "password", "change", "example", "insecure", "your-", "12345", "qwert")
ADVICE = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))" makes one.'
GIGABYTE = 1_000_000_000
BACKUP_LATE = 26 * 3600  # seconds: once a day, and some hours for making it


def keys() -> Findings:
    """Settings themselves see to their length."""
    named = {name: str(getattr(settings, name)) for name in ("SECRET_KEY", "ADDRESS_KEY", "METRICS_TOKEN")}
    given = {name: value for name, value in named.items() if value}
    poor = [name for name, value in given.items() if is_typed(value)]
    for name in poor:
        if name == "ADDRESS_KEY":
            do = "Where nobody has signed yet, make another; else it has to stay: docs/privacy.md."
        else:
            do = ADVICE
        yield wrong(f"{name} looks as if somebody had typed it.", do)
    for one, other in combinations(given, 2):
        if given[one] == given[other]:
            yield wrong(f"{one} and {other} are the same.", f"Each needs its own. {ADVICE}")
    passwords = {
        "DATABASE_URL": settings.DATABASES["default"].get("PASSWORD") or "",
        "EMAIL_URL": getattr(settings, "EMAIL_HOST_PASSWORD", None) or "",
        "REDIS_URL": urlsplit(settings.REDIS_URL).password or "",
    }
    for name, password in passwords.items():
        if password in ("password", "petition", "postgres", "changeme", "secret"):
            yield wrong(f"The password in {name} is the one of an example.", "Choose another.")
    if not poor:
        yield ok("The keys are long, and look as if chance had made them.")


def is_typed(value: str) -> bool:
    return len(set(value)) < VARIETY or any(word in value.lower() for word in TYPED)


def system_checks() -> Findings:
    """Django's and ours, those for deployment included. What they say names settings and no value."""
    messages = [one for one in run_checks(include_deployment_checks=True) if not one.is_silenced()]
    for one in messages:
        finding = wrong if one.is_serious() else look
        if one.level >= WARNING:
            yield finding(f"{one.msg} ({one.id})", one.hint or "")
    if not messages:
        yield ok("The system checks find nothing.")


def proxy() -> Findings:
    count = settings.TRUSTED_PROXY_COUNT
    if not count:
        says = "TRUSTED_PROXY_COUNT is 0: whoever connects to us is taken for the visitor."
        do = "Set TRUSTED_PROXY_COUNT to how many proxies each add an address to X-Forwarded-For."
        if settings.IS_HTTPS and not is_on_this_machine():
            yield wrong(f"{says} But TLS ends at a proxy, so all visitors would share its limits.", do)
        else:
            yield ok(f"{says} Behind a proxy all would share its limits.")
        return
    place = {1: "last", 2: "last but one", 3: "last but two"}.get(count, f"{count}th from the end")
    says = f"TRUSTED_PROXY_COUNT is {count}: the visitor is the {place} address in X-Forwarded-For"
    yield ok(f"{says}, and a good X-Request-ID is the proxy's. Whoever reaches us past the proxy can make up both.")


def disk() -> Findings:
    """Where we write: a full disk stops backups, and PostgreSQL where it is on the same."""
    seen: set[int] = set()
    for path in filter(None, (str(settings.BASE_DIR), tempfile.gettempdir(), settings.BACKUP_DIR)):
        if not Path(path).is_dir() or (device := Path(path).stat().st_dev) in seen:
            continue
        seen.add(device)
        room = shutil.disk_usage(path)
        says = f"{path} has {room.free / GIGABYTE:,.1f} GB free, {room.free / room.total:.0%} of its disk."
        if room.free < GIGABYTE / 20 or room.free < room.total / 100:
            yield wrong(says, "Make room now.")
        elif room.free < 10 * GIGABYTE and room.free < room.total / 10:
            yield look(says, "Make room soon.")
        else:
            yield ok(says)


def backups() -> Findings:
    if not settings.BACKUP_DIR:
        yield look("BACKUP_DIR is not set: nobody makes backups by this machine.", "docs/backup.md says how.")
        return
    if not os.access(settings.BACKUP_DIR, os.W_OK | os.X_OK):
        yield wrong("We cannot write into BACKUP_DIR.", "Make the folder, or give it to the user we run as.")
        return
    age = making.age_of_newest()
    if age is None:
        yield wrong("There is no backup in BACKUP_DIR.", 'Run "manage.py backup" each night (docs/backup.md).')
    elif age.total_seconds() > BACKUP_LATE:
        yield wrong(f"The newest backup is {lasting(age.total_seconds())} old.", 'Run "manage.py backup" each night.')
    else:
        yield ok(f"The newest backup is {lasting(age.total_seconds())} old.")


def staff() -> Findings:
    if settings.ALARMS_TO:
        yield ok("Staff are written to when something cannot wait.")
    else:
        yield look("Nobody is written to when something cannot wait.", "Set ALARMS_TO.")

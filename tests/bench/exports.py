"""Exports over HTTP beside PostgreSQL's own COPY of the same list to a file of the server's."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.bench.measuring import Figure, in_turn
from tests.bench.site import ROOT, BenchSite
from tests.bench.sizes import LARGE, holding

PAGE = "/admin/signatures/signature/export/"
BLOCK = 1024 * 1024  # bytes
LISTS = [("addressee", "comma"), ("addressee", "machine"), ("internal", "machine")]
TOKEN = "b" * 32  # as good as any other against forged posts, where the cookie says the same
REACH = 0.75  # of COPY's rate

# Run where the site's settings are: somebody who may export, a second person's yes apart, and what the lists are made
# of. The last act of a login, the code of an app, is in the session that it leaves.
PREPARE = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice
from signatures.exports import FORMS, PRESETS
from signatures.models import Signature
from django.db.models import Count

user, _ = User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.get_or_create(user=user)[0].persistent_id
session.save()
campaign = Signature.objects.values_list("campaign").annotate(n=Count("pk")).order_by("-n")[0][0]
print(json.dumps({
    "campaign": campaign,
    "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
    "csrf": settings.CSRF_COOKIE_NAME,
    "queries": {
        f"{preset} {form}": PRESETS[preset].query(FORMS[form]).replace("%s", str(campaign))
        for preset in PRESETS for form in FORMS
    },
}))
"""


def figures(site: BenchSite) -> Iterator[Figure]:
    """The same query by both: what a form costs PostgreSQL, the yardstick pays too. That of a spreadsheet is reported
    beside the bare columns as well."""
    large = holding(site, "large", LARGE)
    large.serve("ours", "petition_site.wsgi", large.port)
    staff = staff_of(large)
    with psycopg.connect(large.database, autocommit=True) as server:
        server.execute("VACUUM ANALYZE signatures_signature")
        for preset, form in LISTS:
            copy = partial(copied, server, staff.known["queries"][f"{preset} {form}"])
            rounds = in_turn(partial(staff.exported, server, preset, form), copy)
            yield Figure(
                f"export of {preset}, {form}: rows", "COPY of it to a file", REACH, rounds, remark=staff.remark
            )
        bare = partial(copied, server, staff.known["queries"]["addressee machine"])
        rounds = in_turn(partial(staff.exported, server, "addressee", "comma"), bare)
        yield Figure("export of addressee, comma: rows", "COPY to a file, formulas left alone", None, rounds)
    site.stop_serving("ours")


def staff_of(site: BenchSite) -> "Staff":
    done = subprocess.run(
        [sys.executable, "-m", "django", "shell", "--verbosity", "0", "--command", PREPARE],
        cwd=ROOT,
        env=site.env | {"DJANGO_SETTINGS_MODULE": "petition_site.settings"},
        capture_output=True,
        check=True,
    )
    return Staff(site, json.loads(done.stdout))


def copied(server: psycopg.Connection[Any], query: str) -> float:
    """Rows a second into a file that PostgreSQL may write, whoever it runs as; the file is gone afterwards."""
    (directory,) = server.execute("SHOW data_directory").fetchone() or ("",)
    begun = time.perf_counter()
    rows = server.execute(f"COPY ({query}) TO '{directory}/bench-copy' WITH (FORMAT csv, HEADER)").rowcount
    seconds = time.perf_counter() - begun
    server.execute(f"COPY (SELECT 1) TO '{directory}/bench-copy'")  # as good as gone: nobody else may be able to
    return rows / seconds


@dataclass
class Staff:
    """Somebody logged in, who takes lists as a browser does."""

    site: BenchSite
    known: dict[str, Any]
    remark: str = ""

    def exported(self, server: psycopg.Connection[Any], preset: str, form: str) -> float:
        """Rows a second, from the request to the last byte. What arrived is what the record says."""
        begun = time.perf_counter()
        blocks = self.take(preset, form)
        seconds = time.perf_counter() - begun
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
        last = "SELECT rows, sha256, finished_at IS NOT NULL FROM signatures_exportrecord ORDER BY id DESC LIMIT 1"
        rows, sha256, is_whole = server.execute(last).fetchone() or (0, "", False)
        if not is_whole or sha256 != digest.hexdigest():
            raise AssertionError(f"{preset}, {form}: the record is not of what arrived")
        self.remark = f"{rows:,} rows, {sum(map(len, blocks)):,} bytes; as the record says"
        return rows / seconds

    def take(self, preset: str, form: str) -> list[bytes]:
        http = HTTPConnection("localhost", self.site.port, timeout=300)
        try:
            asked = {
                "campaign": self.known["campaign"],
                "preset": preset,
                "form": form,
                "purpose": "a measurement",
                "csrfmiddlewaretoken": TOKEN,
            }
            headers = {
                "Cookie": f"{self.known['cookie']}; {self.known['csrf']}={TOKEN}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            http.request("POST", PAGE, urlencode(asked), headers)
            response = http.getresponse()
            if response.status != 200 or "attachment" not in response.headers.get("Content-Disposition", ""):
                raise AssertionError(f"no list but status {response.status}; has EXPORT_APPROVAL been set to false?")
            blocks = []
            while block := response.read(BLOCK):
                blocks.append(block)
            return blocks
        finally:
            http.close()

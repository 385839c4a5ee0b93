"""A million rows over HTTP: little memory, each once; LibreOffice runs nothing. Their rate: tests/bench/exports.py."""

import csv
import hashlib
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from petition_site.local.processes import until
from petition_site.local.servers import free_port
from signatures import exports
from signatures.models import ExportRecord
from tests.helpers import env_beside, log_in, make_campaign, make_many, make_rows

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent.parent
URL = "/admin/signatures/signature/export/"
PEOPLE = 1_112_000  # of whom each tenth is counted only
ROWS = 1_000_800
GROWTH = 15 * 1024  # kB
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1;1)",
    "\t=1+1",
    "\n=1+1",
    '=HYPERLINK("http://localhost/")',
    "'=1+1",
    "＝1+1",
]


@contextmanager
def gunicorn() -> Iterator[tuple[int, int]]:
    """A real web server with production's settings and one worker: its port, and the worker's process."""
    port = free_port()
    arguments = ["--config", "python:petition_site.gunicorn_conf", "petition_site.wsgi", "--no-control-socket"]
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4"]
    env = env_beside(DEMO="false", EXPORT_APPROVAL="false", SITE_URL=f"http://localhost:{port}")
    with subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments, *bind], cwd=ROOT, env=env) as process:
        try:
            assert until(lambda: answers(port), 60)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield port, int(children[0])
        finally:
            process.terminate()


def answers(port: int) -> bool:
    client = HTTPConnection("localhost", port, timeout=5)
    try:
        client.request("GET", "/readyz")
        return client.getresponse().status == 200
    except OSError:
        return False
    finally:
        client.close()


def memory(pid: int) -> int:
    """What a process holds, in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def download(port: int, client: Client, to: Path, pid: int, **data: object) -> tuple[str, int]:
    """Posts the form as a browser does; the kind of file, and the most memory that the worker held meanwhile."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    token = client.cookies["csrf"].value
    body = "&".join(f"{name}={value}" for name, value in (data | {"csrfmiddlewaretoken": token}).items())
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    http = HTTPConnection("localhost", port, timeout=120)
    http.request("POST", URL, body, headers)
    response = http.getresponse()
    assert response.status == 200
    most = memory(pid)
    with to.open("wb") as file:
        while chunk := response.read(1024 * 1024):
            file.write(chunk)
            most = max(most, memory(pid))
    http.close()
    return str(response.headers["Content-Type"]), most


@pytest.mark.long
@pytest.mark.parametrize("form", ["machine", "comma"])
def test_a_million_rows_leave_in_little_memory_and_each_is_there_once(tmp_path: Path, form: str) -> None:
    campaign = make_campaign()
    make_many(campaign, PEOPLE)
    small = make_campaign("small")
    make_rows(small, 10)
    client = Client(headers={"Accept-Language": "en"})
    log_in(client, User.objects.create_superuser("exporter"))
    client.get(URL)
    asked = {"preset": "addressee", "form": form, "purpose": "test"}
    file = tmp_path / "list"

    with gunicorn() as (port, pid):
        # Once before, so that what is loaded at the first export is not counted.
        download(port, client, file, pid, campaign=small.pk, **asked)
        before = memory(pid)
        kind, most = download(port, client, file, pid, campaign=campaign.pk, **asked)

    print(f"{form}: {before} kB before, {most} kB at most, {file.stat().st_size:,} bytes of {kind}")
    assert most - before < GROWTH
    if form == "comma":
        assert kind == "application/zip"
        shutil.unpack_archive(file, tmp_path / "parts", "zip")
        files = sorted((tmp_path / "parts").iterdir())
        assert len(files) == 2
    else:
        files = [file]
    rows = []
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            heading, *part = csv.reader(lines)
        assert heading == ["number", "name", "country"]
        assert len(part) <= 1_000_000 or form == "machine"
        rows += part
    assert [int(row[0]) for row in rows] == list(range(1, ROWS + 1))
    assert {row[1] for row in rows} == {f"Person {n} Ñahui" for n in range(1, PEOPLE + 1) if n % 10}
    record = ExportRecord.objects.get(campaign=campaign)
    with file.open("rb") as data:
        assert record.sha256 == hashlib.file_digest(data, "sha256").hexdigest()
    assert (record.rows, record.unnamed, str(record.outcome)) == (ROWS, PEOPLE - ROWS, "finished")


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed (Debian: libreoffice-calc)")
@pytest.mark.parametrize("form", ["comma", "semicolon"])
def test_libreoffice_opens_a_list_and_runs_none_of_it(tmp_path: Path, form: str) -> None:
    campaign = make_campaign()
    names = [*FORMULAS, "José Ñahui", "عائشة", "👩🏽‍🌾 Rosa", 'O"Higgins, Ana; María']
    for number, name in enumerate(names):
        make_rows(campaign, 1, name=name, fingerprint=number.to_bytes(32, "big"))
    chunks = exports.export(campaign=campaign, preset="addressee", form=form, purpose="test", staff=None).chunks
    (tmp_path / "list.csv").write_bytes(b"".join(chunks))
    separator = ord(exports.FORMS[form].delimiter)

    # As a careless person opens it: cells that look like formulas are to be evaluated (the last but one of the options
    # of its import; UTF-8 is 76), and saved again with what they show.
    options = f"CSV:{separator},34,76,1,,0,false,true,false,false,false,-1,true"
    convert = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", f"--infilter={options}"]
    for kind in ("fods", "csv:Text - txt - csv (StarCalc):44,34,76,1"):
        done = subprocess.run(
            [*convert, "--convert-to", kind, "--outdir", str(tmp_path / "out"), str(tmp_path / "list.csv")],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert "Error" not in done.stderr

    assert "table:formula" not in (tmp_path / "out/list.fods").read_text(encoding="utf-8")
    text = (tmp_path / "out/list.csv").read_text(encoding="utf-8-sig")
    cells = [row[1] for row in csv.reader(io.StringIO(text))][1:]
    assert sorted(cell[1:] if exports.DEFUSED.match(cell) else cell for cell in cells) == sorted(names)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed (Debian: libreoffice-calc)")
def test_libreoffice_would_run_what_is_not_defused(tmp_path: Path) -> None:
    """The test above sees something: the form for programs, opened in spite of its name, does run."""
    campaign = make_campaign()
    make_rows(campaign, 1, name="=1+1")
    chunks = exports.export(campaign=campaign, preset="addressee", form="machine", purpose="test", staff=None).chunks
    (tmp_path / "list.csv").write_bytes(b"".join(chunks))

    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    options = "--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,-1,true"
    convert = ["soffice", profile, "--headless", options, "--convert-to", "fods", "--outdir", str(tmp_path / "out")]
    subprocess.run([*convert, str(tmp_path / "list.csv")], capture_output=True, timeout=120, check=True)

    assert "table:formula" in (tmp_path / "out/list.fods").read_text(encoding="utf-8")

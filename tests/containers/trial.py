"""The production shape in containers, built and brought up for a trial: its secrets, its certificate, its way in."""

import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyrage.x25519 import Identity

DOCKER = shutil.which("docker") or ""
ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "petition.example.org"
SITE_USER = 10001
BUILD_WITHIN, UP_WITHIN = 1800, 300  # seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Trial:
    folder: Path
    env: dict[str, str] = field(repr=False)

    def compose(self, *arguments: str, stdin: str = "", within: float = UP_WITHIN) -> str:
        """What it prints; its errors are ours. A project of its own: no other's containers are touched."""
        files = ("--file", "docker-compose.yml", "--file", "tests/containers/docker-compose.trial.yml")
        command = [DOCKER, "compose", "--env-file", str(self.folder / "env"), *files, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, input=stdin, capture_output=True, text=True, timeout=within
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def inspect(self, service: str) -> dict[str, object]:
        [container] = self.compose("ps", "--all", "--quiet", service).split()
        told = subprocess.run([DOCKER, "inspect", container], env=self.env, capture_output=True, check=True)
        [found] = json.loads(told.stdout)
        return dict(found)

    def port(self, of: int) -> int:
        return int(self.compose("port", "proxy", str(of)).rpartition(":")[2])

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """Over TLS, as somebody would whose names lead to this machine."""
        context = ssl.create_default_context(cafile=str(self.folder / "tls" / "fullchain.pem"))
        connection = Https(self.port(443), context)
        body = urlencode(form) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        try:
            connection.request(method, path, body=body, headers={"Host": HOST} | kind | headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read().decode())
        finally:
            connection.close()

    def letters_to(self, address: str) -> list[EmailMessage]:
        """Those that have arrived."""
        told = self.compose(
            *("exec", "--no-TTY", "mail", "python", "-c"),
            "import json, pathlib; print(json.dumps([path.read_text()"
            " for path in pathlib.Path('/inbox/letters/new').glob('*')]))",
        )
        letters = [message_from_bytes(text.encode(), policy=policy.default) for text in json.loads(told)]
        return [letter for letter in letters if letter["To"] == address]


class Https(HTTPConnection):
    """To this machine, and in the name of the site, which the certificate is for."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=30)
        self.context = context

    def connect(self) -> None:
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname=HOST)


@contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    """Builds the images and brings all of it up; afterwards nothing of it is left but the images."""
    settings = make_settings(folder)
    name = f"petition-trial-{secrets.token_hex(4)}"
    kept = {key: os.environ[key] for key in os.environ if key in ("PATH", "HOME") or key.startswith("DOCKER")}
    here = Trial(folder, kept | settings | {"COMPOSE_PROJECT_NAME": name})
    build(here.env)
    try:
        here.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(UP_WITHIN), within=2 * UP_WITHIN)
        yield here
    finally:
        here.compose("--profile", "backup", "down", "--volumes", "--timeout", "20")


def build(env: dict[str, str]) -> None:
    """By docker itself, which takes options that compose does not: BUILD_OPTIONS="--network host" for one."""
    options = os.environ.get("BUILD_OPTIONS", "").split()
    for tag, target in (("trial", "site"), ("trial-mail", "demo")):
        command = [DOCKER, "build", *options, "--target", target, "--tag", f"petition-site:{tag}", "."]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=BUILD_WITHIN)
        assert done.returncode == 0, done.stderr[-4000:]


def make_settings(folder: Path) -> dict[str, str]:
    """Files as docs/deploy.md has them made, and what compose is to fill in."""
    key = Identity.generate()
    (folder / "backup-key.txt").write_text(f"{key}\n")
    for name in ("secrets", "tls", "acme"):
        (folder / name).mkdir()
    password = secrets.token_urlsafe(32)
    values = {
        "secret_key": secrets.token_urlsafe(48),
        "address_key": secrets.token_urlsafe(48),
        "database_password": password,
        "database_url": f"postgresql://petition:{password}@db:5432/petition",
        "email_url": "smtp://mail:8025",
    }
    for name, value in values.items():
        path = folder / "secrets" / name
        path.write_text(f"{value}\n")
        path.chmod(0o440)
        os.chown(path, -1, SITE_USER)
    write_certificate(folder / "tls")
    settings = {
        "SITE_URL": f"https://{HOST}",
        "DEFAULT_FROM_EMAIL": "petition@example.org",
        "BACKUP_RECIPIENTS": str(key.to_public()),
    }
    (folder / "env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    folders = {"SECRETS": "secrets", "TLS_FOLDER": "tls", "ACME_FOLDER": "acme"}
    return {"TRIAL": str(folder)} | {name: str(folder / path) for name, path in folders.items()}


def write_certificate(folder: Path) -> None:
    """One that has signed itself, for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, no_password))
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, as a browser would send them."""
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in hidden]
    return {name[1]: value[1] for name, value in pairs if name and value}

"""nginx from the machine with the configuration of the containers, before a site on this machine."""

import re
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from petition_site.local.processes import Children, until
from petition_site.local.servers import ENVIRONMENT, answers, free_port
from tests.containers.trial import Answer, write_certificate
from tests.missing import give_up

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
TEMPLATES = Path(__file__).parents[2] / "petition_site" / "containers" / "nginx"
HOST = "petition.example.org"


@dataclass(frozen=True)
class Proxy:
    folder: Path
    ports: dict[int, int]  # by those of the container

    def ask(self, method: str, path: str, body: str | None = None, *, on: int = 0, **headers: str) -> Answer:
        """On its TLS where it has that; `on` takes another of its ports."""
        of = on or max(self.ports)
        connection = HTTPConnection("127.0.0.1", self.ports[of], timeout=30)
        try:
            if of == 443:
                trusted = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
                connection.connect()
                connection.sock = trusted.wrap_socket(connection.sock, server_hostname=HOST)
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers={"Host": HOST} | given)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read().decode(errors="replace"))
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    @property
    def log(self) -> list[str]:
        """A line for each answer, which is written after it has gone."""
        path = self.folder / "access.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def last(self, count: int, line: int = -1) -> str:
        """How a request was answered, as the log says: from where, and what became of the copy."""
        assert until(lambda: len(self.log) >= count, 10)
        told = re.fullmatch(r"\S+ (.*) \d+ bytes [\d.]+ s site=(\S+) cache=(\S+) id=[0-9a-f]{32}", self.log[line])
        assert told, self.log[line]
        return f"{told[1]} site={told[2]} {told[3]}"


@contextmanager
def nginx(upstream: int, mode: str = "tls", site_url: str = f"https://{HOST}") -> Iterator[Proxy]:
    """As the image starts it, but for where it listens: here on free ports of 127.0.0.1."""
    if PROGRAM is None:
        give_up("This needs nginx (Debian: nginx).")
    # Not in pytest's own, which no other user may enter: nginx's workers are another user.
    folder = Path(tempfile.mkdtemp(prefix="petition-nginx-"))
    folder.chmod(0o755)
    values = {
        "SITE_URL": site_url,
        "PROXY_MODE": mode,
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "RESOLVER": "127.0.0.1",
        "STATE": str(folder),
        "CERTIFICATES": str(folder),
        "ACME": str(folder / "acme"),
        "ACCESS_LOG": str(folder / "access.log"),
        "MIME_TYPES": "/etc/nginx/mime.types",
    }
    ports = {port: free_port() for port in ((80, 443) if mode == "tls" else (80,))}
    for template in TEMPLATES.glob("*.template"):
        text = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], template.read_text(encoding="utf-8"))
        text = re.sub(r"\n *listen \[::\].*", "", text)
        text = re.sub(r"listen (80|443)\b", lambda found: f"listen 127.0.0.1:{ports.get(int(found[1]), 0)}", text)
        (folder / template.stem).write_text(text, encoding="utf-8")
    write_certificate(folder)
    children = Children()
    try:
        command = [PROGRAM, "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
        child = children.start("nginx", command, log=folder / "log", cwd=folder, env=ENVIRONMENT)
        assert until(lambda: all(answers(port) for port in ports.values()), 20), (folder / "log").read_text()
        yield Proxy(folder, ports)
        assert child.process.poll() is None
    finally:
        children.stop_all()
        shutil.rmtree(folder)

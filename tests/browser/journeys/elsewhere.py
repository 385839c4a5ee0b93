"""Another site beside ours: a server that writes down what browsers bring along, and pages that mean harm."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Elsewhere:
    """By number and not by name: to a browser `127.0.0.1` and `localhost` are two sites."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _headers in self.seen]


@contextmanager
def running_elsewhere() -> Iterator[Elsewhere]:
    elsewhere = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/favicon.ico":  # which browsers fetch for the page that they are on by then
                elsewhere.seen.append((self.path, dict(self.headers)))
            if self.path.startswith("/leads-on"):
                self.send_response(302)
                self.send_header("Location", "/arrived")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(elsewhere.pages.get(self.path, "<p>elsewhere").encode())

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    elsewhere.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield elsewhere
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
